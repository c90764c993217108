package pgm

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// columnSets reads sizes and sets of columns from bytes: the number of columns, a
// size each, then sets as bit masks.
func columnSets(raw []byte) (sizes []int, sets []microdata.Clique, rest []byte) {
	take := func() byte {
		if len(raw) == 0 {
			return 0
		}
		b := raw[0]
		raw = raw[1:]
		return b
	}
	for range 1 + take()%12 {
		sizes = append(sizes, 1+int(take()%5))
	}
	for range take() % 14 {
		mask, set := int(take())|int(take())<<8, microdata.Clique{}
		for a := range sizes {
			if mask>>a&1 == 1 && len(set) < 4 {
				set = append(set, a)
			}
		}
		sets = append(sets, set)
	}
	return sizes, sets, raw
}

// simplicial finds, again and again, a column whose neighbours are all neighbours of
// each other, and takes it away: a graph is chordal just where that empties it
// (Fulkerson and Gross 1965).
func simplicial(n int, cliques []microdata.Clique) bool {
	next := make([]map[int]bool, n)
	for a := range next {
		next[a] = map[int]bool{}
	}
	for _, c := range cliques {
		for _, a := range c {
			for _, b := range c {
				if a != b {
					next[a][b] = true
				}
			}
		}
	}
	gone := make([]bool, n)
	for range n {
		pick := -1
		for a := range n {
			ok := !gone[a]
			for x := range next[a] {
				for y := range next[a] {
					ok = ok && (gone[x] || gone[y] || x == y || next[x][y])
				}
			}
			if ok {
				pick = a
				break
			}
		}
		if pick < 0 {
			return false
		}
		gone[pick] = true
	}
	return true
}

// checkTree fails unless the tree holds every set, each node hangs at its parent by
// all that it shares with what came before (running intersection), and every column
// is there.
func checkTree(t *testing.T, tree *Tree, sets []microdata.Clique) {
	t.Helper()
	for _, s := range sets {
		if !tree.Holds(s) {
			t.Errorf("no clique holds %v", s)
		}
	}
	var before []int
	seen := make([]bool, len(tree.nodes))
	for d, level := range tree.levels {
		for _, i := range level {
			q := &tree.nodes[i]
			shared := common(q.columns, before)
			if q.parent < 0 && (d > 0 || len(shared) > 0) {
				t.Errorf("root %v shares %v with what came before", q.columns, shared)
			}
			if q.parent >= 0 && (!seen[q.parent] || len(common(shared, tree.nodes[q.parent].columns)) != len(shared)) {
				t.Errorf("clique %v shares %v with what came before, not all of it with its parent %v", q.columns, shared, tree.nodes[q.parent].columns)
			}
			seen[i], before = true, append(before, q.columns...)
		}
	}
	if slices.Contains(seen, false) {
		t.Error("a node is on no level")
	}
	for a := range tree.sizes {
		if !slices.Contains(before, a) {
			t.Errorf("column %d is in no clique", a)
		}
	}
}

// FuzzTriangulate: on any sets of columns, the cliques are those of a chordal graph,
// none inside another, and make a junction tree that holds every set.
func FuzzTriangulate(f *testing.F) {
	f.Add([]byte{4, 2, 2, 2, 2, 2, 5, 3, 0, 6, 0, 12, 0, 24, 0, 17, 0}) // a cycle of five
	f.Add([]byte{11, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 13, 3, 0, 48, 0, 0, 3, 0, 12, 129, 0, 66, 8})
	f.Add([]byte{0})
	r := NewRand(1)
	for range 40 {
		seed := make([]byte, 40)
		for i := range seed {
			seed[i] = byte(r.Uint64())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sizes, sets, _ := columnSets(raw)
		cliques := Triangulate(sizes, sets)
		if !simplicial(len(sizes), cliques) {
			t.Errorf("sets %v: the graph of %v is not chordal", sets, cliques)
		}
		for i, c := range cliques {
			if !slices.IsSorted(c) {
				t.Errorf("clique %v is out of order", c)
			}
			for k, o := range cliques {
				if i != k && o.Contains(c) {
					t.Errorf("clique %v is inside %v", c, o)
				}
			}
		}
		if again := Triangulate(sizes, sets); !slices.EqualFunc(cliques, again, slices.Equal) {
			t.Errorf("sets %v: %v, then %v", sets, cliques, again)
		}
		if microdata.Clique(everyColumn(len(sizes))).Cells(sizes) > 1<<22 {
			return
		}
		tree, err := NewTree(sizes, cliques, 1)
		if err != nil {
			t.Fatalf("sets %v: cliques %v: %v", sets, cliques, err)
		}
		checkTree(t, tree, sets)
	})
}

// FuzzNewTree: of any list of cliques at all, NewTree takes just those that cover
// the columns and hang together.
func FuzzNewTree(f *testing.F) {
	f.Add([]byte{3, 1, 1, 1, 1, 4, 3, 0, 6, 0, 12, 0, 9, 0}) // a cycle of four
	f.Add([]byte{2, 1, 1, 1, 3, 3, 0, 6, 0, 7, 0})           // cliques inside a clique
	f.Add([]byte{1, 0, 0, 1, 0, 0})                          // an empty one
	f.Fuzz(func(t *testing.T, raw []byte) {
		sizes, cliques, _ := columnSets(raw)
		tree, err := NewTree(sizes, cliques, 1)
		if err == nil {
			checkTree(t, tree, cliques)
			return
		}
		// Refused: a column is left out, or the cliques are not the maximal ones of a
		// chordal graph, or one stands inside another.
		covered := map[int]bool{}
		for _, c := range cliques {
			for _, a := range c {
				covered[a] = true
			}
		}
		maximal := Triangulate(sizes, cliques)
		for _, c := range maximal {
			if len(covered) == len(sizes) && !slices.ContainsFunc(cliques, func(o microdata.Clique) bool { return slices.Equal(o, c) }) {
				return // filled in, so not chordal
			}
		}
		if len(covered) == len(sizes) {
			t.Errorf("cliques %v were refused: %v", cliques, err)
		}
	})
}

// FuzzFit: whatever finite counts and precisions are measured and whatever is
// forbidden, what comes out is a distribution, the banned cells are zero in it, the
// loss is not above that of where it began, and records can be drawn.
func FuzzFit(f *testing.F) {
	r := NewRand(2)
	for range 12 {
		seed := make([]byte, 90)
		for i := range seed {
			seed[i] = byte(r.Uint64())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sizes, sets, rest := columnSets(raw)
		if microdata.Clique(everyColumn(len(sizes))).Cells(sizes) > 1<<12 || len(rest) == 0 {
			return
		}
		tree, err := NewTree(sizes, Triangulate(sizes, sets), 2)
		if err != nil {
			t.Fatal(err)
		}
		number := func(k int) float64 { // from −2⁴⁰ to 2⁴⁰
			b := rest[k%len(rest)]
			return float64(int(b%7)-3) * math.Exp2(float64(b/7))
		}
		var ms []Measurement
		for k, c := range sets {
			m := Measurement{Clique: c, Counts: make([]float64, c.Cells(sizes)), Precision: []float64{math.Abs(number(k)) * 1e-6}}
			for i := range m.Counts {
				m.Counts[i] = number(3*k + i)
			}
			ms = append(ms, m)
		}
		for _, b := range randomBans(NewRand(uint64(rest[0])), tree, int(rest[0]%3)) {
			if err := tree.Forbid(b.clique, b.marked); err != nil {
				t.Fatalf("what leaves the first levels possible was refused: %v", err)
			}
		}
		total := 1 + math.Abs(number(1))
		before := lossOf(jointOf(tree), ms, total)
		loss, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 30})
		if err != nil {
			t.Fatal(err)
		}
		if !(loss <= before*(1+1e-9)+1e-9) {
			t.Errorf("the loss went from %v to %v", before, loss)
		}
		for i := range tree.nodes {
			sum := 0.0
			for cell, v := range tree.nodes[i].belief {
				if !(v >= 0) || tree.nodes[i].psi[cell] == 0 && v != 0 {
					t.Fatalf("clique %v cell %d has probability %v", tree.nodes[i].columns, cell, v)
				}
				sum += v
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Fatalf("clique %v sums to %v", tree.nodes[i].columns, sum)
			}
		}
		codes := make([]int, len(sizes))
		out := tree.Generate(20, NewRand(1))
		for i := range out[0] {
			for a := range codes {
				codes[a] = int(out[a][i])
			}
			for _, q := range tree.nodes {
				if q.psi[cellOf(sizes, q.columns, codes)] == 0 {
					t.Fatalf("record %v is forbidden", codes)
				}
			}
		}
	})
}
