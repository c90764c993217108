package synth

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// randomPairs is a fitting with candidates of random gains, some of them negative,
// as noise makes them.
func randomPairs(t *testing.T, r *pgm.Rand, sizes []int, maxCells int) *fitting {
	return fittingOf(t, sizes, maxCells, func(microdata.Clique) float64 { return 3000*r.Float64() - 600 })
}

// worthOf is what best makes greatest.
func (f *fitting) worthOf(set []int, share dp.Precision) float64 {
	cost, gain := 0.0, 0.0
	for _, i := range set {
		cost, gain = cost+f.pairs[i].cost, gain+f.pairs[i].gain
	}
	return worth(gain, cost, share)
}

// TestBestEqualsExhaustive: of ten pairs, against all 1,023 sets of them. Taking pairs
// by gain for cost is a greedy rule: it is within one pair's worth of the best set, on
// average within one part in a hundred, and never a set that dropping its last or
// adding its next pair would better.
func TestBestEqualsExhaustive(t *testing.T) {
	r, lost, top := pgm.NewRand(61), 0.0, 0.0
	for trial := range 120 {
		f := randomPairs(t, r, []int{2, 3, 4, 6, 9}, 0)
		share := dp.Precision(math.Exp(-3 - 8*r.Float64()))
		pick, _ := f.best(f.every(), share, 0, 0)
		got, best := f.worthOf(pick, share), math.Inf(-1)
		for mask := 1; mask < 1<<len(f.pairs); mask++ {
			var set []int
			for i := range f.pairs {
				if mask>>i&1 == 1 {
					set = append(set, i)
				}
			}
			best = max(best, f.worthOf(set, share))
		}
		if len(pick) == 0 {
			t.Fatalf("trial %d: nothing was picked", trial)
		}
		if best <= 0 {
			continue // no set is worth its noise, and one pair had to be picked
		}
		largest := 0.0
		for _, p := range f.pairs {
			largest = max(largest, p.gain)
		}
		if got < best-largest {
			t.Errorf("trial %d: a set worth %.1f was picked, one worth %.1f can be", trial, got, best)
		}
		if len(pick) > 1 && f.worthOf(pick[:len(pick)-1], share) > got+1e-9 {
			t.Errorf("trial %d: without its last pair the set is worth more", trial)
		}
		lost, top = lost+best-got, top+best
	}
	if lost > .01*top {
		t.Errorf("%.4f of what exhaustive search finds is lost", lost/top)
	}
}

// TestBestOnTop: what is chosen already counts: with a cost from before, a pair is
// only added where it is worth more than it takes from the others.
func TestBestOnTop(t *testing.T) {
	r := pgm.NewRand(62)
	for range 200 {
		f := randomPairs(t, r, []int{2, 3, 4, 6}, 0)
		share, cost, gain := dp.Precision(math.Exp(-3-7*r.Float64())), 50*r.Float64()+1, 500*r.Float64()
		pick, whole := f.best(f.every(), share, cost, gain)
		c, g := cost, gain
		for k, i := range pick {
			before := worth(g, c, share)
			c, g = c+f.pairs[i].cost, g+f.pairs[i].gain
			if worth(g, c, share) <= before {
				t.Fatalf("pair %d of the pick lowers what the set is worth", k)
			}
		}
		if math.Abs(whole-c) > 1e-9 {
			t.Fatalf("cost %v, said to be %v", c, whole)
		}
	}
}

// TestNoiseCostIsTheClosedForm: no way of sharing precision out has less expected
// absolute noise than shares in proportion to cost, by a search of random shares.
func TestNoiseCostIsTheClosedForm(t *testing.T) {
	r := pgm.NewRand(63)
	for range 50 {
		cells, costs, whole := make([]float64, 2+r.IntN(5)), []float64(nil), 0.0
		for i := range cells {
			cells[i] = 1 + math.Floor(500*r.Float64()*r.Float64())
			costs = append(costs, noiseCost(cells[i]))
			whole += costs[i]
		}
		noise := func(shares []dp.Precision) (n float64) {
			for i, s := range shares {
				n += cells[i] * math.Sqrt(2/math.Pi/float64(s))
			}
			return n
		}
		best := noise(split(.7, costs))
		if want := math.Pow(whole, 1.5) / math.Sqrt(.7); math.Abs(best/want-1) > 1e-9 {
			t.Fatalf("noise %v, closed form %v", best, want)
		}
		for range 300 {
			random := make([]float64, len(cells))
			for i := range random {
				random[i] = costs[i] * math.Exp(r.Float64()-.5)
			}
			if n := noise(split(.7, random)); n < best*(1-1e-12) {
				t.Fatalf("shares %v have noise %v, those by cost %v", random, n, best)
			}
		}
	}
}

// TestSplitNeverPassesTheWhole by more than the rounding that a budget forgives, and
// leaves nothing positive out.
func TestSplitNeverPassesTheWhole(t *testing.T) {
	r := pgm.NewRand(64)
	for range 300 {
		costs := make([]float64, 1+r.IntN(700))
		for i := range costs {
			costs[i] = math.Exp(20 * r.Float64())
		}
		mu := dp.Mu(math.Exp(6*r.Float64() - 4))
		b, err := dp.NewBudget(mu)
		if err != nil {
			t.Fatal(err)
		}
		shares := split(b.Left(), costs)
		if slices.ContainsFunc(shares, func(s dp.Precision) bool { return !(s > 0) }) {
			t.Fatal("a share of nothing")
		}
		if err := b.Spend(shares...); err != nil {
			t.Fatalf("%d shares of the whole: %v", len(shares), err)
		}
		if left := float64(b.Left() / b.Total()); left > 1e-9 {
			t.Fatalf("%d shares left %v", len(shares), left)
		}
	}
}

// TestWorthIsConcave in the number of equal pairs, with one greatest
// value where the price of one more is its gain.
func TestWorthIsConcave(t *testing.T) {
	const share, gain, cost = dp.Precision(.01), 300.0, 0.5
	last, slope, best := math.Inf(-1), math.Inf(1), 0
	for n := 1; n < 6000; n++ {
		w := worth(gain*float64(n), cost*float64(n), share)
		if n > 1 && w-last > slope+1e-6 {
			t.Fatalf("at %d pairs the next adds %v, the one before %v", n, w-last, slope)
		}
		if n > 1 {
			slope = w - last
		}
		if w > last {
			best = n
		}
		last = w
	}
	if p := price(cost*float64(best), share) * cost; math.Abs(p/gain-1) > .01 {
		t.Errorf("at the best set of %d pairs one more costs %v and gains %v", best, p, gain)
	}
}

// TestGrowTakesTheGreatestFirst: what grow leaves out either is not worth its price
// or does not fit with what was taken before it.
func TestGrowTakesTheGreatestFirst(t *testing.T) {
	r := pgm.NewRand(65)
	for range 40 {
		sizes := make([]int, 4+r.IntN(4))
		for i := range sizes {
			sizes[i] = 2 + r.IntN(7)
		}
		f := randomPairs(t, r, sizes, 80+r.IntN(600))
		price := 20 * r.Float64()
		net := func(i int) float64 { return f.pairs[i].gain - price*f.pairs[i].cost }
		chosen := []int{r.IntN(len(f.pairs))}
		grown := f.grow(nil, price, chosen)
		var sets []microdata.Clique
		order := f.every()
		slices.SortFunc(order, func(a, b int) int {
			if net(a) > net(b) {
				return -1
			}
			return 1
		})
		for _, i := range order {
			took := slices.Contains(grown, i)
			c := f.pairs[i].clique
			held := slices.ContainsFunc(f.fitWith(sets, nil), func(q microdata.Clique) bool { return q.Contains(c) })
			fits := held || f.fitWith(sets, c) != nil
			want := net(i) > 0 && fits && i != chosen[0]
			if took != want {
				t.Fatalf("pair %v, net %.1f, fits %v: taken %v", c, net(i), fits, took)
			}
			if took && !held {
				sets = append(sets, f.pairs[i].clique)
			}
		}
	}
}

// TestFitWithKeepsLimits: sets that pass either limit are refused, those at it taken,
// and nil is all that tells.
func TestFitWithKeepsLimits(t *testing.T) {
	f := &fitting{Options: Options{MaxCells: 36}, sizes: []int{3, 4, 3}}
	if got := f.fitWith(nil, microdata.Clique{0, 1}); got == nil {
		t.Error("a clique of a third of all cells was refused")
	}
	f.MaxCells = 35
	if got := f.fitWith(nil, microdata.Clique{0, 1}); got != nil {
		t.Errorf("a clique of more than a third was taken: %v", got)
	}
	if f.MaxCells = 36; f.fitWith([]microdata.Clique{{0, 1}, {1, 2}}, microdata.Clique{0, 1}) == nil {
		t.Error("what is there already was refused")
	}
	if got := f.fitWith([]microdata.Clique{{0, 1}, {1, 2}}, microdata.Clique{0, 2}); got != nil {
		t.Errorf("a clique of all cells was taken: %v", got)
	}
	if got := f.fitWith([]microdata.Clique{{0, 1}}, microdata.Clique{1, 2}); got == nil {
		t.Error("two cliques of 24 cells of 36 were refused")
	}
	sets := make([]microdata.Clique, 1, 8)
	sets[0] = microdata.Clique{0, 1}
	f.fitWith(sets, microdata.Clique{1, 2})
	if extra := sets[:2]; extra[1] != nil {
		t.Error("the list of sets was written to")
	}
}

// TestHeldKeepsTheFirst: the first measured that fit, each once, after the rules'.
func TestHeldKeepsTheFirst(t *testing.T) {
	f := &fitting{Options: Options{MaxCells: 60}, sizes: []int{4, 4, 4, 4}}
	for _, c := range []microdata.Clique{{0, 1}, {1, 2}, {0, 1}, {0, 2}, {2, 3}} {
		f.measured = append(f.measured, dp.Measurement{Clique: c})
	}
	if got := f.held(); len(got) != 3 || !has(got, 0, 1) || !has(got, 1, 2) || !has(got, 2, 3) {
		t.Errorf("held %v: 0 2 would make a clique of 64 cells", got)
	}
}

// TestTiltShareOfNothing: where no pair is worth its noise, or nothing errs at all,
// nothing is kept; where one is but no tree can hold it, most is.
func TestTiltShareOfNothing(t *testing.T) {
	for name, c := range map[string]struct {
		cells int
		gain  float64
		want  float64
	}{
		"negative scores":     {0, -500, 0},
		"no error":            {0, 0, 0},
		"lost in the noise":   {0, 3, 0},
		"a tree holds it":     {0, 1e5, 0},
		"no tree can hold it": {20, 1e5, mostTilt},
	} {
		f := fittingOf(t, []int{3, 3}, c.cells, func(microdata.Clique) float64 { return c.gain })
		f.coarse = mechanismOf(t, f.sizes)
		if got := f.tiltShare(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, told := range []float64{.25, .9} {
		f := fittingOf(t, []int{3, 3}, 0, func(microdata.Clique) float64 { return 0 })
		f.Tilt = told
		if got := f.tiltShare(); got != told {
			t.Errorf("told %v, kept %v", told, got)
		}
	}
}

// TestScoresAreDistances: with next to no noise a pair's gain is the distance between
// its table and the model, and a little more the larger it is.
func TestScoresAreDistances(t *testing.T) {
	table := chain(t, 2000, []int{3, 4, 2}, 4)
	m, _ := open(t, table, 1000, 1)
	f := &fitting{Options: Options{}.withDefaults(), fine: m, coarse: m, sizes: []int{3, 4, 2}, total: 2000, random: pgm.NewRand(1), steps: make([]*microdata.Coarsening, 3)}
	f.candidates()
	if err := f.refit(context.Background(), f.cliques(f.every())); err != nil { // uniform: nothing is measured
		t.Fatal(err)
	}
	if err := f.score(context.Background(), 1e5); err != nil {
		t.Fatal(err)
	}
	for _, p := range f.pairs {
		want := 0.0
		for _, n := range truth(table, p.clique) {
			want += math.Abs(n - math.Round(2000/float64(p.clique.Cells(f.sizes))))
		}
		want *= 1 + want/2000
		if math.Abs(p.gain-want) > 10 {
			t.Errorf("%v: gain %v, by counting %v", p.clique, p.gain, want)
		}
		if n := float64(p.clique.Cells(f.sizes)); p.cost > noiseCost(n)+1e-9 || p.cost < noiseCost(n)*.9 {
			t.Errorf("%v: cost %v, of %v cells %v", p.clique, p.cost, n, noiseCost(n))
		}
	}
}
