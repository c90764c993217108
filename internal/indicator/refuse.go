package indicator

import (
	"slices"
	"strings"

	"amparo/microdata"
)

// maxOffers is the number of other questions that a refusal offers.
const maxOffers = 6

func third(n int) microdata.Text {
	return microdata.Text{
		"es": "Esta publicación responde sobre una o dos columnas a la vez, y aquí se piden " + numberES(n) +
			". Cada columna más hace los grupos tan pequeños que el ruido que protege a las personas taparía la respuesta.",
		"en": "This release answers about one or two columns at a time, and here " + numberEN(n) +
			" are asked for. Each further column makes groups so small that the noise which protects people would drown the answer.",
	}
}

func numberES(n int) string {
	if n == 3 {
		return "tres"
	}
	return "más de tres"
}

func numberEN(n int) string {
	if n == 3 {
		return "three"
	}
	return "more than three"
}

// offerFewer offers the pairs and single columns of a state with too many.
func (x *Index) offerFewer(s State) []State {
	used := slices.Clone(s.By)
	for i := range x.columns {
		if name := x.columns[i].Name; s.Filters[name] != nil && !slices.Contains(used, name) {
			used = append(used, name)
		}
	}
	var offers []State
	try := func(by []string, filters ...string) {
		o := State{Dataset: s.Dataset, Version: s.Version, View: s.View, By: by, Filters: map[string][]string{}}
		for _, f := range append(filters, by...) {
			if v := s.Filters[f]; v != nil {
				o.Filters[f] = v
			}
		}
		offers = x.offer(offers, o)
	}
	for i, a := range used {
		for _, b := range used[i+1:] {
			if slices.Contains(s.By, b) || s.Filters[b] == nil {
				try([]string{a, b})
			} else {
				try([]string{a}, b)
			}
		}
	}
	for _, a := range used {
		try([]string{a})
	}
	return offers
}

// offer adds o where it is answered, new and there is room.
func (x *Index) offer(offers []State, o State) []State {
	if len(offers) == maxOffers {
		return offers
	}
	o, err := x.Check(o)
	if err != nil || slices.ContainsFunc(offers, func(p State) bool { return p.Query() == o.Query() }) {
		return offers
	}
	need := 0
	for range o.By {
		need++
	}
	for f := range o.Filters {
		if !slices.Contains(o.By, f) {
			need++
		}
	}
	if need > 2 {
		return offers
	}
	for k := range x.tables {
		t := &x.tables[k]
		if x.has(t, o) {
			if keep, _, _ := x.keepOf(t, o); keep != nil && !slices.ContainsFunc(keep, func(levels []int) bool { return len(levels) == 0 }) {
				return append(offers, o)
			}
		}
	}
	return offers
}

func (x *Index) has(t *table, s State) bool {
	for _, name := range s.By {
		if !slices.Contains(t.columns, x.byName[name]) {
			return false
		}
	}
	for name := range s.Filters {
		if !slices.Contains(t.columns, x.byName[name]) {
			return false
		}
	}
	return true
}

// refuseUnmeasured refuses columns that no table holds together.
func (x *Index) refuseUnmeasured(s State, need []int) *RefusedError {
	var es, en []string
	for _, i := range need {
		es = append(es, quoteES(x.label(i, "es")))
		en = append(en, quoteEN(x.label(i, "en")))
	}
	e := &RefusedError{Reason: microdata.Text{
		"es": "Esta publicación no midió juntas las columnas " + strings.Join(es, " y ") + ". Cada tabla gasta protección, así que solo se miden algunas.",
		"en": "This release did not measure the columns " + strings.Join(en, " and ") + " together. Every table spends protection, so only some are measured.",
	}}
	if len(need) == 1 {
		e.Reason = microdata.Text{
			"es": "Esta publicación no midió la columna " + es[0] + ".",
			"en": "This release did not measure the column " + en[0] + ".",
		}
	}
	for _, i := range need {
		name := x.columns[i].Name
		alone := s.Grouped(name)
		alone.Filters = map[string][]string{}
		if v := s.Filters[name]; v != nil {
			alone.Filters[name] = v
		}
		e.Offer = x.offer(e.Offer, alone)
	}
	for _, i := range need {
		for _, partner := range x.Partners(x.columns[i].Name) {
			e.Offer = x.offer(e.Offer, State{Dataset: s.Dataset, Version: s.Version, View: s.View, By: []string{x.columns[i].Name, partner}})
		}
	}
	return e
}

// refuseEmpty refuses a filter that keeps only the level that no record has.
func (x *Index) refuseEmpty(s State, col int) *RefusedError {
	e := &RefusedError{Reason: microdata.Text{
		"es": "Ningún registro tiene " + quoteES(x.label(col, "es")) + " como valor reservado: así aparece, en el archivo de filas sintéticas, lo que esta publicación estricta calla. No hay nada que contar.",
		"en": "No record has " + quoteEN(x.label(col, "en")) + " withheld: that is how the file of synthetic rows shows what this strict release gives up. There is nothing to count.",
	}}
	e.Offer = x.offer(e.Offer, s.With(x.columns[col].Name))
	return e
}

// refuseSplit refuses a filter that holds a part of a level of the only table.
func (x *Index) refuseSplit(s State, col int, split []string) *RefusedError {
	c := &x.columns[col]
	value := split[0]
	e := &RefusedError{Reason: microdata.Text{
		"es": "La tabla que responde esta pregunta tiene algunos niveles de " + quoteES(x.label(col, "es")) +
			" agrupados: lo que se pide está dentro de " + quoteES(x.levelLabel(col, x.groupLevel(col, value), "es")) + " y no se puede separar.",
		"en": "The table that answers this question has some levels of " + quoteEN(x.label(col, "en")) +
			" merged: what is asked for lies within " + quoteEN(x.levelLabel(col, x.groupLevel(col, value), "en")) + " and cannot be taken apart.",
	}}
	wider := append(slices.Clone(s.Filters[c.Name]), split...)
	e.Offer = x.offer(e.Offer, s.With(c.Name, wider...))
	e.Offer = x.offer(e.Offer, s.With(c.Name))
	alone := State{Dataset: s.Dataset, Version: s.Version, View: s.View, By: []string{c.Name},
		Filters: map[string][]string{c.Name: s.Filters[c.Name]}}
	e.Offer = x.offer(e.Offer, alone)
	return e
}

func (x *Index) groupLevel(col int, value string) microdata.Level {
	c := &x.columns[col]
	if g, ok := c.values[value]; ok {
		return c.groups[g].level
	}
	return microdata.Level{Value: value}
}

func quoteES(s string) string { return "«" + s + "»" }
func quoteEN(s string) string { return "“" + s + "”" }
