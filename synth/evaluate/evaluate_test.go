package evaluate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// rowsTable returns the table of some rows.
func rowsTable(t *testing.T, sizes []int, rows [][]uint16) *microdata.Table {
	t.Helper()
	d := table(t, sizes, nil).Domain()
	codes := make([][]uint16, len(sizes))
	for c := range sizes {
		for _, r := range rows {
			codes[c] = append(codes[c], r[c])
		}
	}
	out, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// population draws people whose columns all lean on a hidden type, of which there are
// four, so that columns tell of each other.
func population(r *rand.Rand, sizes []int, n int) (rows [][]uint16) {
	for range n {
		kind, row := r.IntN(4), make([]uint16, len(sizes))
		for c, s := range sizes {
			row[c] = uint16((kind + c) % s)
			if r.IntN(4) == 0 {
				row[c] = uint16(r.IntN(s))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// independents draws rows whose columns have the same shares of levels and nothing to
// do with each other.
func independents(r *rand.Rand, rows [][]uint16, n int) (out [][]uint16) {
	for range n {
		row := make([]uint16, len(rows[0]))
		for c := range row {
			row[c] = rows[r.IntN(len(rows))][c]
		}
		out = append(out, row)
	}
	return out
}

// TestInterval holds Wilson's interval to values of the literature (Newcombe 1998,
// Statistics in Medicine 17:857, table I, method 3) and to its bounds.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		hits, tries int
		low, high   float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		low, high := Rate{c.hits, c.tries}.Interval()
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.hits, c.tries, low, high, c.low, c.high)
		}
	}
	for tries := range 30 {
		for hits := range tries + 1 {
			r := Rate{hits, tries}
			low, high := r.Interval()
			if low < 0 || high > 1 || tries > 0 && (low > r.Share()+1e-12 || high < r.Share()-1e-12) {
				t.Errorf("%+v: %v to %v around %v", r, low, high, r.Share())
			}
		}
	}
	if low, high := (Rate{}).Interval(); low != 0 || high != 1 || (Rate{}).Share() != 0 {
		t.Errorf("of no tries: %v to %v", low, high)
	}
}

// TestTargets: as many of each group, nobody twice, rare ones from the twentieth of
// least probability, the same for the same seed only.
func TestTargets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	sizes := []int{4, 7, 3}
	var rows [][]uint16
	for range 400 {
		rows = append(rows, []uint16{uint16(min(r.ExpFloat64(), 3)), uint16(min(r.ExpFloat64()*2, 6)), uint16(min(r.ExpFloat64(), 2))})
	}
	counts := make([]map[uint16]float64, 3)
	for c := range counts {
		counts[c] = map[uint16]float64{}
		for _, row := range rows {
			counts[c][row[c]]++
		}
	}
	product := func(row []uint16) float64 { return counts[0][row[0]] * counts[1][row[1]] * counts[2][row[2]] }
	var all []float64
	for _, row := range rows {
		all = append(all, product(row))
	}
	slices.Sort(all)
	a := Attack{Real: rowsTable(t, sizes, rows), Seed: 5}
	got := a.targets(15)
	seen := map[target]bool{}
	count := [groups]int{}
	for _, x := range got {
		if seen[x] {
			t.Errorf("%+v twice", x)
		}
		seen[x] = true
		count[x.group]++
		if p := product(rows[x.row]); x.group == Rare && p > all[19]*(1+1e-6) {
			t.Errorf("row %d has product %v, the twentieth ends at %v", x.row, p, all[19])
		}
	}
	if count != [groups]int{15, 15} {
		t.Errorf("of the groups %v", count)
	}
	if !slices.Equal(got, a.targets(15)) {
		t.Error("the same seed draws others")
	}
	a.Seed++
	if slices.Equal(got, a.targets(15)) {
		t.Error("another seed draws the same")
	}
	if n := len(a.targets(10_000)); n < 400+20 || n > 400+60 {
		t.Errorf("%d targets of 400 people and their rare ones", n)
	}
	empty := Attack{Real: rowsTable(t, sizes, nil)}
	if len(empty.targets(10)) != 0 {
		t.Error("targets among nobody")
	}
}

// TestAttacksAreBounded: fewer targets where every one is compared with many records.
func TestAttacksAreBounded(t *testing.T) {
	small := rowsTable(t, []int{2}, [][]uint16{{0}, {1}})
	if a := (Attack{Real: small, Synthetic: small}); a.searched() != 500 || a.perGroup() != 500 {
		t.Errorf("%d of %d", a.searched(), a.perGroup())
	}
	if a := (Attack{Real: small, Synthetic: small, Targets: 7}); a.searched() != 7 {
		t.Errorf("%d where 7 are asked for", a.searched())
	}
	columns := make([]uint16, 1_000_000)
	big, err := microdata.NewTable(small.Domain(), [][]uint16{columns})
	if err != nil {
		t.Fatal(err)
	}
	if a := (Attack{Real: big, Synthetic: big}); a.searched() != 100 {
		t.Errorf("%d searches of two million records", a.searched())
	}
}

func sqrt(n int) float64 { return math.Sqrt(float64(n)) }

// TestRarestOfMany: of more rows than are ranked, one in a hundred of which is rare,
// the rarest twentieth holds all the rare ones that were drawn: about as many as their
// share (standard deviation 19; six of them pass by chance once in 10⁸), none twice.
func TestRarestOfMany(t *testing.T) {
	const rows = 200_000
	code := make([]uint16, rows)
	for i := range code {
		if i%100 == 7 {
			code[i] = 1
		} else if i%20 == 3 {
			code[i] = 2
		}
	}
	d := table(t, []int{3}, nil).Domain()
	many, err := microdata.NewTable(d, [][]uint16{code})
	if err != nil {
		t.Fatal(err)
	}
	rare, seen := 0, map[int]bool{}
	for _, row := range rarest(many, pgm.NewRand(1)) {
		if seen[row] {
			t.Fatal("a row twice")
		}
		seen[row] = true
		switch code[row] {
		case 0:
			t.Fatal("a common row")
		case 1:
			rare++
		}
	}
	if want := mostRanked / 100; rare < want-115 || rare > want+115 {
		t.Errorf("%d rare rows of %d ranked", rare, mostRanked)
	}
}
