package htcds

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// has tells whether a defect was found at a place, with a cure in both languages.
func has(t *testing.T, found []Finding, place string, d Defect) bool {
	t.Helper()
	for _, f := range found {
		if f.Place == place && f.Defect == d {
			return f.Cure.ES != "" && f.Cure.EN != "" && f.Cure.ES != f.Cure.EN
		}
	}
	return false
}

func TestLintFindsTheKnownDefects(t *testing.T) {
	found := Lint([]Header{
		{ID: "prs_First_Name", Label: "First Name", Type: "text"},
		{ID: "prs_Title", Label: "Second Name", Type: "text"},
		{ID: "prs_MailingCity", Label: "Mailing Street"},
		{ID: "vic_TraffickinStatusDecisionMakingOrg"},
		{Label: "Reason for Outgoing Referral"},
		{ID: "cas_ReasonForIncomingReferral", Type: "text"},
		{ID: "vic_ForcedLabourIndustry", Type: "select_multiple forcedlabourindustry"},
		{ID: "prs_Citizenship", Type: "select_one citizenship"},
		{ID: "prs_FirstName"},
		{ID: "prs_Shoe", Label: "Shoe"},
		{ID: "vic_Methods_of_Control", Type: "select_multiple means"},
		{ID: "start", Type: "start"},
		{},
	}, []Choice{
		{"means", "DebtBondage ", "Debt bondage"},
		{"means", "ThreatOfLawEnforcement", ""},
		{"means", "Hunger", ""},
		{"relationship", "Unaquainted", "Unaquainted"},
		{"migrant", "FamilyMigrant", "Family Migrant"},
		{"citizenship", "MX", "Mexico"},
	})
	for _, want := range []struct {
		place  string
		defect Defect
	}{
		{"#1 prs_First_Name", DefectSpelling},
		{"#2 prs_Title", DefectLabel},
		{"#3 prs_MailingCity", DefectLabel},
		{"#4 vic_TraffickinStatusDecisionMakingOrg", DefectSpelling},
		{"#5", DefectNoID},
		{"#6 cas_ReasonForIncomingReferral", DefectType},
		{"#7 vic_ForcedLabourIndustry", DefectType},
		{"#8 prs_Citizenship", DefectType},
		{"#9 prs_FirstName", DefectTwice},
		{"#10 prs_Shoe", DefectUnknown},
		{"#11 vic_Methods_of_Control", DefectSpelling},
		{"means/DebtBondage", DefectSpace},
		{"means/ThreatOfLawEnforcement", DefectSpelling},
		{"means/Hunger", DefectChoice},
		{"means", DefectShort},
		{"relationship/Unaquainted", DefectSpelling},
		{"relationship", DefectShort},
		{"migrant/FamilyMigrant", DefectMeaning},
		{"cas_CaseOwner", DefectCore},
		{"amp_CountryOfExploitation", DefectFigures},
	} {
		if !has(t, found, want.place, want.defect) {
			t.Errorf("%s: not found: %s", want.place, want.defect)
		}
	}
	for _, f := range found {
		if strings.HasPrefix(f.Place, "#12") || strings.HasPrefix(f.Place, "#13") || strings.HasPrefix(f.Place, "citizenship") {
			t.Errorf("%s: %s is a false alarm", f.Place, f.Defect)
		}
		if f.Place == "#5" && !strings.Contains(f.Cure.EN, "cas_ReasonForOutgoingReferral") {
			t.Errorf("cure does not name the likely field: %s", f.Cure.EN)
		}
	}
}

// TestLintIsSilentOnASoundForm lints the code book itself, made into a form.
func TestLintIsSilentOnASoundForm(t *testing.T) {
	var headers []Header
	for _, f := range Book().Fields() {
		headers = append(headers, Header{ID: f.ID, Label: f.Label.ES}, Header{})
	}
	if found := Lint(headers, nil); len(found) > 0 {
		t.Errorf("a sound form has defects: %+v", found)
	}
	for i := range headers {
		if f, ok := Book().Field(headers[i].ID); ok {
			headers[i].Label = f.Label.EN
		}
	}
	headers = slices.DeleteFunc(headers, func(h Header) bool { return h.ID == "amp_RegistrationDate" })
	if found := Lint(headers, nil); len(found) > 0 {
		t.Errorf("a sound form in English, with a year for a date, has defects: %+v", found)
	}
	if found := Lint(nil, nil); len(found) > 0 {
		t.Errorf("no form has defects: %+v", found)
	}
}

// toolkit returns the rows of a file of the official toolkit, which is not part of
// the repository: shared/data is looked for upwards from here.
func toolkit(t *testing.T, name string) [][]string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		file, err := os.Open(filepath.Join(dir, "shared", "data", "htcds", name))
		if err != nil {
			continue
		}
		defer file.Close()
		r := csv.NewReader(file)
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:]
	}
	t.Skip("no shared/data/htcds/" + name + " above this folder; get the toolkit of the standard to run this test")
	return nil
}

func TestBookAgreesWithTheStandard(t *testing.T) {
	n := 0
	for _, row := range toolkit(t, "htcds_fields.csv") {
		id, label, status, core, values := row[0], row[3], row[5], row[6], row[9]
		if strings.HasPrefix(id, "(") {
			continue // an example question, without a field
		}
		n++
		f, ok := Book().Field(id)
		if !ok || !f.Standard || f.ID != id || f.Core != (core == "Core") || f.Deprecated != (status == "DEPRECATED") {
			t.Errorf("%s: field is not as in the standard", id)
		}
		if label != "" && f.Label.EN != label {
			t.Errorf("%s: label is %q, in the standard %q", id, f.Label.EN, label)
		}
		if f.List == nil {
			continue
		}
		for v := range strings.SplitSeq(values, "|") {
			if name, ok := f.List.Find(v); !ok || name != v {
				t.Errorf("%s: value %s is not in the list", id, v)
			}
		}
	}
	if n != 84 {
		t.Errorf("the file of the standard has %d fields, want 84", n)
	}
}

func TestLintOfTheOfficialXLSForm(t *testing.T) {
	var headers []Header
	for _, row := range toolkit(t, "htcds_xlsform_survey.csv") {
		h := Header{Type: row[0], ID: row[1]}
		if len(row) > 2 {
			h.Label = row[2]
		}
		headers = append(headers, h)
	}
	var choices []Choice
	for _, row := range toolkit(t, "htcds_xlsform_choices.csv") {
		choices = append(choices, Choice{row[0], row[1], row[2]})
	}
	found := Lint(headers, choices)
	for _, want := range []struct {
		place  string
		defect Defect
	}{
		{"#5 prs_First_Name", DefectSpelling},
		{"#6 prs_Second_Name", DefectSpelling},
		{"#10 prs_Title", DefectLabel},
		{"#23 vic_Methods_of_Control", DefectSpelling},
		{"#32 cas_ReasonForIncomingReferral", DefectType},
		{"methodsofcontrol", DefectShort},
		{"cas_CaseOwner", DefectCore},
		{"cas_ReasonForCaseClosure", DefectCore},
		{"cas_ReferredOrganisation", DefectCore},
	} {
		if !has(t, found, want.place, want.defect) {
			t.Errorf("%s: not found: %s", want.place, want.defect)
		}
	}
	for _, f := range found {
		if f.Defect == DefectUnknown || f.Defect == DefectChoice || f.Defect == DefectNoID {
			t.Errorf("%s: %s is a false alarm", f.Place, f.Defect)
		}
	}
	t.Logf("%d defects", len(found))
}
