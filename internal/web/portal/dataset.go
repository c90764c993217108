package portal

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/catalog"
	"amparo/internal/indicator"
	"amparo/microdata"
)

// datasetBody is the page of one version of a dataset.
type datasetBody struct {
	*catalog.Manifest
	Name, About, Day, Explore string
	Coverage                  string
	Odds                      string // ε, δ and μ in words
	Unit, Signed              string
	Earlier                   string // releases whose tables helped to make the rows, or ""
	Protection                protection
	RowsNote                  string // what the number of rows is
	Files                     []download
	Tables                    []download
	Columns                   []columnLine
	Rests                     []pair // levels that only tables have, and their names
	Versions                  []versionLine
	Newer                     *versionLine // set where this is not the newest
	Cite, BibTeX              string
	Fixed                     string // the page of this version
	Signers                   string
	Hash                      string
	Seq                       int
}

type download struct {
	Label, File, Href string
	Bytes             int64
}

type columnLine struct {
	Name, Label, Href string
	Levels            int
}

type versionLine struct {
	Version   int
	Href      string
	Day       string
	Withdrawn string // why
	This      bool
}

func (p *portal) dataset(w http.ResponseWriter, r *http.Request, at route) {
	b, err := p.options.Catalog.Bundle(at.dataset, at.version)
	if err != nil {
		p.refuse(w, r, at, err)
		return
	}
	account, err := readAccount(b)
	if err != nil {
		p.refuse(w, r, at, err)
		return
	}
	m, lang := b.Manifest(), at.lang
	state := indicator.State{}
	if at.version != 0 {
		state.Version = at.version
	}
	explore := route{lang: lang, page: explorer, dataset: at.dataset}
	body := datasetBody{Manifest: m, Name: title(m, lang), About: inText(m.Description, lang, ""), Day: day(lang, m.Created),
		Explore: withQuery(explore.path(), state.Query()), Coverage: indicator.Coverage(m, lang),
		Odds: odds(m, lang), Unit: say(lang, "dataset.unit."+string(m.PrivacyUnit)), Signed: signed(m, lang), Earlier: earlier(m, lang),
		Protection: account.in(lang), RowsNote: say(lang, "dataset.rows.note"),
		Versions: p.versions(at, m.Version), Hash: b.Hash(), Seq: m.Ledger.Seq}
	if account.Fabrication == "strict" {
		body.RowsNote = say(lang, "dataset.rows.strict")
	}
	body.Files, body.Tables = downloads(m, lang)
	for i := range body.Versions {
		if v := &body.Versions[i]; v.Withdrawn == "" {
			if v.Version > m.Version {
				body.Newer = v
			}
			break
		}
	}
	for i := range b.Codebook().Columns {
		c := &b.Codebook().Columns[i]
		body.Columns = append(body.Columns, columnLine{Name: c.Name, Label: c.Label.In(lang, c.Name), Levels: len(c.Levels)})
	}
	body.Rests = rests(b.Codebook(), lang)
	body.Cite, body.BibTeX = p.cite(m, b.Hash(), lang)
	body.Signers = signers(m, lang)
	fixed := at
	fixed.version = m.Version
	body.Fixed = fixed.path()
	v := page{Page: dataset, Title: body.Name, Body: body}.of(m).here(at, "")
	v.Path = body.Fixed
	p.show(w, r, at, http.StatusOK, v)
}

// rests lists the levels that tables made of others, once each, with their names.
func rests(book *catalog.Codebook, lang string) (all []pair) {
	for i := range book.Tables {
		for _, tc := range book.Tables[i].Columns {
			c, ok := book.Column(tc.Name)
			if !ok {
				continue
			}
			for _, l := range tc.Levels {
				p := pair{l.Value, inText(l.Label, lang, l.Value)}
				if indicator.Rest(c, l) && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// odds says in words what ε, δ and μ promise. A mechanism with μ-GDP lets no one
// who must tell two equally likely worlds apart, with and without one person, be
// right more often than Φ(μ/2) (Dong, Roth and Su 2022).
func odds(m *catalog.Manifest, lang string) string {
	right := 100 * 0.5 * math.Erfc(-m.Mu/2/math.Sqrt2)
	out := say(lang, "dataset.odds", int(math.Ceil(min(right, 100)-1e-9)))
	if f := math.Exp(m.Epsilon); f < 1e4 {
		out += " " + say(lang, "dataset.factor", trimmed(f), count(lang, 1/m.Delta))
	}
	return out
}

func trimmed(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}

// earlier names the releases that fed the rows.
func earlier(m *catalog.Manifest, lang string) string {
	if len(m.Earlier) == 0 {
		return ""
	}
	return say(lang, "dataset.earlier", strings.Join(m.Earlier, ", "))
}

func signed(m *catalog.Manifest, lang string) string {
	if m.SignedBy == 1 {
		return say(lang, "dataset.signed.one", signers(m, lang))
	}
	return say(lang, "dataset.signed.many", m.SignedBy, signers(m, lang))
}

// signers names who signed, each with the fingerprint of the key.
func signers(m *catalog.Manifest, lang string) string {
	var names []string
	for _, s := range m.Signatures {
		names = append(names, say(lang, "dataset.signer", s.Name, s.Key))
	}
	return strings.Join(names, "; ")
}

// fileKeys name the files of a bundle, in the order of the page.
var fileKeys = []struct{ file, key string }{
	{"data.csv", "file.csv"}, {"data.parquet", "file.parquet"}, {"codebook.json", "file.codebook"},
	{"report.LANG.html", "file.report"}, {"report.json", "file.report.programs"}, {"datapackage.json", "file.datapackage"}, {"dcat.jsonld", "file.dcat"},
}

// downloads lists a bundle's files: records and reports, then tables. Reports
// in another language are left out.
func downloads(m *catalog.Manifest, lang string) (files, tables []download) {
	line := func(f catalog.FileHash, label string) download {
		return download{File: f.Path, Label: label, Href: filePath(m.Dataset, m.Version, f.Path), Bytes: f.Bytes}
	}
	for _, k := range fileKeys {
		if f, ok := m.File(strings.Replace(k.file, "LANG", lang, 1)); ok {
			files = append(files, line(f, say(lang, k.key)))
		}
	}
	files = append(files, line(catalog.FileHash{Path: "manifest.json"}, say(lang, "file.manifest")))
	for _, f := range m.Files {
		if strings.HasPrefix(f.Path, "tables/") {
			tables = append(tables, line(f, f.Path))
		}
	}
	return files, tables
}

func (p *portal) versions(at route, this int) []versionLine {
	all, err := p.options.Catalog.Versions(at.dataset)
	if err != nil {
		return nil
	}
	var lines []versionLine
	for _, v := range all {
		to := route{lang: at.lang, page: dataset, dataset: at.dataset, version: v.Version}
		l := versionLine{Version: v.Version, Href: to.path(), Day: day(at.lang, v.Time), This: v.Version == this}
		if v.Withdrawn != nil {
			l.Withdrawn = v.Withdrawn.Reason
		}
		lines = append(lines, l)
	}
	return lines
}

// cite writes the citation of a version, as text and for BibTeX. The hash of the
// manifest fixes every byte of it. Where no publisher is stated there is no author:
// the name of a key is none, and the citation says who signed.
func (p *portal) cite(m *catalog.Manifest, hash, lang string) (text, bibtex string) {
	address := ""
	if p.options.Base != "" {
		address = strings.TrimSuffix(p.options.Base, "/") + route{lang: lang, page: dataset, dataset: m.Dataset, version: m.Version}.path()
	}
	name, note := title(m, lang), say(lang, "dataset.cite.note", ascii(m.Epsilon), ascii(m.Delta))
	author := "author  = {{" + bib(m.Publisher) + "}}"
	if m.Publisher == "" {
		text = say(lang, "dataset.cite.signed", name, m.Version, m.Created.Year(), signers(m, lang), hash)
		author = "key     = {" + bib(name) + "}"
		note = say(lang, "dataset.cite.note.signed", signers(m, lang)) + "; " + note
	} else {
		text = say(lang, "dataset.cite.text", m.Publisher, m.Created.Year(), name, m.Version, hash)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@misc{%s-%d,\n  %s,\n  title   = {{%s}},\n  year    = {%d},\n  version = {%d},\n",
		m.Dataset, m.Version, author, bib(name), m.Created.Year(), m.Version)
	fmt.Fprintf(&b, "  note    = {%s; sha256:%s}", bib(note), hash)
	if address != "" {
		text += " " + address
		fmt.Fprintf(&b, ",\n  url     = {%s}", address)
	}
	b.WriteString("\n}")
	return text, b.String()
}

// bib keeps a text from ending its braces.
func bib(s string) string {
	return strings.NewReplacer(`\`, `\textbackslash `, "{", `\{`, "}", `\}`, "%", `\%`, "&", `\&`, "#", `\#`, "_", `\_`, "$", `\$`, "\n", " ").Replace(s)
}

// ascii writes a parameter for programs that read nothing else.
func ascii(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// goneBody is the page of what was withdrawn.
type goneBody struct {
	Name, Reason, Day string
	Version           int
	Successor         *versionLine
	Versions          []versionLine
}

// withdrawn answers for a version that was withdrawn, page, state or file.
func (p *portal) withdrawn(w http.ResponseWriter, r *http.Request, at route, e *catalog.WithdrawnError) {
	to := at
	to.page, to.suffix, to.dataset = dataset, "", e.Dataset
	body := goneBody{Name: e.Dataset, Reason: e.Reason, Version: e.Version, Day: day(at.lang, e.Time), Versions: p.versions(to, e.Version)}
	if e.Successor != 0 {
		for i := range body.Versions {
			if body.Versions[i].Version == e.Successor {
				body.Successor = &body.Versions[i]
			}
		}
	}
	v := page{Page: "gone", Title: say(at.lang, "gone.title"), Body: body}
	query := ""
	if at.page == explorer {
		query = r.URL.RawQuery
	}
	p.show(w, r, at, http.StatusGone, v.here(at, query))
}

// unknownBody is the page that says what a URL names and the release does not have.
func (p *portal) unknown(w http.ResponseWriter, r *http.Request, at route, e *indicator.UnknownError) {
	lang := at.lang
	explore := route{lang: lang, page: explorer, dataset: at.dataset}
	body := failure{Heading: say(lang, "error.unknown.title"), Text: unknownText(lang, e),
		Links: []link{{Label: say(lang, "error.unknown.start"), Href: explore.path()},
			{Label: say(lang, "nav.data"), Href: route{lang: lang, page: data}.path()}}}
	if _, err := p.options.Catalog.Versions(at.dataset); errors.Is(err, catalog.ErrNotFound) {
		p.fail(w, r, lang, http.StatusNotFound, "error.none")
		return
	}
	v := page{Page: "failure", Title: body.Heading, Body: body}
	p.show(w, r, at, http.StatusBadRequest, v.here(explore, ""))
}

func unknownText(lang string, e *indicator.UnknownError) string {
	key := "error.unknown." + e.What
	if _, ok := words[lang][key]; !ok {
		key = "error.unknown.query"
	}
	return say(lang, key, e.Name)
}

// missingKinds are the kinds of missing value, as the legend lists them.
var missingKinds = []microdata.Missing{microdata.Unknown, microdata.NotAsked, microdata.Refused, microdata.NotApplicable, microdata.Withheld}
