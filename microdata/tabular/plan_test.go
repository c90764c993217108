package tabular

import (
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

func TestPlanGivesEachColumnItsPlace(t *testing.T) {
	o := Options{Drop: []string{"d"}, Person: "p"}
	p, faults := makePlan([]string{"p", "a", "d", "b"}, o)
	if len(faults) > 0 || p.person != 0 || p.open != 2 || p.closed != 0 || len(p.kept) != 2 {
		t.Fatalf("%+v, %+v", p, faults)
	}
	for i, want := range []columnPlan{{role: person}, {role: open, out: 0, slot: 0}, {role: dropped}, {role: open, out: 1, slot: 1}} {
		if c := p.columns[i]; c.role != want.role || c.out != want.out || c.slot != want.slot {
			t.Errorf("column %d: %+v, want %+v", i, c, want)
		}
	}
	o.Domain = mustDomain(t, `{"b": 2, "a": ["x", ""], "d": 7, "p": 9}`) // may name what is dropped
	p, faults = makePlan([]string{"p", "a", "d", "b"}, o)
	if len(faults) > 0 || p.closed != 2 || p.open != 0 || p.profile != nil {
		t.Fatalf("%+v, %+v", p, faults)
	}
	if a, b := p.columns[1], p.columns[3]; a.other != 1 || b.other != -1 || a.from != "domain file" || p.kept[0].Name != "a" || p.kept[1].Name != "b" {
		t.Errorf("%+v %+v", a, b)
	}
}

// TestPersonAndDroppedColumnsMayBeNamedAsTheyLike: only what is kept is asked about.
func TestPersonAndDroppedColumnsMayBeNamedAsTheyLike(t *testing.T) {
	names := []string{"victim_id", "name", "phone", "a"}
	p, faults := makePlan(names, Options{Drop: []string{"name"}, Allow: []string{"phone", "a"}, Person: "victim_id"})
	if len(faults) > 0 || !slices.Equal(p.allowed, []string{"phone"}) {
		t.Errorf("%+v, allowed %q", faults, p.allowed)
	}
	_, faults = makePlan(names, Options{})
	if len(faults) != 3 {
		t.Errorf("%+v", faults)
	}
	if p, faults = makePlan(names, Options{Drop: names[:3], Allow: names[:3]}); len(faults) > 0 || p.allowed != nil {
		t.Errorf("dropped and allowed: %+v, %q", faults, p.allowed)
	}
}

func TestOtherLevel(t *testing.T) {
	level := func(value string, m microdata.Missing) microdata.Level {
		return microdata.Level{Value: value, Missing: m}
	}
	for _, c := range []struct {
		levels []microdata.Level
		want   int
	}{
		{levelsOf("a", "b"), -1},
		{levelsOf("a", ""), -1}, // blank that is an answer
		{[]microdata.Level{level("a", 0), level("", microdata.Unknown)}, 1},
		{[]microdata.Level{level("U", microdata.Unknown), level("", microdata.Unknown)}, 1},
		{[]microdata.Level{level("U", microdata.Unknown), level("", microdata.NotApplicable)}, 0},
		{[]microdata.Level{level("R", microdata.Refused), level("", microdata.Withheld)}, -1},
	} {
		if got := otherLevel(&microdata.Column{Levels: c.levels}); got != c.want {
			t.Errorf("%+v: %d, want %d", c.levels, got, c.want)
		}
	}
}

func TestHeaderNames(t *testing.T) {
	names := func(line string) ([]string, []Fault) {
		p := newParser(',')
		p.over([]byte(line + "\n"))
		p.next()
		return headerNames(p.block, p.fields, 1)
	}
	for line, want := range map[string][]string{
		"a,b":             {"a", "b"},
		" a , b ":         {"a", "b"},
		"a,2020,2021":     nil, // most look like values
		"a,b,2020":        {"a", "b", "2020"},
		"18--20,09--17":   nil,
		"x@y.sv,z@y.sv,a": nil,
		"año,sí":          {"año", "sí"},
		"名,前":             {"名", "前"},
		"a,A":             {"a", "A"},
	} {
		got, faults := names(line)
		if !slices.Equal(got, want) || (want == nil) != (len(faults) > 0) {
			t.Errorf("%q: %q, %+v", line, got, faults)
		}
	}
	if _, faults := names("a,,b,a," + strings.Repeat("x", maxName+1) + ",b"); len(faults) != 4 {
		t.Errorf("%+v", faults)
	}
}

func TestFaultSaysWhere(t *testing.T) {
	for want, f := range map[string]Fault{
		"it":                       {Problem: "it"},
		"row 7: it":                {Row: 7, Problem: "it"},
		"column 3: it":             {Position: 3, Problem: "it"},
		`column "c": it`:           {Column: "c", Position: 3, Problem: "it"},
		`row 7, column "a\nb": it`: {Row: 7, Column: "a\nb", Problem: "it"},
		"row 7, column 3: it":      {Row: 7, Position: 3, Problem: "it"},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	e := &Error{[]Fault{{Kind: Header, Problem: "one", Hint: "do"}, {Kind: Empty, Problem: "two", Hint: "try"}, {Kind: Empty, Problem: "three", Hint: "do"}}}
	if e.Error() != "tabular: one; two; three" || e.Hint() != "do; try" || !e.Has(Empty) || e.Has(Ragged) {
		t.Errorf("%q, hint %q", e, e.Hint())
	}
	if refuse() != nil {
		t.Error("no fault is an error")
	}
}
