package tabular

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// maxNumber is the number of bytes of the longest value that is read as a number.
const maxNumber = 40

// parseNumber reads a number as people write it, with a decimal point or comma.
// decimal is that sign where it is known; 0 where it is not. Then the other sign, or
// either where it stands more than once, sets thousands apart; and one sign with one
// to three digits before it, the first no zero, and three after it could be either: it is
// no number. Nothing else may stand in a number but its sign and an exponent (1e5).
func parseNumber(v []byte, decimal byte) (x float64, ok bool) {
	if len(v) == 0 || len(v) > maxNumber {
		return 0, false
	}
	body, exponent := v, ""
	if i := bytes.IndexAny(v, "eE"); i >= 0 {
		body, exponent = v[:i], string(v[i:])
	}
	minus := bytes.HasPrefix(body, []byte("-"))
	if minus || bytes.HasPrefix(body, []byte("+")) {
		body = body[1:]
	}
	if decimal == 0 {
		decimal, ok = decimalSign(body, exponent != "")
		if !ok {
			return 0, false
		}
	}
	thousands := byte(',')
	if decimal == ',' {
		thousands = '.'
	}
	whole, fraction, point := bytes.Cut(body, []byte{decimal})
	whole, ok = ungroup(whole, thousands)
	if !ok || point && !digits(fraction) || exponent != "" && !exponential(exponent) || len(whole) == 0 && !point {
		return 0, false
	}
	if !point && exponent == "" && len(whole) <= maxDigits { // most are such
		x = float64(valueOf(whole))
		if minus {
			x = -x
		}
		return x, true
	}
	text := string(whole) + "." + string(fraction) + exponent
	if minus {
		text = "-" + text
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && !math.IsInf(x, 0)
}

// decimalSign tells which of point and comma is the decimal sign of a number; not ok
// where it could be either.
func decimalSign(body []byte, exponent bool) (sign byte, ok bool) {
	points, commas := bytes.Count(body, []byte{'.'}), bytes.Count(body, []byte{','})
	switch {
	case points > 0 && commas > 0: // the last one is
		return body[bytes.LastIndexAny(body, ".,")], true
	case points > 1:
		return ',', true
	case commas > 1 || points+commas == 0:
		return '.', true
	}
	i := bytes.IndexAny(body, ".,")
	either := len(body)-i-1 == 3 && i >= 1 && i <= 3 && body[0] != '0' && !exponent
	return body[i], !either
}

// ungroup takes out the signs between thousands: groups of three digits, but for the
// first. Nothing at all is a whole part, too (.5).
func ungroup(whole []byte, thousands byte) ([]byte, bool) {
	groups := bytes.Split(whole, []byte{thousands})
	if len(groups) == 1 {
		return whole, len(whole) == 0 || digits(whole)
	}
	for i, g := range groups {
		if !digits(g) || len(g) > 3 || i > 0 && len(g) != 3 {
			return nil, false
		}
	}
	return bytes.Join(groups, nil), true
}

func exponential(e string) bool {
	e = strings.TrimLeft(e[1:], "+-")
	return len(e) <= 3 && isDigits(e)
}

// digits says whether v is made of digits, one at least.
func digits(v []byte) bool {
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(v) > 0
}

// valueOf returns the number that at most 18 digits make.
func valueOf(v []byte) (x int64) {
	for _, c := range v {
		x = x*10 + int64(c-'0')
	}
	return x
}

// A decimal is a number of a domain file, exactly: units of 10^−scale.
type decimal struct {
	units int64
	scale int
}

// maxDigits is the most digits of a number of a domain file: such a number and the one
// that a value spells in the same way are read as the same float64.
const maxDigits = 15

// parseDecimal reads a number that is written out, such as -12.50.
func parseDecimal(s string) (d decimal, ok bool) {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !isDigits(whole) || point && !isDigits(fraction) || len(whole)+len(fraction) > maxDigits {
		return d, false
	}
	d.units, _ = strconv.ParseInt(whole+fraction, 10, 64)
	if d.scale = len(fraction); strings.HasPrefix(s, "-") {
		d.units = -d.units
	}
	return d, true
}

// to returns the number in units of a finer scale; not ok where it has too many digits
// for it.
func (d decimal) to(scale int) (units int64, ok bool) {
	units = d.units
	for range scale - d.scale {
		if units *= 10; units >= pow10(maxDigits) || units <= -pow10(maxDigits) {
			return 0, false
		}
	}
	return units, true
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// String writes the number with a decimal point and no zeros at its end.
func (d decimal) String() string {
	sign, units := "", d.units
	if units < 0 {
		sign, units = "-", -units
	}
	s := strconv.FormatInt(units, 10)
	if d.scale == 0 {
		return sign + s
	}
	if len(s) <= d.scale {
		s = strings.Repeat("0", d.scale-len(s)+1) + s
	}
	whole, fraction := s[:len(s)-d.scale], strings.TrimRight(s[len(s)-d.scale:], "0")
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}
