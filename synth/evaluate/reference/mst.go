package reference

import (
	"context"
	"math"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// MST returns records by McKenna, Miklau and Sheldon, "Winning the NIST Contest"
// (2021): a third of ρ for all single columns, whose rare levels (noisy count
// below 3σ) are merged into one; a third to choose a spanning tree of pairs by
// the exponential mechanism, by their distance from independence; a third for
// those pairs; a graphical model of it all.
func MST(ctx context.Context, c microdata.Counter, o Options) ([][]uint16, error) {
	r, err := start(ctx, c, o)
	if err != nil {
		return nil, err
	}
	d := len(r.sizes)
	third := float64(r.Rho) / 3
	sigma := math.Sqrt(float64(d) / (2 * third))
	if err := r.measure(sigma, microdata.AllCliques(d, 1)...); err != nil {
		return nil, err
	}
	back, err := r.compress(sigma)
	if err != nil {
		return nil, err
	}
	if err := r.fit(r.Iterations); err != nil {
		return nil, err
	}
	if d > 1 {
		edges, err := r.spanningTree(third)
		if err != nil {
			return nil, err
		}
		if err := r.measure(math.Sqrt(float64(len(edges))/(2*third)), edges...); err != nil {
			return nil, err
		}
		if err := r.fit(r.Iterations); err != nil {
			return nil, err
		}
	}
	return r.decompress(r.generate(), back), nil
}

// compress merges each column's levels below 3σ and restates the measurements. It
// returns, column by column, the levels of each group.
func (r *run) compress(sigma float64) ([][][]uint16, error) {
	steps, back := make([]*microdata.Coarsening, len(r.sizes)), make([][][]uint16, len(r.sizes))
	for a, m := range r.ms {
		step := &microdata.Coarsening{Of: make([]uint16, len(m.Counts))}
		rest := -1
		for l, y := range m.Counts {
			if y >= 3*sigma || rest < 0 {
				if y < 3*sigma {
					rest = len(step.Levels)
				}
				step.Of[l] = uint16(len(step.Levels))
				step.Levels = append(step.Levels, r.counter.Domain().Column(a).Levels[l])
				back[a] = append(back[a], nil)
			} else {
				step.Of[l] = uint16(rest)
			}
			back[a][step.Of[l]] = append(back[a][step.Of[l]], uint16(l))
		}
		steps[a] = step
		counts, precision := make([]float64, len(step.Levels)), make([]float64, len(step.Levels))
		for l, y := range m.Counts {
			counts[step.Of[l]] += y
			precision[step.Of[l]] += sigma * sigma
		}
		for g := range precision {
			precision[g] = 1 / precision[g]
		}
		r.ms[a] = pgm.Measurement{Clique: m.Clique, Counts: counts, Precision: precision}
	}
	coarse, err := r.counter.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	r.counter, r.sizes = coarse, coarse.Domain().Sizes()
	return back, nil
}

// decompress puts a level drawn at random in place of each group.
func (r *run) decompress(records [][]uint16, back [][][]uint16) [][]uint16 {
	for a, column := range records {
		for i, g := range column {
			levels := back[a][g]
			column[i] = levels[min(int(r.Noise.Float64()*float64(len(levels))), len(levels)-1)]
		}
	}
	return records
}

// spanningTree chooses d−1 pairs with ρ in all: each the exponential mechanism's
// choice among those that join two parts, by distance from independence.
func (r *run) spanningTree(rho float64) (edges []microdata.Clique, err error) {
	d := len(r.sizes)
	pairs := microdata.AllCliques(d, 2)
	truth, err := r.counter.Count(r.ctx, pairs)
	if err != nil {
		return nil, err
	}
	score := make([]float64, len(pairs))
	for i, c := range pairs {
		score[i] = away(truth[i].Counts, r.product(c), r.total)
	}
	epsilon := math.Sqrt(8 * rho / float64(d-1))
	part := make([]int, d)
	for a := range part {
		part[a] = a
	}
	for range d - 1 {
		if err := r.spend(epsilon * epsilon / 8); err != nil {
			return nil, err
		}
		var joins []int
		var scores []float64
		for i, c := range pairs {
			if part[c[0]] != part[c[1]] {
				joins, scores = append(joins, i), append(scores, score[i])
			}
		}
		c := pairs[joins[r.choose(scores, epsilon, 1)]]
		edges = append(edges, c)
		from, to := part[c[1]], part[c[0]]
		for a := range part {
			if part[a] == from {
				part[a] = to
			}
		}
	}
	slices.SortFunc(edges, func(x, y microdata.Clique) int { return slices.Compare(x, y) })
	return edges, nil
}

// product returns what independence of the model's columns makes of a pair.
func (r *run) product(c microdata.Clique) (out []float64) {
	x, y := r.tree.Marginal(c[:1]), r.tree.Marginal(c[1:])
	for _, p := range x {
		for _, q := range y {
			out = append(out, p*q)
		}
	}
	return out
}
