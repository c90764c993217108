package tabular

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"amparo/microdata"
)

// A kindWord names a kind of missing value.
type kindWord struct {
	word    string
	missing microdata.Missing
	label   microdata.Text
}

// kindWords name, in an entry of levels, the kinds of missing value, and what they are
// called where a blank stands for them.
var kindWords = []kindWord{
	{"unknown", microdata.Unknown, microdata.Text{"es": "No consta", "en": "Not stated"}},
	{"not asked", microdata.NotAsked, microdata.Text{"es": "No se preguntó", "en": "Not asked"}},
	{"refused", microdata.Refused, microdata.Text{"es": "No quiso responder", "en": "Did not want to say"}},
	{"not applicable", microdata.NotApplicable, microdata.Text{"es": "No corresponde", "en": "Not applicable"}},
	{"withheld", microdata.Withheld, microdata.Text{"es": "Reservado por la fuente", "en": "Withheld by the source"}},
}

const levelsHint = `levels look like {"levels": ["F", "M"], "unknown": [""], "refused": ["NR"], "not asked": ["-98"]}; ` +
	`columns of one question have "group": "means" and the levels 0 and 1`

// ofLevels says whether an entry's words are those of levels.
func (t *entryText) ofLevels() bool {
	return t.has("levels") || t.has("group") || slices.ContainsFunc(kindWords, func(k kindWord) bool { return t.has(k.word) })
}

// levelsOf makes the levels of an entry, answers first, then kind by kind, or says all that
// is wrong with it.
func (e *entry) levelsOf(t *entryText) {
	e.hint = levelsHint
	bad := func(format string, args ...any) { e.problems = append(e.problems, fmt.Sprintf(format, args...)) }
	e.problems = append(e.problems, t.faults...)
	for word := range t.said {
		if slices.Contains(binWords, word) {
			bad("it says levels, and %s beside them", word)
		}
	}
	slices.Sort(e.problems)
	seen, last, rising := map[string]bool{}, math.Inf(-1), true
	add := func(word string, missing microdata.Missing, label microdata.Text) {
		for i, said := range t.lists[word] {
			var value string
			switch v := said.(type) {
			case string:
				value, rising = v, rising && missing != microdata.Present
			case json.Number:
				value = v.String()
				if x, err := v.Float64(); missing == microdata.Present {
					rising, last = rising && err == nil && x > last, x
				}
			default:
				bad("entry %d of its %s is neither text nor number", i+1, word)
				continue
			}
			if seen[value] {
				bad("entry %d of its %s repeats an earlier one", i+1, word)
			}
			seen[value] = true
			level := microdata.Level{Value: value, Missing: missing}
			if value == "" {
				level.Label = label
			}
			if value == "" && missing == microdata.Present {
				bad("a blank is no answer: say which kind of missing value it is")
			}
			e.levels = append(e.levels, level)
		}
	}
	add("levels", microdata.Present, nil)
	answers := len(e.levels)
	if answers == 0 {
		bad("it has no levels")
	}
	for _, k := range kindWords {
		add(k.word, k.missing, k.label)
	}
	e.ordered = rising && answers > 2
	if t.has("group") {
		if e.group, _ = t.said["group"].(string); e.group == "" {
			bad("its group is no name")
		} else if !seen["1"] {
			bad("it is of a group, and has no level 1, which says yes")
		}
	}
	if len(e.levels) > microdata.MaxLevels {
		bad("it has more than %d levels", microdata.MaxLevels)
		e.levels = nil
	}
}
