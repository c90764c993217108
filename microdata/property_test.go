package microdata

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestSumsOverAMillionRows: every marginal of a million rows adds up to them, every
// marginal over fewer columns is the sum of one over more, and any number of workers
// counts the same. Rows past the blocks and in them are counted once.
func TestSumsOverAMillionRows(t *testing.T) {
	const rows = 1_000_000
	sizes := []int{3, 300, 2, 17, 5}
	table, codes := random(t, rows, sizes, 77)
	var cliques []Clique
	for k := range 4 {
		cliques = append(cliques, AllCliques(len(sizes), k)...)
	}
	var first []Marginal
	for _, workers := range []int{1, 2, 5} {
		got, err := NewCounter(table, workers).Count(context.Background(), cliques)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(got, first) {
			t.Fatalf("%d workers count other numbers than one", workers)
		}
	}
	for _, m := range first {
		total := int64(0)
		for _, n := range m.Counts {
			total += n
		}
		if total != rows {
			t.Fatalf("clique %v holds %d rows", m.Clique, total)
		}
		for drop := range m.Clique { // without one column
			sub := slices.Delete(slices.Clone(m.Clique), drop, drop+1)
			i := slices.IndexFunc(first, func(x Marginal) bool { return slices.Equal(x.Clique, sub) })
			if !slices.Equal(summed(m, drop, sizes), first[i].Counts) {
				t.Fatalf("%v summed over column %d is not %v", m.Clique, m.Clique[drop], sub)
			}
		}
	}
	// And one marginal is right in itself, counted cell by cell.
	want := make([]int64, sizes[1]*sizes[3])
	for r := range rows {
		want[int(codes[1][r])*sizes[3]+int(codes[3][r])]++
	}
	i := slices.IndexFunc(first, func(x Marginal) bool { return slices.Equal(x.Clique, Clique{1, 3}) })
	if !slices.Equal(first[i].Counts, want) {
		t.Error("columns 1 and 3 are counted wrong")
	}
}

// summed adds a marginal up over one of its columns, by its place.
func summed(m Marginal, place int, sizes []int) []int64 {
	inner := 1
	for _, a := range m.Clique[place+1:] {
		inner *= sizes[a]
	}
	n := sizes[m.Clique[place]]
	out := make([]int64, len(m.Counts)/n)
	for c, k := range m.Counts {
		out[c/(inner*n)*inner+c%inner] += k
	}
	return out
}

// TestAnyListOfCliquesIsCounted: in any order, repeated, none at all, and of a table
// without columns: the shared stems of one clique must not leak into the next.
func TestAnyListOfCliquesIsCounted(t *testing.T) {
	sizes := []int{2, 3, 260, 2, 4}
	table, codes := random(t, blockRows+5, sizes, 3)
	r := rand.New(rand.NewPCG(1, 9))
	var all []Clique
	for k := range 5 {
		all = append(all, AllCliques(len(sizes), k)...)
	}
	want := map[string][]int64{}
	for _, c := range all {
		want[fmt.Sprint(c)] = slowCount(codes, table.Rows(), c, sizes)
	}
	for range 20 {
		var list []Clique
		for range r.IntN(150) {
			list = append(list, all[r.IntN(len(all))])
		}
		got, err := NewCounter(table, 1+r.IntN(3)).Count(context.Background(), list)
		if err != nil || len(got) != len(list) {
			t.Fatal(err)
		}
		for i, c := range list {
			if !slices.Equal(got[i].Counts, want[fmt.Sprint(c)]) {
				t.Fatalf("clique %v, place %d of %v", c, i, list)
			}
		}
	}
	empty, err := NewDomain(nil)
	if err != nil {
		t.Fatal(err)
	}
	none, err := NewTable(empty, nil)
	if err != nil || none.Rows() != 0 {
		t.Fatal(err)
	}
	if got, err := NewCounter(none, 2).Count(context.Background(), []Clique{{}}); err != nil || got[0].Counts[0] != 0 {
		t.Errorf("a table without columns: %v, %v", got, err)
	}
}

// TestAnswersAreTheCallers: what a caller does to its list or to an answer changes no
// other answer.
func TestAnswersAreTheCallers(t *testing.T) {
	table, _ := random(t, 10, []int{2, 2}, 3)
	c := Clique{0, 1}
	counter := NewCounter(table, 1)
	got, _ := counter.Count(context.Background(), []Clique{c, {0}})
	c[1] = 7
	got[0].Counts[0] = 99
	again, err := counter.Count(context.Background(), []Clique{{0, 1}})
	if err != nil || got[0].Clique[1] != 1 || again[0].Counts[0] == 99 {
		t.Error("an answer shares memory with the caller's list or another answer")
	}
}

// TestTableCopiesItsCodes.
func TestTableCopiesItsCodes(t *testing.T) {
	table, codes := random(t, 4, []int{2, 300}, 5)
	was := [2]int{table.Code(0, 0), table.Code(0, 1)}
	codes[0][0], codes[1][0] = 1-codes[0][0], codes[1][0]^1
	if table.Code(0, 0) != was[0] || table.Code(0, 1) != was[1] {
		t.Error("a table changed with the slice that it was made of")
	}
}

// TestCliqueLimits: a marginal may have MaxCells cells and not one more, and columns of
// the largest size do not overflow the count of cells.
func TestCliqueLimits(t *testing.T) {
	levels := func(n int) (out []Level) {
		for i := range n {
			out = append(out, Level{Value: fmt.Sprint(i)})
		}
		return out
	}
	var columns []Column
	for i, n := range []int{MaxLevels, 1 << 10, MaxLevels, MaxLevels, MaxLevels, MaxLevels, 2} {
		columns = append(columns, Column{Name: fmt.Sprint(i), Levels: levels(n)})
	}
	d, err := NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	if err := (Clique{0, 1}).Check(d); err != nil { // 2²⁶
		t.Error(err)
	}
	for _, c := range []Clique{{0, 1, 6}, {0, 2}, {0, 2, 3, 4, 5}} {
		if err := c.Check(d); err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := NewDomain([]Column{{Name: "x", Levels: levels(MaxLevels + 1)}}); err == nil {
		t.Error("a column of too many levels was taken")
	}
	// Cells, beside arithmetic without a limit.
	r := rand.New(rand.NewPCG(2, 3))
	for range 2000 {
		sizes := make([]int, 1+r.IntN(7))
		c, exact := Clique{}, big.NewInt(1)
		for i := range sizes {
			sizes[i] = 1 + r.IntN(1<<r.IntN(40))
			c = append(c, i)
			exact.Mul(exact, big.NewInt(int64(sizes[i])))
		}
		if got := c.Cells(sizes); exact.IsInt64() && exact.Int64() != int64(got) || !exact.IsInt64() && got <= 0 {
			t.Fatalf("%v: %d cells, want %v", sizes, got, exact)
		}
	}
}

// TestAllCliquesEqualsSubsets: every subset of k columns, once, in lexicographic order.
func TestAllCliquesEqualsSubsets(t *testing.T) {
	for n := range 9 {
		for k := range n + 2 {
			var want []Clique
			for set := range 1 << n {
				c := Clique{}
				for a := range n {
					if set>>a&1 == 1 {
						c = append(c, a)
					}
				}
				if len(c) == k {
					want = append(want, c)
				}
			}
			slices.SortFunc(want, slices.Compare[Clique])
			if got := AllCliques(n, k); !slices.EqualFunc(got, want, slices.Equal[Clique]) {
				t.Errorf("%d of %d: %v, want %v", k, n, got, want)
			}
		}
	}
}

// TestContainsEqualsSets on all pairs of cliques of six columns.
func TestContainsEqualsSets(t *testing.T) {
	var all []Clique
	for k := range 7 {
		all = append(all, AllCliques(6, k)...)
	}
	for _, c := range all {
		for _, sub := range all {
			want := !slices.ContainsFunc(sub, func(a int) bool { return !slices.Contains(c, a) })
			if c.Contains(sub) != want {
				t.Errorf("%v contains %v: %v", c, sub, !want)
			}
		}
	}
}

// TestCoarsenEqualsRowByRow: coarser tables, narrow from wide and the other way, hold
// the group of each row's code; the table they were made of stays.
func TestCoarsenEqualsRowByRow(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 60 {
		sizes := []int{1 + r.IntN(5), 250 + r.IntN(100), 600}
		table, codes := random(t, 50, sizes, r.Uint64())
		steps := make([]*Coarsening, len(sizes))
		for i, n := range sizes {
			if r.IntN(3) == 0 {
				continue
			}
			groups := 1 + r.IntN(n)
			s := &Coarsening{Name: "s"}
			for g := range groups {
				s.Levels = append(s.Levels, Level{Value: fmt.Sprint("g", g)})
			}
			for l := range n { // each group once, then any
				g := l
				if l >= groups {
					g = r.IntN(groups)
				}
				s.Of = append(s.Of, uint16(g))
			}
			r.Shuffle(n, func(a, b int) { s.Of[a], s.Of[b] = s.Of[b], s.Of[a] })
			steps[i] = s
		}
		coarse, err := table.Coarsen(steps)
		if err != nil {
			t.Fatal(err)
		}
		for row := range table.Rows() {
			for i := range sizes {
				want := int(codes[i][row])
				if table.Code(row, i) != want {
					t.Fatal("the fine table changed")
				}
				if steps[i] != nil {
					want = int(steps[i].Of[want])
				}
				if coarse.Code(row, i) != want {
					t.Fatalf("row %d column %d: %d, want %d", row, i, coarse.Code(row, i), want)
				}
			}
		}
	}
}

// TestCancelledCountStops: a count that is cancelled on its way answers no part of it
// and leaves no goroutine waiting.
func TestCancelledCountStops(t *testing.T) {
	table, _ := random(t, 200_000, []int{30, 30, 30, 30, 30, 30, 30, 30, 30, 30}, 1)
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			got, err := NewCounter(table, workers).Count(ctx, slices.Repeat(AllCliques(10, 2), 40))
			if got != nil && err != nil {
				err = errors.New("counts beside an error")
			}
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// shape reads columns out of the bytes of a fuzzer: few names and spellings, so that
// repeats, holes and split groups are common.
func shape(text []byte) (columns []Column) {
	next := func(n int) int {
		if len(text) == 0 {
			return 0
		}
		b := text[0]
		text = text[1:]
		return int(b) % n
	}
	for range next(4) {
		c := Column{Name: string("abc"[next(3)]), Ordered: next(2) == 1}
		if next(8) == 7 {
			c.Name = ""
		}
		for range next(7) {
			c.Levels = append(c.Levels, Level{Value: string("uvwxyz"[len(c.Levels)*min(1, next(20))]), Missing: Missing(max(0, next(9)-3))})
		}
		for range next(3) {
			s := Coarsening{Name: "s"}
			for g := range 1 + next(3) {
				s.Levels = append(s.Levels, Level{Value: string("UVWXU"[max(g, next(25)-20)])})
			}
			for range len(c.Levels) + max(0, next(16)-14) {
				s.Of = append(s.Of, uint16(next(len(s.Levels))+max(0, next(40)-38)))
			}
			c.Hierarchy = append(c.Hierarchy, s)
		}
		columns = append(columns, c)
	}
	return columns
}

// sound is the oracle of NewDomain, by the letter of the types' comments.
func sound(columns []Column) bool {
	for i, c := range columns {
		if c.Name == "" || len(c.Levels) == 0 {
			return false
		}
		for j := range i {
			if columns[j].Name == c.Name {
				return false
			}
		}
		if repeated(c.Levels) {
			return false
		}
		for s, step := range c.Hierarchy {
			if len(step.Of) != len(c.Levels) || repeated(step.Levels) {
				return false
			}
			for g := range step.Levels {
				if !slices.Contains(step.Of, uint16(g)) {
					return false
				}
			}
			for l, g := range step.Of {
				if int(g) >= len(step.Levels) {
					return false
				}
				for m := range step.Of { // nested in the step before
					if s > 0 && c.Hierarchy[s-1].Of[l] == c.Hierarchy[s-1].Of[m] && step.Of[m] != g {
						return false
					}
				}
			}
		}
	}
	return true
}

func repeated(levels []Level) bool {
	for i, l := range levels {
		if slices.ContainsFunc(levels[:i], func(m Level) bool { return m.Value == l.Value }) {
			return true
		}
	}
	return false
}

// domainKeeps holds NewDomain to its oracle, and a domain to what it promises: names
// and levels are found where they stand, every step of a hierarchy, given or made of an
// order, coarsens, and a coarser domain is a domain.
func domainKeeps(t *testing.T, text []byte) (taken bool) {
	columns := shape(bytes.Clone(text))
	d, err := NewDomain(columns)
	if (err == nil) != sound(columns) {
		t.Fatalf("%+v: %v", columns, err)
	}
	if err != nil {
		return false
	}
	for i := range columns {
		if at, ok := d.Index(columns[i].Name); !ok || at != i || d.Sizes()[i] != len(columns[i].Levels) || d.Names()[i] != columns[i].Name {
			t.Fatalf("column %d stands elsewhere", i)
		}
		for l, level := range columns[i].Levels {
			if code, ok := d.Column(i).Code(level.Value); !ok || code != l {
				t.Fatalf("level %d of column %d has code %d", l, i, code)
			}
		}
		steps := d.Column(i).Steps()
		for s := range steps {
			all := make([]*Coarsening, len(columns))
			all[i] = &steps[s]
			coarse, err := d.Coarsen(all)
			if err != nil || coarse.Size(i) != len(steps[s].Levels) || coarse.Column(i).Hierarchy != nil || d.Size(i) != len(columns[i].Levels) {
				t.Fatalf("step %d of %+v: %v", s, columns[i], err)
			}
		}
		c := columns[i]
		c.Hierarchy = steps
		if _, err := NewDomain([]Column{c}); err != nil {
			t.Fatalf("the steps of %+v are no hierarchy: %v", columns[i], err)
		}
		for s := range steps { // what is no answer is in no bin with one
			for l, g := range steps[s].Of {
				for m := range steps[s].Of {
					if c.Ordered && len(columns[i].Hierarchy) == 0 && l != m && steps[s].Of[m] == g && (c.Levels[l].Missing != Present || c.Levels[m].Missing != Present) {
						t.Fatalf("a missing level of %+v is in a bin", columns[i])
					}
				}
			}
		}
	}
	return true
}

func TestNewDomainEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	taken := 0
	const trials = 40_000
	for range trials {
		text := make([]byte, r.IntN(60))
		for i := range text {
			text[i] = byte(r.IntN(256))
		}
		if domainKeeps(t, text) {
			taken++
		}
	}
	if taken < trials/20 || taken > trials*19/20 {
		t.Errorf("%d of %d domains were sound: too one-sided to tell", taken, trials)
	}
}

func FuzzNewDomain(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 4, 0, 3, 1, 3, 2, 3, 3, 3, 0})
	f.Add([]byte{2, 0, 0, 0, 2, 0, 0, 1, 0, 1, 2, 0, 1, 0, 1, 0, 1, 1, 0, 3, 0, 0, 0, 1, 0, 2, 0, 0})
	f.Fuzz(func(t *testing.T, text []byte) { domainKeeps(t, text) })
}
