package dp

import (
	"math"
	"testing"
)

// table was computed with 60 digits (mpmath 1.3): the analytic Gaussian of Balle
// and Wang 2018; the zCDP conversion of Canonne, Kamath and Steinke 2020. The row
// of ε=1, δ=1e-5 is the well-known σ = 3.7306.
var table = []struct{ epsilon, delta, rho, mu float64 }{
	{0.1, 1e-9, 0.00017713844718502, 0.019916423412681},
	{0.5, 1e-6, 0.0066415243566605, 0.12410614903053},
	{1, 1e-9, 0.014973057673589, 0.18197480729533},
	{1, 1e-5, 0.03055659519764, 0.26805112321129},
	{1, 1e-6, 0.024355970359538, 0.23670438066344},
	{4, 1e-6, 0.31106495494084, 0.83785875709},
	{2, 1e-6, 0.088152688379946, 0.44833474039519},
	{4, 1.9158156689251674e-5, 0.39523841841937, 0.95445282168345},
	{8, 1e-6, 1.052358004557, 1.5315451175661},
	{10, 1e-9, 1.090785704397, 1.5378773368145},
	{12, 5.8e-6, 2.3199243710191, 2.2736023235715},
	{1e-6, 1e-9, 6.5499928045395e-14, 4.1044030202486e-7},
	{1e-3, 1e-30, 4.4295149200917e-9, 9.6050979706943e-5},
	{100, 1e-30, 22.384599614466, 6.7731183239474},
	{50, 1e-12, 13.098246302526, 5.2435513618554},
}

// TestAccountingTable: μ to its reserve of 10⁻⁹ and never above, ρ to 10⁻⁹.
func TestAccountingTable(t *testing.T) {
	for _, c := range table {
		mu, err := MuFor(Epsilon(c.epsilon), Delta(c.delta))
		if err != nil || float64(mu) > c.mu || float64(mu) < c.mu*(1-1.1e-9) {
			t.Errorf("ε=%v δ=%v: μ=%.14g, want %.14g, %v", c.epsilon, c.delta, mu, c.mu, err)
		}
		rho, err := RhoFor(Epsilon(c.epsilon), Delta(c.delta))
		if err != nil || math.Abs(float64(rho)/c.rho-1) > 1e-9 {
			t.Errorf("ε=%v δ=%v: ρ=%.14g, want %.14g, %v", c.epsilon, c.delta, rho, c.rho, err)
		}
		if r := mu * mu / 2; r < Mu(rho) {
			t.Errorf("ε=%v δ=%v: zCDP allows more than Gaussian accounting", c.epsilon, c.delta)
		}
	}
}

// TestKnownSigma: the analytic Gaussian mechanism at ε=1, δ=1e-5 has σ = 3.7306
// (Balle and Wang 2018).
func TestKnownSigma(t *testing.T) {
	mu, _ := MuFor(1, 1e-5)
	if s := 1 / float64(mu); math.Abs(s-3.7306) > 5e-5 {
		t.Errorf("σ = %.5f", s)
	}
}

// TestDeltaDigits: every δ has ten digits and more, however small, far out or
// close to one; MuFor's reserve of 10⁻⁹ stands on it.
func TestDeltaDigits(t *testing.T) {
	for _, c := range []struct{ mu, epsilon, delta float64 }{
		{1e-8, 1e-7, 7.47456062831735e-33},
		{1e-5, 1e-4, 7.4749339918537263e-30},
		{1e-5, 1e-12, 3.9894223039997188e-6},
		{0.001, 0.01, 7.512025722358201e-28},
		{0.01, 0.1, 7.8576927710367994e-27},
		{0.0199, 0.1, 9.7713251056141605e-10},
		{0.2367, 1, 9.9961905778233674e-7},
		{0.5, 5, 4.4154434702996193e-24},
		{0.99, 3, 0.0013694274098110917},
		{1, 1, 0.12693673750664395},
		{1.01, 1, 0.13047043627671777},
		{1, 10, 9.8127058268469559e-23},
		{2, 25, 9.6584711629053797e-32},
		{3, 2, 0.68587416571604937},
		{5, 100, 1.5847802326686266e-69},
		{8, 100, 4.5482833773686971e-18},
		{10, 100, 1.8797170020519157e-7},
		{6, 0.5, 0.99654360071696201},
		{0.3, -0.5, 0.39806288846318839},
		{0.01, -1, 0.63212055882855768},
		{0.001, -0.0001, 0.00045091276865083263},
		{4, -3, 0.99176024426034437},
		{0.05, -0.0001, 0.01999407656835654},
		{40, 3, 1.0},
		{13, 100, 0.10282890832186995},
	} {
		if got := float64(DeltaFor(Mu(c.mu), Epsilon(c.epsilon))); math.Abs(got/c.delta-1) > 2e-11 {
			t.Errorf("μ=%v ε=%v: δ=%.17g, want %.17g", c.mu, c.epsilon, got, c.delta)
		}
	}
}

// TestDeltaIsSmooth walks over the joins of DeltaFor's forms: a step of one part
// in 10⁷ moves δ by no more than a few parts in 10⁵, up with μ and down with ε.
func TestDeltaIsSmooth(t *testing.T) {
	for _, e := range []float64{-3, -1e-3, 1e-6, .01, 1, 9, 60} {
		for m := 1e-6; m < 30; m *= 1.07 {
			d, up := DeltaFor(Mu(m), Epsilon(e)), DeltaFor(Mu(m*(1+1e-7)), Epsilon(e))
			if d < 1e-100 || d > 1-1e-9 {
				continue
			}
			if up < d*(1-1e-12) || up > d*(1+1e-4) {
				t.Fatalf("ε=%v: δ goes from %v to %v at μ=%v", e, d, up, m)
			}
		}
	}
	for _, m := range []float64{1e-4, .2, .999, 1, 1.001, 4} {
		for e := -5.0; e < 40; e += .01 {
			if d, next := DeltaFor(Mu(m), Epsilon(e)), DeltaFor(Mu(m), Epsilon(e+.01)); next > d || d < 0 || d > 1 {
				t.Fatalf("μ=%v: δ goes from %v to %v at ε=%v", m, d, next, e)
			}
		}
	}
}

// TestConversionsAgree: DeltaFor, MuFor and EpsilonFor undo each other over the
// range that anyone asks for, down to δ = 1e-30, and never in the wrong direction.
func TestConversionsAgree(t *testing.T) {
	for _, e := range []float64{1e-6, 1e-3, .1, 1, 3, 10, 40, 100} {
		for _, d := range []float64{1e-30, 1e-15, 1e-9, 1e-6, 1e-3, .1, .9} {
			mu, err := MuFor(Epsilon(e), Delta(d))
			if err != nil || !(mu > 0) {
				t.Fatalf("ε=%v δ=%v: μ=%v, %v", e, d, mu, err)
			}
			if got := DeltaFor(mu, Epsilon(e)); float64(got) > d || float64(got) < d*(1-1e-6) {
				t.Errorf("ε=%v δ=%v: μ=%v gives δ=%v", e, d, mu, got)
			}
			if more := DeltaFor(mu*(1+2e-9), Epsilon(e)); float64(more) < d {
				t.Errorf("ε=%v δ=%v: a larger μ than %v would do", e, d, mu)
			}
			back := EpsilonFor(mu, Delta(d))
			if float64(back) > e*(1+1e-12) || DeltaFor(mu, back) > Delta(d) || DeltaFor(mu, back*(1-1e-6)-1e-12) < Delta(d) {
				t.Errorf("ε=%v δ=%v: came back as ε=%v", e, d, back)
			}
		}
	}
}

// TestDeltaByIntegration compares with the definition, ∫ max(p − e^ε·q, 0), for
// p = N(μ,1) and q = N(0,1), by the trapezoid rule.
func TestDeltaByIntegration(t *testing.T) {
	for _, c := range [][2]float64{{.2, .1}, {.5, 1}, {1, 1}, {1.5, 4}, {3, 2}, {.7, -.4}, {2, -3}} {
		mu, e := c[0], c[1]
		sum := 0.0
		const h = 1e-4
		for x := -12.0; x < 16; x += h {
			sum += h * max(density(x-mu)-math.Exp(e)*density(x), 0)
		}
		if got := float64(DeltaFor(Mu(mu), Epsilon(e))); math.Abs(got-sum) > 1e-7 {
			t.Errorf("μ=%v ε=%v: δ=%.9f, integral %.9f", mu, e, got, sum)
		}
	}
}

// TestCompositionOfGaussians: n draws of precision p are one of n·p, whatever
// their number.
func TestCompositionOfGaussians(t *testing.T) {
	total := Mu(.5).Precision()
	for n := 1; n < 1000; n *= 3 {
		sum := Precision(0)
		for range n {
			sum += total / Precision(n)
		}
		if d := DeltaFor(sum.Mu(), 1); math.Abs(float64(d/DeltaFor(.5, 1)-1)) > 1e-10 {
			t.Errorf("%d draws: δ=%v", n, d)
		}
	}
}

// TestConversionOfZCDPIsAnInfimum: no α on a fine grid gives a smaller δ.
func TestConversionOfZCDPIsAnInfimum(t *testing.T) {
	for _, c := range [][2]float64{{.02, 1}, {1, 8}, {.3, 4}, {1e-4, .1}, {5, 3}} {
		rho, e := c[0], c[1]
		got := zcdpDelta(rho, e)
		for a := 1.0001; a < 5000; a *= 1.001 {
			if d := math.Exp((a-1)*(a*rho-e)+a*math.Log1p(-1/a)) / (a - 1); d < got*(1-1e-9) {
				t.Fatalf("ρ=%v ε=%v: α=%v gives δ=%v, less than %v", rho, e, a, d, got)
			}
		}
	}
	if zcdpDelta(0, 1) != 0 {
		t.Error("nothing spent, something lost")
	}
}

// TestGaussianNeverWorseThanZCDP: a Gaussian mechanism of ρ = μ²/2 has at most the
// δ that zCDP would grant it.
func TestGaussianNeverWorseThanZCDP(t *testing.T) {
	for m := .01; m < 4; m *= 1.3 {
		for e := .01; e < 30; e *= 1.5 {
			if d, z := float64(DeltaFor(Mu(m), Epsilon(e))), zcdpDelta(m*m/2, e); d > z*(1+1e-9) {
				t.Errorf("μ=%v ε=%v: Gaussian δ=%v, zCDP %v", m, e, d, z)
			}
		}
	}
}

func TestAccountingRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range [][2]float64{{0, 1e-6}, {-1, 1e-6}, {nan, 1e-6}, {inf, 1e-6}, {-inf, 1e-6},
		{1, 0}, {1, -1}, {1, 1}, {1, 2}, {1, nan}, {1, inf}} {
		if _, err := MuFor(Epsilon(c[0]), Delta(c[1])); err == nil {
			t.Errorf("MuFor took ε=%v δ=%v", c[0], c[1])
		}
		if _, err := RhoFor(Epsilon(c[0]), Delta(c[1])); err == nil {
			t.Errorf("RhoFor took ε=%v δ=%v", c[0], c[1])
		}
	}
	if _, err := MuFor(1e18, 1e-6); err == nil {
		t.Error("an ε without meaning was taken")
	}
}

// TestDoubtIsNoProtection: what is not a number is never taken for safe.
func TestDoubtIsNoProtection(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range [][2]float64{{nan, 1}, {1, nan}, {inf, 1}, {inf, inf}, {1, -inf}} {
		if d := DeltaFor(Mu(c[0]), Epsilon(c[1])); d != 1 {
			t.Errorf("μ=%v ε=%v: δ=%v", c[0], c[1], d)
		}
	}
	for _, c := range [][2]float64{{1, 0}, {1, -1}, {1, 1}, {1, nan}, {nan, .1}, {inf, .1}} {
		if e := EpsilonFor(Mu(c[0]), Delta(c[1])); !math.IsInf(float64(e), 1) {
			t.Errorf("μ=%v δ=%v: ε=%v", c[0], c[1], e)
		}
	}
	if EpsilonFor(0, 1e-6) != 0 || DeltaFor(0, 1) != 0 || DeltaFor(-1, 1) != 0 || DeltaFor(1, Epsilon(inf)) != 0 {
		t.Error("nothing spent, something lost")
	}
	if e := EpsilonFor(.01, .5); e < 0 || e > 1e-9 {
		t.Errorf("a δ above total variation needs no ε, got %v", e)
	}
}

func TestOdds(t *testing.T) {
	// At ε = ln 3, even odds become at most 3 to 1.
	if got := Odds(.5, Epsilon(math.Log(3))); math.Abs(got-.75) > 1e-12 {
		t.Errorf("odds %v", got)
	}
	if Odds(0, 5) != 0 || Odds(1, 5) != 1 || Odds(.01, 5000) != 1 {
		t.Error("certainty moved, or a large ε overflowed")
	}
	last := 0.0
	for e := 0.0; e < 12; e += .1 {
		o := Odds(.1, Epsilon(e))
		if o < last || o < .1-1e-15 {
			t.Fatalf("ε=%v: belief %v falls", e, o)
		}
		last = o
	}
}

// TestTruePositives: the trade-off function of Gaussian differential privacy.
func TestTruePositives(t *testing.T) {
	for _, c := range [][3]float64{{0, .05, .05}, {1, .05, .2595110}, {1, .5, .8413447}, {2, .9, .9994838},
		{1, 1, 1}, {1, 0, 0}, {.5, .001, .0047956}} {
		if got := TruePositives(Mu(c[0]), c[1]); math.Abs(got-c[2]) > 1e-6 {
			t.Errorf("μ=%v at %v: %.7f, want %v", c[0], c[1], got, c[2])
		}
	}
	// It is what DeltaFor comes from: δ(ε) = sup (TPR − e^ε·FPR).
	for _, m := range []float64{.2, 1, 2.5} {
		for _, e := range []float64{.1, 1, 3} {
			best := 0.0
			for f := 1e-9; f < 1; f *= 1.002 {
				best = max(best, TruePositives(Mu(m), f)-math.Exp(e)*f)
			}
			if want := float64(DeltaFor(Mu(m), Epsilon(e))); math.Abs(best-want) > 1e-5 {
				t.Errorf("μ=%v ε=%v: sup %v, δ %v", m, e, best, want)
			}
		}
	}
}
