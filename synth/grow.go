package synth

import (
	"cmp"
	"slices"

	"amparo/microdata"
)

// grow adds to the tree's sets, best first, the pairs that gain more than their
// noise costs at the given price and that the tree can still hold. It returns
// the pairs that such a tree holds and that are not yet chosen: those added, and
// those that it held already, which may be worth measuring again.
func (f *fitting) grow(sets []microdata.Clique, errors []float64, price float64, chosen []int) []int {
	net := func(i int) float64 { return errors[i] - price*noiseCost(f.pairs[i].Cells(f.sizes)) }
	order := make([]int, len(f.pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(net(b), net(a)), cmp.Compare(a, b)) })
	cliques, _ := f.fits(sets)
	var out []int
	for _, i := range order {
		if net(i) <= 0 {
			break
		}
		c := f.pairs[i]
		if slices.Contains(chosen, i) {
			continue
		}
		if !slices.ContainsFunc(cliques, func(q microdata.Clique) bool { return q.Contains(c) }) {
			grown, ok := f.fits(append(sets[:len(sets):len(sets)], c))
			if !ok {
				continue
			}
			sets, cliques = append(sets, c), grown
		}
		out = append(out, i)
	}
	return out
}

// byRatio sorts pairs by gain for cost, the best first.
func byRatio(pick []int, errors []float64, pairs []microdata.Clique, sizes []int) []int {
	ratio := func(i int) float64 { return errors[i] / noiseCost(pairs[i].Cells(sizes)) }
	out := slices.Clone(pick)
	slices.SortFunc(out, func(a, b int) int { return cmp.Or(cmp.Compare(ratio(b), ratio(a)), cmp.Compare(a, b)) })
	return out
}
