// Package iso3166 lists the countries and areas of ISO 3166-1 and the regions of
// the UN M49 standard in which they lie.
//
// The list is public knowledge: a release may name any of its codes without a
// look at the records. It holds no names of countries; pages take them from CLDR
// by the alpha-2 code. It was derived from the country-codes table of Datahub
// (public domain, PDDL). Antarctica, which M49 puts in no region, is one of its own.
package iso3166

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"amparo/microdata"
)

//go:embed countries.csv
var table string

// A Country is an entry of ISO 3166-1. Regions are M49 codes of three digits.
type Country struct {
	Alpha3, Alpha2    string
	SubRegion, Region string
}

// World is the M49 code of the whole world.
const World = "001"

var countries = sync.OnceValue(func() []Country {
	var all []Country
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if f[0] != "alpha3" {
			all = append(all, Country{f[0], f[1], f[2], f[3]})
		}
	}
	return all
})

// All returns the 249 entries, by ascending alpha-3 code.
func All() []Country { return slices.Clone(countries()) }

// ByAlpha3 returns the entry of an alpha-3 code such as "SLV".
func ByAlpha3(code string) (Country, bool) {
	all := countries()
	i, ok := slices.BinarySearchFunc(all, code, func(c Country, code string) int { return strings.Compare(c.Alpha3, code) })
	if !ok {
		return Country{}, false
	}
	return all[i], true
}

// Regions returns the names of the world, its regions and sub-regions by their
// M49 code. The caller must not change them.
func Regions() map[string]microdata.Text { return regions }

var regions = map[string]microdata.Text{
	World: {"en": "World", "es": "Mundo"},

	"002": {"en": "Africa", "es": "África"},
	"009": {"en": "Oceania", "es": "Oceanía"},
	"010": {"en": "Antarctica", "es": "Antártida"},
	"019": {"en": "Americas", "es": "América"},
	"142": {"en": "Asia", "es": "Asia"},
	"150": {"en": "Europe", "es": "Europa"},

	"015": {"en": "Northern Africa", "es": "África septentrional"},
	"202": {"en": "Sub-Saharan Africa", "es": "África subsahariana"},
	"021": {"en": "Northern America", "es": "América septentrional"},
	"419": {"en": "Latin America and the Caribbean", "es": "América Latina y el Caribe"},
	"030": {"en": "Eastern Asia", "es": "Asia oriental"},
	"034": {"en": "Southern Asia", "es": "Asia meridional"},
	"035": {"en": "South-eastern Asia", "es": "Asia sudoriental"},
	"143": {"en": "Central Asia", "es": "Asia central"},
	"145": {"en": "Western Asia", "es": "Asia occidental"},
	"039": {"en": "Southern Europe", "es": "Europa meridional"},
	"151": {"en": "Eastern Europe", "es": "Europa oriental"},
	"154": {"en": "Northern Europe", "es": "Europa septentrional"},
	"155": {"en": "Western Europe", "es": "Europa occidental"},
	"053": {"en": "Australia and New Zealand", "es": "Australia y Nueva Zelandia"},
	"054": {"en": "Melanesia", "es": "Melanesia"},
	"057": {"en": "Micronesia", "es": "Micronesia"},
	"061": {"en": "Polynesia", "es": "Polinesia"},
}
