package dp

import (
	"fmt"
	"io"
	"math"
)

// A Variance is the σ² of discrete Gaussian noise: an exact number of sixteenths.
type Variance uint64

// The limits of a noise's variance. Below MinVariance (σ = 2) a question costs so
// little noise that asking it more precisely has no use; above MaxVariance the
// 128-bit arithmetic of the sampler could overflow.
const (
	MinVariance Variance = 4 * sixteenths
	MaxVariance Variance = 1 << 44 // σ ≈ 1,048,576
	sixteenths           = 16
)

// smoothing is τ² = 3, the variance that a discrete Gaussian needs above that of
// the continuous one as which it is accounted: to within a factor of 1 ± 10⁻²⁵, a
// discrete Gaussian of variance s²+τ² about an integer is what becomes of a
// continuous one of variance s² when it is rounded to integers at random, so that
// it tells no more than that one (proof.md).
const smoothing Variance = 3 * sixteenths

// Float returns σ².
func (v Variance) Float() float64 { return float64(v) / sixteenths }

// Cost returns the precision that noise of this variance costs a question of
// sensitivity 1: 1/(σ²−τ²), see smoothing. It is infinite where v is too small.
func (v Variance) Cost() Precision {
	if v <= smoothing {
		return Precision(math.Inf(1))
	}
	return Precision(sixteenths / float64(v-smoothing))
}

// VarianceFor returns the least variance that costs no more than the share:
// σ² ≥ 1/share + τ², rounded up, and at least MinVariance.
func VarianceFor(share Precision) (Variance, error) {
	if !(share > 0) || math.IsInf(float64(share), 0) {
		return 0, fmt.Errorf("dp: a share of %v of the budget buys no noise; ask for a positive share", float64(share))
	}
	v := math.Ceil(sixteenths / float64(share) * (1 - 1e-15))
	if v < float64(MaxVariance) && v/sixteenths*float64(share) < 1 { // rounding of the division
		v++
	}
	if v > float64(MaxVariance-smoothing) {
		return 0, fmt.Errorf("dp: noise of σ = %.3g is more than can be drawn; spend more on fewer questions", math.Sqrt(v/sixteenths))
	}
	return max(Variance(v)+smoothing, MinVariance), nil
}

// Noise adds to each count an independent draw of the discrete Gaussian
//
//	P(x) ∝ exp(−x²/2σ²),  x an integer,
//
// drawn exactly (Canonne, Kamath and Steinke 2020, algorithm 3) from the bits of
// random, which must be a cryptographic source. It returns new counts, or the
// reader's error and none.
func Noise(counts []int64, v Variance, random io.Reader) (noisy []int64, err error) {
	if v < MinVariance || v > MaxVariance {
		return nil, fmt.Errorf("dp: variance %v is outside %v…%v", v.Float(), MinVariance.Float(), MaxVariance.Float())
	}
	defer func() {
		if f, failed := recover().(readFailure); failed {
			noisy, err = nil, f.err
		}
	}()
	s := &source{reader: random}
	noisy = make([]int64, len(counts))
	g := newGaussian(v)
	for i, n := range counts {
		noisy[i] = n + g.draw(s)
	}
	return noisy, nil
}

// gaussian holds what draws of one variance a/b share.
type gaussian struct {
	a, b, t uint64 // σ² = a/b, t = ⌊σ⌋+1
	den     wide   // 2·a·b·t²
}

func newGaussian(v Variance) gaussian {
	g := gaussian{a: uint64(v), b: sixteenths}
	for g.t = uint64(math.Sqrt(v.Float())); g.t*g.t*g.b > g.a; g.t-- {
	}
	for (g.t+1)*(g.t+1)*g.b <= g.a {
		g.t++
	}
	g.t++
	g.den = product(2*g.a*g.b, g.t*g.t)
	return g
}

// draw proposes from the discrete Laplace of scale t and accepts with
// probability exp(−(|y| − σ²/t)²/2σ²).
func (g *gaussian) draw(s *source) int64 {
	for {
		y := s.laplace(g.t)
		size := uint64(y)
		if y < 0 {
			size = uint64(-y)
		}
		z := int64(size*g.b*g.t) - int64(g.a)
		if z < 0 {
			z = -z
		}
		if s.acceptExp(product(uint64(z), uint64(z)), g.den) {
			return y
		}
	}
}

// acceptExp is true with probability exp(−p/q), for any p.
func (s *source) acceptExp(p, q wide) bool {
	for !p.less(q) {
		if !s.bernoulliE() {
			return false
		}
		p = p.minus(q)
	}
	return s.bernoulliExp(p, q)
}

// laplace draws from the discrete Laplace P(x) ∝ exp(−|x|/t) (Canonne, Kamath
// and Steinke 2020, algorithm 2).
func (s *source) laplace(t uint64) int64 {
	for {
		u := s.below(t)
		if !s.bernoulliExp(wide{0, u}, wide{0, t}) {
			continue
		}
		v := uint64(0)
		for s.bernoulliE() {
			v++
		}
		x := int64(u + t*v)
		if s.bit() == 0 {
			return x
		}
		if x != 0 { // zero has one sign only
			return -x
		}
	}
}
