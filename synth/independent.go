package synth

import (
	"context"
	"errors"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// Independent measures single columns only, with the whole budget, and draws
// every column apart from the others: the baseline that any synthesizer must beat.
func Independent(ctx context.Context, m *dp.Mechanism, o Options) (*Model, error) {
	d := m.Domain()
	if d.Len() == 0 {
		return nil, errors.New("synth: there is no column to synthesize")
	}
	if err := checkTotal(d, totalPrecision(d, m.Left())); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	o.Fabrication = Unlimited
	f := &fitting{Options: o, fine: m, steps: make([]*microdata.Coarsening, d.Len()), sizes: d.Sizes()}
	var err error
	if f.columns, err = measureColumns(ctx, m, m.Left()); err != nil {
		return nil, err
	}
	f.measuredColumns, f.total = f.columns, totalOf(f.columns)
	for a, c := range f.columns {
		f.singles = append(f.singles, coarseEvidence(a, c, nil))
	}
	if f.tree, err = pgm.NewTree(f.sizes, pgm.Triangulate(f.sizes, nil), o.Workers); err != nil {
		return nil, err
	}
	if err := f.fit(ctx, fitEffort); err != nil {
		return nil, err
	}
	return f.model(ctx)
}
