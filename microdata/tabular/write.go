package tabular

import (
	"bytes"
	"fmt"
	"io"

	"amparo/microdata"
)

// Write writes a header and rows as a delimited file: columns[i][r] is the code
// of row r in column i of d. The spelling is that of the levels, quoted where a
// reader would else take it apart; lines end with a newline. In a file of one
// column a blank is written as "", for an empty line is no row.
func Write(w io.Writer, d *microdata.Domain, columns [][]uint16, delimiter byte) error {
	if delimiter == '"' || delimiter == '\r' || delimiter == '\n' || delimiter == 0 || delimiter >= 0x80 {
		return fmt.Errorf("tabular: %q cannot separate values", delimiter)
	}
	if len(columns) != d.Len() || d.Len() == 0 {
		return fmt.Errorf("tabular: %d columns of codes for a domain of %d", len(columns), d.Len())
	}
	rows := len(columns[0])
	spelled := make([][][]byte, d.Len())
	for i, c := range columns {
		if len(c) != rows {
			return fmt.Errorf("tabular: column %q has another number of rows than the first", d.Column(i).Name)
		}
		after := delimiter // each spelling carries the byte that follows it
		if i == d.Len()-1 {
			after = '\n'
		}
		for _, l := range d.Column(i).Levels {
			spelled[i] = append(spelled[i], append(quote(l.Value, delimiter, d.Len() == 1), after))
		}
	}
	out := make([]byte, 0, blockSize+maxField)
	for i := range d.Len() {
		out = append(out, quote(d.Column(i).Name, delimiter, false)...)
		if i < d.Len()-1 {
			out = append(out, delimiter)
		}
	}
	out = append(out, '\n')
	for r := range rows {
		for i, c := range columns {
			if int(c[r]) >= len(spelled[i]) {
				return fmt.Errorf("tabular: column %q holds a code outside its levels", d.Column(i).Name)
			}
			out = append(out, spelled[i][c[r]]...)
		}
		if len(out) >= blockSize {
			if _, err := w.Write(out); err != nil {
				return fmt.Errorf("tabular: writing the file: %w", err)
			}
			out = out[:0]
		}
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("tabular: writing the file: %w", err)
	}
	return nil
}

// quote returns the value as it stands in a file. Spaces at its ends are quoted
// too, for many readers trim them, and all delimiters that readers look for. A
// value that a spreadsheet would take for a formula stays as it is: its spelling
// comes from a public list, and another spelling would be another value.
func quote(value string, delimiter byte, alone bool) []byte {
	v := []byte(value)
	special := bytes.IndexByte(v, delimiter) >= 0 || bytes.ContainsAny(v, "\"\r\n"+delimiters) ||
		len(v) == 0 && alone || len(bytes.TrimSpace(v)) != len(v)
	if !special {
		return v
	}
	out := append(make([]byte, 0, len(v)+2), '"')
	out = append(out, bytes.ReplaceAll(v, []byte(`"`), []byte(`""`))...)
	return append(out, '"')
}
