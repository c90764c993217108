package portal

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// hostileSite publishes a release all of whose texts are markup, formulae or
// spreadsheet code: what a careless publisher, or one who was broken into, signs.
func hostileSite(t *testing.T) (s *site, columns []string) {
	t.Helper()
	texts := append([]string{"100 %s %d"}, payloads[:7]...)
	bad := func(n int) string { return texts[n%len(texts)] }
	text := func(n int) microdata.Text { return microdata.Text{"es": bad(n), "en": bad(n + 1)} }
	var all []microdata.Column
	for c := range 3 {
		column := microdata.Column{Name: bad(c) + "c", Label: text(c + 2)}
		for l := range 6 {
			column.Levels = append(column.Levels, microdata.Level{Value: bad(l) + strings.Repeat("x", l), Label: text(c + l)})
		}
		column.Levels = append(column.Levels, microdata.Level{Value: "", Label: text(c), Missing: microdata.Withheld}, microdata.Level{Value: "=1+1"})
		all = append(all, column)
		columns = append(columns, column.Name)
	}
	d, err := microdata.NewDomain(all)
	if err != nil {
		t.Fatal(err)
	}
	var tables []*catalog.Table
	for i, clique := range []microdata.Clique{{0}, {1}, {2}, {0, 1}} {
		noisy := make([]int64, clique.Cells(d.Sizes()))
		for cell := range noisy {
			noisy[cell] = int64(100 * cell)
		}
		table, err := catalog.NewTable(i+1, d, clique, nil, catalog.Counts{Noisy: noisy, Variance: 100})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	dir := t.TempDir()
	rule, err := json.Marshal(map[string]string{"es": bad(0), "en": bad(1)})
	if err != nil {
		t.Fatal(err)
	}
	column, _ := json.Marshal(bad(0))
	for range 2 {
		m := catalogtest.Manifest("bad")
		m.Title, m.Description, m.Coverage = text(0), text(1), text(2)
		m.Publisher, m.License, m.Dropped, m.Allowed, m.Profile = bad(1), bad(3), []string{bad(0)}, []string{bad(4)}, bad(2)
		catalogtest.Add(t, dir, m, d, tables, map[string]string{"data.csv": "x\n", "report.json": `{"fabrication": "strict", "support": 10, "found": [{"column": ` + string(column) + `, "levels": 3}], "rules": [{"rule": ` + string(rule) + `}]}`})
	}
	catalogtest.Withdraw(t, dir, "bad", 1, bad(0), 2)
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return siteOn(c), columns
}

// TestHostileCatalog looks at every page and file of it.
func TestHostileCatalog(t *testing.T) {
	s, columns := hostileSite(t)
	e := url.QueryEscape
	queries := []string{"by=" + e(columns[0]), "by=" + e(columns[0]) + "&by=" + e(columns[1]), "by=" + e(columns[0]) + "&by=" + e(columns[2]), "by=" + e(columns[2]) + "&view=table",
		"by=" + e(columns[1]) + "&" + e(columns[1]) + "=%3D1%2B1", "by=" + e(columns[0]) + "&by=" + e(columns[1]) + "&by=" + e(columns[2]), "by=" + e(columns[0]) + "&version=1"}
	want := []int{200, 200, 422, 200, 200, 422, 410}
	for _, lang := range languages {
		for _, at := range []route{{page: home}, {page: data}, {page: dataset, dataset: "bad"}, {page: dataset, dataset: "bad", version: 1}} {
			at.lang = lang
			w := s.get(t, at.path())
			harmless(t, at.path(), w)
			checkPage(t, at.path(), w.Body.String())
		}
		for i, q := range queries {
			at := route{lang: lang, page: explorer, dataset: "bad"}
			w := s.raw(at.path(), q)
			if w.Code == 302 {
				_, q, _ = strings.Cut(w.Header().Get("Location"), "?")
				w = s.raw(at.path(), q)
			}
			if w.Code != want[i] {
				t.Errorf("%s answers %d, want %d", q, w.Code, want[i])
			}
			harmless(t, q, w)
			checkPage(t, q, w.Body.String())
			for _, suffix := range suffixes {
				at.suffix = suffix
				f := s.raw(at.path(), q)
				links(t, at.path(), f) // well-formed
				if name := f.Header().Get("Content-Disposition"); strings.ContainsAny(name, "<>'\r\n") || strings.Count(name, `"`) > 2 {
					t.Errorf("%s: named %q", q, name)
				}
				if suffix == ".svg" && f.Code == 200 && (strings.Contains(f.Body.String(), "<script") || strings.Contains(f.Body.String(), "<img") || strings.Contains(f.Body.String(), "<b>")) {
					t.Errorf("%s: the drawing holds markup of the catalog", q)
				}
				if suffix == ".csv" && f.Code == 200 {
					in := csv.NewReader(f.Body)
					in.Comment = '#'
					if rows, err := in.ReadAll(); err != nil || len(rows) < 2 {
						t.Errorf("%s: CSV of %d rows: %v", q, len(rows), err)
					}
				}
			}
		}
	}
	if body := s.get(t, "/es/datos/bad").Body.String(); !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the texts are not shown at all: the test looks at nothing")
	}
	if w := s.get(t, "/catalog/bad/1/data.csv"); w.Code != 410 {
		t.Errorf("the withdrawn file answers %d", w.Code)
	} else {
		harmless(t, "withdrawn file", w)
	}
}
