package release_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/release"
	"amparo/microdata/tabular"
)

func custodianPage(t *testing.T, h *house, lang string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.path("reports"), "things-1.custodian."+lang+".html"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// part returns what stands between a heading and the next of its level.
func part(t *testing.T, page, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<h2 id="`+id+`"`)
	if !ok {
		t.Fatalf("the page has no part %q", id)
	}
	rest, _, _ = strings.Cut(rest, "<h2")
	return rest
}

// TestCustodianReportOfARun looks at a run without a recognised standard: subgroups by
// the columns of fewest levels, of a hundred people or more with their exact numbers;
// distances far below the independent model; intervals that hold.
func TestCustodianReportOfARun(t *testing.T) {
	h := newHouse(t)
	if res := h.run(h.release()); res.ReportErr != nil {
		t.Fatal(res.ReportErr)
	}
	page := custodianPage(t, h, "en")
	if strings.Contains(page, `id="named"`) {
		t.Error("without a standard there are pairs named")
	}
	groups := part(t, page, "subgroups")
	at := -1
	for _, name := range []string{"shape", "colour", "size"} { // of 2, 4 and 5 levels
		next := strings.Index(groups, "<h3>"+name+"</h3>")
		if next <= at {
			t.Errorf("subgroups by %s stand at %d after %d", name, next, at)
		}
		at = next
	}
	for c := range columns {
		count := map[string]int{}
		for _, row := range h.records {
			count[row[c]]++
		}
		for value, n := range count {
			name := value
			if name == "" {
				name = "Not stated"
			}
			cells := fmt.Sprintf("<tr><td>%s</td><td class=\"n\">%s</td>", name, grouped(fmt.Sprint(n)))
			if strings.Contains(groups, cells) != (n >= 100) {
				t.Errorf("%s %s of %d people: %v", columns[c], name, n, n < 100)
			}
		}
	}
	row := regexp.MustCompile(`<tr><td class="n">2</td><td class="n">3</td><td class="n">([0-9.e-]+)</td><td class="n">([0-9.e-]+)</td><td class="n">([0-9.e-]+)</td>`).FindStringSubmatch(part(t, page, "distance"))
	if row == nil {
		t.Fatal("there is no row of pairs")
	}
	ours, independent, fresh := figure(t, row[1]), figure(t, row[2]), figure(t, row[3])
	if ours > independent/2 || independent < .1 || fresh > independent/2 {
		t.Errorf("pairs: %v, independent %v, fresh sample %v", ours, independent, fresh)
	}
	// 11 cells of columns and as many of pairs as were published: below 3 of 4 by
	// chance less than once in 10³, and the noise of a test is the same every time.
	all := regexp.MustCompile(`<td>All cells</td><td class="n">(\d+)</td><td class="n">([0-9.]+) %`).FindStringSubmatch(part(t, page, "coverage"))
	if all == nil || figure(t, all[1]) < 11 || figure(t, all[2]) < 75 {
		t.Errorf("coverage %v", all)
	}
	for _, heading := range []string{"Is this person in the data?", "Were records learned by heart?", "Can one person be singled out?", "Can what is not known"} {
		if !strings.Contains(part(t, page, "attacks"), heading) {
			t.Errorf("the attacks lack %q", heading)
		}
	}
}

func figure(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestCustodianReportIsTheSame for the same noise and any number of workers.
func TestCustodianReportIsTheSame(t *testing.T) {
	var pages []string
	for _, workers := range []int{1, 3} {
		h := newHouse(t)
		r := h.release()
		r.Workers = workers
		h.run(r)
		pages = append(pages, custodianPage(t, h, "es"))
	}
	if pages[0] != pages[1] {
		t.Error("the report depends on the number of workers")
	}
}

// standardHouse writes a file of a recognised standard, half the columns of it: forms
// and ages hang on the country.
func standardHouse(t *testing.T) *house {
	h := newHouse(t)
	p, err := tabular.ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 9))
	countries := []string{"COL", "MEX", "PHL", "UKR"}
	var names []string // 24 of 37
	for _, n := range p.Domain().Names() {
		if n != "isOtherExploit" && n != "traffickMonths" && !strings.HasPrefix(n, "typeOf") && !strings.HasPrefix(n, "recruiter") {
			names = append(names, n)
		}
	}
	var records [][]string
	for range 900 {
		kind, row := r.IntN(4), make([]string, len(names))
		for i, n := range names {
			k := kind
			if r.IntN(5) == 0 {
				k = r.IntN(4)
			}
			switch n {
			case "citizenship", "CountryOfExploitation":
				row[i] = countries[k]
			case "gender":
				row[i] = []string{"Female", "Female", "Male", ""}[k]
			case "ageBroad":
				row[i] = []string{"09--17", "18--20", "30--38", "39--47"}[k]
			case "isForcedLabour":
				row[i] = []string{"1", "", "1", ""}[k]
			case "isSexualExploit":
				row[i] = []string{"", "1", "", "1"}[k]
			}
		}
		records = append(records, row)
	}
	h.write(names, records)
	return h
}

// TestStandardFile releases a file of a standard, and looks at both of its reports.
func TestStandardFile(t *testing.T) {
	h := standardHouse(t)
	r := h.release()
	r.Domain = nil
	res := h.run(r)
	if res.ReportErr != nil || res.Profile != "ctdc-global-synthetic-2021" {
		t.Fatalf("%s, %v", res.Profile, res.ReportErr)
	}
	if page := custodianPage(t, h, "en"); strings.Contains(page, "nearer: learned by heart") {
		t.Error("the attacks take protected records for real ones")
	}
	t.Run("shown", func(t *testing.T) { standardIsShown(t, h) })
	t.Run("published", func(t *testing.T) { nothingOfTheCustodian(t, h, res) })
}

// standardIsShown: pairs and subgroups of the standard, with its words in the page's
// language; what the file lacks is passed over.
func standardIsShown(t *testing.T, h *house) {
	for lang, c := range map[string]struct{ pairs, groups []string }{
		"es": {[]string{"País de ciudadanía × Forma de explotación: trabajo forzoso", "Grupo de edad × País de ciudadanía", "Género × Forma de explotación: explotación sexual"},
			[]string{"<h3>Género</h3>", "<h3>País de ciudadanía</h3>", "<h3>País de explotación</h3>", "<td>Femenino</td>", "<td>No consta o suprimido</td>"}},
		"en": {[]string{"Country of citizenship × Form of exploitation: forced labour", "Age group × Country of citizenship", "Gender × Form of exploitation: sexual exploitation"},
			[]string{"<h3>Gender</h3>", "<h3>Country of citizenship</h3>", "<h3>Country of exploitation</h3>", "<td>Female</td>", "<td>Not stated or suppressed</td>"}},
	} {
		page := custodianPage(t, h, lang)
		named := part(t, page, "named")
		for _, w := range c.pairs {
			if !strings.Contains(named, "<td>"+w+"</td>") {
				t.Errorf("%s: the pairs named lack %q", lang, w)
			}
		}
		if n := strings.Count(named, "<tr><td>"); n != 5 { // of seven, two of a column that is not there
			t.Errorf("%s: %d pairs named", lang, n)
		}
		for _, w := range c.groups {
			if !strings.Contains(part(t, page, "subgroups"), w) {
				t.Errorf("%s: the groups lack %q", lang, w)
			}
		}
	}
}

// nothingOfTheCustodian: neither the words nor the drawings of the custodian's report
// stand in any file of the catalog.
func nothingOfTheCustodian(t *testing.T, h *house, res *release.Result) {
	words := []string{"No publicar", "Not for publication", "Modelo independiente", "Independent model", "control group", "grupo de control",
		"Muestra nueva", "Fresh sample", "learned by heart", "de memoria", `class="chance"`, `class="invents"`, "<circle class=\"chance\""}
	page := custodianPage(t, h, "en") + custodianPage(t, h, "es")
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Errorf("the custodian's own report has no %q: the test looks for nothing", w)
		}
	}
	files := 0
	err := filepath.WalkDir(h.path("catalog"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, w := range words {
			if strings.Contains(string(text), w) {
				t.Errorf("%s holds %q", d.Name(), w)
			}
		}
		return err
	})
	if err != nil || files < 20 {
		t.Fatalf("%d files: %v", files, err)
	}
	if strings.HasPrefix(res.Report, h.path("catalog")) {
		t.Error("the custodian's report lies in the catalog")
	}
}

// TestReportCanBeCancelled: what is out is out; the report alone is missing.
func TestReportCanBeCancelled(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := h.release()
	stages := map[int64]bool{}
	r.Progress = func(p release.Progress) {
		if p.Stage == release.Comparing {
			stages[p.Done] = true
			if p.Done == 1 {
				cancel()
			}
		}
	}
	res, err := release.Run(ctx, r)
	if err != nil || res.Version != 1 || h.spends()[0].State != release.Finished {
		t.Fatalf("%+v, %v", res, err)
	}
	if res.ReportErr == nil || res.Report != "" {
		t.Errorf("report %q, %v", res.Report, res.ReportErr)
	}
	if left, _ := os.ReadDir(h.path("reports")); len(left) != 0 || !stages[0] || !stages[1] {
		t.Errorf("%d files are left, stages %v", len(left), stages)
	}
}

// TestOneColumnIsReported: nothing to compare but itself.
func TestOneColumnIsReported(t *testing.T) {
	h := newHouse(t)
	r := h.release()
	var records [][]string
	for _, row := range h.records {
		records = append(records, row[2:])
	}
	h.write(columns[2:], records)
	d, err := tabular.ReadDomain(strings.NewReader(`{"size": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Domain = d
	if res := h.run(r); res.ReportErr != nil {
		t.Fatal(res.ReportErr)
	}
	if page := custodianPage(t, h, "en"); strings.Contains(page, `id="subgroups"`) || !strings.Contains(page, `id="attacks"`) || strings.Contains(page, "NaN") {
		t.Error("the report of one column has groups, no attacks, or figures that are none")
	}
}

// TestPublishableChartsAreOfItsTables: what is drawn stands in report.json, and ρ is
// half the square of μ.
func TestPublishableChartsAreOfItsTables(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.release())
	var p release.Report
	if err := json.Unmarshal([]byte(bundleFile(t, res, "report.json")), &p); err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.Rho-p.Mu*p.Mu/2) > 1e-12 || p.Rho == 0 {
		t.Errorf("ρ = %v, μ = %v", p.Rho, p.Mu)
	}
	worst := 0.0
	for _, f := range p.Tables {
		worst = max(worst, f.Model)
	}
	for lang, words := range map[string][]string{"es": {"Las tablas de mayor error esperado", "1 columna: 3 tablas", "ρ = 0.028"}, "en": {"The tables of greatest expected error", "1 column: 3 tables", "ρ = 0.028"}} {
		page := bundleFile(t, res, "report."+lang+".html")
		for _, w := range append(words, strconv.FormatFloat(worst, 'g', 3, 64)+"</text>") {
			if !strings.Contains(page, w) {
				t.Errorf("the report in %s lacks %q", lang, w)
			}
		}
		if n := strings.Count(page, "<svg"); n != 2 {
			t.Errorf("the report in %s has %d drawings", lang, n)
		}
	}
}
