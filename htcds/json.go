package htcds

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ParseJSON reads an array of cases. Each is an object of field ids, and each
// value a text, a number, true, false, null (not recorded) or an array of these.
// Anything nested deeper is refused.
//
// The error joins one [FieldError] for everything that is wrong, and then there
// are no cases. Rows count the elements of the array from 1.
func ParseJSON(r io.Reader, limits Limits) ([]Case, error) {
	b := &batch{limits: limits.orDefault()}
	in := json.NewDecoder(&capped{r, b.limits.Bytes})
	in.UseNumber()
	d := &objects{in, b}
	if err := d.array(); err != nil {
		b.errs = append(b.errs, err)
	}
	return b.done()
}

type objects struct {
	in    *json.Decoder
	batch *batch
}

func (d *objects) array() error {
	if err := d.delim(0, '['); err != nil {
		return err
	}
	row := 1
	for ; d.in.More(); row++ {
		fields, wrong, err := d.object(row)
		if err != nil {
			return err
		}
		if !d.batch.add(row, fields, wrong) {
			return nil
		}
	}
	if err := d.delim(row, ']'); err != nil {
		return err
	}
	if _, err := d.in.Token(); err != io.EOF {
		return tokenError(row, err) // something stands behind the array
	}
	return nil
}

// object reads one object. An error ends the reading; wrong does not.
func (d *objects) object(row int) (fields map[string][]string, wrong []error, err error) {
	if err := d.delim(row, '{'); err != nil {
		return nil, nil, err
	}
	fields = map[string][]string{}
	for d.in.More() {
		if len(fields) > 4*len(Book().fields) {
			return nil, nil, &FieldError{row, "", ErrLimit}
		}
		key, err := d.in.Token()
		id, ok := key.(string)
		if err != nil || !ok {
			return nil, nil, tokenError(row, err)
		}
		if _, twice := fields[id]; twice {
			wrong = append(wrong, &FieldError{row, safeID(id), ErrTwice})
		}
		if fields[id], err = d.values(row, id); err != nil {
			return nil, nil, err
		}
	}
	return fields, wrong, d.delim(row, '}')
}

// values reads a scalar or an array of scalars.
func (d *objects) values(row int, id string) ([]string, error) {
	t, err := d.in.Token()
	if err != nil {
		return nil, tokenError(row, err)
	}
	if s, ok := scalar(t); ok {
		return []string{s}, nil
	}
	if t != json.Delim('[') {
		return nil, &FieldError{row, safeID(id), ErrShape}
	}
	values := []string{}
	for d.in.More() {
		t, err := d.in.Token()
		if err != nil {
			return nil, tokenError(row, err)
		}
		s, ok := scalar(t)
		if !ok {
			return nil, &FieldError{row, safeID(id), ErrShape}
		}
		if len(values) > maxValues {
			return nil, &FieldError{row, safeID(id), ErrLimit}
		}
		values = append(values, s)
	}
	return values, d.delim(row, ']')
}

func scalar(t json.Token) (string, bool) {
	switch t := t.(type) {
	case nil:
		return "", true
	case string:
		return t, true
	case json.Number:
		return t.String(), true
	case bool:
		if t {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

func (d *objects) delim(row int, want json.Delim) error {
	t, err := d.in.Token()
	if err != nil || t != want {
		return tokenError(row, err)
	}
	return nil
}

// tokenError hides errors of encoding/json: they quote the input.
func tokenError(row int, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, ErrLimit):
		err = ErrLimit
	case err == nil, err == io.EOF, err == io.ErrUnexpectedEOF, errors.As(err, &syntax):
		err = ErrShape
	}
	return &FieldError{row, "", err}
}

// EncodeJSON writes cases in the form that ParseJSON reads, one a line, fields in
// the order of the code book. Equal input gives equal bytes.
func EncodeJSON(w io.Writer, cases []Case) error {
	var out bytes.Buffer
	out.WriteString("[")
	for i, c := range cases {
		ids := c.Fields()
		if len(ids) == 0 {
			return &FieldError{0, "", ErrEmpty}
		}
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n")
		for j, id := range ids {
			out.WriteString([]string{"{", ", "}[min(j, 1)])
			at, _ := Book().place(id)
			var v any = c.values()[id]
			if Book().fields[at].Many == One {
				v = c.values()[id][0]
			}
			if err := field(&out, id, v); err != nil {
				return err
			}
		}
		out.WriteString("}")
		if _, err := out.WriteTo(w); err != nil {
			return err
		}
	}
	out.WriteString("\n]\n")
	_, err := out.WriteTo(w)
	return err
}

func field(out *bytes.Buffer, id string, v any) error {
	key, err := json.Marshal(id)
	if err != nil {
		return err
	}
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	out.Write(key)
	out.WriteString(": ")
	out.Write(value)
	return nil
}
