package release

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html/template"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/microdata"
	"amparo/synth/evaluate"
)

// byHand is a custodian's report whose every figure is told apart from the others.
func byHand() *CustodianReport {
	p := &CustodianReport{Dataset: "things", Version: 3, Written: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), Real: 1871, Synthetic: 1869}
	for order := 1; order <= 3; order++ {
		x := float64(order) / 100
		c := evaluate.Comparison{
			Synthetic:    evaluate.Distance{Order: order, Sets: 10 * order, Mean: x + .0011, Worst: x + .0022},
			Independent:  evaluate.Distance{Order: order, Mean: x + .0533},
			Resample:     evaluate.Distance{Order: order, Mean: x + .0004},
			Combinations: evaluate.Combinations{Order: order, Synthetic: 40, Fabricated: 6 + order},
		}
		c.Combinations.Buckets[0] = evaluate.Bucket{Real: 100, Lost: 50, Error: 300, Synthetic: 24, Invented: 2 + order}
		c.Combinations.Buckets[1] = evaluate.Bucket{Real: 20, Lost: 3 * order, Error: 77, Synthetic: 16, Invented: 4}
		p.Distances = append(p.Distances, OrderDistance{c, []NamedSet{{
			evaluate.Set{Columns: microdata.Clique{0, 1}, Synthetic: x + .0077, Independent: x + .0088, Resample: x + .0099},
			[]string{"sex", "land"}, []microdata.Text{{"es": "Sexo", "en": "Sex"}, {"es": "País", "en": "Country"}}}}})
	}
	p.Named = []NamedSet{{evaluate.Set{Columns: microdata.Clique{0, 2}, Synthetic: .0123, Independent: .234, Resample: .0045},
		[]string{"sex", "form"}, []microdata.Text{{"es": "Sexo", "en": "Sex"}, nil}}}
	p.Subgroups = []SubgroupTable{{Column: "land", Label: microdata.Text{"es": "País", "en": "Country"}, Rows: []SubgroupRow{
		{evaluate.Subgroup{Real: 1200, Synthetic: 1201, Sets: 3, Mean: .02, Resample: .01}, "XA", microdata.Text{"es": "Equis", "en": "Exland"}},
		{evaluate.Subgroup{Real: 400, Synthetic: 0, Sets: 3, Mean: 1, Resample: .03}, "XB", nil},
		{evaluate.Subgroup{Real: 271, Synthetic: 270, Sets: 3, Mean: .035, Resample: .034}, "", nil},
	}}}
	p.Coverage = evaluate.Coverage{All: evaluate.Rate{Hits: 951, Tries: 1000}, ByOrder: []evaluate.Rate{{Hits: 380, Tries: 400}, {Hits: 571, Tries: 600}}}
	p.Coverage.ByCount[0], p.Coverage.ByCount[4] = evaluate.Rate{Hits: 290, Tries: 300}, evaluate.Rate{Hits: 661, Tries: 700}
	rate := func(hits, tries int) evaluate.Rate { return evaluate.Rate{Hits: hits, Tries: tries} }
	p.Attacks = Attacks{
		Membership: []MembershipFigures{{evaluate.Accusation{Group: evaluate.Rare, Rate: .05, Success: rate(60, 2000), Control: rate(58, 2000)}, .0731}},
		Near: []evaluate.Near{{Group: evaluate.Anyone, Nearer: rate(48, 100), Ties: 400, Targets: 500},
			{Group: evaluate.Rare, Nearer: rate(90, 100), Ties: 1, Targets: 101}},
		Singling: []evaluate.Singling{{Columns: 1}, {Columns: 3, Success: rate(40, 50), Control: rate(2, 50)}},
		Inferred: []InferredFigures{{evaluate.Inferred{Group: evaluate.Rare, Success: rate(30, 500), Control: rate(301, 500), Common: rate(222, 500)}, "form", nil}},
	}
	return p
}

func rendered(t *testing.T, p *CustodianReport, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.HTML(&b, lang); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCustodianPageHoldsEveryFigure: each figure of a report made by hand, in words of
// the page's language.
func TestCustodianPageHoldsEveryFigure(t *testing.T) {
	both := []string{"1\u202f871", "1\u202f869", "95.1 %",
		`>0.0211</td><td class="n">0.0733</td><td class="n">0.0204</td><td class="n">0.0222</td>`,     // distance of pairs
		`>0.0123</td><td class="n">0.234</td><td class="n">0.0045</td>`,                               // named
		`>0.0377</td><td class="n">0.0388</td><td class="n">0.0399</td>`,                              // worst triple
		`>1\u202f200</td><td class="n">1\u202f201</td><td class="n">0.02</td><td class="n">0.01</td>`, // subgroup
		`<td class="n">3</td><td class="n">40</td><td class="n">22 %</td>`,                            // invented
		`<td class="n">2</td><td class="n">10 – 99</td><td class="n">20</td><td class="n">0 %</td><td class="n">3.85</td><td class="n">30 %</td><td class="n">25 %</td>`,
		`<td class="n">600</td><td class="n">95.2 %</td><td class="n">93.1 – 96.6 %</td>`, // coverage of pairs
		`≥ 500</td><td class="n">700</td><td class="n">94.4 %</td>`,
		`<td class="n">5 %</td><td class="n">3.0 %</td><td class="n">2.3 – 3.8 %</td><td class="n">2.9 %</td><td class="n">2.3 – 3.7 %</td><td class="n">7.3 %</td>`,
		`<td class="n">500</td><td class="n">400</td><td class="n">48.0 %</td>`,
		`<td class="n">3</td><td class="n">50</td><td class="n">80.0 %</td><td class="n">67.0 – 88.8 %</td><td class="n">50</td><td class="n">4.0 %</td>`,
		`<td class="n">6.0 %</td><td class="n">4.2 – 8.4 %</td><td class="n">60.2 %</td><td class="n">55.8 – 64.4 %</td><td class="n">44.4 %</td>`,
	}
	for lang, words := range map[string][]string{
		"es": {`<html lang="es">`, "No publicar", "Sexo × form", "Sexo × País", "<strong>XB</strong> (ningún registro sintético), <strong>Equis</strong>", "<td>en blanco</td>",
			"personas poco comunes", "como el control", "por encima del control", "por debajo del control", "como una muestra nueva", "más cerca: aprendidos de memoria", "nada que conjeturar"},
		"en": {`<html lang="en">`, "Not for publication", "Sex × form", "Sex × Country", "<strong>XB</strong> (no synthetic record), <strong>Exland</strong>", "<td>blank</td>",
			"rare people", "like the control", "above the control", "below the control", "like a fresh sample", "nearer: learned by heart", "nothing to guess"},
	} {
		page := rendered(t, byHand(), lang)
		for _, w := range append(words, both...) {
			w = strings.ReplaceAll(w, `\u202f`, "\u202f")
			if !strings.Contains(page, w) {
				t.Errorf("the page in %s lacks %q", lang, w)
			}
		}
	}
}

// outline reads a page as a browser would and returns its elements outside drawings,
// with their classes and ids: what must be the same in every language.
func outline(t *testing.T, page string) (tags []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	inside := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return tags
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			if inside > 0 || x.Name.Local == "svg" {
				inside++
			}
			name := x.Name.Local
			for _, a := range x.Attr {
				if slices.Contains([]string{"class", "id", "href", "open"}, a.Name.Local) {
					name += " " + a.Name.Local + "=" + a.Value
				}
			}
			if inside <= 1 {
				tags = append(tags, name)
			}
		case xml.EndElement:
			if inside > 0 {
				inside--
			}
		}
	}
}

// TestPagesAreTheSameInEveryLanguage: the same headings, tables, cells and drawings;
// every place that the page points to is there; every drawing has a table after it
// before the next heading of its kind.
func TestPagesAreTheSameInEveryLanguage(t *testing.T) {
	es, en := outline(t, rendered(t, byHand(), "es")), outline(t, rendered(t, byHand(), "en"))
	if !slices.Equal(es, en) {
		t.Error("the pages in es and en are not built alike")
	}
	for _, tag := range es {
		if _, id, ok := strings.Cut(tag, "href=#"); ok && !slices.Contains(es, "h2 id="+id) {
			t.Errorf("there is no part %q", id)
		}
	}
	drawings, tables := 0, 0
	waiting := false
	for _, tag := range es {
		switch {
		case strings.HasPrefix(tag, "svg"):
			drawings++
			waiting = true
		case tag == "table":
			tables++
			waiting = false
		case strings.HasPrefix(tag, "h2") && waiting:
			t.Errorf("a drawing before %q has no table", tag)
		}
	}
	if drawings != 9 || tables < drawings {
		t.Errorf("%d drawings and %d tables", drawings, tables)
	}
	for _, lang := range Languages {
		page := rendered(t, byHand(), lang)
		for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
			drawn(t, template.HTML(svg))
		}
		if strings.Contains(page, "<no value>") || strings.Contains(page, "ZgotmplZ") || regexp.MustCompile(`(?i)(src|href|@import|url\()\s*=?\s*["']?(http|//)`).MatchString(page) {
			t.Errorf("the page in %s has a hole, or loads something", lang)
		}
	}
}

// TestDrawingsSayWhatTheTablesSay: every percentage and figure beside a mark stands in
// a table of the page too.
func TestDrawingsSayWhatTheTablesSay(t *testing.T) {
	page := rendered(t, byHand(), "en")
	svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`)
	tables := svgs.ReplaceAllString(page, "")
	for _, svg := range svgs.FindAllString(page, -1) {
		all := drawn(t, template.HTML(svg))
		if len(pick(all, "title", "")) > 0 {
			continue // its axes are powers of ten
		}
		for _, e := range pick(all, "text", "tick") {
			figure, _, _ := strings.Cut(e.text, " ")
			if e.attr["dx"] != "" && !strings.Contains(tables, ">"+figure) {
				t.Errorf("%q in %q stands in no table", e.text, all[0].attr["aria-label"])
			}
		}
	}
}

// TestDrawingsOfTheCustodian: the figures beside the marks of a drawing, one by one.
func TestDrawingsOfTheCustodian(t *testing.T) {
	p := byHand()
	for _, c := range []struct {
		name string
		svg  template.HTML
		want []string
	}{
		{"distance", p.distanceChart("en"), []string{"0.0111", "0.0104", "0.0211", "0.0733", "0.0204", "0.0311", "0.0833", "0.0304"}},
		{"named", p.namedChart("en"), []string{"0.0123", "0.234", "0.0045"}},
		{"lost", p.lostChart("en"), []string{"18 % invented", "15 % lost, ≥ 10", "0 % lost, ≥ 100", "0 % lost, ≥ 500",
			"20 % invented", "30 % lost, ≥ 10", "0 % lost, ≥ 100", "0 % lost, ≥ 500", "22 % invented", "45 % lost, ≥ 10", "0 % lost, ≥ 100", "0 % lost, ≥ 500"}},
		{"coverage", p.coverageChart("en"), []string{"95.1 %", "95.0 %", "95.2 %", "96.7 %", "94.4 %"}},
		{"membership", p.membershipChart("en"), []string{"3.0 %", "2.9 %"}},
		{"near", p.nearChart("en"), []string{"48.0 %", "90.0 %"}},
		{"singling out", p.singlingChart("en"), []string{"80.0 %", "4.0 %"}},
		{"inference", p.inferenceChart("en"), []string{"6.0 %", "60.2 %", "44.4 %"}},
	} {
		var got []string
		for _, e := range pick(drawn(t, c.svg), "text", "tick") {
			if e.attr["dx"] != "" {
				got = append(got, e.text)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if n := len(pick(drawn(t, p.Subgroups[0].chart("es")), "circle", "ours")); n != 3 {
		t.Errorf("%d groups drawn", n)
	}
}

// TestLittleReports leave out what there is nothing to say of.
func TestLittleReports(t *testing.T) {
	p := byHand()
	p.Named, p.Subgroups, p.Attacks, p.Coverage, p.Distances = nil, nil, Attacks{}, evaluate.Coverage{}, p.Distances[:1]
	page := rendered(t, p, "en")
	for _, gone := range []string{"Pairs named", "Groups of people", "Rules", "without any synthetic record", `class="alarm"`} {
		if strings.Contains(page, ">"+gone) || gone[0] == 'c' && strings.Contains(page, gone) {
			t.Errorf("the page still has %q", gone)
		}
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
		drawn(t, template.HTML(svg))
	}
	p.Rules, p.Mended, p.Open = 2, Mended{Changed: 1234, Left: 5}, []OpenFigures{{"town", 60, 3}}
	page = rendered(t, p, "es")
	for _, w := range []string{"1\u202f234", "antes de aplicar las reglas", `<td>town</td><td class="n">60</td><td class="n">3</td>`} {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

// TestPhrasesAreInBothLanguages reads every phrase of the pages and drawings: both
// languages are there, and Spanish is not English.
func TestPhrasesAreInBothLanguages(t *testing.T) {
	same := []string{"Control", "Error"} // spelled alike
	phrase := regexp.MustCompile(`\{\{t "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"|\bs\.t\("((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)`)
	for name, least := range map[string]int{"custodian.html": 80, "report.html": 40, "custodian_chart.go": 25, "report_error.go": 3} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		calls := strings.Count(string(text), "{{t \"") + strings.Count(string(text), "s.t(")
		found := phrase.FindAllStringSubmatch(string(text), -1)
		if len(found) != calls || calls < least {
			t.Errorf("%s: %d phrases in two languages of %d, %d expected", name, len(found), calls, least)
		}
		for _, f := range found {
			es, en := f[1]+f[3], f[2]+f[4]
			if es == "" || en == "" || es == en && !slices.Contains(same, es) {
				t.Errorf("%s: %q is %q in Spanish", name, en, es)
			}
		}
	}
}

// TestWorstSubgroups are those farthest beyond chance, five at most, and those without
// a synthetic record are counted.
func TestWorstSubgroups(t *testing.T) {
	var table SubgroupTable
	for i, excess := range []float64{.1, .5, .2, .9, .3, .7, .05} {
		table.Rows = append(table.Rows, SubgroupRow{Subgroup: evaluate.Subgroup{Level: i, Real: 100, Synthetic: int64(i % 3), Mean: excess + .4, Resample: .4}})
	}
	var levels []int
	for _, r := range table.Worst() {
		levels = append(levels, r.Level)
	}
	if !slices.Equal(levels, []int{3, 5, 1, 4, 2}) {
		t.Errorf("levels %v", levels)
	}
	if n := (&CustodianReport{Subgroups: []SubgroupTable{table, table}}).Lost(); n != 6 {
		t.Errorf("%d lost", n)
	}
}

// TestReadings: an attack is above its control only where their intervals do not meet.
func TestReadings(t *testing.T) {
	rate := func(hits, tries int) evaluate.Rate { return evaluate.Rate{Hits: hits, Tries: tries} }
	s := phrases("en")
	for _, c := range []struct {
		success, control evaluate.Rate
		want             string
	}{
		{rate(50, 100), rate(50, 100), "like the control"},
		{rate(60, 100), rate(50, 100), "like the control"},
		{rate(600, 1000), rate(500, 1000), "above the control"},
		{rate(400, 1000), rate(500, 1000), "below the control"},
		{rate(1, 1), rate(0, 1000), "above the control"},
		{rate(1, 1), evaluate.Rate{}, "like the control"},
		{evaluate.Rate{}, rate(1, 1), "nothing to guess"},
	} {
		if got := s.against(c.success, c.control); got != c.want {
			t.Errorf("%+v against %+v: %s, want %s", c.success, c.control, got, c.want)
		}
	}
	for want, r := range map[string]evaluate.Rate{"like a fresh sample": rate(55, 100), "nearer: learned by heart": rate(70, 100), "farther than a fresh sample": rate(30, 100)} {
		if got := s.half(r); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	es, en := phrases("es"), phrases("en")
	for want, got := range map[string]string{
		"1 columna": es.order(1), "2 columns": en.order(2), "1 value": en.values(1), "3 valores": es.values(3),
		"0": en.counts(0), "1 – 9": en.counts(1), "100 – 499": es.counts(3), "≥ 500": es.counts(4),
		"1 tabla": es.tables(1), "1\u202f200 tables": en.tables(1200), "a × B": en.set([]string{"a", "b"}, []microdata.Text{nil, {"en": "B"}}),
		"people at random": en.group(evaluate.Anyone), "en blanco": es.level(SubgroupRow{}), "not stated": en.level(SubgroupRow{Text: microdata.Text{"en": "not stated"}}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
