package htcds

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestChecksAtTheirEdges tries each check on both sides of each of its bounds.
func TestChecksAtTheirEdges(t *testing.T) {
	for _, tt := range []struct {
		field string
		err   error
		good  []string
		bad   []string
	}{
		{
			"prs_MobilePhone", ErrPhone,
			[]string{"+12", "12", "+123456789012345", "+52 55 1234 5678", "(55)1234.5678"},
			[]string{"1", "+1", "+1234567890123456", "0055", "+0", "++52", "52+", "+52a", "٥٥١٢٣"},
		},
		{
			"prs_Email", ErrEmail,
			[]string{"a@b.mx", "a.b+c@d-e.org.mx", "ñ@ñ.mx"},
			[]string{"a", "@b.mx", "a@b", "a@.mx", "a@b.", "a@b@c.mx", "a b@c.mx", "a@b.mx,c@d.mx", strings.Repeat("a", 250) + "@b.mx"},
		},
		{
			"org_ShippingCountry", ErrCountry,
			[]string{"MX", "MEX", "XKX"},
			[]string{"M", "MEXI", "Mex", "mex", "M1", "484", "ÑÑ"},
		},
		{
			"prs_SecondaryLanguage", ErrLanguage,
			[]string{"es", "spa", "nah"},
			[]string{"s", "span", "Spa", "s1", "es-MX"},
		},
		{
			"prs_MailingLatitude", ErrPlace,
			[]string{"90", "-90", "90.0", "0", "-0.5", ".5", "19.432608"},
			[]string{"90.0001", "-91", "NaN", "Inf", "1e1", "0x1p1", "+1", "--1", ".", "-", "19,43", "1.2.3"},
		},
		{
			"hte_Longitude", ErrPlace,
			[]string{"180", "-180", "-99.133209"},
			[]string{"180.1", "-181", "nan", "99 W"},
		},
		{
			"prs_NumberOfChildren", ErrNumber,
			[]string{"0", "50"},
			[]string{"51", "-0", "+1", "1.0", "1e1", "two", "99999999999999999999"},
		},
		{
			"amp_AgeAtIdentification", ErrNumber,
			[]string{"0", "130"},
			[]string{"131", "-1", "17 years"},
		},
		{
			"amp_DurationMonths", ErrNumber,
			[]string{"0", "1200"},
			[]string{"1201", "0.5"},
		},
		{
			"amp_RegistrationYear", ErrNumber,
			[]string{"1900", "2100"},
			[]string{"1899", "2101", "26"},
		},
		{
			"prs_Deceased", ErrCheckbox,
			[]string{"TRUE", "1", "yes", "Sí", "si", "verdadero", "false", "0", "No", "FALSO"},
			[]string{"2", "t", "x", "ja"},
		},
		{
			"amp_ConsentInterview", ErrList,
			[]string{"Yes", "No", "Sí", "no"},
			[]string{"true", "NotRecorded", "?"},
		},
		{
			"cas_CaseOwner", ErrText,
			[]string{"a\tb", "a\nb", "a\rb", "\u00a0a", "م"},
			[]string{"a\x1bb", "\x7f", "a\u0085b", "\xc3\x28"},
		},
	} {
		for _, v := range tt.good {
			c, err := one(tt.field, v)
			if err != nil || len(c.Get(tt.field)) != 1 {
				t.Errorf("%s %q is refused: %v", tt.field, v, err)
				continue
			}
			// What is kept is read again as itself.
			if d, err := one(tt.field, c.Get(tt.field)...); err != nil || !same([]Case{c}, []Case{d}) {
				t.Errorf("%s %q is kept as another value the second time: %v", tt.field, v, err)
			}
		}
		for _, v := range tt.bad {
			if _, err := one(tt.field, v); !errors.Is(err, tt.err) {
				t.Errorf("%s %.40q: error is %v, want %v", tt.field, v, err, tt.err)
			}
		}
	}
}

// TestCleanIsDoneOnce tries the marks that hide at the ends of a text, in each
// order: what was trimmed once must not trim again.
func TestCleanIsDoneOnce(t *testing.T) {
	marks := []string{"", " ", "\ufeff", "\r", "\r\n", "\t", "\u00a0"}
	for _, a := range marks {
		for _, b := range marks {
			for _, c := range marks {
				got, err := clean(a + b + c + "x" + c + b + a)
				if err != nil || got != "x" {
					t.Errorf("%q x: cleaned to %q, %v", a+b+c, got, err)
				}
				inner, err := clean("x" + a + b + c + "y")
				again, _ := clean(inner)
				if err != nil || again != inner || strings.Contains(inner, "\r") {
					t.Errorf("x %q y: cleaned to %q and then to %q, %v", a+b+c, inner, again, err)
				}
			}
		}
	}
}

// TestEachKeepsPlaces holds the fields of a referral or an event together.
func TestEachKeepsPlaces(t *testing.T) {
	c := parsed(t, map[string][]string{
		"hte_City": {"Puebla", "", "Tijuana"},
		"hte_Date": {"", "2020-02-29", ""},
		"hte_Type": {"Recruitment", "Transit", "Exploitation"},
	})
	for id, want := range map[string][]string{
		"hte_City": {"Puebla", "", "Tijuana"},
		"hte_Date": {"", "2020-02-29"}, // nothing follows, so no place is lost
		"hte_Type": {"Recruitment", "Transit", "Exploitation"},
	} {
		if got := c.Get(id); !slices.Equal(got, want) {
			t.Errorf("%s = %q, want %q", id, got, want)
		}
	}
	for _, f := range formats {
		f.returns(t, []Case{c, c})
	}
	repeated := parsed(t, map[string][]string{"hte_Type": {"Transit", "Transit"}})
	if got := repeated.Get("hte_Type"); len(got) != 2 {
		t.Errorf("two events of one type became %q", got)
	}
}

// TestFieldErrorReads holds the four shapes of an error.
func TestFieldErrorReads(t *testing.T) {
	for want, e := range map[string]*FieldError{
		"htcds: row 7, prs_Gender: value is not in the value list": {7, "prs_Gender", ErrList},
		"htcds: prs_Gender: value is not in the value list":        {0, "prs_Gender", ErrList},
		"htcds: row 7: record holds nothing":                       {7, "", ErrEmpty},
		"htcds: record holds nothing":                              {0, "", ErrEmpty},
	} {
		if e.Error() != want {
			t.Errorf("error reads %q, want %q", e.Error(), want)
		}
	}
	for _, e := range allErrors {
		if s := e.Error(); strings.HasSuffix(s, ".") || s == "" {
			t.Errorf("error ends with a stop: %q", s)
		}
	}
}

func TestUnknownIDsAreHidden(t *testing.T) {
	for id, want := range map[string]string{
		"prs_Shoe": "prs_Shoe", "prs_First_name": "prs_First_name",
		"Ana_Lopez": "unknown field", "ana_lopez": "unknown field", "PRS_FirstName": "unknown field",
		"Ana": "unknown field", "ana@b.mx": "unknown field", "prs_": "unknown field", "prs_1980": "unknown field",
		"prs_" + strings.Repeat("a", 61): "unknown field", "": "unknown field", "prs_Ana López": "unknown field",
	} {
		if got := safeID(id); got != want {
			t.Errorf("safeID(%q) = %q, want %q", id, got, want)
		}
	}
}
