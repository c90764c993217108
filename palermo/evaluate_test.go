package palermo

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func protocol(t testing.TB) *Pack {
	t.Helper()
	packs, err := Packs()
	if err != nil {
		t.Fatal(err)
	}
	return packs[0]
}

// group puts one truth on a whole list of terms.
func group(terms []Term, v Truth) map[string]Element {
	out := map[string]Element{}
	for i, x := range terms {
		switch {
		case v == No:
			out[x.Code] = Element{State: Absent}
		case v == Yes && i == len(terms)-1:
			out[x.Code] = Element{State: Present}
		}
	}
	return out
}

func facts(p *Pack, a, m, u, c Truth) Facts {
	states := map[Truth]State{Unknown: NotRecorded, No: Absent, Yes: Present}
	return Facts{group(p.Acts(), a), group(p.Means(), m), group(p.Purposes(), u), Element{State: states[c]}}
}

var outcomes = map[Truth]Outcome{Yes: Recorded, No: NotAllThere, Unknown: Undetermined}

// oracle completes unknowns in every way and looks at the classical results:
// yes if all are, no if none is, else unknown.
func oracle(a, m, u, c Truth) Truth {
	yes, no := false, false
	for bits := range 16 {
		value := func(t Truth, bit int) (bool, bool) {
			b := bits>>bit&1 == 1
			return b, t == Unknown || (t == Yes) == b
		}
		A, ok1 := value(a, 0)
		M, ok2 := value(m, 1)
		P, ok3 := value(u, 2)
		C, ok4 := value(c, 3)
		if !(ok1 && ok2 && ok3 && ok4) {
			continue
		}
		if A && P && (M || C) {
			yes = true
		} else {
			no = true
		}
	}
	switch {
	case yes && no:
		return Unknown
	case yes:
		return Yes
	}
	return No
}

// TestTruthTable tests all of it, since all of it is eighty-one.
func TestTruthTable(t *testing.T) {
	p := protocol(t)
	all := []Truth{Unknown, No, Yes}
	for _, a := range all {
		for _, m := range all {
			for _, u := range all {
				for _, c := range all {
					f := Evaluate(facts(p, a, m, u, c), p)
					if want := outcomes[oracle(a, m, u, c)]; f.Outcome != want {
						t.Errorf("act %v means %v purpose %v child %v: %s, want %s", a, m, u, c, f.Outcome, want)
					}
					if f.Act != a || f.Means != m || f.Purpose != u || f.Child != c {
						t.Errorf("act %v means %v purpose %v child %v were read as %v %v %v %v", a, m, u, c, f.Act, f.Means, f.Purpose, f.Child)
					}
					if (f.Outcome == Undetermined) != (f.Next.ES != "" && f.Next.EN != "" && len(f.Missing) > 0) {
						t.Errorf("%v %v %v %v: %s, next %q, missing %v", a, m, u, c, f.Outcome, f.Next.EN, f.Missing)
					}
					if f.Paragraph == "" || f.Because.ES == "" || f.Because.EN == "" {
						t.Errorf("%v %v %v %v: no paragraph or reason", a, m, u, c)
					}
				}
			}
		}
	}
}

// TestRowsOfTheDesign: act, purpose, means, child → result.
func TestRowsOfTheDesign(t *testing.T) {
	p := protocol(t)
	for _, c := range []struct {
		a, u, m, c Truth
		want       Outcome
		paragraph  string
	}{
		{Yes, Yes, Yes, Unknown, Recorded, "3(a)"},
		{Yes, Yes, No, Yes, Recorded, "3(c)"},
		{Yes, Yes, No, No, NotAllThere, "3(a)"},
		{Yes, Yes, No, Unknown, Undetermined, "3(d)"},
		{Yes, Yes, Unknown, No, Undetermined, "3(a)"},
		{Yes, Yes, Unknown, Yes, Recorded, "3(c)"},
		{No, Unknown, Unknown, Unknown, NotAllThere, "3(a)"},
		{Unknown, No, Unknown, Unknown, NotAllThere, "3(a)"},
		{Unknown, Yes, Yes, No, Undetermined, "3(a)"},
	} {
		f := Evaluate(facts(p, c.a, c.m, c.u, c.c), p)
		if f.Outcome != c.want || f.Paragraph != c.paragraph {
			t.Errorf("%+v: %s by %s", c, f.Outcome, f.Paragraph)
		}
	}
}

// TestAgeDecides: no means and no age asks for the age, and says to presume.
func TestAgeDecides(t *testing.T) {
	p := protocol(t)
	f := Evaluate(facts(p, Yes, No, Yes, Unknown), p)
	if !slices.Equal(f.Missing, []string{"child"}) || !strings.Contains(f.Because.EN, "presume a child") || !strings.Contains(f.Because.ES, "presume") {
		t.Errorf("missing %v, because %q", f.Missing, f.Because.EN)
	}
}

// TestMissingDecides: what is listed as missing can change the outcome, and the
// next question is about something listed.
func TestMissingDecides(t *testing.T) {
	p := protocol(t)
	f := Evaluate(facts(p, Yes, Yes, Unknown, Unknown), p)
	if !slices.Equal(f.Missing, []string{"purpose"}) || f.Next != questions["purpose"] {
		t.Errorf("missing %v, next %q", f.Missing, f.Next.EN)
	}
	f = Evaluate(Facts{}, p)
	if len(f.Missing) == 0 || f.Next != questions["act"] {
		t.Errorf("nothing recorded: missing %v, next %q", f.Missing, f.Next.EN)
	}
}

// TestConsentHasNoPlace: no field, code, question or reason mentions consent but
// the one means that is about another person's.
func TestConsentHasNoPlace(t *testing.T) {
	for _, x := range []reflect.Type{reflect.TypeFor[Facts](), reflect.TypeFor[Element](), reflect.TypeFor[Finding]()} {
		for i := range x.NumField() {
			if strings.Contains(strings.ToLower(x.Field(i).Name), "consent") {
				t.Errorf("%v has a field %s", x, x.Field(i).Name)
			}
		}
	}
	p := protocol(t)
	for _, list := range [][]Term{p.Acts(), p.Means(), p.Purposes()} {
		for _, x := range list {
			if strings.Contains(x.Code, "consent") {
				t.Errorf("code %s", x.Code)
			}
		}
	}
	with := facts(p, Yes, Yes, Yes, No)
	with.Means["consent"] = Element{State: Present}
	without := facts(p, Yes, Yes, Yes, No)
	a, b := Evaluate(with, p), Evaluate(without, p)
	if a.Outcome != b.Outcome || a.Means != b.Means || !slices.Equal(a.Beyond, []string{"consent"}) {
		t.Error("a code that the pack does not name changed the outcome, or was not reported")
	}
}

func TestWordsNeverJudge(t *testing.T) {
	for _, r := range Table(protocol(t)) {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"is a victim", "es víctima", "guilty", "culpable"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%q in %s", word, text)
			}
		}
	}
}

func TestContradictionIsUnknownAndNamed(t *testing.T) {
	p := protocol(t)
	f := facts(p, Yes, No, Yes, No)
	f.Means["fraud"] = Element{State: Contradictory}
	got := Evaluate(f, p)
	if got.Outcome != Undetermined || !slices.Equal(got.Unclear, []string{"fraud"}) {
		t.Errorf("%s, unclear %v", got.Outcome, got.Unclear)
	}
	f.Child.State = Contradictory
	if got = Evaluate(f, p); !slices.Contains(got.Unclear, "child") || got.Child != Unknown {
		t.Errorf("a contradictory age: %v, unclear %v", got.Child, got.Unclear)
	}
}

func TestKleene(t *testing.T) {
	for _, c := range []struct{ a, b, and, or Truth }{
		{Yes, Yes, Yes, Yes}, {Yes, No, No, Yes}, {Yes, Unknown, Unknown, Yes},
		{No, No, No, No}, {No, Unknown, No, Unknown}, {Unknown, Unknown, Unknown, Unknown},
	} {
		if c.a.And(c.b) != c.and || c.b.And(c.a) != c.and || c.a.Or(c.b) != c.or || c.b.Or(c.a) != c.or {
			t.Errorf("%v, %v", c.a, c.b)
		}
	}
}

func TestTableIsWhole(t *testing.T) {
	rows := Table(protocol(t))
	if len(rows) != 81 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		if r.Outcome != outcomes[oracle(r.Act, r.Means, r.Purpose, r.Child)] {
			t.Errorf("%+v", r)
		}
	}
}
