package portal

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// everyKind lists one address of each kind that the portal answers, with its
// status and how it may be kept.
var everyKind = []struct {
	path  string
	code  int
	cache string
	tag   bool // has a tag, to be asked about again
}{
	{"/", 302, "no-cache", false},
	{"/es", 301, "", false},
	{"/es/", 200, "no-cache", true},
	{"/en/help", 200, "no-store", false},
	{"/en/data", 200, "no-cache", true},
	{"/en/data/coalition", 200, "no-cache", true},
	{"/en/data/coalition/1", 410, "no-cache", false},
	{"/en/data/coalition/explore?by=gender", 200, "no-cache", true},
	{"/en/data/coalition/explore?by=gender,ageBroad,year", 422, "no-cache", false},
	{"/en/data/coalition/explore?by=nothing", 400, "no-cache", false},
	{"/en/data/coalition/explore.csv?by=gender", 200, "no-cache", true},
	{"/en/data/coalition/explore.json?by=gender", 200, "no-cache", true},
	{"/en/data/coalition/explore.svg?by=gender", 200, "no-cache", true},
	{"/en/data/coalition/explore.svg?by=gender,ageBroad,year", 422, "no-cache", false},
	{"/en/methods", 200, "no-cache", true},
	{"/catalog/coalition/3/data.csv", 200, "no-cache", true},
	{"/catalog/coalition/3/data.parquet", 200, "no-cache", true},
	{"/catalog/coalition/3/report.en.html", 200, "no-cache", true},
	{"/catalog/coalition/3/manifest.json", 200, "no-cache", true},
	{"/catalog/coalition/1/data.csv", 410, "no-cache", false},
	{"/catalog/coalition/3/nothing", 404, "no-cache", false},
	{"/catalog/ledger.jsonl", 200, "no-cache", true},
	{"/robots.txt", 200, "no-cache", true},
	{"/favicon.svg", 200, "public, max-age=86400", true},
	{"/nothing", 404, "no-cache", false},
	{"/" + strings.Repeat("a", 600), 414, "no-cache", false},
}

// TestHeadersOfEveryKind holds each kind of answer to the promises that hold for
// all: shut in, sniffed at by nobody, told to nobody, no cookie, kept no longer
// than it stands.
func TestHeadersOfEveryKind(t *testing.T) {
	s := newSite(t)
	for _, k := range everyKind {
		w := s.get(t, k.path, "Cookie", "session=1", "Origin", "https://evil.example", "Referer", "https://evil.example/")
		h := w.Header()
		if w.Code != k.code {
			t.Errorf("%.60s answers %d, want %d", k.path, w.Code, k.code)
		}
		if got := h.Get("Cache-Control"); got != k.cache {
			t.Errorf("%.60s: kept as %q, want %q", k.path, got, k.cache)
		}
		if got := h.Get("ETag") != ""; got != k.tag {
			t.Errorf("%.60s: has a tag: %v, want %v", k.path, got, k.tag)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%.60s: %s is %q", k.path, name, got)
			}
		}
		policies := h.Values("Content-Security-Policy")
		if len(policies) != 1 || !strings.HasPrefix(policies[0], "default-src 'none'; ") || !strings.Contains(policies[0], "frame-ancestors 'none'") ||
			strings.Contains(policies[0], "*") || strings.Contains(policies[0], "http") {
			t.Errorf("%.60s: policy %q", k.path, policies)
		}
		for name := range h {
			if strings.HasPrefix(name, "Access-Control") || name == "Set-Cookie" || name == "Server" || name == "X-Powered-By" || name == "Last-Modified" {
				t.Errorf("%.60s: has %s", k.path, name)
			}
		}
		if k.code < 400 && w.Body.Len() > 0 && h.Get("Content-Type") == "" {
			t.Errorf("%.60s says not what it is", k.path)
		}
	}
}

// TestHeadIsGetWithoutABody compares all headers, plain and compressed.
func TestHeadIsGetWithoutABody(t *testing.T) {
	s := newSite(t)
	for _, k := range everyKind {
		for _, encoding := range []string{"", "gzip"} {
			get, head := s.get(t, k.path, "Accept-Encoding", encoding), s.do(t, http.MethodHead, k.path, "Accept-Encoding", encoding)
			if head.Code != get.Code || head.Body.Len() > 0 {
				t.Errorf("HEAD %.60s (%s) answers %d with %d bytes, GET %d", k.path, encoding, head.Code, head.Body.Len(), get.Code)
			}
			if !maps.EqualFunc(get.Header(), head.Header(), slices.Equal[[]string]) {
				t.Errorf("%.60s (%s): GET has %v, HEAD %v", k.path, encoding, get.Header(), head.Header())
			}
		}
	}
}

// TestTagsStandForTheBody: who has the body of a tag gets no other; a tag of
// another state, language or dataset is no match, and the answer that is not sent
// is as shut in as the one that was.
func TestTagsStandForTheBody(t *testing.T) {
	s := newSite(t)
	tags := map[string]string{}
	for _, k := range everyKind {
		if !k.tag {
			continue
		}
		w := s.get(t, k.path)
		tag := w.Header().Get("ETag")
		for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			again := s.get(t, k.path, "If-None-Match", sent)
			if again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("ETag") != tag || again.Header().Get("Content-Security-Policy") != w.Header().Get("Content-Security-Policy") ||
				again.Header().Get("Cache-Control") != w.Header().Get("Cache-Control") {
				t.Errorf("%s with %s answers %d with %d bytes and %v", k.path, sent, again.Code, again.Body.Len(), again.Header())
			}
		}
		for _, sent := range []string{`"x"`, "", tag[1 : len(tag)-1], `"` + strings.Repeat("0", 24) + `"`} {
			if again := s.get(t, k.path, "If-None-Match", sent); again.Code != 200 || again.Body.String() != w.Body.String() {
				t.Errorf("%s with %q answers %d", k.path, sent, again.Code)
			}
		}
		if other, ok := tags[tag]; ok && other != w.Body.String() {
			t.Errorf("%s has the tag of another body", k.path)
		}
		tags[tag] = w.Body.String()
	}
	for _, pair := range [][2]string{{"/es/", "/en/"}, {"/es/datos/coalition/2", "/es/datos/coalition/3"}, {"/es/datos/coalition/explorar.csv?by=gender", "/es/datos/coalition/explorar.csv?by=gender&version=2"}} {
		if tag := s.get(t, pair[0]).Header().Get("ETag"); s.get(t, pair[1], "If-None-Match", tag).Code != 200 {
			t.Errorf("the tag of %s is taken for that of %s", pair[0], pair[1])
		}
	}
}

// TestNothingButReading tries every method on every kind of address.
func TestNothingButReading(t *testing.T) {
	s := newSite(t)
	for _, k := range everyKind {
		for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get", "BREW"} {
			w := s.do(t, m, k.path)
			if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || w.Header().Get("ETag") != "" || w.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s %.60s answers %d", m, k.path, w.Code)
			}
		}
	}
}

// hostilePaths are paths that lead out of the site, or try to.
var hostilePaths = []string{
	"/..", "/../", "/../../etc/passwd", "/es/..", "/es/../en/", "/es/./datos", "/es//datos", "//es/", "///", "/es/datos//coalition", "/es/datos/coalition//explorar",
	"/catalog/../catalog/ledger.jsonl", "/catalog/coalition/3/../../ledger.jsonl", "/catalog/coalition/3/tables/../manifest.json", "/catalog/coalition/3//manifest.json",
	"/catalog/coalition/3/manifest.json/", "/catalog/coalition/3/tables", "/catalog/coalition/3/tables/", "/catalog/.lock", "/catalog/coalition", "/catalog//coalition/3/data.csv",
	"/es/datos/coalition\x00", "/es/\x00", "/\x00", "/catalog/coalition/3/data.csv\x00.html", "/es/datos/\xff\xfe", "/\xc3\x28", "/es/datos/coalition/explorar.csv/", "/es/datos/coalition/explorar.",
	"/es/datos/coalition/explorar.exe", "/es/datos/coalition/explorar.svg.svg", "/es/datos/coalition/+3", "/es/datos/coalition/3.0", "/es/datos/coalition/０", "/es/datos/coalition/1e0", "/es/datos/coalition/03",
	"/es/datos/coalition/99999999999999999999", `/es\datos`, `/\evil.example`, "/es/datos/coalition;a=b", "/es/datos/<script>alert(1)</script>", "/<b>", `/"onload="x`, "/es/datos/%2e%2e", "/%2e%2e/%2e%2e",
	"/ES/", "/es/DATOS", "/es/datos/COALITION", "/assets/../static/style.css", "/assets//style.css", "/assets/style.css", "/favicon.svg/", "/robots.txt/x", "/.git/config", "/.env", "/es/\r\nSet-Cookie: a=b",
	"/es/datos/coalition/explorar/../3", "/" + strings.Repeat("/", 300), "/" + strings.Repeat("../", 150), "/es/" + strings.Repeat("ñ", 100), strings.Repeat("/es", 100), "", "*", "es",
}

// TestHostilePaths asks for each, decoded and not: it is not there, or leads to
// the one path of a page here. Nothing of it comes back as markup or as a header.
func TestHostilePaths(t *testing.T) {
	s := newSite(t)
	for _, path := range hostilePaths {
		r, err := http.NewRequest(http.MethodGet, "http://portal.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path = path
		w := s.ask(r)
		if to := w.Header().Get("Location"); w.Code/100 == 3 {
			u, err := url.Parse(to)
			if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.ContainsAny(to, "\\\r\n\x00<>\"") {
				t.Errorf("%q leads to %q", path, to)
			} else if next := s.get(t, to); next.Code != 200 && next.Code != 302 && next.Code != 410 {
				t.Errorf("%q leads to %q, which answers %d", path, to, next.Code)
			}
		} else if w.Code != 404 && w.Code != 414 {
			t.Errorf("%q answers %d", path, w.Code)
		}
		if body := w.Body.String(); !utf8.ValidString(body) || strings.Contains(body, "<script>alert") || strings.Contains(body, "root:") || w.Code == 404 && !strings.HasPrefix(body, "<!doctype html>") {
			t.Errorf("%q answers with %.200q", path, body)
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("%q comes back in %s", path, name)
			}
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("the portal logged: %s", &s.log)
	}
}

// TestRedirectsStayHere gives the redirect what no page of the portal gives it.
func TestRedirectsStayHere(t *testing.T) {
	for to, want := range map[string]string{"/es/": "/es/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example": "/", "": "/", "es": "/"} {
		w := httptest.NewRecorder()
		new(portal).redirect(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusFound, to)
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q leads to %q", to, got)
		}
	}
}

// TestOnTheWire sends requests that no client library would, to the server as it
// runs: each gets an answer below 500, and the next one is served.
func TestOnTheWire(t *testing.T) {
	s := newSite(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer("", s)
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	for _, c := range []struct {
		head string // request line and headers
		code int
	}{
		{"GET /es/ HTTP/1.1", 200}, {"GET /es/%2e%2e/en/ HTTP/1.1", 404}, {"GET /es/%00 HTTP/1.1", 404}, {"GET /es/%zz HTTP/1.1", 400},
		{"GET /es/datos/coalition/explorar?by=%00 HTTP/1.1", 400}, {"GET /es/datos/coalition/explorar?by=gender%0d%0aSet-Cookie:%20a=b HTTP/1.1", 400},
		{"GET //evil.example/es/ HTTP/1.1", 404}, {"GET http://evil.example/es HTTP/1.1", 301}, {"GET /es/\xff HTTP/1.1", 404}, {"GET /" + strings.Repeat("a", 5000) + " HTTP/1.1", 414},
		{"GET / HTTP/1.1\r\nAccept-Language: " + strings.Repeat("en,", 3000), 302}, {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 60_000), 431},
		{"POST /es/ HTTP/1.1\r\nContent-Length: 5", 405}, {"BREW /es/ HTTP/1.1", 405}, {"* * *", 400}, {"GET * HTTP/1.1", 404},
		{"GET /catalog/coalition/3/data.csv HTTP/1.1\r\nRange: bytes=0-1,5-6,9-10", 206}, {"GET /catalog/coalition/3/data.csv HTTP/1.1\r\nRange: bytes=999-", 416},
		{"GET /catalog/coalition/3/data.csv HTTP/1.1\r\nRange: bytes=-0,x", 416},
	} {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // the test fails rather than hangs
		go func() { _, _ = fmt.Fprintf(conn, "%s\r\nHost: portal.test\r\nConnection: close\r\n\r\n", c.head) }()
		w, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.60q: no answer: %v", c.head, err)
		} else {
			body, _ := io.ReadAll(w.Body)
			if w.StatusCode != c.code {
				t.Errorf("%.60q answers %d, want %d", c.head, w.StatusCode, c.code)
			}
			if to := w.Header.Get("Location"); strings.Contains(to, "evil") {
				t.Errorf("%.60q leads to %s", c.head, to)
			}
			if w.Header.Get("Set-Cookie") != "" || strings.Contains(string(body), "goroutine") {
				t.Errorf("%.60q: %v", c.head, w.Header)
			}
		}
		conn.Close()
	}
}
