package release_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"amparo/internal/release"
	"amparo/microdata"
)

func bundleFile(t *testing.T, res *release.Result, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(res.Path, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPublishableReport(t *testing.T) {
	h := newHouse(t)
	r := h.release()
	r.Pub.Title = microdata.Text{"es": "Cosas <contadas>", "en": "Things <counted>"}
	r.Pub.Fictional = true
	res := h.run(r)
	for lang, words := range map[string][]string{
		"es": {`<html lang="es">`, "Cosas &lt;contadas&gt;", "Datos ficticios", "firmada por una sola persona", "una fila se toma por una persona", "ε = 1", "δ = 10⁻⁶", "1 : 1\u202f000\u202f000", "colour × shape", "0 faltas", "73 %"},
		"en": {`<html lang="en">`, "Things &lt;counted&gt;", "Fictional data", "signed by one person", "one row is taken as one person", "μ = 0.237", "0 violations", "2.7 %"},
	} {
		page := bundleFile(t, res, "report."+lang+".html")
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("the report in %s lacks %q", lang, w)
			}
		}
		if strings.Contains(page, "<no value>") || strings.Contains(page, "ZgotmplZ") || regexp.MustCompile(`(?i)(src|href|@import|url\()\s*=?\s*["']?http`).MatchString(page) {
			t.Errorf("the report in %s has a hole, or loads something", lang)
		}
	}
	var p release.Report
	if err := json.Unmarshal([]byte(bundleFile(t, res, "report.json")), &p); err != nil {
		t.Fatal(err)
	}
	if p.Epsilon != 1 || p.Mu != float64(res.Spend.Cost.Mu()) || p.Rows != res.Rows || p.SignedBy != 1 || len(p.Tables) != res.Tables || len(p.Rules) == 0 || p.Rules[0].Violations != 0 {
		t.Errorf("report.json holds %+v", p)
	}
	for _, f := range p.Tables {
		if math.Abs(f.Half-1.959964*f.Sigma) > 1e-5*f.Half || math.Abs(f.Noise-0.797885*f.Sigma) > 1e-5*f.Noise || f.Model < 0 || f.Cells < 2 {
			t.Errorf("table %s: %+v", f.ID, f)
		}
	}
	if len(p.Beliefs) != 3 || len(p.Accusations) != 3 {
		t.Errorf("odds: %v, %v", p.Beliefs, p.Accusations)
	}
}

// TestReportIsMadeOfReleasedValues makes two inputs that differ by a person who
// moves nothing that is released, by replaying the noise of one as the other's:
// here simply the same input under another name and order of rows. Everything
// that does not come from noisy counts would differ.
func TestReportIsMadeOfReleasedValues(t *testing.T) {
	texts := map[bool]string{}
	for _, turned := range []bool{false, true} {
		h := newHouse(t)
		if turned {
			for i, j := 0, len(h.records)-1; i < j; i, j = i+1, j-1 {
				h.records[i], h.records[j] = h.records[j], h.records[i]
			}
			h.write(columns, h.records)
		}
		res := h.run(h.release())
		texts[turned] = bundleFile(t, res, "report.json") + bundleFile(t, res, "data.csv") + bundleFile(t, res, "codebook.json")
	}
	if texts[true] != texts[false] {
		t.Error("the order of the input's rows shows in the bundle")
	}
}

func TestFoundListsAreReported(t *testing.T) {
	h := openHouse(t)
	r := h.release()
	r.Domain, r.Person, r.Drop = nil, "caseKey", []string{"size"}
	res := h.run(r)
	page := bundleFile(t, res, "report.en.html")
	for _, w := range []string{"Lists of values that were found", "town: 3", "Columns left out by the custodian: size", "10⁻⁷"} {
		if !strings.Contains(page, w) {
			t.Errorf("the report lacks %q", w)
		}
	}
}

func TestCustodianReport(t *testing.T) {
	h := openHouse(t)
	r := h.release()
	r.Domain, r.Person = nil, "caseKey"
	res := h.run(r)
	if res.ReportErr != nil || filepath.Dir(res.Report) != h.path("reports") {
		t.Fatalf("%s, %v", res.Report, res.ReportErr)
	}
	for lang, words := range map[string][]string{
		"es": {"No publicar", "1\u202f871", "Modelo independiente", "<td>town</td><td class=\"n\">6</td><td class=\"n\">3</td>"},
		"en": {"Not for publication", "1\u202f871", "Independent model"},
	} {
		path := filepath.Join(h.path("reports"), "things-1.custodian."+lang+".html")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if !strings.Contains(string(text), w) {
				t.Errorf("the report in %s lacks %q", lang, w)
			}
		}
		for _, p := range planted {
			if strings.Contains(string(text), p) {
				t.Errorf("even the custodian's report need not hold %q", p)
			}
		}
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	if info, _ := os.Stat(h.path("reports")); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
}

// TestReleaseStandsWithoutTheReport lets the custodian's report fail: what is
// published is published, and the result says what is missing.
func TestReleaseStandsWithoutTheReport(t *testing.T) {
	h := newHouse(t)
	r := h.release()
	if err := os.WriteFile(h.path("reports"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	res := h.run(r)
	if res.ReportErr == nil || res.Report != "" || res.Version != 1 || h.spends()[0].State != release.Finished {
		t.Errorf("%+v", res)
	}
	if strings.Contains(res.ReportErr.Error(), h.dir) {
		t.Errorf("%v", res.ReportErr)
	}
}
