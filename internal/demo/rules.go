package demo

import (
	"slices"

	"amparo/microdata"
)

// A Rule is something that holds in every record: where at least one condition
// of When holds, or When is empty, at least one of Then does.
type Rule struct {
	ID   string
	Text microdata.Text
	When []Condition
	Then []Condition
}

// A Condition says that a column has one of some values, as they are spelled in
// files ("" is blank).
type Condition struct {
	Column string
	Values []string
}

// Rules lists the rules of the invented records. None is ever broken, whatever
// the seed and the number of records.
var Rules = []Rule{
	{ID: "child-age", Text: microdata.Text{
		"es": "Una niña, un niño o adolescente tiene menos de 18 años, o no consta su edad.",
		"en": "A child is under 18, or the age is not recorded."},
		When: []Condition{{"majorityStatus", []string{"Minor"}}},
		Then: []Condition{{"ageBand", []string{"0--8", "9--17", "Unknown", "Refused"}}}},
	{ID: "age-child", Text: microdata.Text{
		"es": "Quien tiene menos de 18 años es una niña, un niño o adolescente.",
		"en": "Whoever is under 18 is a child."},
		When: []Condition{{"ageBand", []string{"0--8", "9--17"}}},
		Then: []Condition{{"majorityStatus", []string{"Minor"}}}},
	{ID: "adult-age", Text: microdata.Text{
		"es": "Una persona adulta tiene 18 años o más, o no consta su edad.",
		"en": "An adult is 18 or over, or the age is not recorded."},
		When: []Condition{{"majorityStatus", []string{"Adult"}}},
		Then: []Condition{{"ageBand", append(adultBands(), "Unknown", "Refused")}}},
	{ID: "age-adult", Text: microdata.Text{
		"es": "Quien tiene 18 años o más es una persona adulta.",
		"en": "Whoever is 18 or over is an adult."},
		When: []Condition{{"ageBand", adultBands()}},
		Then: []Condition{{"majorityStatus", []string{"Adult"}}}},
	{ID: "means-recorded", Text: microdata.Text{
		"es": "Un medio de control solo está marcado si los medios de control se registraron.",
		"en": "A means of control is marked only where the means of control were recorded."},
		When: marked(meansColumns),
		Then: []Condition{{"meansOfControl", []string{"Recorded"}}}},
	{ID: "recorded-means", Text: microdata.Text{
		"es": "Si los medios de control se registraron, hay al menos uno marcado.",
		"en": "Where the means of control were recorded, at least one is marked."},
		When: []Condition{{"meansOfControl", []string{"Recorded"}}},
		Then: marked(meansColumns)},
	{ID: "means-child", Text: microdata.Text{
		"es": "Los medios de control solo dejan de corresponder en la niñez: allí no se exigen (Protocolo de Palermo, art. 3 c).",
		"en": "Means of control are not applicable only for a child: there they are not required (Palermo Protocol, Art. 3(c))."},
		When: []Condition{{"meansOfControl", []string{"NotApplicable"}}},
		Then: []Condition{{"majorityStatus", []string{"Minor"}}}},
	{ID: "some-form", Text: microdata.Text{
		"es": "Hay al menos una forma de explotación registrada.",
		"en": "At least one form of exploitation is recorded."},
		Then: marked(formColumns)},
	{ID: "labour-industry", Text: microdata.Text{
		"es": "Si hay trabajo o servicios forzados, corresponde un sector, aunque no se sepa cuál.",
		"en": "Where there is forced labour there is an industry, known or not."},
		When: marked([]string{"formForcedLabour"}),
		Then: []Condition{{"industry", append(industries(), "Unknown")}}},
	{ID: "industry-labour", Text: microdata.Text{
		"es": "Solo hay sector si hay trabajo o servicios forzados.",
		"en": "There is an industry only where there is forced labour."},
		When: []Condition{{"industry", append(industries(), "Unknown")}},
		Then: marked([]string{"formForcedLabour"})},
	{ID: "not-begun-duration", Text: microdata.Text{
		"es": "Si la explotación no llegó a ocurrir, no tiene duración.",
		"en": "Exploitation that had not begun has no duration."},
		When: []Condition{{"countryOfExploitation", []string{"NotApplicable"}}},
		Then: []Condition{{"durationMonths", []string{"NotApplicable"}}}},
	{ID: "duration-not-begun", Text: microdata.Text{
		"es": "La duración solo deja de corresponder si la explotación no llegó a ocurrir.",
		"en": "A duration is not applicable only where exploitation had not begun."},
		When: []Condition{{"durationMonths", []string{"NotApplicable"}}},
		Then: []Condition{{"countryOfExploitation", []string{"NotApplicable"}}}},
	{ID: "not-begun-act", Text: microdata.Text{
		"es": "Si la explotación no llegó a ocurrir, el acto principal no es acogida ni recepción.",
		"en": "Where exploitation had not begun, the main act is neither harbouring nor receipt."},
		When: []Condition{{"countryOfExploitation", []string{"NotApplicable"}}},
		Then: []Condition{{"act", []string{"Recruitment", "Transportation", "Transfer", "Unknown", "NotAsked"}}}},
	{ID: "service-received", Text: microdata.Text{
		"es": "Un servicio solo está marcado si se recibió asistencia.",
		"en": "A service is marked only where assistance was received."},
		When: marked(serviceColumns),
		Then: []Condition{{"assistance", []string{"Received"}}}},
	{ID: "received-service", Text: microdata.Text{
		"es": "Si se recibió asistencia, hay al menos un servicio marcado.",
		"en": "Where assistance was received, at least one service is marked."},
		When: []Condition{{"assistance", []string{"Received"}}},
		Then: marked(serviceColumns)},
	{ID: "prosecution-form", Text: microdata.Text{
		"es": "El formulario de la fiscalía no pregunta por la asistencia.",
		"en": "The prosecution service's form does not ask about assistance."},
		When: []Condition{{"sourceCategory", []string{"Prosecution"}}},
		Then: []Condition{{"assistance", []string{"NotAsked"}}}},
	{ID: "young-recruiter", Text: microdata.Text{
		"es": "Con menos de 9 años, quien captó no es pareja, empleador ni contacto por internet.",
		"en": "Under 9, the recruiter is no partner, employer or online contact."},
		When: []Condition{{"ageBand", []string{"0--8"}}},
		Then: []Condition{{"recruiterRelation", []string{"Family", "Friend", "Acquaintance", "NoRelation", "Unknown", "NotAsked", "Refused"}}}},
	{ID: "young-industry", Text: microdata.Text{
		"es": "Con menos de 9 años, el sector es el campo, el comercio o el hogar, o no consta o no corresponde.",
		"en": "Under 9, the industry is land and sea, trade or a household, or is not recorded or not applicable."},
		When: []Condition{{"ageBand", []string{"0--8"}}},
		Then: []Condition{{"industry", []string{"A_AgricultureForestryAndFishing", "G_WholesaleAndRetailTradeRepairOfMotorVehicles",
			"T_ActivitiesOfHouseholdsAsEmployers", "Unknown", "NotApplicable"}}}},
}

var (
	meansColumns = []string{"meansThreatOrForce", "meansFalsePromises", "meansDebtBondage",
		"meansWithholdsDocuments", "meansRestrictsMovement", "meansAbuseOfVulnerability"}
	formColumns = []string{"formForcedLabour", "formSexualExploitation", "formForcedMarriage",
		"formForcedBegging", "formForcedCriminality", "formOrganRemoval", "formOther"}
	serviceColumns = []string{"assistanceAccommodation", "assistanceHealth", "assistanceLegal", "assistanceReturn"}
)

func adultBands() []string {
	return []string{"18--20", "21--23", "24--26", "27--29", "30--38", "39--47", "48+"}
}

func industries() []string {
	return []string{"A_AgricultureForestryAndFishing", "B_MiningAndQuarrying", "C_Manufacturing", "F_Construction",
		"G_WholesaleAndRetailTradeRepairOfMotorVehicles", "I_AccommodationAndFoodServiceActivities",
		"T_ActivitiesOfHouseholdsAsEmployers", "S_OtherServiceActivities"}
}

// marked returns a condition for each indicator column.
func marked(columns []string) []Condition {
	out := make([]Condition, len(columns))
	for i, c := range columns {
		out[i] = Condition{c, []string{"1"}}
	}
	return out
}

// Holds says whether a record keeps the rule. The function value gives the
// record's value in a column.
func (r *Rule) Holds(value func(column string) string) bool {
	holds := func(c Condition) bool { return slices.Contains(c.Values, value(c.Column)) }
	return len(r.When) > 0 && !slices.ContainsFunc(r.When, holds) || slices.ContainsFunc(r.Then, holds)
}
