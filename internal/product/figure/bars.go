package figure

import (
	"math"
	"strings"
)

// Sizes in pixels. least is the width below which a drawing is not shown: a
// screen of 320 with its margins.
const (
	least   = 280
	frame   = 400 // width of a chart that stands alone
	margin  = 20
	height  = 18 // of a bar
	step    = 19 // of a line of label
	between = 13 // bars
)

// gap parts an interval from its figure: two spaces that do not fold into one.
const gap = "\u2002 "

var (
	labelFace   = face{15, false}
	figureFace  = face{15, true}
	smallFace   = face{12, false}
	headingFace = face{16, true}
	titleFace   = face{20, true}
	noteFace    = face{12, false}
)

// sheet is a drawing in the making.
type sheet struct {
	strings.Builder
	chart *Chart
	room  float64 // width that texts may count on
	max   float64
	y     float64
}

// Bars draws a chart of horizontal bars: labels above the bars, so that they
// have the whole width on a phone; a whisker over each 95 % interval; the end of
// each bar faded over it.
func Bars(c Chart) []byte {
	s := &sheet{chart: &c, room: least, max: scale(&c)}
	if c.Alone {
		s.room = frame - 2*margin
	}
	for _, p := range c.Panels {
		s.panel(p)
	}
	s.ticks()
	body, plot := s.String(), s.y
	s.Reset()
	s.y = 0
	s.open(plot)
	s.WriteString(body)
	s.WriteString("</svg>")
	if c.Alone {
		s.notes(plot)
	}
	s.WriteString("</svg>")
	return []byte(s.String())
}

// scale returns the end of the scale: positive and finite whatever the bars hold.
func scale(c *Chart) float64 {
	top := c.Max
	if !(top > 0) {
		for _, p := range c.Panels {
			for _, b := range p.Bars {
				for _, v := range []float64{b.Value, b.High} {
					if !math.IsInf(v, 0) && v > top {
						top = v
					}
				}
			}
		}
	}
	if !(top > 0) || math.IsInf(top, 0) {
		return 1
	}
	return top * 1.01 // room for the cap of the longest whisker
}

// open writes the outer element, its texts, definitions and, in a chart that
// stands alone, its heading; then it opens the plot.
func (s *sheet) open(plot float64) {
	c := s.chart
	id := identifier(c.ID)
	s.WriteString(`<svg class="ac`)
	titles := titleFace.wrap(clean(c.Title), s.room, 6)
	subtitles := noteFace.wrap(clean(c.Subtitle), s.room, 8)
	top := 0.0
	if c.Alone {
		top = margin + float64(len(titles))*25 + 6
		if c.Subtitle != "" {
			top += float64(len(subtitles))*17 + 4
		}
		top += 10
		total := top + plot + s.notesHeight() + margin
		s.put(`" xmlns="http://www.w3.org/2000/svg" width="`, num(frame), `" height="`, num(total),
			`" viewBox="0 0 `, num(frame), ` `, num(total))
	} else {
		s.put(` fluid" width="100%" height="`, num(plot))
	}
	s.put(`" role="img" lang="`, escape(c.Lang), `" aria-labelledby="`, id, `t `, id, `d" fill="`, ink, `">`)
	s.put(`<title id="`, id, `t">`, escape(c.Title), `</title><desc id="`, id, `d">`, escape(c.Desc), `</desc>`)
	if c.Alone {
		s.put("<style>", FileStyle, "</style>")
		s.put(`<rect class="p" width="100%" height="100%" fill="`, ground, `"/>`)
	}
	s.defs(id)
	if c.Alone {
		s.y = margin
		s.lines(margin, titles, titleFace, 25, "")
		s.y += 6
		if c.Subtitle != "" {
			s.lines(margin, subtitles, noteFace, 17, "q")
		}
		s.put(`<svg x="`, num(margin), `" y="`, num(top), `" width="`, num(s.room), `" height="`, num(plot), `" overflow="hidden">`)
		return
	}
	s.WriteString(`<svg overflow="hidden">`)
}

// defs writes the fades and hatches that are used, in the palette's order.
func (s *sheet) defs(id string) {
	var hue [hues]bool
	var sign [signs]bool
	grey := false
	for _, p := range s.chart.Panels {
		for i := range p.Bars {
			switch b := &p.Bars[i]; {
			case b.Sign > Answer && b.Sign < signs:
				sign[b.Sign] = true
			case b.Weak:
				grey = true
			case b.Hue < hues:
				hue[b.Hue] = true
			default:
				hue[Anil] = true
			}
		}
	}
	s.WriteString("<defs>")
	for h, used := range hue {
		if used {
			s.put(`<linearGradient id="`, id, hueClass[h], `" class="`, hueClass[h], `">`,
				strings.ReplaceAll(stops, "<stop", `<stop stop-color="`+palette[h]+`"`), `</linearGradient>`)
		}
	}
	if grey {
		s.put(`<linearGradient id="`, id, `w" class="w">`, strings.ReplaceAll(stops, "<stop", `<stop stop-color="`+weak+`"`), `</linearGradient>`)
	}
	for k, used := range sign {
		if used {
			s.WriteString(pattern(id, Sign(k)))
		}
	}
	s.WriteString("</defs>")
}

func (s *sheet) panel(p Panel) {
	if p.Label != "" {
		if s.y > 0 {
			s.y += 14
		}
		s.lines(0, headingFace.wrap(clean(p.Label), s.room, 3), headingFace, 22, "")
		s.y += 4
	}
	for i := range p.Bars {
		s.bar(&p.Bars[i])
	}
}

// bar draws the label, its figures at the right of the label's last line, and
// the bar below.
func (s *sheet) bar(b *Bar) {
	figure, interval := figureFace.cut(clean(b.Figure), s.room), smallFace.cut(clean(b.Interval), s.room)
	taken := figureFace.width(figure) + 14
	class := "q ci"
	if (s.chart.Alone || s.chart.Narrow) && interval != "" {
		if s.chart.Narrow {
			class = "q"
		}
		if w := smallFace.width(interval + gap); taken+w-14 <= s.room {
			taken += w
		} else {
			interval = "" // words beside words: the table has it
		}
	}
	if room := s.room - taken; room >= s.room/3 {
		s.lines(0, labelFace.wrap(clean(b.Label), room, 4), labelFace, step, "")
	} else { // the figures are words: they get a line of their own
		s.lines(0, labelFace.wrap(clean(b.Label), s.room, 4), labelFace, step, "")
		s.y += step
	}
	s.put(`<text x="100%" y="`, num(s.y-5), `" text-anchor="end" font-size="15">`)
	if interval != "" {
		s.put(`<tspan class="`, class, `" font-size="12" fill="`, muted, `">`, escape(interval), gap, `</tspan><tspan font-weight="700">`, escape(figure), `</tspan></text>`)
	} else {
		s.put(`<tspan font-weight="700">`, escape(figure), `</tspan></text>`)
	}
	s.y++
	s.mark(b)
	s.y += height + between
}

// mark draws the bar itself at s.y.
func (s *sheet) mark(b *Bar) {
	y, mid := num(s.y), num(s.y+height/2)
	id := identifier(s.chart.ID)
	if b.NoNumber {
		s.put(`<rect x=".5" y="`, num(s.y+.5), `" width="64" height="`, num(height-1), `" class="m" stroke="`, muted,
			`" stroke-dasharray="3 2" fill="`, fill(id, b.Sign), `"/>`)
		s.lock(b)
		return
	}
	value, low, high, noisy := finite(b.Value), finite(b.Low), finite(b.High), finite(b.Noisy)
	class, literal := b.colour()
	switch {
	case b.Sign > Answer && b.Sign < signs:
		if value > 0 {
			s.put(`<rect y="`, num(s.y+.5), `" width="`, s.percent(value), `" height="`, num(height-1), `" class="m" stroke="`, muted,
				`" fill="`, fill(id, b.Sign), `"/>`)
			s.lock(b)
		}
	case high > low && high > 0:
		if low > 0 {
			s.put(`<rect y="`, y, `" width="`, s.percent(low), `" height="`, num(height), `" class="`, class, `" fill="`, literal, `"/>`)
		}
		from, to := min(2*noisy-high, low), high // the interval before it was cut off at zero
		s.put(`<rect x="`, s.percent(from), `" y="`, y, `" width="`, s.percent(to-from), `" height="`, num(height), `" fill="url(#`, id, class, `)"/>`)
	case value > 0:
		s.put(`<rect y="`, y, `" width="`, s.percent(value), `" height="`, num(height), `" class="`, class, `" fill="`, literal, `"/>`)
	}
	if value <= 0 { // zero is a line with its figure, not an empty place
		s.put(`<path d="M1 `, y, `v`, num(height), `" class="k" stroke="`, ink, `" stroke-width="2"/>`)
	}
	if high > low {
		x1, x2 := s.percent(low), s.percent(high)
		for _, coat := range []string{`<g class="o" stroke="` + ground + `" stroke-width="4">`, `<g class="k" stroke="` + ink + `" stroke-width="1.5">`} {
			s.put(coat, `<line x1="`, x1, `" x2="`, x2, `" y1="`, mid, `" y2="`, mid, `"/>`) // on a rim, to stand out from the bar
			for _, x := range []string{x1, x2} {
				s.put(`<line x1="`, x, `" x2="`, x, `" y1="`, num(s.y+4), `" y2="`, num(s.y+height-4), `"/>`)
			}
			s.WriteString("</g>")
		}
	}
}

// lock draws a padlock on what a source withheld.
func (s *sheet) lock(b *Bar) {
	if b.Sign != Withheld {
		return
	}
	s.put(`<g transform="translate(5 `, num(s.y+2), `)"><rect width="14" height="14" class="p" fill="`, ground, `"/>`,
		`<rect x="2" y="6" width="10" height="7" class="n" fill="`, muted, `"/>`,
		`<path d="M4 6V4a3 3 0 0 1 6 0v2" class="m" stroke="`, muted, `" stroke-width="1.6" fill="none"/></g>`)
}

func fill(id string, s Sign) string {
	if s == Answer || s >= signs {
		return "none"
	}
	return "url(#" + id + signName[s] + ")"
}

// ticks draws the scale under the bars.
func (s *sheet) ticks() {
	if len(s.chart.Ticks) == 0 {
		return
	}
	s.put(`<line x2="100%" y1="`, num(s.y), `" y2="`, num(s.y), `" class="g" stroke="`, rule, `"/>`)
	end := math.Inf(-1)
	for _, t := range s.chart.Ticks {
		at := finite(t.At)
		w, x := smallFace.width(t.Text), at/s.max*s.room
		anchor, from := "middle", x-w/2
		switch {
		case from < 0:
			anchor, from = "start", x
		case from+w > s.room:
			anchor, from = "end", x-w
		}
		if at < 0 || at > s.max || from < end+6 {
			continue
		}
		end = from + w
		s.put(`<line x1="`, s.percent(at), `" x2="`, s.percent(at), `" y1="`, num(s.y), `" y2="`, num(s.y+5), `" class="g" stroke="`, rule, `"/>`)
		s.put(`<text x="`, s.percent(at), `" y="`, num(s.y+18), `" text-anchor="`, anchor, `" font-size="12" class="q" fill="`, muted, `">`, escape(t.Text), `</text>`)
	}
	s.y += 24
}

func (s *sheet) notesHeight() float64 {
	h := 0.0
	for _, n := range s.chart.Notes {
		h += float64(len(noteFace.wrap(clean(n), s.room, 10)))*16 + 4
	}
	return h
}

func (s *sheet) notes(plot float64) {
	s.y += 10 + plot
	if s.chart.Subtitle != "" {
		s.y += 4
	}
	for _, n := range s.chart.Notes {
		s.lines(margin, noteFace.wrap(clean(n), s.room, 10), noteFace, 16, "q")
		s.y += 4
	}
}

// lines draws lines of text at x and moves on below them.
func (s *sheet) lines(x float64, lines []string, f face, step float64, class string) {
	for _, l := range lines {
		s.y += step
		s.put(`<text x="`, num(x), `" y="`, num(s.y-5), `" font-size="`, num(f.size), `"`)
		if f.bold {
			s.put(` font-weight="700"`)
		}
		if class != "" {
			s.put(` class="`, class, `" fill="`, muted, `"`)
		}
		s.put(`>`, escape(l), `</text>`)
	}
}
