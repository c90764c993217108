package synth

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

func TestDialHasNames(t *testing.T) {
	for f := Limited; f <= Strict; f++ {
		if got, err := ParseFabrication(f.String()); err != nil || got != f {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFabrication("none"); err == nil || Fabrication(9).String() == "" {
		t.Error("a position that is not there was read")
	}
}

// TestBlankLeavesNoRareCombination on random records: afterwards the oracle finds
// none, no value became another value, and only columns without a missing level cost
// records.
func TestBlankLeavesNoRareCombination(t *testing.T) {
	r := pgm.NewRand(6)
	for trial := range 30 {
		sizes := []int{4, 6, 5, 3, 8}
		d := someDomain(t, sizes, true, true, true, true, trial%2 == 0)
		before := someRecords(r, 150, sizes)
		after := pick(before, rowsOf(len(before[0]))) // blank writes in place
		after, err := blank(context.Background(), d, nil, after, 6, 1+trial%3)
		if err != nil {
			t.Fatal(err)
		}
		if trial%2 == 0 && len(after[0]) != 150 {
			t.Fatalf("trial %d: %d records are left though all columns can be blanked", trial, len(after[0]))
		}
		if len(after[0]) == 0 {
			continue
		}
		for i, n := range rarest(d, after, 3) {
			if n < 6 {
				t.Fatalf("trial %d: row %d holds a combination that %d records share", trial, i, n)
			}
		}
		if trial%2 == 0 {
			for a := range sizes {
				for i, v := range after[a] {
					if v != before[a][i] && v != 0 {
						t.Fatalf("trial %d: a value became another", trial)
					}
				}
			}
		}
	}
}

func rowsOf(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// TestBlankStopsWhenCancelled.
func TestBlankStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sizes := []int{3, 3}
	if _, err := blank(ctx, someDomain(t, sizes), nil, someRecords(pgm.NewRand(1), 20, sizes), 5, 1); err == nil {
		t.Error("went on")
	}
}

// TestBlankGivesUpLittle: one row of many is off in one column; that column alone
// is blanked.
func TestBlankGivesUpLittle(t *testing.T) {
	records := [][]uint16{slices.Repeat([]uint16{1}, 40), slices.Repeat([]uint16{2}, 40), slices.Repeat([]uint16{1}, 40)}
	records[1][7] = 1
	got, err := blank(context.Background(), someDomain(t, []int{3, 3, 3}, true, true, true), nil, records, 10, 1)
	if err != nil || got[0][7] != 1 || got[1][7] != 0 || got[2][7] != 1 || len(got[0]) != 40 {
		t.Errorf("row 7 became %d %d %d, %v", got[0][7], got[1][7], got[2][7], err)
	}
}

func TestBlankLevel(t *testing.T) {
	level := func(kinds ...microdata.Missing) *microdata.Column {
		c := &microdata.Column{}
		for _, k := range kinds {
			c.Levels = append(c.Levels, microdata.Level{Missing: k})
		}
		return c
	}
	for want, c := range map[int]*microdata.Column{
		2:  level(microdata.Present, microdata.Unknown, microdata.Withheld),
		1:  level(microdata.Present, microdata.Unknown, microdata.Refused),
		0:  level(microdata.NotAsked, microdata.Present),
		-1: level(microdata.Present, microdata.NotApplicable, microdata.Refused), // they would say something
	} {
		if got := blankLevel(c); got != want {
			t.Errorf("%+v: level %d, want %d", c.Levels, got, want)
		}
	}
}

// rareTable holds common records, and a few that stand alone.
func rareTable(t *testing.T, n int) *microdata.Table {
	t.Helper()
	sizes := []int{5, 12, 12, 6}
	d := someDomain(t, sizes, true, true, true, true)
	r := pgm.NewRand(12)
	records := make([][]uint16, len(sizes))
	for range n {
		k := r.IntN(3)
		row := []uint16{uint16(1 + k), uint16(1 + 2*k + r.IntN(2)), uint16(1 + 3*k), uint16(1 + r.IntN(2))}
		if r.IntN(40) == 0 {
			row = []uint16{uint16(r.IntN(5)), uint16(r.IntN(12)), uint16(r.IntN(12)), uint16(r.IntN(6))}
		}
		for a, v := range row {
			records[a] = append(records[a], v)
		}
	}
	table, err := microdata.NewTable(d, records)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestDialTradesInventionForLoss: along the dial fewer combinations are invented, and
// at its end every one is shared by StrictSupport records.
func TestDialTradesInventionForLoss(t *testing.T) {
	table := rareTable(t, 6000)
	invented := map[Fabrication]int{}
	for _, f := range []Fabrication{Unlimited, Limited, Strict} {
		model := fit(t, table, .3, Options{Fabrication: f, Workers: 2})
		records, err := model.Generate(context.Background(), 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range microdata.AllCliques(4, 2) {
			held := map[[2]uint16]bool{}
			for i := range table.Rows() {
				held[[2]uint16{uint16(table.Code(i, c[0])), uint16(table.Code(i, c[1]))}] = true
			}
			seen := map[[2]uint16]bool{}
			for i := range records[0] {
				seen[[2]uint16{records[c[0]][i], records[c[1]][i]}] = true
			}
			for k := range seen {
				if k[0] != 0 && k[1] != 0 && !held[k] {
					invented[f]++
				}
			}
		}
		if f == Strict {
			for i, n := range rarest(table.Domain(), records, 3) {
				if n < StrictSupport {
					t.Fatalf("row %d: a combination that %d share", i, n)
				}
			}
		}
	}
	if invented[Limited] >= invented[Unlimited] || invented[Strict] > invented[Limited] || invented[Unlimited] == 0 {
		t.Errorf("invented pairs: %v", invented)
	}
}

// TestFittedIsWhatWasWritten: where the dial has a say the tables' fitted counts are
// those of the records, cell by cell.
func TestFittedIsWhatWasWritten(t *testing.T) {
	for _, f := range []Fabrication{Limited, Strict} {
		model := fit(t, rareTable(t, 4000), .5, Options{Fabrication: f})
		records, err := model.Generate(context.Background(), 9)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range model.Tables() {
			sizes := make([]int, 4)
			for i, a := range x.Clique {
				if sizes[a] = model.Domain().Size(a); x.Coarse[i] != nil {
					sizes[a] = len(x.Coarse[i].Levels)
				}
			}
			counts := make([]float64, len(x.Fitted))
			for row := range records[0] {
				cell := 0
				for i, a := range x.Clique {
					v := int(records[a][row])
					if x.Coarse[i] != nil {
						v = int(x.Coarse[i].Of[v])
					}
					cell = cell*sizes[a] + v
				}
				counts[cell]++
			}
			for cell, n := range counts {
				if want := x.Fitted[cell]; math.Abs(n-want) > 1e-6 {
					t.Fatalf("%v: table %v cell %d: %v written, %v fitted", f, x.Clique, cell, n, want)
				}
			}
		}
	}
}

// TestStanding strikes out values only, and only those within their noise.
func TestStanding(t *testing.T) {
	c := someDomain(t, []int{4}, true).Column(0)
	estimate := []float64{1, 2, 3, 4}
	standing(c, estimate, dp.Measurement{Noisy: []int64{0, 19, 20, 21}, Variance: 100})
	if !slices.Equal(estimate, []float64{1, 0, 3, 4}) {
		t.Errorf("%v", estimate)
	}
}

// TestNothingLeft: a strict output that keeps no record is an error that says why.
func TestNothingLeft(t *testing.T) {
	sizes := []int{40, 40, 40}
	table, err := microdata.NewTable(someDomain(t, sizes), someRecords(pgm.NewRand(3), 100, sizes))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := open(t, table, .5, 1)
	if _, err := Fit(context.Background(), m, Options{Fabrication: Strict}); err == nil {
		t.Error("nothing was written, and nothing said")
	}
}
