package portal

import (
	"bytes"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// TestCatalogThatChanges publishes and withdraws while the portal serves: the next
// answer is of the catalog as it is.
func TestCatalogThatChanges(t *testing.T) {
	s := ownSite(t)
	newest := func(want string) {
		t.Helper()
		if body := s.get(t, "/en/data/coalition/explore.json?by=gender").Body.String(); !strings.Contains(body, `"source":"coalition@`+want+`"`) {
			t.Errorf("the newest version is not %s: %.200s", want, body)
		}
	}
	newest("3")
	if strings.Contains(s.get(t, "/en/data/coalition").Body.String(), "There is a newer version") {
		t.Error("version 3 is said not to be the newest")
	}

	catalogtest.Withdraw(t, s.catalog.Dir(), "coalition", 3, "Two offices were <swapped>.", 2)
	newest("2")
	for _, path := range []string{"/en/data/coalition/3", "/en/data/coalition/explore?by=gender&version=3", "/en/data/coalition/explore.csv?by=gender&version=3", "/en/data/coalition/explore.json?by=gender&version=3",
		"/en/data/coalition/explore.svg?by=gender&version=3", "/catalog/coalition/3/data.csv", "/catalog/coalition/3/manifest.json", "/catalog/coalition/3/report.en.html"} {
		w := s.get(t, path, "Accept-Language", "en", "If-None-Match", "*")
		if body := html.UnescapeString(w.Body.String()); w.Code != 410 || !strings.Contains(body, "Two offices were") || strings.Contains(w.Body.String(), "<swapped>") && w.Header().Get("Content-Type") == "text/html; charset=utf-8" {
			t.Errorf("%s answers %d after it was withdrawn", path, w.Code)
		}
		if w.Header().Get("Content-Disposition") != "" {
			t.Errorf("%s is still a download", path)
		}
	}
	page := s.get(t, "/en/data/coalition").Body.String()
	if !strings.Contains(page, "Withdrawn.</strong> Two offices were &lt;swapped&gt;.") || !strings.Contains(page, "<div><dt>Version</dt><dd>2</dd></div>") {
		t.Error("the dataset's page is not of version 2, or does not say why 3 is gone")
	}
	if !strings.Contains(s.get(t, "/catalog/ledger.jsonl").Body.String(), "Two offices") {
		t.Error("the ledger that is served is an old one")
	}

	catalogtest.Withdraw(t, s.catalog.Dir(), "coalition", 2, "So was this.", 0)
	for path, want := range map[string]int{"/en/data/coalition": 410, "/en/data/coalition/explore?by=gender": 410, "/en/data/coalition/explore.csv?by=gender": 410, "/en/data/world": 200, "/en/data": 200, "/en/": 200} {
		if w := s.get(t, path); w.Code != want {
			t.Errorf("%s answers %d when all versions are withdrawn, want %d", path, w.Code, want)
		}
	}
	list := s.get(t, "/en/data").Body.String()
	if strings.Contains(list, "60,214") || !strings.Contains(list, "Withdrawn. The reason is on its page.") && !strings.Contains(list, say("en", "data.withdrawn")) {
		t.Error("the catalogue still counts the rows of what was withdrawn, or does not say that it was")
	}
	if strings.Contains(list, `class="fictional"`) {
		t.Error("nothing that is shown is fictional, and the catalogue says that something is")
	}

	d, err := microdata.NewDomain([]microdata.Column{{Name: "gender", Levels: []microdata.Level{{Value: "Female"}, {Value: "Male"}}}})
	if err != nil {
		t.Fatal(err)
	}
	table, err := catalog.NewTable(1, d, microdata.Clique{0}, nil, catalog.Counts{Noisy: []int64{777, 333}, Variance: 4})
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.Add(t, s.catalog.Dir(), catalogtest.Manifest("coalition"), d, []*catalog.Table{table}, map[string]string{"data.csv": "gender\nFemale\n"})
	newest("4")
	if body := s.get(t, "/en/data/coalition/explore?by=gender").Body.String(); !strings.Contains(body, ">777<") {
		t.Error("the new version's numbers are not shown")
	}
	if s.log.Len() > 0 {
		t.Errorf("the portal logged: %s", &s.log)
	}
}

// TestAnswersAreOfOneVersion asks from many goroutines while versions are
// withdrawn: page and files answer of a version whole, or say that it is gone.
func TestAnswersAreOfOneVersion(t *testing.T) {
	s := ownSite(t)
	whole := map[string]string{}
	for _, v := range []string{"2", "3"} {
		whole[s.get(t, "/en/data/coalition/explore.json?by=gender&version="+v).Body.String()] = v
	}
	strip := strings.NewReplacer(`&version=2`, "", `&version=3`, "")
	for body, v := range whole {
		whole[strip.Replace(body)] = v
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				w := s.get(t, "/en/data/coalition/explore.json?by=gender")
				if _, ok := whole[w.Body.String()]; w.Code == 200 && !ok || w.Code != 200 && w.Code != 410 {
					t.Errorf("answers %d with %.300s", w.Code, w.Body)
					return
				}
				if w := s.get(t, "/en/data"); w.Code != 200 {
					t.Errorf("the catalogue answers %d", w.Code)
					return
				}
			}
		})
	}
	catalogtest.Withdraw(t, s.catalog.Dir(), "coalition", 3, "x", 2)
	catalogtest.Withdraw(t, s.catalog.Dir(), "coalition", 2, "x", 0)
	if w := s.get(t, "/en/data/coalition/explore.json?by=gender"); w.Code != 410 {
		t.Errorf("withdrawn before it was asked for, and answers %d", w.Code)
	}
	close(stop)
	wg.Wait()
}

// faultsOf are ways in which a bundle's folder is spoilt. Each returns how it is
// mended.
var faultsOf = map[string]func(t *testing.T, dir string) func(){
	"a changed table": func(t *testing.T, dir string) func() {
		return rewrite(t, filepath.Join(dir, "tables", "001-gender.csv"), flip)
	},
	"a table cut short": func(t *testing.T, dir string) func() {
		return rewrite(t, filepath.Join(dir, "tables", "001-gender.csv"), cut)
	},
	"an empty table": func(t *testing.T, dir string) func() {
		return rewrite(t, filepath.Join(dir, "tables", "002-ageBroad.csv"), empty)
	},
	"a changed manifest": func(t *testing.T, dir string) func() { return rewrite(t, filepath.Join(dir, "manifest.json"), flip) },
	"no codebook":        func(t *testing.T, dir string) func() { return away(t, filepath.Join(dir, "codebook.json")) },
	"no tables":          func(t *testing.T, dir string) func() { return away(t, filepath.Join(dir, "tables")) },
	"a changed record":   func(t *testing.T, dir string) func() { return rewrite(t, filepath.Join(dir, "data.csv"), flip) },
	"one file more": func(t *testing.T, dir string) func() {
		file := filepath.Join(dir, "custodian.html")
		check(t, os.WriteFile(file, []byte("exact"), 0o644))
		return func() { check(t, os.Remove(file)) }
	},
	"a link for a file": func(t *testing.T, dir string) func() {
		file := filepath.Join(dir, "data.csv")
		mend := away(t, file)
		check(t, os.Symlink("/etc/hostname", file))
		return func() { check(t, os.Remove(file)); mend() }
	},
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flip(b []byte) []byte  { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b }
func cut(b []byte) []byte   { return b[:len(b)-3] }
func empty(_ []byte) []byte { return nil }

func rewrite(t *testing.T, file string, f func([]byte) []byte) func() {
	t.Helper()
	was, err := os.ReadFile(file)
	check(t, err)
	check(t, os.WriteFile(file, f(was), 0o644))
	return func() { check(t, os.WriteFile(file, was, 0o644)) }
}

func away(t *testing.T, file string) func() {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	check(t, os.Rename(file, out))
	return func() { check(t, os.Rename(out, file)) }
}

// TestSpoiltWhileServing spoils a bundle that was served a moment ago, in every
// way: no page, state or file of it is shown, the page says so in its language,
// what else is published goes on; and mended, it is served again.
func TestSpoiltWhileServing(t *testing.T) {
	s := ownSite(t)
	dir := filepath.Join(s.catalog.Dir(), "coalition", "3")
	good := s.get(t, "/en/data/coalition/explore?by=gender").Body.String()
	for name, spoil := range faultsOf {
		mend := spoil(t, dir)
		for _, path := range []string{"/es/datos/coalition", "/en/data/coalition/3", "/en/data/coalition/explore?by=gender", "/es/datos/coalition/explorar?by=gender,ageBroad,year",
			"/en/data/coalition/explore.csv?by=gender", "/en/data/coalition/explore.json?by=gender", "/en/data/coalition/explore.svg?by=gender",
			"/catalog/coalition/3/data.csv", "/catalog/coalition/3/manifest.json", "/catalog/coalition/3/tables/001-gender.csv", "/catalog/coalition/3/custodian.html"} {
			w := s.get(t, path, "Accept-Language", "en", "If-None-Match", "*")
			want := 503
			if strings.HasSuffix(path, "custodian.html") {
				want = 404
			}
			if w.Code != want {
				t.Errorf("%s: %s answers %d", name, path, w.Code)
			}
			if want == 503 && !strings.Contains(html.UnescapeString(w.Body.String()), say(map[bool]string{true: "es", false: "en"}[strings.HasPrefix(path, "/es/")], "error.touched.title")) {
				t.Errorf("%s: %s does not say why there is nothing: %.200s", name, path, w.Body)
			}
			if strings.Contains(w.Body.String(), "exact") && want == 404 || strings.Contains(w.Body.String(), `class="numbers"`) {
				t.Errorf("%s: %s shows something of it", name, path)
			}
		}
		for path, want := range map[string]string{"/en/data": say("en", "data.touched"), "/es/": say("es", "data.touched"), "/en/data/world": "A world of columns", "/es/datos/coalition/2": "version", "/en/help": ""} {
			if w := s.get(t, path); w.Code != 200 || !strings.Contains(html.UnescapeString(w.Body.String()), want) {
				t.Errorf("%s: %s answers %d, or does not say %q", name, path, w.Code, want)
			}
		}
		mend()
		if w := s.get(t, "/en/data/coalition/explore?by=gender"); w.Code != 200 || w.Body.String() != good {
			t.Errorf("%s: mended, and answers %d", name, w.Code)
		}
	}
	if log := s.log.String(); !strings.Contains(log, "coalition") || strings.Contains(log, "by=") || strings.Contains(log, "gender,") {
		t.Errorf("log: %.300s", log)
	}
}

// TestSpoiltLedger: without a ledger that holds together nothing is vouched for,
// so nothing is shown but what needs no catalog.
func TestSpoiltLedger(t *testing.T) {
	s := ownSite(t)
	mend := rewrite(t, filepath.Join(s.catalog.Dir(), catalog.LedgerFile), flip)
	for path, want := range map[string]int{"/es/datos/coalition": 503, "/en/data/coalition/explore?by=gender": 503, "/catalog/coalition/3/data.csv": 503, "/catalog/ledger.jsonl": 503,
		"/en/data/coalition/explore.json?by=gender": 503, "/es/ayuda": 200, "/en/methods": 200} {
		if w := s.get(t, path); w.Code != want || strings.Contains(w.Body.String(), "60") && want == 503 && strings.Contains(w.Body.String(), "numbers") {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
	for path, want := range map[string]int{"/en/data": 503, "/es/datos": 503, "/en/": 200, "/es/": 200} {
		w := s.get(t, path)
		body := html.UnescapeString(w.Body.String())
		if w.Code != want || !strings.Contains(body, say(path[1:3], "data.broken")) || strings.Contains(body, say(path[1:3], "data.none")) || strings.Contains(body, "<article") {
			t.Errorf("%s answers %d, lists what no ledger vouches for, or does not say why it lists nothing", path, w.Code)
		}
	}
	mend()
	if w := s.get(t, "/es/datos/coalition"); w.Code != 200 {
		t.Errorf("mended, and answers %d", w.Code)
	}
}

// TestNothingIsWritten compares the catalog's folder before and after the portal
// served all it has.
func TestNothingIsWritten(t *testing.T) {
	s := newSite(t)
	list := func() string {
		var b strings.Builder
		check(t, filepath.WalkDir(s.catalog.Dir(), func(path string, d fs.DirEntry, err error) error {
			if err == nil {
				var info fs.FileInfo
				if info, err = d.Info(); err == nil {
					b.WriteString(path + info.Mode().String() + info.ModTime().String() + "\n")
				}
			}
			return err
		}))
		return b.String()
	}
	before := list()
	for path := range addresses {
		s.get(t, path)
	}
	for _, k := range everyKind {
		s.get(t, k.path)
	}
	if list() != before {
		t.Error("the portal changed the catalog")
	}
}
