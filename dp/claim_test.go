package dp

import (
	"math"
	"testing"
)

// exactDelta is the exact δ at ε of releasing several counts, each moved by one,
// with discrete Gaussian noise: the loss distributions of the draws, convolved by
// brute force over all outcomes.
func exactDelta(variances []Variance, e float64) float64 {
	type mass struct{ loss, p float64 }
	all := []mass{{0, 1}}
	for _, v := range variances {
		span := int(13*math.Sqrt(v.Float())) + 2
		p := weights(v, span)
		next := make([]mass, 0, len(all)*len(p))
		for _, m := range all {
			for i := range p {
				// Under "there" the noise is y and the count one higher; the loss of
				// the outcome is (2y+1)/2σ².
				y := float64(i - span)
				if q := m.p * p[i]; q > 1e-25 {
					next = append(next, mass{m.loss + (2*y+1)/2/v.Float(), q})
				}
			}
		}
		all = next
	}
	sum := 0.0
	for _, m := range all {
		if m.loss > e {
			sum += m.p * -math.Expm1(e-m.loss)
		}
	}
	return sum
}

// TestDiscreteClaimsHold: for one draw, two and three of various variances, the
// exact δ of the discrete noise never passes the δ claimed for the precision that
// was paid, at any ε: the claim is meant to the letter.
func TestDiscreteClaimsHold(t *testing.T) {
	for _, variances := range [][]Variance{
		{4 * sixteenths}, {5 * sixteenths}, {7*sixteenths + 3}, {16 * sixteenths}, {100 * sixteenths}, {3600 * sixteenths},
		{5 * sixteenths, 5 * sixteenths}, {6 * sixteenths, 20 * sixteenths}, {64 * sixteenths, 81 * sixteenths},
		{6 * sixteenths, 7 * sixteenths, 9*sixteenths + 5},
	} {
		paid := Precision(0)
		for _, v := range variances {
			paid += v.Cost()
		}
		for e := .01; e < 6; e *= 1.13 {
			claimed := float64(DeltaFor(paid.Mu(), Epsilon(e)))
			if claimed < 1e-14 {
				break
			}
			if exact := exactDelta(variances, e); exact > claimed {
				t.Errorf("σ² %v, ε = %.3f: exact δ %.6g, claimed %.6g", variances, e, exact, claimed)
			}
		}
	}
}

// TestPlainAccountingWouldNotHold: accounted as a Gaussian of its own variance, a
// lone draw breaks its claim; the test above can fail.
func TestPlainAccountingWouldNotHold(t *testing.T) {
	v, broken := Variance(16*sixteenths), 0
	for e := .01; e < 3; e *= 1.05 {
		if exactDelta([]Variance{v}, e) > float64(DeltaFor(Mu(1/math.Sqrt(v.Float())), Epsilon(e))) {
			broken++
		}
	}
	if broken == 0 {
		t.Error("no claim was broken: the oracle sees no difference between discrete and continuous")
	}
}

// TestSmoothing holds the lemma's constant: the normaliser of a discrete Gaussian
// of variance τ² about any real centre is the same to 2·exp(−2π²τ²) < 10⁻²⁵ by
// Poisson summation; by summing, it is the same to what floats can tell.
func TestSmoothing(t *testing.T) {
	tau2 := smoothing.Float()
	if 2*math.Exp(-2*math.Pi*math.Pi*tau2) > 1e-25 {
		t.Fatalf("τ² = %v is too small", tau2)
	}
	for c := 0.0; c < 1; c += .01 {
		sum := 0.0
		for x := -60; x <= 60; x++ {
			d := float64(x) - c
			sum += math.Exp(-d * d / 2 / tau2)
		}
		if want := math.Sqrt(2 * math.Pi * tau2); math.Abs(sum/want-1) > 1e-14 {
			t.Errorf("about %.2f: normaliser %.16g, want %.16g", c, sum, want)
		}
	}
}

// TestDiscreteIsRoundedContinuous checks the lemma itself by integration: rounding
// N(0, s²) at random by a discrete Gaussian of variance τ² gives the discrete
// Gaussian of variance s²+τ².
func TestDiscreteIsRoundedContinuous(t *testing.T) {
	s2, tau2 := 5.0, smoothing.Float()
	want := weights(Variance((s2+tau2)*sixteenths), 30)
	const h = 1.0 / 256
	for y := -12; y <= 12; y++ {
		got := 0.0
		for x := -40.0; x <= 40; x += h {
			d := float64(y) - x
			got += h * math.Exp(-x*x/2/s2) / math.Sqrt(2*math.Pi*s2) * math.Exp(-d*d/2/tau2) / math.Sqrt(2*math.Pi*tau2)
		}
		if w := want[y+30]; math.Abs(got/w-1) > 1e-12 {
			t.Errorf("P(%d) = %.15g, want %.15g", y, got, w)
		}
	}
}
