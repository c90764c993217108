package synth

import (
	"context"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// plainSets lists, by maps, the sets of up to three columns whose combination fewer
// than least rows share, for each row.
func plainSets(d *microdata.Domain, records [][]uint16, least uint32) map[int32][]microdata.Clique {
	out := map[int32][]microdata.Clique{}
	for k := 1; k <= min(3, d.Len()); k++ {
		for _, c := range microdata.AllCliques(d.Len(), k) {
			count, of := map[[3]int]uint32{}, make([][3]int, len(records[0]))
			for i := range records[0] {
				for j, a := range c {
					of[i][j] = int(records[a][i])
					if d.Column(a).Levels[records[a][i]].Missing != microdata.Present {
						of[i] = [3]int{-1}
						break
					}
				}
				count[of[i]]++
			}
			for i, key := range of {
				if key[0] >= 0 && count[key] < least {
					out[int32(i)] = append(out[int32(i)], c)
				}
			}
		}
	}
	return out
}

// randomRecords draws a domain and records of it from bytes-like choices: columns with
// and without a missing level, few levels and many.
func randomRecords(t testing.TB, r *pgm.Rand) (*microdata.Domain, [][]uint16) {
	sizes, missing := make([]int, 1+r.IntN(6)), []bool{}
	for a := range sizes {
		sizes[a] = 2 + r.IntN(9)
		missing = append(missing, r.IntN(3) > 0)
	}
	return someDomain(t, sizes, missing...), someRecords(r, 1+r.IntN(150), sizes)
}

// TestBelowEqualsMaps on random records, for any number of workers.
func TestBelowEqualsMaps(t *testing.T) {
	r := pgm.NewRand(111)
	for range 60 {
		d, records := randomRecords(t, r)
		least := uint32(1 + r.IntN(9))
		want := plainSets(d, records, least)
		for workers := 1; workers <= 3; workers++ {
			got := newRoll(d, records, workers).below(least)
			if len(got) != len(want) {
				t.Fatalf("%d rows hold rare combinations, by maps %d", len(got), len(want))
			}
			for row, sets := range got {
				slices.SortFunc(sets, func(a, b microdata.Clique) int {
					if len(a) != len(b) {
						return len(a) - len(b)
					}
					return slices.Compare(a, b)
				})
				if !slices.EqualFunc(sets, want[row], func(a, b microdata.Clique) bool { return slices.Equal(a, b) }) {
					t.Fatalf("row %d: %v, by maps %v", row, sets, want[row])
				}
			}
		}
	}
}

// checkBlank fails unless what blank left is what it promises.
func checkBlank(t *testing.T, d *microdata.Domain, never []rules.Never, before [][]uint16, least uint32, workers int) {
	t.Helper()
	after, err := blank(context.Background(), d, never, pick(before, rowsOf(len(before[0]))), least, workers)
	if err != nil {
		t.Fatal(err)
	}
	if len(after[0]) == 0 {
		return
	}
	if rare := plainSets(d, after, least); len(rare) > 0 {
		t.Fatalf("%d rows hold combinations that fewer than %d share", len(rare), least)
	}
	// Each record left is one that was there, in order, with values blanked.
	k := 0
	for i := range after[0] {
		for ; ; k++ {
			if k == len(before[0]) {
				t.Fatalf("record %d was not there before", i)
			}
			same := true
			for a := range after {
				v := int(after[a][i])
				same = same && (v == int(before[a][k]) || v == blankLevel(d.Column(a)))
			}
			if same {
				k++
				break
			}
		}
		if !keeps(never, after, i) {
			t.Fatalf("record %d was made to break a rule", i)
		}
	}
	again, err := blank(context.Background(), d, never, pick(after, rowsOf(len(after[0]))), least, 1)
	if err != nil || !slices.EqualFunc(again, after, slices.Equal) {
		t.Fatal("blanked again, it changes")
	}
}

// TestBlankKeepsItsPromises on random domains, records, rules and thresholds.
func TestBlankKeepsItsPromises(t *testing.T) {
	r := pgm.NewRand(112)
	for range 120 {
		d, records := randomRecords(t, r)
		var never []rules.Never
		if d.Len() > 1 {
			n := rules.Never{Clique: microdata.Clique{0, 1}, In: [][]bool{make([]bool, d.Size(0)), make([]bool, d.Size(1))}}
			n.In[0][0], n.In[1][1] = true, true // often a blank with a value
			never = append(never, n)
			records = pick(records, slices.DeleteFunc(rowsOf(len(records[0])), func(row int32) bool { return !keeps(never, records, int(row)) }))
		}
		checkBlank(t, d, never, records, uint32(r.IntN(8)), 1+r.IntN(3))
	}
}

// FuzzBlank: for any records and threshold, blank ends, and keeps its promises.
func FuzzBlank(f *testing.F) {
	f.Add(uint64(1), byte(3), []byte("some records of a few people, in bytes"))
	f.Add(uint64(2), byte(0), []byte{})
	f.Add(uint64(3), byte(200), []byte{1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 1, 3})
	f.Fuzz(func(t *testing.T, seed uint64, least byte, raw []byte) {
		r := pgm.NewRand(seed)
		d, _ := randomRecords(t, r)
		records := make([][]uint16, d.Len())
		for i, b := range raw[:min(len(raw)/d.Len()*d.Len(), 600)] {
			a := i % d.Len()
			records[a] = append(records[a], uint16(int(b)%d.Size(a)))
		}
		for a := range records {
			if records[a] == nil {
				return
			}
		}
		checkBlank(t, d, nil, records, uint32(least), 1+int(seed%3))
	})
}

// TestMostCommonGivesUpTheLeast: the column in most of the sets; of several, that
// which most rows hold.
func TestMostCommonGivesUpTheLeast(t *testing.T) {
	d := someDomain(t, []int{3, 3, 3, 3}, true, true, true, true)
	x := newRoll(d, [][]uint16{{1, 1, 0}, {1, 1, 1}, {0, 0, 1}, {1, 1, 0}}, 1)
	for want, sets := range map[int][]microdata.Clique{
		2: {{0, 2}, {1, 2}, {2}},
		1: {{0, 1}, {0, 1, 3}}, // 0, 1: twice each, column 1 has more holders
		0: {{0, 2}, {0, 3}},
	} {
		if got := mostCommon(sets, x, 0); got != want {
			t.Errorf("of %v: column %d, want %d", sets, got, want)
		}
	}
}

// TestSupportedTakesTheFirstAimInReach: the rows of support five where those are most,
// else of three, else of two; all stay where all are supported, or none of it is in
// reach; a strict output asks for ten, and first gives up half of the rows for it.
func TestSupportedTakesTheFirstAimInReach(t *testing.T) {
	d := someDomain(t, []int{40}, true)
	records := func(counts ...int) [][]uint16 {
		column := []uint16{}
		for v, n := range counts {
			column = append(column, slices.Repeat([]uint16{uint16(v + 1)}, n)...)
		}
		return [][]uint16{column}
	}
	for _, c := range []struct {
		name   string
		dial   Fabrication
		round  int
		counts []int
		want   int // rows that stay; -1: nil
	}{
		{"all supported", Limited, 0, []int{50, 5}, -1},
		{"one lone value", Limited, 0, []int{50, 1}, 50},
		{"support of five", Limited, 0, []int{50, 4, 3}, 50},
		{"too many for five", Limited, 0, []int{50, 4, 4, 4, 2}, 62},
		{"too many for any", Limited, 0, []int{10, 1, 1, 1, 1, 1}, -1},
		{"strict", Strict, 0, []int{50, 9, 9, 9}, 50},
		{"strict, again", Strict, 1, []int{50, 9, 9, 9}, -1},
		{"strict, too many", Strict, 0, []int{10, 9, 9, 9}, -1},
	} {
		m := &Model{fabrication: c.dial}
		got := m.supported(newRoll(d, records(c.counts...), 1), new(keepers), c.round)
		if c.want < 0 && got != nil || c.want >= 0 && len(got) != c.want {
			t.Errorf("%s: %d rows stay, want %d", c.name, len(got), c.want)
		}
	}
}

// TestRollOfManyLevels: columns whose pairs pass what an array can count. Every value
// is in two rows at least, every pair in one, but for one that is in two.
func TestRollOfManyLevels(t *testing.T) {
	const n = 3000
	records := make([][]uint16, 2)
	for i := range n {
		records[0], records[1] = append(records[0], uint16(i), uint16(i)), append(records[1], uint16(i), uint16((i*1117+3)%n))
	}
	records[0], records[1] = append(records[0], 7), append(records[1], (7*1117+3)%n)
	for row, got := range newRoll(someDomain(t, []int{n, n}), records, 2).least(2) {
		want := uint32(1)
		if row == 15 || row == 2*n {
			want = 2
		}
		if got != want {
			t.Fatalf("row %d: shared by %d, want %d", row, got, want)
		}
	}
}
