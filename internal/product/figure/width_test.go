package figure

import (
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

func FuzzWrap(f *testing.F) {
	f.Add("una palabra", 40.0)
	f.Add("\xff", 0.0)
	f.Fuzz(func(t *testing.T, s string, limit float64) {
		if got := (face{15, false}).wrap(s, limit, 3); len(got) < 1 || len(got) > 3 {
			t.Errorf("%d lines", len(got))
		}
	})
}
