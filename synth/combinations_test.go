package synth

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// someDomain has columns of the given sizes; where missing says so the first level
// is no answer.
func someDomain(t testing.TB, sizes []int, missing ...bool) *microdata.Domain {
	t.Helper()
	var columns []microdata.Column
	for i, n := range sizes {
		c := microdata.Column{Name: fmt.Sprint("c", i)}
		for l := range n {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		if i < len(missing) && missing[i] {
			c.Levels[0] = microdata.Level{Value: "", Missing: microdata.Unknown}
		}
		columns = append(columns, c)
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func someRecords(r *pgm.Rand, n int, sizes []int) [][]uint16 {
	out := make([][]uint16, len(sizes))
	for a, size := range sizes {
		out[a] = make([]uint16, n)
		for i := range out[a] {
			out[a][i] = uint16(min(r.IntN(size), r.IntN(size)))
		}
	}
	return out
}

// rarest is the oracle: how many rows share the rarest combination of at most k
// values of each row, by maps over every set of columns.
func rarest(d *microdata.Domain, records [][]uint16, k int) []uint32 {
	n := len(records[0])
	out := make([]uint32, n)
	for i := range out {
		out[i] = math.MaxUint32
	}
	for size := 1; size <= k; size++ {
		for _, c := range microdata.AllCliques(d.Len(), size) {
			count := map[string]uint32{}
			key := func(i int) string {
				s := ""
				for _, a := range c {
					if d.Column(a).Levels[records[a][i]].Missing != microdata.Present {
						return ""
					}
					s += fmt.Sprint(" ", records[a][i])
				}
				return s
			}
			for i := range n {
				count[key(i)]++
			}
			for i := range n {
				if s := key(i); s != "" {
					out[i] = min(out[i], count[s])
				}
			}
		}
	}
	return out
}

// TestLeastEqualsBruteForce on random records, for any number of workers, and where
// a table is too large for an array.
func TestLeastEqualsBruteForce(t *testing.T) {
	r := pgm.NewRand(2)
	for trial := range 12 {
		sizes := []int{3, 5, 4, 2, 7}
		d := someDomain(t, sizes, true, false, true)
		if trial == 0 {
			sizes = []int{900, 900, 900}
			d = someDomain(t, sizes)
		}
		records := someRecords(r, 200, sizes)
		for k := 1; k <= 3; k++ {
			want := rarest(d, records, k)
			for workers := 1; workers <= 3; workers++ {
				if got := newRoll(d, records, workers).least(k); !slices.Equal(got, want) {
					t.Fatalf("trial %d, up to %d values, %d workers: %v\nwant %v", trial, k, workers, got, want)
				}
			}
		}
	}
}

// TestSparseEqualsDense: the map and the array count the same.
func TestSparseEqualsDense(t *testing.T) {
	sizes := []int{6, 5, 4}
	x := newRoll(someDomain(t, sizes, true), someRecords(pgm.NewRand(4), 300, sizes), 1)
	for _, c := range []microdata.Clique{{0}, {1, 2}, {0, 1, 2}} {
		a, b := &scratch{}, &scratch{}
		rows, counts := a.count(x, c)
		again, other := b.countSparse(x, c)
		if !slices.Equal(rows, again) || !slices.Equal(counts, other) {
			t.Errorf("columns %v: %v %v", c, counts, other)
		}
	}
}

// TestRollCost is the number of holders of each set's rarest column.
func TestRollCost(t *testing.T) {
	d := someDomain(t, []int{2, 2, 2}, true, true)
	x := newRoll(d, [][]uint16{{0, 0, 1, 1}, {0, 1, 1, 1}, {0, 0, 0, 0}}, 1)
	if a, b := x.cost(2), x.cost(3); a != 2+2+3 || b != 2 {
		t.Errorf("cost %v, %v", a, b)
	}
}

func BenchmarkLeast(b *testing.B) {
	sizes := slices.Repeat([]int{8}, 30)
	missing := slices.Repeat([]bool{true}, 30)
	x := newRoll(someDomain(b, sizes, missing...), someRecords(pgm.NewRand(1), 100_000, sizes), 2)
	for b.Loop() {
		x.least(3)
	}
}
