package pgm

import (
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// What follows knows the whole joint distribution and no tree. There the problem of
// Fit is a quadratic one on a simplex: a bound on how far a point is from its optimum
// is read off the gradient there, and another solver finds the optimum by itself.

// jointOf multiplies a tree's potentials out over all columns.
func jointOf(t *Tree) *joint {
	var sets []microdata.Clique
	var factors [][]float64
	for i := range t.nodes {
		sets, factors = append(sets, t.nodes[i].columns), append(factors, t.nodes[i].psi)
	}
	j := &joint{t.sizes, make([]float64, microdata.Clique(everyColumn(len(t.sizes))).Cells(t.sizes))}
	total := 0.0
	j.each(func(cell int, codes []int) {
		j.p[cell] = 1
		for k, c := range sets {
			j.p[cell] *= factors[k][cellOf(t.sizes, c, codes)]
		}
		total += j.p[cell]
	})
	scale(j.p, 1/total)
	return j
}

// precisionOf spells a measurement's precision out, one a cell.
func precisionOf(m Measurement) []float64 {
	if len(m.Precision) == 1 {
		return slices.Repeat(m.Precision, len(m.Counts))
	}
	return m.Precision
}

// lossOf is what Fit minimises, by its definition.
func lossOf(j *joint, ms []Measurement, total float64) (loss float64) {
	for _, m := range ms {
		precision := precisionOf(m)
		for c, p := range j.marginal(m.Clique) {
			d := total*p - m.Counts[c]
			loss += precision[c] * d * d / 2
		}
	}
	return loss
}

// slope is the gradient of lossOf by each cell of the joint.
func slope(j *joint, ms []Measurement, total float64) []float64 {
	out := make([]float64, len(j.p))
	for _, m := range ms {
		precision, by := precisionOf(m), j.marginal(m.Clique)
		for c, p := range by {
			by[c] = total * precision[c] * (total*p - m.Counts[c])
		}
		j.each(func(cell int, codes []int) { out[cell] += by[place(j.sizes, m.Clique, codes)] })
	}
	return out
}

// gap bounds how much lower than at j the loss can be anywhere on the simplex of
// the cells with allowed (nil: all): Σ p·slope − least slope (Frank and Wolfe
// 1956), because the loss is convex.
func gap(j *joint, ms []Measurement, total float64, allowed func(cell int) bool) float64 {
	g, mean, least := slope(j, ms, total), 0.0, math.Inf(1)
	for cell, p := range j.p {
		mean += p * g[cell]
		if allowed == nil || allowed(cell) {
			least = min(least, g[cell])
		}
	}
	return mean - least
}

// onSimplex is the point of the simplex nearest to y.
func onSimplex(y []float64) []float64 {
	lo, hi := slices.Min(y)-1, slices.Max(y)
	for range 100 {
		tau, sum := (lo+hi)/2, 0.0
		for _, v := range y {
			sum += max(v-tau, 0)
		}
		if sum > 1 {
			lo = tau
		} else {
			hi = tau
		}
	}
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = max(v-lo, 0)
	}
	return out
}

// projected minimises the loss by accelerated projected gradient (Beck and Teboulle
// 2009): no tree, no potentials, no exponentials.
func projected(sizes []int, ms []Measurement, total float64, steps int) *joint {
	n := microdata.Clique(everyColumn(len(sizes))).Cells(sizes)
	x := &joint{sizes, slices.Repeat([]float64{1 / float64(n)}, n)}
	ahead, momentum, steep := &joint{sizes, slices.Clone(x.p)}, 1.0, 0.0
	for _, m := range ms { // no direction is steeper: a marginal adds up n/cells of the joint's cells
		steep += total * total * slices.Max(precisionOf(m)) * float64(n) / float64(len(m.Counts))
	}
	for range steps {
		g, y := slope(ahead, ms, total), slices.Clone(ahead.p)
		for i := range y {
			y[i] -= g[i] / steep
		}
		next := onSimplex(y)
		grown := (1 + math.Sqrt(1+4*momentum*momentum)) / 2
		for i := range next {
			ahead.p[i] = next[i] + (momentum-1)/grown*(next[i]-x.p[i])
		}
		x.p, momentum = next, grown
	}
	return x
}

// noisyTruth is truth with noise of standard deviation sigma, uneven precision
// where uneven, and single columns measured too.
func noisyTruth(t *testing.T, cliques []microdata.Clique, total, sigma float64, seed uint64, uneven bool) []Measurement {
	j, ms := truth(t, cliques, total)
	for a := range fiveSizes {
		y := j.marginal(microdata.Clique{a})
		scale(y, total)
		ms = append(ms, Measurement{Clique: microdata.Clique{a}, Counts: y})
	}
	r := NewRand(seed)
	for k := range ms {
		ms[k].Precision = []float64{1 / sigma / sigma}
		if uneven {
			ms[k].Precision = make([]float64, len(ms[k].Counts))
		}
		for c := range ms[k].Counts {
			s := sigma
			if uneven {
				s *= math.Exp(2*r.Float64() - 1)
				ms[k].Precision[c] = 1 / s / s
			}
			ms[k].Counts[c] += s * normalish(r)
		}
	}
	return ms
}

// normalish has mean 0 and variance 1.
func normalish(r *Rand) (z float64) {
	for range 12 {
		z += r.Float64()
	}
	return z - 6
}

// eliminate solves a·x = b.
func eliminate(a [][]float64, b []float64) []float64 {
	for i := range a {
		p := i
		for r := i; r < len(a); r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for r := range a {
			if f := a[r][i] / a[i][i]; r != i {
				for c := i; c < len(a); c++ {
					a[r][c] -= f * a[i][c]
				}
				b[r] -= f * b[i]
			}
		}
	}
	for i := range b {
		b[i] /= a[i][i]
	}
	return b
}
