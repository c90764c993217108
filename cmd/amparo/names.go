package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
	cldr "golang.org/x/text/language/display"
)

// names names countries by their ISO 3166 codes, where the codebook leaves them
// to it: from CLDR, in any language. User-assigned codes, such as the demo's,
// have no name there; their codebook has one.
func names(column, value, lang string) string {
	if !ofCountries(column) || len(value) != 3 {
		return ""
	}
	region, err := language.ParseRegion(value)
	if err != nil || !region.IsCountry() || region.IsPrivateUse() || region.ISO3() != value {
		return ""
	}
	tag, err := language.Parse(lang)
	if err != nil {
		return ""
	}
	return cldr.Regions(tag).Name(region)
}

// ofCountries says whether a column's name says that it holds countries.
func ofCountries(column string) bool {
	c := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, column)
	for _, word := range []string{"country", "citizen", "nationality", "pais", "país", "nacionalidad", "ciudadan"} {
		if strings.Contains(c, word) {
			return true
		}
	}
	return false
}
