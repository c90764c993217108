package tabular

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"amparo/microdata"
)

func TestCloseKeepsOnlyWhatWasDiscovered(t *testing.T) {
	f := mustRead(t, "a,b\n10,x\n9,\n ,y\n9,z\n", Options{})
	if got := f.Open[0].Values(); !slices.Equal(got, []string{"9", "10"}) {
		t.Errorf("values of a: %q", got)
	}
	if got := f.Open[0].Counts(); !slices.Equal(got, []int64{2, 1}) {
		t.Errorf("counts of a: %v", got)
	}
	table, err := f.Close([][]string{{"9", "never seen", "9", ""}, {"z", "x"}})
	if err != nil || f.Table != table {
		t.Fatal(err)
	}
	equal(t, values(table), [][]string{{"", "x"}, {"9", ""}, {"", ""}, {"9", "z"}})
	a := table.Domain().Column(0)
	if len(a.Levels) != 3 || a.Levels[0].Value != "9" || a.Levels[1].Value != "never seen" || a.Levels[2].Missing != microdata.Unknown {
		t.Errorf("levels of a: %+v", a.Levels)
	}
	if _, err := f.Close([][]string{{"9"}}); err == nil {
		t.Error("levels for one of two columns were taken")
	}
	if again, err := f.Close([][]string{nil, nil}); err != nil || again.Domain().Size(0) != 1 {
		t.Errorf("closing without levels: %v", err)
	}
}

// TestLevelsDoNotTellTheOrderOfRows: the same rows in another order give the same
// values and domain.
func TestLevelsDoNotTellTheOrderOfRows(t *testing.T) {
	a := mustRead(t, "a,b\nx,1\ny,2\nz,3\n", Options{})
	b := mustRead(t, "a,b\nz,3\ny,2\nx,1\n", Options{})
	if !slices.Equal(a.Open[0].Values(), b.Open[0].Values()) {
		t.Error("values come in the order of rows")
	}
	kept := [][]string{{"z", "x"}, {"3", "1"}}
	ta, _ := a.Close(kept)
	tb, _ := b.Close([][]string{{"x", "z"}, {"1", "3"}})
	for i := range 2 {
		for l, level := range ta.Domain().Column(i).Levels {
			if tb.Domain().Column(i).Levels[l].Value != level.Value {
				t.Errorf("level %d of column %d differs", l, i)
			}
		}
	}
}

// TestValuesOfCollapsedRowsAreGone: a value that no person's row holds is not in
// the dictionary, for its presence would tell of a row.
func TestValuesOfCollapsedRowsAreGone(t *testing.T) {
	f := mustRead(t, "a,b,key\nx,1,p\ngone,1,p\n", Options{Person: "key"})
	if got := f.Open[0].Values(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("values %q", got)
	}
}

// TestCountsAreOfPersons: one person changes one count by one.
func TestCountsAreOfPersons(t *testing.T) {
	f := mustRead(t, "a,b,key\nx,1,p\nx,1,p\nx,1,q\n,1,r\nx,1,r\n", Options{Person: "key"})
	if got := f.Open[0].Counts(); !slices.Equal(got, []int64{3}) {
		t.Errorf("counts %v", got)
	}
}

func TestNaturalIsATotalOrder(t *testing.T) {
	words := []string{"", "1", "1.0", "01", "2", "10", "-3", "1e1", "NaN", "nan", "Inf", "a", "B", "10a", "é", "0x10", "1_0"}
	r := rand.New(rand.NewPCG(9, 10))
	for range 40 {
		words = append(words, strconv.FormatFloat(math.Round(r.Float64()*100)/10, 'g', -1, 64))
	}
	for _, a := range words {
		for _, b := range words {
			if natural(a, b) != -natural(b, a) || (natural(a, b) == 0) != (a == b) {
				t.Fatalf("%q and %q", a, b)
			}
			for _, c := range words {
				if natural(a, b) < 0 && natural(b, c) < 0 && natural(a, c) >= 0 {
					t.Fatalf("%q < %q < %q", a, b, c)
				}
			}
		}
	}
	got := []string{"b", "10", "9", "a", "2021-01-01"}
	slices.SortFunc(got, natural)
	if !slices.Equal(got, []string{"9", "10", "2021-01-01", "a", "b"}) {
		t.Errorf("%q", got)
	}
}

// TestClosingAClosedFileKeepsItsTable.
func TestClosingAClosedFileKeepsItsTable(t *testing.T) {
	f := mustRead(t, "a\n1\n", Options{Domain: mustDomain(t, `{"a": ["1"]}`)})
	was := f.Table
	if got, err := f.Close(nil); err != nil || got != was || f.Table != was {
		t.Errorf("%v", err)
	}
}
