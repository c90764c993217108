package demo

// A recorder is a category of source: how much it detects where, and what its
// form leaves unknown. Of the texts of missing values, "Known" keeps the value.
type recorder struct {
	level     string // of sourceCategory
	trend     int    // its weight in the last year, in percent of the first; linear between
	prevented int    // in a thousand, recorded before any exploitation

	gender, age, citizenship, place, act, industry, recruiter, duration string
	ageless                                                             int    // in a thousand without age group, whether adult or child is known
	meansAdult, meansChild                                              string // of meansOfControl
	assistance                                                          string
	services                                                            string // chances in a thousand, of those who received any
}

var recorders = []recorder{
	{level: "Hotline", trend: 190, prevented: 25,
		gender:      "Known 955 Unknown 30 Refused 15",
		age:         "Known 820 Unknown 120 Refused 60",
		citizenship: "Known 880 Unknown 120",
		place:       "Known 930 Unknown 70",
		act:         "Known 790 Unknown 210",
		industry:    "Known 900 Unknown 100",
		recruiter:   "Known 680 Unknown 220 Refused 100",
		duration:    "Known 560 Unknown 440",
		ageless:     640,
		meansAdult:  "Recorded 780 Unknown 140 Refused 80",
		meansChild:  "Recorded 700 Unknown 180 Refused 80 NotApplicable 40",
		assistance:  "Received 410 Declined 190 Unknown 280 NotAsked 120",
		services:    "assistanceAccommodation 260 assistanceHealth 330 assistanceLegal 450 assistanceReturn 60"},
	{level: "Shelter", trend: 110, prevented: 10,
		gender:      "Known 992 Unknown 5 Refused 3",
		age:         "Known 970 Unknown 20 Refused 10",
		citizenship: "Known 985 Unknown 15",
		place:       "Known 985 Unknown 15",
		act:         "Known 860 Unknown 80 NotAsked 60",
		industry:    "Known 975 Unknown 25",
		recruiter:   "Known 880 Unknown 60 Refused 60",
		duration:    "Known 900 Unknown 100",
		ageless:     850,
		meansAdult:  "Recorded 910 Unknown 40 Refused 50",
		meansChild:  "Recorded 820 Unknown 50 Refused 70 NotApplicable 60",
		assistance:  "Received 930 Declined 40 Unknown 30",
		services:    "assistanceAccommodation 850 assistanceHealth 780 assistanceLegal 520 assistanceReturn 150"},
	{level: "Police", trend: 120, prevented: 60,
		gender:      "Known 985 Unknown 15",
		age:         "Known 930 Unknown 70",
		citizenship: "Known 960 Unknown 40",
		place:       "Known 970 Unknown 30",
		act:         "Known 940 Unknown 60",
		industry:    "Known 860 Unknown 140",
		recruiter:   "Known 430 Unknown 210 NotAsked 360",
		duration:    "Known 480 Unknown 270 NotAsked 250",
		ageless:     780,
		meansAdult:  "Recorded 740 Unknown 190 NotAsked 50 Refused 20",
		meansChild:  "Recorded 520 Unknown 150 NotAsked 90 Refused 10 NotApplicable 230",
		assistance:  "Received 330 Declined 110 Unknown 340 NotAsked 220",
		services:    "assistanceAccommodation 420 assistanceHealth 460 assistanceLegal 510 assistanceReturn 140"},
	{level: "Prosecution", trend: 105, prevented: 35,
		gender:      "Known 990 Unknown 10",
		age:         "Known 960 Unknown 40",
		citizenship: "Known 975 Unknown 25",
		place:       "Known 990 Unknown 10",
		act:         "Known 985 Unknown 15",
		industry:    "Known 880 Unknown 120",
		recruiter:   "Known 640 Unknown 160 NotAsked 200",
		duration:    "Known 720 Unknown 280",
		ageless:     900,
		meansAdult:  "Recorded 940 Unknown 60",
		meansChild:  "Recorded 560 Unknown 60 NotApplicable 380",
		assistance:  "NotAsked 1",
		services:    ""},
	{level: "MigrationService", trend: 150, prevented: 170,
		gender:      "Known 992 Unknown 8",
		age:         "Known 965 Unknown 35",
		citizenship: "Known 993 Unknown 7",
		place:       "Known 955 Unknown 45",
		act:         "Known 720 Unknown 80 NotAsked 200",
		industry:    "Known 900 Unknown 100",
		recruiter:   "Known 470 Unknown 130 NotAsked 360 Refused 40",
		duration:    "Known 620 Unknown 130 NotAsked 250",
		ageless:     820,
		meansAdult:  "Recorded 610 Unknown 120 NotAsked 230 Refused 40",
		meansChild:  "Recorded 500 Unknown 120 NotAsked 250 Refused 30 NotApplicable 100",
		assistance:  "Received 640 Declined 130 Unknown 130 NotAsked 100",
		services:    "assistanceAccommodation 480 assistanceHealth 420 assistanceLegal 310 assistanceReturn 420"},
}

// reach weighs, by country of exploitation, how present each recorder is there:
// what a country records says who looks, not how much there is.
var reach = map[string]string{
	"XA":    "Hotline 12 Shelter 9 Police 11 Prosecution 11 MigrationService 8",
	"XB":    "Hotline 8 Shelter 10 Police 14 Prosecution 10 MigrationService 6",
	"XC":    "Hotline 6 Shelter 15 Police 8 Prosecution 9 MigrationService 7",
	"XD":    "Hotline 8 Shelter 9 Police 10 Prosecution 6 MigrationService 14",
	"XE":    "Hotline 13 Shelter 11 Police 9 Prosecution 14 MigrationService 10",
	"XF":    "Hotline 7 Shelter 8 Police 9 Prosecution 8 MigrationService 16",
	"XG":    "Hotline 16 Shelter 6 Police 11 Prosecution 8 MigrationService 9",
	"XH":    "Hotline 10 Shelter 7 Police 12 Prosecution 7 MigrationService 8",
	"XI":    "Hotline 5 Shelter 12 Police 10 Prosecution 6 MigrationService 10",
	"Other": "Hotline 10 Shelter 10 Police 4 Prosecution 4 MigrationService 20",
}

// early weighs the acts of those who were recorded before any exploitation.
const early = "Recruitment 58 Transportation 34 Transfer 8"

// What is added to chances in a thousand.
const (
	returnAbroad       = 260 // of a return, where a border was crossed
	childAccommodation = 120 // of accommodation, for a child
	strictShare        = 350 // of cases with strict control, in which means come together
)
