package synth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
)

// missingEverywhere has columns whose first level is no answer.
func missingEverywhere(t *testing.T, n int, sizes ...int) *microdata.Table {
	codes := make([][]uint16, len(sizes))
	for a := range codes {
		codes[a] = make([]uint16, n)
	}
	table, err := microdata.NewTable(someDomain(t, sizes, slices.Repeat([]bool{true}, len(sizes))...), codes)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func constant(t *testing.T, n int, sizes ...int) *microdata.Table {
	codes := make([][]uint16, len(sizes))
	for a, size := range sizes {
		codes[a] = slices.Repeat([]uint16{uint16(size - 1)}, n)
	}
	table, err := microdata.NewTable(someDomain(t, sizes), codes)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// odd are tables that a careless model falls over.
func odd(t *testing.T) map[string]*microdata.Table {
	return map[string]*microdata.Table{
		"no row":                 chain(t, 0, []int{3, 4}, 1),
		"one row":                chain(t, 1, []int{3, 4, 2}, 1),
		"one column":             chain(t, 40, []int{5}, 1),
		"one level":              chain(t, 40, []int{1}, 1),
		"levels of one":          chain(t, 40, []int{1, 3, 1}, 1),
		"all missing":            missingEverywhere(t, 200, 4, 3, 5),
		"constant":               constant(t, 200, 4, 3, 5),
		"wide":                   chain(t, 60, []int{700, 3, 900}, 1),
		"wider than a tree":      chain(t, 60, []int{1500, 1500}, 1),
		"more columns than rows": chain(t, 4, slices.Repeat([]int{2}, 18), 1),
	}
}

// TestOddTablesAtEveryDial: whatever the table, the budget from next to none to next
// to endless, and the dial, a fit ends with records inside the domain, near the noisy
// total, and tables without a hole; only a strict output may say that nothing is left.
func TestOddTablesAtEveryDial(t *testing.T) {
	for name, table := range odd(t) {
		for _, mu := range []dp.Mu{1e-3, .3, 50} {
			for dial := Limited; dial <= Strict; dial++ {
				m, _ := open(t, table, mu, 5)
				model, err := Fit(context.Background(), m, Options{Fabrication: dial})
				if err != nil {
					if dial != Strict {
						t.Errorf("%s, μ = %v, %v: %v", name, mu, dial, err)
					}
					continue
				}
				codes, err := model.Generate(context.Background(), 2)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := microdata.NewTable(model.Domain(), codes); err != nil {
					t.Errorf("%s, μ = %v, %v: %v", name, mu, dial, err)
				}
				if n := float64(len(codes[0])); dial != Strict && math.Abs(n-max(model.Total(), 1)) > 1 || n > model.Total()+1 || n < 1 {
					t.Errorf("%s, μ = %v, %v: %v records for a total of %v", name, mu, dial, n, model.Total())
				}
				for _, x := range model.Tables() {
					if !(x.Variance > 0) || slices.ContainsFunc(x.Fitted, func(v float64) bool { return !(v >= 0) || math.IsInf(v, 0) }) {
						t.Errorf("%s, μ = %v, %v: table %v has variance %v, fitted %v", name, mu, dial, x.Clique, x.Variance, x.Fitted)
					}
					if got := sum(x.Fitted); math.Abs(got-float64(len(codes[0]))) > 1 {
						t.Errorf("%s, μ = %v, %v: table %v is fitted with %v records of %d", name, mu, dial, x.Clique, got, len(codes[0]))
					}
				}
			}
		}
	}
}

// TestOddTablesTabulated: the same tables, tabulated, with rules and without.
func TestOddTablesTabulated(t *testing.T) {
	for name, table := range odd(t) {
		for _, mu := range []dp.Mu{1e-3, .3, 50} {
			out := tabulate(t, table, mu, 5, Workload{Order: 2})
			if len(out.Tables)+len(out.Omitted) != len(microdata.AllCliques(table.Domain().Len(), 1))+len(microdata.AllCliques(table.Domain().Len(), 2)) {
				t.Errorf("%s: %d tables and %d omitted", name, len(out.Tables), len(out.Omitted))
			}
			for _, x := range out.Tables {
				if !(x.Variance > 0) || math.IsInf(x.Variance, 0) || slices.ContainsFunc(x.Unbiased, math.IsNaN) ||
					slices.ContainsFunc(x.Fitted, func(v float64) bool { return !(v >= 0) }) {
					t.Errorf("%s, μ = %v: table %v is not sound", name, mu, x.Clique)
				}
			}
		}
	}
}

// TestCertaintyKeepsConstants: with next to no noise, columns of one value stay so,
// and an all-missing table stays all missing.
func TestCertaintyKeepsConstants(t *testing.T) {
	for name, table := range map[string]*microdata.Table{"constant": constant(t, 300, 4, 3, 5), "missing": missingEverywhere(t, 300, 4, 3, 5)} {
		for dial := Limited; dial <= Strict; dial++ {
			codes, err := fit(t, table, 200, Options{Fabrication: dial}).Generate(context.Background(), 1)
			if err != nil {
				t.Fatal(err)
			}
			for a := range codes {
				other := 0
				for _, v := range codes[a] {
					if int(v) != table.Code(0, a) {
						other++
					}
				}
				if other > 2 || dial == Strict && other > 0 {
					t.Errorf("%s, %v: column %d has %d other values", name, dial, a, other)
				}
			}
		}
	}
}

// TestNextToNoBudget: at ε = 10⁻⁴, δ = 10⁻⁶ a fit is an honest, nearly independent
// result: no level that the noise does not show stands out, and nothing of the one
// row is in it that a table without it does not show: the same noise and the row in
// another place give the same records but for a chance that ε and δ bound.
func TestNextToNoBudget(t *testing.T) {
	mu, err := dp.MuFor(1e-4, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	d := someDomain(t, []int{3, 3})
	a, err := microdata.NewTable(d, [][]uint16{{0, 0, 1, 2}, {0, 0, 1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := microdata.NewTable(d, [][]uint16{{0, 0, 1}, {0, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range byte(6) {
		var both [2]*Model
		for i, table := range []*microdata.Table{a, b} {
			m, _ := open(t, table, mu, seed)
			if both[i], err = Fit(context.Background(), m, Options{MaxCells: 500}); err != nil {
				t.Fatal(err)
			}
		}
		// The total's own noise has a standard deviation of thousands.
		if d := math.Abs(both[0].Total() - both[1].Total()); d > 1+1e-6 {
			t.Errorf("seed %d: one row of four moved the total by %v", seed, d)
		}
	}
}

// TestTooLittleBudgetSpendsNothing: from a budget next to nothing, whose noise alone
// would write records without end, every run is refused untouched, however many columns
// there are; from one that is merely tiny none is.
func TestTooLittleBudgetSpendsNothing(t *testing.T) {
	runs := map[string]func(*dp.Mechanism) error{
		"fit":         func(m *dp.Mechanism) error { _, err := Fit(context.Background(), m, Options{}); return err },
		"independent": func(m *dp.Mechanism) error { _, err := Independent(context.Background(), m, Options{}); return err },
		"tables": func(m *dp.Mechanism) error {
			_, err := Tabulate(context.Background(), m, Workload{Order: 2})
			return err
		},
	}
	for _, columns := range []int{1, 2, 40} {
		table := chain(t, 3, slices.Repeat([]int{2}, columns), 1)
		for _, mu := range []dp.Mu{1e-12, 1e-8, 1e-3} {
			if mu > 1e-6 && columns > 2 {
				continue // takes long
			}
			for name, run := range runs {
				m, b := open(t, table, mu, 1)
				err := run(m)
				if refused := mu < 1e-6; refused != (err != nil) || refused != (b.Spent() == 0) {
					t.Errorf("%s of %d columns, μ = %v: %v, %v spent", name, columns, mu, err, b.Spent())
				}
			}
		}
	}
}

// TestTotalPrecision is what the columns' sums, put together, are known with.
func TestTotalPrecision(t *testing.T) {
	d := chain(t, 1, []int{3, 40, 2}, 1).Domain()
	const share = dp.Precision(1e-4)
	got, want, squares := totalPrecision(d, share), 0.0, 0.0
	for a, ask := range columnAsks(d, share) {
		want += float64(ask.Share) / float64(d.Size(a))
	}
	if math.Abs(float64(got)/want-1) > 1e-12 {
		t.Errorf("precision %v, want %v", got, want)
	}
	// Simulated: 400 totals; χ² within 5 of its own standard deviations, √(2/400), but
	// for a chance of 10⁻⁶. The noise has a little more than 1/share.
	table := chain(t, 50_000, []int{3, 40, 2}, 1)
	for seed := range 400 {
		budget, err := dp.NewBudget(share.Mu())
		if err != nil {
			t.Fatal(err)
		}
		m, err := dp.Open(microdata.NewCounter(table, 1), budget, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 9}), dp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		columns, err := measureColumns(context.Background(), m, share)
		if err != nil {
			t.Fatal(err)
		}
		total := totalOf(columns)
		squares += (total - 50_000) * (total - 50_000) * float64(got) / 400
	}
	if math.Abs(squares-1) > 5*math.Sqrt(2./400) {
		t.Errorf("the total's variance is %.3f of what was said", squares)
	}
}
