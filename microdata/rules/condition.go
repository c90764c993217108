package rules

import (
	"errors"
	"fmt"

	"amparo/microdata"
)

// A role is where a test stands: what is missing meets no premise, and breaks no
// consequence, unless it is named.
type role bool

const (
	premise     role = false
	consequence role = true
)

// condition reads tests joined by and.
func (s *Set) condition(tokens []token, as role) (out []test, err error) {
	for len(tokens) > 0 {
		var more []test
		if more, tokens, err = s.test(tokens, as); err != nil {
			return nil, err
		}
		if out = append(out, more...); len(out) > maxTests {
			return nil, fmt.Errorf("it has more than %d tests", maxTests)
		}
		if len(tokens) == 0 {
			return out, nil
		}
		if !tokens[0].is("and") {
			return nil, errors.New("after a test there must be and, => or the end")
		}
		tokens = tokens[1:]
	}
	return nil, errors.New("a condition is missing")
}

// test reads one test, and returns what follows it.
func (s *Set) test(tokens []token, as role) ([]test, []token, error) {
	if len(tokens) >= 3 && tokens[0].is("none") && tokens[1].is("of") {
		tests, err := s.none(tokens[2], as)
		return tests, tokens[3:], err
	}
	if tokens[0].kind == 's' {
		return nil, nil, errors.New("a column is missing before a sign")
	}
	a, ok := s.domain.Index(tokens[0].text)
	if !ok {
		return nil, nil, errors.New("it names a column that the file does not have, or that was left out")
	}
	c := s.domain.Column(a)
	if s.private[c.Name] {
		return nil, nil, fmt.Errorf("the levels of column %q are not public: list them with --domain", c.Name)
	}
	t := test{a, make([]bool, len(c.Levels))}
	rest := tokens[1:]
	at := func(i int, text string) bool { return len(rest) > i && rest[i].is(text) }
	switch {
	case at(0, "is") && (at(1, "missing") || at(1, "known")):
		for l, level := range c.Levels {
			t.in[l] = (level.Missing != microdata.Present) == at(1, "missing")
		}
		return []test{t}, rest[2:], nil
	case at(0, "="), at(0, "!="):
		not := at(0, "!=")
		if err := t.values(c, rest[1:min(2, len(rest))]); err != nil {
			return nil, nil, err
		}
		return []test{t.as(c, as, not)}, rest[2:], nil
	case at(0, "in"), at(0, "not") && at(1, "in"):
		not := at(0, "not")
		if not {
			rest = rest[1:]
		}
		rest = rest[1:]
		for {
			if err := t.values(c, rest[:min(1, len(rest))]); err != nil {
				return nil, nil, err
			}
			if rest = rest[1:]; !at(0, ",") {
				return []test{t.as(c, as, not)}, rest, nil
			}
			rest = rest[1:]
		}
	}
	return nil, nil, fmt.Errorf("after column %q there must be =, !=, in, not in, is missing or is known", c.Name)
}

// values adds the level that a token spells.
func (t *test) values(c *microdata.Column, tokens []token) error {
	if len(tokens) == 0 || tokens[0].kind == 's' {
		return fmt.Errorf("a value of column %q is missing", c.Name)
	}
	l, ok := c.Code(tokens[0].text)
	if !ok {
		return fmt.Errorf("it names a value that column %q does not have", c.Name)
	}
	t.in[l] = true
	return nil
}

// as gives a test of named levels the meaning that it has in its place.
func (t test) as(c *microdata.Column, as role, not bool) test {
	for l, named := range t.in {
		t.in[l] = named != not
		if !named && c.Levels[l].Missing != microdata.Present {
			t.in[l] = bool(as)
		}
	}
	return t
}

// none tests every indicator column of a multi-valued attribute for not being 1.
func (s *Set) none(group token, as role) (out []test, err error) {
	for _, a := range s.domain.Groups()[group.text] {
		c := s.domain.Column(a)
		t := test{a, make([]bool, len(c.Levels))}
		yes, ok := c.Code("1")
		if !ok {
			return nil, fmt.Errorf("column %q of that group has no level 1", c.Name)
		}
		t.in[yes] = true
		out = append(out, t.as(c, as, true))
	}
	if len(out) == 0 {
		return nil, errors.New("it names a group of columns that the file does not have")
	}
	return out, nil
}
