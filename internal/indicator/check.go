package indicator

import (
	"slices"
	"strings"
	"unicode"

	"amparo/microdata"
)

// An UnknownError says that a question names what is not there, or is not in the
// grammar: a bad request.
type UnknownError struct {
	What string // "column", "level", "version", "view" or "query"
	Name string // what was asked for, cut to a readable length; from the URL, so not to be trusted
}

func newUnknown(what, name string) *UnknownError {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' ' // what would break a line or turn it round
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 64 {
		name = string(runes[:64]) + "…"
	}
	return &UnknownError{what, name}
}

func (e *UnknownError) Error() string { return "indicator: unknown " + e.What + ": " + e.Name }

// A RefusedError says why no released table answers a question, in words for
// everyone, and offers questions near it that are answered.
type RefusedError struct {
	Reason microdata.Text
	Offer  []State
}

func (e *RefusedError) Error() string { return "indicator: refused: " + e.Reason["en"] }

// Parse reads the query of a URL as a question about this bundle and returns it
// in canonical form. The error is an *UnknownError.
func (x *Index) Parse(query string) (State, error) {
	s, err := ParseQuery(query)
	if err != nil {
		return s, err
	}
	return x.Check(s)
}

// Check returns the canonical form of s, or an *UnknownError: values of a filter
// stand once and in the codebook's order; a filter that keeps every level is
// left out; where nothing is counted by, it is the first column with a table.
func (x *Index) Check(s State) (State, error) {
	out := State{Dataset: x.source.Dataset, Version: s.Version, View: s.View, Filters: map[string][]string{}}
	if s.Version != 0 && s.Version != x.source.Version || s.Dataset != "" && s.Dataset != x.source.Dataset {
		return out, newUnknown("version", "not the one that was opened")
	}
	switch s.View {
	case "":
		out.View = ViewBar
	case ViewBar, ViewTable:
	default:
		return out, newUnknown("view", s.View)
	}
	for _, name := range s.By {
		if _, ok := x.byName[name]; !ok {
			return out, newUnknown("column", name)
		}
		if !slices.Contains(out.By, name) {
			out.By = append(out.By, name)
		}
	}
	if len(out.By) == 0 {
		out.By = x.Columns()[:1]
	}
	for name, values := range s.Filters {
		i, ok := x.byName[name]
		if !ok {
			return out, newUnknown("column", name)
		}
		kept, err := x.columns[i].canonical(values)
		if err != nil {
			return out, err
		}
		if kept != nil {
			out.Filters[name] = kept
		}
	}
	return out, nil
}

// canonical returns the values of a filter sorted, once each, without those that
// a group among them holds; nil where they hold every level.
func (c *column) canonical(values []string) ([]string, error) {
	var picks []int
	for _, v := range values {
		g, ok := c.values[v]
		if !ok {
			return nil, newUnknown("level", v)
		}
		picks = append(picks, g)
	}
	slices.Sort(picks)
	picks = slices.Compact(picks)
	if len(picks) > 1 {
		picks = slices.DeleteFunc(picks, func(g int) bool { return g == c.empty }) // nobody has it: it adds nothing
	}
	set := c.set(picks)
	if c.empty >= 0 && !slices.Equal(picks, []int{c.empty}) {
		set[c.empty] = true
	}
	if len(picks) == 0 || !slices.Contains(set, false) {
		return nil, nil
	}
	var kept []string
	for _, g := range picks {
		others := slices.DeleteFunc(slices.Clone(picks), func(o int) bool {
			a, b := len(c.groups[o].members), len(c.groups[g].members)
			return a < b || a == b && o >= g
		})
		if !within(c.groups[g].members, c.set(others)) {
			kept = append(kept, c.groups[g].level.Value)
		}
	}
	return kept, nil
}

func within(members []int, set []bool) bool {
	return !slices.ContainsFunc(members, func(own int) bool { return !set[own] })
}

// set returns which own levels the groups hold.
func (c *column) set(groups []int) []bool {
	set := make([]bool, len(c.Levels))
	for _, g := range groups {
		for _, own := range c.groups[g].members {
			set[own] = true
		}
	}
	return set
}

// kept returns which own levels a canonical state keeps of a column.
func (x *Index) kept(s State, i int) []bool {
	c := &x.columns[i]
	values, ok := s.Filters[c.Name]
	var picks []int
	for _, v := range values {
		picks = append(picks, c.values[v])
	}
	set := c.set(picks)
	if !ok {
		for own := range set {
			set[own] = true
		}
	}
	if c.empty >= 0 {
		set[c.empty] = false
	}
	return set
}

// choose returns the table that answers a canonical state, and the levels to
// keep of each of its columns: the one with the fewest columns that has all that
// are asked for; among those the one whose answer has the least noise.
func (x *Index) choose(s State) (*table, [][]int, error) {
	var need []int
	for _, name := range s.By {
		need = append(need, x.byName[name])
	}
	for name := range s.Filters {
		if i := x.byName[name]; !slices.Contains(need, i) {
			need = append(need, i)
		}
	}
	if len(need) > 2 {
		return nil, nil, &RefusedError{third(len(need)), x.offerFewer(s)}
	}
	for _, i := range need {
		if _, filtered := s.Filters[x.columns[i].Name]; filtered && !slices.Contains(x.kept(s, i), true) {
			return nil, nil, x.refuseEmpty(s, i)
		}
	}
	var best *table
	var bestKeep [][]int
	bestNoise := 0.0
	var split []string // levels of tables that a filter cuts in two
	cut := -1
	for k := range x.tables {
		t := &x.tables[k]
		if !contains(t.columns, need) || best != nil && len(t.columns) > len(best.columns) {
			continue
		}
		keep, at, names := x.keepOf(t, s)
		if keep == nil {
			if cut < 0 {
				cut, split = at, names
			}
			continue
		}
		noise := t.variance
		for _, levels := range keep {
			noise *= float64(len(levels))
		}
		if best == nil || noise < bestNoise {
			best, bestKeep, bestNoise = t, keep, noise
		}
	}
	switch {
	case best != nil:
		return best, bestKeep, nil
	case cut >= 0:
		return nil, nil, x.refuseSplit(s, cut, split)
	}
	return nil, nil, x.refuseUnmeasured(s, need)
}

func contains(all, sub []int) bool {
	return !slices.ContainsFunc(sub, func(i int) bool { return !slices.Contains(all, i) })
}

// keepOf returns the levels of each column of t that s keeps. Where a filter
// holds only a part of a level of t it returns nil, the column and the values of
// such levels.
func (x *Index) keepOf(t *table, s State) (keep [][]int, cut int, split []string) {
	for i, col := range t.columns {
		set := x.kept(s, col)
		var levels []int
		for l := range t.sizes[i] {
			switch t.covers(i, l, set) {
			case 1:
				levels = append(levels, l)
			case -1:
				split = append(split, t.entry.Columns[i].Levels[l].Value)
			}
		}
		if split != nil {
			return nil, col, split
		}
		keep = append(keep, levels)
	}
	return keep, -1, nil
}
