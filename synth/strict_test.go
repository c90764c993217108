package synth

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// aLoneValue is a table in which one value of the first column is rare, and the only
// rare one: it is merged with no other. blanks says whether columns have a missing
// level.
func aLoneValue(t *testing.T, blanks bool) *microdata.Table {
	r, records := pgm.NewRand(3), make([][]uint16, 2)
	for i := range 3000 {
		v := uint16(r.IntN(3))
		if i%50 == 0 {
			v = 3
		}
		records[0], records[1] = append(records[0], v), append(records[1], uint16(r.IntN(4)))
	}
	table, err := microdata.NewTable(someDomain(t, []int{4, 4}, blanks, blanks), records)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestStrictWritesOnlyWhatStands: no value that stands less than two standard
// deviations of its noise above nobody is written, whether it was merged with others,
// or had none to be merged with, or has no blank to give way to.
func TestStrictWritesOnlyWhatStands(t *testing.T) {
	withheld := 0
	for _, blanks := range []bool{true, false} {
		for seed := range byte(20) {
			m, _ := open(t, aLoneValue(t, blanks), .04, seed)
			model, err := Fit(context.Background(), m, Options{Fabrication: Strict})
			if err != nil {
				t.Fatal(err)
			}
			records, err := model.Generate(context.Background(), 1)
			if err != nil {
				t.Fatal(err)
			}
			for a, c := range model.columns {
				for l, level := range model.domain.Column(a).Levels {
					if level.Missing != microdata.Present || float64(c.Noisy[l]) >= 2*math.Sqrt(c.Variance) {
						continue
					}
					withheld++
					if slices.Contains(records[a], uint16(l)) {
						t.Errorf("blanks %v, seed %d: column %d level %d is written, of %d with noise of %.0f", blanks, seed, a, l, c.Noisy[l], math.Sqrt(c.Variance))
					}
				}
			}
		}
	}
	if withheld < 20 {
		t.Errorf("only %d values were to be withheld: this test sees little", withheld)
	}
}

// TestStrictBlanksBreakNoRule: a rule that wants a value known is not broken by the
// blank that takes the place of values that do not stand.
func TestStrictBlanksBreakNoRule(t *testing.T) {
	d := someDomain(t, []int{3, 4, 3}, true, true, true)
	set, err := rules.Parse(strings.NewReader("c0 = 1 => c1 is known"), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, records := pgm.NewRand(3), make([][]uint16, 3)
	for i := range 3000 {
		row := []uint16{2, 0, uint16(1 + r.IntN(2))}
		if i%8 == 0 {
			row[0], row[1] = 1, uint16(1+r.IntN(3))
		}
		for a, v := range row {
			records[a] = append(records[a], v)
		}
	}
	table, err := microdata.NewTable(d, records)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range byte(12) {
		m, _ := open(t, table, .03, seed)
		model, err := Fit(context.Background(), m, Options{Fabrication: Strict, Rules: set.Never()})
		if err != nil {
			t.Fatal(err)
		}
		out, err := model.Generate(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for row := range out[0] {
			if !keeps(set.Never(), out, row) {
				t.Fatalf("seed %d: record %d breaks the rule", seed, row)
			}
		}
	}
}

// TestWithhold: a value that does not stand is blanked; where there is no blank, or
// the blank breaks a rule, the record goes, and nothing else is touched.
func TestWithhold(t *testing.T) {
	d := someDomain(t, []int{3, 3, 2}, true, false, false)
	loud := func(noisy ...int64) dp.Measurement { return dp.Measurement{Noisy: noisy, Variance: 100} }
	m := &Model{
		domain:  d,
		columns: []dp.Measurement{loud(0, 19, 20), loud(500, 500, -4), loud(40, 40)},
		never:   []rules.Never{{Clique: microdata.Clique{0, 2}, In: [][]bool{{true, false, false}, {false, true}}}},
	}
	fine := [][]uint16{{0, 1, 2, 1, 2}, {0, 1, 1, 1, 2}, {0, 0, 1, 1, 0}}
	coarse := [][]uint16{{9, 8, 7, 6, 5}}
	c, f := m.withhold(coarse, fine)
	want := [][]uint16{{0, 0, 2}, {0, 1, 1}, {0, 0, 1}}
	if !slices.EqualFunc(f, want, slices.Equal) || !slices.Equal(c[0], []uint16{9, 8, 7}) {
		t.Errorf("left %v and %v, want %v", f, c, want)
	}
}

// TestStrictOfNobody: where no value stands and nothing can be blanked, the error
// says so.
func TestStrictOfNobody(t *testing.T) {
	m, _ := open(t, chain(t, 5, []int{3, 3}, 1), .01, 1)
	if _, err := Fit(context.Background(), m, Options{Fabrication: Strict}); err == nil || !strings.Contains(err.Error(), "keeps no record") {
		t.Errorf("nothing was written, and this was said: %v", err)
	}
}
