package demo

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"testing"
)

// value reads a record as rules do.
func value(p *person) func(string) string {
	m := theModel()
	return func(column string) string {
		c := m.column(column)
		return m.domain.Column(c).Levels[p[c]].Value
	}
}

// lookup is a rule over codes, so that many records are checked quickly.
type lookup struct {
	rule       *Rule
	when, then [][]bool // by condition and code
	whenAt     []int
	thenAt     []int
}

func lookups() []lookup {
	m := theModel()
	of := func(conditions []Condition) (at []int, in [][]bool) {
		for _, c := range conditions {
			i := m.column(c.Column)
			set := make([]bool, m.domain.Size(i))
			for _, v := range c.Values {
				set[m.code(i, v)] = true
			}
			at, in = append(at, i), append(in, set)
		}
		return at, in
	}
	out := make([]lookup, len(Rules))
	for i := range Rules {
		out[i].rule = &Rules[i]
		out[i].whenAt, out[i].when = of(Rules[i].When)
		out[i].thenAt, out[i].then = of(Rules[i].Then)
	}
	return out
}

// test says whether the rule bears on a record, and whether the record keeps it.
func (l *lookup) test(p *person) (bears, kept bool) {
	some := func(at []int, in [][]bool) bool {
		for i, c := range at {
			if in[i][p[c]] {
				return true
			}
		}
		return false
	}
	bears = len(l.when) == 0 || some(l.whenAt, l.when)
	return bears, !bears || some(l.thenAt, l.then)
}

func TestNoRuleIsBroken(t *testing.T) {
	rules := lookups()
	for seed := range uint64(5) {
		bears := make([]int, len(rules))
		for _, p := range persons(seed, DefaultCases) {
			for i := range rules {
				b, kept := rules[i].test(&p)
				if !kept {
					t.Fatalf("seed %d: a record breaks rule %s", seed, rules[i].rule.ID)
				}
				if b {
					bears[i]++
				}
			}
		}
		for i, n := range bears {
			if n < 100 {
				t.Errorf("seed %d: rule %s bears on %d records only: it says nothing", seed, rules[i].rule.ID, n)
			}
		}
	}
}

// TestRulesHoldInTheFile checks what was written, not what was invented.
func TestRulesHoldInTheFile(t *testing.T) {
	in := csv.NewReader(bytes.NewReader(write(t, Options{Cases: 5000, Seed: 5})))
	header, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range Rules {
			if !Rules[i].Holds(func(column string) string { return record[slices.Index(header, column)] }) {
				t.Fatalf("a line breaks rule %s", Rules[i].ID)
			}
		}
	}
}

// TestRulesCanFail changes one value of sound records at a time. Each rule is
// broken by some change, and Holds and the lookup agree on all of them.
func TestRulesCanFail(t *testing.T) {
	m, rules := theModel(), lookups()
	broken := map[string]bool{}
	for _, p := range persons(1, 300) {
		for c := range width {
			was := p[c]
			for code := range m.domain.Size(c) {
				p[c] = uint16(code)
				for i := range rules {
					_, kept := rules[i].test(&p)
					if kept != rules[i].rule.Holds(value(&p)) {
						t.Fatalf("rule %s: two readings of one record", rules[i].rule.ID)
					}
					if !kept {
						broken[rules[i].rule.ID] = true
					}
				}
			}
			p[c] = was
		}
	}
	for i := range Rules {
		if !broken[Rules[i].ID] {
			t.Errorf("no change of one value breaks rule %s", Rules[i].ID)
		}
	}
}

func TestRulesAreSound(t *testing.T) {
	d, ids := Domain(), map[string]bool{}
	for _, r := range Rules {
		if ids[r.ID] || r.ID == "" {
			t.Errorf("rule id %q stands twice or is empty", r.ID)
		}
		ids[r.ID] = true
		if r.Text["es"] == "" || r.Text["en"] == "" || len(r.Then) == 0 {
			t.Errorf("rule %s lacks its text in es or en, or what follows", r.ID)
		}
		for _, c := range append(slices.Clone(r.When), r.Then...) {
			i, ok := d.Index(c.Column)
			if !ok || len(c.Values) == 0 {
				t.Errorf("rule %s names column %q", r.ID, c.Column)
				continue
			}
			for _, v := range c.Values {
				if _, ok := d.Column(i).Code(v); !ok {
					t.Errorf("rule %s names level %q of %s", r.ID, v, c.Column)
				}
			}
		}
	}
	// The lists of age bands and industries are all that the profile has.
	ages, _ := d.Index("ageBand")
	if got := len(adultBands()) + 2 + 2; got != d.Size(ages) {
		t.Errorf("the rules know %d age levels of %d", got, d.Size(ages))
	}
	sectors, _ := d.Index("industry")
	if got := len(industries()) + 2; got != d.Size(sectors) {
		t.Errorf("the rules know %d industries of %d", got, d.Size(sectors))
	}
}
