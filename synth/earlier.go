package synth

import (
	"context"
	"fmt"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// checkEarlier refuses tables that are not of the domain.
func (o Options) checkEarlier(d *microdata.Domain) error {
	for _, tables := range o.Earlier {
		for _, t := range tables {
			if err := t.Clique.Check(d); err != nil {
				return fmt.Errorf("synth: an earlier table: %w", err)
			}
			if len(t.Clique) > 2 || len(t.Coarse) != len(t.Clique) || !(t.Variance > 0) || math.IsInf(t.Variance, 0) {
				return fmt.Errorf("synth: an earlier table over columns %v has more than two columns, or no variance, or does not say how levels were merged", []int(t.Clique))
			}
			cells := 1
			for i, a := range t.Clique {
				n, step := d.Size(a), t.Coarse[i]
				if step != nil {
					if len(step.Of) != n || slices.ContainsFunc(step.Of, func(g uint16) bool { return int(g) >= len(step.Levels) }) {
						return fmt.Errorf("synth: an earlier table merges other levels than those of column %q", d.Column(a).Name)
					}
					n = len(step.Levels)
				}
				cells *= n
			}
			if len(t.Noisy) != cells {
				return fmt.Errorf("synth: an earlier table over columns %v has %d counts for %d cells", []int(t.Clique), len(t.Noisy), cells)
			}
		}
	}
	return nil
}

// mostUnlike is how many standard deviations of χ² the single columns of an earlier
// release may lie from this run's, before they are taken to tell of other people: the
// same people pass with a chance of 1 − 10⁻⁶ or better.
const mostUnlike = 6

// recall returns all that is known of the single columns: what this run measured,
// and with it what those earlier releases say that tell of the same people.
func (f *fitting) recall() []dp.Measurement {
	known := slices.Clone(f.measuredColumns)
	f.recalled = make([]bool, len(f.Earlier))
	for i, tables := range f.Earlier {
		singles := singleColumns(tables)
		chi2, cells := 0.0, 0.0
		for _, m := range singles {
			own := f.measuredColumns[m.Clique[0]]
			for l, y := range m.Noisy {
				d := float64(y - own.Noisy[l])
				chi2 += d * d / (m.Variance + own.Variance)
			}
			cells += float64(len(m.Noisy))
		}
		if f.recalled[i] = chi2-cells <= mostUnlike*math.Sqrt(2*cells); f.recalled[i] {
			known = append(known, singles...)
		}
	}
	return merged(known)
}

// singleColumns returns the tables of one column, levels as given.
func singleColumns(tables []Table) (out []dp.Measurement) {
	for _, t := range tables {
		if len(t.Clique) == 1 && t.Coarse[0] == nil {
			out = append(out, dp.Measurement{Clique: t.Clique, Noisy: t.Noisy, Variance: t.Variance})
		}
	}
	return out
}

// remember brings the pairs of earlier releases to the levels of this run.
func (f *fitting) remember() {
	for i, tables := range f.Earlier {
		for _, t := range tables {
			if !f.recalled[i] || len(t.Clique) != 2 {
				continue
			}
			if m, ok := f.align(t); ok {
				f.remembered = append(f.remembered, m)
			}
		}
	}
}

// align returns what an earlier table says of this run's coarsened levels: of each
// column the two mergers are merged further, just as far as they agree. A table of
// which nothing is left but the number of rows is none.
func (f *fitting) align(t Table) (pgm.Measurement, bool) {
	k := len(t.Clique)
	now, then, sizes := make([][]uint16, k), make([][]uint16, k), make([]int, k)
	same, answers := true, 1
	for i, a := range t.Clique {
		now[i], then[i], sizes[i] = common(f.fine.Domain().Size(a), f.steps[a], t.Coarse[i])
		same = same && sizes[i] == f.sizes[a] && int(now[i][f.sizes[a]-1]) == f.sizes[a]-1 // numbered in order, so each is itself
		answers *= sizes[i]
	}
	m := pgm.Measurement{Clique: t.Clique, Counts: make([]float64, answers), Precision: make([]float64, answers)}
	eachCell(then, func(cell int, level []int) {
		g := cellOf(then, level, sizes)
		m.Counts[g] += float64(t.Noisy[cell])
		m.Precision[g] += t.Variance
	})
	for g, v := range m.Precision {
		m.Precision[g] = 1 / v
	}
	if !same {
		m.Of = make([]int32, t.Clique.Cells(f.sizes))
		eachCell(now, func(cell int, level []int) { m.Of[cell] = int32(cellOf(now, level, sizes)) })
	}
	return m, answers > 1
}

// eachCell walks the cells of a table whose i-th column has len(of[i]) levels, row-major.
func eachCell(of [][]uint16, visit func(cell int, level []int)) {
	level := make([]int, len(of))
	for cell := 0; ; cell++ {
		visit(cell, level)
		i := len(level) - 1
		for ; i >= 0; i-- {
			if level[i]++; level[i] < len(of[i]) {
				break
			}
			level[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// cellOf returns the cell, in a table of the given sizes, of levels once merged.
func cellOf(of [][]uint16, level, sizes []int) (cell int) {
	for i, l := range level {
		cell = cell*sizes[i] + int(of[i][l])
	}
	return cell
}

// groupsOf returns the group of each of n levels: each its own where step is nil.
func groupsOf(step *microdata.Coarsening, n int) []uint16 {
	if step != nil {
		return step.Of
	}
	of := make([]uint16, n)
	for l := range of {
		of[l] = uint16(l)
	}
	return of
}

// common returns the finest merger of n levels that both a and b are mergers within
// (nil: none are merged): the group into which each group of a goes, and each of b,
// and the number of groups. They are numbered in the order of a's.
func common(n int, a, b *microdata.Coarsening) (ofA, ofB []uint16, groups int) {
	groupA, groupB := groupsOf(a, n), groupsOf(b, n)
	count := func(s *microdata.Coarsening) int {
		if s == nil {
			return n
		}
		return len(s.Levels)
	}
	// The groups of both, joined where they share a level.
	root := make([]int, count(a)+count(b))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for l := range n {
		x, y := find(int(groupA[l])), find(count(a)+int(groupB[l]))
		root[max(x, y)] = min(x, y)
	}
	number := map[int]uint16{}
	name := func(i int) uint16 {
		g, ok := number[find(i)]
		if !ok {
			g = uint16(len(number))
			number[find(i)] = g
		}
		return g
	}
	for i := range count(a) {
		ofA = append(ofA, name(i))
	}
	for i := range count(b) {
		ofB = append(ofB, name(count(a)+i))
	}
	return ofA, ofB, len(number)
}

// lookBack rakes a sample to what earlier releases say of pairs that the tree does
// not hold, so that scores ask only for what is not known yet.
func (f *fitting) lookBack(ctx context.Context) error {
	f.sample = nil
	if !slices.ContainsFunc(f.remembered, func(m pgm.Measurement) bool { return !f.tree.Holds(m.Clique) }) {
		return nil
	}
	f.sample = f.draw(oversample(f.total))
	return f.rake(ctx, false)
}
