package htcds

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseCSVReadsWhatPeopleSend(t *testing.T) {
	want := []Case{
		parsed(t, map[string][]string{"prs_FirstName": {"Ana"}, "vic_MethodsOfControl": {"DebtBondage", "Threats"}}),
		parsed(t, map[string][]string{"prs_FirstName": {"a;b"}}),
	}
	for name, tt := range map[string]struct {
		text   string
		limits Limits
	}{
		"plain":          {"prs_FirstName,vic_MethodsOfControl\nAna,DebtBondage;Threats\na;b,\n", Limits{}},
		"byte order":     {"\ufeffprs_FirstName,vic_MethodsOfControl\nAna,DebtBondage;Threats\na;b,\n", Limits{}},
		"blank rows":     {"prs_FirstName,vic_MethodsOfControl\n,\nAna,DebtBondage;Threats\n,\n\na;b,\n,", Limits{}},
		"toolkit ids":    {"prs_First_Name,vic_Methods_of_Control\r\nAna,DebtBondage Threats\r\na;b,", Limits{}},
		"labels":         {"prs_FirstName,vic_MethodsOfControl\nFirst Name,Métodos de control\nAna,DebtBondage;Threats\na;b,\n", Limits{}},
		"empty column":   {"prs_FirstName,,vic_MethodsOfControl\nFirst Name,Consent,Methods of Control\nAna,,DebtBondage;Threats\na;b,,\n", Limits{}},
		"semicolons":     {"prs_FirstName;vic_MethodsOfControl\nAna;\"DebtBondage;Threats\"\n\"a;b\";\n", Limits{Comma: ';'}},
		"labels as data": {"prs_FirstName,vic_MethodsOfControl\nAna,servidumbre por deudas;Amenazas\na;b,\n", Limits{}},
	} {
		got, err := ParseCSV(strings.NewReader(tt.text), tt.limits)
		if err != nil || !same(got, want) {
			t.Errorf("%s: not read: %v", name, err)
		}
	}
}

func TestParseCSVSaysWhere(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		is         error
	}{
		{"", "htcds: row 1: record has not the right shape", ErrShape},
		{"prs_FirstName\n\"" + secret, "htcds: row 2: record has not the right shape", ErrShape},
		{secret + ",1999-01-01\n", "htcds: row 1, column 1: field is not in the code book\nhtcds: row 1, column 2: field is not in the code book", ErrField},
		{"prs_Shoe\n", "htcds: row 1, column 1 prs_Shoe: field is not in the code book", ErrField},
		{"prs_FirstName,prs_First_Name\n", "htcds: row 1, prs_FirstName: field is there twice", ErrTwice},
		{"prs_FirstName,prs_Gender\nAna\nAna,Feminine\n", "htcds: row 2: record has not the right shape", ErrShape},
		{"prs_FirstName,\nAna,\nAna," + secret + "\n", "htcds: row 3, column 2: field is not in the code book", ErrField},
		{"prs_FirstName,prs_Gender\nAna,Feminine\n,,\nAna," + secret + "\n" + secret + ",x\n",
			"htcds: row 4, prs_Gender: value is not in the value list\nhtcds: row 5, prs_Gender: value is not in the value list", ErrList},
		{"vic_TypeOfSexExploitation,hte_Date\n;,;\n", "htcds: row 2: record holds nothing", ErrEmpty},
	} {
		cases, err := ParseCSV(strings.NewReader(tt.text), Limits{})
		if fmt.Sprint(err) != tt.want || !errors.Is(err, tt.is) || cases != nil {
			t.Errorf("%q: error is\n%v\nwant\n%s", tt.text, err, tt.want)
		}
	}
}

// excelIDs and excelLabels are the columns of the official spreadsheet, version
// 2.0, around the postal address, where the labels are one column off.
const (
	excelIDs    = "prs_MailingCity,prs_MailingCountry,prs_MailingState,prs_MailingStreet,prs_MailingPostalCode,"
	excelLabels = "Mailing Street,Mailing City,Mailing State/Province,Mailing Zip/Postal Code,Mailing Country,Reason for Outgoing Referral"
)

func TestOfficialSpreadsheetIsRefusedWithReason(t *testing.T) {
	_, err := ParseCSV(strings.NewReader(excelIDs+"\n"+excelLabels+"\n"), Limits{})
	if !errors.Is(err, ErrLabel) || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four labels of the address are off; error is %v", err)
	}
	ids, labels := strings.Split(excelIDs, ","), strings.Split(excelLabels, ",")
	var headers []Header
	for i := range ids {
		headers = append(headers, Header{ID: ids[i], Label: labels[i]})
	}
	found := Lint(headers, nil)
	for _, place := range []string{"#1 prs_MailingCity", "#2 prs_MailingCountry", "#4 prs_MailingStreet", "#5 prs_MailingPostalCode"} {
		if !has(t, found, place, DefectLabel) {
			t.Errorf("%s: wrong label is not found", place)
		}
	}
	if has(t, found, "#3 prs_MailingState", DefectLabel) || !has(t, found, "#6", DefectNoID) {
		t.Error("the sound label is blamed, or the column without an id is not found")
	}
}

func TestParseJSONReadsAndRefuses(t *testing.T) {
	text := `[{"prs_FirstName": "Ana", "prs_NumberOfChildren": 2, "con_Consent": true, "prs_Citizenship": ["MEX", "GT"], "prs_Email": null, "hte_City": ["", null, "x"]}]`
	want := parsed(t, map[string][]string{
		"prs_FirstName": {"Ana"}, "prs_NumberOfChildren": {"2"}, "con_Consent": {"true"},
		"prs_Citizenship": {"MEX", "GT"}, "hte_City": {"", "", "x"},
	})
	if got, err := ParseJSON(strings.NewReader(text), Limits{}); err != nil || !same(got, []Case{want}) {
		t.Errorf("not read: %v", err)
	}
	if got, err := ParseJSON(strings.NewReader(" [ ] \n"), Limits{}); err != nil || len(got) != 0 {
		t.Errorf("an empty array: %v", err)
	}
	for _, tt := range []struct {
		text, want string
		is         error
	}{
		{``, "htcds: record has not the right shape", ErrShape},
		{`{}`, "htcds: record has not the right shape", ErrShape},
		{`[1]`, "htcds: row 1: record has not the right shape", ErrShape},
		{`[{}]`, "htcds: row 1: record holds nothing", ErrEmpty},
		{`[{"prs_FirstName":{"` + secret + `":1}}]`, "htcds: row 1, prs_FirstName: record has not the right shape", ErrShape},
		{`[{"prs_FirstName":[["` + secret + `"]]}]`, "htcds: row 1, prs_FirstName: record has not the right shape", ErrShape},
		{`[{"prs_FirstName":"` + secret, "htcds: row 1: record has not the right shape", ErrShape},
		{`[{"prs_FirstName":"a"}] x`, "htcds: row 2: record has not the right shape", ErrShape},
		{`[{"prs_FirstName":"a","prs_FirstName":"b"}]`, "htcds: row 1, prs_FirstName: field is there twice", ErrTwice},
		{`[{"` + secret + `":"b"}]`, "htcds: row 1, unknown field: field is not in the code book", ErrField},
		{`[{"prs_FirstName":"\ud800"}]`, "htcds: row 1, prs_FirstName: text is not valid UTF-8, or holds control characters", ErrText},
		{`[{"prs_Gender":"x","con_Consent":2},{"prs_Gender":"x"}]`, "htcds: row 1, con_Consent: value is neither true nor false\nhtcds: row 1, prs_Gender: value is not in the value list\nhtcds: row 2, prs_Gender: value is not in the value list", ErrCheckbox},
		{strings.Repeat("[", 1e5), "htcds: row 1: record has not the right shape", ErrShape},
	} {
		cases, err := ParseJSON(strings.NewReader(tt.text), Limits{})
		if fmt.Sprint(err) != tt.want || !errors.Is(err, tt.is) || cases != nil {
			t.Errorf("%.60q: error is\n%v\nwant\n%s", tt.text, err, tt.want)
		}
	}
}

// TestParseDate compares every day of the calendar, counted by its rules, with
// every text that could be one.
func TestParseDate(t *testing.T) {
	month := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	days, last := 0, Date{}
	for y := 1890; y <= 2110; y++ {
		for m := range 14 {
			for d := range 33 {
				got, err := ParseDate(fmt.Sprintf("%04d-%02d-%02d", y, m, d))
				want := y >= 1900 && y <= 2100 && m >= 1 && m <= 12 && d >= 1 &&
					(d <= month[(m+11)%12] || m == 2 && d == 29 && y%4 == 0 && y != 1900 && y != 2100)
				if (err == nil) != want {
					t.Fatalf("%04d-%02d-%02d: %v", y, m, d, err)
				}
				if err != nil {
					continue
				}
				if days++; got.Compare(last) != 1 || last.Compare(got) != -1 || got.Compare(got) != 0 {
					t.Fatalf("%v is not after %v", got, last)
				}
				last = got
			}
		}
	}
	if days != 201*365+49 {
		t.Errorf("the calendar has %d days, want %d", days, 201*365+49)
	}
	for _, bad := range []string{"", "2020-1-01", "01/02/2020", "2020-01-0a", "+020-01-01", "2020-01-01T", "２020-01-01"} {
		if _, err := ParseDate(bad); err != ErrDate {
			t.Errorf("%q: error is %v", bad, err)
		}
	}
}
