package reference

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// levelsOf spells a cell over c out, by column.
func levelsOf(c microdata.Clique, sizes []int, cell int) map[int]int {
	out := map[int]int{}
	for i := len(c) - 1; i >= 0; i-- {
		out[c[i]] = cell % sizes[c[i]]
		cell /= sizes[c[i]]
	}
	return out
}

func cellAt(c microdata.Clique, sizes []int, level map[int]int) (cell int) {
	for _, a := range c {
		cell = cell*sizes[a] + level[a]
	}
	return cell
}

func someTable(r *rand.Rand, sizes []int) table {
	t := table{columns: microdata.Clique{}}
	for a := range sizes {
		if r.IntN(2) == 0 {
			t.columns = append(t.columns, a)
		}
	}
	t.p = make([]float64, t.columns.Cells(sizes))
	for i := range t.p {
		t.p[i] = r.Float64()
	}
	return t
}

// TestTimesAndOnto by the definition, cell by cell: of no column, of one, of all.
func TestTimesAndOnto(t *testing.T) {
	r, sizes := rand.New(rand.NewPCG(41, 42)), []int{2, 3, 1, 4, 2}
	for range 300 {
		a, b := someTable(r, sizes), someTable(r, sizes)
		product := a.times(b, sizes)
		if !slices.Equal(product.columns, union(a.columns, b.columns)) {
			t.Fatalf("%v times %v is over %v", a.columns, b.columns, product.columns)
		}
		for cell, v := range product.p {
			level := levelsOf(product.columns, sizes, cell)
			if want := a.p[cellAt(a.columns, sizes, level)] * b.p[cellAt(b.columns, sizes, level)]; math.Abs(v-want) > 1e-15 {
				t.Fatalf("%v times %v: cell %d is %v, want %v", a.columns, b.columns, cell, v, want)
			}
		}
		keep := common(product.columns, someTable(r, sizes).columns)
		want := make([]float64, keep.Cells(sizes))
		for cell, v := range product.p {
			want[cellAt(keep, sizes, levelsOf(product.columns, sizes, cell))] += v
		}
		got := product.onto(keep, sizes)
		if !slices.EqualFunc(got.p, want, func(x, y float64) bool { return math.Abs(x-y) < 1e-12 }) {
			t.Fatalf("%v onto %v: %v, want %v", product.columns, keep, got.p, want)
		}
	}
}

func TestUnionAndCommon(t *testing.T) {
	for _, c := range []struct{ x, y, union, common microdata.Clique }{
		{microdata.Clique{0, 2}, microdata.Clique{1, 2}, microdata.Clique{0, 1, 2}, microdata.Clique{2}},
		{microdata.Clique{}, microdata.Clique{3}, microdata.Clique{3}, nil},
		{microdata.Clique{1}, microdata.Clique{1}, microdata.Clique{1}, microdata.Clique{1}},
	} {
		if u, v := union(c.x, c.y), common(c.x, c.y); !slices.Equal(u, c.union) || !slices.Equal(v, c.common) {
			t.Errorf("%v and %v: union %v, common %v", c.x, c.y, u, v)
		}
	}
}

// wholeJoint multiplies out, by the chain rule, a tree's cliques: each, in an order in
// which it meets what came before in one clique, over what it meets.
func wholeJoint(tree *pgm.Tree, cliques []microdata.Clique, sizes []int) table {
	out := table{microdata.Clique{}, []float64{1}}
	left := slices.Clone(cliques)
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(c microdata.Clique) bool {
			met := common(c, out.columns)
			inside := len(met) == 0 && len(out.columns) == 0
			for _, o := range cliques {
				inside = inside || !slices.ContainsFunc(left, func(l microdata.Clique) bool { return slices.Equal(l, o) }) && len(common(met, o)) == len(met)
			}
			return inside
		})
		c := left[next]
		left = slices.Delete(left, next, next+1)
		met := common(c, out.columns)
		out = out.times(table{c, tree.Marginal(c)}, sizes)
		if len(met) > 0 {
			by := table{met, tree.Marginal(met)}
			for i, p := range by.p {
				if by.p[i] = 0; p > 0 {
					by.p[i] = 1 / p
				}
			}
			out = out.times(by, sizes)
		}
	}
	return out
}

// FuzzJoints: of any tree over a few columns, fitted a little to anything, with some
// combinations forbidden, the marginal over any columns is that of the whole joint.
func FuzzJoints(f *testing.F) {
	f.Add(uint64(1), []byte{3, 6, 12, 24}, byte(0))
	f.Add(uint64(2), []byte{7, 28}, byte(3))
	f.Add(uint64(3), []byte{}, byte(1))
	for i := range uint64(12) {
		r := rand.New(rand.NewPCG(i, 9))
		f.Add(i, []byte{byte(r.IntN(32)), byte(r.IntN(32)), byte(r.IntN(32)), byte(r.IntN(32))}, byte(r.IntN(4)))
	}
	f.Fuzz(func(t *testing.T, seed uint64, masks []byte, bans byte) {
		sizes := []int{2, 3, 2, 4, 2}
		var sets []microdata.Clique
		for _, mask := range masks[:min(len(masks), 8)] {
			set := microdata.Clique{}
			for a := range sizes {
				if mask>>a&1 == 1 && len(set) < 3 {
					set = append(set, a)
				}
			}
			sets = append(sets, set)
		}
		cliques := pgm.Triangulate(sizes, sets)
		tree, err := pgm.NewTree(sizes, cliques, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 5))
		var ms []pgm.Measurement
		for _, c := range cliques {
			m := pgm.Measurement{Clique: c, Precision: []float64{1}}
			for range c.Cells(sizes) {
				m.Counts = append(m.Counts, 1+100*r.Float64())
			}
			ms = append(ms, m)
		}
		for range bans % 4 {
			c := cliques[r.IntN(len(cliques))]
			marked := make([]bool, c.Cells(sizes))
			marked[1+r.IntN(len(marked)-1)] = true
			if err := tree.Forbid(c, marked); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tree.Fit(context.Background(), ms, 1000, pgm.Effort{Iterations: 6}); err != nil {
			t.Fatal(err)
		}
		whole := wholeJoint(tree, cliques, sizes)
		j := newJoints(&run{tree: tree, sizes: sizes, cliques: cliques})
		for k := 1; k <= 5; k++ {
			for _, c := range microdata.AllCliques(5, k) {
				got, want := j.marginal(c), whole.onto(c, sizes).p
				if !slices.EqualFunc(got, want, func(x, y float64) bool { return math.Abs(x-y) < 1e-9 }) {
					t.Fatalf("%v of %v: %v, by the joint %v", c, cliques, got, want)
				}
			}
		}
	})
}

// TestJunctionTree: the tree that joints walks spans all cliques, and every column's
// cliques hang together in it.
func TestJunctionTree(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	for range 200 {
		sizes := make([]int, 2+r.IntN(7))
		for a := range sizes {
			sizes[a] = 2 + r.IntN(3)
		}
		var sets []microdata.Clique
		for range r.IntN(9) {
			a, b := r.IntN(len(sizes)), r.IntN(len(sizes))
			if a != b {
				sets = append(sets, microdata.Clique{min(a, b), max(a, b)})
			}
		}
		cliques := pgm.Triangulate(sizes, sets)
		j := newJoints(&run{sizes: sizes, cliques: cliques})
		edges := 0
		for i, near := range j.near {
			edges += len(near)
			for _, k := range near {
				if !slices.Contains(j.near[k], i) {
					t.Fatalf("%d is next to %d, and not the other way", i, k)
				}
			}
		}
		if edges != 2*(len(cliques)-1) {
			t.Fatalf("%d cliques and %d joints", len(cliques), edges/2)
		}
		for a := range sizes {
			holds := func(i int) bool { return slices.Contains(cliques[i], a) }
			from := slices.IndexFunc(cliques, func(c microdata.Clique) bool { return slices.Contains(c, a) })
			seen := map[int]bool{from: true}
			for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
				for _, k := range j.near[queue[0]] {
					if holds(k) && !seen[k] {
						seen[k] = true
						queue = append(queue, k)
					}
				}
			}
			for i := range cliques {
				if holds(i) && !seen[i] {
					t.Fatalf("column %d: cliques %v do not hang together", a, cliques)
				}
			}
		}
	}
}
