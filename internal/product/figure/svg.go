package figure

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (s *sheet) put(parts ...string) {
	for _, p := range parts {
		s.WriteString(p)
	}
}

// percent returns a length on the scale as a part of the plot's width.
func (s *sheet) percent(v float64) string {
	return num(math.Round(max(min(v/s.max, 2), -2)*1e4)/100) + "%"
}

func num(x float64) string {
	return strconv.FormatFloat(math.Round(x*100)/100+0, 'f', -1, 64)
}

// finite returns v, or zero where v is no number that can be drawn.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// clean returns s as text that XML may hold, on one line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || r == 0xfffe || r == 0xffff:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func escape(s string) string { return escaper.Replace(clean(s)) }

// identifier keeps what may stand in an id and in url().
func identifier(s string) string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, s)
	return "c" + id
}
