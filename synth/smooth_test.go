package synth

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

func ordered(n int) *microdata.Column {
	c := &microdata.Column{Name: "n", Ordered: true}
	for i := range n {
		c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(i)})
	}
	return c
}

// TestOntoIsTheNearestPoint: the projection meets the conditions of its optimum
// (Karush, Kuhn and Tucker): one τ for all that is positive, and what is zero was
// below it.
func TestOntoIsTheNearestPoint(t *testing.T) {
	r := pgm.NewRand(5)
	for range 500 {
		y := make([]float64, 1+r.IntN(12))
		for i := range y {
			y[i] = 100 * (r.Float64() - .4)
		}
		total := 1 + 200*r.Float64()
		x := onto(y, total)
		tau := math.Inf(-1)
		for i := range x {
			if x[i] > 0 {
				tau = y[i] - x[i]
			}
		}
		for i := range x {
			if x[i] < 0 || x[i] > 0 && math.Abs(y[i]-x[i]-tau) > 1e-9 || x[i] == 0 && y[i] > tau+1e-9 {
				t.Fatalf("%v onto %v: %v", y, total, x)
			}
		}
		if math.Abs(sum(x)-total) > 1e-9*total {
			t.Fatalf("%v sums to %v, want %v", x, sum(x), total)
		}
	}
}

// TestEstimateWithoutNoise gives the counts back, whatever the column.
func TestEstimateWithoutNoise(t *testing.T) {
	noisy := []int64{0, 5, 900, 3, 0, 0, 40, 41, 39, 7, 1}
	for _, c := range []*microdata.Column{ordered(len(noisy)), {Levels: ordered(len(noisy)).Levels}} {
		for l, v := range estimate(c, noisy, 0) {
			if math.Abs(v-float64(noisy[l])) > 1e-9 {
				t.Errorf("ordered %v: level %d: %v, want %d", c.Ordered, l, v, noisy[l])
			}
		}
	}
}

// TestEstimateBelievesNeighbours: of an even column under much noise little but
// the total is left; one level that stands far out of the noise stays.
func TestEstimateBelievesNeighbours(t *testing.T) {
	r := pgm.NewRand(9)
	const n, sigma = 64, 30.0
	noisy, flat := make([]int64, n), make([]int64, n)
	for l := range noisy {
		z := -6.0
		for range 12 {
			z += r.Float64()
		}
		flat[l] = int64(math.Round(50 + sigma*z))
	}
	copy(noisy, flat)
	noisy[37] += 4000
	off := func(noisy []int64, peak int, c *microdata.Column) (total float64) {
		for l, v := range estimate(c, noisy, sigma*sigma) {
			want := 50.0
			if l == peak {
				want += 4000
			}
			total += math.Abs(v - want)
		}
		return total
	}
	plain := &microdata.Column{Levels: ordered(n).Levels}
	if a, b := off(flat, -1, ordered(n)), off(flat, -1, plain); a > b/2 {
		t.Errorf("an even column is off by %.0f, by %.0f without order", a, b)
	}
	if a, b := off(noisy, 37, ordered(n)), off(noisy, 37, plain); a > b*.8 {
		t.Errorf("with a peak the column is off by %.0f, by %.0f without order", a, b)
	}
	if got := estimate(ordered(n), noisy, sigma*sigma)[37]; got < 3900 {
		t.Errorf("the peak of 4050 became %.0f", got)
	}
}

// TestDrawTogetherKeepsSums: every bin's halves still add up to the bin.
func TestDrawTogetherKeepsSums(t *testing.T) {
	y := []float64{9, 1, 4, 0, 0, 30, 2, 2, 8}
	c := ordered(len(y))
	steps := c.Steps()
	slices.Reverse(steps)
	root := microdata.Coarsening{Levels: make([]microdata.Level, 1), Of: make([]uint16, len(y))}
	got := drawTogether(append([]microdata.Coarsening{root}, steps...), y, 25)
	if math.Abs(sum(got)-sum(y)) > 1e-9 {
		t.Errorf("sum %v, want %v", sum(got), sum(y))
	}
	if slices.Equal(got, y) {
		t.Error("nothing was drawn together")
	}
}

// TestOneWayShare rises as the budget falls, within its limits.
func TestOneWayShare(t *testing.T) {
	last := oneWayShare(10)
	if last != .1 || oneWayShare(1e-6) != .3 {
		t.Errorf("limits %v, %v", last, oneWayShare(1e-6))
	}
	for mu := 1.0; mu > 1e-3; mu *= .9 {
		now := oneWayShare(dp.Mu(mu))
		if now < last {
			t.Errorf("at μ = %v the share falls to %v", mu, now)
		}
		last = now
	}
}

// TestEstimateLeavesTheHierarchy of an ordered column as it is, finer steps first.
func TestEstimateLeavesTheHierarchy(t *testing.T) {
	c := ordered(8)
	c.Hierarchy = c.Steps()
	want := slices.Clone(c.Hierarchy)
	estimate(c, []int64{9, 1, 4, 0, 0, 30, 2, 2}, 25)
	if !slices.EqualFunc(c.Hierarchy, want, func(a, b microdata.Coarsening) bool { return a.Name == b.Name }) {
		t.Errorf("steps %v became %v", want, c.Hierarchy)
	}
}
