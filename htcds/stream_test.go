package htcds

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// same tells whether two lists of cases hold the same values.
func same(a, b []Case) bool {
	return slices.EqualFunc(a, b, func(c, d Case) bool {
		return slices.Equal(c.Fields(), d.Fields()) && !slices.ContainsFunc(c.Fields(), func(id string) bool {
			return !slices.Equal(c.Get(id), d.Get(id))
		})
	})
}

// A format is one of the two forms in which cases travel.
type format struct {
	name   string
	parse  func(io.Reader, Limits) ([]Case, error)
	encode func(io.Writer, []Case) error
}

var formats = []format{{"CSV", ParseCSV, EncodeCSV}, {"JSON", ParseJSON, EncodeJSON}}

// returns checks that cases come back from a trip, and that a second trip writes
// the same bytes.
func (f format) returns(t *testing.T, cases []Case) {
	t.Helper()
	var first, second bytes.Buffer
	if err := f.encode(&first, cases); err != nil {
		t.Fatal(err)
	}
	text := first.String()
	back, err := f.parse(&first, Limits{})
	if err != nil || !same(cases, back) {
		t.Fatalf("%s: cases do not come back: %v\n%s", f.name, err, text)
	}
	if err := f.encode(&second, back); err != nil || second.String() != text {
		t.Fatalf("%s: second trip differs: %v\n%s", f.name, err, text)
	}
}

// invent makes a case with each field filled one time in four, with texts that are
// hard to write.
func invent(r *rand.Rand) Case {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	fields := map[string][]string{}
	for _, f := range Book().Fields() {
		if r.IntN(4) > 0 {
			continue
		}
		n := 1
		if f.Many != One {
			n += r.IntN(4)
		}
		for range n {
			v := pick("a;b", `a\;b`, `\`, `;`, `\\;`, "a\nb", `"`, `a,"b"`, "=1+1", "{", "ñ", "Título", "Nombre", "<&>\u2028", "'", "null", "-")
			switch {
			case f.List != nil:
				v = f.List.Values[r.IntN(len(f.List.Values))].Name
				if v == "NoneFound" {
					v = f.List.Values[0].Name
				}
			case f.Check == "@date":
				v = Date{1900 + r.IntN(201), 1 + r.IntN(12), 1 + r.IntN(28)}.String()
			case f.Check == "@checkbox":
				v = pick("true", "false")
			case f.Check == "@phone":
				v = "+525512345678"
			case f.Check == "@email":
				v = "a@b.mx"
			case f.Check == "@country":
				v = pick("MEX", "GT", "HND")
			case f.Check == "@language":
				v = pick("spa", "nah", "en")
			case f.Check == "@latitude", f.Check == "@longitude":
				v = pick("19.4326", "-90", "0")
			case strings.HasPrefix(f.Check, "@number"):
				low, high, _ := bounds(f.Check)
				v = fmt.Sprint(low + r.IntN(high-low+1))
			}
			if f.Many == Each && r.IntN(3) == 0 {
				v = ""
			}
			fields[f.ID] = append(fields[f.ID], v)
		}
	}
	fields["prs_FirstName"] = []string{"Ana"} // so that no case is empty
	c, err := Parse(fields)
	if err != nil {
		panic(err)
	}
	return c
}

// TestRoundTrip sends 300 invented files, the same every time, through both forms.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		cases := make([]Case, r.IntN(5))
		for i := range cases {
			cases[i] = invent(r)
		}
		for _, f := range formats {
			f.returns(t, cases)
		}
	}
}

// TestRoundTripOfACaseLikeLabels sends a person whose names are labels of the form.
func TestRoundTripOfACaseLikeLabels(t *testing.T) {
	c := parsed(t, map[string][]string{"prs_FirstName": {"Nombre"}, "prs_SecondName": {"Title"}})
	for _, f := range formats {
		f.returns(t, []Case{c})
		f.returns(t, []Case{c, c})
	}
}

func TestSplitIsUndone(t *testing.T) {
	for _, v := range [][]string{{""}, {"", ""}, {"a", "b"}, {`\`}, {`\;`, ";"}, {`a\`, "b"}, {`\\`}, {"", `;\`, ""}} {
		if got := split(unsplit(v)); !slices.Equal(got, v) {
			t.Errorf("split(%q) = %q, want %q", unsplit(v), got, v)
		}
	}
	if got := split(`C:\a;b`); !slices.Equal(got, []string{`C:\a`, "b"}) {
		t.Errorf("a backslash before another letter is lost: %q", got)
	}
}

func TestLimits(t *testing.T) {
	const csv = "prs_Gender\nx\nx\nx\n"
	const json = `[{"prs_Gender":"x"},{"prs_Gender":"x"},{"prs_Gender":"x"}]`
	for i, text := range []string{csv, json} {
		f := formats[i]
		for _, l := range []Limits{{Bytes: int64(len(text)) - 1}, {Rows: 2}, {Errors: 2}} {
			cases, err := f.parse(strings.NewReader(text), l)
			if !errors.Is(err, ErrLimit) || cases != nil {
				t.Errorf("%s with %+v: error is %v", f.name, l, err)
			}
		}
		for _, l := range []Limits{{}, {Bytes: int64(len(text)), Rows: 3, Errors: 3}} {
			_, err := f.parse(strings.NewReader(text), l)
			if errors.Is(err, ErrLimit) || strings.Count(fmt.Sprint(err), "\n") != 2 {
				t.Errorf("%s with %+v: error is %v, want three wrong fields", f.name, l, err)
			}
		}
	}
}

func TestErrorsOfTheStreamAreKept(t *testing.T) {
	boom := errors.New("boom")
	good := parsed(t, map[string][]string{"prs_FirstName": {"Ana"}})
	for i, head := range []string{"prs_FirstName\nAna\n", `[{"prs_FirstName":"Ana"}`} {
		f := formats[i]
		r := io.MultiReader(strings.NewReader(head), iotest.ErrReader(boom))
		if cases, err := f.parse(r, Limits{}); !errors.Is(err, boom) || cases != nil {
			t.Errorf("%s: error of the reader is %v", f.name, err)
		}
		if err := f.encode(failing{boom}, []Case{good}); !errors.Is(err, boom) {
			t.Errorf("%s: error of the writer is %v", f.name, err)
		}
		if err := f.encode(io.Discard, []Case{good, {}}); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s writes a case that holds nothing: %v", f.name, err)
		}
		one := iotest.OneByteReader(strings.NewReader(head + []string{"", "]"}[i]))
		if cases, err := f.parse(one, Limits{}); err != nil || !same(cases, []Case{good}) {
			t.Errorf("%s: read byte by byte: %v", f.name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// fuzz checks that a parser never panics, that what it takes comes back from a
// trip, and that its errors are places and not values.
func (f format) fuzz(t *testing.T, text string) {
	cases, err := f.parse(strings.NewReader(text), Limits{})
	if err == nil {
		f.returns(t, cases)
		return
	}
	if cases != nil {
		t.Fatal("cases and an error")
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var place *FieldError
		switch {
		case e == ErrLimit:
		case !errors.As(e, &place):
			t.Fatalf("error without a place: %v", e)
		case !slices.Contains(allErrors, place.Err):
			t.Fatalf("error is not one of ours: %v", e)
		}
	}
}

var allErrors = []error{ErrDate, ErrNumber, ErrPlace, ErrPhone, ErrEmail, ErrCountry, ErrLanguage, ErrCheckbox, ErrList, ErrText, ErrMany, ErrNoneFound, ErrField, ErrTwice, ErrEmpty, ErrShape, ErrLabel, ErrLimit}

func FuzzParseCSV(f *testing.F) {
	f.Add("prs_FirstName,vic_MethodsOfControl\nAna,DebtBondage;Threats\n")
	f.Add("\ufeffprs_FirstName,hte_City,\n\"a\"\"b\",;\\;x,\n")
	f.Add("prs_FirstName,prs_SecondName\nNombre,Apellido\nTitle,Title\n")
	f.Add("amp_PlaceOfExploitation\n\\\\;a\r\nb\n")
	f.Fuzz(func(t *testing.T, text string) { formats[0].fuzz(t, text) })
}

func FuzzParseJSON(f *testing.F) {
	f.Add(`[{"prs_FirstName":"Ana","prs_Citizenship":["MEX"],"con_Consent":true,"prs_NumberOfChildren":2}]`)
	f.Add(`[{"hte_City":["",null,"x"]},{"prs_FirstName":[[]]}]`)
	f.Add(`[{"prs_FirstName":"\ud800"}] x`)
	f.Fuzz(func(t *testing.T, text string) { formats[1].fuzz(t, text) })
}
