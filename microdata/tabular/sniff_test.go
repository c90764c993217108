package tabular

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckText(t *testing.T) {
	for _, m := range magics {
		if f := checkText([]byte(m.prefix + "rest\n")); f == nil || f.Kind != NotText || !strings.HasSuffix(f.Problem, m.what) {
			t.Errorf("%s: %+v", m.what, f)
		}
	}
	for _, sound := range []string{"a,b\n", "\xef\xbb\xbfa,b\n", "PK,b\n", "BZ,b\n", "a\rb\n1\n", "\"a\rb\"\nx\n", "a,b\r\n", "[a],[b]\n", "é\n", "  a\n", "名前,x\n",
		strings.Repeat(" ", 5000) + "a,b\n", "a\f,b\n", "a\xff,b\n"} {
		if f := checkText([]byte(sound)); f != nil {
			t.Errorf("%q: %+v", sound, f)
		}
	}
	for _, bad := range []string{"a,b\r1,2\r3,4\n", "\x01\x02\x03\x04", "  <table>\n", "{\"a\": 1}\n", "[{\"a\": 1}]\n", "\x00,b\x00\n"} {
		if f := checkText([]byte(bad)); f == nil || f.Hint == "" {
			t.Errorf("%q passes", bad)
		}
	}
}

// TestBadByteEqualsOracle draws texts of good and broken letters.
func TestBadByteEqualsOracle(t *testing.T) {
	parts := []string{"a", "é", "名", "\U0001F600", "\xff", "\xc3", "\x00", "\xed\xa0\x80", "�", "\n"}
	r := rand.New(rand.NewPCG(17, 18))
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(8) {
			k := r.IntN(len(parts))
			if r.IntN(2) == 0 {
				k = r.IntN(3)
			}
			b.WriteString(parts[k])
		}
		text, want := b.String(), -1
		for i, c := range text {
			if _, n := utf8.DecodeRuneInString(text[i:]); c == 0 || c == utf8.RuneError && n == 1 {
				want = i
				break
			}
		}
		if got := badByte([]byte(text)); got != want {
			t.Fatalf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestEncodingFaultSaysTheFirstRow: neither an earlier nor a later fault of
// another kind hides it, whatever the blocks.
func TestEncodingFaultSaysTheFirstRow(t *testing.T) {
	for _, c := range []struct {
		text string
		kind Kind
		row  int
	}{
		{"a,b\n1,2\n\xe9,2\n1,2\n", Encoding, 3},
		{"a,b\n1,2\n\"x\ny\",\xe9\n1,\"2\"3\n", Encoding, 3},
		{"a,b\n1,\"2\"3\n\xe9,2\n", Syntax, 2},
		{"a,b\n1\n\xe9,2\n", Ragged, 2},
		{"a,b\n\xe9\n1\n", Encoding, 2},
		{"a,b\n1,2\n\n\n1,\"\xe9\"\"x\"\n", Encoding, 5},
		{"a,b\n1,\xe9\"\n", Encoding, 2},
		{"a,b\n1,2\n1,\xe9", Encoding, 3},
	} {
		for _, block := range []int{1, 4, 9, 1 << 10} {
			e := refusal(t, c.text, Options{block: block})
			if e.Faults[0].Kind != c.kind || e.Faults[0].Row != c.row {
				t.Errorf("%q in blocks of %d: %v", c.text, block, e)
			}
		}
	}
}

// TestRowsAreThoseOfASpreadsheet: the header is row 1, empty lines count, lines
// within quotes do not, whatever the blocks.
func TestRowsAreThoseOfASpreadsheet(t *testing.T) {
	for text, row := range map[string]int{
		"a,b\n1,2,3\n":     2,
		"\n\na,b\n1,2,3\n": 4,
		"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n1,2,3\r\n":    4,
		"sep=,\na,b\n1,2\n1,2,3\n":                   4,
		"\"a\nx\",b\n\"1\n\n\n\",2\n1,2,3\n":         3,
		"a,b\n" + strings.Repeat("1,2\n", 999) + "3": 1001,
	} {
		for _, block := range []int{1, 7, 64, 1 << 12} {
			for _, workers := range []int{1, 3} {
				e := refusal(t, text, Options{block: block, Workers: workers})
				if e.Faults[0].Row != row || e.Faults[0].Kind != Ragged {
					t.Errorf("%.40q in blocks of %d: %v, want row %d", text, block, e, row)
				}
			}
		}
	}
}
