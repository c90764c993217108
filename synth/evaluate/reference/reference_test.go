package reference

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/evaluate"
	"amparo/synth/pgm"
)

// chain returns n records of columns with the given numbers of levels, each mostly
// a copy of the one before.
func chain(t testing.TB, n int, sizes []int, seed uint64) microdata.Counter {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for a, size := range sizes {
		columns[a].Name = fmt.Sprint("c", a)
		for l := range size {
			columns[a].Levels = append(columns[a].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		for i := range n {
			v := r.IntN(size)
			if a > 0 && r.Float64() < .8 {
				v = int(codes[a-1][i]) % size
			}
			codes[a] = append(codes[a], uint16(v))
		}
	}
	return counterOf(t, columns, codes)
}

func counterOf(t testing.TB, columns []microdata.Column, codes [][]uint16) microdata.Counter {
	t.Helper()
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(table, 1)
}

// against compares records with the real ones.
func against(t testing.TB, real microdata.Counter, records [][]uint16, order int) evaluate.Comparison {
	t.Helper()
	d := real.Domain()
	var columns []microdata.Column
	for a := range d.Len() {
		columns = append(columns, *d.Column(a))
	}
	c, err := evaluate.Compare(context.Background(), real, counterOf(t, columns, records), order)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func noise() Noise { return rand.New(rand.NewPCG(3, 4)) }

var mechanisms = map[string]func(context.Context, microdata.Counter, Options) ([][]uint16, error){"MST": MST, "AIM": AIM}

// TestKnownTruth: with next to no noise, both find a chain and return it.
func TestKnownTruth(t *testing.T) {
	real := chain(t, 4000, []int{3, 4, 2, 5, 3}, 1)
	for name, f := range mechanisms {
		records, err := f(context.Background(), real, Options{Rho: 1e6, Noise: noise(), Iterations: 400})
		if err != nil {
			t.Fatal(err)
		}
		if got := against(t, real, records, 2).Synthetic.Mean; got > .012 {
			t.Errorf("%s: pairs are %.4f away", name, got)
		}
	}
}

// TestBetterThanIndependence, at a common budget.
func TestBetterThanIndependence(t *testing.T) {
	real := chain(t, 8000, []int{3, 4, 2, 5, 3, 6}, 2)
	rho, err := dp.RhoFor(1, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range mechanisms {
		records, err := f(context.Background(), real, Options{Rho: rho, Noise: noise(), Iterations: 300})
		if err != nil {
			t.Fatal(err)
		}
		if c := against(t, real, records, 2); c.Synthetic.Mean > c.Independent.Mean/2 {
			t.Errorf("%s: pairs are %.4f away, independent ones %.4f", name, c.Synthetic.Mean, c.Independent.Mean)
		}
	}
}

// TestAccount: no run spends more than ρ, nor leaves much of it.
func TestAccount(t *testing.T) {
	real := chain(t, 500, []int{2, 3, 2}, 3)
	for name, f := range mechanisms {
		used := 0.0
		if _, err := f(context.Background(), real, Options{Rho: .1, Noise: noise(), Iterations: 50, Progress: func(x float64) { used = x }}); err != nil {
			t.Fatal(err)
		}
		if used > 1+1e-9 || used < .99 {
			t.Errorf("%s used %v of its budget", name, used)
		}
	}
	r := &run{Options: Options{Rho: .1}.withDefaults(), ctx: context.Background()}
	if err := r.spend(.11); err == nil {
		t.Error("more than ρ was spent")
	}
}

func TestRefuses(t *testing.T) {
	real := chain(t, 10, []int{2, 2}, 1)
	done, stop := context.WithCancel(context.Background())
	stop()
	for name, f := range mechanisms {
		for _, o := range []Options{{}, {Rho: 1}, {Rho: dp.Rho(math.Inf(1)), Noise: noise()}, {Rho: -1, Noise: noise()}} {
			if _, err := f(context.Background(), real, o); err == nil {
				t.Errorf("%s ran with %+v", name, o)
			}
		}
		if _, err := f(done, real, Options{Rho: 1, Noise: noise()}); err == nil {
			t.Errorf("%s ran although cancelled", name)
		}
	}
}

// TestOddTables: one column, and levels that nobody has.
func TestOddTables(t *testing.T) {
	for _, sizes := range [][]int{{4}, {1, 1}, {2, 50}} {
		real := chain(t, 300, sizes, 4)
		for name, f := range mechanisms {
			records, err := f(context.Background(), real, Options{Rho: .5, Noise: noise(), Iterations: 50})
			if err != nil || len(records) != len(sizes) {
				t.Errorf("%s of %v: %v", name, sizes, err)
			}
		}
	}
}

// TestJoints compares elimination with the tree's whole joint distribution, summed
// out by brute force.
func TestJoints(t *testing.T) {
	sizes := []int{2, 3, 2, 4, 2, 3}
	for _, sets := range [][]microdata.Clique{
		{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}},
		{{0, 1, 2}, {2, 3}, {2, 4}, {4, 5}},
		{{0, 1}, {3, 4}}, // in three parts
		nil,
	} {
		cliques := pgm.Triangulate(sizes, sets)
		tree, err := pgm.NewTree(sizes, cliques, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(5, 6))
		var ms []pgm.Measurement
		for _, c := range cliques {
			m := pgm.Measurement{Clique: c, Precision: []float64{1}}
			for range c.Cells(sizes) {
				m.Counts = append(m.Counts, 1+100*r.Float64())
			}
			ms = append(ms, m)
		}
		if _, err := tree.Fit(context.Background(), ms, 1000, pgm.Effort{Iterations: 20}); err != nil {
			t.Fatal(err)
		}
		j := newJoints(&run{tree: tree, sizes: sizes, cliques: cliques})
		for k := 1; k <= 4; k++ {
			for _, c := range microdata.AllCliques(len(sizes), k) {
				got, want := j.marginal(c), brute(tree, cliques, sizes, c)
				if !slices.EqualFunc(got, want, func(x, y float64) bool { return math.Abs(x-y) < 1e-9 }) {
					t.Fatalf("%v of %v: %v, by brute force %v", c, cliques, got, want)
				}
			}
		}
	}
}

// brute sums out the product of the cliques over that of the separators, cell by
// cell of all columns, with the chain rule: each clique given what came before.
func brute(tree *pgm.Tree, cliques []microdata.Clique, sizes []int, c microdata.Clique) []float64 {
	j := newJoints(&run{tree: tree, sizes: sizes, cliques: cliques})
	all := microdata.Clique{}
	for a := range sizes {
		all = append(all, a)
	}
	joint := table{all, make([]float64, all.Cells(sizes))}
	for i := range joint.p {
		joint.p[i] = 1
	}
	var visit func(node, parent int)
	visit = func(node, parent int) {
		joint = joint.times(table{cliques[node], tree.Marginal(cliques[node])}, sizes)
		if parent >= 0 {
			if sep := common(cliques[node], cliques[parent]); len(sep) > 0 {
				by := table{sep, tree.Marginal(sep)}
				for i, p := range by.p {
					by.p[i] = 1 / p
				}
				joint = joint.times(by, sizes)
			}
		}
		for _, n := range j.near[node] {
			if n != parent {
				visit(n, node)
			}
		}
	}
	visit(0, -1)
	return joint.onto(c, sizes).p
}

// TestChoose: with a large ε the greatest score, with a tiny one all alike. 3,000
// draws of three: a share is within 0.06 of a third but for a chance of 10⁻¹¹.
func TestChoose(t *testing.T) {
	r := &run{Options: Options{Noise: noise()}}
	seen := [3]int{}
	for range 3000 {
		if i := r.choose([]float64{3, 9, 5}, 1e6, 1); i != 1 {
			t.Fatalf("chose %d", i)
		}
		seen[r.choose([]float64{3, 9, 5}, 1e-9, 1)]++
	}
	for i, n := range seen {
		if math.Abs(float64(n)/3000-1./3) > .06 {
			t.Errorf("%d was chosen %d times of 3000", i, n)
		}
	}
}
