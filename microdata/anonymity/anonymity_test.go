package anonymity

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestOptionsAreChecked: each mistake is told apart from the others.
func TestOptionsAreChecked(t *testing.T) {
	table, quasi := randomTable(t, rand.New(rand.NewPCG(1, 2)))
	for want, c := range map[string]struct {
		quasi []int
		o     Options
	}{
		"k is 1":                  {quasi, Options{K: 1}},
		"more than the file has":  {quasi, Options{K: 1000}},
		"may be suppressed":       {quasi, Options{K: 2, Suppress: 1}},
		"may be suppressed lies":  {quasi, Options{K: 2, Suppress: math.NaN()}},
		"a distance from 0 to 1":  {quasi, Options{K: 2, T: 2, Sensitive: 4}},
		"needs an l":              {quasi, Options{K: 2, EntropyL: true, Sensitive: 4}},
		"name it":                 {quasi, Options{K: 2, L: 2, Sensitive: -1}},
		"than the sensitive":      {quasi, Options{K: 2, L: 9, Sensitive: 4}},
		"cannot be sensitive and": {quasi, Options{K: 2, L: 2, Sensitive: 0}},
		"name the quasi":          {nil, Options{K: 2}},
		"no column of the file":   {[]int{0, 9}, Options{K: 2}},
		"or stands twice":         {[]int{0, 0}, Options{K: 2}},
	} {
		if _, err := Search(context.Background(), table, c.quasi, c.o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Search(ctx, table, quasi, Options{K: 2}); err == nil {
		t.Error("a cancelled search went on")
	}
}

// TestLatticeIsBounded: what would take for ever is refused.
func TestLatticeIsBounded(t *testing.T) {
	var columns []microdata.Column
	var codes [][]uint16
	var quasi []int
	for i := range 30 {
		columns = append(columns, microdata.Column{Name: strings.Repeat("x", i+1), Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}})
		codes, quasi = append(codes, []uint16{0, 1}), append(quasi, i)
	}
	d, _ := microdata.NewDomain(columns)
	table, _ := microdata.NewTable(d, codes)
	if _, err := Search(context.Background(), table, quasi, Options{K: 2}); err == nil || !strings.Contains(err.Error(), "name fewer") {
		t.Error(err)
	}
}

// TestNumbersOfNodes go there and back.
func TestNumbersOfNodes(t *testing.T) {
	table, quasi := randomTable(t, rand.New(rand.NewPCG(1, 2)))
	x, err := newLattice(table, quasi)
	if err != nil {
		t.Fatal(err)
	}
	heights := make([]int, len(quasi))
	for n := range x.nodes {
		if x.number(x.heights(n, heights)) != n {
			t.Fatalf("node %d has heights %v", n, heights)
		}
	}
	if !below([]int{1, 2}, []int{1, 3}) || below([]int{1, 2}, []int{2, 1}) {
		t.Error("below")
	}
}

// TestGroupingThreeWays: array, map and column by column give the same classes.
func TestGroupingThreeWays(t *testing.T) {
	table, quasi := randomTable(t, rand.New(rand.NewPCG(4, 2)))
	x, err := newLattice(table, quasi)
	if err != nil {
		t.Fatal(err)
	}
	b := newBase(table, quasi, 4)
	for n := range x.nodes {
		heights := x.heights(n, make([]int, len(quasi)))
		var dense, mapped, refined grouping
		dense.group(b, x, heights)
		refined.class = make([]int32, len(b.count))
		refined.refine(b, x, heights)
		mapped.class = make([]int32, len(b.count))
		find := mapped.finder(mostDense + 1)
		for c := range mapped.class {
			mapped.class[c] = find(uint64(dense.class[c]))
			mapped.count[mapped.class[c]] += b.count[c]
		}
		total := int64(0)
		for id, k := range dense.count {
			total += k
			if mapped.count[id] != k || refined.count[id] != k {
				t.Fatalf("node %v class %d: %d, %d, %d", heights, id, k, mapped.count[id], refined.count[id])
			}
		}
		if total != int64(table.Rows()) {
			t.Fatalf("node %v holds %d records", heights, total)
		}
	}
}

// TestGeneralised spells levels by height.
func TestGeneralised(t *testing.T) {
	table, _ := randomTable(t, rand.New(rand.NewPCG(1, 2)))
	c := table.Domain().Column(2)
	if Heights(c) != 4 {
		t.Fatalf("%d heights", Heights(c))
	}
	for h, want := range []string{"5", "4+2", "0+6", Star} {
		if got := Generalised(c, 5, h).Value; got != want {
			t.Errorf("height %d: %q, want %q", h, got, want)
		}
	}
	plain := table.Domain().Column(1)
	if Heights(plain) != 2 || Generalised(plain, 1, 1).Value != Star {
		t.Error("a column without hierarchy is kept or not")
	}
}

// TestMissingIsAValueOfItsOwn: who has no value hides among others who have none.
func TestMissingIsAValueOfItsOwn(t *testing.T) {
	d, err := microdata.NewDomain([]microdata.Column{{Name: "x", Levels: []microdata.Level{{Value: "a"}, {Value: "", Missing: microdata.Unknown}}}})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := microdata.NewTable(d, [][]uint16{{0, 0, 0, 1, 1}})
	got, err := Search(context.Background(), table, []int{0}, Options{K: 2})
	if err != nil || got.Loss != 0 || got.Classes != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = Search(context.Background(), table, []int{0}, Options{K: 3}); err != nil || got.Heights[0] != 1 || got.Loss != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRiskByHand: seven records in four classes.
func TestRiskByHand(t *testing.T) {
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "x", Levels: []microdata.Level{{Value: "a"}, {Value: "b"}, {Value: "c"}}},
		{Name: "y", Levels: []microdata.Level{{Value: "0"}, {Value: "1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := microdata.NewTable(d, [][]uint16{{0, 0, 0, 1, 1, 2, 0}, {0, 0, 0, 1, 1, 0, 1}})
	r, err := Measure(table, []int{0, 1}, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Risk{Rows: 7, Classes: 4, Smallest: 1, Uniques: 2, K: 3, ClassesUnderK: 3, RowsUnderK: 4, Highest: 1, Mean: 4.0 / 7}
	if *r != want {
		t.Errorf("%+v, want %+v", *r, want)
	}
	for _, bad := range []struct{ k, population int }{{1, 0}, {2, 3}} {
		if _, err := Measure(table, []int{0}, bad.k, bad.population); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if _, err := Measure(table, nil, 2, 0); err == nil {
		t.Error("no quasi-identifiers were taken")
	}
}

// TestZayatz: of a whole population every unique is one; of samples of a population
// whose classes look like theirs the estimate is near the truth. The truth here: half
// of the classes have one record, half two, and a record is in the sample with chance f;
// a class seen once is then unique with chance f/(f + 2f(1−f)) = 1/(3−2f).
func TestZayatz(t *testing.T) {
	if got := zayatz([]int64{1, 1, 2, 5}, 1); got != 1 {
		t.Errorf("of a whole population: %v", got)
	}
	for _, f := range []float64{.1, .5, .9} {
		if got, want := zayatz([]int64{1, 1, 2, 2}, f), 1/(3-2*f); math.Abs(got-want) > 1e-12 {
			t.Errorf("f = %v: %v, want %v", f, got, want)
		}
	}
	r := rand.New(rand.NewPCG(9, 9))
	table, quasi := randomTable(t, r)
	risk, err := Measure(table, quasi, 2, 10*table.Rows())
	if err != nil || risk.Uniques > 0 && !(risk.PopulationUniques > 0 && risk.PopulationUniques <= 1) {
		t.Errorf("%+v, %v", risk, err)
	}
}

// TestNoAnswer: where a whole file is not diverse no generalisation of it is.
func TestNoAnswer(t *testing.T) {
	level := []microdata.Level{{Value: "a"}, {Value: "b"}}
	d, err := microdata.NewDomain([]microdata.Column{{Name: "x", Levels: level}, {Name: "s", Levels: level}})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := microdata.NewTable(d, [][]uint16{{0, 1, 0, 1}, {1, 1, 1, 1}})
	if _, err := Search(context.Background(), table, []int{0}, Options{K: 2, L: 2, Sensitive: 1}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
