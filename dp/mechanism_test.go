package dp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"amparo/microdata"
)

var threeByFour = []int{3, 4}

func table2(t testing.TB, sizes []int, rows [][]uint16) microdata.Counter {
	t.Helper()
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for l := range n {
			columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		codes[i] = []uint16{}
		for _, r := range rows {
			codes[i] = append(codes[i], r[i])
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(table, 1)
}

func rowsOf(n int) (rows [][]uint16) {
	for i := range n {
		rows = append(rows, []uint16{uint16(i * i % 3), uint16(i % 4)})
	}
	return rows
}

func budgetOf(t testing.TB, m Mu) *Budget {
	t.Helper()
	b, err := NewBudget(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBudgetIsAllOrNothing(t *testing.T) {
	b := budgetOf(t, 1)
	if err := b.Spend(.7); err != nil {
		t.Fatal(err)
	}
	if err := b.Spend(.4); !errors.Is(err, ErrSpent) {
		t.Errorf("overspending answered %v", err)
	}
	if b.Spent() != .7 || math.Abs(float64(b.Left())-.3) > 1e-12 {
		t.Errorf("a refused share was taken: spent %v", b.Spent())
	}
	for _, share := range []float64{0, -.1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := b.Spend(Precision(share)); err == nil {
			t.Errorf("a share of %v was spent", share)
		}
	}
	if err := b.Spend(b.Left()); err != nil {
		t.Errorf("the rest could not be spent: %v", err)
	}
	if b.Left() != 0 {
		t.Errorf("%v is left of nothing", b.Left())
	}
	for _, m := range []float64{0, -1, math.NaN(), math.Inf(1), 1e-200, 1e200} {
		if _, err := NewBudget(Mu(m)); err == nil {
			t.Errorf("a budget of μ=%v was made", m)
		}
	}
}

// TestThirdsOfABudget: shares that are exact on paper may be spent, whatever
// floating point makes of their sum; and never a share more.
func TestThirdsOfABudget(t *testing.T) {
	for parts := 1; parts <= 3000; parts += 37 {
		b := budgetOf(t, .2367)
		share := Mu(.2367).Precision() / Precision(parts)
		for k := range parts {
			if err := b.Spend(share); err != nil {
				t.Fatalf("part %d of %d: %v", k, parts, err)
			}
		}
		if b.Spend(share) == nil {
			t.Fatalf("%d parts and one more were spent", parts)
		}
	}
}

// TestBudgetHoldsUnderRace: many spenders at once never get more than there is.
func TestBudgetHoldsUnderRace(t *testing.T) {
	b := budgetOf(t, 1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if b.Spend(.01) == nil {
					mu.Lock()
					got++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if got != 100 {
		t.Errorf("%d hundredths were spent", got)
	}
}

func TestMeasureAndDistances(t *testing.T) {
	b := budgetOf(t, 1)
	var seen []Access
	m, err := Open(table2(t, threeByFour, rowsOf(1000)), b, bytesOf(1), Options{Record: func(a Access) { seen = append(seen, a) }})
	if err != nil {
		t.Fatal(err)
	}
	ms, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{0, 1}, .15}})
	if err != nil {
		t.Fatal(err)
	}
	if ms[0].Variance != 13 || math.Abs(ms[1].Variance-3-1/.15) > 1.0/sixteenths || len(ms[0].Noisy) != 3 || len(ms[1].Noisy) != 12 {
		t.Errorf("measured %+v", ms)
	}
	for i, x := range ms {
		for c, y := range x.Noisy {
			if d := math.Abs(float64(y - seen[0].truth[i][c])); d > 8*math.Sqrt(x.Variance) {
				t.Errorf("cell %d is %v off", c, d)
			}
		}
	}
	guess := []Guess{{microdata.Clique{0}, []int64{0, 0, 0}}, {microdata.Clique{1}, []int64{250, 250, 250, 250}}}
	far, variance, err := m.Distances(context.Background(), guess, .5)
	if err != nil || variance != 7 { // 2 distances, half the budget: 2/.5, and τ²
		t.Fatalf("variance %v, %v", variance, err)
	}
	if math.Abs(float64(far[0]-1000)) > 16 || math.Abs(float64(far[1])) > 16 {
		t.Errorf("distances %v, want about 1000 and 0", far)
	}
	if math.Abs(float64(b.Spent())-.75) > 1e-12 || len(seen) != 2 {
		t.Errorf("spent %v in %d accesses", b.Spent(), len(seen))
	}
}

// TestRefusedCostsNothing: what is refused spends nothing and looks at nothing.
func TestRefusedCostsNothing(t *testing.T) {
	b := budgetOf(t, 1)
	looked := false
	m, err := Open(table2(t, threeByFour, rowsOf(10)), b, bytesOf(1), Options{Record: func(Access) { looked = true }})
	if err != nil {
		t.Fatal(err)
	}
	for name, asks := range map[string][]Ask{
		"no such column": {{microdata.Clique{7}, .1}},
		"no share":       {{microdata.Clique{0}, 0}},
		"over budget":    {{microdata.Clique{0}, .9}, {microdata.Clique{1}, .9}},
	} {
		if out, err := m.Measure(context.Background(), asks); err == nil || out != nil {
			t.Errorf("%s: answered", name)
		}
	}
	for name, g := range map[string][]Guess{
		"no such column": {{microdata.Clique{7}, nil}},
		"wrong length":   {{microdata.Clique{0}, []int64{1}}},
	} {
		if _, _, err := m.Distances(context.Background(), g, .1); err == nil {
			t.Errorf("%s: answered", name)
		}
	}
	if out, err := m.Measure(context.Background(), nil); out != nil || err != nil {
		t.Error("no question got an answer")
	}
	if b.Spent() != 0 || looked {
		t.Errorf("spent %v on refusals", b.Spent())
	}
	if _, err := Open(nil, b, bytesOf(1), Options{}); err == nil {
		t.Error("no counter: opened")
	}
}

// TestFailureRefundsNothing: once the share is spent, an error gives none of it back.
func TestFailureRefundsNothing(t *testing.T) {
	b := budgetOf(t, 1)
	m, _ := Open(table2(t, threeByFour, rowsOf(10)), b, strings.NewReader(""), Options{})
	if _, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .25}}); err == nil {
		t.Error("no random bytes: answered")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := m.Distances(ctx, []Guess{{microdata.Clique{0}, make([]int64, 3)}}, .25); err == nil {
		t.Error("cancelled: answered")
	}
	if b.Spent() != .5 {
		t.Errorf("spent %v, want .5", b.Spent())
	}
}

// TestDiscoverThreshold: a value that one person alone has passes with
// probability at most δ. With δ = .01 and 20,000 draws the count stays within six
// standard deviations of 200: less than once in a hundred million runs.
func TestDiscoverThreshold(t *testing.T) {
	const n, delta = 20_000, .01
	h := Histogram{Counts: slices.Repeat([]int64{1}, n)}
	h.Counts = append(h.Counts, 0, 100_000)
	kept, err := Discover(h, .01, delta, budgetOf(t, 1), bytesOf(5))
	if err != nil {
		t.Fatal(err)
	}
	passed := 0.0
	for _, k := range kept[:n] {
		if k {
			passed++
		}
	}
	if passed > n*delta+6*math.Sqrt(n*delta) || passed < n*delta/3 {
		t.Errorf("%v of %d lone values were told, want about %v at most", passed, n, n*delta)
	}
	if kept[n] || !kept[n+1] {
		t.Errorf("a value of nobody: %v, a value of many: %v", kept[n], kept[n+1])
	}
	for _, d := range []float64{0, -1, .6, math.NaN()} {
		if _, err := Discover(h, .01, Delta(d), budgetOf(t, 1), bytesOf(5)); err == nil {
			t.Errorf("δ = %v was taken", d)
		}
	}
	if _, err := Discover(h, 2, .01, budgetOf(t, 1), bytesOf(5)); !errors.Is(err, ErrSpent) {
		t.Errorf("overspending answered %v", err)
	}
}
