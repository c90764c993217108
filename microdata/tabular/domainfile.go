package tabular

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"amparo/microdata"
)

// A DomainFile is a custodian's list of columns and their levels: public
// knowledge that the custodian vouches for.
type DomainFile struct {
	levels  map[string][]microdata.Level
	ordered map[string]bool
	groups  map[string]string // of indicator columns
	bins    map[string]*bins  // of numbers and dates; their levels stand in levels too
	names   []string          // in the file's order
}

// The limits of a domain file.
const (
	maxDomainBytes   = 16 << 20
	maxDomainColumns = maxColumns
	leastOrdered     = 17 // levels, from which a number of them is taken for bins of a number
)

// ReadDomain reads a domain file: a JSON object with one entry a column. An entry is
// the number of levels n, which are then spelled 0 to n−1; the list of levels as they
// are spelled in the file (numbers may stand without quotes); an object of levels and of
// what stands for missing; or an object that says how numbers or dates are put into bins. All that is wrong is said at once.
//
//	{"floor": 85, "sex": ["Female", "Male", ""],
//	 "age":     {"from": 0, "to": 120, "width": 10},
//	 "stay":    {"edges": [0, 0.5, 1, 10]},
//	 "income":  {"from": 0, "to": 100000, "quantiles": 8},
//	 "arrived": {"from": "2015-01-01", "to": "2025-12-31", "by": "year"},
//	 "status":  {"levels": ["open", "closed"], "unknown": ["", "NS"], "refused": ["NR"]},
//	 "debt":    {"levels": [0, 1], "unknown": [""], "group": "means"}}
//
// An entry of levels keeps the kinds of missing value apart: unknown, not asked, refused,
// not applicable, withheld. Columns of a group are the indicators of one question that
// has several answers; their level 1 says yes.
//
// The level "" is blank: not known. A list of rising numbers is taken to be in order
// ([microdata.Column].Ordered), and so are 17 levels or more that are only counted, and
// bins.
//
// Bins are public. They lie between from and to, or between the first edge and the last;
// a value beyond them is put into the first bin or the last, and to itself into the
// last: data never widen them. They are width wide, begin with each year, quarter or
// month (by), or with each of the edges, which may be numbers or dates. Where neither
// from, to and width nor an edge has a decimal point a bin is spelled 10--19 and holds
// all from 10 to below 20; else [0.5--1). The last is spelled 110+. Dates are spelled
// 2015, 2015-Q1, 2015-01, or by the first and the last day of a bin. After the bins
// comes one level, spelled "", for blanks and for what is no number or no date.
//
// A number has a decimal point or comma. Where 1.234 could be either, it is not read,
// unless the entry says which is meant ("decimal": ","). A date is 2021-08-25, with -, /
// or . between and perhaps a time after it, which does not count; "format": "DMY" or
// "MDY" reads 25/8/2021 or 8/25/2021 too. What by does not need may lack: 2021-08, 2021.
//
// With quantiles, the edges of so many bins of about equal counts are found under
// privacy, at a cost, on a public grid of steps: of width, or the smallest of 1, 2, 5,
// 10, 20, … that makes at most 1,024 of them (not below 1 where from and to have no
// decimal point); of by, or months. Until then the column has the grid's levels
// ([File].Quantiles).
func ReadDomain(r io.Reader) (*DomainFile, error) {
	d := &DomainFile{levels: map[string][]microdata.Level{}, ordered: map[string]bool{}, groups: map[string]string{}, bins: map[string]*bins{}}
	limited := &io.LimitedReader{R: r, N: maxDomainBytes + 1}
	dec := json.NewDecoder(limited)
	dec.UseNumber()
	var faults []Fault
	bad := func(column, problem, hint string) {
		faults = append(faults, Fault{Kind: BadOption, Column: column, Problem: "domain file: " + problem, Hint: hint})
	}
	if err := d.read(dec, bad); err != nil {
		var syntax *json.SyntaxError
		switch {
		case limited.N <= 0:
			bad("", fmt.Sprintf("it has more than %d MiB", maxDomainBytes>>20), domainHint)
		case errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errShape):
			bad("", fmt.Sprintf("it is not such a JSON object (near byte %d)", dec.InputOffset()), domainHint)
		default:
			return nil, fmt.Errorf("tabular: reading the domain file: %w", err)
		}
	} else if len(d.names) == 0 {
		bad("", "it names no column", domainHint)
	}
	if err := refuse(faults...); err != nil {
		return nil, err
	}
	return d, nil
}

const domainHint = `a domain file is a JSON object like {"floor": 85, "sex": ["Female", "Male", ""], "age": {"from": 0, "to": 120, "width": 10}}`

var errShape = errors.New("tabular: not a flat object")

// read walks the tokens, so that repeated names are seen and nothing is nested
// deeper than a list of edges.
func (d *DomainFile) read(dec *json.Decoder, bad func(column, problem, hint string)) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errShape)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name := key.(string) // a key is a string, or Token failed
		e, err := readEntry(dec)
		if err != nil {
			return err
		}
		if _, twice := d.levels[name]; twice {
			e.problems = []string{"it stands twice"}
		}
		if name == "" {
			e.problems = []string{"a column has no name"}
		}
		for _, p := range e.problems {
			bad(name, p, e.hint)
		}
		d.ordered[name], d.groups[name] = e.ordered, e.group
		if e.bins != nil {
			d.bins[name] = e.bins
		}
		if d.levels[name] = e.levels; len(d.levels) > maxDomainColumns {
			bad("", fmt.Sprintf("it names more than %d columns", maxDomainColumns), domainHint)
			return nil
		}
		d.names = append(d.names, name)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.Join(err, errShape)
	}
	return nil
}

// An entry is what a domain file says of one column.
type entry struct {
	levels   []microdata.Level
	ordered  bool
	bins     *bins
	group    string   // of which it is an indicator
	problems []string // for people
	hint     string
}

// readEntry reads one entry. The error ends the reading.
func readEntry(dec *json.Decoder) (*entry, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	e := &entry{hint: domainHint}
	switch t := t.(type) {
	case json.Number:
		e.count(t)
	case json.Delim:
		if t == '[' {
			return e, e.list(dec)
		}
		text, err := readObject(dec)
		if err != nil {
			return nil, err
		}
		if text.ofLevels() {
			e.levelsOf(text)
			return e, nil
		}
		e.hint, e.ordered = binHint, true
		if e.bins, e.problems = text.bins(); e.bins != nil {
			e.levels = e.bins.levels
		}
	default:
		e.problems = []string{"it is neither a number, nor a list, nor bins or levels"}
	}
	return e, nil
}

// count makes the levels 0 to n−1.
func (e *entry) count(number json.Number) {
	n, err := strconv.Atoi(number.String())
	if err != nil || n < 1 || n > microdata.MaxLevels {
		e.problems = []string{fmt.Sprintf("its number of levels is not a whole number from 1 to %d", microdata.MaxLevels)}
		return
	}
	for i := range n {
		e.levels = append(e.levels, microdata.Level{Value: strconv.Itoa(i)})
	}
	e.ordered = n >= leastOrdered
}

// list reads the levels of a list whose [ was read, and says the first that is wrong.
func (e *entry) list(dec *json.Decoder) error {
	seen, last := map[string]bool{}, math.Inf(-1)
	ordered := true
	bad := func(format string, args ...any) {
		if len(e.problems) == 0 {
			e.problems = []string{fmt.Sprintf(format, args...)}
		}
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		var value string
		switch t := t.(type) {
		case string:
			value = t
			ordered = ordered && t == ""
		case json.Number:
			value = t.String()
			x, err := t.Float64()
			ordered = ordered && err == nil && x > last
			last = x
		case json.Delim:
			return errShape
		default:
			bad("level %d is neither text nor number", len(e.levels)+1)
		}
		if seen[value] {
			bad("level %d repeats an earlier one", len(e.levels)+1)
		}
		seen[value] = true
		level := microdata.Level{Value: value}
		if value == "" {
			level.Missing = microdata.Unknown
			level.Label = microdata.Text{"es": "No consta", "en": "Not stated"}
		}
		if e.levels = append(e.levels, level); len(e.levels) > microdata.MaxLevels {
			return errShape
		}
	}
	if len(e.levels) == 0 {
		bad("its list of levels is empty")
	}
	e.ordered = ordered && len(e.levels) > 2
	_, err := dec.Token()
	return err
}

// Columns returns the columns that the file names, in its order.
func (d *DomainFile) Columns() []string { return append([]string{}, d.names...) }

// Ordered says whether a column's levels are in order, as bins are.
func (d *DomainFile) Ordered(column string) bool { return d.ordered[column] }

// Levels returns the levels of a column, or nil; of quantiles, those of the grid. The
// caller must not change them.
func (d *DomainFile) Levels(column string) []microdata.Level { return d.levels[column] }
