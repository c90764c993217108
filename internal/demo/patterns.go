package demo

// The design of the invented coalition: weights that were chosen to look
// plausible, and for nothing else. A text of weights is "Level 12 Level 3": a
// dice falls on a level in proportion to its weight. What is left out has
// weight 0.

// years weighs the years of registration: more records from year to year, fewer
// in 2020.
const years = "2015 70 2016 80 2017 88 2018 96 2019 104 2020 78 2021 92 2022 108 2023 120 2024 124"

// A pattern is what cases of one kind have in common. It is latent: no column
// says it, and it is what makes columns depend on each other.
type pattern struct {
	name                     string
	first, last              int    // its weight in the first and the last year; linear between
	gender, age, citizenship string // of the person
	home                     int    // in a thousand, exploited in the country of citizenship
	pull                     string // factors on the corridors: countries that draw this pattern
	source                   string // who records it
	act                      string
	means                    string // chances in a thousand; the greatest stands where all fail
	forms                    string // sets of forms
	industry                 string // where forced labour is among the forms
	recruiter                string
	online                   int // in a thousand, an online contact in the last year; a tenth of it in the first
	duration                 string
}

var patterns = []pattern{
	{name: "domestic work", first: 150, last: 135,
		gender:      "Feminine 930 Masculine 62 NonConforming 4 TransgenderFeminine 4",
		age:         "9--17 22 18--20 16 21--23 14 24--26 11 27--29 9 30--38 16 39--47 9 48+ 3",
		citizenship: "XA 5 XB 15 XC 36 XD 9 XE 5 XF 7 XG 2 XH 5 XI 4 Other 5",
		home:        380, pull: "XA 3 XE 2 XG 2",
		source:    "Hotline 26 Shelter 34 Police 12 Prosecution 9 MigrationService 19",
		act:       "Recruitment 34 Transportation 14 Transfer 8 Harbouring 26 Receipt 18",
		means:     "meansThreatOrForce 230 meansFalsePromises 520 meansDebtBondage 260 meansWithholdsDocuments 460 meansRestrictsMovement 540 meansAbuseOfVulnerability 430",
		forms:     "formForcedLabour 930 formForcedLabour+formSexualExploitation 45 formForcedLabour+formOther 25",
		industry:  "T_ActivitiesOfHouseholdsAsEmployers 96 S_OtherServiceActivities 4",
		recruiter: "Family 20 Friend 12 Acquaintance 26 EmployerOrAgency 34 NoRelation 8", online: 80,
		duration: "0--3 12 4--12 28 13--24 24 25--60 24 61+ 12"},
	{name: "fields and boats", first: 140, last: 130,
		gender:      "Feminine 170 Masculine 826 TransgenderMasculine 2 NonConforming 2",
		age:         "9--17 9 18--20 13 21--23 14 24--26 14 27--29 12 30--38 22 39--47 12 48+ 4",
		citizenship: "XA 3 XB 9 XC 26 XD 8 XE 11 XF 24 XG 1 XH 8 XI 2 Other 6",
		home:        330, pull: "XD 4 XF 2 XB 2",
		source:    "Hotline 22 Shelter 12 Police 22 Prosecution 12 MigrationService 32",
		act:       "Recruitment 44 Transportation 26 Transfer 8 Harbouring 10 Receipt 12",
		means:     "meansThreatOrForce 210 meansFalsePromises 590 meansDebtBondage 610 meansWithholdsDocuments 410 meansRestrictsMovement 300 meansAbuseOfVulnerability 330",
		forms:     "formForcedLabour 985 formForcedLabour+formOther 15",
		industry:  "A_AgricultureForestryAndFishing 97 C_Manufacturing 3",
		recruiter: "Family 7 Friend 12 Acquaintance 24 EmployerOrAgency 48 NoRelation 9", online: 110,
		duration: "0--3 30 4--12 38 13--24 16 25--60 12 61+ 4"},
	{name: "sites and workshops", first: 90, last: 100,
		gender:      "Feminine 210 Masculine 785 TransgenderMasculine 3 NonConforming 2",
		age:         "9--17 6 18--20 13 21--23 16 24--26 15 27--29 13 30--38 22 39--47 11 48+ 4",
		citizenship: "XA 5 XB 14 XC 12 XD 12 XE 14 XF 16 XG 1 XH 3 XI 2 Other 21",
		home:        300, pull: "XA 3 XE 3",
		source:    "Hotline 24 Shelter 10 Police 26 Prosecution 16 MigrationService 24",
		act:       "Recruitment 46 Transportation 22 Transfer 9 Harbouring 9 Receipt 14",
		means:     "meansThreatOrForce 190 meansFalsePromises 640 meansDebtBondage 480 meansWithholdsDocuments 500 meansRestrictsMovement 240 meansAbuseOfVulnerability 290",
		forms:     "formForcedLabour 985 formForcedLabour+formOther 15",
		industry:  "F_Construction 48 C_Manufacturing 36 B_MiningAndQuarrying 16",
		recruiter: "Family 4 Friend 13 Acquaintance 22 EmployerOrAgency 53 NoRelation 8", online: 160,
		duration: "0--3 28 4--12 36 13--24 20 25--60 13 61+ 3"},
	{name: "hospitality and trade", first: 70, last: 80,
		gender:      "Feminine 600 Masculine 385 TransgenderFeminine 9 TransgenderMasculine 2 NonConforming 4",
		age:         "9--17 11 18--20 19 21--23 18 24--26 15 27--29 11 30--38 16 39--47 8 48+ 2",
		citizenship: "XA 9 XB 13 XC 16 XD 11 XE 11 XF 13 XG 4 XH 8 XI 5 Other 10",
		home:        410, pull: "XG 6 XH 4 XE 2",
		source:    "Hotline 34 Shelter 16 Police 18 Prosecution 11 MigrationService 21",
		act:       "Recruitment 46 Transportation 16 Transfer 8 Harbouring 12 Receipt 18",
		means:     "meansThreatOrForce 160 meansFalsePromises 660 meansDebtBondage 400 meansWithholdsDocuments 430 meansRestrictsMovement 250 meansAbuseOfVulnerability 310",
		forms:     "formForcedLabour 940 formForcedLabour+formSexualExploitation 60",
		industry:  "I_AccommodationAndFoodServiceActivities 68 G_WholesaleAndRetailTradeRepairOfMotorVehicles 20 S_OtherServiceActivities 12",
		recruiter: "Family 8 Friend 16 Acquaintance 22 EmployerOrAgency 46 NoRelation 8", online: 230,
		duration: "0--3 30 4--12 38 13--24 18 25--60 11 61+ 3"},
	{name: "false job offers", first: 210, last: 150,
		gender:      "Feminine 938 Masculine 22 TransgenderFeminine 34 TransgenderMasculine 1 NonConforming 5",
		age:         "9--17 17 18--20 27 21--23 20 24--26 14 27--29 9 30--38 10 39--47 3",
		citizenship: "XA 14 XB 18 XC 12 XD 18 XE 6 XF 6 XG 4 XH 11 XI 4 Other 7",
		home:        400, pull: "XG 5 XA 3 XE 2 XI 2",
		source:    "Hotline 22 Shelter 27 Police 25 Prosecution 19 MigrationService 7",
		act:       "Recruitment 42 Transportation 17 Transfer 13 Harbouring 16 Receipt 12",
		means:     "meansThreatOrForce 430 meansFalsePromises 760 meansDebtBondage 420 meansWithholdsDocuments 370 meansRestrictsMovement 470 meansAbuseOfVulnerability 400",
		forms:     "formSexualExploitation 935 formSexualExploitation+formForcedLabour 50 formSexualExploitation+formForcedCriminality 15",
		industry:  "I_AccommodationAndFoodServiceActivities 70 S_OtherServiceActivities 30",
		recruiter: "Family 6 Friend 16 Acquaintance 29 EmployerOrAgency 34 NoRelation 15", online: 380,
		duration: "0--3 26 4--12 36 13--24 20 25--60 14 61+ 4"},
	{name: "partner", first: 110, last: 100,
		gender:      "Feminine 955 Masculine 12 TransgenderFeminine 25 TransgenderMasculine 2 NonConforming 6",
		age:         "9--17 34 18--20 24 21--23 15 24--26 10 27--29 7 30--38 8 39--47 2",
		citizenship: "XA 17 XB 15 XC 16 XD 13 XE 11 XF 10 XG 3 XH 6 XI 3 Other 6",
		home:        760, pull: "XA 2",
		source:    "Hotline 27 Shelter 30 Police 23 Prosecution 17 MigrationService 3",
		act:       "Recruitment 40 Transportation 10 Transfer 10 Harbouring 30 Receipt 10",
		means:     "meansThreatOrForce 560 meansFalsePromises 480 meansDebtBondage 120 meansWithholdsDocuments 170 meansRestrictsMovement 450 meansAbuseOfVulnerability 620",
		forms:     "formSexualExploitation 940 formSexualExploitation+formForcedMarriage 30 formSexualExploitation+formForcedCriminality 30",
		recruiter: "IntimatePartner 82 Friend 10 Acquaintance 8", online: 260,
		duration: "0--3 16 4--12 32 13--24 26 25--60 20 61+ 6"},
	{name: "family and childhood", first: 120, last: 110,
		gender:      "Feminine 610 Masculine 386 TransgenderFeminine 2 NonConforming 2",
		age:         "0--8 30 9--17 68 18--20 2",
		citizenship: "XA 12 XB 17 XC 24 XD 11 XE 9 XF 10 XG 2 XH 9 XI 3 Other 3",
		home:        840, pull: "XA 2 XD 2",
		source:    "Hotline 26 Shelter 36 Police 17 Prosecution 17 MigrationService 4",
		act:       "Recruitment 26 Transportation 12 Transfer 24 Harbouring 24 Receipt 14",
		means:     "meansThreatOrForce 270 meansFalsePromises 130 meansDebtBondage 50 meansWithholdsDocuments 60 meansRestrictsMovement 310 meansAbuseOfVulnerability 700",
		forms:     "formForcedLabour 330 formForcedBegging 260 formSexualExploitation 240 formForcedLabour+formForcedBegging 70 formForcedMarriage 50 formOther 50",
		industry:  "T_ActivitiesOfHouseholdsAsEmployers 46 G_WholesaleAndRetailTradeRepairOfMotorVehicles 30 A_AgricultureForestryAndFishing 24",
		recruiter: "Family 80 Friend 7 Acquaintance 10 NoRelation 3",
		duration:  "0--3 8 4--12 20 13--24 24 25--60 30 61+ 18"},
	{name: "forced criminality", first: 40, last: 125,
		gender:      "Feminine 230 Masculine 755 TransgenderFeminine 7 NonConforming 8",
		age:         "9--17 46 18--20 21 21--23 13 24--26 8 27--29 5 30--38 5 39--47 2",
		citizenship: "XA 30 XB 27 XC 7 XD 15 XE 4 XF 3 XG 2 XH 7 XI 1 Other 4",
		home:        720, pull: "XB 3 XA 2",
		source:    "Hotline 19 Shelter 14 Police 34 Prosecution 29 MigrationService 4",
		act:       "Recruitment 60 Transportation 12 Transfer 10 Harbouring 10 Receipt 8",
		means:     "meansThreatOrForce 740 meansFalsePromises 330 meansDebtBondage 240 meansWithholdsDocuments 110 meansRestrictsMovement 290 meansAbuseOfVulnerability 420",
		forms:     "formForcedCriminality 930 formForcedCriminality+formForcedLabour 40 formForcedCriminality+formSexualExploitation 30",
		industry:  "S_OtherServiceActivities 60 G_WholesaleAndRetailTradeRepairOfMotorVehicles 40",
		recruiter: "Family 8 IntimatePartner 4 Friend 33 Acquaintance 30 NoRelation 25", online: 420,
		duration: "0--3 34 4--12 36 13--24 17 25--60 10 61+ 3"},
	{name: "forced marriage", first: 35, last: 35,
		gender:      "Feminine 965 Masculine 33 NonConforming 2",
		age:         "9--17 58 18--20 22 21--23 10 24--26 5 27--29 3 30--38 2",
		citizenship: "XA 8 XB 14 XC 30 XD 10 XE 9 XF 13 XG 1 XH 6 XI 2 Other 7",
		home:        780, pull: "XC 2",
		source:    "Hotline 28 Shelter 42 Police 11 Prosecution 15 MigrationService 4",
		act:       "Recruitment 18 Transportation 10 Transfer 34 Harbouring 20 Receipt 18",
		means:     "meansThreatOrForce 380 meansFalsePromises 220 meansDebtBondage 160 meansWithholdsDocuments 140 meansRestrictsMovement 520 meansAbuseOfVulnerability 610",
		forms:     "formForcedMarriage 820 formForcedMarriage+formForcedLabour 120 formForcedMarriage+formSexualExploitation 60",
		industry:  "T_ActivitiesOfHouseholdsAsEmployers 100",
		recruiter: "Family 66 IntimatePartner 18 Acquaintance 12 NoRelation 4", online: 90,
		duration: "0--3 10 4--12 22 13--24 22 25--60 28 61+ 18"},
	{name: "other", first: 35, last: 35,
		gender:      "Feminine 480 Masculine 500 TransgenderFeminine 8 TransgenderMasculine 4 NonConforming 8",
		age:         "0--8 8 9--17 18 18--20 12 21--23 12 24--26 11 27--29 9 30--38 17 39--47 9 48+ 4",
		citizenship: "XA 14 XB 14 XC 14 XD 12 XE 10 XF 10 XG 3 XH 6 XI 3 Other 14",
		home:        600, pull: "XA 2",
		source:    "Hotline 38 Shelter 22 Police 18 Prosecution 12 MigrationService 10",
		act:       "Recruitment 36 Transportation 18 Transfer 16 Harbouring 18 Receipt 12",
		means:     "meansThreatOrForce 300 meansFalsePromises 360 meansDebtBondage 210 meansWithholdsDocuments 200 meansRestrictsMovement 300 meansAbuseOfVulnerability 500",
		forms:     "formOther 760 formForcedBegging 200 formOrganRemoval 40",
		recruiter: "Family 28 Friend 14 Acquaintance 26 NoRelation 32", online: 120,
		duration: "0--3 26 4--12 32 13--24 20 25--60 16 61+ 6"},
}

// corridors weigh, by citizenship, the countries of exploitation other than the
// person's own.
var corridors = map[string]string{
	"XA":    "XB 14 XC 4 XD 5 XE 5 XF 1 XG 9 XH 3 XI 2 Other 40",
	"XB":    "XA 46 XC 7 XD 9 XE 4 XF 1 XG 7 XH 2 XI 1 Other 24",
	"XC":    "XA 44 XB 15 XD 16 XE 3 XF 1 XG 3 XH 1 XI 1 Other 12",
	"XD":    "XA 16 XB 10 XC 4 XE 26 XF 3 XG 5 XH 2 XI 1 Other 20",
	"XE":    "XA 9 XB 3 XC 1 XD 14 XF 12 XG 6 XH 4 XI 4 Other 28",
	"XF":    "XA 3 XB 1 XC 1 XD 8 XE 58 XG 2 XH 3 XI 8 Other 16",
	"XG":    "XA 20 XB 6 XC 1 XD 3 XE 5 XF 1 XH 18 XI 5 Other 36",
	"XH":    "XA 7 XB 2 XC 1 XD 3 XE 7 XF 1 XG 42 XI 11 Other 22",
	"XI":    "XA 3 XB 1 XC 1 XD 2 XE 22 XF 12 XG 15 XH 18 Other 24",
	"Other": "XA 30 XB 11 XC 5 XD 9 XE 15 XF 6 XG 13 XH 6 XI 5",
}
