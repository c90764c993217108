package pgm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// joint is the oracle: the whole distribution, row-major, the last column fastest.
type joint struct {
	sizes []int
	p     []float64
}

func (j *joint) each(f func(cell int, codes []int)) {
	codes := make([]int, len(j.sizes))
	for cell := range j.p {
		rest := cell
		for i := len(j.sizes) - 1; i >= 0; i-- {
			codes[i] = rest % j.sizes[i]
			rest /= j.sizes[i]
		}
		f(cell, codes)
	}
}

func place(sizes []int, c microdata.Clique, codes []int) (at int) {
	for _, a := range c {
		at = at*sizes[a] + codes[a]
	}
	return at
}

func (j *joint) marginal(c microdata.Clique) []float64 {
	out := make([]float64, c.Cells(j.sizes))
	j.each(func(cell int, codes []int) { out[place(j.sizes, c, codes)] += j.p[cell] })
	return out
}

// product returns the normalised product of factors over cliques.
func product(sizes []int, cliques []microdata.Clique, factors [][]float64) *joint {
	j := &joint{sizes, make([]float64, (microdata.Clique{0, 1, 2, 3, 4}[:len(sizes)]).Cells(sizes))}
	total := 0.0
	j.each(func(cell int, codes []int) {
		j.p[cell] = 1
		for k, c := range cliques {
			j.p[cell] *= factors[k][place(sizes, c, codes)]
		}
		total += j.p[cell]
	})
	for i := range j.p {
		j.p[i] /= total
	}
	return j
}

var shapes = map[string][]microdata.Clique{
	"chain":        {{0, 1}, {1, 2}, {2, 3}, {3, 4}},
	"star":         {{0, 1}, {0, 2}, {0, 3}, {0, 4}},
	"cycle":        {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {4}},
	"disconnected": {{0, 1}, {2, 3}, {4}},
	"triples":      {{0, 1, 2}, {1, 2, 3}, {2, 3, 4}},
	"singles":      {{0}, {1}, {2}, {3}, {4}},
	"one clique":   {{0, 1, 2, 3, 4}},
	"none":         {},
}

var fiveSizes = []int{2, 5, 3, 4, 2}

func near(a, b []float64, tolerance float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= tolerance })
}

func newTree(t testing.TB, sizes []int, sets []microdata.Clique, workers int) *Tree {
	t.Helper()
	tree, err := NewTree(sizes, Triangulate(sizes, sets), workers)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestCalibrateEqualsBruteForce puts random potentials on every shape and
// compares every marginal that a clique holds with the whole joint's.
func TestCalibrateEqualsBruteForce(t *testing.T) {
	for name, cliques := range shapes {
		r := NewRand(7)
		tree := newTree(t, fiveSizes, cliques, 2)
		var sets []microdata.Clique
		var factors [][]float64
		for i := range tree.nodes {
			q := &tree.nodes[i]
			c := microdata.Clique(slices.Sorted(slices.Values(q.columns)))
			f := make([]float64, c.Cells(fiveSizes))
			for k := range f {
				f[k] = math.Exp(6*r.Float64() - 3)
				if r.Float64() < 0.15 && len(f) > 4 {
					f[k] = 0
				}
			}
			copy(q.psi, tree.permute(f, c, q.columns))
			sets, factors = append(sets, c), append(factors, f)
		}
		tree.calibrate()
		want := product(fiveSizes, sets, factors)
		for k := 0; k <= 5; k++ {
			for _, c := range microdata.AllCliques(5, k) {
				got := tree.Marginal(c)
				if (got != nil) != tree.Holds(c) {
					t.Fatalf("%s: Holds and Marginal disagree on %v", name, c)
				}
				if got != nil && !near(got, want.marginal(c), 1e-12) {
					t.Errorf("%s: marginal %v differs from brute force", name, c)
				}
			}
		}
	}
}

// TestTriangulate: every set is inside a clique, every column covered, the
// running intersection property holds (NewTree checks), no clique in another.
func TestTriangulate(t *testing.T) {
	r := NewRand(3)
	for range 300 {
		n := 2 + r.IntN(9)
		sizes := make([]int, n)
		for i := range sizes {
			sizes[i] = 1 + r.IntN(4)
		}
		var sets []microdata.Clique
		for range r.IntN(12) {
			a, b := r.IntN(n), r.IntN(n)
			if a != b {
				sets = append(sets, microdata.Clique{min(a, b), max(a, b)})
			}
		}
		cliques := Triangulate(sizes, sets)
		if _, err := NewTree(sizes, cliques, 1); err != nil {
			t.Fatalf("sets %v: cliques %v: %v", sets, cliques, err)
		}
		for _, s := range sets {
			if !slices.ContainsFunc(cliques, func(c microdata.Clique) bool { return c.Contains(s) }) {
				t.Fatalf("no clique of %v holds %v", cliques, s)
			}
		}
		for i, c := range cliques {
			for k, o := range cliques {
				if i != k && o.Contains(c) {
					t.Fatalf("clique %v is inside %v", c, o)
				}
			}
		}
	}
}

func TestNewTreeRefuses(t *testing.T) {
	for name, cliques := range map[string][]microdata.Clique{
		"a column left out": {{0, 1}},
		"a cycle":           {{0, 1}, {1, 2}, {2, 3}, {0, 3}},
		"out of range":      {{0, 1}, {2, 3}, {4}},
	} {
		if _, err := NewTree([]int{2, 2, 2, 2}, cliques, 1); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// truth returns exact counts of a known decomposable model as measurements.
func truth(t *testing.T, cliques []microdata.Clique, total float64) (*joint, []Measurement) {
	r := NewRand(11)
	var factors [][]float64
	for _, c := range cliques {
		f := make([]float64, c.Cells(fiveSizes))
		for k := range f {
			f[k] = math.Exp(2 * r.Float64())
		}
		factors = append(factors, f)
	}
	j := product(fiveSizes, cliques, factors)
	var ms []Measurement
	for _, c := range cliques {
		y := j.marginal(c)
		scale(y, total)
		ms = append(ms, Measurement{Clique: c, Counts: y, Precision: []float64{1}})
	}
	return j, ms
}

// TestFitRecoversDecomposable: from the exact marginals of a decomposable model
// the fit finds that model: no noise, so no tolerance for luck.
func TestFitRecoversDecomposable(t *testing.T) {
	for _, name := range []string{"chain", "star", "triples", "disconnected", "one clique"} {
		const total = 1000
		want, ms := truth(t, shapes[name], total)
		tree := newTree(t, fiveSizes, shapes[name], 2)
		loss, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 20000, Tolerance: 1e-15})
		if err != nil || loss > 1e-6 {
			t.Fatalf("%s: loss %g, %v", name, loss, err)
		}
		for i := range tree.nodes {
			c := microdata.Clique(slices.Sorted(slices.Values(tree.nodes[i].columns)))
			if !near(tree.Marginal(c), want.marginal(c), 1e-5) {
				t.Errorf("%s: clique %v not recovered", name, c)
			}
		}
	}
}

// TestFitEqualsIPF: with all pairs of a 2×2×2 table the fit's fixed point is
// that of iterative proportional fitting (Deming and Stephan 1940), the maximum
// entropy distribution with those marginals.
func TestFitEqualsIPF(t *testing.T) {
	sizes := []int{2, 2, 2}
	pairs := microdata.AllCliques(3, 2)
	target := &joint{sizes, []float64{.20, .05, .10, .15, .05, .15, .10, .20}}
	fitted := &joint{sizes, slices.Repeat([]float64{.125}, 8)}
	for range 2000 {
		for _, c := range pairs {
			want, have := target.marginal(c), fitted.marginal(c)
			fitted.each(func(cell int, codes []int) {
				k := place(sizes, c, codes)
				fitted.p[cell] *= want[k] / have[k]
			})
		}
	}
	var ms []Measurement
	for _, c := range pairs {
		y := target.marginal(c)
		scale(y, 100)
		ms = append(ms, Measurement{Clique: c, Counts: y, Precision: []float64{1}})
	}
	tree := newTree(t, sizes, pairs, 1)
	if _, err := tree.Fit(context.Background(), ms, 100, Effort{Iterations: 50000, Tolerance: 1e-15}); err != nil {
		t.Fatal(err)
	}
	if got := tree.Marginal(microdata.Clique{0, 1, 2}); !near(got, fitted.p, 1e-5) {
		t.Errorf("fit %v\nIPF %v", got, fitted.p)
	}
}

// TestFitProjects: with one measurement the optimum is its projection onto the
// simplex of that total, known in closed form (Duchi et al. 2008).
func TestFitProjects(t *testing.T) {
	y := []float64{40, -25, 30, 5}
	const total = 60
	// Projection: y − τ where positive, τ such that the rest sums to total.
	// With the support {0, 2, 5's cell}: (40+30+5−60)/3 = 5, but then cell 3 is 0.
	want := []float64{35, 0, 25, 0}
	tree := newTree(t, []int{4}, nil, 1)
	if _, err := tree.Fit(context.Background(), []Measurement{{Clique: microdata.Clique{0}, Counts: y, Precision: []float64{.5}}}, total,
		Effort{Iterations: 200000, Tolerance: 1e-16}); err != nil {
		t.Fatal(err)
	}
	got := tree.Marginal(microdata.Clique{0})
	scale(got, total)
	if !near(got, want, .05) {
		t.Errorf("projection %v, want %v", got, want)
	}
}

// TestFitWeighs: two measurements of one column meet at their mean weighted by precision.
func TestFitWeighs(t *testing.T) {
	tree := newTree(t, []int{2}, nil, 1)
	ms := []Measurement{
		{Clique: microdata.Clique{0}, Counts: []float64{40, 60}, Precision: []float64{1}},
		{Clique: microdata.Clique{0}, Counts: []float64{80, 20}, Precision: []float64{3, 3}},
		{Clique: microdata.Clique{0}, Counts: []float64{1e6, -1e6}, Precision: []float64{0}}, // says nothing
	}
	if _, err := tree.Fit(context.Background(), ms, 100, Effort{Iterations: 5000, Tolerance: 1e-15}); err != nil {
		t.Fatal(err)
	}
	if got := tree.Marginal(microdata.Clique{0}); !near(got, []float64{.7, .3}, 1e-6) {
		t.Errorf("weighted mean %v, want .7 .3", got)
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	_, ms := truth(t, shapes["triples"], 500)
	var first [][]float64
	var records [][]uint16
	for _, workers := range []int{1, 2, 5} {
		tree := newTree(t, fiveSizes, shapes["triples"], workers)
		if _, err := tree.Fit(context.Background(), ms, 500, Effort{}); err != nil {
			t.Fatal(err)
		}
		var beliefs [][]float64
		for i := range tree.nodes {
			beliefs = append(beliefs, tree.nodes[i].belief)
		}
		out := tree.Generate(300, NewRand(5))
		if first == nil {
			first, records = beliefs, out
			continue
		}
		if !slices.EqualFunc(first, beliefs, slices.Equal) || !slices.EqualFunc(records, out, slices.Equal) {
			t.Errorf("%d workers gave another result", workers)
		}
	}
}

// TestForbidIsExact: a forbidden combination has probability zero after any fit
// and is never generated, even where the measurements ask for it.
func TestForbidIsExact(t *testing.T) {
	_, ms := truth(t, shapes["triples"], 500)
	tree := newTree(t, fiveSizes, shapes["triples"], 2)
	c := microdata.Clique{1, 2}
	marked := make([]bool, 15)
	for k := range marked {
		marked[k] = k%4 == 1
	}
	if err := tree.Forbid(c, marked); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Fit(context.Background(), ms, 500, Effort{}); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for k, p := range tree.Marginal(c) {
		if marked[k] && p != 0 {
			t.Errorf("forbidden cell %d has probability %g", k, p)
		}
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities sum to %g", sum)
	}
	out := tree.Generate(2000, NewRand(1))
	for i := range out[0] {
		if marked[int(out[1][i])*3+int(out[2][i])] {
			t.Fatal("a forbidden combination was generated")
		}
	}
	all := slices.Repeat([]bool{true}, 15)
	if err := tree.Forbid(c, all); err == nil {
		t.Error("forbidding everything was taken")
	}
}

// TestGenerateRounds: a one-clique tree is generated within one record a cell;
// deeper trees within the bound that the number of separator groups gives.
func TestGenerateRounds(t *testing.T) {
	for name, cliques := range shapes {
		const n = 5000
		_, ms := truth(t, cliques, n)
		tree := newTree(t, fiveSizes, cliques, 1)
		if len(ms) > 0 {
			if _, err := tree.Fit(context.Background(), ms, n, Effort{}); err != nil {
				t.Fatal(err)
			}
		}
		out := tree.Generate(n, NewRand(2))
		for i := range tree.nodes {
			q := &tree.nodes[i]
			c := microdata.Clique(slices.Sorted(slices.Values(q.columns)))
			counts := make([]float64, c.Cells(fiveSizes))
			codes := make([]int, len(fiveSizes))
			for r := range n {
				for a := range fiveSizes {
					codes[a] = int(out[a][r])
				}
				counts[place(fiveSizes, c, codes)]++
			}
			bound := 1.0 + 1e-6
			if q.parent >= 0 || len(tree.nodes) > 1 {
				bound = 4
			}
			for k, p := range tree.Marginal(c) {
				if d := math.Abs(counts[k] - n*p); d > bound {
					t.Errorf("%s: clique %v cell %d: %v records for %.2f", name, c, k, counts[k], n*p)
				}
			}
		}
	}
}

func TestFitRefuses(t *testing.T) {
	tree := newTree(t, []int{2, 3}, nil, 1)
	sound := Measurement{Clique: microdata.Clique{0}, Counts: []float64{1, 2}, Precision: []float64{1}}
	for name, c := range map[string]struct {
		m     Measurement
		total float64
	}{
		"total zero":         {sound, 0},
		"total NaN":          {sound, math.NaN()},
		"clique not held":    {Measurement{Clique: microdata.Clique{0, 1}, Counts: make([]float64, 6), Precision: []float64{1}}, 1},
		"too few counts":     {Measurement{Clique: microdata.Clique{0}, Counts: []float64{1}, Precision: []float64{1}}, 1},
		"NaN count":          {Measurement{Clique: microdata.Clique{0}, Counts: []float64{1, math.NaN()}, Precision: []float64{1}}, 1},
		"negative precision": {Measurement{Clique: microdata.Clique{0}, Counts: []float64{1, 1}, Precision: []float64{-1}}, 1},
	} {
		if _, err := tree.Fit(context.Background(), []Measurement{c.m}, c.total, Effort{}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tree.Fit(ctx, []Measurement{sound}, 3, Effort{}); err == nil {
		t.Error("a cancelled fit went on")
	}
}

// TestExtremeCountsStaySound: counts far outside what is possible neither
// overflow nor make a possible cell impossible.
func TestExtremeCountsStaySound(t *testing.T) {
	tree := newTree(t, []int{3, 3}, []microdata.Clique{{0, 1}}, 1)
	ms := []Measurement{
		{Clique: microdata.Clique{0, 1}, Counts: []float64{1e9, -1e9, 0, -1e9, 1e9, 0, 0, 0, -1e12}, Precision: []float64{1e-4}},
		{Clique: microdata.Clique{0}, Counts: []float64{-1e6, 1e6, 3}, Precision: []float64{1e3}},
	}
	if _, err := tree.Fit(context.Background(), ms, 10, Effort{}); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for k, v := range tree.nodes[tree.home(microdata.Clique{0, 1})].psi {
		if !(v > 0) {
			t.Errorf("cell %d became impossible", k)
		}
	}
	for _, p := range tree.Marginal(microdata.Clique{0, 1}) {
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities sum to %v", sum)
	}
}

func BenchmarkFitStep(b *testing.B) {
	var sizes []int
	for i := range 12 {
		sizes = append(sizes, 2+i%6*4)
	}
	var sets []microdata.Clique
	for a := range 12 {
		for d := 1; d <= 3 && a+d < 12; d++ {
			sets = append(sets, microdata.Clique{a, a + d})
		}
	}
	tree := newTree(b, sizes, sets, 2)
	var ms []Measurement
	for _, s := range sets {
		y := make([]float64, s.Cells(sizes))
		for i := range y {
			y[i] = 10000 / float64(len(y))
		}
		ms = append(ms, Measurement{Clique: s, Counts: y, Precision: []float64{.01}})
	}
	b.ReportMetric(float64(tree.Cells()), "cells")
	for b.Loop() {
		if _, err := tree.Fit(context.Background(), ms, 10000, Effort{Iterations: 25}); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleTree_Marginal() {
	tree, _ := NewTree([]int{2, 2}, Triangulate([]int{2, 2}, []microdata.Clique{{0, 1}}), 1)
	_, _ = tree.Fit(context.Background(), []Measurement{
		{Clique: microdata.Clique{0, 1}, Counts: []float64{40, 10, 20, 30}, Precision: []float64{1}},
	}, 100, Effort{Iterations: 2000, Tolerance: 1e-12})
	fmt.Printf("%.2f\n", tree.Marginal(microdata.Clique{1}))
	// Output: [0.60 0.40]
}
