package pgm

import (
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// countRecords counts records over a clique.
func countRecords(records [][]uint16, sizes []int, c microdata.Clique) []float64 {
	out, codes := make([]float64, c.Cells(sizes)), make([]int, len(sizes))
	for i := range records[0] {
		for _, a := range c {
			codes[a] = int(records[a][i])
		}
		out[cellOf(sizes, c, codes)]++
	}
	return out
}

// TestEveryConditionalIsRounded: in each clique, the rows that agree on the separator
// get every combination of the remaining columns its conditional share of times,
// rounded up or down. That is all that stands between records and model.
func TestEveryConditionalIsRounded(t *testing.T) {
	for name := range shapes {
		tree, _ := wellFitted(t, name, 1)
		for seed := range uint64(3) {
			const n = 1237
			records := tree.Generate(n, NewRand(seed))
			done := microdata.Clique{}
			for _, level := range tree.levels {
				for _, i := range level {
					q := tree.nodes[i]
					given := microdata.Clique(common(q.columns, done))
					rows, whole := countRecords(records, fiveSizes, given), countRecords(records, fiveSizes, q.columns)
					mass := tree.Marginal(given)
					eachCombination(fiveSizes, func(codes []int) {
						g, cell := cellOf(fiveSizes, given, codes), cellOf(fiveSizes, q.columns, codes)
						want := rows[g] * q.belief[cell] / mass[g]
						if math.Abs(whole[cell]-want) >= 1+1e-9 {
							t.Fatalf("%s: clique %v, %v: %v rows of %v, the conditional says %.3f", name, q.columns, codes, whole[cell], rows[g], want)
						}
					})
					for _, a := range q.columns {
						if !slices.Contains(done, a) {
							done = append(done, a)
						}
					}
				}
			}
			if len(done) != 5 {
				t.Fatalf("%s: columns %v were written", name, done)
			}
		}
	}
}

// TestGenerateIsUnbiased: over 400 seeds the mean count of every cell of every
// clique is n times its probability. Systematic rounding leaves each count a standard
// deviation below 1.5 here, its mean one below 0.075; none of about 500 cells is
// further off than six of these but for a chance of 10⁻⁶. The seeds are fixed.
func TestGenerateIsUnbiased(t *testing.T) {
	const n, runs = 97, 400
	for _, name := range []string{"triples", "star", "disconnected"} {
		tree, _ := wellFitted(t, name, 1)
		sums := make([][]float64, len(tree.nodes))
		for seed := range uint64(runs) {
			records := tree.Generate(n, NewRand(1000+seed))
			for i, q := range tree.nodes {
				if sums[i] == nil {
					sums[i] = make([]float64, len(q.belief))
				}
				for cell, v := range countRecords(records, fiveSizes, q.columns) {
					sums[i][cell] += v / runs
				}
			}
		}
		for i, q := range tree.nodes {
			for cell, v := range sums[i] {
				if math.Abs(v-n*q.belief[cell]) > .45 {
					t.Errorf("%s: clique %v cell %d: %.3f records in the mean, want %.3f", name, q.columns, cell, v, n*q.belief[cell])
				}
			}
		}
	}
}

// TestRecordsStandInNoOrder: the first half of the records has the same marginals as
// the second. Of 2,000 records a level that half of them hold differs between the
// halves by 22 in the standard deviation; six of these, over 16 levels, is a chance
// below 10⁻⁷.
func TestRecordsStandInNoOrder(t *testing.T) {
	tree, _ := wellFitted(t, "triples", 1)
	const n = 2000
	records := tree.Generate(n, NewRand(3))
	var halves [2][][]uint16
	for _, column := range records {
		halves[0], halves[1] = append(halves[0], column[:n/2]), append(halves[1], column[n/2:])
	}
	for a := range fiveSizes {
		x, y := countRecords(halves[0], fiveSizes, microdata.Clique{a}), countRecords(halves[1], fiveSizes, microdata.Clique{a})
		for l := range x {
			if math.Abs(x[l]-y[l]) > 135 {
				t.Errorf("column %d level %d: %v in the first half, %v in the second", a, l, x[l], y[l])
			}
		}
	}
}

// TestGenerateFew: none, one, and of one seed the same, of another others.
func TestGenerateFew(t *testing.T) {
	tree, _ := wellFitted(t, "cycle", 1)
	for _, n := range []int{0, 1, 2} {
		for a, column := range tree.Generate(n, NewRand(1)) {
			if len(column) != n {
				t.Errorf("column %d has %d of %d records", a, len(column), n)
			}
		}
	}
	a, b, c := tree.Generate(100, NewRand(1)), tree.Generate(100, NewRand(1)), tree.Generate(100, NewRand(2))
	if !slices.EqualFunc(a, b, slices.Equal) {
		t.Error("the same seed gave other records")
	}
	if slices.EqualFunc(a, c, slices.Equal) {
		t.Error("another seed gave the same records")
	}
}

// TestGroupRows sorts rows by cell, and leaves none out.
func TestGroupRows(t *testing.T) {
	r, sizes := NewRand(8), []int{3, 4, 2}
	out := make([][]uint16, 3)
	for a, size := range sizes {
		for range 200 {
			out[a] = append(out[a], uint16(r.IntN(size)))
		}
	}
	for _, given := range [][]int{nil, {1}, {0, 2}, {2, 0, 1}} {
		groups := microdata.Clique(given).Cells(sizes)
		rows, start := groupRows(given, sizes, groups, out)
		seen := make([]int, 200)
		for g := range groups {
			members := rows[start[g]:start[g+1]]
			if !slices.IsSorted(members) {
				t.Errorf("%v: rows of group %d are out of order", given, g)
			}
			for _, i := range members {
				codes := make([]int, 3)
				for a := range out {
					codes[a] = int(out[a][i])
				}
				if cellOf(sizes, given, codes) != g {
					t.Fatalf("%v: row %d is in group %d", given, i, g)
				}
				seen[i]++
			}
		}
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
			t.Errorf("%v: a row is in no group or in several", given)
		}
	}
}

// TestRandIsSplitMix64: the first numbers of the reference implementation (Vigna
// 2015) for two seeds.
func TestRandIsSplitMix64(t *testing.T) {
	for seed, want := range map[uint64][]uint64{
		1234567: {6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821},
		0:       {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f},
	} {
		r := NewRand(seed)
		for i, w := range want {
			if got := r.Uint64(); got != w {
				t.Errorf("seed %d: number %d is %d, want %d", seed, i, got, w)
			}
		}
	}
}

// TestRandIsEven: of 70,000 draws from seven, and of 60,000 orders of three, each
// comes up within five standard deviations of its share: a chance below 10⁻⁵ in all
// of failing by itself.
func TestRandIsEven(t *testing.T) {
	r := NewRand(5)
	var seen [7]int
	for range 70_000 {
		seen[r.IntN(7)]++
		if f := r.Float64(); f < 0 || f >= 1 {
			t.Fatalf("%v is not in [0, 1)", f)
		}
	}
	for v, n := range seen {
		if math.Abs(float64(n)-10_000) > 5*math.Sqrt(70_000*6./49) {
			t.Errorf("%d came up %d times of 70,000", v, n)
		}
	}
	orders := map[[3]int]int{}
	for range 60_000 {
		x := []int{0, 1, 2}
		Shuffle(r, x)
		orders[[3]int(x)]++
	}
	for order, n := range orders {
		if len(orders) != 6 || math.Abs(float64(n)-10_000) > 5*math.Sqrt(60_000*5./36) {
			t.Errorf("order %v came up %d times of 60,000", order, n)
		}
	}
}
