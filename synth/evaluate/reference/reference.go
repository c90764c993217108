// Package reference holds MST and AIM as they were published, each with the
// zero-concentrated accounting of its paper: what this house's synthesizer is
// compared with.
//
// They are for comparison only and protect nobody: their noise is floating-point
// noise from a generator that the caller seeds, they see true counts, and their
// budget is not a population's. No release may import this package; the house
// test sees to it.
package reference

import (
	"context"
	"errors"
	"fmt"
	"math"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// Noise is a seeded source: math/rand/v2's Rand is one.
type Noise interface {
	Float64() float64
	NormFloat64() float64
}

// Options of both mechanisms.
type Options struct {
	Rho     dp.Rho // Required.
	Noise   Noise  // Required.
	Seed    uint64 // of the records drawn
	Workers int    // Default 1.
	// Iterations of the last fit. Default 1000, as in both papers' code.
	Iterations int
	// MaxModel bounds AIM's model, in bytes at 8 a cell. Default 80 MB, as in the
	// paper's code.
	MaxModel float64
	// Degree of AIM's workload: all sets of so many columns. Default 2, as in the
	// paper's code.
	Degree int
	// Progress, where not nil, is told the share of the budget that is used.
	Progress func(used float64)
}

func (o Options) withDefaults() Options {
	if o.Iterations <= 0 {
		o.Iterations = 1000
	}
	if o.MaxModel <= 0 {
		o.MaxModel = 80 << 20
	}
	if o.Degree <= 0 {
		o.Degree = 2
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	return o
}

// run is the state of one mechanism.
type run struct {
	Options
	ctx     context.Context
	counter microdata.Counter
	sizes   []int
	used    float64 // ρ
	tree    *pgm.Tree
	cliques []microdata.Clique // of the tree
	ms      []pgm.Measurement
	total   float64
}

func start(ctx context.Context, c microdata.Counter, o Options) (*run, error) {
	if !(o.Rho > 0) || math.IsInf(float64(o.Rho), 0) || o.Noise == nil {
		return nil, errors.New("reference: a mechanism needs a budget ρ > 0 and a source of noise")
	}
	if c.Domain().Len() == 0 {
		return nil, errors.New("reference: there is no column")
	}
	return &run{Options: o.withDefaults(), ctx: ctx, counter: c, sizes: c.Domain().Sizes()}, nil
}

// spend charges ρ: ½/σ² for a Gaussian answer of sensitivity 1, ε²/8 for a choice
// by the exponential mechanism (Bun and Steinke 2016; Cesar and Rogers 2021).
func (r *run) spend(rho float64) error {
	if r.used += rho; r.used > float64(r.Rho)*(1+1e-9) {
		return fmt.Errorf("reference: ρ = %.6g of %.6g is spent", r.used, float64(r.Rho))
	}
	r.Progress(r.used / float64(r.Rho))
	return r.ctx.Err()
}

// measure adds noisy marginals with the standard deviation sigma.
func (r *run) measure(sigma float64, cliques ...microdata.Clique) error {
	if err := r.spend(float64(len(cliques)) / (2 * sigma * sigma)); err != nil {
		return err
	}
	truth, err := r.counter.Count(r.ctx, cliques)
	if err != nil {
		return err
	}
	for i, c := range cliques {
		m := pgm.Measurement{Clique: c, Counts: make([]float64, len(truth[i].Counts)), Precision: []float64{1 / (sigma * sigma)}}
		for cell, n := range truth[i].Counts {
			m.Counts[cell] = float64(n) + sigma*r.Noise.NormFloat64()
		}
		r.ms = append(r.ms, m)
	}
	return nil
}

// settleTotal estimates the number of rows from all measurements, by variance.
func (r *run) settleTotal() {
	sum, weight := 0.0, 0.0
	for _, m := range r.ms {
		w := m.Precision[0] / float64(len(m.Counts))
		weight += w
		for _, y := range m.Counts {
			sum += w * y
		}
	}
	r.total = max(sum/weight, 1)
}

// fit builds the tree of everything measured and fits it.
func (r *run) fit(iterations int) (err error) {
	r.settleTotal()
	var sets []microdata.Clique
	for _, m := range r.ms {
		sets = append(sets, m.Clique)
	}
	r.cliques = pgm.Triangulate(r.sizes, sets)
	if r.tree, err = pgm.NewTree(r.sizes, r.cliques, r.Workers); err != nil {
		return err
	}
	_, err = r.tree.Fit(r.ctx, r.ms, r.total, pgm.Effort{Iterations: iterations, Tolerance: 1e-6})
	return err
}

// generate draws as many records as there seem to be rows.
func (r *run) generate() [][]uint16 {
	return r.tree.Generate(max(int(r.total+.5), 1), pgm.NewRand(r.Seed))
}

// choose picks an index with chance ∝ exp(ε·score/(2·sensitivity)).
func (r *run) choose(score []float64, epsilon, sensitivity float64) int {
	best, at := math.Inf(-1), -1
	for i, s := range score {
		// Gumbel noise makes the greatest a draw from the exponential mechanism.
		g := -math.Log(-math.Log(r.Noise.Float64() + 1e-300))
		if v := epsilon*s/(2*sensitivity) + g; v > best {
			best, at = v, i
		}
	}
	return at
}

// away returns Σ|true − expected|.
func away(truth []int64, expected []float64, total float64) (sum float64) {
	for i, n := range truth {
		sum += math.Abs(float64(n) - total*expected[i])
	}
	return sum
}
