package htcds

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ParseCSV reads a table of cases. The first row holds field ids. A second row
// that holds only labels, as in the spreadsheet of the standard, is passed over if
// each label belongs to its id, and is an error if it does not. A field of many
// values has semicolons between them, and a backslash before a semicolon that is
// part of a value. Blank rows are passed over.
//
// The error joins one [FieldError] for everything that is wrong in the file, and
// then there are no cases. Rows are counted as a spreadsheet does: the header is
// row 1.
func ParseCSV(r io.Reader, limits Limits) ([]Case, error) {
	b := &batch{limits: limits.orDefault()}
	in := csv.NewReader(&capped{r, b.limits.Bytes})
	in.Comma = b.limits.Comma
	in.FieldsPerRecord = -1

	head, err := in.Read()
	if err != nil {
		b.fail(1, "", readError(err))
		return b.done()
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	t, ok := newTable(b, head)
	if !ok {
		return b.done()
	}
	for row := 2; ; row++ {
		cells, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.fail(row, "", readError(err))
			break
		}
		if !t.row(row, cells) {
			break
		}
	}
	return b.done()
}

// readError takes the text of the file out of an error of a reader.
func readError(err error) error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, ErrLimit):
		return ErrLimit
	case errors.As(err, &p), err == io.EOF, err == io.ErrUnexpectedEOF:
		return ErrShape
	}
	return err
}

// A table knows which field each column holds; a column without a field is nil.
type table struct {
	batch *batch
	cols  []*Field
}

// newTable reads the header. A column that is wrong there is told once, and not
// once in every row, so a wrong header ends the reading.
func newTable(b *batch, head []string) (*table, bool) {
	t := &table{b, make([]*Field, len(head))}
	seen := map[string]bool{}
	for i, id := range head {
		id = strings.TrimSpace(id)
		if id == "" {
			continue
		}
		at, ok := Book().place(id)
		if !ok {
			place := column(i)
			if Book().likeID(id) {
				place += " " + id
			}
			if !b.fail(1, place, ErrField) {
				return nil, false
			}
			continue
		}
		t.cols[i] = &Book().fields[at]
		if seen[t.cols[i].ID] && !b.fail(1, t.cols[i].ID, ErrTwice) {
			return nil, false
		}
		seen[t.cols[i].ID] = true
	}
	return t, len(b.errs) == 0
}

func column(i int) string { return fmt.Sprintf("column %d", i+1) }

// row reads one row; it returns false when reading has to stop.
func (t *table) row(row int, cells []string) bool {
	if strings.TrimSpace(strings.Join(cells, "")) == "" {
		return true
	}
	if row == 2 && allLabels(cells) {
		return t.labels(cells)
	}
	if len(cells) != len(t.cols) {
		return t.batch.add(row, nil, []error{&FieldError{row, "", ErrShape}})
	}
	fields := make(map[string][]string, len(cells))
	var wrong []error
	for i, cell := range cells {
		switch f := t.cols[i]; {
		case f == nil && strings.TrimSpace(cell) != "":
			wrong = append(wrong, &FieldError{row, column(i), ErrField})
		case f == nil:
		case f.Many == One:
			fields[f.ID] = []string{cell}
		default:
			fields[f.ID] = split(cell)
		}
	}
	return t.batch.add(row, fields, wrong)
}

// labels checks the row of labels. The spreadsheet of the standard has the labels
// of the postal address one column off, and a case read by its ids would get the
// street of a victim as its country.
func (t *table) labels(cells []string) bool {
	for i, cell := range cells {
		if i >= len(t.cols) || t.cols[i] == nil {
			continue // a label without an id: the column must stay empty
		}
		if f := t.cols[i]; strings.TrimSpace(cell) != "" && !f.labelled(cell) && !t.batch.fail(2, f.ID, ErrLabel) {
			return false
		}
	}
	return true
}

// allLabels tells whether every cell that is filled holds the label of some field,
// and more than one does: a case may be called as a field is.
func allLabels(cells []string) bool {
	n := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		if fieldLabelled(cell) == nil {
			return false
		}
		n++
	}
	return n > 1
}

// labelled tells whether a text is the label of the field, in either language.
func (f *Field) labelled(s string) bool {
	s = strings.TrimSpace(s)
	return strings.EqualFold(s, f.Label.ES) || strings.EqualFold(s, f.Label.EN)
}

// fieldLabelled returns the first field with a label.
func fieldLabelled(s string) *Field {
	fields := Book().fields
	for i := range fields {
		if fields[i].labelled(s) {
			return &fields[i]
		}
	}
	return nil
}

// EncodeCSV writes cases in the form that ParseCSV reads, with a column for each
// field that some case holds, in the order of the code book. Equal input gives
// equal bytes.
//
// Values are written as they are. A spreadsheet may take one that starts with "="
// for a formula, so open the file as text.
func EncodeCSV(w io.Writer, cases []Case) error {
	used := map[string]bool{}
	for _, c := range cases {
		ids := c.Fields()
		if len(ids) == 0 {
			return &FieldError{0, "", ErrEmpty}
		}
		for _, id := range ids {
			used[id] = true
		}
	}
	var cols []*Field
	var cells []string
	for i := range Book().fields {
		if f := &Book().fields[i]; used[f.ID] || len(cases) == 0 {
			cols = append(cols, f)
			cells = append(cells, f.ID)
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(cells); err != nil {
		return err
	}
	for i, c := range cases {
		for j, f := range cols {
			cells[j] = f.cell(c.values()[f.ID])
		}
		if i == 0 && allLabels(cells) {
			// A case that looks like a row of labels would be passed over, so put
			// the true labels before it.
			if err := out.Write(labelRow(cols)); err != nil {
				return err
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell writes the values of a field as one cell.
func (f *Field) cell(values []string) string {
	if f.Many == One && len(values) == 1 {
		return values[0]
	}
	return unsplit(values)
}

func labelRow(cols []*Field) []string {
	labels := make([]string, len(cols))
	for i, f := range cols {
		labels[i] = f.Label.EN
	}
	return labels
}
