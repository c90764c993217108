package figure

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Advance widths of U+0020 to U+007E in thousandths of the font's size. They are
// those of DejaVu Sans, the widest face that system-ui means anywhere: a text
// that fits by them fits in Arial, Roboto, Segoe UI or San Francisco.
var (
	regular = [95]uint16{318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
		636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
		1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
		603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
		500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
		635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838}
	bold = [95]uint16{348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
		696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580,
		1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
		733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500,
		500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
		716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838}
)

// A face is a text's size in pixels and its weight.
type face struct {
	size float64
	bold bool
}

// width returns the width of s in pixels, never too small.
func (f face) width(s string) float64 {
	table := &regular
	if f.bold {
		table = &bold
	}
	sum := 0.0
	for _, r := range s {
		sum += advance(table, r)
	}
	return sum * f.size / 1000
}

func advance(table *[95]uint16, r rune) float64 {
	switch {
	case r >= 0x20 && r <= 0x7e:
		return float64(table[r-0x20])
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		return 0
	case unicode.IsSpace(r):
		return 350
	case r < 0x0250 && unicode.IsLower(r):
		return 720
	case r < 0x0250 && unicode.IsUpper(r):
		return 860
	case r < 0x2e80:
		return 900
	}
	return 1100
}

// breaks says whether a line may end at r: at spaces, but for those that hold a
// number or a name together.
func breaks(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u2007' && r != '\u202f'
}

// cut returns s where it is no wider than limit, else as much of it as is, and "…".
func (f face) cut(s string, limit float64) string {
	if f.width(s) <= limit {
		return s
	}
	return f.wrap(s, limit, 1)[0]
}

// wrap breaks s into lines no wider than limit, at spaces, within a word where
// it must. What does not fit into the given number of lines ends in "…".
func (f face) wrap(s string, limit float64, lines int) []string {
	var out []string
	line := ""
	for _, word := range strings.FieldsFunc(s, breaks) {
		for len(out) <= lines { // what follows is cut off
			try := word
			if line != "" {
				try = line + " " + word
			}
			if f.width(try) <= limit {
				line = try
				break
			}
			if line != "" {
				out, line = append(out, line), ""
				continue
			}
			head := f.head(word, limit)
			out, word = append(out, word[:head]), word[head:]
		}
	}
	if line != "" || len(out) == 0 {
		out = append(out, line)
	}
	if len(out) <= lines {
		return out
	}
	out = out[:lines]
	last := out[lines-1]
	for last != "" && f.width(last+"…") > limit {
		_, n := utf8.DecodeLastRuneInString(last)
		last = last[:len(last)-n]
	}
	out[lines-1] = strings.TrimRight(last, " ,;:") + "…"
	return out
}

// head returns the length in bytes of the start of a word that fits, one letter
// at least. It ends after an underscore or before a capital within the word where
// there is one: names of columns are made of such parts.
func (f face) head(word string, limit float64) int {
	sum, at, part := 0.0, 0, 0
	last := ' '
	for i, r := range word {
		if last == '_' && r != '_' && i > 1 || unicode.IsLower(last) && unicode.IsUpper(r) {
			part = i
		}
		last = r
		sum += f.width(string(r))
		if i > 0 && sum > limit {
			if part > 0 {
				return part
			}
			break
		}
		at = i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			at = i + 1
		}
	}
	return min(at, len(word))
}
