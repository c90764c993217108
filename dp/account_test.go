package dp

import (
	"math"
	"testing"
)

// table is computed independently (analytic Gaussian of Balle and Wang 2018; zCDP
// conversion of Canonne, Kamath and Steinke 2020); the row of ε=1, δ=1e-5 is the
// well-known σ = 3.7306.
var table = []struct{ epsilon, delta, rho, mu float64 }{
	{0.1, 1e-9, .00017714, .01991642},
	{0.5, 1e-6, .00664152, .12410615},
	{1, 1e-9, .01497306, .18197481},
	{1, 1e-5, .03055660, .26805112},
	{1, 1e-6, .02435597, .23670438},
	{4, 1e-6, .31106495, .83785876},
	{2, 1e-6, .08815269, .44833474},
	{4, 1.9158156689251674e-5, .39523842, .95445282},
	{8, 1e-6, 1.05235800, 1.53154512},
	{10, 1e-9, 1.09078570, 1.53787734},
	{12, 5.8e-6, 2.31992437, 2.27360232},
}

func TestAccountingTable(t *testing.T) {
	for _, c := range table {
		mu, err := MuFor(Epsilon(c.epsilon), Delta(c.delta))
		if err != nil || math.Abs(float64(mu)-c.mu) > 1e-7 {
			t.Errorf("ε=%v δ=%v: μ=%.8f, want %.8f, %v", c.epsilon, c.delta, mu, c.mu, err)
		}
		rho, err := RhoFor(Epsilon(c.epsilon), Delta(c.delta))
		if err != nil || math.Abs(float64(rho)-c.rho) > 1e-7 {
			t.Errorf("ε=%v δ=%v: ρ=%.8f, want %.8f, %v", c.epsilon, c.delta, rho, c.rho, err)
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

// TestConversionsAgree: DeltaFor, MuFor and EpsilonFor undo each other over the
// range that anyone asks for, down to δ = 1e-30.
func TestConversionsAgree(t *testing.T) {
	for _, e := range []float64{1e-6, 1e-3, .1, 1, 3, 10, 40, 100} {
		for _, d := range []float64{1e-30, 1e-15, 1e-9, 1e-6, 1e-3, .1} {
			mu, err := MuFor(Epsilon(e), Delta(d))
			if err != nil || !(mu > 0) {
				t.Fatalf("ε=%v δ=%v: μ=%v, %v", e, d, mu, err)
			}
			if got := DeltaFor(mu, Epsilon(e)); float64(got) > d || float64(got) < d*(1-1e-5) {
				t.Errorf("ε=%v δ=%v: μ=%v gives δ=%v", e, d, mu, got)
			}
			if got := float64(EpsilonFor(mu, Delta(d))); got > e*(1+1e-6) || got < e*(1-1e-4)-1e-9 {
				t.Errorf("ε=%v δ=%v: came back as ε=%v", e, d, got)
			}
		}
	}
}

// TestDeltaByIntegration compares with the definition, ∫ max(p − e^ε·q, 0), for
// p = N(μ,1) and q = N(0,1), by the trapezoid rule.
func TestDeltaByIntegration(t *testing.T) {
	for _, c := range [][2]float64{{.2, .1}, {.5, 1}, {1, 1}, {1.5, 4}, {3, 2}} {
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

func TestDeltaIsMonotone(t *testing.T) {
	last := Delta(1)
	for e := 0.01; e < 60; e *= 1.3 {
		d := DeltaFor(.7, Epsilon(e))
		if d > last || d < 0 {
			t.Fatalf("δ rises at ε=%v", e)
		}
		last = d
	}
	last = 0
	for m := 1e-4; m < 20; m *= 1.3 {
		d := DeltaFor(Mu(m), 1)
		if d < last || d > 1 {
			t.Fatalf("δ falls at μ=%v", m)
		}
		last = d
	}
}

func TestMillsJoins(t *testing.T) {
	for _, x := range []float64{3.9999, 4, 4.0001, 6} {
		want := math.Erfc(x/math.Sqrt2) / 2 / density(x)
		if got := mills(x); math.Abs(got/want-1) > 1e-12 {
			t.Errorf("R(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestAccountingRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range [][2]float64{{0, 1e-6}, {-1, 1e-6}, {nan, 1e-6}, {inf, 1e-6}, {1, 0}, {1, -1}, {1, 1}, {1, nan}, {1, inf}} {
		if _, err := MuFor(Epsilon(c[0]), Delta(c[1])); err == nil {
			t.Errorf("MuFor took ε=%v δ=%v", c[0], c[1])
		}
		if _, err := RhoFor(Epsilon(c[0]), Delta(c[1])); err == nil {
			t.Errorf("RhoFor took ε=%v δ=%v", c[0], c[1])
		}
	}
	if !math.IsInf(float64(EpsilonFor(1, 0)), 1) {
		t.Error("δ = 0 got a finite ε")
	}
	if EpsilonFor(0, 1e-6) != 0 || DeltaFor(0, 1) != 0 {
		t.Error("nothing spent, something lost")
	}
}

func TestOdds(t *testing.T) {
	// At ε = ln 3, even odds become at most 3 to 1.
	if got := Odds(.5, Epsilon(math.Log(3))); math.Abs(got-.75) > 1e-12 {
		t.Errorf("odds %v", got)
	}
	// Without loss a test is right about members as often as wrong about others.
	if got := TruePositives(0, .05); math.Abs(got-.05) > 1e-12 {
		t.Errorf("μ=0: %v", got)
	}
	if got := TruePositives(1, .05); math.Abs(got-.25951) > 1e-4 {
		t.Errorf("μ=1: %v", got)
	}
}
