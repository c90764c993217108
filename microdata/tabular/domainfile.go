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
	names   []string // in the file's order
}

// The limits of a domain file.
const (
	maxDomainBytes   = 16 << 20
	maxDomainColumns = maxColumns
	leastOrdered     = 17 // levels, from which a number of them is taken for bins of a number
)

// ReadDomain reads a domain file: a JSON object with one entry a column. The
// entry is the number of levels n, which are then spelled 0 to n−1, or the list
// of levels as they are spelled in the file (numbers may stand without quotes).
// The level "" is blank: not known. A list of rising numbers is taken to be in order
// ([microdata.Column].Ordered), and so are 17 levels or more that are only counted.
// All that is wrong is said at once.
//
//	{"age": 85, "sex": ["Female", "Male", ""]}
func ReadDomain(r io.Reader) (*DomainFile, error) {
	d := &DomainFile{levels: map[string][]microdata.Level{}, ordered: map[string]bool{}}
	limited := &io.LimitedReader{R: r, N: maxDomainBytes + 1}
	dec := json.NewDecoder(limited)
	dec.UseNumber()
	var faults []Fault
	bad := func(column, problem string) {
		faults = append(faults, Fault{Kind: BadOption, Column: column, Problem: "domain file: " + problem,
			Hint: `a domain file is a JSON object like {"age": 85, "sex": ["Female", "Male", ""]}`})
	}
	if err := d.read(dec, bad); err != nil {
		var syntax *json.SyntaxError
		switch {
		case limited.N <= 0:
			bad("", fmt.Sprintf("it has more than %d MiB", maxDomainBytes>>20))
		case errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errShape):
			bad("", fmt.Sprintf("it is not such a JSON object (near byte %d)", dec.InputOffset()))
		default:
			return nil, fmt.Errorf("tabular: reading the domain file: %w", err)
		}
	} else if len(d.names) == 0 {
		bad("", "it names no column")
	}
	if err := refuse(faults...); err != nil {
		return nil, err
	}
	return d, nil
}

var errShape = errors.New("tabular: not a flat object")

// read walks the tokens, so that repeated names are seen and nothing is nested
// deeper than a list.
func (d *DomainFile) read(dec *json.Decoder, bad func(column, problem string)) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errShape)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name := key.(string) // a key is a string, or Token failed
		levels, ordered, problem, err := domainLevels(dec)
		if err != nil {
			return err
		}
		if _, twice := d.levels[name]; twice {
			problem = "it stands twice"
		}
		if name == "" {
			problem = "a column has no name"
		}
		if problem != "" {
			bad(name, problem)
		}
		d.ordered[name] = ordered
		if d.levels[name] = levels; len(d.levels) > maxDomainColumns {
			bad("", fmt.Sprintf("it names more than %d columns", maxDomainColumns))
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

// domainLevels reads one entry. The problem is for people; err ends the reading.
func domainLevels(dec *json.Decoder) (levels []microdata.Level, ordered bool, problem string, err error) {
	t, err := dec.Token()
	if err != nil {
		return nil, false, "", err
	}
	switch t := t.(type) {
	case json.Number:
		n, err := strconv.Atoi(t.String())
		if err != nil || n < 1 || n > microdata.MaxLevels {
			return nil, false, fmt.Sprintf("its number of levels is not a whole number from 1 to %d", microdata.MaxLevels), nil
		}
		for i := range n {
			levels = append(levels, microdata.Level{Value: strconv.Itoa(i)})
		}
		return levels, n >= leastOrdered, "", nil
	case json.Delim:
		if t != '[' {
			return nil, false, "", errShape
		}
	default:
		return nil, false, "it is neither a number nor a list", nil
	}
	seen, last := map[string]bool{}, math.Inf(-1)
	ordered = true
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, false, "", err
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
			return nil, false, "", errShape
		default:
			problem = fmt.Sprintf("level %d is neither text nor number", len(levels)+1)
		}
		if seen[value] && problem == "" {
			problem = fmt.Sprintf("level %d repeats an earlier one", len(levels)+1)
		}
		seen[value] = true
		level := microdata.Level{Value: value}
		if value == "" {
			level.Missing = microdata.Unknown
			level.Label = microdata.Text{"es": "No consta", "en": "Not stated"}
		}
		if levels = append(levels, level); len(levels) > microdata.MaxLevels {
			return nil, false, "", errShape
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, false, "", err
	}
	if len(levels) == 0 && problem == "" {
		problem = "its list of levels is empty"
	}
	return levels, ordered && len(levels) > 2, problem, nil
}

// Columns returns the columns that the file names, in its order.
func (d *DomainFile) Columns() []string { return append([]string{}, d.names...) }

// Ordered says whether a column was given as a number of levels: bins in order.
func (d *DomainFile) Ordered(column string) bool { return d.ordered[column] }

// Levels returns the levels of a column, or nil. The caller must not change them.
func (d *DomainFile) Levels(column string) []microdata.Level { return d.levels[column] }
