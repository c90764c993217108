package pgm

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// cellOf is the oracle of every layout: the place of a combination of levels in a
// factor stored as columns, by the definition.
func cellOf(sizes, columns []int, codes []int) (at int) {
	for _, a := range columns {
		at = at*sizes[a] + codes[a]
	}
	return at
}

// eachCombination calls f for all combinations of levels of all columns.
func eachCombination(sizes []int, f func(codes []int)) {
	codes := make([]int, len(sizes))
	for {
		f(codes)
		i := len(sizes) - 1
		for ; i >= 0; i-- {
			if codes[i]++; codes[i] < sizes[i] {
				break
			}
			codes[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

func randomShape(r *Rand) []int {
	sizes := make([]int, 1+r.IntN(5))
	for i := range sizes {
		sizes[i] = 1 + r.IntN(5)
	}
	return sizes
}

func everyColumn(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// subset returns a random set of columns, ascending.
func subset(r *Rand, n int) (out microdata.Clique) {
	for a := range n {
		if r.IntN(2) == 0 {
			out = append(out, a)
		}
	}
	return out
}

func randomFactor(r *Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = r.Float64() + .1
	}
	return out
}

// TestPermuteMovesEveryCell to where the definition puts it, and back.
func TestPermuteMovesEveryCell(t *testing.T) {
	r := NewRand(1)
	for range 400 {
		sizes := randomShape(r)
		l := newLayout(sizes)
		from, to := everyColumn(len(sizes)), everyColumn(len(sizes))
		Shuffle(r, from)
		Shuffle(r, to)
		values := randomFactor(r, microdata.Clique(from).Cells(sizes))
		moved := l.permute(values, from, to)
		eachCombination(sizes, func(codes []int) {
			if moved[cellOf(sizes, to, codes)] != values[cellOf(sizes, from, codes)] {
				t.Fatalf("sizes %v, from %v to %v: a cell is in the wrong place", sizes, from, to)
			}
		})
		if back := l.permute(moved, to, from); !slices.Equal(back, values) {
			t.Fatalf("sizes %v: there and back is another factor", sizes)
		}
	}
}

// TestLayoutOrder: by size, the largest last; equal sizes by index.
func TestLayoutOrder(t *testing.T) {
	l := newLayout([]int{5, 2, 9, 2})
	if got := l.order([]int{0, 1, 2, 3}); !slices.Equal(got, []int{1, 3, 0, 2}) {
		t.Errorf("order %v", got)
	}
	if got := l.union([]int{1, 2}, []int{2, 0}); !slices.Equal(got, []int{1, 0, 2}) {
		t.Errorf("union %v", got)
	}
}

// TestWalkEqualsDefinition: sums and products over random shapes and subsets, cell
// by cell.
func TestWalkEqualsDefinition(t *testing.T) {
	r := NewRand(2)
	for range 600 {
		sizes := randomShape(r)
		l := newLayout(sizes)
		over := l.order(everyColumn(len(sizes)))
		sub := l.order(subset(r, len(sizes)))
		cells := randomFactor(r, microdata.Clique(over).Cells(sizes))
		part := randomFactor(r, microdata.Clique(sub).Cells(sizes))
		w := newWalk(sizes, over, sub)

		wantSum := make([]float64, len(part))
		wantProduct := make([]float64, len(cells))
		eachCombination(sizes, func(codes []int) {
			wantSum[cellOf(sizes, sub, codes)] += cells[cellOf(sizes, over, codes)]
			wantProduct[cellOf(sizes, over, codes)] = cells[cellOf(sizes, over, codes)] * part[cellOf(sizes, sub, codes)]
		})
		sum := make([]float64, len(part))
		w.sum(sum, cells)
		if !near(sum, wantSum, 1e-12) {
			t.Fatalf("sizes %v, sub %v: sum differs", sizes, sub)
		}
		w.multiply(cells, part)
		if !near(cells, wantProduct, 0) {
			t.Fatalf("sizes %v, sub %v: product differs", sizes, sub)
		}
		if len(w.offset)*w.run != len(cells) {
			t.Fatalf("sizes %v, sub %v: %d runs of %d for %d cells", sizes, sub, len(w.offset), w.run, len(cells))
		}
	}
}

// TestRelaysServeEveryTarget: each target is read from exactly one relay that
// holds its columns; what is read there is what the node itself would give; and a
// relay is no larger than an eighth of its node unless one target needs it.
func TestRelaysServeEveryTarget(t *testing.T) {
	r := NewRand(3)
	for range 200 {
		sizes := randomShape(r)
		tree := newTree(t, sizes, []microdata.Clique{microdata.Clique(everyColumn(len(sizes)))}, 1)
		q := &tree.nodes[0]
		copy(q.belief, randomFactor(r, len(q.belief)))
		var sets [][]int
		var targets []int
		for k := range 1 + r.IntN(8) {
			sets = append(sets, tree.order(subset(r, len(sizes))))
			targets = append(targets, k)
		}
		served := make([]int, len(sets))
		for _, relay := range tree.relays(q, targets, sets) {
			relay.walk.sum(relay.cells, q.belief)
			if len(relay.targets) > 1 && len(relay.cells) > len(q.psi)/8 &&
				len(relay.cells) > microdata.Clique(sets[relay.targets[0]]).Cells(sizes) {
				t.Fatalf("sizes %v: a relay of %d cells for a node of %d", sizes, len(relay.cells), len(q.psi))
			}
			for _, k := range relay.targets {
				served[k]++
				direct, by := newWalk(sizes, q.columns, sets[k]), newWalk(sizes, relay.columns, sets[k])
				want := make([]float64, microdata.Clique(sets[k]).Cells(sizes))
				got := slices.Clone(want)
				direct.sum(want, q.belief)
				by.sum(got, relay.cells)
				if !near(got, want, 1e-9) {
					t.Fatalf("sizes %v: target %v read through %v differs", sizes, sets[k], relay.columns)
				}
			}
		}
		if slices.ContainsFunc(served, func(n int) bool { return n != 1 }) {
			t.Fatalf("sizes %v: targets served %v times", sizes, served)
		}
	}
}

// TestFitEqualsLeastSquares: where no count is near zero, the best distribution
// over one clique is the weighted least-squares solution under a fixed total,
// y − λ/precision, with λ such that it sums to the total.
func TestFitEqualsLeastSquares(t *testing.T) {
	y := []float64{120, 340, 90, 260, 410, 180}
	precision := []float64{.5, .1, .9, .3, .2, .7}
	const total = 1300
	sum, weight := 0.0, 0.0
	for c := range y {
		sum += y[c]
		weight += 1 / precision[c]
	}
	lambda := (sum - total) / weight
	tree := newTree(t, []int{2, 3}, []microdata.Clique{{0, 1}}, 1)
	if _, err := tree.Fit(context.Background(), []Measurement{{Clique: microdata.Clique{0, 1}, Counts: y, Precision: precision}}, total,
		Effort{Iterations: 100000, Tolerance: 1e-16}); err != nil {
		t.Fatal(err)
	}
	for c, p := range tree.Marginal(microdata.Clique{0, 1}) {
		if want := y[c] - lambda/precision[c]; math.Abs(total*p-want) > .01 {
			t.Errorf("cell %d: %.4f, least squares %.4f", c, total*p, want)
		}
	}
}

// TestLossIsWhatNoiseLeaves: fitted to noisy marginals of a model that the tree
// can hold, the loss is about half the degrees of freedom left; here, with more
// measurements than parameters, between a quarter and the whole of half the cells.
func TestLossIsWhatNoiseLeaves(t *testing.T) {
	const total, sigma = 5000, 20
	_, ms := truth(t, shapes["triples"], total)
	r, cells := NewRand(8), 0
	for k := range ms {
		ms[k].Precision = []float64{1.0 / sigma / sigma}
		for c := range ms[k].Counts {
			z := 0.0
			for range 12 {
				z += r.Float64()
			}
			ms[k].Counts[c] += sigma * (z - 6)
			cells++
		}
	}
	tree := newTree(t, fiveSizes, shapes["triples"], 1)
	loss, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 3000, Tolerance: 1e-12})
	if err != nil {
		t.Fatal(err)
	}
	if half := float64(cells) / 2; loss < .02*half || loss > half {
		t.Errorf("loss %.1f for %d noisy cells", loss, cells)
	}
}

// TestSystematicIsWithinOne: every cell is drawn its share of times, rounded up or
// down, and cells without weight never.
func TestSystematicIsWithinOne(t *testing.T) {
	r := NewRand(4)
	draw := &systematic{}
	for range 300 {
		weight := randomFactor(r, 1+r.IntN(20))
		total := 0.0
		for c := range weight {
			if r.IntN(4) == 0 && c > 0 {
				weight[c] = 0
			}
			total += weight[c]
		}
		n := 1 + r.IntN(500)
		counts := make([]float64, len(weight))
		for _, c := range draw.from(weight, n, r) {
			counts[c]++
		}
		for c, w := range weight {
			if share := float64(n) * w / total; math.Abs(counts[c]-share) >= 1+1e-9 || w == 0 && counts[c] > 0 {
				t.Fatalf("cell %d: %v draws for %.3f", c, counts[c], share)
			}
		}
	}
	if got := draw.from([]float64{0, 0}, 5, r); len(got) != 5 {
		t.Errorf("without weights %d of 5 were drawn", len(got))
	}
}
