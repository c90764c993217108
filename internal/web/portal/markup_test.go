package portal

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tag is one tag of a page.
type tag struct {
	name string
	end  bool
	attr map[string]string
	text string // up to the next tag
}

var (
	tagForm  = regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^\s=<>"'/]+(?:="[^"<]*")?)*)\s*(/?)>`)
	attrForm = regexp.MustCompile(`([^\s=<>"'/]+)(?:="([^"<]*)")?`)
	void     = strings.Fields("area base br col embed hr img input link meta source track wbr")
)

// tags reads a page as strictly as it can be written: quoted values, nothing
// outside the grammar, everything closed in order.
func tags(t *testing.T, path, body string) (all []tag) {
	t.Helper()
	body, ok := strings.CutPrefix(body, "<!doctype html>\n")
	if !ok {
		t.Errorf("%s has no doctype", path)
	}
	at := 0
	var open []string
	for _, m := range tagForm.FindAllStringSubmatchIndex(body, -1) {
		if strings.ContainsAny(body[at:m[0]], "<>") {
			t.Errorf("%s: stray sign in %.80q", path, body[at:m[0]])
		}
		if len(all) > 0 {
			all[len(all)-1].text = body[at:m[0]]
		}
		at = m[1]
		g := tag{name: strings.ToLower(body[m[4]:m[5]]), end: m[3] > m[2], attr: map[string]string{}}
		for _, a := range attrForm.FindAllStringSubmatch(body[m[6]:m[7]], -1) {
			if _, twice := g.attr[a[1]]; twice {
				t.Errorf("%s: <%s> has %s twice", path, g.name, a[1])
			}
			g.attr[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, g)
		switch {
		case g.end:
			if len(open) == 0 || open[len(open)-1] != g.name {
				t.Fatalf("%s: </%s> closes %v", path, g.name, open)
			}
			open = open[:len(open)-1]
		case m[8] == m[9] && !slices.Contains(void, g.name):
			open = append(open, g.name)
		}
	}
	if len(open) > 0 || strings.ContainsAny(body[at:], "<>") {
		t.Errorf("%s: not closed: %v", path, open)
	}
	return all
}

// TestMarkup reads every page.
func TestMarkup(t *testing.T) {
	s := newSite(t)
	for path := range addresses {
		checkPage(t, path, s.get(t, path).Body.String())
	}
}

// checkPage reads a page: closed, ids once, every control with its label, every
// reference to something, nothing inline that the policy would stop. It returns
// the tags.
func checkPage(t *testing.T, path, body string) []tag {
	t.Helper()
	all := tags(t, path, body)
	ids, labels, count := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, g := range all {
		if g.end {
			continue
		}
		count[g.name]++
		if id, ok := g.attr["id"]; ok {
			if ids[id] || id == "" {
				t.Errorf("%s: id %q stands twice or is empty", path, id)
			}
			ids[id] = true
		}
		if g.name == "label" {
			labels[g.attr["for"]] = true
		}
	}
	last := 0
	for _, g := range all {
		if g.end {
			continue
		}
		fault := func(what string) { t.Errorf("%s: <%s %v> %s", path, g.name, g.attr, what) }
		for name, value := range g.attr {
			switch {
			case strings.HasPrefix(name, "on") || name == "style":
				fault("is inline code or style")
			case name == "for" || name == "aria-labelledby" || name == "aria-describedby":
				for _, id := range strings.Fields(value) {
					if !ids[id] {
						fault("refers to what is not there")
					}
				}
			case name == "href" && strings.HasPrefix(value, "#") && !ids[value[1:]]:
				fault("leads nowhere")
			case (name == "href" || name == "src" || name == "action") && value != "about:blank" && !strings.HasPrefix(value, "#") &&
				(!strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//")):
				fault("leads to elsewhere")
			}
		}
		switch g.name {
		case "input", "select", "textarea":
			if g.attr["type"] != "hidden" && !labels[g.attr["id"]] {
				fault("has no label")
			}
		case "img":
			if _, ok := g.attr["alt"]; !ok {
				fault("has no alternative text")
			}
		case "style", "iframe", "object", "embed", "base":
			fault("is not for pages here")
		case "script":
			if g.attr["src"] == "" || g.attr["type"] != "module" {
				fault("is not the module")
			}
		case "h1", "h2", "h3", "h4":
			level := int(g.name[1] - '0')
			if level > last+1 {
				fault(fmt.Sprintf("skips a level after h%d", last))
			}
			last = level
		case "html":
			if g.attr["lang"] != "es" && g.attr["lang"] != "en" {
				fault("has no language")
			}
		}
	}
	for _, name := range []string{"html", "head", "title", "main", "h1"} {
		if count[name] != 1 && !(name == "title" && count["svg"] > 0) {
			t.Errorf("%s has %d of %s", path, count[name], name)
		}
	}
	if strings.Contains(body, "http://") || strings.Contains(body, "https://") && !strings.Contains(body, "https://datos.example.org") {
		t.Errorf("%s names an address elsewhere", path)
	}
	for _, bad := range []string{"ZgotmplZ", "%!", "<no value>", "NaN", "+Inf"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s holds %s", path, bad)
		}
	}
	return all
}

// TestEveryPageIsLight holds each page and its parts to 60 KB compressed.
func TestEveryPageIsLight(t *testing.T) {
	s := newSite(t)
	shared := 0
	for _, name := range []string{"style.css", "portal.js", "favicon.svg"} {
		shared += s.get(t, s.asset(t, name), "Accept-Encoding", "gzip").Body.Len()
	}
	worst, at := 0, ""
	for path := range addresses {
		if n := s.get(t, path, "Accept-Encoding", "gzip").Body.Len() + shared; n > worst {
			worst, at = n, path
		}
	}
	t.Logf("heaviest: %s, %d bytes on the wire, %d of them shared by all pages", at, worst, shared)
	if worst > 60_000 {
		t.Errorf("%s weighs %d bytes", at, worst)
	}
	script := s.get(t, s.asset(t, "portal.js"), "Accept-Encoding", "gzip").Body.Len()
	if script > 3000 {
		t.Errorf("the script weighs %d bytes compressed", script)
	}
}

// TestLanguageSwitchKeepsTheState goes to the other language and back.
func TestLanguageSwitchKeepsTheState(t *testing.T) {
	s := newSite(t)
	for path := range addresses {
		if code := addresses[path]; code == 404 || code == 400 {
			continue
		}
		there := other(tags(t, path, s.get(t, path).Body.String()))
		back := other(tags(t, there, s.get(t, there).Body.String()))
		if there == "" || there[:4] == path[:4] || back != path {
			t.Errorf("%s leads to %s and back to %s", path, there, back)
		}
	}
}

func other(all []tag) string {
	for _, g := range all {
		if g.attr["id"] == "language" {
			return g.attr["href"]
		}
	}
	return ""
}

// TestHostileNames asks for levels that are markup, and looks for it.
func TestHostileNames(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"by=%3Cimg%20src=x%20onerror=alert(1)%3E", "by=gender&gender=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "view=%3C/title%3E%3Cb%3E"} {
		body := s.get(t, "/en/data/coalition/explore?"+q).Body.String()
		tags(t, q, body)
		if strings.Contains(body, "<img src=x") || strings.Contains(body, "<script>alert") || strings.Contains(body, "</title><b>") {
			t.Errorf("%s became markup", q)
		}
	}
}

func TestFictionalIsSaid(t *testing.T) {
	s := newSite(t)
	for path, code := range addresses {
		body := s.get(t, path).Body.String()
		said := strings.Contains(body, `class="fictional"`)
		if own := strings.Contains(path, "/world"); said == own {
			t.Errorf("%s (%d) says fictional: %v", path, code, said)
		}
	}
	for _, suffix := range suffixes {
		body := s.get(t, "/en/data/coalition/explore"+suffix+"?by=gender").Body.String()
		if !strings.Contains(body, "no person or country is real") && !strings.Contains(strings.ReplaceAll(body, "</text>", ""), "fictional data") {
			t.Errorf("%s does not say that it is fictional", suffix)
		}
		if strings.Contains(s.get(t, "/en/data/world/explore"+suffix+"?by=gender").Body.String(), "fictional") {
			t.Errorf("%s of real data says that it is fictional", suffix)
		}
	}
}

// TestDrawingStandsAlone reads the drawing as XML and compares its style with
// the hash in its policy, by what a browser would do.
func TestDrawingStandsAlone(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/es/datos/coalition/explorar.svg?by=gender", "/en/data/coalition/explore.svg?by=ageBroad,citizenship", "/en/data/world/explore.svg?by=citizenship"} {
		w := s.get(t, path)
		if w.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s is %s", path, w.Header().Get("Content-Type"))
		}
		d := xml.NewDecoder(bytes.NewReader(w.Body.Bytes()))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		body := w.Body.String()
		style := body[strings.Index(body, "<style>")+7 : strings.Index(body, "</style>")]
		if want := policyOf(style); w.Header().Get("Content-Security-Policy") != want {
			t.Errorf("%s: policy %q, want %q", path, w.Header().Get("Content-Security-Policy"), want)
		}
		for _, say := range []string{"<title id=", "<desc id=", "sha256:", "95"} {
			if !strings.Contains(body, say) {
				t.Errorf("%s lacks %s", path, say)
			}
		}
	}
}

// TestSignsOnThePage shows each kind of missing level with its own sign.
func TestSignsOnThePage(t *testing.T) {
	s := newSite(t)
	body := s.get(t, "/en/data/coalition/explore?by=majority").Body.String() +
		s.get(t, "/en/data/coalition/explore?by=ageBroad").Body.String() + s.get(t, "/en/data/coalition/explore?by=gender").Body.String()
	for _, m := range missingKinds {
		if !strings.Contains(body, `class="swatch `+signClass[m]+`"`) || !strings.Contains(body, html.EscapeString(say("en", "sign."+signClass[m]))) {
			t.Errorf("%v has no sign, or no word for it", m)
		}
	}
	if !strings.Contains(body, "may be zero:") || !strings.Contains(body, `class="w"`) {
		t.Error("a weak number is not marked as one")
	}
}

func gunzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompressTakesAnySize(t *testing.T) {
	for _, n := range []int{0, 1, large, large + 1, 3 * large} {
		b := bytes.Repeat([]byte("x1"), n)
		if !bytes.Equal(gunzip(t, compress(b)), b) {
			t.Errorf("%d bytes came back changed", len(b))
		}
	}
}
