package synth

import (
	"cmp"
	"context"
	"math"
	"slices"

	"amparo/synth/pgm"
)

// Raking of a sample; chosen on generated data and the same for every file.
const (
	// rakeSweeps are the sweeps over all measurements, rakeAgain those that a sample
	// takes that was raked before.
	rakeSweeps = 20
	rakeAgain  = 8
	// rakeTrust: measurements weigh as their noise says, and the tree that the
	// sample came from as if n/rakeTrust records had shown it.
	rakeTrust = 30.0
	// rakeRamp sweeps come first, in which the trust doubles up to its full.
	rakeRamp = 6
	// leastESS: the sample, weighed by how far it was moved, counts for at least
	// this share of the records to be written.
	leastESS = 0.02
)

// rake moves a sample's weights towards measurements of one or two columns: it
// minimises, over all weights W of the records, in records,
//
//	KL(W ‖ W₀) + trust/2 · Σ precision · (W's count − measured count)²
//
// with W adding up to the total, so that W ∝ W₀·exp(Σ θ[cell]): a graphical model of any treewidth, confined to
// the sample's records. Measurements take turns, each brought to its optimum with
// the others held (Dudík, Phillips and Schapire 2007, §4, for squared ℓ₂ regularity):
// raking (Deming and Stephan 1940) that knows how noisy each margin is. A sweep that
// would leave so little of the sample that it counts for less than leastESS of the
// records to be written is undone, and the measurements are trusted less from there on.
//
// A sample that was raked before begins with full trust, and is done in fewer sweeps.
func (s *sample) rake(ctx context.Context, ms []pgm.Measurement, total float64, again bool, progress func(done, total int)) error {
	if len(ms) == 0 {
		return nil
	}
	scale(s.weight, total)
	r := newRaking(s, ms)
	start, most := slices.Clone(s.weight), rakeTrust
	floor := leastESS * min(total/float64(s.drawn), 1)
	sweeps, ramp := rakeSweeps, rakeRamp
	if again {
		sweeps, ramp = rakeAgain, 0
	}
	for sweep := range sweeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress(sweep, sweeps)
		r.save()
		trust := min(rakeTrust*math.Exp2(float64(sweep-ramp)), most)
		if r.sweep(trust); effective(s.weight, start) < floor {
			r.restore()
			most = trust / 4
		}
	}
	scale(s.weight, 1/sum(s.weight))
	return nil
}

// strips is the number of parts in which records are walked. It is fixed, so
// that sums are added up in one order whatever the number of workers.
const strips = 4

// raking is the state of rake. Measurements whose columns all belong to the
// grouping take their turn on its patterns, of which there are far fewer than
// records; the others on the records.
type raking struct {
	*sample
	grouping
	margins   []margin
	outer     []int     // margins on records
	inner     []int     // on patterns
	last      []int     // single columns, on records
	held, was []float64 // weight of each pattern: now, and when it was gathered
	strips    [strips][]float64
	before    []float64 // weights, to go back to
	total     float64   // of the weights, always
}

// A margin is a measurement with the logarithm θ of what each of its counts
// multiplies weights by.
type margin struct {
	pgm.Measurement
	cells         int
	theta, before []float64
}

func (r *raking) save() {
	r.before = append(r.before[:0], r.weight...)
	for _, m := range r.margins {
		copy(m.before, m.theta)
	}
}

func (r *raking) restore() {
	copy(r.weight, r.before)
	for _, m := range r.margins {
		copy(m.theta, m.before)
	}
}

func newRaking(s *sample, ms []pgm.Measurement) *raking {
	r := &raking{sample: s, grouping: newGrouping(s), total: sum(s.weight)}
	most := r.patterns
	for k, m := range ms {
		cells := m.Clique.Cells(s.sizes)
		r.margins = append(r.margins, margin{m, cells, make([]float64, len(m.Counts)), make([]float64, len(m.Counts))})
		most = max(most, cells)
		switch {
		case r.covers(m.Clique):
			r.inner = append(r.inner, k)
		case len(m.Clique) == 1:
			r.last = append(r.last, k)
		default:
			r.outer = append(r.outer, k)
		}
	}
	// The largest first: what a sweep ends with holds best.
	large := func(i, j int) int { return cmp.Compare(len(ms[j].Counts), len(ms[i].Counts)) }
	slices.SortStableFunc(r.inner, large)
	slices.SortStableFunc(r.outer, large)
	r.held, r.was = make([]float64, r.patterns), make([]float64, r.patterns)
	for b := range r.strips {
		r.strips[b] = make([]float64, most)
	}
	return r
}

// sweep gives every margin its turn.
func (r *raking) sweep(trust float64) {
	for _, k := range r.outer {
		r.turn(&r.margins[k], trust, r.weight, r.columns)
	}
	r.gather()
	for _, k := range r.inner {
		r.turn(&r.margins[k], trust, r.held, r.codes)
	}
	r.spread()
	for _, k := range r.last {
		r.turn(&r.margins[k], trust, r.weight, r.columns)
	}
}

// turn counts the weights by the margin's cells and moves each cell to its optimum.
func (r *raking) turn(m *margin, trust float64, weight []float64, columns [][]uint16) {
	n := len(weight)
	pgm.Share(r.workers, strips, func(b int) {
		from, to := b*n/strips, (b+1)*n/strips
		clear(r.strips[b][:m.cells])
		tally(r.strips[b][:m.cells], weight[from:to], columns, m.Clique, r.sizes, from, to)
	})
	by, held := r.strips[0][:m.cells], 0.0
	for c := range by {
		by[c] = r.added(c)
	}
	moves := by
	if m.Of != nil {
		moves = make([]float64, len(m.Counts))
		for c, k := range m.Of {
			moves[k] += by[c]
		}
	}
	for k, count := range moves {
		move := settle(trust*m.Precision[min(k, len(m.Precision)-1)], count, m.Counts[k], m.theta[k])
		m.theta[k] += move
		moves[k] = math.Exp(move)
		held += count * moves[k]
	}
	for c, k := range m.Of {
		by[c] = moves[k]
	}
	if held > 0 { // the whole is known better than any of its parts
		scale(by, r.total/held)
	}
	pgm.Share(r.workers, strips, func(b int) {
		from, to := b*n/strips, (b+1)*n/strips
		multiply(weight[from:to], by, columns, m.Clique, r.sizes, from, to)
	})
}

// added adds up the strips at c.
func (r *raking) added(c int) (sum float64) {
	for b := range r.strips {
		sum += r.strips[b][c]
	}
	return sum
}

// mostMove bounds what one turn adds to a cell's θ, so that a cell that the sample
// hardly holds does not hang on one record at once.
const mostMove = 3

// settle returns the z by which a cell's θ moves to its optimum,
//
//	θ + z = −a·(count·e^z − measured),
//
// where a is trust times precision: Newton's method on z + a·count·e^z − (a·measured − θ),
// which rises and is convex, from above the root.
func settle(a, count, measured, theta float64) (z float64) {
	slope, rest := a*count, a*measured-theta
	switch {
	case slope <= 0:
		z = rest
	case slope < rest:
		z = min(rest-slope, math.Log(rest/slope))
	}
	for range 40 {
		e := slope * math.Exp(z)
		step := (z + e - rest) / (1 + e)
		z -= step
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return min(max(z, -mostMove), mostMove)
}

// gather works out the weight of each pattern.
func (r *raking) gather() {
	n := len(r.weight)
	pgm.Share(r.workers, strips, func(b int) {
		out := r.strips[b][:r.patterns]
		clear(out)
		for i := b * n / strips; i < (b+1)*n/strips; i++ {
			out[r.pattern[i]] += r.weight[i]
		}
	})
	for p := range r.held {
		r.held[p] = r.added(p)
	}
	copy(r.was, r.held)
}

// spread hands on to the records what the patterns' weights were multiplied by.
func (r *raking) spread() {
	for p, w := range r.was {
		if w > 0 {
			r.was[p] = r.held[p] / w
		}
	}
	n := len(r.weight)
	pgm.Share(r.workers, strips, func(b int) {
		for i := b * n / strips; i < (b+1)*n/strips; i++ {
			r.weight[i] *= r.was[r.pattern[i]]
		}
	})
}

func scale(x []float64, by float64) {
	for i := range x {
		x[i] *= by
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}
