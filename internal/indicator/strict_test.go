package indicator

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// reserved is the level that package tabular adds to columns of a strict release.
var reserved = microdata.Level{Missing: microdata.Withheld, Label: microdata.Text{"es": "Reservado", "en": "Withheld"}}

// strictIndex has two columns with the level that no record has; sector has a
// level that its source withheld and is as it was. Cell i of a table holds 1000 + i.
func strictIndex(t *testing.T) *Index {
	t.Helper()
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "gender", Label: microdata.Text{"es": "Género", "en": "Gender"}, Levels: append(levels("Female", "Male"), reserved)},
		{Name: "year", Levels: append(levels("2019", "2020", "2021"), reserved)},
		{Name: "sector", Levels: append(levels("Farm"), microdata.Level{Value: "R", Missing: microdata.Withheld})},
	})
	if err != nil {
		t.Fatal(err)
	}
	var tables []*catalog.Table
	for _, c := range []microdata.Clique{{0}, {1}, {2}, {0, 1}} {
		noisy := make([]int64, c.Cells(d.Sizes()))
		for i := range noisy {
			noisy[i] = int64(1000 + i)
		}
		table, err := catalog.NewTable(len(tables)+1, d, c, nil, catalog.Counts{Noisy: noisy, Variance: 9})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	x, err := New(bundleOf(t, d, tables...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestWhatNoRecordHasIsNotCounted asks a strict release in every way: the level for
// what its rows give up is in no cell, no sum, no choice and no file, and the noise
// of its cells in no variance.
func TestWhatNoRecordHasIsNotCounted(t *testing.T) {
	x := strictIndex(t)
	for _, c := range []struct {
		query    string
		noisy    []int64
		variance float64 // of the total
	}{
		{"by=gender", []int64{1000, 1001}, 18},
		{"by=gender&gender=_~Male", []int64{1001}, 9},
		{"by=gender&gender=Female~Male", []int64{1000, 1001}, 18},
		{"by=gender,year", []int64{1000, 1001, 1002, 1004, 1005, 1006}, 54},
		{"by=gender&year=2019~2021", []int64{2002, 2010}, 36},
		{"by=year&gender=Male", []int64{1004, 1005, 1006}, 27},
		{"by=sector", []int64{1000, 1001}, 18}, // its source withheld it: that is a count
	} {
		st, err := x.Parse(c.query)
		if err != nil {
			t.Fatal(c.query, err)
		}
		a := x.must(t, st)
		var got []int64
		for _, cell := range a.Cells {
			got = append(got, cell.Estimate.Noisy)
		}
		if !slices.Equal(got, c.noisy) || a.Total.Variance != c.variance {
			t.Errorf("%s: %v ± %v, want %v ± %v", c.query, got, a.Total.Variance, c.noisy, c.variance)
		}
		for _, lang := range []string{"es", "en"} {
			var b bytes.Buffer
			if err := a.WriteCSV(&b, lang); err != nil {
				t.Fatal(err)
			}
			j, err := a.JSON(lang)
			if err != nil {
				t.Fatal(err)
			}
			if strict := !strings.Contains(c.query, "sector"); strict == strings.Contains(b.String(), "withheld\n") || strict == bytes.Contains(j, []byte(`"missing":"withheld"`)) {
				t.Errorf("%s: its files: %s%s", c.query, b.String(), j)
			}
			note := map[string]string{"es": "nadie tiene ese valor", "en": "Nobody has that value"}[lang]
			if said := strings.Contains(strings.Join(a.Notes(lang), " "), note); said != !strings.Contains(c.query, "sector") {
				t.Errorf("%s: notes %q", c.query, a.Notes(lang))
			}
		}
	}
	if l := x.Levels("gender"); len(l) != 2 {
		t.Errorf("levels to keep of gender: %v", l)
	}
	whole, _ := x.Parse("by=year&gender=Female~Male")
	if whole.Filters["gender"] != nil {
		t.Errorf("a filter that keeps all that records have stays: %v", whole.Filters)
	}
	for query, want := range map[string]string{"gender=_~Male": "Male", "gender=_": ""} {
		if st, err := x.Parse(query); err != nil || !slices.Equal(st.Filters["gender"], []string{want}) {
			t.Errorf("%s keeps %q, %v", query, st.Filters["gender"], err)
		}
	}
	st, err := x.Parse("by=year&gender=_")
	if err != nil {
		t.Fatal(err)
	}
	var refused *RefusedError
	if _, err = x.Answer(st); !errors.As(err, &refused) || !strings.Contains(refused.Reason["es"], "Ningún registro") || !strings.Contains(refused.Reason["en"], "No record") {
		t.Fatalf("only what nobody has: %v", err)
	}
	if len(refused.Offer) != 1 || refused.Offer[0].Query() != "by=year" {
		t.Errorf("offers %v", refused.Offer)
	}
}

// TestRestOfOneLevelIsThatLevel has a table that merged a rare level with the one
// that no record has.
func TestRestOfOneLevelIsThatLevel(t *testing.T) {
	d, err := microdata.NewDomain([]microdata.Column{{Name: "gender", Levels: append(levels("Female", "Male", "Other"), reserved)}})
	if err != nil {
		t.Fatal(err)
	}
	merged := &microdata.Coarsening{Levels: append(levels("Female", "Male"), microdata.Level{Value: "[rest]", Label: microdata.Text{"en": "All others"}}), Of: []uint16{0, 1, 2, 2}}
	table, err := catalog.NewTable(1, d, microdata.Clique{0}, []*microdata.Coarsening{merged}, catalog.Counts{Noisy: []int64{100, 200, 300}, Variance: 4})
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(bundleOf(t, d, table), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := x.must(t, State{By: []string{"gender"}})
	if len(a.Cells) != 3 || a.LevelLabel(0, 2, "en") != "Other" || a.Axes[0].Coarse || a.Total.Noisy != 600 {
		t.Errorf("%d cells, %q, merged %v, total %d", len(a.Cells), a.LevelLabel(0, 2, "en"), a.Axes[0].Coarse, a.Total.Noisy)
	}
	if l := x.Levels("gender"); len(l) != 3 {
		t.Errorf("levels to keep: %v", l)
	}
	if a = x.must(t, State{By: []string{"gender"}, Filters: map[string][]string{"gender": {"Other"}}}); len(a.Cells) != 1 || a.Total.Noisy != 300 {
		t.Errorf("only Other: %+v", a.Total)
	}
}

// TestOnlyTheAddedLevelIsLeftOut gives columns in which a blank was withheld by
// their source, or is one of several missing values: all of these are counted.
func TestOnlyTheAddedLevelIsLeftOut(t *testing.T) {
	own := reserved
	own.Label = microdata.Text{"es": "Reservado por la agencia"}
	for _, c := range []struct {
		levels []microdata.Level
		want   int
	}{
		{append(levels("a", "b"), reserved), 2},
		{append(levels("a", "b"), own), -1},
		{append(levels("a", "b"), microdata.Level{Missing: microdata.Withheld}), -1},
		{append(levels("a"), reserved, microdata.Level{Value: "NA", Missing: microdata.NotApplicable}), -1},
		{append(levels("a"), microdata.Level{Value: "NA", Missing: microdata.NotApplicable}, reserved), -1},
		{levels("a", ""), -1},
		{levels("a", "b"), -1},
	} {
		if got := emptyLevel(&microdata.Column{Levels: c.levels}); got != c.want {
			t.Errorf("%v: %d, want %d", c.levels, got, c.want)
		}
	}
}

// TestRestsSayWhatTheyAre names the levels that synthesis merged, and leaves alone
// a level that its source spelled so.
func TestRestsSayWhatTheyAre(t *testing.T) {
	rest := microdata.Level{Value: "[rest of 202]", Label: microdata.Text{"es": "Resto: África", "en": "Rest of: Africa"}}
	d, err := microdata.NewDomain([]microdata.Column{{Name: "country", Levels: levels("A", "B", "C", "[rest]")}})
	if err != nil {
		t.Fatal(err)
	}
	merged := &microdata.Coarsening{Levels: append(levels("A"), rest, microdata.Level{Value: "[rest]"}), Of: []uint16{0, 1, 1, 2}}
	table, err := catalog.NewTable(1, d, microdata.Clique{0}, []*microdata.Coarsening{merged}, catalog.Counts{Noisy: []int64{1, 2, 3}, Variance: 4})
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(bundleOf(t, d, table), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := x.must(t, State{By: []string{"country"}})
	for lang, want := range map[string]string{"es": "Resto: África (unidos por el ruido)", "en": "Rest of: Africa (merged by the noise)"} {
		if got := a.LevelLabel(0, 1, lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
		if got := a.LevelLabel(0, 2, lang); got != "[rest]" {
			t.Errorf("%s: the source's own level became %q", lang, got)
		}
	}
}
