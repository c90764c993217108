package release

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"unicode/utf8"
)

// A chart is a drawing of rows of bars or dots, one below the other. Places across
// are shares of the width and places down are pixels, so that it fills a phone and a
// page alike and its letters stay the same size. What it shows stands in a table too.
type chart struct {
	label string  // what it shows, for those who do not see it
	low   float64 // value at the left edge
	high  float64 // value that comes to reach
	rows  []chartRow
	lines []chartLine
	ends  [2]string // below the left edge and the value high; none: no axis
}

type chartRow struct {
	label string
	marks []mark
}

// A mark is a bar from the left edge to a value or, where it has an interval, a dot.
type mark struct {
	series   series
	value    float64
	interval [2]float64 // drawn where a dot is; equal ends: a bar
	text     string     // beside it
}

// A chartLine is a line across all rows.
type chartLine struct {
	value float64
	text  string
}

// A series has its own colour and shape in all charts.
type series string

const (
	ours    series = "ours"    // the synthetic records, or an attack
	plain   series = "plain"   // the independent model, or the control group
	chance  series = "chance"  // a fresh sample, or the most common answer
	invents series = "invents" // combinations that nobody has
)

// Measures in pixels, of a line in letters; reach is the share of the width that the
// value high comes to.
const (
	lineHeight = 20
	lineLength = 36
	markHeight = 18
	rowGap     = 10
	reach      = 0.74
)

// svg draws the chart.
func (c chart) svg() template.HTML {
	var b strings.Builder
	top := 4
	if len(c.lines) > 0 {
		top += lineHeight
	}
	y := top
	for _, r := range c.rows {
		for _, line := range wrap(r.label, lineLength) {
			fmt.Fprintf(&b, `<text x="0" y="%d">%s</text>`, y+14, template.HTMLEscapeString(line))
			y += lineHeight
		}
		for _, m := range r.marks {
			c.mark(&b, m, y)
			y += markHeight
		}
		y += rowGap
	}
	bottom := y
	if c.ends[1] != "" {
		fmt.Fprintf(&b, `<line class="axis" x1="0" x2="%s" y1="%d" y2="%d"/><text class="tick" x="0" y="%d">%s</text><text class="tick" x="%s" y="%d" text-anchor="end">%s</text>`,
			c.at(c.high), y, y, y+16, c.ends[0], c.at(c.high), y+16, c.ends[1])
		y += lineHeight
	}
	var lines strings.Builder // below all else
	for _, l := range c.lines {
		fmt.Fprintf(&lines, `<line class="rule" x1="%s" x2="%s" y1="%d" y2="%d"/><text class="tick" x="%s" y="14" text-anchor="middle">%s</text>`,
			c.at(l.value), c.at(l.value), top, bottom, c.at(l.value), template.HTMLEscapeString(l.text))
	}
	return frame(c.label, y+4, lines.String()+b.String())
}

// wrap breaks a label into lines of so many letters, or one word: a drawing breaks
// none by itself, and a phone is narrow.
func wrap(label string, length int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(label) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > length {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func (c chart) mark(b *strings.Builder, m mark, y int) {
	end := m.value
	if low, high := m.interval[0], m.interval[1]; low < high {
		end = high
		fmt.Fprintf(b, `<line class="%s" x1="%s" x2="%s" y1="%d" y2="%d"/><circle class="%s" cx="%s" cy="%d" r="5"/>`,
			m.series, c.at(low), c.at(high), y+8, y+8, m.series, c.at(m.value), y+8)
	} else {
		fmt.Fprintf(b, `<rect class="%s" x="0" y="%d" width="%s" height="13" rx="2"/>`, m.series, y+2, c.at(m.value))
	}
	fmt.Fprintf(b, `<text class="tick" x="%s" dx="9" y="%d">%s</text>`, c.at(end), y+13, template.HTMLEscapeString(m.text))
}

// at is where a value stands, across.
func (c chart) at(value float64) string {
	share := 0.0
	if c.high > c.low {
		share = (value - c.low) / (c.high - c.low)
	}
	return across(reach * min(max(share, 0), 1))
}

func across(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }

func frame(label string, height int, content string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="chart" role="img" aria-label="%s" width="100%%" height="%d">%s</svg>`,
		template.HTMLEscapeString(label), height, content))
}

// A scatter shows two figures of many groups by their size, all on logarithmic scales.
type scatter struct {
	label, across, up string // what it shows, and its axes
	points            []scatterPoint
}

type scatterPoint struct {
	label string
	size  float64
	value [2]float64 // of ours, of chance
}

// powers returns the powers of ten around some numbers, two at least; what is not
// above zero does not count.
func powers(values []float64) (low, high int) {
	first, last := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 {
			first, last = min(first, v), max(last, v)
		}
	}
	if last < first {
		return 0, 1
	}
	low, high = int(math.Floor(math.Log10(first))), int(math.Ceil(math.Log10(last)))
	return low, max(high, low+1)
}

// svg draws the scatter; a point says its name where the pointer rests. What is zero
// lies on the lower edge.
func (s scatter) svg() template.HTML {
	const top, height, left, right = 22.0, 250.0, 0.13, 0.97
	var sizes, values []float64
	for _, p := range s.points {
		sizes, values = append(sizes, p.size), append(values, p.value[:]...)
	}
	x0, x1 := powers(sizes)
	y0, y1 := powers(values)
	place := func(v float64, low, high int) float64 {
		return max(math.Log10(v)-float64(low), 0) / float64(high-low)
	}
	x := func(v float64) string { return across(left + (right-left)*place(v, x0, x1)) }
	y := func(v float64) string { return fmt.Sprintf("%.1f", top+height*(1-place(v, y0, y1))) }
	var b strings.Builder
	for power := x0; power <= x1; power++ {
		anchor, at := "middle", x(math.Pow(10, float64(power)))
		if power == x1 {
			anchor = "end"
		}
		fmt.Fprintf(&b, `<line class="grid" x1="%s" x2="%s" y1="%g" y2="%g"/><text class="tick" x="%s" y="%g" text-anchor="%s">%s</text>`,
			at, at, top, top+height, at, top+height+17, anchor, grouped(math.Pow(10, float64(power))))
	}
	for power := y0; power <= y1; power++ {
		v := math.Pow(10, float64(power))
		fmt.Fprintf(&b, `<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/><text class="tick" x="%s" y="%s" dx="-6" dy="4" text-anchor="end">%s</text>`,
			across(left), across(right), y(v), y(v), across(left), y(v), short(v))
	}
	for i, class := range []series{chance, ours} {
		for _, p := range s.points {
			v := p.value[1-i]
			fmt.Fprintf(&b, `<circle class="%s" cx="%s" cy="%s" r="4"><title>%s: %s</title></circle>`,
				class, x(p.size), y(v), template.HTMLEscapeString(p.label), short(v))
		}
	}
	fmt.Fprintf(&b, `<text class="tick" x="0" y="12">%s</text><text class="tick" x="%s" y="%g" text-anchor="end">%s</text>`,
		template.HTMLEscapeString(s.up), across(right), top+height+36, template.HTMLEscapeString(s.across))
	return frame(s.label, int(top+height)+42, b.String())
}
