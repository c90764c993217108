package synth

import (
	"fmt"
	"slices"

	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// checkRules refuses rules that are not of the domain, or that tie more levels
// together than a tree of MaxCells holds.
func (o Options) checkRules(d *microdata.Domain) error {
	for _, n := range o.Rules {
		if err := n.Clique.Check(d); err != nil {
			return fmt.Errorf("synth: a rule: %w", err)
		}
		if len(n.In) != len(n.Clique) || slices.ContainsFunc(n.In, func(in []bool) bool { return !slices.Contains(in, true) }) {
			return fmt.Errorf("synth: a rule over columns %v is not whole", []int(n.Clique))
		}
		for i, a := range n.Clique {
			if len(n.In[i]) != d.Size(a) {
				return fmt.Errorf("synth: a rule knows %d levels of column %q, which has %d", len(n.In[i]), d.Column(a).Name, d.Size(a))
			}
		}
	}
	f := &fitting{Options: o, sizes: d.Sizes(), never: o.Rules}
	if sets := f.scopes(); len(sets) > 0 && f.fitWith(sets, nil) == nil {
		return fmt.Errorf("synth: the rules tie more levels together than a model of %d cells can hold; let them name fewer columns of many levels", o.MaxCells)
	}
	return nil
}

// scopes returns the sets of columns that rules tie together: the tree holds them
// before any other.
func (f *fitting) scopes() (sets []microdata.Clique) {
	for _, n := range f.never {
		if len(n.Clique) > 1 && !slices.ContainsFunc(sets, func(c microdata.Clique) bool { return slices.Equal(c, n.Clique) }) {
			sets = append(sets, n.Clique)
		}
	}
	return sets
}

// forbid makes impossible in the tree what the rules say.
func (f *fitting) forbid(t *pgm.Tree) error {
	for _, n := range f.never {
		if err := t.Forbid(n.Clique, n.Marked()); err != nil {
			return fmt.Errorf("synth: the rules leave no record: %w", err)
		}
	}
	return nil
}

// keeps says whether the record of that row breaks no rule.
func keeps(never []rules.Never, records [][]uint16, row int) bool {
	return !slices.ContainsFunc(never, func(n rules.Never) bool {
		for i, a := range n.Clique {
			if !n.In[i][records[a][row]] {
				return false
			}
		}
		return true
	})
}
