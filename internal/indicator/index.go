package indicator

import (
	"fmt"
	"slices"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// Options of an Index.
type Options struct {
	// Namer names a level in a language where the codebook does not, or returns
	// "". Default: values stand for themselves.
	Namer func(column, value, lang string) string
}

// An Index holds one bundle's tables, ready to answer. It is immutable and safe
// for concurrent use.
type Index struct {
	options Options
	source  Source
	book    *catalog.Codebook
	columns []column
	byName  map[string]int
	tables  []table // those of few columns first, then as in the codebook
}

// column is a column of the codebook with all values that a filter may name: its
// own levels, then groups of them that some table knows.
type column struct {
	*microdata.Column
	values map[string]int // place in groups
	groups []group
	years  bool // all its answers are years
	// empty is the code of the level that only the rows of a strict release have,
	// or -1. No record has it, so what a table holds of it is noise and nothing
	// else: it is in no answer and no sum.
	empty int
}

type group struct {
	level   microdata.Level
	members []int // codes of the column's own levels
}

// table is one released table of one or two columns.
type table struct {
	entry    *catalog.TableEntry
	columns  []int     // in the index's columns
	sizes    []int     // levels
	members  [][][]int // column → level → own levels; the one that no record has stands alone or not at all
	noisy    []int64
	variance float64
}

// New prepares the tables of a bundle. Tables of more than two columns are left
// out: no question asks for them.
func New(b *catalog.Bundle, o Options) (*Index, error) {
	m := b.Manifest()
	x := &Index{options: o, book: b.Codebook(), byName: map[string]int{},
		source: Source{Dataset: m.Dataset, Version: m.Version, Hash: b.Hash(), Manifest: m}}
	for i := range x.book.Columns {
		x.byName[x.book.Columns[i].Name] = i
		x.columns = append(x.columns, newColumn(&x.book.Columns[i]))
	}
	for i := range x.book.Tables {
		e := &x.book.Tables[i]
		if len(e.Columns) > 2 {
			continue
		}
		t, err := b.Table(e.ID)
		if err != nil {
			return nil, fmt.Errorf("indicator: %w", err)
		}
		x.tables = append(x.tables, x.newTable(e, t))
	}
	slices.SortStableFunc(x.tables, func(a, b table) int { return len(a.columns) - len(b.columns) })
	if len(x.tables) == 0 {
		return nil, fmt.Errorf("indicator: %s/%d holds no table of one or two columns", m.Dataset, m.Version)
	}
	return x, nil
}

func newColumn(c *microdata.Column) column {
	out := column{Column: c, values: map[string]int{}, empty: emptyLevel(c)}
	answers := 0
	out.years = true
	for i, l := range c.Levels {
		out.values[l.Value] = i
		out.groups = append(out.groups, group{l, []int{i}})
		if l.Missing == microdata.Present {
			answers++
			out.years = out.years && year(l.Value)
		}
	}
	out.years = out.years && answers > 0
	return out
}

// emptyLevel returns the code of the level that a strict release adds to a column
// without missing values, for what it gives up in its rows, or -1. Package tabular
// makes it, before any record is counted: blank, withheld, under this label. A
// level that a source withheld has a value or a label of its own, and records.
func emptyLevel(c *microdata.Column) int {
	at := -1
	for i, l := range c.Levels {
		switch {
		case l.Missing == microdata.Present:
		case at < 0 && l.Value == "" && l.Missing == microdata.Withheld && l.Label["es"] == "Reservado" && l.Label["en"] == "Withheld":
			at = i
		default:
			return -1
		}
	}
	return at
}

func year(s string) bool {
	return len(s) == 4 && s >= "1000" && s <= "2999" && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < '0' || c > '9' })
}

func (x *Index) newTable(e *catalog.TableEntry, t *catalog.Table) table {
	out := table{entry: e, noisy: t.Noisy, variance: t.Variance}
	for _, c := range e.Columns {
		i := x.byName[c.Name]
		members := make([][]int, len(c.Levels))
		for own := range x.columns[i].Levels {
			g := own
			if c.Of != nil {
				g = int(c.Of[own])
			}
			members[g] = append(members[g], own)
		}
		for g := range c.Levels {
			if empty := x.columns[i].empty; len(members[g]) > 1 {
				members[g] = slices.DeleteFunc(members[g], func(own int) bool { return own == empty })
			}
			if !x.alone(i, c.Levels[g], members[g]) {
				x.columns[i].learn(c.Levels[g], members[g])
			}
		}
		out.columns = append(out.columns, i)
		out.sizes = append(out.sizes, len(c.Levels))
		out.members = append(out.members, members)
	}
	return out
}

// alone says whether a table's rest holds a single level beside the one that no
// record has: then it is that level, and is named so.
func (x *Index) alone(col int, l microdata.Level, members []int) bool {
	return len(members) == 1 && Rest(x.columns[col].Column, l)
}

// learn adds a table's level to the values that a filter may name. A value that
// is known keeps its meaning.
func (c *column) learn(l microdata.Level, members []int) {
	if _, ok := c.values[l.Value]; !ok {
		c.values[l.Value] = len(c.groups)
		c.groups = append(c.groups, group{l, members})
	}
}

// covers says for each level of column i of the table whether the own levels in
// set are all of its members (1), none (0) or some (-1).
func (t *table) covers(i, level int, set []bool) int {
	in := 0
	for _, own := range t.members[i][level] {
		if set[own] {
			in++
		}
	}
	switch in {
	case 0:
		return 0
	case len(t.members[i][level]):
		return 1
	}
	return -1
}

func (t *table) axis(i int, keep []int, x *Index) Axis {
	c := t.entry.Columns[i]
	a := Axis{Name: c.Name, Label: x.columns[t.columns[i]].Label}
	for _, l := range keep {
		level := c.Levels[l]
		if own := t.members[i][l]; x.alone(t.columns[i], level, own) {
			level = x.columns[t.columns[i]].Levels[own[0]]
		}
		a.Levels = append(a.Levels, level)
		a.Coarse = a.Coarse || len(t.members[i][l]) > 1
	}
	return a
}

// sum adds the kept cells of the table into out, row-major over the columns at
// place.
func (t *table) sum(out []int64, place []int, keep [][]int) {
	stride := make([]int, len(t.columns)) // of each table column in out
	size := 1
	for i := len(place) - 1; i >= 0; i-- {
		stride[place[i]] = size
		size *= len(keep[place[i]])
	}
	last := len(t.columns) - 1
	rows := []int{0}
	if last == 1 {
		rows = keep[0]
	}
	for r, row := range rows {
		base, cells := 0, t.noisy
		if last == 1 {
			base, cells = r*stride[0], t.noisy[row*t.sizes[1]:(row+1)*t.sizes[1]]
		}
		for c, level := range keep[last] {
			out[base+c*stride[last]] += cells[level]
		}
	}
}

// Columns returns the names of the columns that can be counted by, in the
// codebook's order.
func (x *Index) Columns() []string {
	var names []string
	for i := range x.columns {
		if slices.ContainsFunc(x.tables, func(t table) bool { return slices.Contains(t.columns, i) }) {
			names = append(names, x.columns[i].Name)
		}
	}
	return names
}

// Partners returns the columns that have a table together with the named one, in
// the codebook's order.
func (x *Index) Partners(name string) []string {
	i, ok := x.byName[name]
	if !ok {
		return nil
	}
	var names []string
	for j := range x.columns {
		if j != i && x.pair(i, j) != nil {
			names = append(names, x.columns[j].Name)
		}
	}
	return names
}

// Levels returns all levels of a column that a filter may keep: its own that
// records have, then the groups of them that some table knows.
func (x *Index) Levels(name string) []microdata.Level {
	i, ok := x.byName[name]
	if !ok {
		return nil
	}
	var levels []microdata.Level
	for k, g := range x.columns[i].groups {
		if k != x.columns[i].empty {
			levels = append(levels, g.level)
		}
	}
	return levels
}

// Source returns where the index's numbers come from.
func (x *Index) Source() Source { return x.source }

// pair returns the table of two columns, or nil.
func (x *Index) pair(i, j int) *table {
	for k := range x.tables {
		t := &x.tables[k]
		if len(t.columns) == 2 && slices.Contains(t.columns, i) && slices.Contains(t.columns, j) {
			return t
		}
	}
	return nil
}
