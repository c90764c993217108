package demo

import (
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestProfileIsComplete: every column, level and group of levels is named in es
// and en; no two of a column share a name.
func TestProfileIsComplete(t *testing.T) {
	check := func(where string, levels []microdata.Level) {
		for _, lang := range []string{"es", "en"} {
			seen := map[string]bool{}
			for _, l := range levels {
				name := l.Label[lang]
				if name == "" && l.Value >= "2015" && l.Value <= "2024" {
					name = l.Value // a year is read as it is spelled
				}
				if name == "" || seen[name] || name != strings.TrimSpace(name) || strings.HasSuffix(name, ".") {
					t.Errorf("%s: level %q has no good name in %s", where, l.Value, lang)
				}
				seen[name] = true
			}
		}
	}
	d, names := Domain(), map[string]bool{}
	for c := range d.Len() {
		column := d.Column(c)
		for _, lang := range []string{"es", "en"} {
			if column.Label[lang] == "" || names[lang+column.Label[lang]] {
				t.Errorf("%s has no name of its own in %s", column.Name, lang)
			}
			names[lang+column.Label[lang]] = true
		}
		check(column.Name, column.Levels)
		for _, step := range column.Hierarchy {
			check(column.Name+", step "+step.Name, step.Levels)
			for _, l := range step.Levels {
				if i, ok := column.Code(l.Value); ok && column.Levels[i].Missing == microdata.Present {
					t.Errorf("%s, step %s: group %q has the value of a level", column.Name, step.Name, l.Value)
				}
			}
		}
	}
	for _, g := range Profile().Groups {
		if g.Label["es"] == "" || g.Label["en"] == "" || len(d.Groups()[g.ID]) < 2 {
			t.Errorf("group %s lacks a name or columns", g.ID)
		}
	}
}

// TestMissingLevels: a kind of missing is spelled the same everywhere, and no
// hierarchy adds it to an answer.
func TestMissingLevels(t *testing.T) {
	spelled := map[string]microdata.Missing{"Unknown": microdata.Unknown, "NotAsked": microdata.NotAsked,
		"Refused": microdata.Refused, "NotApplicable": microdata.NotApplicable, "": microdata.Unknown}
	d := Domain()
	for c := range d.Len() {
		column := d.Column(c)
		for i, l := range column.Levels {
			if want := spelled[l.Value]; l.Missing != want {
				t.Errorf("%s: level %q is %s, want %s", column.Name, l.Value, l.Missing, want)
			}
			for _, step := range column.Hierarchy {
				for j, other := range column.Levels {
					if l.Missing != microdata.Present && i != j && step.Of[i] == step.Of[j] {
						t.Errorf("%s, step %s: %q is added to %q", column.Name, step.Name, l.Value, other.Value)
					}
				}
			}
		}
	}
}

// TestHierarchies: the natural ones are there, and finer than the rules they
// must agree with.
func TestHierarchies(t *testing.T) {
	for column, steps := range map[string][]string{
		"yearOfRegistration": {"period", "all"}, "ageBand": {"band", "majority"}, "citizenship": {"group", "coalition"},
		"countryOfExploitation": {"group", "coalition"}, "industry": {"sector"}, "durationMonths": {"year"}, "gender": {"broad"},
	} {
		i, _ := Domain().Index(column)
		var got []string
		for _, s := range Domain().Column(i).Hierarchy {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, steps) {
			t.Errorf("%s has the steps %v, want %v", column, got, steps)
		}
	}
	bands := Domain().Column(age)
	step := bands.Hierarchy[1]
	for i, l := range bands.Levels {
		if l.Missing != microdata.Present {
			continue
		}
		if child := step.Levels[step.Of[i]].Value == "Child"; child != (i < adultBand) {
			t.Errorf("the hierarchy and the records do not agree whether %q is a child", l.Value)
		}
	}
}

func TestPublish(t *testing.T) {
	p := Profile()
	if len(p.Publish) < 14 || len(p.Publish) > 18 {
		t.Errorf("%d pairs are published", len(p.Publish))
	}
	seen := map[[2]string]bool{}
	for _, pair := range p.Publish {
		a, ok := p.Domain().Index(pair[0])
		b, ok2 := p.Domain().Index(pair[1])
		if !ok || !ok2 || a == b || seen[[2]string{pair[0], pair[1]}] || seen[[2]string{pair[1], pair[0]}] {
			t.Fatalf("the pair %v is none, or stands twice", pair)
		}
		seen[[2]string{pair[0], pair[1]}] = true
		if cells := p.Domain().Size(a) * p.Domain().Size(b); cells > 200 {
			t.Errorf("the pair %v has %d cells: most would be noise", pair, cells)
		}
	}
	if len(p.Cliques(p.Domain())) != len(p.Publish) {
		t.Error("not every pair is a clique of the domain")
	}
}
