package release

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainLine says whether s is a short line of printable text.
func plainLine(s string) bool {
	return len(s) <= 200 && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
