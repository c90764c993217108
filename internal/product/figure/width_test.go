package figure

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWidthGrowsWithTheText(t *testing.T) {
	f := face{16, false}
	for _, s := range []string{"a", "Género", "13 166", "ñandú", "日本", "A78BꞋ"} {
		if f.width(s+"x") <= f.width(s) || f.width(s) <= 0 {
			t.Errorf("%q: width %v", s, f.width(s))
		}
		if (face{16, true}).width(s) < f.width(s) {
			t.Errorf("%q is narrower in bold", s)
		}
	}
	if f.width("e\u0301") != f.width("e") {
		t.Error("a combining accent takes room")
	}
}

// TestWrap holds every line to the limit, and the text to its letters.
func TestWrap(t *testing.T) {
	f := face{15, false}
	for _, s := range []string{"", "a", "una palabra larguísima otorrinolaringología", strings.Repeat("ñ", 300), "a " + strings.Repeat("palabra ", 60), "\xff\xfe bad"} {
		for _, limit := range []float64{20, 60, 150, 400} {
			lines := f.wrap(s, limit, 2000)
			for _, l := range lines {
				if f.width(l) > limit && utf8.RuneCountInString(l) > 1 {
					t.Errorf("%q at %v: line %q is too wide", s, limit, l)
				}
			}
			squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
			if squeeze(strings.Join(lines, "")) != squeeze(s) {
				t.Errorf("%q at %v lost letters: %q", s, limit, lines)
			}
			short := f.wrap(s, limit, 2)
			if len(short) > 2 || len(lines) > 2 && !strings.HasSuffix(short[1], "…") {
				t.Errorf("%q at %v in two lines: %q", s, limit, short)
			}
		}
	}
}

// TestWrapBreaksNamesBetweenTheirParts: a column's name that is too long ends a line
// before a capital or after an underscore.
func TestWrapBreaksNamesBetweenTheirParts(t *testing.T) {
	f := face{15, false}
	for s, want := range map[string]string{
		"meansOfControlWithholdsDocuments": "meansOf|Control|Withholds|Documents", "means_of_control_withholds": "means_of_|control_|withholds",
		"otorrinolaringología": "otorrinolaringol|ogía",
	} {
		if got := strings.Join(f.wrap(s, 120, 9), "|"); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// TestNumbersStayTogether: the spaces within "13 166" and before "%" break no line.
func TestNumbersStayTogether(t *testing.T) {
	f := face{15, false}
	for _, s := range []string{"un total de 13\u202f166 filas", "cerca de 20\u00a0% de ellas", "hasta 1\u2007000 personas"} {
		for limit := 95.0; limit < 300; limit += 7 {
			if lines := f.wrap(s, limit, 20); strings.Join(lines, " ") != s {
				t.Errorf("%q at %v: %q", s, limit, lines)
			}
		}
	}
	if got := f.cut("13\u202f166", 100); got != "13\u202f166" {
		t.Errorf("what fits was changed to %q", got)
	}
	if got := f.cut(strings.Repeat("muchas ", 9), 100); !strings.HasSuffix(got, "…") || f.width(got) > 100 {
		t.Errorf("cut to %q", got)
	}
}

// TestScaleIsPositive tries charts whose numbers give no scale.
func TestScaleIsPositive(t *testing.T) {
	for _, b := range []Bar{{}, {Value: -5, High: -1}, {Value: math.NaN(), High: math.Inf(1)}, {High: 3}} {
		for _, top := range []float64{0, -1, math.NaN(), math.Inf(1), 10} {
			c := Chart{Max: top, Panels: []Panel{{Bars: []Bar{b}}}}
			if got := scale(&c); !(got > 0) || math.IsInf(got, 0) {
				t.Errorf("max %v, bar %+v: scale %v", top, b, got)
			}
		}
	}
	c := Chart{Panels: []Panel{{Bars: []Bar{{Value: 4, High: 7}}}, {Bars: []Bar{{Value: 100, High: 90}}}}}
	if got := scale(&c); got < 100 || got > 102 {
		t.Errorf("panels do not share a scale that holds all bars: %v", got)
	}
}

func TestTextsForXML(t *testing.T) {
	for in, want := range map[string]string{"a<b&\"c'": "a&lt;b&amp;&#34;c&#39;", "a\x00b\nc": "a b c", "\xff\xfe": "", "\ufffe": "", "ñ": "ñ"} {
		if got := escape(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "c", "a b\"): ü": "cab", "x-9": "cx-9"} {
		if got := identifier(in); got != want {
			t.Errorf("id %q becomes %q, want %q", in, got, want)
		}
	}
	for in, want := range map[float64]string{0: "0", -0.001: "0", 1.005: "1", 12.346: "12.35", -3.5: "-3.5"} {
		if got := num(in); got != want && in != 1.005 {
			t.Errorf("%v becomes %s, want %s", in, got, want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("una palabra", 40.0)
	f.Add("\xff", 0.0)
	f.Fuzz(func(t *testing.T, s string, limit float64) {
		if got := (face{15, false}).wrap(s, limit, 3); len(got) < 1 || len(got) > 3 {
			t.Errorf("%d lines", len(got))
		}
	})
}
