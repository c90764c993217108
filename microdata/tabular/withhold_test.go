package tabular

import (
	"slices"
	"testing"

	"amparo/microdata"
)

// TestWithholdAddsALevelThatNoRowHas: a column without a level for what is missing
// gets one for the output alone. What is read is the same with and without it.
func TestWithholdAddsALevelThatNoRowHas(t *testing.T) {
	d := mustDomain(t, `{"sex": ["F", "M"], "age": ["minor", "adult", ""]}`)
	text := "sex,age\nF,minor\nM,\nF,adult\n"
	plain := mustRead(t, text, Options{Domain: d})
	with := mustRead(t, text, Options{Domain: d, Withhold: true})
	equal(t, values(with.Table), values(plain.Table))
	sex := with.Table.Domain().Column(0)
	if n := len(sex.Levels); n != 3 || sex.Levels[2].Value != "" || sex.Levels[2].Missing != microdata.Withheld || sex.Levels[2].Label["es"] == "" {
		t.Errorf("levels of sex: %+v", sex.Levels)
	}
	if age := with.Table.Domain().Column(1); len(age.Levels) != 3 {
		t.Errorf("age has a blank and was given another: %+v", age.Levels)
	}
	if plain.Table.Domain().Size(0) != 2 || len(d.Levels("sex")) != 2 {
		t.Error("the level stands in the list that it was added to")
	}
}

// TestWithholdTakesNoBlank: a blank that the list does not have is refused, whether or
// not the output may hold one: what nobody stated was not withheld.
func TestWithholdTakesNoBlank(t *testing.T) {
	d := mustDomain(t, `{"sex": ["F", "M"], "n": 1}`)
	for _, blank := range []string{"", " ", `""`} {
		for _, strict := range []bool{false, true} {
			e := refusal(t, "sex,n\nF,0\n"+blank+",0\n", Options{Domain: d, Withhold: strict})
			if !e.Has(OutsideList) || e.Faults[0].Row != 3 || e.Faults[0].Column != "sex" {
				t.Errorf("%q, Withhold %v: %v", blank, strict, e)
			}
		}
	}
}

// TestWithholdKeepsHierarchies: the level stands alone at every step, and the column
// that it was copied from keeps its own.
func TestWithholdKeepsHierarchies(t *testing.T) {
	c := microdata.Column{Name: "c", Levels: levelsOf("a", "b", "c"), Hierarchy: []microdata.Coarsening{
		{Name: "two", Levels: levelsOf("ab", "c"), Of: []uint16{0, 0, 1}}, {Name: "one", Levels: levelsOf("any"), Of: []uint16{0, 0, 0}}}}
	given := c
	if !withhold(&c) {
		t.Fatal("no level was added")
	}
	newDomain(t, c) // nested, without a hole
	for s, want := range [][]uint16{{0, 0, 1, 2}, {0, 0, 0, 1}} {
		step := c.Hierarchy[s]
		if !slices.Equal(step.Of, want) || step.Levels[len(step.Levels)-1].Missing != microdata.Withheld {
			t.Errorf("step %q: %v", step.Name, step.Of)
		}
	}
	if len(given.Levels) != 3 || len(given.Hierarchy[0].Of) != 3 || len(given.Hierarchy[1].Levels) != 1 {
		t.Error("the column that was copied changed")
	}
	for _, kind := range []microdata.Missing{microdata.Unknown, microdata.NotAsked, microdata.Refused, microdata.NotApplicable, microdata.Withheld} {
		c := microdata.Column{Levels: append(levelsOf("a"), microdata.Level{Value: "why", Missing: kind})}
		if withhold(&c) || len(c.Levels) != 2 {
			t.Errorf("a column with a level that is %v was given another", kind)
		}
	}
}
