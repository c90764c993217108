package rules

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"amparo/microdata"
)

// The limits of a rule file.
const (
	maxBytes = 1 << 20
	maxRules = 500
	maxLine  = 4096
	maxTests = 64
)

// An Error says what is wrong with a rule file, by line; it wraps a [Fault] each.
type Error struct{ Faults []Fault }

// A Fault is one thing wrong. Line counts from 1; 0 means all of the file.
type Fault struct {
	Line    int
	Problem string
}

func (e *Error) Error() string {
	var parts []string
	for _, f := range e.Faults {
		at := "rules: "
		if f.Line > 0 {
			at = fmt.Sprintf("rules, line %d: ", f.Line)
		}
		parts = append(parts, at+f.Problem)
	}
	return strings.Join(parts, "; ")
}

// Hint says how a rule looks.
func (e *Error) Hint() string { return `a rule looks like: isChild = 1 => age in "0--8", "9--17"` }

// Parse reads a rule file over a closed domain. All that is wrong is said at once: of
// each line the first fault; then, where every line could be read, rules that no
// record can keep together. Rules may not name private columns, whose levels nobody
// knows yet. It never quotes what it does not know from the domain.
func Parse(r io.Reader, d *microdata.Domain, private map[string]bool) (*Set, error) {
	s := &Set{domain: d, private: private}
	for a := range d.Len() {
		s.blank = append(s.blank, blankLevel(d.Column(a)))
	}
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	bad := &Error{}
	number := 0
	for lines.Scan() {
		number++
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if !utf8.ValidString(text) {
			bad.Faults = append(bad.Faults, Fault{number, "it is not UTF-8"})
			continue
		}
		tokens, err := split(text)
		if err == nil && len(tokens) == 0 {
			continue
		}
		var rule Rule
		if err == nil {
			rule, err = s.rule(tokens)
		}
		if err != nil {
			bad.Faults = append(bad.Faults, Fault{number, err.Error()})
			continue
		}
		rule.Line, rule.Text = number, join(tokens)
		if s.Rules = append(s.Rules, rule); len(s.Rules) > maxRules {
			return nil, &Error{[]Fault{{0, fmt.Sprintf("there are more than %d rules", maxRules)}}}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		bad.Faults = append(bad.Faults, Fault{number + 1, fmt.Sprintf("it has more than %d bytes", maxLine)})
	case err != nil:
		return nil, fmt.Errorf("rules: reading: %w", err)
	case limited.N <= 0:
		bad.Faults = append(bad.Faults, Fault{0, fmt.Sprintf("the file has more than %d MiB", maxBytes>>20)})
	}
	if len(bad.Faults) > 0 {
		return nil, bad
	}
	fault := s.contradiction()
	if fault == nil {
		fault = s.emptied()
	}
	if fault != nil {
		return nil, &Error{[]Fault{*fault}}
	}
	return s, nil
}

// blankLevel is the level that says that a value is not known, or was withheld.
func blankLevel(c *microdata.Column) int {
	for _, kind := range []microdata.Missing{microdata.Unknown, microdata.Withheld, microdata.NotAsked} {
		if l := slices.IndexFunc(c.Levels, func(l microdata.Level) bool { return l.Missing == kind }); l >= 0 {
			return l
		}
	}
	return -1
}

// A token is a word, quoted or not, or a sign: = != => ,
type token struct {
	text string
	kind byte // 'w', 'q' or 's'
}

func (t token) is(text string) bool { return t.kind != 'q' && t.text == text }

// split takes a line apart, up to a #.
func split(line string) (out []token, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		switch {
		case line[0] == '#':
			return out, nil
		case line[0] == '"':
			text, rest, ok := quoted(line[1:])
			if !ok {
				return nil, errors.New("a quote is not closed")
			}
			out, line = append(out, token{text, 'q'}), rest
		case strings.HasPrefix(line, "=>"), strings.HasPrefix(line, "!="):
			out, line = append(out, token{line[:2], 's'}), line[2:]
		case line[0] == '=' || line[0] == ',':
			out, line = append(out, token{line[:1], 's'}), line[1:]
		default:
			end := strings.IndexAny(line, " \t\",=#")
			if end < 0 {
				end = len(line)
			}
			if end > 1 && line[end-1] == '!' && end < len(line) && line[end] == '=' {
				end--
			}
			out, line = append(out, token{line[:end], 'w'}), line[end:]
		}
	}
	return out, nil
}

// quoted reads up to the closing quote; "" is a quote.
func quoted(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		if s = s[i+1:]; !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}

// join spells tokens so that split reads them again.
func join(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && !t.is(",") {
			b.WriteByte(' ')
		}
		if t.kind == 'q' {
			b.WriteString(`"` + strings.ReplaceAll(t.text, `"`, `""`) + `"`)
		} else {
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// A test is a set of levels that a column must be in.
type test struct {
	column int
	in     []bool
}

// rule compiles a line. «if A and B then C and D» forbids A, B, not C, and A, B, not D.
func (s *Set) rule(tokens []token) (r Rule, err error) {
	if tokens[0].is("never") {
		tests, err := s.condition(tokens[1:], premise)
		if err != nil {
			return r, err
		}
		return r, r.forbid(s.domain, tests, nil)
	}
	arrow := slices.IndexFunc(tokens, func(t token) bool { return t.is("=>") })
	if arrow < 0 {
		return r, errors.New("it has neither => nor never")
	}
	if slices.ContainsFunc(tokens[arrow+1:], func(t token) bool { return t.is("=>") }) {
		return r, errors.New("it has more than one =>")
	}
	given, err := s.condition(tokens[:arrow], premise)
	if err != nil {
		return r, err
	}
	then, err := s.condition(tokens[arrow+1:], consequence)
	if err != nil {
		return r, err
	}
	for _, c := range then {
		not := test{c.column, make([]bool, len(c.in))}
		for l, in := range c.in {
			not.in[l] = !in
		}
		if err := r.forbid(s.domain, given, &not); err != nil {
			return r, err
		}
	}
	return r, nil
}

// forbid adds the clause in which all tests hold at once, and then also last.
func (r *Rule) forbid(d *microdata.Domain, tests []test, last *test) error {
	var mend []int
	if last != nil {
		tests = append(slices.Clone(tests), *last)
		mend = []int{last.column}
	}
	byColumn := map[int][]bool{}
	n := Never{}
	for _, t := range tests {
		if in, ok := byColumn[t.column]; ok {
			for l := range in {
				in[l] = in[l] && t.in[l]
			}
			continue
		}
		byColumn[t.column] = slices.Clone(t.in)
		n.Clique = append(n.Clique, t.column)
	}
	slices.Sort(n.Clique)
	if len(n.Clique) > MaxColumns {
		return fmt.Errorf("it ties %d columns together; up to %d can be", len(n.Clique), MaxColumns)
	}
	for _, a := range n.Clique {
		if !slices.Contains(byColumn[a], true) {
			return nil // it forbids nothing: true of every record
		}
		n.In = append(n.In, byColumn[a])
		if !slices.Contains(mend, a) {
			mend = append(mend, a)
		}
	}
	if err := n.Clique.Check(d); err != nil {
		return errors.New("its columns have too many levels together")
	}
	r.Never, r.mend = append(r.Never, n), append(r.mend, mend)
	return nil
}
