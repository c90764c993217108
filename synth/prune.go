package synth

import (
	"cmp"
	"context"
	"math"
	"slices"

	"amparo/dp"
)

// The share that pruning may move elsewhere: of a table's records, and of those of any
// one level. A rare level is thin everywhere; without the second limit it could lose
// all its cells.
const (
	mostPruned        = 0.003
	mostPrunedOfLevel = 0.1
)

// prune makes impossible the cells of measured pairs that neither the noisy
// count nor the model believes in, and fits again: what noise alone would
// fabricate.
func (f *fitting) prune(ctx context.Context) error {
	if f.Fabrication == Unlimited || len(f.measured) == 0 {
		return nil
	}
	for _, m := range merged(f.measured) { // what was measured twice is judged by both
		p := f.tree.Marginal(m.Clique)
		if p == nil {
			continue
		}
		marked := unbelieved(m, p, f.sizes[m.Clique[1]], f.total, pruned)
		if !slices.Contains(marked, true) {
			continue
		}
		if err := f.tree.Forbid(m.Clique, marked); err != nil {
			return err
		}
	}
	return f.fit(ctx, fitEffort)
}

// unbelieved marks the cells whose noisy count is below t standard deviations
// and whose expected count is below half of that, the least expected first, for
// as long as what they hold together stays below mostPruned, and of each level below
// mostPrunedOfLevel: a table spread thin over many cells is not all noise. The table's
// second column has width levels.
func unbelieved(m dp.Measurement, p []float64, width int, total, t float64) []bool {
	least := t * math.Sqrt(m.Variance)
	left, right := make([]float64, len(p)/width), make([]float64, width) // what each level can spare
	var doubtful []int
	for c, y := range m.Noisy {
		left[c/width] += mostPrunedOfLevel * p[c]
		right[c%width] += mostPrunedOfLevel * p[c]
		if p[c] > 0 && float64(y) < least && total*p[c] < least/2 {
			doubtful = append(doubtful, c)
		}
	}
	slices.SortFunc(doubtful, func(a, b int) int { return cmp.Or(cmp.Compare(p[a], p[b]), cmp.Compare(a, b)) })
	marked, held := make([]bool, len(p)), 0.0
	for _, c := range doubtful {
		if p[c] > left[c/width] || p[c] > right[c%width] {
			continue
		}
		if held += p[c]; held > mostPruned {
			break
		}
		left[c/width] -= p[c]
		right[c%width] -= p[c]
		marked[c] = true
	}
	return marked
}
