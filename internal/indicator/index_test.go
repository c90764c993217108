package indicator

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// bundleOf publishes tables over the sample's domain and opens the bundle.
func bundleOf(t testing.TB, d *microdata.Domain, tables ...*catalog.Table) *catalog.Bundle {
	t.Helper()
	dir := t.TempDir()
	catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, tables, map[string]string{"data.csv": "x\n"})
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bundle("victims", 1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// flat returns a table of equal counts.
func flat(t testing.TB, number int, d *microdata.Domain, count int64, variance float64, c ...int) *catalog.Table {
	t.Helper()
	noisy := make([]int64, microdata.Clique(c).Cells(d.Sizes()))
	for i := range noisy {
		noisy[i] = count
	}
	table, err := catalog.NewTable(number, d, c, nil, catalog.Counts{Noisy: noisy, Variance: variance})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestWhatCanBeAsked(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	x := s.index
	if got := x.Columns(); !slices.Equal(got, s.domain.Names()) {
		t.Errorf("columns %v", got)
	}
	for column, want := range map[string]string{"gender": "year country by", "by": "gender ~,!", "ageBroad": "country", "none": ""} {
		if got := strings.Join(x.Partners(column), " "); got != want {
			t.Errorf("partners of %s: %s", column, got)
		}
	}
	var values []string
	for _, l := range x.Levels("country") {
		values = append(values, l.Value)
	}
	if !slices.Equal(values, []string{"XA", "XB", "XC", "XD", "XE", "", "rest"}) {
		t.Errorf("levels of country: %q", values)
	}
	if x.Levels("none") != nil {
		t.Error("a column that is not there has levels")
	}
	// Every partner is answered, both ways round.
	for _, a := range x.Columns() {
		for _, b := range x.Partners(a) {
			one, err := x.Answer(State{By: []string{a, b}})
			two, err2 := x.Answer(State{By: []string{b, a}})
			if err != nil || err2 != nil || one.Total != two.Total || len(one.Cells) != len(two.Cells) {
				t.Fatalf("%s by %s: %v, %v", a, b, err, err2)
			}
			for i := range one.Axes[0].Levels {
				for j := range one.Axes[1].Levels {
					if one.Cell(i, j).Estimate != two.Cell(j, i).Estimate {
						t.Fatalf("%s by %s: turned round, cell %d,%d differs", a, b, i, j)
					}
				}
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	d, _ := sampleDomain(t)
	if _, err := New(bundleOf(t, d), Options{}); err == nil {
		t.Error("a bundle without tables answers")
	}
	if _, err := New(bundleOf(t, d, flat(t, 1, d, 5, 4, 0, 1, 2)), Options{}); err == nil {
		t.Error("a bundle of a table of three columns answers")
	}
	x, err := New(bundleOf(t, d, flat(t, 1, d, 5, 4, 0, 1, 2), flat(t, 2, d, 5, 4, 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.Columns(); !slices.Equal(got, []string{"year"}) {
		t.Errorf("columns %v", got)
	}
	st, err := x.Parse("")
	if err != nil || st.Query() != "by=year" {
		t.Errorf("the first question is %q, %v", st.Query(), err)
	}
	var no *RefusedError
	if _, err := x.Answer(State{By: []string{"gender"}}); !errors.As(err, &no) || !strings.Contains(no.Reason["es"], "no midió la columna «Género»") {
		t.Errorf("a column without a table: %v", err)
	}
}

// TestLeastNoiseWins gives one question several tables.
func TestLeastNoiseWins(t *testing.T) {
	d, _ := sampleDomain(t)
	x, err := New(bundleOf(t, d,
		flat(t, 1, d, 10, 1, 0, 1),   // gender by year
		flat(t, 2, d, 100, 50, 0),    // gender: more noise, but its own table
		flat(t, 3, d, 7, 0.01, 2, 5), // country by age
		flat(t, 4, d, 7, 9, 1, 5),    // year by age
	), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]struct {
		table    string
		variance float64
	}{
		"by=gender":                {"002-gender", 50},
		"by=gender&year=2015~2016": {"001-gender-year", 2},
		"by=year":                  {"001-gender-year", 4},
		"by=ageBroad":              {"003-country-ageBroad", 0.06},
		"by=year,ageBroad":         {"004-year-ageBroad", 9},
		"by=country":               {"003-country-ageBroad", 0.03},
	} {
		st, err := x.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		a := x.must(t, st)
		if a.Source.Table != want.table || a.Cells[0].Estimate.Variance-want.variance > 1e-12 || want.variance-a.Cells[0].Estimate.Variance > 1e-12 {
			t.Errorf("%s: table %s, variance %g", query, a.Source.Table, a.Cells[0].Estimate.Variance)
		}
	}
}

func TestNoShareOfNothing(t *testing.T) {
	d, _ := sampleDomain(t)
	for _, count := range []int64{0, -50, 1} {
		x, err := New(bundleOf(t, d, flat(t, 1, d, count, 10_000, 0)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range x.must(t, State{By: []string{"gender"}}).Cells {
			if c.Share != nil || !c.Weak || c.Estimate.Value < 0 || c.Estimate.High < 0 {
				t.Errorf("of a total near zero: %+v", c)
			}
		}
	}
}

func TestLabels(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	x := s.index
	for _, c := range []struct{ column, value, lang, want string }{
		{"country", "XA", "es", "Arenal"},       // its label
		{"country", "XA", "fr", "Sandland"},     // its label in English
		{"country", "XB", "fr", "Bahía-fr"},     // the Namer
		{"country", "XC", "es", "XC"},           // its value
		{"country", "rest", "es", "resto"},      // a group
		{"country", "", "es", "sin dato"},       // its kind of missing
		{"country", "", "pt", "not recorded"},   // in English
		{"country", "nowhere", "es", "nowhere"}, // not there
		{"none", "x", "es", "x"},
	} {
		if got := x.LevelLabel(c.column, c.value, c.lang); got != c.want {
			t.Errorf("%s=%s in %s: %q, want %q", c.column, c.value, c.lang, got, c.want)
		}
	}
	for _, c := range [][3]string{{"gender", "es", "Género"}, {"gender", "fr", "Gender"}, {"by", "es", "by"}, {"none", "es", "none"}} {
		if got := x.ColumnLabel(c[0], c[1]); got != c[2] {
			t.Errorf("column %s in %s: %q", c[0], c[1], got)
		}
	}
	seen := map[string]bool{}
	for m := microdata.Present; m <= microdata.Withheld; m++ {
		for _, lang := range []string{"es", "en"} {
			label := MissingLabel(m, lang)
			if label == "" || seen[lang+label] {
				t.Errorf("%v in %s reads %q, as another kind does", m, lang, label)
			}
			seen[lang+label] = true
		}
	}
}

// TestAnswersAreEqual asks the same from many goroutines: equal answers, and no
// map order in them.
func TestAnswersAreEqual(t *testing.T) {
	s := newSample(t, 500, 4, 1)
	st := State{By: []string{"gender", "country"}, Filters: map[string][]string{"gender": {"Male", "Female"}, "country": {"XB", "XA", ""}}}
	want := s.index.must(t, st)
	text, err := want.JSON("es")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				a, err := s.index.Answer(st)
				if err != nil || !reflect.DeepEqual(a.Cells, want.Cells) {
					t.Error("another answer", err)
					return
				}
				if again, err := a.JSON("es"); err != nil || string(again) != string(text) {
					t.Error("another JSON", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestErrorsReadWell(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	_, err := s.index.Parse("by=%1b%5b31mred" + strings.Repeat("x", 200))
	if err == nil || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 120 {
		t.Errorf("%q", err)
	}
	for _, e := range []error{&UnknownError{"column", "x"}, &RefusedError{Reason: third(3)}} {
		if !strings.HasPrefix(e.Error(), "indicator: ") {
			t.Errorf("%v", e)
		}
	}
	if third(3)["es"] == third(4)["es"] {
		t.Error("three and four read alike")
	}
}
