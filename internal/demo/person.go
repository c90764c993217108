package demo

import "math/rand/v2"

// A person is one record: the code of each column's level.
type person [width]uint16

// invent fills p with one record. The order of what is rolled is part of the
// promise that a seed's bytes stay the same: a change to it changes every file
// (TestGolden).
func (m *model) invent(p *person, r *rand.PCG) {
	t := m.years.roll(r)
	kind := m.pattern[t].roll(r)
	pt := &m.patterns[kind]
	from := pt.citizenship.roll(r)
	to := from
	if from == m.otherCountry || !chance(r, pt.home) {
		to = m.corridor[kind][from].roll(r)
	}
	by := m.source[kind][to][t].roll(r)
	s := &m.sources[by]
	band := pt.age.roll(r)
	begun := !chance(r, s.prevented)

	p[year], p[source] = t, by
	p[gender] = seen(pt.gender.roll(r), &s.gender, r)
	p[citizenship] = seen(from, &s.citizenship, r)
	m.inventAge(p, band, s, r)
	m.inventPlace(p, to, begun, pt, s, r)
	m.inventMeans(p, band < adultBand, pt, s, r)
	m.inventForms(p, pt, s, r)
	m.inventRecruiter(p, band, pt, s, r)
	m.inventAssistance(p, from != to, band < adultBand, s, r)
}

// seen returns the value, or the kind of missing that the recorder's form makes
// of it.
func seen(value uint16, missing *dice, r *rand.PCG) uint16 {
	if side := missing.roll(r); side != keep {
		return side
	}
	return value
}

// inventAge records the age band. Where it is missing, it is often known all the
// same whether the person is a child.
func (m *model) inventAge(p *person, band uint16, s *recorderDice, r *rand.PCG) {
	p[age] = seen(band, &s.age, r)
	p[majority] = m.adult
	if band < adultBand {
		p[majority] = m.minor
	}
	if p[age] != band && !chance(r, s.ageless) {
		p[majority] = m.majorityUnknown
	}
}

// inventPlace records act, country of exploitation and duration. The purpose is
// an intent: where a person was found before any exploitation there is neither
// country nor duration of it.
func (m *model) inventPlace(p *person, to uint16, begun bool, pt *patternDice, s *recorderDice, r *rand.PCG) {
	if !begun {
		p[act] = seen(m.early.roll(r), &s.act, r)
		p[place], p[duration] = m.placeNA, m.durationNA
		return
	}
	p[act] = seen(pt.act.roll(r), &s.act, r)
	p[place] = seen(to, &s.place, r)
	p[duration] = seen(pt.duration.roll(r), &s.duration, r)
}

// inventMeans records the means of control. Strict control makes all means more
// likely at once, so they depend on each other within a pattern too. For a child
// no means are needed (Palermo Protocol, Art. 3(c)), and some forms say so.
func (m *model) inventMeans(p *person, child bool, pt *patternDice, s *recorderDice, r *rand.PCG) {
	status := &s.meansAdult
	if child {
		status = &s.meansChild
	}
	// A record that does not know whether the person is a child cannot say that
	// means are not applicable.
	if p[means] = status.roll(r); p[majority] == m.majorityUnknown && p[means] == m.meansNA {
		p[means] = m.meansRecorded
	}
	strict := chance(r, strictShare)
	any := false
	for k, share := range pt.means {
		if strict {
			share += (950 - share) / 2
		} else {
			share -= share / 4
		}
		p[meansFirst+k] = blank
		if p[means] == m.meansRecorded && chance(r, share) {
			p[meansFirst+k], any = yes, true
		}
	}
	if p[means] == m.meansRecorded && !any {
		p[meansFirst+pt.mainMeans] = yes
	}
}

// inventForms records the forms of exploitation, at least one, and the industry
// of forced labour.
func (m *model) inventForms(p *person, pt *patternDice, s *recorderDice, r *rand.PCG) {
	set := pt.forms.roll(r)
	for k := range formCount {
		p[formFirst+k] = blank
		if set>>k&1 == 1 {
			p[formFirst+k] = yes
		}
	}
	p[industry] = m.industryNA
	if set&m.labour != 0 {
		p[industry] = seen(pt.industry.roll(r), &s.industry, r)
	}
}

// inventRecruiter records the relation to the recruiter. Online contact grows
// from a tenth of the pattern's share in the first year to all of it in the last.
func (m *model) inventRecruiter(p *person, band uint16, pt *patternDice, s *recorderDice, r *rand.PCG) {
	relation := pt.recruiter.roll(r)
	last := m.domain.Size(year) - 1
	online := pt.online * (last + 9*int(p[year])) / (10 * last)
	if chance(r, online) && band != firstBand {
		relation = m.online
	}
	p[recruiter] = seen(relation, &s.recruiter, r)
}

// inventAssistance records the answer to the offer of assistance and, where it
// was received, at least one service.
func (m *model) inventAssistance(p *person, abroad, child bool, s *recorderDice, r *rand.PCG) {
	p[assistance] = s.assistance.roll(r)
	got := p[assistance] == m.received
	any := false
	for k, share := range s.services {
		switch {
		case k == m.serviceReturn && abroad:
			share += returnAbroad
		case k == m.serviceAccommodation && child:
			share += childAccommodation
		}
		p[serviceFirst+k] = blank
		if got && chance(r, share) {
			p[serviceFirst+k], any = yes, true
		}
	}
	if got && !any {
		p[serviceFirst+m.serviceHealth] = yes
	}
}
