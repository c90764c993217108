package release_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"amparo/dp"
	"amparo/internal/release"
	"amparo/internal/release/releasetest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 999, time.FixedZone("", -6*3600))

func promise(t *testing.T, l release.Ledger, p release.Promise) *release.Account {
	t.Helper()
	a, err := release.SetBudget(t.Context(), l, p, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSetBudget(t *testing.T) {
	l := new(releasetest.Memory)
	first := release.Promise{Population: "Casos-2024", Epsilon: 2, Delta: 1e-6, Owner: "Fiscalía"}
	a := promise(t, l, first)
	if a.Population != "casos-2024" || len(a.Lifetimes) != 1 {
		t.Fatalf("%+v", a)
	}
	if set := a.Lifetime().Set; !set.Equal(noon.Truncate(time.Second)) || set.Location() != time.UTC {
		t.Errorf("set at %v", set)
	}
	t.Run("the same again changes nothing", func(t *testing.T) {
		for _, p := range []release.Promise{first, {Population: "CASOS-2024", Epsilon: 2, Delta: 1e-6}} {
			if a := promise(t, l, p); len(a.Lifetimes) != 1 {
				t.Errorf("%d lifetimes", len(a.Lifetimes))
			}
		}
	})
	t.Run("a raise must be said", func(t *testing.T) {
		up := release.Promise{Population: "casos-2024", Epsilon: 3, Delta: 1e-6}
		if _, err := release.SetBudget(t.Context(), l, up, noon); err == nil || !strings.Contains(release.Hint(err), "--raise") {
			t.Errorf("%v, hint %q", err, release.Hint(err))
		}
		up.Raise = true
		if a := promise(t, l, up); len(a.Lifetimes) != 2 || a.Lifetime().Epsilon != 3 || a.Lifetime().Owner != "Fiscalía" || a.Lifetimes[0].Epsilon != 2 {
			t.Errorf("%+v", a.Lifetimes)
		}
	})
	t.Run("a new owner goes on record", func(t *testing.T) {
		if a := promise(t, l, release.Promise{Population: "casos-2024", Epsilon: 3, Delta: 1e-6, Owner: "Procuraduría"}); len(a.Lifetimes) != 3 || a.Lifetime().Owner != "Procuraduría" {
			t.Errorf("%+v", a.Lifetimes)
		}
	})
	if a := promise(t, l, release.Promise{Population: "other", Epsilon: 1, Delta: 1e-6}); a.Lifetime().Owner != release.DefaultOwner {
		t.Errorf("owner %q", a.Lifetime().Owner)
	}
}

func TestSetBudgetRefuses(t *testing.T) {
	l := new(releasetest.Memory)
	for name, p := range map[string]release.Promise{
		"no population": {Epsilon: 1, Delta: 1e-6},
		"bad name":      {Population: "../x", Epsilon: 1, Delta: 1e-6},
		"no ε":          {Population: "p", Delta: 1e-6},
		"NaN":           {Population: "p", Epsilon: dp.Epsilon(math.NaN()), Delta: 1e-6},
		"no δ":          {Population: "p", Epsilon: 1},
		"large δ":       {Population: "p", Epsilon: 1, Delta: 1e-2},
		"owner":         {Population: "p", Epsilon: 1, Delta: 1e-6, Owner: "two\nlines"},
		"long owner":    {Population: "p", Epsilon: 1, Delta: 1e-6, Owner: strings.Repeat("x", 300)},
	} {
		if _, err := release.SetBudget(t.Context(), l, p, noon); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if all, _ := l.Accounts(t.Context()); len(all) != 0 {
		t.Errorf("refused, yet written: %v", all)
	}
}

func TestShowBudget(t *testing.T) {
	l := new(releasetest.Memory)
	promise(t, l, release.Promise{Population: "p", Epsilon: 2, Delta: 1e-6})
	if a, err := release.ShowBudget(t.Context(), l, "P"); err != nil || a.Population != "p" {
		t.Errorf("%v, %v", a, err)
	}
	_, err := release.ShowBudget(t.Context(), l, "q")
	if !errors.Is(err, release.ErrNoPopulation) || !strings.Contains(release.Hint(err), "amparo budget set q") {
		t.Errorf("%v, hint %q", err, release.Hint(err))
	}
	if _, err := release.ShowBudget(t.Context(), l, "no such name!"); err == nil {
		t.Error("a bad name was looked up")
	}
}

// TestTwoRunsCannotTakeTheSame lets runs ask at once for halves of a lifetime.
func TestTwoRunsCannotTakeTheSame(t *testing.T) {
	l := new(releasetest.Memory)
	a := promise(t, l, release.Promise{Population: "p", Epsilon: 1, Delta: 1e-6})
	third := a.Lifetime().Limit.Precision / 3
	mu := third.Mu()
	ask := release.Ask{Epsilon: dp.EpsilonFor(mu, 0.89e-6), Delta: 1e-6}
	var wg sync.WaitGroup
	var taken atomic.Int32
	for range 12 {
		wg.Go(func() {
			_, err := release.Enter(t.Context(), l, "p", ask, release.Spend{Purpose: "x", Entered: noon, Code: "t"})
			switch {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, release.ErrOverBudget):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	after, _ := l.Account(t.Context(), "p")
	if n := taken.Load(); n < 2 || n > 3 || len(after.Spends) != int(n) {
		t.Errorf("%d of 12 were let in, %d are in the ledger", n, len(after.Spends))
	}
	if after.Spent().Precision > a.Lifetime().Limit.Precision {
		t.Errorf("together they took %v of %v", after.Spent().Precision, a.Lifetime().Limit.Precision)
	}
}
