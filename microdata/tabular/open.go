package tabular

import (
	"errors"
	"fmt"
	"slices"

	"amparo/microdata"
)

// An OpenColumn is a column whose levels are not public. Its values are private:
// they are told to nobody but the discovery that adds noise to their counts.
// It cannot be printed.
type OpenColumn struct {
	Name   string
	values []string // sorted; blank is not among them
	counts []int64  // of persons, by value
	codes  []uint32 // by row: 0 is blank, else 1 + the index of the value
}

// Values returns the distinct values but blank, in an order that does not depend
// on the file's. They are private.
func (o *OpenColumn) Values() []string { return slices.Clone(o.values) }

// Counts returns the number of rows of the table with each of Values: one row,
// one value, so a person changes one count by one. They are private.
func (o *OpenColumn) Counts() []int64 { return slices.Clone(o.counts) }

// Format keeps values out of logs.
func (o OpenColumn) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[open column]")) }

// MarshalJSON refuses: the values are private.
func (o OpenColumn) MarshalJSON() ([]byte, error) {
	return nil, errors.New("tabular: an open column is not written to JSON; its values are private")
}

// PublicDomain returns the domain of the columns as far as it is public: an open
// column, whose name is in the second result, has one level that stands for all, and
// one of quantiles, whose name is there too, as many nameless ones as it may get.
func (f *File) PublicDomain() (*microdata.Domain, map[string]bool, error) {
	columns, open := slices.Clone(f.columns), map[string]bool{}
	for i := range columns {
		if len(columns[i].Levels) == 0 {
			columns[i].Levels = []microdata.Level{{Missing: microdata.Unknown}}
			open[columns[i].Name] = true
		}
	}
	for _, q := range f.Quantiles {
		c := &columns[slices.Index(f.Columns, q.Name)]
		c.Levels, c.Hierarchy = []microdata.Level{unreadable}, nil
		for i := range q.Bins {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint("quantile ", i+1)})
		}
		open[q.Name] = true
	}
	d, err := microdata.NewDomain(columns)
	return d, open, err
}

// Close gives the open columns their levels and returns the table, which is then
// File.Table too. kept[i] are the values of Open[i] that were discovered under
// privacy. Each open column's levels are its kept values in their natural order
// and, last, a level spelled "" (missing: unknown) that takes blank and all
// values that were not kept. A kept value that the file does not have is a level
// all the same. A file without open columns is closed already.
func (f *File) Close(kept [][]string) (*microdata.Table, error) {
	if len(kept) != len(f.Open) {
		return nil, fmt.Errorf("tabular: levels for %d open columns, the file has %d", len(kept), len(f.Open))
	}
	if len(f.Open) == 0 {
		return f.Table, nil
	}
	columns, codes := slices.Clone(f.columns), slices.Clone(f.codes)
	for k := range f.Open {
		o := &f.Open[k]
		i := slices.Index(f.Columns, o.Name)
		levels := slices.DeleteFunc(slices.Clone(kept[k]), func(v string) bool { return v == "" })
		slices.SortFunc(levels, natural)
		levels = slices.Compact(levels)
		if len(levels) >= microdata.MaxLevels {
			return nil, fmt.Errorf("tabular: column %q: more levels than can be coded", o.Name)
		}
		columns[i].Levels = nil
		for _, v := range levels {
			columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: v})
		}
		columns[i].Levels = append(columns[i].Levels, microdata.Level{Missing: microdata.Unknown,
			Label: microdata.Text{"es": "Otro o no consta", "en": "Other or not stated"}})
		code := make([]uint16, len(o.values)+1)
		code[0] = uint16(len(levels))
		for v, value := range o.values {
			code[v+1] = uint16(len(levels))
			if l, ok := slices.BinarySearchFunc(levels, value, natural); ok {
				code[v+1] = uint16(l)
			}
		}
		codes[i] = make([]uint16, len(o.codes))
		for r, c := range o.codes {
			codes[i][r] = code[c]
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		return nil, err
	}
	f.Table, err = microdata.NewTable(d, codes)
	return f.Table, err
}
