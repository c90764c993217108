package synth

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// square is a sample of all combinations of the sizes, equally weighted.
func square(sizes ...int) *sample {
	n := 1
	for _, s := range sizes {
		n *= s
	}
	s := &sample{sizes: sizes, workers: 2, weight: make([]float64, n), columns: make([][]uint16, len(sizes))}
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

// TestReweighReachesAttainableMarginals: on a sample that holds every
// combination, marginals of a real distribution are reached, though their pairs
// form a cycle that no small tree holds; the oracle recounts them plainly.
func TestReweighReachesAttainableMarginals(t *testing.T) {
	sizes := []int{2, 3, 2, 40} // the last column is too large for the patterns
	s := square(sizes...)
	r := pgm.NewRand(5)
	truth := make([]float64, len(s.weight))
	total := 0.0
	for i := range truth {
		truth[i] = math.Exp(2 * r.Float64())
		total += truth[i]
	}
	const n = 10000
	var ms []pgm.Measurement
	for _, c := range []microdata.Clique{{0}, {0, 1}, {1, 2}, {0, 2}, {0, 3}, {2, 3}} {
		y := make([]float64, c.Cells(sizes))
		for row, w := range truth {
			at := 0
			for _, a := range c {
				at = at*sizes[a] + int(s.columns[a][row])
			}
			y[at] += n * w / total
		}
		ms = append(ms, pgm.Measurement{Clique: c, Counts: y, Precision: []float64{1}})
	}
	if err := s.reweigh(context.Background(), ms, n, 5000, 0, quiet); err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		for c, p := range s.marginal(m.Clique) {
			if math.Abs(n*p-m.Counts[c]) > 0.5 {
				t.Errorf("columns %v cell %d: %.2f, want %.2f", m.Clique, c, n*p, m.Counts[c])
			}
		}
	}
}

// TestReweighKeepsItsEffectiveSize: however loud the evidence, the weights do
// not hang on a few records.
func TestReweighKeepsItsEffectiveSize(t *testing.T) {
	s := square(10, 10)
	y := make([]float64, 100)
	y[0] = 1000
	before := s.effective()
	if err := s.reweigh(context.Background(), []pgm.Measurement{{Clique: microdata.Clique{0, 1}, Counts: y, Precision: []float64{1}}}, 1000, 500, .3, quiet); err != nil {
		t.Fatal(err)
	}
	if got := s.effective(); got < .3*before*(1-1e-9) {
		t.Errorf("effective size fell to %.3f of %.3f", got, before)
	}
	sum := 0.0
	for _, w := range s.weight {
		sum += w
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("weights sum to %v", sum)
	}
}

func TestReweighSameForAnyWorkers(t *testing.T) {
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
		if err := s.reweigh(context.Background(), ms, 1770, 30, .3, quiet); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = s.weight
		} else if !slices.Equal(first, s.weight) {
			t.Errorf("%d workers gave other weights", workers)
		}
	}
}

func TestReweighStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := square(2, 2)
	if s.reweigh(ctx, []pgm.Measurement{{Clique: microdata.Clique{0}, Counts: []float64{9, 1}, Precision: []float64{1}}}, 10, 9, 0, quiet) == nil {
		t.Error("a cancelled tilt went on")
	}
}

// TestResampleRounds: every record is written its weight times n, rounded up or down.
func TestResampleRounds(t *testing.T) {
	s := square(4, 5)
	for r := range s.weight {
		s.weight[r] = float64(r) / 190
	}
	out := s.resample(1000, pgm.NewRand(3))
	counts := make([]float64, 20)
	for i := range out[0] {
		counts[int(out[0][i])*5+int(out[1][i])]++
	}
	for r, w := range s.weight {
		if math.Abs(counts[r]-1000*w) >= 1 {
			t.Errorf("record %d: written %v times for %.2f", r, counts[r], 1000*w)
		}
	}
}

func TestDistinct(t *testing.T) {
	first, count := distinct([][]uint16{{1, 2, 1, 1}, {0, 0, 0, 7}})
	if !slices.Equal(first, []int32{0, 1, 3}) || !slices.Equal(count, []float64{2, 1, 1}) {
		t.Errorf("first %v, count %v", first, count)
	}
}

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

// TestMergedIsTheWeightedMean: measurements of one clique become the estimate of
// least variance.
func TestMergedIsTheWeightedMean(t *testing.T) {
	ms := []dp.Measurement{
		{Clique: microdata.Clique{0, 1}, Noisy: []int64{100, 10}, Variance: 400},
		{Clique: microdata.Clique{0, 2}, Noisy: []int64{5}, Variance: 9},
		{Clique: microdata.Clique{0, 1}, Noisy: []int64{200, 50}, Variance: 400.0 / 3},
	}
	got := merged(ms)
	if len(got) != 2 || !slices.Equal(got[0].Noisy, []int64{175, 40}) || math.Abs(got[0].Variance-100-1.0/12) > 1e-9 {
		t.Errorf("got %+v", got)
	}
	if got[1].Variance != 9 || ms[0].Noisy[0] != 100 {
		t.Error("a single measurement was changed")
	}
}

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
