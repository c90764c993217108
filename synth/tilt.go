package synth

import (
	"context"
	"slices"

	"amparo/microdata"
)

const (
	leastTilt = 0.2 // share of the errors outside the tree from which a tilt pays
	mostTilt  = 0.7 // what the rounds before it need is kept
)

// oversample is how many records are drawn for the tilt of n to be written: 400,000
// where that is from twice to eight times n.
func oversample(n float64) int { return int(max(2*n, min(8*n, 400_000)) + 0.5) }

// tiltShare says which share of what is left to keep for the tilt: of the noisy
// errors that are worth measuring, the share in pairs that a tree, grown as large
// as allowed, could not hold. Where none is worth its noise, nothing.
func (f *fitting) tiltShare() float64 {
	if f.Tilt != 0 {
		return max(f.Tilt, 0)
	}
	share := f.coarse.Left()
	free, whole := f.best(f.every(), share, 0, 0)
	dear := func(i int) bool { return f.pairs[i].gain <= price(whole, share)*f.pairs[i].cost }
	if !slices.ContainsFunc(free, func(i int) bool { return !dear(i) }) {
		return 0
	}
	grown := f.grow(f.scopes(), price(whole, share), nil)
	inside, outside := 0.0, 0.0
	for _, i := range free {
		if slices.Contains(grown, i) {
			inside += f.pairs[i].gain
		} else {
			outside += f.pairs[i].gain
		}
	}
	if part := outside / (inside + outside); part >= leastTilt {
		return min(part, mostTilt)
	}
	return 0
}

// tilt measures the pairs that the tree could not hold and erred most on, and
// reweighs a large sample of the tree towards all measurements.
func (f *fitting) tilt(ctx context.Context) error {
	if err := f.lookBack(ctx); err != nil || !(f.forTilt > 0) {
		return err
	}
	before := f.sample != nil
	if !before {
		f.sample = f.draw(oversample(f.total))
	}
	f.Progress("tilt", 0, rakeSweeps)
	if err := f.score(ctx, f.coarse.Left()*scoreShare); err != nil {
		return err
	}
	chosen, _ := f.best(f.every(), f.coarse.Left(), 0, 0)
	if err := f.measure(ctx, chosen, f.coarse.Left()); err != nil {
		return err
	}
	return f.rake(ctx, before)
}

// rake moves the sample towards all that was measured.
func (f *fitting) rake(ctx context.Context, again bool) error {
	everything := f.evidence(func(microdata.Clique) bool { return true })
	return f.sample.rake(ctx, everything, f.total, again, func(done, total int) { f.Progress("tilt", done, total) })
}
