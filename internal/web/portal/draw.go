package portal

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"amparo/internal/indicator"
	"amparo/internal/product/figure"
	"amparo/microdata"
)

// charts draws the answer for a page: one chart, or one for each level of the
// first column on a common scale.
func (s *shape) charts() (charts []chartView, note string) {
	panels, top, note := s.panels()
	ticks := s.ticks(top)
	for i, p := range panels {
		label := p.Label
		sum := ""
		if label != "" {
			e := s.Sum(s.slice(0, s.orders[0][i])...)
			sum = count(s.lang, e.Value) + " (" + span(s.lang, e.Low, e.High) + ")"
			p.Label = ""
		}
		c := figure.Chart{ID: strconv.Itoa(i), Narrow: label != "", Lang: s.lang, Title: s.Title(s.lang), Desc: s.describe(p), Max: top, Ticks: ticks, Panels: []figure.Panel{p}}
		if label != "" {
			c.Title = label + " · " + c.Title
		}
		charts = append(charts, chartView{label, sum, template.HTML(figure.Bars(c))}) //nolint:gosec // figure escapes all text
	}
	return charts, note
}

// drawing draws the answer as a file that stands alone, with its source and what
// it does not say.
func drawing(a *indicator.Answer, lang string) []byte {
	s := newShape(a, lang)
	panels, top, note := s.panels()
	c := figure.Chart{ID: "a", Lang: lang, Alone: true, Title: a.Title(lang), Subtitle: a.Subtitle(lang), Panels: panels, Max: top, Ticks: s.ticks(top)}
	var all figure.Panel
	for _, p := range panels {
		all.Bars = append(all.Bars, p.Bars...)
	}
	c.Desc = s.describe(all)
	for _, n := range append([]string{note}, append(a.Notes(lang), indicator.Coverage(a.Source.Manifest, lang), indicator.Privacy(a.Source.Manifest, lang))...) {
		if n != "" {
			c.Notes = append(c.Notes, n)
		}
	}
	c.Notes = append(c.Notes, say(lang, "explorer.source", a.Source.Dataset, a.Source.Version, a.Source.Hash[:min(len(a.Source.Hash), 16)]))
	return figure.Bars(c)
}

// panels returns the bars, the largest end of an interval, and what was left out.
func (s *shape) panels() (panels []figure.Panel, top float64, note string) {
	if len(s.Axes) == 1 {
		panels = []figure.Panel{{Bars: s.bars(s.orders[0], maxBars, func(l int) int { return l }, 0, s.hues(0, 0))}}
	} else {
		m := len(s.Axes[1].Levels)
		for _, l := range s.orders[0] {
			if len(panels) == maxGroups {
				note = say(s.lang, "explorer.drawn", maxGroups, len(s.Axes[0].Levels))
				break
			}
			bars := s.bars(s.orders[1], maxLevels, func(k int) int { return l*m + k }, 1, s.hues(1, l))
			panels = append(panels, figure.Panel{Label: s.label(0, l), Bars: bars})
		}
	}
	for _, p := range panels {
		for _, b := range p.Bars {
			top = max(top, b.High, b.Value)
		}
	}
	return panels, top, note
}

// bars returns the bars of the levels of an axis; answers after the first ones are
// summed up in one, unless that would stand for a single level.
func (s *shape) bars(levels []int, limit int, cell func(level int) int, axis int, hue func(level int) figure.Hue) []figure.Bar {
	var bars, missing []figure.Bar
	var rest []int
	answers, seen := s.answers(axis), 0
	for _, l := range levels {
		c := &s.Cells[cell(l)]
		if s.Axes[axis].Levels[l].Missing == microdata.Present {
			if seen++; seen > limit && answers > limit+1 {
				rest = append(rest, cell(l))
				continue
			}
		}
		b := s.bar(s.label(axis, l), c.Estimate, c.Weak)
		b.Sign, b.Hue = signOf[c.Missing], hue(l)
		if b.Sign != figure.Answer {
			missing = append(missing, b)
			continue
		}
		bars = append(bars, b)
	}
	if len(rest) > 0 {
		e := s.Sum(rest...)
		b := s.bar(say(s.lang, "explorer.rest", len(rest)), e, weak(e))
		b.Hue, b.Sign = figure.Selva, signOf[s.Cells[rest[0]].Missing]
		bars = append(bars, b)
	}
	return append(bars, missing...)
}

// folds says whether values were summed up to save space, in the bars or the table.
func (s *shape) folds(table bool) bool {
	axis, limit := len(s.Axes)-1, maxLevels
	if axis == 0 {
		limit = maxBars
	}
	return !table && s.answers(axis) > limit+1 || axis == 1 && s.answers(1) > maxListed+1
}

// answers returns the number of levels of an axis that are answers.
func (s *shape) answers(axis int) (n int) {
	for _, l := range s.Axes[axis].Levels {
		if l.Missing == microdata.Present {
			n++
		}
	}
	return n
}

func (s *shape) bar(label string, e indicator.Estimate, isWeak bool) figure.Bar {
	return figure.Bar{Label: label, Noisy: float64(e.Noisy), Value: e.Value, Low: e.Low, High: e.High, Weak: isWeak,
		Figure: count(s.lang, e.Value), Interval: span(s.lang, e.Low, e.High)}
}

// The columns and levels whose colours mean the same everywhere.
var (
	genderColumns = []string{"gender", "sex", "sexo", "genero", "género"}
	women         = []string{"female", "feminine", "woman", "women", "girl", "mujer", "mujeres", "femenino", "f"}
	men           = []string{"male", "masculine", "man", "men", "boy", "hombre", "hombres", "masculino", "m"}
)

// hues returns the colours of the levels of an axis. Bars of people of one gender,
// in the group of that gender, all have its colour.
func (s *shape) hues(axis, group int) func(level int) figure.Hue {
	if axis == 1 && !s.ofGender(1) && s.ofGender(0) {
		return func(int) figure.Hue { return s.hue(0, group) }
	}
	return func(level int) figure.Hue { return s.hue(axis, level) }
}

func (s *shape) ofGender(axis int) bool {
	return slices.Contains(genderColumns, strings.ToLower(s.Axes[axis].Name))
}

// hue returns the colour of a level: of genders the fixed one; of a second column
// with few levels one each; else the first.
func (s *shape) hue(axis, level int) figure.Hue {
	a := s.Axes[axis]
	if s.ofGender(axis) {
		switch v := strings.ToLower(a.Levels[level].Value); {
		case slices.Contains(women, v):
			return figure.Anil
		case slices.Contains(men, v):
			return figure.Maiz
		}
		return figure.Jade
	}
	if answers := len(a.Levels); axis == 1 && answers <= 6 {
		return figure.Hue(level)
	}
	return figure.Anil
}

// describe says in words what the bars show: enough to do without them, the
// table below has the rest.
func (s *shape) describe(p figure.Panel) string {
	const named = 5
	var parts []string
	for _, b := range p.Bars[:min(len(p.Bars), named)] {
		parts = append(parts, fmt.Sprintf("%s: %s (%s)", b.Label, b.Figure, span(s.lang, b.Low, b.High)))
	}
	out := say(s.lang, "explorer.described", len(p.Bars), strings.Join(parts, "; "))
	if len(p.Bars) > named {
		out += " " + say(s.lang, "explorer.described.more")
	}
	return out
}

// ticks returns the figures of a scale that ends at top: three to five, round.
func (s *shape) ticks(top float64) []figure.Tick {
	if !(top >= 1) || math.IsInf(top, 0) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(top)))
	for _, f := range []float64{.2, .25, .5, 1, 2} {
		if s := step * f; top/s <= 5 && s == math.Trunc(s) { // people are counted whole
			step = s
			break
		}
	}
	var ticks []figure.Tick
	for v := 0.0; v <= top; v += step {
		ticks = append(ticks, figure.Tick{At: v, Text: count(s.lang, v)})
	}
	return ticks
}
