package portal

import (
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/internal/web/portal/portaltest"
	"amparo/microdata"
)

// TestDatasetPageSaysHowItWasProtected reads the page of a release of each
// position of the dial: what was invented, what was lost, and the rules.
func TestDatasetPageSaysHowItWasProtected(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		path       string
		says, not  []string
		rowsAreCut bool
	}{
		{"/es/datos/coalition/3", []string{"algunas combinaciones raras que sí existen", "Cada valor está en su lista", "<code>gender = Female =&gt; ageBroad not in &lt;b&gt;</code>",
			"Reglas que cumplen todas las filas"}, []string{"estricta", "lista pública de valores"}, false},
		{"/en/data/coalition/3", []string{"some rare combinations that do exist were lost", "Every value is in its list", "Rules that all rows keep"}, []string{"strict", "no public list"}, false},
		{"/es/datos/coalition/2", []string{"cada combinación de hasta tres valores está en al menos 10 filas sintéticas", "se dejaron en blanco valores", "se quitaron filas",
			"citizenship (9 valores)"}, []string{"se cambiaron por otras"}, true},
		{"/en/data/coalition/2", []string{"every combination of up to three values is shared by at least 10 synthetic rows", "values were blanked", "rows were dropped",
			"citizenship (9 values)"}, []string{"were replaced"}, true},
		{"/es/datos/world", []string{"se dejaron todas como salieron"}, []string{"Reglas que cumplen", "estricta"}, false},
		{"/en/data/world", []string{"were all left as they came"}, []string{"Rules that all rows", "strict"}, false},
	} {
		body := s.get(t, c.path).Body.String()
		for _, want := range c.says {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", c.path, want)
			}
		}
		for _, not := range c.not {
			if strings.Contains(body, not) {
				t.Errorf("%s says %q", c.path, not)
			}
		}
		if got := strings.Contains(body, html.EscapeString(say(c.path[1:3], "dataset.rows.strict"))); got != c.rowsAreCut {
			t.Errorf("%s says that rows were dropped: %v", c.path, got)
		}
		for _, key := range []string{"dataset.dial.note", "dataset.interval", "dataset.epsilon", "dataset.delta", "dataset.mu"} {
			if !strings.Contains(body, html.EscapeString(say(c.path[1:3], key))) {
				t.Errorf("%s lacks %s", c.path, key)
			}
		}
	}
}

// TestMethodsSayTheSame: the page on methods explains each position of the dial,
// rules, tables against rows, and what an interval covers.
func TestMethodsSayTheSame(t *testing.T) {
	s := newSite(t)
	for path, words := range map[string][]string{
		"/es/metodos": {"Limitada", "Sin límite", "Estricta", "hasta tres valores está en 10 filas", "Ninguna fila sintética rompe una", "Las tablas</strong> son conteos",
			"nada más</strong>, y cada página lo dice"},
		"/en/methods": {"Limited", "Unlimited", "Strict", "up to three values is shared by 10 synthetic rows", "No synthetic row breaks one", "The tables</strong> are counts",
			"nothing else</strong>, and every page says so"},
	} {
		body := s.get(t, path).Body.String()
		for _, want := range words {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
}

// accountOf returns the account of a bundle that holds this report; "" is none.
func accountOf(t *testing.T, report string) account {
	t.Helper()
	d, err := microdata.NewDomain([]microdata.Column{{Name: "a", Levels: []microdata.Level{{Value: "1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"data.csv": "a\n1\n"}
	if report != "" {
		files["report.json"] = report
	}
	dir := t.TempDir()
	catalogtest.Add(t, dir, catalogtest.Manifest("x"), d, nil, files)
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bundle("x", 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := readAccount(b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestOnlyWhatTheReportSays: nothing is promised that a report does not state.
func TestOnlyWhatTheReportSays(t *testing.T) {
	for name, c := range map[string]struct {
		report string
		dial   string // key; "" says nothing
		rules  int
	}{
		"none":                 {"", "", 0},
		"empty":                {"{}", "", 0},
		"not JSON":             {"<html>", "", 0},
		"cut short":            {`{"fabrication": "strict", "support": 10`, "", 0},
		"another shape":        {`{"fabrication": "strict", "support": "ten"}`, "", 0},
		"an array":             {`[1]`, "", 0},
		"strict, no number":    {`{"fabrication": "strict"}`, "", 0},
		"a dial of the future": {`{"fabrication": "none", "rules": [{"rule": {"es": "a", "en": "b"}, "violations": 0}]}`, "", 1},
		"limited":              {`{"fabrication": "limited", "other": [1, 2]}`, "dataset.dial.limited", 0},
		"unlimited":            {`{"fabrication": "unlimited"}`, "dataset.dial.unlimited", 0},
		"a broken rule":        {`{"fabrication": "limited", "rules": [{"rule": {"es": "a"}, "violations": 1}, {"rule": {}, "violations": 0}, {"rule": {"fr": "c"}}]}`, "dataset.dial.limited", 0},
	} {
		for _, lang := range languages {
			p := accountOf(t, c.report).in(lang)
			want := ""
			if c.dial != "" {
				want = say(lang, c.dial)
			}
			if p.Dial != want {
				t.Errorf("%s: says %q", name, p.Dial)
			}
			if len(p.Rules) != c.rules || p.Found != "" {
				t.Errorf("%s: rules %v, found %q", name, p.Rules, p.Found)
			}
		}
	}
	if got := accountOf(t, `{"fabrication": "strict", "support": 25}`).in("en").Dial; !strings.Contains(got, "at least 25 synthetic rows") {
		t.Errorf("another support reads %q", got)
	}
	r := accountOf(t, `{"rules": [{"rule": {"es": "solo así"}}]}`).in("en").Rules
	if len(r) != 1 || r[0].Text != "solo así" {
		t.Errorf("a rule in one language reads %v", r)
	}
}

// TestReportThatWasTouched: the page is not shown without what its report said.
func TestReportThatWasTouched(t *testing.T) {
	s := ownSite(t)
	if w := s.get(t, "/es/datos/coalition"); w.Code != 200 {
		t.Fatal(w.Code)
	}
	file := filepath.Join(s.catalog.Dir(), portaltest.Coalition, "3", "report.json")
	if err := os.WriteFile(file, []byte(`{"fabrication": "strict", "support": 10}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if w := s.get(t, "/es/datos/coalition"); w.Code != 503 || strings.Contains(w.Body.String(), "estricta") {
		t.Errorf("a report that nobody signed is shown, with %d", w.Code)
	}
}
