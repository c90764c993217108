package tabular

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text    string
		decimal byte
		want    float64 // NaN: no number
	}{
		{"0", 0, 0}, {"17", 0, 17}, {"-3", 0, -3}, {"+3", 0, 3}, {"0017", 0, 17}, {"-0", 0, 0},
		{"12.5", 0, 12.5}, {"12,5", 0, 12.5}, {".5", 0, .5}, {",5", 0, .5}, {"0.125", 0, .125}, {"0,125", 0, .125}, {"-0,125", 0, -.125},
		{"1234.567", 0, 1234.567}, {"1,2345", 0, 1.2345}, {"12.34", 0, 12.34},
		// Two different signs: the last one is decimal. The same one again: thousands.
		{"1.234,5", 0, 1234.5}, {"1,234.5", 0, 1234.5}, {"1.234.567", 0, 1234567}, {"1,234,567", 0, 1234567}, {"12,345,678.9", 0, 12345678.9},
		// One sign that could be either.
		{"1.234", 0, math.NaN()}, {"1,234", 0, math.NaN()}, {"-123,456", 0, math.NaN()}, {"999.000", 0, math.NaN()},
		{"1.234", '.', 1.234}, {"1,234", '.', 1234}, {"1.234", ',', 1234}, {"1,234", ',', 1.234}, {"1.234,5", ',', 1234.5}, {"1,234.5", ',', math.NaN()},
		{"1,2", '.', math.NaN()}, {"1.2", ',', math.NaN()},
		{"1e5", 0, 1e5}, {"1.234e2", 0, 123.4}, {"1E+05", 0, 1e5}, {"2,5e-1", 0, .25}, {"1e", 0, math.NaN()}, {"1e999", 0, math.NaN()}, {"e5", 0, math.NaN()}, {"1e+-5", 0, math.NaN()},
		{"", 0, math.NaN()}, {"-", 0, math.NaN()}, {"--3", 0, math.NaN()}, {".", 0, math.NaN()}, {"5.", 0, math.NaN()}, {"1.2.3", 0, math.NaN()}, {"12.34.567", 0, math.NaN()},
		{"1,23,456", 0, math.NaN()}, {"1234,567.8", 0, math.NaN()}, {"1.5,000", 0, math.NaN()}, {"1 234", 0, math.NaN()}, {"$5", 0, math.NaN()}, {"5%", 0, math.NaN()},
		{"NaN", 0, math.NaN()}, {"Inf", 0, math.NaN()}, {"0x10", 0, math.NaN()}, {"1_000", 0, math.NaN()}, {"٣", 0, math.NaN()}, {"unos 30", 0, math.NaN()},
		{strings.Repeat("1", maxNumber+1), 0, math.NaN()},
	} {
		got, ok := parseNumber([]byte(c.text), c.decimal)
		if ok != !math.IsNaN(c.want) || ok && got != c.want {
			t.Errorf("%q, decimal %q: %v, %v; want %v", c.text, c.decimal, got, ok, c.want)
		}
	}
}

// TestParseNumberReadsWhatIsWritten writes numbers in all ways that are accepted.
func TestParseNumberReadsWhatIsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		whole, places := r.Int64N(pow10(1+r.IntN(9))), r.IntN(6)
		fraction := ""
		if places > 0 {
			fraction = fmt.Sprintf("%0*d", places, r.Int64N(pow10(places)))
		}
		point := []string{".", ","}[r.IntN(2)]
		other := map[string]string{".": ",", ",": "."}[point]
		digits, grouped := strconv.FormatInt(whole, 10), ""
		for i, d := range digits {
			if i > 0 && (len(digits)-i)%3 == 0 {
				grouped += other
			}
			grouped += string(d)
		}
		text := digits
		if r.IntN(2) == 0 {
			text = grouped
		}
		if places > 0 {
			text += point + fraction
		}
		want, err := strconv.ParseFloat(digits+"."+fraction, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parseNumber([]byte(text), point[0]); !ok || got != want {
			t.Fatalf("%q with decimal %q: %v, %v; want %v", text, point, got, ok, want)
		}
		// Without being told it is the same number, or none: never another.
		if got, ok := parseNumber([]byte(text), 0); ok && got != want {
			t.Fatalf("%q: %v, want %v or none", text, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "12": "12", "-12.50": "-12.5", "0.05": "0.05", "10.0": "10", "-0.5": "-0.5", "123456789012345": "123456789012345",
		"": "", "1e5": "", "1.": "", ".5": "", "+1": "", "--1": "", "1.2.3": "", "1234567890123456": "", "x": "",
	} {
		d, ok := parseDecimal(text)
		if ok != (want != "") || ok && d.String() != want {
			t.Errorf("%q: %v, %v; want %q", text, d, ok, want)
		}
	}
	if u, ok := (decimal{125, 2}).to(4); !ok || u != 12500 {
		t.Errorf("1.25 to four places: %d, %v", u, ok)
	}
	if _, ok := (decimal{123456789012345, 0}).to(1); ok {
		t.Error("sixteen digits were taken")
	}
}
