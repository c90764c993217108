package pgm

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// A ban is a set of combinations that Forbid was told of.
type ban struct {
	clique microdata.Clique
	marked []bool
}

// randomBans marks about a quarter of the cells of some sets that the tree holds,
// and always leaves the first level of every column possible.
func randomBans(r *Rand, tree *Tree, n int) (out []ban) {
	for len(out) < n {
		c := subset(r, len(tree.sizes))
		if len(c) == 0 || !tree.Holds(c) {
			continue
		}
		marked := make([]bool, c.Cells(tree.sizes))
		for k := range marked[1:] {
			marked[k+1] = r.IntN(4) == 0
		}
		out = append(out, ban{c, marked})
	}
	return out
}

func (b ban) hits(sizes []int, codes []int) bool { return b.marked[cellOf(sizes, b.clique, codes)] }

// TestForbidConditions: forbidding is conditioning. After any number of bans, every
// marginal is that of the joint before, restricted to what is left and normalised,
// and what is banned is zero, exactly, in every clique that could hold it.
func TestForbidConditions(t *testing.T) {
	r := NewRand(23)
	for name := range shapes {
		for trial := range 4 {
			tree, _ := wellFitted(t, name, 1)
			want := jointOf(tree)
			bans := randomBans(r, tree, 1+trial)
			for _, b := range bans {
				if err := tree.Forbid(b.clique, b.marked); err != nil {
					t.Fatal(err)
				}
			}
			left := 0.0
			want.each(func(cell int, codes []int) {
				if slices.ContainsFunc(bans, func(b ban) bool { return b.hits(fiveSizes, codes) }) {
					want.p[cell] = 0
				}
				left += want.p[cell]
			})
			scale(want.p, 1/left)
			for k := 1; k <= 5; k++ {
				for _, c := range microdata.AllCliques(5, k) {
					got, exact := tree.Marginal(c), want.marginal(c)
					for cell, p := range got {
						if math.Abs(p-exact[cell]) > 1e-10 || exact[cell] == 0 && p != 0 {
							t.Fatalf("%s: columns %v cell %d: %v, by conditioning %v", name, c, cell, p, exact[cell])
						}
					}
				}
			}
		}
	}
}

// TestZerosSurviveEverything: bans, fits that ask loudly for what is banned, more
// bans, another fit: zero in every potential's product and in no record. What is not
// banned stays possible.
func TestZerosSurviveEverything(t *testing.T) {
	r := NewRand(29)
	for name, cliques := range shapes {
		const total = 1500
		ms := noisyTruth(t, cliques, total, 20, 5, true)
		tree := newTree(t, fiveSizes, cliques, 2)
		var bans []ban
		for round := range 3 {
			for _, b := range randomBans(r, tree, 2) {
				if err := tree.Forbid(b.clique, b.marked); err != nil {
					t.Fatal(err)
				}
				bans = append(bans, b)
			}
			if _, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 200}); err != nil {
				t.Fatal(err)
			}
			banned := func(codes []int) bool {
				return slices.ContainsFunc(bans, func(b ban) bool { return b.hits(fiveSizes, codes) })
			}
			eachCombination(fiveSizes, func(codes []int) {
				zero := slices.ContainsFunc(tree.nodes, func(q node) bool { return q.psi[cellOf(fiveSizes, q.columns, codes)] == 0 })
				if zero != banned(codes) {
					t.Fatalf("%s, round %d: %v has a potential of zero: %v; banned: %v", name, round, codes, zero, banned(codes))
				}
			})
			for _, b := range bans {
				for cell, p := range tree.Marginal(b.clique) {
					if b.marked[cell] && p != 0 {
						t.Fatalf("%s, round %d: columns %v cell %d: %v", name, round, b.clique, cell, p)
					}
				}
			}
			out, codes := tree.Generate(800, NewRand(uint64(round))), make([]int, 5)
			for i := range out[0] {
				for a := range codes {
					codes[a] = int(out[a][i])
				}
				if banned(codes) {
					t.Fatalf("%s, round %d: record %v is banned", name, round, codes)
				}
			}
		}
	}
}

// TestFitAmongWhatIsAllowed: the optimum is that of the distributions that keep the
// bans.
func TestFitAmongWhatIsAllowed(t *testing.T) {
	r := NewRand(31)
	for name, cliques := range shapes {
		const total = 1500
		ms := noisyTruth(t, cliques, total, 20, 5, true)
		tree := newTree(t, fiveSizes, cliques, 1)
		bans := randomBans(r, tree, 2)
		for _, b := range bans {
			if err := tree.Forbid(b.clique, b.marked); err != nil {
				t.Fatal(err)
			}
		}
		loss, err := tree.Fit(context.Background(), ms, total, Effort{Iterations: 4000, Tolerance: 1e-13})
		if err != nil {
			t.Fatal(err)
		}
		j := jointOf(tree)
		allowed := make([]bool, len(j.p))
		j.each(func(cell int, codes []int) {
			allowed[cell] = !slices.ContainsFunc(bans, func(b ban) bool { return b.hits(fiveSizes, codes) })
		})
		if g := gap(j, ms, total, func(cell int) bool { return allowed[cell] }); g > .01*loss+.01 {
			t.Errorf("%s: among what is allowed the loss of %.2f can be lower by %.3f", name, loss, g)
		}
	}
}

// TestOrderOfBansDoesNotMatter, to the last bits that another order of scaling gives.
func TestOrderOfBansDoesNotMatter(t *testing.T) {
	r := NewRand(37)
	for name := range shapes {
		one, _ := wellFitted(t, name, 1)
		two, _ := wellFitted(t, name, 1)
		bans := randomBans(r, one, 4)
		for i := range bans {
			if one.Forbid(bans[i].clique, bans[i].marked) != nil || two.Forbid(bans[3-i].clique, bans[3-i].marked) != nil {
				t.Fatal("refused")
			}
		}
		one.settle()
		two.settle()
		for i := range one.nodes {
			if !near(one.nodes[i].belief, two.nodes[i].belief, 1e-12) {
				t.Errorf("%s: clique %v depends on the order of the bans", name, one.nodes[i].columns)
			}
		}
	}
}

// TestForbidRefuses what no clique holds, marks of another table, and what leaves
// nothing: at once, or together with what was forbidden before, also in one part of
// a tree in several.
func TestForbidRefuses(t *testing.T) {
	all := func(n int, but ...int) []bool {
		out := slices.Repeat([]bool{true}, n)
		for _, k := range but {
			out[k] = false
		}
		return out
	}
	for name, c := range map[string]struct {
		bans []ban
		fine int // so many of the bans are taken
	}{
		"not held":             {[]ban{{microdata.Clique{0, 3}, all(8, 0)}}, 0},
		"another table":        {[]ban{{microdata.Clique{0, 1}, all(9, 0)}}, 0},
		"everything":           {[]ban{{microdata.Clique{4}, all(2)}}, 0},
		"everything, in two":   {[]ban{{microdata.Clique{0}, all(2, 0)}, {microdata.Clique{0}, all(2, 1)}}, 1},
		"around a corner":      {[]ban{{microdata.Clique{0, 1}, all(10, 0)}, {microdata.Clique{1, 2}, all(15, 14)}}, 1},
		"in the other part":    {[]ban{{microdata.Clique{0, 1}, all(10, 3)}, {microdata.Clique{4}, all(2)}}, 1},
		"nothing, and is fine": {[]ban{{microdata.Clique{0, 1}, make([]bool, 10)}}, 1},
	} {
		tree := newTree(t, fiveSizes, []microdata.Clique{{0, 1}, {1, 2}, {2, 3}, {4}}, 1)
		for k, b := range c.bans {
			if err := tree.Forbid(b.clique, b.marked); (err == nil) != (k < c.fine) {
				t.Errorf("%s: ban %d: %v", name, k, err)
			}
		}
	}
}

// TestFitOfWhatIsForbidden: measurements that ask only for what cannot be leave a
// distribution over what can.
func TestFitOfWhatIsForbidden(t *testing.T) {
	tree := newTree(t, []int{3, 3}, []microdata.Clique{{0, 1}}, 1)
	if err := tree.Forbid(microdata.Clique{0, 1}, []bool{true, false, false, false, true, false, false, false, true}); err != nil {
		t.Fatal(err)
	}
	ms := []Measurement{{Clique: microdata.Clique{0, 1}, Counts: []float64{900, 0, 0, 0, 900, 0, 0, 0, 900}, Precision: []float64{4}}}
	if _, err := tree.Fit(context.Background(), ms, 2700, Effort{}); err != nil {
		t.Fatal(err)
	}
	for c, p := range tree.Marginal(microdata.Clique{0, 1}) {
		if want := map[bool]float64{true: 0, false: 1. / 6}[c%4 == 0]; math.Abs(p-want) > 1e-9 || c%4 == 0 && p != 0 {
			t.Errorf("cell %d: %v, want %v", c, p, want)
		}
	}
}
