package release

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"amparo/microdata/rules"
)

// Mended says what rules did to the records before they were counted: exact, for the
// custodian only.
type Mended struct {
	Changed int // records in which values that break a rule were blanked
	Left    int // records left out, because blanks did not mend them
}

// readRules reads the rule file over what is public of the input's columns.
func (r *run) readRules() (*rules.Set, error) {
	if r.Rules == "" {
		return nil, nil
	}
	f, err := os.Open(r.Rules)
	if err != nil {
		return nil, refuse("check the path of --rules", "the rule file cannot be read")
	}
	defer f.Close()
	d, open, err := r.file.PublicDomain()
	if err != nil {
		return nil, err
	}
	set, err := rules.Parse(f, d, open)
	if bad, ok := errors.AsType[*rules.Error](err); ok {
		return nil, &Refusal{err, bad.Hint()}
	}
	if err != nil {
		return nil, fmt.Errorf("the rule file cannot be read: %w", plainPath(err))
	}
	return set, nil
}

// ruleFigures counts the records that break each rule, and whether any is broken.
func (r released) ruleFigures() (out []RuleFigures, broken bool) {
	if r.rules == nil {
		return nil, false
	}
	counts := make([]int, len(r.rules.Rules))
	for row := range r.records[0] {
		if i := r.rules.Broken(func(a int) int { return int(r.records[a][row]) }); i >= 0 {
			counts[i]++
			broken = true
		}
	}
	for i, rule := range r.rules.Rules {
		text := strings.TrimSpace(rule.Text)
		out = append(out, RuleFigures{map[string]string{"es": text, "en": text}, counts[i]})
	}
	return out, broken
}
