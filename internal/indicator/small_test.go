package indicator

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// awkward are values that the grammar of a query, a CSV file or a page could trip
// over.
var awkward = []string{"a", "_", "#1", "a,\"b\"", "~", "!", "x~y!", " lead", "=1+1", "ñ", "0", "<b>", "2015", "by"}

// newSmall publishes random tables over a random domain: two or three columns of
// one to three levels, some tables over coarser levels, some pairs missing, counts
// below zero among them. All questions about it can be asked.
func newSmall(t testing.TB, r *rand.Rand) *sample {
	t.Helper()
	var columns []microdata.Column
	var steps []*microdata.Coarsening
	for a := range 2 + r.IntN(2) {
		c := microdata.Column{Name: []string{"gender", "#no", "by"}[a]}
		for _, v := range r.Perm(len(awkward))[:1+r.IntN(3)] {
			c.Levels = append(c.Levels, microdata.Level{Value: awkward[v]})
		}
		if r.IntN(2) == 0 {
			c.Levels[len(c.Levels)-1] = microdata.Level{Value: "", Missing: microdata.Missing(1 + r.IntN(5))}
		}
		columns = append(columns, c)
		steps = append(steps, nil)
		if len(c.Levels) == 3 && r.IntN(2) == 0 {
			steps[a] = &microdata.Coarsening{Levels: []microdata.Level{{Value: "some", Label: microdata.Text{"es": "algunos", "en": "some"}}, c.Levels[2]}, Of: []uint16{0, 0, 1}}
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	s := &sample{domain: d, steps: steps}
	add := func(c ...int) {
		coarse := make([]*microdata.Coarsening, len(c))
		cells := 1
		for i, a := range c {
			size := d.Size(a)
			if steps[a] != nil && r.IntN(2) == 0 {
				coarse[i], size = steps[a], len(steps[a].Levels)
			}
			cells *= size
		}
		noisy := make([]int64, cells)
		for i := range noisy {
			noisy[i] = r.Int64N(400) - 100
		}
		table, err := catalog.NewTable(len(s.tables)+1, d, c, coarse, catalog.Counts{Noisy: noisy, Variance: 1 + 50*r.Float64()})
		if err != nil {
			t.Fatal(err)
		}
		s.tables = append(s.tables, table)
	}
	add(0)
	for a := range d.Len() {
		if r.IntN(3) > 0 {
			add(a)
		}
		for b := range a {
			for range r.IntN(3) {
				add(b, a)
			}
		}
	}
	dir := t.TempDir()
	catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, s.tables, map[string]string{"data.csv": "x\n"})
	s.index = openIndex(t, dir)
	return s
}

// every calls f with each question about a small dataset: every column and ordered
// pair, under every set of levels of every column.
func (s *sample) every(f func(State)) {
	names := s.domain.Names()
	var sets []map[string][]string
	var fill func(a int, filters map[string][]string)
	fill = func(a int, filters map[string][]string) {
		if a == len(names) {
			sets = append(sets, maps.Clone(filters))
			return
		}
		levels := s.domain.Column(a).Levels
		for set := range 1 << len(levels) {
			delete(filters, names[a])
			for l := range levels {
				if set>>l&1 == 1 {
					filters[names[a]] = append(filters[names[a]], levels[l].Value)
				}
			}
			fill(a+1, filters)
		}
		delete(filters, names[a])
	}
	fill(0, map[string][]string{})
	for _, a := range names {
		for _, b := range names {
			by := []string{a, b}
			if a == b {
				by = by[:1]
			}
			for _, filters := range sets {
				f(State{By: by, Filters: maps.Clone(filters), View: ViewBar})
			}
		}
	}
}

// TestEveryQuestionOfSmallBundles asks all questions about random small bundles and
// compares each answer with sums by brute force, and each refusal with there being
// no table.
func TestEveryQuestionOfSmallBundles(t *testing.T) {
	r := seeded(21)
	answered, refused := 0, 0
	for range 20 {
		s := newSmall(t, r)
		s.every(func(st State) {
			canonical, err := s.index.Check(st)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := s.oracle(canonical)
			a, err := s.index.Answer(st)
			var no *RefusedError
			if errors.As(err, &no) {
				if refused++; ok {
					t.Fatalf("%s: refused (%v), and a table answers", canonical.Query(), no)
				}
				for _, o := range no.Offer {
					if _, err := s.index.Answer(o); err != nil {
						t.Fatalf("%s: offers %s, which is refused: %v", canonical.Query(), o.Query(), err)
					}
				}
				return
			}
			if answered++; err != nil || !ok || len(a.Cells) != len(want) {
				t.Fatalf("%s: %v, of %d cells, by brute force %d", canonical.Query(), err, len(a.Cells), len(want))
			}
			var noisy int64
			variance := 0.0
			for _, c := range a.Cells {
				var values []any
				missing := microdata.Present
				for i, l := range c.Levels {
					level := a.Axes[i].Levels[l]
					values = append(values, level.Value)
					if missing == microdata.Present {
						missing = level.Missing
					}
				}
				w := want[key(values...)]
				half := 1.959963984540054 * math.Sqrt(w.Variance)
				e := c.Estimate
				if e.Noisy != w.Noisy || math.Abs(e.Variance-w.Variance) > 1e-9 || e.Value != math.Max(float64(w.Noisy), 0) ||
					math.Abs(e.Low-math.Max(float64(w.Noisy)-half, 0)) > 1e-9 || math.Abs(e.High-math.Max(float64(w.Noisy)+half, math.Sqrt(w.Variance))) > 1e-9 {
					t.Fatalf("%s: cell %v is %+v, want %+v", canonical.Query(), values, e, w)
				}
				if c.Missing != missing || c.Weak != (float64(w.Noisy) < 2*math.Sqrt(w.Variance)) {
					t.Fatalf("%s: cell %v: missing %v, weak %v", canonical.Query(), values, c.Missing, c.Weak)
				}
				noisy, variance = noisy+w.Noisy, variance+w.Variance
			}
			if a.Total.Noisy != noisy || math.Abs(a.Total.Variance-variance) > 1e-9 {
				t.Fatalf("%s: total %+v, want %d ± %v", canonical.Query(), a.Total, noisy, variance)
			}
		})
	}
	t.Logf("%d answered, %d refused", answered, refused)
	if answered < 2000 || refused < 5000 {
		t.Errorf("%d answered, %d refused: too few", answered, refused)
	}
}

// TestSums adds random sets of cells, by the definition: noisy counts and
// variances, each cell once whatever the order.
func TestSums(t *testing.T) {
	r := seeded(22)
	s := newSample(t, 500, 60, 7)
	for _, by := range [][]string{{"gender"}, {"gender", "year"}, {"country"}} {
		a := s.index.must(t, State{By: by})
		for range 300 {
			var cells []int
			for range r.IntN(2 * len(a.Cells)) {
				cells = append(cells, r.IntN(len(a.Cells)))
			}
			var noisy int64
			variance := 0.0
			for i, c := range a.Cells {
				if slices.Contains(cells, i) {
					noisy, variance = noisy+c.Estimate.Noisy, variance+c.Estimate.Variance
				}
			}
			got := a.Sum(cells...)
			half := 1.959963984540054 * math.Sqrt(variance)
			if got.Noisy != noisy || math.Abs(got.Variance-variance) > 1e-9 || math.Abs(got.High-math.Max(float64(noisy)+half, math.Sqrt(variance))) > 1e-9 ||
				math.Abs(got.Low-math.Max(float64(noisy)-half, 0)) > 1e-9 || got.Value != math.Max(float64(noisy), 0) {
				t.Fatalf("sum of %v: %+v, want %d ± %v", cells, got, noisy, variance)
			}
		}
	}
}

// TestExportsComeBack reads CSV and JSON as a program would: nothing is lost to
// quotes, signs or comment lines, and the state in the file asks for the same file.
func TestExportsComeBack(t *testing.T) {
	r := seeded(23)
	files := 0
	for range 10 {
		s := newSmall(t, r)
		s.every(func(st State) {
			if r.IntN(5) > 0 {
				return
			}
			a, err := s.index.Answer(st)
			if err != nil {
				return
			}
			files++
			for _, lang := range []string{"es", "en"} {
				var b bytes.Buffer
				if err := a.WriteCSV(&b, lang); err != nil {
					t.Fatal(err)
				}
				text := b.String()
				in := csv.NewReader(&b)
				in.Comment = '#'
				rows, err := in.ReadAll()
				if err != nil || len(rows) != len(a.Cells)+1 {
					t.Fatalf("%d lines for %d cells (%v):\n%s", len(rows), len(a.Cells), err, text)
				}
				for i, c := range a.Cells {
					for axis, l := range c.Levels {
						if rows[0][2*axis] != a.Axes[axis].Name || rows[i+1][2*axis] != a.Axes[axis].Levels[l].Value || rows[i+1][2*axis+1] != a.LevelLabel(axis, l, lang) {
							t.Fatalf("line %d reads %q", i+1, rows[i+1])
						}
					}
				}
				again := s.ask(t, field(text, "# state: "))
				var c bytes.Buffer
				if err := again.WriteCSV(&c, lang); err != nil || c.String() != text {
					t.Fatalf("the state in the file asks for another one:\n%s\n%s", text, c.String())
				}
				j, err := a.JSON(lang)
				if err != nil {
					t.Fatal(err)
				}
				var out struct {
					State   string
					Columns []struct{ Name string }
					Cells   []struct {
						Levels  []string
						Noisy   int64
						Missing string
					}
				}
				if err := json.Unmarshal(j, &out); err != nil || len(out.Cells) != len(a.Cells) || len(out.Columns) != len(a.Axes) {
					t.Fatalf("%d cells of %d: %v", len(out.Cells), len(a.Cells), err)
				}
				for i, c := range out.Cells {
					at := 2*len(a.Axes) + 3
					if strconv.FormatInt(c.Noisy, 10) != rows[i+1][at] || c.Missing != rows[i+1][len(rows[i+1])-1] || c.Levels[0] != rows[i+1][0] {
						t.Fatalf("JSON has %+v, CSV %q", c, rows[i+1])
					}
				}
				if k, err := s.ask(t, out.State).JSON(lang); err != nil || !bytes.Equal(k, j) {
					t.Fatalf("the state in the JSON asks for another one: %v", err)
				}
			}
		})
	}
	if files < 200 {
		t.Errorf("only %d files", files)
	}
}

// field returns what stands after a prefix on its line.
func field(text, prefix string) string {
	_, rest, _ := strings.Cut(text, prefix)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func (s *sample) ask(t *testing.T, query string) *Answer {
	t.Helper()
	st, err := s.index.Parse(query)
	if err != nil {
		t.Fatal(query, err)
	}
	return s.index.must(t, st)
}

// TestEveryRefusalInBothLanguages holds each kind of refusal to its sentence.
func TestEveryRefusalInBothLanguages(t *testing.T) {
	s := newSample(t, 100, 4, 1)
	d, _ := sampleDomain(t)
	alone, err := New(bundleOf(t, d, flat(t, 1, d, 5, 4, 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		index         *Index
		query, es, en string
		offers        []string
	}{
		{s.index, "by=gender,year,country", "Esta publicación responde sobre una o dos columnas a la vez, y aquí se piden tres. Cada columna más hace los grupos tan pequeños que el ruido que protege a las personas taparía la respuesta.",
			"This release answers about one or two columns at a time, and here three are asked for. Each further column makes groups so small that the noise which protects people would drown the answer.",
			[]string{"by=gender,year", "by=gender,country", "by=year,country", "by=gender", "by=year", "by=country"}},
		{s.index, "by=gender,year,country,by", "Esta publicación responde sobre una o dos columnas a la vez, y aquí se piden más de tres. Cada columna más hace los grupos tan pequeños que el ruido que protege a las personas taparía la respuesta.",
			"This release answers about one or two columns at a time, and here more than three are asked for. Each further column makes groups so small that the noise which protects people would drown the answer.", nil},
		{s.index, "by=gender,ageBroad", "Esta publicación no midió juntas las columnas «Género» y «Grupo de edad». Cada tabla gasta protección, así que solo se miden algunas.",
			"This release did not measure the columns “Gender” and “Age group” together. Every table spends protection, so only some are measured.",
			[]string{"by=gender", "by=ageBroad", "by=gender,year", "by=gender,country", "by=gender,by", "by=ageBroad,country"}},
		{alone, "by=gender", "Esta publicación no midió la columna «Género».", "This release did not measure the column “Gender”.", []string{}},
		{s.index, "by=gender&country=XC", "La tabla que responde esta pregunta tiene algunos niveles de «País» agrupados: lo que se pide está dentro de «resto» y no se puede separar.",
			"The table that answers this question has some levels of “Country” merged: what is asked for lies within “rest” and cannot be taken apart.",
			[]string{"by=gender&country=rest", "by=gender", "by=country&country=XC"}},
	} {
		st, err := c.index.Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.index.Answer(st)
		var no *RefusedError
		if !errors.As(err, &no) {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if no.Reason["es"] != c.es || no.Reason["en"] != c.en {
			t.Errorf("%s: refused with\n%s\n%s", c.query, no.Reason["es"], no.Reason["en"])
		}
		var offers []string
		for _, o := range no.Offer {
			offers = append(offers, o.Query())
		}
		if c.offers != nil && !slices.Equal(offers, c.offers) {
			t.Errorf("%s: offers %q, want %q", c.query, offers, c.offers)
		}
	}
}

// TestShelfForgets asks for more versions than a shelf keeps: those that went are
// made again, and all answer of themselves.
func TestShelfForgets(t *testing.T) {
	dir := t.TempDir()
	d, err := microdata.NewDomain([]microdata.Column{{Name: "a", Levels: levels("1", "2")}})
	if err != nil {
		t.Fatal(err)
	}
	const versions = maxShelf + 3
	for v := range versions {
		catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, []*catalog.Table{flat(t, 1, d, int64(v+1), 4, 0)}, map[string]string{"data.csv": "a\n1\n"})
	}
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	shelf := NewShelf(c, Options{})
	first, err := shelf.Index("victims", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for v := 1; v <= versions; v++ {
			x, err := shelf.Index("victims", v)
			if err != nil {
				t.Fatal(err)
			}
			if a := x.must(t, State{By: []string{"a"}, Version: v}); a.Total.Noisy != int64(2*v) || a.Source.Version != v {
				t.Errorf("version %d answers %d of version %d", v, a.Total.Noisy, a.Source.Version)
			}
			if len(shelf.indexes) > maxShelf || len(shelf.order) != len(shelf.indexes) {
				t.Fatalf("%d indexes are kept, %d in order", len(shelf.indexes), len(shelf.order))
			}
		}
	}
	if again, err := shelf.Index("victims", 1); err != nil || again == first {
		t.Errorf("the first was never forgotten: %v", err)
	}
}

// TestNamesOfUnknownsAreTame: what is told of a URL's words cannot turn a line
// round, break it or run on.
func TestNamesOfUnknownsAreTame(t *testing.T) {
	for _, name := range []string{"\u202egnp", "\u2066x\u2069", "\u200ex\u200f", "a\x00b", "a\r\nb", "\x1b[31m", strings.Repeat("ñ", 5000), "\u2028x\u2029", "\ufffd"} {
		got := newUnknown("level", name).Name
		if strings.ContainsAny(got, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029\r\n\x00\x1b\ufffd") || len([]rune(got)) > 65 {
			t.Errorf("%.20q is told as %q", name, got)
		}
	}
	if got := newUnknown("level", "Género 0–17").Name; got != "Género 0–17" {
		t.Errorf("a plain name is told as %q", got)
	}
}
