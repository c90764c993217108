package evaluate

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowSearch does what search does, from plain codes: the least distance, and the most
// common answer of those nearest in the other columns.
func slowSearch(rows [][]uint16, row []uint16, skip, secret int) (distance, guess int) {
	apart := func(other []uint16, without int) (n int) {
		for c := range row {
			if c != without && row[c] != other[c] {
				n++
			}
		}
		return n
	}
	distance, least := len(row)+1, len(row)+1
	for i, other := range rows {
		if i != skip {
			distance, least = min(distance, apart(other, -1)), min(least, apart(other, secret))
		}
	}
	votes := map[int]int{}
	guess = -1
	for i, other := range rows {
		if i != skip && apart(other, secret) == least {
			votes[int(other[secret])]++
		}
	}
	for code, n := range votes {
		if guess < 0 || n > votes[guess] || n == votes[guess] && code < guess {
			guess = code
		}
	}
	return distance, guess
}

func TestSearchEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 30 {
		sizes := []int{2, 5, 3}
		for range r.IntN(30) {
			sizes = append(sizes, 1+r.IntN(300))
		}
		rows, others := population(r, sizes, 40), population(r, sizes, r.IntN(40))
		l := newLayout(sizes)
		x, y := pack(l, rowsTable(t, sizes, rows)), pack(l, rowsTable(t, sizes, others))
		secrets := []int{1, len(sizes) - 1, 0}
		for i, row := range rows {
			own, other := x.search(x.row(i), i, secrets), y.search(x.row(i), -1, secrets)
			for k, s := range secrets {
				if d, g := slowSearch(rows, row, i, s); own.distance != d || own.guess[k] != g {
					t.Fatalf("among the others: %+v, want distance %d, guess %d of column %d", own, d, g, s)
				}
				if d, g := slowSearch(others, row, -1, s); other.distance != d || other.guess[k] != g {
					t.Fatalf("among %d records: %+v, want distance %d, guess %d of column %d", len(others), other, d, g, s)
				}
			}
		}
	}
}

func TestHardest(t *testing.T) {
	rows := [][]uint16{{0, 1, 2}, {0, 1, 1}, {0, 0, 0}, {1, 0, 2}, {0, 1, 1}}
	columns, common := hardest(rowsTable(t, []int{2, 2, 3}, rows))
	if !slices.Equal(columns, []int{2, 1, 0}) || !slices.Equal(common, []int{1, 1, 0}) {
		t.Errorf("columns %v, levels %v", columns, common)
	}
}

// searched attacks a population by a file made of it.
func searched(t *testing.T, sizes []int, rows, synthetic [][]uint16) (Near, Rate, Rate, Rate) {
	t.Helper()
	a := Attack{Real: rowsTable(t, sizes, rows), Synthetic: rowsTable(t, sizes, synthetic), Seed: 1, Workers: 2, Targets: 400}
	near, inferred, err := Search(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	var success, control, common Rate
	for _, f := range inferred {
		if f.Group == Anyone {
			success.add(f.Success)
			control.add(f.Control)
			common.add(f.Common)
		}
	}
	return near[Anyone], success, control, common
}

// TestSearchTellsCopiesFromSamples: a copy is found out, a fresh sample of the same
// population does as the control does, and columns that have nothing to do with each
// other tell no more than the most common answer. Bounds are five standard deviations:
// passed by chance less than once in 10⁶.
func TestSearchTellsCopiesFromSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	sizes := []int{4, 5, 6, 7, 4, 5, 6, 7}
	rows := population(r, sizes, 1500)
	near, success, control, _ := searched(t, sizes, rows, rows)
	if near.Nearer.Share() != 1 || near.Nearer.Tries < 150 {
		t.Errorf("a copy: nearer to it %+v", near)
	}
	if success.Share() < control.Share()+.1 {
		t.Errorf("a copy: guessed %v, control %v", success.Share(), control.Share())
	}
	near, success, control, common := searched(t, sizes, rows, population(r, sizes, 1500))
	if p := near.Nearer; p.Tries < 50 || p.Share() < .5-2.5/sqrt(p.Tries) || p.Share() > .5+2.5/sqrt(p.Tries) {
		t.Errorf("a fresh sample: nearer to it %+v, %v", near, p.Share())
	}
	if d := success.Share() - control.Share(); d < -.1 || d > .1 || control.Share() < common.Share()+.2 {
		t.Errorf("a fresh sample: guessed %v, control %v, most common %v", success.Share(), control.Share(), common.Share())
	}
	near, success, control, common = searched(t, sizes, rows, independents(r, rows, 1500))
	if near.Nearer.Share() > .3 {
		t.Errorf("the independent model: nearer to it %+v", near)
	}
	if d := success.Share() - common.Share(); d > .1 || control.Share() < success.Share()+.2 {
		t.Errorf("the independent model: guessed %v, control %v, most common %v", success.Share(), control.Share(), common.Share())
	}
}

// TestSearchIsTheSame for any number of workers, and stops when told to.
func TestSearchIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	sizes := []int{4, 5, 6}
	a := Attack{Real: rowsTable(t, sizes, population(r, sizes, 300)), Synthetic: rowsTable(t, sizes, population(r, sizes, 300)), Seed: 2, Targets: 50}
	near, inferred, err := Search(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	a.Workers = 3
	near3, inferred3, _ := Search(context.Background(), a)
	if !slices.Equal(near, near3) || !slices.Equal(inferred, inferred3) {
		t.Error("three workers find something else than one")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Search(ctx, a); err == nil {
		t.Error("a cancelled search answered")
	}
	a.Synthetic = rowsTable(t, []int{4, 5}, nil)
	if _, _, err := Search(context.Background(), a); err == nil {
		t.Error("other columns were searched")
	}
}

// TestSearchOfNobody has no records on one side or on both.
func TestSearchOfNobody(t *testing.T) {
	sizes := []int{2, 3}
	none, some := rowsTable(t, sizes, nil), rowsTable(t, sizes, [][]uint16{{0, 1}})
	for _, a := range []Attack{{Real: none, Synthetic: none}, {Real: none, Synthetic: some}, {Real: some, Synthetic: none}, {Real: some, Synthetic: some}} {
		near, inferred, err := Search(context.Background(), a)
		if err != nil || len(near) != 2 || len(inferred) != 4 {
			t.Fatalf("%v, %v, %v", near, inferred, err)
		}
		if near[Anyone].Targets != a.Real.Rows() || inferred[0].Control.Hits != 0 {
			t.Errorf("%+v, %+v", near[Anyone], inferred[0])
		}
	}
}
