package synth

import (
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// nearestBySearch is the oracle of onto: the nearest point to y that is not negative
// and sums to total, by trying every set of entries that may be positive.
func nearestBySearch(y []float64, total float64) (best []float64) {
	least := math.Inf(1)
	for set := 1; set < 1<<len(y); set++ {
		sum, n := 0.0, 0.0
		for i, v := range y {
			if set>>i&1 == 1 {
				sum, n = sum+v, n+1
			}
		}
		x, far, ok := make([]float64, len(y)), 0.0, true
		for i, v := range y {
			if set>>i&1 == 1 {
				x[i] = v - (sum-total)/n
				ok = ok && x[i] >= 0
			}
			far += (x[i] - v) * (x[i] - v)
		}
		if ok && far < least {
			least, best = far, x
		}
	}
	return best
}

// TestOntoEqualsSearch on up to nine entries, ties and hopeless ones among them.
func TestOntoEqualsSearch(t *testing.T) {
	r := pgm.NewRand(15)
	for range 150 {
		y := make([]float64, 1+r.IntN(9))
		for i := range y {
			y[i] = math.Round(40 * (r.Float64() - .5))
		}
		if len(y) > 2 && r.IntN(3) == 0 {
			y[1], y[2] = y[0], y[0]-1e5
		}
		total := 1 + 60*r.Float64()
		got, want := onto(y, total), nearestBySearch(y, total)
		if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }) {
			t.Fatalf("%v onto %v: %v, by search %v", y, total, got, want)
		}
	}
}

// binaryTree is the steps of a column of n ordered levels, coarsest first, with a root.
func binaryTree(n int) []microdata.Coarsening {
	steps := ordered(n).Steps()
	slices.Reverse(steps)
	return append([]microdata.Coarsening{{Levels: make([]microdata.Level, 1), Of: make([]uint16, n)}}, steps...)
}

// TestDrawTogetherLimits: without noise nothing moves; with endless noise all bins
// are level; between the two, for a pair of halves alone, the closed form of the
// garrote.
func TestDrawTogetherLimits(t *testing.T) {
	r := pgm.NewRand(33)
	for _, n := range []int{1, 2, 3, 8, 13, 100} {
		y := make([]float64, n)
		for i := range y {
			y[i] = 1000*r.Float64() - 200
		}
		for i, v := range drawTogether(binaryTree(n), y, 0) {
			if math.Abs(v-y[i]) > 1e-6 {
				t.Errorf("%d levels without noise: level %d of %v became %v", n, i, y[i], v)
			}
		}
		for i, v := range drawTogether(binaryTree(n), y, 1e18) {
			if mean := sum(y) / float64(n); math.Abs(v-mean) > 1e-6 {
				t.Errorf("%d levels, all noise: level %d is %v, the mean %v", n, i, v, mean)
			}
		}
	}
	for _, c := range []struct{ a, b, variance float64 }{{100, 20, 50}, {100, 90, 1e4}, {7, 7, 3}, {30, -10, 200}} {
		got := drawTogether(binaryTree(2), []float64{c.a, c.b}, c.variance)
		// keep = 1 − noise/squares, where the halves' differences from their mean have
		// squares (a−b)²/2 and noise of variance·2·½ in all.
		d := (c.a - c.b) / 2
		keep := 0.0
		if d != 0 {
			keep = max(1-c.variance/(2*d*d), 0)
		}
		want := (c.a+c.b)/2 + keep*d
		if math.Abs(got[0]-want) > 1e-9 || math.Abs(got[0]+got[1]-c.a-c.b) > 1e-9 {
			t.Errorf("%v and %v with noise of %v: %v, want %v", c.a, c.b, c.variance, got, want)
		}
	}
}

// TestDrawTogetherShrinks: never apart, and with more noise never further apart than
// with less.
func TestDrawTogetherShrinks(t *testing.T) {
	r := pgm.NewRand(34)
	for range 60 {
		y := []float64{200 * r.Float64(), 200 * r.Float64(), 200 * r.Float64(), 200 * r.Float64()}
		last := math.Inf(1)
		for variance := 1.0; variance < 1e6; variance *= 3 {
			x := drawTogether(binaryTree(4), y, variance)
			apart := math.Abs(x[0] + x[1] - x[2] - x[3])
			if apart > last+1e-9 {
				t.Fatalf("%v: with noise of %v the halves are %v apart, with less %v", y, variance, apart, last)
			}
			last = apart
			if apart > math.Abs(y[0]+y[1]-y[2]-y[3])+1e-9 {
				t.Fatalf("%v: the halves were drawn apart", y)
			}
		}
	}
}

// TestRefineIsExact: of every group, each level gets its share of the rows rounded up
// or down, no row leaves its group, and over 300 seeds the mean is the share itself:
// a rounding has a standard deviation of ½ at most, so that the mean of 300 is within
// 0.18, six of its own, of the share; for 12 levels by chance once in 10⁷.
func TestRefineIsExact(t *testing.T) {
	step := &microdata.Coarsening{Levels: levels("a", "[x]", "[y]", "d"), Of: []uint16{0, 1, 2, 1, 3, 1, 2, 1, 2, 2, 2, 1}}
	estimate := []float64{9, 4, 0, 1, 7, 2.5, 0, 0, 0, 0, 0, .25}
	rows := []int{7, 101, 33, 0}
	mean := make([]float64, 12)
	for seed := range uint64(300) {
		var column []uint16
		for g, n := range rows {
			column = append(column, slices.Repeat([]uint16{uint16(g)}, n)...)
		}
		before := slices.Clone(column)
		refine(column, step, estimate, pgm.NewRand(seed))
		counts := make([]float64, 12)
		for i, v := range column {
			if step.Of[v] != before[i] {
				t.Fatalf("seed %d: a row went from group %d to level %d", seed, before[i], v)
			}
			counts[v]++
			mean[v] += 1. / 300
		}
		for g, of := range members(step) {
			for k, share := range within(estimate, of) {
				if math.Abs(counts[of[k]]-share*float64(rows[g])) >= 1+1e-9 {
					t.Fatalf("seed %d: level %d has %v rows, its share is %.2f", seed, of[k], counts[of[k]], share*float64(rows[g]))
				}
			}
		}
	}
	for g, of := range members(step) {
		for k, share := range within(estimate, of) {
			if want := share * float64(rows[g]); math.Abs(mean[of[k]]-want) > .18 {
				t.Errorf("level %d has %.2f rows in the mean, its share is %.2f", of[k], mean[of[k]], want)
			}
		}
	}
}

// TestWithin: shares are not negative and add up to one, in proportion to estimates.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		estimate []float64
		levels   []int
		want     []float64
	}{
		{[]float64{3, 9, 1}, []int{0, 2}, []float64{.75, .25}},
		{[]float64{0, 9, 0}, []int{0, 2}, []float64{.5, .5}},
		{[]float64{0, 9, 0}, []int{1}, []float64{1}},
		{[]float64{0, 0, 5}, []int{0, 1, 2}, []float64{0, 0, 1}},
	} {
		if got := within(c.estimate, c.levels); !slices.Equal(got, c.want) {
			t.Errorf("%v of %v: %v, want %v", c.levels, c.estimate, got, c.want)
		}
	}
}

// TestMergedHasTheLeastVariance: simulated, the combination of two or three
// measurements is unbiased with the variance it states, to within the rounding.
// 4,000 counts: the mean is within five standard deviations, the mean square within
// five of its own (√(2/4000)), of what is stated, but for a chance of 10⁻⁶.
func TestMergedHasTheLeastVariance(t *testing.T) {
	r := pgm.NewRand(44)
	normal := func(sd float64) int64 {
		z := -6.0
		for range 12 {
			z += r.Float64()
		}
		return int64(math.Round(sd * z))
	}
	for _, sds := range [][]float64{{10, 10}, {4, 30}, {9, 12, 15}} {
		const n = 4000
		var ms []dp.Measurement
		inverse := 0.0
		for _, sd := range sds {
			m := dp.Measurement{Clique: microdata.Clique{1}, Noisy: make([]int64, n), Variance: sd*sd + 1./12}
			for i := range m.Noisy {
				m.Noisy[i] = 700 + normal(sd)
			}
			ms, inverse = append(ms, m), inverse+1/m.Variance
		}
		got := merged(ms)
		if len(got) != 1 || math.Abs(got[0].Variance-1/inverse-1./12) > 1e-9 {
			t.Fatalf("%v: %d tables, variance %v, want %v", sds, len(got), got[0].Variance, 1/inverse+1./12)
		}
		mean, squares := 0.0, 0.0
		for _, y := range got[0].Noisy {
			d := float64(y) - 700
			mean, squares = mean+d/n, squares+d*d/n
		}
		if v := got[0].Variance; math.Abs(mean) > 5*math.Sqrt(v/n) || math.Abs(squares/v-1) > 5*math.Sqrt(2./n) {
			t.Errorf("%v: bias %.3f, mean square %.2f, stated %.2f", sds, mean, squares, v)
		}
	}
}

// TestTotalOf is the weighted mean of the columns' sums: a column of many levels says
// less of the total, and one row at least is taken to be there.
func TestTotalOf(t *testing.T) {
	a := dp.Measurement{Noisy: []int64{60, 40}, Variance: 8}
	b := dp.Measurement{Noisy: []int64{40, 40, 40, 40}, Variance: 12}
	if got, want := totalOf([]dp.Measurement{a, b}), (100./16+160./48)/(1./16+1./48); math.Abs(got-want) > 1e-12 {
		t.Errorf("total %v, want %v", got, want)
	}
	if got := totalOf([]dp.Measurement{{Noisy: []int64{-90, 3}, Variance: 1}}); got != 1 {
		t.Errorf("of fewer than nobody: %v", got)
	}
}
