// Package dp is the one way from counts of people to numbers that may be told.
//
// A [Mechanism] is opened over a microdata.Counter and a [Budget]. Each question
// first spends its share of the budget, all or nothing, and is then answered with
// exact discrete Gaussian noise. The whole run, however adaptive, is μ-Gaussian
// differentially private for the budget's μ, where neighbouring tables differ by
// one row and one row is one person. That is claimed of the integers that are
// drawn, not of a continuous ideal: the variance of the noise holds a little in
// reserve for it (see [Variance.Cost]).
//
// [MuFor] turns an (ε, δ) into a budget; [DeltaOf] checks a run from the noise
// that it drew, by another way. proof.md, beside this code, has each mechanism's
// precondition, pseudocode and postcondition. What is not promised: constant
// time. Draw noise offline, not while someone watches the clock.
package dp

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// Units of privacy. They are types so that one cannot pass for another.
type (
	// Epsilon and Delta bound what one person's presence changes: by a factor
	// of at most e^ε, but for a chance δ.
	Epsilon float64
	Delta   float64
	// Mu is that of Gaussian differential privacy: telling the data with a
	// person from those without is as hard as telling N(0,1) from N(μ,1).
	Mu float64
	// Rho is that of zero-concentrated differential privacy.
	Rho float64
	// Precision is 1/σ² of Gaussian noise on a question of sensitivity 1.
	// Precisions of a run add up to its μ².
	Precision float64
)

// Precision returns μ².
func (m Mu) Precision() Precision { return Precision(m * m) }

// Mu returns √precision.
func (p Precision) Mu() Mu { return Mu(math.Sqrt(float64(p))) }

// ErrSpent is wrapped by the error of a question that the budget cannot pay for.
var ErrSpent = errors.New("privacy budget is spent")

// A budget is counted in whole ticks, as money is in cents, because sums of
// floating-point shares drift and swallow what is small. A share is rounded up
// to ticks, so that nothing is free.
const (
	// tickBits: a budget is from 2⁶⁰ to 2⁶¹ ticks.
	tickBits = 61
	// grace is the part of a budget, 2⁻⁴¹, by which shares may pass it in all,
	// because floating-point shares of a whole need not add up to it. The noise
	// of each share costs less than the share by twice that (VarianceFor), so
	// that what is used never passes the budget.
	grace = 41
)

// A Budget holds the precision that a run may spend. It never gives out more,
// and nothing is ever given back. It is safe for concurrent use.
type Budget struct {
	mu    sync.Mutex
	total Precision
	scale int    // a tick is 2^−scale
	ticks uint64 // of the total
	spent uint64
}

// NewBudget returns an unspent budget of μ², for μ > 0 and finite.
func NewBudget(m Mu) (*Budget, error) {
	p := m.Precision()
	if !(m > 0) || !(p > math.SmallestNonzeroFloat64*(1<<60)) || math.IsInf(float64(p), 0) {
		return nil, fmt.Errorf("dp: a budget of μ = %v cannot be; it must be a positive number", float64(m))
	}
	_, exponent := math.Frexp(float64(p))
	b := &Budget{total: p, scale: tickBits - exponent}
	b.ticks = uint64(math.Ldexp(float64(p), b.scale)) // exact: 53 bits
	return b, nil
}

// Spend takes all the shares out of the budget, or takes nothing and returns an
// error wrapping ErrSpent. A share that is not a positive number is refused.
func (b *Budget) Spend(shares ...Precision) error {
	limit := b.ticks + b.ticks>>grace
	asked := uint64(0)
	for _, s := range shares {
		if !(s > 0) || math.IsInf(float64(s), 0) {
			return fmt.Errorf("dp: a share of %v cannot be spent; it must be a positive number", float64(s))
		}
		// A share above the limit is cut to one that is still refused; none of
		// the sums below can pass 2⁶³.
		t := math.Ceil(math.Ldexp(float64(s), b.scale))
		asked = min(asked+uint64(min(t, 1<<62)), 1<<62)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+asked > limit {
		return fmt.Errorf("dp: %w: a share of %.6g was asked, %.6g is left", ErrSpent, sum(shares), float64(b.left()))
	}
	b.spent += asked
	return nil
}

func sum(shares []Precision) (s float64) {
	for _, x := range shares {
		s += float64(x)
	}
	return s
}

// Total returns the μ² that the budget began with.
func (b *Budget) Total() Precision { return b.total }

// Left returns what can still be spent, at least 0.
func (b *Budget) Left() Precision {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left()
}

func (b *Budget) left() Precision { return b.amount(b.ticks - min(b.spent, b.ticks)) }

// Spent returns what was spent, at most the total.
func (b *Budget) Spent() Precision {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amount(min(b.spent, b.ticks))
}

func (b *Budget) amount(ticks uint64) Precision {
	return Precision(math.Ldexp(float64(ticks), -b.scale))
}
