package portal

import (
	"html"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/product/figure"
	"amparo/microdata"
)

// palette reads the custom properties of the light and the dark theme.
func palette(t *testing.T, css, selector string) (light, dark map[string]string) {
	t.Helper()
	read := func(block string) map[string]string {
		m := map[string]string{}
		for _, p := range regexp.MustCompile(`--([a-z0-9-]+):(#[0-9A-Fa-f]{3,6})\b`).FindAllStringSubmatch(block, -1) {
			m[p[1]] = p[2]
		}
		return m
	}
	blocks := regexp.MustCompile(regexp.QuoteMeta(selector)+`\{([^}]*)\}`).FindAllStringSubmatch(css, -1)
	if len(blocks) < 2 {
		t.Fatalf("%d blocks of %s", len(blocks), selector)
	}
	light, dark = read(blocks[0][1]), read(blocks[0][1])
	for name, v := range read(blocks[1][1]) {
		dark[name] = v
	}
	return light, dark
}

// luminance and contrast are those of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 4 {
		hex = "#" + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2) + strings.Repeat(hex[3:4], 2)
	}
	sum := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(hex, err)
		}
		c := float64(v) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// TestContrast holds text to 4.5 and marks to 3 in both themes (WCAG 2.2, 1.4.3
// and 1.4.11), by the colours as the style sheets have them.
func TestContrast(t *testing.T) {
	if got := contrast(t, "#000", "#FFFFFF"); math.Abs(got-21) > 1e-9 {
		t.Fatalf("black on white: %v", got)
	}
	b, err := fs.ReadFile(static, "static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := palette(t, string(b), ":root")
	for theme, colours := range map[string]map[string]string{"light": light, "dark": dark} {
		pairs := [][2]string{{"ink", "paper"}, {"muted", "paper"}, {"ink", "card"}, {"muted", "card"}, {"link", "paper"}, {"link", "card"}, {"ink", "warn"}}
		for _, block := range []string{"anil", "jade", "barro", "jamaica", "selva"} {
			pairs = append(pairs, [2]string{"on", block})
		}
		for _, p := range pairs {
			if got := contrast(t, colours[p[0]], colours[p[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s has %.2f", theme, p[0], p[1], got)
			}
		}
		if got := contrast(t, colours["focus"], colours["paper"]); got < 3 {
			t.Errorf("%s: focus has %.2f", theme, got)
		}
		if got := contrast(t, "#FFFFFF", colours["exit"]); got < 4.5 {
			t.Errorf("%s: the quick exit has %.2f", theme, got)
		}
	}
	light, dark = palette(t, figure.Style, ".ac")
	for theme, c := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, text := range []string{"ac-ink", "ac-muted"} {
			if got := contrast(t, c[text], c["ac-ground"]); got < 4.5 {
				t.Errorf("%s: %s in drawings has %.2f", theme, text, got)
			}
		}
		for _, mark := range []string{"ac-1", "ac-2", "ac-3", "ac-4", "ac-5", "ac-6", "ac-weak"} {
			if got := contrast(t, c[mark], c["ac-ground"]); got < 3 {
				t.Errorf("%s: bars of %s have %.2f", theme, mark, got)
			}
		}
	}
}

// TestStyleIsWhole: every property that is used is defined, every class of a
// template is styled or marks a place, and nothing is loaded.
func TestStyleIsWhole(t *testing.T) {
	b, err := fs.ReadFile(static, "static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(b)
	for _, bad := range []string{"@import", "url(", "http", "expression(", "@font-face"} {
		if strings.Contains(css, bad) {
			t.Errorf("the style sheet has %s", bad)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("a brace is open")
	}
	for _, use := range regexp.MustCompile(`var\(--([a-z0-9-]+)`).FindAllStringSubmatch(css+figure.Style, -1) {
		if !strings.Contains(css+figure.Style, "--"+use[1]+":") {
			t.Errorf("--%s is used and not defined", use[1])
		}
	}
	s := newSite(t)
	seen := map[string]bool{}
	for path := range addresses {
		for _, g := range tags(t, path, s.get(t, path).Body.String()) {
			for _, class := range strings.Fields(g.attr["class"]) {
				seen[class] = true
			}
		}
	}
	unstyled := []string{"on-failure", "on-gone", "on-dataset", "on-explorer", "on-data", "on-home", "on-methods", "on-privacy", "on-accessibility", "state", "side"}
	for class := range seen {
		if !strings.Contains(css+figure.Style, "."+class) && !slices.Contains(unstyled, class) {
			t.Errorf("class %s has no style", class)
		}
	}
}

// TestBlankWithheldZeroAreApart: in text and in drawing, a count of records that do
// not say, one that a source withheld, and a zero are three different things, and
// so is each other kind; in both languages.
func TestBlankWithheldZeroAreApart(t *testing.T) {
	s := newSite(t)
	for _, lang := range languages {
		at := route{lang: lang, page: explorer, dataset: "coalition"}
		page := s.raw(at.path(), "by=majority").Body.String() + s.raw(at.path(), "by=gender").Body.String() + s.raw(at.path(), "by=ageBroad").Body.String()
		wordsOf, classOf := map[string]microdata.Missing{}, map[string]microdata.Missing{}
		for _, m := range missingKinds {
			text := say(lang, "sign."+signClass[m])
			if other, ok := wordsOf[text]; ok {
				t.Errorf("%s: %v and %v are both called %q", lang, m, other, text)
			}
			if other, ok := classOf[signClass[m]]; ok {
				t.Errorf("%s: %v and %v have one sign", lang, m, other)
			}
			wordsOf[text], classOf[signClass[m]] = m, m
			if !strings.Contains(page, html.EscapeString(text)) || strings.Contains(text, "cero") || strings.Contains(text, "zero") {
				t.Errorf("%s: %v is not explained, or as a zero: %q", lang, m, text)
			}
		}
		at.suffix = ".svg"
		drawing := s.raw(at.path(), "by=majority").Body.String()
		patterns := map[string]bool{}
		for _, p := range regexp.MustCompile(`<pattern id="[^"]*" (.*?)</pattern>`).FindAllStringSubmatch(drawing, -1) {
			if patterns[p[1]] {
				t.Errorf("%s: two signs are drawn alike: %s", lang, p[1])
			}
			patterns[p[1]] = true
		}
		if len(patterns) != 3 { // not applicable, not asked, withheld
			t.Errorf("%s: %d patterns for three kinds", lang, len(patterns))
		}
		if locks := strings.Count(drawing, "a3 3 0 0 1 6 0v2"); locks != 1 {
			t.Errorf("%s: %d locks, one number is withheld", lang, locks)
		}
		csv := s.raw(strings.Replace(at.path(), ".svg", ".csv", 1), "by=majority").Body.String()
		for _, kind := range []string{",not applicable\n", ",not asked\n", ",withheld\n"} {
			if strings.Count(csv, kind) != 1 {
				t.Errorf("%s: the CSV has %d of %q", lang, strings.Count(csv, kind), kind)
			}
		}
	}
	// A zero is an answer: no sign, its figure, and a line in the drawing.
	zero := shape{lang: "en"}
	b := zero.bar("None", zeroEstimate(), true)
	svg := string(figure.Bars(figure.Chart{ID: "z", Lang: "en", Panels: []figure.Panel{{Bars: []figure.Bar{b}}}}))
	if b.Figure != "0" || b.Sign != figure.Answer || !strings.Contains(svg, ">0</tspan>") || !strings.Contains(svg, `<path d="M1 `) || strings.Contains(svg, "<pattern") {
		t.Errorf("a zero is drawn as %s", svg)
	}
}
