package synth

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// randomColumn has a hierarchy of up to three steps, each grouping the one before,
// or none, or levels in order.
func randomColumn(r *pgm.Rand) *microdata.Column {
	n := 1 + r.IntN(24)
	c := &microdata.Column{Name: "x"}
	for l := range n {
		c.Levels = append(c.Levels, levels(fmt.Sprint("v", l))...)
	}
	if r.IntN(4) == 0 {
		c.Ordered = true
		return c
	}
	group := make([]int, n) // of each level at the step
	for l := range group {
		group[l] = l
	}
	width := n
	for s := range r.IntN(4) {
		above := 1 + r.IntN(max(width/2, 1))
		of := make([]int, width)
		for g := range of {
			of[g] = g % above // every group has a member
		}
		pgm.Shuffle(r, of)
		step := microdata.Coarsening{Name: fmt.Sprint("s", s)}
		for g := range above {
			step.Levels = append(step.Levels, levels(fmt.Sprint("s", s, "g", g))...)
		}
		for l := range group {
			group[l] = of[group[l]]
			step.Of = append(step.Of, uint16(group[l]))
		}
		c.Hierarchy = append(c.Hierarchy, step)
		width = above
	}
	return c
}

// TestCoarseningIsAPartition: on random columns, hierarchies, kinds and counts, every
// level is in one group, each group has a level and a name of its own, levels of
// different kinds are never together, and levels that are common, or the only rare
// ones of their kind, stand alone under their own name.
func TestCoarseningIsAPartition(t *testing.T) {
	r := pgm.NewRand(51)
	merges := 0
	for range 3000 {
		c := randomColumn(r)
		n := len(c.Levels)
		kinds, noisy, rareOf := make([]string, n), make([]int64, n), map[string]int{}
		least := float64(10 + r.IntN(30))
		for l := range kinds {
			kinds[l] = fmt.Sprint(r.IntN(2) * r.IntN(3))
			noisy[l] = int64(r.IntN(60)) - 15
			if float64(noisy[l]) < least {
				rareOf[kinds[l]]++
			}
		}
		step := coarsen(c, kinds, noisy, least)
		if step == nil {
			for kind, n := range rareOf {
				if n > 1 {
					t.Fatalf("%d rare levels of kind %s were left alone", n, kind)
				}
			}
			continue
		}
		merges++
		if len(step.Of) != n || len(step.Levels) >= n {
			t.Fatalf("%d levels became %d groups", n, len(step.Levels))
		}
		names := map[string]bool{}
		for g, of := range members(step) {
			if len(of) == 0 || names[step.Levels[g].Value] {
				t.Fatalf("group %d, %q, is empty or has another's name", g, step.Levels[g].Value)
			}
			names[step.Levels[g].Value] = true
			for _, l := range of {
				if kinds[l] != kinds[of[0]] {
					t.Fatalf("levels of kinds %s and %s are together", kinds[l], kinds[of[0]])
				}
				if len(of) > 1 && float64(noisy[l]) >= least {
					t.Fatalf("level %d of %d was merged, the least is %v", l, noisy[l], least)
				}
				if len(of) == 1 && step.Levels[g].Value != c.Levels[l].Value {
					t.Fatalf("level %q alone is called %q", c.Levels[l].Value, step.Levels[g].Value)
				}
			}
		}
		if d, err := microdata.NewDomain([]microdata.Column{*c}); err != nil {
			t.Fatal(err)
		} else if _, err := d.Coarsen([]*microdata.Coarsening{step}); err != nil {
			t.Fatalf("no sound coarsening: %v", err)
		}
	}
	if merges < 1000 {
		t.Errorf("only %d columns were coarsened: this test sees little", merges)
	}
}

// groupsByDefinition works the doc of Coarsen out level by level: a rare level climbs
// until the rest that it would be in is large enough, or to the top.
func groupsByDefinition(c *microdata.Column, noisy []int64, least float64) [][]int {
	steps := c.Steps()
	var loose []int
	for l, y := range noisy {
		if float64(y) < least {
			loose = append(loose, l)
		}
	}
	if len(loose) < 2 {
		loose = nil
	}
	var out [][]int
	for s := 0; len(loose) > 0; s++ {
		if s == len(steps) {
			out = append(out, loose)
			break
		}
		var still []int
		for g := range steps[s].Levels {
			var of []int
			sum := 0.0
			for _, l := range loose {
				if int(steps[s].Of[l]) == g {
					of, sum = append(of, l), sum+float64(noisy[l])
				}
			}
			if len(of) == 0 {
				continue
			}
			if sum < least*math.Sqrt(float64(len(of))) {
				still = append(still, of...)
			} else {
				out = append(out, of)
			}
		}
		slices.Sort(still)
		loose = still
	}
	return out
}

// TestCoarsenEqualsDefinition on columns of one kind.
func TestCoarsenEqualsDefinition(t *testing.T) {
	r := pgm.NewRand(52)
	for range 2000 {
		c := randomColumn(r)
		noisy := make([]int64, len(c.Levels))
		for l := range noisy {
			noisy[l] = int64(r.IntN(50)) - 10
		}
		least := float64(5 + r.IntN(30))
		var got [][]int
		if step := Coarsen(c, noisy, least); step != nil {
			for _, of := range members(step) {
				if len(of) > 1 {
					got = append(got, of)
				}
			}
		}
		want := slices.DeleteFunc(groupsByDefinition(c, noisy, least), func(of []int) bool { return len(of) < 2 })
		for _, x := range [][][]int{got, want} {
			for _, of := range x {
				slices.Sort(of)
			}
			slices.SortFunc(x, func(a, b []int) int { return a[0] - b[0] })
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("counts %v, least %v: merged %v, by definition %v", noisy, least, got, want)
		}
	}
}

// TestCoarsenIgnoresOrder: levels in another order are merged alike.
func TestCoarsenIgnoresOrder(t *testing.T) {
	r := pgm.NewRand(53)
	for range 500 {
		c := randomColumn(r)
		if c.Ordered {
			continue
		}
		n := len(c.Levels)
		noisy := make([]int64, n)
		for l := range noisy {
			noisy[l] = int64(r.IntN(50)) - 10
		}
		to := make([]int, n)
		for l := range to {
			to[l] = l
		}
		pgm.Shuffle(r, to)
		moved, counts := &microdata.Column{Name: "y", Levels: make([]microdata.Level, n)}, make([]int64, n)
		for l, m := range to {
			moved.Levels[m], counts[m] = c.Levels[l], noisy[l]
		}
		for _, h := range c.Hierarchy {
			of := make([]uint16, n)
			for l, m := range to {
				of[m] = h.Of[l]
			}
			moved.Hierarchy = append(moved.Hierarchy, microdata.Coarsening{Name: h.Name, Levels: h.Levels, Of: of})
		}
		a, b := Coarsen(c, noisy, 20), Coarsen(moved, counts, 20)
		if (a == nil) != (b == nil) {
			t.Fatal("in another order, other levels are merged")
		}
		if a == nil {
			continue
		}
		for l, m := range to {
			for k, o := range to {
				if (a.Of[l] == a.Of[k]) != (b.Of[m] == b.Of[o]) {
					t.Fatalf("levels %d and %d are together in one order only", l, k)
				}
			}
		}
	}
}

// TestCoarseEvidenceAddsUp: whatever the groups, counts and variances of a column
// add up to what they were, and a column that was not coarsened is as measured.
func TestCoarseEvidenceAddsUp(t *testing.T) {
	r := pgm.NewRand(54)
	for range 200 {
		c := randomColumn(r)
		noisy, total := make([]int64, len(c.Levels)), int64(0)
		for l := range noisy {
			noisy[l] = int64(r.IntN(50)) - 10
			total += noisy[l]
		}
		x := coarseEvidence(0, dp.Measurement{Clique: microdata.Clique{0}, Noisy: noisy, Variance: 7}, Coarsen(c, noisy, 20))
		variance := 0.0
		for g := range x.Counts {
			variance += 1 / x.Precision[min(g, len(x.Precision)-1)]
		}
		if math.Abs(sum(x.Counts)-float64(total)) > 1e-9 || math.Abs(variance-7*float64(len(noisy))) > 1e-9 {
			t.Fatalf("counts add up to %v of %d, variances to %v of %d", sum(x.Counts), total, variance, 7*len(noisy))
		}
	}
}

// TestCoarsenedRulesSayTheSame: whatever is merged, levels that a rule tells apart
// are not, so that a record breaks the coarse rules just where it breaks the fine ones.
func TestCoarsenedRulesSayTheSame(t *testing.T) {
	r := pgm.NewRand(55)
	for range 200 {
		sizes := []int{2 + r.IntN(5), 2 + r.IntN(9)}
		d := someDomain(t, sizes)
		var never []rules.Never
		for range 1 + r.IntN(3) {
			n := rules.Never{Clique: microdata.Clique{0, 1}, In: [][]bool{make([]bool, sizes[0]), make([]bool, sizes[1])}}
			n.In[0][r.IntN(sizes[0])], n.In[1][r.IntN(sizes[1])], n.In[1][r.IntN(sizes[1])] = true, true, true
			never = append(never, n)
		}
		steps := make([]*microdata.Coarsening, 2)
		for a, size := range sizes {
			noisy := make([]int64, size)
			for l := range noisy {
				noisy[l] = int64(r.IntN(30))
			}
			steps[a] = coarsen(d.Column(a), rules.Signature(never, a, size), noisy, 20)
		}
		coarse, err := rules.Coarsen(never, steps)
		if err != nil {
			t.Fatal(err)
		}
		up := func(a, l int) uint16 {
			if steps[a] == nil {
				return uint16(l)
			}
			return steps[a].Of[l]
		}
		for x := range sizes[0] {
			for y := range sizes[1] {
				fine := [][]uint16{{uint16(x)}, {uint16(y)}}
				if keeps(never, fine, 0) != keeps(coarse, [][]uint16{{up(0, x)}, {up(1, y)}}, 0) {
					t.Fatalf("record %d %d: the coarse rules say otherwise", x, y)
				}
			}
		}
	}
}
