package synth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// ruled is a table that keeps the rules of ruleText, on columns with rare levels.
func ruled(t *testing.T, n int) (*microdata.Table, *rules.Set) {
	t.Helper()
	sizes := []int{3, 30, 4, 25}
	d := someDomain(t, sizes, false, true, true, true)
	set, err := rules.Parse(strings.NewReader("c0 = 1 => c1 in 1, 2, 3, 4, 5, 25, 26\nc2 = 3 => c3 is missing\nc0 = 2 and c2 = 1 => c3 in 1, 2\n"), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, someRecords(pgm.NewRand(21), n, sizes))
	if err != nil {
		t.Fatal(err)
	}
	if table, _, _, err = set.Apply(table); err != nil {
		t.Fatal(err)
	}
	return table, set
}

// TestRulesAreNeverBroken at any budget and any position of the dial, with and without
// a tilt: not in one record, and not in the model's expectations.
func TestRulesAreNeverBroken(t *testing.T) {
	table, set := ruled(t, 3000)
	for _, mu := range []dp.Mu{.01, .3, 3} {
		for f := Limited; f <= Strict; f++ {
			for _, tilt := range []float64{-1, .4} {
				model := fit(t, table, mu, Options{Rules: set.Never(), Fabrication: f, Tilt: tilt, Workers: 2})
				records, err := model.Generate(context.Background(), 5)
				if err != nil {
					t.Fatal(err)
				}
				for row := range records[0] {
					if i := set.Broken(func(a int) int { return int(records[a][row]) }); i >= 0 {
						t.Fatalf("μ %v, %v, tilt %v: rule %d is broken", mu, f, tilt, i)
					}
				}
			}
		}
	}
}

// TestRulesBeatTheData: even where the table breaks a rule and the measurements ask
// for it, no record does.
func TestRulesBeatTheData(t *testing.T) {
	d := someDomain(t, []int{2, 3, 2})
	set, err := rules.Parse(strings.NewReader("c0 = 1 => c1 != 2"), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, [][]uint16{slices.Repeat([]uint16{1}, 500), slices.Repeat([]uint16{2}, 500), slices.Repeat([]uint16{0}, 500)})
	if err != nil {
		t.Fatal(err)
	}
	model := fit(t, table, 2, Options{Rules: set.Never()})
	records, _ := model.Generate(context.Background(), 1)
	for row := range records[0] {
		if !keeps(set.Never(), records, row) {
			t.Fatal("a rule is broken")
		}
	}
}

// TestRulesOfTooManyLevels are refused before anything is spent, as are rules of
// another domain.
func TestRulesAreChecked(t *testing.T) {
	table, set := ruled(t, 50)
	other := rules.Never{Clique: microdata.Clique{0, 1}, In: [][]bool{{true}, {true}}}
	for name, o := range map[string]Options{
		"too many levels": {Rules: set.Never(), MaxCells: 60},
		"another domain":  {Rules: []rules.Never{other}},
		"out of range":    {Rules: []rules.Never{{Clique: microdata.Clique{9}, In: [][]bool{{true}}}}},
		"not whole":       {Rules: []rules.Never{{Clique: microdata.Clique{0}, In: [][]bool{{false, false, false}}}}},
	} {
		m, b := open(t, table, 1, 1)
		if _, err := Fit(context.Background(), m, o); err == nil || b.Spent() != 0 {
			t.Errorf("%s: %v, %v spent", name, err, b.Spent())
		}
	}
}

// TestCoarsenKeepsKindsApart: rare levels that rules tell apart are not merged, and
// their rests have names of their own.
func TestCoarsenKeepsKindsApart(t *testing.T) {
	c := &microdata.Column{Name: "x", Levels: levels("a", "b", "c", "d", "e", "f")}
	got := coarsen(c, []string{"1", "0", "1", "0", "0", "1"}, []int64{1, 2, 1, 3, 900, 2}, 50)
	if got == nil || !slices.Equal(got.Of, []uint16{0, 1, 0, 1, 2, 0}) {
		t.Fatalf("%+v", got)
	}
	if a, b := got.Levels[0].Value, got.Levels[1].Value; a == b {
		t.Errorf("two groups are called %q", a)
	}
	if _, err := someDomain(t, []int{6}).Coarsen([]*microdata.Coarsening{got}); err != nil {
		t.Error(err)
	}
	if got := coarsen(c, []string{"1", "2", "3", "4", "5", "6"}, make([]int64, 6), 50); got != nil {
		t.Errorf("levels of six kinds became %d", len(got.Levels))
	}
}

// TestScopes lists each set of columns once, and single columns not at all.
func TestScopes(t *testing.T) {
	n := func(c ...int) rules.Never { return rules.Never{Clique: c} }
	f := &fitting{never: []rules.Never{n(0, 1), n(2), n(0, 1), n(1, 2, 3)}}
	if got := fmt.Sprint(f.scopes()); got != "[[0 1] [1 2 3]]" {
		t.Errorf("scopes %s", got)
	}
}
