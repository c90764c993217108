package synth

import (
	"cmp"
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

// adapt runs the rounds: look where the model errs, measure there, fit again.
func (f *fitting) adapt(ctx context.Context) error {
	f.candidates()
	if err := f.refit(ctx, nil); err != nil {
		return err
	}
	for round := range f.Rounds {
		if err := f.round(ctx, round); err != nil {
			return err
		}
	}
	return nil
}

// candidates lists the pairs that can be measured: those of at most maxClique
// cells, and those to be published.
func (f *fitting) candidates() {
	for _, c := range microdata.AllCliques(len(f.sizes), 2) {
		if n := c.Cells(f.sizes); n <= microdata.MaxCells/8 && (n <= 4*f.maxClique() || f.publish[[2]int{c[0], c[1]}]) {
			f.pairs = append(f.pairs, c)
		}
	}
}

func (f *fitting) maxClique() int { return f.MaxCells / 3 }

// round scores all pairs in one noisy vector, chooses, measures and fits. The
// first round's scores also say how much to keep for the tilt.
func (f *fitting) round(ctx context.Context, round int) error {
	if len(f.pairs) == 0 {
		return nil
	}
	f.Progress("measure", round, f.Rounds)
	toGo := dp.Precision(f.Rounds - round)
	errors, err := f.score(ctx, (f.coarse.Left()-f.forTilt)/toGo*scoreShare)
	if err != nil {
		return err
	}
	if round == 0 {
		f.forTilt = f.coarse.Left() * dp.Precision(f.tiltShare(errors))
	}
	share := (f.coarse.Left() - f.forTilt) / toGo
	chosen := f.choose(errors, share, round == 0)
	if len(chosen) == 0 {
		return nil
	}
	measured, err := f.measure(ctx, chosen, share)
	if err != nil {
		return err
	}
	f.measured = append(f.measured, measured...)
	return f.refit(ctx, f.held())
}

// score returns for each pair the noisy L1 distance between its true counts and
// what the model expects.
func (f *fitting) score(ctx context.Context, share dp.Precision) ([]float64, error) {
	s := f.sample
	guesses := make([]dp.Guess, len(f.pairs))
	for i, c := range f.pairs {
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
		guesses[i] = dp.Guess{Clique: c, Counts: rounded(p, f.total)}
	}
	noisy, _, err := f.coarse.Distances(ctx, guesses, share)
	if err != nil {
		return nil, fmt.Errorf("synth: scoring %d pairs: %w", len(f.pairs), err)
	}
	errors := floats(noisy)
	for i, e := range errors {
		// A table that is wrong by half misleads more than ten that are wrong by
		// a twentieth: large errors weigh more than in proportion.
		errors[i] = e * (1 + max(e, 0)/f.total)
	}
	return errors, nil
}

func rounded(p []float64, total float64) []int64 {
	out := make([]int64, len(p))
	for i, v := range p {
		out[i] = int64(math.Round(v * total))
	}
	return out
}

// measure spends share on the cliques, split so that the noise's sum is least.
func (f *fitting) measure(ctx context.Context, cliques []microdata.Clique, share dp.Precision) ([]dp.Measurement, error) {
	cells := make([]int, len(cliques))
	for i, c := range cliques {
		cells[i] = c.Cells(f.sizes)
	}
	asks := make([]dp.Ask, len(cliques))
	for i, s := range split(share, cells) {
		asks[i] = dp.Ask{Clique: cliques[i], Share: s}
	}
	out, err := f.coarse.Measure(ctx, asks)
	if err != nil {
		return nil, fmt.Errorf("synth: measuring %d pairs: %w", len(cliques), err)
	}
	return out, nil
}

// held returns the measured pairs that a tree of MaxCells can hold, the first
// measured first.
func (f *fitting) held() []microdata.Clique {
	var sets []microdata.Clique
	seen := map[[2]int]bool{}
	for _, m := range f.measured {
		key := [2]int{m.Clique[0], m.Clique[1]}
		if seen[key] {
			continue
		}
		seen[key] = true
		if _, ok := f.fits(append(sets[:len(sets):len(sets)], m.Clique)); ok {
			sets = append(sets, m.Clique)
		}
	}
	return sets
}

// fits triangulates the sets and says whether a tree of them stays within limits.
func (f *fitting) fits(sets []microdata.Clique) (cliques []microdata.Clique, ok bool) {
	cliques = pgm.Triangulate(f.sizes, sets)
	total := 0
	for _, c := range cliques {
		n := c.Cells(f.sizes)
		if n > f.maxClique() && len(c) > 1 {
			return nil, false
		}
		if total += n; total > f.MaxCells && len(sets) > 0 {
			return nil, false
		}
	}
	return cliques, true
}

// refit builds the tree of the sets and fits it to all measurements that it holds.
func (f *fitting) refit(ctx context.Context, sets []microdata.Clique) error {
	tree, err := pgm.NewTree(f.sizes, pgm.Triangulate(f.sizes, sets), f.Workers)
	if err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	f.tree = tree
	return f.fit(ctx, fitEffort)
}

func (f *fitting) fit(ctx context.Context, e pgm.Effort) error {
	e.Progress = func(done, total int) { f.Progress("fit", done, total) }
	if _, err := f.tree.Fit(ctx, f.evidence(f.tree.Holds), f.total, e); err != nil {
		return fmt.Errorf("synth: fitting the model: %w", err)
	}
	return nil
}

// choose picks the pairs to measure with the given precision: those to publish
// (in the first round), then, by what each is expected to gain, pairs that the
// tree can hold; and of those the set that gains most after its own noise, by
// the closed form of SWIFT (google/dpsynth 2026): with shares in proportion to
// cells^⅔ the noise of a set costs (Σ cost)^1.5 / √precision.
func (f *fitting) choose(errors []float64, share dp.Precision, first bool) (out []microdata.Clique) {
	var chosen []int
	cost, gain := 0.0, 0.0
	for i, c := range f.pairs {
		if first && f.publish[[2]int{c[0], c[1]}] {
			chosen = append(chosen, i)
			cost += noiseCost(c.Cells(f.sizes))
			gain += errors[i]
		}
	}
	sets := f.held()
	for _, i := range chosen {
		if _, ok := f.fits(append(sets[:len(sets):len(sets)], f.pairs[i])); ok {
			sets = append(sets, f.pairs[i])
		}
	}
	all := make([]int, len(f.pairs))
	for i := range all {
		all[i] = i
	}
	// The price of a cell of cost depends on how much will be measured with the
	// share; guess that as if a tree could hold anything, then once more.
	_, whole := f.best(all, errors, share, cost, gain)
	grown := f.grow(sets, errors, price(whole, share), chosen)
	_, whole = f.best(grown, errors, share, cost, gain)
	grown = f.grow(sets, errors, price(whole, share), chosen)
	more, _ := f.best(grown, errors, share, cost, gain)
	// Greatest errors first: where the tree cannot hold all, it holds those.
	chosen = append(chosen, more...)
	slices.SortStableFunc(chosen, func(a, b int) int { return cmp.Compare(errors[b], errors[a]) })
	for _, i := range chosen {
		out = append(out, f.pairs[i])
	}
	return out
}

// price is what one more unit of noise cost takes off the worth of a set whose
// cost is whole: the derivative of worth.
func price(whole float64, share dp.Precision) float64 {
	return 1.5 * math.Sqrt(whole/float64(share))
}

// best picks, of the pairs given and in order of gain for cost, those that make
// a set worth most, on top of a set of the given cost and gain; at least one
// where there was none. It returns them and the whole set's cost.
func (f *fitting) best(from []int, errors []float64, share dp.Precision, cost, gain float64) (pick []int, whole float64) {
	top := worth(gain, cost, share)
	for _, i := range byRatio(from, errors, f.pairs, f.sizes) {
		c := cost + noiseCost(f.pairs[i].Cells(f.sizes))
		w := worth(gain+errors[i], c, share)
		if w <= top && cost > 0 {
			break
		}
		top, cost, gain = w, c, gain+errors[i]
		pick = append(pick, i)
	}
	return pick, cost
}

// noiseCost of a table of n cells, such that a set's expected absolute noise is
// (Σ cost)^1.5/√precision.
func noiseCost(n int) float64 {
	x := float64(n) * math.Sqrt(2/math.Pi)
	return math.Cbrt(x * x)
}

func worth(gain, cost float64, share dp.Precision) float64 {
	return gain - math.Pow(cost, 1.5)/math.Sqrt(float64(share))
}
