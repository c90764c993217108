package tabular

import (
	"fmt"
	"slices"
	"strings"

	"amparo/microdata"
)

// role says what is done with a column of the file.
type role uint8

const (
	dropped role = iota
	person       // the key by which rows are collapsed
	closed       // its levels are public
	open         // its levels are private
)

// A columnPlan says how one column of the file is read.
type columnPlan struct {
	name  string
	role  role
	out   int               // its place among the kept columns
	slot  int               // closed: index among the closed; open: among the open
	from  string            // where its levels come from: "profile", "domain file" or ""
	col   *microdata.Column // closed: what is public of it
	other int               // closed: the level that takes values outside the list, or −1
	bins  *bins             // closed: how numbers or dates become levels, or nil
	extra bool              // closed: the last level is of withhold, and no value of the file has it
}

// A plan says how a file is read, column by column.
type plan struct {
	columns      []columnPlan
	kept         []microdata.Column // in the file's order; open ones have no levels
	closed, open int                // how many
	person       int                // the column, or −1
	profile      *Profile
	allowed      []string
}

// headerNames returns the names in the header, or all that is wrong with it. No
// name is said: in a file without a header they are the values of a record.
func headerNames(block []byte, fields []span, row int) ([]string, []Fault) {
	const hint = "the first row names the columns: each once, none blank"
	bad := func(position int, problem string) Fault {
		return Fault{Kind: Header, Row: row, Position: position, Problem: problem, Hint: hint}
	}
	if len(fields) > maxColumns {
		return nil, []Fault{{Kind: TooLarge, Row: row, Problem: fmt.Sprintf("more than %d columns", maxColumns), Hint: "drop columns before the file is read"}}
	}
	var faults []Fault
	names := make([]string, len(fields))
	first := map[string]int{}
	noLetter, filled := 0, 0
	for i, f := range fields {
		names[i] = strings.TrimSpace(string(block[f.from:f.to]))
		n := names[i]
		at, twice := first[n]
		switch {
		case n == "":
			faults = append(faults, bad(i+1, "its name is blank"))
			continue
		case len(n) > maxName:
			faults = append(faults, bad(i+1, fmt.Sprintf("its name has more than %d bytes", maxName)))
		case twice:
			faults = append(faults, bad(i+1, fmt.Sprintf("it has the name of column %d", at+1)))
		default:
			first[n] = i
		}
		if filled++; looksLikeValue(n) {
			noLetter++
		}
	}
	if noLetter*2 > filled {
		return nil, []Fault{bad(0, "the first row looks like a record, not like column names")}
	}
	return names, faults
}

// looksLikeValue says whether a header is a number, a date, a code of digits or
// an e-mail address.
func looksLikeValue(s string) bool {
	return strings.Contains(s, "@") || !strings.ContainsFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= 0x80 })
}

// makePlan decides about every column, and says all that keeps it from being read.
func makePlan(names []string, o Options) (*plan, []Fault) {
	p := &plan{columns: make([]columnPlan, len(names)), person: -1}
	var faults []Fault
	option := func(list []string, flag string) {
		for _, n := range list {
			if !slices.Contains(names, n) {
				faults = append(faults, Fault{Kind: BadOption, Problem: fmt.Sprintf("%s names %q, which is no column of the file", flag, n),
					Hint: "names are told apart by every letter, accent and capital; amparo inspect lists them"})
			}
		}
	}
	option(o.Drop, "drop")
	option(o.Only, "columns")
	option(o.Allow, "allow")
	if o.Person != "" {
		option([]string{o.Person}, "person")
	}
	var kept []string
	for i, n := range names {
		c := &p.columns[i]
		c.name = n
		switch {
		case n == o.Person && o.Person != "":
			c.role, p.person = person, i
		case slices.Contains(o.Drop, n), len(o.Only) > 0 && !slices.Contains(o.Only, n):
			c.role = dropped
		default:
			c.role, c.out = open, len(kept)
			kept = append(kept, n)
		}
	}
	if len(kept) == 0 {
		faults = append(faults, Fault{Kind: BadOption, Problem: "no column is left to read", Hint: "drop fewer columns"})
	}
	if o.Domain == nil || !o.Domain.namesAll(kept) {
		// What is left out does not make a file another one, but columns that a
		// profile does not know may hide it.
		if p.profile = recognise(kept); p.profile == nil {
			p.profile = recognise(names)
		}
	}
	if o.Domain != nil {
		faults = append(faults, o.Domain.check(names)...)
	}
	for i := range p.columns {
		if c := &p.columns[i]; c.role == open {
			p.settle(c, o)
			if what := directIdentifier(c.name); what != "" && c.from != "profile" {
				if slices.Contains(o.Allow, c.name) {
					p.allowed = append(p.allowed, c.name)
				} else {
					faults = append(faults, Fault{Kind: Identifying, Column: c.name, Position: i + 1, Problem: "its name looks like " + what,
						Hint: "leave out what could tell who a person is (--drop); where a name misleads, --allow it: that is recorded"})
				}
			}
		}
	}
	return p, faults
}

// settle finds the levels of a kept column.
func (p *plan) settle(c *columnPlan, o Options) {
	col := microdata.Column{Name: c.name}
	switch {
	case o.Domain != nil && o.Domain.Levels(c.name) != nil:
		col.Levels, col.Ordered, c.from = o.Domain.Levels(c.name), o.Domain.Ordered(c.name), "domain file"
		col.Group = o.Domain.groups[c.name]
		if c.bins = o.Domain.bins[c.name]; c.bins != nil {
			col.Hierarchy = c.bins.hierarchy()
		}
	case p.profile != nil:
		if i, ok := p.profile.domain.Index(c.name); ok {
			col, c.from = *p.profile.domain.Column(i), "profile"
		}
	}
	if col.Levels == nil {
		c.slot, c.from = p.open, ""
		p.open++
	} else {
		c.role, c.slot, c.other = closed, p.closed, otherLevel(&col)
		p.closed++
		c.extra = o.Withhold && withhold(&col)
	}
	p.kept = append(p.kept, col)
	c.col = &col
}

// withhold adds a level for withheld values where the column has none for missing
// ones, and says whether it did.
func withhold(c *microdata.Column) bool {
	if slices.ContainsFunc(c.Levels, func(l microdata.Level) bool { return l.Missing != microdata.Present || l.Value == "" }) {
		return false
	}
	c.Levels = append(slices.Clone(c.Levels), microdata.Level{Missing: microdata.Withheld,
		Label: microdata.Text{"es": "Reservado", "en": "Withheld"}})
	c.Hierarchy = slices.Clone(c.Hierarchy)
	for i := range c.Hierarchy { // alone at every step
		step := &c.Hierarchy[i]
		step.Of = append(slices.Clone(step.Of), uint16(len(step.Levels)))
		step.Levels = append(slices.Clone(step.Levels), c.Levels[len(c.Levels)-1])
	}
	return true
}

// otherLevel returns the level that takes values outside the list: blank where
// it means unknown, else the first that does, else −1. A value that nobody knows
// must not become "refused" or "not applicable".
func otherLevel(c *microdata.Column) int {
	if i, ok := c.Code(""); ok && c.Levels[i].Missing == microdata.Unknown {
		return i
	}
	return slices.IndexFunc(c.Levels, func(l microdata.Level) bool { return l.Missing == microdata.Unknown })
}

// recognise returns the built-in profile of a file with these columns: at least
// half of the profile's are there, and at least half of the file's are the
// profile's. Of several the one with most columns there. Columns that it does not
// know stay open.
func recognise(names []string) *Profile {
	var best *Profile
	most := 0
	for _, p := range profiles() {
		known := 0
		for _, n := range names {
			if _, ok := p.domain.Index(n); ok {
				known++
			}
		}
		if known > most && known*2 >= p.domain.Len() && known*2 >= len(names) {
			best, most = p, known
		}
	}
	return best
}

// namesAll says whether a domain file names all the columns. Those that it does not
// name have the levels of a recognised profile, or are open.
func (d *DomainFile) namesAll(columns []string) bool {
	return !slices.ContainsFunc(columns, func(n string) bool { return d.levels[n] == nil })
}

// check says which columns of a domain file the file does not have.
func (d *DomainFile) check(names []string) (faults []Fault) {
	for _, n := range d.names {
		if !slices.Contains(names, n) {
			faults = append(faults, Fault{Kind: BadOption, Column: n, Problem: "the domain file names it, and it is no column of the file",
				Hint: "names are told apart by every letter, accent and capital; amparo inspect lists them"})
		}
	}
	return faults
}
