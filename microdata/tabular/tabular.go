// Package tabular reads delimited files of case records into coded tables, and
// writes synthetic ones.
//
// It promises four things. Nothing is lost in silence: a file that is not sound
// is refused with the row and column and what to do, and a last row without a
// newline is a row. No error holds a value of a record. The levels of a column
// come from a [Profile] or a [DomainFile], never from the file; where neither
// knows a column it is open, and its values stay in a private dictionary until
// [File.Close] is told which were discovered under privacy. The result is the
// same for any number of cores.
//
// A value outside a closed list becomes the list's "unknown" level, by itself and
// without a look at other rows; a list without one refuses the file, and so does
// a column of which most values would be lost that way. Numbers and dates are put into
// the bins that a domain file says, by themselves too: a value beyond them goes into the
// first or the last, and what cannot be read is unknown. [Inspect] counts them all.
package tabular

import (
	"errors"
	"fmt"

	"amparo/microdata"
)

// Options says how a file is read. The zero value reads it as it stands.
type Options struct {
	// Domain is the custodian's public list of columns and levels. Default: the
	// levels of a recognised profile; columns of neither are open.
	Domain *DomainFile
	// Drop names columns that are not read.
	Drop []string
	// Only names the columns that are read, beside Person. Default: all.
	Only []string
	// Allow names columns to keep although their header looks like that of a
	// direct identifier. They are recorded in File.Allowed.
	Allow []string
	// Person names the column that tells persons apart. The rows of a person
	// become one row, and the column is dropped. Default: one row, one person.
	Person string
	// Withhold gives each column without a level for what is missing one, spelled "",
	// for values that a strict output gives up. No value of the file is read as it: a
	// blank that the list does not have is refused all the same.
	Withhold bool
	// Progress, if not nil, is told the bytes read and their total (the size
	// given to Read). It is called from the goroutine that called Read.
	Progress func(done, total int64)
	// Workers is the number of goroutines that parse and code. Default: one a core.
	Workers int

	block int // bytes that one worker parses at a time; 0: blockSize
}

// A File is a file that was read. It is sensitive: it holds the records.
type File struct {
	// Table holds the records where no column is open; else it is nil, and Close
	// makes it.
	Table *microdata.Table
	// Profile is the standard that the file was recognised as, or nil.
	Profile *Profile
	// Open lists the columns whose levels are not public, in the file's order.
	Open []OpenColumn
	// Quantiles lists the columns that stand in the table on a grid, from which bins
	// are to be made under privacy, in the file's order.
	Quantiles []Quantiled
	// Columns is the header without the columns that were dropped: the names of
	// the table's columns, in order.
	Columns []string
	// Delimiter separates the file's values.
	Delimiter byte
	// Dropped and Allowed are the columns that Options.Drop or Only, and Options.Allow,
	// took effect on, in the file's order.
	Dropped, Allowed []string
	// PersonCollapsed says that rows were collapsed by Options.Person: one row is
	// one person by its key. Else one row is taken as one person.
	PersonCollapsed bool

	columns []microdata.Column // of the table; open columns have no levels yet
	codes   [][]uint16         // by column; nil for open ones
}

// Format keeps %+v and all other verbs from walking the records.
func (f *File) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[file]")) }

// MarshalJSON refuses: records leave only through release.
func (f *File) MarshalJSON() ([]byte, error) {
	return nil, errors.New("tabular: a file of records is not written to JSON; records leave only through release")
}
