package dp

import (
	"fmt"
	"io"
	"math"
)

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
//
// The list itself is private: of what is not kept, neither number nor order may
// leave the caller.
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
	noisy, err := noise(h.Counts, v, random)
	if err != nil {
		return nil, err
	}
	t := threshold(v, delta)
	kept = make([]bool, len(noisy))
	for i, y := range noisy {
		kept[i] = h.Counts[i] > 0 && y >= t
	}
	return kept, nil
}

// threshold is the T of Discover. The noise X that must carry a lone person's 1
// over it is at least 1 + σz, and P(X ≥ m) ≤ 1 − Φ((m−1)/σ) for integers m > 0
// (Canonne, Kamath and Steinke 2020, proposition 25).
func threshold(v Variance, delta Delta) int64 {
	return 2 + int64(math.Ceil(math.Sqrt(v.Float())*quantile(delta)))
}
