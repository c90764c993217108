package palermo

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const strict = `
id: strict-land-2012
name.es: Ley de un país inventado
name.en: Law of an invented country
country: XAA
from: 2012-05-01
until: 2019-12-31
child: 18
require: act purpose
child-needs-means: no
act: recruitment | 12 | captación | recruitment
purpose: forced_labour_or_services | 12 | trabajos forzados | forced labour
aggravating: violence | 13 | violencia | violence
`

func parse(t *testing.T, text string) *Pack {
	t.Helper()
	p, err := ParsePack(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProtocolPackIsWhole(t *testing.T) {
	p := protocol(t)
	if p.ID() != "protocol" || len(p.Acts()) != 5 || len(p.Means()) != 8 || len(p.Purposes()) != 8 || p.ChildAge() != 18 || p.Country() != "*" {
		t.Errorf("acts %d means %d purposes %d child %d", len(p.Acts()), len(p.Means()), len(p.Purposes()), p.ChildAge())
	}
	if p.Name().ES == "" || p.Name().EN == "" {
		t.Error("no name")
	}
}

// TestNationalLawMayAskForLess: where a law does not make means constitutive, the
// same facts give another outcome, and re-evaluating by date changes the law.
func TestNationalLawMayAskForLess(t *testing.T) {
	law, p := parse(t, strict), protocol(t)
	f := Facts{
		Act:     map[string]Element{"recruitment": {State: Present}},
		Purpose: map[string]Element{"forced_labour_or_services": {State: Present}},
		Child:   Element{State: Absent},
	}
	if got := Evaluate(f, law).Outcome; got != Recorded {
		t.Errorf("national law: %s", got)
	}
	if got := Evaluate(f, p).Outcome; got != Undetermined {
		t.Errorf("Protocol: %s", got)
	}
	packs := []*Pack{p, law}
	for date, want := range map[string]*Pack{"2003-12-24": nil, "2010-01-01": p, "2012-05-01": law, "2019-12-31": law, "2020-01-01": p} {
		on, err := ParseDate(date)
		if err != nil {
			t.Fatal(err)
		}
		if got := Choose(packs, "XAA", on); got != want {
			t.Errorf("on %s another law was chosen", date)
		}
		if got := Choose(packs, "XBB", on); want != nil && got != p {
			t.Errorf("on %s another country's law was chosen", date)
		}
	}
	if len(law.Aggravating()) != 1 {
		t.Error("the aggravating circumstance was lost")
	}
}

func TestChildWhoNeedsMeans(t *testing.T) {
	p := parse(t, strings.NewReplacer("require: act purpose", "require: act means purpose", "child-needs-means: no", "child-needs-means: yes").Replace(strict)+
		"means: fraud | 12 | fraude | fraud\n")
	f := Facts{Act: map[string]Element{"recruitment": {State: Present}}, Means: map[string]Element{"fraud": {State: Absent}},
		Purpose: map[string]Element{"forced_labour_or_services": {State: Present}}, Child: Element{State: Present}}
	if got := Evaluate(f, p).Outcome; got != NotAllThere {
		t.Errorf("a child under a law that asks for means: %s", got)
	}
}

func TestParsePackReportsAll(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":         {"", []string{"id is missing", "child is missing", "require is missing"}},
		"no colon":      {"hello", []string{"line 1: no colon"}},
		"unknown key":   {strict + "colour: red", []string{"no such key"}},
		"twice":         {strict + "id: again", []string{"stands on line 2 already"}},
		"term twice":    {strict + "act: recruitment | 1 | a | b", []string{"act recruitment stands on line 11 already"}},
		"few parts":     {strict + "act: a | b", []string{"2 parts"}},
		"empty part":    {strict + "act: a | | c | d", []string{"part 2 is empty"}},
		"bad code":      {strict + "act: A b | 1 | c | d", []string{"a code has letters"}},
		"consent":       {strict + "means: without_consent | 1 | c | d", []string{"line 14: means: consent is no element"}},
		"no name":       {strings.Replace(strict, "name.es: Ley de un país inventado", "name.es:", 1), []string{"name.es is empty"}},
		"bad date":      {strings.Replace(strict, "2012-05-01", "2012-02-30", 1), []string{"not a date"}},
		"bad child":     {strings.Replace(strict, "child: 18", "child: 99", 1), []string{"age from 1 to 25"}},
		"bad country":   {strings.Replace(strict, "XAA", "Xaa", 1), []string{"three capital letters"}},
		"bad require":   {strings.Replace(strict, "require: act purpose", "require: act consent", 1), []string{"act, means and purpose only"}},
		"nothing asked": {strings.Replace(strict, "require: act purpose", "require:", 1), []string{"everything would be trafficking"}},
		"backwards":     {strings.Replace(strict, "2019-12-31", "2001-12-31", 1), []string{"until comes before from"}},
		"two faults":    {strings.NewReplacer("child: 18", "child: x", "XAA", "zz").Replace(strict), []string{"child", "country"}},
		"no means":      {strings.Replace(strict, "require: act purpose", "require: act means purpose", 1), []string{"means is required but none is listed"}},
	} {
		_, err := ParsePack(strings.NewReader(c.text))
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		var line *LineError
		if !errors.As(err, &line) {
			t.Errorf("%s: no line in %v", name, err)
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", name, err, w)
			}
		}
	}
}

func TestParsePackHasLimits(t *testing.T) {
	if _, err := ParsePack(strings.NewReader(strings.Repeat("#\n", maxPackLines+1))); err == nil {
		t.Error("too many lines: taken")
	}
	if _, err := ParsePack(strings.NewReader("id: " + strings.Repeat("x", 1<<17))); err == nil {
		t.Error("a line of 128 KiB: taken")
	}
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"2024-02-29", "2000-02-29", "0001-01-01", "2023-12-31"} {
		if _, err := ParseDate(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"", "2023-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "2023/04/01", "+023-01-01", "2023-1-001"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("%q was read as %v", s, d)
		}
	}
}

func TestCrosswalkLeadsSomewhere(t *testing.T) {
	p := protocol(t)
	known := map[string]bool{}
	for _, x := range append(p.Means(), p.Purposes()...) {
		known[x.Code] = true
	}
	for _, w := range Crosswalk {
		if !known[w.Means] || w.Confidence != Weak && w.Confidence != Strong {
			t.Errorf("%+v leads nowhere", w)
		}
	}
	for v, code := range Purposes {
		if !known[code] {
			t.Errorf("%s leads to %s", v, code)
		}
	}
	got := MeansFrom([]string{"DebtBondage", "TakesEarnings", "NoSuchThing"})
	if len(got) != 1 || got["other_coercion"].State != Present || got["other_coercion"].Basis != Inferred {
		t.Errorf("debt bondage: %v", got)
	}
	if got := MeansFrom([]string{"ExcessiveWorkingHours"}); len(got) != 0 {
		t.Errorf("long hours alone: %v", got)
	}
	if got := PurposesFrom([]string{"OrganRemoval", " ForcedLabour"}); len(got) != 2 {
		t.Errorf("purposes: %v", got)
	}
}

func FuzzParsePack(f *testing.F) {
	f.Add(strict)
	f.Add("id: x\nact: a|b|c|d")
	f.Add(strings.Replace(strict, "name.en: Law of an invented country", "name.en:", 1))
	f.Add(strict + "act: consent_given | 1 | a | b")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePack(strings.NewReader(text))
		if (p == nil) == (err == nil) {
			t.Fatal("neither a pack nor an error")
		}
		if p == nil {
			return
		}
		if p.Name().ES == "" || p.Name().EN == "" || p.ID() == "" || p.ChildAge() < 1 || p.needs == [3]bool{} || p.InForce(p.from) == p.until.Before(p.from) && p.until != (Date{}) {
			t.Fatalf("an unsound pack was taken: %+v", p)
		}
		for _, list := range [][]Term{p.Acts(), p.Means(), p.Purposes(), p.Aggravating()} {
			for i, x := range list {
				if !plain(x.Code) || x.Article == "" || x.Label.ES == "" || x.Label.EN == "" || strings.Contains(x.Code, "consent") ||
					slices.ContainsFunc(list[:i], func(y Term) bool { return y.Code == x.Code }) {
					t.Fatalf("an unsound element was taken: %+v", x)
				}
			}
		}
		if len(Table(p)) != 81 {
			t.Fatal("a table that is not whole")
		}
	})
}
