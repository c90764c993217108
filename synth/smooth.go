package synth

import (
	"math"
	"slices"

	"amparo/microdata"
)

// Estimate returns counts of a column's levels from noisy ones: none negative,
// their sum the noisy one's. It is what a level's share of its merged group is
// taken from.
//
// Neighbours of an ordered column are taken to be alike as far as the noise does
// not say otherwise: from the widest bin to the narrowest, the counts of its two
// halves are drawn together by the factor 1 − noise²/difference², at least 0 (the
// non-negative garrote, Breiman 1995, on the column's Haar tree). Levels of other
// columns are not: where most of a list holds nobody, alike would invent.
func estimate(c *microdata.Column, noisy []int64, variance float64) []float64 {
	y := floats(noisy)
	if c.Ordered {
		y = treeOf(c, y, variance)
	}
	return onto(y, max(sum(y), 1))
}

// treeOf draws y together down the tree of the column's steps.
func treeOf(c *microdata.Column, y []float64, variance float64) []float64 {
	steps := slices.Clone(c.Steps()) // they may be the column's own
	parents := []microdata.Coarsening{{Levels: make([]microdata.Level, 1), Of: make([]uint16, len(y))}}
	slices.Reverse(steps)
	return drawTogether(append(parents, steps...), y, variance)
}

// drawn draws y together down the tree of bins of 2, 4, 8, … neighbours.
func drawn(y []float64, variance float64) []float64 {
	return treeOf(&microdata.Column{Levels: make([]microdata.Level, len(y)), Ordered: true}, y, variance)
}

// drawTogether shrinks y down the tree of the steps, coarsest first.
func drawTogether(steps []microdata.Coarsening, y []float64, variance float64) []float64 {
	leaves := microdata.Coarsening{Levels: make([]microdata.Level, len(y)), Of: make([]uint16, len(y))}
	for l := range y {
		leaves.Of[l] = uint16(l)
	}
	steps = append(steps, leaves)
	held := []float64{sum(y)} // by group of the step before
	for s := 1; s < len(steps); s++ {
		n := len(steps[s].Levels)
		counts, width, parent := make([]float64, n), make([]float64, n), make([]int, n)
		for l, g := range steps[s].Of {
			counts[g] += y[l]
			width[g]++
			parent[g] = int(steps[s-1].Of[l])
		}
		before, size := make([]float64, len(held)), make([]float64, len(held))
		for g, p := range parent {
			before[p] += counts[g]
			size[p] += width[g]
		}
		squares, noise := make([]float64, len(held)), make([]float64, len(held))
		for g, p := range parent {
			d := counts[g] - before[p]*width[g]/size[p]
			squares[p] += d * d
			noise[p] += variance * width[g] * (1 - width[g]/size[p])
		}
		next := make([]float64, n)
		for g, p := range parent {
			share := width[g] / size[p]
			keep := 0.0
			if squares[p] > 0 {
				keep = max(1-noise[p]/squares[p], 0)
			}
			next[g] = held[p]*share + keep*(counts[g]-before[p]*share)
		}
		held = next
	}
	return held
}

// onto returns the nearest point to y, in the sense of least squares, that is not
// negative and sums to total, which is not negative (Duchi et al. 2008).
func onto(y []float64, total float64) []float64 {
	if total == 0 {
		return make([]float64, len(y))
	}
	sorted := slices.Clone(y)
	slices.Sort(sorted)
	tau, above := math.Inf(-1), 0.0
	for k := len(sorted) - 1; k >= 0; k-- {
		above += sorted[k]
		t := (above - total) / float64(len(sorted)-k)
		if sorted[k] <= t {
			break
		}
		tau = t
	}
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = max(v-tau, 0)
	}
	return out
}
