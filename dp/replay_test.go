package dp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// These tests audit a run by recording it on one table and replaying it on a
// neighbour, with the noisy answers of the recording: control flow must be
// equal, what a person moves must be within what was declared, and the noise that
// was in truth drawn must have been paid for (Re:cord-play, PETS 2026). The audit
// works out costs from the draws themselves, not from what the mechanism says of
// them. Package replay does the same from outside, for runs of other rooms.

// A draw is one call for noise: what it was to cover, and what came of it.
type drawn struct {
	truth    []int64
	variance Variance
	noisy    []int64
}

// A tape is one run: its draws, what it told its recorder, and what it spent.
type tape struct {
	draws    []drawn
	accesses []Access
	spent    Precision
}

var errFlow = errors.New("control flow depends on the data")

// record runs on c. Where frozen is not nil, its noisy answers take the place of
// fresh ones.
func record(t *testing.T, c microdata.Counter, frozen *tape, run func(context.Context, *Mechanism) error) (*tape, error) {
	t.Helper()
	out, b := &tape{}, budgetOf(t, 1)
	m, err := Open(c, b, bytesOf(7), Options{Record: func(a Access) { out.accesses = append(out.accesses, a) }})
	if err != nil {
		t.Fatal(err)
	}
	fresh := m.noise
	m.noise = func(counts []int64, v Variance) ([]int64, error) {
		d := drawn{truth: slices.Clone(counts), variance: v}
		if at := len(out.draws); frozen != nil {
			if at >= len(frozen.draws) || frozen.draws[at].variance != v || len(frozen.draws[at].truth) != len(counts) {
				return nil, errFlow
			}
			d.noisy = frozen.draws[at].noisy
		} else if d.noisy, err = fresh(counts, v); err != nil {
			return nil, err
		}
		out.draws = append(out.draws, d)
		return slices.Clone(d.noisy), nil
	}
	err = run(context.Background(), m)
	out.spent = b.Spent()
	return out, err
}

// audit compares a recording with its replay and says what breaks the claim that
// the run is private for the budget.
func audit(a, b *tape, budget Precision) error {
	if len(a.draws) != len(b.draws) || len(a.accesses) != len(b.accesses) {
		return errFlow
	}
	next, cost := 0, Precision(0)
	for i, x := range a.accesses {
		y := b.accesses[i]
		if x.Question != y.Question || !slices.EqualFunc(x.Cliques, y.Cliques, slices.Equal) || !slices.Equal(x.Variance, y.Variance) || x.Share != y.Share {
			return fmt.Errorf("access %d: %w", i, errFlow)
		}
		draws := len(x.Cliques)
		if x.Question == "distances" {
			draws = 1 // one vector
		}
		all := 0.0
		for k := range draws {
			p, q := a.draws[next+k], b.draws[next+k]
			l1, l2 := 0.0, 0.0
			for c := range p.truth {
				d := math.Abs(float64(p.truth[c] - q.truth[c]))
				l1, l2 = l1+d, l2+d*d
				if d > 1 {
					return fmt.Errorf("access %d: a person moves an answer by %v", i, d)
				}
			}
			if p.variance != x.Variance[k] {
				return fmt.Errorf("access %d: drew another variance than it told", i)
			}
			// What a person could have moved at most, whoever this neighbour is.
			could := 1.0
			if x.Question == "distances" {
				could = float64(len(p.truth))
			}
			if l1 > could {
				return fmt.Errorf("access %d: a person moves %v answers", i, l1)
			}
			all += l2
			cost += Precision(could) * p.variance.Cost()
		}
		if math.Sqrt(all) > x.Sensitivity*(1+1e-12) {
			return fmt.Errorf("access %d moved by %.3f, declared %.3f", i, math.Sqrt(all), x.Sensitivity)
		}
		next += draws
	}
	if next != len(a.draws) {
		return fmt.Errorf("%d draws were told of, %d were made", next, len(a.draws))
	}
	if cost > a.spent*(1+1e-13) || a.spent != b.spent {
		return fmt.Errorf("the run takes %.6g and pays %.6g", float64(cost), float64(a.spent))
	}
	if cost > budget {
		return fmt.Errorf("the run takes %.6g of a budget of %.6g", float64(cost), float64(budget))
	}
	return nil
}

// adaptive is a run whose questions depend on earlier noisy answers: which pair of
// columns to ask for, and with how much.
func adaptive(ctx context.Context, m *Mechanism) error {
	ones, err := m.Measure(ctx, []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}})
	if err != nil {
		return err
	}
	guess := []Guess{{microdata.Clique{0}, make([]int64, 3)}, {microdata.Clique{1}, ones[1].Noisy}, {microdata.Clique{0, 1}, make([]int64, 12)}}
	far, _, err := m.Distances(ctx, guess, .2)
	if err != nil {
		return err
	}
	worst, share := 0, .1
	if far[1] > far[0] {
		worst, share = 1, .15
	}
	if _, err = m.Measure(ctx, []Ask{{microdata.Clique{worst}, Precision(share)}}); err != nil {
		return err
	}
	halves := &microdata.Coarsening{Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}, Of: []uint16{0, 0, 1, 1}}
	coarse, err := m.Coarsen([]*microdata.Coarsening{nil, halves})
	if err != nil {
		return err
	}
	_, err = coarse.Measure(ctx, []Ask{{microdata.Clique{0, 1}, coarse.Left() / 2}, {microdata.Clique{}, coarse.Left() / 2}})
	return err
}

// onNeighbours audits run on random tables of three by four and a neighbour.
func onNeighbours(t *testing.T, tries int, run func(context.Context, *Mechanism) error) error {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	for range tries {
		rows := rowsOf(r.IntN(60))
		neighbour := append(slices.Clone(rows), []uint16{uint16(r.IntN(3)), uint16(r.IntN(4))})
		if r.IntN(2) == 0 {
			rows, neighbour = neighbour, rows
		}
		if err := compare(t, table2(t, threeByFour, rows), table2(t, threeByFour, neighbour), run); err != nil {
			return err
		}
	}
	return nil
}

func compare(t *testing.T, base, neighbour microdata.Counter, run func(context.Context, *Mechanism) error) error {
	t.Helper()
	a, err := record(t, base, nil, run)
	if err != nil {
		t.Fatal(err)
	}
	b, err := record(t, neighbour, a, run)
	if err != nil {
		return err
	}
	return audit(a, b, 1)
}

// TestReplayOnNeighbours audits the adaptive run on 1,000 random neighbours.
func TestReplayOnNeighbours(t *testing.T) {
	if err := onNeighbours(t, 1000, adaptive); err != nil {
		t.Fatal(err)
	}
}

// TestReplaySpendsAll: the audited run uses its whole budget, so that a cost that
// is counted too low would show.
func TestReplaySpendsAll(t *testing.T) {
	a, err := record(t, table2(t, threeByFour, rowsOf(50)), nil, adaptive)
	if err != nil || a.spent < .99 {
		t.Fatalf("spent %v, %v", a.spent, err)
	}
	cost := Precision(0)
	for _, d := range a.draws {
		k := 1
		if len(d.truth) == 3 && d.variance > 12*sixteenths {
			k = 3 // the distances
		}
		cost += Precision(k) * d.variance.Cost()
	}
	if cost > a.spent || cost < a.spent*.95 {
		t.Errorf("draws cost %v of %v", cost, a.spent)
	}
}

// TestDistancesMoveByOne: a row moves every distance by at most 1, whatever the guess.
func TestDistancesMoveByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	moved := map[int64]int{}
	for range 500 {
		rows := rowsOf(r.IntN(40))
		more := append(slices.Clone(rows), []uint16{uint16(r.IntN(3)), uint16(r.IntN(4))})
		var guess []Guess
		for _, c := range []microdata.Clique{{}, {0}, {1}, {0, 1}} {
			g := make([]int64, c.Cells(threeByFour))
			for i := range g {
				g[i] = int64(r.IntN(40)) - 10
			}
			guess = append(guess, Guess{c, g})
		}
		truth := func(rows [][]uint16) []int64 {
			var seen Access
			m, _ := Open(table2(t, threeByFour, rows), budgetOf(t, 1), bytesOf(1), Options{Record: func(a Access) { seen = a }})
			if _, _, err := m.Distances(context.Background(), guess, .5); err != nil {
				t.Fatal(err)
			}
			return seen.truth[0]
		}
		a, b := truth(rows), truth(more)
		for i := range a {
			d := a[i] - b[i]
			if moved[d]++; d > 1 || d < -1 {
				t.Fatalf("distance %d moved by %d", i, d)
			}
		}
	}
	if moved[1] == 0 || moved[-1] == 0 {
		t.Errorf("distances moved %v: not both ways", moved)
	}
}

// doubled is a counter in which the last person has two rows: the bound on a
// person's rows is missing.
func doubled(t *testing.T, rows [][]uint16) microdata.Counter {
	return table2(t, threeByFour, append(slices.Clone(rows), rows[len(rows)-1]))
}

// TestAuditCatchesBrokenRuns: the audit itself can fail. Each run or table breaks
// a promise that no mechanism can keep alone. (Broken mechanisms are caught in
// TestMutantsAreCaught.)
func TestAuditCatchesBrokenRuns(t *testing.T) {
	rows := rowsOf(30)
	more := append(slices.Clone(rows), []uint16{1, 1})
	base := table2(t, threeByFour, rows)
	if err := compare(t, base, table2(t, threeByFour, more), adaptive); err != nil {
		t.Fatal(err)
	}
	if err := compare(t, base, doubled(t, more), adaptive); err == nil {
		t.Error("a person with two rows was not caught")
	}
	two := append(slices.Clone(more), []uint16{2, 3})
	if err := compare(t, base, table2(t, threeByFour, two), adaptive); err == nil {
		t.Error("two people were taken for one")
	}
	// A run that peeks: what it asks depends on the data, not on noisy answers.
	for name, peek := range map[string]func(n int) []Ask{
		"the clique": func(n int) []Ask { return []Ask{{microdata.Clique{n % 2}, .1}} },
		"the share":  func(n int) []Ask { return []Ask{{microdata.Clique{0}, .1 + Precision(n%2)/10}} },
		"the number": func(n int) []Ask { return slices.Repeat([]Ask{{microdata.Clique{0}, .1}}, 1+n%2) },
	} {
		peeking := func(c microdata.Counter) func(context.Context, *Mechanism) error {
			return func(ctx context.Context, m *Mechanism) error {
				all, _ := c.Count(ctx, []microdata.Clique{{}})
				_, err := m.Measure(ctx, peek(int(all[0].Counts[0])))
				return err
			}
		}
		a, err := record(t, base, nil, peeking(base))
		if err != nil {
			t.Fatal(err)
		}
		b, err := record(t, table2(t, threeByFour, more), a, peeking(table2(t, threeByFour, more)))
		if err == nil {
			err = audit(a, b, 1)
		}
		if !errors.Is(err, errFlow) {
			t.Errorf("%s that depends on the data: %v", name, err)
		}
	}
}

// TestAuditCatchesBrokenBooks: recordings whose books are false.
func TestAuditCatchesBrokenBooks(t *testing.T) {
	rows := rowsOf(30)
	run := func() (*tape, *tape) {
		a, err := record(t, table2(t, threeByFour, rows), nil, adaptive)
		if err != nil {
			t.Fatal(err)
		}
		b, err := record(t, table2(t, threeByFour, append(slices.Clone(rows), []uint16{1, 1})), a, adaptive)
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
	for name, spoil := range map[string]func(a, b *tape) Precision{
		"a budget for another δ":   func(a, b *tape) Precision { return .9 },
		"spends less than it uses": func(a, b *tape) Precision { a.spent, b.spent = .9, .9; return 1 },
		"an access not told of": func(a, b *tape) Precision {
			a.accesses, b.accesses = a.accesses[:2], b.accesses[:2]
			return 1
		},
		"a draw on one side only": func(a, b *tape) Precision { a.draws = append(a.draws, a.draws[0]); return 1 },
		"√k left out of what is declared": func(a, b *tape) Precision {
			for i := range a.accesses {
				a.accesses[i].Sensitivity = .9
			}
			return 1
		},
		"an answer that moves by two": func(a, b *tape) Precision {
			for c := range b.draws[0].truth {
				b.draws[0].truth[c] = 2 * b.draws[0].truth[c]
			}
			return 1
		},
		"noise other than was told": func(a, b *tape) Precision { a.draws[1].variance--; return 1 },
	} {
		a, b := run()
		if budget := spoil(a, b); audit(a, b, budget) == nil {
			t.Errorf("%s: not caught", name)
		}
	}
}
