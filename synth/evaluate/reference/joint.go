package reference

import (
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// joints reads marginals of a tree over sets of columns that no clique holds, by
// variable elimination along the tree.
type joints struct {
	tree    *pgm.Tree
	sizes   []int
	cliques []microdata.Clique
	near    [][]int // neighbours of each clique in the junction tree
}

func newJoints(r *run) *joints {
	j := &joints{tree: r.tree, sizes: r.sizes, cliques: r.cliques, near: make([][]int, len(r.cliques))}
	// A spanning tree of the greatest separators is a junction tree (Jensen and
	// Jensen 1994). Cliques with nothing in common may be joined too.
	in := []int{0}
	for len(in) < len(j.cliques) {
		from, to, most := -1, -1, -1
		for _, x := range in {
			for y := range j.cliques {
				if n := len(common(j.cliques[x], j.cliques[y])); n > most && !slices.Contains(in, y) {
					from, to, most = x, y, n
				}
			}
		}
		j.near[from], j.near[to] = append(j.near[from], to), append(j.near[to], from)
		in = append(in, to)
	}
	return j
}

func common(x, y microdata.Clique) (out microdata.Clique) {
	for _, a := range x {
		if slices.Contains(y, a) {
			out = append(out, a)
		}
	}
	return out
}

func union(x, y microdata.Clique) microdata.Clique {
	out := append(slices.Clone(x), y...)
	slices.Sort(out)
	return slices.Compact(out)
}

// marginal returns the model's probabilities over any columns. It eliminates, clique
// after clique from the leaves, whatever is not asked for and not shared further on.
func (j *joints) marginal(c microdata.Clique) []float64 {
	if p := j.tree.Marginal(c); p != nil {
		return p
	}
	root := slices.IndexFunc(j.cliques, func(q microdata.Clique) bool { return slices.Contains(q, c[0]) })
	t := j.gather(root, -1, c)
	return t.onto(c, j.sizes).p
}

// A table is a function of the levels of some columns.
type table struct {
	columns microdata.Clique
	p       []float64
}

// gather returns the table over what is asked of the part of the tree that hangs
// at node and over its separator to the parent, divided by the separator's own
// marginal: a conditional. At the root it is the marginal itself.
func (j *joints) gather(node, parent int, want microdata.Clique) table {
	own := j.cliques[node]
	keep := common(own, want)
	var below []table
	for _, n := range j.near[node] {
		if n == parent || !j.leads(n, node, want, own) {
			continue
		}
		below = append(below, j.gather(n, node, want))
		keep = union(keep, common(own, j.cliques[n]))
	}
	var sep microdata.Clique
	if parent >= 0 {
		sep = common(own, j.cliques[parent])
		keep = union(keep, sep)
	}
	t := table{keep, []float64{1}}
	if len(keep) > 0 {
		t.p = j.tree.Marginal(keep)
	}
	for _, b := range below {
		t = t.times(b, j.sizes)
	}
	t = t.onto(common(t.columns, union(want, sep)), j.sizes)
	if len(sep) > 0 {
		by := table{sep, j.tree.Marginal(sep)}
		for i, p := range by.p {
			if by.p[i] = 0; p > 0 {
				by.p[i] = 1 / p
			}
		}
		t = t.times(by, j.sizes)
	}
	return t
}

// leads says whether the part of the tree behind node holds a wanted column that
// have does not.
func (j *joints) leads(node, from int, want, have microdata.Clique) bool {
	for _, a := range j.cliques[node] {
		if slices.Contains(want, a) && !slices.Contains(have, a) {
			return true
		}
	}
	for _, n := range j.near[node] {
		if n != from && j.leads(n, node, want, have) {
			return true
		}
	}
	return false
}

// times multiplies two tables.
func (t table) times(u table, sizes []int) table {
	out := table{columns: union(t.columns, u.columns)}
	out.p = make([]float64, out.columns.Cells(sizes))
	walk(out.columns, sizes, []microdata.Clique{t.columns, u.columns}, func(cell int, at []int) {
		out.p[cell] = t.p[at[0]] * u.p[at[1]]
	})
	return out
}

// onto sums out all but the columns given.
func (t table) onto(c microdata.Clique, sizes []int) table {
	out := table{c, make([]float64, c.Cells(sizes))}
	walk(t.columns, sizes, []microdata.Clique{c}, func(cell int, at []int) { out.p[at[0]] += t.p[cell] })
	return out
}

// walk visits the cells over c, and tells where each stands over subsets of c.
func walk(c microdata.Clique, sizes []int, subsets []microdata.Clique, visit func(cell int, at []int)) {
	strides := make([][]int, len(subsets))
	for s, sub := range subsets {
		strides[s] = make([]int, len(c))
		step := 1
		for i := len(c) - 1; i >= 0; i-- {
			if slices.Contains(sub, c[i]) {
				strides[s][i] = step
				step *= sizes[c[i]]
			}
		}
	}
	level, at := make([]int, len(c)), make([]int, len(subsets))
	for cell := range c.Cells(sizes) {
		visit(cell, at)
		for i := len(c) - 1; i >= 0; i-- {
			level[i]++
			for s := range at {
				at[s] += strides[s][i]
			}
			if level[i] < sizes[c[i]] {
				break
			}
			for s := range at {
				at[s] -= level[i] * strides[s][i]
			}
			level[i] = 0
		}
	}
}
