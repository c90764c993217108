package demo

import (
	"sync"

	"amparo/microdata"
)

// The columns, in the profile's order (TestColumnsAreTheProfiles).
const (
	year = iota
	source
	gender
	age
	majority
	citizenship
	place
	act
	means
	meansFirst   = means + 1
	formFirst    = meansFirst + meansCount
	industry     = formFirst + formCount
	recruiter    = industry + 1
	duration     = recruiter + 1
	assistance   = duration + 1
	serviceFirst = assistance + 1
	width        = serviceFirst + serviceCount
)

// The indicator columns of each multi-valued attribute.
const (
	meansCount   = 6
	formCount    = 7
	serviceCount = 4
)

// Codes of an indicator column, and of the age bands under eighteen.
const (
	yes       = 0
	blank     = 1
	firstBand = 0 // under nine
	adultBand = 2 // from here on eighteen and over
)

// maxLine bounds the bytes of one line.
const maxLine = 1 << 10

// A model is the design with all texts looked up: what invent rolls.
type model struct {
	domain  *microdata.Domain
	header  []byte
	spelled [width][][]byte // each with the comma or newline after it

	years    dice
	pattern  []dice // by year
	patterns []patternDice
	corridor [][]dice   // by pattern and citizenship
	source   [][][]dice // by pattern, country of exploitation and year
	sources  []recorderDice
	early    dice

	// Codes that invent compares with or sets.
	minor, adult, majorityUnknown, otherCountry        uint16
	placeNA, durationNA, industryNA                    uint16
	meansRecorded, meansNA, online, received           uint16
	serviceAccommodation, serviceHealth, serviceReturn int    // places among the services
	labour                                             uint16 // in a set of forms
}

type patternDice struct {
	gender, age, citizenship, act, forms, industry, recruiter, duration dice
	means                                                               []int
	mainMeans, home, online                                             int
}

type recorderDice struct {
	gender, age, citizenship, place, act, industry, recruiter, duration dice
	meansAdult, meansChild, assistance                                  dice
	services                                                            []int
	prevented, ageless                                                  int
}

var theModel = sync.OnceValue(newModel)

// newModel looks the design up in the profile. A name that the profile does not
// have stops the program: every test makes a model.
func newModel() *model {
	m := &model{domain: Domain()}
	m.spell()
	m.years = m.dice(year, years)
	m.early = m.dice(act, early)
	m.minor, m.adult = m.code(majority, "Minor"), m.code(majority, "Adult")
	m.majorityUnknown = m.code(majority, "Unknown")
	m.otherCountry = m.code(citizenship, "Other")
	m.placeNA, m.durationNA = m.code(place, "NotApplicable"), m.code(duration, "NotApplicable")
	m.industryNA = m.code(industry, "NotApplicable")
	m.meansRecorded, m.received = m.code(means, "Recorded"), m.code(assistance, "Received")
	m.meansNA, m.online = m.code(means, "NotApplicable"), m.code(recruiter, "OnlineContact")
	m.serviceAccommodation = m.column("assistanceAccommodation") - serviceFirst
	m.serviceHealth = m.column("assistanceHealth") - serviceFirst
	m.serviceReturn = m.column("assistanceReturn") - serviceFirst
	m.labour = 1 << (m.column("formForcedLabour") - formFirst)

	last := m.domain.Size(year) - 1
	for t := range last + 1 {
		var d dice
		for i, p := range patterns {
			d.add(uint16(i), p.first*(last-t)+p.last*t)
		}
		m.pattern = append(m.pattern, d)
	}
	m.sources = make([]recorderDice, m.domain.Size(source))
	for i := range recorders {
		m.sources[m.code(source, recorders[i].level)] = m.recorder(&recorders[i])
	}
	for i := range patterns {
		p := &patterns[i]
		m.patterns = append(m.patterns, m.patternOf(p))
		m.corridor = append(m.corridor, m.corridorsOf(p))
		m.source = append(m.source, m.sourcesOf(p, last))
	}
	return m
}

func (m *model) patternOf(p *pattern) patternDice {
	d := patternDice{
		gender: m.dice(gender, p.gender), age: m.dice(age, p.age), citizenship: m.dice(citizenship, p.citizenship),
		act: m.dice(act, p.act), forms: m.sets(formFirst, p.forms), industry: m.dice(industry, p.industry),
		recruiter: m.dice(recruiter, p.recruiter), duration: m.dice(duration, p.duration),
		means: m.shares(meansFirst, meansCount, p.means), home: p.home, online: p.online,
	}
	for k, share := range d.means {
		if share > d.means[d.mainMeans] {
			d.mainMeans = k
		}
	}
	return d
}

func (m *model) recorder(s *recorder) recorderDice {
	return recorderDice{
		gender: m.dice(gender, s.gender), age: m.dice(age, s.age), citizenship: m.dice(citizenship, s.citizenship),
		place: m.dice(place, s.place), act: m.dice(act, s.act), industry: m.dice(industry, s.industry),
		recruiter: m.dice(recruiter, s.recruiter), duration: m.dice(duration, s.duration),
		meansAdult: m.dice(means, s.meansAdult), meansChild: m.dice(means, s.meansChild), assistance: m.dice(assistance, s.assistance),
		services: m.shares(serviceFirst, serviceCount, s.services), prevented: s.prevented, ageless: s.ageless,
	}
}

// countries is the number of codes that citizenship and country of exploitation
// share: the nine and "Other".
func (m *model) countries() int { return int(m.otherCountry) + 1 }

// corridorsOf returns, by citizenship, where a pattern takes people abroad: the
// corridors, times the pull of each country.
func (m *model) corridorsOf(p *pattern) []dice {
	pull := m.factors(place, p.pull)
	out := make([]dice, m.countries())
	for c := range out {
		names, w := weights(corridors[m.domain.Column(citizenship).Levels[c].Value])
		for i, n := range names {
			to := m.code(place, n)
			out[c].add(to, w[i]*pull[to])
		}
	}
	return out
}

// sourcesOf returns, by country of exploitation and year, who records a pattern:
// its own weights, times the recorder's reach there, times its trend.
func (m *model) sourcesOf(p *pattern, last int) [][]dice {
	names, own := weights(p.source)
	out := make([][]dice, m.countries())
	for c := range out {
		there := m.factors(source, reach[m.domain.Column(place).Levels[c].Value])
		for t := range last + 1 {
			var d dice
			for i, n := range names {
				s := m.code(source, n)
				d.add(s, own[i]*there[s]*(100*last+(trendOf(n)-100)*t))
			}
			out[c] = append(out[c], d)
		}
	}
	return out
}

func trendOf(level string) int {
	for i := range recorders {
		if recorders[i].level == level {
			return recorders[i].trend
		}
	}
	panic("demo: no recorder " + level)
}

// factors returns a factor for each level of a column: 1 where the text has none.
func (m *model) factors(column int, text string) []int {
	out := make([]int, m.domain.Size(column))
	for i := range out {
		out[i] = 1
	}
	names, w := weights(text)
	for i, n := range names {
		out[m.code(column, n)] = w[i]
	}
	return out
}

func (m *model) column(name string) int {
	i, ok := m.domain.Index(name)
	if !ok {
		panic("demo: the profile has no column " + name)
	}
	return i
}

func (m *model) code(column int, value string) uint16 {
	c := m.domain.Column(column)
	i, ok := c.Code(value)
	if !ok {
		panic("demo: the profile's column " + c.Name + " has no level " + value)
	}
	return uint16(i)
}

// spell prepares the header and every level as it stands in a file. No name and
// no level of the profile needs quotes (TestEveryLineIsPlain).
func (m *model) spell() {
	for c := range width {
		after := byte(',')
		if c == width-1 {
			after = '\n'
		}
		m.header = append(append(m.header, m.domain.Column(c).Name...), after)
		for _, l := range m.domain.Column(c).Levels {
			m.spelled[c] = append(m.spelled[c], append([]byte(l.Value), after))
		}
	}
}
