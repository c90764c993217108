package tabular

import (
	"fmt"
	"slices"

	"amparo/microdata"
)

// Bins say how a column of numbers or dates is read into levels in order. They are
// public: a value beyond their ends is put into the first or the last of them, a blank
// and what is no number or no date are not known, each row by itself.
type bins struct {
	dates   bool
	starts  []float64 // where each bin begins, rising
	last    float64   // where they end; the last bin holds it, and all beyond it
	decimal byte      // of numbers, or 0: either
	format  string    // of dates beside year, month, day: "DMY", "MDY" or ""
	// quantiles is the number of bins that are made of these cells under privacy; 0:
	// these are the bins.
	quantiles int

	edges  []decimal // numbers: of each bin and the end
	whole  bool      // numbers: no edge has a fraction, none is negative
	days   []day     // dates: of each bin and, inclusive, the end
	months int       // dates: in each bin, 1, 3 or 12; 0: bins of any days
	levels []microdata.Level
}

// The limits of bins.
const (
	maxBins      = 1024 // of a column, or cells from which quantiles are made
	maxQuantiles = 64
)

// complete fills in what follows from edges or days.
func (b *bins) complete() *bins {
	if b.dates {
		for _, d := range b.days {
			b.starts = append(b.starts, float64(d))
		}
	}
	for _, e := range b.edges {
		x, _ := parseNumber([]byte(e.String()), '.') // as a value of this spelling is read
		b.starts = append(b.starts, x)
	}
	n := len(b.starts) - 1
	b.starts, b.last = b.starts[:n], b.starts[n]
	for i := range n {
		b.levels = append(b.levels, b.span(i, i+1))
	}
	b.levels = append(b.levels, unreadable)
	return b
}

// unreadable takes blanks and what is no number or date.
var unreadable = microdata.Level{Missing: microdata.Unknown,
	Label: microdata.Text{"es": "No consta o no se pudo leer", "en": "Not stated or not readable"}}

// code returns the bin of a value, and whether the value lies below (−1) or above
// (1) the ends of the bins. The value has no spaces at its ends.
func (b *bins) code(v []byte) (bin int, beyond int, ok bool) {
	var x float64
	if b.dates {
		var d day
		d, ok = parseDay(v, b.format, b.months)
		x = float64(d)
	} else {
		x, ok = parseNumber(v, b.decimal)
	}
	if !ok {
		return 0, 0, false
	}
	switch {
	case x < b.starts[0]:
		return 0, -1, true
	case x > b.last:
		return len(b.starts) - 1, 1, true
	}
	i, begins := slices.BinarySearch(b.starts, x)
	if !begins {
		i--
	}
	return i, 0, true
}

// unread says that most values are not read, and what may help.
func (b *bins) unread() (problem, hint string) {
	if b.dates {
		return "more than half of its values are not read as dates",
			`dates look like 2021-08-25; in the domain file "format": "DMY" reads 25/8/2021, and "MDY" 8/25/2021`
	}
	return "more than half of its values are not read as numbers",
		`numbers look like 1234.5 or 1234,5; where 1.234 or 1,234 could be either, say "decimal": "." or "," in the domain file`
}

// span is the level of the bins from i up to, but not with, j. It is spelled as the
// CTDC's age bands are, 9--17 and 48+, where no edge has a fraction; else, since the end
// is not within, [0.5--1).
func (b *bins) span(i, j int) microdata.Level {
	n := len(b.starts)
	if b.dates {
		return b.period(i, j)
	}
	from, to := b.edges[i].String(), b.edges[j].String()
	if i == 0 && j == n {
		return microdata.Level{Value: from + microdata.Through + to, Label: microdata.Text{"es": "Cualquier número", "en": "Any number"}}
	}
	if j == n {
		return microdata.Level{Value: from + "+", Label: microdata.Text{"es": from + " o más", "en": from + " or more"}}
	}
	if !b.whole {
		l := microdata.Level{Value: "[" + from + microdata.Through + to + ")",
			Label: microdata.Text{"es": from + " a menos de " + to, "en": from + " to less than " + to}}
		if i == 0 {
			l.Label = microdata.Text{"es": "menos de " + to, "en": "less than " + to}
		}
		return l
	}
	to = decimal{units: b.edges[j].units - 1}.String()
	l := microdata.Level{Value: from}
	if to != from {
		l.Value += microdata.Through + to
		l.Label = microdata.Text{"es": from + " a " + to, "en": from + " to " + to}
	}
	if i == 0 {
		l.Label = microdata.Text{"es": "hasta " + to, "en": "up to " + to}
	}
	return l
}

// period is span for dates: 2015, 2015-Q1, 2015-01, or from one to another.
func (b *bins) period(i, j int) microdata.Level {
	n := len(b.starts)
	var from, to microdata.Level
	if b.months > 0 {
		from, to = periodLevel(b.days[i].months(), b.months), periodLevel(b.days[j-1].months(), b.months)
	} else {
		end := b.days[j]
		if j < n {
			end = end.before()
		}
		from, to = microdata.Level{Value: b.days[i].String()}, microdata.Level{Value: end.String()}
	}
	l := microdata.Level{Value: from.Value}
	if to.Value != from.Value {
		l.Value += microdata.Through + to.Value
	}
	text := func(lang, only, first, last, between string) string {
		a, z := from.Label.In(lang, from.Value), to.Label.In(lang, to.Value)
		switch {
		case i == 0 && j == n:
			return only
		case i == 0:
			return first + z
		case j == n:
			return a + last
		case a == z:
			return a
		}
		return a + between + z
	}
	l.Label = microdata.Text{"es": text("es", "Cualquier fecha", "hasta ", " o después", " a "), "en": text("en", "Any date", "up to ", " or later", " to ")}
	return l
}

// periodLevel spells the period of so many months that begins with a month (from year
// 0); of 12 months, and of several years, it is spelled by the year.
func periodLevel(month, months int) microdata.Level {
	year := fmt.Sprintf("%04d", month/12)
	switch months {
	case 1:
		name := monthNames[month%12]
		return microdata.Level{Value: fmt.Sprintf("%s-%02d", year, month%12+1), Label: microdata.Text{"es": name.es + " de " + year, "en": name.en + " " + year}}
	case 3:
		quarter := fmt.Sprint(month%12/3 + 1)
		return microdata.Level{Value: year + "-Q" + quarter, Label: microdata.Text{"es": "T" + quarter + " " + year, "en": "Q" + quarter + " " + year}}
	}
	return microdata.Level{Value: year}
}

// hierarchy returns the steps by which periods are coarsened: months to quarters to
// years to 2, 4, 8, … years. Other bins are joined as any ordered levels are.
func (b *bins) hierarchy() (out []microdata.Coarsening) {
	if b.months == 0 {
		return nil
	}
	n := len(b.starts)
	origin, last := b.days[0].year()*12, b.days[n-1].year()*12
	group := func(i, step int) int { return (b.days[i].months() - origin) / step }
	for step, groups := 3, n; ; step *= 2 {
		if step == 6 { // half years are not used
			step = 12
		}
		if step <= b.months {
			continue
		}
		s := microdata.Coarsening{Name: stepName(step), Of: make([]uint16, n, n+1)}
		for i := range n {
			if g := group(i, step); i == 0 || g != group(i-1, step) {
				l := periodLevel(origin+g*step, step)
				if end := min(origin+g*step+step-12, last); step > 12 && end > origin+g*step {
					l.Value += microdata.Through + periodLevel(end, 12).Value
				}
				s.Levels = append(s.Levels, l)
			}
			s.Of[i] = uint16(len(s.Levels) - 1)
		}
		if len(s.Levels) < 2 {
			return out
		}
		if len(s.Levels) < groups {
			groups = len(s.Levels)
			s.Of, s.Levels = append(s.Of, uint16(groups)), append(s.Levels, b.levels[n])
			out = append(out, s)
		}
	}
}

func stepName(months int) string {
	switch months {
	case 3:
		return "quarter"
	case 12:
		return "year"
	}
	return fmt.Sprint(months/12, " years")
}

// A Quantiled column stands in the table on a public grid of cells in order, from which
// fewer bins are to be made: as many as can be told apart, of about equal counts, found
// under privacy.
type Quantiled struct {
	Name string
	Bins int // asked for
	bins *bins
}

// Coarsening returns the coarsening that puts cell i into bin of[i], with the bins
// spelled; bins are runs of neighbours, numbered from 0, and the level for what is not
// known, the last one, stays alone.
func (q Quantiled) Coarsening(of []uint16) (*microdata.Coarsening, error) {
	n := len(q.bins.starts)
	if len(of) != n+1 || of[0] != 0 || of[n] != of[n-1]+1 {
		return nil, fmt.Errorf("tabular: column %q: not the bins of its %d cells", q.Name, n)
	}
	out := &microdata.Coarsening{Name: "quantiles", Of: slices.Clone(of)}
	for from, to := 0, 0; from < n; from = to {
		for to = from + 1; to < n && of[to] == of[from]; to++ {
		}
		if int(of[from]) != len(out.Levels) {
			return nil, fmt.Errorf("tabular: column %q: its bins are not runs of neighbours", q.Name)
		}
		out.Levels = append(out.Levels, q.bins.span(from, to))
	}
	if int(of[n]) != len(out.Levels) {
		return nil, fmt.Errorf("tabular: column %q: its bins are not runs of neighbours", q.Name)
	}
	out.Levels = append(out.Levels, q.bins.levels[n])
	return out, nil
}
