package dp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
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
	if ms[0].Variance != 10+3./16 || math.Abs(ms[1].Variance-lattice-1/.15) > 1.0/sixteenths || len(ms[0].Noisy) != 3 || len(ms[1].Noisy) != 12 {
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
	if err != nil || variance != 4+3./16 { // 2 distances, half the budget: 2/.5, and ⅛, rounded up
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
		"one bad of two": {{microdata.Clique{0}, .1}, {microdata.Clique{1}, Precision(math.NaN())}},
		"not ascending":  {{microdata.Clique{1, 0}, .1}},
		"too little":     {{microdata.Clique{0}, 1e-30}},
	} {
		if out, err := m.Measure(context.Background(), asks); err == nil || out != nil {
			t.Errorf("%s: answered", name)
		}
	}
	for name, g := range map[string][]Guess{
		"no such column": {{microdata.Clique{7}, nil}},
		"wrong length":   {{microdata.Clique{0}, []int64{1}}},
		"overflowing":    {{microdata.Clique{0}, []int64{1, math.MaxInt64, 2}}},
		"below all":      {{microdata.Clique{0}, []int64{1, math.MinInt64, 2}}},
	} {
		if _, _, err := m.Distances(context.Background(), g, .1); err == nil {
			t.Errorf("%s: answered", name)
		}
	}
	for _, share := range []float64{0, -1, math.NaN(), 1.1, math.Inf(1), 1e-30} {
		if _, _, err := m.Distances(context.Background(), []Guess{{microdata.Clique{0}, make([]int64, 3)}}, Precision(share)); err == nil {
			t.Errorf("distances for a share of %v: answered", share)
		}
	}
	if out, _, err := m.Distances(context.Background(), nil, .1); out != nil || err != nil {
		t.Error("no guess got a distance")
	}
	if out, err := m.Measure(context.Background(), nil); out != nil || err != nil {
		t.Error("no question got an answer")
	}
	if b.Spent() != 0 || looked {
		t.Errorf("spent %v on refusals", b.Spent())
	}
	c := table2(t, threeByFour, nil)
	if _, err := Open(nil, b, bytesOf(1), Options{}); err == nil {
		t.Error("no counter: opened")
	}
	if _, err := Open(c, nil, bytesOf(1), Options{}); err == nil {
		t.Error("no budget: opened")
	}
	if _, err := Open(c, b, nil, Options{}); err == nil {
		t.Error("no randomness: opened")
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
	// A source that fails between two marginals: no half answer.
	m, _ = Open(table2(t, []int{3, 4}, rowsOf(10)), b, io.MultiReader(io.LimitReader(bytesOf(1), 4096), strings.NewReader("")), Options{})
	if out, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}}); err == nil || out != nil {
		t.Error("half an answer came out")
	}
	if math.Abs(float64(b.Spent())-.7) > 1e-12 {
		t.Errorf("spent %v, want .7", b.Spent())
	}
}

// TestSpendsBeforeItLooks: the counter is never asked before the share is gone.
func TestSpendsBeforeItLooks(t *testing.T) {
	b := budgetOf(t, 1)
	asked := 0
	c := counting{table2(t, threeByFour, rowsOf(10)), func([]microdata.Clique) {
		if asked++; math.Abs(float64(b.Spent())-.2*float64(asked)) > 1e-12 {
			t.Errorf("asked %d times with %v spent", asked, b.Spent())
		}
	}, nil}
	m, _ := Open(c, b, bytesOf(1), Options{})
	_, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}})
	_, _, err2 := m.Distances(context.Background(), []Guess{{microdata.Clique{0}, make([]int64, 3)}}, .2)
	if err != nil || err2 != nil || asked != 2 {
		t.Errorf("asked %d times, %v, %v", asked, err, err2)
	}
}

// counting is a counter that tells what it is asked, and may answer wrongly.
type counting struct {
	microdata.Counter
	asked func([]microdata.Clique)
	spoil func([]microdata.Marginal) []microdata.Marginal
}

func (c counting) Count(ctx context.Context, cliques []microdata.Clique) ([]microdata.Marginal, error) {
	c.asked(cliques)
	out, err := c.Counter.Count(ctx, cliques)
	if c.spoil != nil {
		out = c.spoil(out)
	}
	return out, err
}

// TestCounterIsNotTrusted: an answer of the wrong shape is an error, not a table.
func TestCounterIsNotTrusted(t *testing.T) {
	for name, spoil := range map[string]func([]microdata.Marginal) []microdata.Marginal{
		"one short":     func(m []microdata.Marginal) []microdata.Marginal { return m[:1] },
		"one too many":  func(m []microdata.Marginal) []microdata.Marginal { return append(m, m[0]) },
		"swapped":       func(m []microdata.Marginal) []microdata.Marginal { m[0], m[1] = m[1], m[0]; return m },
		"a cell short":  func(m []microdata.Marginal) []microdata.Marginal { m[0].Counts = m[0].Counts[1:]; return m },
		"none at all":   func(m []microdata.Marginal) []microdata.Marginal { return nil },
		"a clique less": func(m []microdata.Marginal) []microdata.Marginal { m[1].Clique = m[1].Clique[:0]; return m },
	} {
		m, _ := Open(counting{table2(t, threeByFour, rowsOf(10)), func([]microdata.Clique) {}, spoil}, budgetOf(t, 1), bytesOf(1), Options{})
		if out, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}}); err == nil || out != nil {
			t.Errorf("%s: measured", name)
		}
		g := []Guess{{microdata.Clique{0}, make([]int64, 3)}, {microdata.Clique{1}, make([]int64, 4)}}
		if out, _, err := m.Distances(context.Background(), g, .1); err == nil || out != nil {
			t.Errorf("%s: distances came", name)
		}
	}
}

// TestCallerCannotChangeAnAsk: what was asked is copied before the counter sees it.
func TestCallerCannotChangeAnAsk(t *testing.T) {
	ask := []Ask{{microdata.Clique{0}, .1}}
	c := counting{table2(t, threeByFour, rowsOf(10)), func([]microdata.Clique) { ask[0].Clique[0] = 1 }, nil}
	m, _ := Open(c, budgetOf(t, 1), bytesOf(1), Options{})
	out, err := m.Measure(context.Background(), ask)
	if err != nil || out[0].Clique[0] != 0 || len(out[0].Noisy) != 3 {
		t.Errorf("measured %v, %v", out, err)
	}
}

// TestCoarsenSharesTheBudget: a coarser mechanism asks the same people, with the
// same money.
func TestCoarsenSharesTheBudget(t *testing.T) {
	b := budgetOf(t, 1)
	var seen []Access
	m, _ := Open(table2(t, threeByFour, rowsOf(1000)), b, bytesOf(1), Options{Record: func(a Access) { seen = append(seen, a) }})
	two := &microdata.Coarsening{Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}, Of: []uint16{0, 0, 1, 1}}
	coarse, err := m.Coarsen([]*microdata.Coarsening{nil, two})
	if err != nil || coarse.Domain().Size(1) != 2 || m.Domain().Size(1) != 4 {
		t.Fatal(err)
	}
	out, err := coarse.Measure(context.Background(), []Ask{{microdata.Clique{1}, .6}})
	if err != nil || len(out[0].Noisy) != 2 || math.Abs(float64(out[0].Noisy[0]-500)) > 20 {
		t.Fatalf("measured %v, %v", out, err)
	}
	if _, err := m.Measure(context.Background(), []Ask{{microdata.Clique{0}, .6}}); !errors.Is(err, ErrSpent) {
		t.Errorf("the coarse mechanism had its own budget: %v", err)
	}
	if m.Left() != coarse.Left() || len(seen) != 1 {
		t.Error("budget or record are not shared")
	}
	if _, err := m.Coarsen(nil); err == nil {
		t.Error("no coarsening was taken")
	}
}

// TestTruthStaysInside: nothing exported of an Access holds a true answer, and no
// error of a mechanism holds a count.
func TestTruthStaysInside(t *testing.T) {
	typ := reflect.TypeFor[Access]()
	for i := range typ.NumField() {
		if f := typ.Field(i); f.IsExported() && strings.Contains(f.Type.String(), "int64") && f.Type != reflect.TypeFor[[]Variance]() {
			t.Errorf("Access.%s is exported and could hold counts", f.Name)
		}
	}
	text, err := json.Marshal(Access{truth: [][]int64{{424242}}})
	if err != nil || strings.Contains(string(text), "424242") {
		t.Errorf("a true answer is written to JSON: %s, %v", text, err)
	}
}
