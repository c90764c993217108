package tabular

import (
	"fmt"
	"slices"
	"strings"
)

// The rule for identifiers: of at least this many persons with a value, nearly
// all have one of their own.
const (
	identifierFrom  = 100
	identifierShare = 0.9
)

const dropOrList = "drop it, or make it coarser (years for dates, regions for places), or give its public levels or bins with --domain"

// finish collapses persons and says what keeps the scan from becoming a table.
func (s *scan) finish() (faults []Fault) {
	faults = append(faults, s.ragged...)
	if s.stop != nil {
		faults = append(faults, *s.stop)
	}
	if s.rows == 0 && len(faults) == 0 {
		return []Fault{{Kind: Empty, Problem: "the file has a header and no row", Hint: "it needs a row a person below the header"}}
	}
	s.persons = s.rows
	if s.person != nil {
		s.collapse()
	}
	for i := range s.plan.columns {
		c := &s.plan.columns[i]
		f := Fault{Kind: OutsideList, Column: c.name, Position: i + 1}
		switch c.role {
		case closed:
			t := s.tallies[c.slot]
			answers := s.rows - t.blank
			switch {
			case t.outside > 0 && c.other < 0:
				f.Row = t.first
				f.Problem = fmt.Sprintf("a value that the %s does not list, and the list has no level for unknown ones", c.from)
				f.Hint = "correct the value, list it, or list a blank level (\"\") that takes what is not listed as unknown"
				faults = append(faults, f)
			case t.outside*2 > answers && t.outside >= 10:
				f.Row = t.first
				f.Problem = fmt.Sprintf("more than half of its values are not in the list of the %s", c.from)
				f.Hint = "the file spells its values in another way: rewrite them, or give the levels with --domain"
				if c.bins != nil {
					f.Problem, f.Hint = c.bins.unread()
				}
				faults = append(faults, f)
			}
		case open:
			if problem := s.open[c.slot].identifies(); problem != "" {
				faults = append(faults, Fault{Kind: Distinct, Column: c.name, Position: i + 1, Problem: problem, Hint: dropOrList})
			}
		}
	}
	if len(faults) == 0 && s.headless() {
		return []Fault{{Kind: Header, Problem: "the first row looks like a record: it holds values that stand below it too",
			Hint: "put a row of column names first; where they are names indeed, give them others than the values"}}
	}
	return faults
}

// headless says whether the first row is a record: two of its open columns at least, or
// one of two, hold their own name among values of which there are others. A column of a
// name and nothing else but blanks, as those of things chosen from a list, is none.
func (s *scan) headless() bool {
	own := 0
	for i := range s.plan.columns {
		c := &s.plan.columns[i]
		if c.role != open {
			continue
		}
		words := s.open[c.slot].all.words
		others := slices.ContainsFunc(words, func(w string) bool { return w != c.name && w != "" && w != "0" && !strings.EqualFold(w, "no") })
		if others && slices.Contains(words, c.name) {
			own++
		}
	}
	return own >= 2 || own == 1 && len(s.plan.columns) <= 2
}

// identifies says why the values of an open column look like an identifier or
// free text, or nothing.
func (o *openScan) identifies() string {
	filled, distinct := o.spread()
	switch {
	case o.all.long:
		return fmt.Sprintf("it holds values of more than %d bytes: it looks like free text", maxOpenValue)
	case o.overflow:
		return fmt.Sprintf("it has at least %d different values: it looks like an identifier", maxDistinct)
	case filled >= identifierFrom && float64(distinct) >= identifierShare*float64(filled):
		return "nearly every person has a value of their own: it looks like an identifier"
	}
	return ""
}

// spread counts the persons with a value and their distinct values.
func (o *openScan) spread() (filled, distinct int) {
	seen := make([]bool, len(o.all.words)+1)
	for _, c := range o.all.codes {
		if c == 0 {
			continue
		}
		if filled++; !seen[c] {
			seen[c] = true
			distinct++
		}
	}
	return filled, distinct
}

// column makes the OpenColumn: values that rows still hold, in natural order.
func (o *openScan) column() OpenColumn {
	counts := make([]int64, len(o.all.words)+1)
	for _, c := range o.all.codes {
		counts[c]++
	}
	var order []uint32
	for c := 1; c < len(counts); c++ {
		if counts[c] > 0 {
			order = append(order, uint32(c))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int { return natural(o.all.words[a-1], o.all.words[b-1]) })
	out := OpenColumn{Name: o.name, codes: o.all.codes}
	to := make([]uint32, len(counts))
	for i, c := range order {
		to[c] = uint32(i + 1)
		out.values = append(out.values, o.all.words[c-1])
		out.counts = append(out.counts, counts[c])
	}
	for r, c := range out.codes {
		out.codes[r] = to[c]
	}
	return out
}
