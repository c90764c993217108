package pgm

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"amparo/microdata"
)

// TestLossFallsWithEffort: more steps never end higher, and the steps taken are
// those that were allowed.
func TestLossFallsWithEffort(t *testing.T) {
	for name, cliques := range shapes {
		ms := noisyTruth(t, cliques, 1500, 20, 5, true)
		last := math.Inf(1)
		for _, iterations := range []int{1, 2, 5, 20, 80, 320} {
			tree, steps := newTree(t, fiveSizes, cliques, 1), 0
			loss, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: iterations, Tolerance: 1e-15, Progress: func(done, total int) {
				if done != steps || total != iterations {
					t.Errorf("%s: told of step %d of %d, at step %d of %d", name, done, total, steps, iterations)
				}
				steps++
			}})
			if err != nil {
				t.Fatal(err)
			}
			if loss > last*(1+1e-12) {
				t.Errorf("%s: after %d steps the loss is %v, it was %v", name, iterations, loss, last)
			}
			if last = loss; steps > iterations {
				t.Errorf("%s: %d steps of %d were taken", name, steps, iterations)
			}
		}
	}
}

// TestFitGoesOnFromWhereItStands: two fits of n steps are not worse than one, and a
// fit never leaves the tree worse than it found it.
func TestFitGoesOnFromWhereItStands(t *testing.T) {
	ms := noisyTruth(t, shapes["triples"], 1500, 20, 5, true)
	tree := newTree(t, fiveSizes, shapes["triples"], 1)
	last := lossOf(jointOf(tree), ms, 1500)
	for range 12 {
		loss, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 7})
		if err != nil {
			t.Fatal(err)
		}
		if loss > last*(1+1e-9) {
			t.Errorf("the loss rose from %v to %v", last, loss)
		}
		if now := lossOf(jointOf(tree), ms, 1500); math.Abs(now/loss-1) > 1e-9 {
			t.Errorf("Fit says %v, the tree it left has %v", loss, now)
		}
		last = loss
	}
}

// TestToleranceEndsTheFit long before the last step, and not far above what that
// would reach.
func TestToleranceEndsTheFit(t *testing.T) {
	ms := noisyTruth(t, shapes["chain"], 1500, 20, 5, false)
	run := func(tolerance float64) (loss float64, steps int) {
		tree := newTree(t, fiveSizes, shapes["chain"], 1)
		loss, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 5000, Tolerance: tolerance, Progress: func(int, int) { steps++ }})
		if err != nil {
			t.Fatal(err)
		}
		return loss, steps
	}
	loose, few := run(1e-4)
	tight, many := run(1e-14)
	if few >= 1000 || few >= many || few%25 != 0 {
		t.Errorf("%d steps with a tolerance of 1e-4, %d with 1e-14", few, many)
	}
	if loose > tight*1.05 {
		t.Errorf("loss %v with a tolerance of 1e-4, %v with 1e-14", loose, tight)
	}
}

// TestCancelledFitLeavesADistribution: stopped at any step, Fit answers with the
// context's error, and the tree is calibrated, is no worse than before, and can go on.
func TestCancelledFitLeavesADistribution(t *testing.T) {
	ms := noisyTruth(t, shapes["cycle"], 1500, 20, 5, true)
	before := runtime.NumGoroutine()
	for stop := range 9 {
		tree := newTree(t, fiveSizes, shapes["cycle"], 3)
		start := lossOf(jointOf(tree), ms, 1500)
		ctx, cancel := context.WithCancel(context.Background())
		loss, err := tree.Fit(ctx, ms, 1500, Effort{Progress: func(done, _ int) {
			if done == stop {
				cancel()
			}
			if done > stop+1 {
				t.Errorf("cancelled at step %d, step %d began", stop, done)
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at step %d: %v", stop, err)
		}
		j := jointOf(tree)
		if now := lossOf(j, ms, 1500); now > start || math.Abs(now/loss-1) > 1e-9 {
			t.Errorf("stopped at step %d: loss %v, said to be %v, from %v", stop, now, loss, start)
		}
		for _, m := range ms {
			if !near(tree.Marginal(m.Clique), j.marginal(m.Clique), 1e-12) {
				t.Errorf("stopped at step %d: the tree is not calibrated", stop)
			}
		}
		if _, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 5}); err != nil {
			t.Error(err)
		}
	}
	for wait := 0; runtime.NumGoroutine() > before && wait < 100; wait++ {
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines more than before", n-before)
	}
}

// TestNothingToFit: no measurement, or none that says anything, moves nothing; and
// columns of one level are what they are.
func TestNothingToFit(t *testing.T) {
	for name, c := range map[string]struct {
		sizes []int
		ms    []Measurement
	}{
		"no measurement": {[]int{2, 3}, nil},
		"no precision":   {[]int{2, 3}, []Measurement{{Clique: microdata.Clique{1}, Counts: []float64{9, 9, -4}, Precision: []float64{0, 0, 0}}}},
		"one level":      {[]int{1, 1}, []Measurement{{Clique: microdata.Clique{0}, Counts: []float64{44}, Precision: []float64{3}}}},
		"the total":      {[]int{2, 3}, []Measurement{{Clique: microdata.Clique{}, Counts: []float64{44}, Precision: []float64{3}}}},
	} {
		tree := newTree(t, c.sizes, []microdata.Clique{{0, 1}}, 1)
		before := tree.Marginal(microdata.Clique{0, 1})
		if _, err := tree.Fit(context.Background(), c.ms, 50, Effort{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !near(tree.Marginal(microdata.Clique{0, 1}), before, 1e-15) {
			t.Errorf("%s: moved to %v", name, tree.Marginal(microdata.Clique{0, 1}))
		}
	}
	empty, err := NewTree(nil, nil, 1)
	if err != nil || empty.Cells() != 0 || len(empty.Generate(5, NewRand(1))) != 0 {
		t.Errorf("a tree of no column: %v", err)
	}
}

// TestPrecisionOfOneOrOfEach: one precision for all cells is that one for each.
func TestPrecisionOfOneOrOfEach(t *testing.T) {
	ms := noisyTruth(t, shapes["star"], 1500, 20, 5, false)
	var spelled []Measurement
	for _, m := range ms {
		spelled = append(spelled, Measurement{Clique: m.Clique, Counts: m.Counts, Precision: precisionOf(m)})
	}
	var first []float64
	for _, list := range [][]Measurement{ms, spelled} {
		tree := newTree(t, fiveSizes, shapes["star"], 1)
		if _, err := tree.Fit(context.Background(), list, 1500, Effort{Iterations: 40}); err != nil {
			t.Fatal(err)
		}
		got := jointOf(tree).p
		if first != nil && !slices.Equal(first, got) {
			t.Error("precision for each cell gave another fit")
		}
		first = got
	}
}

// TestScaleOfCountsDoesNotMatter: counts and total ten thousand times as large, with
// noise in proportion, are the same problem.
func TestScaleOfCountsDoesNotMatter(t *testing.T) {
	const by = 1 << 13 // a power of two: the same bits
	ms := noisyTruth(t, shapes["chain"], 1500, 20, 5, false)
	var large []Measurement
	for _, m := range ms {
		y := slices.Clone(m.Counts)
		scale(y, by)
		large = append(large, Measurement{Clique: m.Clique, Counts: y, Precision: []float64{m.Precision[0] / by / by}})
	}
	a, b := newTree(t, fiveSizes, shapes["chain"], 1), newTree(t, fiveSizes, shapes["chain"], 1)
	x, err := a.Fit(context.Background(), ms, 1500, Effort{})
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Fit(context.Background(), large, 1500*by, Effort{})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(x/y-1) > 1e-9 || !near(jointOf(a).p, jointOf(b).p, 1e-12) {
		t.Errorf("losses %v and %v", x, y)
	}
}

// TestShare runs every job once, on no more workers than were given, and one after
// another where there is one worker.
func TestShare(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7} {
		for _, n := range []int{0, 1, 2, 50} {
			done := make([]int, n)
			Share(workers, n, func(k int) { done[k]++ })
			if slices.ContainsFunc(done, func(x int) bool { return x != 1 }) {
				t.Errorf("%d workers, %d jobs: %v", workers, n, done)
			}
		}
	}
	var order []int
	Share(1, 20, func(k int) { order = append(order, k) })
	if !slices.IsSorted(order) || len(order) != 20 {
		t.Errorf("one worker went %v", order)
	}
}
