package demo

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"amparo/microdata"
	"amparo/microdata/iso3166"
)

func TestCoalition(t *testing.T) {
	a := Coalition()
	if len(a.Countries) != 9 || len(a.Agencies) != 5 || len(a.Groups) != 3 {
		t.Fatalf("%d countries, %d agencies, %d groups", len(a.Countries), len(a.Agencies), len(a.Groups))
	}
	groups, tiles, names := map[string]int{}, map[Tile]string{}, map[string]bool{}
	for _, g := range a.Groups {
		groups[g.ID] = 0
	}
	once := func(what string, name microdata.Text) {
		for _, lang := range []string{"es", "en"} {
			if name[lang] == "" {
				t.Errorf("%s has no name in %s", what, lang)
			}
		}
		if names[name["es"]] {
			t.Errorf("%s has the name of another", what)
		}
		names[name["es"]] = true
	}
	for i, c := range a.Countries {
		if want := "X" + string(rune('A'+i)); c.Code != want {
			t.Errorf("country %d is %s, want %s", i, c.Code, want)
		}
		once(c.Code, c.Name)
		if _, ok := groups[c.Group]; !ok {
			t.Errorf("%s is in no group", c.Code)
		}
		groups[c.Group]++
		if other, ok := tiles[c.Tile]; ok {
			t.Errorf("%s and %s have one tile", c.Code, other)
		}
		tiles[c.Tile] = c.Code
		if c.Tile.Row < 0 || c.Tile.Row > 2 || c.Tile.Column < 0 || c.Tile.Column > 3 {
			t.Errorf("%s: its tile is outside the grid of 3 by 4", c.Code)
		}
		if c.Population < 100_000 || c.Population > 50_000_000 || len(c.Regions) < 2 {
			t.Errorf("%s has %d inhabitants in %d regions", c.Code, c.Population, len(c.Regions))
		}
		for j, r := range c.Regions {
			if want := fmt.Sprintf("%s-%02d", c.Code, j+1); r.Code != want {
				t.Errorf("region %s should be %s", r.Code, want)
			}
			once(r.Code, r.Name)
		}
	}
	for id, n := range groups {
		if n != 3 {
			t.Errorf("group %s has %d countries", id, n)
		}
	}
	sources := map[string]bool{}
	for _, g := range a.Agencies {
		once(g.ID, g.Name)
		if !slices.ContainsFunc(a.Countries, func(c Country) bool { return c.Code == g.Country }) {
			t.Errorf("agency %s is in no country of the coalition", g.ID)
		}
		if !slices.Contains([]string{"NGO", "LawEnforcement", "LegalService", "ImmigrationService"}, g.Type) {
			t.Errorf("agency %s has type %s", g.ID, g.Type)
		}
		if _, ok := Domain().Column(source).Code(g.Source); !ok || sources[g.Source] {
			t.Errorf("agency %s records under %q, which is no source category or another's", g.ID, g.Source)
		}
		sources[g.Source] = true
	}
}

// TestCoalitionIsTheCallers: what a caller changes, the next does not see.
func TestCoalitionIsTheCallers(t *testing.T) {
	a := Coalition()
	a.Countries[0].Name["es"], a.Countries[0].Neighbours[0], a.Agencies[0].ID = "x", "x", "x"
	b := Coalition()
	if b.Countries[0].Name["es"] == "x" || b.Countries[0].Neighbours[0] == "x" || b.Agencies[0].ID == "x" {
		t.Error("two callers share one coalition")
	}
}

// TestNeighbours: a border is an arc that stands in two countries' rings, and
// tiles of neighbours on the isthmus touch.
func TestNeighbours(t *testing.T) {
	users := map[string][]string{}
	for country, all := range rings {
		for _, ring := range all {
			for _, name := range ring {
				users[strings.TrimPrefix(name, "-")] = append(users[strings.TrimPrefix(name, "-")], country)
			}
		}
	}
	want := map[string][]string{}
	for name, in := range users {
		a, ok := arcs[name]
		if !ok || a.border != (len(in) == 2) || len(in) > 2 {
			t.Errorf("arc %s is used by %v; as a border: %t", name, in, a.border)
		}
		if len(in) == 2 {
			want[in[0]], want[in[1]] = append(want[in[0]], in[1]), append(want[in[1]], in[0])
		}
	}
	if len(users) != len(arcs) {
		t.Errorf("%d arcs of %d are used", len(users), len(arcs))
	}
	tile := map[string]Tile{}
	for _, c := range Coalition().Countries {
		tile[c.Code] = c.Tile
	}
	for _, c := range Coalition().Countries {
		slices.Sort(want[c.Code])
		if !slices.Equal(c.Neighbours, want[c.Code]) {
			t.Errorf("%s has the neighbours %v, its borders say %v", c.Code, c.Neighbours, want[c.Code])
		}
		for _, n := range c.Neighbours {
			down, right := tile[n].Row-c.Tile.Row, tile[n].Column-c.Tile.Column
			if down*down > 1 || right*right > 1 {
				t.Errorf("the tiles of %s and %s do not touch", c.Code, n)
			}
		}
	}
}

// TestProfileNamesTheCoalition: the profile's levels, labels and hierarchy say
// the same as Coalition.
func TestProfileNamesTheCoalition(t *testing.T) {
	a := Coalition()
	for _, c := range []int{citizenship, place} {
		column := Domain().Column(c)
		for _, country := range a.Countries {
			code, ok := column.Code(country.Code)
			if !ok {
				t.Fatalf("%s has no level %s", column.Name, country.Code)
			}
			group := column.Hierarchy[0].Levels[column.Hierarchy[0].Of[code]]
			for _, lang := range []string{"es", "en"} {
				if column.Levels[code].Label[lang] != country.Name[lang] {
					t.Errorf("%s: the profile and the coalition name %s differently in %s", column.Name, country.Code, lang)
				}
				i := slices.IndexFunc(a.Groups, func(g Group) bool { return g.ID == country.Group })
				if group.Value != country.Group || group.Label[lang] != a.Groups[i].Name[lang] {
					t.Errorf("%s: the profile and the coalition group %s differently", column.Name, country.Code)
				}
			}
		}
	}
	for _, lang := range []string{"es", "en"} {
		if !strings.Contains(Profile().Title[lang], a.Name[lang]) {
			t.Errorf("the profile's title does not name the coalition in %s", lang)
		}
	}
}

// realPlaces returns the names of real countries and territories, es and en,
// folded: testdata/real-places.txt, from CLDR.
func realPlaces(t *testing.T) map[string]bool {
	t.Helper()
	f, err := os.Open("testdata/real-places.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	real := map[string]bool{}
	for in := bufio.NewScanner(f); in.Scan(); {
		real[fold(in.Text())] = true
	}
	if !real["guatemala"] || !real["mexico"] || len(real) < 300 {
		t.Fatal("the list of real places is not whole")
	}
	return real
}

// fold makes a name small and takes accents and spaces away.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune("áéíóúüñç", r); i >= 0 {
			return []rune("aeiouunc")[slices.Index([]rune("áéíóúüñç"), r)]
		}
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// TestNoRealPlace: no name of the coalition, no word of it and no label of the
// profile is a real country; no code is or can become one.
func TestNoRealPlace(t *testing.T) {
	real := realPlaces(t)
	var all []string
	add := func(name microdata.Text) { all = append(all, name["es"], name["en"]) }
	a := Coalition()
	add(a.Name)
	for _, c := range a.Countries {
		add(c.Name)
		if c.Code < "XA" || c.Code > "XZ" { // ISO 3166 leaves XA to XZ to users
			t.Errorf("code %s is not user-assigned", c.Code)
		}
		for _, r := range c.Regions {
			add(r.Name)
		}
	}
	for _, g := range a.Agencies {
		add(g.Name)
	}
	for c := range Domain().Len() {
		column := Domain().Column(c)
		add(column.Label)
		for _, l := range column.Levels {
			add(l.Label)
			if slices.ContainsFunc(iso3166.All(), func(c iso3166.Country) bool { return c.Alpha3 == l.Value }) {
				t.Errorf("%s has the code of a real country", column.Name)
			}
		}
	}
	for _, r := range Rules {
		add(r.Text)
	}
	for _, name := range all {
		if real[fold(name)] {
			t.Errorf("%q is a real place", name)
		}
		for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if real[fold(word)] {
				t.Errorf("%q names a real place", name)
			}
		}
	}
}

// TestDignity: no word that a person should not be called, and no number that
// could be taken for a telephone line.
func TestDignity(t *testing.T) {
	banned := regexp.MustCompile(`(?i)prostitut|esclav|slave|vícti?ma|victim|drama|horror|ilegal|illegal|mafia|cartel|narco|sufr|suffer|rescat|rescue`)
	check := func(what string, text microdata.Text) {
		for lang, s := range text {
			if banned.MatchString(s) {
				t.Errorf("%s, %s: a word that is not ours", what, lang)
			}
		}
	}
	a := Coalition()
	check("notice", a.Notice)
	for _, g := range a.Agencies {
		check(g.ID, g.Name)
		if strings.ContainsAny(g.Name["es"]+g.Name["en"], "0123456789@") {
			t.Errorf("%s has what could be taken for a contact", g.ID)
		}
	}
	for _, r := range Rules {
		check(r.ID, r.Text)
	}
	for c := range Domain().Len() {
		check(Domain().Column(c).Name, Domain().Column(c).Label)
		for _, l := range Domain().Column(c).Levels {
			check(Domain().Column(c).Name, l.Label)
		}
	}
}
