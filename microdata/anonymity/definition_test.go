package anonymity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// TestDefinitions holds diversity and closeness to classes worked out by hand.
func TestDefinitions(t *testing.T) {
	for _, c := range []struct {
		o       Options
		class   []int64
		share   []float64 // of the file
		diverse bool
		close   bool
	}{
		// Distinct l-diversity counts values, however few records have them.
		{Options{L: 2}, []int64{4, 0}, []float64{.5, .5}, false, true},
		{Options{L: 2}, []int64{99, 1}, []float64{.5, .5}, true, true},
		{Options{L: 3}, []int64{9, 1, 0, 0}, []float64{.25, .25, .25, .25}, false, true},
		{Options{L: 3}, []int64{9, 1, 0, 1}, []float64{.25, .25, .25, .25}, true, true},
		// Entropy: 1 in 2 is exactly log 2; 3 to 1 is .562 < log 2 = .693; of three
		// values 2:1:1 is 1.040, between log 2 and log 3.
		{Options{L: 2, EntropyL: true}, []int64{2, 2}, []float64{.5, .5}, true, true},
		{Options{L: 2, EntropyL: true}, []int64{3, 1}, []float64{.5, .5}, false, true},
		{Options{L: 2, EntropyL: true}, []int64{2, 1, 1}, []float64{.4, .3, .3}, true, true},
		{Options{L: 3, EntropyL: true}, []int64{2, 1, 1}, []float64{.4, .3, .3}, false, true},
		{Options{L: 3, EntropyL: true}, []int64{5, 5, 5}, []float64{.4, .3, .3}, true, true},
		// Closeness: total variation distance, half of what the shares differ by.
		{Options{T: .25}, []int64{3, 1}, []float64{.5, .5}, true, true},
		{Options{T: .24}, []int64{3, 1}, []float64{.5, .5}, true, false},
		{Options{T: .5}, []int64{4, 0}, []float64{.5, .5}, true, true},
		{Options{T: .49}, []int64{0, 4}, []float64{.5, .5}, true, false},
		{Options{T: .01}, []int64{10, 20, 30}, []float64{1.0 / 6, 2.0 / 6, 3.0 / 6}, true, true},
		{Options{T: 1}, []int64{0, 0, 7}, []float64{.9, .1, 0}, true, true},
	} {
		n := 0.0
		for _, k := range c.class {
			n += float64(k)
		}
		if got := c.o.diverse(c.class, n); got != c.diverse {
			t.Errorf("%+v: a class of %v is diverse: %v", c.o, c.class, got)
		}
		if got := c.o.close(c.class, n, c.share); got != c.close {
			t.Errorf("%+v: a class of %v is close to %v: %v", c.o, c.class, c.share, got)
		}
	}
}

// TestNoLimitIsNoLimit: t = 0 asks nothing of closeness, and l = 1 nothing of diversity.
func TestNoLimitIsNoLimit(t *testing.T) {
	level := []microdata.Level{{Value: "a"}, {Value: "b"}}
	d, _ := microdata.NewDomain([]microdata.Column{{Name: "x", Levels: level}, {Name: "s", Levels: level}})
	table, _ := microdata.NewTable(d, [][]uint16{{0, 0, 1, 1}, {0, 0, 1, 1}})
	for _, o := range []Options{{K: 2, Sensitive: 1}, {K: 2, Sensitive: 1, L: 1}, {K: 2, Sensitive: 1, T: .5}, {K: 2, Sensitive: -1}, {K: 2}} {
		if got, err := Search(context.Background(), table, []int{0}, o); err != nil || got.Loss != 0 {
			t.Errorf("%+v: %+v, %v", o, got, err)
		}
	}
	if got, err := Search(context.Background(), table, []int{0}, Options{K: 2, Sensitive: 1, T: .4}); err != nil || got.Heights[0] != 1 {
		t.Errorf("t = .4: %+v, %v", got, err)
	}
	if _, err := Search(context.Background(), table, []int{0}, Options{K: 2, L: 2, Sensitive: 1}); err != nil {
		t.Error("both together are diverse:", err)
	}
}

// TestOneRowOneColumnConstant: the smallest files give an answer or say why not.
func TestOneRowOneColumnConstant(t *testing.T) {
	table := func(levels int, codes ...uint16) *microdata.Table {
		c := microdata.Column{Name: "x"}
		for l := range levels {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		d, err := microdata.NewDomain([]microdata.Column{c})
		if err != nil {
			t.Fatal(err)
		}
		out, err := microdata.NewTable(d, [][]uint16{codes})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if _, err := Search(context.Background(), table(2, 1), []int{0}, Options{K: 2}); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("one record: %v", err)
	}
	if _, err := Search(context.Background(), table(2), []int{0}, Options{K: 2}); err == nil {
		t.Error("no record hides among others")
	}
	for levels := range 3 { // of which one is held
		got, err := Search(context.Background(), table(levels+1, 0, 0, 0), []int{0}, Options{K: 3})
		if err != nil || got.Loss != 0 || got.Classes != 1 || got.Heights[0] != 0 {
			t.Errorf("constant, %d levels: %+v, %v", levels+1, got, err)
		}
	}
	if r, err := Measure(table(1), []int{0}, 2, 0); err != nil || *r != (Risk{K: 2}) {
		t.Errorf("the risk of no record: %+v, %v", r, err)
	}
	if r, err := Measure(table(1, 0), []int{0}, 2, 1); err != nil || r.Highest != 1 || r.PopulationUniques != 1 {
		t.Errorf("the risk of all one of us: %+v, %v", r, err)
	}
}

// TestRiskEqualsNaive counts classes with a map of spellings and looks at every record.
func TestRiskEqualsNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 3))
	for range 300 {
		table, quasi := randomLattice(t, r)
		k := 2 + r.IntN(8)
		population := table.Rows() * (1 + r.IntN(20))
		got, err := Measure(table, quasi, k, population)
		if err != nil {
			t.Fatal(err)
		}
		class := map[string]int{}
		key := func(row int) (s string) {
			for _, a := range quasi {
				s += fmt.Sprint(table.Code(row, a), ",")
			}
			return s
		}
		for row := range table.Rows() {
			class[key(row)]++
		}
		want := Risk{Rows: table.Rows(), Classes: len(class), Smallest: math.MaxInt, K: k, Population: population}
		under := map[string]bool{}
		for row := range table.Rows() {
			n := class[key(row)]
			want.Smallest = min(want.Smallest, n)
			want.Highest = math.Max(want.Highest, 1/float64(n))
			want.Mean += 1 / float64(n) / float64(table.Rows()) // the marketer's chance with each record
			if n == 1 {
				want.Uniques++
			}
			if n < k {
				want.RowsUnderK++
				under[key(row)] = true
			}
		}
		want.ClassesUnderK = len(under)
		if math.Abs(got.Mean-want.Mean) > 1e-9 || math.Abs(got.Highest-want.Highest) > 1e-12 {
			t.Fatalf("mean %v, highest %v; want %+v", got.Mean, got.Highest, want)
		}
		want.Mean, want.Highest, want.PopulationUniques = got.Mean, got.Highest, got.PopulationUniques
		if *got != want {
			t.Fatalf("%+v, want %+v", *got, want)
		}
		if p := got.PopulationUniques; (got.Uniques > 0) != (p > 0) || p > 1 || population == table.Rows() && got.Uniques > 0 && p != 1 {
			t.Fatalf("population uniques %v: %+v", p, *got)
		}
	}
}

// TestPopulationUniquesOfASimulatedPopulation: classes of 1 to 4 people, as many of each,
// of whom each is in the sample with chance f. The estimate takes the sample's classes
// for the population's, which are larger, so that it says more than is so: never less by
// more than chance (.03 is six standard errors), and the truth where f is near one.
func TestPopulationUniquesOfASimulatedPopulation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, f := range []float64{.1, .3, .6, .95} {
		var sample []int64
		unique, alone := 0, 0 // of the sample's uniques, those alone in the population
		for class := range 20_000 {
			size, seen := 1+class%4, int64(0)
			for range size {
				if r.Float64() < f {
					seen++
				}
			}
			if seen > 0 {
				sample = append(sample, seen)
			}
			if seen == 1 {
				unique++
				if size == 1 {
					alone++
				}
			}
		}
		truth, got := float64(alone)/float64(unique), zayatz(sample, f)
		if got < truth-.03 || f == .95 && got > truth+.03 {
			t.Errorf("f = %v: %.3f, in truth %.3f", f, got, truth)
		}
		t.Logf("f = %v: %.3f, in truth %.3f", f, got, truth)
	}
}

// TestGeneralisedKeepsWhatAGroupIs: a group has its own label and is an answer; a level
// that is missing and stands alone stays missing, of its kind.
func TestGeneralisedKeepsWhatAGroupIs(t *testing.T) {
	text := func(s string) microdata.Text { return microdata.Text{"en": s} }
	c := microdata.Column{Name: "country", Levels: []microdata.Level{
		{Value: "", Missing: microdata.Unknown}, {Value: "refused", Missing: microdata.Refused}, {Value: "PER", Label: text("Peru")}, {Value: "ECU", Label: text("Ecuador")}, {Value: "FRA", Label: text("France")}}}
	c.Hierarchy = []microdata.Coarsening{{Name: "region", Of: []uint16{2, 3, 0, 0, 1}, Levels: []microdata.Level{
		{Value: "Americas", Label: text("the Americas")}, {Value: "Europe", Label: text("Europe")}, c.Levels[0], c.Levels[1]}}}
	d, err := microdata.NewDomain([]microdata.Column{c})
	if err != nil {
		t.Fatal(err)
	}
	table, _ := microdata.NewTable(d, [][]uint16{{0, 0, 1, 1, 2, 3, 4, 4}})
	found, err := Search(context.Background(), table, []int{0}, Options{K: 2})
	if err != nil || !slices.Equal(found.Heights, []int{1}) {
		t.Fatalf("%+v, %v", found, err)
	}
	out, codes, err := Apply(table, found)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range []microdata.Level{c.Levels[0], c.Levels[0], c.Levels[1], c.Levels[1], c.Hierarchy[0].Levels[0], c.Hierarchy[0].Levels[0], c.Hierarchy[0].Levels[1], c.Hierarchy[0].Levels[1]} {
		got := out.Column(0).Levels[codes[0][row]]
		if got.Value != want.Value || got.Missing != want.Missing || got.Label["en"] != want.Label["en"] {
			t.Errorf("record %d became %+v, want %+v", row, got, want)
		}
	}
}
