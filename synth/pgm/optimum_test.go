package pgm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// TestFitReachesTheOptimum: after a long fit to noisy marginals that no
// distribution has, nothing on the whole simplex has a loss lower by more than
// half a percent, and the loss that Fit returns is that of its definition.
func TestFitReachesTheOptimum(t *testing.T) {
	for name, cliques := range shapes {
		for _, uneven := range []bool{false, true} {
			const total = 2000
			ms := noisyTruth(t, cliques, total, 25, 31, uneven)
			tree := newTree(t, fiveSizes, cliques, 2)
			loss, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 6000, Tolerance: 1e-13})
			if err != nil {
				t.Fatal(err)
			}
			j := jointOf(tree)
			if want := lossOf(j, ms, total); math.Abs(loss/want-1) > 1e-9 {
				t.Errorf("%s: Fit says a loss of %v, by definition it is %v", name, loss, want)
			}
			if g := gap(j, ms, total, nil); g > .005*loss+1e-6 {
				t.Errorf("%s, uneven %v: the loss of %.3f can be lower by %.3f", name, uneven, loss, g)
			}
		}
	}
}

// TestFitEqualsProjectedGradient: a solver that knows nothing of trees ends at the
// same measured marginals.
func TestFitEqualsProjectedGradient(t *testing.T) {
	for _, name := range []string{"chain", "cycle", "triples"} {
		const total, sigma = 2000, 25
		ms := noisyTruth(t, shapes[name], total, sigma, 17, true)
		tree := newTree(t, fiveSizes, shapes[name], 1)
		if _, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 6000, Tolerance: 1e-13}); err != nil {
			t.Fatal(err)
		}
		other := projected(fiveSizes, ms, total, 3000)
		if g := gap(other, ms, total, nil); g > .05 {
			t.Fatalf("%s: the oracle itself is not done: %v", name, g)
		}
		for _, m := range ms {
			got, want := tree.Marginal(m.Clique), other.marginal(m.Clique)
			for c := range want {
				if d := total * math.Abs(got[c]-want[c]); d > .05*sigma {
					t.Errorf("%s: columns %v cell %d: %.2f, by projected gradient %.2f", name, m.Clique, c, total*got[c], total*want[c])
				}
			}
		}
	}
}

// TestOneMeasurementIsProjected: random noisy counts of one column, many of them
// negative, against the nearest point of the simplex, weighed by precision: where a
// cell is positive, count − λ/precision; where it is zero, that would be negative.
func TestOneMeasurementIsProjected(t *testing.T) {
	r := NewRand(12)
	for trial := range 12 {
		n, total := 3+r.IntN(8), 100.0
		y, precision := make([]float64, n), make([]float64, n)
		for i := range y {
			y[i], precision[i] = 60*(r.Float64()-.3), math.Exp(2*r.Float64()-2)
		}
		lo, hi := -1e6, 1e6 // λ by halving
		for range 200 {
			sum := 0.0
			for i := range y {
				sum += max(y[i]-(lo+hi)/2/precision[i], 0)
			}
			if sum > total {
				lo = (lo + hi) / 2
			} else {
				hi = (lo + hi) / 2
			}
		}
		tree := newTree(t, []int{n}, nil, 1)
		ms := []Measurement{{Clique: microdata.Clique{0}, Counts: y, Precision: precision}}
		if _, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 20000, Tolerance: 1e-14}); err != nil {
			t.Fatal(err)
		}
		for i, p := range tree.Marginal(microdata.Clique{0}) {
			if want := max(y[i]-lo/precision[i], 0); math.Abs(total*p-want) > .1 {
				t.Errorf("trial %d cell %d: %.3f, projected %.3f", trial, i, total*p, want)
			}
		}
	}
}

// TestInconsistentPairsAreLeastSquares: three pairs of a 2×2×2 table that no table
// has, in the interior: the fit solves the weighted normal equations under a fixed
// total, worked out by elimination.
func TestInconsistentPairsAreLeastSquares(t *testing.T) {
	sizes, pairs, total := []int{2, 2, 2}, microdata.AllCliques(3, 2), 1000.0
	ms := []Measurement{
		{Clique: pairs[0], Counts: []float64{300, 180, 240, 260}, Precision: []float64{.2}},
		{Clique: pairs[1], Counts: []float64{250, 260, 210, 290}, Precision: []float64{.5, .1, .3, .2}},
		{Clique: pairs[2], Counts: []float64{330, 190, 170, 330}, Precision: []float64{.4}},
	}
	// Unknown: 8 cells and the multiplier of the total. Cells beyond what pairs tell
	// (the three-way interaction) are held by a ridge too weak to be seen.
	a, b := make([][]float64, 9), make([]float64, 9)
	for i := range a {
		a[i] = make([]float64, 9)
	}
	j := &joint{sizes, make([]float64, 8)}
	j.each(func(cell int, x []int) {
		a[cell][cell] += 1e-9
		a[cell][8], a[8][cell] = 1, 1
		for _, m := range ms {
			at := place(sizes, m.Clique, x)
			w := precisionOf(m)[at]
			b[cell] += w * m.Counts[at]
			j.each(func(other int, y []int) {
				if place(sizes, m.Clique, y) == at {
					a[cell][other] += w
				}
			})
		}
	})
	b[8] = total
	want := &joint{sizes, eliminate(a, b)[:8]}
	tree := newTree(t, sizes, pairs, 1)
	if _, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 30000, Tolerance: 1e-15}); err != nil {
		t.Fatal(err)
	}
	for _, c := range pairs {
		got := tree.Marginal(c)
		scale(got, total)
		if !near(got, want.marginal(c), .01) {
			t.Errorf("columns %v: %.3f, least squares %.3f", c, got, want.marginal(c))
		}
	}
}

// TestDemingStephan: for random positive 2×2×2 tables, the fit to all three pairs
// is the fixed point of iterative proportional fitting from a uniform start, whose
// three-way interaction (the odds ratio of odds ratios) is one.
func TestDemingStephan(t *testing.T) {
	r, sizes, pairs := NewRand(77), []int{2, 2, 2}, microdata.AllCliques(3, 2)
	for trial := range 6 {
		target := &joint{sizes, randomFactor(r, 8)}
		total := 0.0
		for _, v := range target.p {
			total += v
		}
		scale(target.p, 1/total)
		ipf := &joint{sizes, slices.Repeat([]float64{.125}, 8)}
		for range 1000 {
			for _, c := range pairs {
				want, have := target.marginal(c), ipf.marginal(c)
				ipf.each(func(cell int, codes []int) {
					ipf.p[cell] *= want[place(sizes, c, codes)] / have[place(sizes, c, codes)]
				})
			}
		}
		var ms []Measurement
		for _, c := range pairs {
			y := target.marginal(c)
			scale(y, 500)
			ms = append(ms, Measurement{Clique: c, Counts: y, Precision: []float64{1}})
		}
		tree := newTree(t, sizes, pairs, 1)
		if _, err := tree.Fit(context.Background(), ms, 500, Effort{Iterations: 20000, Tolerance: 1e-15}); err != nil {
			t.Fatal(err)
		}
		p := tree.Marginal(microdata.Clique{0, 1, 2})
		if !near(p, ipf.p, 1e-5) {
			t.Errorf("trial %d: %v, by proportional fitting %v", trial, p, ipf.p)
		}
		if odds := p[0] * p[3] * p[5] * p[6] / (p[1] * p[2] * p[4] * p[7]); math.Abs(odds-1) > 1e-6 {
			t.Errorf("trial %d: a three-way interaction of %v, that nobody measured", trial, odds)
		}
	}
}

// TestFitInventsNoDependence: columns measured one by one stay independent, and of
// two pairs with a column in common the others are independent given it.
func TestFitInventsNoDependence(t *testing.T) {
	const total = 1000
	for name, c := range map[string]struct{ sets, measured []microdata.Clique }{
		"one clique, single columns": {[]microdata.Clique{{0, 1, 2}}, []microdata.Clique{{0}, {1}, {2}}},
		"one clique, two pairs":      {[]microdata.Clique{{0, 1, 2}}, []microdata.Clique{{0, 1}, {1, 2}}},
	} {
		sizes, r := []int{2, 3, 4}, NewRand(3)
		tree := newTree(t, sizes, c.sets, 1)
		source := &joint{sizes, randomFactor(r, 24)}
		sum := 0.0
		for _, v := range source.p {
			sum += v
		}
		scale(source.p, total/sum)
		var ms []Measurement
		for _, m := range c.measured {
			ms = append(ms, Measurement{Clique: m, Counts: source.marginal(m), Precision: []float64{1}})
		}
		if _, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 20000, Tolerance: 1e-15}); err != nil {
			t.Fatal(err)
		}
		p, j := tree.Marginal(microdata.Clique{0, 1, 2}), jointOf(tree)
		x, y, z := j.marginal(microdata.Clique{0}), j.marginal(microdata.Clique{1}), j.marginal(microdata.Clique{2})
		xy, yz := j.marginal(microdata.Clique{0, 1}), j.marginal(microdata.Clique{1, 2})
		j.each(func(cell int, at []int) {
			want := x[at[0]] * y[at[1]] * z[at[2]]
			if len(c.measured) == 2 {
				want = xy[at[0]*3+at[1]] * yz[at[1]*4+at[2]] / y[at[1]]
			}
			if math.Abs(p[cell]-want) > 1e-9 {
				t.Errorf("%s: cell %s: %v, want %v", name, fmt.Sprint(at), p[cell], want)
			}
		})
	}
}
