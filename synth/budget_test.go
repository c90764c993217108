package synth

import (
	"math"
	"slices"
	"testing"

	"amparo/dp"
)

// TestSplitIsOptimal: shares sum to the whole, and moving precision between any
// two tables only adds noise (the condition of Lagrange).
func TestSplitIsOptimal(t *testing.T) {
	cells := []int{2, 30, 400, 7}
	noise := func(shares []dp.Precision) (sum float64) {
		for i, s := range shares {
			sum += float64(cells[i]) * math.Sqrt(2/math.Pi) / math.Sqrt(float64(s))
		}
		return sum
	}
	costs := make([]float64, len(cells))
	for i, c := range cells {
		costs[i] = noiseCost(float64(c))
	}
	shares := split(3, costs)
	sum := dp.Precision(0)
	for _, s := range shares {
		sum += s
	}
	if math.Abs(float64(sum)-3) > 1e-12 {
		t.Errorf("shares sum to %v", sum)
	}
	least := noise(shares)
	for i := range shares {
		for j := range shares {
			moved := slices.Clone(shares)
			moved[i] += 1e-3
			moved[j] -= 1e-3
			if noise(moved) < least-1e-9 {
				t.Errorf("moving precision from %d to %d lowers the noise", j, i)
			}
		}
	}
	// The closed form of the whole set's noise, which choose relies on.
	cost := 0.0
	for _, c := range costs {
		cost += c
	}
	if want := math.Pow(cost, 1.5) / math.Sqrt(3); math.Abs(least-want) > 1e-9*want {
		t.Errorf("noise %v, closed form %v", least, want)
	}
}
