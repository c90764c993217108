package pgm

import (
	"slices"

	"amparo/microdata"
)

// A relay is a sub-factor of a node that stands between it and several targets:
// the node's many cells are walked once for all of them, not once for each.
type relay struct {
	columns []int // in layout order
	walk    walk  // from the node's cells
	cells   []float64
	targets []int
}

// relays shares a node's targets out among sub-factors, each with at most an
// eighth of the node's cells: the largest target opens one, then whichever other
// target widens it least joins, as long as it fits.
func (t *Tree) relays(q *node, targets []int, sets [][]int) (out []relay) {
	limit := len(q.psi) / 8
	left := slices.Clone(targets)
	slices.SortStableFunc(left, func(a, b int) int {
		return microdata.Clique(sets[b]).Cells(t.sizes) - microdata.Clique(sets[a]).Cells(t.sizes)
	})
	for len(left) > 0 {
		r := relay{columns: sets[left[0]], targets: left[:1:1]}
		left = slices.Clone(left[1:])
		for {
			best, bestCells := -1, 0
			var widest []int
			for j, k := range left {
				columns := t.union(r.columns, sets[k])
				cells := microdata.Clique(columns).Cells(t.sizes)
				if (cells <= limit || len(columns) == len(r.columns)) && (best < 0 || cells < bestCells) {
					best, bestCells, widest = j, cells, columns
				}
			}
			if best < 0 {
				break
			}
			r.columns, r.targets = widest, append(r.targets, left[best])
			left = slices.Delete(left, best, best+1)
		}
		r.walk = newWalk(t.sizes, q.columns, r.columns)
		r.cells = make([]float64, microdata.Clique(r.columns).Cells(t.sizes))
		out = append(out, r)
	}
	return out
}

// union returns the columns of either, in layout order.
func (l *layout) union(a, b []int) []int {
	out := slices.Clone(a)
	for _, c := range b {
		if !slices.Contains(a, c) {
			out = append(out, c)
		}
	}
	return l.order(out)
}
