package release

import (
	"context"
	"fmt"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth"
)

// Shares of the budget for finding bins: of each column of quantiles, and of all.
const (
	quantilesEach = 0.02
	quantilesAll  = 0.10
)

// Binned says what bins of a column were found under privacy.
type Binned struct {
	Column string   `json:"column"`
	Asked  int      `json:"asked"` // bins, at most
	Bins   []string `json:"bins"`  // as they are spelled
	Share  float64  `json:"share"` // of the run's budget, that finding them took
}

// bin finds the bins of columns of quantiles under privacy and returns the table over
// them.
func (r *run) bin(ctx context.Context, t *microdata.Table) (*microdata.Table, error) {
	n := len(r.file.Quantiles)
	if n == 0 {
		return t, nil
	}
	share := min(quantilesEach, quantilesAll/float64(n))
	m, err := dp.Open(microdata.NewCounter(t, r.Workers), r.budget, r.Noise, dp.Options{})
	if err != nil {
		return nil, err
	}
	steps := make([]*microdata.Coarsening, t.Domain().Len())
	for _, q := range r.file.Quantiles {
		a, ok := t.Domain().Index(q.Name)
		if !ok {
			return nil, fmt.Errorf("release: no column %q", q.Name)
		}
		found, err := synth.Quantiles(ctx, m, a, q.Bins, r.spend.Cost.Precision*dp.Precision(share))
		if err != nil {
			return nil, err
		}
		if steps[a], err = q.Coarsening(found.Of); err != nil {
			return nil, err
		}
		b := Binned{Column: q.Name, Asked: q.Bins, Share: share}
		for _, l := range steps[a].Levels {
			if l.Missing == microdata.Present {
				b.Bins = append(b.Bins, l.Value)
			}
		}
		r.result.Binned = append(r.result.Binned, b)
	}
	r.file.Table, err = t.Coarsen(steps) // the custodian's report compares in these levels
	return r.file.Table, err
}
