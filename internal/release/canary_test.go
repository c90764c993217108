package release_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
	"amparo/microdata/tabular"
)

// canary is a person who exists in the input alone: each value stands in one row.
var canary = []string{"clave-canaria-4417", "Rosario Canaria", "Xelajú-canario-83"}

// canaryHouse has the canary in its file, under a person key and in two columns
// whose levels must be found. The file's number of rows is no other number.
func canaryHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	var records [][]string
	for i, row := range h.records {
		line := []string{fmt.Sprint("k", i), common[i%3], common[(i+1)%3]}
		if i == 1000 {
			line = slices.Clone(canary)
		}
		records = append(records, append(line, row...))
	}
	h.write(append([]string{"caseKey", "village", "hamlet"}, columns...), records)
	return h
}

// secrets are what may stand nowhere outside: facts of the input, and where and by
// whom it was processed.
func (h *house) secrets() []string {
	h.t.Helper()
	input, err := os.ReadFile(h.path(inputName))
	if err != nil {
		h.t.Fatal(err)
	}
	all := append(slices.Clone(canary), "caseKey", inputName, h.dir, filepath.Base(filepath.Dir(h.dir)), fmt.Sprint(people), fmt.Sprint(len(input)))
	if host, err := os.Hostname(); err == nil && len(host) > 5 {
		all = append(all, host)
	}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, home+"/")
	}
	if u, err := user.Current(); err == nil && len(u.Username) > 4 {
		all = append(all, u.Username)
	}
	return all
}

// holds returns which secrets a text holds. A number counts where no digit or dot
// stands beside it, and in JSON outside of text, for hashes hold any digits.
func holds(text []byte, secrets []string) (found []string) {
	plain := bytes.ToLower(text)
	hashless := regexp.MustCompile(`[0-9a-f]{32,}|[A-Za-z0-9+/]{40,}=*`).ReplaceAll(plain, nil)
	for _, s := range secrets {
		if _, err := strconv.Atoi(s); err == nil {
			for _, form := range []string{s, grouped(s)} {
				if regexp.MustCompile(`(^|[^0-9.])` + form + `($|[^0-9.])`).Match(hashless) {
					found = append(found, s)
				}
			}
			continue
		}
		if bytes.Contains(plain, []byte(strings.ToLower(s))) {
			found = append(found, s)
		}
	}
	return found
}

// TestTheCanaryIsFound shows that the search can find.
func TestTheCanaryIsFound(t *testing.T) {
	h := canaryHouse(t)
	secrets := h.secrets()
	for _, text := range []string{`{"n":1871}`, "1\u202f871 persons", "x,1871\n", "ROSARIO CANARIA", "open " + h.dir + "/x: denied", "in CASEKEY"} {
		if len(holds([]byte(text), secrets)) == 0 {
			t.Errorf("nothing found in %q", text)
		}
	}
	for _, text := range []string{"0.1871", "11871", "1871.5", strings.Repeat("ab", 20) + "1871" + strings.Repeat("cd", 20)} {
		if found := holds([]byte(text), secrets); len(found) > 0 {
			t.Errorf("found %v in %q", found, text)
		}
	}
	if input, _ := os.ReadFile(h.path(inputName)); len(holds(input, secrets)) < 3 {
		t.Error("the input itself does not hold the canary")
	}
}

// TestTheCanaryStaysIn publishes with the canary among the people, in all ways, and
// reads every file as what it is: text, and the records within Parquet.
func TestTheCanaryStaysIn(t *testing.T) {
	h := canaryHouse(t)
	secrets := h.secrets()
	reveal := func(where string, text []byte) {
		if found := holds(text, secrets); len(found) > 0 {
			t.Errorf("%s holds %v", where, found)
		}
	}
	var results []*release.Result
	for i, ask := range []func(*house) release.Request{(*house).release, (*house).release, (*house).tables, (*house).request} {
		r := ask(h)
		r.Domain, r.Person, r.Noise = nil, "caseKey", random(byte(60+i)) // whose noisy totals are not the exact one
		if r.Tabs == nil && i != 1 {
			r.Drop = []string{"hamlet"}
		}
		r.Progress = func(p release.Progress) {
			reveal("a progress line", []byte(p.Stage))
			if p.Stage != release.Reading && (p.Done == people || p.Total == people) {
				t.Errorf("progress tells the exact number: %+v", p)
			}
		}
		results = append(results, h.run(r))
	}
	s, err := h.signer()
	if err != nil {
		t.Fatal(err)
	}
	if err := release.Withdraw(h.path("catalog"), publish.Withdrawal{Dataset: "things", Version: 1, Reason: "x", Time: noon}, s); err != nil {
		t.Fatal(err)
	}
	files, parquets := 0, 0
	for _, root := range []string{"catalog", "tables", "out.csv"} {
		err := filepath.WalkDir(h.path(root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			name := path[len(h.dir):]
			text, err := os.ReadFile(path)
			reveal(name, text)
			reveal("the name of "+name, []byte(name))
			if strings.HasSuffix(path, ".parquet") {
				parquets++
				for _, row := range catalogtest.ReadParquet(t, path) {
					reveal(name, []byte(strings.Join(row, "\n")))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 40 || parquets != 2 {
		t.Errorf("%d files, %d of them Parquet", files, parquets)
	}
	for _, res := range results {
		said := *res
		said.Path, said.Report = "", "" // where it was written, for who ran it
		text, err := json.Marshal(said)
		if err != nil {
			t.Fatal(err)
		}
		reveal("a result", text)
	}
	spends, err := json.Marshal(h.spends())
	if err != nil {
		t.Fatal(err)
	}
	reveal("the private ledger", spends)
}

// TestErrorsTellNothing makes runs fail in all the ways there are, with the canary
// among the people, and looks for it and its surroundings in what is said.
func TestErrorsTellNothing(t *testing.T) {
	write := func(h *house, name, text string) string {
		if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return h.path(name)
	}
	at := func(stage string, do func()) func(release.Progress) {
		done := false
		return func(p release.Progress) {
			if p.Stage == stage && !done {
				done = true
				do()
			}
		}
	}
	domain := func(text string) *tabular.DomainFile {
		d, err := tabular.ReadDomain(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, spoil := range map[string]func(*house, *release.Request){
		"over budget":          func(_ *house, r *release.Request) { r.Epsilon = 49 },
		"no population":        func(_ *house, r *release.Request) { r.Population = "nobody" },
		"no noise":             func(_ *house, r *release.Request) { r.Noise = &failing{random(1), 0} },
		"noise runs dry":       func(_ *house, r *release.Request) { r.Noise = &failing{random(1), 5000} },
		"person is no column":  func(_ *house, r *release.Request) { r.Person = "nothing" },
		"drop is no column":    func(_ *house, r *release.Request) { r.Drop = []string{"nothing"} },
		"domain lacks a value": func(_ *house, r *release.Request) { r.Domain = domain(`{"village": ["north"]}`) },
		"no such rules":        func(h *house, r *release.Request) { r.Rules = h.path("rules.txt") },
		"rules that fail": func(h *house, r *release.Request) {
			r.Rules = write(h, "rules.txt", "village = "+canary[1]+" => colour = red\nx")
		},
		"rules are a folder":   func(h *house, r *release.Request) { r.Rules = h.dir },
		"file is a folder":     func(h *house, r *release.Request) { r.File = h.dir },
		"no such file":         func(h *house, r *release.Request) { r.File = h.path("of/" + canary[1]) },
		"name with NUL":        func(h *house, r *release.Request) { r.File = h.path(inputName + "\x00") },
		"ragged at the canary": func(h *house, _ *release.Request) { h.spoil(",", 1000, "") },
		"quote at the canary":  func(h *house, _ *release.Request) { h.spoil(canary[1], 0, `"`+canary[1]) },
		"ledger fails":         func(h *house, r *release.Request) { r.Ledger = &failingLedger{Ledger: h.ledger, at: 2} },
		"population not UTF-8": func(_ *house, r *release.Request) { r.Population = canary[1] + "\xff" },
	} {
		for way, ask := range ways {
			h := canaryHouse(t)
			r := ask.request(h)
			r.Domain, r.Person = nil, "caseKey"
			spoil(h, &r)
			h.tellsNothing(name+", "+way, r)
		}
	}
	for name, spoil := range map[string]func(*house, *release.Request){
		"catalog is a file": func(h *house, r *release.Request) { r.Pub.Catalog = write(h, "c", "") },
		"in a file":         func(h *house, r *release.Request) { r.Pub.Catalog = write(h, "c", "") + "/catalog" },
		"ledger is broken": func(h *house, r *release.Request) {
			os.Mkdir(r.Pub.Catalog, 0o755)
			write(h, "catalog/ledger.jsonl", "x\n")
		},
		"dataset is a file":  func(h *house, r *release.Request) { os.Mkdir(r.Pub.Catalog, 0o755); write(h, "catalog/things", "") },
		"dataset has no id":  func(_ *house, r *release.Request) { r.Pub.Dataset = "Rosario" },
		"reports in catalog": func(h *house, r *release.Request) { r.Pub.Reports = h.path("catalog/r") },
		"title":              func(_ *house, r *release.Request) { r.Pub.Title = map[string]string{"fr": "x"} },
		"staging goes": func(h *house, r *release.Request) {
			r.Progress = at(release.Writing, func() { _ = removeAll(h.path("catalog/.staging-*")) })
		},
		"catalog goes": func(h *house, r *release.Request) {
			r.Progress = at(release.Measuring, func() { _ = os.RemoveAll(h.path("catalog")) })
		},
		"version is taken": func(h *house, r *release.Request) {
			r.Progress = at(release.Publishing, func() { _ = os.MkdirAll(h.path("catalog/things/1/x"), 0o755) })
		},
	} {
		h := canaryHouse(t)
		r := h.release()
		r.Domain, r.Person = nil, "caseKey"
		spoil(h, &r)
		h.tellsNothing(name, r)
	}
	for name, spoil := range map[string]func(*house, *release.Request){
		"folder goes": func(h *house, r *release.Request) {
			r.Out.Path = h.path("sub/out.csv")
			os.Mkdir(h.path("sub"), 0o755)
			r.Progress = at(release.Measuring, func() { os.RemoveAll(h.path("sub")) })
		},
		"file comes": func(h *house, r *release.Request) {
			r.Progress = at(release.Measuring, func() { write(h, "out.csv", "") })
		},
		"out in a file": func(h *house, r *release.Request) { r.Out.Path = h.path(inputName) + "/out.csv" },
	} {
		h := canaryHouse(t)
		r := h.request()
		r.Domain, r.Person = nil, "caseKey"
		spoil(h, &r)
		h.tellsNothing(name, r)
	}
}

// tellsNothing runs a request that must fail and looks into the error and its hint.
func (h *house) tellsNothing(name string, r release.Request) {
	h.t.Helper()
	_, err := release.Run(h.t.Context(), r)
	if err == nil {
		h.t.Errorf("%s: no error", name)
		return
	}
	secrets := append(h.secrets(), "Rosario", "canari")
	if found := holds([]byte(err.Error()+"\n"+release.Hint(err)), secrets); len(found) > 0 {
		h.t.Errorf("%s: the error tells %v: %v (hint %s)", name, found, err, release.Hint(err))
	}
}

// spoil replaces a text in one line of the input.
func (h *house) spoil(old string, line int, new string) {
	h.t.Helper()
	b, err := os.ReadFile(h.path(inputName))
	if err != nil {
		h.t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	if line == 0 {
		line = slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, old) })
	}
	lines[line] = strings.Replace(lines[line], old, new, 1)
	if err := os.WriteFile(h.path(inputName), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// TestBundleAgreesWithItself reads one bundle by its three formats: Parquet holds
// the rows of data.csv, the tables' fitted counts add up to their number, the
// intervals are those of the noisy counts beside them, and report, codebook and
// manifest say the same of them.
func TestBundleAgreesWithItself(t *testing.T) {
	h := openHouse(t)
	r := h.release()
	r.Domain, r.Person = nil, "caseKey"
	res := h.run(r)
	data := readCSV(t, filepath.Join(res.Path, "data.csv"))
	if got := catalogtest.ReadParquet(t, filepath.Join(res.Path, "data.parquet")); !slices.EqualFunc(got, data, slices.Equal) {
		t.Error("data.parquet holds other rows than data.csv")
	}
	c, err := catalog.Open(h.path("catalog"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bundle("things", 1)
	if err != nil {
		t.Fatal(err)
	}
	m := b.Manifest()
	if m.Rows != len(data)-1 || !slices.Equal(m.Columns, data[0]) || m.PrivacyUnit != catalog.UnitPerson {
		t.Errorf("the manifest says %d rows of %v", m.Rows, m.Columns)
	}
	var report release.Report
	if err := json.Unmarshal([]byte(bundleFile(t, res, "report.json")), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Tables) != len(b.Codebook().Tables) {
		t.Fatalf("the report has %d tables, the codebook %d", len(report.Tables), len(b.Codebook().Tables))
	}
	for i, e := range b.Codebook().Tables {
		lines := readCSV(t, filepath.Join(res.Path, e.File))
		k, sum := len(e.Columns), 0.0
		for _, line := range lines[1:] {
			noisy, variance, low, high := number(t, line[k]), number(t, line[k+1]), number(t, line[k+3]), number(t, line[k+4])
			half := 1.9599639845 * math.Sqrt(variance)
			if math.Abs(low-max(noisy-half, 0)) > .051 || math.Abs(high-max(noisy+half, math.Sqrt(variance))) > .051 || variance != e.Variance {
				t.Errorf("%s: %v", e.File, line)
			}
			sum += number(t, line[k+2])
		}
		if math.Abs(sum-float64(m.Rows)) > .01*float64(len(lines)) {
			t.Errorf("%s: fitted counts add up to %v of %d", e.File, sum, m.Rows)
		}
		f := report.Tables[i]
		if f.Cells != len(lines)-1 || math.Abs(f.Sigma*f.Sigma-e.Variance) > 1e-9*e.Variance || len(f.Columns) != k {
			t.Errorf("the report says of %s: %+v", e.File, f)
		}
		for j, column := range e.Columns {
			if f.Columns[j] != column.Name {
				t.Errorf("the report calls column %s of %s %s", column.Name, e.File, f.Columns[j])
			}
		}
	}
	for i, name := range data[0] {
		own, ok := b.Codebook().Column(name)
		if !ok {
			t.Fatalf("the codebook lacks %s", name)
		}
		for _, row := range data[1:] {
			known := false
			for _, l := range own.Levels {
				known = known || l.Value == row[i]
			}
			if !known {
				t.Fatalf("column %s holds a value that the codebook lacks", name)
			}
		}
	}
}
