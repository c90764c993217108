package dp

import (
	"fmt"
	"math"
)

// MuFor returns the largest μ such that μ-Gaussian differential privacy implies
// (ε, δ)-differential privacy (Dong, Roth and Su 2022, corollary 2.13; Balle and
// Wang 2018), less one part in 10⁹ for the rounding of budgets and the 10⁻²⁵ by
// which a draw of discrete noise may differ from what it is accounted as (proof.md).
func MuFor(e Epsilon, d Delta) (Mu, error) {
	if err := check(e, d); err != nil {
		return 0, err
	}
	lo, hi := 0.0, 1.0
	for DeltaFor(Mu(hi), e) <= d {
		if hi *= 2; hi > 1e6 {
			return 0, fmt.Errorf("dp: ε = %v is too large to mean anything", float64(e))
		}
	}
	for range 200 {
		if m := (lo + hi) / 2; DeltaFor(Mu(m), e) <= d {
			lo = m
		} else {
			hi = m
		}
	}
	const reserve = 1e-9
	return Mu(lo * (1 - reserve)), nil
}

// DeltaFor returns the least δ such that μ-Gaussian differential privacy implies
// (ε, δ):
//
//	δ = Φ(−ε/μ + μ/2) − e^ε·Φ(−ε/μ − μ/2)
//
// With a = −ε/μ + μ/2 and b = a − μ, e^ε·φ(b) = φ(a), so that the difference is
// φ(a)·(R(−a) − R(−b)) with Mills' ratio R: no large numbers cancel.
func DeltaFor(m Mu, e Epsilon) Delta {
	if !(m > 0) {
		return 0
	}
	a := -float64(e)/float64(m) + float64(m)/2
	b := a - float64(m)
	if a > 0 { // R(−a) would be large; here the plain form is exact enough
		return Delta(max(normal(a)-math.Exp(float64(e)+math.Log(normal(b))), 0))
	}
	return Delta(density(a) * (mills(-a) - mills(-b)))
}

// EpsilonFor returns the least ε ≥ 0 such that μ-Gaussian differential privacy
// implies (ε, δ). It returns +Inf for δ outside (0, 1).
func EpsilonFor(m Mu, d Delta) Epsilon {
	if !(m > 0) {
		return 0
	}
	if !(d > 0 && d < 1) {
		return Epsilon(math.Inf(1))
	}
	lo, hi := 0.0, 1.0
	for DeltaFor(m, Epsilon(hi)) > d {
		hi *= 2
	}
	for range 200 {
		if e := (lo + hi) / 2; DeltaFor(m, Epsilon(e)) <= d {
			hi = e
		} else {
			lo = e
		}
	}
	return Epsilon(hi)
}

// RhoFor returns the largest ρ such that ρ-zero-concentrated differential privacy
// implies (ε, δ) by the conversion of Canonne, Kamath and Steinke (2020,
// proposition 12). It is what mechanisms with an exponential step can claim; for
// comparison with them only.
func RhoFor(e Epsilon, d Delta) (Rho, error) {
	if err := check(e, d); err != nil {
		return 0, err
	}
	lo, hi := 0.0, float64(e)+1
	for range 200 {
		if r := (lo + hi) / 2; zcdpDelta(r, float64(e)) <= float64(d) {
			lo = r
		} else {
			hi = r
		}
	}
	return Rho(lo), nil
}

// zcdpDelta is the infimum over α > 1 of exp((α−1)(αρ−ε))·(1−1/α)^α/(α−1).
func zcdpDelta(rho, e float64) float64 {
	if rho <= 0 {
		return 0
	}
	lo, hi := 1+1e-9, (e+1)/(2*rho)+2
	for range 200 {
		a := (lo + hi) / 2
		if (2*a-1)*rho-e+math.Log1p(-1/a) < 0 { // the derivative's sign
			lo = a
		} else {
			hi = a
		}
	}
	a := (lo + hi) / 2
	return min(math.Exp((a-1)*(a*rho-e)+a*math.Log1p(-1/a))/(a-1), 1)
}

func check(e Epsilon, d Delta) error {
	if !(e > 0) || math.IsInf(float64(e), 0) {
		return fmt.Errorf("dp: ε must be a positive number, not %v", float64(e))
	}
	if !(d > 0 && d < 1) {
		return fmt.Errorf("dp: δ must lie between 0 and 1, not %v", float64(d))
	}
	return nil
}

func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func density(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// mills is Mills' ratio (1−Φ(x))/φ(x) for x ≥ 0: from erfc where that is exact,
// beyond by Laplace's continued fraction 1/(x+1/(x+2/(x+…))).
func mills(x float64) float64 {
	if x < 4 {
		return math.Erfc(x/math.Sqrt2) / 2 / density(x)
	}
	r := 0.0
	for k := 120; k > 0; k-- {
		r = float64(k) / (x + r)
	}
	return 1 / (x + r)
}

// quantile returns z with Φ(z) = 1−d, for d in (0, ½].
func quantile(d Delta) float64 { return math.Sqrt2 * math.Erfcinv(2*float64(d)) }

// Odds says in plain terms what ε protects: someone who held it likely, with
// probability prior, that a person is in the data can come to hold it likelier by
// everything released, but at most this likely: the odds grow by a factor of at
// most e^ε, but for a chance δ.
func Odds(prior float64, e Epsilon) float64 {
	o := prior / (1 - prior) * math.Exp(float64(e))
	return o / (1 + o)
}

// TruePositives returns the highest rate at which any test can tell that a person
// is in the data while it is wrong about people who are not at rate false: the
// trade-off function of μ-Gaussian differential privacy.
func TruePositives(m Mu, false float64) float64 {
	return normal(-quantile(Delta(false)) + float64(m))
}
