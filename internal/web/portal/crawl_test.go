package portal

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// maxCrawl is more addresses than the small catalog's site has: a crawl that
// reaches it has found a door that never ends.
const maxCrawl = 3000

// TestEveryLinkLeadsSomewhere walks the whole site from its root as a search
// engine would, and follows links, files and assets: each address answers 200, or
// 410 where a withdrawn version was linked to, and is what its kind promises.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	s := newSite(t)
	from := map[string]string{"/": ""} // address → where it was found
	queue := []string{"/"}
	seen := map[string]int{}
	add := func(at, href string) {
		to, err := url.Parse(href)
		if err != nil || to.IsAbs() || to.Host != "" {
			if href != "about:blank" {
				t.Errorf("%s leads away, to %q", at, href)
			}
			return
		}
		base, _ := url.Parse(at)
		to = base.ResolveReference(to)
		to.Fragment = ""
		if _, ok := from[to.String()]; !ok {
			from[to.String()] = at
			queue = append(queue, to.String())
		}
	}
	for len(queue) > 0 && len(seen) < maxCrawl {
		path := queue[0]
		queue = queue[1:]
		w := s.get(t, path)
		for hops := 0; w.Code >= 300 && w.Code < 400; hops++ {
			start := strings.Contains(path, "/expl") && !strings.Contains(path, "by=") // a dataset's first question
			if path != "/" && path != "/favicon.ico" && !start || hops == 1 {
				t.Fatalf("%s, on %s, leads through %s", path, from[path], w.Header().Get("Location"))
			}
			w = s.get(t, w.Header().Get("Location"))
		}
		seen[path]++
		if gone := strings.Contains(path, "/coalition/1"); w.Code != 200 && !(gone && w.Code == 410) || gone && w.Code == 200 {
			t.Errorf("%s, on %s, answers %d", path, from[path], w.Code)
			continue
		}
		for _, href := range links(t, path, w) {
			add(path, href)
		}
	}
	if len(queue) > 0 {
		t.Fatalf("after %d addresses there is still more, such as %s", maxCrawl, queue[0])
	}
	t.Logf("%d addresses", len(seen))
	for _, must := range []string{"/es/ayuda", "/en/help", "/en/data/coalition/1", "/catalog/coalition/3/data.csv", "/catalog/coalition/2/manifest.json", "/catalog/ledger.jsonl",
		"/es/datos/coalition/explorar.csv?by=gender&version=3", "/es/datos/coalition/explorar?by=gender&version=3", "/es/datos/coalition/explorar?by=gender&view=table", "/en/data/coalition/explore.svg?by=gender&version=2", s.asset(t, "portal.js")} {
		if seen[must] == 0 {
			t.Errorf("nothing leads to %s", must)
		}
	}
	for path, n := range seen {
		if n > 1 {
			t.Errorf("%s was walked %d times", path, n)
		}
	}
}

// links reads an answer by its kind, fails where it is not well-formed, and
// returns the addresses in it.
func links(t *testing.T, path string, w *httptest.ResponseRecorder) (hrefs []string) {
	t.Helper()
	body := w.Body.Bytes()
	switch kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); kind {
	case "text/html":
		if strings.HasPrefix(path, "/catalog/") {
			return nil // a report, which has its own makers and tests
		}
		for _, g := range checkPage(t, path, string(body)) {
			for _, name := range []string{"href", "src"} {
				if v := g.attr[name]; v != "" && !g.end {
					hrefs = append(hrefs, v)
				}
			}
		}
		return append(hrefs, "/robots.txt", "/favicon.ico")
	case "text/csv":
		in := csv.NewReader(bytes.NewReader(body))
		in.Comment = '#'
		if rows, err := in.ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("%s: %d lines, %v", path, len(rows), err)
		}
	case "application/json", "application/ld+json":
		if !json.Valid(body) {
			t.Errorf("%s is no JSON", path)
		}
	case "application/x-ndjson":
		for line := range bytes.Lines(body) {
			if !json.Valid(line) {
				t.Errorf("%s: %.80q is no JSON", path, line)
			}
		}
	case "image/svg+xml":
		d := xml.NewDecoder(bytes.NewReader(body))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
	case "text/css", "text/javascript", "text/plain", "application/vnd.apache.parquet":
		if len(body) == 0 {
			t.Errorf("%s is empty", path)
		}
	default:
		t.Errorf("%s is %q", path, kind)
	}
	return nil
}

// TestEveryChoiceOfTheFormAnswers sends the form of the explorer with each pair
// of columns that it offers, and each single box: what can be picked is answered.
func TestEveryChoiceOfTheFormAnswers(t *testing.T) {
	s := newSite(t)
	const explorer = "/es/datos/coalition/explorar"
	first, _, _ := choices(checkPage(t, explorer, s.get(t, explorer+"?by=gender").Body.String()))
	if len(first) != 8 { // majority and unmeasured stand alone, but can be counted by
		t.Fatalf("%d columns to choose from: %v", len(first), first)
	}
	pages := 0
	for _, a := range first {
		w := s.get(t, explorer+"?by="+url.QueryEscape(a))
		if w.Code != 200 {
			t.Fatalf("by %s: %d", a, w.Code)
		}
		_, second, boxes := choices(tags(t, a, w.Body.String()))
		if !slices.Contains(second, "") || slices.Contains(second, a) {
			t.Errorf("by %s: second choices %v", a, second)
		}
		for _, b := range second {
			pages++
			to := s.get(t, explorer+"?by="+url.QueryEscape(a)+"&by="+url.QueryEscape(b)).Header().Get("Location")
			if w := s.get(t, to); w.Code != 200 {
				t.Errorf("by %s and %s: %s answers %d", a, b, to, w.Code)
			}
		}
		for _, box := range boxes {
			if w := s.get(t, explorer+"?by="+url.QueryEscape(a)+"&"+url.QueryEscape(box[0])+"="+url.QueryEscape(box[1])); w.Code != 200 && w.Code != 302 {
				t.Errorf("by %s, only %v: %d", a, box, w.Code)
			}
		}
	}
	if pages < 20 {
		t.Errorf("only %d pairs", pages)
	}
}

// choices returns the options of both lists and the name and value of each box.
func choices(all []tag) (first, second []string, boxes [][2]string) {
	in := ""
	for _, g := range all {
		switch {
		case g.name == "select" && !g.end:
			in = g.attr["id"]
		case g.name == "option" && !g.end && in == "by1":
			first = append(first, g.attr["value"])
		case g.name == "option" && !g.end:
			second = append(second, g.attr["value"])
		case g.name == "input" && g.attr["type"] == "checkbox":
			boxes = append(boxes, [2]string{g.attr["name"], g.attr["value"]})
		}
	}
	return first, second, boxes
}

// TestEveryPageSpeaksItsLanguage looks on each page for sentences of the other
// language, and for the language's own.
func TestEveryPageSpeaksItsLanguage(t *testing.T) {
	s := newSite(t)
	for path, code := range addresses {
		if len(path) < 4 || !isLanguage(path[1:3]) {
			continue
		}
		lang, other := path[1:3], map[string]string{"es": "en", "en": "es"}[path[1:3]]
		body := s.get(t, path).Body.String()
		all := tags(t, path, body)
		text := " "
		foreign := false
		for _, g := range all {
			if g.name == "html" && !g.end && g.attr["lang"] != lang {
				t.Errorf("%s is said to be in %s", path, g.attr["lang"])
			}
			if l := g.attr["lang"]; l != "" && g.name == "a" {
				foreign = l != lang
			} else if g.name == "a" && g.end {
				foreign = false
			}
			if !foreign {
				text += g.text + g.attr["aria-label"] + g.attr["data-wait"] + g.attr["data-fail"] + "\n"
			}
		}
		for key, sentence := range words[other] {
			if len(sentence) > 20 && !strings.Contains(sentence, "%") && sentence != words[lang][key] && strings.Contains(text, sentence) {
				t.Errorf("%s (%d) says %s in %s", path, code, key, other)
			}
		}
		for _, key := range []string{"foot.words", "foot.cookies", "nav.skip"} {
			if !strings.Contains(text, words[lang][key]) {
				t.Errorf("%s does not say %s", path, key)
			}
		}
	}
}
