package evaluate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// TestRecords packs random rows of many shapes and compares with plain codes: fields
// of one bit to sixteen, columns of one level, several words.
func TestRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for try := range 40 {
		sizes := []int{1, 2, microdata.MaxLevels}
		for range r.IntN(40) {
			sizes = append(sizes, 1+r.IntN(1+r.IntN(1000)))
		}
		if try == 0 {
			sizes = []int{1}
		}
		var rows [][]uint16
		for range 30 {
			row := make([]uint16, len(sizes))
			for c, s := range sizes {
				row[c] = uint16([]int{0, s - 1, r.IntN(s), r.IntN(min(s, 2))}[r.IntN(4)])
			}
			rows = append(rows, row)
		}
		x := pack(newLayout(sizes), rowsTable(t, sizes, rows))
		for i, a := range rows {
			for c := range a {
				if got := x.code(x.row(i), c); got != int(a[c]) {
					t.Fatalf("sizes %v: code %d of column %d became %d", sizes, a[c], c, got)
				}
			}
			for j, b := range rows {
				want := 0
				for c := range a {
					if a[c] != b[c] {
						want++
					}
				}
				if got := x.distance(x.row(i), x.row(j)); got != want {
					t.Fatalf("sizes %v: rows %v and %v are %d apart, want %d", sizes, a, b, got, want)
				}
			}
			for most := -1; most <= len(sizes); most += 1 + len(sizes)/4 {
				want := slices.IndexFunc(rows[i/2:], func(b []uint16) bool {
					d := 0
					for c := range a {
						if a[c] != b[c] {
							d++
						}
					}
					return d <= most
				})
				if want += i / 2; want < i/2 {
					want = len(rows)
				}
				if got := x.within(x.row(i), i/2, most); got != want {
					t.Fatalf("the next row within %d columns is %d, want %d", most, got, want)
				}
			}
		}
	}
}

// TestKeysTellMaskedColumns: equal keys for equal values of the chosen columns, and
// for these only.
func TestKeysTellMaskedColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	sizes := []int{3, 300, 2, 70, 4000, 5, 60000, 9, 9, 60000}
	var rows [][]uint16
	for range 200 {
		row := make([]uint16, len(sizes))
		for c, s := range sizes {
			row[c] = uint16(r.IntN(min(s, 3)))
		}
		rows = append(rows, row)
	}
	l := newLayout(sizes)
	if l.words < 2 {
		t.Fatal("all in one word")
	}
	x := pack(l, rowsTable(t, sizes, rows))
	order := []int{6, 4, 0, 1, 2, 3, 5, 7, 8, 9}
	for _, c := range []microdata.Clique{{0}, {0, 1}, {2, 3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		masks := l.masks(order, c)
		for i := range rows {
			for j := range rows {
				same := true
				for _, at := range c {
					same = same && rows[i][order[at]] == rows[j][order[at]]
				}
				if (key(x.row(i), masks) == key(x.row(j), masks)) != same {
					t.Fatalf("rows %v and %v over %v", rows[i], rows[j], c)
				}
			}
		}
	}
}

// TestShuffled keeps every column's counts, and nothing of what ties two columns
// together: of 2,000 rows whose two columns are equal about a tenth still are
// (standard deviation 13; seven of them pass by chance once in 10¹¹).
func TestShuffled(t *testing.T) {
	sizes := []int{10, 10}
	var rows [][]uint16
	for i := range 2000 {
		rows = append(rows, []uint16{uint16(i % 10), uint16(i % 10)})
	}
	l := newLayout(sizes)
	x := pack(l, rowsTable(t, sizes, rows)).shuffled(pgm.NewRand(3))
	counts, equal := [2][10]int{}, 0
	for i := range x.n {
		a, b := x.code(x.row(i), 0), x.code(x.row(i), 1)
		counts[0][a]++
		counts[1][b]++
		if a == b {
			equal++
		}
	}
	for c, of := range counts {
		for level, n := range of {
			if n != 200 {
				t.Errorf("column %d has level %d %d times", c, level, n)
			}
		}
	}
	if equal < 200-94 || equal > 200+94 {
		t.Errorf("%d rows are still equal", equal)
	}
}
