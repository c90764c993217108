package tabular

import (
	"fmt"
	"slices"
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
	return faults
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
