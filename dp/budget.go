// Package dp is the one way from counts of people to numbers that may be told.
//
// A [Mechanism] is opened over a microdata.Counter and a [Budget]. Each question
// first spends its share of the budget, all or nothing, and is then answered with
// exact discrete Gaussian noise. The whole run, however adaptive, is μ-Gaussian
// differentially private for the budget's μ, where neighbouring tables differ by
// one row and one row is one person: the precisions of Gaussian answers to
// questions of sensitivity 1 add up to at most μ². Discrete noise is accounted as
// the continuous noise that it is a rounding of, so that the claim is meant to the
// letter.
//
// [MuFor] turns an (ε, δ) into a budget. proof.md, beside this code, has each
// mechanism's precondition, pseudocode and postcondition. What is not promised:
// constant time. Draw noise offline, not while someone watches the clock.
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
	// Precision is 1/σ² of continuous Gaussian noise on a question of
	// sensitivity 1. Precisions of a run add up to its μ².
	Precision float64
)

// Precision returns μ².
func (m Mu) Precision() Precision { return Precision(m * m) }

// Mu returns √precision.
func (p Precision) Mu() Mu { return Mu(math.Sqrt(float64(p))) }

// ErrSpent is wrapped by the error of a question that the budget cannot pay for.
var ErrSpent = errors.New("privacy budget is spent")

// rounding is the share of a budget by which sums of shares may pass it, because
// floating-point shares of a whole need not add up to it. MuFor's reserve, a
// thousand times as large, covers it.
const rounding = 1e-12

// A Budget holds the precision that a run may spend. It never gives out more,
// and nothing is ever given back. It is safe for concurrent use.
type Budget struct {
	mu    sync.Mutex
	total Precision
	spent Precision
}

// NewBudget returns an unspent budget of μ², for μ > 0 and finite.
func NewBudget(m Mu) (*Budget, error) {
	p := m.Precision()
	if !(m > 0) || !(p > 0) || math.IsInf(float64(p), 0) {
		return nil, fmt.Errorf("dp: a budget of μ = %v cannot be; it must be a positive number", float64(m))
	}
	return &Budget{total: p}, nil
}

// Spend takes the share out of the budget, or takes nothing and returns an error
// wrapping ErrSpent. A share that is not a positive number is refused.
func (b *Budget) Spend(share Precision) error {
	if !(share > 0) || math.IsInf(float64(share), 0) {
		return fmt.Errorf("dp: a share of %v cannot be spent; it must be a positive number", float64(share))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+share > b.total*(1+rounding) {
		return fmt.Errorf("dp: %w: a share of %.6g was asked, %.6g is left", ErrSpent, float64(share), float64(b.total-b.spent))
	}
	b.spent += share
	return nil
}

// Left returns what can still be spent, at least 0.
func (b *Budget) Left() Precision {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.total-b.spent, 0)
}

// Spent returns what was spent.
func (b *Budget) Spent() Precision {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}
