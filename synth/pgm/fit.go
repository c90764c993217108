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
	// Of says, where cells were counted together, which of Counts each cell adds to;
	// nil: each cell has a count of its own.
	Of []int32
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

// target is a measurement bound to the relay that it is read from.
type target struct {
	walk      walk // from the relay's cells
	counts    []float64
	precision []float64 // one a count
	of        []int32   // the count that each cell adds to; nil: its own
	off       []float64 // by count, where cells share them: what the tree's differs by
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
// (μ summed over the cells that a count is of) over the tree's distributions by mirror descent with an adaptive step
// (McKenna, Sheldon and Miklau 2019, §4; steps in probability space, so that
// exp is taken on measured cells only). Every measurement's clique must be held
// by a clique of the tree. It starts from where the tree stands. It returns the
// loss reached; about half the number of measured cells is what noise alone leaves.
func (t *Tree) Fit(ctx context.Context, ms []Measurement, total float64, e Effort) (loss float64, err error) {
	if !(total > 0) || math.IsInf(total, 0) {
		return 0, fmt.Errorf("pgm: a total of %v records cannot be fitted", total)
	}
	targets, relays, err := t.bind(ms)
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
	t.settle()
	alpha := 2 / (sharpest * total * total)
	loss = t.loss(targets, relays, total)
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
			t.descend(targets, relays, alpha)
			t.calibrate()
			now := t.loss(targets, relays, total)
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

// bind stores each measurement's counts in the tree's layout and finds the relays
// from which they are read.
func (t *Tree) bind(ms []Measurement) ([]target, [][]relay, error) {
	targets, byNode := make([]target, len(ms)), make([][]int, len(t.nodes))
	sets := make([][]int, len(ms))
	for k, m := range ms {
		i := t.home(m.Clique)
		if i < 0 {
			return nil, nil, fmt.Errorf("pgm: no clique holds the measured columns %v", []int(m.Clique))
		}
		cells := m.Clique.Cells(t.sizes)
		precision, err := m.check(cells)
		if err != nil {
			return nil, nil, err
		}
		stored := t.order(m.Clique)
		sets[k] = stored
		x := target{
			counts: m.Counts, precision: precision,
			mu: make([]float64, cells), gradient: make([]float64, cells),
			step: make([]float64, cells), last: make([]float64, cells), lastMu: make([]float64, cells),
		}
		if m.Of == nil {
			x.counts, x.precision = t.permute(m.Counts, m.Clique, stored), t.permute(precision, m.Clique, stored)
		} else {
			x.of, x.off = rearrange(t.sizes, m.Of, m.Clique, stored), make([]float64, len(m.Counts))
		}
		targets[k] = x
		byNode[i] = append(byNode[i], k)
	}
	relays := make([][]relay, len(t.nodes))
	for i := range t.nodes {
		relays[i] = t.relays(&t.nodes[i], byNode[i], sets)
		for _, r := range relays[i] {
			for _, k := range r.targets {
				targets[k].walk = newWalk(t.sizes, r.columns, sets[k])
			}
		}
	}
	return targets, relays, nil
}

// check returns the precision of each count of a measurement of so many cells.
func (m *Measurement) check(cells int) ([]float64, error) {
	counts := len(m.Counts)
	if m.Of == nil && counts != cells || m.Of != nil && len(m.Of) != cells || len(m.Precision) != counts && len(m.Precision) != 1 {
		return nil, fmt.Errorf("pgm: columns %v have %d cells; %d counts and %d precisions were given",
			[]int(m.Clique), cells, counts, len(m.Precision))
	}
	for _, k := range m.Of {
		if k < 0 || int(k) >= counts {
			return nil, fmt.Errorf("pgm: columns %v: a cell adds to none of the counts", []int(m.Clique))
		}
	}
	precision := m.Precision
	if len(precision) == 1 {
		precision = make([]float64, counts)
		for c := range precision {
			precision[c] = m.Precision[0]
		}
	}
	for c, p := range precision {
		if !(p >= 0) || math.IsInf(p, 0) || math.IsNaN(m.Counts[c]) || math.IsInf(m.Counts[c], 0) {
			return nil, fmt.Errorf("pgm: columns %v: cell %d has no finite count and precision", []int(m.Clique), c)
		}
	}
	return precision, nil
}

// loss reads the marginals of all targets and returns the loss; gradients are
// left in the targets. Targets are added up in their order.
func (t *Tree) loss(targets []target, relays [][]relay, total float64) float64 {
	part := make([]float64, len(targets))
	jobs := every(relays)
	share(t.workers, len(jobs), true, func(j int) {
		r := jobs[j].relay
		clear(r.cells)
		r.walk.sum(r.cells, t.nodes[jobs[j].node].belief)
		for _, k := range r.targets {
			part[k] = targets[k].compare(r.cells, total)
		}
	})
	sum := 0.0
	for _, p := range part {
		sum += p
	}
	return sum
}

// compare reads the target's marginal from its relay's cells, works out the
// gradient, and returns the target's part of the loss.
func (x *target) compare(relay []float64, total float64) float64 {
	clear(x.mu)
	x.walk.sum(x.mu, relay)
	sum := 0.0
	if x.of != nil {
		for k, y := range x.counts {
			x.off[k] = -y
		}
		for c, m := range x.mu {
			x.off[x.of[c]] += total * m
		}
		for k, d := range x.off {
			sum += d * d * x.precision[k]
		}
		for c, k := range x.of {
			x.gradient[c] = x.off[k] * x.precision[k] * total
		}
		return sum / 2
	}
	for c, m := range x.mu {
		d := total*m - x.counts[c]
		x.gradient[c] = d * x.precision[c] * total
		sum += d * d * x.precision[c]
	}
	return sum / 2
}

// descend multiplies every potential by exp(−α·gradient).
func (t *Tree) descend(targets []target, relays [][]relay, alpha float64) {
	// What is possible stays possible: a potential never falls below least, and one
	// step never multiplies it by less than exp(−most), so that nothing underflows.
	const least, most = 1e-250, 100
	count := make([]int, len(t.nodes)) // targets of each node
	for i := range relays {
		for _, r := range relays[i] {
			count[i] += len(r.targets)
		}
	}
	jobs := every(relays)
	share(t.workers, len(jobs), true, func(j int) {
		r, limit := jobs[j].relay, most/float64(count[jobs[j].node])
		for c := range r.cells {
			r.cells[c] = 1
		}
		for _, k := range r.targets {
			x := &targets[k]
			for c, g := range x.last {
				x.step[c] = math.Exp(min(max(-alpha*g, -limit), limit))
			}
			x.walk.multiply(r.cells, x.step)
		}
	})
	share(t.workers, len(t.nodes), true, func(i int) {
		if count[i] == 0 {
			return
		}
		psi, top := t.nodes[i].psi, 0.0
		for _, r := range relays[i] {
			r.walk.multiply(psi, r.cells)
		}
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

// A job is a relay of a node: several workers may share those of one large node.
type job struct {
	node  int
	relay *relay
}

func every(relays [][]relay) (jobs []job) {
	for i := range relays {
		for j := range relays[i] {
			jobs = append(jobs, job{i, &relays[i][j]})
		}
	}
	return jobs
}
