package tabular

import (
	"strings"
	"testing"

	"amparo/microdata"
	"amparo/microdata/iso3166"
)

// TestCountryListAgreesWithISO3166 looks every country up at every step.
func TestCountryListAgreesWithISO3166(t *testing.T) {
	list := countryList()
	steps, err := coarsenings(list)
	if err != nil || len(steps) != 3 {
		t.Fatal(err)
	}
	for i, l := range list.Levels {
		c, ok := iso3166.ByAlpha3(l.Value)
		if !ok {
			if l.Value != "" || l.Missing != microdata.Unknown {
				t.Errorf("%q is no country", l.Value)
			}
			c = iso3166.Country{}
		}
		world := iso3166.World
		if !ok {
			world = ""
		}
		for s, want := range []string{c.SubRegion, c.Region, world} {
			group := steps[s].Levels[steps[s].Of[i]]
			if group.Value != want || group.Missing != l.Missing {
				t.Errorf("%q at step %s lies in %q, want %q", l.Value, steps[s].Name, group.Value, want)
			}
		}
		if l.Missing == microdata.Present && l.Label != nil {
			t.Errorf("%s has a label: pages take it from CLDR", l.Value)
		}
	}
	if len(list.Levels) != 250 || len(steps[0].Levels) != 19 || len(steps[1].Levels) != 7 || len(steps[2].Levels) != 2 {
		t.Errorf("%d levels, steps of %d, %d, %d", len(list.Levels), len(steps[0].Levels), len(steps[1].Levels), len(steps[2].Levels))
	}
}

func TestCoarseningsRefuse(t *testing.T) {
	group := func(value string, of ...string) groupText { return groupText{Value: value, Of: of} }
	for name, c := range map[string]struct {
		steps []stepText
		says  string
	}{
		"sound":             {[]stepText{{"h", []groupText{group("ab", "a", "b"), group("c", "c")}}, {"i", []groupText{group("all", "ab", "c")}}}, ""},
		"left out":          {[]stepText{{"h", []groupText{group("ab", "a", "b")}}}, `no group takes "c"`},
		"twice":             {[]stepText{{"h", []groupText{group("ab", "a", "b"), group("c", "b", "c")}}}, `group "c" takes "b"`},
		"not there":         {[]stepText{{"h", []groupText{group("ab", "a", "b", "z"), group("c", "c")}}}, `takes "z"`},
		"of the first step": {[]stepText{{"h", []groupText{group("ab", "a", "b"), group("c", "c")}}, {"i", []groupText{group("all", "a", "b", "c")}}}, `step "i"`},
	} {
		list := listText{Levels: append(levelsOf("a", "b", "c"), microdata.Level{Missing: microdata.Refused}), Hierarchy: c.steps}
		steps, err := coarsenings(list)
		if c.says == "" {
			if err != nil || len(steps) != 2 || steps[1].Of[0] != steps[1].Of[2] || steps[1].Levels[steps[1].Of[3]].Missing != microdata.Refused {
				t.Errorf("%s: %+v, %v", name, steps, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}
