package portal

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/catalog"
	"amparo/internal/indicator"
	"amparo/microdata"
)

// explorerBody is the page of one question.
type explorerBody struct {
	Name, Dataset string // the dataset's title, and its page
	Version       int
	Newest        string // the same question of the newest version; "" where this is it
	Question      string
	Definition    string
	Action        string
	First, Second []choice
	Hidden        []pair
	Filters       []filter
	Filtered      int // columns with a filter
	Reset         string
	Answer        *answerView // nil where the question was refused
	Refusal       string
	Offers        []link
}

// A choice is one option of a list.
type choice struct {
	Value, Label string
	Chosen       bool
}

type pair struct{ Name, Value string }

// A filter is a column whose levels may be kept. Its boxes are written without a
// template: there are hundreds, and templates are slow.
type filter struct {
	ID, Label string
	Open      bool
	Own, Sets template.HTML // boxes of its levels, and of the groups of them that tables know
	More      int           // levels that are not listed
}

// maxTicks is the number of levels that a page lists of one column.
const maxTicks = 300

func (p *portal) explorer(w http.ResponseWriter, r *http.Request, at route) {
	x, st, err := p.shelf.Parse(at.dataset, r.URL.RawQuery)
	if err != nil {
		p.refuse(w, r, at, err)
		return
	}
	if q := st.Query(); q != r.URL.RawQuery {
		p.redirect(w, r, http.StatusFound, withQuery(at.path(), q))
		return
	}
	a, err := x.Answer(st)
	var refused *indicator.RefusedError
	if err != nil && !errors.As(err, &refused) {
		p.refuse(w, r, at, err)
		return
	}
	switch {
	case at.suffix != "" && refused != nil:
		p.plain(w, r, at, http.StatusUnprocessableEntity, refused.Reason.In(at.lang, ""))
	case at.suffix != "":
		p.export(w, r, at, a)
	default:
		p.question(w, r, at, x, st, a, refused)
	}
}

// question shows a state: what was asked, the answer or why there is none, and
// the form to ask something else.
func (p *portal) question(w http.ResponseWriter, r *http.Request, at route, x *indicator.Index, st indicator.State, a *indicator.Answer, refused *indicator.RefusedError) {
	lang, m := at.lang, x.Source().Manifest
	body := explorerBody{Name: title(m, lang), Version: m.Version, Question: x.Title(st, lang), Action: at.path(),
		Dataset: route{lang: lang, page: dataset, dataset: at.dataset, version: st.Version}.path(),
		Reset:   withQuery(at.path(), indicator.State{By: st.By, Version: st.Version}.Query())}
	if latest, err := p.options.Catalog.Latest(at.dataset); err == nil && latest > m.Version {
		newest := st
		newest.Version = 0
		body.Newest = withQuery(at.path(), newest.Query())
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		body.Refusal = refused.Reason.In(lang, "")
		for _, o := range refused.Offer {
			body.Offers = append(body.Offers, link{Label: x.Title(o, lang), Href: withQuery(at.path(), o.Query())})
		}
	} else {
		body.Definition = a.Subtitle(lang)
		body.Answer = view(a, at)
	}
	book, err := p.options.Catalog.Bundle(m.Dataset, m.Version)
	if err != nil {
		p.refuse(w, r, at, err)
		return
	}
	body.form(x, book.Codebook(), st, lang)
	v := page{Page: explorer, Title: body.Question, Body: body}.of(m).here(at, st.Query())
	st.Version = m.Version
	v.Path = withQuery(at.path(), st.Query())
	p.show(w, r, at, status, v)
}

// form fills in the choices: two columns that were measured together, and the
// levels of every column that may still be filtered.
func (b *explorerBody) form(x *indicator.Index, book *catalog.Codebook, st indicator.State, lang string) {
	first, second := st.By[0], ""
	if len(st.By) > 1 {
		second = st.By[1]
	}
	for _, c := range x.Columns() {
		b.First = append(b.First, choice{c, x.ColumnLabel(c, lang), c == first})
	}
	partners := x.Partners(first)
	if second != "" && !slices.Contains(partners, second) {
		partners = append(partners, second)
	}
	for _, c := range partners {
		b.Second = append(b.Second, choice{c, x.ColumnLabel(c, lang), c == second})
	}
	open := slices.Clone(st.By)
	if second == "" {
		open = append(open, x.Partners(first)...)
	}
	for _, c := range x.Columns() { // filters of a question that was refused can be taken away
		if st.Filters[c] != nil && !slices.Contains(open, c) {
			open = append(open, c)
		}
	}
	b.Filtered = len(st.Filters)
	for i, c := range open {
		b.Filters = append(b.Filters, newFilter(x, book, c, st.Filters[c], "f"+strconv.Itoa(i), lang))
	}
	for _, name := range []string{"version", "view"} {
		if v, err := url.ParseQuery(st.Query()); err == nil && v.Get(name) != "" {
			b.Hidden = append(b.Hidden, pair{name, v.Get(name)})
		}
	}
}

func newFilter(x *indicator.Index, book *catalog.Codebook, column string, kept []string, id, lang string) filter {
	f := filter{ID: id, Label: x.ColumnLabel(column, lang), Open: kept != nil}
	levels := x.Levels(column)
	c, known := book.Column(column)
	var boxes [2]strings.Builder
	for i, l := range levels {
		on := slices.Contains(kept, l.Value)
		if i >= maxTicks && !on {
			f.More++
			continue
		}
		b := &boxes[0]
		if known {
			if _, own := c.Code(l.Value); !own {
				b = &boxes[1]
			}
		}
		param, value := spell(column, l.Value)
		box(b, id+"-"+strconv.Itoa(i), param, value, x.LevelLabel(column, l.Value, lang), on)
	}
	f.Own, f.Sets = template.HTML(boxes[0].String()), template.HTML(boxes[1].String()) //nolint:gosec // box escapes all text
	return f
}

// box writes a box that keeps one level.
func box(b *strings.Builder, id, param, value, label string, on bool) {
	b.WriteString(`<div class="tick"><input type="checkbox" id="` + id + `" name="` + template.HTMLEscapeString(param) + `" value="` + template.HTMLEscapeString(value) + `"`)
	if on {
		b.WriteString(" checked")
	}
	b.WriteString(`><label for="` + id + `">` + template.HTMLEscapeString(label) + "</label></div>\n")
}

// spell returns the parameter that keeps one level of a column, as State.Query
// writes it.
func spell(column, value string) (name, text string) {
	q := indicator.State{Filters: map[string][]string{column: {value}}}.Query()
	name, text, _ = strings.Cut(q, "=")
	name, _ = url.QueryUnescape(name) // it was escaped one line above
	text, _ = url.QueryUnescape(text)
	return name, text
}

// export sends the state as a file: the same answer as the page's.
func (p *portal) export(w http.ResponseWriter, r *http.Request, at route, a *indicator.Answer) {
	out := response{name: fileName(a, at.suffix)}
	switch at.suffix {
	case ".csv":
		var b strings.Builder
		if err := a.WriteCSV(&b, at.lang); err != nil {
			p.refuse(w, r, at, err)
			return
		}
		out.kind, out.body = "text/csv; charset=utf-8", []byte(b.String())
	case ".json":
		body, err := a.JSON(at.lang)
		if err != nil {
			p.refuse(w, r, at, err)
			return
		}
		out.kind, out.body, out.name = "application/json", body, ""
	case ".svg":
		w.Header().Set("Content-Security-Policy", drawingPolicy)
		out.kind, out.body, out.name = "image/svg+xml", drawing(a, at.lang), ""
	}
	p.write(w, r, out)
}

// fileName names a download after what is in it: ASCII, no spaces, not long.
func fileName(a *indicator.Answer, suffix string) string {
	name := a.Source.Dataset + "-" + strconv.Itoa(a.Source.Version)
	for _, c := range a.State.By {
		name += "-" + c
	}
	if len(a.State.Filters) > 0 {
		name += "-filtered"
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, name)
	return name[:min(len(name), 100)] + suffix
}

// plain answers a question about a file in which there is none: for programs,
// which read no pages.
func (p *portal) plain(w http.ResponseWriter, r *http.Request, at route, status int, text string) {
	out := response{status: status, kind: "text/plain; charset=utf-8", body: []byte(text + "\n")}
	if at.suffix == ".json" {
		b, _ := json.Marshal(map[string]string{"error": text}) // strings can always be written
		out.kind, out.body = "application/json", append(b, '\n')
	}
	p.write(w, r, out)
}

// levelLabel names a level of an axis; what is no answer says why.
func levelLabel(a *indicator.Answer, axis, level int, lang string) string {
	l := a.Axes[axis].Levels[level]
	label := a.LevelLabel(axis, level, lang)
	if l.Missing != microdata.Present && label == "" {
		return indicator.MissingLabel(l.Missing, lang)
	}
	return label
}
