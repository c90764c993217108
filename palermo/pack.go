package palermo

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Limits of a pack's text.
const (
	maxPackBytes = 1 << 20
	maxPackLines = 5000
)

// A Date is a day of the Gregorian calendar. The zero Date is none.
type Date struct{ Year, Month, Day int }

// ParseDate reads YYYY-MM-DD, of a day that there is.
func ParseDate(s string) (Date, error) {
	var d Date
	bad := errors.New("not a date of the form YYYY-MM-DD")
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return d, bad
	}
	for i, p := range []*int{&d.Year, &d.Month, &d.Day} {
		part := []string{s[:4], s[5:7], s[8:]}[i]
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return Date{}, bad
		}
		*p = int(n)
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if d.Year%4 == 0 && d.Year%100 != 0 || d.Year%400 == 0 {
		days[1] = 29
	}
	if d.Year < 1 || d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > days[d.Month-1] {
		return Date{}, bad
	}
	return d, nil
}

// Before says whether d comes before e.
func (d Date) Before(e Date) bool {
	return d.Year*10000+d.Month*100+d.Day < e.Year*10000+e.Month*100+e.Day
}

// A Label is a phrase in Spanish and English.
type Label struct {
	ES string `json:"es"`
	EN string `json:"en"`
}

// A Term is one act, means, purpose or aggravating circumstance that a law names.
type Term struct {
	Code    string `json:"code"`
	Article string `json:"article"`
	Label   Label  `json:"label"`
}

// A Pack is a law's definition of trafficking in persons. It comes only from
// ParsePack or Packs, so that a Pack in hand is a sound one.
type Pack struct {
	id, country           string
	name                  Label
	from, until           Date
	childAge              int
	needs                 [3]bool // act, means, purpose
	childNeedsMeans       bool
	acts, means, purposes []Term
	aggravating           []Term
}

// ID, Name and Country say which law the pack is of; country is "*" for all.
func (p *Pack) ID() string      { return p.id }
func (p *Pack) Name() Label     { return p.name }
func (p *Pack) Country() string { return p.country }

// ChildAge is the age below which a person is a child.
func (p *Pack) ChildAge() int { return p.childAge }

// Acts, Means, Purposes and Aggravating list what the law names.
func (p *Pack) Acts() []Term        { return slices.Clone(p.acts) }
func (p *Pack) Means() []Term       { return slices.Clone(p.means) }
func (p *Pack) Purposes() []Term    { return slices.Clone(p.purposes) }
func (p *Pack) Aggravating() []Term { return slices.Clone(p.aggravating) }

// InForce says whether the law was in force on a day.
func (p *Pack) InForce(on Date) bool {
	return !on.Before(p.from) && (p.until == Date{} || !p.until.Before(on))
}

// A LineError says where a pack's text is wrong.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("palermo: line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// ParsePack reads a pack (packs/protocol.pack documents the format). It reports
// all faults at once, as *LineError joined.
func ParsePack(r io.Reader) (*Pack, error) {
	p := &packParser{pack: &Pack{}, seen: map[string]int{}}
	s := bufio.NewScanner(io.LimitReader(r, maxPackBytes+1))
	s.Buffer(nil, 1<<16)
	size := 0
	for s.Scan() {
		p.line++
		if size += len(s.Bytes()) + 1; size > maxPackBytes || p.line > maxPackLines {
			return nil, &LineError{p.line, fmt.Errorf("a pack has at most %d lines and 1 MiB", maxPackLines)}
		}
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(text, ":")
		if !ok {
			p.fault("no colon; a line is a key, a colon and a value")
			continue
		}
		p.set(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	if err := s.Err(); err != nil {
		p.line++
		p.fault("cannot be read: %v", err)
	}
	p.finish()
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return p.pack, nil
}

type packParser struct {
	pack   *Pack
	line   int
	seen   map[string]int // key or element → line
	faults []error
}

func (p *packParser) fault(format string, args ...any) {
	p.faults = append(p.faults, &LineError{p.line, fmt.Errorf(format, args...)})
}

func (p *packParser) set(key, value string) {
	lists := map[string]*[]Term{"act": &p.pack.acts, "means": &p.pack.means, "purpose": &p.pack.purposes, "aggravating": &p.pack.aggravating}
	if list, ok := lists[key]; ok {
		p.term(key, value, list)
		return
	}
	if at, twice := p.seen[key]; twice {
		p.fault("%s stands on line %d already", key, at)
	}
	p.seen[key] = p.line
	var err error
	switch key {
	case "id":
		if p.pack.id = value; !plain(value) {
			p.fault("an id has letters a–z, digits, - and _")
		}
	case "name.es":
		p.pack.name.ES = value
	case "name.en":
		p.pack.name.EN = value
	case "country":
		if p.pack.country = value; value != "*" && !(len(value) == 3 && strings.ToUpper(value) == value) {
			p.fault("country is three capital letters of ISO 3166, or *")
		}
	case "from":
		p.pack.from, err = ParseDate(value)
	case "until":
		p.pack.until, err = ParseDate(value)
	case "child":
		if p.pack.childAge, err = strconv.Atoi(value); err == nil && (p.pack.childAge < 1 || p.pack.childAge > 25) {
			p.fault("child is an age from 1 to 25")
		}
	case "child-needs-means":
		if p.pack.childNeedsMeans = value == "yes"; value != "yes" && value != "no" {
			p.fault("child-needs-means is yes or no")
		}
	case "require":
		for _, w := range strings.Fields(value) {
			i := slices.Index([]string{"act", "means", "purpose"}, w)
			if i < 0 {
				p.fault("require lists act, means and purpose only")
				continue
			}
			p.pack.needs[i] = true
		}
	default:
		p.fault("no such key")
	}
	if err != nil {
		p.fault("%s: %v", key, err)
	}
}

func (p *packParser) term(kind, value string, list *[]Term) {
	parts := strings.Split(value, "|")
	if len(parts) != 4 {
		p.fault("%s has %d parts; it needs code | article | Spanish | English", kind, len(parts))
		return
	}
	for i := range parts {
		if parts[i] = strings.TrimSpace(parts[i]); parts[i] == "" {
			p.fault("%s: part %d is empty", kind, i+1)
			return
		}
	}
	if !plain(parts[0]) {
		p.fault("%s: a code has letters a–z, digits, - and _", kind)
		return
	}
	if strings.Contains(parts[0], "consent") {
		p.fault("%s: consent is no element: by paragraphs 3(b) to (d) it decides nothing", kind)
		return
	}
	key := kind + " " + parts[0]
	if at, twice := p.seen[key]; twice {
		p.fault("%s stands on line %d already", key, at)
		return
	}
	p.seen[key] = p.line
	*list = append(*list, Term{parts[0], parts[1], Label{parts[2], parts[3]}})
}

func (p *packParser) finish() {
	for _, key := range []string{"id", "name.es", "name.en", "country", "from", "child", "child-needs-means", "require"} {
		if _, ok := p.seen[key]; !ok {
			p.fault("%s is missing", key)
		}
	}
	for key, value := range map[string]string{"name.es": p.pack.name.ES, "name.en": p.pack.name.EN} {
		if p.seen[key] > 0 && value == "" {
			p.fault("%s is empty", key)
		}
	}
	for i, list := range [][]Term{p.pack.acts, p.pack.means, p.pack.purposes} {
		if p.pack.needs[i] && len(list) == 0 {
			p.fault("%s is required but none is listed", []string{"act", "means", "purpose"}[i])
		}
	}
	if p.pack.until != (Date{}) && p.pack.until.Before(p.pack.from) {
		p.fault("until comes before from")
	}
	if p.seen["require"] > 0 && p.pack.needs == [3]bool{} {
		p.fault("require names nothing: everything would be trafficking")
	}
}

func plain(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

//go:embed packs/*.pack
var packFiles embed.FS

// Packs returns the packs that come with the program, the Protocol first.
func Packs() ([]*Pack, error) {
	entries, err := packFiles.ReadDir("packs")
	if err != nil {
		return nil, err
	}
	var out []*Pack
	for _, e := range entries {
		f, err := packFiles.Open("packs/" + e.Name())
		if err != nil {
			return nil, err
		}
		p, err := ParsePack(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b *Pack) int {
		if (a.id == "protocol") != (b.id == "protocol") {
			if a.id == "protocol" {
				return -1
			}
			return 1
		}
		return strings.Compare(a.id, b.id)
	})
	return out, nil
}

// Choose returns the pack in force in a country on a day: the country's own where
// there is one, else one for all countries, else nil. Of several in force the one
// that came into force last is chosen.
func Choose(packs []*Pack, country string, on Date) *Pack {
	var best *Pack
	for _, p := range packs {
		if !p.InForce(on) || p.country != country && p.country != "*" {
			continue
		}
		switch {
		case best == nil, best.country == "*" && p.country != "*":
			best = p
		case best.country == p.country && best.from.Before(p.from):
			best = p
		}
	}
	return best
}
