package synth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// fittingOf returns a fitting over columns of the sizes whose candidates have the
// given gains; a cost is that of all of a pair's cells.
func fittingOf(t *testing.T, sizes []int, maxCells int, gain func(c microdata.Clique) float64) *fitting {
	t.Helper()
	f := &fitting{Options: Options{MaxCells: maxCells}.withDefaults(), sizes: sizes, total: 1e5, random: pgm.NewRand(1)}
	f.candidates()
	for i := range f.pairs {
		c := f.pairs[i].clique
		f.pairs[i].gain, f.pairs[i].cost = gain(c), noiseCost(float64(c.Cells(sizes)))
	}
	return f
}

func (f *fitting) cliques(pick []int) (out []microdata.Clique) {
	for _, i := range pick {
		out = append(out, f.pairs[i].clique)
	}
	return out
}

func has(list []microdata.Clique, c ...int) bool {
	return slices.ContainsFunc(list, func(q microdata.Clique) bool { return slices.Equal(q, c) })
}

// TestChoosePicksThePlanted: with scores without noise, the pairs that err are
// chosen and no others.
func TestChoosePicksThePlanted(t *testing.T) {
	planted := []microdata.Clique{{0, 3}, {1, 2}, {4, 5}}
	f := fittingOf(t, []int{3, 4, 2, 5, 3, 3}, 0, func(c microdata.Clique) float64 {
		if has(planted, c...) {
			return 20000
		}
		return 0
	})
	got := f.cliques(f.choose(.05, true))
	if len(got) != len(planted) {
		t.Errorf("chosen %v, planted %v", got, planted)
	}
	for _, c := range planted {
		if !has(got, c...) {
			t.Errorf("%v was not chosen", c)
		}
	}
}

// TestChooseAlwaysPublishes, and first only.
func TestChooseAlwaysPublishes(t *testing.T) {
	f := fittingOf(t, []int{3, 4, 2}, 0, func(microdata.Clique) float64 { return -5 })
	f.pairs[1].publish = true
	if got := f.cliques(f.choose(.05, true)); !has(got, 0, 2) {
		t.Errorf("chosen %v", got)
	}
	if got := f.cliques(f.choose(.05, false)); len(got) > 1 {
		t.Errorf("in a later round, of pairs that gain nothing, %v were chosen", got)
	}
}

// TestBestIsBestOfItsOrder: brute force over all prefixes of the order by gain for
// cost: none is worth more than what best took, up to its first loss.
func TestBestIsBestOfItsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 300 {
		f := fittingOf(t, []int{2, 3, 4, 5, 6}, 0, func(microdata.Clique) float64 { return r.Float64() * 4000 })
		share := dp.Precision(math.Exp(-2 - 6*r.Float64()))
		pick, whole := f.best(f.every(), share, 0, 0)
		cost, gain := 0.0, 0.0
		for _, i := range pick {
			cost, gain = cost+f.pairs[i].cost, gain+f.pairs[i].gain
		}
		if math.Abs(cost-whole) > 1e-9 {
			t.Fatalf("cost %v, said %v", cost, whole)
		}
		// Worth is concave along the order, so the first loss is the last.
		order := f.every()
		slices.SortFunc(order, func(a, b int) int {
			if f.pairs[a].gain/f.pairs[a].cost > f.pairs[b].gain/f.pairs[b].cost {
				return -1
			}
			return 1
		})
		c, g, top := 0.0, 0.0, math.Inf(-1)
		for _, i := range order {
			c, g = c+f.pairs[i].cost, g+f.pairs[i].gain
			top = max(top, worth(g, c, share))
		}
		if got := worth(gain, cost, share); got < top-1e-6*math.Abs(top) && len(pick) > 1 {
			t.Fatalf("a set worth %.3f was picked, one worth %.3f can be", got, top)
		}
	}
}

// TestPriceIsTheDerivative of worth.
func TestPriceIsTheDerivative(t *testing.T) {
	for _, whole := range []float64{1, 40, 900} {
		const share, h = .03, 1e-4
		slope := (worth(0, whole-h, share) - worth(0, whole+h, share)) / (2 * h)
		if got := price(whole, share); math.Abs(got/slope-1) > 1e-6 {
			t.Errorf("at %v: price %v, slope %v", whole, got, slope)
		}
	}
}

// TestGrowStaysWithinLimits: whatever the gains, the tree of what is grown keeps
// the limits, and holds every pair that was returned.
func TestGrowStaysWithinLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	for range 60 {
		sizes := make([]int, 4+r.IntN(6))
		for i := range sizes {
			sizes[i] = 2 + r.IntN(8)
		}
		limit := 60 + r.IntN(2000)
		f := fittingOf(t, sizes, limit, func(microdata.Clique) float64 { return r.Float64() * 1e4 })
		grown := f.grow(nil, r.Float64()*200, nil)
		f.measured = nil
		for _, c := range f.cliques(grown) {
			f.measured = append(f.measured, dp.Measurement{Clique: c, Noisy: make([]int64, c.Cells(sizes)), Variance: 1})
		}
		sets := f.held()
		total := 0
		cliques := pgm.Triangulate(sizes, sets)
		for _, c := range cliques {
			n := c.Cells(sizes)
			if total += n; len(c) > 1 && n > limit/3 {
				t.Fatalf("limit %d: a clique of %d cells", limit, n)
			}
		}
		singles := 0
		for _, s := range sizes {
			singles += s
		}
		if total > limit+singles {
			t.Fatalf("limit %d: a tree of %d cells", limit, total)
		}
	}
}

// TestHeard: from one to the number of cells; all of them where every cell stands
// above the noise, and about the expected total over σ where none does.
func TestHeard(t *testing.T) {
	even := slices.Repeat([]float64{.01}, 100)
	for _, c := range []struct{ total, sigma, want float64 }{{1e6, 10, 100}, {100, 10, 10}, {1, 1000, 1}} {
		if got := heard(even, c.total, c.sigma); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("total %v σ %v: %v, want %v", c.total, c.sigma, got, c.want)
		}
	}
}

// TestTiltShare: no share where the tree holds all that errs; a share, and never
// all, where it does not.
func TestTiltShare(t *testing.T) {
	planted := func(c microdata.Clique) float64 { return 3e4 }
	roomy := fittingOf(t, []int{3, 3, 3, 3}, 0, planted)
	roomy.coarse = mechanismOf(t, roomy.sizes)
	if got := roomy.tiltShare(); got != 0 {
		t.Errorf("a tree that holds all: %v", got)
	}
	tight := fittingOf(t, []int{6, 6, 6, 6, 6, 6}, 250, planted)
	tight.coarse = mechanismOf(t, tight.sizes)
	if got := tight.tiltShare(); got < leastTilt || got > mostTilt {
		t.Errorf("a tree that holds little: %v", got)
	}
	tight.Tilt = -1
	if got := tight.tiltShare(); got != 0 {
		t.Errorf("told not to: %v", got)
	}
}

func mechanismOf(t *testing.T, sizes []int) *dp.Mechanism {
	t.Helper()
	m, _ := open(t, chain(t, 10, sizes, 1), .5, 1)
	return m
}

// frozen records the counts that a run saw, or answers with recorded ones.
type frozen struct {
	microdata.Counter
	log *[][]microdata.Marginal // what this table's counts are, in the order asked
	say [][]microdata.Marginal  // answers to give in their place; nil: its own
}

func (f *frozen) Count(ctx context.Context, cliques []microdata.Clique) ([]microdata.Marginal, error) {
	own, err := f.Counter.Count(ctx, cliques)
	if err != nil {
		return nil, err
	}
	*f.log = append(*f.log, own)
	if f.say == nil {
		return own, nil
	}
	return f.say[len(*f.log)-1], nil
}

func (f *frozen) Coarsen(steps []*microdata.Coarsening) (microdata.Counter, error) {
	c, err := f.Counter.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	return &frozen{c, f.log, f.say}, nil
}

// TestWholeFitReplays records a fit on a table and replays it on neighbours with
// one row more or less, with the recorded answers frozen: the same questions are
// asked in the same order, and no count that they ask for moved by more than one
// row moves it.
func TestWholeFitReplays(t *testing.T) {
	sizes := []int{4, 3, 5, 2, 6}
	base := chain(t, 400, sizes, 7)
	run := func(table *microdata.Table, say [][]microdata.Marginal) ([][]microdata.Marginal, []dp.Access) {
		var log [][]microdata.Marginal
		var seen []dp.Access
		budget, err := dp.NewBudget(.8)
		if err != nil {
			t.Fatal(err)
		}
		m, err := dp.Open(&frozen{microdata.NewCounter(table, 1), &log, say}, budget, rand.NewChaCha8([32]byte{3}),
			dp.Options{Record: func(a dp.Access) { seen = append(seen, a) }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Fit(context.Background(), m, Options{Tilt: .3, Publish: []microdata.Clique{{0, 4}}}); err != nil {
			t.Fatal(err)
		}
		if budget.Spent() > dp.Mu(.8).Precision()*(1+1e-9) {
			t.Fatalf("spent %v", budget.Spent())
		}
		return log, seen
	}
	truth, first := run(base, nil)
	r := rand.New(rand.NewPCG(5, 5))
	for range 12 {
		codes := make([][]uint16, len(sizes))
		for a := range codes {
			for row := range base.Rows() {
				codes[a] = append(codes[a], uint16(base.Code(row, a)))
			}
		}
		if drop := r.IntN(2) == 0; drop {
			row := r.IntN(base.Rows())
			for a := range codes {
				codes[a] = slices.Delete(codes[a], row, row+1)
			}
		} else {
			for a := range codes {
				codes[a] = append(codes[a], uint16(r.IntN(sizes[a])))
			}
		}
		neighbour, err := microdata.NewTable(base.Domain(), codes)
		if err != nil {
			t.Fatal(err)
		}
		own, again := run(neighbour, truth)
		if len(own) != len(truth) || len(again) != len(first) {
			t.Fatalf("%d counts and %d accesses against %d and %d", len(own), len(again), len(truth), len(first))
		}
		for i := range first {
			if first[i].Question != again[i].Question || first[i].Share != again[i].Share ||
				!slices.EqualFunc(first[i].Cliques, again[i].Cliques, slices.Equal) || !slices.Equal(first[i].Variance, again[i].Variance) {
				t.Fatalf("access %d differs: control flow depends on the data", i)
			}
		}
		for i := range truth {
			for k := range truth[i] {
				moved := int64(0)
				for c := range truth[i][k].Counts {
					d := truth[i][k].Counts[c] - own[i][k].Counts[c]
					moved += max(d, -d)
				}
				if moved != 1 {
					t.Fatalf("one row moved a marginal by %d", moved)
				}
			}
		}
	}
}
