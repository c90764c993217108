package synth

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// TestDefaults are those that the docs state, and what is set stays.
func TestDefaults(t *testing.T) {
	o := Options{}.withDefaults()
	if o.MaxCells != 400_000 || o.Rounds != 2 || o.Workers != 1 || o.Fabrication != Limited || o.Tilt != 0 || o.Progress == nil {
		t.Errorf("defaults %+v", o)
	}
	if o = (Options{MaxCells: -3, Rounds: -1, Workers: -2}).withDefaults(); o.MaxCells != 400_000 || o.Rounds != 2 || o.Workers != 1 {
		t.Errorf("of negative options %+v", o)
	}
	o = Options{MaxCells: 9, Rounds: 5, Workers: 4}.withDefaults()
	if o.MaxCells != 9 || o.Rounds != 5 || o.Workers != 4 {
		t.Errorf("what was set became %+v", o)
	}
	w := Workload{}.withDefaults()
	if w.Order != 3 || w.MaxCells != 20_000 || w.Progress == nil {
		t.Errorf("defaults of a workload %+v", w)
	}
}

// TestCheckNamesWhatIsWrong, before anything is counted.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	d := someDomain(t, []int{3, 4, 2})
	never := func(c microdata.Clique, in ...[]bool) []rules.Never { return []rules.Never{{Clique: c, In: in}} }
	for says, o := range map[string]Options{
		"a table to publish: ":     {Publish: []microdata.Clique{{0, 3}}},
		"has 3 columns":            {Publish: []microdata.Clique{{0, 1, 2}}},
		"has 0 columns":            {Publish: []microdata.Clique{{}}},
		"Tilt must be":             {Tilt: math.NaN()},
		"a number below 1":         {Tilt: math.Inf(1)},
		"position of the dial":     {Fabrication: 3},
		"a rule: ":                 {Rules: never(microdata.Clique{2, 1}, []bool{true, true}, []bool{true, true, true, true})},
		"is not whole":             {Rules: never(microdata.Clique{0, 1}, []bool{true, false, false})},
		"knows 2 levels of column": {Rules: never(microdata.Clique{0}, []bool{true, false})},
		"tie more levels":          {Rules: never(microdata.Clique{0, 1}, []bool{true, false, false}, []bool{true, false, false, false}), MaxCells: 30},
	} {
		if err := o.withDefaults().check(d); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	if err := (Options{Tilt: -7, Publish: []microdata.Clique{{0, 1}, {0, 1}}}).withDefaults().check(d); err != nil {
		t.Errorf("sound options: %v", err)
	}
}

// TestTooWide: pairs to publish and columns that are wider than can be counted are
// refused before anything is spent; a column of as many levels as can be, all of them
// written, is not.
func TestTooWide(t *testing.T) {
	for says, c := range map[string]struct {
		sizes []int
		o     Options
	}{
		"at most 65535 can be": {[]int{65536, 2}, Options{}},
		"cells; at most":       {[]int{4000, 4000}, Options{Publish: []microdata.Clique{{0, 1}}}},
	} {
		m, b := open(t, chain(t, 10, c.sizes, 1), 1, 1)
		if _, err := Fit(context.Background(), m, c.o); err == nil || !strings.Contains(err.Error(), says) || b.Spent() != 0 {
			t.Errorf("%v: %v, %v spent", c.sizes, err, b.Spent())
		}
	}
	d := someDomain(t, []int{mostLevels, 2})
	records := [][]uint16{make([]uint16, mostLevels+1), make([]uint16, mostLevels+1)}
	for i := range mostLevels {
		records[0][i] = uint16(i)
	}
	least := newRoll(d, records, 1).least(2)
	if least[0] != 2 || least[mostLevels] != 2 || least[1] != 1 || least[mostLevels-1] != 1 {
		t.Errorf("shared by %d, %d, %d and %d", least[0], least[mostLevels], least[1], least[mostLevels-1])
	}
}

// TestRulesThatLeaveNoRecord end a fit with an error that says so.
func TestRulesThatLeaveNoRecord(t *testing.T) {
	in := func(levels ...bool) []bool { return levels }
	for name, never := range map[string][]rules.Never{
		"every level":  {{Clique: microdata.Clique{0}, In: [][]bool{in(true, true)}}},
		"level by one": {{Clique: microdata.Clique{0}, In: [][]bool{in(true, false)}}, {Clique: microdata.Clique{0}, In: [][]bool{in(false, true)}}},
		"in pairs": {
			{Clique: microdata.Clique{0, 1}, In: [][]bool{in(true, true), in(true, false)}},
			{Clique: microdata.Clique{0, 1}, In: [][]bool{in(true, true), in(false, true)}},
		},
	} {
		m, _ := open(t, chain(t, 50, []int{2, 2}, 1), 1, 1)
		if _, err := Fit(context.Background(), m, Options{Rules: never}); err == nil || !strings.Contains(err.Error(), "leave no record") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProgressIsTold: every stage is named, in its order, and counts up to its total.
func TestProgressIsTold(t *testing.T) {
	var order []string
	last := map[string]int{}
	m, _ := open(t, chain(t, 800, []int{4, 5, 3}, 1), 1, 1)
	if _, err := Fit(context.Background(), m, Options{Tilt: .3, Progress: func(stage string, done, total int) {
		if !slices.Contains(order, stage) {
			order = append(order, stage)
		}
		if done < 0 || done > total || total < 1 || done < last[stage] && done != 0 {
			t.Errorf("%s: %d of %d, after %d", stage, done, total, last[stage])
		}
		last[stage] = done
	}}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"fit", "measure", "tilt", "mend"}) {
		t.Errorf("stages %v", order)
	}
}

// TestIndependentKnowsNoPairs: single columns are measured with the whole budget, and
// columns that copy each other come out independent.
func TestIndependentKnowsNoPairs(t *testing.T) {
	codes := make([][]uint16, 2)
	for i := range 4000 {
		codes[0], codes[1] = append(codes[0], uint16(i%4)), append(codes[1], uint16(i%4))
	}
	table, err := microdata.NewTable(someDomain(t, []int{4, 4}), codes)
	if err != nil {
		t.Fatal(err)
	}
	m, b := open(t, table, .2, 1)
	model, err := Independent(context.Background(), m, Options{Fabrication: Strict, Rounds: 9})
	if err != nil {
		t.Fatal(err)
	}
	if left := float64(b.Left() / b.Total()); left > 1e-9 || len(model.Tables()) != 2 {
		t.Errorf("%v of the budget left, %d tables", left, len(model.Tables()))
	}
	for _, x := range model.Tables() {
		if x.Variance < 50 || x.Variance > 50.5 { // half of the budget each, and an eighth
			t.Errorf("variance %v", x.Variance)
		}
	}
	records, err := model.Generate(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	same := 0.0
	for i := range records[0] {
		if records[0][i] == records[1][i] {
			same += 1 / float64(len(records[0]))
		}
	}
	// A quarter by chance, with a standard deviation of .007.
	if math.Abs(same-.25) > .05 {
		t.Errorf("%.3f of the records copy", same)
	}
	empty, _ := open(t, newTable(t, nil, nil), 1, 1)
	if _, err := Independent(context.Background(), empty, Options{}); err == nil {
		t.Error("no column: taken")
	}
	if _, err := Tabulate(context.Background(), empty, Workload{}); err == nil {
		t.Error("no column: tabulated")
	}
}

// TestUnlimitedDrawsAnew: where the dial has no say another seed draws other records,
// with the model's single columns, each level within the rounding of its groups.
func TestUnlimitedDrawsAnew(t *testing.T) {
	table := chain(t, 3000, []int{4, 30, 3}, 5)
	for _, tilt := range []float64{-1, .4} {
		model := fit(t, table, .5, Options{Fabrication: Unlimited, Tilt: tilt})
		sorted := func(seed uint64) [][3]uint16 {
			records, err := model.Generate(context.Background(), seed)
			if err != nil {
				t.Fatal(err)
			}
			out := make([][3]uint16, len(records[0]))
			for i := range out {
				out[i] = [3]uint16{records[0][i], records[1][i], records[2][i]}
			}
			for _, x := range model.Tables()[:3] {
				counts := make([]float64, len(x.Fitted))
				for _, v := range records[x.Clique[0]] {
					counts[v]++
				}
				for l, n := range counts {
					if math.Abs(n-x.Fitted[l]) > 12 {
						t.Errorf("tilt %v, seed %d: column %v level %d: %v records, fitted %.1f", tilt, seed, x.Clique, l, n, x.Fitted[l])
					}
				}
			}
			slices.SortFunc(out, func(a, b [3]uint16) int { return slices.Compare(a[:], b[:]) })
			return out
		}
		if slices.Equal(sorted(1), sorted(2)) {
			t.Errorf("tilt %v: another seed drew the same records", tilt)
		}
	}
}

// TestPublishedThroughout: pairs to be published are measured at any budget, dial and
// tilt, also where they are wide, and twice named is once measured in the tables.
func TestPublishedThroughout(t *testing.T) {
	table := chain(t, 500, []int{3, 40, 4, 30}, 3)
	publish := []microdata.Clique{{0, 2}, {1, 3}, {0, 2}}
	dialsAndTilts(func(name string, o Options) {
		for _, mu := range []dp.Mu{.01, 1} {
			o.Publish, o.MaxCells = publish, 2000
			m, _ := open(t, table, mu, 2)
			model, err := Fit(context.Background(), m, o)
			if err != nil {
				continue // a strict output of nothing
			}
			for _, c := range publish[:2] {
				n := 0
				for _, x := range model.Tables() {
					if slices.Equal(x.Clique, c) {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%s, μ = %v: %d tables over %v", name, mu, n, c)
				}
			}
		}
	})
}

// TestEvidence: all single columns and, of the pairs, those that are asked for, each
// measurement by itself with its own precision.
func TestEvidence(t *testing.T) {
	f := &fitting{singles: []pgm.Measurement{{Clique: microdata.Clique{0}}, {Clique: microdata.Clique{1}}}}
	f.measured = []dp.Measurement{
		{Clique: microdata.Clique{0, 1}, Noisy: []int64{1, -2}, Variance: 4},
		{Clique: microdata.Clique{0, 2}, Noisy: []int64{7}, Variance: 8},
		{Clique: microdata.Clique{0, 1}, Noisy: []int64{3, 4}, Variance: 16},
	}
	got := f.evidence(func(c microdata.Clique) bool { return c[1] == 1 })
	if len(got) != 4 || !slices.Equal(got[2].Counts, []float64{1, -2}) || got[2].Precision[0] != .25 || got[3].Precision[0] != 1./16 {
		t.Errorf("evidence %+v", got)
	}
	if len(f.singles) != 2 || len(f.evidence(func(microdata.Clique) bool { return false })) != 2 {
		t.Error("the single columns were added to")
	}
}
