package htcds

import (
	"fmt"
	"slices"
	"strings"
)

// A Header is one column of a spreadsheet, or one row of the survey sheet of an
// XLSForm. Type is the type of the survey, such as "select_one gender", or empty.
type Header struct{ ID, Label, Type string }

// A Choice is one row of the choices sheet of an XLSForm.
type Choice struct{ List, Name, Label string }

// A Finding says what is wrong with a form and how to cure it.
type Finding struct {
	Place  string // such as "#3 prs_Title", by position and id, or "list/choice"
	Defect Defect
	Cure   Text
}

// A Defect is a kind of thing that is wrong with a form.
type Defect string

// The defects that are known from the toolkit of the standard.
const (
	DefectUnknown  Defect = "id is not in the code book"
	DefectSpelling Defect = "id or value has another spelling"
	DefectTwice    Defect = "field is there twice"
	DefectNoID     Defect = "label has no id"
	DefectLabel    Defect = "label belongs to another field"
	DefectType     Defect = "type takes another number of values, or free text"
	DefectCore     Defect = "core field is missing"
	DefectSpace    Defect = "choice has a space at an end"
	DefectChoice   Defect = "choice is not in the value list"
	DefectShort    Defect = "value list is not whole"
	DefectMeaning  Defect = "definition speaks of something else"
	DefectFigures  Defect = "field for statistics is missing"
)

// Lint looks for the known defects of the toolkit of the standard in a form: its
// columns or survey rows, and its choices, which may be none. It repairs nothing:
// whether an id or its label is right is for a person to say.
func Lint(headers []Header, choices []Choice) []Finding {
	l := &linter{seen: map[string]bool{}, lists: map[string]*Field{}}
	for i, h := range headers {
		l.header(i+1, h)
	}
	if len(headers) > 0 {
		l.missing()
	}
	l.choices(choices)
	return l.found
}

type linter struct {
	found []Finding
	seen  map[string]bool
	lists map[string]*Field // by the name of the list in the form
}

func (l *linter) find(place string, d Defect, es, en string) {
	l.found = append(l.found, Finding{place, d, Text{es, en}})
}

// metadata are rows of a survey that ask nothing.
var metadata = []string{"start", "end", "calculate", "today", "deviceid", "username", "note", "begin_group", "end_group", "begin_repeat", "end_repeat", "begin", "audit"}

func (l *linter) header(n int, h Header) {
	kind, list, _ := strings.Cut(strings.TrimSpace(h.Type), " ")
	id, label := strings.TrimSpace(h.ID), strings.TrimSpace(h.Label)
	if slices.Contains(metadata, kind) || id == "" && label == "" {
		return
	}
	place := strings.TrimSpace(fmt.Sprintf("#%d %s", n, id))
	if id == "" {
		l.find(place, DefectNoID,
			"Elija el campo de esta columna"+maybe(label)+" y escriba su id.",
			"Choose the field of this column"+maybe(label)+" and write its id.")
		return
	}
	at, ok := Book().place(id)
	if !ok {
		l.find(place, DefectUnknown, "Elija un campo del libro de códigos o quite la columna.", "Choose a field of the code book, or take the column out.")
		return
	}
	f := &Book().fields[at]
	if f.ID != id {
		l.find(place, DefectSpelling, "Escriba el id "+f.ID+".", "Write the id "+f.ID+".")
	}
	if l.seen[f.ID] {
		l.find(place, DefectTwice, "Deje una sola columna para "+f.ID+".", "Keep one column for "+f.ID+".")
	}
	l.seen[f.ID] = true
	if other := fieldLabelled(label); label != "" && other != nil && !f.labelled(label) {
		l.find(place, DefectLabel,
			fmt.Sprintf("El id dice «%s» y la etiqueta es de %s: elija cuál vale según lo que se captura.", f.Label.ES, other.ID),
			fmt.Sprintf("The id says %q and the label is that of %s: choose by what is entered there.", f.Label.EN, other.ID))
	}
	l.kind(place, kind, f)
	if list = strings.TrimSpace(list); list != "" && f.List != nil {
		l.lists[list] = f
	}
}

// maybe names the fields that a label could stand for.
func maybe(label string) string {
	if f := fieldLabelled(label); f != nil {
		return " (" + f.ID + "?)"
	}
	return ""
}

func (l *linter) kind(place, kind string, f *Field) {
	switch {
	case kind == "text" && f.List != nil:
		l.find(place, DefectType,
			"Es texto libre y el estándar da una lista: use select con la lista "+f.List.Name+".",
			"It is free text and the standard gives a list: use a select with the list "+f.List.Name+".")
	case kind == "select_multiple" && f.Many == One:
		l.find(place, DefectType, "El campo lleva un solo valor: use select_one.", "The field holds one value: use select_one.")
	case kind == "select_one" && f.Many == Multi:
		l.find(place, DefectType, "El campo lleva varios valores: use select_multiple.", "The field holds several values: use select_multiple.")
	}
}

// statistics are the extensions without which the figures asked of a State cannot
// be made. ForcedCriminality is a value of amp_Purpose.
var statistics = []string{"amp_Act", "amp_Purpose", "amp_CountryOfExploitation", "amp_PlaceOfExploitation", "amp_RegistrationDate", "amp_AgeAtIdentification", "amp_DurationMonths", "amp_SourceCategory"}

func (l *linter) missing() {
	for _, f := range Book().fields {
		if f.Core && !f.Deprecated && !l.seen[f.ID] {
			l.find(f.ID, DefectCore, "Agregue «"+f.Label.ES+"».", fmt.Sprintf("Add %q.", f.Label.EN))
		}
	}
	for _, id := range statistics {
		at, _ := Book().place(id)
		f := Book().fields[at]
		// A year will do where a date would tell too much.
		if !l.seen[id] && !(id == "amp_RegistrationDate" && l.seen["amp_RegistrationYear"]) {
			l.find(id, DefectFigures,
				"El estándar no tiene «"+f.Label.ES+"»: agregue el campo de Amparo.",
				fmt.Sprintf("The standard lacks %q: add Amparo's field.", f.Label.EN))
		}
	}
}

func (l *linter) choices(choices []Choice) {
	var order []string
	names := map[string][]string{}
	for _, c := range choices {
		l.meaning(c)
		f := l.lists[strings.TrimSpace(c.List)]
		if f == nil {
			f = fieldOfList(c.List)
		}
		if f == nil {
			continue // citizenship, consent, or a list of the form's own
		}
		if names[c.List] == nil {
			order = append(order, c.List)
			l.lists[c.List] = f
		}
		names[c.List] = append(names[c.List], l.choice(c, f.List))
	}
	for _, list := range order {
		l.short(list, l.lists[list].List, names[list])
	}
}

// choice looks at one choice and returns the value it stands for.
func (l *linter) choice(c Choice, list *List) string {
	place, name := c.List+"/"+strings.TrimSpace(c.Name), strings.TrimSpace(c.Name)
	if name != c.Name {
		l.find(place, DefectSpace, "Quite el espacio del nombre.", "Take the space out of the name.")
	}
	value, ok := list.Find(name)
	switch {
	case !ok:
		l.find(place, DefectChoice, "Use un valor de la lista "+list.Name+".", "Use a value of the list "+list.Name+".")
	case value == "Unaquainted":
		l.find(place, DefectSpelling,
			"La palabra es Unacquainted; el estándar escribe Unaquainted. Guarde ese nombre y corrija la etiqueta.",
			"The word is Unacquainted; the standard writes Unaquainted. Keep that name and mend the label.")
	case value != name:
		l.find(place, DefectSpelling, "Escriba el nombre "+value+".", "Write the name "+value+".")
	}
	return value
}

// meaning warns of a value whose definition in the guidance is that of a tourist.
func (l *linter) meaning(c Choice) {
	if plain(c.Name) == "familymigrant" || plain(c.Label) == "familymigrant" {
		l.find(c.List+"/"+strings.TrimSpace(c.Name), DefectMeaning,
			"La guía define «Family Migrant» como turista: escriba la definición de migrante por reunificación familiar.",
			"The guidance defines Family Migrant as a tourist: write the definition of a migrant who joins family.")
	}
}

func (l *linter) short(place string, list *List, have []string) {
	var lacks []string
	for _, v := range list.Values {
		if !slices.Contains(have, v.Name) {
			lacks = append(lacks, v.Name)
		}
	}
	if len(lacks) > 0 {
		l.find(place, DefectShort, "Faltan: "+strings.Join(lacks, ", ")+".", "Missing: "+strings.Join(lacks, ", ")+".")
	}
}

// fieldOfList guesses the field of a list of choices by its name: the XLSForm of
// the standard calls a list as its field, in small letters and without the prefix.
func fieldOfList(list string) *Field {
	for i := range Book().fields {
		f := &Book().fields[i]
		if f.List != nil && f.Standard && f.ID[:4] != "org_" && (plain(list) == plain(f.ID[4:]) || plain(list) == plain(f.List.Name)) {
			return f
		}
	}
	return nil
}

// plain takes a name down to its letters, to compare what people write in many ways.
func plain(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(s))
}
