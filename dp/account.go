package dp

import (
	"fmt"
	"math"
)

// maxMu is the largest μ that MuFor looks for: beyond it nothing is protected.
const maxMu = 1e6

// MuFor returns the largest μ such that μ-Gaussian differential privacy implies
// (ε, δ)-differential privacy (Dong, Roth and Su 2022, corollary 2.13; Balle and
// Wang 2018), less one part in 10⁹: a thousand times what floating point can err.
func MuFor(e Epsilon, d Delta) (Mu, error) {
	if err := check(e, d); err != nil {
		return 0, err
	}
	// By halving: lo always satisfies (ε, δ), hi never.
	lo, hi := 0.0, 1.0
	for DeltaFor(Mu(hi), e) <= d {
		if lo, hi = hi, hi*2; hi > maxMu {
			return 0, fmt.Errorf("dp: ε = %v is too large to mean anything", float64(e))
		}
	}
	for lo == 0 { // so that a tiny μ has all its digits
		if m := hi / 2; DeltaFor(Mu(m), e) <= d {
			lo = m
		} else {
			hi = m
		}
	}
	for range 60 {
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
// With x = ε/μ − μ/2 and φ(x)= e^ε·φ(x+μ) it is φ(x)·(R(x) − R(x+μ)), R being
// Mills' ratio, so that no large numbers cancel. What is not a number is taken
// for no protection, δ = 1; μ ≤ 0 is nothing spent, δ = 0.
func DeltaFor(m Mu, e Epsilon) Delta {
	mu, x := float64(m), float64(e)/float64(m)-float64(m)/2
	switch {
	case m <= 0:
		return 0
	case math.IsNaN(x) || math.IsInf(mu, 1):
		return 1
	case math.IsInf(x, 1):
		return 0
	case e < 0 && x < -6: // δ is 1−e^ε and a little
		return Delta(max(math.Exp(float64(e))*upper(-x-mu)-upper(-x)-math.Expm1(float64(e)), 0))
	case mu <= 1:
		return Delta(density(x) * millsFall(x, mu))
	case x < 0: // then δ is large, and the plain form exact
		return Delta(max(upper(x)-density(x)*mills(x+mu), 0))
	}
	return Delta(density(x) * (mills(x) - mills(x+mu)))
}

// EpsilonFor returns the least ε ≥ 0 such that μ-Gaussian differential privacy
// implies (ε, δ), rounded up. It returns +Inf for δ outside (0, 1) and for a μ
// that is not a number.
func EpsilonFor(m Mu, d Delta) Epsilon {
	switch {
	case m <= 0:
		return 0
	case !(d > 0 && d < 1) || !(m <= maxMu):
		return Epsilon(math.Inf(1))
	}
	lo, hi := 0.0, 1.0
	for DeltaFor(m, Epsilon(hi)) > d {
		hi *= 2
	}
	for range 100 {
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

// zcdpDelta is the infimum over α > 1 of exp((α−1)(αρ−ε))·(1−1/α)^α/(α−1). Any α
// gives a valid δ, so that an α not quite the best errs on the safe side.
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

// Odds says in plain terms what ε protects: someone who held it likely, with
// probability prior, that a person is in the data can come to hold it likelier by
// everything released, but at most this likely: the odds grow by a factor of at
// most e^ε, but for a chance δ.
func Odds(prior float64, e Epsilon) float64 {
	return 1 / (1 + (1-prior)/prior*math.Exp(-float64(e)))
}

// TruePositives returns the highest rate at which any test can tell that a person
// is in the data while it is wrong about people who are not at the rate wrong: the
// trade-off function of μ-Gaussian differential privacy.
func TruePositives(m Mu, wrong float64) float64 {
	switch {
	case wrong <= 0:
		return 0
	case wrong > .5:
		return upper(-quantile(Delta(1-wrong)) - float64(m))
	}
	return upper(quantile(Delta(wrong)) - float64(m))
}
