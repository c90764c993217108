package dp

import (
	"math"
	"testing"
)

// singleDelta is the exact δ at ε of one draw of the discrete Gaussian on a
// question that one row moves by one: the sum of max(p(x−1) − e^ε·p(x), 0).
func singleDelta(v Variance, e float64) float64 {
	span := int(14*math.Sqrt(v.Float())) + 3
	p := weights(v, span)
	sum := 0.0
	for x := 1; x < len(p); x++ {
		sum += max(p[x-1]-math.Exp(e)*p[x], 0)
	}
	return sum
}

// TestSingleDraw holds the claim of one lone draw, the case in which discrete
// noise is least like continuous noise, against the exact sum: δ is at most a
// share 2/σ² above the Gaussian's. Runs of many draws are smoother.
func TestSingleDraw(t *testing.T) {
	for _, sigma := range []float64{2, 3, 4, 6, 12, 60} {
		v, within := Variance(sigma*sigma*sixteenths), 2/(sigma*sigma)
		worst := 0.0
		for e := .05; e < 4; e += .01 {
			want := float64(DeltaFor(Mu(1/sigma), Epsilon(e)))
			if want < 1e-12 {
				break
			}
			worst = max(worst, singleDelta(v, e)/want-1)
		}
		t.Logf("σ = %v: δ at most %.4f above the Gaussian's", sigma, worst)
		if worst > within {
			t.Errorf("σ = %v: δ %.4f above the Gaussian's, want at most %v", sigma, worst, within)
		}
	}
}
