package demo

import "amparo/microdata"

// An Alliance is the invented coalition: what pages about it need that is no
// case record.
type Alliance struct {
	Name      microdata.Text
	Notice    microdata.Text // that all of it is invented: for every page and file
	Countries []Country      // by code
	Groups    []Group
	Agencies  []Agency
}

// A Country of the coalition.
type Country struct {
	Code       string // user-assigned in ISO 3166: no country will ever have it
	Name       microdata.Text
	Group      string // the ID of its Group
	Population int    // inhabitants in PopulationYear
	Regions    []Region
	Neighbours []string // codes of the countries with a border in common, in order
	Tile       Tile
	Outline    string // the d of an SVG path in ViewBox
	Centre     Point  // where a label stands, inside the outline
}

// PopulationYear is the year of the populations.
const PopulationYear = 2024

// A Region is a first-level division of a country.
type Region struct {
	Code string // the country's code, a hyphen, two digits
	Name microdata.Text
}

// A Tile is a place in a tile grid map, counted from 0 at the top left.
type Tile struct{ Row, Column int }

// A Group is a group of countries, as in the profile's hierarchy.
type Group struct {
	ID   string
	Name microdata.Text
}

// An Agency of the coalition.
type Agency struct {
	ID      string
	Name    microdata.Text
	Country string // its code
	Type    string // organisation type of HTCDS 2.0
	Source  string // the level of sourceCategory under which it records
}

// Coalition returns the invented coalition, the same at every call. The caller
// may change what it gets.
func Coalition() Alliance {
	a := Alliance{
		Name: text("Coalición Nueve Cometas", "Nine Kites Coalition"),
		Notice: text("Demostración: los países, las organizaciones, las personas y los números son inventados.",
			"Demonstration: countries, organisations, persons and numbers are invented."),
		Groups: []Group{
			{"North", text("Países del norte", "Northern countries")},
			{"South", text("Países del sur", "Southern countries")},
			{"Islands", text("Países de las islas", "Island countries")},
		},
		Countries: []Country{
			{Code: "XA", Name: text("Almadría", "Almadria"), Group: "North", Population: 21_480_000, Tile: Tile{0, 0}, Centre: Point{140, 150},
				Regions:    regions("XA", "Valdrosa", "Cumbrela", "Riosol", "Altobruma", "Costaclara"),
				Neighbours: []string{"XB", "XC"}},
			{Code: "XB", Name: text("Brisonia", "Brisonia"), Group: "North", Population: 12_930_000, Tile: Tile{0, 1}, Centre: Point{346, 160},
				Regions:    regions("XB", "Brisalta", "Puerto Vilano", "Lomazul", "Marisela"),
				Neighbours: []string{"XA", "XC", "XD"}},
			{Code: "XC", Name: text("Ceibara", "Ceibara"), Group: "North", Population: 9_760_000, Tile: Tile{1, 0}, Centre: Point{224, 312},
				Regions:    regions("XC", "Ceibalta", "Palmirel", "Hondanía", "Vegarosa"),
				Neighbours: []string{"XA", "XB", "XD"}},
			{Code: "XD", Name: text("Dorovela", "Dorovela"), Group: "South", Population: 7_240_000, Tile: Tile{1, 1}, Centre: Point{420, 362},
				Regions:    regions("XD", "Velamar", "Cañadulce", "Montevela", "Aguavela"),
				Neighbours: []string{"XB", "XC", "XE"}},
			{Code: "XE", Name: text("Estelmar", "Estelmar"), Group: "South", Population: 6_120_000, Tile: Tile{2, 1}, Centre: Point{592, 440},
				Regions:    regions("XE", "Estelaria", "Cabo Lumbre", "Sierramansa"),
				Neighbours: []string{"XD", "XF"}},
			{Code: "XF", Name: text("Farolia", "Farolia"), Group: "South", Population: 5_390_000, Tile: Tile{2, 2}, Centre: Point{786, 522},
				Regions:    regions("XF", "Farolmar", "Punta Candil", "Lamparía", "Candelmar"),
				Neighbours: []string{"XE"}},
			{Code: "XG", Name: text("Islas Garumel", "Garumel Islands"), Group: "Islands", Population: 1_870_000, Tile: Tile{0, 3}, Centre: Point{664, 112},
				Regions: regions("XG", "Garuma Grande", "Garuma Chica")},
			{Code: "XH", Name: text("Hontaluz", "Hontaluz"), Group: "Islands", Population: 3_050_000, Tile: Tile{1, 3}, Centre: Point{838, 230},
				Regions: regions("XH", "Luz Mayor", "Luz Menor")},
			{Code: "XI", Name: text("Irisela", "Irisela"), Group: "Islands", Population: 640_000, Tile: Tile{2, 3}, Centre: Point{874, 360},
				Regions: regions("XI", "Irisal", "Cayo Iris")},
		},
		Agencies: []Agency{
			{"linea-cometa", text("Línea Cometa", "Kite Line"), "XE", "NGO", "Hotline"},
			{"casa-alero", text("Casa Alero", "Eaves House"), "XC", "NGO", "Shelter"},
			{"policia-xb", text("Unidad Policial de Protección de Brisonia", "Brisonia Police Protection Unit"), "XB", "LawEnforcement", "Police"},
			{"fiscalia-xa", text("Fiscalía de Almadría para la Libertad de las Personas", "Almadria Prosecution Service for Personal Liberty"), "XA", "LegalService", "Prosecution"},
			{"migracion-xd", text("Servicio de Migración y Acogida de Dorovela", "Dorovela Migration and Reception Service"), "XD", "ImmigrationService", "MigrationService"},
		},
	}
	for i := range a.Countries {
		c := &a.Countries[i]
		c.Outline = path(ringsOf(c.Code))
	}
	return a
}

func text(es, en string) microdata.Text { return microdata.Text{"es": es, "en": en} }

// regions returns a country's regions, numbered from 01. Their names are the same
// in every language, as names of regions mostly are.
func regions(country string, names ...string) []Region {
	out := make([]Region, len(names))
	for i, n := range names {
		out[i] = Region{country + "-0" + string(rune('1'+i)), text(n, n)}
	}
	return out
}
