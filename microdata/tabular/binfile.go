package tabular

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"amparo/microdata"
)

// binWords are what an entry of bins can say, in the order in which it is told.
var binWords = []string{"from", "to", "width", "by", "edges", "quantiles", "decimal", "format"}

const binHint = `bins look like {"from": 0, "to": 120, "width": 10}, {"edges": [0, 9, 18, 60, 120]}, ` +
	`{"from": 0, "to": 100000, "quantiles": 8} or {"from": "2015-01-01", "to": "2025-12-31", "by": "year"}`

// An entryText is an entry of bins or levels as it stands in the file: a number as
// json.Number, a text as string, and lists of them.
type entryText struct {
	said   map[string]any
	lists  map[string][]any // edges and levels
	faults []string
}

func (t *entryText) bad(format string, args ...any) {
	t.faults = append(t.faults, fmt.Sprintf(format, args...))
}

func (t *entryText) has(word string) bool { _, ok := t.said[word]; return ok }

// readObject reads an entry whose { was read, up to its }. What is wrong with its words
// is for people; the error ends the reading.
func readObject(dec *json.Decoder) (*entryText, error) {
	t := &entryText{said: map[string]any{}, lists: map[string][]any{}}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		word := key.(string) // a key is a string, or Token failed
		value, err := dec.Token()
		if err != nil {
			return nil, err
		}
		most := listed(word)
		switch {
		case value == json.Delim('[') && most > 0:
			if err := t.readList(dec, word, most); err != nil {
				return nil, err
			}
		case value == json.Delim('[') || value == json.Delim('{'):
			return nil, errShape
		case most > 0:
			t.bad("its %s are no list", word)
		case word != "group" && !slices.Contains(binWords, word):
			t.bad("%.20q says nothing of bins or levels", word)
		}
		if t.has(word) {
			t.bad("it says %.20q twice", word)
		}
		t.said[word] = value
	}
	_, err := dec.Token()
	return t, err
}

// listed returns how many entries are read of a word that stands before a list; 0 of
// one that does not.
func listed(word string) int {
	switch {
	case word == "edges":
		return maxBins + 2 // more are too many
	case word == "levels", slices.ContainsFunc(kindWords, func(k kindWord) bool { return k.word == word }):
		return microdata.MaxLevels + 1
	}
	return 0
}

func (t *entryText) readList(dec *json.Decoder, word string, most int) error {
	for dec.More() {
		e, err := dec.Token()
		if err != nil {
			return err
		}
		if _, nested := e.(json.Delim); nested {
			return errShape
		}
		if len(t.lists[word]) < most {
			t.lists[word] = append(t.lists[word], e)
		}
	}
	_, err := dec.Token()
	return err
}

// bins makes the bins of an entry, or says all that is wrong with it.
func (t *entryText) bins() (*bins, []string) {
	b := &bins{}
	t.together()
	ends := []any{t.said["from"], t.said["to"]}
	if t.has("edges") {
		ends = t.lists["edges"]
	}
	text := slices.ContainsFunc(ends, func(e any) bool { _, ok := e.(string); return ok })
	b.dates = text || t.has("by") && !t.has("width")
	if b.dates {
		t.dates(b)
	} else {
		t.numbers(b)
	}
	if t.has("quantiles") {
		if b.quantiles = t.whole("quantiles"); b.quantiles < 2 || b.quantiles > maxQuantiles {
			t.bad("its quantiles are not a whole number from 2 to %d", maxQuantiles)
		}
	}
	if len(t.faults) > 0 {
		return nil, t.faults
	}
	switch n := len(b.edges) + len(b.days) - 1; {
	case n > maxBins:
		t.bad("it makes more than %d bins", maxBins)
	case n < 2:
		t.bad("it makes one bin only")
	case n < b.quantiles:
		t.bad("from its %d steps no %d quantiles can be made: choose smaller steps with width or by", n, b.quantiles)
	default:
		return b.complete(), nil
	}
	return nil, t.faults
}

// together says which words do not go together.
func (t *entryText) together() {
	if t.has("edges") {
		for _, word := range []string{"from", "to", "width", "by", "quantiles"} {
			if t.has(word) {
				t.bad("it says edges, and %s beside them", word)
			}
		}
		return
	}
	for _, word := range []string{"from", "to"} {
		if !t.has(word) {
			t.bad("it does not say %s", word)
		}
	}
	if !t.has("width") && !t.has("by") && !t.has("quantiles") {
		t.bad("it says neither width nor by, edges or quantiles")
	}
	if t.has("width") && t.has("by") {
		t.bad("it says width, which is for numbers, and by, which is for dates")
	}
}

func (t *entryText) whole(word string) int {
	n, _ := t.said[word].(json.Number)
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return -1
	}
	return i
}

// choice returns what an entry says of a word, one of a few.
func (t *entryText) choice(word string, of ...string) string {
	s, _ := t.said[word].(string)
	if t.has(word) && !slices.Contains(of, s) {
		t.bad(`its %s is not "%s"`, word, strings.Join(of, `" or "`))
	}
	return s
}

// numbers reads the edges of numbers, or makes equal ones.
func (t *entryText) numbers(b *bins) {
	if t.has("format") {
		t.bad("it is of numbers, and format is for dates")
	}
	if s := t.choice("decimal", ".", ","); s != "" {
		b.decimal = s[0]
	}
	scale := 0
	number := func(word string, value any) (d decimal) {
		n, ok := value.(json.Number)
		if ok {
			d, ok = parseDecimal(n.String())
		}
		if !ok {
			t.bad("its %s is not a number written out with at most %d digits", word, maxDigits)
		}
		scale = max(scale, d.scale)
		return d
	}
	if t.has("edges") {
		for i, e := range t.lists["edges"] {
			b.edges = append(b.edges, number(fmt.Sprint("edge ", i+1), e))
		}
		t.common(b.edges, scale)
		for i := 1; i < len(b.edges) && len(t.faults) == 0; i++ {
			if b.edges[i].units <= b.edges[i-1].units {
				t.bad("its edge %d is not above the one before", i+1)
			}
		}
		b.whole = scale == 0 && len(b.edges) > 0 && b.edges[0].units >= 0
		return
	}
	var of []decimal // from, to and the width
	for _, word := range []string{"from", "to", "width"} {
		if t.has(word) {
			of = append(of, number(word, t.said[word]))
		}
	}
	if len(t.faults) > 0 {
		return
	}
	b.whole = scale == 0 && of[0].units >= 0
	if len(of) == 2 && scale > 0 { // cells of a width to be chosen
		scale += 4
	}
	if t.common(of, scale); len(t.faults) > 0 {
		return
	}
	from, to := of[0].units, of[1].units
	if from >= to {
		t.bad("its to is not above its from")
		return
	}
	width := int64(1)
	if len(of) == 3 {
		width = of[2].units
	} else {
		for k := 0; (to-from-1)/width >= maxBins; k++ { // 1, 2, 5, 10, 20, …
			width = []int64{1, 2, 5}[(k+1)%3] * pow10((k+1)/3)
		}
	}
	if width <= 0 {
		t.bad("its width is not above 0")
		return
	}
	for at := from; at < to && len(b.edges) <= maxBins; at += width {
		b.edges = append(b.edges, decimal{at, scale})
	}
	b.edges = append(b.edges, decimal{to, scale})
}

// common brings numbers to one scale.
func (t *entryText) common(all []decimal, scale int) {
	for i := range all {
		units, ok := all[i].to(scale)
		if !ok {
			t.bad("its numbers have more than %d digits together", maxDigits)
			return
		}
		all[i] = decimal{units, scale}
	}
}

// dates reads the edges of dates, or makes those of years, quarters or months.
func (t *entryText) dates(b *bins) {
	for _, word := range []string{"width", "decimal"} {
		if t.has(word) && !(word == "width" && t.has("by")) {
			t.bad("it is of dates, and %s is for numbers", word)
		}
	}
	b.format = t.choice("format", "DMY", "MDY")
	b.months = map[string]int{"": 1, "month": 1, "quarter": 3, "year": 12}[t.choice("by", "year", "quarter", "month")]
	read := func(word string, value any) day {
		s, _ := value.(string)
		d, ok := parseDay([]byte(s), "", 0)
		if !ok {
			t.bad(`its %s is not a date such as "2015-01-01" (nor a number, for those stand without quotes)`, word)
		}
		return d
	}
	if t.has("edges") {
		b.months = 0
		for i, e := range t.lists["edges"] {
			b.days = append(b.days, read(fmt.Sprint("edge ", i+1), e))
			if i > 0 && len(t.faults) == 0 && b.days[i] <= b.days[i-1] {
				t.bad("its edge %d is not after the one before", i+1)
			}
		}
		return
	}
	var ends []day
	for _, word := range []string{"from", "to"} {
		if t.has(word) {
			ends = append(ends, read(word, t.said[word]))
		}
	}
	if len(t.faults) > 0 {
		return
	}
	if ends[0] >= ends[1] {
		t.bad("its to is not after its from")
		return
	}
	for m := ends[0].months() / b.months * b.months; m <= ends[1].months() && len(b.days) <= maxBins; m += b.months {
		b.days = append(b.days, newDay(m/12, m%12+1, 1))
	}
	b.days = append(b.days, ends[1])
}
