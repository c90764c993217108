package portal

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/web/portal/portaltest"
)

// site is a portal on the small catalog.
type site struct {
	http.Handler
	catalog *catalog.Catalog
	log     bytes.Buffer
}

// shared is the catalog of all tests that only look at it.
var shared struct {
	sync.Once
	dir     string
	catalog *catalog.Catalog
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// newSite returns a portal on the shared catalog, which its test leaves as it is.
func newSite(t testing.TB) *site {
	t.Helper()
	shared.Do(func() {
		dir, err := os.MkdirTemp("", "amparo-portal")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir, shared.catalog = dir, portaltest.In(t, dir)
	})
	return siteOn(shared.catalog)
}

// ownSite returns a portal on a catalog of its own, which its test may change.
func ownSite(t testing.TB) *site {
	t.Helper()
	return siteOn(portaltest.Catalog(t))
}

func siteOn(c *catalog.Catalog) *site {
	s := &site{catalog: c}
	s.Handler = New(Options{Catalog: s.catalog, Base: "https://datos.example.org", Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Names: func(column, value, lang string) string {
			if column == "unmeasured" && value == "Pesca" && lang == "en" {
				return "Fishing"
			}
			return ""
		}})
	return s
}

// get asks for a path; headers are given in pairs.
func (s *site) get(t testing.TB, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return s.do(t, http.MethodGet, path, headers...)
}

func (s *site) do(t testing.TB, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.ask(r)
}

func (s *site) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// addresses are pages of every kind, with the status that each has.
var addresses = map[string]int{
	"/es/": 200, "/en/": 200, "/es/ayuda": 200, "/en/help": 200, "/es/datos": 200, "/en/data": 200,
	"/es/metodos": 200, "/en/methods": 200, "/es/privacidad": 200, "/en/privacy": 200, "/es/accesibilidad": 200, "/en/accessibility": 200,
	"/es/datos/coalition": 200, "/en/data/coalition": 200, "/en/data/coalition/2": 200, "/es/datos/coalition/3": 200, "/en/data/world": 200,
	"/es/datos/coalition/1": 410, "/en/data/coalition/1": 410,
	"/es/datos/coalition/explorar?by=gender": 200, "/en/data/coalition/explore?by=gender,ageBroad": 200,
	"/es/datos/coalition/explorar?by=gender&view=table":                          200,
	"/es/datos/coalition/explorar?by=gender&version=2":                           200,
	"/es/datos/coalition/explorar?by=gender&gender=Female~_":                     200,
	"/en/data/coalition/explore?by=majority":                                     200,
	"/en/data/coalition/explore?by=unmeasured":                                   200,
	"/en/data/world/explore?by=citizenship,country":                              200,
	"/en/data/world/explore?by=citizenship":                                      200,
	"/en/data/world/explore?by=flag00":                                           200,
	"/es/datos/coalition/explorar?by=gender&version=1":                           410,
	"/es/datos/coalition/explorar?by=gender,ageBroad,citizenship":                422,
	"/es/datos/coalition/explorar?ageBroad=48%2B&by=gender&citizenship=XA":       422,
	"/en/data/coalition/explore?by=gender,unmeasured":                            422,
	"/es/datos/coalition/explorar?by=nope":                                       400,
	"/es/datos/coalition/explorar?by=gender&gender=nope":                         400,
	"/en/data/coalition/explore?by=gender&version=x":                             400,
	"/en/data/coalition/explore?by=gender&view=pie":                              400,
	"/en/data/coalition/explore?%ff=%00":                                         400,
	"/en/data/coalition/explore?by=%zz":                                          400,
	"/en/data/coalition/explore?by=gender&gender=%3Cscript%3Ealert(1)%3C/script": 400,
	"/es/datos/coalition/explorar?by=gender&version=99":                          404,
	"/es/datos/nada": 404, "/es/nada": 404, "/fr/": 404, "/es/datos/coalition/explorar/mas": 404, "/es/datos/coalition/0": 404, "/nada": 404,
	"/es/datos/Coalition": 404, "/es/datos/..%2f..%2fetc": 404, "/assets/0/style.css": 404, "/es/ayuda/GT": 404, "/es/explorar": 404,
}

func TestEveryAddress(t *testing.T) {
	s := newSite(t)
	for path, want := range addresses {
		w := s.get(t, path)
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
		if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s is %s", path, got)
		}
		if head := s.do(t, http.MethodHead, path); head.Code != want || head.Body.Len() > 0 {
			t.Errorf("HEAD %s answers %d with %d bytes", path, head.Code, head.Body.Len())
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("the portal logged: %s", &s.log)
	}
}

func TestEveryAnswerIsShutIn(t *testing.T) {
	s := newSite(t)
	paths := []string{"/", "/robots.txt", "/favicon.svg", "/favicon.ico", "/catalog/coalition/3/data.csv", "/catalog/coalition/1/data.csv", "/catalog/ledger.jsonl",
		"/es/datos/coalition/explorar.svg?by=gender", "/es/datos/coalition/explorar.json?by=gender", "/catalog/coalition/3/report.es.html"}
	for path := range addresses {
		paths = append(paths, path)
	}
	for _, path := range paths {
		h := s.get(t, path).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if strings.Contains(csp, "unsafe") && !strings.Contains(csp, "sandbox") {
			t.Errorf("%s: policy %q lets unsafe things in", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if h.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", path)
		}
	}
}

func TestMethods(t *testing.T) {
	s := newSite(t)
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"} {
		if w := s.do(t, m, "/es/"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s answers %d", m, w.Code)
		}
	}
}

func TestRedirects(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		path, accept string
		code         int
		to           string
	}{
		{"/", "", 302, "/es/"}, {"/", "en-GB,en;q=0.9", 302, "/en/"}, {"/", "fr,en;q=0.5,es;q=0.7", 302, "/es/"}, {"/", "de", 302, "/es/"},
		{"/", "en;q=0,es;q=0", 302, "/es/"}, {"/", "en;q=NaN", 302, "/es/"}, {"/", "*", 302, "/es/"}, {"/", ";;;,,q=,", 302, "/es/"},
		{"/es", "", 301, "/es/"}, {"/en/datos", "", 301, "/en/data"}, {"/es/data/coalition/explore.csv?by=gender", "", 301, "/es/datos/coalition/explorar.csv?by=gender"},
		{"/es/datos/", "", 301, "/es/datos"}, {"/favicon.ico", "", 301, "/favicon.svg"},
		{"/es/datos/coalition/explorar", "", 302, "/es/datos/coalition/explorar?by=gender"},
		{"/es/datos/coalition/explorar?by=gender&by=", "", 302, "/es/datos/coalition/explorar?by=gender"},
		{"/es/datos/coalition/explorar?by=gender&by=gender", "", 302, "/es/datos/coalition/explorar?by=gender"},
		{"/es/datos/coalition/explorar?gender=_&gender=Female&by=gender", "", 302, "/es/datos/coalition/explorar?by=gender&gender=Female~_"},
		{"/es/datos/coalition/explorar?by=gender&view=bar", "", 302, "/es/datos/coalition/explorar?by=gender"},
		{"/es/datos/coalition/explorar.csv?by=gender&view=bar", "", 302, "/es/datos/coalition/explorar.csv?by=gender"},
	} {
		w := s.get(t, c.path, "Accept-Language", c.accept)
		if w.Code != c.code || w.Header().Get("Location") != c.to {
			t.Errorf("%s (%s) answers %d to %q, want %d to %q", c.path, c.accept, w.Code, w.Header().Get("Location"), c.code, c.to)
		}
	}
	if w := s.get(t, "//evil.example/es/"); w.Header().Get("Location") != "" && !strings.HasPrefix(w.Header().Get("Location"), "/es") {
		t.Errorf("leads away to %q", w.Header().Get("Location"))
	}
}

// TestCanonicalAddressesStay follows each redirect once: where it leads answers.
func TestCanonicalAddressesStay(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"", "by=citizenship&by=year&year=2015&year=2016&view=table", "by=unmeasured&unmeasured=!_", "by=gender&version=3",
		"ageBroad=48%2B&by=gender", "by=ageBroad&by=gender&gender=_"} {
		w := s.get(t, withQuery("/en/data/coalition/explore", q))
		to := w.Header().Get("Location")
		if w.Code == 200 {
			to = withQuery("/en/data/coalition/explore", q)
		}
		if w = s.get(t, to); w.Code != 200 {
			t.Errorf("%q leads to %q, which answers %d", q, to, w.Code)
		}
	}
}

func TestLimits(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]int{
		"/es/datos/coalition/explorar?by=" + strings.Repeat("x", 9000):                          414,
		"/" + strings.Repeat("a", 600):                                                          414,
		"/es/datos/coalition/explorar?" + strings.Repeat("a=b&", 1500):                          400,
		"/es/datos/coalition/explorar?by=gender&gender=" + strings.Repeat("~", 4000):            400,
		"/es/datos/coalition/explorar?by=" + strings.Repeat("a,", 2000):                         400,
		"/es/datos/coalition/explorar?by=gender&gender=" + strings.Repeat("Female~", 100) + "_": 302,
	} {
		if w := s.get(t, path); w.Code != want {
			t.Errorf("%.60s… answers %d, want %d", path, w.Code, want)
		}
	}
}

func TestCompressionAndTags(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/es/", "/es/datos/coalition/explorar?by=gender", s.asset(t, "style.css"), "/es/datos/coalition/explorar.csv?by=gender", "/catalog/coalition/3/codebook.json"} {
		plain, packed := s.get(t, path), s.get(t, path, "Accept-Encoding", "br, gzip;q=0.8")
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatalf("%s is not compressed: %v", path, err)
		}
		body, err := io.ReadAll(z)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s: compressed and plain differ: %v", path, err)
		}
		if w := s.get(t, path, "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s was compressed for who wants none", path)
		}
		if !strings.Contains(plain.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s does not vary by encoding", path)
		}
		for _, w := range []*httptest.ResponseRecorder{plain, packed} {
			tag := w.Header().Get("ETag")
			if again := s.get(t, path, "Accept-Encoding", "gzip", "If-None-Match", tag); tag == "" || again.Code != 304 || again.Body.Len() > 0 {
				t.Errorf("%s with tag %q answers %d", path, tag, again.Code)
			}
		}
		if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
			t.Errorf("%s: one tag for two encodings", path)
		}
	}
}

// asset returns where the pages load an asset from.
func (s *site) asset(t testing.TB, name string) string {
	t.Helper()
	body := s.get(t, "/es/").Body.String()
	at := strings.Index(body, "/assets/")
	return body[at:at+len("/assets/")+17] + name
}

func TestCaching(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		s.asset(t, "style.css"): "immutable", s.asset(t, "portal.js"): "immutable", s.asset(t, "kite.svg"): "immutable",
		"/es/": "no-cache", "/es/ayuda": "no-store", "/en/help": "no-store", "/catalog/coalition/3/data.csv": "no-cache",
		"/es/datos/coalition/explorar.json?by=gender": "no-cache",
	} {
		if got := s.get(t, path).Header().Get("Cache-Control"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %s", path, got, want)
		}
	}
	if s.get(t, "/es/ayuda").Header().Get("ETag") != "" {
		t.Error("the help page leaves a tag in the browser")
	}
}

func TestFiles(t *testing.T) {
	s := newSite(t)
	for file, want := range map[string][2]string{
		"data.csv":              {"text/csv; charset=utf-8", "attachment; filename=\"coalition-3-data.csv\""},
		"data.parquet":          {"application/vnd.apache.parquet", "attachment; filename=\"coalition-3-data.parquet\""},
		"codebook.json":         {"application/json", ""},
		"manifest.json":         {"application/json", ""},
		"dcat.jsonld":           {"application/ld+json", ""},
		"report.es.html":        {"text/html; charset=utf-8", ""},
		"tables/001-gender.csv": {"text/csv; charset=utf-8", "attachment; filename=\"coalition-3-001-gender.csv\""},
	} {
		w := s.get(t, "/catalog/coalition/3/"+file)
		if w.Code != 200 || w.Header().Get("Content-Type") != want[0] || w.Header().Get("Content-Disposition") != want[1] {
			t.Errorf("%s: %d %q %q", file, w.Code, w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"))
		}
		disk, err := os.ReadFile(filepath.Join(s.catalog.Dir(), "coalition", "3", filepath.FromSlash(file)))
		if err != nil || !bytes.Equal(disk, w.Body.Bytes()) {
			t.Errorf("%s is not the file: %v", file, err)
		}
	}
	if w := s.get(t, "/catalog/coalition/3/data.csv", "Range", "bytes=7-14"); w.Code != 206 || w.Body.String() != "ageBroad" {
		t.Errorf("range answers %d %q", w.Code, w.Body)
	}
	for path, want := range map[string]int{
		"/catalog/coalition/1/data.csv": 410, "/catalog/coalition/9/data.csv": 404, "/catalog/coalition/03/data.csv": 404, "/catalog/coalition/3/": 404,
		"/catalog/coalition/3/../../../ledger.jsonl": 404, "/catalog/": 404, "/catalog/coalition/3/..%2fdata.csv": 404, "/catalog/nada/1/data.csv": 404,
		"/catalog/coalition/3/custodian.html": 404, "/catalog/coalition/-1/data.csv": 404,
	} {
		if w := s.get(t, path); w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
	ledger, _ := os.ReadFile(filepath.Join(s.catalog.Dir(), catalog.LedgerFile))
	if w := s.get(t, "/catalog/ledger.jsonl"); !bytes.Equal(w.Body.Bytes(), ledger) {
		t.Error("the ledger that is served is not the one on disk")
	}
}

func TestWithdrawnSaysWhy(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/en/data/coalition/1", "/catalog/coalition/1/data.csv", "/en/data/coalition/explore?by=gender&version=1"} {
		w := s.get(t, path, "Accept-Language", "en")
		if w.Code != 410 || !strings.Contains(w.Body.String(), portaltest.Reason) || !strings.Contains(w.Body.String(), "/en/data/coalition/2") {
			t.Errorf("%s answers %d without reason or successor", path, w.Code)
		}
	}
	if w := s.get(t, "/en/data/coalition/explore.csv?by=gender&version=1"); w.Code != 410 || !strings.Contains(w.Body.String(), portaltest.Reason) {
		t.Errorf("the state's file answers %d", w.Code)
	}
	if body := s.get(t, "/en/data/coalition").Body.String(); !strings.Contains(body, portaltest.Reason) {
		t.Error("the dataset's page does not say that a version was withdrawn")
	}
}

// TestTouchedIsNotServed changes one byte of a bundle behind the portal's back.
func TestTouchedIsNotServed(t *testing.T) {
	s := ownSite(t)
	file := filepath.Join(s.catalog.Dir(), "coalition", "3", "data.csv")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[0]++
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/es/datos/coalition", "/es/datos/coalition/explorar?by=gender", "/catalog/coalition/3/data.csv", "/es/datos/coalition/explorar.json?by=gender"} {
		if w := s.get(t, path); w.Code != 503 {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	if w := s.get(t, "/es/datos"); w.Code != 200 || !strings.Contains(w.Body.String(), "no coinciden con lo que se firmó") {
		t.Errorf("the catalogue answers %d, or does not say that a release is not shown", w.Code)
	}
	if s.log.Len() == 0 || strings.Contains(s.log.String(), "by=gender") {
		t.Errorf("log: %s", &s.log)
	}
}

func TestEmptyCatalog(t *testing.T) {
	c, err := catalog.Open(filepath.Join(t.TempDir(), "none"))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Handler: New(Options{Catalog: c}), catalog: c}
	for path, want := range map[string]int{"/es/": 200, "/en/data": 200, "/es/ayuda": 200, "/es/datos/x": 404, "/es/datos/x/explorar": 404, "/catalog/ledger.jsonl": 200} {
		w := s.get(t, path)
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
		if strings.Contains(w.Body.String(), `class="fictional"`) {
			t.Errorf("%s calls nothing fictional", path)
		}
	}
}

func TestExitIsAWebAddress(t *testing.T) {
	c := newSite(t).catalog
	for exit, want := range map[string]string{"": "about:blank", "https://tiempo.example.org/": "https://tiempo.example.org/",
		"javascript:alert(1)": "about:blank", "data:text/html,x": "about:blank", "//x": "about:blank", "\x00": "about:blank"} {
		s := &site{Handler: New(Options{Catalog: c, Exit: exit})}
		if body := s.get(t, "/es/ayuda").Body.String(); !strings.Contains(body, `id="exit" href="`+want+`"`) {
			t.Errorf("%q leads elsewhere than to %s", exit, want)
		}
	}
	s := &site{Handler: New(Options{Catalog: c})}
	if title := "<title>Información</title>"; !strings.Contains(s.get(t, "/es/ayuda").Body.String(), title) {
		t.Error("the tab of the help page does not say " + title)
	}
}

// TestAFaultStaysInside has no catalog at all: every answer is a plain 500, and
// the log says what happened without saying what was asked.
func TestAFaultStaysInside(t *testing.T) {
	s := &site{}
	s.Handler = New(Options{Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	w := s.get(t, "/es/datos/x/explorar?by=secreto")
	if w.Code != 500 || !strings.Contains(s.log.String(), "fault") || strings.Contains(s.log.String(), "secreto") {
		t.Errorf("answers %d, logs %s", w.Code, &s.log)
	}
}

func TestServerHasLimits(t *testing.T) {
	h := http.NotFoundHandler()
	if s := NewServer("127.0.0.1:0", h); s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || s.Handler == nil {
		t.Error("a server without a limit")
	}
}

// TestManyAtOnce asks from many goroutines; go test -race looks on.
func TestManyAtOnce(t *testing.T) {
	s := newSite(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for path, want := range addresses {
				if strings.Contains(path, "world") {
					continue
				}
				if w := s.get(t, path, "Accept-Encoding", "gzip"); w.Code != want {
					t.Errorf("%s answers %d, want %d", path, w.Code, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestOneStateOneNumber compares page, CSV, JSON and drawing of one state.
func TestOneStateOneNumber(t *testing.T) {
	s := newSite(t)
	var j struct {
		Cells []struct{ Value, Low, High float64 }
	}
	if err := json.Unmarshal(s.get(t, "/en/data/coalition/explore.json?by=citizenship").Body.Bytes(), &j); err != nil || len(j.Cells) != 10 {
		t.Fatalf("%d cells: %v", len(j.Cells), err)
	}
	page := s.get(t, "/en/data/coalition/explore?by=citizenship").Body.String()
	svg := s.get(t, "/en/data/coalition/explore.svg?by=citizenship").Body.String()
	for _, c := range j.Cells {
		n, i := count("en", c.Value), span("en", c.Low, c.High)
		for name, body := range map[string]string{"page": page, "drawing": svg} {
			if !strings.Contains(body, ">"+n+"<") || !strings.Contains(body, i) {
				t.Errorf("the %s lacks %s or its interval %s", name, n, i)
			}
		}
	}
	es := s.get(t, "/es/datos/coalition/explorar.json?by=citizenship").Body.Bytes()
	k := j
	if err := json.Unmarshal(es, &k); err != nil || len(k.Cells) != len(j.Cells) || k.Cells[0] != j.Cells[0] {
		t.Error("another language has other numbers")
	}
}

func TestFilesOfAStateThatIsRefused(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]int{"by=gender,ageBroad,citizenship": 422, "by=nope": 400, "by=gender&version=99": 404, "by=gender&version=1": 410} {
		w := s.get(t, "/es/datos/coalition/explorar.json?"+path)
		var e struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error == "" || w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if w := s.get(t, "/es/datos/coalition/explorar.csv?"+path); w.Code != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s as CSV: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

// FuzzQuery asks hostile questions: the portal never faults and never answers
// with the text of a question as markup.
func FuzzQuery(f *testing.F) {
	s := newSite(f)
	for _, q := range []string{"by=gender", "by=gender&gender=Female~_", "by=%00", "version=1", "view=<script>", "by=gender&~by=_", "=&=&;", "by=!,!~", "%f0%28%8c%28=1"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		for _, suffix := range append([]string{""}, suffixes...) {
			r := httptest.NewRequest(http.MethodGet, "/es/datos/coalition/explorar"+suffix, nil)
			r.URL.RawQuery = q
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%q answers %d: %s", q, w.Code, &s.log)
			}
			if suffix == "" && strings.Count(w.Body.String(), "<script") > 1 {
				t.Fatalf("%q became markup", q)
			}
		}
	})
}

// BenchmarkExplorer answers the widest states: the issue wants 50 ms, p95.
func BenchmarkExplorer(b *testing.B) {
	s := newSite(b)
	for name, path := range map[string]string{
		"one":         "/es/datos/coalition/explorar?by=gender",
		"two":         "/es/datos/coalition/explorar?by=ageBroad,citizenship",
		"world":       "/es/datos/world/explorar?by=citizenship",
		"world/pair":  "/es/datos/world/explorar?by=citizenship,country",
		"world/svg":   "/es/datos/world/explorar.svg?by=citizenship,country",
		"world/table": "/es/datos/world/explorar.csv?by=citizenship,country",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if w := s.get(b, path, "Accept-Encoding", "gzip"); w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
