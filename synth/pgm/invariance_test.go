package pgm

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// wellFitted returns a tree of a shape, fitted to noisy marginals.
func wellFitted(t *testing.T, name string, workers int) (*Tree, []Measurement) {
	t.Helper()
	ms := noisyTruth(t, shapes[name], 1500, 20, 5, true)
	tree := newTree(t, fiveSizes, shapes[name], workers)
	if _, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 400}); err != nil {
		t.Fatal(err)
	}
	return tree, ms
}

// TestFitIsTheSameForAnyWorkers: for every shape, beliefs, loss and records are the
// same to the last bit, also on nodes large enough to be shared out.
func TestFitIsTheSameForAnyWorkers(t *testing.T) {
	type result struct {
		loss    float64
		beliefs []float64
		records [][]uint16
	}
	large := []int{40, 30, 25, 20, 3}
	for name, cliques := range shapes {
		if name == "one clique" {
			continue // of the large sizes, too many cells
		}
		var first *result
		for _, workers := range []int{1, 2, 3, 8} {
			var ms []Measurement
			r := NewRand(9)
			for _, c := range append(microdata.AllCliques(5, 1), cliques...) {
				y := randomFactor(r, c.Cells(large))
				scale(y, 5000/float64(len(y)))
				ms = append(ms, Measurement{Clique: c, Counts: y, Precision: []float64{.01}})
			}
			tree := newTree(t, large, cliques, workers)
			loss, err := tree.Fit(context.Background(), ms, 3000, Effort{Iterations: 12})
			if err != nil {
				t.Fatal(err)
			}
			got := &result{loss: loss, records: tree.Generate(700, NewRand(4))}
			for i := range tree.nodes {
				got.beliefs = append(got.beliefs, tree.nodes[i].belief...)
			}
			if first == nil {
				first = got
			} else if got.loss != first.loss || !slices.Equal(got.beliefs, first.beliefs) || !slices.EqualFunc(got.records, first.records, slices.Equal) {
				t.Errorf("%s: %d workers gave another result", name, workers)
			}
		}
	}
}

// TestOrderOfCliquesDoesNotMatter: nor that of measurements. Sums are then added up
// in another order, so the last bits may differ.
func TestOrderOfCliquesDoesNotMatter(t *testing.T) {
	r := NewRand(6)
	for name, sets := range shapes {
		ms := noisyTruth(t, sets, 1500, 20, 5, true)
		var first *Tree
		for range 4 {
			cliques := Triangulate(fiveSizes, sets)
			tree, err := NewTree(fiveSizes, cliques, 1)
			if err != nil {
				t.Fatal(err)
			}
			if first != nil {
				Shuffle(r, cliques) // another root, another spanning tree
				Shuffle(r, ms)
				if tree, err = NewTree(fiveSizes, cliques, 1); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := tree.Fit(context.Background(), ms, 1500, Effort{Iterations: 60, Tolerance: 1e-15}); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = tree
				continue
			}
			for _, m := range ms {
				if !near(first.Marginal(m.Clique), tree.Marginal(m.Clique), 1e-9) {
					t.Errorf("%s: in another order columns %v have another marginal", name, m.Clique)
				}
			}
		}
	}
}

// TestOrderOfColumnsDoesNotMatter: the same table with its columns, and the levels
// of its columns, renumbered.
func TestOrderOfColumnsDoesNotMatter(t *testing.T) {
	r := NewRand(16)
	for name, sets := range shapes {
		ms := noisyTruth(t, sets, 1500, 20, 5, true)
		plain := newTree(t, fiveSizes, sets, 1)
		if _, err := plain.Fit(context.Background(), ms, 1500, Effort{Iterations: 60, Tolerance: 1e-15}); err != nil {
			t.Fatal(err)
		}
		to := everyColumn(5) // column a becomes column to[a]
		Shuffle(r, to)
		sizes, level := make([]int, 5), make([][]int, 5)
		for a, b := range to {
			sizes[b] = fiveSizes[a]
			level[b] = everyColumn(fiveSizes[a])
			Shuffle(r, level[b])
		}
		move := func(c microdata.Clique) microdata.Clique {
			out := microdata.Clique{}
			for _, a := range c {
				out = append(out, to[a])
			}
			slices.Sort(out)
			return out
		}
		// moved renumbers a factor over c.
		moved := func(c microdata.Clique, values []float64) []float64 {
			out, target := make([]float64, len(values)), move(c)
			eachCombination(fiveSizes, func(codes []int) {
				renumbered := make([]int, 5)
				for a, v := range codes {
					renumbered[to[a]] = level[to[a]][v]
				}
				out[cellOf(sizes, target, renumbered)] = values[cellOf(fiveSizes, c, codes)]
			})
			return out
		}
		var again []Measurement
		var cliques []microdata.Clique
		for _, m := range ms {
			again = append(again, Measurement{Clique: move(m.Clique), Counts: moved(m.Clique, m.Counts), Precision: moved(m.Clique, precisionOf(m))})
		}
		for _, c := range Triangulate(fiveSizes, sets) { // the same graph: ties may be broken otherwise
			cliques = append(cliques, move(c))
		}
		other, err := NewTree(sizes, cliques, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Fit(context.Background(), again, 1500, Effort{Iterations: 60, Tolerance: 1e-15}); err != nil {
			t.Fatal(err)
		}
		for _, m := range ms {
			if !near(moved(m.Clique, plain.Marginal(m.Clique)), other.Marginal(move(m.Clique)), 1e-9) {
				t.Errorf("%s: renumbered, columns %v have another marginal", name, m.Clique)
			}
		}
	}
}

// TestCliquesAgreeOnSeparators: after a fit, every two cliques say the same of the
// columns they share, and each sums to one.
func TestCliquesAgreeOnSeparators(t *testing.T) {
	for name := range shapes {
		tree, _ := wellFitted(t, name, 2)
		for i := range tree.nodes {
			p, sum := &tree.nodes[i], 0.0
			for _, v := range p.belief {
				sum += v
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("%s: clique %v sums to %v", name, p.columns, sum)
			}
			for k := range tree.nodes[:i] {
				q := &tree.nodes[k]
				shared := common(p.columns, q.columns)
				read := func(n *node) []float64 {
					w, out := newWalk(tree.sizes, n.columns, shared), make([]float64, microdata.Clique(shared).Cells(tree.sizes))
					w.sum(out, n.belief)
					return out
				}
				if !near(read(p), read(q), 1e-12) {
					t.Errorf("%s: cliques %v and %v disagree on %v", name, p.columns, q.columns, shared)
				}
			}
		}
	}
}

// TestLongChain: sixty columns whose pairs pull in opposite directions by a factor
// of 10¹⁰⁰ each. The product of all would be far out of range; the oracle works with
// logarithms, forwards and backwards along the chain.
func TestLongChain(t *testing.T) {
	const n, levels = 60, 3
	r := NewRand(41)
	var sets []microdata.Clique
	for a := range n - 1 {
		sets = append(sets, microdata.Clique{a, a + 1})
	}
	tree := newTree(t, slices.Repeat([]int{levels}, n), sets, 2)
	logs := make([][]float64, n-1)
	for a, c := range sets {
		logs[a] = make([]float64, levels*levels)
		for i := range logs[a] {
			logs[a][i] = -230 * r.Float64()
		}
		logs[a][r.IntN(9)] = 0 // potentials have a largest cell of one
		q := &tree.nodes[tree.home(c)]
		values := make([]float64, len(logs[a]))
		for i, v := range logs[a] {
			values[i] = math.Exp(v)
		}
		copy(q.psi, tree.permute(values, c, q.columns))
	}
	tree.calibrate()
	add := func(x, y float64) float64 {
		if math.IsInf(x, -1) {
			return y
		}
		return max(x, y) + math.Log1p(math.Exp(-math.Abs(x-y)))
	}
	forward, backward := make([][]float64, n), make([][]float64, n)
	forward[0], backward[n-1] = make([]float64, levels), make([]float64, levels)
	for a := range n - 1 {
		forward[a+1], backward[n-2-a] = slices.Repeat([]float64{math.Inf(-1)}, levels), slices.Repeat([]float64{math.Inf(-1)}, levels)
		for x := range levels {
			for y := range levels {
				forward[a+1][y] = add(forward[a+1][y], forward[a][x]+logs[a][x*levels+y])
				b := n - 2 - a
				backward[b][x] = add(backward[b][x], backward[b+1][y]+logs[b][x*levels+y])
			}
		}
	}
	for a := range n {
		whole := math.Inf(-1)
		for x := range levels {
			whole = add(whole, forward[a][x]+backward[a][x])
		}
		for x, p := range tree.Marginal(microdata.Clique{a}) {
			if want := math.Exp(forward[a][x] + backward[a][x] - whole); math.Abs(p-want) > 1e-9 {
				t.Errorf("column %d level %d: %v, by logarithms %v", a, x, p, want)
			}
		}
	}
}

// TestMarginalsNest: a marginal is row-major in the clique's own
// order, of whatever size its columns are, and sub-marginals add up.
func TestMarginalsNest(t *testing.T) {
	for name := range shapes {
		tree, _ := wellFitted(t, name, 1)
		j := jointOf(tree)
		for k := range 6 {
			for _, c := range microdata.AllCliques(5, k) {
				if p := tree.Marginal(c); p != nil && !near(p, j.marginal(c), 1e-10) {
					t.Errorf("%s: columns %v: not the marginal of the product of potentials", name, c)
				}
			}
		}
	}
}
