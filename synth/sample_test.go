package synth

import (
	"math"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// uneven is a sample of random records, some columns with few levels and some with
// many, with random weights.
func uneven(records int, sizes ...int) *sample {
	r := pgm.NewRand(21)
	s := &sample{sizes: sizes, workers: 2, drawn: records, columns: make([][]uint16, len(sizes))}
	for range records {
		s.weight = append(s.weight, r.Float64())
		for a, size := range sizes {
			s.columns[a] = append(s.columns[a], uint16(r.Float64()*float64(size)))
		}
	}
	return s
}

// TestTallyAndMultiply compares both with the plainest way, on tables small and
// large, from any record to any.
func TestTallyAndMultiply(t *testing.T) {
	s := uneven(1003, 2, 3, 50, 9, 40)
	for _, c := range []microdata.Clique{{0}, {2}, {0, 1}, {1, 3}, {0, 2}, {2, 4}} {
		for _, part := range [][2]int{{0, 1003}, {0, 0}, {17, 20}, {5, 1002}, {1002, 1003}} {
			from, to := part[0], part[1]
			inside := make([]float64, 1003)
			copy(inside[from:to], s.weight[from:to])
			want, got := plain(s, inside, c), make([]float64, c.Cells(s.sizes))
			tally(got, s.weight[from:to], s.columns, c, s.sizes, from, to)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-9 {
					t.Fatalf("columns %v, records %d to %d, cell %d: %v, want %v", c, from, to, i, got[i], want[i])
				}
			}
			by := make([]float64, len(want))
			for i := range by {
				by[i] = 1 + float64(i)
			}
			moved := slices.Clone(s.weight)
			multiply(moved[from:to], by, s.columns, c, s.sizes, from, to)
			for r, w := range moved {
				cell := 0
				for _, a := range c {
					cell = cell*s.sizes[a] + int(s.columns[a][r])
				}
				want := s.weight[r]
				if r >= from && r < to {
					want *= by[cell]
				}
				if w != want {
					t.Fatalf("columns %v, records %d to %d: record %d weighs %v, want %v", c, from, to, r, w, want)
				}
			}
		}
	}
}

// TestGrouping: every record has its pattern's codes in all columns of the group,
// no two patterns are equal, and there are few.
func TestGrouping(t *testing.T) {
	s := uneven(5000, 200, 2, 3, 2, 90, 4)
	g := newGrouping(s)
	if !g.covers([]int{1, 2}) || g.covers([]int{0}) || g.covers([]int{1, 4}) {
		t.Error("the group is not that of the columns of fewest levels")
	}
	if g.patterns > 5000/8 || g.patterns < 12 {
		t.Errorf("%d patterns of 5000 records", g.patterns)
	}
	seen := map[string]bool{}
	for p := range g.patterns {
		key := ""
		for _, codes := range g.codes {
			if codes != nil {
				key += string(rune(codes[p])) + ","
			}
		}
		if seen[key] {
			t.Fatal("two patterns are equal")
		}
		seen[key] = true
	}
	for r, p := range g.pattern {
		for a, codes := range g.codes {
			if codes != nil && codes[p] != s.columns[a][r] {
				t.Fatalf("record %d differs from its pattern in column %d", r, a)
			}
		}
	}
}

// TestGroupingOfFewRecords: where records are as few as patterns nothing is
// grouped, and raking still works.
func TestGroupingOfFewRecords(t *testing.T) {
	g := newGrouping(uneven(9, 9, 9))
	if g.patterns != 1 || g.covers([]int{0}) {
		t.Errorf("%d patterns of 9 records", g.patterns)
	}
}

// TestResampleRounds: every record is written its weight times n, rounded up or down.
func TestResampleRounds(t *testing.T) {
	s := square(4, 5)
	for r := range s.weight {
		s.weight[r] = float64(r) / 190
	}
	out := pick(s.columns, s.picks(1000, pgm.NewRand(3)))
	counts := make([]float64, 20)
	for i := range out[0] {
		counts[int(out[0][i])*5+int(out[1][i])]++
	}
	for r, w := range s.weight {
		if math.Abs(counts[r]-1000*w) >= 1 {
			t.Errorf("record %d: written %v times for %.2f", r, counts[r], 1000*w)
		}
	}
}

func TestDistinct(t *testing.T) {
	first, count := distinct([][]uint16{{1, 2, 1, 1}, {0, 0, 0, 7}})
	if !slices.Equal(first, []int32{0, 1, 3}) || !slices.Equal(count, []float64{2, 1, 1}) {
		t.Errorf("first %v, count %v", first, count)
	}
}

// TestEffective: weights moved alike count in full, whatever they add up to; one
// of twenty alone counts for one; records of which many were drawn count for many.
func TestEffective(t *testing.T) {
	start := []float64{1, 2, 3, 14}
	for _, c := range []struct {
		weight []float64
		want   float64
	}{
		{[]float64{1, 2, 3, 14}, 1},
		{[]float64{7, 14, 21, 98}, 1},
		{[]float64{9, 0, 0, 0}, .05},
		{[]float64{0, 0, 0, 1}, .7},
	} {
		if got := effective(c.weight, start); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.weight, got, c.want)
		}
	}
}

// TestOversample: more than is written, few where few are, and never without end.
func TestOversample(t *testing.T) {
	for n, want := range map[float64]int{1: 8, 20_000: 160_000, 60_000: 400_000, 200_000: 400_000, 1e6: 2_000_000} {
		if got := oversample(n); got != want {
			t.Errorf("%v records: %d drawn, want %d", n, got, want)
		}
	}
}
