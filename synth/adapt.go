package synth

import (
	"context"
	"fmt"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// fitEffort is spent on each fit within the rounds.
var fitEffort = pgm.Effort{Iterations: 300}

// adapt runs the rounds: look where the model errs, measure there, fit again. What no
// pair was worth goes to the single columns.
func (f *fitting) adapt(ctx context.Context) error {
	f.candidates()
	if err := f.refit(ctx, f.held()); err != nil {
		return err
	}
	for round := range f.Rounds {
		if err := f.round(ctx, round); err != nil {
			return err
		}
	}
	if rest := f.fine.Left() - f.forTilt; rest > f.budget*leastShare {
		return f.columnsAgain(ctx, rest)
	}
	return nil
}

// leastShare of a budget is worth a question; less is what rounding leaves.
const leastShare = 1e-6

// columnsAgain measures the single columns once more, and fits again.
func (f *fitting) columnsAgain(ctx context.Context, share dp.Precision) error {
	again, err := measureColumns(ctx, f.fine, share)
	if err != nil {
		return err
	}
	f.measuredColumns = merged(slices.Concat(f.measuredColumns, again))
	f.columns = merged(slices.Concat(f.columns, again))
	f.total, f.singles = totalOf(append(f.rows, f.columns...)), nil
	for a, c := range f.columns {
		f.singles = append(f.singles, coarseEvidence(a, c, f.steps[a]))
	}
	return f.refit(ctx, f.held())
}

// round scores all pairs in one noisy vector, chooses, measures and fits. The
// first round's scores also say how much to keep for the tilt.
func (f *fitting) round(ctx context.Context, round int) error {
	if len(f.pairs) == 0 {
		return nil
	}
	f.Progress("measure", round, f.Rounds)
	toGo := dp.Precision(f.Rounds - round)
	if err := f.score(ctx, (f.coarse.Left()-f.forTilt)/toGo*scoreShare); err != nil {
		return err
	}
	if round == 0 {
		f.forTilt = f.coarse.Left() * dp.Precision(f.tiltShare())
	}
	share := (f.coarse.Left() - f.forTilt) / toGo
	chosen := f.choose(share, round == 0)
	if len(chosen) == 0 {
		return nil
	}
	if err := f.measure(ctx, chosen, share); err != nil {
		return err
	}
	return f.refit(ctx, f.held())
}

// score sets each pair's gain, from the noisy L1 distance between its true
// counts and what the model expects, and its cost, from what the model expects.
func (f *fitting) score(ctx context.Context, share dp.Precision) error {
	s := f.sample
	sigma := math.Sqrt(float64(len(f.sizes)) / float64(f.coarse.Left()-share)) // as if a tree's edges shared alike
	guesses := make([]dp.Guess, len(f.pairs))
	for i := range f.pairs {
		c := f.pairs[i].clique
		var p []float64
		if f.sample == nil {
			p = f.tree.Marginal(c)
		}
		if p == nil {
			if s == nil {
				s = f.draw(int(f.total + 0.5))
			}
			p = s.marginal(c)
		}
		f.pairs[i].cost = noiseCost(heard(p, f.total, sigma))
		guesses[i] = dp.Guess{Clique: c, Counts: rounded(p, f.total)}
	}
	noisy, _, err := f.coarse.Distances(ctx, guesses, share)
	if err != nil {
		return fmt.Errorf("synth: scoring %d pairs: %w", len(f.pairs), err)
	}
	for i, e := range floats(noisy) {
		// A table that is wrong by half misleads more than ten that are wrong by
		// a twentieth: large errors weigh more than in proportion.
		f.pairs[i].gain = e * (1 + max(e, 0)/f.total)
	}
	return nil
}

func rounded(p []float64, total float64) []int64 {
	out := make([]int64, len(p))
	for i, v := range p {
		out[i] = int64(math.Round(v * total))
	}
	return out
}

// measure spends share on the pairs, in proportion to their costs.
func (f *fitting) measure(ctx context.Context, chosen []int, share dp.Precision) error {
	costs := make([]float64, len(chosen))
	for k, i := range chosen {
		costs[k] = f.pairs[i].cost
	}
	asks := make([]dp.Ask, len(chosen))
	for k, s := range split(share, costs) {
		asks[k] = dp.Ask{Clique: f.pairs[chosen[k]].clique, Share: s}
	}
	measured, err := f.coarse.Measure(ctx, asks)
	if err != nil {
		return fmt.Errorf("synth: measuring %d pairs: %w", len(chosen), err)
	}
	f.measured = append(f.measured, measured...)
	return nil
}

// held returns the scopes of the rules and the measured pairs that a tree of MaxCells
// can hold with them: those of earlier releases first, then the first measured first.
func (f *fitting) held() (sets []microdata.Clique) {
	sets = f.scopes()
	seen := map[[2]int]bool{}
	add := func(c microdata.Clique) {
		key := [2]int{c[0], c[1]}
		if !seen[key] && f.fitWith(sets, c) != nil {
			sets = append(sets, c)
		}
		seen[key] = true
	}
	for _, m := range f.remembered {
		add(m.Clique)
	}
	for _, m := range f.measured {
		add(m.Clique)
	}
	return sets
}

// fitWith triangulates the sets, with one more where it is not nil, and returns
// the cliques, or nil where a tree of them would pass the limits.
func (f *fitting) fitWith(sets []microdata.Clique, more microdata.Clique) []microdata.Clique {
	if more != nil {
		sets = append(sets[:len(sets):len(sets)], more)
	}
	cliques, total := pgm.Triangulate(f.sizes, sets), 0
	for _, c := range cliques {
		n := c.Cells(f.sizes)
		if total += n; len(c) > 1 && (n > f.maxClique() || total > f.MaxCells) {
			return nil
		}
	}
	return cliques
}

// refit builds the tree of the sets and fits it to all measurements that it holds.
func (f *fitting) refit(ctx context.Context, sets []microdata.Clique) (err error) {
	if f.tree, err = pgm.NewTree(f.sizes, pgm.Triangulate(f.sizes, sets), f.Workers); err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	if err := f.forbid(f.tree); err != nil {
		return err
	}
	if err := f.fit(ctx, fitEffort); err != nil {
		return err
	}
	return f.lookBack(ctx)
}

func (f *fitting) fit(ctx context.Context, e pgm.Effort) error {
	e.Progress = func(done, total int) { f.Progress("fit", done, total) }
	if _, err := f.tree.Fit(ctx, f.evidence(f.tree.Holds), f.total, e); err != nil {
		return fmt.Errorf("synth: fitting the model: %w", err)
	}
	return nil
}
