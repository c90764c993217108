package htcds

import (
	"errors"
	"io"
	"strings"
)

// Limits bound what is read from a stream, which may come from anywhere.
type Limits struct {
	Bytes  int64 // Size of the input. Default 64 MiB.
	Rows   int   // Number of records. Default 100,000.
	Errors int   // Number of wrong fields told before reading stops. Default 200.
	Comma  rune  // What is between the columns of a CSV. Default a comma.
}

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 20
	}
	if l.Rows <= 0 {
		l.Rows = 100_000
	}
	if l.Errors <= 0 {
		l.Errors = 200
	}
	if l.Comma == 0 {
		l.Comma = ','
	}
	return l
}

// A batch gathers the cases and errors of a stream.
type batch struct {
	limits Limits
	cases  []Case
	errs   []error
	rows   int
	wrong  int
}

// fail notes that something is wrong; it returns false when reading has to stop.
func (b *batch) fail(row int, field string, err error) bool {
	return b.note([]error{&FieldError{row, field, err}})
}

func (b *batch) note(errs []error) bool {
	for _, e := range errs {
		if b.wrong++; b.wrong > b.limits.Errors {
			b.errs = append(b.errs, ErrLimit)
			return false
		}
		b.errs = append(b.errs, e)
	}
	return true
}

// add parses one record, of which something may be known to be wrong; it returns
// false when reading has to stop.
func (b *batch) add(row int, fields map[string][]string, wrong []error) bool {
	if b.rows++; b.rows > b.limits.Rows {
		b.errs = append(b.errs, &FieldError{row, "", ErrLimit})
		return false
	}
	if !b.note(wrong) {
		return false
	}
	if len(wrong) > 0 && len(fields) == 0 {
		return true
	}
	c, errs := parse(row, fields)
	if len(errs) > 0 {
		return b.note(errs)
	}
	b.cases = append(b.cases, c)
	return true
}

// done returns every case, or no case and everything that is wrong: half a file
// that looks whole is worse than none.
func (b *batch) done() ([]Case, error) {
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return b.cases, nil
}

// A capped reader fails with ErrLimit where a LimitReader would end in silence,
// which would look like a whole file.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, ErrLimit
	}
	return n, err
}

// split takes the values of one CSV cell apart at semicolons. A backslash keeps a
// semicolon or a backslash that is part of a value.
func split(cell string) []string {
	var values []string
	var v strings.Builder
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case c == '\\' && i+1 < len(cell) && (cell[i+1] == ';' || cell[i+1] == '\\'):
			i++
			v.WriteByte(cell[i])
		case c == ';':
			values = append(values, v.String())
			v.Reset()
		default:
			v.WriteByte(c)
		}
	}
	return append(values, v.String())
}

// unsplit is the inverse of split.
func unsplit(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strings.NewReplacer(`\`, `\\`, `;`, `\;`).Replace(v)
	}
	return strings.Join(quoted, ";")
}
