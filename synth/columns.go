package synth

import (
	"context"
	"fmt"
	"math"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// measureColumns measures every single column and estimates the number of rows.
func (f *fitting) measureColumns(ctx context.Context, m *dp.Mechanism) error {
	f.fine = m
	share, err := f.budget*oneWayShare(f.budget.Mu()), error(nil)
	if totalPrecision(m.Domain(), share) < share*rowsShare {
		if f.rows, err = m.Measure(ctx, []dp.Ask{{Clique: microdata.Clique{}, Share: share * rowsShare}}); err != nil {
			return fmt.Errorf("synth: measuring the number of rows: %w", err)
		}
		share *= 1 - rowsShare
	}
	if f.measuredColumns, err = measureColumns(ctx, m, share); err != nil {
		return err
	}
	f.columns = f.recall()
	f.total = totalOf(append(f.rows, f.columns...))
	return nil
}

// rowsShare of what single columns get goes to the number of rows, where all columns have
// so many levels that their sums would tell it worse.
const rowsShare = 0.02

// oneWayShare of the budget goes to single columns: a tenth, and up to three tenths
// of a small budget, from which little but the columns can be learned.
func oneWayShare(mu dp.Mu) dp.Precision {
	const enough, least, most, rise = 0.3, 0.10, 0.30, 0.8
	return dp.Precision(min(max(least*math.Pow(enough/float64(mu), rise), least), most))
}

// columnAsks shares precision out among all single columns.
func columnAsks(d *microdata.Domain, share dp.Precision) []dp.Ask {
	costs := make([]float64, d.Len())
	for a := range costs {
		costs[a] = noiseCost(float64(d.Size(a)))
	}
	asks := make([]dp.Ask, len(costs))
	for a, s := range split(share, costs) {
		asks[a] = dp.Ask{Clique: microdata.Clique{a}, Share: s}
	}
	return asks
}

// mostNoise is how many values the noise of the total may make by itself: from a
// budget next to nothing the noise alone would write records without end.
const mostNoise = 50_000_000

// checkTotal refuses, before anything is spent, a budget from which the total would be
// known with no more than the given precision. It looks at no count.
func checkTotal(d *microdata.Domain, precision dp.Precision) error {
	if noise := 1 / math.Sqrt(float64(precision)); noise*float64(d.Len()) > mostNoise {
		return fmt.Errorf("synth: the budget is so small that its noise alone is worth %.2g records; give it more", noise)
	}
	return nil
}

// totalPrecision is that of the total, from the single columns.
func totalPrecision(d *microdata.Domain, share dp.Precision) (p dp.Precision) {
	for a, ask := range columnAsks(d, share) {
		p += ask.Share / dp.Precision(d.Size(a))
	}
	return p
}

// measureColumns spends share on all single columns.
func measureColumns(ctx context.Context, m *dp.Mechanism, share dp.Precision) ([]dp.Measurement, error) {
	columns, err := m.Measure(ctx, columnAsks(m.Domain(), share))
	if err != nil {
		return nil, fmt.Errorf("synth: measuring single columns: %w", err)
	}
	return columns, nil
}

// totalOf estimates the number of rows: the mean of the columns' sums, weighted by
// precision; at least 1.
func totalOf(columns []dp.Measurement) float64 {
	sum, weight := 0.0, 0.0
	for _, c := range columns {
		w := 1 / (c.Variance * float64(len(c.Noisy)))
		weight += w
		for _, y := range c.Noisy {
			sum += w * float64(y)
		}
	}
	return max(sum/weight, 1)
}

// rare is how many standard deviations of its noise a level must stand above
// zero to be told apart in pairs.
const rare = 3

// coarsen merges, column by column, the levels that the noise drowns, and lays
// out the coarsened single columns as evidence.
func (f *fitting) coarsen(context.Context) error { return f.coarsenBelow(f.pairNoise()) }

// coarsenBelow is coarsen where pairs will have noise of the standard deviation
// reference.
func (f *fitting) coarsenBelow(reference float64) error {
	d := f.fine.Domain()
	f.steps = make([]*microdata.Coarsening, d.Len())
	for a := range f.steps {
		f.steps[a] = coarsen(d.Column(a), rules.Signature(f.Rules, a, d.Size(a)), f.columns[a].Noisy, rare*max(math.Sqrt(f.columns[a].Variance), reference))
	}
	var err error
	if f.coarse, err = f.fine.Coarsen(f.steps); err != nil {
		return fmt.Errorf("synth: coarsening: %w", err)
	}
	f.sizes = f.coarse.Domain().Sizes()
	if f.never, err = rules.Coarsen(f.Rules, f.steps); err != nil {
		return err
	}
	for a, m := range f.columns {
		f.singles = append(f.singles, coarseEvidence(a, m, f.steps[a]))
	}
	f.remember()
	return nil
}

// pairNoise guesses the standard deviation of a pair's cells: twice what it is
// when half of what is left is shared alike by as many pairs as a tree has edges,
// for more pairs than that are measured. A level below a few of it would add
// nothing but noise to every pair it is in.
func (f *fitting) pairNoise() float64 {
	each := float64(f.fine.Left()) / 2 / float64(len(f.columns))
	return 2 * math.Sqrt(1/each)
}

// coarseEvidence adds up a column's noisy counts by group: sums of k levels have
// k times the variance.
func coarseEvidence(a int, m dp.Measurement, step *microdata.Coarsening) pgm.Measurement {
	if step == nil {
		return pgm.Measurement{Clique: m.Clique, Counts: floats(m.Noisy), Precision: []float64{1 / m.Variance}}
	}
	counts, precision := make([]float64, len(step.Levels)), make([]float64, len(step.Levels))
	for level, g := range step.Of {
		counts[g] += float64(m.Noisy[level])
		precision[g] += m.Variance
	}
	for g := range precision {
		precision[g] = 1 / precision[g]
	}
	return pgm.Measurement{Clique: m.Clique, Counts: counts, Precision: precision}
}
