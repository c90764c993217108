package synth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
)

// TestCoarsenKeepsItsPromises on random columns: levels at or above the least stay
// alone, groups below the top lie within one group of the hierarchy, and noisy
// sums are conserved.
func TestCoarsenKeepsItsPromises(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		column := places()
		noisy := make([]int64, len(column.Levels))
		for l := range noisy {
			noisy[l] = int64(r.IntN(40)) - 8
		}
		least := float64(5 + r.IntN(15))
		step := Coarsen(column, noisy, least)
		if step == nil {
			continue
		}
		groups := members(step)
		for g, levels := range groups {
			for _, l := range levels {
				if len(levels) > 1 && float64(noisy[l]) >= least {
					t.Fatalf("level %d, of %d, was merged at least %v", l, noisy[l], least)
				}
			}
			if len(levels) == 1 && step.Levels[g].Value != column.Levels[levels[0]].Value {
				t.Fatalf("a level that stands alone is called %q", step.Levels[g].Value)
			}
		}
		sum := coarseEvidence(0, dp.Measurement{Clique: microdata.Clique{0}, Noisy: noisy, Variance: 9}, step)
		for g, levels := range groups {
			want := 0.0
			for _, l := range levels {
				want += float64(noisy[l])
			}
			if sum.Counts[g] != want || math.Abs(1/sum.Precision[g]-9*float64(len(levels))) > 1e-9 {
				t.Fatalf("group %d: count %v variance %v", g, sum.Counts[g], 1/sum.Precision[g])
			}
		}
	}
}

// TestFittedCountsAreWhatIsWritten: the model's counts of each single column are
// those of the records, within rounding, level by level, merged ones too.
func TestFittedCountsAreWhatIsWritten(t *testing.T) {
	table := chain(t, 3000, []int{40, 3, 60}, 8)
	model := fit(t, table, .4, Options{Tilt: -1})
	codes, err := model.Generate(context.Background(), 11)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range model.Tables() {
		if len(x.Clique) != 1 {
			continue
		}
		counts := make([]float64, len(x.Fitted))
		for _, v := range codes[x.Clique[0]] {
			counts[v]++
		}
		away := 0.0
		for l := range counts {
			away += math.Abs(counts[l] - x.Fitted[l])
		}
		// A clique deep in the tree is rounded once for each group of its separator.
		if away > 3*float64(len(counts))+20 {
			t.Errorf("column %d: records are %.1f away from the model over %d levels", x.Clique[0], away, len(counts))
		}
	}
}

// TestGenerateIsReproducible: the same seed gives the same records, another one
// others with the same margins.
func TestGenerateIsReproducible(t *testing.T) {
	model := fit(t, chain(t, 2000, []int{4, 5, 3}, 9), .8, Options{})
	a, _ := model.Generate(context.Background(), 1)
	b, _ := model.Generate(context.Background(), 1)
	c, _ := model.Generate(context.Background(), 2)
	if !slices.EqualFunc(a, b, slices.Equal) {
		t.Error("the same seed gave other records")
	}
	if slices.EqualFunc(a, c, slices.Equal) {
		t.Error("another seed gave the same records")
	}
	for col := range a {
		var x, y [8]int
		for i := range a[col] {
			x[a[col][i]]++
			y[c[col][i]]++
		}
		for l := range x {
			if d := x[l] - y[l]; d > 8 || d < -8 {
				t.Errorf("column %d level %d: %d and %d records", col, l, x[l], y[l])
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	wide := fit(t, chain(t, 300, []int{90, 80}, 1), .1, Options{})
	if _, err := wide.Generate(ctx, 1); err == nil {
		t.Error("a cancelled generation went on")
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
