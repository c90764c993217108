package synth

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// shapesToSpend are domains from one column to columns that no tree holds together.
var shapesToSpend = map[string][]int{
	"one column":      {4},
	"one level":       {1},
	"levels of one":   {1, 1, 1},
	"two columns":     {3, 3},
	"three columns":   {3, 3, 2},
	"wide columns":    {500, 2, 600},
	"too wide a pair": {9000, 8000},
}

// TestEveryRunSpendsItAll: the whole budget and no more, whatever the domain, the
// budget, the dial and the share for the tilt; and what the mechanism recorded is
// what the budget lost.
func TestEveryRunSpendsItAll(t *testing.T) {
	runs := map[string]func(context.Context, *dp.Mechanism) error{
		"fit": func(ctx context.Context, m *dp.Mechanism) error { _, err := Fit(ctx, m, Options{}); return err },
		"fit, one round, tilted": func(ctx context.Context, m *dp.Mechanism) error {
			_, err := Fit(ctx, m, Options{Rounds: 1, Tilt: .5, Fabrication: Unlimited})
			return err
		},
		"fit, four rounds": func(ctx context.Context, m *dp.Mechanism) error {
			_, err := Fit(ctx, m, Options{Rounds: 4, Tilt: -1, MaxCells: 100})
			return err
		},
		"independent": func(ctx context.Context, m *dp.Mechanism) error { _, err := Independent(ctx, m, Options{}); return err },
		"tables":      func(ctx context.Context, m *dp.Mechanism) error { _, err := Tabulate(ctx, m, Workload{}); return err },
	}
	for shape, sizes := range shapesToSpend {
		table := chain(t, 60, sizes, 1)
		for _, mu := range []dp.Mu{.02, .4, 3} {
			for name, run := range runs {
				for seed := range byte(3) {
					budget, err := dp.NewBudget(mu)
					if err != nil {
						t.Fatal(err)
					}
					recorded := 0.0
					m, err := dp.Open(microdata.NewCounter(table, 1), budget, rand.NewChaCha8([32]byte{seed}),
						dp.Options{Record: func(a dp.Access) { recorded += float64(a.Share) }})
					if err != nil {
						t.Fatal(err)
					}
					if err := run(context.Background(), m); err != nil {
						t.Fatalf("%s of %s, μ = %v: %v", name, shape, mu, err)
					}
					total := float64(mu.Precision())
					if spent := float64(budget.Spent()); math.Abs(spent/total-1) > 1e-5 || spent > total*(1+1e-11) {
						t.Errorf("%s of %s, μ = %v, seed %d: spent %.9f of the budget", name, shape, mu, seed, spent/total)
					}
					if math.Abs(recorded/total-1) > 1e-5 {
						t.Errorf("%s of %s, μ = %v: accesses are worth %.9f of the budget", name, shape, mu, recorded/total)
					}
				}
			}
			if sizes[0]*len(sizes) > 1000 {
				break // once is enough for the large ones
			}
		}
	}
}

// crooked is a counter that answers what it likes.
type crooked struct {
	microdata.Counter
	calls  *int
	answer func(call int, honest []microdata.Marginal) ([]microdata.Marginal, error)
}

func (c crooked) Count(ctx context.Context, cliques []microdata.Clique) ([]microdata.Marginal, error) {
	honest, err := c.Counter.Count(ctx, cliques)
	if err != nil {
		return nil, err
	}
	*c.calls++
	return c.answer(*c.calls, honest)
}

func (c crooked) Coarsen(steps []*microdata.Coarsening) (microdata.Counter, error) {
	coarse, err := c.Counter.Coarsen(steps)
	return crooked{coarse, c.calls, c.answer}, err
}

// TestCrookedCounters: one that fails, answers in another shape, or with counts that
// no table has. A run ends with an error or with records, never with a panic, and
// never with more spent than there was.
func TestCrookedCounters(t *testing.T) {
	table := chain(t, 400, []int{3, 4, 2, 3}, 1)
	failure := errors.New("the database is gone")
	each := func(f func(n int64) int64) func(int, []microdata.Marginal) ([]microdata.Marginal, error) {
		return func(_ int, ms []microdata.Marginal) ([]microdata.Marginal, error) {
			for i := range ms {
				for c, n := range ms[i].Counts {
					ms[i].Counts[c] = f(n)
				}
			}
			return ms, nil
		}
	}
	late := func(from int, ms []microdata.Marginal, call int) ([]microdata.Marginal, error) {
		if call >= from {
			return nil, failure
		}
		return ms, nil
	}
	for name, c := range map[string]struct {
		answer func(int, []microdata.Marginal) ([]microdata.Marginal, error)
		fails  bool
	}{
		"fails at once":      {func(k int, ms []microdata.Marginal) ([]microdata.Marginal, error) { return late(1, ms, k) }, true},
		"fails when scoring": {func(k int, ms []microdata.Marginal) ([]microdata.Marginal, error) { return late(2, ms, k) }, true},
		"fails at pairs":     {func(k int, ms []microdata.Marginal) ([]microdata.Marginal, error) { return late(3, ms, k) }, true},
		"one too few":        {func(_ int, ms []microdata.Marginal) ([]microdata.Marginal, error) { return ms[1:], nil }, true},
		"in another order":   {func(_ int, ms []microdata.Marginal) ([]microdata.Marginal, error) { slices.Reverse(ms); return ms, nil }, true},
		"nothing":            {func(int, []microdata.Marginal) ([]microdata.Marginal, error) { return nil, nil }, true},
		"all zero":           {each(func(int64) int64 { return 0 }), false},
		"negative":           {each(func(n int64) int64 { return -n }), false},
		"a thousand fold":    {each(func(n int64) int64 { return 1000 * n }), false},
		"unlike each other":  {each(func(n int64) int64 { return n * n % 97 }), false},
	} {
		calls := 0
		budget, err := dp.NewBudget(.5)
		if err != nil {
			t.Fatal(err)
		}
		m, err := dp.Open(crooked{microdata.NewCounter(table, 1), &calls, c.answer}, budget, rand.NewChaCha8([32]byte{1}), dp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		model, err := Fit(context.Background(), m, Options{Tilt: .3})
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
		if strings.HasPrefix(name, "fails") && !errors.Is(err, failure) {
			t.Errorf("%s: the cause is lost in %v", name, err)
		}
		if budget.Spent() > dp.Mu(.5).Precision()*(1+1e-11) {
			t.Errorf("%s: spent %v", name, budget.Spent())
		}
		if err == nil {
			if out, err := model.Generate(context.Background(), 1); err != nil || len(out[0]) == 0 {
				t.Errorf("%s: %d records, %v", name, len(out[0]), err)
			}
		}
	}
}

// TestCancelledAtAnyStage: a run that is stopped at any word of progress answers
// with the context's error, has spent no more than its budget, and leaves no
// goroutine behind.
func TestCancelledAtAnyStage(t *testing.T) {
	table := chain(t, 1500, []int{4, 5, 3, 6}, 1)
	runs := map[string]func(context.Context, *dp.Mechanism, func(string, int, int)) error{
		"fit": func(ctx context.Context, m *dp.Mechanism, p func(string, int, int)) error {
			model, err := Fit(ctx, m, Options{Workers: 3, Tilt: .3, Fabrication: Strict, Progress: p})
			if err == nil {
				_, err = model.Generate(ctx, 1)
			}
			return err
		},
		"tables": func(ctx context.Context, m *dp.Mechanism, p func(string, int, int)) error {
			_, err := Tabulate(ctx, m, Workload{Workers: 3, Progress: p})
			return err
		},
		"independent": func(ctx context.Context, m *dp.Mechanism, p func(string, int, int)) error {
			model, err := Independent(ctx, m, Options{Progress: p})
			if err == nil {
				_, err = model.Generate(ctx, 1)
			}
			return err
		},
	}
	before := runtime.NumGoroutine()
	for name, run := range runs {
		stages := []string{}
		m, _ := open(t, table, .8, 1)
		if err := run(context.Background(), m, func(stage string, _, _ int) {
			if !slices.Contains(stages, stage) {
				stages = append(stages, stage)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if name == "fit" && len(stages) < 4 {
			t.Errorf("stages told: %v", stages)
		}
		for _, stop := range stages {
			m, budget := open(t, table, .8, 1)
			ctx, cancel := context.WithCancel(context.Background())
			after := 0
			err := run(ctx, m, func(stage string, _, _ int) {
				if ctx.Err() != nil {
					after++
				}
				if stage == stop {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s stopped at %q: %v", name, stop, err)
			}
			if after > 3 {
				t.Errorf("%s stopped at %q: told of progress %d times more", name, stop, after)
			}
			if budget.Spent() > dp.Mu(.8).Precision()*(1+1e-11) {
				t.Errorf("%s stopped at %q: spent %v", name, stop, budget.Spent())
			}
			cancel()
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		m, _ = open(t, table, .8, 1)
		if err := run(ctx, m, func(string, int, int) {}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled before: %v", name, err)
		}
	}
	for wait := 0; runtime.NumGoroutine() > before && wait < 200; wait++ {
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines more than before", n-before)
	}
}

// TestColumnsAgain: where no pair is worth measuring the columns are measured with
// all of the budget in the end: their noise is what all of it buys, and their
// variance says so.
func TestColumnsAgain(t *testing.T) {
	table := chain(t, 3000, []int{6}, 1)
	model := fit(t, table, .2, Options{})
	x := model.Tables()[0]
	// One question of the whole budget has a variance of 1/μ² = 25, and a little;
	// two that share it, put together and rounded, a little more.
	if x.Variance < 25 || x.Variance > 29 {
		t.Errorf("variance %v, of the whole budget 25", x.Variance)
	}
	squares, totals := 0.0, 0.0
	for seed := range byte(60) {
		m, _ := open(t, table, .2, seed)
		model, err := Fit(context.Background(), m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := model.Tables()[0]
		for l, n := range truth(table, x.Clique) {
			d := float64(x.Noisy[l]) - n
			squares += d * d / x.Variance
		}
		d := model.Total() - 3000
		totals += d * d / (6 * x.Variance)
	}
	// χ² with 360 degrees of freedom: outside 360 ± 5·√720 once in a million runs.
	if math.Abs(squares-360) > 5*math.Sqrt(720) {
		t.Errorf("Σ error²/variance is %.0f for 360 counts", squares)
	}
	if math.Abs(totals-60) > 5*math.Sqrt(120) { // once in 10⁵
		t.Errorf("Σ error²/variance is %.0f for 60 totals: they are not those of all measurements", totals)
	}
}

// TestRowsOfWideColumns: where every column has thousands of levels the number of rows is
// measured by itself, with two hundredths of what columns get, and the whole budget is
// spent as ever. Where a column has few it is not. The bound is five standard deviations
// of that noise: passed by chance less than once in 10⁶ runs, and seeds are fixed.
func TestRowsOfWideColumns(t *testing.T) {
	wide := chain(t, 2000, []int{3000, 3000}, 1)
	for seed := range byte(4) {
		m, budget := open(t, wide, .25, seed)
		f := &fitting{Options: Options{}.withDefaults(), budget: m.Left(), random: pgm.NewRand(3)}
		if err := f.measureColumns(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		if len(f.rows) != 1 || len(f.rows[0].Noisy) != 1 {
			t.Fatalf("the number of rows was not measured: %v", f.rows)
		}
		if sigma := math.Sqrt(f.rows[0].Variance); math.Abs(f.total-2000) > 5*sigma || sigma > 300 {
			t.Errorf("%.0f rows (σ %.0f), of 2000", f.total, sigma)
		}
		if left, want := float64(budget.Left()), .25*.25*float64(1-oneWayShare(.25)); math.Abs(left-want) > 1e-9 {
			t.Errorf("%v is left, want %v", left, want)
		}
	}
	m, _ := open(t, chain(t, 500, []int{30, 4}, 1), .25, 1)
	f := &fitting{Options: Options{}.withDefaults(), budget: m.Left(), random: pgm.NewRand(3)}
	if err := f.measureColumns(context.Background(), m); err != nil || f.rows != nil {
		t.Errorf("the number of rows was measured although a column tells it: %v, %v", f.rows, err)
	}
}
