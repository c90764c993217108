package htcds_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"amparo/htcds"
)

func ExampleParse() {
	c, err := htcds.Parse(map[string][]string{
		"prs_First_Name":         {"Ana"}, // as the XLSForm of the standard writes it
		"vic_Methods_of_Control": {"DebtBondage ", "ThreatOfLawEnforcement"},
		"amp_Act":                {"Recruitment"},
	})
	fmt.Println(err)
	fmt.Println(c, c.Fields())
	fmt.Println(c.Get("vic_MethodsOfControl"))
	// Output:
	// <nil>
	// [case] [prs_FirstName vic_MethodsOfControl amp_Act]
	// [DebtBondage ThreatsLawEnforcement]
}

func ExampleParseCSV() {
	const file = `prs_FirstName,prs_Gender,prs_Birthdate
Ana,Femenino,2001-02-03
Eva,Mujer,2001-02-30
`
	_, err := htcds.ParseCSV(strings.NewReader(file), htcds.Limits{})
	fmt.Println(err)
	fmt.Println(errors.Is(err, htcds.ErrDate))
	var first *htcds.FieldError
	if errors.As(err, &first) {
		fmt.Println(first.Row, first.Field)
	}
	// Output:
	// htcds: row 3, prs_Birthdate: date does not exist, or is not written as 2006-01-02
	// htcds: row 3, prs_Gender: value is not in the value list
	// true
	// 3 prs_Birthdate
}

func ExampleEncodeJSON() {
	cases, err := htcds.ParseCSV(strings.NewReader("prs_FirstName,prs_Citizenship\nAna,MEX;GTM\nEva,\n"), htcds.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	htcds.EncodeJSON(os.Stdout, cases)
	// Output:
	// [
	// {"prs_FirstName": "Ana", "prs_Citizenship": ["MEX","GTM"]},
	// {"prs_FirstName": "Eva"}
	// ]
}

func ExampleEncodeCSV() {
	c, err := htcds.Parse(map[string][]string{
		"prs_FirstName":               {"Ana; María"},
		"cas_ReferredOrganisation":    {"Casa A", "Casa B; sur"},
		"cas_OutgoingReferralDate":    {"", "2020-01-02"}, // of the second referral
		"cas_OutgoingReferralDetails": {"x"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	htcds.EncodeCSV(os.Stdout, []htcds.Case{c})
	// Output:
	// prs_FirstName,cas_ReferredOrganisation,cas_OutgoingReferralDate,cas_OutgoingReferralDetails
	// Ana; María,Casa A;Casa B\; sur,;2020-01-02,x
}

func ExampleLint() {
	found := htcds.Lint(nil, []htcds.Choice{
		{List: "status", Name: "Active", Label: "Active"},
		{List: "status", Name: "FollowUp ", Label: "Follow Up"},
		{List: "status", Name: "Shut", Label: "Shut"},
		{List: "relationship", Name: "Unacquainted", Label: "Unacquainted"},
	})
	for _, f := range found {
		fmt.Printf("%s: %s\n  %s\n  %s\n", f.Place, f.Defect, f.Cure.ES, f.Cure.EN)
	}
	// Output:
	// status/FollowUp: choice has a space at an end
	//   Quite el espacio del nombre.
	//   Take the space out of the name.
	// status/Shut: choice is not in the value list
	//   Use un valor de la lista case_status.
	//   Use a value of the list case_status.
	// relationship/Unacquainted: id or value has another spelling
	//   La palabra es Unacquainted; el estándar escribe Unaquainted. Guarde ese nombre y corrija la etiqueta.
	//   The word is Unacquainted; the standard writes Unaquainted. Keep that name and mend the label.
	// status: value list is not whole
	//   Faltan: Closed, ClosedReferred.
	//   Missing: Closed, ClosedReferred.
	// relationship: value list is not whole
	//   Faltan: Familial, Acquainted.
	//   Missing: Familial, Acquainted.
}
