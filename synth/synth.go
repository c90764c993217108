// Package synth makes synthetic records that protect every person in the real
// ones. It sees counts only through a [dp.Mechanism], never a table.
//
// [Fit] is the default synthesizer: it measures every column, coarsens rare
// levels up their public hierarchies, measures the pairs of columns that matter
// most in a few adaptive rounds, fits a graphical model to all of it
// (synth/pgm), and tilts a large sample of that model towards the pairs that the
// model's tree could not hold. Every access is a vector of discrete Gaussians;
// what is spent is exactly what the mechanism's budget held. [Independent]
// measures single columns only: the baseline that any synthesizer must beat.
// [Quantiles] finds, before either, bins of about equal counts for one column.
//
// The skeleton is select–measure–generate: MST and AIM (McKenna, Miklau, Sheldon
// 2021; 2022) and SWIFT's closed-form split (google/dpsynth 2026); what differs
// is that every choice is made from one noisy vector, so that Gaussian
// differential privacy accounts for the whole run.
package synth

import (
	"context"
	"errors"
	"fmt"
	"math"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// Options tune Fit. The zero value is sound; no option weakens the protection.
type Options struct {
	// Publish lists sets of columns whose tables are always measured, whatever
	// the data look like. Default none.
	Publish []microdata.Clique
	// MaxCells bounds the cells of the model's tree, and with them time and
	// memory. Default 400,000; one clique holds at most a third of it.
	MaxCells int
	// Rounds of select, measure and fit. Default 2.
	Rounds int
	// Rules are combinations of levels that no record holds: no synthetic one will.
	// The table must keep them (rules.Set.Apply). Default none.
	Rules []rules.Never
	// Fabrication is the dial between inventing and losing. Default Limited.
	Fabrication Fabrication
	// Earlier holds the tables of earlier releases of the very same people, release by
	// release. They feed the fit at no cost; tables published are this run's own. Default none.
	Earlier [][]Table
	// Tilt is the share of the pairs' budget kept for pairs that the tree cannot
	// hold. 0 means that the noisy scores decide; a negative value keeps none.
	Tilt float64
	// Workers is the number of goroutines. Default 1. The result is the same
	// for any number.
	Workers int
	// Seed orders the records drawn while fitting and generating. It has no
	// part in the noise.
	Seed uint64
	// Progress, where not nil, is told which stage is at work and how far it is.
	Progress func(stage string, done, total int)
}

func (o Options) withDefaults() Options {
	if o.MaxCells <= 0 {
		o.MaxCells = 400_000
	}
	if o.Rounds <= 0 {
		o.Rounds = 2
	}
	if o.Workers < 1 {
		o.Workers = 1
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return o
}

// scoreShare of a round goes to choosing what to measure, the same for every file.
const scoreShare = 0.10

// Fit measures through m, spending all that its budget has left, and returns the
// fitted model. It refuses a domain without columns, options that contradict the
// domain, and a budget so small that its noise alone would fill a disk with records,
// before anything is spent. When ctx ends it stops with ctx's error;
// what was spent by then stays spent.
func Fit(ctx context.Context, m *dp.Mechanism, o Options) (*Model, error) {
	o = o.withDefaults()
	if err := o.check(m.Domain()); err != nil {
		return nil, err
	}
	f := &fitting{Options: o, budget: m.Left(), random: pgm.NewRand(o.Seed)}
	if !(f.budget > 0) {
		return nil, errors.New("synth: the budget has nothing left to measure with")
	}
	if err := checkTotal(m.Domain(), totalPrecision(m.Domain(), f.budget*oneWayShare(f.budget.Mu()))); err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{f.coarsen, f.adapt, f.prune, f.tilt}
	if err := f.measureColumns(ctx, m); err != nil {
		return nil, err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return f.model(ctx)
}

func (o Options) check(d *microdata.Domain) error {
	if d.Len() == 0 {
		return errors.New("synth: there is no column to synthesize")
	}
	for _, c := range o.Publish {
		if err := c.Check(d); err != nil {
			return fmt.Errorf("synth: a table to publish: %w", err)
		}
		if len(c) != 2 {
			return fmt.Errorf("synth: a table to publish has %d columns; single columns always are published, and pairs can be", len(c))
		}
		if n := c.Cells(d.Sizes()); n > mostMeasured {
			return fmt.Errorf("synth: a table to publish, over columns %v, has %d cells; at most %d can be measured", []int(c), n, mostMeasured)
		}
	}
	for a := range d.Len() {
		if d.Size(a) > mostLevels {
			return fmt.Errorf("synth: column %q has %d levels; at most %d can be synthesized", d.Column(a).Name, d.Size(a), mostLevels)
		}
	}
	if err := o.checkRules(d); err != nil {
		return err
	}
	if err := o.checkEarlier(d); err != nil {
		return err
	}
	if math.IsNaN(o.Tilt) || o.Tilt >= 1 || int(o.Fabrication) >= len(dial) {
		return errors.New("synth: Tilt must be a number below 1, and Fabrication a position of the dial")
	}
	return nil
}

// fitting is the state of one run of Fit.
type fitting struct {
	Options
	budget dp.Precision
	random *pgm.Rand

	fine     *dp.Mechanism           // over the domain as given
	columns  []dp.Measurement        // single columns, fine levels: all that is known of them
	total    float64                 // estimate of n from the single columns
	steps    []*microdata.Coarsening // per column; nil: as given
	coarse   *dp.Mechanism           // over the coarsened domain
	sizes    []int                   // coarsened
	never    []rules.Never           // coarsened
	pairs    []pair                  // candidates, of coarsened columns
	singles  []pgm.Measurement       // single columns, coarsened
	measured []dp.Measurement        // pairs, coarsened
	tree     *pgm.Tree
	forTilt  dp.Precision // kept for the tilt
	sample   *sample      // tilted, or nil

	measuredColumns []dp.Measurement  // single columns as this run measured them
	rows            []dp.Measurement  // the number of rows, where it was measured by itself
	recalled        []bool            // of Earlier: whether it fits the columns
	remembered      []pgm.Measurement // pairs of earlier releases, coarsened
}

// evidence returns all measurements in the form that the tree takes, of those
// cliques that keep says.
func (f *fitting) evidence(keep func(microdata.Clique) bool) []pgm.Measurement {
	out := append([]pgm.Measurement(nil), f.singles...)
	for _, m := range f.measured {
		if keep(m.Clique) {
			out = append(out, pgm.Measurement{Clique: m.Clique, Counts: floats(m.Noisy), Precision: []float64{1 / m.Variance}})
		}
	}
	for _, m := range f.remembered {
		if keep(m.Clique) {
			out = append(out, m)
		}
	}
	return out
}

func floats(x []int64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// split shares precision out in proportion to costs, see noiseCost.
func split(total dp.Precision, costs []float64) []dp.Precision {
	sum := 0.0
	for _, c := range costs {
		sum += c
	}
	out := make([]dp.Precision, len(costs))
	for i, c := range costs {
		out[i] = total * dp.Precision(c/sum)
	}
	return out
}
