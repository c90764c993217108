package htcds

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestBookCountsTheStandard(t *testing.T) {
	b, err := parseCodeBook(codebookText)
	if err != nil {
		t.Fatal(err)
	}
	var all, core, deprecated, ours int
	for _, f := range b.Fields() {
		if !f.Standard {
			ours++
			continue
		}
		all++
		if f.Core {
			core++
		}
		if f.Deprecated {
			deprecated++
		}
	}
	if all != 84 || core != 40 || deprecated != 3 {
		t.Errorf("standard has %d fields, %d core, %d deprecated; want 84, 40, 3", all, core, deprecated)
	}
	if ours != 21 {
		t.Errorf("extension has %d fields, want 21", ours)
	}
}

// TestBookIsBilingual holds every label to two languages, and to one field of a
// group: two columns of a form that read the same are filled the wrong way round.
func TestBookIsBilingual(t *testing.T) {
	ids, es, en := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range Book().Fields() {
		prefix := f.ID[:4]
		if ids[f.ID] || es[prefix+f.Label.ES] || en[prefix+f.Label.EN] {
			t.Errorf("%s: id or label is there twice", f.ID)
		}
		ids[f.ID], es[prefix+f.Label.ES], en[prefix+f.Label.EN] = true, true, true
		if f.Label.ES == "" || f.Label.EN == "" || f.Label.ES == f.Label.EN {
			t.Errorf("%s: label is missing in a language", f.ID)
		}
	}
	for _, l := range Book().Lists() {
		es, en := map[string]bool{}, map[string]bool{}
		for _, v := range l.Values {
			if v.Label.ES == "" || v.Label.EN == "" || es[v.Label.ES] || en[v.Label.EN] {
				t.Errorf("%s: %s: label is missing or there twice", l.Name, v.Name)
			}
			es[v.Label.ES], en[v.Label.EN] = true, true
		}
	}
}

func TestBookListSizes(t *testing.T) {
	want := map[string]int{
		"org_type": 9, "gender": 6, "marital_status": 6, "education": 9, "trafficking_status": 3,
		"decision_org": 5, "relationship": 3, "apps": 15, "recruitment": 10, "exploitation": 11,
		"industry": 21, "sex_exploitation": 4, "vulnerability": 12, "role": 15, "case_status": 4,
		"referral_reason": 3, "event": 3, "plan": 9,
		"control": 19, // 16 of the picklist and 3 of the definitions
	}
	used := map[string]bool{}
	for _, f := range Book().Fields() {
		if f.List != nil {
			used[f.List.Name] = true
		}
	}
	standard := 0
	for _, l := range Book().Lists() {
		if !used[l.Name] {
			t.Errorf("no field uses the list %s", l.Name)
		}
		if !l.Standard {
			continue
		}
		standard++
		if len(l.Values) != want[l.Name] {
			t.Errorf("%s has %d values, want %d", l.Name, len(l.Values), want[l.Name])
		}
	}
	if standard != len(want) {
		t.Errorf("standard has %d lists, want %d", standard, len(want))
	}
}

func TestBookSaysWhoseItIs(t *testing.T) {
	for _, want := range []string{"International\n# Organization for Migration", "CC BY 4.0", "does not endorse"} {
		if !strings.Contains(codebookText, want) {
			t.Errorf("code book does not say %q", want)
		}
	}
}

func TestFieldAndListFind(t *testing.T) {
	for from, to := range map[string]string{
		"prs_First_Name":                        "prs_FirstName",
		"prs_Second_Name":                       "prs_SecondName",
		"vic_Methods_of_Control":                "vic_MethodsOfControl",
		"vic_TraffickinStatusDecisionMakingOrg": "vic_TraffickingStatusDecisionMakingOrg",
		"prs_Gender":                            "prs_Gender",
	} {
		if f, ok := Book().Field(from); !ok || f.ID != to {
			t.Errorf("Field(%s) = %s, %v; want %s", from, f.ID, ok, to)
		}
	}
	if _, ok := Book().Field("prs_Nothing"); ok {
		t.Error("an unknown field is found")
	}
	f, _ := Book().Field("vic_MethodsOfControl")
	for word, want := range map[string]string{
		"ThreatOfLawEnforcement": "ThreatsLawEnforcement", "PsychoactiveSubstances": "PsychoactiveSubstance",
		"RestrictsMovement": "RestrictsMovement", "debt bondage": "DebtBondage", "SERVIDUMBRE POR DEUDAS": "DebtBondage",
	} {
		if got, ok := f.List.Find(word); !ok || got != want {
			t.Errorf("Find(%s) = %s, %v; want %s", word, got, ok, want)
		}
	}
	if _, ok := f.List.Find("Hunger"); ok {
		t.Error("an unknown value is found")
	}
}

// TestBookIsSafeFromItsReaders changes all that the book gives away.
func TestBookIsSafeFromItsReaders(t *testing.T) {
	Book().Fields()[0].ID = "x"
	Book().Lists()[0].Values[0].Name = "x"
	f, _ := Book().Field("prs_Gender")
	f.List.Values[0].Name = "x"
	f.List.Same["y"] = "x"
	g, _ := Book().Field("prs_Gender")
	if Book().Fields()[0].ID == "x" || Book().Lists()[0].Values[0].Name == "x" || g.List.Values[0].Name == "x" || g.List.Same["y"] != "" {
		t.Error("a reader changed the shared code book")
	}
}

func TestParseCodeBookSaysTheLine(t *testing.T) {
	const head = "standard\nlist a\nvalue X | x | x\n"
	good := "field abc_A | P | core | one | a | Á | A\n"
	if _, err := parseCodeBook(head + good + "also abc_B = abc_A\nsame Y = X\n"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"fild abc_A", "list", "list a", "list b c", "value X | x | x", "value Y | y", "value Y |  | y", "value Y Z | y | y",
		"field abc_A | P | core | one | a | Á",
		"field abcA | P | core | one | a | Á | A",
		"field amp_A | P | core | one | a | Á | A",
		"field abc_A | Q | core | one | a | Á | A",
		"field abc_A | P | kern | one | a | Á | A",
		"field abc_A | P | core | two | a | Á | A",
		"field abc_A | P | core | one | nolist | Á | A",
		"field abc_A | N | core | one | @number:9:1 | Á | A",
		"same X = X", "same Y = Z", "same Y", "also abc_B = abc_A",
	} {
		_, err := parseCodeBook(head + bad + "\n")
		var e *bookError
		if !errors.As(err, &e) || e.Line != 4 || !strings.Contains(err.Error(), "line 4: ") {
			t.Errorf("%q: error is %v, want one at line 4", bad, err)
		}
	}
	for _, bad := range []string{"value X | x | x\n", "same A = B\n"} {
		if _, err := parseCodeBook(bad); err == nil {
			t.Errorf("%q is read without a list", bad)
		}
	}
	if _, err := parseCodeBook(head + good + good); err == nil {
		t.Error("a field is read twice")
	}
	_, err := parseCodeBook("a\n# c\nb\n")
	if got := err.Error(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "line 3") {
		t.Errorf("not every wrong line is told: %s", got)
	}
}

// TestBookValuesSurviveSpaces keeps the names of multiple picklists to one word,
// because XLSForm puts spaces between them and EncodeCSV semicolons.
func TestBookValuesSurviveSpaces(t *testing.T) {
	for _, l := range Book().Lists() {
		for _, v := range l.Values {
			if strings.ContainsAny(v.Name, " ;\\") || v.Name != strings.TrimSpace(v.Name) {
				t.Errorf("%s: %q cannot be told from two values", l.Name, v.Name)
			}
		}
		for from, to := range l.Same {
			if !slices.ContainsFunc(l.Values, func(v Value) bool { return v.Name == to }) {
				t.Errorf("%s: %s stands for nothing", l.Name, from)
			}
		}
	}
}
