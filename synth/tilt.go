package synth

import (
	"context"
	"slices"

	"amparo/microdata"
)

const (
	oversample = 2   // records drawn for the tilt, for each record to be written
	tiltSteps  = 60  // of mirror descent on the weights
	leastTilt  = 0.1 // share of the errors outside the tree from which a tilt pays
	mostTilt   = 0.7 // what the rounds before it need is kept
	leastESS   = 0.3 // of the sample's effective size that the weights must keep
)

// tiltShare says which share of what is left to keep for the tilt: of the noisy
// errors that are worth measuring, the share in pairs that a tree, grown as large
// as allowed, could not hold.
func (f *fitting) tiltShare(errors []float64) float64 {
	if f.Tilt != 0 {
		return max(f.Tilt, 0)
	}
	share := f.coarse.Left()
	all := make([]int, len(f.pairs))
	for i := range all {
		all[i] = i
	}
	free, whole := f.best(all, errors, share, 0, 0)
	grown := f.grow(nil, errors, price(whole, share), nil)
	inside, outside := 0.0, 0.0
	for _, i := range free {
		if slices.Contains(grown, i) {
			inside += errors[i]
		} else {
			outside += errors[i]
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
	if !(f.forTilt > 0) {
		return nil
	}
	f.sample = f.draw(int(f.total*oversample + 0.5))
	f.Progress("tilt", 0, tiltSteps)
	errors, err := f.score(ctx, f.coarse.Left()*scoreShare)
	if err != nil {
		return err
	}
	share := f.coarse.Left()
	all := make([]int, len(f.pairs))
	for i := range all {
		all[i] = i
	}
	pick, _ := f.best(all, errors, share, 0, 0)
	var chosen []microdata.Clique
	for _, i := range pick {
		chosen = append(chosen, f.pairs[i])
	}
	measured, err := f.measure(ctx, chosen, share)
	if err != nil {
		return err
	}
	f.measured = append(f.measured, measured...)
	everything := f.evidence(func(microdata.Clique) bool { return true })
	return f.sample.reweigh(ctx, everything, f.total, tiltSteps, leastESS,
		func(done, total int) { f.Progress("tilt", done, total) })
}
