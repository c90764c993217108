package indicator

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// TestOneStateOneNumber compares answer, CSV and JSON.
func TestOneStateOneNumber(t *testing.T) {
	s := newSample(t, 3000, 50, 4)
	r := seeded(11)
	compared := 0
	for range 300 {
		a, err := s.index.Answer(s.randomState(r))
		if err != nil {
			continue
		}
		compared++
		if q := a.Pinned().Query(); !strings.Contains(q, "version=1") {
			t.Fatalf("the state of a file names no version: %s", q)
		}
		for _, lang := range []string{"es", "en", "fr"} {
			var b bytes.Buffer
			if err := a.WriteCSV(&b, lang); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"# source: victims@1\n", a.Source.Hash, oneLine(Coverage(a.Source.Manifest, lang)),
				oneLine(Privacy(a.Source.Manifest, lang)), oneLine(a.Title(lang)), Fictional(lang), "# state: " + a.Pinned().Query() + "\n"} {
				if !strings.Contains(b.String(), want) {
					t.Fatalf("the CSV does not say %q", want)
				}
			}
			in := csv.NewReader(&b)
			in.Comment = '#'
			rows, err := in.ReadAll()
			if err != nil || len(rows) != len(a.Cells)+1 {
				t.Fatalf("%d lines for %d cells: %v", len(rows), len(a.Cells), err)
			}
			text, err := a.JSON(lang)
			if err != nil {
				t.Fatal(err)
			}
			var j struct {
				Title, Coverage, Privacy, Source, SHA256, State, Fictional string
				Total                                                      Estimate
				Cells                                                      []struct {
					Levels           []string
					Noisy            int64
					Value, Low, High float64
					Weak             bool
					Missing          string
				}
			}
			if err := json.Unmarshal(text, &j); err != nil {
				t.Fatal(err)
			}
			if j.Title != a.Title(lang) || j.Coverage == "" || j.Privacy == "" || j.Source != "victims@1" || j.SHA256 != a.Source.Hash || j.State != a.Pinned().Query() || j.Fictional == "" {
				t.Errorf("the JSON lacks a statement: %+v", j)
			}
			k, sum := 2*len(a.Axes), int64(0)
			for i, c := range a.Cells {
				row := rows[i+1]
				noisy, _ := strconv.ParseInt(row[k+3], 10, 64)
				sum += noisy
				if noisy != c.Estimate.Noisy || j.Cells[i].Noisy != noisy || row[k] != whole(c.Estimate.Value) || j.Cells[i].Value != c.Estimate.Value ||
					j.Cells[i].Low != c.Estimate.Low || row[k+1] != tenth(c.Estimate.Low) || row[k+8] != strconv.FormatBool(c.Weak) || j.Cells[i].Missing != row[k+9] {
					t.Fatalf("cell %d: CSV %v, JSON %+v, answer %+v", i, row, j.Cells[i], c)
				}
				for ax, l := range c.Levels {
					if v := a.Axes[ax].Levels[l].Value; row[2*ax] != v || j.Cells[i].Levels[ax] != v || row[2*ax+1] != a.LevelLabel(ax, l, lang) {
						t.Fatalf("cell %d: levels differ", i)
					}
				}
			}
			if sum != a.Total.Noisy || j.Total != a.Total {
				t.Error("the lines do not add up to the total")
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d answers", compared)
	}
}

func TestTitles(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	for query, want := range map[string][2]string{
		"by=gender":                          {"Registros de personas por género", "Records of people by gender"},
		"by=gender,year":                     {"Registros de personas por género y año", "Records of people by gender and year"},
		"by=gender,year&year=2015~2016~2017": {"Registros de personas por género y año, 2015–2017", "Records of people by gender and year, 2015–2017"},
		"by=gender&year=2016":                {"Registros de personas por género, 2016", "Records of people by gender, 2016"},
		"by=gender&year=2015~2017":           {"Registros de personas por género · año: 2015, 2017", "Records of people by gender · year: 2015, 2017"},
		"by=gender&year=2018~_":              {"Registros de personas por género · año: 2018, sin dato", "Records of people by gender · year: 2018, not recorded"},
		"by=country&country=XA~XB":           {"Registros de personas por país · país: Arenal, Bahía-es", "Records of people by country · country: Sandland, Bahía-en"},
		"by=country&country=XA~XB~XC~XD~_":   {"Registros de personas por país · país: Arenal, Bahía-es, XC, XD y 1 más", "Records of people by country · country: Sandland, Bahía-en, XC, XD and 1 more"},
		"by=gender&country=rest":             {"Registros de personas por género · país: resto", "Records of people by gender · country: rest"},
	} {
		st, err := s.index.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		for i, lang := range []string{"es", "en"} {
			if got := s.index.Title(st, lang); got != want[i] {
				t.Errorf("%s: %q, want %q", query, got, want[i])
			}
		}
	}
	for _, c := range [][2]string{{"Género", "género"}, {"ONG que registra", "ONG que registra"}, {"", ""}, {"País", "país"}, {"Ámbito", "ámbito"}, {"isForced", "isForced"}} {
		if got := lower(c[0]); got != c[1] {
			t.Errorf("%q within a sentence: %q", c[0], got)
		}
	}
	for _, c := range [][2]string{{"idioma", "sexo e idioma"}, {"hierro", "sexo y hierro"}, {"hijos", "sexo e hijos"}, {"edad", "sexo y edad"}} {
		if got := joinES([]string{"sexo", c[0]}); got != c[1] {
			t.Errorf("%q", got)
		}
	}
}

// TestWordsNeverClaim greps every sentence of this room for words that a count
// of records must not use.
func TestWordsNeverClaim(t *testing.T) {
	s := newSample(t, 1000, 50, 4)
	for _, query := range []string{"by=gender", "by=country,gender", "by=gender&year=_"} {
		st, err := s.index.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		a := s.index.must(t, st)
		for _, lang := range []string{"es", "en"} {
			all := strings.ToLower(strings.Join(append(a.Notes(lang), a.Title(lang), Coverage(a.Source.Manifest, lang), Privacy(a.Source.Manifest, lang)), " "))
			for _, word := range []string{"prevalen", "víctima", "victim", "anonym", "anónim"} {
				if strings.Contains(all, word) {
					t.Errorf("%s %s: says %q", query, lang, word)
				}
			}
		}
	}
	if !strings.Contains(Privacy(s.index.source.Manifest, "es"), "una fila se toma como una persona") {
		t.Error("the privacy unit is not told")
	}
	own := *s.index.source.Manifest
	own.Coverage = microdata.Text{"es": "Solo dos países."}
	if Coverage(&own, "es") != "Solo dos países." {
		t.Error("the manifest's own warning is not told")
	}
}

func TestShelf(t *testing.T) {
	dir := t.TempDir()
	d, _ := sampleDomain(t)
	table, err := catalog.NewTable(1, d, microdata.Clique{0}, nil, catalog.Counts{Noisy: []int64{5, 6, 7, 8}, Variance: 4})
	if err != nil {
		t.Fatal(err)
	}
	add := func() int {
		return catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, []*catalog.Table{table}, map[string]string{"data.csv": "x\n"})
	}
	add()
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	shelf := NewShelf(c, Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				x, st, err := shelf.Parse("victims", "by=gender")
				if err != nil {
					t.Error(err)
					return
				}
				if a, err := x.Answer(st); err != nil || a.Total.Noisy != 26 {
					t.Error("a wrong answer", err)
				}
			}
		})
	}
	wg.Wait()
	first, _ := shelf.Index("victims", 0)
	if again, _ := shelf.Index("victims", 1); again != first {
		t.Error("an index was made twice")
	}
	add()
	if x, _ := shelf.Index("victims", 0); x.Source().Version != 2 {
		t.Error("a new version is not seen")
	}
	if x, st, err := shelf.Parse("victims", "version=1"); err != nil || x != first || st.Version != 1 {
		t.Error("an old version is not answered", err)
	}
	catalogtest.Withdraw(t, dir, "victims", 1, "wrong codes", 2)
	if _, _, err := shelf.Parse("victims", "version=1"); !errors.Is(err, catalog.ErrWithdrawn) {
		t.Errorf("a withdrawn version answered %v", err)
	}
	if _, _, err := shelf.Parse("nothing", ""); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a dataset that is not there answered %v", err)
	}
	var no *UnknownError
	if _, _, err := shelf.Parse("victims", "by=x"); !errors.As(err, &no) {
		t.Errorf("an unknown column answered %v", err)
	}
}

func BenchmarkShelf(b *testing.B) {
	x := wide(b)
	for b.Loop() {
		st, err := x.Parse("by=c0&c2=1~2~3")
		if err != nil {
			b.Fatal(err)
		}
		a := x.must(b, st)
		if _, err := a.JSON("es"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestParameter(t *testing.T) {
	for v, want := range map[float64]string{1: "1", .5: "0.5", 10: "10", 1e-6: "10⁻⁶", 2.5e-7: "2.5·10⁻⁷", 1e-12: "10⁻¹²", .001: "0.001", 1e-10: "10⁻¹⁰", 0: "0", 1. / 3: "0.3333"} {
		if got := Parameter(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
