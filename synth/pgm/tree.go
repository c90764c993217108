// Package pgm fits a graphical model to noisy marginals and draws records from
// it: the inference of Private-PGM (McKenna, Sheldon and Miklau 2019) on a
// junction tree.
//
// A [Tree] is a distribution over a table's columns that factorises over the
// cliques of a chordal graph. [Tree.Fit] finds the tree whose marginals are
// nearest to the measured ones; [Tree.Marginal] reads a marginal; [Tree.Generate]
// writes records whose marginals are within rounding of the tree's.
//
// All of it is post-processing of noisy counts: no record is ever seen here.
// Results do not depend on the number of workers. Cells that [Tree.Forbid] made
// impossible stay exactly zero.
package pgm

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"amparo/microdata"
)

// A Tree is a calibrated junction tree. It is not safe for concurrent use.
type Tree struct {
	*layout
	nodes   []node
	levels  [][]int // nodes by depth, roots first
	workers int
	stale   bool // potentials changed: beliefs are not yet the marginals of their cliques
}

// node is one clique of the tree.
type node struct {
	columns  []int     // in layout order
	psi      []float64 // potential, unnormalised, largest cell 1
	belief   []float64 // after calibration: the clique's marginal, sum 1
	parent   int       // -1 for a root
	children []int
	message  []float64 // to the parent, over the separator
	ratio    []float64 // from the parent, over the separator
	down     walk      // own cells → separator
	up       walk      // parent's cells → separator
}

// NewTree returns the uniform distribution over a junction tree of the cliques,
// which must be those of a chordal graph ([Triangulate] gives such). Workers < 1
// means one.
func NewTree(sizes []int, cliques []microdata.Clique, workers int) (*Tree, error) {
	t := &Tree{layout: newLayout(sizes), workers: max(workers, 1)}
	covered := make([]bool, len(sizes))
	for _, c := range cliques {
		for _, a := range c {
			if a < 0 || a >= len(sizes) {
				return nil, fmt.Errorf("pgm: clique %v names a column outside 0…%d", []int(c), len(sizes)-1)
			}
			covered[a] = true
		}
		if n := c.Cells(sizes); n > microdata.MaxCells {
			return nil, fmt.Errorf("pgm: clique %v has more than %d cells", []int(c), microdata.MaxCells)
		}
		t.nodes = append(t.nodes, node{columns: t.order(c), parent: -1})
	}
	if i := slices.Index(covered, false); i >= 0 {
		return nil, fmt.Errorf("pgm: no clique holds column %d", i)
	}
	t.link()
	if err := t.checkRunning(); err != nil {
		return nil, err
	}
	t.allocate()
	t.calibrate()
	return t, nil
}

// link joins the cliques by a spanning forest of largest separators (Prim), so
// that the running intersection property holds wherever the graph is chordal.
func (t *Tree) link() {
	const out, in = -2, -1
	best := make([]int, len(t.nodes)) // the neighbour in the tree with the largest separator
	width := make([]int, len(t.nodes))
	for i := range best {
		best[i], width[i] = out, -1
	}
	depth := make([]int, len(t.nodes))
	for range t.nodes {
		pick := -1
		for i := range t.nodes {
			if best[i] != in && (pick < 0 || width[i] > width[pick]) {
				pick = i
			}
		}
		if width[pick] > 0 {
			t.nodes[pick].parent = best[pick]
			depth[pick] = depth[best[pick]] + 1
			t.nodes[best[pick]].children = append(t.nodes[best[pick]].children, pick)
		}
		if len(t.levels) == depth[pick] {
			t.levels = append(t.levels, nil)
		}
		t.levels[depth[pick]] = append(t.levels[depth[pick]], pick)
		best[pick] = in
		for i := range t.nodes {
			if w := len(common(t.nodes[i].columns, t.nodes[pick].columns)); best[i] != in && w > width[i] {
				best[i], width[i] = pick, w
			}
		}
	}
}

// checkRunning refuses cliques of a graph that is not chordal: there the cliques
// that hold a column would not hang together.
func (t *Tree) checkRunning() error {
	heads := make([]int, len(t.sizes)) // cliques that hold the column, their parent not
	for i := range t.nodes {
		for _, a := range t.nodes[i].columns {
			if p := t.nodes[i].parent; p < 0 || !slices.Contains(t.nodes[p].columns, a) {
				heads[a]++
			}
		}
	}
	if slices.ContainsFunc(heads, func(n int) bool { return n != 1 }) {
		return errors.New("pgm: the cliques are not those of a chordal graph; triangulate first")
	}
	return nil
}

// allocate lays all factors out in one arena.
func (t *Tree) allocate() {
	total := 0
	for i := range t.nodes {
		total += 2 * microdata.Clique(t.nodes[i].columns).Cells(t.sizes)
	}
	arena := make([]float64, total)
	cut := func(n int) []float64 {
		out := arena[:n:n]
		arena = arena[n:]
		return out
	}
	for i := range t.nodes {
		q := &t.nodes[i]
		cells := microdata.Clique(q.columns).Cells(t.sizes)
		q.psi, q.belief = cut(cells), cut(cells)
		for c := range q.psi {
			q.psi[c] = 1
		}
		if q.parent >= 0 {
			p := &t.nodes[q.parent]
			separator := common(q.columns, p.columns)
			n := microdata.Clique(separator).Cells(t.sizes)
			q.message, q.ratio = make([]float64, n), make([]float64, n)
			q.down, q.up = newWalk(t.sizes, q.columns, separator), newWalk(t.sizes, p.columns, separator)
		}
	}
}

// calibrate passes messages up and down the tree (Shafer and Shenoy 1990, with
// division): afterwards each belief is the marginal of its clique.
func (t *Tree) calibrate() {
	t.stale = false
	for d := len(t.levels) - 1; d >= 0; d-- {
		t.each(t.levels[d], t.collect)
	}
	for d := range t.levels {
		t.each(t.levels[d], t.distribute)
	}
}

// settle calibrates where potentials changed since.
func (t *Tree) settle() {
	if t.stale {
		t.calibrate()
	}
}

func (t *Tree) collect(i int) {
	q := &t.nodes[i]
	copy(q.belief, q.psi)
	for _, c := range q.children {
		t.nodes[c].up.multiply(q.belief, t.nodes[c].message)
	}
	if q.parent < 0 {
		return
	}
	clear(q.message)
	q.down.sum(q.message, q.belief)
	// Messages are scaled to a largest cell of 1, so that long chains of them
	// neither overflow nor vanish; the belief is scaled alike.
	if top := slices.Max(q.message); top > 0 {
		scale(q.message, 1/top)
		scale(q.belief, 1/top)
	}
}

func (t *Tree) distribute(i int) {
	q := &t.nodes[i]
	if q.parent < 0 {
		total := 0.0
		for _, v := range q.belief {
			total += v
		}
		if total > 0 {
			scale(q.belief, 1/total)
		}
		return
	}
	p := &t.nodes[q.parent]
	clear(q.ratio)
	q.up.sum(q.ratio, p.belief)
	for c, m := range q.message {
		if m > 0 {
			q.ratio[c] /= m
		} else {
			q.ratio[c] = 0
		}
	}
	q.down.multiply(q.belief, q.ratio)
}

// each runs f on every node of a level. Nodes of a level touch only their own
// factors, so that the order does not matter and the result is the same for any
// number of workers.
func (t *Tree) each(level []int, f func(int)) {
	const small = 1 << 12 // cells below which starting a goroutine costs more than it saves
	cells := 0
	for _, i := range level {
		cells += len(t.nodes[i].psi)
	}
	share(t.workers, len(level), cells > small, func(k int) { f(level[k]) })
}

// Share runs f(0), …, f(n-1) on that many goroutines at most, and waits.
func Share(workers, n int, f func(int)) { share(workers, n, true, f) }

// share is Share where it is worth starting goroutines.
func share(workers, n int, worth bool, f func(int)) {
	if workers < 2 || n < 2 || !worth {
		for k := range n {
			f(k)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < n; k = int(next.Add(1)) - 1 {
				f(k)
			}
		})
	}
	wg.Wait()
}

// home returns the smallest node that holds the columns, or -1.
func (t *Tree) home(c microdata.Clique) int {
	best := -1
	for i := range t.nodes {
		if len(common(t.nodes[i].columns, c)) == len(c) && (best < 0 || len(t.nodes[i].psi) < len(t.nodes[best].psi)) {
			best = i
		}
	}
	return best
}

// Holds says whether one clique of the tree holds the columns, so that their
// marginal can be read and fitted.
func (t *Tree) Holds(c microdata.Clique) bool { return t.home(c) >= 0 }

// Cells returns the number of cells of all cliques together.
func (t *Tree) Cells() (n int) {
	for i := range t.nodes {
		n += len(t.nodes[i].psi)
	}
	return n
}

// Marginal returns the probabilities of the combinations of levels of c,
// row-major, the last column fastest; or nil where no clique holds c.
func (t *Tree) Marginal(c microdata.Clique) []float64 {
	i := t.home(c)
	if i < 0 {
		return nil
	}
	t.settle()
	stored := t.order(c)
	w := newWalk(t.sizes, t.nodes[i].columns, stored)
	out := make([]float64, c.Cells(t.sizes))
	w.sum(out, t.nodes[i].belief)
	return t.permute(out, stored, c)
}

// Forbid makes the marked combinations of levels of c impossible: their
// probability is exactly zero from now on. It is an error if no clique holds c,
// or if nothing at all would be left possible; the tree is then unusable.
func (t *Tree) Forbid(c microdata.Clique, marked []bool) error {
	i := t.home(c)
	if i < 0 || len(marked) != c.Cells(t.sizes) {
		return fmt.Errorf("pgm: no clique holds columns %v, or not %d cells were given", []int(c), c.Cells(t.sizes))
	}
	allowed := make([]float64, len(marked))
	for cell, no := range marked {
		if !no {
			allowed[cell] = 1
		}
	}
	stored := t.order(c)
	w := newWalk(t.sizes, t.nodes[i].columns, stored)
	w.multiply(t.nodes[i].psi, t.permute(allowed, c, stored))
	// Only the messages from here to the root change: they tell whether anything is
	// left. The beliefs wait until one is read, for more may be forbidden first.
	t.stale = true
	for ; ; i = t.nodes[i].parent {
		t.collect(i)
		if t.nodes[i].parent < 0 {
			break
		}
	}
	if !(slices.Max(t.nodes[i].belief) > 0) {
		return fmt.Errorf("pgm: forbidding combinations of columns %v leaves none possible; the rules contradict each other", []int(c))
	}
	return nil
}

func common(a, b []int) []int {
	var out []int
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

func scale(x []float64, by float64) {
	if by == 1 || math.IsInf(by, 0) {
		return
	}
	for i := range x {
		x[i] *= by
	}
}
