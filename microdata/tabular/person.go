package tabular

import (
	"slices"
	"strings"

	"amparo/microdata"
)

// collapse makes the rows of a person one row. Each person's row is a function of
// the person's own rows, in the file's order, and of nothing else, so that adding
// or removing a person adds or removes one row and changes no other:
//
//   - an indicator (a column of a multi-valued group, or one whose only answer is
//     yes, or yes and no) is yes where any row says yes;
//   - any other column has the first value that is present, else its first row's
//     kind of missing.
//
// A row whose key is blank is a person of its own, and keys are told apart by every
// letter: who has several spellings, or rows with and without a key, is several people
// to the file, and nothing here can know. [Inspect] counts the rows without a key.
func (s *scan) collapse() {
	s.collapsed = true
	keys := s.person.all.codes
	of := make([]uint32, len(keys)) // the person of each row
	number := make([]uint32, len(s.person.all.words)+1)
	s.persons = 0
	for r, k := range keys {
		if k == 0 {
			s.keyless++
		}
		if k == 0 || number[k] == 0 {
			s.persons++
			number[k] = uint32(s.persons)
		}
		of[r] = number[k] - 1
	}
	s.person.all = &dictionary{} // the keys are needed no more
	if s.persons == len(keys) {
		return
	}
	for i := range s.plan.columns {
		switch c := &s.plan.columns[i]; c.role {
		case closed:
			s.closed[c.slot] = first(s.closed[c.slot], of, s.persons, rank(c.col))
		case open:
			if o := s.open[c.slot]; !o.overflow {
				o.all.codes = first(o.all.codes, of, s.persons, func(c uint32) int { return int(min(c, 1)) })
			}
		}
	}
}

// first returns, for each person, the first code of the highest rank among the
// person's rows.
func first[C uint16 | uint32](codes []C, of []uint32, persons int, rank func(C) int) []C {
	out := make([]C, persons)
	best := make([]int8, persons) // rank + 1
	for r, c := range codes {
		if p, k := of[r], int8(rank(c)+1); k > best[p] {
			out[p], best[p] = c, k
		}
	}
	return out
}

// rank tells which of a person's codes stands: 2 for an indicator's yes, 1 for
// what is present, 0 for what is missing.
func rank(c *microdata.Column) func(uint16) int {
	by := make([]int, len(c.Levels))
	for i, l := range c.Levels {
		if l.Missing == microdata.Present {
			by[i] = 1
		}
	}
	if yes := yesLevel(c); yes >= 0 {
		by[yes] = 2
	}
	return func(code uint16) int { return by[code] }
}

// yesLevel returns the level of an indicator that says yes, or −1.
func yesLevel(c *microdata.Column) int {
	yes, present := -1, 0
	for i, l := range c.Levels {
		if l.Missing != microdata.Present {
			continue
		}
		if present++; slices.Contains(yesWords, strings.ToLower(l.Value)) {
			yes = i
		} else if c.Group == "" && !slices.Contains(noWords, strings.ToLower(l.Value)) {
			return -1
		}
	}
	if present > 2 {
		return -1
	}
	return yes
}

var (
	yesWords = strings.Fields("1 yes y true si sí s sim oui o x")
	noWords  = strings.Fields("0 no n false não nao non")
)
