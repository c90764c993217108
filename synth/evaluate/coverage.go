package evaluate

import (
	"context"
	"math"

	"amparo/microdata"
)

// A Table is a published table of noisy counts: row-major, the last column fastest.
type Table struct {
	Clique microdata.Clique
	// Coarse[i] says how the levels of column Clique[i] were merged; nil: as given.
	Coarse   []*microdata.Coarsening
	Noisy    []int64
	Variance float64 // of the noise of each count
}

// A Coverage says how often the intervals of published tables hold the true count.
type Coverage struct {
	All     Rate   `json:"all"`
	ByOrder []Rate `json:"by_order"` // tables of one column first
	// ByCount holds cells by their true count: zero, then the buckets of Thresholds.
	ByCount [len(Thresholds) + 1]Rate `json:"by_count"`
}

// Cover counts the cells of tables whose interval, the noisy count ± z standard
// deviations of its noise, holds the real count.
func Cover(ctx context.Context, real microdata.Counter, tables []Table, z float64) (Coverage, error) {
	var out Coverage
	err := each(ctx, real, tables, func(t Table, truth []int64) {
		half := z * math.Sqrt(t.Variance)
		for len(out.ByOrder) < len(t.Clique) {
			out.ByOrder = append(out.ByOrder, Rate{})
		}
		for cell, k := range truth {
			inside, at := math.Abs(float64(t.Noisy[cell]-k)) <= half, 0
			if k > 0 {
				at = 1 + bucket(k)
			}
			out.All.count(inside)
			out.ByOrder[len(t.Clique)-1].count(inside)
			out.ByCount[at].count(inside)
		}
	})
	return out, err
}

// each counts rows in the cells of every published table, and has a look.
func each(ctx context.Context, counter microdata.Counter, tables []Table, look func(t Table, counts []int64)) error {
	sizes := counter.Domain().Sizes()
	var cliques []microdata.Clique
	for _, t := range tables {
		if err := t.Clique.Check(counter.Domain()); err != nil {
			return err
		}
		cliques = append(cliques, t.Clique)
	}
	for len(cliques) > 0 {
		part := cliques[:fitting(cliques, sizes)]
		counted, err := counter.Count(ctx, part)
		if err != nil {
			return err
		}
		for i, m := range counted {
			look(tables[i], merge(tables[i], m.Counts, sizes))
		}
		cliques, tables = cliques[len(part):], tables[len(part):]
	}
	return nil
}

// merge adds the counts of fine cells up to the cells of t.
func merge(t Table, counts []int64, sizes []int) []int64 {
	out := make([]int64, len(t.Noisy))
	level := make([]int, len(t.Clique))
	for _, k := range counts {
		if k != 0 {
			out[cellOf(t, sizes, func(i int) int { return level[i] })] += k
		}
		for i := len(level) - 1; i >= 0; i-- {
			if level[i]++; level[i] < sizes[t.Clique[i]] {
				break
			}
			level[i] = 0
		}
	}
	return out
}

// cellOf returns the cell of t with the given fine levels of its columns.
func cellOf(t Table, sizes []int, level func(i int) int) int {
	cell := 0
	for i, a := range t.Clique {
		l, n := level(i), sizes[a]
		if i < len(t.Coarse) && t.Coarse[i] != nil {
			l, n = int(t.Coarse[i].Of[l]), len(t.Coarse[i].Levels)
		}
		cell = cell*n + l
	}
	return cell
}
