package demo

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The oracle of this file computes the distribution of every column from the
// texts of the design, by walking through all that a record can be made of: with
// floating-point numbers, and with none of the code that invents records.

// chances are the probabilities of named things; they add up to 1.
type chances map[string]float64

var parsed = map[string]chances{}

// chancesOf reads a text of weights. The caller may change what it gets.
func chancesOf(text string) chances {
	if c, ok := parsed[text]; ok {
		return maps.Clone(c)
	}
	out, total := chances{}, 0.0
	names, w := weights(text)
	for i, n := range names {
		out[n] += float64(w[i])
		total += float64(w[i])
	}
	for n := range out {
		out[n] /= total
	}
	parsed[text] = out
	return maps.Clone(out)
}

// design is the distribution of each column: column → level → probability.
type design map[string]chances

func (d design) add(column, level string, p float64) {
	if d[column] == nil {
		d[column] = chances{}
	}
	d[column][level] += p
}

// mix adds a value's distribution as a form records it.
func (d design) mix(column string, p float64, value, form chances) {
	for state, q := range form {
		if state != "Known" {
			d.add(column, state, p*q)
			continue
		}
		for level, v := range value {
			d.add(column, level, p*q*v)
		}
	}
}

// A situation is all that the columns but the countries depend on.
type situation struct {
	pattern, by string
	progress    float64 // from 0 in the first year to 1 in the last
	abroad      bool
}

// expected walks through year, pattern, citizenship, country of exploitation and
// recorder, then through each column given those.
var expected = sync.OnceValue(func() design {
	d, rest := design{}, map[situation]float64{}
	yearChances := chancesOf(years)
	last := float64(len(yearChances) - 1)
	for y, py := range yearChances {
		n, err := strconv.Atoi(y)
		if err != nil {
			panic(err)
		}
		step := float64(n - 2015)
		total := 0.0
		for i := range patterns {
			total += float64(patterns[i].first)*(last-step) + float64(patterns[i].last)*step
		}
		for i := range patterns {
			pt := &patterns[i]
			pp := py * (float64(pt.first)*(last-step) + float64(pt.last)*step) / total
			for from, pf := range chancesOf(pt.citizenship) {
				for to, pl := range destinations(pt, from) {
					for by, ps := range recordersOf(pt, to, step/last) {
						d.add("yearOfRegistration", y, pp*pf*pl*ps)
						d.countries(pp*pf*pl*ps, from, to, by)
						rest[situation{pt.name, by, step / last, from != to}] += pp * pf * pl * ps
					}
				}
			}
		}
	}
	for given, p := range rest {
		d.given(p, given)
	}
	return d
})

func recorderOf(level string) *recorder {
	i := slices.IndexFunc(recorders, func(s recorder) bool { return s.level == level })
	return &recorders[i]
}

// countries adds citizenship and country of exploitation, as a recorder's form
// has them.
func (d design) countries(p float64, from, to, by string) {
	s := recorderOf(by)
	notBegun := float64(s.prevented) / 1000
	d.mix("citizenship", p, chances{from: 1}, chancesOf(s.citizenship))
	d.add("countryOfExploitation", "NotApplicable", p*notBegun)
	d.mix("countryOfExploitation", p*(1-notBegun), chances{to: 1}, chancesOf(s.place))
}

func destinations(pt *pattern, from string) chances {
	pull := map[string]float64{}
	names, w := weights(pt.pull)
	for i, n := range names {
		pull[n] = float64(w[i])
	}
	out, total := chances{}, 0.0
	names, w = weights(corridors[from])
	for i, n := range names {
		f := 1.0
		if p, ok := pull[n]; ok {
			f = p
		}
		out[n] = float64(w[i]) * f
		total += out[n]
	}
	home := float64(pt.home) / 1000
	if from == "Other" {
		home = 0
	}
	for n := range out {
		out[n] *= (1 - home) / total
	}
	if home > 0 {
		out[from] += home
	}
	return out
}

func recordersOf(pt *pattern, to string, progress float64) chances {
	there, out, total := chancesOf(reach[to]), chances{}, 0.0
	for n, p := range chancesOf(pt.source) {
		out[n] = p * there[n] * (1 + float64(trendOf(n)-100)/100*progress)
		total += out[n]
	}
	for n := range out {
		out[n] /= total
	}
	return out
}

// given adds the other columns.
func (d design) given(p float64, given situation) {
	i := slices.IndexFunc(patterns, func(pt pattern) bool { return pt.name == given.pattern })
	pt, s, progress := &patterns[i], recorderOf(given.by), given.progress
	d.add("sourceCategory", given.by, p)
	d.mix("gender", p, chancesOf(pt.gender), chancesOf(s.gender))
	notBegun := float64(s.prevented) / 1000
	d.add("durationMonths", "NotApplicable", p*notBegun)
	d.mix("durationMonths", p*(1-notBegun), chancesOf(pt.duration), chancesOf(s.duration))
	d.mix("act", p*notBegun, chancesOf(early), chancesOf(s.act))
	d.mix("act", p*(1-notBegun), chancesOf(pt.act), chancesOf(s.act))

	online := float64(pt.online) / 1000 * (1 + 9*progress) / 10
	online = math.Floor(online*1000+1e-9) / 1000 // chances are whole thousandths
	for band, pb := range chancesOf(pt.age) {
		child := band == "0--8" || band == "9--17"
		d.byAge(p*pb, band, child, pt, s)
		relation := chances{}
		for level, q := range chancesOf(pt.recruiter) {
			relation[level] = q
			if band != "0--8" {
				relation[level] *= 1 - online
			}
		}
		if band != "0--8" {
			relation["OnlineContact"] = online
		}
		d.mix("recruiterRelation", p*pb, relation, chancesOf(s.recruiter))
		d.services(p*pb, given.abroad, child, s)
	}
	for set, q := range chancesOf(pt.forms) {
		labour := false
		for form := range strings.SplitSeq(set, "+") {
			d.add(form, "1", p*q)
			labour = labour || form == "formForcedLabour"
		}
		if labour {
			d.mix("industry", p*q, chancesOf(pt.industry), chancesOf(s.industry))
		} else {
			d.add("industry", "NotApplicable", p*q)
		}
	}
}

// byAge adds the columns that depend on whether the person is a child.
func (d design) byAge(p float64, band string, child bool, pt *pattern, s *recorder) {
	majority, status := "Adult", chancesOf(s.meansAdult)
	if child {
		majority, status = "Minor", chancesOf(s.meansChild)
	}
	d.mix("ageBand", p, chances{band: 1}, chancesOf(s.age))
	unknown := (1 - chancesOf(s.age)["Known"]) * (1 - float64(s.ageless)/1000)
	d.add("majorityStatus", "Unknown", p*unknown)
	d.add("majorityStatus", majority, p*(1-unknown))

	recorded := status["Recorded"] + status["NotApplicable"]*unknown
	status["NotApplicable"] *= 1 - unknown
	status["Recorded"] = recorded
	for level, q := range status {
		d.add("meansOfControl", level, p*q)
	}
	main, most := "", 0
	names, w := weights(pt.means)
	for i, n := range names {
		if w[i] > most {
			main, most = n, w[i]
		}
	}
	for _, strict := range []bool{true, false} {
		q, none := p*recorded*float64(strictShare)/1000, 1.0
		if !strict {
			q = p * recorded * (1 - float64(strictShare)/1000)
		}
		for i, n := range names {
			share := w[i] - w[i]/4
			if strict {
				share = w[i] + (950-w[i])/2
			}
			d.add(n, "1", q*float64(share)/1000)
			none *= 1 - float64(share)/1000
		}
		d.add(main, "1", q*none)
	}
}

// services adds the answer to the offer of assistance and what was received.
func (d design) services(p float64, abroad, child bool, s *recorder) {
	answer := chancesOf(s.assistance)
	for level, q := range answer {
		d.add("assistance", level, p*q)
	}
	none := 1.0
	names, w := weights(s.services)
	for i, n := range names {
		share := float64(w[i]) / 1000
		switch {
		case n == "assistanceReturn" && abroad:
			share += float64(returnAbroad) / 1000
		case n == "assistanceAccommodation" && child:
			share += float64(childAccommodation) / 1000
		}
		d.add(n, "1", p*answer["Received"]*share)
		none *= 1 - share
	}
	d.add("assistanceHealth", "1", p*answer["Received"]*none)
}

// TestMarginalsAreTheDesigns compares every level of every column with the
// oracle. Six standard deviations of a count are passed by chance once in 500
// million levels; the seed is fixed, so there is no luck in it.
func TestMarginalsAreTheDesigns(t *testing.T) {
	const n = 300_000
	m, want := theModel(), expected()
	var got [width][]int
	for c := range got {
		got[c] = make([]int, m.domain.Size(c))
	}
	for _, p := range persons(11, n) {
		for c, code := range p {
			got[c][code]++
		}
	}
	for c := range got {
		column := m.domain.Column(c)
		total := 0.0
		for l, level := range column.Levels {
			p := want[column.Name][level.Value]
			if level.Value == "" {
				p = 1 - want[column.Name]["1"]
			}
			total += p
			if p <= 0 {
				t.Errorf("%s %q is not in the design", column.Name, level.Value)
			}
			if off := math.Abs(float64(got[c][l]) - n*p); off > 6*math.Sqrt(n*p*(1-p)) {
				t.Errorf("%s %q: %d of %d, the design says %.1f", column.Name, level.Value, got[c][l], n, n*p)
			}
		}
		if math.Abs(total-1) > 1e-9 {
			t.Errorf("%s: the design adds up to %v", column.Name, total)
		}
	}
}

// TestDesignIsPlausible holds the design to what a visitor of the demo reads.
func TestDesignIsPlausible(t *testing.T) {
	d := expected()
	for _, c := range []struct {
		column, level string
		low, high     float64
	}{
		{"gender", "Feminine", .55, .70}, {"majorityStatus", "Minor", .20, .35},
		{"formForcedLabour", "1", .40, .60}, {"formSexualExploitation", "1", .25, .40},
		{"formForcedCriminality", "1", .05, .12}, {"formOrganRemoval", "1", .0005, .002},
		{"countryOfExploitation", "NotApplicable", .02, .08}, {"citizenship", "Other", .03, .10},
		{"durationMonths", "Unknown", .10, .30}, {"meansOfControl", "NotApplicable", .02, .06},
	} {
		if p := d[c.column][c.level]; p < c.low || p > c.high {
			t.Errorf("%s %q has %.4f of the records; from %v to %v is plausible", c.column, c.level, p, c.low, c.high)
		}
	}
	names := map[string]bool{}
	for i := range patterns {
		if names[patterns[i].name] {
			t.Errorf("two patterns are called %s", patterns[i].name)
		}
		names[patterns[i].name] = true
	}
}
