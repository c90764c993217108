package tabular

import (
	"fmt"
	"strings"
)

// Kind says what sort of fault was found.
type Kind string

// The kinds of fault.
const (
	Empty       Kind = "empty"        // no bytes, or no rows
	NotText     Kind = "not text"     // a workbook, an archive, another binary
	Encoding    Kind = "encoding"     // text, but not UTF-8
	Header      Kind = "header"       // blank, repeated or missing column names
	Syntax      Kind = "syntax"       // quotes that do not close
	Ragged      Kind = "ragged"       // a row with more or fewer values than the header
	TooLarge    Kind = "too large"    // beyond a limit that keeps memory bounded
	Identifying Kind = "identifying"  // a header like that of a direct identifier
	Distinct    Kind = "distinct"     // nearly every row has a value of its own
	OutsideList Kind = "outside list" // a value that a closed list does not have
	BadOption   Kind = "option"       // an option or domain file that does not fit the file
)

// A Fault is one thing that keeps a file from being read. It says where and what
// to do, and never holds a value of a record: errors reach logs.
type Fault struct {
	Kind Kind `json:"kind"`
	// Row is the row as a spreadsheet shows it (the header is row 1, empty lines
	// count), or 0 where the fault is not of one row.
	Row int `json:"row,omitempty"`
	// Column is the name of the column, and Position its place from 1; "" and 0
	// where the fault is not of one column.
	Column   string `json:"column,omitempty"`
	Position int    `json:"position,omitempty"`
	Problem  string `json:"problem"`
	Hint     string `json:"hint"`
}

func (f *Fault) String() string {
	var where []string
	if f.Row > 0 {
		where = append(where, fmt.Sprint("row ", f.Row))
	}
	switch {
	case f.Column != "":
		where = append(where, fmt.Sprintf("column %q", f.Column))
	case f.Position > 0:
		where = append(where, fmt.Sprint("column ", f.Position))
	}
	if len(where) == 0 {
		return f.Problem
	}
	return strings.Join(where, ", ") + ": " + f.Problem
}

// An Error is why a file was refused: one fault, or all of those that could be
// found at once.
type Error struct{ Faults []Fault }

// Error says all faults on one line.
func (e *Error) Error() string {
	parts := make([]string, 0, len(e.Faults))
	for i := range e.Faults {
		if i == maxShown {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Faults)-i))
			break
		}
		parts = append(parts, e.Faults[i].String())
	}
	return "tabular: " + strings.Join(parts, "; ")
}

// maxShown is the number of faults that one line of error shows.
const maxShown = 10

// Hint says what to do, on one line.
func (e *Error) Hint() string {
	var hints []string
	seen := map[string]bool{}
	for _, f := range e.Faults {
		if f.Hint != "" && !seen[f.Hint] && len(hints) < maxShown {
			hints = append(hints, f.Hint)
		}
		seen[f.Hint] = true
	}
	return strings.Join(hints, "; ")
}

// Has says whether a fault of that kind is among the error's.
func (e *Error) Has(k Kind) bool {
	for _, f := range e.Faults {
		if f.Kind == k {
			return true
		}
	}
	return false
}

// refuse returns the error of the faults, or nil where there is none.
func refuse(faults ...Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return &Error{faults}
}
