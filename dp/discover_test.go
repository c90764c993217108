package dp

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestDiscoverThreshold: a value that one person alone has passes with
// probability at most δ. With δ = .01 and 20,000 draws the count stays within six
// standard deviations of 200: less than once in a hundred million runs.
func TestDiscoverThreshold(t *testing.T) {
	const n, delta = 20_000, .01
	h := Histogram{Counts: slices.Repeat([]int64{1}, n)}
	h.Counts = append(h.Counts, 0, 100_000)
	kept, err := Discover(h, .01, delta, budgetOf(t, 1), bytesOf(5))
	if err != nil {
		t.Fatal(err)
	}
	passed := 0.0
	for _, k := range kept[:n] {
		if k {
			passed++
		}
	}
	if passed > n*delta+6*math.Sqrt(n*delta) || passed < n*delta/3 {
		t.Errorf("%v of %d lone values were told, want about %v at most", passed, n, n*delta)
	}
	if kept[n] || !kept[n+1] {
		t.Errorf("a value of nobody: %v, a value of many: %v", kept[n], kept[n+1])
	}
	for _, d := range []float64{0, -1, .6, math.NaN()} {
		if _, err := Discover(h, .01, Delta(d), budgetOf(t, 1), bytesOf(5)); err == nil {
			t.Errorf("δ = %v was taken", d)
		}
	}
	if _, err := Discover(h, 2, .01, budgetOf(t, 1), bytesOf(5)); !errors.Is(err, ErrSpent) {
		t.Errorf("overspending answered %v", err)
	}
}

// TestThresholdByDefinition sums the noise: a lone person's 1 passes with
// probability at most δ, and a threshold lower by three would not do.
func TestThresholdByDefinition(t *testing.T) {
	for _, v := range []Variance{MinVariance, 5*sixteenths + 3, 100 * sixteenths, 10_000 * sixteenths} {
		span := int(40*math.Sqrt(v.Float())) + 5
		p := weights(v, span)
		above := func(m int64) (sum float64) { // P(1 + X ≥ m), the smallest first
			for x := int64(span); x >= m-1; x-- {
				sum += p[x+int64(span)]
			}
			return sum
		}
		for _, d := range []float64{.5, .1, 1e-3, 1e-6, 1e-9, 1e-16, 1e-20, 1e-40, 1e-100} {
			at := threshold(v, Delta(d))
			if got := above(at); got > d {
				t.Errorf("σ²=%v δ=%v: a lone person passes %d with probability %g", v.Float(), d, at, got)
			}
			if above(at-3) < d {
				t.Errorf("σ²=%v δ=%v: a threshold of %d is higher than it need be", v.Float(), d, at)
			}
		}
	}
}

// TestDiscoverAtTinyDelta: a δ far below what 1−δ can hold is a high threshold.
// (An inverse that loses such digits would make it an overflow: everything told.)
func TestDiscoverAtTinyDelta(t *testing.T) {
	h := Histogram{Counts: []int64{1, 5, 20, 1_000_000}}
	for _, d := range []float64{1e-15, 1e-17, 1e-30, 1e-300} {
		kept, err := Discover(h, .1, Delta(d), budgetOf(t, 1), bytesOf(5))
		if err != nil || kept[0] || kept[1] || !kept[3] {
			t.Errorf("δ = %v: told %v, %v", d, kept, err)
		}
	}
}

// TestDiscoverTellsNobodysValues: a value that no row holds is never told,
// whatever the noise.
func TestDiscoverTellsNobodysValues(t *testing.T) {
	kept, err := Discover(Histogram{Counts: make([]int64, 10_000)}, .2, .5, budgetOf(t, 1), bytesOf(8))
	if err != nil || slices.Contains(kept, true) {
		t.Errorf("a value of nobody was told: %v", err)
	}
	kept, err = Discover(Histogram{}, .2, .5, budgetOf(t, 1), bytesOf(8))
	if err != nil || len(kept) != 0 {
		t.Errorf("an empty column: %v, %v", kept, err)
	}
}

// TestDiscoverFailure: a failed draw tells nothing and gives nothing back; what is
// refused spends nothing.
func TestDiscoverFailure(t *testing.T) {
	h, b := Histogram{Counts: []int64{1000}}, budgetOf(t, 1)
	for _, share := range []float64{0, -1, math.NaN(), 1e-30} {
		if _, err := Discover(h, Precision(share), .01, b, bytesOf(5)); err == nil {
			t.Errorf("a share of %v was taken", share)
		}
	}
	if b.Spent() != 0 {
		t.Errorf("refusals spent %v", b.Spent())
	}
	if kept, err := Discover(h, .25, .01, b, strings.NewReader("")); err == nil || kept != nil {
		t.Error("no random bytes: told")
	}
	if b.Spent() != .25 {
		t.Errorf("spent %v, want .25", b.Spent())
	}
}
