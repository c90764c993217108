package synth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
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

// TestStepReadsItsOwnMarginals: after any step of the tilt, marginals, effective
// size and promise are those of the weights, recounted plainly; patterns change
// nothing.
func TestStepReadsItsOwnMarginals(t *testing.T) {
	s := square(2, 3, 2, 50)
	r := pgm.NewRand(6)
	var ms []pgm.Measurement
	for _, c := range []microdata.Clique{{0}, {1}, {3}, {0, 1}, {0, 2}, {1, 3}, {2, 3}} {
		y := make([]float64, c.Cells(s.sizes))
		for i := range y {
			y[i] = 50 * r.Float64()
		}
		ms = append(ms, pgm.Measurement{Clique: c, Counts: y, Precision: []float64{.02}})
	}
	tilt := newTilting(s, ms, 800)
	if len(tilt.inner) == 0 || len(tilt.outer) == 0 {
		t.Fatalf("%d measurements on patterns, %d on records: both are to be tested", len(tilt.inner), len(tilt.outer))
	}
	tilt.step(0)
	for _, alpha := range []float64{1e-6, 3e-6, 1e-5} {
		tilt.save()
		loss := tilt.step(alpha)
		tilt.write()
		want, squares := 0.0, 0.0
		for _, w := range s.weight {
			squares += w * w
		}
		if got := 1 / squares / float64(len(s.weight)); math.Abs(got-tilt.effective()) > 1e-12 {
			t.Errorf("effective size %v, recounted %v", tilt.effective(), got)
		}
		for k, m := range ms {
			p := make([]float64, len(m.Counts))
			for row, w := range s.weight {
				at := 0
				for _, a := range m.Clique {
					at = at*s.sizes[a] + int(s.columns[a][row])
				}
				p[at] += w
			}
			for c := range p {
				if math.Abs(p[c]-tilt.mu[k][c]) > 1e-12 {
					t.Fatalf("columns %v cell %d: %v, recounted %v", m.Clique, c, tilt.mu[k][c], p[c])
				}
				d := 800*p[c] - m.Counts[c]
				want += d * d * .02 / 2
			}
		}
		if math.Abs(loss/want-1) > 1e-9 {
			t.Errorf("loss %v, recounted %v", loss, want)
		}
	}
}

// TestTallyLanes: small tables are summed in lanes, large ones directly; both as
// plainly counted, at lengths that the lanes do not divide.
func TestTallyLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, sizes := range [][]int{{2, 2}, {8, 16}, {9, 16}, {30, 40}} {
		for _, n := range []int{0, 1, 3, 4, 5, 1001} {
			columns, weight := [][]uint16{nil, nil}, make([]float64, n)
			want := make([]float64, sizes[0]*sizes[1])
			for i := range n {
				a, b := r.IntN(sizes[0]), r.IntN(sizes[1])
				columns[0], columns[1] = append(columns[0], uint16(a)), append(columns[1], uint16(b))
				weight[i] = r.Float64()
				want[a*sizes[1]+b] += weight[i]
			}
			got := make([]float64, len(want))
			tally(got, weight, columns, []int{0, 1}, sizes, 0, n)
			for c := range got {
				if math.Abs(got[c]-want[c]) > 1e-9 {
					t.Fatalf("sizes %v, %d rows: cell %d is %v, want %v", sizes, n, c, got[c], want[c])
				}
			}
		}
	}
}
