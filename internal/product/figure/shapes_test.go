package figure

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// shapes are drawings at the edges of what a chart may be; they too have golden
// files and stand every test of charts.
func shapes() map[string]Chart {
	chart := func(id, lang, title string, bars ...Bar) Chart {
		return Chart{ID: id, Lang: lang, Title: title, Desc: title + ".", Panels: []Panel{{Bars: bars}}}
	}
	var hundred []Bar
	for i := range 100 {
		hundred = append(hundred, hued(sample(fmt.Sprintf("Municipio %d", i+1), float64(4000-40*i), 60), Hue(i%6)))
	}
	alone := chart("g", "ar", "سجلات الأشخاص حسب الجنس 🪁", sample("نساء", 900, 40), sample("רשומות", 700, 40), sample("👩‍👩‍👧‍👦 familia 🪁🪁", 500, 40),
		sample("e\u0301\u0323\u0302\u031b combinado", 300, 40), sample("Ꞌwinaq tz’utujil ɨ", 200, 40), sample("記録のある人", 100, 40), sample("\u202eoculto\u202c", 90, 40))
	alone.Alone, alone.Subtitle, alone.Notes = true, "עברית و العربية", []string{"Nota: 日本語 🪁 ɨ Ꞌ."}
	large := chart("i", "en", "Records of everyone", sample("All", 8_123_456_789, 50_000), sample("Few", 12, 50_000))
	large.Ticks = []Tick{{0, "0"}, {4e9, "4,000,000,000"}, {8e9, "8,000,000,000"}}
	return map[string]Chart{
		"one":      chart("e", "es", "Una barra", sample("Mujeres", 120, 10)),
		"zero":     chart("f", "es", "Ninguna", Bar{Label: "Cero exacto", Figure: "0"}, sample("Cero con ruido", 0, 10), sample("Todo cero", 0, 0)),
		"negative": chart("h", "es", "Bajo cero", sample("Apenas", -3, 10), sample("Mucho", -500, 10), sample("Un poco sobre cero", 4, 10), sample("Claro", 90, 10)),
		"crossing": chart("j", "es", "Intervalos que cruzan el cero", sample("Casi", 15, 10), sample("Centro", 0.4, 10), sample("Ancho", 20, 100)),
		"scripts":  alone,
		"large":    large,
		"labels": chart("k", "es", strings.Repeat("Título muy largo ", 40), sample(strings.Repeat("palabra ", 60), 50, 5), sample(strings.Repeat("sinespacios", 40), 40, 5),
			sample("", 30, 5), Bar{Label: "Con palabras por cifra", Figure: strings.Repeat("muchas ", 9), Interval: "de muchas a más"}),
		"hundred": chart("l", "es", "Cien barras", hundred...),
	}
}

// plot is the width at which lengths are measured, in pixels.
const plot = 1000.0

// at reads a length of a drawing: a part of the plot's width, or pixels.
func at(t *testing.T, s string) float64 {
	t.Helper()
	if s == "" {
		return 0
	}
	p, part := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(p, 64)
	if err != nil {
		t.Fatal(err)
	}
	if part {
		v *= plot / 100
	}
	return v
}

// randomChart returns answers with intervals of every kind: clear, weak, below
// zero, exact.
func randomChart(r *rand.Rand) Chart {
	c := Chart{ID: "r", Lang: "es", Title: "t", Desc: "d", Alone: r.IntN(2) == 0, Panels: []Panel{{}}}
	scale := math.Pow(10, 1+5*r.Float64())
	for i := range 1 + r.IntN(12) {
		sd := scale * r.Float64() / 10
		if r.IntN(5) == 0 {
			sd = 0
		}
		c.Panels[0].Bars = append(c.Panels[0].Bars, hued(sample("b"+strconv.Itoa(i), math.Round(scale*r.Float64()+2*sd*r.NormFloat64()), sd), Hue(r.IntN(6))))
	}
	c.Panels[0].Bars = append(c.Panels[0].Bars, sample("largest", scale, scale/20)) // so that no fade leaves the scale twice
	return c
}

// drawn is what stands for one bar: filled rectangles and the whisker's ends.
type drawn struct {
	rects  [][2]float64
	low    float64
	high   float64
	marked bool // the line at zero
}

// read returns what is drawn of each bar of a chart of one panel without signs.
func read(t *testing.T, svg []byte) (all []drawn) {
	t.Helper()
	for _, e := range parse(t, svg) {
		switch {
		case e.name == "text" && e.attr["x"] == "100%":
			all = append(all, drawn{low: math.NaN()})
		case len(all) == 0:
		case e.name == "rect":
			x := at(t, e.attr["x"])
			all[len(all)-1].rects = append(all[len(all)-1].rects, [2]float64{x, x + at(t, e.attr["width"])})
		case e.name == "path":
			all[len(all)-1].marked = true
		case e.name == "line" && e.attr["x1"] != e.attr["x2"]:
			all[len(all)-1].low, all[len(all)-1].high = at(t, e.attr["x1"]), at(t, e.attr["x2"])
		}
	}
	return all
}

// TestBarsAreInProportion measures 300 random charts on a plot 1000 px wide: each
// bar ends within half a pixel of its number, its fade is centred on the noisy
// count, its whisker spans the interval, and none runs over the end of the scale.
func TestBarsAreInProportion(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	bars, faded, zeros := 0, 0, 0
	for range 300 {
		c := randomChart(r)
		px := plot / scale(&c)
		got := read(t, Bars(c))
		if len(got) != len(c.Panels[0].Bars) {
			t.Fatalf("%d bars drawn of %d", len(got), len(c.Panels[0].Bars))
		}
		near := func(what string, b Bar, got, want float64) {
			t.Helper()
			if math.Abs(got-want) > .5 {
				t.Fatalf("%s of %+v at %.2f px, want %.2f", what, b, got, want)
			}
		}
		for i, b := range c.Panels[0].Bars {
			bars++
			d := got[i]
			if d.marked != (b.Value <= 0) {
				t.Fatalf("%+v: marked as zero: %v", b, d.marked)
			}
			if b.Value <= 0 {
				zeros++
			}
			switch {
			case b.High > b.Low:
				faded++
				near("low end", b, d.low, b.Low*px)
				near("high end", b, d.high, b.High*px)
				fade := d.rects[len(d.rects)-1]
				near("middle of the fade", b, (fade[0]+fade[1])/2, b.Noisy*px)
				near("end of the fade", b, fade[1], b.High*px)
				if len(d.rects) == 2 {
					near("end of what is sure", b, d.rects[0][1], b.Low*px)
				} else if b.Low > 0 {
					t.Fatalf("%+v: what is sure is not drawn", b)
				}
			case b.Value > 0:
				near("end", b, d.rects[0][1], b.Value*px)
			case len(d.rects) > 0:
				t.Fatalf("%+v: nothing is drawn as %v", b, d.rects)
			}
			for _, rect := range d.rects {
				if rect[1] > plot+.5 || rect[1] < rect[0] {
					t.Fatalf("%+v: drawn from %.1f to %.1f px", b, rect[0], rect[1])
				}
			}
			if d.high > plot {
				t.Fatalf("%+v: the whisker ends at %.1f px of %v", b, d.high, plot)
			}
		}
	}
	if faded < 500 || zeros < 20 || bars-faded < 100 {
		t.Errorf("%d bars, %d faded, %d zeros: too few of a kind", bars, faded, zeros)
	}
}

// TestNothingLeavesTheFrame: in a file that stands alone all that is drawn lies
// within its view box, and what can run over lies in a plot that cuts it off.
func TestNothingLeavesTheFrame(t *testing.T) {
	for name, c := range charts() {
		c.Alone = true
		all := parse(t, Bars(c))
		if got, want := all[0].attr["viewBox"], fmt.Sprintf("0 0 %s %s", all[0].attr["width"], all[0].attr["height"]); got != want || all[0].attr["width"] != num(frame) {
			t.Errorf("%s: view box %q of a drawing %q", name, got, want)
		}
		total, depth := at(t, all[0].attr["height"]), 0.0
		for _, e := range all[1:] {
			switch e.name {
			case "svg":
				x, y, w, h := at(t, e.attr["x"]), at(t, e.attr["y"]), at(t, e.attr["width"]), at(t, e.attr["height"])
				if e.attr["overflow"] != "hidden" || x < 0 || x+w > frame || y < 0 || y+h > total {
					t.Errorf("%s: plot at %v,%v, %v by %v, in %v by %v", name, x, y, w, h, frame, total)
				}
				depth = h
			case "text":
				b := place(t, e, frame-2*margin, false)
				if b.x1 < -.5 || b.x2 > frame-margin+.5 && e.attr["x"] == num(margin) || b.y2 > total || b.y1 < 0 && e.attr["x"] == num(margin) {
					t.Errorf("%s: %q stands at %+v", name, e.text, b)
				}
			case "rect", "line":
				for _, key := range []string{"y", "y1", "y2"} {
					if y := at(t, e.attr[key]); e.attr["height"] != "100%" && depth > 0 && (y < 0 || y > depth) {
						t.Errorf("%s: a %s at %v of %v", name, e.name, y, depth)
					}
				}
			}
		}
	}
}

// TestSameInputSameBytes draws from many goroutines, and from copies.
func TestSameInputSameBytes(t *testing.T) {
	for name, c := range charts() {
		want := Bars(c)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				again := c
				again.Panels = append([]Panel(nil), c.Panels...)
				if !bytes.Equal(Bars(again), want) {
					t.Errorf("%s: another drawing", name)
				}
			})
		}
		wg.Wait()
		c.Title += "!"
		if bytes.Equal(Bars(c), want) {
			t.Errorf("%s: another title, the same drawing", name)
		}
	}
}

// TestTextsComeBack reads every text out of a drawing: none is lost or changed
// but for the cut of what is too long.
func TestTextsComeBack(t *testing.T) {
	for name, c := range charts() {
		all := ""
		for _, e := range parse(t, Bars(c)) {
			all += e.text
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(clean(s)), "") }
		all = squeeze(all)
		for _, p := range c.Panels {
			for _, b := range p.Bars {
				for _, text := range []string{b.Label, b.Figure, b.Interval} {
					if want := squeeze(text); !strings.Contains(all, want) && len(want) < 50 {
						t.Errorf("%s: %q is not in the drawing", name, text)
					}
				}
			}
		}
	}
}

// FuzzBars draws any texts and numbers: well-formed, of known elements only, no
// number that is none, the texts whole.
func FuzzBars(f *testing.F) {
	f.Add("Mujeres", "8213", "8000–8400", 8213.0, 8000.0, 8400.0, uint8(0), true)
	f.Add("<script>", "\x00", "]]>", -5.0, 0.0, 3.0, uint8(5), false)
	f.Add("e\u0301 🪁", "0", "", 0.0, 0.0, 0.0, uint8(9), true)
	f.Add(strings.Repeat("x", 500), strings.Repeat("9", 80), "–", math.Inf(1), math.NaN(), 1e308, uint8(255), false)
	known := map[string]bool{"svg": true, "title": true, "desc": true, "style": true, "rect": true, "defs": true, "linearGradient": true, "stop": true, "pattern": true,
		"path": true, "circle": true, "text": true, "tspan": true, "line": true, "g": true}
	f.Fuzz(func(t *testing.T, label, figure, interval string, noisy, low, high float64, kind uint8, alone bool) {
		b := Bar{Label: label, Figure: figure, Interval: interval, Noisy: noisy, Value: max(noisy, 0), Low: low, High: high, Sign: Sign(kind % 8), Hue: Hue(kind % 9), Weak: kind&16 > 0, NoNumber: kind&32 > 0}
		c := Chart{ID: label, Lang: interval, Title: label, Desc: figure, Subtitle: interval, Notes: []string{label}, Alone: alone, Panels: []Panel{{Label: figure, Bars: []Bar{b, sample("a", 5, 1)}}},
			Ticks: []Tick{{low, label}, {high, figure}}}
		svg := Bars(c)
		if !bytes.Equal(svg, Bars(c)) {
			t.Fatal("two drawings of one chart differ")
		}
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("not well-formed: %v", err)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !known[e.Name.Local] {
				t.Fatalf("%q became <%s>", label, e.Name.Local)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Fatalf("%q became %s", label, a.Name.Local)
				}
				if k := a.Name.Local; (k == "x" || k == "y" || k == "width" || k == "height" || k == "x1" || k == "x2") && (strings.Contains(a.Value, "N") || strings.Contains(a.Value, "I") || strings.Contains(a.Value, "e")) {
					t.Fatalf("%s is %q", k, a.Value)
				}
				if k := a.Name.Local; (k == "width" || k == "height") && strings.HasPrefix(a.Value, "-") {
					t.Fatalf("a %s of %s", k, a.Value)
				}
			}
		}
	})
}
