package dp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"amparo/microdata"
)

// A Mechanism answers questions about a table with noise, as long as its budget
// lasts. It is not safe for concurrent use.
type Mechanism struct {
	counter microdata.Counter
	budget  *Budget
	random  io.Reader
	record  func(Access)
}

// Options of Open. The zero value is sound.
type Options struct {
	// Record, where not nil, is told of every access, after its noise was drawn.
	Record func(Access)
}

// An Access is what one question took from the table, for audits. The true
// answer is in it only for this package's own tests.
type Access struct {
	Question    string // "measure" or "distances"
	Cliques     []microdata.Clique
	Variance    []Variance // of each clique's noise
	Sensitivity float64    // L2, of each answer alone for measure, of all for distances
	Share       Precision  // what was spent
	truth       [][]int64
}

// Open returns a mechanism over the rows of c that spends from b and draws from
// random, which must be a cryptographic source of random bytes.
func Open(c microdata.Counter, b *Budget, random io.Reader, o Options) (*Mechanism, error) {
	if c == nil || b == nil || random == nil {
		return nil, errors.New("dp: a mechanism needs a counter, a budget and a source of random bytes")
	}
	return &Mechanism{c, b, random, o.Record}, nil
}

// Domain returns the public domain of the table.
func (m *Mechanism) Domain() *microdata.Domain { return m.counter.Domain() }

// Left returns what the budget has left.
func (m *Mechanism) Left() Precision { return m.budget.Left() }

// Coarsen returns a mechanism over the same rows with coarser levels. It shares
// budget and noise with m; the coarsening must come from public knowledge or
// from noisy answers.
func (m *Mechanism) Coarsen(steps []*microdata.Coarsening) (*Mechanism, error) {
	c, err := m.counter.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	return &Mechanism{c, m.budget, m.random, m.record}, nil
}

// An Ask is a marginal to be measured with a share of the budget.
type Ask struct {
	Clique microdata.Clique
	Share  Precision // noise of variance 1/Share and a little; see VarianceFor
}

// A Measurement is a noisy marginal. Noisy is row-major, the last column
// fastest; Variance is that of the noise of each count, exactly.
type Measurement struct {
	Clique   microdata.Clique
	Noisy    []int64
	Variance float64
}

// Measure answers all marginals or none. It spends the sum of the shares before
// it counts; an error after that gives nothing back.
//
// Each marginal has L2 sensitivity 1: one row is in one cell.
func (m *Mechanism) Measure(ctx context.Context, asks []Ask) ([]Measurement, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	access := Access{Question: "measure", Sensitivity: 1}
	for _, a := range asks {
		if err := a.Clique.Check(m.Domain()); err != nil {
			return nil, err
		}
		v, err := VarianceFor(a.Share)
		if err != nil {
			return nil, err
		}
		access.Cliques = append(access.Cliques, a.Clique)
		access.Variance = append(access.Variance, v)
		access.Share += a.Share
	}
	if err := m.budget.Spend(access.Share); err != nil {
		return nil, err
	}
	counted, err := m.counter.Count(ctx, access.Cliques)
	if err != nil {
		return nil, fmt.Errorf("dp: counting: %w", err)
	}
	out := make([]Measurement, len(asks))
	for i, c := range counted {
		noisy, err := Noise(c.Counts, access.Variance[i], m.random)
		if err != nil {
			return nil, err
		}
		out[i] = Measurement{Clique: asks[i].Clique, Noisy: noisy, Variance: access.Variance[i].Float()}
		access.truth = append(access.truth, c.Counts)
	}
	m.tell(access)
	return out, nil
}

// A Guess is what someone expects a marginal to be, from public or noisy
// knowledge.
type Guess struct {
	Clique microdata.Clique
	Counts []int64
}

// Distances returns, for each guess, the noisy L1 distance Σ|true − guess| of its
// marginal, and the variance of the noise of each. All come from one vector: a
// row moves each distance by at most 1, so that the vector of k distances has L2
// sensitivity √k and each gets the noise that a k-th of the share buys.
func (m *Mechanism) Distances(ctx context.Context, guesses []Guess, share Precision) (noisy []int64, variance float64, err error) {
	if len(guesses) == 0 {
		return nil, 0, nil
	}
	k := float64(len(guesses))
	access := Access{Question: "distances", Sensitivity: math.Sqrt(k), Share: share}
	sizes := m.Domain().Sizes()
	for _, g := range guesses {
		if err := g.Clique.Check(m.Domain()); err != nil {
			return nil, 0, err
		}
		if n := g.Clique.Cells(sizes); len(g.Counts) != n {
			return nil, 0, fmt.Errorf("dp: a guess over columns %v has %d counts for %d cells", []int(g.Clique), len(g.Counts), n)
		}
		access.Cliques = append(access.Cliques, g.Clique)
	}
	v, err := VarianceFor(share / Precision(k))
	if err != nil {
		return nil, 0, err
	}
	access.Variance = []Variance{v}
	if err := m.budget.Spend(share); err != nil {
		return nil, 0, err
	}
	counted, err := m.counter.Count(ctx, access.Cliques)
	if err != nil {
		return nil, 0, fmt.Errorf("dp: counting: %w", err)
	}
	distances := make([]int64, len(guesses))
	for i, c := range counted {
		for cell, n := range c.Counts {
			d := n - guesses[i].Counts[cell]
			distances[i] += max(d, -d)
		}
	}
	if noisy, err = Noise(distances, v, m.random); err != nil {
		return nil, 0, err
	}
	access.truth = [][]int64{distances}
	m.tell(access)
	return noisy, v.Float(), nil
}

func (m *Mechanism) tell(a Access) {
	if m.record != nil {
		m.record(a)
	}
}

// A Histogram counts the rows that hold each of the values that stand in a
// column, in the order of the caller's list of them. Each row is in one count.
type Histogram struct{ Counts []int64 }

// Discover says which values of a column may be told: those whose count, with
// noise, reaches
//
//	T = 2 + ⌈σ·Φ⁻¹(1−δ)⌉.
//
// It spends share of b; beside that it costs a chance delta, which the caller
// adds to the run's δ: a value that only one person has passes T with
// probability at most δ. Values that no row holds are never told.
func Discover(h Histogram, share Precision, delta Delta, b *Budget, random io.Reader) (kept []bool, err error) {
	if !(delta > 0 && delta <= .5) {
		return nil, fmt.Errorf("dp: discovery needs a δ between 0 and ½, not %v", float64(delta))
	}
	v, err := VarianceFor(share)
	if err != nil {
		return nil, err
	}
	if err := b.Spend(share); err != nil {
		return nil, err
	}
	noisy, err := Noise(h.Counts, v, random)
	if err != nil {
		return nil, err
	}
	threshold := 2 + int64(math.Ceil(math.Sqrt(v.Float())*quantile(delta)))
	kept = make([]bool, len(noisy))
	for i, y := range noisy {
		kept[i] = h.Counts[i] > 0 && y >= threshold
	}
	return kept, nil
}
