package synth

import (
	"cmp"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
)

// A pair is a candidate for measuring.
type pair struct {
	clique  microdata.Clique
	publish bool    // measured whatever it gains
	gain    float64 // noisy error of the model, which measuring would mend
	cost    float64 // in units of noise, see noiseCost
}

// mostMeasured is the most cells of a pair that is measured.
const mostMeasured = microdata.MaxCells / 8

// candidates lists the pairs that can be measured: those of at most a few times
// maxClique cells, and those to be published.
func (f *fitting) candidates() {
	for _, c := range microdata.AllCliques(len(f.sizes), 2) {
		publish := slices.ContainsFunc(f.Publish, func(p microdata.Clique) bool { return slices.Equal(p, c) })
		if n := c.Cells(f.sizes); n <= mostMeasured && (n <= 4*f.maxClique() || publish) {
			f.pairs = append(f.pairs, pair{clique: c, publish: publish})
		}
	}
}

func (f *fitting) maxClique() int { return f.MaxCells / 3 }

// noiseCost of a table of n cells is such that, with shares of precision in
// proportion to their costs, the expected absolute noise of a set of tables is
// (Σ cost)^1.5/√precision: cost = (n·√(2/π))^⅔ (the closed form of google/dpsynth's
// SWIFT, 2026; by Lagrange).
func noiseCost(n float64) float64 { return math.Cbrt(n * n * 2 / math.Pi) }

// heard returns how many cells of a table noise of σ spoils: a cell expected to
// hold less than σ ends, once counts are held to be non-negative and to add up,
// with about what it was expected to hold for an error.
func heard(p []float64, total, sigma float64) float64 {
	n := 0.0
	for _, v := range p {
		n += min(1, total*v/sigma)
	}
	return max(n, 1)
}

// worth of measuring a set of tables with the given precision: what it mends less
// its own noise.
func worth(gain, cost float64, share dp.Precision) float64 {
	return gain - math.Pow(cost, 1.5)/math.Sqrt(float64(share))
}

// price is what one more unit of cost takes off the worth of a set whose cost is
// whole: the derivative of worth.
func price(whole float64, share dp.Precision) float64 {
	return 1.5 * math.Sqrt(whole/float64(share))
}

// best picks, of the pairs given and in order of gain for cost, those that make
// a set worth most, on top of a set of the given cost and gain; at least one
// where there was none. It returns them and the whole set's cost.
func (f *fitting) best(from []int, share dp.Precision, cost, gain float64) (pick []int, whole float64) {
	ratio := func(i int) float64 { return f.pairs[i].gain / f.pairs[i].cost }
	from = slices.Clone(from)
	slices.SortFunc(from, func(a, b int) int { return cmp.Or(cmp.Compare(ratio(b), ratio(a)), cmp.Compare(a, b)) })
	top := worth(gain, cost, share)
	for _, i := range from {
		c, g := cost+f.pairs[i].cost, gain+f.pairs[i].gain
		w := worth(g, c, share)
		if w <= top && cost > 0 {
			break
		}
		top, cost, gain = w, c, g
		pick = append(pick, i)
	}
	return pick, cost
}

// every lists all pairs.
func (f *fitting) every() []int {
	all := make([]int, len(f.pairs))
	for i := range all {
		all[i] = i
	}
	return all
}

// choose picks the pairs to measure with the given precision: those to publish
// (in the first round), then those that the tree can hold and that make the set
// worth most. The greatest errors come first: where the tree cannot hold all, it
// holds those.
func (f *fitting) choose(share dp.Precision, first bool) (chosen []int) {
	cost, gain := 0.0, 0.0
	for i, p := range f.pairs {
		if first && p.publish {
			chosen = append(chosen, i)
			cost, gain = cost+p.cost, gain+p.gain
		}
	}
	sets := f.held()
	for _, i := range chosen {
		if c := f.pairs[i].clique; f.fitWith(sets, c) != nil {
			sets = append(sets, c)
		}
	}
	// The price of a unit of cost depends on how much will be measured with the
	// share; guess that as if a tree could hold anything, then once more.
	_, whole := f.best(f.every(), share, cost, gain)
	_, whole = f.best(f.grow(sets, price(whole, share), chosen), share, cost, gain)
	more, _ := f.best(f.grow(sets, price(whole, share), chosen), share, cost, gain)
	chosen = append(chosen, more...)
	slices.SortStableFunc(chosen, func(a, b int) int { return cmp.Compare(f.pairs[b].gain, f.pairs[a].gain) })
	return chosen
}

// grow adds to the tree's sets, best first, the pairs that gain more than their
// noise costs at the given price and that the tree can still hold. It returns
// the pairs that such a tree holds and that are not yet chosen: those added, and
// those that it held already, which may be worth measuring again.
func (f *fitting) grow(sets []microdata.Clique, price float64, chosen []int) (out []int) {
	net := func(i int) float64 { return f.pairs[i].gain - price*f.pairs[i].cost }
	order := f.every()
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(net(b), net(a)), cmp.Compare(a, b)) })
	cliques := f.fitWith(sets, nil)
	for _, i := range order {
		if net(i) <= 0 {
			break
		}
		c := f.pairs[i].clique
		if slices.Contains(chosen, i) {
			continue
		}
		if !slices.ContainsFunc(cliques, func(q microdata.Clique) bool { return q.Contains(c) }) {
			grown := f.fitWith(sets, c)
			if grown == nil {
				continue
			}
			sets, cliques = append(sets[:len(sets):len(sets)], c), grown
		}
		out = append(out, i)
	}
	return out
}
