package portal

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"unicode"

	"amparo/internal/catalog"
	"amparo/internal/indicator"
	"amparo/microdata"
)

//go:embed html
var markup embed.FS

// A page is what the frame of every page needs.
type page struct {
	Lang   string
	Page   string // names the template of the middle, and the colour of the head
	Title  string
	Path   string // of this page, canonical
	Others []link // the same page in the other languages
	Robots string // "" lets it be found
	// Fictional is the key of the sentence that says that data here are invented:
	// "" where none are. Default: what holds for the whole catalog.
	Fictional string
	Own       bool         // Fictional is of this page's own dataset, and not of the catalog
	Exit      template.URL // where the quick exit leads; "" has no such button
	Script    string
	Style     string
	Icon      string
	Kite      string
	Body      any
}

// A link leads to a page.
type link struct{ Lang, Label, Href string }

// parsePages reads the templates, once for each language.
func parsePages(p *portal) map[string]map[string]*template.Template {
	pages := map[string]map[string]*template.Template{}
	for _, lang := range languages {
		pages[lang] = map[string]*template.Template{}
		base := template.Must(template.New("frame.html").Funcs(functions(lang)).ParseFS(markup, "html/frame.html", "html/parts.html"))
		for _, name := range []string{home, data, dataset, explorer, "failure", "gone"} {
			pages[lang][name] = template.Must(template.Must(base.Clone()).ParseFS(markup, "html/"+name+".html"))
		}
		for _, name := range proses {
			pages[lang][name] = template.Must(template.Must(base.Clone()).ParseFS(markup, "html/prose.html", "html/"+lang+"/"+name+".html"))
		}
	}
	return pages
}

// functions are those that templates call, for one language.
func functions(lang string) template.FuncMap {
	return template.FuncMap{
		"t":      func(key string, args ...any) string { return say(lang, key, args...) },
		"href":   func(page string) string { return route{lang: lang, page: page}.path() },
		"count":  func(v any) string { return count(lang, number(v)) },
		"size":   func(n int64) string { return size(lang, n) },
		"eps":    indicator.Parameter,
		"lang":   func() string { return lang },
		"upper":  strings.ToUpper,
		"soft":   soft,
		"spaced": func(s string) string { return strings.ReplaceAll(s, "-", "-\u200b") },
	}
}

// soft writes a text that may break within a name that has no spaces: after an
// underscore, before a capital in the middle of a word.
func soft(s string) template.HTML {
	var b strings.Builder
	from := 0
	cut := func(at int) {
		b.WriteString(template.HTMLEscapeString(s[from:at]))
		b.WriteString("<wbr>")
		from = at
	}
	last := ' '
	for i, r := range s {
		if last == '_' && r != '_' && i > 1 || unicode.IsLower(last) && unicode.IsUpper(r) {
			cut(i)
		}
		last = r
	}
	b.WriteString(template.HTMLEscapeString(s[from:]))
	return template.HTML(b.String()) //nolint:gosec // all but <wbr> is escaped
}

func number(v any) float64 {
	switch x := v.(type) {
	case int:
		return float64(x)
	case int64:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

// show renders a page and sends it.
func (p *portal) show(w http.ResponseWriter, r *http.Request, at route, status int, v page) {
	v.Lang = at.lang
	v.Style, v.Script = p.assets.path("style.css"), p.assets.path("portal.js")
	v.Icon, v.Kite = p.assets.path("favicon.svg"), p.assets.path("kite.svg")
	if !v.Own {
		v.Fictional = p.fictional()
	}
	cache := ""
	if v.Page == help {
		v.Exit, cache = template.URL(p.options.Exit), "no-store" // nothing of this page stays on a phone that others use
	}
	if status != http.StatusOK {
		v.Robots = "noindex"
	}
	var b bytes.Buffer
	if err := p.pages[at.lang][v.Page].Execute(&b, &v); err != nil {
		p.options.Log.Error("portal: a page cannot be written", "page", v.Page, "error", err)
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	p.write(w, r, response{status: status, kind: "text/html; charset=utf-8", cache: cache, body: b.Bytes()})
}

// here fills in what a page at a route has: its path, and itself in the other
// languages. Ids and queries are the same in all.
func (v page) here(at route, query string) page {
	v.Path = withQuery(at.path(), query)
	for _, l := range languages {
		if l != at.lang {
			v.Others = append(v.Others, link{Lang: l, Label: say(l, "language.name"), Href: withQuery(at.in(l).path(), query)})
		}
	}
	return v
}

// failure is the body of a page that says why there is nothing.
type failure struct {
	Heading, Text string
	Links         []link
}

// fail answers with a page that says what is wrong and where to go on.
func (p *portal) fail(w http.ResponseWriter, r *http.Request, lang string, status int, key string) {
	at := route{lang: lang, page: home}
	v := page{Page: "failure", Title: say(lang, key+".title"), Body: failure{
		Heading: say(lang, key+".title"), Text: say(lang, key+".text"),
		Links: []link{{Label: say(lang, "nav.home"), Href: at.path()}, {Label: say(lang, "nav.data"), Href: route{lang: lang, page: data}.path()}},
	}}
	p.show(w, r, at, status, v.here(at, ""))
}

// fictional returns the key of what is to be said of the catalog: that all of it
// is invented, that some of it is, or nothing.
func (p *portal) fictional() string {
	ids, err := p.options.Catalog.Datasets()
	if err != nil {
		return ""
	}
	invented, real := false, false
	for _, id := range ids {
		if b, err := p.options.Catalog.Bundle(id, 0); err == nil {
			invented = invented || b.Manifest().Fictional
			real = real || !b.Manifest().Fictional
		}
	}
	switch {
	case invented && real:
		return "fictional.some"
	case invented:
		return "fictional.text"
	}
	return ""
}

// of marks a page as one of a dataset: it says of itself whether it is invented.
func (v page) of(m *catalog.Manifest) page {
	v.Own = true
	if m.Fictional {
		v.Fictional = "fictional.text"
	}
	return v
}

// inText returns a text in a language, in any where it has none.
func inText(t microdata.Text, lang, fallback string) string {
	if s := t.In(lang, ""); s != "" {
		return s
	}
	for _, l := range languages {
		if t[l] != "" {
			return t[l]
		}
	}
	return fallback
}

// title names a dataset.
func title(m *catalog.Manifest, lang string) string { return inText(m.Title, lang, m.Dataset) }

// home shows the three doors, and what was published last.
func (p *portal) home(w http.ResponseWriter, r *http.Request, at route) {
	v := page{Page: home, Title: say(at.lang, "home.title"), Body: p.listing(at.lang)}
	p.show(w, r, at, http.StatusOK, v.here(at, "")) // whatever the catalog holds, the doors stand open
}

// catalogue lists the datasets.
func (p *portal) catalogue(w http.ResponseWriter, r *http.Request, at route) {
	list, status := p.listing(at.lang), http.StatusOK
	if list.Fault != "" {
		status = http.StatusServiceUnavailable
	}
	v := page{Page: data, Title: say(at.lang, "data.title"), Body: list}
	p.show(w, r, at, status, v.here(at, ""))
}

// An entry is a dataset in a list.
type entry struct {
	ID, Title, Description, Href, Explore string
	Manifest                              *catalog.Manifest // nil where it cannot be served
	Day                                   string
	State                                 string // why it cannot be served
}

// A listing is a list of datasets.
type listing struct {
	Entries []entry
	Fault   string // why there is no list; "" there is one
}

// listing returns the datasets, those that can be read first.
func (p *portal) listing(lang string) listing {
	ids, err := p.options.Catalog.Datasets()
	if err != nil {
		p.options.Log.Error("portal: the catalog cannot be read", "error", err)
		return listing{Fault: say(lang, "data.broken")}
	}
	var good, bad []entry
	for _, id := range ids {
		e := entry{ID: id, Title: id, Href: route{lang: lang, page: dataset, dataset: id}.path(),
			Explore: route{lang: lang, page: explorer, dataset: id}.path()}
		b, err := p.options.Catalog.Bundle(id, 0)
		switch {
		case err == nil:
			m := b.Manifest()
			e.Manifest, e.Title, e.Description, e.Day = m, title(m, lang), inText(m.Description, lang, ""), day(lang, m.Created)
			good = append(good, e)
			continue
		case errors.Is(err, catalog.ErrNotFound):
			continue // published in the ledger, its files not there yet
		case errors.Is(err, catalog.ErrWithdrawn):
			e.State = say(lang, "data.withdrawn")
		default:
			e.State = say(lang, "data.touched")
		}
		bad = append(bad, e)
	}
	return listing{Entries: append(good, bad...)}
}

// proses are the pages that are text and nothing else.
var proses = []string{help, methods, privacy, accessibility}

func (p *portal) prose(w http.ResponseWriter, r *http.Request, at route) {
	v := page{Page: at.page, Title: say(at.lang, at.page+".title")}
	if at.page == help {
		v.Robots = "noindex"
	}
	p.show(w, r, at, http.StatusOK, v.here(at, ""))
}
