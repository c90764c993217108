package dp

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// DeltaOf returns an upper bound on the δ at ε of answers drawn as in the
// accesses, from the loss distributions of the discrete draws themselves: it does
// not lean on Gaussian accounting, and so checks it. It holds for a list fixed in
// advance; that a run may choose its questions as it goes is the budget's promise.
//
// With P and Q the chances of an outcome with and without a person, and the loss
// L = ln P/Q, δ = Σ P·max(0, 1−e^(ε−L)), and losses of independent draws add up.
// The bound is above the exact sum by less than one part in 10⁷ for each variance
// that occurs.
func DeltaOf(e Epsilon, accesses ...Access) (Delta, error) {
	if !(e >= 0) || math.IsInf(float64(e), 0) {
		return 0, fmt.Errorf("dp: ε must be a number from 0 up, not %v", float64(e))
	}
	draws := map[Variance]int{}
	for _, a := range accesses {
		for i, v := range a.Variance {
			if !v.drawable() {
				return 0, fmt.Errorf("dp: noise of variance %d/%d cannot be drawn", v, sixteenths)
			}
			draws[v] += a.moved(i)
		}
	}
	var groups []lossGroup
	fine := Precision(0)
	for _, v := range slices.Sorted(maps.Keys(draws)) {
		g := lossGroup{s2: v.Float(), n: float64(draws[v])}
		if g.reach() > fineLattice {
			fine += v.Cost() * Precision(g.n)
		} else {
			groups = append(groups, g)
		}
	}
	return deltaOf(float64(e), groups, fine), nil
}

// deltaOf bounds the δ at e of independent draws: groups on their lattices, and
// continuous noise of the precision fine.
func deltaOf(e float64, groups []lossGroup, fine Precision) Delta {
	if len(groups) == 0 {
		return DeltaFor(fine.Mu(), Epsilon(e))
	}
	coarse := 0.0
	for _, g := range groups {
		coarse += g.n / g.s2
	}
	// Under the tilt by e^λL, with λ ≥ 0, the mean loss is ε: what δ is made of
	// stands in the middle, where what is left out does not reach it. What a mass
	// is weighed by is then at most 1 (proof.md).
	total := coarse + float64(fine)
	t := tilt{lambda: max((e-total/2)/total, 0), grid: math.Sqrt(total) / (1 << gridBits)}
	front := t.lambda*(t.lambda+1)*total/2 - t.lambda*e
	if front < -690 {
		return 1e-299 // δ is below anything that a float64 can tell
	}
	weight := func(over float64) float64 { // of a loss of ε−over
		if fine == 0 {
			return math.Exp(t.lambda*over) * max(-math.Expm1(over), 0)
		}
		rest := float64(DeltaFor(fine.Mu(), Epsilon(over)))
		power := t.lambda*over - t.lambda*(t.lambda+1)*float64(fine)/2
		return min(math.Exp(min(power, 700))*max(rest, math.SmallestNonzeroFloat64), 1)
	}
	sum := 0.0
	if len(groups) == 1 && fine == 0 { // the sum itself, on no grid
		groups[0].each(t.lambda, func(loss, mass float64) { sum += mass * weight(e-loss) })
	} else {
		centre, reach := coarse*(t.lambda+.5), (tails+1)*math.Sqrt(coarse)
		for k, mass := range t.compose(groups) {
			if loss := t.loss(k, coarse); mass > 0 && math.Abs(loss-centre) <= reach {
				sum += mass * weight(e-loss)
			}
		}
	}
	// Floating point, the tails that are left out, and normalisers (proof.md).
	const slack = 1e-9
	return Delta(min(math.Exp(front)*(sum*(1+slack)+1e-40), 1))
}

// fineLattice is the number of standard deviations from end to end, counted in
// steps of a lattice, beyond which its sum is taken as that of the continuous
// noise that dominates it (theorem 2) instead of point by point.
const fineLattice = 1 << 22

// A lossGroup is n draws of one variance. The sum S of their noises has, at every
// integer, at most the mass of N(0, nσ²) there but for a share of n·2·10⁻¹⁷; its
// loss is (S + n/2)/σ².
type lossGroup struct{ s2, n float64 }

// tails is the number of standard deviations beyond which mass, less than 10⁻⁵⁵,
// is left out.
const tails = 16

func (g lossGroup) reach() float64 { return tails * math.Sqrt(g.n*g.s2) }

// each calls add with every loss and its mass tilted by e^λL and normalised: the
// tilt moves the mean of S by λn.
func (g lossGroup) each(lambda float64, add func(loss, mass float64)) {
	centre, span := lambda*g.n, g.reach()
	front := 1 / math.Sqrt(2*math.Pi*g.n*g.s2)
	for s := math.Ceil(centre - span); s <= centre+span; s++ {
		d := s - centre
		add((s+g.n/2)/g.s2, front*math.Exp(-d*d/2/(g.n*g.s2)))
	}
}

// gridBits: losses of several groups are put on a grid of a standard deviation's
// 2¹³-th part, on which 2¹⁹ points are 64 standard deviations.
const gridBits, windowBits = 13, 19

// A tilt says how losses are weighed and where they are put.
type tilt struct{ lambda, grid float64 }

// compose returns the masses of the sum of all groups' losses on the grid, from
// the spectra of the groups' own.
func (t tilt) compose(groups []lossGroup) []float64 {
	f := newFourier(windowBits)
	product := slices.Repeat([]complex128{1}, 1<<windowBits)
	for i := 0; i < len(groups); i += 2 {
		pair := make([]complex128, 1<<windowBits) // two real sequences in one
		t.place(groups[i], func(k int, mass float64) { pair[k] += complex(mass, 0) })
		if i+1 < len(groups) {
			t.place(groups[i+1], func(k int, mass float64) { pair[k] += complex(0, mass) })
		} else {
			pair[0] += complex(0, 1) // of the sum of nothing
		}
		f.transform(pair)
		for k := range product {
			a, b := split(pair[k], pair[-k&(1<<windowBits-1)])
			product[k] *= a * b
		}
	}
	return f.inverse(product)
}

// place puts a group's losses on the grid. A loss between two points is split
// between them so that both its mass under P and that under Q are kept: merging
// the two gives it back, so that the pair on the grid tells no less.
func (t tilt) place(g lossGroup, add func(k int, mass float64)) {
	whole := -math.Expm1(-t.grid)
	g.each(t.lambda, func(loss, mass float64) {
		i := math.Floor(loss / t.grid)
		past := min(max(loss-i*t.grid, 0), t.grid)
		low := math.Exp(-t.grid) * math.Expm1(t.grid-past) / whole
		k := int(i) & (1<<windowBits - 1)
		add(k, mass*low*math.Exp(-t.lambda*past))
		add((k+1)&(1<<windowBits-1), mass*(1-low)*math.Exp(t.lambda*(t.grid-past)))
	})
}

// loss returns the loss that stands at place k of the window: the one nearest to
// the tilted mean among those that share the place.
func (t tilt) loss(k int, precision float64) float64 {
	const window = 1 << windowBits
	centre := math.Round(precision * (t.lambda + .5) / t.grid)
	d := math.Mod(float64(k)-centre, window)
	switch {
	case d >= window/2:
		d -= window
	case d < -window/2:
		d += window
	}
	return (centre + d) * t.grid
}
