package palermo

import (
	"slices"
	"testing"

	"amparo/htcds"
)

func caseOf(t *testing.T, fields map[string][]string) htcds.Case {
	t.Helper()
	c, err := htcds.Parse(fields)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCasesAreFound: records as an agency writes them, and what they hold.
func TestCasesAreFound(t *testing.T) {
	p := protocol(t)
	for name, c := range map[string]struct {
		fields    map[string][]string
		want      Outcome
		paragraph string
	}{
		"an adult deceived into forced labour": {map[string][]string{
			"amp_Act": {"Recruitment"}, "vic_MethodsOfControl": {"FalsePromises"},
			"vic_TypeOfExploitation": {"ForcedLabour"}, "amp_AgeAtRecruitment": {"31"},
		}, Recorded, "3(a)"},
		"a child, no means known": {map[string][]string{
			"amp_Act": {"Harbouring"}, "vic_TypeOfExploitation": {"ForcedBegging"}, "amp_AgeAtIdentification": {"12"},
		}, Recorded, "3(c)"},
		"an adult, means examined and none found": {map[string][]string{
			"amp_Act": {"Transportation"}, "amp_Means": {"NoneFound"},
			"vic_TypeOfExploitation": {"ForcedLabour"}, "vic_AgeWhenTrafficked": {"25"},
		}, NotAllThere, "3(a)"},
		"age unknown, means examined and none found": {map[string][]string{
			"amp_Act": {"Transportation"}, "amp_Means": {"NoneFound"},
			"vic_TypeOfExploitation": {"ForcedLabour"}, "amp_AgeAtIdentification": {"19"},
		}, Undetermined, "3(d)"},
		"no act recorded in the standard's own fields": {map[string][]string{
			"vic_MethodsOfControl": {"PhysicalAbuse"}, "vic_TypeOfExploitation": {"SexualExploitation"},
		}, Undetermined, "3(a)"},
		"crossing a border alone": {map[string][]string{
			"amp_Act": {"Transportation"}, "amp_Purpose": {"NoneFound"},
		}, NotAllThere, "3(a)"},
		"long hours alone are no means": {map[string][]string{
			"amp_Act": {"Receipt"}, "vic_MethodsOfControl": {"ExcessiveWorkingHours"},
			"vic_TypeOfExploitation": {"ForcedLabour"}, "amp_AgeAtRecruitment": {"40"},
		}, Undetermined, "3(a)"},
	} {
		f := Evaluate(FactsFrom(caseOf(t, c.fields), p), p)
		if f.Outcome != c.want || f.Paragraph != c.paragraph {
			t.Errorf("%s: %s by %s", name, f.Outcome, f.Paragraph)
		}
		if len(f.Beyond) > 0 {
			t.Errorf("%s: codes %v that the Protocol does not name", name, f.Beyond)
		}
	}
}

// TestRecordedBothWays: a means among the methods, and "none found", is unclear.
func TestRecordedBothWays(t *testing.T) {
	p := protocol(t)
	c := caseOf(t, map[string][]string{"amp_Means": {"NoneFound"}, "vic_MethodsOfControl": {"FalsePromises"}})
	f := Evaluate(FactsFrom(c, p), p)
	if f.Means != Unknown || !slices.Equal(f.Unclear, []string{"deception"}) {
		t.Errorf("means %v, unclear %v", f.Means, f.Unclear)
	}
	ages := caseOf(t, map[string][]string{"amp_AgeAtRecruitment": {"17"}, "vic_AgeWhenTrafficked": {"19"}})
	if got := FactsFrom(ages, p).Child.State; got != Contradictory {
		t.Errorf("17 and 19: %v", got)
	}
}

// TestEveryValueLeads: each method of control and type of exploitation of the
// standard has a way, but those that say nothing.
func TestEveryValueLeads(t *testing.T) {
	for _, list := range htcds.Book().Lists() {
		for _, v := range list.Values {
			switch list.Name {
			case "control", "amp_means":
				if v.Name != "Other" && v.Name != noneFound && !slices.ContainsFunc(Crosswalk, func(w Way) bool { return w.Value == v.Name }) {
					t.Errorf("method of control %s leads nowhere", v.Name)
				}
			case "exploitation", "sex_exploitation", "amp_purpose":
				if _, ok := Purposes[v.Name]; !ok && v.Name != noneFound {
					t.Errorf("type of exploitation %s leads nowhere", v.Name)
				}
			case "amp_act":
				if _, ok := acts[v.Name]; !ok && v.Name != noneFound {
					t.Errorf("act %s leads nowhere", v.Name)
				}
			}
		}
	}
}
