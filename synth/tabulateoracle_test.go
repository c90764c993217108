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
	"amparo/synth/residual"
)

// TestUnbiasedAndExactlyVaried: over 200 runs, orders 1 to 4, the mean error of every
// count is nothing and its mean square is the stated variance. Each mean is within
// 5.5 standard deviations (√(v/200)), each mean square within 5.5 of √(2/200) of v, for
// every one of about 230 cells: by chance once in 50,000 runs; the noise is fixed.
func TestUnbiasedAndExactlyVaried(t *testing.T) {
	table := chain(t, 300, []int{2, 3, 5, 2}, 4)
	const runs = 200
	var mean, squares [][]float64
	var variance []float64
	for seed := range runs {
		m, _ := open(t, table, .6, byte(seed))
		out, err := Tabulate(context.Background(), m, Workload{Order: 4})
		if err != nil {
			t.Fatal(err)
		}
		if mean == nil {
			for _, x := range out.Tables {
				mean, squares = append(mean, make([]float64, len(x.Unbiased))), append(squares, make([]float64, len(x.Unbiased)))
				variance = append(variance, x.Variance)
			}
		}
		for i, x := range out.Tables {
			if x.Variance != variance[i] {
				t.Fatal("the variance depends on the noise")
			}
			for c, n := range truth(table, x.Clique) {
				d := x.Unbiased[c] - n
				mean[i][c] += d / runs
				squares[i][c] += d * d / runs
			}
		}
	}
	for i := range mean {
		for c := range mean[i] {
			if math.Abs(mean[i][c]) > 5.5*math.Sqrt(variance[i]/runs) {
				t.Errorf("table %d cell %d: bias %.2f of a standard deviation of %.2f", i, c, mean[i][c], math.Sqrt(variance[i]))
			}
			if math.Abs(squares[i][c]/variance[i]-1) > 5.5*math.Sqrt(2./runs) {
				t.Errorf("table %d cell %d: mean square error %.2f, stated %.2f", i, c, squares[i][c], variance[i])
			}
		}
	}
}

// TestFittedKeepsManyRules: over two and three columns and one, no fitted count of
// any table, of any order, holds what rules forbid, summed by hand from the largest
// table.
func TestFittedKeepsManyRules(t *testing.T) {
	sizes := []int{3, 4, 2, 3}
	table := chain(t, 2000, sizes, 6)
	never := []rules.Never{
		{Clique: microdata.Clique{0, 1}, In: [][]bool{{true, false, false}, {false, true, true, false}}},
		{Clique: microdata.Clique{0, 2, 3}, In: [][]bool{{false, true, true}, {true, false}, {false, false, true}}},
		{Clique: microdata.Clique{3}, In: [][]bool{{true, false, false}}},
	}
	for _, mu := range []dp.Mu{.05, 1} {
		out := tabulate(t, table, mu, 3, Workload{Order: 4, Rules: never, Workers: 2})
		whole := out.Tables[len(out.Tables)-1]
		if len(whole.Clique) != 4 {
			t.Fatalf("the last table is over %v", whole.Clique)
		}
		row := make([][]uint16, 4)
		for a := range row {
			row[a] = make([]uint16, 1)
		}
		for c, v := range whole.Fitted {
			rest := c
			for a := 3; a >= 0; a-- {
				row[a][0] = uint16(rest % sizes[a])
				rest /= sizes[a]
			}
			if v != 0 && !keeps(never, row, 0) {
				t.Errorf("μ = %v: %v are fitted to what is forbidden", mu, v)
			}
		}
	}
}

// TestCoarseTablesAddUp: a table with coarsened levels holds, in each cell, the sum
// of the fine ones, and the sum of their variances.
func TestCoarseTablesAddUp(t *testing.T) {
	table := chain(t, 300, []int{40, 3, 30}, 2)
	m, _ := open(t, table, .2, 1)
	var got []pgm.Measurement
	p := &projection{}
	sizes := table.Domain().Sizes()
	p.fine, p.Options = m, Options{}.withDefaults()
	r := pgm.NewRand(2)
	for k := 1; k <= 3; k++ {
		for _, c := range microdata.AllCliques(3, k) {
			x := truth(table, c)
			for i := range x {
				x[i] += 20 * (r.Float64() - .5)
			}
			p.tables = append(p.tables, residual.Table{Clique: c, Counts: x, Variance: float64(10 * k)})
		}
	}
	if err := p.lay(); err != nil {
		t.Fatal(err)
	}
	if p.steps[0] == nil {
		t.Fatal("nothing was coarsened: this test sees nothing")
	}
	got = p.coarseTables()
	if len(got) != 7 {
		t.Fatalf("%d tables", len(got))
	}
	for _, x := range got[3:] {
		fine := p.tables[slices.IndexFunc(p.tables, func(y residual.Table) bool { return slices.Equal(y.Clique, x.Clique) })]
		want, parts := make([]float64, len(x.Counts)), make([]float64, len(x.Counts))
		for c, y := range fine.Counts {
			rest, at, step := c, 0, 1
			for i := len(x.Clique) - 1; i >= 0; i-- {
				a := x.Clique[i]
				l := rest % sizes[a]
				rest /= sizes[a]
				if p.steps[a] != nil {
					l = int(p.steps[a].Of[l])
				}
				at += l * step
				step *= p.sizes[a]
			}
			want[at] += y
			parts[at] += fine.Variance
		}
		for c := range want {
			if math.Abs(x.Counts[c]-want[c]) > 1e-9*(1+math.Abs(want[c])) || math.Abs(x.Precision[c]*parts[c]-1) > 1e-9 {
				t.Fatalf("table %v cell %d: %v, want %v; variance %v, want %v", x.Clique, c, x.Counts[c], want[c], 1/x.Precision[c], parts[c])
			}
		}
	}
}

// TestSurprisingFindsTheWrong: tables that the sample contradicts come first, those
// that noise explains not at all, and never more than asked for.
func TestSurprisingFindsTheWrong(t *testing.T) {
	s := square(3, 4, 2)
	p := &projection{}
	p.sample, p.sizes, p.total, p.Options = s, s.sizes, 2400, Options{}.withDefaults()
	r := pgm.NewRand(5)
	measured := func(c microdata.Clique, shift float64) pgm.Measurement {
		y := plain(s, s.weight, c)
		scale(y, 2400)
		for i := range y {
			y[i] += 10*(r.Float64()+r.Float64()+r.Float64()-1.5)*2 + shift*float64(1-2*(i%2))
		}
		return pgm.Measurement{Clique: c, Counts: y, Precision: []float64{.01}}
	}
	tables := []pgm.Measurement{
		measured(microdata.Clique{0, 1}, 0), measured(microdata.Clique{0, 2}, 60),
		measured(microdata.Clique{1, 2}, 200), measured(microdata.Clique{0, 1, 2}, 90),
	}
	got := p.surprising(context.Background(), tables, 10)
	if len(got) != 3 || len(got[0].Clique) != 2 || got[0].Clique[0] != 1 {
		t.Errorf("of three wrong tables %d were found", len(got))
	}
	if got := p.surprising(context.Background(), tables, 1); len(got) != 1 || !slices.Equal(got[0].Clique, microdata.Clique{1, 2}) {
		t.Errorf("the worst is %v", got)
	}
	if got := p.surprising(context.Background(), nil, 5); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}

// TestCountsAreCounted: the fitted counts of records, by tallying, are those by hand.
func TestCountsAreCounted(t *testing.T) {
	table := chain(t, 700, []int{3, 4, 2, 5}, 7)
	m, _ := open(t, table, 1, 1)
	p := &projection{}
	p.fine, p.total, p.Options = m, 350, Options{Workers: 2}.withDefaults()
	records := make([][]uint16, 4)
	for a := range records {
		for row := range table.Rows() {
			records[a] = append(records[a], uint16(table.Code(row, a)))
		}
	}
	for k := 1; k <= 4; k++ {
		for _, c := range microdata.AllCliques(4, k) {
			p.tables = append(p.tables, residual.Table{Clique: c, Counts: make([]float64, c.Cells(table.Domain().Sizes())), Variance: 1})
		}
	}
	got, err := p.counts(context.Background(), records)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range p.tables {
		for c, n := range truth(table, x.Clique) {
			if math.Abs(got[i][c]-n/2) > 1e-9 {
				t.Fatalf("table %v cell %d: %v, want %v", x.Clique, c, got[i][c], n/2)
			}
		}
	}
}

// TestWorkloadLimits: each order counts its sets, large tables are left out and said,
// single columns never, and a workload past the bound is refused with its name.
func TestWorkloadLimits(t *testing.T) {
	sizes := []int{2, 30, 5, 9}
	for order, want := range []int{14, 4, 10, 14, 15} { // 0: the default, three
		tables, omitted, err := Workload{Order: order}.Cliques(sizes)
		if err != nil || len(tables) != want || len(omitted) != 0 {
			t.Errorf("order %d: %d tables, %d omitted, %v", order, len(tables), len(omitted), err)
		}
	}
	tables, omitted, err := Workload{Order: 4, MaxCells: 20}.Cliques(sizes)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tables {
		if len(c) > 1 && c.Cells(sizes) > 20 {
			t.Errorf("%v has %d cells", c, c.Cells(sizes))
		}
	}
	for _, c := range omitted {
		if len(c) < 2 || c.Cells(sizes) <= 20 {
			t.Errorf("%v, of %d cells, is left out", c, c.Cells(sizes))
		}
	}
	if len(tables)+len(omitted) != 15 {
		t.Errorf("%d tables and %d omitted", len(tables), len(omitted))
	}
	if _, _, err := (Workload{Order: 2}).Cliques(slices.Repeat([]int{120}, 70)); err == nil || !strings.Contains(err.Error(), "too many cells") {
		t.Errorf("%v", err)
	}
}
