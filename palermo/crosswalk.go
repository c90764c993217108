package palermo

import (
	"slices"
	"strings"
)

// Confidence says how surely a value of a standard points to a means.
type Confidence uint8

const (
	Weak   Confidence = iota + 1 // only with other facts
	Strong                       // by itself
)

// A Way leads from a value of HTCDS's methods of control, or of its CTDC relatives,
// to a means of the Protocol. Methods describe control during exploitation; they
// bear on a means because harbouring and receipt go on. For expert review.
type Way struct {
	Value      string
	Means      string
	Confidence Confidence
}

// Crosswalk lists all ways, in the order of the standard's values. A value may
// lead to several means; it is never counted as several methods.
var Crosswalk = []Way{
	{"PhysicalThreats", "threat_or_use_of_force", Strong},
	{"Threats", "threat_or_use_of_force", Strong},
	{"PhysicalAbuse", "threat_or_use_of_force", Strong},
	{"SexualAbuse", "threat_or_use_of_force", Strong},
	{"ThreatsLawEnforcement", "other_coercion", Strong},
	{"ThreatensChildrenFamily", "other_coercion", Strong},
	{"UsesChildren", "other_coercion", Strong},
	{"PsychologicalAbuse", "other_coercion", Strong},
	{"PsychoactiveSubstance", "other_coercion", Strong},
	{"WithholdsDocuments", "other_coercion", Strong},
	{"RestrictsMovement", "other_coercion", Strong},
	{"RestrictsMedicalCare", "other_coercion", Strong},
	{"RestrictsFinancialAccess", "other_coercion", Strong},
	{"WithholdsNecessities", "other_coercion", Strong},
	{"TakesEarnings", "other_coercion", Weak},
	{"ExcessiveWorkingHours", "other_coercion", Weak},
	{"DebtBondage", "other_coercion", Strong},
	{"DebtBondage", "abuse_of_position_of_vulnerability", Weak},
	{"FalsePromises", "deception", Strong},
	{"Abduction", "abduction", Strong},
	{"AbuseOfPower", "abuse_of_power", Strong},
	{"AbuseOfVulnerability", "abuse_of_position_of_vulnerability", Strong},
	{"PaymentToController", "payments_or_benefits_to_controller", Strong},
}

// Purposes leads from HTCDS's types of exploitation and of sexual exploitation to
// purposes of the Protocol.
var Purposes = map[string]string{
	"SexualExploitation":             "other_sexual_exploitation",
	"Prostitution":                   "prostitution_of_others",
	"Pornography":                    "other_sexual_exploitation",
	"RemoteInteractiveServices":      "other_sexual_exploitation",
	"PrivateSexualServices":          "other_sexual_exploitation",
	"ForcedLabour":                   "forced_labour_or_services",
	"ForcedBegging":                  "forced_labour_or_services",
	"ChildLabour":                    "other",
	"ForcedCriminality":              "forced_labour_or_services",
	"ForcedMarriage":                 "practices_similar_to_slavery",
	"ForcedAdoption":                 "practices_similar_to_slavery",
	"Servitude":                      "servitude",
	"Slavery":                        "slavery",
	"PracticesSimilarToSlavery":      "practices_similar_to_slavery",
	"OrganRemoval":                   "organ_removal",
	"ForcedMilitaryByNonStateActors": "other",
	"Surrogacy":                      "other",
	"Other":                          "other",
}

// MeansFrom returns the means that methods of control point to, by code. Weak ways
// count only where a strong one points to the same means: what is weak alone is
// not recorded. A value that leads nowhere is left out.
func MeansFrom(values []string) map[string]Element {
	out := map[string]Element{}
	for _, w := range Crosswalk {
		if w.Confidence == Strong && slices.Contains(values, w.Value) {
			out[w.Means] = Element{Present, Inferred}
		}
	}
	return out
}

// PurposesFrom returns the purposes that types of exploitation point to, by code.
func PurposesFrom(values []string) map[string]Element {
	out := map[string]Element{}
	for _, v := range values {
		if code, ok := Purposes[strings.TrimSpace(v)]; ok {
			out[code] = Element{Present, Inferred}
		}
	}
	return out
}
