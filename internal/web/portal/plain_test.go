package portal

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// plainSite publishes two versions of a strict release that names no publisher, of
// columns without labels, in which a pair has merged citizenships.
func plainSite(t *testing.T) *site {
	t.Helper()
	reserved := microdata.Level{Missing: microdata.Withheld, Label: microdata.Text{"es": "Reservado", "en": "Withheld"}}
	country := microdata.Column{Name: "citizenship"}
	merged := &microdata.Coarsening{}
	for i := range 24 {
		l := microdata.Level{Value: fmt.Sprintf("C%02d", i)}
		country.Levels = append(country.Levels, l)
		if i < 20 {
			merged.Levels = append(merged.Levels, l)
		}
		merged.Of = append(merged.Of, uint16(min(i, 20)))
	}
	blank := microdata.Level{Missing: microdata.Unknown, Label: text("Otro o no consta", "Other or not stated")}
	country.Levels = append(country.Levels, blank)
	merged.Levels = append(merged.Levels, microdata.Level{Value: "[rest of 202]", Label: text("Resto: África", "Rest of: Africa")}, blank)
	merged.Of = append(merged.Of, 21)
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "meansOfControlWithholdsDocuments", Levels: []microdata.Level{{Value: "yes"}, {Value: "no"}, reserved}}, country})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for version := range 2 {
		var tables []*catalog.Table
		for i, clique := range []microdata.Clique{{0}, {1}, {0, 1}} {
			coarse, sizes := []*microdata.Coarsening(nil), d.Sizes()
			if len(clique) == 2 {
				coarse, sizes = []*microdata.Coarsening{nil, merged}, []int{3, len(merged.Levels)}
			}
			noisy := make([]int64, clique.Cells(sizes))
			for cell := range noisy {
				noisy[cell] = int64(1000 + 100*version + cell)
			}
			table, err := catalog.NewTable(i+1, d, clique, coarse, catalog.Counts{Noisy: noisy, Variance: 100})
			if err != nil {
				t.Fatal(err)
			}
			tables = append(tables, table)
		}
		m := catalogtest.Manifest("plain")
		m.Publisher = ""
		catalogtest.Add(t, dir, m, d, tables, map[string]string{"data.csv": "x\n"})
	}
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return siteOn(c)
}

func text(es, en string) microdata.Text { return microdata.Text{"es": es, "en": en} }

// TestEveryFileOfAPageIsOfItsVersion follows the files, the fixed address and the
// canonical one from pages with and without a version: each names the version, and
// so does the state in the file.
func TestEveryFileOfAPageIsOfItsVersion(t *testing.T) {
	s := plainSite(t)
	for _, lang := range languages {
		at := route{lang: lang, page: explorer, dataset: "plain"}
		for query, version := range map[string]int{"by=citizenship": 2, "by=citizenship&version=1": 1, "by=citizenship&version=2&view=table": 2} {
			named := fmt.Sprintf("version=%d", version)
			body := s.get(t, withQuery(at.path(), query)).Body.String()
			files, canonical := 0, ""
			for _, g := range tags(t, query, body) {
				href := html.UnescapeString(g.attr["href"])
				for _, suffix := range suffixes {
					if strings.Contains(href, suffix+"?") {
						if files++; !strings.Contains(href, named) {
							t.Errorf("%s: %s names no version %d", query, href, version)
						}
						if got := s.get(t, href).Body.String(); suffix == ".csv" && (!strings.Contains(got, "# state: ") || !strings.Contains(strings.SplitN(got, "# state: ", 2)[1], named)) {
							t.Errorf("%s: its file names no version", href)
						}
					}
				}
				if g.attr["rel"] == "canonical" {
					canonical = href
				}
			}
			if files != 3 || !strings.Contains(canonical, named) {
				t.Errorf("%s: %d files, canonical %s", query, files, canonical)
			}
			if s.get(t, canonical).Code != 200 {
				t.Errorf("%s answers %d", canonical, s.get(t, canonical).Code)
			}
			want := say(lang, "explorer.pinned", version)
			if !strings.Contains(query, "version") {
				want = say(lang, "explorer.latest", version)
			}
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", query, want)
			}
		}
		page := route{lang: lang, page: dataset, dataset: "plain"}
		if body := s.get(t, page.path()).Body.String(); !strings.Contains(body, `<link rel="canonical" href="`+page.path()+`/2">`) {
			t.Errorf("%s: the canonical address names no version", page.path())
		}
	}
}

// TestNoPublisherIsSaid has a release that names nobody: no page says that a name
// is there, who signed is said, and no key's name becomes an author.
func TestNoPublisherIsSaid(t *testing.T) {
	s := plainSite(t)
	b, err := s.catalog.Bundle("plain", 2)
	if err != nil {
		t.Fatal(err)
	}
	signed := b.Manifest().Signatures[0]
	for _, lang := range languages {
		body := html.UnescapeString(s.get(t, route{lang: lang, page: dataset, dataset: "plain"}.path()).Body.String())
		for _, want := range []string{say(lang, "dataset.publisher.none"), say(lang, "dataset.signer", signed.Name, signed.Key), say(lang, "dataset.cite.note.signed", signers(b.Manifest(), lang))} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page does not say %q", lang, want)
			}
		}
		if strings.Contains(body, "author  =") || strings.Contains(body, signed.Name+" (20") {
			t.Errorf("%s: who holds the key is cited as an author", lang)
		}
		for _, page := range []string{privacy, accessibility} {
			text := s.get(t, route{lang: lang, page: page}.path()).Body.String()
			if strings.Contains(text, "su nombre está en la página") || strings.Contains(text, "the name is on") {
				t.Errorf("%s/%s promises a name", lang, page)
			}
		}
	}
	m := *b.Manifest()
	m.Publisher = "Agencia Siete"
	if cite, bib := (&portal{}).cite(&m, "00", "es"); !strings.HasPrefix(cite, "Agencia Siete (20") || !strings.Contains(bib, "author  = {{Agencia Siete}}") {
		t.Errorf("a publisher is cited as %q, %q", cite, bib)
	}
}

// TestNamesBreakWithinThemselves: a name without spaces may break between its parts,
// and stays text.
func TestNamesBreakWithinThemselves(t *testing.T) {
	for in, want := range map[string]string{
		"meansOfControlWithholdsDocuments": "means<wbr>Of<wbr>Control<wbr>Withholds<wbr>Documents",
		"a_long_name":                      "a_<wbr>long_<wbr>name", "Género": "Género", "_": "_", "__x": "__<wbr>x", "ILO": "ILO", "": "",
		"a<b>&niñaÑandú": "a&lt;b&gt;&amp;niña<wbr>Ñandú",
	} {
		if got := string(soft(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	body := plainSite(t).get(t, "/es/datos/plain/explorar?by=meansOfControlWithholdsDocuments").Body.String()
	if n := strings.Count(body, "means<wbr>Of<wbr>Control"); n < 2 {
		t.Errorf("the name may break %d times", n)
	}
}

// TestTotalIsNoUncertainShare reads what a screen reader is told of shares: a total
// is no part of another, and sums have shares of their own.
func TestTotalIsNoUncertainShare(t *testing.T) {
	s := plainSite(t)
	for _, lang := range languages {
		for _, by := range []string{"citizenship", "meansOfControlWithholdsDocuments,citizenship"} {
			body := s.get(t, withQuery(route{lang: lang, page: explorer, dataset: "plain"}.path(), "by="+by)).Body.String()
			if strings.Contains(body, say(lang, "explorer.noshare")) {
				t.Errorf("%s by %s: a share is said to be uncertain, and none is", lang, by)
			}
			sums := strings.Split(body, `<tr class="sum">`)[1:]
			for i, sum := range sums {
				sum, _, _ = strings.Cut(sum, "</tr>")
				if total := i == len(sums)-1; total == strings.Contains(sum, "%") {
					t.Errorf("%s by %s: sum %d of %d is %s", lang, by, i, len(sums), sum)
				}
			}
		}
	}
	a := ask(t, s, "plain", "by=citizenship")
	if a.SumShare(0, 1) == nil || a.SumShare(0).Value != a.Cells[0].Share.Value {
		t.Error("the share of a sum is not that of its cells")
	}
}

// TestPageSaysWhyNumbersDiffer leads from every table to the explanation.
func TestPageSaysWhyNumbersDiffer(t *testing.T) {
	s := newSite(t)
	for _, lang := range languages {
		to := route{lang: lang, page: methods}.path()
		if body := s.get(t, withQuery(route{lang: lang, page: explorer, dataset: "coalition"}.path(), "by=gender")).Body.String(); !strings.Contains(body, say(lang, "explorer.differ")+` <a href="`+to+`#differ">`) {
			t.Errorf("%s: the table does not say why numbers differ", lang)
		}
		if !strings.Contains(s.get(t, to).Body.String(), `id="differ"`) {
			t.Errorf("%s: methods does not say why numbers differ", lang)
		}
	}
}

// TestRestsAreNamedByWhatTheyAre tells what the release merged from what the page
// adds up to save space, and both from records that do not say.
func TestRestsAreNamedByWhatTheyAre(t *testing.T) {
	s := plainSite(t)
	for lang, want := range map[string][]string{
		"es": {"Resto: África (unidos por el ruido)", "(sumados aquí)", "solo para ahorrar espacio", "muy chico para distinguirlo del ruido"},
		"en": {"Rest of: Africa (merged by the noise)", "(added up here)", "only to save space", "too small to stand out from the noise"},
	} {
		body := s.get(t, withQuery(route{lang: lang, page: explorer, dataset: "plain"}.path(), "by=citizenship,meansOfControlWithholdsDocuments&citizenship=C19~C20~C21~C22~C23")).Body.String() +
			s.get(t, withQuery(route{lang: lang, page: explorer, dataset: "plain"}.path(), "by=meansOfControlWithholdsDocuments,citizenship")).Body.String()
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the pages do not say %q", lang, w)
			}
		}
		table := body[strings.LastIndex(body, "<table"):]
		if n := strings.Count(table, map[string]string{"es": "Otro o no consta", "en": "Other or not stated"}[lang]); n != 2 {
			t.Errorf("%s: records that do not say stand by their name %d times of 2", lang, n)
		}
		page := s.get(t, route{lang: lang, page: dataset, dataset: "plain"}.path()).Body.String()
		if !strings.Contains(page, "<code>[rest of 202]</code>") || !strings.Contains(page, html.EscapeString(say(lang, "dataset.rests.text"))) {
			t.Errorf("%s: the codebook does not explain values in brackets", lang)
		}
		for _, c := range strings.Split(body, "\n") {
			if strings.Contains(c, "Reservado<") || strings.Contains(c, "Withheld<") {
				t.Errorf("%s: what no record has is on the page: %.200s", lang, c)
			}
		}
	}
}

// TestEveryBarHasItsInterval reads the drawings of two columns: the interval of each
// count stands beside it, at any width.
func TestEveryBarHasItsInterval(t *testing.T) {
	s := newSite(t)
	sh := newShape(ask(t, s, "coalition", "by=ageBroad,gender"), "es")
	charts, _ := sh.charts()
	if len(charts) != 7 {
		t.Fatalf("%d charts", len(charts))
	}
	for i, l := range sh.orders[0] {
		svg := string(charts[i].SVG)
		if strings.Contains(svg, `class="q ci"`) {
			t.Errorf("chart %d hides intervals on a phone", i)
		}
		for k := range sh.Axes[1].Levels {
			e := sh.Cell(l, k).Estimate
			if want := ">" + span("es", e.Low, e.High); !strings.Contains(svg, want) {
				t.Errorf("chart %d lacks %s", i, want)
			}
		}
	}
	body := s.get(t, "/es/datos/coalition/explorar?by=ageBroad,gender").Body.String()
	var open []string
	for _, g := range tags(t, "folds", body) {
		if g.name == "details" && !g.end && g.attr["class"] == "fold" {
			if _, is := g.attr["open"]; is {
				open = append(open, g.attr["id"])
			}
		}
	}
	if strings.Count(body, `class="fold"`) != 8 || !slices.Equal(open, []string{"group0"}) {
		t.Errorf("%d folds, of which stand open %v", strings.Count(body, `class="fold"`), open)
	}
}
