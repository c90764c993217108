package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"math"
	"slices"
	"strings"

	"amparo/internal/indicator"
	"amparo/internal/product/figure"
	"amparo/microdata"
)

// Limits of what a page shows of an answer; the files hold all of it.
const (
	maxBars   = 40  // of one column
	maxGroups = 12  // drawn, of two columns
	maxLevels = 10  // drawn in a group
	maxRows   = 300 // of the table of one column
	maxListed = 14  // rows of a group
)

// answerView is an answer as a page shows it.
type answerView struct {
	Lead           string
	Charts         []chartView
	Drawn          string // says what was left out of the drawing; "" is nothing
	Groups         []rowGroup
	First, Second  string // the columns' names; Second is "" where there is one
	Listed         string // says what was left out of the table
	Total          row
	Legend         []legend
	Notes          []string
	Coverage       string
	Privacy        string
	CSV, JSON, SVG string
	Table          bool // only the table is wanted
	Toggle         string
	Fixed          string // the same question of this version; "" where the address names it
	Version        int
}

type chartView struct {
	Label, Sum string // of a group; "" where there is one column
	SVG        template.HTML
}

// A rowGroup is a part of the table: all of it where there is one column.
type rowGroup struct {
	Label string
	Sum   row
	Rows  []row
}

type row struct {
	Label, Count, Span, Share, ShareSpan string
	Weak                                 bool
	Whole                                bool   // the total, which is no share of another
	Sign                                 string // class of the sign; "" is an answer
}

type legend struct{ Class, Text string }

// A shape is an answer put into the order in which it is shown.
type shape struct {
	*indicator.Answer
	lang   string
	orders [2][]int // levels of each axis
}

func newShape(a *indicator.Answer, lang string) *shape {
	s := &shape{Answer: a, lang: lang}
	for axis := range a.Axes {
		s.orders[axis] = s.order(axis)
	}
	return s
}

// order returns the levels of an axis as they are shown: years and short lists as
// the codebook has them, for that order means something; long lists by size, weak
// ones last, for they are not ranked. What is no answer stands at the end.
func (s *shape) order(axis int) []int {
	levels := s.Axes[axis].Levels
	all := make([]int, len(levels))
	answers, years := 0, true
	for i, l := range levels {
		all[i] = i
		if l.Missing == microdata.Present {
			answers++
			years = years && len(l.Value) == 4 && strings.Trim(l.Value, "0123456789") == ""
		}
	}
	sums := make([]indicator.Estimate, len(levels))
	rank := answers > maxLevels+2 && !years
	if rank {
		for i := range levels {
			sums[i] = s.Sum(s.slice(axis, i)...)
		}
	}
	slices.SortStableFunc(all, func(i, j int) int {
		mi, mj := levels[i].Missing != microdata.Present, levels[j].Missing != microdata.Present
		if mi != mj {
			return order(mj, mi)
		}
		if !rank || mi {
			return 0
		}
		wi, wj := weak(sums[i]), weak(sums[j])
		if wi != wj || wi {
			return order(wj, wi)
		}
		return cmp.Compare(sums[j].Noisy, sums[i].Noisy)
	})
	return all
}

// order compares two truths: true first.
func order(first, second bool) int {
	switch {
	case first == second:
		return 0
	case first:
		return -1
	}
	return 1
}

// weak says what indicator.Cell.Weak says, of a sum.
func weak(e indicator.Estimate) bool { return float64(e.Noisy) < 2*math.Sqrt(e.Variance) }

// slice returns the cells of one level of an axis.
func (s *shape) slice(axis, level int) []int {
	if len(s.Axes) == 1 {
		return []int{level}
	}
	n, m := len(s.Axes[0].Levels), len(s.Axes[1].Levels)
	var cells []int
	if axis == 0 {
		for j := range m {
			cells = append(cells, level*m+j)
		}
		return cells
	}
	for i := range n {
		cells = append(cells, i*m+level)
	}
	return cells
}

// label names a cell by one of its axes.
func (s *shape) label(axis, level int) string { return levelLabel(s.Answer, axis, level, s.lang) }

// view makes what a page shows of an answer.
func view(a *indicator.Answer, at route) *answerView {
	s := newShape(a, at.lang)
	lang, q := at.lang, a.Pinned().Query()
	v := &answerView{Lead: s.lead(), Notes: a.Notes(lang), Coverage: indicator.Coverage(a.Source.Manifest, lang),
		Privacy: indicator.Privacy(a.Source.Manifest, lang), First: a.AxisLabel(0, lang),
		Total: s.row(say(lang, "explorer.total"), a.Total, nil, false, microdata.Present), Table: a.State.View == indicator.ViewTable,
		Version: a.Source.Version}
	v.Total.Whole = true
	if a.State.Version == 0 {
		v.Fixed = withQuery(at.path(), q)
	}
	for _, f := range []struct {
		suffix string
		to     *string
	}{{".csv", &v.CSV}, {".json", &v.JSON}, {".svg", &v.SVG}} {
		file := at
		file.suffix = f.suffix
		*f.to = withQuery(file.path(), q)
	}
	other := a.State
	other.View = indicator.ViewTable
	if v.Table {
		other.View = indicator.ViewBar
	}
	v.Toggle = withQuery(at.path(), other.Query())
	if len(a.Axes) == 2 {
		v.Second = a.AxisLabel(1, lang)
	}
	if !v.Table {
		v.Charts, v.Drawn = s.charts()
	}
	v.Groups, v.Listed = s.table()
	if s.folds(v.Table) {
		v.Notes = append(v.Notes, say(lang, "explorer.folded"))
	}
	v.Legend = s.legend()
	return v
}

// row writes one line of the table.
func (s *shape) row(label string, e indicator.Estimate, share *indicator.Share, isWeak bool, m microdata.Missing) row {
	r := row{Label: label, Count: count(s.lang, e.Value), Span: span(s.lang, e.Low, e.High), Weak: isWeak, Sign: signClass[m]}
	if share != nil {
		r.Share, r.ShareSpan = percent(s.lang, share.Value), percentSpan(s.lang, share.Low, share.High)
	}
	return r
}

// table returns the rows, group by group.
func (s *shape) table() (groups []rowGroup, note string) {
	if len(s.Axes) == 1 {
		g := rowGroup{}
		for _, l := range s.orders[0] {
			if len(g.Rows) == maxRows {
				break
			}
			c := &s.Cells[l]
			g.Rows = append(g.Rows, s.row(s.label(0, l), c.Estimate, c.Share, c.Weak, c.Missing))
		}
		if len(g.Rows) < len(s.Cells) {
			note = say(s.lang, "explorer.listed", len(g.Rows), count(s.lang, float64(len(s.Cells))))
		}
		return []rowGroup{g}, note
	}
	shown, answers := 0, s.answers(1)
	for _, l := range s.orders[0][:min(len(s.orders[0]), maxGroups)] {
		cells := s.slice(0, l)
		sum := s.Sum(cells...)
		g := rowGroup{Label: s.label(0, l), Sum: s.row(say(s.lang, "explorer.sum"), sum, s.SumShare(cells...), weak(sum), s.Axes[0].Levels[l].Missing)}
		var rest []int
		for i, k := range s.orders[1] {
			c := s.Cell(l, k)
			if i >= maxListed && answers > maxListed+1 && s.Axes[1].Levels[k].Missing == microdata.Present { // what is no answer stands by its name
				rest = append(rest, l*len(s.Axes[1].Levels)+k)
				continue
			}
			g.Rows = append(g.Rows, s.row(s.label(1, k), c.Estimate, c.Share, c.Weak, c.Missing))
			shown++
		}
		if len(rest) > 0 {
			e := s.Sum(rest...)
			g.Rows = append(g.Rows, s.row(say(s.lang, "explorer.rest", len(rest)), e, s.SumShare(rest...), weak(e), microdata.Present))
		}
		groups = append(groups, g)
	}
	if shown < len(s.Cells) {
		note = say(s.lang, "explorer.listed", shown, count(s.lang, float64(len(s.Cells))))
	}
	return groups, note
}

// lead says which number is largest, and whether the noise lets that be said.
func (s *shape) lead() string {
	name := func(cell int) string {
		c := &s.Cells[cell]
		var parts []string
		for axis, l := range c.Levels {
			parts = append(parts, s.label(axis, l))
		}
		return strings.Join(parts, " · ")
	}
	ranked := s.Ranked()
	if len(ranked) == 0 {
		return s.leadOfNone(name)
	}
	first := &s.Cells[ranked[0]].Estimate
	out := say(s.lang, "explorer.lead", name(ranked[0]), count(s.lang, first.Value), count(s.lang, math.Floor(first.Low)), count(s.lang, math.Ceil(first.High)))
	if len(ranked) > 1 && s.Cells[ranked[1]].Estimate.High >= first.Low {
		out += " " + say(s.lang, "explorer.lead.tie", name(ranked[1]))
	}
	return out
}

// leadOfNone says what is left where no answer stands apart from zero: records that
// give no answer, a total, or nothing.
func (s *shape) leadOfNone(name func(cell int) string) string {
	best := -1
	for i := range s.Cells {
		if !s.Cells[i].Weak && (best < 0 || s.Cells[i].Estimate.Noisy > s.Cells[best].Estimate.Noisy) {
			best = i
		}
	}
	e := s.Total
	switch {
	case best >= 0:
		e = s.Cells[best].Estimate
		return say(s.lang, "explorer.lead.missing", name(best), count(s.lang, e.Value), count(s.lang, math.Floor(e.Low)), count(s.lang, math.Ceil(e.High)))
	case len(s.Cells) == 1 || weak(e):
		return say(s.lang, "explorer.lead.none")
	}
	return say(s.lang, "explorer.lead.total", count(s.lang, e.Value), count(s.lang, math.Floor(e.Low)), count(s.lang, math.Ceil(e.High)))
}

// signs and their classes, for the drawing and for the table.
var (
	signOf = map[microdata.Missing]figure.Sign{
		microdata.Present: figure.Answer, microdata.Unknown: figure.NotStated, microdata.NotAsked: figure.NotAsked,
		microdata.Refused: figure.Refused, microdata.NotApplicable: figure.NotApplicable, microdata.Withheld: figure.Withheld,
	}
	signClass = map[microdata.Missing]string{
		microdata.Unknown: "unknown", microdata.NotAsked: "notasked", microdata.Refused: "refused",
		microdata.NotApplicable: "notapplicable", microdata.Withheld: "withheld",
	}
)

// legend explains the signs that the answer shows.
func (s *shape) legend() []legend {
	var out []legend
	for _, m := range missingKinds {
		if slices.ContainsFunc(s.Cells, func(c indicator.Cell) bool { return c.Missing == m }) {
			out = append(out, legend{signClass[m], say(s.lang, "sign."+signClass[m])})
		}
	}
	if slices.ContainsFunc(s.Cells, func(c indicator.Cell) bool { return c.Weak }) {
		out = append(out, legend{"weak", say(s.lang, "sign.weak")})
	}
	return out
}

// drawingPolicy lets a drawing use its own style, named by hash, and nothing else.
var drawingPolicy = func() string {
	sum := sha256.Sum256([]byte(figure.FileStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'"
}()
