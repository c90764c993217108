package htcds

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// told stands in wrong values and unknown columns, and may stand in no error. It has
// the shape of a field id, which must not help it out.
const told = "Ana_Xochitl"

// wrong returns a value that the field's check refuses, and the error that says so.
// Every one holds what was told.
func wrong(f Field) (values []string, err error) {
	for check, want := range map[string]error{
		"@text": ErrText, "@date": ErrDate, "@checkbox": ErrCheckbox, "@phone": ErrPhone, "@email": ErrEmail, "@country": ErrCountry,
		"@language": ErrLanguage, "@latitude": ErrPlace, "@longitude": ErrPlace,
	} {
		if f.List == nil && f.Check == check {
			err = want
		}
	}
	switch {
	case f.List != nil:
		err = ErrList
	case strings.HasPrefix(f.Check, "@number"):
		err = ErrNumber
	}
	if errors.Is(err, ErrText) {
		return []string{told + "\x00"}, err
	}
	return []string{told}, err
}

// TestParseReportsAllThatIsWrong: of random records in which any fields are wrong, each
// in its own way, beside columns that nobody knows, every one is told, once, with why;
// no right field is, and nothing that was told is said. By Parse, and by both forms.
func TestParseReportsAllThatIsWrong(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	fields := Book().Fields()
	for range 400 {
		record, want := map[string][]string{}, map[string]error{}
		good := invent(r)
		for _, f := range fields {
			if r.IntN(12) > 0 {
				if v := good.Get(f.ID); v != nil {
					record[f.ID] = v
				}
				continue
			}
			record[f.ID], want[f.ID] = wrong(f)
			switch {
			case r.IntN(5) == 0 && f.Many == One && f.List != nil:
				record[f.ID], want[f.ID] = []string{f.List.Values[0].Name, f.List.Values[1].Name}, ErrMany
			case r.IntN(5) == 0 && f.List != nil && f.Many == Multi && f.List.Values[len(f.List.Values)-1].Name == "NoneFound":
				record[f.ID], want[f.ID] = []string{"NoneFound", f.List.Values[0].Name}, ErrNoneFound
			}
		}
		if r.IntN(3) == 0 {
			record[told], want["unknown field"] = []string{told}, ErrField
		}
		if r.IntN(3) == 0 {
			record["prs_Shoe"], want["prs_Shoe"] = []string{told}, ErrField
		}
		_, err := Parse(record)
		got := map[string]error{}
		for _, e := range faultsOf(t, err) {
			if _, twice := got[e.Field]; twice {
				t.Fatalf("%s is told twice: %v", e.Field, err)
			}
			got[e.Field] = e.Err
		}
		if !maps.Equal(got, want) {
			t.Fatalf("told %v, want %v", got, want)
		}
		if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "Xochitl") {
			t.Fatalf("a value is said: %v", err)
		}
	}
}

// faultsOf takes a joined error apart.
func faultsOf(t *testing.T, err error) (out []*FieldError) {
	t.Helper()
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var f *FieldError
		if !errors.As(e, &f) {
			t.Fatalf("an error without a place: %v", e)
		}
		out = append(out, f)
	}
	return out
}

// FuzzParse: lines «field=value;value» in which % is what a person told. Parse does not
// panic, says nothing that was told, and what it takes it takes again as it is.
func FuzzParse(f *testing.F) {
	f.Add("prs_FirstName=%\nprs_Gender=%")
	f.Add("%=1\nprs_Birthdate=%;2020-01-01\nvic_MethodsOfControl=DebtBondage %")
	f.Add("hte_City=;%;\nhte_Date=;2020-02-29\namp_Means=NoneFound;Abduction")
	f.Add("prs_First_Name=a\nprs_FirstName=b\nprs_Email=%@x.mx\nprs_%=1\ncon_Consent=%")
	f.Add("org_ShippingLatitude=1e9%\nprs_NumberOfChildren=-1\nprs_MobilePhone=+% 1\nprs_Citizenship=M%")
	f.Fuzz(func(t *testing.T, text string) {
		fields := map[string][]string{}
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "%", told), "\n") {
			id, values, _ := strings.Cut(line, "=")
			fields[id] = append(fields[id], strings.Split(values, ";")...)
		}
		c, err := Parse(fields)
		if err != nil {
			for _, e := range faultsOf(t, err) {
				if !slices.Contains(allErrors, e.Err) || e.Row != 0 {
					t.Fatalf("%v", e)
				}
			}
			if strings.Contains(err.Error(), "Xochitl") && !strings.Contains(text, "Xochitl") && !slices.ContainsFunc(slices.Collect(maps.Keys(fields)), Book().likeID) {
				t.Fatalf("a value is said: %v", err)
			}
			return
		}
		again := map[string][]string{}
		for _, id := range c.Fields() {
			again[id] = c.Get(id)
		}
		d, err := Parse(again)
		if err != nil || !same([]Case{c}, []Case{d}) {
			t.Fatalf("taken, and then not: %v", err)
		}
		for _, f := range formats {
			f.returns(t, []Case{c})
		}
	})
}

// TestStreamsSayNothingThatWasTold: what stands in a CSV or JSON, in any place, stands
// in no error: as a header, a value, a label, behind a broken quote, nested, or alone.
func TestStreamsSayNothingThatWasTold(t *testing.T) {
	for i, texts := range [][]string{
		{"%\n1\n", "%,prs_Gender\n1,x\n", "prs_Gender\n%\n", "prs_Gender,\nFeminine,%\n", "prs_FirstName,prs_LastName\nTitle,%\n", "prs_Gender\n\"%\n", "prs_Gender\na\"%\"\n", "prs_Gender\n%,%\n",
			"prs_MailingCity,prs_MailingStreet\nMailing Street,%\n", "prs_FirstName,prs_FirstName\n%,%\n", "prs_%\nx\n"},
		{"%", `["%"]`, `[{"%":1}]`, `[{"prs_Gender":"%"}]`, `[{"prs_Gender":{"%":1}}]`, `[{"prs_Gender":["%",["%"]]}]`, `[{"prs_FirstName":"%"`, `[{"prs_FirstName":"a"}] %`, `[{%:1}]`, `[{"prs_FirstName":%}]`, `[{"%":{"a":1}}]`, `[{"%":[["a"]]}]`, `[{"%":1,"%":2}]`, `[{"prs_NumberOfChildren":1e999,"prs_Gender":"%"}]`},
	} {
		for _, text := range texts {
			text = strings.ReplaceAll(text, "%", told)
			cases, err := formats[i].parse(strings.NewReader(text), Limits{})
			if err == nil {
				if len(cases) == 0 {
					t.Errorf("%s: %q is taken for nothing", formats[i].name, text)
				}
				continue
			}
			if strings.Contains(err.Error(), "Xochitl") && !strings.HasPrefix(text, "prs_"+told) {
				t.Errorf("%s: %q: %v", formats[i].name, text, err)
			}
		}
	}
}

// TestBookHoldsTheStandardAndNoMore: of each field of the standard the type, and of each
// list the values, neither fewer nor more, but for the three methods of control that only
// its definitions have.
func TestBookHoldsTheStandardAndNoMore(t *testing.T) {
	types := map[string]string{"Text": "T", "Long Text": "LT", "Date": "D", "Number": "N", "Checkbox": "C", "Picklist": "P", "Multiselect Picklist": "MP", "Geolocation": "G"}
	seen := map[string]bool{}
	for _, row := range toolkit(t, "htcds_fields.csv") {
		f, ok := Book().Field(row[0])
		if !ok {
			continue
		}
		seen[f.ID] = true
		switch want, plain := types[row[7]]; {
		case plain && f.Type != want, strings.HasPrefix(row[7], "Lookup") && f.Type != "L", row[7] == "Picklist or Text" && f.Type != "P" && f.Type != "T":
			t.Errorf("%s has type %s, in the standard %s", f.ID, f.Type, row[7])
		}
		if f.List == nil || row[9] == "" {
			continue
		}
		var names []string
		for _, v := range f.List.Values {
			if f.List.Name != "control" || !slices.Contains([]string{"Threats", "RestrictsMovement", "UsesChildren"}, v.Name) {
				names = append(names, v.Name)
			}
		}
		want := strings.Split(row[9], "|")
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("%s: %v, in the standard %v", f.ID, names, want)
		}
	}
	for _, f := range Book().Fields() {
		if f.Standard != seen[f.ID] {
			t.Errorf("%s: in the standard %v, in the book %v", f.ID, seen[f.ID], f.Standard)
		}
	}
}

// TestChoicesOfTheToolkitAreTaken: every choice that the official form offers can be
// entered into the field that offers it.
func TestChoicesOfTheToolkitAreTaken(t *testing.T) {
	fields := map[string]string{"citizenship": "prs_Citizenship", "consent": "con_Consent", "status": "cas_Status"}
	tried := 0
	for _, row := range toolkit(t, "htcds_xlsform_choices.csv") {
		id := fields[row[0]]
		if id == "" {
			f := fieldOfList(row[0])
			if f == nil {
				t.Errorf("no field has the choices %s", row[0])
				continue
			}
			id = f.ID
		}
		if tried++; row[1] != strings.ToUpper(row[1]) || row[0] != "citizenship" {
			if c, err := one(id, row[1]); err != nil || len(c.Get(id)) != 1 {
				t.Errorf("%s does not take %s of %s: %v", id, row[1], row[0], err)
			}
		} else if _, err := one(id, row[1]); err != nil {
			t.Errorf("%s does not take the country %s", id, row[1])
		}
	}
	if tried < 300 {
		t.Errorf("%d choices were tried", tried)
	}
}

// sound is the code book as a form without defects, and every list as choices.
func sound() (headers []Header, choices []Choice) {
	for _, f := range Book().Fields() {
		h := Header{ID: f.ID, Label: f.Label.EN}
		if f.List != nil {
			h.Type = map[bool]string{true: "select_one ", false: "select_multiple "}[f.Many == One] + f.ID
			for _, v := range f.List.Values {
				choices = append(choices, Choice{f.ID, v.Name, v.Label.EN})
			}
		}
		headers = append(headers, h)
	}
	return headers, choices
}

// TestEachPlantedDefectIsFoundAlone: into a form without defects one is put, at
// fields and values of every kind; it is found there, and nothing else is but what
// follows from it.
func TestEachPlantedDefectIsFoundAlone(t *testing.T) {
	find := func(headers []Header, choices []Choice) (out []string) {
		for _, f := range Lint(headers, choices) {
			if f.Cure.ES == "" || f.Cure.EN == "" {
				t.Errorf("%s: %s without a cure", f.Place, f.Defect)
			}
			// The standard's own misspelling is told of every form that has it.
			if f.Defect != DefectSpelling || !strings.HasSuffix(f.Place, "/Unaquainted") {
				out = append(out, f.Place+": "+string(f.Defect))
			}
		}
		slices.Sort(out)
		return out
	}
	headers, choices := sound()
	if got := find(headers, choices); len(got) > 0 {
		t.Fatalf("a form without defects: %v", got)
	}
	check := func(what string, h []Header, c []Choice, want ...string) {
		t.Helper()
		slices.Sort(want)
		if got := find(h, c); !slices.Equal(got, want) {
			t.Errorf("%s: found %q, want %q", what, got, want)
		}
	}
	for i, h := range headers {
		f, _ := Book().Field(h.ID)
		if i%9 > 0 && (f.List == nil || i%3 > 0) {
			continue // a few of each kind will do
		}
		place := fmt.Sprintf("#%d %s", i+1, h.ID)
		with := func(change Header) []Header {
			out := slices.Clone(headers)
			out[i] = change
			return out
		}
		missing := func() (out []string) { // what follows where the field is not there
			if f.Core && !f.Deprecated {
				out = append(out, f.ID+": "+string(DefectCore))
			}
			if slices.Contains(statistics, f.ID) && f.ID != "amp_RegistrationDate" {
				out = append(out, f.ID+": "+string(DefectFigures))
			}
			return out
		}
		check("a column twice", append(slices.Clone(headers), h), choices, fmt.Sprintf("#%d %s: %s", len(headers)+1, h.ID, DefectTwice))
		check("an id left out", with(Header{Label: h.Label}), choices, append(missing(), fmt.Sprintf("#%d: %s", i+1, DefectNoID))...)
		check("an unknown id", with(Header{ID: "prs_Shoe"}), choices, append(missing(), fmt.Sprintf("#%d prs_Shoe: %s", i+1, DefectUnknown))...)
		other := headers[(i+1)%len(headers)]
		if !f.labelled(other.Label) {
			check("the label of another", with(Header{h.ID, other.Label, h.Type}), choices, place+": "+string(DefectLabel))
		}
		if f.List != nil {
			check("free text for a list", with(Header{h.ID, h.Label, "text"}), choices, place+": "+string(DefectType))
		}
		if f.List != nil && f.Many != Each {
			swapped := strings.NewReplacer("select_one", "select_multiple", "select_multiple", "select_one").Replace(h.Type)
			check("one for many", with(Header{h.ID, h.Label, swapped}), choices, place+": "+string(DefectType))
		}
	}
	for i, c := range choices {
		f, _ := Book().Field(c.List)
		if i%11 > 0 && !slices.Contains(slices.Collect(maps.Values(f.List.Same)), c.Name) {
			continue
		}
		with := func(change Choice) []Choice {
			out := slices.Clone(choices)
			out[i] = change
			return out
		}
		value := c.List + "/" + c.Name
		if c.Name != "Unaquainted" {
			check("a space", headers, with(Choice{c.List, c.Name + " ", c.Label}), value+": "+string(DefectSpace))
			check("a value left out", headers, slices.Delete(slices.Clone(choices), i, i+1), c.List+": "+string(DefectShort))
			check("a value of no list", headers, with(Choice{c.List, "Hunger", ""}), c.List+"/Hunger: "+string(DefectChoice), c.List+": "+string(DefectShort))
		}
		for from, to := range f.List.Same {
			if to == c.Name && c.Name != "Unaquainted" {
				check("another spelling", headers, with(Choice{c.List, from, c.Label}), c.List+"/"+strings.TrimSpace(from)+": "+string(DefectSpelling))
			}
		}
	}
	check("a tourist's definition", headers, append(slices.Clone(choices), Choice{"migrant", "Family_Migrant", ""}), "migrant/Family_Migrant: "+string(DefectMeaning))
}
