package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"amparo/microdata"
)

// mostSteps bounds the search for a record that keeps all rules. Real rule files
// need a few hundred.
const mostSteps = 200_000

// contradiction looks for one record that keeps all rules, trying the columns that
// rules name one after another (backtracking), and says which rule cannot be kept
// with those before it where there is none.
func (s *Set) contradiction() *Fault {
	for upTo := 1; upTo <= len(s.Rules); upTo++ {
		// Rules are added one by one only where all together fail.
		if upTo == 1 && (&search{set: s, rules: s.Rules}).run() {
			return nil
		}
		if r := s.Rules[upTo-1]; !(&search{set: s, rules: s.Rules[:upTo]}).run() {
			problem := "no record can keep this rule"
			if upTo > 1 {
				problem += fmt.Sprintf(" and the %d before it", upTo-1)
			}
			return &Fault{r.Line, problem}
		}
	}
	return nil
}

// emptied finds an answer that no record can give once all rules are kept, although none
// of them says so by itself with never: rules that contradict each other there.
func (s *Set) emptied() *Fault {
	for _, a := range s.named() {
		c := s.domain.Column(a)
		can := func(rules []Rule, l int) bool {
			return (&search{set: s, rules: rules, fixed: map[int]int{a: l}}).run()
		}
		for l, level := range c.Levels {
			if level.Missing != microdata.Present || can(s.Rules, l) || slices.ContainsFunc(s.Rules, func(r Rule) bool {
				return strings.HasPrefix(strings.TrimSpace(r.Text), "never") && !can([]Rule{r}, l)
			}) {
				continue
			}
			for upTo := 1; ; upTo++ {
				if !can(s.Rules[:upTo], l) {
					return &Fault{s.Rules[upTo-1].Line, fmt.Sprintf("with the rules before it, it leaves no record with %s = %s; if that is meant, write: never %s = %s",
						written(c.Name), written(level.Value), written(c.Name), written(level.Value))}
				}
			}
		}
	}
	return nil
}

// named lists the columns that rules name, in order.
func (s *Set) named() (out []int) {
	for _, r := range s.Rules {
		for _, n := range r.Never {
			out = append(out, n.Clique...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// written writes a name or value as rules do.
func written(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !(r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) }) || s == "" {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// search is a backtracking search for a record.
type search struct {
	fixed   map[int]int // column → the level it must have
	set     *Set
	rules   []Rule
	columns []int         // that rules name
	level   map[int]int   // chosen so far
	by      map[int][]int // clauses that name a column, once all before it are chosen
	never   []Never
	steps   int
}

func (x *search) run() bool {
	x.level, x.by = map[int]int{}, map[int][]int{}
	place := map[int]int{}
	for _, r := range x.rules {
		for _, n := range r.Never {
			last := -1
			for _, a := range n.Clique {
				if _, ok := place[a]; !ok {
					place[a] = len(x.columns)
					x.columns = append(x.columns, a)
				}
				if last < 0 || place[a] > place[last] {
					last = a
				}
			}
			x.by[last] = append(x.by[last], len(x.never))
			x.never = append(x.never, n)
		}
	}
	return x.choose(0)
}

// choose tries the levels of the k-th column. A search that takes too long is given
// the benefit of the doubt.
func (x *search) choose(k int) bool {
	if k == len(x.columns) || x.steps > mostSteps {
		return true
	}
	a := x.columns[k]
	for l := range x.set.domain.Size(a) {
		if only, ok := x.fixed[a]; ok && l != only {
			continue
		}
		x.steps++
		x.level[a] = l
		if !x.broken(a) && x.choose(k+1) {
			return true
		}
	}
	delete(x.level, a)
	return false
}

func (x *search) broken(a int) bool {
	for _, i := range x.by[a] {
		if x.never[i].holds(func(a int) int { return x.level[a] }) {
			return true
		}
	}
	return false
}
