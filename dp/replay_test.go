package dp

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// These tests audit a run by recording it on one table and replaying it on a
// neighbour, with the noisy answers of the recording: control flow must be
// equal, and the true answers must differ by no more than was declared and paid
// for (Re:cord-play, PETS 2026). A run in which every access pays
// sensitivity²·Cost(σ²) or more is μ-GDP for the sum.

// audit compares two recordings and says what breaks the claim.
func audit(a, b []Access, budget Precision) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d accesses against %d: control flow depends on the data", len(a), len(b))
	}
	total := 0.0
	for i := range a {
		x, y := a[i], b[i]
		if x.Question != y.Question || !slices.EqualFunc(x.Cliques, y.Cliques, slices.Equal) || !slices.Equal(x.Variance, y.Variance) {
			return fmt.Errorf("access %d differs: control flow depends on the data", i)
		}
		paid := 0.0
		for k := range x.truth {
			moved := 0.0
			for c := range x.truth[k] {
				d := float64(x.truth[k][c] - y.truth[k][c])
				moved += d * d
			}
			if math.Sqrt(moved) > x.Sensitivity+1e-9 {
				return fmt.Errorf("access %d moved by %.3f, declared %.3f", i, math.Sqrt(moved), x.Sensitivity)
			}
			cost := x.Variance[min(k, len(x.Variance)-1)].Cost()
			paid += x.Sensitivity * x.Sensitivity * float64(cost)
		}
		if paid > float64(x.Share)*(1+1e-12) {
			return fmt.Errorf("access %d takes %.6g and pays %.6g", i, paid, float64(x.Share))
		}
		total += paid
	}
	if total > float64(budget)*(1+1e-9) {
		return fmt.Errorf("the run takes %.6g of a budget of %.6g", total, float64(budget))
	}
	return nil
}

// adaptive is a run whose questions depend on earlier noisy answers.
func adaptive(ctx context.Context, m *Mechanism) error {
	ones, err := m.Measure(ctx, []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}})
	if err != nil {
		return err
	}
	guess := []Guess{{microdata.Clique{0}, ones[0].Noisy}, {microdata.Clique{1}, ones[1].Noisy}}
	far, _, err := m.Distances(ctx, guess, .2)
	if err != nil {
		return err
	}
	worst := 0
	if far[1] > far[0] {
		worst = 1
	}
	_, err = m.Measure(ctx, []Ask{{microdata.Clique{worst}, m.Left() / 2}, {microdata.Clique{0, 1}, m.Left() / 2}})
	return err
}

// replayed answers with a recording's noisy answers: it draws, from the same
// bytes, the same noise, and adds what the true counts lack to the recorded ones.
type replayed struct {
	microdata.Counter
	answers [][]microdata.Marginal
	real    *[][]microdata.Marginal
}

func (r *replayed) Count(ctx context.Context, cliques []microdata.Clique) ([]microdata.Marginal, error) {
	truth, err := r.Counter.Count(ctx, cliques)
	if err != nil {
		return nil, err
	}
	*r.real = append(*r.real, truth)
	if r.answers == nil {
		return truth, nil
	}
	return r.answers[len(*r.real)-1], nil
}

// record runs on c; answers, where not nil, are frozen in place of c's own. It
// returns the accesses with c's true answers, and the counts it saw.
func record(t *testing.T, c microdata.Counter, answers [][]microdata.Marginal, run func(context.Context, *Mechanism) error) ([]Access, [][]microdata.Marginal) {
	t.Helper()
	var real [][]microdata.Marginal
	var seen []Access
	b := budgetOf(t, 1)
	m, err := Open(&replayed{c, answers, &real}, b, bytesOf(7), Options{Record: func(a Access) { seen = append(seen, a) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	// What c would have answered stands beside what was answered: for measure the
	// counts; for distances their distance to the same guess, which moves by at
	// most the counts' own L1 move.
	for i := range seen {
		if seen[i].Question != "measure" {
			continue
		}
		for k := range seen[i].truth {
			seen[i].truth[k] = real[i][k].Counts
		}
	}
	return seen, real
}

// TestReplayOnNeighbours audits the adaptive run on 200 random neighbours.
func TestReplayOnNeighbours(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		rows := rowsOf(5 + r.IntN(60))
		neighbour := append(slices.Clone(rows), []uint16{uint16(r.IntN(3)), uint16(r.IntN(4))})
		if r.IntN(2) == 0 {
			rows, neighbour = neighbour, rows
		}
		a, answers := record(t, table2(t, threeByFour, rows), nil, adaptive)
		b, _ := record(t, table2(t, threeByFour, neighbour), answers, adaptive)
		if err := audit(a, b, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDistancesMoveByOne: a row moves every distance by at most 1, whatever the guess.
func TestDistancesMoveByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
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
			if d := a[i] - b[i]; d > 1 || d < -1 {
				t.Fatalf("distance %d moved by %d", i, d)
			}
		}
	}
}

// TestAuditCatchesBrokenMechanisms: the audit itself can fail. Each mutation is a
// defect that was found in a published system, or nearly.
func TestAuditCatchesBrokenMechanisms(t *testing.T) {
	rows := rowsOf(30)
	more := append(slices.Clone(rows), []uint16{1, 1})
	twice := append(slices.Clone(more), []uint16{1, 1}) // a person with two rows
	a, answers := record(t, table2(t, threeByFour, rows), nil, adaptive)
	b, _ := record(t, table2(t, threeByFour, more), answers, adaptive)
	if err := audit(a, b, 1); err != nil {
		t.Fatal(err)
	}
	clone := func() []Access {
		out := slices.Clone(a)
		for i := range out {
			out[i].Variance = slices.Clone(out[i].Variance)
		}
		return out
	}
	for name, broken := range map[string]func() ([]Access, []Access, Precision){
		"no bound on a person's rows": func() ([]Access, []Access, Precision) {
			c, _ := record(t, table2(t, threeByFour, twice), answers, adaptive)
			return a, c, 1
		},
		"the number of distances is forgotten": func() ([]Access, []Access, Precision) {
			x, y := clone(), slices.Clone(b)
			x[1].Variance[0] /= 2
			y[1].Variance = x[1].Variance
			return x, y, 1
		},
		"half the noise that was paid for": func() ([]Access, []Access, Precision) {
			x, y := clone(), slices.Clone(b)
			x[2].Variance[1] /= 2
			y[2].Variance = x[2].Variance
			return x, y, 1
		},
		"more than the budget of another δ": func() ([]Access, []Access, Precision) { return a, b, .5 },
		"a question that depends on the data": func() ([]Access, []Access, Precision) {
			y := slices.Clone(b)
			y[2].Cliques = []microdata.Clique{{1}, {0, 1}, {0}}
			return a, y, 1
		},
		"an access left out": func() ([]Access, []Access, Precision) { return a, b[:2], 1 },
	} {
		if x, y, budget := broken(); audit(x, y, budget) == nil {
			t.Errorf("%s: not caught", name)
		}
	}
}

// TestEmpiricalMu estimates μ from noise alone: the outputs of one count on
// neighbouring tables are two Gaussians one apart, so the best test's error rates
// give μ. With n = 100,000 draws a side the 99 % lower bound lies in [0.8μ, μ];
// above μ by chance in less than 1 % of runs, and the bytes are fixed.
func TestEmpiricalMu(t *testing.T) {
	const n = 100_000
	v := MinVariance // σ = 2, so that μ = ½
	with, err := Noise(slices.Repeat([]int64{1}, n), v, bytesOf(31))
	if err != nil {
		t.Fatal(err)
	}
	without, err := Noise(make([]int64, n), v, bytesOf(32))
	if err != nil {
		t.Fatal(err)
	}
	tpr, fpr := 0.0, 0.0
	for i := range with {
		if with[i] >= 1 {
			tpr++
		}
		if without[i] >= 1 {
			fpr++
		}
	}
	tpr, fpr = tpr/n, fpr/n
	slack := 2.81 * math.Sqrt(.25/n) // half a per cent on each side
	z := func(p float64) float64 { return quantileOf(1 - p) }
	lower := z(tpr-slack) - z(fpr+slack)
	if mu := 1 / math.Sqrt(v.Float()); lower > mu || lower < .8*mu {
		t.Errorf("the 99 %% lower bound of μ is %.4f, want it in [%.4f, %.4f]", lower, .8*mu, mu)
	}
}

// quantileOf returns the x with 1−Φ(x) = p.
func quantileOf(p float64) float64 { return math.Sqrt2 * math.Erfcinv(2*p) }
