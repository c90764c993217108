package synth

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// drawnModel is a model of a tree over columns as given, fitted to a table's exact
// single columns and neighbouring pairs, and that evidence.
func drawnModel(t *testing.T, table *microdata.Table, dial Fabrication) (*Model, []pgm.Measurement) {
	t.Helper()
	d := table.Domain()
	m := &Model{domain: d, sizes: d.Sizes(), total: float64(table.Rows()), fabrication: dial, workers: 2, steps: make([]*microdata.Coarsening, d.Len())}
	var sets []microdata.Clique
	var ms []pgm.Measurement
	for a := range d.Len() {
		c := microdata.Clique{a}
		y := truth(table, c)
		ms = append(ms, pgm.Measurement{Clique: c, Counts: y, Precision: []float64{.01}})
		noisy := make([]int64, len(y))
		for l, v := range y {
			noisy[l] = int64(v)
		}
		m.columns = append(m.columns, dp.Measurement{Clique: c, Noisy: noisy, Variance: 4})
		m.estimate = append(m.estimate, y)
		if a > 0 {
			sets = append(sets, microdata.Clique{a - 1, a})
			ms = append(ms, pgm.Measurement{Clique: sets[a-1], Counts: truth(table, sets[a-1]), Precision: []float64{.01}})
		}
	}
	var err error
	if m.tree, err = pgm.NewTree(m.sizes, pgm.Triangulate(m.sizes, sets), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := m.tree.Fit(context.Background(), ms, m.total, pgm.Effort{}); err != nil {
		t.Fatal(err)
	}
	return m, ms
}

// rows lists records as strings of codes, so that they can be looked up.
func rows(records [][]uint16) (out []string) {
	for i := range records[0] {
		s := ""
		for _, column := range records {
			s += string(rune(column[i])) + " "
		}
		out = append(out, s)
	}
	return out
}

// TestMendWritesOthersInstead: at the default dial there are as many records as
// drawn, each one that was drawn; fewer hold combinations of little support; and single
// columns and measured pairs stay within a twentieth of all records of the evidence.
func TestMendWritesOthersInstead(t *testing.T) {
	table := rareTable(t, 5000)
	m, evidence := drawnModel(t, table, Limited)
	_, drawn, err := m.draw(context.Background(), pgm.NewRand(5))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.mend(context.Background(), evidence, pgm.NewRand(5)); err != nil {
		t.Fatal(err)
	}
	if len(m.written[0]) != len(drawn[0]) {
		t.Errorf("%d records became %d", len(drawn[0]), len(m.written[0]))
	}
	known := map[string]bool{}
	for _, r := range rows(drawn) {
		known[r] = true
	}
	for _, r := range rows(m.written) {
		if !known[r] {
			t.Fatal("a record was written that was not drawn")
		}
	}
	lonely := func(records [][]uint16) (n int) {
		for _, least := range rarest(table.Domain(), records, 3) {
			if least < 2 {
				n++
			}
		}
		return n
	}
	if before, after := lonely(drawn), lonely(m.written); before == 0 || after > before/3 {
		t.Errorf("%d records held a combination of their own, %d do", before, after)
	}
	for _, e := range evidence {
		away, y := 0.0, even(m.sizes, m.written, 1).marginal(e.Clique)
		for c, n := range e.Counts {
			away += math.Abs(m.total*y[c] - n)
		}
		if away > .05*m.total {
			t.Errorf("columns %v are %.0f away from what was measured", e.Clique, away)
		}
	}
}

// TestMendLeavesTheSupportedAlone: where every combination has support the records
// are those drawn.
func TestMendLeavesTheSupportedAlone(t *testing.T) {
	codes := make([][]uint16, 3)
	for i := range 900 {
		for a := range codes {
			codes[a] = append(codes[a], uint16(1+i>>a&1))
		}
	}
	table, err := microdata.NewTable(someDomain(t, []int{3, 3, 3}, true, true, true), codes)
	if err != nil {
		t.Fatal(err)
	}
	for dial := range Strict + 1 {
		if dial == Unlimited {
			continue
		}
		m, evidence := drawnModel(t, table, dial)
		_, drawn, err := m.draw(context.Background(), pgm.NewRand(5))
		if err != nil {
			t.Fatal(err)
		}
		if rare := plainSets(table.Domain(), drawn, StrictSupport); len(rare) > 0 {
			t.Fatalf("%d records drawn lack support: the table is not what this test wants", len(rare))
		}
		if err := m.mend(context.Background(), evidence, pgm.NewRand(5)); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(m.written, drawn, slices.Equal) {
			t.Errorf("%v: records were changed", dial)
		}
	}
}

// TestMendStopsWhenCancelled, whatever the dial.
func TestMendStopsWhenCancelled(t *testing.T) {
	for _, dial := range []Fabrication{Limited, Strict} {
		m, evidence := drawnModel(t, rareTable(t, 800), dial)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		m.steps[0] = &microdata.Coarsening{Levels: m.domain.Column(0).Levels, Of: []uint16{0, 1, 2, 3, 4}}
		if err := m.mend(ctx, evidence, pgm.NewRand(5)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v", dial, err)
		}
	}
}

// TestPairsMeasuredAgainCover: pairs to be published that later rounds measure again
// are put together, and their intervals of ±1.96 standard deviations hold the true
// counts. Of 60 fits the share held has a standard deviation below .01; it leaves
// .95 ± .035 by chance once in 2,000 runs, and the noise is fixed.
func TestPairsMeasuredAgainCover(t *testing.T) {
	table := chain(t, 2500, []int{3, 4}, 5)
	want := truth(table, microdata.Clique{0, 1})
	held, cells, least := 0.0, 0.0, math.Inf(1)
	for seed := range byte(60) {
		m, _ := open(t, table, .5, seed)
		model, err := Fit(context.Background(), m, Options{Publish: []microdata.Clique{{0, 1}}, Rounds: 3, Tilt: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range model.Tables() {
			if len(x.Clique) != 2 || x.Coarse[0] != nil || x.Coarse[1] != nil {
				continue
			}
			least = min(least, x.Variance)
			for c, n := range want {
				if cells++; math.Abs(float64(x.Noisy[c])-n) <= 1.96*math.Sqrt(x.Variance) {
					held++
				}
			}
		}
	}
	if share := held / cells; cells < 500 || math.Abs(share-.95) > .035 {
		t.Errorf("%.3f of %v counts are in their intervals", share, cells)
	}
	// All that is left after columns and scores: .9·.9 of μ² = .25 at the most.
	if least > 1/(.25*.75)+2 {
		t.Errorf("a pair measured in three rounds has a variance of %.2f at least", least)
	}
}
