// Package portaltest publishes a small catalog to try the portal on: a fictional
// dataset in three versions, one of them withdrawn, and one with as many levels
// as the world has countries. The same call writes the same numbers.
package portaltest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// The datasets.
const (
	Coalition = "coalition" // fictional: version 1 withdrawn, 2 older, 3 newest
	World     = "world"     // large, one version
)

// Reason is why version 1 of Coalition was withdrawn.
const Reason = "The age groups of one agency were shifted by one."

// Catalog writes the datasets into a folder of the test and opens it.
func Catalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	return In(t, t.TempDir())
}

// In writes the datasets into an empty folder and opens it.
func In(t testing.TB, dir string) *catalog.Catalog {
	t.Helper()
	domain := coalition(t)
	for version := range 3 {
		m := catalogtest.Manifest(Coalition)
		m.Title = microdata.Text{"es": "Personas atendidas por la coalición", "en": "People assisted by the coalition"}
		m.Description = microdata.Text{"es": "Nueve países inventados, un registro por persona.", "en": "Nine invented countries, one record a person."}
		m.Publisher, m.License, m.Rows = "Coalición ficticia", "CC-BY-4.0", 60_214
		m.Dropped, m.Allowed = []string{"caseId"}, []string{"birthYear"}
		dial := "strict"
		if version == 2 {
			m.PrivacyUnit, dial = catalog.UnitPerson, "limited"
		}
		catalogtest.Add(t, dir, m, domain, tables(t, domain, pairs(domain, 4), 60_000, 400, uint64(version)), files(dial))
	}
	catalogtest.Withdraw(t, dir, Coalition, 1, Reason, 2)
	domain = world(t)
	m := catalogtest.Manifest(World)
	m.Fictional, m.Rows = false, 193_025
	m.Title = microdata.Text{"en": "A world of columns"}
	catalogtest.Add(t, dir, m, domain, tables(t, domain, [][2]int{{0, 1}, {0, 2}, {2, 3}}, 193_000, 2500, 9), files("unlimited"))
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Rules are those that the reports of all releases but World's state.
const Rules = `[{"rule": {"es": "Cada valor está en su lista", "en": "Every value is in its list"}, "violations": 0},
	{"rule": {"es": "gender = Female => ageBroad not in <b>", "en": "gender = Female => ageBroad not in <b>"}, "violations": 0}]`

// files are those of a bundle beside codebook and tables. dial is where the report
// says that the fabrication dial stood.
func files(dial string) map[string]string {
	report := `{"fabrication": "` + dial + `", "rules": ` + Rules + `}`
	switch dial {
	case "strict":
		report = `{"fabrication": "strict", "support": 10, "found": [{"column": "citizenship", "levels": 9}], "rules": ` + Rules + `}`
	case "unlimited":
		report = `{"fabrication": "unlimited", "rules": []}`
	}
	return map[string]string{
		"report.json": report + "\n",
		"data.csv":    "gender,ageBroad\nFemale,0--8\nMale,\n", "data.parquet": "PAR1", "datapackage.json": "{}\n", "dcat.jsonld": "{}\n",
		"report.es.html": "<!doctype html><html lang=es><title>Informe</title>", "report.en.html": "<!doctype html><html lang=en><title>Report</title>",
	}
}

func text(es, en string) microdata.Text { return microdata.Text{"es": es, "en": en} }

func coalition(t testing.TB) *microdata.Domain {
	t.Helper()
	blank := microdata.Level{Value: "", Label: text("Sin dato", "Not recorded"), Missing: microdata.Unknown}
	yes := func(name, es, en string) microdata.Column {
		return microdata.Column{Name: name, Label: text(es, en), Group: "form",
			Levels: []microdata.Level{{Value: "1", Label: text("Sí", "Yes")}, {Value: "0", Label: text("No", "No")}, blank}}
	}
	country := microdata.Column{Name: "citizenship", Label: text("Ciudadanía", "Citizenship")}
	for i, name := range []string{"Arenal", "Bruma", "Cumbre", "Delta", "Estero", "Farallón", "Golfo", "Hondonada", "Isla Alta"} {
		country.Levels = append(country.Levels, microdata.Level{Value: "X" + string(rune('A'+i)), Label: text(name, name)})
	}
	country.Levels = append(country.Levels, blank)
	year := microdata.Column{Name: "year", Label: text("Año de registro", "Year of registration")}
	for y := 2015; y <= 2024; y++ {
		year.Levels = append(year.Levels, microdata.Level{Value: fmt.Sprint(y)})
	}
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "gender", Label: text("Género", "Gender"), Levels: []microdata.Level{
			{Value: "Female", Label: text("Mujeres", "Women")}, {Value: "Male", Label: text("Hombres", "Men")},
			{Value: "Other", Label: text("Otro género", "Another gender")}, blank}},
		{Name: "ageBroad", Label: text("Edad al ser detectada", "Age when detected"), Levels: []microdata.Level{
			{Value: "0--8", Label: text("0 a 8", "0 to 8")}, {Value: "09--17", Label: text("9 a 17", "9 to 17")},
			{Value: "18--29", Label: text("18 a 29", "18 to 29")}, {Value: "30--47", Label: text("30 a 47", "30 to 47")},
			{Value: "48+", Label: text("48 o más", "48 or more")},
			{Value: "NS", Label: text("No quiso decir", "Did not want to say"), Missing: microdata.Refused}, blank}},
		country, year,
		yes("isForcedLabour", "Trabajo forzoso", "Forced labour"), yes("isSexualExploit", "Explotación sexual", "Sexual exploitation"),
		{Name: "majority", Label: text("Edad adulta", "Adulthood"), Levels: []microdata.Level{
			{Value: "Adult", Label: text("Persona adulta", "Adult")}, {Value: "Minor", Label: text("Niña, niño o adolescente", "Child")},
			{Value: "NA", Missing: microdata.NotApplicable}, {Value: "NQ", Missing: microdata.NotAsked}, {Value: "R", Missing: microdata.Withheld}}},
		{Name: "unmeasured", Label: text("Sector", "Sector"), Levels: []microdata.Level{{Value: "Agricultura"}, {Value: "Pesca"}, {Value: "_"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func world(t testing.TB) *microdata.Domain {
	t.Helper()
	var columns []microdata.Column
	for _, c := range []struct {
		name string
		size int
	}{{"citizenship", 250}, {"country", 250}, {"year", 20}, {"gender", 4}} {
		column := microdata.Column{Name: c.name}
		for l := range c.size {
			column.Levels = append(column.Levels, microdata.Level{Value: fmt.Sprintf("%s-%03d", c.name[:2], l)})
		}
		columns = append(columns, column)
	}
	for i := range 33 {
		columns = append(columns, microdata.Column{Name: fmt.Sprintf("flag%02d", i),
			Levels: []microdata.Level{{Value: "1"}, {Value: "", Missing: microdata.Unknown}}})
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pairs returns all pairs of the first columns; the last column stands alone.
func pairs(d *microdata.Domain, first int) (all [][2]int) {
	for a := range first {
		for b := a + 1; b < d.Len()-1; b++ {
			all = append(all, [2]int{a, b})
		}
	}
	return all
}

// tables returns every single column and the pairs, with a skewed distribution
// and noise of the given variance.
func tables(t testing.TB, d *microdata.Domain, pairs [][2]int, n, variance float64, seed uint64) (all []*catalog.Table) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, seed))
	weight := make([][]float64, d.Len())
	for i := range weight {
		sum := 0.0
		for l := range d.Size(i) {
			w := 1 / math.Pow(float64(1+(l*5+i)%d.Size(i)), 1.1)
			if l == 2 && d.Size(i) == 4 {
				w = 1e-6 // so rare that the noise hides it
			}
			weight[i] = append(weight[i], w)
			sum += w
		}
		for l := range weight[i] {
			weight[i][l] /= sum
		}
	}
	add := func(clique microdata.Clique) {
		noisy := make([]int64, clique.Cells(d.Sizes()))
		for cell := range noisy {
			p, rest := 1.0, cell
			for k := len(clique) - 1; k >= 0; k-- {
				size := d.Size(clique[k])
				p *= weight[clique[k]][rest%size]
				rest /= size
			}
			noisy[cell] = int64(math.Round(n*p*(.7+.6*r.Float64()) + math.Sqrt(variance)*r.NormFloat64()))
		}
		table, err := catalog.NewTable(len(all)+1, d, clique, nil, catalog.Counts{Noisy: noisy, Variance: variance})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, table)
	}
	for i := range d.Len() {
		add(microdata.Clique{i})
	}
	for _, p := range pairs {
		add(microdata.Clique{p[0], p[1]})
	}
	return all
}
