package microdata

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// random returns a table of the given rows whose columns have the given sizes,
// and its codes.
func random(t testing.TB, rows int, sizes []int, seed uint64) (*Table, [][]uint16) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	columns, codes := make([]Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for l := range n {
			columns[i].Levels = append(columns[i].Levels, Level{Value: fmt.Sprint(l)})
		}
		for range rows {
			codes[i] = append(codes[i], uint16(r.IntN(n)))
		}
	}
	d, err := NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return table, codes
}

// slowCount is the oracle: a map from combinations to counts.
func slowCount(codes [][]uint16, rows int, c Clique, sizes []int) []int64 {
	type combination [5]uint16
	seen := map[combination]int64{}
	for r := range rows {
		var key combination
		for i, a := range c {
			key[i] = codes[a][r]
		}
		seen[key]++
	}
	out := make([]int64, c.Cells(sizes))
	for cell := range out {
		var key combination
		rest := cell
		for i := len(c) - 1; i >= 0; i-- {
			key[i] = uint16(rest % sizes[c[i]])
			rest /= sizes[c[i]]
		}
		out[cell] = seen[key]
	}
	return out
}

func TestCountEqualsOracle(t *testing.T) {
	sizes := []int{2, 300, 5, 1, 257, 3}
	for _, rows := range []int{0, 1, 7, blockRows - 1, blockRows, 2*blockRows + 3} {
		table, codes := random(t, rows, sizes, uint64(rows))
		cliques := []Clique{{}}
		for k := 1; k <= 4; k++ {
			for _, c := range AllCliques(len(sizes), k) {
				if c.Cells(sizes) < 1e5 {
					cliques = append(cliques, c)
				}
			}
		}
		for _, workers := range []int{0, 1, 3} {
			got, err := NewCounter(table, workers).Count(context.Background(), cliques)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cliques {
				if !slices.Equal(got[i].Clique, c) {
					t.Fatalf("answer %d is for %v, want %v", i, got[i].Clique, c)
				}
				if want := slowCount(codes, rows, c, sizes); !slices.Equal(got[i].Counts, want) {
					t.Fatalf("%d rows, %d workers, clique %v: counts differ from the oracle", rows, workers, c)
				}
			}
		}
	}
}

func TestCountRefuses(t *testing.T) {
	table, _ := random(t, 10, []int{2, 3, MaxLevels, 2000}, 1)
	counter := NewCounter(table, 1)
	for _, c := range []Clique{{1, 0}, {1, 1}, {-1}, {4}, {2, 3}} {
		if _, err := counter.Count(context.Background(), []Clique{c}); err == nil {
			t.Errorf("clique %v was counted", c)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := counter.Count(ctx, []Clique{{0}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled count answered %v", err)
	}
}

// TestOnePersonMovesOneCell is the promise that dp stands on: a row added moves
// one cell of every marginal by one.
func TestOnePersonMovesOneCell(t *testing.T) {
	sizes := []int{3, 4, 5}
	table, codes := random(t, 200, sizes, 9)
	more := make([][]uint16, len(codes))
	for i := range codes {
		more[i] = append(slices.Clone(codes[i]), uint16(i))
	}
	bigger, err := NewTable(table.Domain(), more)
	if err != nil {
		t.Fatal(err)
	}
	var cliques []Clique
	for k := range 4 {
		cliques = append(cliques, AllCliques(3, k)...)
	}
	before, _ := NewCounter(table, 0).Count(context.Background(), cliques)
	after, _ := NewCounter(bigger, 0).Count(context.Background(), cliques)
	for i := range cliques {
		moved := int64(0)
		for c := range before[i].Counts {
			d := after[i].Counts[c] - before[i].Counts[c]
			if d < 0 {
				t.Fatalf("clique %v: a count fell", cliques[i])
			}
			moved += d
		}
		if moved != 1 {
			t.Errorf("clique %v: one person moved %d cells", cliques[i], moved)
		}
	}
}

// TestCoarsenCounts: counting coarse rows equals adding up fine cells.
func TestCoarsenCounts(t *testing.T) {
	table, _ := random(t, 500, []int{6, 300}, 4)
	of0 := []uint16{0, 0, 1, 1, 2, 2}
	of1 := make([]uint16, 300)
	for i := range of1 {
		of1[i] = uint16(i % 7)
	}
	steps := []*Coarsening{
		{Levels: []Level{{Value: "a"}, {Value: "b"}, {Value: "c"}}, Of: of0},
		{Levels: []Level{{Value: "0"}, {Value: "1"}, {Value: "2"}, {Value: "3"}, {Value: "4"}, {Value: "5"}, {Value: "6"}}, Of: of1},
	}
	fine := NewCounter(table, 0)
	coarse, err := fine.Coarsen(steps)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := fine.Count(context.Background(), []Clique{{0, 1}})
	c, _ := coarse.Count(context.Background(), []Clique{{0, 1}})
	want := make([]int64, 21)
	for cell, n := range f[0].Counts {
		want[int(of0[cell/300])*7+int(of1[cell%300])] += n
	}
	if !slices.Equal(c[0].Counts, want) {
		t.Errorf("coarse counts %v, want %v", c[0].Counts, want)
	}
	if _, err := fine.Coarsen([]*Coarsening{nil}); err == nil {
		t.Error("one coarsening for two columns was taken")
	}
}

func TestAllCliques(t *testing.T) {
	if got := AllCliques(4, 2); !slices.EqualFunc(got, []Clique{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}, slices.Equal) {
		t.Errorf("pairs of 4: %v", got)
	}
	if n := len(AllCliques(37, 2)); n != 666 {
		t.Errorf("%d pairs of 37", n)
	}
	if n := len(AllCliques(3, 0)); n != 1 {
		t.Errorf("%d cliques of no column", n)
	}
}

// BenchmarkAllPairs counts all 666 pairs of 1,000,000 rows of 37 columns, sized
// as in the CTDC file.
func BenchmarkAllPairs(b *testing.B) {
	sizes := []int{21, 4, 10, 3, 5, 250, 250}
	for len(sizes) < 37 {
		sizes = append(sizes, 2)
	}
	table, _ := random(b, 1_000_000, sizes, 1)
	counter, pairs := NewCounter(table, 0), AllCliques(37, 2)
	b.ResetTimer()
	for b.Loop() {
		if _, err := counter.Count(context.Background(), pairs); err != nil {
			b.Fatal(err)
		}
	}
}
