package evaluate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

func table(t *testing.T, sizes []int, rows [][]uint16) microdata.Counter {
	t.Helper()
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for l := range n {
			columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		for _, r := range rows {
			codes[i] = append(codes[i], r[i])
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(tab, 1)
}

// TestCompareByHand: distances small enough to work out on paper.
func TestCompareByHand(t *testing.T) {
	real := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 0}, {1, 1}, {1, 1}})
	crossed := table(t, []int{2, 2}, [][]uint16{{0, 1}, {1, 0}})
	half := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 1}})
	for _, c := range []struct {
		name       string
		synthetic  microdata.Counter
		order      int
		mean, most float64
	}{
		{"itself, 1", real, 1, 0, 0},
		{"itself, 2", real, 2, 0, 0},
		{"crossed, 1", crossed, 1, 0, 0},
		{"crossed, 2", crossed, 2, 1, 1},
		{"half, 1", half, 1, .25, .5},
		{"half, 2", half, 2, .5, .5},
	} {
		d, err := Compare(context.Background(), real, c.synthetic, c.order)
		if s := d.Synthetic; err != nil || math.Abs(s.Mean-c.mean) > 1e-12 || math.Abs(s.Worst-c.most) > 1e-12 {
			t.Errorf("%s: %+v, %v", c.name, d, err)
		}
	}
	d, err := Compare(context.Background(), real, real, 2)
	if err != nil || math.Abs(d.Independent.Mean-.5) > 1e-12 {
		t.Errorf("independent: %+v, %v", d.Independent, err)
	}
	if d, _ := Compare(context.Background(), real, real, 1); d.Independent.Mean > 1e-12 {
		t.Errorf("independent singles: %+v", d.Independent)
	}
}

// TestAgainstProductEqualsDefinition: the short sum over cells with rows is
// ½ Σ|p − product| over all cells.
func TestAgainstProductEqualsDefinition(t *testing.T) {
	rows := [][]uint16{{0, 0, 1}, {0, 1, 2}, {1, 1, 2}, {0, 0, 0}, {1, 2, 2}, {1, 2, 1}, {0, 2, 0}}
	counter := table(t, []int{2, 3, 3}, rows)
	singles, _ := counter.Count(context.Background(), microdata.AllCliques(3, 1))
	for _, c := range append(microdata.AllCliques(3, 2), microdata.AllCliques(3, 3)...) {
		counted, _ := counter.Count(context.Background(), []microdata.Clique{c})
		product := []float64{1}
		for _, a := range c {
			var next []float64
			for _, p := range product {
				for _, k := range singles[a].Counts {
					next = append(next, p*float64(k)/float64(len(rows)))
				}
			}
			product = next
		}
		want := 0.0
		for i, k := range counted[0].Counts {
			want += math.Abs(float64(k)/float64(len(rows))-product[i]) / 2
		}
		if got := againstProduct(counted[0].Counts, c, singles); math.Abs(got-want) > 1e-12 {
			t.Errorf("columns %v: %v, want %v", c, got, want)
		}
	}
}

func TestCompareRefusesOtherDomains(t *testing.T) {
	a := table(t, []int{2, 2}, [][]uint16{{0, 0}})
	for _, b := range []microdata.Counter{table(t, []int{2}, [][]uint16{{0}}), table(t, []int{2, 3}, [][]uint16{{0, 0}})} {
		if _, err := Compare(context.Background(), a, b, 1); err == nil {
			t.Error("another domain was compared")
		}
	}
}

func TestCompareEmpty(t *testing.T) {
	empty, one := table(t, []int{2}, nil), table(t, []int{2}, [][]uint16{{1}})
	if d, _ := Compare(context.Background(), empty, empty, 1); d.Synthetic.Mean != 0 {
		t.Errorf("empty against empty: %+v", d)
	}
	if d, _ := Compare(context.Background(), one, empty, 1); d.Synthetic.Mean != 1 {
		t.Errorf("empty against one row: %+v", d)
	}
}

// TestMeanDeviation: De Moivre's formula against the sum that defines it, and
// Gauss's where it takes over.
func TestMeanDeviation(t *testing.T) {
	for _, n := range []float64{2, 5, 17, 60} {
		for k := 1.0; k < n; k++ {
			p, want := k/n, 0.0
			for x := 0.0; x <= n; x++ {
				a, _ := math.Lgamma(n + 1)
				b, _ := math.Lgamma(x + 1)
				c, _ := math.Lgamma(n - x + 1)
				want += math.Abs(x-k) * math.Exp(a-b-c+x*math.Log(p)+(n-x)*math.Log1p(-p))
			}
			if got := meanDeviation(n, k); math.Abs(got-want) > 1e-9*want {
				t.Errorf("n %v, k %v: %v, want %v", n, k, got, want)
			}
		}
	}
	exact, gauss := meanDeviation(1e5, 1000), meanDeviation(1e5, 1001)
	if math.Abs(gauss/exact-math.Sqrt(1001.0/1000)) > 2e-4 {
		t.Errorf("%v at 1000, %v at 1001", exact, gauss)
	}
}

// TestResampled: the expected distance of a fresh sample, against the mean of many;
// false alarm below 1 in 10⁶ (five standard errors).
func TestResampled(t *testing.T) {
	counts := []int64{0, 1, 4, 25, 70}
	r := rand.New(rand.NewPCG(1, 2))
	const tries = 4000
	mean, square := 0.0, 0.0
	for range tries {
		drawn := make([]int64, len(counts))
		for range 100 {
			at, x := 0, r.Int64N(100)
			for x >= counts[at] {
				x -= counts[at]
				at++
			}
			drawn[at]++
		}
		v := variation(counts, drawn)
		mean += v / tries
		square += v * v / tries
	}
	if got, sd := newDeviations(100).expected(counts), math.Sqrt((square-mean*mean)/tries); math.Abs(got-mean) > 5*sd {
		t.Errorf("expected %v, drawn %v ± %v", got, mean, sd)
	}
}

// TestCompareAgainstMaps: distances and combinations of random tables, worked out
// once more from maps of rows, with unused and missing levels among them.
func TestCompareAgainstMaps(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	sizes := []int{3, 6, 2, 9, 4}
	draw := func(n int) (rows [][]uint16) {
		for range n {
			row := make([]uint16, len(sizes))
			for i, s := range sizes {
				row[i] = uint16(r.IntN(s)) / 2 * 2 % uint16(s) // odd levels are never used
			}
			rows = append(rows, row)
		}
		return rows
	}
	for range 20 {
		a, b := draw(1+r.IntN(60)), draw(1+r.IntN(60))
		real, synthetic := missingFirst(t, table(t, sizes, a)), missingFirst(t, table(t, sizes, b))
		for order := 1; order <= 4; order++ {
			got, err := Compare(context.Background(), real, synthetic, order)
			if err != nil {
				t.Fatal(err)
			}
			want, most, sets := Combinations{Order: order}, 0.0, microdata.AllCliques(len(sizes), order)
			mean := 0.0
			for _, c := range sets {
				p, q := byKey(a, c), byKey(b, c)
				keys := map[string]bool{}
				for k := range p {
					keys[k] = true
				}
				for k := range q {
					keys[k] = true
				}
				v := 0.0
				for k := range keys {
					v += math.Abs(float64(p[k])/float64(len(a))-float64(q[k])/float64(len(b))) / 2
					if strings.Contains(k, " 0") {
						continue
					}
					if q[k] > 0 {
						want.Synthetic++
						b := &want.Buckets[slowBucket(q[k])]
						b.Synthetic++
						if p[k] == 0 {
							want.Fabricated++
							b.Invented++
						}
					}
					if p[k] > 0 {
						b := &want.Buckets[slowBucket(p[k])]
						b.Real++
						b.Error += int64(max(p[k]-q[k], q[k]-p[k]))
						b.preserved += float64(min(p[k], q[k])) / float64(p[k])
						if q[k] == 0 {
							b.Lost++
						}
					}
				}
				mean += v / float64(len(sets))
				most = max(most, v)
			}
			for i := range got.Combinations.Buckets { // sums in another order
				if b, w := &got.Combinations.Buckets[i], want.Buckets[i]; math.Abs(b.preserved-w.preserved) < 1e-9 {
					b.preserved = w.preserved
				}
			}
			if math.Abs(got.Synthetic.Mean-mean) > 1e-9 || math.Abs(got.Synthetic.Worst-most) > 1e-9 || got.Combinations != want {
				t.Fatalf("order %d: %+v %+v\nwant %v %v %+v", order, got.Synthetic, got.Combinations, mean, most, want)
			}
		}
	}
}

func slowBucket(n int) int {
	switch {
	case n < 10:
		return 0
	case n < 100:
		return 1
	case n < 500:
		return 2
	}
	return 3
}

func byKey(rows [][]uint16, c microdata.Clique) map[string]int {
	out := map[string]int{}
	for _, row := range rows {
		key := ""
		for _, a := range c {
			key += fmt.Sprint(" ", row[a])
		}
		out[key]++
	}
	return out
}

// missingFirst says that level 0 of every column is no answer.
func missingFirst(t *testing.T, c microdata.Counter) microdata.Counter {
	t.Helper()
	d := c.Domain()
	steps := make([]*microdata.Coarsening, d.Len())
	for i := range steps {
		s := &microdata.Coarsening{}
		for l := range d.Size(i) {
			level := d.Column(i).Levels[l]
			if l == 0 {
				level.Missing = microdata.Unknown
			}
			s.Levels, s.Of = append(s.Levels, level), append(s.Of, uint16(l))
		}
		steps[i] = s
	}
	out, err := c.Coarsen(steps)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestShares: nothing of nothing is no share.
func TestShares(t *testing.T) {
	c := Combinations{Synthetic: 8, Fabricated: 2, Buckets: [4]Bucket{{Real: 5, Lost: 4}, {Real: 3}, {Real: 2, Lost: 1}}}
	if c.FabricatedShare() != .25 || c.SuppressedShare(0) != .5 || c.SuppressedShare(1) != .2 || c.SuppressedShare(3) != 0 || (Combinations{}).FabricatedShare() != 0 {
		t.Errorf("%+v", c)
	}
}

// TestFitting: parts are never empty, and never hold more than they may.
func TestFitting(t *testing.T) {
	sizes := []int{3000, 3000, 2, 2}
	sets := []microdata.Clique{{0, 1}, {2, 3}, {0, 1}}
	if n := fitting(sets, sizes); n != 1 {
		t.Errorf("%d sets with one of 9 million cells", n)
	}
	if n := fitting(slices.Repeat([]microdata.Clique{{2, 3}}, 2000), sizes); n != mostSets {
		t.Errorf("%d small sets", n)
	}
	if n := fitting(sets[1:2], sizes); n != 1 {
		t.Errorf("%d of one", n)
	}
}

// TestWorstSets: the ten of greatest distance among all, each beside its yardsticks, and
// Measure says the same of each by itself.
func TestWorstSets(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 20))
	sizes := []int{3, 6, 2, 9, 4, 2, 2}
	real, synthetic := table(t, sizes, population(r, sizes, 90)), table(t, sizes, population(r, sizes, 70))
	for order := 1; order <= 3; order++ {
		c, err := Compare(context.Background(), real, synthetic, order)
		if err != nil {
			t.Fatal(err)
		}
		sets := microdata.AllCliques(len(sizes), order)
		all, err := Measure(context.Background(), real, synthetic, sets)
		if err != nil || len(all) != len(sets) {
			t.Fatalf("%d of %d sets, %v", len(all), len(sets), err)
		}
		mean := Set{}
		for i, s := range all {
			if !slices.Equal(s.Columns, sets[i]) {
				t.Fatalf("set %d is %v", i, s.Columns)
			}
			mean.Synthetic += s.Synthetic / float64(len(all))
			mean.Independent += s.Independent / float64(len(all))
			mean.Resample += s.Resample / float64(len(all))
		}
		if math.Abs(mean.Synthetic-c.Synthetic.Mean)+math.Abs(mean.Independent-c.Independent.Mean)+math.Abs(mean.Resample-c.Resample.Mean) > 1e-9 {
			t.Errorf("order %d: means %+v, of all %+v", order, mean, c)
		}
		slices.SortStableFunc(all, func(a, b Set) int {
			if a.Synthetic > b.Synthetic {
				return -1
			} else if a.Synthetic < b.Synthetic {
				return 1
			}
			return 0
		})
		all = all[:min(len(all), WorstSets)]
		if !slices.EqualFunc(c.Worst, all, func(a, b Set) bool {
			return slices.Equal(a.Columns, b.Columns) && a.Synthetic == b.Synthetic && a.Independent == b.Independent && a.Resample == b.Resample
		}) {
			t.Errorf("order %d: %v\nwant %v", order, c.Worst, all)
		}
	}
	for _, bad := range []microdata.Clique{{7}, {-1}, {1, 1}, {2, 1}} {
		if _, err := Measure(context.Background(), real, synthetic, []microdata.Clique{bad}); err == nil {
			t.Errorf("%v was measured", bad)
		}
	}
}

// TestDeviationsAreKept: what is worked out once is what the formula says, on both
// sides of what is kept.
func TestDeviationsAreKept(t *testing.T) {
	for _, n := range []float64{0, 1, 2, 700, 1001, 5000} {
		d := newDeviations(n)
		for _, k := range []int64{0, 1, 2, 350, 699, 700, 999, 1000, 1001, 3000, 5000} {
			want := 0.0
			if k > 0 && float64(k) < n {
				want = meanDeviation(n, float64(k))
			}
			if float64(k) <= n && d.of(k) != want {
				t.Errorf("n %v, k %d: %v, want %v", n, k, d.of(k), want)
			}
		}
	}
}

// TestBucketFigures: by hand, of combinations that were kept, shrank, grew, were lost
// and were invented.
func TestBucketFigures(t *testing.T) {
	var c Combinations
	for _, x := range [][2]int64{{9, 9}, {4, 2}, {2, 6}, {3, 0}, {0, 12}, {0, 1}, {500, 400}} {
		c.count(x[0], x[1])
	}
	first := c.Buckets[0]
	if first.Real != 4 || first.Lost != 1 || first.MeanError() != 9.0/4 || first.Preserved() != 2.5/4 || first.SuppressedShare() != .25 || first.FabricatedShare() != .25 {
		t.Errorf("1 to 9: %+v", first)
	}
	if b := c.Buckets[1]; b.Real != 0 || b.MeanError() != 0 || b.Preserved() != 0 || b.FabricatedShare() != 1 {
		t.Errorf("10 to 99: %+v", b)
	}
	if b := c.Buckets[3]; b.Real != 1 || b.MeanError() != 100 || b.Preserved() != .8 || b.Synthetic != 0 {
		t.Errorf("500 and over: %+v", b)
	}
	if c.Synthetic != 6 || c.Fabricated != 2 {
		t.Errorf("%+v", c)
	}
}
