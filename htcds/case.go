// Package htcds reads and writes trafficking case records in the Human
// Trafficking Case Data Standard, version 2.0.
//
// A [Case] can only be made by [Parse], [ParseCSV] or [ParseJSON], so a Case in
// hand is a valid one. It cannot be printed or logged by mistake.
//
// The standard is by the International Organization for Migration (IOM), licensed
// under CC BY 4.0, https://creativecommons.org/licenses/by/4.0/. Field ids, value
// lists and English labels are theirs; the Spanish labels, the checks and the
// amp_ fields are ours. IOM does not endorse Amparo or this package.
package htcds

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A record may not hold more than this: a longer value is a file put in the wrong
// place, and a longer list is an attack or a slip.
const (
	maxValue  = 64 << 10 // bytes of one value
	maxValues = 256      // values of one field
)

// A Case is one valid case record. It prints as "[case]" everywhere, and only
// Get, EncodeCSV and EncodeJSON reveal what it holds. The zero Case holds nothing.
type Case struct {
	// The values hide in a function because fmt looks into the fields of a struct
	// that holds a Case, and past pointers, without asking the Case. Nothing looks
	// into a function.
	open func() map[string][]string
}

func (c Case) values() map[string][]string {
	if c.open == nil {
		return nil
	}
	return c.open()
}

// Parse makes a case from the values of its fields. Field ids and values may have
// any spelling that the code book knows, and each is kept in the one spelling of
// the standard. Values that are blank count as not recorded.
//
// The error joins one [FieldError] for each field that is wrong: a form that
// complains once per attempt is a form people stop filling.
func Parse(fields map[string][]string) (Case, error) {
	c, errs := parse(0, fields)
	return c, errors.Join(errs...)
}

func parse(row int, fields map[string][]string) (Case, []error) {
	b := Book()
	ids := make([]string, 0, len(fields))
	for id := range fields {
		ids = append(ids, id)
	}
	slices.Sort(ids)

	var errs []error
	fail := func(field string, err error) { errs = append(errs, &FieldError{row, field, err}) }
	values := map[string][]string{}
	seen := map[string]bool{}
	for _, id := range ids {
		at, ok := b.place(id)
		if !ok {
			fail(safeID(id), ErrField)
			continue
		}
		f := &b.fields[at]
		if seen[f.ID] {
			fail(f.ID, ErrTwice)
			continue
		}
		seen[f.ID] = true
		kept, err := f.read(fields[id])
		if err != nil {
			fail(f.ID, err)
		} else if len(kept) > 0 {
			values[f.ID] = kept
		}
	}
	if len(errs) == 0 && len(values) == 0 {
		fail("", ErrEmpty)
	}
	if len(errs) > 0 {
		return Case{}, errs
	}
	return Case{func() map[string][]string { return values }}, nil
}

// safeID hides an unknown id that may be no id at all: in a file without a header
// the first row is a person.
func safeID(id string) string {
	if Book().likeID(id) {
		return id
	}
	return "unknown field"
}

// read returns the values of a field as they are kept.
func (f *Field) read(values []string) ([]string, error) {
	if len(values) > maxValues {
		return nil, ErrLimit
	}
	var kept []string
	for _, v := range values {
		if len(v) > maxValue {
			return nil, ErrLimit
		}
		v, err := clean(v)
		if err != nil {
			return nil, err
		}
		if v == "" {
			if f.Many == Each {
				kept = append(kept, "")
			}
			continue
		}
		got, err := f.readOne(v)
		if err != nil {
			return nil, err
		}
		kept = append(kept, got...)
	}
	return f.settle(kept)
}

// readOne reads one value. XLSForm writes the choices of a select_multiple with
// spaces between them, so a multiple picklist tries that too.
func (f *Field) readOne(v string) ([]string, error) {
	name, err := f.check(v)
	if err == nil {
		return []string{name}, nil
	}
	words := strings.Fields(v)
	if f.Type != "MP" || len(words) < 2 {
		return nil, err
	}
	names := make([]string, 0, len(words))
	for _, w := range words {
		name, err := f.check(w)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// settle checks what a field holds as a whole.
func (f *Field) settle(kept []string) ([]string, error) {
	switch f.Many {
	case One:
		if len(kept) > 1 {
			return nil, ErrMany
		}
	case Multi:
		var once []string
		for _, v := range kept {
			if !slices.Contains(once, v) {
				once = append(once, v)
			}
		}
		if kept = once; len(kept) > 1 && f.List != nil && slices.Contains(kept, "NoneFound") {
			return nil, ErrNoneFound
		}
	case Each:
		for len(kept) > 0 && kept[len(kept)-1] == "" {
			kept = kept[:len(kept)-1]
		}
	}
	if len(kept) > maxValues {
		return nil, ErrLimit
	}
	return kept, nil
}

// Get returns the values of a field, or nothing if none was recorded. Nothing is
// not "no". In an [Each] field an empty value keeps the place of an event of which
// this field says nothing.
func (c Case) Get(id string) []string {
	at, ok := Book().place(id)
	if !ok {
		return nil
	}
	return slices.Clone(c.values()[Book().fields[at].ID])
}

// Fields returns the ids of the fields that hold a value, in the order of the
// code book.
func (c Case) Fields() []string {
	var ids []string
	values := c.values()
	for _, f := range Book().fields {
		if len(values[f.ID]) > 0 {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// String returns "[case]": what must not be printed cannot be printed.
func (Case) String() string { return "[case]" }

// GoString returns "[case]".
func (Case) GoString() string { return "[case]" }

// Format writes "[case]" for every verb.
func (Case) Format(s fmt.State, _ rune) { io.WriteString(s, "[case]") }

// MarshalJSON fails: a case reaches a file through EncodeJSON, or not at all.
func (Case) MarshalJSON() ([]byte, error) { return nil, ErrSealed }

// GobEncode fails, as MarshalJSON does.
func (Case) GobEncode() ([]byte, error) { return nil, ErrSealed }
