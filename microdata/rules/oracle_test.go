package rules

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// The oracle knows rules as the package comment tells them, over spellings, and
// nothing of levels, cliques or clauses.

// A wording is one test as it is written.
type wording struct {
	column, verb string // verb: in, not in, is missing, is known, none of
	values       []string
	group        []string // columns of none of
}

// A plainRule is a rule as it is written.
type plainRule struct{ given, then []wording }

// meets says whether the values meet a test that stands before (premise) or after =>.
func (w wording) meets(d *microdata.Domain, value map[string]string, before bool) bool {
	kind := func(column string) microdata.Missing {
		a, _ := d.Index(column)
		l, _ := d.Column(a).Code(value[column])
		return d.Column(a).Levels[l].Missing
	}
	switch w.verb {
	case "none of":
		for _, c := range w.group {
			if value[c] == "1" || before && kind(c) != microdata.Present {
				return false
			}
		}
		return true
	case "is missing":
		return kind(w.column) != microdata.Present
	case "is known":
		return kind(w.column) == microdata.Present
	}
	named := slices.Contains(w.values, value[w.column])
	if !named && kind(w.column) != microdata.Present {
		return !before // meets no test before =>, and every one after
	}
	return named == (w.verb == "in")
}

func (r plainRule) broken(d *microdata.Domain, value map[string]string) bool {
	for _, w := range r.given {
		if !w.meets(d, value, true) {
			return false
		}
	}
	for _, w := range r.then {
		if !w.meets(d, value, false) {
			return true
		}
	}
	return r.then == nil // never
}

func quote(s string, r *rand.Rand) string {
	if s == "" || strings.ContainsAny(s, " ,=#\"!") || r.IntN(4) == 0 {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// write spells a test in one of the ways there are.
func (w wording) write(r *rand.Rand) string {
	switch w.verb {
	case "none of":
		return "none of " + w.column
	case "is missing", "is known":
		return quote(w.column, r) + " " + w.verb
	}
	var all []string
	for _, v := range w.values {
		all = append(all, quote(v, r))
	}
	if sign := map[string]string{"in": " = ", "not in": "!="}[w.verb]; len(all) == 1 && r.IntN(2) == 0 {
		return quote(w.column, r) + sign + all[0]
	}
	return quote(w.column, r) + " " + w.verb + " " + strings.Join(all, []string{",", ", "}[r.IntN(2)])
}

func (r plainRule) write(x *rand.Rand) string {
	join := func(all []wording) string {
		var out []string
		for _, w := range all {
			out = append(out, w.write(x))
		}
		return strings.Join(out, " and ")
	}
	if r.then == nil {
		return "never " + join(r.given)
	}
	return join(r.given) + " => " + join(r.then)
}

// randomDomain has three columns of names that need quotes or not, with kinds of
// missing value or none, and two indicators of a group.
func randomDomain(t testing.TB, r *rand.Rand) *microdata.Domain {
	t.Helper()
	var columns []microdata.Column
	kinds := []microdata.Missing{microdata.Unknown, microdata.NotAsked, microdata.Refused, microdata.NotApplicable, microdata.Withheld}
	for i, name := range []string{"sex", "age group", `say "x", y`, "debt", "threat"} {
		c := microdata.Column{Name: name}
		if i > 2 {
			c.Group = "means"
			c.Levels = []microdata.Level{{Value: "1"}, {Value: "0"}}[:1+r.IntN(2)]
		} else {
			for l := range 1 + r.IntN(3) {
				c.Levels = append(c.Levels, microdata.Level{Value: []string{"a", "b, c", "=>"}[l]})
			}
		}
		if r.IntN(3) > 0 {
			c.Levels = append(c.Levels, microdata.Level{Missing: kinds[r.IntN(5)]})
		}
		if r.IntN(3) == 0 {
			c.Levels = append(c.Levels, microdata.Level{Value: "n/a", Missing: kinds[r.IntN(5)]})
		}
		r.Shuffle(len(c.Levels), func(a, b int) { c.Levels[a], c.Levels[b] = c.Levels[b], c.Levels[a] })
		columns = append(columns, c)
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func randomRule(d *microdata.Domain, r *rand.Rand) plainRule {
	columns := r.Perm(d.Len())[:MaxColumns] // a clause ties no more together
	pick := func(a int) wording {
		c := d.Column(a)
		w := wording{column: c.Name, verb: []string{"in", "in", "not in", "not in", "is missing", "is known"}[r.IntN(6)]}
		for _, l := range r.Perm(len(c.Levels))[:1+r.IntN(len(c.Levels))] {
			w.values = append(w.values, c.Levels[l].Value)
		}
		return w
	}
	var out plainRule
	none := wording{column: "means", verb: "none of", group: []string{"debt", "threat"}}
	if r.IntN(6) == 0 {
		return plainRule{[]wording{none}, []wording{pick(r.IntN(3))}}
	}
	for range 1 + r.IntN(2) {
		out.given = append(out.given, pick(columns[r.IntN(2)]))
	}
	if r.IntN(3) == 0 {
		return out
	}
	if r.IntN(5) == 0 { // one premise, for it names two columns
		out.given = out.given[:1]
		out.then = []wording{none}
		return out
	}
	for range 1 + r.IntN(2) {
		out.then = append(out.then, pick(columns[r.IntN(3)]))
	}
	return out
}

// everyRecord lists all records of a small domain.
func everyRecord(d *microdata.Domain) [][]uint16 {
	out := [][]uint16{{}}
	for _, n := range d.Sizes() {
		var next [][]uint16
		for _, r := range out {
			for l := range n {
				next = append(next, append(slices.Clone(r), uint16(l)))
			}
		}
		out = next
	}
	return out
}

func spelled(d *microdata.Domain, record []uint16) map[string]string {
	value := map[string]string{}
	for a, l := range record {
		value[d.Column(a).Name] = d.Column(a).Levels[l].Value
	}
	return value
}

// TestRulesEqualTheirWords: over every record of random small domains, a random rule
// file is broken where and only where its words say so, first rule first, and it is
// refused as a contradiction, at the same line, where and only where no record keeps it.
func TestRulesEqualTheirWords(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	sound, contradictions, emptied := 0, 0, 0
	for trial := range 1500 {
		d := randomDomain(t, r)
		records := everyRecord(d)
		var plain []plainRule
		var text strings.Builder
		for range 1 + r.IntN(7) {
			rule := randomRule(d, r)
			plain = append(plain, rule)
			text.WriteString(rule.write(r) + "  # why\n\n")
		}
		first := func(record []uint16) int {
			value := spelled(d, record)
			return slices.IndexFunc(plain, func(x plainRule) bool { return x.broken(d, value) })
		}
		firsts, kept := make([]int, len(records)), 0 // kept: rules that some record keeps together
		for i, record := range records {
			if firsts[i] = first(record); firsts[i] < 0 {
				kept = len(plain)
			} else {
				kept = max(kept, firsts[i])
			}
		}
		s, err := Parse(strings.NewReader(text.String()), d, nil)
		if kept < len(plain) {
			contradictions++
			bad, ok := errors.AsType[*Error](err)
			if !ok || len(bad.Faults) != 1 || bad.Faults[0].Line != 2*kept+1 || !strings.Contains(err.Error(), "no record can keep this rule") {
				t.Fatalf("trial %d: no record keeps rule %d:\n%s%v", trial, kept+1, text.String(), err)
			}
			continue
		}
		if empty := nobodys(d, records, plain, firsts); empty != "" { // said with never by none
			emptied++
			if err == nil || !strings.Contains(err.Error(), "leaves no record with") {
				t.Fatalf("trial %d: no record can have %s:\n%s%v", trial, empty, text.String(), err)
			}
			continue
		}
		if sound++; err != nil {
			t.Fatalf("trial %d: a record keeps all rules:\n%s%v", trial, text.String(), err)
		}
		for i, record := range records {
			if got := s.Broken(func(a int) int { return int(record[a]) }); got != firsts[i] {
				t.Fatalf("trial %d: %v breaks rule %d, its words say %d:\n%s", trial, spelled(d, record), got, firsts[i], text.String())
			}
		}
		again, err := Parse(strings.NewReader(s.Text()), d, nil)
		if err != nil || fmt.Sprint(again.Never()) != fmt.Sprint(s.Never()) {
			t.Fatalf("trial %d: read back as other rules:\n%s%s%v", trial, text.String(), s.Text(), err)
		}
		mended(t, s, records)
		coarsened(t, s, records, r)
	}
	if sound < 200 || contradictions < 200 || emptied < 100 {
		t.Errorf("%d sound files, %d contradictions, %d that leave an answer to nobody: too one-sided to tell", sound, contradictions, emptied)
	}
}

// nobodys names an answer that no record which keeps all rules has, though a rule names
// its column and no rule that begins with never forbids it by itself; or nothing.
func nobodys(d *microdata.Domain, records [][]uint16, plain []plainRule, firsts []int) string {
	for a := range d.Len() {
		c := d.Column(a)
		for l, level := range c.Levels {
			has := func(keeps func(i int) bool) bool {
				for i, record := range records {
					if int(record[a]) == l && keeps(i) {
						return true
					}
				}
				return false
			}
			if level.Missing != microdata.Present || has(func(i int) bool { return firsts[i] < 0 }) {
				continue
			}
			said := slices.ContainsFunc(plain, func(x plainRule) bool {
				return x.then == nil && !has(func(i int) bool { return !x.broken(d, spelled(d, records[i])) })
			})
			if !said {
				return c.Name + " = " + level.Value
			}
		}
	}
	return ""
}

// mended checks Apply on every record at once: what keeps the rules stays as it is;
// what breaks them differs in blanks only, and keeps them; it is left out where, and
// only where, no set of blanks mends it.
func mended(t *testing.T, s *Set, records [][]uint16) {
	t.Helper()
	columns := make([][]uint16, s.domain.Len())
	for _, record := range records {
		for a, v := range record {
			columns[a] = append(columns[a], v)
		}
	}
	table, err := microdata.NewTable(s.domain, columns)
	if err != nil {
		t.Fatal(err)
	}
	got, changed, left, err := s.Apply(table)
	if err != nil {
		t.Fatal(err)
	}
	row, wantChanged, wantLeft := 0, 0, 0
	for _, record := range records {
		if !broken(s, record) {
			if len(s.Rules) > 0 && !sameRow(got, row, record) {
				t.Fatalf("a sound record was touched: %v\n%s", record, s.Text())
			}
			row++
			continue
		}
		blanks := blankings(s, record)
		if len(blanks) == 0 {
			wantLeft++
			continue
		}
		wantChanged++
		if !slices.ContainsFunc(blanks, func(b []uint16) bool { return sameRow(got, row, b) }) {
			t.Fatalf("%v is not mended by blanks, or breaks a rule\n%s", record, s.Text())
		}
		row++
	}
	if got.Rows() != row || changed != wantChanged || left != wantLeft {
		t.Fatalf("%d rows, %d changed, %d left out; want %d, %d, %d\n%s", got.Rows(), changed, left, row, wantChanged, wantLeft, s.Text())
	}
}

func sameRow(t *microdata.Table, row int, record []uint16) bool {
	for a, v := range record {
		if row >= t.Rows() || t.Code(row, a) != int(v) {
			return false
		}
	}
	return true
}

// blankings lists the records that keep the rules and come of this one by blanking.
func blankings(s *Set, record []uint16) (out [][]uint16) {
	for set := range 1 << len(record) {
		b := slices.Clone(record)
		for a := range b {
			if set>>a&1 == 1 && s.blank[a] >= 0 {
				b[a] = uint16(s.blank[a])
			}
		}
		if !broken(s, b) {
			out = append(out, b)
		}
	}
	return out
}

// coarsened checks Coarsen: after merging levels of one signature the coarse clauses
// mark the coarse record of each record where the clauses mark it; after merging two
// that a clause tells apart it refuses.
func coarsened(t *testing.T, s *Set, records [][]uint16, r *rand.Rand) {
	t.Helper()
	never := s.Never()
	steps := make([]*microdata.Coarsening, s.domain.Len())
	for a := range steps {
		if r.IntN(3) == 0 {
			continue
		}
		steps[a] = &microdata.Coarsening{}
		group := map[string]uint16{}
		for l, sig := range Signature(never, a, s.domain.Size(a)) {
			if r.IntN(3) == 0 {
				sig += fmt.Sprint("alone", l)
			}
			g, ok := group[sig]
			if !ok {
				g = uint16(len(group))
				group[sig] = g
				steps[a].Levels = append(steps[a].Levels, microdata.Level{Value: fmt.Sprint(g)})
			}
			steps[a].Of = append(steps[a].Of, g)
		}
	}
	coarse, err := Coarsen(never, steps)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		for i := range never {
			fine := never[i].holds(func(a int) int { return int(record[a]) })
			if fine != coarse[i].holds(func(a int) int {
				if steps[a] == nil {
					return int(record[a])
				}
				return int(steps[a].Of[record[a]])
			}) {
				t.Fatalf("clause %d and its coarse one differ on %v\n%s", i, record, s.Text())
			}
		}
	}
	for a := range steps {
		sigs := Signature(never, a, s.domain.Size(a))
		if len(slices.Compact(slices.Clone(sigs))) < 2 {
			continue
		}
		all := make([]*microdata.Coarsening, len(steps))
		all[a] = &microdata.Coarsening{Levels: make([]microdata.Level, 1), Of: make([]uint16, len(sigs))}
		if _, err := Coarsen(never, all); err == nil {
			t.Fatalf("levels of column %d that a rule tells apart were merged\n%s", a, s.Text())
		}
	}
}

// TestMendingLooksFurther: where the consequence cannot be given up, for another rule
// needs it, the premise is.
func TestMendingLooksFurther(t *testing.T) {
	d := cases(t)
	s := parse(t, "sex = M => debt = 1\ndebt is missing => threats = 1")
	r := record(t, d, "M", "0", "18+", "0", "0", "0")
	if ok, touched := s.mend(r); !ok || !touched || !slices.Equal(r, record(t, d, "", "0", "18+", "0", "0", "0")) {
		t.Errorf("mended %v to %v", ok, r)
	}
}

// TestMendingEnds: of rules that no blank mends a record is left as it was, and the
// search for a way is bounded.
func TestMendingEnds(t *testing.T) {
	var columns []microdata.Column
	var text strings.Builder
	for i := range 80 { // 40 rules that can each be kept in two ways, and one that cannot: 2⁴⁰ ways to look at
		columns = append(columns, microdata.Column{Name: fmt.Sprint("c", i), Levels: []microdata.Level{{Value: "1"}, {Missing: microdata.Unknown}}})
		if i%2 == 1 {
			fmt.Fprintf(&text, "never c%d = 1 and c%d = 1\n", i-1, i)
		}
	}
	columns = append(columns, microdata.Column{Name: "stuck", Levels: []microdata.Level{{Value: "1"}, {Value: "2"}}})
	text.WriteString("never stuck = 1\n")
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(strings.NewReader(text.String()), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := make([]uint16, len(columns))
	if ok, _ := s.mend(r); ok || slices.Max(r) != 0 {
		t.Errorf("mended %v, became %v", ok, r)
	}
}

// FuzzParseSaysNoValue: whatever stands in a rule file, its errors hold no word of it
// that the domain does not have.
func FuzzParseSaysNoValue(f *testing.F) {
	for _, s := range []string{"sex = %", "% = 1 => sex = F", "never sex in F, %", `"%`, "none of % => sex = F", "sex is % =>", "sex = F => % and", "sex % F", "% and sex"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "Rosario-Xochitl"
		if strings.Contains(text, "Rosario") {
			return
		}
		_, err := Parse(strings.NewReader(strings.ReplaceAll(text, "%", secret)), cases(t), nil)
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "Rosario") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
		if bad, ok := errors.AsType[*Error](err); !ok || len(bad.Faults) == 0 {
			t.Errorf("%q: %v names no fault", text, err)
		}
	})
}
