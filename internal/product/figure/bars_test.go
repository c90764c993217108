package figure

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample returns a bar with the interval that noise of the given deviation has.
func sample(label string, noisy, sd float64) Bar {
	low, high := max(noisy-1.96*sd, 0), max(noisy+1.96*sd, 0)
	value := max(noisy, 0)
	return Bar{Label: label, Noisy: noisy, Value: value, Low: low, High: high, Weak: noisy < 2*sd,
		Figure: fmt.Sprintf("%.0f", value), Interval: fmt.Sprintf("%.0f–%.0f", low, high)}
}

func signed(b Bar, s Sign) Bar {
	b.Sign = s
	return b
}

func hued(b Bar, h Hue) Bar {
	b.Hue = h
	return b
}

// charts are the drawings that golden files hold.
func charts() map[string]Chart {
	kinds := []Bar{
		sample("Mujeres", 8213, 90), hued(sample("Hombres", 4120, 90), Maiz),
		signed(sample("Sin dato", 2200, 90), NotStated), signed(sample("No se preguntó", 1800, 90), NotAsked),
		signed(sample("No quiso responder", 1500, 90), Refused), signed(sample("No corresponde", 1900, 90), NotApplicable),
		signed(sample("Reservado por la fuente", 2500, 90), Withheld),
		{Label: "País sin publicación", Figure: "sin número", NoNumber: true, Sign: NotStated},
		{Label: "Reservado, sin número", Figure: "reservado por la fuente", NoNumber: true, Sign: Withheld},
		sample("Pocos", 100, 90), sample("Ninguno", -40, 90), sample("Muy bajo cero", -900, 90),
		{Label: "Cero exacto", Figure: "0"},
	}
	long := sample("Personas que trabajaron en la agricultura, la pesca o la silvicultura en condiciones de servidumbre por deudas", 950, 120)
	word := sample("Otorrinolaringologíaincomprensibilidadextraordinaria", 950, 120)
	all := shapes()
	for name, c := range map[string]Chart{
		"kinds": {ID: "a", Lang: "es", Title: "Registros de personas por género", Desc: "Trece barras.", Panels: []Panel{{Bars: kinds}},
			Ticks: []Tick{{0, "0"}, {2500, "2500"}, {5000, "5000"}, {7500, "7500"}}},
		"alone": {ID: "b", Lang: "en", Title: "Records of people by gender, 2015–2023 · country: Xaria, Xebia", Desc: "Three bars.", Alone: true,
			Subtitle: "Fictional coalition, version 1 · fictional data: no person or country is real",
			Notes:    []string{"The whisker is the 95 % interval of the privacy noise and of nothing else.", "Source: coalition@1, sha256 0123456789abcdef."},
			Panels:   []Panel{{Bars: append([]Bar{long, word}, kinds...)}}, Ticks: []Tick{{0, "0"}, {5000, "5,000"}}},
		"groups": {ID: "c", Lang: "es", Title: "Registros por edad y género", Desc: "Cuatro barras en dos grupos.", Panels: []Panel{
			{"0–17", []Bar{sample("Mujeres", 300, 20), hued(sample("Hombres", 240, 20), Maiz)}},
			{"18 o más", []Bar{sample("Mujeres", 800, 20), hued(sample("Hombres", 30, 20), Maiz)}}}},
		"empty": {ID: "d", Lang: "es", Title: "Nada", Desc: "Sin barras.", Alone: true},
	} {
		all[name] = c
	}
	return all
}

func TestBarsAreGolden(t *testing.T) {
	for name, c := range charts() {
		file := filepath.Join("testdata", name+".svg")
		got := Bars(c)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs; look at it, then go test -run TestBarsAreGolden -update", file)
		}
		if !bytes.Equal(got, Bars(c)) {
			t.Errorf("%s: two drawings of one chart differ", name)
		}
	}
}

// element is one start tag of a drawing.
type element struct {
	name string
	attr map[string]string
	text string // for text elements, all that is in them
}

// parse reads a drawing and fails where it is not well-formed.
func parse(t *testing.T, svg []byte) (all []element) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	in := -1
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := element{x.Name.Local, map[string]string{}, ""}
			for _, a := range x.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
			if e.name == "text" {
				in = len(all) - 1
			}
		case xml.EndElement:
			if x.Name.Local == "text" {
				in = -1
			}
		case xml.CharData:
			if in >= 0 {
				all[in].text += string(x)
			}
		}
	}
}

// box is the place of a text in a drawing of the given width.
type box struct{ x1, x2, y1, y2 float64 }

func place(t *testing.T, e element, width float64, fluid bool) box {
	t.Helper()
	size, _ := strconv.ParseFloat(e.attr["font-size"], 64)
	y, err := strconv.ParseFloat(e.attr["y"], 64)
	x := 0.0
	if p, ok := strings.CutSuffix(e.attr["x"], "%"); ok {
		x, err = strconv.ParseFloat(p, 64)
		x *= width / 100
	} else if e.attr["x"] != "" {
		x, err = strconv.ParseFloat(e.attr["x"], 64)
	}
	if err != nil {
		t.Fatal(err)
	}
	text := e.text
	if fluid { // on a narrow screen the style sheet hides the interval
		text = text[strings.LastIndex(text, " ")+1:]
		if e.attr["text-anchor"] != "end" || e.attr["class"] == "q" {
			text = e.text
		}
	}
	w := face{size, e.attr["font-weight"] == "700" || e.attr["text-anchor"] == "end" && size == 15}.width(text)
	switch e.attr["text-anchor"] {
	case "end":
		x -= w
	case "middle":
		x -= w / 2
	}
	return box{x, x + w, y - size*.75, y + size*.22}
}

// TestNoTextsCollide places every text at the narrowest width, and at others for
// drawings that stretch, and compares all pairs.
func TestNoTextsCollide(t *testing.T) {
	for name, c := range charts() {
		widths := []float64{least, 320, 480, 700, 1000}
		if c.Alone {
			widths = []float64{frame - 2*margin}
		}
		for _, width := range widths {
			var boxes []box
			var texts []string
			plot := false
			for _, e := range parse(t, Bars(c)) {
				if e.name == "svg" && e.attr["overflow"] == "hidden" {
					plot = true
				}
				if e.name != "text" || c.Alone && (!plot || e.attr["x"] == num(margin)) {
					continue // headings and notes of a whole file stand outside the plot
				}
				b := place(t, e, width, !c.Alone && width <= 600)
				if b.x1 < -.5 || b.x2 > width+.5 {
					t.Errorf("%s at %v: %q runs out of the drawing: %.0f to %.0f", name, width, e.text, b.x1, b.x2)
				}
				for i, o := range boxes {
					if b.x1 < o.x2 && o.x1 < b.x2 && b.y1 < o.y2 && o.y1 < b.y2 {
						t.Errorf("%s at %v: %q collides with %q", name, width, e.text, texts[i])
					}
				}
				boxes, texts = append(boxes, b), append(texts, e.text)
			}
		}
	}
}

// TestHeadingsFit checks what stands outside the plot of a whole file.
func TestHeadingsFit(t *testing.T) {
	for name, c := range charts() {
		if !c.Alone {
			continue
		}
		all := parse(t, Bars(c))
		total, _ := strconv.ParseFloat(all[0].attr["height"], 64)
		last := 0.0
		for _, e := range all {
			if e.name != "text" || e.attr["x"] != num(margin) {
				continue
			}
			b := place(t, e, frame, false)
			if b.x2 > frame-margin+.5 || b.y2 > total || b.y1 < last-1 {
				t.Errorf("%s: %q is cut or runs over the line before", name, e.text)
			}
			last = b.y2
		}
	}
}

func TestSignsAreDrawnApart(t *testing.T) {
	seen := map[string]Sign{}
	for s := Answer; s < signs; s++ {
		svg := string(Bars(Chart{ID: "x", Lang: "en", Panels: []Panel{{Bars: []Bar{signed(sample("a", 500, 10), s)}}}}))
		svg = regexp.MustCompile(`ns|na|rf|np|wh`).ReplaceAllString(svg, "") // ids alone do not count
		if o, twice := seen[svg]; twice {
			t.Errorf("signs %d and %d are drawn alike", s, o)
		}
		seen[svg] = s
	}
	zero := string(Bars(Chart{ID: "x", Lang: "en", Panels: []Panel{{Bars: []Bar{{Label: "a", Figure: "0"}}}}}))
	none := string(Bars(Chart{ID: "x", Lang: "en", Panels: []Panel{{Bars: []Bar{{Label: "a", Figure: "0", NoNumber: true, Sign: NotStated}}}}}))
	if !strings.Contains(zero, `stroke-width="2"`) || strings.Contains(none, `stroke-width="2"`) {
		t.Error("zero and no number are drawn alike")
	}
}

// TestHostileText tries texts and numbers that break drawings.
func TestHostileText(t *testing.T) {
	for _, text := range []string{`"><script>alert(1)</script>`, "\x00\x1b\xff\xfe", "￾￿", "&amp;&", strings.Repeat("x", 10_000),
		strings.Repeat("á ", 5000), "]]>", "‮rtl", "", " \n\t "} {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1e300, 1e300, 0, 5} {
			for _, alone := range []bool{true, false} {
				b := Bar{Label: text, Noisy: v, Value: v, Low: v, High: v, Figure: "1", Interval: "2", Sign: Sign(200), Hue: Hue(200)}
				svg := Bars(Chart{ID: text, Lang: text, Title: text, Desc: text, Subtitle: text, Notes: []string{text}, Alone: alone,
					Panels: []Panel{{Label: text, Bars: []Bar{b}}}, Max: v, Ticks: []Tick{{v, "1"}}})
				for _, e := range parse(t, svg) {
					if e.name == "script" {
						t.Fatal("a text became an element")
					}
				}
				if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
					t.Fatalf("the drawing holds what is no number, for %v", v)
				}
			}
		}
	}
}

// TestLengthsAreTrue measures bars and whiskers against the numbers.
func TestLengthsAreTrue(t *testing.T) {
	b := sample("a", 500, 50)
	c := Chart{ID: "x", Lang: "en", Panels: []Panel{{Bars: []Bar{b}}}, Max: 1000}
	var got []string
	for _, e := range parse(t, Bars(c)) {
		switch {
		case e.name == "rect":
			got = append(got, e.attr["x"]+"+"+e.attr["width"])
		case e.name == "line":
			got = append(got, e.attr["x1"]+"→"+e.attr["x2"])
		}
	}
	p := func(v float64) string { return num(math.Round(v/1010*1e4)/100) + "%" }
	want := []string{"+" + p(402), p(402) + "+" + p(196), p(402) + "→" + p(598), p(402) + "→" + p(402), p(598) + "→" + p(598)}
	want = append(want, want[2:]...) // whiskers are drawn twice, the rim first
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("drawn %v, want %v", got, want)
	}
}

// TestStyleNamesEveryClass holds the style sheet to the drawing: a class that
// has no rule would stay light on a dark page.
func TestStyleNamesEveryClass(t *testing.T) {
	for name, c := range charts() {
		for _, e := range parse(t, Bars(c)) {
			for _, class := range strings.Fields(e.attr["class"]) {
				if !strings.Contains(Style, "."+class+"{") && !strings.Contains(Style, "."+class+" ") {
					t.Errorf("%s: no rule for class %s", name, class)
				}
			}
		}
	}
	if strings.Contains(Style, "url(") || strings.Contains(Style, "@import") {
		t.Error("the style sheet loads something")
	}
}

func TestEveryReferenceIsDefined(t *testing.T) {
	for name, c := range charts() {
		svg := string(Bars(c))
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(svg, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s stands twice", name, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`url\(#([^)]*)\)`).FindAllStringSubmatch(svg, -1) {
			if !ids[m[1]] {
				t.Errorf("%s: %s is not defined", name, m[1])
			}
		}
	}
}

func BenchmarkBars(b *testing.B) {
	c := charts()["kinds"]
	for range 20 {
		c.Panels = append(c.Panels, c.Panels[0])
	}
	for b.Loop() {
		Bars(c)
	}
}

// TestNarrowShowsIntervalsAtAnyWidth: a chart beside others writes each interval
// where no style takes it away, and its label leaves room for it.
func TestNarrowShowsIntervalsAtAnyWidth(t *testing.T) {
	c := Chart{ID: "n", Lang: "es", Title: "t", Desc: "d", Narrow: true, Panels: []Panel{{Bars: []Bar{sample("Personas que trabajaron en la pesca", 8213, 90)}}}}
	narrow := string(Bars(c))
	if !strings.Contains(narrow, `<tspan class="q" font-size="12"`) || strings.Contains(narrow, " ci") || !strings.Contains(narrow, ">8037–8389") {
		t.Errorf("the interval is not shown: %s", narrow)
	}
	if strings.Contains(narrow, "Personas que trabajaron en la pesca<") {
		t.Error("the label takes the room of the interval")
	}
	c.Narrow = false
	if wide := string(Bars(c)); !strings.Contains(wide, `class="q ci"`) {
		t.Error("a chart of the whole width does not say which text a phone leaves out")
	}
}
