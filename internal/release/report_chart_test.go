package release

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/microdata"
	"amparo/synth/evaluate"
)

// An element of a drawing.
type element struct {
	name string
	attr map[string]string
	text string
}

// drawn reads a drawing as strict XML, and holds it to what every drawing keeps:
// it says what it shows, has a height, and nothing in it is no number or outside.
func drawn(t *testing.T, svg template.HTML) (all []element) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	var open []int
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := element{x.Name.Local, map[string]string{}, ""}
			for _, a := range x.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			open, all = append(open, len(all)), append(all, e)
		case xml.CharData:
			all[open[len(open)-1]].text += string(x)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if len(all) == 0 || all[0].name != "svg" || all[0].attr["aria-label"] == "" || all[0].attr["role"] != "img" {
		t.Fatalf("no drawing that says what it shows: %s", svg)
	}
	height, err := strconv.ParseFloat(all[0].attr["height"], 64)
	if err != nil || height <= 0 {
		t.Fatalf("height %q", all[0].attr["height"])
	}
	for _, e := range all[1:] {
		for name, value := range e.attr {
			switch name {
			case "class", "text-anchor":
				continue
			}
			v, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
			low, high := 0.0, height
			if strings.HasSuffix(value, "%") {
				high = 100
			}
			if name == "dx" || name == "dy" {
				low = -high
			}
			if err != nil || math.IsNaN(v) || v < low || v > high {
				t.Errorf("%s of %s is %q in a drawing of height %v", name, e.name, value, height)
			}
		}
	}
	return all
}

func pick(all []element, name, class string) (out []element) {
	for _, e := range all {
		if e.name == name && (class == "" || e.attr["class"] == class) {
			out = append(out, e)
		}
	}
	return out
}

func percentOf(t *testing.T, e element, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSuffix(e.attr[name], "%"), 64)
	if err != nil || !strings.HasSuffix(e.attr[name], "%") {
		t.Fatalf("%s of %+v is no share of the width", name, e)
	}
	return v
}

// TestBarsAreInProportion: the longest bar fills the reach, the others their share of
// it, and each has its figure.
func TestBarsAreInProportion(t *testing.T) {
	c := chart{label: "x", rows: []chartRow{{"one", bars(.1, .4, .05)}, {"two", bars(.2, 0, 0)}}}
	all := drawn(t, c.fitted())
	for class, want := range map[series][]float64{ours: {.25, .5}, plain: {1}, chance: {.125, 0}} {
		found := pick(all, "rect", string(class))
		if len(found) != len(want) {
			t.Fatalf("%d bars of %s, want %d", len(found), class, len(want))
		}
		for i, e := range found {
			if got := percentOf(t, e, "width"); math.Abs(got-100*reach*want[i]) > .01 {
				t.Errorf("bar %d of %s is %v %% long, want %v", i, class, got, 100*reach*want[i])
			}
		}
	}
	var texts []string
	for _, e := range pick(all, "text", "") {
		texts = append(texts, e.text)
	}
	if !slices.Equal(texts, []string{"one", "0.1", "0.4", "0.05", "two", "0.2", "0"}) {
		t.Errorf("it says %q", texts)
	}
}

// TestRowsStandBelowEachOther: no two marks or labels of a chart share a line.
func TestRowsStandBelowEachOther(t *testing.T) {
	c := chart{label: "x", high: 1, lines: []chartLine{{.5, "half"}}, ends: [2]string{"0", "1"}}
	for i := range 5 {
		c.rows = append(c.rows, chartRow{fmt.Sprint("a label of more than one line, number ", i), []mark{
			{series: ours, value: .3, text: "a"}, dot(plain, evaluate.Rate{Hits: 1, Tries: 4})}})
	}
	last := -1.0
	for _, e := range pick(drawn(t, c.svg()), "text", "")[1:] { // the first is the line's
		y, _ := strconv.ParseFloat(e.attr["y"], 64)
		if e.text == "1" {
			break // both ends of the axis share a line
		}
		if y < last+15 {
			t.Errorf("%q stands at %v, below it is %v", e.text, last, y)
		}
		last = y
	}
}

// TestDotsStandInTheirIntervals, and the line stands where the axis says.
func TestDotsStandInTheirIntervals(t *testing.T) {
	rates := []evaluate.Rate{{Hits: 0, Tries: 10}, {Hits: 95, Tries: 100}, {Hits: 10, Tries: 10}, {Hits: 500, Tries: 1000}}
	c := percentages("x")
	c.lines = []chartLine{{.95, "95 %"}}
	for _, r := range rates {
		c.rows = append(c.rows, chartRow{"row", []mark{dot(ours, r)}})
	}
	all := drawn(t, c.svg())
	dots, spans := pick(all, "circle", "ours"), pick(all, "line", "ours")
	if len(dots) != len(rates) || len(spans) != len(rates) {
		t.Fatalf("%d dots, %d intervals", len(dots), len(spans))
	}
	for i, r := range rates {
		low, high := r.Interval()
		for what, x := range map[string][2]float64{
			"dot":  {percentOf(t, dots[i], "cx"), r.Share()},
			"low":  {percentOf(t, spans[i], "x1"), low},
			"high": {percentOf(t, spans[i], "x2"), high},
		} {
			if math.Abs(x[0]-100*reach*x[1]) > .02 {
				t.Errorf("%+v: the %s stands at %v %%, want %v", r, what, x[0], 100*reach*x[1])
			}
		}
	}
	if x := percentOf(t, pick(all, "line", "rule")[0], "x1"); math.Abs(x-95*reach) > .01 {
		t.Errorf("95 %% stands at %v", x)
	}
}

// TestValuesOutsideStayInside: what is beyond the ends of an axis is drawn at its end.
func TestValuesOutsideStayInside(t *testing.T) {
	c := chart{label: "x", low: .9, high: 1, ends: [2]string{"90 %", "100 %"}, rows: []chartRow{
		{"r", []mark{{series: ours, value: .5, interval: [2]float64{.4, 1.2}, text: "x"}, {series: ours, value: 7, text: "y"}}}}}
	all := drawn(t, c.svg())
	if x := percentOf(t, pick(all, "circle", "ours")[0], "cx"); x != 0 {
		t.Errorf("0.5 on an axis from 0.9 stands at %v", x)
	}
	if x := percentOf(t, pick(all, "rect", "ours")[0], "width"); x != 100*reach {
		t.Errorf("7 on an axis to 1 is %v long", x)
	}
}

// TestDrawingsOfNothing have no figure that is no number.
func TestDrawingsOfNothing(t *testing.T) {
	drawn(t, chart{label: "x"}.svg())
	drawn(t, chart{label: "x", rows: []chartRow{{"", bars(0, 0, 0)}}}.fitted())
	drawn(t, scatter{label: "x"}.svg())
	drawn(t, scatter{label: "x", points: []scatterPoint{{"one", 100, [2]float64{0, 0}}}}.svg())
}

// TestDrawingsEscape: a label is text, whatever is in it.
func TestDrawingsEscape(t *testing.T) {
	const evil = `</text><script>alert("1")</script>&`
	c := chart{label: evil, rows: []chartRow{{evil, []mark{{series: ours, value: 1, text: evil}}}}, lines: []chartLine{{0, evil}}}
	p := scatter{label: evil, across: evil, up: evil, points: []scatterPoint{{evil, 1000, [2]float64{.1, .2}}}}
	for _, svg := range []template.HTML{c.fitted(), p.svg()} {
		all := drawn(t, svg)
		if len(pick(all, "script", "")) > 0 || all[0].attr["aria-label"] != evil {
			t.Errorf("not escaped: %s", svg)
		}
	}
}

// TestWrap: no word is lost, no line too long but of one word, and no line takes what
// still fits in the one before.
func TestWrap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var words []string
		for range r.IntN(12) {
			words = append(words, strings.Repeat("ñ", 1+r.IntN(14)))
		}
		label := strings.Join(words, " ")
		lines := wrap(label, 20)
		if got := strings.Join(lines, " "); got != label {
			t.Fatalf("%q became %q", label, got)
		}
		for i, line := range lines {
			n := len([]rune(line))
			if n > 20 && strings.Contains(line, " ") {
				t.Errorf("a line of %d letters: %q", n, line)
			}
			if i > 0 {
				word, _, _ := strings.Cut(line, " ")
				if len([]rune(lines[i-1]))+1+len([]rune(word)) <= 20 {
					t.Errorf("%q would fit after %q", word, lines[i-1])
				}
			}
		}
	}
	if got := wrap("", 5); !slices.Equal(got, []string{""}) {
		t.Errorf("of nothing: %q", got)
	}
}

func TestPowers(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		low, high int
	}{
		{[]float64{100, 5000}, 2, 4}, {[]float64{1000}, 3, 4}, {[]float64{.003, .02, 0}, -3, -1}, {[]float64{0, 0}, 0, 1}, {nil, 0, 1}, {[]float64{10, 10}, 1, 2},
	} {
		if low, high := powers(c.values); low != c.low || high != c.high {
			t.Errorf("%v: %d to %d, want %d to %d", c.values, low, high, c.low, c.high)
		}
	}
}

// TestScatter: ten times as many people are as far to the right everywhere, ten times
// the distance as far up; each point says its name.
func TestScatter(t *testing.T) {
	p := scatter{label: "x", up: "up", across: "across"}
	for i, size := range []float64{100, 1000, 10_000} {
		p.points = append(p.points, scatterPoint{fmt.Sprint("group ", i), size, [2]float64{math.Pow(10, float64(-i)), 0}})
	}
	all := drawn(t, p.svg())
	found := pick(all, "circle", "ours")
	if len(found) != 3 || len(pick(all, "circle", "chance")) != 3 {
		t.Fatalf("%d points", len(found))
	}
	x, y := make([]float64, 3), make([]float64, 3)
	for i, e := range found {
		x[i] = percentOf(t, e, "cx")
		y[i], _ = strconv.ParseFloat(e.attr["cy"], 64)
	}
	if math.Abs(x[2]-2*x[1]+x[0]) > .05 || x[1] < x[0]+10 || math.Abs(y[2]-2*y[1]+y[0]) > .2 || y[1] < y[0]+50 {
		t.Errorf("points at %v, %v", x, y)
	}
	zero, _ := strconv.ParseFloat(pick(all, "circle", "chance")[0].attr["cy"], 64)
	if math.Abs(zero-y[2]) > .2 {
		t.Errorf("zero lies at %v, the lower edge at %v", zero, y[2])
	}
	var titles []string
	for _, e := range pick(all, "title", "") {
		titles = append(titles, e.text)
	}
	if !slices.Contains(titles, "group 1: 0.1") || !slices.Contains(titles, "group 2: 0.01") {
		t.Errorf("titles %q", titles)
	}
}

// errorReport has tables of one and two columns with known errors.
func errorReport() *Report {
	p := &Report{}
	for i, model := range []float64{5, 1, 3, 80, 2, 9, 7, 30, 11, 12, 13, 14, 15} {
		f := TableFigures{ID: fmt.Sprint(i), Columns: []string{fmt.Sprint("c", i)}, Labels: []microdata.Text{{"es": fmt.Sprint("columna ", i)}}, Noise: float64(10 + i), Model: model}
		if i > 2 {
			f.Columns, f.Labels = append(f.Columns, "d"), append(f.Labels, nil)
		}
		p.Tables = append(p.Tables, f)
	}
	return p
}

// TestErrorChart draws the ten of greatest error, the greatest first, with their noise.
func TestErrorChart(t *testing.T) {
	all := drawn(t, errorReport().errorChart("es"))
	var labels []string
	for _, e := range pick(all, "text", "") {
		if e.attr["class"] == "" {
			labels = append(labels, e.text)
		}
	}
	if len(labels) != mostDrawn || labels[0] != "columna 3 × d" || labels[1] != "columna 7 × d" || labels[9] != "columna 0" {
		t.Errorf("tables %q", labels)
	}
	models, noises := pick(all, "rect", "ours"), pick(all, "rect", "plain")
	if len(models) != mostDrawn || len(noises) != mostDrawn {
		t.Fatalf("%d and %d bars", len(models), len(noises))
	}
	if a, b := percentOf(t, models[0], "width"), percentOf(t, noises[0], "width"); math.Abs(b/a-13.0/80) > .001 {
		t.Errorf("bars of %v and %v for 80 and 13", a, b)
	}
}

// TestSpreadChart: the middle table, from the least to the greatest error, by order.
func TestSpreadChart(t *testing.T) {
	p := errorReport()
	all := drawn(t, p.spreadChart("en"))
	var texts []string
	for _, e := range pick(all, "text", "") {
		texts = append(texts, e.text)
	}
	for _, want := range []string{"1 column: 3 tables", "3 (1 – 5)", "11 (10 – 12)", "2 columns: 10 tables", "13 (2 – 80)", "18 (13 – 22)"} {
		if !slices.Contains(texts, want) {
			t.Errorf("%q is not in %q", want, texts)
		}
	}
	if p.Tables[0].Model != 5 || p.Tables[3].Model != 80 {
		t.Error("drawing put the tables in another order")
	}
	p.Tables = p.Tables[:1]
	if e := pick(drawn(t, p.spreadChart("es")), "circle", "ours"); len(e) != 1 {
		t.Errorf("one table: %d dots", len(e))
	}
}
