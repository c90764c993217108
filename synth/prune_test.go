package synth

import (
	"slices"
	"testing"

	"amparo/dp"
)

// TestUnbelieved: only cells that both noise and model doubt are marked, and
// never so many that a thin table is emptied.
func TestUnbelieved(t *testing.T) {
	m := dp.Measurement{Noisy: []int64{500, 19, 19, 21, -60, 3}, Variance: 100}
	p := []float64{.99, .0004, .009, .0005, 0, .0001}
	if got := unbelieved(m, p, 1000, 2); !slices.Equal(got, []bool{false, true, false, false, false, true}) {
		t.Errorf("marked %v", got)
	}
	thin := slices.Repeat([]float64{.001}, 1000)
	marked := unbelieved(dp.Measurement{Noisy: make([]int64, 1000), Variance: 100}, thin, 1000, 2)
	n := 0
	for _, b := range marked {
		if b {
			n++
		}
	}
	if n > 1000*mostPruned+1 {
		t.Errorf("%d of 1000 cells of a thin table were marked", n)
	}
}
