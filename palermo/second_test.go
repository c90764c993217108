package palermo

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/htcds"
)

// second is an evaluator that shares nothing with the first: it completes what is not
// known, element by element, in every way, and looks whether the definition, in plain
// two-valued logic, holds in all of the worlds, in none, or in some.
func second(p *Pack, act, means, purpose []State, child State) Outcome {
	all := slices.Concat(act, means, purpose, []State{child})
	held, not := false, false
	for world := range 1 << len(all) {
		is := make([]bool, len(all))
		possible := true
		for i, s := range all {
			is[i] = world>>i&1 == 1
			if s == Present && !is[i] || s == Absent && is[i] {
				possible = false
			}
		}
		if !possible {
			continue
		}
		some := func(from, n int) bool { return slices.Contains(is[from:from+n], true) }
		a, m, u := some(0, len(act)), some(len(act), len(means)), some(len(act)+len(means), len(purpose))
		c := is[len(is)-1]
		if (a || !p.needs[0]) && (u || !p.needs[2]) && (!p.needs[1] || m || c && !p.childNeedsMeans) {
			held = true
		} else {
			not = true
		}
	}
	switch {
	case held && not:
		return Undetermined
	case held:
		return Recorded
	}
	return NotAllThere
}

// laws are all packs of two acts, two means and a purpose: what is required, and
// whether a child needs a means.
func laws(t *testing.T) (out []*Pack) {
	for needs := 1; needs < 8; needs++ {
		for _, child := range []string{"yes", "no"} {
			var require []string
			for i, w := range []string{"act", "means", "purpose"} {
				if needs>>i&1 == 1 {
					require = append(require, w)
				}
			}
			out = append(out, parse(t, fmt.Sprintf(`id: law-%d-%s
name.es: Ley
name.en: Law
country: *
from: 2000-01-01
child: 18
require: %s
child-needs-means: %s
act: recruitment | 1 | captación | recruitment
act: receipt | 1 | recepción | receipt
means: fraud | 1 | fraude | fraud
means: deception | 1 | engaño | deception
purpose: servitude | 1 | servidumbre | servitude
`, needs, child, strings.Join(require, " "), child)))
		}
	}
	return out
}

// everyState calls f with every state of every element: 4⁶ records.
func everyState(f func(s [6]State)) {
	for n := range 1 << 12 {
		var s [6]State
		for i := range s {
			s[i] = State(n >> (2 * i) & 3)
		}
		f(s)
	}
}

// factsOf leaves out what is not recorded in half of the records: a code that is not
// there is one that is not recorded.
func factsOf(s [6]State) Facts {
	put := func(m map[string]Element, code string, s State) {
		if s != NotRecorded || len(code)%2 == 0 {
			m[code] = Element{State: s}
		}
	}
	f := Facts{map[string]Element{}, map[string]Element{}, map[string]Element{}, Element{State: s[5]}}
	put(f.Act, "recruitment", s[0])
	put(f.Act, "receipt", s[1])
	put(f.Means, "fraud", s[2])
	put(f.Means, "deception", s[3])
	put(f.Purpose, "servitude", s[4])
	return f
}

// TestEveryLawEqualsTheSecondEvaluator: 14 laws, 4096 records each, and of each finding
// all that it promises: a paragraph and a reason in both languages, what is missing and
// a question where and only where it is undetermined, and no reason that says of a child
// that they were an adult.
func TestEveryLawEqualsTheSecondEvaluator(t *testing.T) {
	seen := map[Outcome]int{}
	for _, p := range laws(t) {
		everyState(func(s [6]State) {
			f := Evaluate(factsOf(s), p)
			want := second(p, s[0:2], s[2:4], s[4:5], s[5])
			if seen[want]++; f.Outcome != want {
				t.Fatalf("%s, %v: %s, want %s", p.id, s, f.Outcome, want)
			}
			if !slices.Contains([]string{"3(a)", "3(c)", "3(d)"}, f.Paragraph) || f.Because.ES == "" || f.Because.EN == "" || f.Pack != p.id {
				t.Fatalf("%s, %v: paragraph %q, because %q", p.id, s, f.Paragraph, f.Because.EN)
			}
			open := f.Outcome == Undetermined
			if open != (len(f.Missing) > 0) || open != (f.Next.ES != "") || open != (f.Next.EN != "") {
				t.Fatalf("%s, %v: %s, missing %v, next %q", p.id, s, f.Outcome, f.Missing, f.Next.EN)
			}
			if s[5] == Present && (strings.Contains(f.Because.EN, "adult") || strings.Contains(f.Because.ES, "adult")) {
				t.Fatalf("%s, %v: of a child: %q", p.id, s, f.Because.EN)
			}
			if f.Paragraph == "3(c)" && (s[5] != Present || f.Outcome != Recorded || p.childNeedsMeans || !p.needs[1]) || f.Paragraph == "3(d)" && f.Child != Unknown {
				t.Fatalf("%s, %v: paragraph %s", p.id, s, f.Paragraph)
			}
			unclear := 0
			for _, x := range s {
				if x == Contradictory {
					unclear++
				}
			}
			if len(f.Unclear) != unclear || len(f.Beyond) > 0 {
				t.Fatalf("%s, %v: unclear %v, beyond %v", p.id, s, f.Unclear, f.Beyond)
			}
		})
	}
	for _, o := range []Outcome{Recorded, NotAllThere, Undetermined} {
		if seen[o] < 1000 {
			t.Errorf("%s came up %d times: too one-sided to tell", o, seen[o])
		}
	}
}

// TestMoreKnowledgeNeverFlips: whatever becomes known of an element, a definite finding
// stands; and what is found clear does not become unclear.
func TestMoreKnowledgeNeverFlips(t *testing.T) {
	for _, p := range laws(t) {
		everyState(func(s [6]State) {
			before := Evaluate(factsOf(s), p).Outcome
			if before == Undetermined {
				return
			}
			for i := range s {
				if s[i] == Present || s[i] == Absent {
					continue
				}
				for _, known := range []State{Present, Absent} {
					more := s
					more[i] = known
					if after := Evaluate(factsOf(more), p).Outcome; after != before {
						t.Fatalf("%s: %v is %s, and with element %d known %s", p.id, s, before, i, after)
					}
				}
			}
		})
	}
}

// TestQuestionsLeadToAFinding: asking what is next and taking any answer, yes or no,
// ends within four questions, none of them asked twice or about what is known.
func TestQuestionsLeadToAFinding(t *testing.T) {
	byText := map[Label]int{questions["act"]: 0, questions["means"]: 1, questions["purpose"]: 2, questions["child"]: 3}
	all := []Truth{Unknown, No, Yes}
	var ask func(p *Pack, v [4]Truth, asked int)
	ask = func(p *Pack, v [4]Truth, asked int) {
		f := Evaluate(facts(p, v[0], v[1], v[2], v[3]), p)
		if f.Outcome != Undetermined {
			return
		}
		i, ok := byText[f.Next]
		if !ok || v[i] != Unknown || asked == 4 {
			t.Fatalf("%s: after %d questions, of %v, next %q", p.id, asked, v, f.Next.EN)
		}
		for _, answer := range []Truth{Yes, No} {
			v[i] = answer
			ask(p, v, asked+1)
		}
	}
	for _, p := range append(laws(t), protocol(t)) {
		for n := range 81 {
			ask(p, [4]Truth{all[n%3], all[n/3%3], all[n/9%3], all[n/27]}, 0)
		}
	}
}

// TestConsentCannotBeAnInput: facts have four fields, an element two, and none of them
// is consent; and whatever a record holds in a field about consent or agreement, the
// facts are the same.
func TestConsentCannotBeAnInput(t *testing.T) {
	for _, x := range []struct {
		of   reflect.Type
		want []string
	}{
		{reflect.TypeFor[Facts](), []string{"Act map[string]palermo.Element", "Means map[string]palermo.Element", "Purpose map[string]palermo.Element", "Child palermo.Element"}},
		{reflect.TypeFor[Element](), []string{"State palermo.State", "Basis palermo.Basis"}},
	} {
		var got []string
		for i := range x.of.NumField() {
			got = append(got, x.of.Field(i).Name+" "+x.of.Field(i).Type.String())
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%v has the fields %q: is one of them consent?", x.of, got)
		}
	}
	p := protocol(t)
	base := map[string][]string{"amp_Act": {"Receipt"}, "amp_Means": {"Abduction"}, "amp_AgeAtRecruitment": {"30"}}
	want := FactsFrom(caseOf(t, base), p)
	fields := 0
	for _, f := range htcds.Book().Fields() {
		if id := strings.ToLower(f.ID); !strings.Contains(id, "consent") && !strings.Contains(id, "agreement") {
			continue
		}
		fields++
		values := []string{"true", "false", "spa", "any text"}
		if f.List != nil {
			values = nil
			for _, v := range f.List.Values {
				values = append(values, v.Name)
			}
		}
		taken := 0
		for _, v := range values {
			with := map[string][]string{f.ID: {v}}
			for id, x := range base {
				with[id] = x
			}
			c, err := htcds.Parse(with)
			if err != nil {
				continue
			}
			if taken++; !reflect.DeepEqual(FactsFrom(c, p), want) {
				t.Errorf("%s = %s changed the facts", f.ID, v)
			}
		}
		if taken == 0 {
			t.Errorf("%s took no value: it was not tried", f.ID)
		}
	}
	if fields < 3 {
		t.Errorf("%d fields about consent in the code book: none to try", fields)
	}
}

// TestOnlyElementsAreRead: of all fields of the code book, those that change the facts
// are the ones of the acts, means, purposes and ages.
func TestOnlyElementsAreRead(t *testing.T) {
	p := protocol(t)
	read := []string{"amp_Act", "amp_Means", "amp_Purpose", "vic_MethodsOfControl", "vic_TypeOfExploitation", "vic_TypeOfSexExploitation",
		"amp_AgeAtRecruitment", "vic_AgeWhenTrafficked", "amp_AgeAtIdentification"}
	none := FactsFrom(htcds.Case{}, p)
	for _, f := range htcds.Book().Fields() {
		values := []string{"5", "true", "2020-01-02", "MEX", "spa", "a@b.mx", "+525512345678", "text"}
		if f.List != nil {
			values = nil
			for _, v := range f.List.Values {
				values = append(values, v.Name)
			}
		}
		changed := false
		for _, v := range values {
			if c, err := htcds.Parse(map[string][]string{f.ID: {v}}); err == nil {
				changed = changed || !reflect.DeepEqual(FactsFrom(c, p), none)
			}
		}
		if changed != slices.Contains(read, f.ID) {
			t.Errorf("%s changes the facts: %v", f.ID, changed)
		}
	}
}

// TestEachFieldReachesItsElement: what a field holds is present in its group, and there
// only.
func TestEachFieldReachesItsElement(t *testing.T) {
	p := protocol(t)
	for _, c := range []struct{ field, value, group, code string }{
		{"amp_Act", "Harbouring", "act", "harbouring"},
		{"amp_Means", "Abduction", "means", "abduction"},
		{"vic_MethodsOfControl", "FalsePromises", "means", "deception"},
		{"amp_Purpose", "Slavery", "purpose", "slavery"},
		{"vic_TypeOfExploitation", "OrganRemoval", "purpose", "organ_removal"},
		{"vic_TypeOfSexExploitation", "Prostitution", "purpose", "prostitution_of_others"},
		{"vic_TypeOfSexExploitation", "Pornography", "purpose", "other_sexual_exploitation"},
	} {
		f := FactsFrom(caseOf(t, map[string][]string{c.field: {c.value}}), p)
		for group, held := range map[string]map[string]Element{"act": f.Act, "means": f.Means, "purpose": f.Purpose} {
			if want := group == c.group; len(held) > 0 != want || want && (len(held) != 1 || held[c.code].State != Present) {
				t.Errorf("%s = %s: %s holds %v", c.field, c.value, group, held)
			}
		}
	}
}

// TestChooseEqualsNaive: of random packs, the one in force of the country, else of all,
// that came into force last.
func TestChooseEqualsNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	day := func() Date { return Date{2000 + r.IntN(4), 1 + r.IntN(12), 1 + r.IntN(28)} }
	text := func(d Date) string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
	found := 0
	for range 2000 {
		var packs []*Pack
		for i := range r.IntN(6) {
			p := &Pack{id: fmt.Sprint(i), country: []string{"*", "XAA", "XBB"}[r.IntN(3)], from: day()}
			if r.IntN(2) == 0 {
				if p.until = day(); p.until.Before(p.from) {
					p.from, p.until = p.until, p.from
				}
			}
			packs = append(packs, p)
		}
		on := day()
		var want *Pack
		for _, country := range []string{"*", "XAA"} {
			last := ""
			for _, p := range packs {
				if p.country == country && text(p.from) <= text(on) && (p.until == Date{} || text(on) <= text(p.until)) && text(p.from) > last {
					want, last = p, text(p.from)
				}
			}
		}
		if want != nil {
			found++
		}
		if got := Choose(packs, "XAA", on); got != want {
			t.Fatalf("on %s another pack is chosen", text(on))
		}
	}
	if found < 500 {
		t.Errorf("a pack was found %d times of 2000: too one-sided to tell", found)
	}
}

// TestParseDateEqualsTime on every text of the form that could be a day.
func TestParseDateEqualsTime(t *testing.T) {
	for _, year := range []int{1, 4, 1900, 2000, 2023, 2024, 2100, 2200, 2400, 9999} {
		for month := range 14 {
			for day := range 33 {
				text := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				d, err := ParseDate(text)
				want, wantErr := time.Parse(time.DateOnly, text)
				if (err == nil) != (wantErr == nil) || err == nil && d != (Date{want.Year(), int(want.Month()), want.Day()}) {
					t.Fatalf("%s: %v, %v", text, d, err)
				}
			}
		}
	}
}
