package evaluate

import (
	"context"
	"math"
	"slices"

	"amparo/microdata"
)

// An Accusation is a group's answer to the attack on membership: the attacker
// accuses whoever scores more than all but a share of the synthetic records of the
// same group.
type Accusation struct {
	Group   Group   `json:"group"`
	Rate    float64 `json:"rate"`    // the share of synthetic records
	Success Rate    `json:"success"` // accused, who are in the data
	Control Rate    `json:"control"` // accused, the same people taken out of the tables
}

// accused are the shares of synthetic records by which the attacker sets the score
// from which he accuses: all that he has to go by is public.
var accused = []float64{0.01, 0.05}

// Membership scores people by Σ (y − s)/σ² over the published tables: y the noisy
// count of the person's cell, s that of the synthetic records, σ² the noise's
// variance. Whoever is in the data has raised each y by one. Four times as many people
// are tried as in the attacks that search.
func Membership(ctx context.Context, a Attack, tables []Table) ([]Accusation, error) {
	if err := sameSizes(a.Real.Domain(), a.Synthetic.Domain()); err != nil {
		return nil, err
	}
	sizes := a.Real.Domain().Sizes()
	targets := a.targets(4 * a.perGroup())
	like := a // the synthetic records by which the attacker sets his thresholds
	like.Real = a.Synthetic
	public := like.targets(4 * a.perGroup())
	scores, known := make([]float64, len(targets)), make([]float64, len(public))
	precision := 0.0
	n := float64(a.Synthetic.Rows())
	err := each(ctx, microdata.NewCounter(a.Synthetic, a.Workers), tables, func(t Table, counts []int64) {
		cell := func(table *microdata.Table, row int) int {
			return cellOf(t, sizes, func(i int) int { return table.Code(row, t.Clique[i]) })
		}
		for i, x := range targets {
			c := cell(a.Real, x.row)
			scores[i] += float64(t.Noisy[c]-counts[c]) / t.Variance
		}
		for i, x := range public { // all other synthetic records stand for as many
			c := cell(a.Synthetic, x.row)
			known[i] += (float64(t.Noisy[c]) - float64(counts[c]-1)*n/max(n-1, 1)) / t.Variance
		}
		precision += 1 / t.Variance
	})
	if err != nil {
		return nil, err
	}
	var out []Accusation
	for g := range groups {
		var others []float64
		for i, t := range public {
			if t.group == g {
				others = append(others, known[i])
			}
		}
		slices.Sort(others)
		for _, rate := range accused {
			threshold, x := math.Inf(1), Accusation{Group: g, Rate: rate}
			if n := len(others); n > 0 {
				threshold = others[n-1-int(rate*float64(n))]
			}
			for i, t := range targets {
				if t.group == g {
					x.Success.count(scores[i] > threshold)
					x.Control.count(scores[i]-precision > threshold)
				}
			}
			out = append(out, x)
		}
	}
	return out, nil
}
