package tabular

import (
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestEmbeddedProfilesAreSound holds each profile to what pages need of it.
func TestEmbeddedProfilesAreSound(t *testing.T) {
	all := Profiles()
	if len(all) == 0 {
		t.Fatal("no profile is built in")
	}
	for _, p := range all {
		if got, err := ProfileByID(p.ID); err != nil || got != p {
			t.Errorf("%s is not found by its id: %v", p.ID, err)
		}
		if got := recognise(p.Domain().Names()); got != p {
			t.Errorf("%s: its own columns are taken for another profile", p.ID)
		}
		both := func(what string, x microdata.Text) {
			if x["es"] == "" || x["en"] == "" {
				t.Errorf("%s: %s has no label in es or en", p.ID, what)
			}
		}
		for _, g := range p.Groups {
			both("group "+g.ID, g.Label)
			if len(p.Domain().Groups()[g.ID]) == 0 {
				t.Errorf("%s: group %s has no column", p.ID, g.ID)
			}
		}
		for i := range p.Domain().Len() {
			c := p.Domain().Column(i)
			both(c.Name, c.Label)
			if directIdentifier(c.Name) != "" {
				t.Errorf("%s: %s is named like a direct identifier", p.ID, c.Name)
			}
			for _, l := range c.Levels {
				if l.Missing != microdata.Present {
					both(c.Name+", missing", l.Label)
				}
			}
			for _, h := range c.Hierarchy {
				for _, l := range h.Levels {
					both(c.Name+", step "+h.Name+", "+l.Value, l.Label)
				}
				for i, l := range c.Levels {
					if group := h.Levels[h.Of[i]]; l.Missing != group.Missing {
						t.Errorf("%s: step %s adds %s levels of %s to others", p.ID, h.Name, l.Missing, c.Name)
					}
				}
			}
		}
		if got := p.Cliques(p.Domain()); len(got) != len(p.Publish) || len(got) == 0 {
			t.Errorf("%s: %d of %d pairs to publish", p.ID, len(got), len(p.Publish))
		}
		if got := p.ShownCliques(p.Domain()); len(got) != len(p.Show) || len(got) == 0 {
			t.Errorf("%s: %d of %d pairs to show", p.ID, len(got), len(p.Show))
		}
		if got := p.SubgroupColumns(p.Domain()); len(got) != len(p.Subgroups) || len(got) == 0 {
			t.Errorf("%s: %d of %d columns of subgroups", p.ID, len(got), len(p.Subgroups))
		}
	}
	if _, err := ProfileByID("none"); err == nil {
		t.Error("a profile without a file was found")
	}
}

// TestCTDCProfile holds the levels that public sources state.
func TestCTDCProfile(t *testing.T) {
	p, err := ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	d := p.Domain()
	size := map[string]int{"yearOfRegistration": 21, "gender": 4, "ageBroad": 10, "majorityStatusAtExploit": 3, "traffickMonths": 5, "citizenship": 250, "CountryOfExploitation": 250}
	for i := range d.Len() {
		c := d.Column(i)
		want, ok := size[c.Name]
		if !ok {
			want = 2
		}
		if len(c.Levels) != want || otherLevel(c) < 0 || (want == 2) != (c.Group != "") {
			t.Errorf("%s has %d levels, group %q", c.Name, len(c.Levels), c.Group)
		}
		if want == 2 && yesLevel(c) != 0 {
			t.Errorf("%s is no indicator", c.Name)
		}
	}
	if d.Len() != 37 || p.Fictional {
		t.Errorf("%d columns", d.Len())
	}
	i, _ := d.Index("citizenship")
	c := d.Column(i)
	code, _ := c.Code("SLV")
	var way []string
	for _, h := range c.Hierarchy {
		way = append(way, h.Name+" "+h.Levels[h.Of[code]].Value)
	}
	if !slices.Equal(way, []string{"subregion 419", "region 019", "world 001"}) {
		t.Errorf("El Salvador lies in %q", way)
	}
	small, err := d.Coarsen(func() []*microdata.Coarsening {
		steps := make([]*microdata.Coarsening, d.Len())
		steps[i] = &c.Hierarchy[1]
		return steps
	}())
	if err != nil || small.Size(i) != 7 {
		t.Errorf("regions and blank: %d, %v", small.Size(i), err)
	}
}

func TestRecognise(t *testing.T) {
	p, err := ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	names := p.Domain().Names()
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	for name, c := range map[string]struct {
		names []string
		want  *Profile
	}{
		"as it is":        {names, p},
		"any order":       {reversed, p},
		"half":            {names[:19], p},
		"less than half":  {names[:18], nil},
		"others added":    {append(slices.Clone(names), "agency", "office"), p},
		"mostly others":   {append(slices.Clone(names[:19]), strings.Fields("a b c d e f g h i j k l m n o p q r s t")...), nil},
		"another file":    {[]string{"a", "b"}, nil},
		"other spelling":  {strings.Fields(strings.ToUpper(strings.Join(names, " "))), nil},
		"nothing of both": {nil, nil},
	} {
		if got := recognise(c.names); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestColumnsBesideAProfileStayOpen reads a file of the standard with a column more.
func TestColumnsBesideAProfileStayOpen(t *testing.T) {
	p, _ := ProfileByID("ctdc-global-synthetic-2021")
	header := strings.Join(p.Domain().Names(), ",") + ",shelter\n"
	f := mustRead(t, header+"2006,Female"+strings.Repeat(",", 36)+"north\n"+"1999"+strings.Repeat(",", 37)+"south\n", Options{})
	if f.Profile != p || len(f.Open) != 1 || f.Open[0].Name != "shelter" {
		t.Fatalf("%d open columns", len(f.Open))
	}
	table, err := f.Close([][]string{{"north"}})
	if err != nil {
		t.Fatal(err)
	}
	got := values(table)
	if got[0][0] != "2006" || got[0][1] != "Female" || got[0][37] != "north" || got[1][0] != "" || got[1][37] != "" {
		t.Errorf("%q", got)
	}
	if table.Domain().Column(0).Label["es"] != "Año de registro" || len(p.Cliques(table.Domain())) != len(p.Publish) {
		t.Error("the profile's labels or pairs are lost")
	}
}

func TestParseProfileSaysAllThatIsWrong(t *testing.T) {
	const sound = `{"id": "x-1", "title": {"es": "x", "en": "x"}, "source": {"name": "n", "url": "u"}, "groups": [{"id": "g", "label": {}}],
		"lists": {"yes": {"levels": [{"value": "1"}, {"value": "", "missing": "unknown"}]}},
		"columns": [{"name": "a", "list": "yes", "group": "g"}, {"name": "b", "levels": [{"value": "x"}, {"value": "y"}, {"value": "", "missing": "refused"}],
			"hierarchy": [{"name": "h", "groups": [{"value": "xy", "of": ["x", "y"]}]}]}], "publish": [["a", "b"]],
		"show": [["b", "a"]], "subgroups": ["b"]}`
	p, err := ParseProfile([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	h := p.Domain().Column(1).Hierarchy[0]
	if len(h.Levels) != 2 || h.Levels[1].Missing != microdata.Refused || !slices.Equal(h.Of, []uint16{0, 0, 1}) {
		t.Errorf("hierarchy %+v", h)
	}
	for from, c := range map[string]struct{ to, says string }{
		`"x-1"`:                    {`"X 1"`, "its id"},
		`"en": "x"`:                {`"en": ""`, "a title in es and en"},
		`"list": "yes"`:            {`"list": "no"`, `list "no"`},
		`"group": "g"`:             {`"group": "h"`, `no group "h"`},
		`"of": ["x", "y"]`:         {`"of": ["x"]`, `no group takes "y"`},
		`["x", "y"]`:               {`["x", "y", "z"]`, `takes "z"`},
		`{"value": "y"}`:           {`{"value": "x"}`, `takes "y"`},
		`["a", "b"]`:               {`["a", "c"]`, "publish"},
		`["b", "a"]`:               {`["b", "b"]`, "show"},
		`["b"]`:                    {`["c"]`, "subgroups"},
		`"missing": "refused"`:     {`"missing": "lost"`, "not a profile"},
		`"publish"`:                {`"publishes"`, "not a profile"},
		`{"name": "a", "list"`:     {`{"name": "b", "list"`, "stands twice"},
		`"levels": [{"value": "x"`: {`"list": "yes", "levels": [{"value": "x"`, "levels of its own"},
	} {
		if !strings.Contains(sound, from) {
			t.Fatalf("%s is not in the profile", from)
		}
		if _, err := ParseProfile([]byte(strings.Replace(sound, from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s as %s: %v does not say %q", from, c.to, err, c.says)
		}
	}
	two := strings.NewReplacer(`"x-1"`, `"X"`, `"list": "yes"`, `"list": "no"`).Replace(sound)
	if _, err := ParseProfile([]byte(two)); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two faults: %v", err)
	}
}

// TestShownPairs: those of show as cliques of the file's columns, and those of publish
// where a profile has none; columns that the file lacks are passed over.
func TestShownPairs(t *testing.T) {
	p, err := ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	d, err := microdata.NewDomain([]microdata.Column{*p.Domain().Column(32), *p.Domain().Column(5), *p.Domain().Column(22), *p.Domain().Column(1)})
	if err != nil {
		t.Fatal(err)
	}
	want := []microdata.Clique{{1, 2}, {2, 3}} // citizenship and gender × isForcedLabour
	if got := p.ShownCliques(d); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v of %q", got, d.Names())
	}
	if got := p.SubgroupColumns(d); !slices.Equal(got, []int{3, 1}) {
		t.Errorf("subgroups by %v", got)
	}
	bare := *p
	bare.Show = nil
	if got := bare.ShownCliques(p.Domain()); !slices.EqualFunc(got, p.Cliques(p.Domain()), slices.Equal) {
		t.Errorf("without show: %v", got)
	}
}
