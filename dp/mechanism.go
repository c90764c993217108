package dp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"amparo/microdata"
)

// A Mechanism answers questions about a table with noise, as long as its budget
// lasts. It is not safe for concurrent use; mechanisms on one budget may run side
// by side if each has its own source of random bytes.
type Mechanism struct {
	counter microdata.Counter
	budget  *Budget
	// noise is what draws: noise over the source of Open. Audits in this
	// package's tests put a recorder in its place.
	noise  func(counts []int64, v Variance) ([]int64, error)
	record func(Access)
}

// Options of Open. The zero value is sound.
type Options struct {
	// Record, where not nil, is told of every access, after its noise was drawn.
	Record func(Access)
}

// An Access is what one question took from the table, for audits and for
// [DeltaOf]. The true answer is in it only for this package's own tests.
type Access struct {
	Question string // "measure", "distances" or "contrasts"
	Cliques  []microdata.Clique
	// Variance is that of the noise of each clique's answers. A person moves by
	// one what stands under each: one cell of a marginal, one distance, or as many
	// contrasts as Moves says (nil: one each).
	Variance []Variance
	Moves    []int
	// Sensitivity is the L2 distance by which a person moves all answers.
	Sensitivity float64
	Share       Precision // what was spent
	truth       [][]int64
}

// moved returns how many answers under clique i a person moves by one.
func (a Access) moved(i int) int {
	if a.Moves == nil {
		return 1
	}
	return a.Moves[i]
}

// Open returns a mechanism over the rows of c that spends from b and draws from
// random, which must be a cryptographic source of random bytes.
func Open(c microdata.Counter, b *Budget, random io.Reader, o Options) (*Mechanism, error) {
	if c == nil || b == nil || random == nil {
		return nil, errors.New("dp: a mechanism needs a counter, a budget and a source of random bytes")
	}
	draw := func(counts []int64, v Variance) ([]int64, error) { return noise(counts, v, random) }
	return &Mechanism{c, b, draw, o.Record}, nil
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
	return &Mechanism{c, m.budget, m.noise, m.record}, nil
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
	access := Access{Question: "measure", Sensitivity: math.Sqrt(float64(len(asks)))}
	shares := make([]Precision, len(asks))
	for i, a := range asks {
		if err := a.Clique.Check(m.Domain()); err != nil {
			return nil, err
		}
		v, err := VarianceFor(a.Share)
		if err != nil {
			return nil, err
		}
		access.Cliques = append(access.Cliques, slices.Clone(a.Clique))
		access.Variance = append(access.Variance, v)
		access.Share += a.Share
		shares[i] = a.Share
	}
	if err := m.budget.Spend(shares...); err != nil {
		return nil, err
	}
	counted, err := m.count(ctx, access.Cliques)
	if err != nil {
		return nil, err
	}
	out := make([]Measurement, len(asks))
	for i, c := range counted {
		noisy, err := m.noise(c, access.Variance[i])
		if err != nil {
			return nil, err
		}
		out[i] = Measurement{Clique: access.Cliques[i], Noisy: noisy, Variance: access.Variance[i].Float()}
	}
	access.truth = counted
	m.tell(access)
	return out, nil
}

// A Guess is what someone expects a marginal to be, from public or noisy
// knowledge.
type Guess struct {
	Clique microdata.Clique
	Counts []int64
}

// maxGuess bounds a guess, so that no distance overflows: there are fewer people.
const maxGuess = 1 << 36

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
		if slices.ContainsFunc(g.Counts, func(n int64) bool { return n > maxGuess || n < -maxGuess }) {
			return nil, 0, fmt.Errorf("dp: a guess over columns %v has a count that no number of people reaches", []int(g.Clique))
		}
		access.Cliques = append(access.Cliques, slices.Clone(g.Clique))
	}
	v, err := VarianceFor(share / Precision(k))
	if err != nil {
		return nil, 0, err
	}
	access.Variance = slices.Repeat([]Variance{v}, len(guesses))
	if err := m.budget.Spend(share); err != nil {
		return nil, 0, err
	}
	counted, err := m.count(ctx, access.Cliques)
	if err != nil {
		return nil, 0, err
	}
	distances := make([]int64, len(guesses))
	for i, c := range counted {
		for cell, n := range c {
			d := n - guesses[i].Counts[cell]
			distances[i] += max(d, -d)
		}
	}
	if noisy, err = m.noise(distances, v); err != nil {
		return nil, 0, err
	}
	access.truth = [][]int64{distances}
	m.tell(access)
	return noisy, v.Float(), nil
}

// count asks the counter and does not trust the shape of its answer: a marginal
// in the wrong place would be answered with another's noise.
func (m *Mechanism) count(ctx context.Context, cliques []microdata.Clique) ([][]int64, error) {
	counted, err := m.counter.Count(ctx, cliques)
	if err != nil {
		return nil, fmt.Errorf("dp: counting: %w", err)
	}
	if len(counted) != len(cliques) {
		return nil, fmt.Errorf("dp: counting: %d marginals came for %d", len(counted), len(cliques))
	}
	out, sizes := make([][]int64, len(cliques)), m.Domain().Sizes()
	for i, c := range counted {
		if !slices.Equal(c.Clique, cliques[i]) || len(c.Counts) != cliques[i].Cells(sizes) {
			return nil, fmt.Errorf("dp: counting: marginal %d is not the one that was asked for", i)
		}
		out[i] = c.Counts
	}
	return out, nil
}

func (m *Mechanism) tell(a Access) {
	if m.record != nil {
		m.record(a)
	}
}
