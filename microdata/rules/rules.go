// Package rules says which records cannot be: a child is not 38 and over, who was
// not asked gave no answer.
//
// A rule file has one rule a line:
//
//	# what follows a # is for people
//	isChild = 1 => age in 0--8, 9--17
//	"country of exploitation" is missing => region is missing
//	meansUnknown = 1 => none of means
//	never sex = Female and "type of labour" = Seafarer
//
// A condition is one test or several joined by and; a test is COLUMN = VALUE,
// COLUMN != VALUE, COLUMN in VALUE, VALUE, …, COLUMN not in …, COLUMN is missing,
// COLUMN is known, or none of GROUP, for the indicator columns of a multi-valued
// attribute. Names and values with spaces, commas or signs stand in double quotes,
// in which "" is a quote. A rule is broken only by what is known: a missing value meets
// no test before => or after never, and every one after =>, unless the test names it
// ("" is the blank), or is of what is missing or known.
//
// A [Set] is compiled against a closed domain into [Never] clauses: combinations of
// levels of at most three columns that no record holds. Rules are public knowledge.
package rules

import (
	"fmt"
	"slices"
	"strings"

	"amparo/microdata"
)

// MaxColumns is the most columns that one rule may tie together.
const MaxColumns = 3

// A Never is a combination of levels that no record holds: a level of In[i] in
// column Clique[i], for all i at once.
type Never struct {
	Clique microdata.Clique
	In     [][]bool // by place in Clique, by level
}

// Marked returns the cells of the clique's table that cannot be, row-major, the last
// column fastest.
func (n Never) Marked() []bool {
	out := []bool{true}
	for _, in := range n.In {
		next := make([]bool, 0, len(out)*len(in))
		for _, o := range out {
			for _, l := range in {
				next = append(next, o && l)
			}
		}
		out = next
	}
	return out
}

// holds says whether the record that has level(a) in column a is such a one.
func (n Never) holds(level func(a int) int) bool {
	for i, a := range n.Clique {
		if !n.In[i][level(a)] {
			return false
		}
	}
	return true
}

// A Rule is a line of a rule file.
type Rule struct {
	Line  int
	Text  string
	Never []Never // in the order of its consequences
	// mend lists, by clause, the columns to blank in a record that breaks it: those of
	// the consequence first.
	mend [][]int
}

// A Set is a list of rules over one domain. The zero value has none.
type Set struct {
	Rules   []Rule
	domain  *microdata.Domain
	private map[string]bool
	blank   []int // by column: the level that says that nothing is known; −1: none
}

// Never returns the clauses of all rules.
func (s *Set) Never() (out []Never) {
	if s == nil {
		return nil
	}
	for _, r := range s.Rules {
		out = append(out, r.Never...)
	}
	return out
}

// Broken returns the index of the first rule that the record with level(a) in column
// a breaks; −1 where it breaks none.
func (s *Set) Broken(level func(a int) int) int {
	rule, _ := s.breach(level)
	return rule
}

// breach returns the first rule that a record breaks, and its first clause that it is.
func (s *Set) breach(level func(a int) int) (rule, clause int) {
	for i, r := range s.Rules {
		for k, n := range r.Never {
			if n.holds(level) {
				return i, k
			}
		}
	}
	return -1, -1
}

// Apply returns the table in which every record keeps the rules, and how many
// records had to be changed or left out for it: sensitive, where the table is. Each
// record is mended by itself, so that a person still changes one record: of the rule
// that it breaks a column is blanked, one of the consequence first, until it breaks
// none. Where that ends in a rule that no blank mends, another column is tried; a
// record that no blanks mend is left out.
func (s *Set) Apply(t *microdata.Table) (out *microdata.Table, changed, left int, err error) {
	if s == nil || len(s.Rules) == 0 {
		return t, 0, 0, nil
	}
	columns := make([][]uint16, t.Domain().Len())
	record := make([]uint16, len(columns))
	for row := range t.Rows() {
		for a := range record {
			record[a] = uint16(t.Code(row, a))
		}
		ok, touched := s.mend(record)
		if !ok {
			left++
			continue
		}
		if touched {
			changed++
		}
		for a, v := range record {
			columns[a] = append(columns[a], v)
		}
	}
	out, err = microdata.NewTable(t.Domain(), columns)
	return out, changed, left, err
}

// mostTries bounds the blanks that are tried for one record.
const mostTries = 10_000

// mend blanks what it must, and leaves a record that cannot be mended as it was.
func (s *Set) mend(record []uint16) (ok, touched bool) {
	tries := 0
	return s.mendOn(record, &tries), tries > 0
}

// mendOn mends from here: to keep the rule that is broken now, one of its columns has
// to be blanked, so that trying each in turn misses nothing. It ends: each step blanks
// a column that was not blank.
func (s *Set) mendOn(record []uint16, tries *int) bool {
	r, k := s.breach(func(a int) int { return int(record[a]) })
	if r < 0 {
		return true
	}
	for _, a := range s.Rules[r].mend[k] {
		if b := s.blank[a]; b >= 0 && int(record[a]) != b && *tries < mostTries {
			*tries++
			was := record[a]
			if record[a] = uint16(b); s.mendOn(record, tries) {
				return true
			}
			record[a] = was
		}
	}
	return false
}

// Signature tells, for each level of column a, in which clauses it stands: levels of
// equal signature are alike to every rule, and only such may be merged.
func Signature(never []Never, a int, levels int) []string {
	out := make([]string, levels)
	for _, n := range never {
		i := slices.Index(n.Clique, a)
		if i < 0 {
			continue
		}
		for l := range out {
			if n.In[i][l] {
				out[l] += "1"
			} else {
				out[l] += "0"
			}
		}
	}
	return out
}

// Coarsen returns the clauses over coarser levels. The coarsenings must not merge
// levels of different [Signature].
func Coarsen(never []Never, steps []*microdata.Coarsening) ([]Never, error) {
	var out []Never
	for _, n := range never {
		c := Never{Clique: n.Clique, In: slices.Clone(n.In)}
		for i, a := range n.Clique {
			if steps[a] == nil {
				continue
			}
			in, set := make([]bool, len(steps[a].Levels)), make([]bool, len(steps[a].Levels))
			for l, g := range steps[a].Of {
				if set[g] && in[g] != n.In[i][l] {
					return nil, fmt.Errorf("rules: levels of column %d that a rule tells apart were merged", a)
				}
				in[g], set[g] = n.In[i][l], true
			}
			c.In[i] = in
		}
		out = append(out, c)
	}
	return out, nil
}

// Text returns the rules as they were written, one a line.
func (s *Set) Text() string {
	var b strings.Builder
	if s != nil {
		for _, r := range s.Rules {
			b.WriteString(r.Text + "\n")
		}
	}
	return b.String()
}
