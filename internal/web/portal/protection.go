package portal

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// account is the part of a release's report that says how its rows were made.
// The report is one of the signed files of the bundle; report.json of package
// release writes these fields. A report that lacks them says nothing.
type account struct {
	Fabrication string `json:"fabrication"` // limited, unlimited or strict
	Support     int    `json:"support"`     // of strict rows: how many share each combination
	Found       []struct {
		Column string `json:"column"`
		Levels int    `json:"levels"`
	} `json:"found"`
	Rules []struct {
		Rule       microdata.Text `json:"rule"`
		Violations int            `json:"violations"`
	} `json:"rules"`
}

// maxReport is the size above which a report is not read for a page.
const maxReport = 8 << 20

// readAccount reads the account of a bundle. A bundle without a report, or with
// one in a form that is not known, has an empty one; the error is that of a
// bundle that was touched.
func readAccount(b *catalog.Bundle) (account, error) {
	var a account
	f, h, err := b.Open("report.json")
	if errors.Is(err, catalog.ErrNotFound) || err == nil && h.Bytes > maxReport {
		if err == nil {
			f.Close()
		}
		return a, nil
	}
	if err != nil {
		return a, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxReport))
	if err != nil {
		return a, err
	}
	if json.Unmarshal(text, &a) != nil {
		return account{}, nil
	}
	return a, nil
}

// protection is what a page says of the rows of a release.
type protection struct {
	Dial  string // what was invented and what was lost; "" where the release does not say
	Found string // columns whose values were found under noise; "" is none
	Rules []rule // that no row breaks
}

// A rule is a sentence, or where no language has one of its own, as its author
// wrote it.
type rule struct {
	Text    string
	Written bool
}

// in puts an account into words.
func (a account) in(lang string) protection {
	var p protection
	switch a.Fabrication {
	case "limited":
		p.Dial = say(lang, "dataset.dial.limited")
	case "unlimited":
		p.Dial = say(lang, "dataset.dial.unlimited")
	case "strict":
		if a.Support > 1 { // a promise without its number is none
			p.Dial = say(lang, "dataset.dial.strict", a.Support)
		}
	}
	var found []string
	for _, f := range a.Found {
		found = append(found, say(lang, "dataset.found.column", f.Column, f.Levels))
	}
	if len(found) > 0 {
		p.Found = say(lang, "dataset.found", strings.Join(found, ", "))
	}
	for _, r := range a.Rules {
		if text := inText(r.Rule, lang, ""); text != "" && r.Violations == 0 {
			p.Rules = append(p.Rules, rule{text, r.Rule["es"] == r.Rule["en"]})
		}
	}
	return p
}
