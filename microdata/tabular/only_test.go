package tabular

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestOnlyReadsWhatIsNamed: other columns are as good as not there: what looks like a
// name, or holds free text, is no matter where it is not read, and says nothing.
func TestOnlyReadsWhatIsNamed(t *testing.T) {
	text := "nombre,sex,key,age,notes\n" + strings.Repeat("Ana,F,p1,1,\""+strings.Repeat("x", 2000)+"\"\nEva,,p2,2,y\n", 3)
	f := mustRead(t, text, Options{Only: []string{"age", "sex"}, Person: "key"})
	if !slices.Equal(f.Columns, []string{"sex", "age"}) || !slices.Equal(f.Dropped, []string{"nombre", "notes"}) || !f.PersonCollapsed || len(f.Open) != 2 {
		t.Errorf("columns %q, dropped %q", f.Columns, f.Dropped)
	}
	if got := f.Open[0].Counts(); !slices.Equal(got, []int64{1}) {
		t.Errorf("counts of sex %v: the person key was not read", got)
	}
	for name, o := range map[string]Options{
		"a column that is not there": {Only: []string{"sex", "height"}},
		"dropped and named":          {Only: []string{"sex"}, Drop: []string{"sex"}},
		"an identifier named":        {Only: []string{"nombre"}},
		"free text named":            {Only: []string{"notes"}, Allow: []string{"notes"}},
	} {
		if e := refusal(t, text, o); strings.Contains(e.Error(), "Ana") {
			t.Errorf("%s: %v", name, e)
		}
	}
	// A domain file need only name what is read, and may name the rest.
	for _, domain := range []string{`{"sex": ["F", ""]}`, `{"sex": ["F", ""], "age": 3, "key": ["x"], "notes": 1}`} {
		f := mustRead(t, text, Options{Only: []string{"sex"}, Domain: mustDomain(t, domain)})
		if !slices.Equal(f.Columns, []string{"sex"}) || f.Table.Rows() != 6 {
			t.Errorf("%s: %q", domain, f.Columns)
		}
	}
}

// TestOnlyDoesNotHideAStandard: a few columns of a file that follows a standard have the
// standard's levels, and the same codes as when all are read.
func TestOnlyDoesNotHideAStandard(t *testing.T) {
	p := Profiles()[0]
	d := p.Domain()
	rows := make([][]uint16, d.Len())
	for a := range rows {
		for r := range 12 {
			rows[a] = append(rows[a], uint16((r*7+a)%d.Size(a)))
		}
	}
	var text bytes.Buffer
	if err := Write(&text, d, rows, ';'); err != nil {
		t.Fatal(err)
	}
	all := mustRead(t, text.String(), Options{})
	some := []string{d.Column(3).Name, d.Column(0).Name}
	f := mustRead(t, text.String(), Options{Only: some})
	if all.Profile != p || f.Profile != p || f.Table == nil || f.Table.Domain().Len() != 2 {
		t.Fatalf("the standard was not recognised: %v, %v", all.Profile, f.Profile)
	}
	for k, a := range []int{0, 3} {
		for r := range 12 {
			if f.Table.Code(r, k) != all.Table.Code(r, a) || all.Table.Code(r, a) != int(rows[a][r]) {
				t.Fatalf("row %d of %s is coded in another way", r, d.Column(a).Name)
			}
		}
	}
}

// TestKindsOfMissingStayApart from a file to a table and back: what was refused is not
// what was never asked, and a value that nobody knows becomes unknown and no other kind.
func TestKindsOfMissingStayApart(t *testing.T) {
	kinds := []microdata.Level{{Value: "yes"}, {Value: "not asked", Missing: microdata.NotAsked}, {Value: "refused", Missing: microdata.Refused},
		{Value: "n/a", Missing: microdata.NotApplicable}, {Value: "***", Missing: microdata.Withheld}, {Value: "", Missing: microdata.Unknown}}
	d := &DomainFile{levels: map[string][]microdata.Level{"a": kinds, "b": kinds[:5]}, names: []string{"a", "b"}}
	var text, want strings.Builder
	text.WriteString("a,b\n")
	want.WriteString("a,b\n")
	for _, l := range kinds {
		text.WriteString(l.Value + ",yes\n")
		want.WriteString(l.Value + ",yes\n")
	}
	text.WriteString("nobody knows,refused\n")
	want.WriteString(",refused\n")
	f := mustRead(t, text.String(), Options{Domain: d, Withhold: true})
	for r, l := range kinds {
		if got := f.Table.Domain().Column(0).Levels[f.Table.Code(r, 0)]; got.Missing != l.Missing || got.Value != l.Value {
			t.Errorf("row %d: %+v, want %+v", r, got, l)
		}
	}
	var out bytes.Buffer
	if err := Write(&out, f.Table.Domain(), codesOf(f.Table), ','); err != nil || out.String() != want.String() {
		t.Errorf("written as %q, want %q: %v", out.String(), want.String(), err)
	}
	// Where no kind is "unknown", nothing takes a value that the list does not have, not
	// even a blank: it was not refused, nor never asked.
	for _, v := range []string{"nobody knows", ""} {
		if e := refusal(t, "a,b\n,yes\n,"+v+"\n", Options{Domain: d}); !e.Has(OutsideList) || e.Faults[0].Column != "b" {
			t.Errorf("%q: %v", v, e)
		}
	}
	in, err := Inspect(context.Background(), strings.NewReader(text.String()), -1, Options{Domain: d})
	if err != nil || len(in.Columns[0].Missing) != 5 || slices.Contains(in.Columns[1].Missing, microdata.Unknown) {
		t.Errorf("%+v, %v", in.Columns, err)
	}
}
