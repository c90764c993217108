package indicator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// All sentences are written in es and en; any other language reads English.

// missingWords name the kinds of missing value where a level has no label.
var missingWords = map[microdata.Missing]microdata.Text{
	microdata.Present:       {"es": "en blanco", "en": "blank"},
	microdata.Unknown:       {"es": "sin dato", "en": "not recorded"},
	microdata.NotAsked:      {"es": "no se preguntó", "en": "not asked"},
	microdata.Refused:       {"es": "no quiso responder", "en": "did not want to say"},
	microdata.NotApplicable: {"es": "no corresponde", "en": "not applicable"},
	microdata.Withheld:      {"es": "reservado por la fuente", "en": "withheld by the source"},
}

// MissingLabel names a kind of missing value.
func MissingLabel(m microdata.Missing, lang string) string {
	return missingWords[m].In(lang, m.String())
}

// label names a column.
func (x *Index) label(col int, lang string) string {
	c := &x.columns[col]
	return c.Label.In(lang, c.Name)
}

// levelLabel names a level: its label in lang, else what the Namer says, else its
// label in English, its value, or its kind of missing. What a table merged under
// the name of a rest says so, lest it be taken for a rest of another kind.
func (x *Index) levelLabel(col int, l microdata.Level, lang string) string {
	if Rest(x.columns[col].Column, l) {
		return x.plainLabel(col, l, lang) + microdata.Text{"es": " (unidos por el ruido)", "en": " (merged by the noise)"}.In(lang, "")
	}
	return x.plainLabel(col, l, lang)
}

// Rest says whether a level is one of a table, and not of the column, that synthesis
// made of levels too small for the noise: "[rest]", "[rest of 202]".
func Rest(c *microdata.Column, l microdata.Level) bool {
	_, own := c.Code(l.Value)
	return !own && strings.HasPrefix(l.Value, "[rest")
}

func (x *Index) plainLabel(col int, l microdata.Level, lang string) string {
	if s, ok := l.Label[lang]; ok {
		return s
	}
	if x.options.Namer != nil && l.Value != "" {
		if s := x.options.Namer(x.columns[col].Name, l.Value, lang); s != "" {
			return s
		}
	}
	if l.Value == "" {
		return l.Label.In(lang, MissingLabel(l.Missing, lang))
	}
	return l.Label.In(lang, l.Value)
}

// ColumnLabel names a column; a name that is not known stands for itself.
func (x *Index) ColumnLabel(name, lang string) string {
	if i, ok := x.byName[name]; ok {
		return x.label(i, lang)
	}
	return name
}

// LevelLabel names a value of a column, which may be a group that a table knows.
func (x *Index) LevelLabel(name, value, lang string) string {
	i, ok := x.byName[name]
	if !ok {
		return value
	}
	return x.levelLabel(i, x.groupLevel(i, value), lang)
}

// AxisLabel names the column of an axis.
func (a *Answer) AxisLabel(axis int, lang string) string {
	return a.index.ColumnLabel(a.Axes[axis].Name, lang)
}

// LevelLabel names a level of an axis.
func (a *Answer) LevelLabel(axis, level int, lang string) string {
	return a.index.levelLabel(a.index.byName[a.Axes[axis].Name], a.Axes[axis].Levels[level], lang)
}

// Title returns the sentence that says what the answer counts: for headings,
// page titles, alternative texts and files.
func (a *Answer) Title(lang string) string { return a.index.Title(a.State, lang) }

// Title returns the title sentence of a canonical state, answered or not.
func (x *Index) Title(s State, lang string) string {
	var by []string
	for _, name := range s.By {
		by = append(by, lower(x.ColumnLabel(name, lang)))
	}
	out := "Records of people by " + strings.Join(by, " and ")
	if lang == "es" {
		out = "Registros de personas por " + joinES(by)
	}
	rest := ""
	for i := range x.columns {
		values := s.Filters[x.columns[i].Name]
		if values == nil {
			continue
		}
		if span, ok := x.span(i, values); ok {
			out += ", " + span
			continue
		}
		rest += " · " + lower(x.label(i, lang)) + ": " + x.list(i, values, lang)
	}
	return out + rest
}

// joinES joins with "y", "e" before the sound of i.
func joinES(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := parts[len(parts)-1]
	and := " y "
	if l := strings.ToLower(last); (strings.HasPrefix(l, "i") || strings.HasPrefix(l, "í") || strings.HasPrefix(l, "hi")) &&
		!strings.HasPrefix(l, "ie") && !strings.HasPrefix(l, "hie") {
		and = " e "
	}
	return strings.Join(parts[:len(parts)-1], ", ") + and + last
}

// span writes years in a row as "2015–2023".
func (x *Index) span(col int, values []string) (string, bool) {
	c := &x.columns[col]
	if !c.years {
		return "", false
	}
	for i, v := range values {
		n, err := strconv.Atoi(v)
		if first, _ := strconv.Atoi(values[0]); err != nil || n != first+i {
			return "", false
		}
	}
	if len(values) == 1 {
		return values[0], true
	}
	return values[0] + "–" + values[len(values)-1], true
}

func (x *Index) list(col int, values []string, lang string) string {
	const shown = 4
	var names []string
	for _, v := range values[:min(len(values), shown)] {
		names = append(names, x.LevelLabel(x.columns[col].Name, v, lang))
	}
	out := strings.Join(names, ", ")
	if more := len(values) - shown; more > 0 {
		if lang == "es" {
			return out + fmt.Sprintf(" y %d más", more)
		}
		return out + fmt.Sprintf(" and %d more", more)
	}
	return out
}

// lower writes a label as it stands within a sentence; acronyms and names in
// capitals or mixed case stay.
func lower(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	rest := s[n:]
	if s == "" {
		return s
	}
	if word, _, _ := strings.Cut(rest, " "); strings.ContainsFunc(word, unicode.IsUpper) {
		return s
	}
	return string(unicode.ToLower(first)) + rest
}

// Subtitle returns the dataset and version that the answer comes from, and that
// it is fictional where it is.
func (a *Answer) Subtitle(lang string) string {
	m := a.Source.Manifest
	s := fmt.Sprintf("%s, version %d", m.Title.In(lang, m.Title["es"]), m.Version)
	if lang == "es" {
		s = fmt.Sprintf("%s, versión %d", m.Title.In(lang, m.Dataset), m.Version)
	}
	if m.Fictional {
		s += " · " + Fictional(lang)
	}
	return s
}

// Fictional says that data are invented.
func Fictional(lang string) string {
	return microdata.Text{"es": "datos ficticios: ninguna persona ni país es real", "en": "fictional data: no person or country is real"}.In(lang, "")
}

// Coverage warns which people the records leave out: the manifest's own warning,
// else a general one.
func Coverage(m *catalog.Manifest, lang string) string {
	general := microdata.Text{
		"es": "Son registros de personas que las organizaciones detectaron o atendieron. No dicen cuántas personas viven una situación de trata: dependen de quién busca, quién pide ayuda y quién registra.",
		"en": "These are records of people whom organisations detected or assisted. They do not say how many people live in a trafficking situation: they depend on who looks, who asks for help and who records.",
	}
	if len(m.Coverage) > 0 {
		return m.Coverage.In(lang, general.In(lang, ""))
	}
	return general.In(lang, "")
}

// Privacy says how the numbers were protected and what the interval covers.
func Privacy(m *catalog.Manifest, lang string) string {
	if lang == "es" {
		unit := ""
		if m.PrivacyUnit == catalog.UnitRow {
			unit = "; una fila se toma como una persona"
		}
		return fmt.Sprintf("Cada número es un conteo con ruido añadido, que oculta la presencia de cada persona%s (privacidad diferencial, ε = %s, δ = %s). "+
			"El intervalo del 95 %% cubre ese ruido y nada más.", unit, Parameter(m.Epsilon), Parameter(m.Delta))
	}
	unit := ""
	if m.PrivacyUnit == catalog.UnitRow {
		unit = "; one row is taken as one person"
	}
	return fmt.Sprintf("Every number is a count with noise added, which hides the presence of each person%s (differential privacy, ε = %s, δ = %s). "+
		"The 95%% interval covers that noise and nothing else.", unit, Parameter(m.Epsilon), Parameter(m.Delta))
}

// Notes returns what a reader of this answer should know, a sentence each.
func (a *Answer) Notes(lang string) []string {
	var notes []string
	add := func(es, en string) { notes = append(notes, microdata.Text{"es": es, "en": en}.In(lang, en)) }
	for i, axis := range a.Axes {
		if axis.Coarse {
			add("Algunos niveles de "+quoteES(a.AxisLabel(i, lang))+" están agrupados en esta tabla: cada uno por separado era muy chico para distinguirlo del ruido.",
				"Some levels of "+quoteEN(a.AxisLabel(i, lang))+" are merged in this table: each of them alone was too small to stand out from the noise.")
		}
		if a.index.columns[a.index.byName[axis.Name]].empty >= 0 {
			add("En el archivo de filas, "+quoteES(a.AxisLabel(i, lang))+" puede aparecer como reservado. En los registros nadie tiene ese valor, y por eso aquí no se cuenta.",
				"In the file of rows, "+quoteEN(a.AxisLabel(i, lang))+" may show as withheld. Nobody has that value in the records, so it is not counted here.")
		}
	}
	if slices.ContainsFunc(a.Cells, func(c Cell) bool { return c.Weak }) {
		add("Los números en gris son menores que dos veces la desviación del ruido: pueden ser cero, y no se ordenan.",
			"Numbers in grey are below twice the standard deviation of the noise: they may be zero, and are not ranked.")
	}
	if slices.ContainsFunc(a.Cells, func(c Cell) bool { return c.Missing != microdata.Present }) {
		add("Los registros sin dato se cuentan aparte: no son un cero.",
			"Records that do not say are counted apart: they are not a zero.")
	}
	return notes
}

// Parameter writes ε or δ as people write them: 1, 0.5, and small ones as 10⁻⁶
// or 2.5·10⁻⁷.
func Parameter(v float64) string {
	if v >= 0.001 || v <= 0 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	s := strconv.FormatFloat(v, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e-")
	exponent = strings.TrimLeft(exponent, "0")
	power := strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(exponent)
	if mantissa == "1" {
		return "10⁻" + power
	}
	return mantissa + "·10⁻" + power
}
