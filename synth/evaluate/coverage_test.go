package evaluate

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// merged is a coarsening of three levels to two.
var merged = &microdata.Coarsening{Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}, Of: []uint16{0, 1, 0}}

// TestCoverByHand: a column and a pair whose second column is coarsened, at half
// widths of 2 and 1.
func TestCoverByHand(t *testing.T) {
	real := table(t, []int{2, 3}, [][]uint16{{0, 0}, {0, 0}, {0, 2}, {1, 1}, {0, 2}})
	tables := []Table{
		{Clique: microdata.Clique{0}, Coarse: []*microdata.Coarsening{nil}, Noisy: []int64{6, 4}, Variance: 4},                   // truth 4, 1
		{Clique: microdata.Clique{0, 1}, Coarse: []*microdata.Coarsening{nil, merged}, Noisy: []int64{4, -1, 2, 2}, Variance: 1}, // truth 4, 0, 0, 1
	}
	got, err := Cover(context.Background(), real, tables, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.All != (Rate{4, 6}) || !slices.Equal(got.ByOrder, []Rate{{1, 2}, {3, 4}}) ||
		got.ByCount != [5]Rate{{1, 2}, {3, 4}} {
		t.Errorf("%+v", got)
	}
	if got, err := Cover(context.Background(), real, nil, 1); err != nil || got.All != (Rate{}) {
		t.Errorf("of no table: %+v, %v", got, err)
	}
	if _, err := Cover(context.Background(), real, []Table{{Clique: microdata.Clique{3}}}, 1); err == nil {
		t.Error("a column that is not there was counted")
	}
}

// TestCoverageIsNominal draws noise as it is said to be: of 4,000 cells 95 % are
// covered, ± 5 standard deviations (by chance once in 10⁶); with twice the noise that
// is said 67 %.
func TestCoverageIsNominal(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	sizes := []int{40, 100}
	real := table(t, sizes, population(r, sizes, 5000))
	truth, err := real.Count(context.Background(), []microdata.Clique{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for stated, want := range map[float64]float64{30: .95, 15: .673} {
		noisy := slices.Clone(truth[0].Counts)
		for c := range noisy {
			noisy[c] += int64(math.Round(30 * r.NormFloat64()))
		}
		got, err := Cover(context.Background(), real, []Table{{Clique: microdata.Clique{0, 1}, Noisy: noisy, Variance: stated * stated}}, 1.96)
		if err != nil || got.All.Tries != 4000 || math.Abs(got.All.Share()-want) > 5*math.Sqrt(want*(1-want)/4000)+.006 {
			t.Errorf("σ 30 said to be %v: %v covered, want %v; %v", stated, got.All.Share(), want, err)
		}
		sum := Rate{}
		for _, part := range got.ByCount {
			sum.add(part)
		}
		if sum != got.All || got.ByOrder[1] != got.All || got.ByOrder[0] != (Rate{}) {
			t.Errorf("parts do not add up: %+v", got)
		}
	}
}

// TestMergeEqualsCoarsen: adding up fine cells is counting coarse rows, in parts that
// are held one after the other.
func TestMergeEqualsCoarsen(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 15))
	sizes := []int{3, 3, 4}
	real := table(t, sizes, population(r, sizes, 300))
	coarse, err := real.Coarsen([]*microdata.Coarsening{merged, nil, nil})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(microdata.AllCliques(3, 2), microdata.AllCliques(3, 3)...) {
		want, err := coarse.Count(context.Background(), []microdata.Clique{c})
		if err != nil {
			t.Fatal(err)
		}
		tab := Table{Clique: c, Noisy: make([]int64, len(want[0].Counts))}
		if c[0] == 0 {
			tab.Coarse = []*microdata.Coarsening{merged} // the other columns as they are
		}
		seen := 0
		err = each(context.Background(), real, slices.Repeat([]Table{tab}, mostSets+3), func(_ Table, counts []int64) {
			if seen++; !slices.Equal(counts, want[0].Counts) {
				t.Fatalf("columns %v: %v, want %v", c, counts, want[0].Counts)
			}
		})
		if err != nil || seen != mostSets+3 {
			t.Fatalf("%d tables, %v", seen, err)
		}
	}
}
