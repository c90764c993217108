package tabular

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"

	"amparo/microdata"
)

// A Profile is a recognised standard: which columns its files have, which levels
// those can take and how people read them. Profiles are public knowledge, so a
// release may name all that is in one.
//
// A profile is a JSON file in the folder profiles:
//
//	{
//	  "id": "my-standard-1",                       small letters, digits, hyphens; never reused
//	  "title": {"es": "…", "en": "…"},
//	  "source": {"name": "…", "url": "https://…"},
//	  "fictional": true,                           optional: demonstration data
//	  "groups": [{"id": "means", "label": {…}}],   multi-valued attributes
//	  "lists": {                                   level lists that several columns share
//	    "yes": {"levels": [{"value": "1", "label": {…}}, {"value": "", "label": {…}, "missing": "unknown"}]}
//	  },
//	  "columns": [
//	    {"name": "meansDebt", "label": {…}, "group": "means", "list": "yes"},
//	    {"name": "citizenship", "label": {…}, "list": "iso3166"},
//	    {"name": "age", "label": {…},
//	     "levels": [{"value": "0--17", "label": {…}}, {"value": "18+"}, {"value": "", "missing": "unknown"}],
//	     "hierarchy": [
//	       {"name": "all", "groups": [{"value": "all", "label": {…}, "of": ["0--17", "18+"]}]}
//	     ]}
//	  ],
//	  "publish": [["citizenship", "age"]],         pairs whose tables a release always measures
//	  "show": [["citizenship", "meansDebt"]],      optional: pairs that the custodian's report shows by themselves
//	  "subgroups": ["sex", "citizenship"]          optional: columns whose levels it compares one by one
//	}
//
// A level without label is read as its value. A list can carry a hierarchy as a
// column does. The list "iso3166" is built in: the 249 countries by alpha-3 code,
// blank for unknown, and the hierarchy M49 sub-region, region, world. Each step
// of a hierarchy groups the groups of the step before (the first: the levels);
// levels that are missing and stand in no group are one by themselves, so that
// "unknown" is never added to an answer. A column with a level that is missing as
// "unknown" (blank before others) maps to it what is not in its list; one without
// refuses a file that holds anything else.
type Profile struct {
	ID     string
	Title  microdata.Text
	Source Source
	// Fictional says that files of this profile hold invented people: every page
	// and file made of them says so.
	Fictional bool
	// Groups are the multi-valued attributes, each spread over several columns.
	Groups []Group
	// Publish lists pairs of columns whose tables a release always measures.
	Publish [][]string
	// Show lists pairs of columns that the custodian's report shows by themselves.
	Show [][]string
	// Subgroups lists columns, such as country and sex, for each level of which that
	// report says how good the synthetic records are.
	Subgroups []string

	domain *microdata.Domain
}

// A Source says whose standard it is.
type Source struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// A Group is a multi-valued attribute, such as the means of control.
type Group struct {
	ID    string         `json:"id"`
	Label microdata.Text `json:"label"`
}

//go:embed profiles/*.json
var embedded embed.FS

var profiles = sync.OnceValue(func() []*Profile {
	files, err := embedded.ReadDir("profiles")
	if err != nil {
		panic(err)
	}
	all := make([]*Profile, len(files))
	for i, f := range files {
		text, err := embedded.ReadFile(path.Join("profiles", f.Name()))
		if err != nil {
			panic(err)
		}
		if all[i], err = ParseProfile(text); err != nil {
			panic(err) // TestEmbeddedProfilesAreSound keeps this from a user's screen
		}
	}
	return all
})

// Profiles returns the profiles that are built in, by file name.
func Profiles() []*Profile { return slices.Clone(profiles()) }

// ProfileByID returns the built-in profile of that id.
func ProfileByID(id string) (*Profile, error) {
	for _, p := range profiles() {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, fmt.Errorf("tabular: no profile %q is built in", id)
}

// Domain returns all columns of the profile, in its order.
func (p *Profile) Domain() *microdata.Domain { return p.domain }

// Cliques returns the pairs of Publish whose columns d has, as cliques of d.
func (p *Profile) Cliques(d *microdata.Domain) []microdata.Clique { return cliques(d, p.Publish) }

// ShownCliques returns the pairs of Show whose columns d has, as cliques of d; those
// of Publish where there is no Show.
func (p *Profile) ShownCliques(d *microdata.Domain) []microdata.Clique {
	if len(p.Show) == 0 {
		return p.Cliques(d)
	}
	return cliques(d, p.Show)
}

// SubgroupColumns returns the columns of Subgroups that d has.
func (p *Profile) SubgroupColumns(d *microdata.Domain) (out []int) {
	for _, name := range p.Subgroups {
		if a, ok := d.Index(name); ok {
			out = append(out, a)
		}
	}
	return out
}

func cliques(d *microdata.Domain, pairs [][]string) []microdata.Clique {
	var out []microdata.Clique
	for _, pair := range pairs {
		a, ok := d.Index(pair[0])
		b, ok2 := d.Index(pair[1])
		if ok && ok2 {
			out = append(out, microdata.Clique{min(a, b), max(a, b)})
		}
	}
	return out
}

type profileText struct {
	ID        string              `json:"id"`
	Title     microdata.Text      `json:"title"`
	Source    Source              `json:"source"`
	Fictional bool                `json:"fictional"`
	Groups    []Group             `json:"groups"`
	Lists     map[string]listText `json:"lists"`
	Columns   []columnText        `json:"columns"`
	Publish   [][]string          `json:"publish"`
	Show      [][]string          `json:"show"`
	Subgroups []string            `json:"subgroups"`
}

type listText struct {
	Levels    []microdata.Level `json:"levels"`
	Hierarchy []stepText        `json:"hierarchy"`
}

type columnText struct {
	Name  string         `json:"name"`
	Label microdata.Text `json:"label"`
	Group string         `json:"group"`
	List  string         `json:"list"`
	listText
}

type stepText struct {
	Name   string      `json:"name"`
	Groups []groupText `json:"groups"`
}

type groupText struct {
	Value string         `json:"value"`
	Label microdata.Text `json:"label"`
	Of    []string       `json:"of"`
}

// ParseProfile reads a profile, or says all that is wrong with it.
func ParseProfile(text []byte) (*Profile, error) {
	var t profileText
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return nil, fmt.Errorf("tabular: not a profile: %w", err)
	}
	var faults []error
	bad := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("tabular: profile %q: "+format, append([]any{t.ID}, args...)...))
	}
	if !isID(t.ID) {
		bad("its id is not of small letters, digits and hyphens")
	}
	if t.Title["es"] == "" || t.Title["en"] == "" || t.Source.Name == "" {
		bad("it needs a title in es and en and the name of its source")
	}
	groups := map[string]bool{"": true}
	for _, g := range t.Groups {
		groups[g.ID] = true
	}
	columns := make([]microdata.Column, len(t.Columns))
	for i, c := range t.Columns {
		list := c.listText
		if c.List != "" {
			var ok bool
			if list, ok = t.list(c.List); !ok || c.Levels != nil || c.Hierarchy != nil {
				bad("column %q: list %q is not there, or the column has levels of its own", c.Name, c.List)
				continue
			}
		}
		if !groups[c.Group] {
			bad("column %q: no group %q", c.Name, c.Group)
		}
		columns[i] = microdata.Column{Name: c.Name, Label: c.Label, Group: c.Group, Levels: list.Levels}
		steps, err := coarsenings(list)
		if err != nil {
			bad("column %q: %w", c.Name, err)
		}
		columns[i].Hierarchy = steps
	}
	p := &Profile{ID: t.ID, Title: t.Title, Source: t.Source, Fictional: t.Fictional, Groups: t.Groups, Publish: t.Publish, Show: t.Show, Subgroups: t.Subgroups}
	if len(faults) == 0 {
		var err error
		if p.domain, err = microdata.NewDomain(columns); err != nil {
			bad("%w", err)
		}
	}
	has := func(name string) bool {
		return slices.ContainsFunc(t.Columns, func(c columnText) bool { return c.Name == name })
	}
	checkPairs := func(what string, pairs [][]string) {
		for _, pair := range pairs {
			if len(pair) != 2 || pair[0] == pair[1] || !has(pair[0]) || !has(pair[1]) {
				bad("%s: %q is not a pair of its columns", what, pair)
			}
		}
	}
	checkPairs("publish", t.Publish)
	checkPairs("show", t.Show)
	for _, name := range t.Subgroups {
		if !has(name) {
			bad("subgroups: %q is not one of its columns", name)
		}
	}
	return p, errors.Join(faults...)
}

func isID(s string) bool {
	return s != "" && !bytes.ContainsFunc([]byte(s), func(r rune) bool {
		return !(r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z')
	})
}

func (t *profileText) list(id string) (listText, bool) {
	if id == "iso3166" {
		return countryList(), true
	}
	l, ok := t.Lists[id]
	return l, ok
}
