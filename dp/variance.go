package dp

import (
	"fmt"
	"math"
	"math/bits"
)

// A Variance is the σ² of discrete Gaussian noise: an exact number of sixteenths.
type Variance uint64

// The limits of a noise's variance. Below MinVariance (σ = 2) a discrete Gaussian
// is too unlike a Gaussian; above MaxVariance a count of people drowns
// whatever is spent.
const (
	MinVariance Variance = 4 * sixteenths
	MaxVariance Variance = 1 << 63 // σ ≈ 7.6·10⁸
	sixteenths           = 16
)

// What a draw's privacy costs above that of continuous noise of the same
// variance: a draw of variance σ² on a question that a person moves by at most 1
// is μ-Gaussian differentially private, exactly, for
//
//	μ² = 1/(σ² − excess)
//
// with an excess of ⅛ up to finely, where every variance that can be drawn was
// computed (proof.md, theorem 1; the best constant is 1/12 + 1/(240σ²) or so), and
// of 3 above, where that is little and the proof is short (theorem 2).
const (
	lattice          = 1.0 / 8
	smooth           = 3.0
	finely  Variance = 256 * sixteenths
)

// Float returns σ².
func (v Variance) Float() float64 { return float64(v) / sixteenths }

// Cost returns the precision that a draw of this variance costs a question of
// sensitivity 1: a little more than that of continuous noise.
func (v Variance) Cost() Precision {
	if v <= finely {
		return Precision(1 / (v.Float() - lattice))
	}
	return Precision(1 / (v.Float() - smooth))
}

// VarianceFor returns the least variance whose draws cost no more than the share,
// and at least MinVariance: about 1/share + ⅛, or + 3 above 256, rounded up.
func VarianceFor(share Precision) (Variance, error) {
	if !(share > 0) || math.IsInf(float64(share), 0) {
		return 0, fmt.Errorf("dp: a share of %v of the budget buys no noise; ask for a positive share", float64(share))
	}
	// Twice the grace of a budget covers it and the rounding of this line.
	continuous := (1 + 2.0/(1<<grace)) / float64(share)
	v := math.Ceil(sixteenths * (continuous + lattice))
	if v > float64(finely) {
		v = math.Ceil(sixteenths * (continuous + smooth))
	}
	if v > float64(MaxVariance) {
		return 0, fmt.Errorf("dp: noise of σ = %.3g is more than can be drawn; spend more on fewer questions", math.Sqrt(v/sixteenths))
	}
	return max(Variance(v), MinVariance).rounded(), nil
}

// mantissaBits bounds the bits of a variance that count: large ones stand on a
// coarser grid, by at most one part in 2²³, so that a draw's integers fit 128 bits.
const mantissaBits = 25

// exponent returns the j for which v is drawn as 4^j·(v/4^j): the least for which
// v/4^j has at most mantissaBits bits.
func (v Variance) exponent() int {
	return max(bits.Len64(uint64(v))-mantissaBits+1, 0) / 2
}

// drawable says whether draws of variance v can be had: it is within the limits
// and on the grid.
func (v Variance) drawable() bool {
	return v >= MinVariance && v <= MaxVariance && uint64(v)&(1<<(2*v.exponent())-1) == 0
}

// rounded returns the least drawable variance that is not below v.
func (v Variance) rounded() Variance {
	step := uint64(1) << (2 * v.exponent())
	return Variance((uint64(v) + step - 1) / step * step)
}
