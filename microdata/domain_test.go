package microdata

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func levels(values ...string) (out []Level) {
	for _, v := range values {
		out = append(out, Level{Value: v})
	}
	return out
}

func TestNewDomainSaysAllThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		columns []Column
		want    []string
	}{
		"sound":         {[]Column{{Name: "a", Levels: levels("1", "")}}, nil},
		"no name":       {[]Column{{Levels: levels("1")}}, []string{"has no name"}},
		"no levels":     {[]Column{{Name: "a"}}, []string{"has 0 levels"}},
		"twice":         {[]Column{{Name: "a", Levels: levels("1")}, {Name: "a", Levels: levels("1")}}, []string{"stands twice"}},
		"level twice":   {[]Column{{Name: "a", Levels: levels("1", "1")}}, []string{"level 1 repeats"}},
		"two faults":    {[]Column{{Name: "a"}, {Name: "b", Levels: levels("x", "x")}}, []string{`"a": has 0`, `"b": level 1`}},
		"hole":          {[]Column{{Name: "a", Levels: levels("1", "2"), Hierarchy: []Coarsening{{Name: "h", Levels: levels("x"), Of: []uint16{0}}}}}, []string{"a group for 1 levels"}},
		"no group":      {[]Column{{Name: "a", Levels: levels("1"), Hierarchy: []Coarsening{{Name: "h", Levels: levels("x"), Of: []uint16{7}}}}}, []string{"level 0 has no group"}},
		"empty group":   {[]Column{{Name: "a", Levels: levels("1"), Hierarchy: []Coarsening{{Name: "h", Levels: levels("x", "y"), Of: []uint16{0}}}}}, []string{"group 1 has no level"}},
		"same spelling": {[]Column{{Name: "a", Levels: levels("1", "2"), Hierarchy: []Coarsening{{Name: "h", Levels: levels("x", "x"), Of: []uint16{0, 1}}}}}, []string{"group 1 is spelled as an earlier one"}},
		"two parents": {[]Column{{Name: "a", Levels: levels("1", "2", "3"), Hierarchy: []Coarsening{
			{Name: "h", Levels: levels("x", "y"), Of: []uint16{0, 0, 1}}, {Name: "i", Levels: levels("p", "q"), Of: []uint16{0, 1, 1}}}}}, []string{"two parents"}},
	} {
		_, err := NewDomain(c.columns)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", name, err, w)
			}
		}
	}
}

func TestDomainAnswers(t *testing.T) {
	d, err := NewDomain([]Column{
		{Name: "a", Levels: levels("", "1"), Group: "g"},
		{Name: "b", Levels: levels("x", "y", "z"), Hierarchy: []Coarsening{{Name: "h", Levels: levels("xy", "z"), Of: []uint16{0, 0, 1}}}},
		{Name: "c", Levels: levels("", "1"), Group: "g"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if i, ok := d.Index("b"); i != 1 || !ok {
		t.Error("b is not column 1")
	}
	if _, ok := d.Index("z"); ok {
		t.Error("there is a column z")
	}
	if got := d.Groups()["g"]; !slices.Equal(got, []int{0, 2}) {
		t.Errorf("group g has columns %v", got)
	}
	if !slices.Equal(d.Names(), []string{"a", "b", "c"}) || !slices.Equal(d.Sizes(), []int{2, 3, 2}) {
		t.Errorf("names %v, sizes %v", d.Names(), d.Sizes())
	}
	if code, ok := d.Column(1).Code("z"); code != 2 || !ok {
		t.Error("z is not level 2")
	}
	step := d.Column(1).Hierarchy[0]
	coarse, err := d.Coarsen([]*Coarsening{nil, &step, nil})
	if err != nil || coarse.Size(1) != 2 || coarse.Column(1).Hierarchy != nil {
		t.Errorf("coarsening b: %v", err)
	}
	if d.Size(1) != 3 {
		t.Error("coarsening changed the domain it was made from")
	}
}

func TestMissingReadsWhatItWrites(t *testing.T) {
	for m := Present; m <= Withheld; m++ {
		text, _ := m.MarshalText()
		var back Missing
		if err := back.UnmarshalText(text); err != nil || back != m {
			t.Errorf("%v came back as %v, %v", m, back, err)
		}
	}
	var m Missing
	if m.UnmarshalText([]byte("lost")) == nil {
		t.Error(`"lost" was taken for a kind of missing value`)
	}
	if Missing(99).String() == "" {
		t.Error("an unknown kind prints nothing")
	}
}

func TestTextFallsBack(t *testing.T) {
	x := Text{"es": "sexo", "en": "sex"}
	for lang, want := range map[string]string{"es": "sexo", "en": "sex", "fr": "sex"} {
		if got := x.In(lang, "?"); got != want {
			t.Errorf("in %s: %q", lang, got)
		}
	}
	if got := Text(nil).In("es", "gender"); got != "gender" {
		t.Errorf("no text: %q", got)
	}
}

func TestNewTableRefuses(t *testing.T) {
	d, _ := NewDomain([]Column{{Name: "a", Levels: levels("0", "1")}, {Name: "b", Levels: levels("0", "1")}})
	for name, columns := range map[string][][]uint16{
		"a column too few": {{0}},
		"ragged":           {{0, 1}, {0}},
		"out of range":     {{0}, {2}},
	} {
		if _, err := NewTable(d, columns); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestTableIsNeverPrinted tries the ways in which records reach logs.
func TestTableIsNeverPrinted(t *testing.T) {
	d, _ := NewDomain([]Column{{Name: "a", Levels: levels("0", "secret")}})
	table, err := NewTable(d, [][]uint16{{1, 1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "table", table)
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %x", table, table, table, table, table), log.String()} {
		if strings.Contains(got, "secret") || strings.Contains(got, "111") || strings.Contains(got, "[1") {
			t.Errorf("a table was printed: %s", got)
		}
	}
	if _, err := json.Marshal(table); err == nil {
		t.Error("a table was written to JSON")
	}
	if table.Rows() != 3 || table.Code(2, 0) != 1 || table.Domain() != d {
		t.Error("the table does not hold its codes")
	}
}

func TestCliqueContains(t *testing.T) {
	c := Clique{1, 4, 6}
	for _, sub := range []Clique{{}, {1}, {4, 6}, {1, 4, 6}} {
		if !c.Contains(sub) {
			t.Errorf("%v does not contain %v", c, sub)
		}
	}
	for _, sub := range []Clique{{2}, {1, 5}, {6, 7}, {1, 4, 6, 8}} {
		if c.Contains(sub) {
			t.Errorf("%v contains %v", c, sub)
		}
	}
	if got := (Clique{0, 1}).Cells([]int{1 << 40, 1 << 40}); got <= 0 {
		t.Errorf("an overflow counted %d cells", got)
	}
}

// TestStepsOfOrderedLevels: bins of 2, 4, … neighbours, nested, down to two bins;
// what is no answer is in none of them.
func TestStepsOfOrderedLevels(t *testing.T) {
	c := Column{Name: "n", Ordered: true, Levels: []Level{
		{Value: "", Missing: Unknown}, {Value: "0"}, {Value: "1"}, {Value: "2"}, {Value: "3"}, {Value: "4"}, {Value: "no", Missing: Refused}}}
	steps := c.Steps()
	want := [][]uint16{{0, 1, 1, 2, 2, 3, 4}, {0, 1, 1, 1, 1, 2, 3}}
	if len(steps) != len(want) {
		t.Fatalf("%d steps: %+v", len(steps), steps)
	}
	for s, step := range steps {
		if !slices.Equal(step.Of, want[s]) {
			t.Errorf("step %q: %v, want %v", step.Name, step.Of, want[s])
		}
	}
	if a, b := steps[1].Levels[1], steps[1].Levels[3]; a.Value != "0--3" || b.Value != "no" || b.Missing != Refused {
		t.Errorf("groups %+v, %+v", a, b)
	}
	c.Hierarchy = steps
	if _, err := NewDomain([]Column{c}); err != nil {
		t.Errorf("the steps are no hierarchy: %v", err)
	}
	for n := 1; n < 70; n++ { // any number of levels: nested, and never one group only
		c := Column{Name: "n", Ordered: true}
		for i := range n {
			c.Levels = append(c.Levels, Level{Value: fmt.Sprint(i)})
		}
		c.Hierarchy = c.Steps()
		if _, err := NewDomain([]Column{c}); err != nil {
			t.Fatalf("%d levels: %v", n, err)
		}
		if k := len(c.Hierarchy); k > 0 && len(c.Hierarchy[k-1].Levels) != 2 {
			t.Errorf("%d levels end in %d bins", n, len(c.Hierarchy[k-1].Levels))
		}
	}
	if (&Column{Levels: c.Levels}).Steps() != nil {
		t.Error("levels without order have steps")
	}
}

// TestJoinSpellsRangesByTheirEnds: of what is joined, only the outer ends are spelled.
func TestJoinSpellsRangesByTheirEnds(t *testing.T) {
	for _, c := range []struct{ from, to, value, es, en string }{
		{"3", "3", "3", "", ""},
		{"3", "4", "3--4", "3 a 4", "3 to 4"},
		{"0--8", "09--17", "0--17", "0 a 17", "0 to 17"},
		{"9--17", "48+", "9+", "9 o más", "9 or more"},
		{"[0.5--1)", "[1.5--2)", "[0.5--2)", "[0.5 a 2)", "[0.5 to 2)"},
		{"[0.5--1)", "2+", "0.5+", "0.5 o más", "0.5 or more"},
		{"[-10--0)", "[0--10)", "[-10--10)", "[-10 a 10)", "[-10 to 10)"},
		{"-5---4", "-3", "-5---3", "-5 a -3", "-5 to -3"},
		{"-7", "-5---4", "-7---4", "-7 a -4", "-7 to -4"},
		{"2015", "2016", "2015--2016", "2015 a 2016", "2015 to 2016"},
		{"2015-01--2015-03", "2015-04", "2015-01--2015-04", "2015-01 a 2015-04", "2015-01 to 2015-04"},
	} {
		column := Column{Levels: []Level{{Value: "x"}, {Value: c.from}, {Value: c.to}, {Missing: Unknown}}}
		if c.from == c.to {
			column.Levels = slices.Delete(column.Levels, 2, 3)
		}
		of := []uint16{0, 1, 1, 2}
		got := column.Join("j", slices.Delete(of, 2, 2+4-len(column.Levels)))
		l := got.Levels[1]
		if len(got.Levels) != 3 || got.Name != "j" || l.Value != c.value || l.Label["es"] != c.es || l.Label["en"] != c.en || got.Levels[2].Missing != Unknown {
			t.Errorf("%s and %s: %+v", c.from, c.to, got)
		}
	}
	labelled := Column{Levels: []Level{{Value: "a", Label: Text{"es": "bajo", "en": "low"}}, {Value: "b", Label: Text{"es": "medio", "en": "middle"}}}}
	if l := labelled.Join("", []uint16{0, 0}).Levels[0]; l.Value != "a--b" || l.Label["es"] != "bajo a medio" || l.Label["en"] != "low to middle" {
		t.Errorf("%+v", l)
	}
}
