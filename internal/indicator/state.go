// Package indicator answers questions about a published dataset from its
// released tables, and from nothing else.
//
// A question is a [State]: it stands whole in a URL, and one question has one
// URL. An [Answer] holds a count with a 95 % interval for every cell and every
// sum; page, CSV, JSON and drawing are made from the same Answer, so they hold
// the same numbers. What no released table can answer is refused with a reason
// and with questions that can be answered: nothing is computed from the
// synthetic records.
//
// Counts are of records of people: never of victims, never a prevalence.
package indicator

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The views of an answer.
const (
	ViewBar   = "bar" // the default
	ViewTable = "table"
)

// A State is one question. In a URL's query it reads
//
//	by=gender,ageBroad&citizenship=GTM~HND&version=2&view=table
//
// by names the columns to count by; every other parameter keeps some levels of
// one column; version and view are left out where they are the newest and bar.
// A blank level is spelled "_". "!" keeps the next character from being read as
// a sign: "!_" is the level "_", "!~" a tilde in a level, "!," a comma in a
// column's name. A column called by, version or view is spelled "~by" as a
// parameter, and one that begins with "~" is spelled with another "~" before it.
// What stands empty is left out.
type State struct {
	Dataset string
	Version int                 // 0: the newest
	By      []string            // 1 or 2 columns
	Filters map[string][]string // column → values of the levels kept
	View    string
}

// Limits of a query. A filter of all countries of the world stays below them.
const (
	maxQuery  = 8 << 10
	maxParams = 64
	maxValues = 1024
)

// ParseQuery reads the query of a URL. It knows the grammar only; Index.Parse
// also knows the dataset. Parameters may be repeated, as forms do; empty ones
// are left out. The error is an *UnknownError.
func ParseQuery(query string) (State, error) {
	s := State{View: ViewBar, Filters: map[string][]string{}}
	if len(query) > maxQuery {
		return s, &UnknownError{What: "query", Name: "longer than " + strconv.Itoa(maxQuery) + " bytes"}
	}
	params, err := url.ParseQuery(query)
	if err != nil || !utf8.ValidString(query) {
		return s, &UnknownError{What: "query", Name: "not in the form of a URL"}
	}
	if len(params) > maxParams {
		return s, &UnknownError{What: "query", Name: "too many parameters"}
	}
	values := 0
	for _, name := range slices.Sorted(maps.Keys(params)) {
		for _, v := range params[name] {
			if v == "" {
				continue
			}
			if values += 1 + strings.Count(v, "~") + strings.Count(v, ","); values > maxValues {
				return s, &UnknownError{What: "query", Name: "too many values"}
			}
			if err := s.param(name, v); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func (s *State) param(name, v string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(v) {
		return &UnknownError{What: "query", Name: "not UTF-8"}
	}
	switch name {
	case "by":
		for _, c := range split(v, ',') {
			if c = unescape(c); c != "" && !slices.Contains(s.By, c) {
				s.By = append(s.By, c)
			}
		}
	case "version":
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n >= 1_000_000 || strconv.Itoa(n) != v {
			return newUnknown("version", v)
		}
		s.Version = n
	case "view":
		if v != ViewBar && v != ViewTable {
			return newUnknown("view", v)
		}
		s.View = v
	default:
		column := strings.TrimPrefix(name, "~")
		for _, value := range split(v, '~') {
			switch value {
			case "":
				continue
			case "_":
				value = ""
			default:
				value = unescape(value)
			}
			if !slices.Contains(s.Filters[column], value) {
				s.Filters[column] = append(s.Filters[column], value)
			}
		}
	}
	return nil
}

// split cuts v at each sep that no "!" stands before.
func split(v string, sep byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '!':
			i++
		case sep:
			parts = append(parts, v[from:i])
			from = i + 1
		}
	}
	return append(parts, v[from:])
}

// unescape drops each "!" that stands before another character.
func unescape(v string) string {
	if !strings.Contains(v, "!") {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '!' && i+1 < len(v) {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

func escape(v string, sep string) string {
	v = strings.ReplaceAll(v, "!", "!!")
	return strings.ReplaceAll(v, sep, "!"+sep)
}

// Query returns the query that reads as s: sorted, what is default left out. It
// is canonical where s came from Index.Parse or Index.Check.
func (s State) Query() string {
	type param struct{ name, value string }
	var params []param
	add := func(name string, values []string, sep string) {
		if len(values) > 0 {
			params = append(params, param{name, strings.Join(values, sep)})
		}
	}
	var by []string
	for _, c := range s.By {
		by = append(by, escape(c, ","))
	}
	add("by", by, ",")
	for column, values := range s.Filters {
		var spelled []string
		for _, v := range values {
			switch v {
			case "":
				v = "_"
			case "_":
				v = "!_"
			default:
				v = escape(v, "~")
			}
			spelled = append(spelled, v)
		}
		if strings.HasPrefix(column, "~") || slices.Contains([]string{"by", "version", "view", ""}, column) {
			column = "~" + column
		}
		add(column, spelled, "~")
	}
	if s.Version != 0 {
		add("version", []string{strconv.Itoa(s.Version)}, "")
	}
	if s.View != "" && s.View != ViewBar {
		add("view", []string{s.View}, "")
	}
	slices.SortFunc(params, func(a, b param) int { return cmp.Compare(a.name, b.name) })
	var b strings.Builder
	for i, p := range params {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(p.name) + "=" + encode(p.value))
	}
	return b.String()
}

// legible keeps signs that a query may hold as they are.
var legible = strings.NewReplacer("%2C", ",", "%21", "!")

func encode(s string) string { return legible.Replace(url.QueryEscape(s)) }

// With returns s with a filter set, or taken away where no values are given.
func (s State) With(column string, values ...string) State {
	s.Filters = maps.Clone(s.Filters)
	if s.Filters == nil {
		s.Filters = map[string][]string{}
	}
	if delete(s.Filters, column); len(values) > 0 {
		s.Filters[column] = values
	}
	return s
}

// Grouped returns s counted by other columns.
func (s State) Grouped(by ...string) State {
	s.By = slices.Clone(by)
	return s
}
