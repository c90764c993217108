package synth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
)

// Quantiles measures one ordered column through m, with a share of its budget, and
// returns the coarsening of its levels into at most so many bins of about equal
// counts. Bins are runs of neighbours; a level that is no answer stays alone.
//
// Half of the share goes to the levels and half to runs of about √n of them: a sum of
// many levels would else gather the noise of each. All else follows from these two
// noisy marginals. The counts are drawn together along the Haar tree of the runs, and of
// the levels in each (see estimate); the bins are the partition of the levels in order
// whose estimated counts have the least sum of squares, which is the most even one. They
// are as many as still hold, each, rare standard deviations of the noise of such a sum:
// where the noise drowns the column that is one.
func Quantiles(ctx context.Context, m *dp.Mechanism, a, bins int, share dp.Precision) (*microdata.Coarsening, error) {
	d := m.Domain()
	if a < 0 || a >= d.Len() || bins < 1 {
		return nil, errors.New("synth: quantiles need a column of the domain and one bin at least")
	}
	c := d.Column(a)
	from, to, ok := answers(c)
	if !ok || !c.Ordered {
		return nil, fmt.Errorf("synth: quantiles of column %q: its levels are not in one order", c.Name)
	}
	if share > m.Left() { // both halves or none
		return nil, fmt.Errorf("synth: measuring the quantiles of column %q: %w", c.Name, dp.ErrSpent)
	}
	run := max(int(math.Sqrt(float64(to-from))), 1)
	runs := c.Join("runs", runsOf(len(c.Levels), from, to, func(l int) bool { return l%run == 0 }))
	steps := make([]*microdata.Coarsening, d.Len())
	steps[a] = &runs
	coarse, err := m.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	var y [2]dp.Measurement
	for i, m := range []*dp.Mechanism{m, coarse} {
		measured, err := m.Measure(ctx, []dp.Ask{{Clique: microdata.Clique{a}, Share: share / 2}})
		if err != nil {
			return nil, fmt.Errorf("synth: measuring the quantiles of column %q: %w", c.Name, err)
		}
		y[i] = measured[0]
	}
	counts := gridCounts(floats(y[0].Noisy[from:to]), floats(y[1].Noisy[from:len(runs.Levels)-len(c.Levels)+to]), run, y[0].Variance)
	ends := mostEven(counts, min(bins, to-from), func(width int) float64 {
		// Of runs that are whole, the noise is that of the run; of two that are not, at
		// most that of half a run's levels.
		return rare * math.Sqrt(y[0].Variance*min(float64(width), float64(width)/float64(run)+float64(run)/2))
	})
	out := c.Join("quantiles", runsOf(len(c.Levels), from, to, func(l int) bool { return slices.Contains(ends, l) }))
	return &out, nil
}

// answers returns where the run of levels that are answers begins and ends; not ok
// where they are none or several.
func answers(c *microdata.Column) (from, to int, ok bool) {
	missing := func(l microdata.Level) bool { return l.Missing != microdata.Present }
	from = slices.IndexFunc(c.Levels, func(l microdata.Level) bool { return !missing(l) })
	if from < 0 {
		return 0, 0, false
	}
	for to = from; to < len(c.Levels) && !missing(c.Levels[to]); to++ {
	}
	return from, to, !slices.ContainsFunc(c.Levels[to:], func(l microdata.Level) bool { return !missing(l) })
}

// runsOf groups n levels: those in [from, to) by where a run begins, counted from from,
// the others alone.
func runsOf(n, from, to int, begins func(l int) bool) []uint16 {
	of := make([]uint16, n)
	for l := 1; l < n; l++ {
		of[l] = of[l-1]
		if l <= from || l >= to || begins(l-from) {
			of[l]++
		}
	}
	return of
}

// gridCounts estimates the counts of levels from noisy ones of levels and of runs of
// them, all of the same variance: none is negative.
func gridCounts(levels, runs []float64, run int, variance float64) []float64 {
	width := func(r int) int { return min((r+1)*run, len(levels)) - r*run }
	for r := range runs { // the mean of both, by precision
		w := float64(width(r))
		runs[r] = (w*runs[r] + sum(levels[r*run:r*run+width(r)])) / (w + 1)
	}
	w := float64(run)
	runs = onto(drawn(runs, variance*w/(w+1)), max(sum(runs), 1))
	for r, total := range runs {
		of := levels[r*run : r*run+width(r)]
		copy(of, onto(drawn(of, variance), total))
	}
	return levels
}

// mostEven returns where the bins of the most even partition end: of all partitions of
// the counts into k runs that with the least sum of squared counts, the last begins as
// early as can be, for the greatest k up to most of which every run holds least(its
// width); k is 1 at least.
func mostEven(counts []float64, most int, least func(width int) float64) []int {
	n := len(counts)
	upTo := make([]float64, n+1)
	for i, v := range counts {
		upTo[i+1] = upTo[i] + v
	}
	// best[j] is the least sum of squares of the first j counts in k runs, and begins[k][j]
	// where the last of these begins.
	best, begins := make([]float64, n+1), make([][]int, most+1)
	for j := range best {
		best[j] = upTo[j] * upTo[j]
	}
	begins[1] = make([]int, n+1)
	ends := []int{n}
	for k := 2; k <= most; k++ {
		next, at := make([]float64, n+1), make([]int, n+1)
		for j := range next {
			next[j] = math.Inf(1)
			for i := k - 1; i < j; i++ {
				held := upTo[j] - upTo[i]
				if s := best[i] + held*held; s < next[j] {
					next[j], at[j] = s, i
				}
			}
		}
		best, begins[k] = next, at
		if found := traced(begins, k, n); holds(upTo, found, least) {
			ends = found
		}
	}
	return ends
}

// traced follows the runs back from the end.
func traced(begins [][]int, k, n int) []int {
	ends := make([]int, k)
	for ; k > 0; k-- {
		ends[k-1] = n
		n = begins[k][n]
	}
	return ends
}

// holds says whether every run holds what it must.
func holds(upTo []float64, ends []int, least func(width int) float64) bool {
	from := 0
	for _, to := range ends {
		if upTo[to]-upTo[from] < least(to-from) {
			return false
		}
		from = to
	}
	return true
}
