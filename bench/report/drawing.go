package report

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"

	"amparo/bench/run"
	"amparo/bench/score"
)

// drawn are the places in score.Thresholds that are drawn: 10, 100 and 500.
var drawn = []int{1, 2, 3}

// The drawing's measures, in pixels.
const (
	side   = 220 // of a panel
	gap    = 56
	left   = 64
	top    = 64
	below  = 96
	radius = 5
)

// A series is a system whose modes are joined by a line, in this order.
type series struct {
	system, colour, dash string
	modes                []string
}

// Colours are of Okabe and Ito's set, which colour-blind people tell apart; the marks
// differ in shape as well.
var drawnSeries = []series{
	{"amparo", "#0072b2", "", []string{"unlimited", "limited", "strict"}},
	{"pac-synth", "#d55e00", "4 3", []string{"uncontrolled", "balanced", "progressive", "minimize"}},
	{"mst", "#595959", "", []string{""}},
	{"aim", "#009e73", "", []string{"80 MB", "1 MB, 300 steps"}},
}

// Drawing returns an SVG of the share fabricated against the share suppressed at ε = 1,
// combinations of 1 to 3 columns, a row of panels a file and a panel a true count.
func Drawing(results []run.Result) []byte {
	var rows []Group
	for _, name := range []string{"ctdc", "adult"} {
		for _, g := range groups(results) {
			if g.Data.Name == name && g.Epsilon == "1" {
				rows = append(rows, g)
			}
		}
	}
	width := left + len(drawn)*(side+gap)
	height := top + len(rows)*(side+gap) + below
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#222" role="img" aria-labelledby="title">`+"\n", width, height, width, height)
	fmt.Fprintln(&b, `<title id="title">Share of combinations fabricated against share suppressed, ε = 1</title>`)
	fmt.Fprintln(&b, `<rect width="100%" height="100%" fill="#fff"/>`)
	fmt.Fprintf(&b, `<text x="%d" y="24" font-size="15" font-weight="bold">Combinations of one to three values, ε = 1: fabricated against suppressed</text>`+"\n", left)
	for i, g := range rows {
		for k, t := range drawn {
			g.panel(&b, left+k*(side+gap), top+i*(side+gap), t)
		}
	}
	legend(&b, left, height-below+24)
	fmt.Fprintln(&b, "</svg>")
	return b.Bytes()
}

// panel draws one panel with its upper left corner at x, y.
func (g Group) panel(b *bytes.Buffer, x, y, threshold int) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s, δ = %s: shared by ≥ %d people</text>`+"\n", x, y-8, g.Data.Name, g.Delta, score.Thresholds[threshold])
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#888"/>`+"\n", x, y, side, side)
	for percent := 0; percent <= 100; percent += 25 {
		at := side * percent / 100
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" font-size="10">%d</text>`+"\n", x+at, y+side+13, percent)
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end" font-size="10">%d</text>`+"\n", x-5, y+side-at+4, percent)
		if percent%100 != 0 {
			fmt.Fprintf(b, `<path d="M%d %dv%dM%d %dh%d" stroke="#e5e5e5"/>`+"\n", x+at, y, side, x, y+side-at, side)
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">suppressed, %%</text>`+"\n", x+side/2, y+side+28)
	fmt.Fprintf(b, `<text transform="translate(%d %d) rotate(-90)" text-anchor="middle">fabricated, %%</text>`+"\n", x-30, y+side/2)
	for _, s := range drawnSeries {
		var line []byte
		for _, mode := range s.modes {
			i := slices.IndexFunc(g.Rows, func(r Row) bool { return r.System == s.system && r.Mode == mode && r.Runs > 0 })
			if i < 0 {
				continue
			}
			r := g.Rows[i]
			px, py := float64(x)+side*r.AllSuppressed[threshold], float64(y)+side*(1-r.AllFabricated)
			line = fmt.Appendf(line, "%c%.1f %.1f", "ML"[min(len(line), 1)], px, py)
			mark(b, s, mode, px, py, fmt.Sprintf("%s: fabricated %s %%, suppressed %s %%", r.Name(), percent(r.AllFabricated), percent(r.AllSuppressed[threshold])))
		}
		if line != nil {
			fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-dasharray="%s"/>`+"\n", line, s.colour, s.dash)
		}
	}
}

// mark draws a system's mark, a letter or two beside it saying the mode.
func mark(b *bytes.Buffer, s series, mode string, x, y float64, title string) {
	shape := fmt.Sprintf(`<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"`, x, y, radius, s.colour)
	switch s.system {
	case "pac-synth":
		shape = fmt.Sprintf(`<rect x="%.1f" y="%.1f" width="%d" height="%d" fill="%s"`, x-radius, y-radius, 2*radius, 2*radius, s.colour)
	case "mst":
		shape = fmt.Sprintf(`<path d="M%.1f %.1fl5.5 5.5 -5.5 5.5 -5.5 -5.5z" fill="%s"`, x, y-5.5, s.colour)
	case "aim":
		shape = fmt.Sprintf(`<path d="M%.1f %.1fl6 10h-12z" fill="%s"`, x, y-6, s.colour)
	}
	element, _, _ := strings.Cut(shape[1:], " ")
	fmt.Fprintf(b, "%s><title>%s</title></%s>\n", shape, html.EscapeString(title), element)
	if len(s.modes) > 1 {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="10" fill="%s">%s</text>`+"\n", x+7, y-4, s.colour, mode[:1])
	}
}

// legend says what marks and letters mean.
func legend(b *bytes.Buffer, x, y int) {
	for i, s := range drawnSeries {
		mark(b, series{system: s.system, colour: s.colour}, "", float64(x+6), float64(y+18*i-4), s.system)
		var modes []string
		for _, mode := range s.modes {
			if len(s.modes) > 1 {
				modes = append(modes, mode[:1]+" is "+mode)
			}
		}
		text := strings.TrimSuffix(s.system+": "+strings.Join(modes, "; "), ": ")
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x+20, y+18*i, html.EscapeString(text))
	}
}
