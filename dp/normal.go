package dp

import "math"

// The normal distribution, with all digits in the tails: differences of tail
// probabilities are what δ is made of, and δ goes down to 10⁻³⁰⁰.

// density is φ(x).
func density(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// upper is 1−Φ(x).
func upper(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }

// mills is Mills' ratio R(x) = (1−Φ(x))/φ(x).
func mills(x float64) float64 {
	if x < 4 {
		return upper(x) / density(x)
	}
	return 1 / (x + tail(x))
}

// tail is the rest of Laplace's continued fraction R(x) = 1/(x + 1/(x + 2/(x + …)))
// after its first x, for x ≥ 4: as many terms as leave nothing that a float64 holds.
func tail(x float64) float64 {
	r := 0.0
	for k := 12 + int(700/(x*x)); k > 0; k-- {
		r = float64(k) / (x + r)
	}
	return r
}

// slope is −R′(x) = 1 − x·R(x).
func slope(x float64) float64 {
	if x < 4 {
		return 1 - x*mills(x)
	}
	r := tail(x)
	return r / (x + r)
}

// millsFall is R(x) − R(x+h) for 0 < h ≤ 1, as the integral of the slope by
// Gauss and Legendre's rule of ten points: for a small h nothing cancels. The
// slope is so smooth that the rule errs by less than one part in 10¹⁴.
func millsFall(x, h float64) float64 {
	sum, mid := 0.0, x+h/2
	for k, a := range legendreAt {
		sum += legendreWeight[k] * (slope(mid-a*h/2) + slope(mid+a*h/2))
	}
	return sum * h / 2
}

// Abscissae and weights of the rule, the positive half (Abramowitz and Stegun 1964,
// table 25.4); a test holds them to integrate polynomials exactly.
var (
	legendreAt     = [...]float64{0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717}
	legendreWeight = [...]float64{0.2955242247147529, 0.2692667193099963, 0.2190863625159820, 0.1494513491505806, 0.0666713443086881}
)

// quantile returns the z with 1−Φ(z) = d, for d in (0, ½], by Newton's method on
// the logarithm. (math.Erfcinv loses all digits of a small d.)
func quantile(d Delta) float64 {
	want := math.Log(float64(d))
	z := math.Sqrt(max(-2*want-math.Log(4*math.Pi), 0)) // above the root or near it
	for range 60 {
		r := mills(z)
		step := (math.Log(r) - z*z/2 - math.Log(2*math.Pi)/2 - want) * r
		z += step
		if math.Abs(step) <= 1e-15*max(z, 1) {
			break
		}
	}
	return max(z, 0)
}
