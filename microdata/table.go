package microdata

import (
	"errors"
	"fmt"
	"slices"
)

// A Table is a set of coded records, column by column: a byte a value where the
// column has at most 256 levels, else two. It is immutable and cannot be
// printed: records do not reach logs.
type Table struct {
	domain  *Domain
	rows    int
	columns []codes
}

// codes holds one column: narrow where it has at most 256 levels, else wide.
type codes struct {
	narrow []uint8
	wide   []uint16
}

// NewTable returns the table of the given codes: columns[i][r] is the code of
// row r in column i of d. It copies them. A code out of range is an error.
func NewTable(d *Domain, columns [][]uint16) (*Table, error) {
	if len(columns) != d.Len() {
		return nil, fmt.Errorf("microdata: %d columns of codes for a domain of %d", len(columns), d.Len())
	}
	t := &Table{domain: d, columns: make([]codes, len(columns))}
	for i, column := range columns {
		if i == 0 {
			t.rows = len(column)
		}
		if len(column) != t.rows {
			return nil, fmt.Errorf("microdata: column %q has another number of rows than the first", d.Column(i).Name)
		}
		if slices.ContainsFunc(column, func(c uint16) bool { return int(c) >= d.Size(i) }) {
			return nil, fmt.Errorf("microdata: column %q holds a code outside its levels", d.Column(i).Name)
		}
		if d.Size(i) > 256 {
			t.columns[i].wide = slices.Clone(column)
			continue
		}
		narrow := make([]uint8, len(column))
		for r, c := range column {
			narrow[r] = uint8(c)
		}
		t.columns[i].narrow = narrow
	}
	return t, nil
}

// Domain returns the table's domain.
func (t *Table) Domain() *Domain { return t.domain }

// Rows returns the exact number of rows: sensitive where the table is.
func (t *Table) Rows() int { return t.rows }

// Code returns the code of one value.
func (t *Table) Code(row, column int) int {
	if c := &t.columns[column]; c.narrow != nil {
		return int(c.narrow[row])
	} else {
		return int(c.wide[row])
	}
}

// String says that there is a table, and nothing of what is in it.
func (t *Table) String() string { return "[table]" }

// GoString is String, for %#v.
func (t *Table) GoString() string { return "[table]" }

// Format keeps %+v and all other verbs from walking the columns.
func (t *Table) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[table]")) }

// MarshalJSON refuses: records leave only through release.
func (t *Table) MarshalJSON() ([]byte, error) {
	return nil, errors.New("microdata: a table is not written to JSON; records leave only through release")
}

// Coarsen returns the same rows over a coarser domain (see [Domain.Coarsen]).
// Columns that are not coarsened are shared.
func (t *Table) Coarsen(steps []*Coarsening) (*Table, error) {
	d, err := t.domain.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	out := &Table{domain: d, rows: t.rows, columns: slices.Clone(t.columns)}
	for i, s := range steps {
		if s == nil {
			continue
		}
		if d.Size(i) > 256 {
			out.columns[i] = codes{wide: make([]uint16, t.rows)}
		} else {
			out.columns[i] = codes{narrow: make([]uint8, t.rows)}
		}
		for r := range t.rows {
			g := s.Of[t.Code(r, i)]
			if c := &out.columns[i]; c.narrow != nil {
				c.narrow[r] = uint8(g)
			} else {
				c.wide[r] = g
			}
		}
	}
	return out, nil
}
