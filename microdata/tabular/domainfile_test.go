package tabular

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"amparo/microdata"
)

func TestReadDomain(t *testing.T) {
	d := mustDomain(t, ` {"n": 3, "list": ["b", "a", 7, 1.5, ""], "one": 1} `)
	if !slices.Equal(d.Columns(), []string{"n", "list", "one"}) {
		t.Errorf("columns %q", d.Columns())
	}
	spelled := func(column string) (out []string) {
		for _, l := range d.Levels(column) {
			out = append(out, l.Value)
		}
		return out
	}
	if !slices.Equal(spelled("n"), []string{"0", "1", "2"}) || !slices.Equal(spelled("list"), []string{"b", "a", "7", "1.5", ""}) || !slices.Equal(spelled("one"), []string{"0"}) {
		t.Errorf("%q %q %q", spelled("n"), spelled("list"), spelled("one"))
	}
	if l := d.Levels("list"); l[4].Missing != microdata.Unknown || l[0].Missing != microdata.Present {
		t.Errorf("%+v", l)
	}
	if d.Levels("other") != nil {
		t.Error("a column that is not there has levels")
	}
}

// TestReadDomainOrders: what is counted in many bins, or listed as rising numbers,
// is in order; names are not.
func TestReadDomainOrders(t *testing.T) {
	d := mustDomain(t, `{"bins": 17, "codes": 16, "years": [2019, 2020, 2021, ""], "falling": [3, 2, 1], "quoted": ["1", "2", "3"], "two": [0, 1]}`)
	for column, want := range map[string]bool{"bins": true, "codes": false, "years": true, "falling": false, "quoted": false, "two": false} {
		if d.Ordered(column) != want {
			t.Errorf("%s: ordered %v", column, !want)
		}
	}
}

func TestReadDomainSaysAllThatIsWrong(t *testing.T) {
	for text, says := range map[string][]string{
		``:                                 {"not such a JSON object"},
		`{}`:                               {"names no column"},
		`[]`:                               {"not such a JSON object"},
		`7`:                                {"not such a JSON object"},
		`{"a": 3`:                          {"not such a JSON object"},
		`{"a": 3} x`:                       {"not such a JSON object"},
		`{"a": 3} {}`:                      {"not such a JSON object"},
		`{"a": {"from": {"b": 1}}}`:        {"not such a JSON object"},
		`{"a": [["b"]]}`:                   {"not such a JSON object"},
		strings.Repeat(`{"a":`, 100_000):   {"not such a JSON object"},
		`{"a": [` + strings.Repeat("[", 9): {"not such a JSON object"},
		`{"a": 0, "b": -1, "c": 1.5, "d": 65537, "e": 1e2}`: {`column "a": domain file: its number`, `column "b"`, `column "c"`, `column "d"`, `column "e"`},
		`{"a": [], "b": ["x", "x"], "c": [true], "d": null, "e": "x"}`: {`"a": domain file: its list of levels is empty`, `"b": domain file: level 2 repeats`,
			`"c": domain file: level 1 is neither`, `"d": domain file: it is neither`, `"e": domain file: it is neither`},
		`{"a": 1, "a": 2, "": 1}`: {`"a": domain file: it stands twice`, "a column has no name"},
	} {
		d, err := ReadDomain(strings.NewReader(text))
		var e *Error
		if !errors.As(err, &e) || d != nil || e.Hint() == "" || !e.Has(BadOption) {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		for _, s := range says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%.40q: %v does not say %q", text, err, s)
			}
		}
	}
}

func TestReadDomainIsBounded(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"a": ["`), &endless{})
	if _, err := ReadDomain(endless); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("%v", err)
	}
	if _, err := ReadDomain(io.MultiReader(strings.NewReader(`{"a": [`), repeat(`"x",`))); err == nil {
		t.Error("a list without end was taken")
	}
	broken := errors.New("broken")
	if _, err := ReadDomain(io.MultiReader(strings.NewReader(`{"a"`), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// repeat is a text without end.
type repeat string

func (r repeat) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}
