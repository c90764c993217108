package synth

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/dp/replay"
	"amparo/microdata"
	"amparo/microdata/rules"
)

func tabulate(t testing.TB, table *microdata.Table, mu dp.Mu, seed byte, w Workload) *Tabulation {
	t.Helper()
	m, b := open(t, table, mu, seed)
	out, err := Tabulate(context.Background(), m, w)
	if err != nil {
		t.Fatal(err)
	}
	if left := float64(b.Left() / b.Total()); left > 1e-9 {
		t.Errorf("%.3g of the budget was not used", left)
	}
	return out
}

// truth counts a table's rows over a clique, one by one.
func truth(table *microdata.Table, c microdata.Clique) []float64 {
	out := make([]float64, c.Cells(table.Domain().Sizes()))
	for r := range table.Rows() {
		k := 0
		for _, a := range c {
			k = k*table.Domain().Size(a) + int(table.Code(r, a))
		}
		out[k]++
	}
	return out
}

// TestTabulateCovers: over 40 runs, how often the interval of ±1.96 standard
// deviations holds the true count. Cells of a table and tables of a run depend on
// each other, so that the test counts whole runs: the mean of 40 independent
// shares, each with a standard deviation below 0.03, is within 0.95 ± 0.02 but for a
// chance of 10⁻⁴; the noise is fixed.
func TestTabulateCovers(t *testing.T) {
	table := chain(t, 5000, []int{2, 3, 6, 2}, 3)
	held, cells := 0.0, 0.0
	for seed := range 40 {
		out := tabulate(t, table, .3, byte(seed+1), Workload{})
		if len(out.Tables) != 4+6+4 || len(out.Omitted) != 0 {
			t.Fatalf("%d tables", len(out.Tables))
		}
		for _, x := range out.Tables {
			for c, n := range truth(table, x.Clique) {
				if cells++; math.Abs(x.Unbiased[c]-n) <= 1.96*math.Sqrt(x.Variance) {
					held++
				}
			}
		}
	}
	if share := held / cells; math.Abs(share-.95) > .02 {
		t.Errorf("the intervals hold %.3f of the counts", share)
	}
}

// TestFittedCountsAgree: not negative, and the same wherever tables overlap.
func TestFittedCountsAgree(t *testing.T) {
	table := chain(t, 4000, []int{3, 2, 5, 4, 2}, 5)
	out := tabulate(t, table, .5, 2, Workload{Order: 4})
	of := map[string]Tabulated{}
	for _, x := range out.Tables {
		of[cliqueKey(x.Clique)] = x
		sum := 0.0
		for _, v := range x.Fitted {
			if v < 0 {
				t.Fatalf("%v: a fitted count of %v", x.Clique, v)
			}
			sum += v
		}
		if math.Abs(sum-out.Total) > 1e-6*out.Total {
			t.Errorf("%v adds up to %v of %v", x.Clique, sum, out.Total)
		}
	}
	for _, x := range out.Tables {
		for drop := range x.Clique {
			if len(x.Clique) == 1 {
				continue
			}
			rest := slices.Delete(slices.Clone(x.Clique), drop, drop+1)
			for name, of2 := range map[string][2][]float64{
				"fitted":   {x.Fitted, of[cliqueKey(rest)].Fitted},
				"unbiased": {x.Unbiased, of[cliqueKey(rest)].Unbiased},
			} {
				for c, v := range sumOver(table.Domain().Sizes(), x.Clique, drop, of2[0]) {
					if math.Abs(v-of2[1][c]) > 1e-6*out.Total {
						t.Fatalf("%s: %v summed to %v has %v, the table %v", name, x.Clique, rest, v, of2[1][c])
					}
				}
			}
		}
	}
}

func cliqueKey(c microdata.Clique) string {
	s := ""
	for _, a := range c {
		s += string(rune('a' + a))
	}
	return s
}

func sumOver(sizes []int, c microdata.Clique, drop int, x []float64) []float64 {
	after := 1
	for _, a := range c[drop+1:] {
		after *= sizes[a]
	}
	d := sizes[c[drop]]
	out := make([]float64, len(x)/d)
	for i, v := range x {
		out[i/(after*d)*after+i%after] += v
	}
	return out
}

// TestFittedCountsAreCloser: with much noise, the fitted counts err far less than the
// unbiased ones.
func TestFittedCountsAreCloser(t *testing.T) {
	table := chain(t, 5000, []int{4, 5, 6, 4, 3, 2, 2}, 9)
	out := tabulate(t, table, .15, 4, Workload{})
	unbiased, fitted := 0.0, 0.0
	for _, x := range out.Tables {
		for c, n := range truth(table, x.Clique) {
			unbiased += math.Abs(x.Unbiased[c] - n)
			fitted += math.Abs(x.Fitted[c] - n)
		}
	}
	if fitted > .6*unbiased {
		t.Errorf("the fitted counts err by %.0f, the unbiased ones by %.0f", fitted, unbiased)
	}
}

func TestTabulateKeepsRules(t *testing.T) {
	table := chain(t, 3000, []int{2, 2, 3}, 1)
	never := rules.Never{Clique: microdata.Clique{0, 2}, In: [][]bool{{true, false}, {false, false, true}}}
	out := tabulate(t, table, .5, 3, Workload{Rules: []rules.Never{never}})
	for _, x := range out.Tables {
		if slices.Equal(x.Clique, never.Clique) && x.Fitted[2] != 0 {
			t.Errorf("%v of the rows break the rule", x.Fitted[2])
		}
	}
}

func TestTabulateIsTheSameForAnyWorkers(t *testing.T) {
	table := chain(t, 3000, []int{3, 4, 2, 5}, 2)
	one, two := tabulate(t, table, .5, 3, Workload{Workers: 1}), tabulate(t, table, .5, 3, Workload{Workers: 3})
	for i := range one.Tables {
		if !slices.Equal(one.Tables[i].Fitted, two.Tables[i].Fitted) || !slices.Equal(one.Tables[i].Unbiased, two.Tables[i].Unbiased) {
			t.Fatalf("table %v differs", one.Tables[i].Clique)
		}
	}
}

func TestTabulateRefusesUnspent(t *testing.T) {
	wide := slices.Repeat([]int{900}, 9)
	for name, c := range map[string]struct {
		sizes []int
		w     Workload
		is    error
	}{
		"five columns": {[]int{2, 2}, Workload{Order: 5}, nil},
		"too large":    {wide, Workload{MaxCells: 1_000_000}, ErrWorkload},
		"false rule":   {[]int{2, 2}, Workload{Rules: []rules.Never{{Clique: microdata.Clique{7}}}}, nil},
	} {
		m, b := open(t, chain(t, 10, c.sizes, 1), 1, 1)
		if _, err := Tabulate(context.Background(), m, c.w); err == nil || b.Spent() != 0 || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error %v, %v spent", name, err, b.Spent())
		}
	}
	m, _ := open(t, chain(t, 100, []int{2, 3, 4}, 1), 1, 1)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Tabulate(ctx, m, Workload{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTabulateOddTables: one row, one column, columns of one level, nobody.
func TestTabulateOddTables(t *testing.T) {
	for _, c := range []struct {
		n     int
		sizes []int
	}{{1, []int{2, 3}}, {50, []int{4}}, {50, []int{1, 1}}, {0, []int{2, 2}}, {50, []int{1, 5, 2}}} {
		out := tabulate(t, chain(t, c.n, c.sizes, 1), .2, 1, Workload{})
		for _, x := range out.Tables {
			if !(x.Variance > 0) || len(x.Unbiased) != x.Clique.Cells(c.sizes) {
				t.Errorf("%v of %v: variance %v", x.Clique, c.sizes, x.Variance)
			}
		}
	}
}

func TestWorkloadCliques(t *testing.T) {
	tables, omitted, err := Workload{Order: 2, MaxCells: 20}.Cliques([]int{3, 100, 4})
	if err != nil || len(tables) != 4 || len(omitted) != 2 || !slices.Equal(tables[3], microdata.Clique{0, 2}) {
		t.Errorf("%v, without %v: %v", tables, omitted, err)
	}
}

// TestRunsReplay: on a neighbouring table, with the same noise, a fit and a
// tabulation ask the same and pay for all of it.
func TestRunsReplay(t *testing.T) {
	base := chain(t, 600, []int{3, 2, 6, 4}, 8)
	columns := make([][]uint16, 4)
	for a := range columns {
		for r := range base.Rows() - 1 {
			columns[a] = append(columns[a], uint16(base.Code(r, a)))
		}
	}
	fewer, err := microdata.NewTable(base.Domain(), columns)
	if err != nil {
		t.Fatal(err)
	}
	bytes := func() io.Reader { return rand.NewChaCha8([32]byte{4}) }
	ctx := context.Background()
	for name, run := range map[string]func(*dp.Mechanism) error{
		"fit":         func(m *dp.Mechanism) error { _, err := Fit(ctx, m, Options{}); return err },
		"strict fit":  func(m *dp.Mechanism) error { _, err := Fit(ctx, m, Options{Fabrication: Strict}); return err },
		"independent": func(m *dp.Mechanism) error { _, err := Independent(ctx, m, Options{}); return err },
		"tables":      func(m *dp.Mechanism) error { _, err := Tabulate(ctx, m, Workload{}); return err },
	} {
		if err := replay.Audit(microdata.NewCounter(base, 1), microdata.NewCounter(fewer, 1), .4, bytes, run); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
