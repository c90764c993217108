package htcds

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
)

// secret is in every case of these tests that holds anything a person told, so a
// test can search for it in what must not hold it.
const secret = "Xochitl-secret"

func parsed(t *testing.T, fields map[string][]string) Case {
	t.Helper()
	c, err := Parse(fields)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// one parses a record of a single field.
func one(field string, values ...string) (Case, error) {
	return Parse(map[string][]string{field: values})
}

func TestParseKeepsOneSpelling(t *testing.T) {
	for _, tt := range []struct {
		field  string
		values []string
		id     string
		want   []string
	}{
		{"prs_First_Name", []string{" Ana\r\nMaría \ufeff"}, "prs_FirstName", []string{"Ana\nMaría"}},
		{"vic_Methods_of_Control", []string{"DebtBondage ", "ThreatOfLawEnforcement", "DebtBondage"}, "vic_MethodsOfControl", []string{"DebtBondage", "ThreatsLawEnforcement"}},
		{"vic_MethodsOfControl", []string{"PhysicalAbuse UsesChildren  PsychoactiveSubstances"}, "vic_MethodsOfControl", []string{"PhysicalAbuse", "UsesChildren", "PsychoactiveSubstance"}},
		{"vic_MethodsOfControl", []string{"Sexual abuse", "Abuso físico"}, "vic_MethodsOfControl", []string{"SexualAbuse", "PhysicalAbuse"}},
		{"vic_TraffickinStatusDecisionMakingOrg", []string{"NGO"}, "vic_TraffickingStatusDecisionMakingOrg", []string{"NGO"}},
		{"vic_RelationshipToTrafficker", []string{"Unacquainted"}, "vic_RelationshipToTrafficker", []string{"Unaquainted"}},
		{"prs_Citizenship", []string{"MEX GT"}, "prs_Citizenship", []string{"MEX", "GT"}},
		{"prs_MobilePhone", []string{"+52 (55) 1234-5678"}, "prs_MobilePhone", []string{"+525512345678"}},
		{"con_Consent", []string{"Sí"}, "con_Consent", []string{"true"}},
		{"con_Consent", []string{"FALSE"}, "con_Consent", []string{"false"}},
		{"prs_NumberOfChildren", []string{"02"}, "prs_NumberOfChildren", []string{"2"}},
		{"prs_Birthdate", []string{"", "2008-02-29"}, "prs_Birthdate", []string{"2008-02-29"}},
		{"hte_City", []string{"", "Puebla", "", " "}, "hte_City", []string{"", "Puebla"}},
		{"amp_Act", []string{"NoneFound"}, "amp_Act", []string{"NoneFound"}},
	} {
		c, err := one(tt.field, tt.values...)
		if got := c.Get(tt.id); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s %q is kept as %q, %v; want %q", tt.field, tt.values, got, err, tt.want)
		}
		if got := c.Get(tt.field); !slices.Equal(got, tt.want) {
			t.Errorf("Get(%s) = %q, want %q", tt.field, got, tt.want)
		}
		if got := c.Fields(); !slices.Equal(got, []string{tt.id}) {
			t.Errorf("Fields() = %q, want %s", got, tt.id)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	many := slices.Repeat([]string{"MEX"}, maxValues+1)
	for _, tt := range []struct {
		field  string
		values []string
		want   error
	}{
		{"prs_Birthdate", []string{"2007-02-29"}, ErrDate},
		{"prs_NumberOfChildren", []string{"51"}, ErrNumber},
		{"prs_NumberOfChildren", []string{"-1"}, ErrNumber},
		{"vic_AgeWhenTrafficked", []string{"1.5"}, ErrNumber},
		{"amp_RegistrationYear", []string{"1899"}, ErrNumber},
		{"org_ShippingLatitude", []string{"90.1"}, ErrPlace},
		{"org_ShippingLongitude", []string{"NaN"}, ErrPlace},
		{"org_ShippingLongitude", []string{"0x1"}, ErrPlace},
		{"prs_MobilePhone", []string{"055 1234"}, ErrPhone},
		{"prs_MobilePhone", []string{"+1234567890123456"}, ErrPhone},
		{"prs_Email", []string{secret}, ErrEmail},
		{"prs_Email", []string{"a@b@c.mx"}, ErrEmail},
		{"prs_Citizenship", []string{"mex"}, ErrCountry},
		{"prs_Citizenship", []string{"México"}, ErrCountry},
		{"prs_PrimaryLanguage", []string{"SPA"}, ErrLanguage},
		{"con_Consent", []string{"maybe"}, ErrCheckbox},
		{"prs_Gender", []string{secret}, ErrList},
		{"vic_MethodsOfControl", []string{"DebtBondage " + secret}, ErrList},
		{"prs_Gender", []string{"Feminine Masculine"}, ErrList},
		{"prs_Gender", []string{"Feminine", "Masculine"}, ErrMany},
		{"prs_FirstName", []string{"a\x00b"}, ErrText},
		{"prs_FirstName", []string{"a\xffb"}, ErrText},
		{"prs_FirstName", []string{"a\ufffdb"}, ErrText},
		{"prs_FirstName", []string{strings.Repeat("a", maxValue+1)}, ErrLimit},
		{"prs_Citizenship", many, ErrLimit},
		{"amp_Means", []string{"NoneFound", "Abduction"}, ErrNoneFound},
		{"prs_Shoe", []string{secret}, ErrField},
	} {
		c, err := one(tt.field, tt.values...)
		var e *FieldError
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Field != tt.field || e.Row != 0 {
			t.Errorf("%s %.40q: error is %v, want %v", tt.field, tt.values, err, tt.want)
		}
		if len(c.Fields()) != 0 || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: a wrong record is a case, or its value is told", tt.field)
		}
	}
	for _, fields := range []map[string][]string{nil, {"prs_FirstName": {" "}}, {"prs_FirstName": nil}} {
		if _, err := Parse(fields); !errors.Is(err, ErrEmpty) {
			t.Errorf("a record that holds nothing: error is %v", err)
		}
	}
}

func TestParseComplainsOnceAboutEverything(t *testing.T) {
	_, err := Parse(map[string][]string{
		"prs_Gender": {secret}, "prs_Birthdate": {"2026-13-01"}, "prs_MobilePhone": {"5"},
		"prs_FirstName": {"Ana"}, "prs_First_Name": {"Ana"}, secret: {"x"},
	})
	want := strings.Split(`htcds: unknown field: field is not in the code book
htcds: prs_Birthdate: date does not exist, or is not written as 2006-01-02
htcds: prs_FirstName: field is there twice
htcds: prs_Gender: value is not in the value list
htcds: prs_MobilePhone: phone number is not in the E.164 form`, "\n")
	got := strings.Split(err.Error(), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("error is\n%v\nwant\n%q", err, want)
	}
	if got := (&FieldError{7, "prs_Gender", ErrList}).Error(); got != "htcds: row 7, prs_Gender: value is not in the value list" {
		t.Errorf("error reads %q", got)
	}
}

// TestEveryValueOfEveryList reads each value by its name, its labels and its other
// spellings.
func TestEveryValueOfEveryList(t *testing.T) {
	for _, f := range Book().Fields() {
		if f.List == nil {
			continue
		}
		words := maps.Clone(f.List.Same)
		for _, v := range f.List.Values {
			words[v.Name], words[v.Label.ES], words[v.Label.EN] = v.Name, v.Name, v.Name
		}
		for word, want := range words {
			if c, err := one(f.ID, word); err != nil || !slices.Equal(c.Get(f.ID), []string{want}) {
				t.Errorf("%s %q is kept as %q, %v; want %s", f.ID, word, c.Get(f.ID), err, want)
			}
		}
	}
}

func TestGetGivesACopy(t *testing.T) {
	in := []string{"Ana"}
	c := parsed(t, map[string][]string{"prs_FirstName": in})
	in[0] = "x"
	c.Get("prs_FirstName")[0] = "y"
	if got := c.Get("prs_FirstName"); got[0] != "Ana" {
		t.Errorf("a reader changed a case to %q", got)
	}
	if c.Get("prs_SecondName") != nil || c.Get("nothing") != nil || (Case{}).Get("prs_FirstName") != nil || (Case{}).Fields() != nil {
		t.Error("something came from nothing")
	}
}

// TestCaseCannotBePrinted tries the ways in which a value reaches a log.
func TestCaseCannotBePrinted(t *testing.T) {
	c := parsed(t, map[string][]string{"prs_FirstName": {secret}})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, &c} {
			if got := fmt.Sprintf(verb, v); got != "[case]" {
				t.Errorf("%s of %T prints %s", verb, v, got)
			}
		}
		// fmt does not ask the methods of an unexported field.
		hidden := struct{ c Case }{c}
		for _, v := range []any{hidden, &hidden, []Case{c}, map[string]Case{"a": c}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, secret) || strings.Contains(got, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T prints the record", verb, v)
			}
		}
	}
	if c.String() != "[case]" || c.GoString() != "[case]" {
		t.Error("String or GoString says more than [case]")
	}

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "case", c)
	if !strings.Contains(log.String(), "case=[case]") {
		t.Errorf("slog as text writes %s", log.String())
	}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "case", c, "cases", []Case{c})
	xml.NewEncoder(&log).Encode(c)
	if strings.Contains(log.String(), secret) {
		t.Error("slog or xml writes the record")
	}
	for _, v := range []any{c, &c, []Case{c}} {
		if out, err := json.Marshal(v); !errors.Is(err, ErrSealed) || len(out) > 0 {
			t.Errorf("json.Marshal of %T: error is %v", v, err)
		}
		if err := gob.NewEncoder(&log).Encode(v); err == nil {
			t.Errorf("gob encodes a %T", v)
		}
	}
}
