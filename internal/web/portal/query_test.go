package portal

import (
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// payloads are texts that do harm where they are not escaped.
var payloads = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg/onload=alert(1)>`, `</title><b>x</b>`, `--></style><i>`, `javascript:alert(1)`,
	`' OR 1=1 --`, `%s%d%!(EXTRA)`, `{{.Lang}}`, "\x1b[31mred", "a\r\nSet-Cookie: a=b", "\u202egnp.exe", `\u003cb\u003e`, "&lt;b&gt;", "<!--", "<?xml?>", "<b", "ñ<b>ñ",
	strings.Repeat("<", 100), "../../etc/passwd", "${jndi:ldap://x}", "=HYPERLINK(\"http://evil.example\")",
}

// TestQueriesThatAreNotAnswered gives each fault of a question its own answer:
// 400 what is not there or not in the grammar, 404 a version never published, 410
// one withdrawn, 414 too long, 422 what no table answers; page and file alike.
func TestQueriesThatAreNotAnswered(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		query, es, en string
		code          int
	}{
		{"by=nothing", "no tiene una columna que se llame «nothing»", "no column called “nothing”", 400},
		{"nothing=1&by=gender", "no tiene una columna que se llame «nothing»", "no column called “nothing”", 400},
		{"by=gender&gender=female", "no tiene el valor «female»", "no value “female”", 400},
		{"by=gender&year=1999", "no tiene el valor «1999»", "no value “1999”", 400},
		{"by=gender&view=pie", "No hay una vista así: pie", "pie", 400},
		{"by=gender&version=-1", "No hay una versión así: -1", "-1", 400},
		{"by=gender&version=3.5", "No hay una versión así: 3.5", "3.5", 400},
		{"by=gender&version=99999999999999999999", "No hay una versión así", "99999999999999999999", 400},
		{"by=%zz", "La dirección no se entiende", "", 400},
		{"by=a;b", "La dirección no se entiende", "", 400},
		{"by=%ff", "La dirección no se entiende", "", 400},
		{strings.Repeat("c=1&", 1000), "", "", 400},
		{"by=gender&gender=" + strings.Repeat("Female~", 1100), "La dirección no se entiende", "", 400},
		{"by=gender&" + strings.Repeat("gender=Female&", 10_000), "La dirección es demasiado larga", "The address is too long", 414},
		{"by=" + strings.Repeat("a", maxQuery), "La dirección es demasiado larga", "The address is too long", 414},
		{"by=gender&version=99", "Aquí no hay nada", "There is nothing here", 404},
		{"by=gender&version=1", "Esta versión fue retirada", "This version was withdrawn", 410},
		{"by=gender,ageBroad,year", "sobre una o dos columnas a la vez, y aquí se piden tres", "one or two columns at a time, and here three", 422},
		{"by=gender,ageBroad,year,citizenship", "más de tres", "more than three", 422},
		{"by=gender,ageBroad&year=2015", "aquí se piden tres", "here three", 422},
		{"ageBroad=48%2B&by=gender&year=2015", "aquí se piden tres", "here three", 422},
		{"by=gender,unmeasured", "no midió juntas las columnas «Género» y «Sector»", "did not measure the columns “Gender” and “Sector” together", 422},
	} {
		for lang, words := range map[string]string{"es": c.es, "en": c.en} {
			at := route{lang: lang, page: explorer, dataset: "coalition"}
			w := s.raw(at.path(), c.query)
			if w.Code == 302 { // canonical first
				u, err := url.Parse(w.Header().Get("Location"))
				if err != nil {
					t.Fatal(err)
				}
				c.query = u.RawQuery
				w = s.raw(at.path(), c.query)
			}
			body := html.UnescapeString(w.Body.String())
			if w.Code != c.code || !strings.Contains(body, words) {
				t.Errorf("%s: %.60s answers %d, want %d with %q", lang, c.query, w.Code, c.code, words)
			}
			if w.Body.Len() > 200_000 {
				t.Errorf("%.60s: %d bytes to say no", c.query, w.Body.Len())
			}
			if strings.Contains(body, `<table class="numbers"`) {
				t.Errorf("%.60s: numbers on a page that refuses", c.query)
			}
			checkPage(t, c.query, w.Body.String())
			for _, suffix := range suffixes {
				at.suffix = suffix
				w := s.raw(at.path(), c.query)
				if kind := w.Header().Get("Content-Type"); w.Code != c.code || suffix != ".json" && !strings.HasPrefix(kind, "text/") || w.Header().Get("Content-Disposition") != "" {
					t.Errorf("%.60s as %s answers %d, %s", c.query, suffix, w.Code, kind)
				}
				if suffix == ".json" && c.code != 414 && !json.Valid(w.Body.Bytes()) {
					t.Errorf("%.60s as JSON answers %.100s", c.query, w.Body)
				}
			}
		}
	}
}

// raw asks with a query that need not be one.
func (s *site) raw(path, query string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.URL.RawQuery = query
	return s.ask(r)
}

// TestHostileTextStaysText puts each payload into every place of a question and
// reads the page as a browser would: no tag, attribute or header is made of it.
func TestHostileTextStaysText(t *testing.T) {
	s := newSite(t)
	for _, p := range payloads {
		e := url.QueryEscape(p)
		for _, q := range []string{"by=" + e, "by=gender," + e, e + "=1", "by=gender&" + e, "by=gender&gender=" + e, "by=gender&gender=Female~" + e, "view=" + e, "version=" + e, "by=gender&~" + e + "=_", e} {
			for _, lang := range languages {
				at := route{lang: lang, page: explorer, dataset: "coalition"}
				w := s.raw(at.path(), q)
				if w.Code != 400 && w.Code != 302 {
					t.Errorf("%q answers %d", q, w.Code)
				}
				harmless(t, q, w)
			}
			for _, suffix := range suffixes {
				w := s.raw("/es/datos/coalition/explorar"+suffix, q)
				if w.Code != 400 && w.Code != 302 {
					t.Errorf("%q as %s answers %d", q, suffix, w.Code)
				}
				if kind := w.Header().Get("Content-Type"); strings.Contains(kind, "html") || strings.Contains(kind, "svg") {
					t.Errorf("%q as %s is echoed as %s", q, suffix, kind)
				}
			}
		}
	}
}

// elements are those that pages here are made of.
var elements = regexp.MustCompile(`^(a|article|aside|body|button|caption|circle|cite|code|dd|defs|desc|details|div|dl|dt|footer|form|g|h1|h2|h3|head|header|html|img|input|label|li|line|linearGradient|link|` +
	`lineargradient|main|meta|nav|noscript|ol|option|p|path|pattern|pre|rect|script|section|select|span|stop|strong|style|summary|svg|table|tbody|td|text|tfoot|th|thead|title|tr|tspan|ul)$`)

// harmless fails where an answer holds markup that pages here do not have, or a
// header that was not set here.
func harmless(t *testing.T, q string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Header().Get("Set-Cookie") != "" || strings.ContainsAny(w.Header().Get("Location"), "\r\n<>\"") {
		t.Fatalf("%q: headers %v", q, w.Header())
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return
	}
	scripts := 0
	for _, g := range tags(t, q, w.Body.String()) {
		if !elements.MatchString(g.name) || g.name == "b" || g.name == "i" {
			t.Fatalf("%q became <%s>", q, g.name)
		}
		if g.name == "script" && !g.end {
			scripts++
		}
		for name, value := range g.attr {
			if strings.HasPrefix(strings.ToLower(name), "on") || (name == "href" || name == "src") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "javascript:") {
				t.Fatalf("%q became %s=%q", q, name, value)
			}
		}
	}
	if scripts != 1 {
		t.Fatalf("%q: %d scripts", q, scripts)
	}
}

// TestWorkIsBounded asks the most expensive nonsense that the limits let through.
// Memory taken stands for time here, which tests do not measure: a question that
// is refused takes no more of it than the plainest one that is answered.
func TestWorkIsBounded(t *testing.T) {
	s := newSite(t)
	const at = "/es/datos/coalition/explorar"
	cost := func(q string) float64 { return testing.AllocsPerRun(5, func() { s.raw(at, q) }) }
	plain := cost("by=gender")
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for name, q := range map[string]string{
		"columns":     "by=" + many(1000, func(i int) string { return fmt.Sprintf("c%d,", i) }),
		"values":      "by=gender&gender=" + many(1000, func(i int) string { return fmt.Sprintf("v%d~", i) }),
		"same values": "by=gender&gender=" + strings.Repeat("Female~", 1000),
		"parameters":  many(64, func(i int) string { return fmt.Sprintf("c%d=1&", i) }),
		"repeated":    strings.Repeat("by=gender&", 800),
		"escapes":     "by=" + strings.Repeat("!!", 2000),
		"percent":     "by=" + strings.Repeat("%2525", 1600),
		"empty":       strings.Repeat("&", maxQuery-1),
		"every level": "by=citizenship,ageBroad&citizenship=" + many(9, func(i int) string { return "X" + string(rune('A'+i)) + "~" }) + "&year=" + many(10, func(i int) string { return fmt.Sprintf("%d~", 2015+i) }),
	} {
		if got := cost(q); got > plain {
			t.Errorf("%s: %.0f allocations, by=gender takes %.0f", name, got, plain)
		}
	}
}

// TestRandomQueriesNeverFault asks 1500 questions put together at random from the
// parts of good and bad ones: never a fault, never markup of theirs.
func TestRandomQueriesNeverFault(t *testing.T) {
	s := newSite(t)
	r := rand.New(rand.NewPCG(1, 2))
	parts := append([]string{"by", "gender", "year", "version", "view", "=", "=", "&", "&", "~", ",", "!", "_", "Female", "2015", "1", "2", "3", "table", "bar", "%", "%00", "%ff", "+", ";", "#", "ageBroad", "48%2B"}, payloads...)
	codes := map[int]int{}
	for range 1500 {
		var b strings.Builder
		for range 1 + r.IntN(12) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		at := route{lang: languages[r.IntN(2)], page: explorer, dataset: []string{"coalition", "nada"}[r.IntN(8)/7], suffix: append([]string{"", "", ""}, suffixes...)[r.IntN(6)]}
		w := s.raw(at.path(), b.String())
		if w.Code >= 500 {
			t.Fatalf("%s?%q answers %d: %s", at.path(), b.String(), w.Code, &s.log)
		}
		harmless(t, b.String(), w)
		codes[w.Code]++
	}
	for _, code := range []int{302, 400, 404} {
		if codes[code] == 0 {
			t.Errorf("no question was answered with %d: %v", code, codes)
		}
	}
}

// FuzzHandler asks for anything at all: path, query and language. The portal
// never faults and never makes markup of it.
func FuzzHandler(f *testing.F) {
	s := newSite(f)
	for _, p := range []string{"/", "/es/", "/es/datos/coalition/explorar", "/en/data/coalition/explore.json", "/catalog/coalition/3/data.csv", "/es/datos/world", "/x<b>", "/es/datos/coalition/1"} {
		f.Add(p, "by=gender&gender=<b>", "en;q=0.5")
	}
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		if len(path)+len(query)+len(accept) > 20_000 {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Accept-Language", accept)
		w := s.ask(r)
		if w.Code >= 500 {
			t.Fatalf("%q?%q answers %d: %s", path, query, w.Code, &s.log)
		}
		if w.Code < 400 && w.Code/100 == 3 {
			if u, err := url.Parse(w.Header().Get("Location")); err != nil || u.Host != "" || u.Scheme != "" {
				t.Fatalf("%q?%q leads to %q", path, query, w.Header().Get("Location"))
			}
		}
		if !strings.HasPrefix(path, "/catalog/") {
			harmless(t, path+"?"+query, w)
		}
	})
}
