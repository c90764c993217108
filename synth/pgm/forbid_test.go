package pgm

import (
	"context"
	"slices"
	"testing"

	"amparo/microdata"
)

// TestForbidCalibratesLate: however bans and reads take turns, each read is that of a
// tree calibrated from its potentials, to the last bit; and what Forbid itself sends
// towards the root is what calibration would.
func TestForbidCalibratesLate(t *testing.T) {
	r := NewRand(43)
	for name := range shapes {
		tree, ms := wellFitted(t, name, 2)
		for range 30 {
			for _, b := range randomBans(r, tree, r.IntN(4)) {
				k := 0
				for cell := range b.marked { // one cell a ban, so that much is left
					if b.marked[cell] {
						if k++; k > 1 {
							b.marked[cell] = false
						}
					}
				}
				if err := tree.Forbid(b.clique, b.marked); err != nil {
					t.Fatal(err)
				}
			}
			whole := newTree(t, fiveSizes, shapes[name], 1)
			for i := range whole.nodes {
				copy(whole.nodes[i].psi, tree.nodes[i].psi)
			}
			whole.calibrate()
			for i := range whole.nodes {
				if !slices.Equal(whole.nodes[i].message, tree.nodes[i].message) {
					t.Fatalf("%s: the message of clique %v is not up to date", name, whole.nodes[i].columns)
				}
			}
			switch r.IntN(3) {
			case 0:
				c := ms[r.IntN(len(ms))].Clique
				if !slices.Equal(tree.Marginal(c), whole.Marginal(c)) {
					t.Fatalf("%s: columns %v are read out of date", name, c)
				}
			case 1:
				if !slices.EqualFunc(tree.Generate(40, NewRand(1)), whole.Generate(40, NewRand(1)), slices.Equal) {
					t.Fatalf("%s: records are drawn out of date", name)
				}
			default:
				a, _ := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 1})
				b, _ := whole.Fit(context.Background(), ms, 1500, Effort{Iterations: 1})
				if a != b {
					t.Fatalf("%s: a fit begins out of date", name)
				}
			}
		}
	}
}

// BenchmarkForbid lays sixty rules of two columns on a tree of some 160,000 cells, and reads a marginal.
func BenchmarkForbid(b *testing.B) {
	sizes := []int{60, 40, 20, 12, 10, 8, 6, 6, 5, 5, 4, 4, 3, 3, 3, 3}
	var sets []microdata.Clique
	for a := range sizes[2:] {
		sets = append(sets, microdata.Clique{a, a + 1}, microdata.Clique{a, a + 2})
		if a > 0 && a+3 < len(sizes) {
			sets = append(sets, microdata.Clique{a, a + 3})
		}
	}
	tree := newTree(b, sizes, sets, 2)
	r := NewRand(1)
	var bans []ban
	for len(bans) < 60 {
		c := sets[r.IntN(len(sets))]
		marked := make([]bool, c.Cells(sizes))
		marked[1+r.IntN(len(marked)-1)] = true
		bans = append(bans, ban{c, marked})
	}
	for b.Loop() {
		for _, x := range bans {
			if err := tree.Forbid(x.clique, x.marked); err != nil {
				b.Fatal(err)
			}
		}
		tree.Marginal(sets[0])
	}
	b.ReportMetric(float64(tree.Cells()), "cells")
}
