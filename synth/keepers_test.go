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

// someKeepers makes records of three columns, and keepers of all columns and of the
// pair of the first two, at random.
func someKeepers(r *pgm.Rand) (records [][]uint16, k *keepers, stands [][]bool) {
	sizes := []int{2 + r.IntN(4), 2 + r.IntN(4), 2 + r.IntN(3)}
	records = someRecords(r, 20+r.IntN(200), sizes)
	k = new(keepers)
	some := func(n int) []bool {
		out := make([]bool, n)
		for i := range out {
			out[i] = r.IntN(2) == 0
		}
		stands = append(stands, out)
		return out
	}
	for a, n := range sizes {
		k.tables = append(k.tables, spare(records[a:a+1], 1, some(n)))
	}
	k.tables = append(k.tables, spare(records[:2], sizes[1], some(sizes[0]*sizes[1])))
	return records, k, stands
}

// TestWithoutKeepsWhatStands: of every level and cell that stands at least half stays,
// only poor records go, the poorer first, and none that went could not be spared.
func TestWithoutKeepsWhatStands(t *testing.T) {
	r := pgm.NewRand(5)
	for range 300 {
		records, k, stands := someKeepers(r)
		n := len(records[0])
		least := make([]uint32, n)
		for i := range least {
			least[i] = uint32(r.IntN(8))
		}
		keep := k.without(least, 5)
		if !slices.IsSorted(keep) {
			t.Fatal("records are out of order")
		}
		stays := make([]bool, n)
		for _, i := range keep {
			stays[i] = true
		}
		had, has := make([]map[int]int, len(k.tables)), make([]map[int]int, len(k.tables))
		for x := range k.tables {
			had[x], has[x] = map[int]int{}, map[int]int{}
			for i := range n {
				c := k.tables[x].cell(i)
				had[x][c]++
				if stays[i] {
					has[x][c]++
				}
			}
			for c, all := range had[x] {
				if stands[x][c] && float64(has[x][c]) < leastKept*float64(all) {
					t.Fatalf("of cell %d of table %d %d of %d stay", c, x, has[x][c], all)
				}
			}
		}
		for i := range n {
			if least[i] >= 5 && !stays[i] {
				t.Fatal("a record with support went")
			}
			if least[i] < 5 && stays[i] { // some table of it can spare no more
				spent := false
				for x := range k.tables {
					c := k.tables[x].cell(i)
					spent = spent || stands[x][c] && float64(has[x][c]-1) < leastKept*float64(had[x][c])
				}
				if !spent {
					t.Fatal("a record stays that could be spared")
				}
			}
		}
	}
}

// TestWithoutLetsTheLeastSupportedGo: of records alike in all but support.
func TestWithoutLetsTheLeastSupportedGo(t *testing.T) {
	k := new(keepers)
	k.tables = append(k.tables, spare([][]uint16{make([]uint16, 6)}, 1, []bool{true}))
	if got := k.without([]uint32{4, 1, 9, 3, 2, 0}, 5); !slices.Equal(got, []int32{0, 2, 3}) {
		t.Errorf("%v stay", got)
	}
	k = new(keepers)
	k.tables = append(k.tables, spare([][]uint16{make([]uint16, 6)}, 1, []bool{false}))
	if got := k.without([]uint32{4, 1, 9, 3, 2, 0}, 5); !slices.Equal(got, []int32{2}) {
		t.Errorf("%v stay of a level that is all noise", got)
	}
}

// TestKeepersReadTheNoise: what stands is two standard deviations for a level and three
// for a cell, of counts that each have a variance of their own.
func TestKeepersReadTheNoise(t *testing.T) {
	d := someDomain(t, []int{3, 2})
	columns := []dp.Measurement{
		{Clique: microdata.Clique{0}, Noisy: []int64{19, 20, 500}, Variance: 100},
		{Clique: microdata.Clique{1}, Noisy: []int64{-3, 400}, Variance: 100},
	}
	m := &Model{domain: d, columns: columns, sizes: []int{3, 2}, steps: make([]*microdata.Coarsening, 2)}
	records := [][]uint16{{0, 0, 1, 1, 2, 2}, {0, 1, 0, 1, 0, 1}}
	evidence := []pgm.Measurement{
		{Clique: microdata.Clique{0, 1}, Counts: []float64{0, 14, 16, 29, 31, 400}, Precision: []float64{1, 1. / 25, 1. / 25, 1. / 100, 1. / 100, 1. / 100}},
		{Clique: microdata.Clique{0, 1}, Counts: []float64{999}, Precision: []float64{1}, Of: make([]int32, 6)}, // not by cell
		{Clique: microdata.Clique{0}, Counts: []float64{1, 2, 3}, Precision: []float64{1}},                      // by level already
	}
	k := m.keepers(evidence, records, records)
	if len(k.tables) != 3 {
		t.Fatalf("%d tables are kept watch of", len(k.tables))
	}
	for i, want := range [][]int32{{2, 1, 1}, {3, 1}, {1, 1, 0, 1, 0, 0}} { // half, rounded up, stays of what stands
		if !slices.Equal(k.tables[i].left, want) {
			t.Errorf("table %d can spare %v, want %v", i, k.tables[i].left, want)
		}
	}
}

// TestFinerEvidence: merged columns are raked by their own levels, the others as they are.
func TestFinerEvidence(t *testing.T) {
	step := &microdata.Coarsening{Of: []uint16{0, 1, 1}, Levels: levels("a", "rest")}
	m := &Model{domain: someDomain(t, []int{3, 2}), sizes: []int{2, 2}, steps: []*microdata.Coarsening{step, nil},
		estimate: [][]float64{{5, 3, 2}, {4, 6}}, columns: []dp.Measurement{{Noisy: []int64{5, 3, 5}, Variance: 4}, {Noisy: []int64{4, 6}, Variance: 9}}}
	one, two := pgm.Measurement{Clique: microdata.Clique{0}}, pgm.Measurement{Clique: microdata.Clique{1}}
	pair := pgm.Measurement{Clique: microdata.Clique{0, 1}}
	sizes, got := m.finer([]pgm.Measurement{one, two, pair})
	if !slices.Equal(sizes, []int{2, 2, 3}) || !slices.Equal(m.sizes, []int{2, 2}) {
		t.Errorf("sizes %v; the model's are %v", sizes, m.sizes)
	}
	if len(got) != 3 || !slices.Equal(got[0].Clique, two.Clique) || !slices.Equal(got[1].Clique, pair.Clique) {
		t.Fatalf("evidence %v", got)
	}
	if own := got[2]; !slices.Equal(own.Clique, microdata.Clique{2}) || !slices.Equal(own.Counts, m.estimate[0]) || !slices.Equal(own.Precision, []float64{.25, .25, .25}) {
		t.Errorf("own levels: %+v", own)
	}
	m.domain, m.fabrication = someDomain(t, []int{3, 2}, true), Strict // level 0 is the blank, 1 does not stand
	if _, got = m.finer([]pgm.Measurement{one}); !slices.Equal(got[0].Precision, []float64{0, 0, .25}) {
		t.Errorf("strict: precision %v", got[0].Precision)
	}
}

// TestGroupsStay: a group of one in a hundred that is thin over every other column, and
// rare places merged into one rest, are in the records of every dial as many times as the
// noise allows: within six standard deviations and a tenth. Seeds are fixed; over seeds
// noise alone passes the bound less than once in 10⁸ levels.
func TestGroupsStay(t *testing.T) {
	r := pgm.NewRand(4)
	sizes := []int{3, 40, 30, 8, 8}
	d := someDomain(t, sizes, true, true, true, true, true)
	records := make([][]uint16, len(sizes))
	for range 30_000 {
		row := []uint16{1, uint16(1 + r.IntN(6)), uint16(1 + r.IntN(5)), uint16(1 + r.IntN(3)), uint16(1 + r.IntN(3))}
		if r.IntN(10) == 0 {
			row[1] = uint16(7 + r.IntN(33)) // rare places
		}
		if r.IntN(80) == 0 { // the group: anywhere, anything
			row = []uint16{2, uint16(1 + r.IntN(39)), uint16(1 + r.IntN(29)), uint16(1 + r.IntN(7)), uint16(1 + r.IntN(7))}
		}
		for a, v := range row {
			records[a] = append(records[a], v)
		}
	}
	table, err := microdata.NewTable(d, records)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Fabrication{Unlimited, Limited, Strict} {
		model := fit(t, table, .5, Options{Fabrication: f, Workers: 2})
		for _, x := range model.Tables()[:len(sizes)] {
			if a := x.Clique[0]; f == Strict && a > 0 {
				continue // there values are blanked
			}
			for l, y := range x.Noisy {
				truth := 0.0
				for _, v := range records[x.Clique[0]] {
					if int(v) == l {
						truth++
					}
				}
				far := 6*math.Sqrt(x.Variance) + .1*truth
				if f == Strict {
					far += .5 * truth
				}
				if truth >= 3*math.Sqrt(x.Variance) && math.Abs(x.Fitted[l]-truth) > far {
					t.Errorf("%v: column %d, level %d: %.0f people, %d with noise (σ %.0f), %.0f in the records",
						f, x.Clique[0], l, truth, y, math.Sqrt(x.Variance), x.Fitted[l])
				}
			}
		}
		if _, err := model.Generate(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
	}
}
