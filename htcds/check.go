package htcds

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The ways in which a field can be wrong. None of them ever says the value.
var (
	ErrDate      = errors.New("date does not exist, or is not written as 2006-01-02")
	ErrNumber    = errors.New("number is not whole, or is out of range")
	ErrPlace     = errors.New("coordinate is not a decimal number, or is out of range")
	ErrPhone     = errors.New("phone number is not in the E.164 form")
	ErrEmail     = errors.New("e-mail address has not the form name@domain")
	ErrCountry   = errors.New("country is not a code of two or three capital letters")
	ErrLanguage  = errors.New("language is not a code of two or three small letters")
	ErrCheckbox  = errors.New("value is neither true nor false")
	ErrList      = errors.New("value is not in the value list")
	ErrText      = errors.New("text is not valid UTF-8, or holds control characters")
	ErrMany      = errors.New("field holds more than one value")
	ErrNoneFound = errors.New("NoneFound stands beside other values")
	ErrField     = errors.New("field is not in the code book")
	ErrTwice     = errors.New("field is there twice")
	ErrEmpty     = errors.New("record holds nothing")
	ErrSealed    = errors.New("a case is written by EncodeCSV and EncodeJSON only")
	ErrShape     = errors.New("record has not the right shape")
	ErrLabel     = errors.New("label in the second row belongs to another field; make id and label agree")
	ErrLimit     = errors.New("input is over a limit")
)

// A FieldError says where a record is wrong. It never holds the value itself:
// errors reach logs, and logs must not hold what a victim told us.
//
// Row counts records from 1, or is 0 for a record that came alone. Field is an id
// of the code book, or a place such as "column 3" when the file has no such id.
type FieldError struct {
	Row   int
	Field string
	Err   error
}

func (e *FieldError) Error() string {
	s := "htcds: "
	if e.Row > 0 {
		s += fmt.Sprintf("row %d", e.Row)
	}
	if e.Row > 0 && e.Field != "" {
		s += ", "
	}
	if s += e.Field; e.Row > 0 || e.Field != "" {
		s += ": "
	}
	return s + e.Err.Error()
}

// Unwrap returns one of the errors of this package, such as [ErrDate].
func (e *FieldError) Unwrap() error { return e.Err }

// checks reads one value of each kind and returns the form in which it is kept.
var checks = map[string]func(string) (string, error){
	"@text":      func(s string) (string, error) { return s, nil },
	"@date":      func(s string) (string, error) { _, err := ParseDate(s); return s, err },
	"@checkbox":  checkbox,
	"@phone":     phone,
	"@email":     email,
	"@country":   func(s string) (string, error) { return s, shape(s, 'A', 'Z', ErrCountry) },
	"@language":  func(s string) (string, error) { return s, shape(s, 'a', 'z', ErrLanguage) },
	"@latitude":  func(s string) (string, error) { return s, coordinate(s, 90) },
	"@longitude": func(s string) (string, error) { return s, coordinate(s, 180) },
}

func knownCheck(name string) bool {
	_, _, number := bounds(name)
	return number || checks[name] != nil
}

// bounds reads the check @number:low:high.
func bounds(check string) (low, high int, ok bool) {
	rest, ok := strings.CutPrefix(check, "@number:")
	a, b, cut := strings.Cut(rest, ":")
	low, okA := digits(a)
	high, okB := digits(b)
	return low, high, ok && cut && okA && okB && low <= high
}

// check reads one value of the field, which clean has passed.
func (f *Field) check(s string) (string, error) {
	if f.List != nil {
		if name, ok := f.List.Find(s); ok {
			return name, nil
		}
		return "", ErrList
	}
	if low, high, ok := bounds(f.Check); ok {
		n, ok := digits(s)
		if !ok || n < low || n > high {
			return "", ErrNumber
		}
		return strconv.Itoa(n), nil
	}
	return checks[f.Check](s)
}

// clean trims a text and gives every line the same end, so that a record reads
// the same after a trip through CSV. It refuses what no person types.
func clean(s string) (string, error) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return "", ErrText
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", ErrText
		}
	}
	return s, nil
}

// Words that toolkits and spreadsheets in both languages write in a checkbox.
var (
	trueWords  = []string{"true", "1", "yes", "sí", "si", "verdadero"}
	falseWords = []string{"false", "0", "no", "falso"}
)

func checkbox(s string) (string, error) {
	s = strings.ToLower(s)
	switch {
	case slices.Contains(trueWords, s):
		return "true", nil
	case slices.Contains(falseWords, s):
		return "false", nil
	}
	return "", ErrCheckbox
}

// phone reads ^\+?[1-9]\d{1,14}$ after taking out the marks that people write
// between digits.
func phone(s string) (string, error) {
	s = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(s)
	d := strings.TrimPrefix(s, "+")
	if len(d) < 2 || len(d) > 15 || d[0] == '0' || strings.Trim(d, "0123456789") != "" {
		return "", ErrPhone
	}
	return s, nil
}

// email checks the shape only: whether a letter arrives is for the post to say.
func email(s string) (string, error) {
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" || len(s) > 254 || strings.ContainsAny(s, " \t\n,;<>\"") || strings.Contains(domain, "@") ||
		!strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", ErrEmail
	}
	return s, nil
}

// shape checks the shape of a code: the lists of ISO 3166 and ISO 639-2 are kept
// by others, and a record must not be lost because a country was renamed.
func shape(s string, low, high byte, err error) error {
	if len(s) != 2 && len(s) != 3 {
		return err
	}
	for i := range len(s) {
		if s[i] < low || s[i] > high {
			return err
		}
	}
	return nil
}

func coordinate(s string, limit float64) error {
	d := strings.TrimPrefix(s, "-")
	x, err := strconv.ParseFloat(d, 64)
	if err != nil || strings.Trim(d, "0123456789.") != "" || !(x <= limit) {
		return ErrPlace
	}
	return nil
}
