package synth

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// square is a sample of all combinations of the sizes, equally weighted.
func square(sizes ...int) *sample {
	n := 1
	for _, s := range sizes {
		n *= s
	}
	s := &sample{sizes: sizes, workers: 2, drawn: n, weight: make([]float64, n), columns: make([][]uint16, len(sizes))}
	for r := range n {
		s.weight[r] = 1 / float64(n)
		rest := r
		for a := len(sizes) - 1; a >= 0; a-- {
			s.columns[a] = append(s.columns[a], uint16(rest%sizes[a]))
			rest /= sizes[a]
		}
	}
	return s
}

func quiet(int, int) {}

// plain counts weights by the cells of c, in the plainest way.
func plain(s *sample, weight []float64, c microdata.Clique) []float64 {
	y := make([]float64, c.Cells(s.sizes))
	for row, w := range weight {
		at := 0
		for _, a := range c {
			at = at*s.sizes[a] + int(s.columns[a][row])
		}
		y[at] += w
	}
	return y
}

// cyclic are pairs that form a cycle, which no small tree holds, of columns of
// which the last is too large for the grouping.
var (
	cyclicSizes = []int{2, 3, 2, 40}
	cyclic      = []microdata.Clique{{0}, {0, 1}, {1, 2}, {0, 2}, {0, 3}, {2, 3}}
)

// cyclicEvidence returns marginals, of the given precision, of a distribution over
// all combinations, of n records.
func cyclicEvidence(s *sample, n, precision float64) (ms []pgm.Measurement) {
	r := pgm.NewRand(5)
	truth := make([]float64, len(s.weight))
	for i := range truth {
		truth[i] = math.Exp(2 * r.Float64())
	}
	scale(truth, n/sum(truth))
	for _, c := range cyclic {
		ms = append(ms, pgm.Measurement{Clique: c, Counts: plain(s, truth, c), Precision: []float64{precision}})
	}
	return ms
}

// TestRakeReachesAttainableMarginals: on a sample that holds every combination,
// loud marginals of a real distribution are reached.
func TestRakeReachesAttainableMarginals(t *testing.T) {
	s := square(cyclicSizes...)
	ms := cyclicEvidence(s, 10_000, 100)
	if err := s.rake(context.Background(), ms, 10_000, false, quiet); err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		for c, p := range plain(s, s.weight, m.Clique) {
			if math.Abs(10_000*p-m.Counts[c]) > 0.05 {
				t.Errorf("columns %v cell %d: %.3f, want %.3f", m.Clique, c, 10_000*p, m.Counts[c])
			}
		}
	}
}

// TestRakeIsTheOptimum: for quiet evidence the weights satisfy the conditions of the
// optimum that rake's doc states: W ∝ W₀·exp(Σθ), ΣW the total, and θ = −trust·precision·(count −
// measured) for every cell of every margin. They are sufficient, as the problem is
// convex. The first turns are far from them.
func TestRakeIsTheOptimum(t *testing.T) {
	s := square(cyclicSizes...)
	const n, precision = 10_000, 1e-4
	scale(s.weight, n)
	r := newRaking(s, cyclicEvidence(s, n, precision))
	start := slices.Clone(s.weight)
	off := func() (worst float64) {
		for _, m := range r.margins {
			for c, count := range plain(s, s.weight, m.Clique) {
				worst = max(worst, math.Abs(m.theta[c]+rakeTrust*precision*(count-m.Counts[c])))
			}
		}
		return worst
	}
	r.sweep(rakeTrust)
	if off() < 1e-3 {
		t.Error("one sweep was enough: this test sees nothing")
	}
	for range 600 {
		r.sweep(rakeTrust)
	}
	if got := off(); got > 1e-6 {
		t.Errorf("a cell is %v from its optimum", got)
	}
	if got := sum(s.weight); math.Abs(got/n-1) > 1e-9 {
		t.Errorf("the weights add up to %v", got)
	}
	factor := 0.0 // of all records
	for row, w := range s.weight {
		theta := 0.0
		for _, m := range r.margins {
			at := 0
			for _, a := range m.Clique {
				at = at*s.sizes[a] + int(s.columns[a][row])
			}
			theta += m.theta[at]
		}
		want := start[row] * math.Exp(theta)
		if row == 0 {
			factor = w / want
		}
		if math.Abs(w/want/factor-1) > 1e-9 {
			t.Fatalf("record %d weighs %v, its cells say %v times what all are multiplied by", row, w, want)
		}
	}
}

// TestTurnLowersTheObjective: no turn raises what rake minimises, worked out from
// scratch.
func TestTurnLowersTheObjective(t *testing.T) {
	s := square(cyclicSizes...)
	const n = 10_000
	ms := cyclicEvidence(s, n, 1e-3)
	for k := range ms { // noise that no distribution has
		for c := range ms[k].Counts {
			ms[k].Counts[c] += 60 * math.Sin(float64(7*k+c*c))
		}
	}
	scale(s.weight, n)
	r := newRaking(s, ms)
	start := slices.Clone(s.weight)
	dual := func() float64 { // of the problem: it rises to the optimum
		v, whole := 0.0, math.Log(s.weight[0]/start[0]) // whole: the multiplier of the total
		for _, m := range r.margins {
			at := 0
			for _, a := range m.Clique {
				at = at*s.sizes[a] + int(s.columns[a][0])
			}
			whole -= m.theta[at]
		}
		v += whole * n
		for i, w := range s.weight {
			v += start[i] - w
		}
		for _, m := range r.margins {
			for c, theta := range m.theta {
				v += theta*m.Counts[c] - theta*theta/2/(rakeTrust*1e-3)
			}
		}
		return v
	}
	last := dual()
	for range 10 {
		for k := range r.margins {
			r.turn(&r.margins[k], rakeTrust, s.weight, s.columns)
			now := dual()
			if now < last-1e-6 {
				t.Fatalf("a turn of %v took the dual from %v to %v", ms[k].Clique, last, now)
			}
			last = now
		}
	}
}

// TestSettle compares Newton's root with one found by halving.
func TestSettle(t *testing.T) {
	for _, a := range []float64{1e-9, 1e-4, .01, 3, 1e4} {
		for _, count := range []float64{0, 1e-12, 1, 500, 1e6} {
			for _, measured := range []float64{-300, 0, 1, 480, 2e6} {
				for _, theta := range []float64{-9, 0, .5, 4} {
					g := func(z float64) float64 { return theta + z + a*(count*math.Exp(z)-measured) }
					lo, hi := -mostMove-1., mostMove+1.
					for range 100 {
						if m := (lo + hi) / 2; g(m) < 0 {
							lo = m
						} else {
							hi = m
						}
					}
					want := min(max(lo, -mostMove), mostMove)
					if got := settle(a, count, measured, theta); math.Abs(got-want) > 1e-7 {
						t.Errorf("a %v, count %v, measured %v, θ %v: %v, want %v", a, count, measured, theta, got, want)
					}
				}
			}
		}
	}
}

// TestRakeBeatsNoise: measured with noise, the raked marginals are nearer the truth
// than the measurements are: pairs that overlap share what they know.
func TestRakeBeatsNoise(t *testing.T) {
	s := square(2, 2, 2, 2, 2)
	const n, sigma = 10_000, 60
	r := pgm.NewRand(8)
	truth := make([]float64, 32)
	for i := range truth {
		truth[i] = .5 + r.Float64()
	}
	scale(truth, n/sum(truth))
	var ms []pgm.Measurement
	var noise float64
	for _, c := range microdata.AllCliques(5, 2) {
		y := plain(s, truth, c)
		for i := range y {
			e := sigma * (r.Float64() + r.Float64() + r.Float64() - 1.5) * 2 // variance σ²
			y[i] += e
			noise += e * e
		}
		ms = append(ms, pgm.Measurement{Clique: c, Counts: y, Precision: []float64{1. / sigma / sigma}})
	}
	if err := s.rake(context.Background(), ms, n, false, quiet); err != nil {
		t.Fatal(err)
	}
	left := 0.0
	for _, m := range ms {
		want := plain(s, truth, m.Clique)
		for c, p := range plain(s, s.weight, m.Clique) {
			left += (n*p - want[c]) * (n*p - want[c])
		}
	}
	if left > .6*noise { // 16 free numbers of 40 measured
		t.Errorf("%.3f of the squared noise is left", left/noise)
	}
}

// TestRakeKeepsItsEffectiveSize: however loud the evidence, the weights do not
// hang on a few records.
func TestRakeKeepsItsEffectiveSize(t *testing.T) {
	s := square(10, 10)
	y := make([]float64, 100)
	y[0] = 1000
	start := slices.Clone(s.weight)
	if err := s.rake(context.Background(), []pgm.Measurement{{Clique: microdata.Clique{0, 1}, Counts: y, Precision: []float64{1}}}, 1000, false, quiet); err != nil {
		t.Fatal(err)
	}
	// One record of a hundred would be 0.01.
	if got := effective(s.weight, start); got < leastESS {
		t.Errorf("%.3f of the sample is left", got)
	}
	if got := sum(s.weight); math.Abs(got-1) > 1e-9 {
		t.Errorf("weights sum to %v", got)
	}
}

// TestRakeSaysNothingOfNothing: no measurement, or one without precision, moves no
// weight.
func TestRakeSaysNothingOfNothing(t *testing.T) {
	for _, ms := range [][]pgm.Measurement{nil, {{Clique: microdata.Clique{0}, Counts: []float64{90, -9}, Precision: []float64{0}}}} {
		s := square(2, 3)
		if err := s.rake(context.Background(), ms, 50, false, quiet); err != nil {
			t.Fatal(err)
		}
		for _, w := range s.weight {
			if math.Abs(w-1./6) > 1e-12 {
				t.Errorf("a weight moved to %v", w)
			}
		}
	}
}

// TestPatternsChangeNothing: turns on patterns do what turns on records do.
func TestPatternsChangeNothing(t *testing.T) {
	var by, plainly []float64
	for _, patterns := range []bool{true, false} {
		s := square(2, 3, 2, 50)
		r := newRaking(s, cyclicEvidence(s, 10_000, 1e-3)[:5])
		if len(r.inner) == 0 || len(r.outer) == 0 {
			t.Fatalf("%d margins on patterns, %d on records: both are to be tested", len(r.inner), len(r.outer))
		}
		if !patterns {
			r.outer, r.inner = append(r.outer, r.inner...), nil
		}
		scale(s.weight, 10_000)
		for range 4 {
			r.sweep(rakeTrust)
		}
		if patterns {
			by = s.weight
		} else {
			plainly = s.weight
		}
	}
	for i := range by {
		if math.Abs(by[i]-plainly[i]) > 1e-9*plainly[i] {
			t.Fatalf("record %d weighs %v by patterns, %v without", i, by[i], plainly[i])
		}
	}
}

func TestRakeSameForAnyWorkers(t *testing.T) {
	var first []float64
	for _, workers := range []int{1, 2, 4} {
		s := square(2, 3, 2, 30)
		s.workers = workers
		y := make([]float64, 60)
		for i := range y {
			y[i] = float64(i)
		}
		ms := []pgm.Measurement{
			{Clique: microdata.Clique{0, 3}, Counts: y, Precision: []float64{.1}},
			{Clique: microdata.Clique{0, 1}, Counts: y[:6], Precision: []float64{1}},
		}
		if err := s.rake(context.Background(), ms, 1770, false, quiet); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = s.weight
		} else if !slices.Equal(first, s.weight) {
			t.Errorf("%d workers gave other weights", workers)
		}
	}
}

func TestRakeStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := square(2, 2)
	if s.rake(ctx, []pgm.Measurement{{Clique: microdata.Clique{0}, Counts: []float64{9, 1}, Precision: []float64{1}}}, 10, false, quiet) == nil {
		t.Error("a cancelled tilt went on")
	}
}

func BenchmarkSweep(b *testing.B) {
	s := square(2, 2, 2, 2, 2, 2, 2, 2, 20, 60)
	var ms []pgm.Measurement
	for _, c := range microdata.AllCliques(10, 2) {
		ms = append(ms, pgm.Measurement{Clique: c, Counts: plain(s, s.weight, c), Precision: []float64{1e-4}})
	}
	r := newRaking(s, ms)
	for b.Loop() {
		r.sweep(rakeTrust)
	}
}
