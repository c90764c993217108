package tabular

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"amparo/microdata"
)

// An Inspection says what a file is. It is for the custodian's eyes: it holds
// exact figures of the file. It holds no value of a record but the public levels
// of closed columns.
type Inspection struct {
	Delimiter string `json:"delimiter"`
	BOM       bool   `json:"bom"`     // the file begins with a byte order mark
	Rows      int    `json:"rows"`    // records below the header that have its number of values
	Persons   int    `json:"persons"` // rows after Options.Person; else equal to Rows
	// EmptyLines were skipped; BlankRows have no value at all and count as persons.
	EmptyLines int `json:"emptyLines"`
	BlankRows  int `json:"blankRows"`
	RaggedRows int `json:"raggedRows"` // records with another number of values than the header
	// Complete says that the file was read to its end; else figures are of the
	// part before the fault that stopped it.
	Complete bool           `json:"complete"`
	Profile  *Recognised    `json:"profile,omitempty"`
	Columns  []ColumnReport `json:"columns"`
	// Refused lists all that keeps the file from being released as it stands.
	Refused []Fault `json:"refused"`
}

// Recognised says which standard a file follows, and where it departs from it.
type Recognised struct {
	ID        string         `json:"id"`
	Title     microdata.Text `json:"title"`
	Fictional bool           `json:"fictional,omitempty"`
	Absent    []string       `json:"absent,omitempty"` // columns of the profile that the file has not
	Others    []string       `json:"others,omitempty"` // columns of the file that the profile has not
}

// A ColumnReport says what one column of the file is.
type ColumnReport struct {
	Name     string `json:"name"`
	Position int    `json:"position"` // from 1
	// Use is "closed" (public levels), "open" (levels to be found privately),
	// "dropped" or "person".
	Use   string         `json:"use"`
	From  string         `json:"from,omitempty"` // of the levels: "profile" or "domain file"
	Label microdata.Text `json:"label,omitempty"`
	Group string         `json:"group,omitempty"` // the multi-valued attribute
	// Levels are those of a closed column, by their spelling; Missing are the
	// kinds of missing value among them; Hierarchy the steps it can be coarsened by.
	// Of a column of quantiles there are no levels yet.
	Levels    []string            `json:"levels,omitempty"`
	Missing   []microdata.Missing `json:"missing,omitempty"`
	Hierarchy []string            `json:"hierarchy,omitempty"`
	// Blank counts rows without a value, of an open column persons; of the person key,
	// rows that are taken as one person each for want of it. Outside counts those whose
	// value the list does not have, and FirstOutside is the first such row; they are
	// read as blank where the list has a blank level, else refused.
	Blank        int `json:"blank"`
	Outside      int `json:"outside,omitempty"`
	FirstOutside int `json:"firstOutside,omitempty"`
	// Bins says how a closed column of numbers or dates is put into its levels.
	Bins *BinReport `json:"bins,omitempty"`
	// Distinct counts the values of an open column, AtLeast says that there are
	// more, and Looks says what they look like: "numbers", "dates" or "texts".
	Distinct int    `json:"distinct,omitempty"`
	AtLeast  bool   `json:"atLeast,omitempty"`
	Looks    string `json:"looks,omitempty"`
}

// A BinReport says what the bins of a column are.
type BinReport struct {
	Of        string `json:"of"` // "numbers" or "dates"
	First     string `json:"first"`
	Last      string `json:"last"`
	Bins      int    `json:"bins"`                // or steps of the grid for quantiles
	Quantiles int    `json:"quantiles,omitempty"` // bins to be found privately
	Below     int    `json:"below"`               // values put into the first bin because they lie below it
	Above     int    `json:"above"`               // and into the last
}

// Inspect reads a whole file and says what it is and all that would be refused.
// A file that is no table at all is an Inspection with no columns. The error is
// one of reading, or the end of ctx.
func Inspect(ctx context.Context, r io.Reader, size int64, o Options) (*Inspection, error) {
	s, faults, err := scanFile(ctx, r, size, o, true)
	if err != nil {
		return nil, err
	}
	out := &Inspection{Refused: faults, Columns: []ColumnReport{}}
	if s == nil {
		return out, nil
	}
	out.Delimiter, out.BOM = string(s.delimiter), s.bom
	out.Rows, out.Persons, out.EmptyLines = s.rows, s.persons, s.empty
	out.BlankRows, out.RaggedRows, out.Complete = s.blankRows, s.raggedAll, s.stop == nil
	if p := s.plan.profile; p != nil {
		out.Profile = s.plan.recognised(p)
	}
	for i := range s.plan.columns {
		out.Columns = append(out.Columns, s.report(i))
	}
	return out, nil
}

func (p *plan) recognised(profile *Profile) *Recognised {
	r := &Recognised{ID: profile.ID, Title: profile.Title, Fictional: profile.Fictional}
	for i := range p.kept {
		if _, ok := profile.domain.Index(p.kept[i].Name); !ok {
			r.Others = append(r.Others, p.kept[i].Name)
		}
	}
	for _, n := range profile.domain.Names() {
		if !slices.ContainsFunc(p.kept, func(c microdata.Column) bool { return c.Name == n }) {
			r.Absent = append(r.Absent, n)
		}
	}
	return r
}

// report describes one column of the file.
func (s *scan) report(i int) ColumnReport {
	c := &s.plan.columns[i]
	r := ColumnReport{Name: c.name, Position: i + 1, Use: [...]string{"dropped", "person", "closed", "open"}[c.role], From: c.from}
	switch c.role {
	case person:
		r.Blank = s.keyless
	case closed:
		r.Label, r.Group = c.col.Label, c.col.Group
		t := s.tallies[c.slot]
		r.Blank, r.Outside, r.FirstOutside = t.blank, t.outside, t.first
		if b := c.bins; b != nil {
			r.Bins = &BinReport{Of: "numbers", First: b.levels[0].Value, Last: b.levels[len(b.starts)-1].Value, Bins: len(b.starts),
				Quantiles: b.quantiles, Below: t.below, Above: t.above}
			if b.dates {
				r.Bins.Of = "dates"
			}
			if r.Missing = []microdata.Missing{microdata.Unknown}; b.quantiles > 0 {
				break
			}
		}
		for _, l := range c.col.Levels {
			r.Levels = append(r.Levels, l.Value)
			if l.Missing != microdata.Present && !slices.Contains(r.Missing, l.Missing) {
				r.Missing = append(r.Missing, l.Missing)
			}
		}
		for _, h := range c.col.Hierarchy {
			r.Hierarchy = append(r.Hierarchy, h.Name)
		}
	case open:
		o := s.open[c.slot]
		if r.AtLeast = o.overflow; r.AtLeast {
			r.Distinct = maxDistinct
			break
		}
		filled, distinct := o.spread()
		r.Blank, r.Distinct, r.Looks = s.persons-filled, distinct, looks(o.all.words)
		r.Missing = []microdata.Missing{microdata.Unknown}
	}
	return r
}

// looks says what values look like, without saying any.
func looks(values []string) string {
	numbers, dates := 0, 0
	for _, v := range values {
		if _, err := strconv.ParseFloat(strings.Replace(v, ",", ".", 1), 64); err == nil {
			numbers++
		} else if isDate(v) {
			dates++
		}
	}
	switch len(values) {
	case 0:
		return ""
	case numbers:
		return "numbers"
	case dates:
		return "dates"
	}
	return "texts"
}

// isDate says whether v is three numbers apart, with a year among them, and
// perhaps a time: 2021-08-25, 25/8/2021, 25.08.21 10:30.
func isDate(v string) bool {
	day, _, _ := strings.Cut(strings.Replace(v, "T", " ", 1), " ")
	parts := strings.FieldsFunc(day, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) != 3 || len(day) > len("2021-08-25") {
		return false
	}
	for _, p := range parts {
		if _, err := strconv.ParseUint(p, 10, 16); err != nil || len(p) == 3 {
			return false
		}
	}
	return true
}
