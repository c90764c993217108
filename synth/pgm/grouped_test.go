package pgm

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestFitToCountsOfSeveralCells: of cells counted together only the sum is fitted;
// within it the tree stays as it was.
func TestFitToCountsOfSeveralCells(t *testing.T) {
	tree := newTree(t, []int{2, 2}, []microdata.Clique{{0, 1}}, 1)
	diagonal := Measurement{Clique: microdata.Clique{0, 1}, Counts: []float64{70, 30}, Precision: []float64{1}, Of: []int32{0, 1, 1, 0}}
	if _, err := tree.Fit(context.Background(), []Measurement{diagonal}, 100, Effort{Iterations: 5000, Tolerance: 1e-15}); err != nil {
		t.Fatal(err)
	}
	for c, p := range tree.Marginal(microdata.Clique{0, 1}) {
		if want := []float64{.35, .15, .15, .35}[c]; math.Abs(p-want) > 1e-6 {
			t.Errorf("cell %d: %v, want %v", c, p, want)
		}
	}
}

// TestGroupedEqualsSeparate: a measurement of which each cell has a count of its own,
// said with Of and with its columns turned round, fits to the same tree as without.
func TestGroupedEqualsSeparate(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	sizes := []int{3, 4, 2}
	cliques := []microdata.Clique{{0, 1}, {1, 2}}
	var plain, grouped []Measurement
	for _, c := range cliques {
		n := c.Cells(sizes)
		m := Measurement{Clique: c, Counts: make([]float64, n), Precision: make([]float64, n)}
		g := Measurement{Clique: c, Counts: make([]float64, n), Precision: make([]float64, n), Of: make([]int32, n)}
		for cell, k := range r.Perm(n) {
			m.Counts[cell], m.Precision[cell] = 10+50*r.Float64(), .5+r.Float64()
			g.Counts[k], g.Precision[k], g.Of[cell] = m.Counts[cell], m.Precision[cell], int32(k)
		}
		plain, grouped = append(plain, m), append(grouped, g)
	}
	a, b := newTree(t, sizes, cliques, 1), newTree(t, sizes, cliques, 2)
	for tree, ms := range map[*Tree][]Measurement{a: plain, b: grouped} {
		if _, err := tree.Fit(context.Background(), ms, 400, Effort{Iterations: 300, Tolerance: 1e-12}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range append(cliques, microdata.Clique{2}) {
		want := a.Marginal(c)
		for cell, p := range b.Marginal(c) {
			if math.Abs(p-want[cell]) > 1e-9 {
				t.Errorf("clique %v, cell %d: %v with groups, %v without", c, cell, p, want[cell])
			}
		}
	}
}

func TestGroupedIsChecked(t *testing.T) {
	tree := newTree(t, []int{2, 2}, []microdata.Clique{{0, 1}}, 1)
	pair := microdata.Clique{0, 1}
	for name, m := range map[string]Measurement{
		"too few cells":    {Clique: pair, Counts: []float64{1, 2}, Precision: []float64{1}, Of: []int32{0, 1, 1}},
		"no such count":    {Clique: pair, Counts: []float64{1, 2}, Precision: []float64{1}, Of: []int32{0, 1, 1, 2}},
		"a negative count": {Clique: pair, Counts: []float64{1, 2}, Precision: []float64{1}, Of: []int32{0, -1, 1, 0}},
		"precision a cell": {Clique: pair, Counts: []float64{1, 2}, Precision: []float64{1, 1, 1, 1}, Of: []int32{0, 1, 1, 0}},
	} {
		if _, err := tree.Fit(context.Background(), []Measurement{m}, 10, Effort{}); err == nil || !strings.Contains(err.Error(), "pgm: columns [0 1]") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
