package pgm

import (
	"context"
	"fmt"
	"math"

	"amparo/microdata"
)

// A Measurement is a noisy marginal, with what is known of its noise.
type Measurement struct {
	Clique microdata.Clique
	// Counts are the noisy counts, row-major, the last column fastest.
	Counts []float64
	// Precision is 1/variance of each count; of all of them where it has
	// length 1. Zero: this count says nothing.
	Precision []float64
}

// Effort says how long to fit.
type Effort struct {
	// Iterations is the most steps taken. Default 300.
	Iterations int
	// Tolerance: stop when 25 steps lowered the loss by less than this share.
	// Default 1e-4.
	Tolerance float64
	// Progress, where not nil, is told how many steps were taken of how many.
	Progress func(done, total int)
}

// target is a measurement bound to the node that holds it.
type target struct {
	node      int
	walk      walk
	counts    []float64
	precision []float64 // one a cell
	mu        []float64 // the tree's marginal
	gradient  []float64
	step      []float64 // exp(−α·gradient), by cell
	last      []float64 // gradient at the last accepted point
	lastMu    []float64
}

// Fit moves the tree towards the measurements: it minimises
//
//	½ Σ precision · (total·μ − count)²
//
// over the tree's distributions by mirror descent with an adaptive step
// (McKenna, Sheldon and Miklau 2019, §4; steps in probability space, so that
// exp is taken on measured cells only). Every measurement's clique must be held
// by a clique of the tree. It starts from where the tree stands. It returns the
// loss reached; about half the number of measured cells is what noise alone leaves.
func (t *Tree) Fit(ctx context.Context, ms []Measurement, total float64, e Effort) (loss float64, err error) {
	if !(total > 0) || math.IsInf(total, 0) {
		return 0, fmt.Errorf("pgm: a total of %v records cannot be fitted", total)
	}
	targets, byNode, err := t.bind(ms)
	if err != nil {
		return 0, err
	}
	iterations := e.Iterations
	if iterations <= 0 {
		iterations = 300
	}
	tolerance := e.Tolerance
	if tolerance <= 0 {
		tolerance = 1e-4
	}
	old := make([][]float64, len(t.nodes))
	for i := range t.nodes {
		old[i] = append([]float64(nil), t.nodes[i].psi...)
	}
	sharpest := 0.0
	for i := range targets {
		for _, p := range targets[i].precision {
			sharpest = max(sharpest, p)
		}
	}
	if sharpest == 0 {
		return 0, nil
	}
	alpha := 2 / (sharpest * total * total)
	loss = t.loss(targets, byNode, total)
	mark := loss
	for step := range iterations {
		if err := ctx.Err(); err != nil {
			return loss, err
		}
		if e.Progress != nil {
			e.Progress(step, iterations)
		}
		for i := range targets {
			copy(targets[i].last, targets[i].gradient)
			copy(targets[i].lastMu, targets[i].mu)
		}
		share(t.workers, len(t.nodes), true, func(i int) { copy(old[i], t.nodes[i].psi) })
		moved := false
		for try := range 25 {
			t.descend(targets, byNode, alpha)
			t.calibrate()
			now := t.loss(targets, byNode, total)
			promised := 0.0 // what the gradient promised for this move
			for i := range targets {
				x := &targets[i]
				for c, g := range x.last {
					promised += g * (x.lastMu[c] - x.mu[c])
				}
			}
			if loss-now >= 0.5*promised && now <= loss || try > 20 && now <= loss {
				loss, moved = now, true
				if try == 0 {
					alpha *= 1.4
				}
				break
			}
			alpha *= 0.5
			share(t.workers, len(t.nodes), true, func(i int) { copy(t.nodes[i].psi, old[i]) })
		}
		if !moved {
			t.calibrate()
			break
		}
		if step%25 == 24 {
			if mark-loss < tolerance*loss {
				break
			}
			mark = loss
		}
	}
	return loss, nil
}

// bind finds each measurement's node and stores its counts in the tree's layout.
func (t *Tree) bind(ms []Measurement) ([]target, [][]int, error) {
	targets, byNode := make([]target, len(ms)), make([][]int, len(t.nodes))
	for k, m := range ms {
		cells := m.Clique.Cells(t.sizes)
		i := t.home(m.Clique)
		switch {
		case i < 0:
			return nil, nil, fmt.Errorf("pgm: no clique holds the measured columns %v", []int(m.Clique))
		case len(m.Counts) != cells || len(m.Precision) != cells && len(m.Precision) != 1:
			return nil, nil, fmt.Errorf("pgm: columns %v have %d cells; %d counts and %d precisions were given",
				[]int(m.Clique), cells, len(m.Counts), len(m.Precision))
		}
		precision := m.Precision
		if len(precision) == 1 {
			precision = make([]float64, cells)
			for c := range precision {
				precision[c] = m.Precision[0]
			}
		}
		for c, p := range precision {
			if !(p >= 0) || math.IsInf(p, 0) || math.IsNaN(m.Counts[c]) || math.IsInf(m.Counts[c], 0) {
				return nil, nil, fmt.Errorf("pgm: columns %v: cell %d has no finite count and precision", []int(m.Clique), c)
			}
		}
		stored := t.order(m.Clique)
		targets[k] = target{
			node: i, walk: newWalk(t.sizes, t.nodes[i].columns, stored),
			counts:    t.permute(m.Counts, m.Clique, stored),
			precision: t.permute(precision, m.Clique, stored),
			mu:        make([]float64, cells), gradient: make([]float64, cells),
			step: make([]float64, cells), last: make([]float64, cells), lastMu: make([]float64, cells),
		}
		byNode[i] = append(byNode[i], k)
	}
	return targets, byNode, nil
}

// loss reads the marginals of all targets and returns the loss; gradients are
// left in the targets. Targets are added up in their order.
func (t *Tree) loss(targets []target, byNode [][]int, total float64) float64 {
	part := make([]float64, len(targets))
	share(t.workers, len(t.nodes), true, func(i int) {
		for _, k := range byNode[i] {
			x := &targets[k]
			clear(x.mu)
			x.walk.sum(x.mu, t.nodes[i].belief)
			sum := 0.0
			for c, m := range x.mu {
				d := total*m - x.counts[c]
				x.gradient[c] = d * x.precision[c] * total
				sum += d * d * x.precision[c]
			}
			part[k] = sum / 2
		}
	})
	sum := 0.0
	for _, p := range part {
		sum += p
	}
	return sum
}

// descend multiplies every potential by exp(−α·gradient).
func (t *Tree) descend(targets []target, byNode [][]int, alpha float64) {
	// What is possible stays possible: a potential never falls below least, and one
	// step never multiplies it by less than exp(−most), so that nothing underflows.
	const least, most = 1e-250, 100
	share(t.workers, len(t.nodes), true, func(i int) {
		psi := t.nodes[i].psi
		limit := most / float64(max(len(byNode[i]), 1))
		for _, k := range byNode[i] {
			x := &targets[k]
			for c, g := range x.last {
				x.step[c] = math.Exp(min(max(-alpha*g, -limit), limit))
			}
			x.walk.multiply(psi, x.step)
		}
		if len(byNode[i]) == 0 {
			return
		}
		top := 0.0
		for _, v := range psi {
			top = max(top, v)
		}
		if !(top > 0) {
			return
		}
		by := 1 / top
		for c, v := range psi {
			if v > 0 {
				psi[c] = max(v*by, least)
			}
		}
	})
}
