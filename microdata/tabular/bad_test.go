package tabular

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// refusal reads a text that must be refused, checks that Inspect refuses it too,
// and returns the error.
func refusal(t *testing.T, text string, o Options) *Error {
	t.Helper()
	f, err := Read(context.Background(), strings.NewReader(text), int64(len(text)), o)
	var e *Error
	if !errors.As(err, &e) || f != nil {
		t.Fatalf("not refused: %v, %v", f, err)
	}
	for _, f := range e.Faults {
		if f.Problem == "" || f.Hint == "" || f.Kind == "" {
			t.Errorf("a fault without problem, hint or kind: %+v", f)
		}
	}
	in, err := Inspect(context.Background(), strings.NewReader(text), int64(len(text)), o)
	if err != nil || len(in.Refused) == 0 {
		t.Errorf("Inspect does not refuse it: %v", err)
	}
	return e
}

func utf16le(s string, bom string) string {
	out := []byte(bom)
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// TestBadFiles: each is refused with its kind and words that say where. "SECRET"
// stands in the records, and must stand in no error.
func TestBadFiles(t *testing.T) {
	var manyColumns strings.Builder
	for i := range maxColumns + 1 {
		fmt.Fprintf(&manyColumns, "c%d,", i)
	}
	var distinct, nearly strings.Builder
	distinct.WriteString("a,k\n")
	nearly.WriteString("a,k\n")
	for i := range 2 * maxDistinct {
		fmt.Fprintf(&distinct, "x,SECRET%d\n", i/2)
	}
	for i := range 200 {
		fmt.Fprintf(&nearly, "x,SECRET%d\n", i%190)
	}
	for _, c := range []struct {
		name, text string
		kind       Kind
		says       []string
	}{
		{"empty", "", Empty, []string{"the file is empty"}},
		{"only white", " \n\n\t\n", Empty, []string{"the file is empty"}},
		{"only a BOM", "\xef\xbb\xbf", Empty, []string{"the file is empty"}},
		{"header only", "a,b\n", Empty, []string{"a header and no row"}},
		{"header only, no newline", "a,b", Empty, []string{"a header and no row"}},
		{"UTF-16", utf16le("a,b\nSECRET,1\n", "\xff\xfe"), Encoding, []string{"UTF-16"}},
		{"UTF-16 BE", "\xfe\xff\x00a\x00,\x00b", Encoding, []string{"UTF-16"}},
		{"UTF-16 without BOM", utf16le("a,b\nSECRET,1\n", ""), Encoding, []string{"looks like", "UTF-16"}},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", Encoding, []string{"UTF-32"}},
		{"xlsx", "PK\x03\x04rest", NotText, []string{".xlsx"}},
		{"xls", "\xd0\xcf\x11\xe0rest", NotText, []string{".xls"}},
		{"gzip", "\x1f\x8b\x08rest", NotText, []string{"gzip"}},
		{"binary", "a,b\n\x00\x01\x02\x03\x04SECRET", NotText, []string{"binary"}},
		{"HTML", "<!DOCTYPE html><table>", NotText, []string{"web page"}},
		{"JSON", "[\n{\"a\":\"SECRET\"}]", NotText, []string{"JSON"}},
		{"old Macintosh", "a,b\rSECRET,1\r", NotText, []string{"carriage return"}},
		{"Latin-1", "a,b\nx,1\n\nSECRET\xe9,2\n", Encoding, []string{"row 4, column 1", "Latin-1"}},
		{"Latin-1 header", "a\xf1o,b\nx,1\n", Encoding, []string{"row 1, column 1"}},
		{"late NUL", "a,b\n" + strings.Repeat("x,1\n", 2000) + "SECRET,\x00\n", NotText, []string{"row 2002, column 2", "NUL"}},
		{"too few", "a,b,c\n1,2,3\nSECRET,2\n", Ragged, []string{"row 3: 2 values where the header has 3 columns"}},
		{"too many", "a,b\nSECRET,2,3\n", Ragged, []string{"row 2: 3 values where the header has 2 columns"}},
		{"one column, empty line", "a\nSECRET\n\nx\n", Ragged, []string{"row 3"}},
		{"bare quote", "a,b\n1,2\n1,SECRET\"\n", Syntax, []string{"row 3, column 2", "quotation mark"}},
		{"quote after quote", "a,b\n\"SEC\"RET,2\n", Syntax, []string{"row 2, column 1"}},
		{"open quote", "a,b\n1,2\n\"SECRET,2\n3,4\n", Syntax, []string{"row 3, column 1", "none closes it"}},
		{"duplicate headers", "SECRET,b,SECRET,b\n1,2,3,4\n", Header, []string{"column 3: it has the name of column 1", "column 4: it has the name of column 2"}},
		{"blank headers", "a,, ,d\n1,2,3,4\n", Header, []string{"column 2: its name is blank", "column 3: its name is blank"}},
		{"no header", "2001,SECRET,18--20,,5\n2002,x,18--20,,6\n", Header, []string{"row 1"}},
		{"a record for a header", "2001,12,18--20\n2002,x,18--20\n", Header, []string{"looks like a record"}},
		{"long header", strings.Repeat("SECRET", 50) + ",b\n1,2\n", Header, []string{"column 1"}},
		{"many columns", manyColumns.String() + "z\n", TooLarge, []string{"more than 4096 columns"}},
		{"long value", "a,b\n1," + strings.Repeat("SECRET", 20_000) + "\n", TooLarge, []string{"row 2, column 2", "64 KiB"}},
		{"long row", "a,b\n" + strings.Repeat("SECRET,", 300_000) + "\n", TooLarge, []string{"row 2", "1024 KiB"}},
		{"long quoted", "a,b\n\"" + strings.Repeat("SECRET\n", 300_000) + "\",1\n", TooLarge, []string{"row 2"}},
		{"identifier", distinct.String(), Distinct, []string{`column "k"`, "at least 100000 different values"}},
		{"nearly all distinct", nearly.String(), Distinct, []string{`column "k"`, "nearly every person"}},
		{"free text", "a,b\nx," + strings.Repeat("SECRET ", 200) + "\n", Distinct, []string{`column "b"`, "free text"}},
		{"names", "First Name,b,teléfono,fecha_nacimiento\nSECRET,1,2,3\n", Identifying, []string{`"First Name"`, `"teléfono"`, `"fecha_nacimiento"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := refusal(t, c.text, Options{})
			if !e.Has(c.kind) {
				t.Errorf("kinds %+v, want %s", e.Faults, c.kind)
			}
			for _, s := range c.says {
				if !strings.Contains(e.Error(), s) {
					t.Errorf("%q does not say %q", e, s)
				}
			}
			faults, _ := json.Marshal(e.Faults)
			if all := e.Error() + e.Hint() + string(faults); strings.Contains(all, "SECRET") || strings.Contains(all, "\n") {
				t.Errorf("a value, or two lines: %.300s", all)
			}
		})
	}
}

func TestBadOptions(t *testing.T) {
	text := "a,b,email\n1,2,3\n"
	domain := func(s string) *DomainFile {
		d, err := ReadDomain(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		o    Options
		says []string
	}{
		"unknown names":    {Options{Drop: []string{"A", "email"}, Allow: []string{"x"}, Person: "p"}, []string{`drop names "A"`, `allow names "x"`, `person names "p"`}},
		"nothing left":     {Options{Drop: []string{"a", "b", "email"}}, []string{"no column is left"}},
		"domain too large": {Options{Domain: domain(`{"a": 3, "b": 3, "z": 1, "y": 1}`), Drop: []string{"email"}}, []string{`"z"`, `"y"`}},
		"identifier":       {Options{Domain: domain(`{"a": 3, "b": 3, "email": 9}`)}, []string{`column "email": its name looks like an e-mail address`}},
		"outside":          {Options{Domain: domain(`{"a": 1, "b": ["7", "8"]}`), Drop: []string{"email"}}, []string{`row 2, column "a"`, `row 2, column "b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			e := refusal(t, text, c.o)
			for _, s := range c.says {
				if !strings.Contains(e.Error(), s) {
					t.Errorf("%q does not say %q", e, s)
				}
			}
		})
	}
}

// endless is a line that never ends; it counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "value,"[(e.read+i)%6]
	}
	e.read += len(p)
	return len(p), nil
}

// TestOneLongLineNeedsBoundedMemory reads no more than a few records' worth of a
// line without end.
func TestOneLongLineNeedsBoundedMemory(t *testing.T) {
	for _, before := range []string{"", "a,b\n1,2\n", "a,b\n\""} {
		e := &endless{}
		_, err := Read(context.Background(), io.MultiReader(strings.NewReader(before), e), 200<<20, Options{})
		var refused *Error
		if !errors.As(err, &refused) || !refused.Has(TooLarge) {
			t.Errorf("after %q: %v", before, err)
		}
		if e.read > 4*maxRecord {
			t.Errorf("after %q: %d bytes read before the refusal", before, e.read)
		}
	}
}

func TestErrorsOfTheReaderPassThrough(t *testing.T) {
	broken := errors.New("read cases: is a directory")
	for _, before := range []string{"", "a,b\n1,2\n"} {
		r := io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken))
		if _, err := Read(context.Background(), r, -1, Options{}); !errors.Is(err, broken) {
			t.Errorf("after %q: %v", before, err)
		}
		r = io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken))
		if _, err := Inspect(context.Background(), r, -1, Options{}); !errors.Is(err, broken) {
			t.Errorf("after %q: inspect: %v", before, err)
		}
	}
}

func TestReadIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	text := append([]byte("a,b\n"), bytes.Repeat([]byte("x,y\n"), 1<<20)...)
	o := Options{Progress: func(done, total int64) {
		if done > 1<<20 {
			cancel()
		}
	}}
	if _, err := Read(ctx, bytes.NewReader(text), int64(len(text)), o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestErrorShowsNoEnd keeps a file of bad columns from a page of errors.
func TestErrorShowsNoEnd(t *testing.T) {
	e := &Error{}
	for i := range 50 {
		e.Faults = append(e.Faults, Fault{Kind: Header, Position: i + 1, Problem: "its name is blank", Hint: "name it"})
	}
	if s := e.Error(); !strings.HasSuffix(s, "and 40 more") || strings.Count(s, "blank") != maxShown {
		t.Error(s)
	}
	if e.Hint() != "name it" {
		t.Error(e.Hint())
	}
}
