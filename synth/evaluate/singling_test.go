package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// TestGuessesEqualOracle: every guess is a combination of exactly one record, none
// twice, and it is right where exactly one real person has it. Records that are passed
// over because they share the first bits of a key are few.
func TestGuessesEqualOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	sizes := []int{5, 40, 300, 7, 9}
	passed, unique := 0, 0
	for range 30 {
		from, real := population(r, sizes, 200), population(r, sizes, 250)
		l := newLayout(sizes)
		x, y := pack(l, rowsTable(t, sizes, from)), pack(l, rowsTable(t, sizes, real))
		columns := []int{2, 0, 4}
		chosen := microdata.Clique{0, 2}
		masks := l.masks(columns, chosen)
		counts, truth := map[string]int{}, map[string]int{}
		name := func(row []uint16) string { return fmt.Sprint(row[2], row[4]) }
		for _, row := range from {
			counts[name(row)]++
		}
		for _, row := range real {
			truth[name(row)]++
		}
		of := map[uint64]string{}
		for i, row := range from {
			of[key(x.row(i), masks)] = name(row)
		}
		want := 0
		for _, n := range counts {
			if n == 1 {
				unique++
			}
		}
		g := guess{masks, 10_000, 4}
		found := g.alone(x)
		for _, k := range found {
			if counts[of[k]] != 1 {
				t.Fatalf("%s stands in %d records", of[k], counts[of[k]])
			}
			if truth[of[k]] == 1 {
				want++
			}
		}
		slices.Sort(found)
		if len(slices.Compact(found)) != len(found) {
			t.Fatal("a combination is guessed twice")
		}
		passed += len(found)
		if got := g.try(x, y); got != (Rate{want, len(found)}) {
			t.Fatalf("%+v, want %d of %d", got, want, len(found))
		}
		if g.most = 3; len(g.alone(x)) != 3 {
			t.Errorf("%d guesses where three are asked for", len(g.alone(x)))
		}
	}
	if share := float64(passed) / float64(unique); share < .7 || share > 1 {
		t.Errorf("%d of %d unique records are found", passed, unique)
	}
}

// TestSinglingOut: of a copy every guess is right; of columns that have nothing to do
// with each other no more than of the control (five standard deviations: by chance
// once in 10⁶).
func TestSinglingOut(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	sizes := []int{30, 40, 50, 60, 6, 6}
	rows := population(r, sizes, 3000)
	a := Attack{Real: rowsTable(t, sizes, rows), Synthetic: rowsTable(t, sizes, rows), Seed: 1, Workers: 2}
	copied, err := SinglingOut(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	var lengths []int
	for _, s := range copied {
		lengths = append(lengths, s.Columns)
		if s.Success.Hits != s.Success.Tries {
			t.Errorf("a copy, %d columns: %+v", s.Columns, s.Success)
		}
		if s.Columns >= 3 && (s.Success.Tries < 500 || s.Control.Share() > .2) {
			t.Errorf("a copy, %d columns: %+v, control %+v", s.Columns, s.Success, s.Control)
		}
	}
	if !slices.Equal(lengths, []int{1, 2, 3, 5, 6}) {
		t.Errorf("lengths %v", lengths)
	}
	one := a
	one.Workers = 1
	if again, _ := SinglingOut(context.Background(), one); !slices.Equal(again, copied) {
		t.Error("one worker finds something else than two")
	}
	a.Synthetic = rowsTable(t, sizes, independents(r, rows, 3000))
	apart, err := SinglingOut(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range apart {
		if s.Success.Tries == 0 || s.Control.Tries == 0 {
			continue
		}
		p := (s.Success.Share() + s.Control.Share()) / 2
		variance := p*(1-p)/float64(s.Success.Tries) + p*(1-p)/float64(s.Control.Tries)
		if d := s.Success.Share() - s.Control.Share(); d*d > 25*variance {
			t.Errorf("the independent model, %d columns: %+v, control %+v", s.Columns, s.Success, s.Control)
		}
	}
}

// TestSinglingOutOfLittle: one column, nobody, other columns.
func TestSinglingOutOfLittle(t *testing.T) {
	some, none := rowsTable(t, []int{3}, [][]uint16{{0}, {1}, {1}}), rowsTable(t, []int{3}, nil)
	got, err := SinglingOut(context.Background(), Attack{Real: some, Synthetic: some})
	if err != nil || len(got) != 1 || got[0].Columns != 1 || got[0].Success != (Rate{1, 1}) || got[0].Control != (Rate{1, 1}) {
		t.Errorf("one column: %+v, %v", got, err)
	}
	if got, err := SinglingOut(context.Background(), Attack{Real: none, Synthetic: none}); err != nil || got[0].Success != (Rate{}) {
		t.Errorf("nobody: %+v, %v", got, err)
	}
	if _, err := SinglingOut(context.Background(), Attack{Real: some, Synthetic: rowsTable(t, []int{4}, nil)}); err == nil {
		t.Error("other columns were attacked")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := SinglingOut(ctx, Attack{Real: some, Synthetic: some}); err == nil {
		t.Error("a cancelled attack answered")
	}
}
