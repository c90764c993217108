package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/catalog"
)

func policyOf(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'"
}

// TestEveryTextInEveryLanguage compares the keys, and the verbs in each text.
func TestEveryTextInEveryLanguage(t *testing.T) {
	verbs := regexp.MustCompile(`%[a-z]`)
	for _, lang := range languages {
		for key, text := range words["es"] {
			got, ok := words[lang][key]
			if !ok || strings.TrimSpace(got) == "" {
				t.Errorf("%s lacks %s", lang, key)
			}
			if a, b := verbs.FindAllString(text, -1), verbs.FindAllString(got, -1); !slices.Equal(a, b) {
				t.Errorf("%s: %s has verbs %v, es has %v", lang, key, b, a)
			}
		}
		for key := range words[lang] {
			if _, ok := words["es"][key]; !ok {
				t.Errorf("es lacks %s", key)
			}
		}
		for _, page := range proses {
			if _, err := fs.Stat(markup, "html/"+lang+"/"+page+".html"); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestEveryKeyIsUsedAndThere reads the keys out of templates and code.
func TestEveryKeyIsUsedAndThere(t *testing.T) {
	named := map[string]bool{}
	literal := regexp.MustCompile(`"((?:nav|home|data|dataset|explorer|sign|gone|help|methods|privacy|accessibility|error|fictional|foot|file|language)\.[a-z.0-9]*[a-z0-9])"`)
	read := func(name string, b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllSubmatch(b, -1) {
			named[string(m[1])] = true
		}
	}
	err := fs.WalkDir(markup, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := markup.ReadFile(name)
		read(name, b, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(".")
	for _, f := range files {
		if path.Ext(f.Name()) == ".go" && !strings.HasSuffix(f.Name(), "_test.go") {
			b, err := os.ReadFile(f.Name())
			read(f.Name(), b, err)
		}
	}
	for key := range named {
		if _, ok := words["es"][key]; ok || catalog.ValidPath(key) { // data.csv is a file
			continue
		}
		if _, title := words["es"][key+".title"]; title { // fail names both of its texts by one key
			continue
		}
		t.Errorf("no text for %s", key)
	}
	built := regexp.MustCompile(`^(error\.[a-z]+\.(title|text)|error\.unknown\.[a-z]+|dataset\.unit\.(short\.)?(person|row)|sign\.[a-z]+|(help|methods|privacy|accessibility)\.title)$`)
	for _, key := range slices.Sorted(maps.Keys(words["es"])) {
		if !named[key] && !built.MatchString(key) {
			t.Errorf("%s is never said", key)
		}
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		v      float64
		es, en string
	}{
		{0, "0", "0"}, {7, "7", "7"}, {999, "999", "999"}, {1000, "1000", "1,000"}, {9999, "9999", "9,999"},
		{10000, "10 000", "10,000"}, {13166, "13 166", "13,166"}, {193025, "193 025", "193,025"}, {1234567, "1 234 567", "1,234,567"},
		{-5, "−5", "−5"}, {-0.4, "0", "0"}, {99999.5, "100 000", "100,000"}, {math.NaN(), "–", "–"}, {math.Inf(1), "–", "–"},
	} {
		if got := count("es", c.v); got != strings.ReplaceAll(c.es, " ", thin) {
			t.Errorf("es: %v is %q", c.v, got)
		}
		if got := count("en", c.v); got != c.en {
			t.Errorf("en: %v is %q", c.v, got)
		}
	}
}

func TestIntervalsRoundOutwards(t *testing.T) {
	if got := span("en", 13140.9, 13191.1); got != "13,140–13,192" {
		t.Error(got)
	}
	if got := percentSpan("es", .12345, .2); got != "12.3–20.0"+space+"%" {
		t.Error(got)
	}
	if got := percentSpan("en", 0, 1); got != "0.0–100.0%" {
		t.Error(got)
	}
}

func TestSizeDay(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 99_950: "100.0 kB", 123_456: "123 kB", 25_000_000: "25.0 MB", 5e15: "5000 TB"} {
		if got := size("es", bytes); got != strings.ReplaceAll(want, " ", space) {
			t.Errorf("%d bytes: %q", bytes, got)
		}
	}
	d := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	if day("es", d) != "2 de enero de 2026" || day("en", d) != "2 January 2026" {
		t.Error(day("es", d), day("en", d))
	}
}

// TestOdds compares the words with a table of the normal distribution: Φ(0.5) =
// 0.6915, Φ(0.11) = 0.5438. What is not whole is rounded up.
func TestOdds(t *testing.T) {
	for mu, want := range map[float64]string{1: " 70.", .22: " 55.", 1e-9: " 51.", 50: " 100."} {
		if got := odds(&catalog.Manifest{Mu: mu, Epsilon: 1, Delta: 1e-6}, "es"); !strings.Contains(got, want) {
			t.Errorf("μ = %v: %s", mu, got)
		}
	}
	if got := odds(&catalog.Manifest{Mu: 1, Epsilon: 1, Delta: 1e-6}, "en"); !strings.Contains(got, "2.7 times") || !strings.Contains(got, "1 in 1,000,000") {
		t.Error(got)
	}
	if got := odds(&catalog.Manifest{Mu: 1, Epsilon: 20, Delta: 1e-6}, "en"); strings.Contains(got, "times, except") {
		t.Errorf("an ε that promises nothing is praised: %s", got)
	}
}

// TestPlainSpanish holds the Spanish pages to INFLESZ 65 at least (Szigriszt
// 1993; Barrio 2008): 206.835 − 62.3·syllables/words − words/sentences.
func TestPlainSpanish(t *testing.T) {
	strip := regexp.MustCompile(`(?s)\{\{.*?\}\}|<cite>.*?</cite>|<[^>]*>`)
	for _, page := range proses {
		b, err := markup.ReadFile("html/es/" + page + ".html")
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`</(p|li|h2|ol|ul)>`).ReplaceAllString(string(b), ". $0")
		text = strip.ReplaceAllString(text, " ")
		got := inflesz(text)
		t.Logf("%s: %.1f", page, got)
		if floor := map[bool]float64{true: 75, false: 65}[page == help]; got < floor {
			t.Errorf("%s: INFLESZ %.1f, want %v", page, got, floor)
		}
	}
}

func inflesz(text string) float64 {
	var words, syllables, sentences float64
	for _, s := range regexp.MustCompile(`[.:;!?]+`).Split(text, -1) {
		n := 0
		for _, w := range regexp.MustCompile(`[\p{L}]+`).FindAllString(strings.ToLower(s), -1) {
			n++
			syllables += float64(max(1, len(nuclei.FindAllString(w, -1))))
		}
		if n > 0 {
			sentences++
			words += float64(n)
		}
	}
	return 206.835 - 62.3*syllables/words - words/sentences
}

// nuclei matches the vowels of one syllable: a strong vowel with its weak ones,
// or weak ones together; an accented weak vowel stands alone.
var nuclei = regexp.MustCompile(`[íú]|[iuüy]?[aeoáéó][iuüy]?|[iuüy]{1,2}`)

func TestRoutesReadWhatTheyWrite(t *testing.T) {
	var all []route
	for _, lang := range languages {
		for _, page := range []string{home, help, data, methods, privacy, accessibility} {
			all = append(all, route{lang: lang, page: page})
		}
		all = append(all, route{lang: lang, page: dataset, dataset: "a-1"}, route{lang: lang, page: dataset, dataset: "explorar", version: 12})
		for _, suffix := range append([]string{""}, suffixes...) {
			all = append(all, route{lang: lang, page: explorer, dataset: "datos", suffix: suffix})
		}
	}
	for _, r := range all {
		if got, ok := parsePath(r.path()); !ok || got != r {
			t.Errorf("%s reads as %+v", r.path(), got)
		}
		for _, lang := range languages {
			if there, ok := parsePath(r.in(lang).path()); !ok || there.in(r.lang) != r {
				t.Errorf("%s in %s reads as %+v", r.path(), lang, there)
			}
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, p := range []string{"/", "/es/", "//", "/es/datos/a/1", "/es/datos/a/explorar.csv", "/../..", "/es/datos/a/-1"} {
		f.Add(p, "en;q=.5")
	}
	f.Fuzz(func(t *testing.T, path, accept string) {
		if !isLanguage(preferred(accept)) {
			t.Fatalf("%q prefers nothing", accept)
		}
		r, ok := parsePath(path)
		if !ok {
			return
		}
		if again, ok := parsePath(r.path()); !ok || again != r {
			t.Fatalf("%q reads as %+v, which reads as %+v", path, r, again)
		}
	})
}
