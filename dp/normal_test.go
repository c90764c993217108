package dp

import (
	"math"
	"testing"
)

// The tables of this file and of TestDeltaDigits were computed with 60 digits
// (mpmath 1.3) from the definitions.

func close12(got, want float64) bool { return math.Abs(got-want) <= 1e-12*math.Abs(want) }

func TestQuantile(t *testing.T) {
	for _, c := range []struct{ d, z float64 }{
		{0.5, 0.0},
		{0.4999999, 2.5066282746310268e-7},
		{0.4, 0.2533471031357998},
		{0.1, 1.2815515655446005},
		{0.01, 2.3263478740408411},
		{1e-3, 3.0902323061678135},
		{1e-6, 4.7534243088228989},
		{1e-9, 5.9978070150076869},
		{1e-12, 7.0344838253011319},
		{1e-15, 7.9413453261709968},
		{1e-17, 8.4937932241095981},
		{1e-30, 11.464024688443616},
		{1e-100, 21.273453560965324},
		{1e-300, 37.047096299361199},
	} {
		if got := quantile(Delta(c.d)); math.Abs(got-c.z) > 1e-12*max(c.z, 1e-3) {
			t.Errorf("Φ⁻¹(1−%g) = %.17g, want %.17g", c.d, got, c.z)
		}
	}
	// It undoes upper, over all that a δ may be.
	for d := .5; d > 1e-300; d *= .83 {
		if z := quantile(Delta(d)); math.Abs(upper(z)/d-1) > 1e-11 {
			t.Errorf("1−Φ(Φ⁻¹(1−%g)) is off by a share of %g", d, upper(z)/d-1)
		}
	}
}

func TestMillsAndItsSlope(t *testing.T) {
	for _, c := range []struct{ x, ratio, slope float64 }{
		{-5, 672621.63672287925, 3363109.1836143963},
		{-0.3, 1.6201656087067893, 1.4860496826120368},
		{0, 1.2533141373155003, 1.0},
		{0.5, 0.87636445645369235, 0.56181777177315383},
		{3.9, 0.24210933472105987, 0.055773594587866515},
		{4.0, 0.23665238291356067, 0.053390468345757318},
		{4.1, 0.23142643286975405, 0.051151625234008391},
		{10, 0.099028596471731921, 0.009714035282680786},
		{40, 0.024984404205720571, 0.0006238317711771541},
		{1000, 0.00099999900000299999, 9.999970000149999e-7},
	} {
		if got := mills(c.x); !close12(got, c.ratio) {
			t.Errorf("R(%v) = %.17g, want %.17g", c.x, got, c.ratio)
		}
		if got := slope(c.x); !close12(got, c.slope) {
			t.Errorf("−R′(%v) = %.17g, want %.17g", c.x, got, c.slope)
		}
	}
}

// TestMillsJoins: the two forms meet at 4 and beyond.
func TestMillsJoins(t *testing.T) {
	for _, x := range []float64{3.9999, 4, 4.0001, 6, 9} {
		if want := upper(x) / density(x); !close12(mills(x), want) {
			t.Errorf("R(%v) = %v, want %v", x, mills(x), want)
		}
	}
}

// TestRuleIsExact: a rule of ten points integrates x^19 and below exactly; odd
// powers vanish by symmetry.
func TestRuleIsExact(t *testing.T) {
	for power := 0; power < 20; power += 2 {
		sum := 0.0
		for k, a := range legendreAt {
			sum += 2 * legendreWeight[k] * math.Pow(a, float64(power))
		}
		if want := 2 / float64(power+1); !close12(sum, want) {
			t.Errorf("∫x^%d = %.16g, want %.16g", power, sum, want)
		}
	}
}

// TestMillsFallAddsUp: falls over adjoining steps add up to that over both, and
// where nothing cancels the fall is the difference.
func TestMillsFallAddsUp(t *testing.T) {
	for x := -6.0; x < 60; x += .37 {
		for _, h := range []float64{1e-9, 1e-4, .02, .5, 1} {
			whole, parts := millsFall(x, h), millsFall(x, h/3)+millsFall(x+h/3, h-h/3)
			if math.Abs(whole/parts-1) > 1e-11 {
				t.Fatalf("x = %v, h = %v: %g, in two parts %g", x, h, whole, parts)
			}
		}
		if got, want := millsFall(x, 1), mills(x)-mills(x+1); math.Abs(got/want-1) > 1e-10 {
			t.Fatalf("x = %v: R falls by %g, want %g", x, got, want)
		}
	}
}
