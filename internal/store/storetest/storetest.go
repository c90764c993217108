// Package storetest is the one suite that every store must pass: it compares a
// store with the reference in memory, step by step over random histories, and
// tries what stores get wrong: lost entries, torn reads, two at once.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"amparo/dp"
	"amparo/internal/release"
	"amparo/internal/release/releasetest"
)

// Ledger tests the ledgers that open returns; each call must return an empty one.
func Ledger(t *testing.T, open func(t *testing.T) release.Ledger) {
	for name, test := range map[string]func(*testing.T, release.Ledger){
		"unknown":   unknown,
		"promises":  promises,
		"entries":   entries,
		"refusals":  refusals,
		"copies":    copies,
		"ends":      ends,
		"cancelled": cancelled,
		"at once":   atOnce,
		"torn":      torn,
		"histories": histories,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// odd numbers have no short decimal form: a store that writes them as text of
// few figures is found out.
var odd = release.Cost{Precision: dp.Precision(1.0 / 3), Thresholds: dp.Delta(math.Nextafter(1e-7, 1))}

func lifetime() *release.Lifetime {
	return &release.Lifetime{Epsilon: 10, Delta: 1e-5, Limit: release.Cost{Precision: 4 * odd.Precision, Thresholds: 1e-6}, Owner: "Agencia Ñandú", Set: noon}
}

func promise(t *testing.T, l release.Ledger, population string) {
	t.Helper()
	err := l.Promise(t.Context(), population, func(*release.Account) (*release.Lifetime, error) { return lifetime(), nil })
	if err != nil {
		t.Fatal(err)
	}
}

func enter(t *testing.T, l release.Ledger, population, purpose string) release.Spend {
	t.Helper()
	s, err := l.Enter(t.Context(), population, func(*release.Account) (release.Spend, error) {
		return release.Spend{Purpose: purpose, Epsilon: 1, Delta: 1e-6, Cost: odd, Entered: noon, Code: "test"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, l release.Ledger, population string) *release.Account {
	t.Helper()
	a, err := l.Account(t.Context(), population)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func unknown(t *testing.T, l release.Ledger) {
	if _, err := l.Account(t.Context(), "nobody"); !errors.Is(err, release.ErrNoPopulation) {
		t.Errorf("account of nobody: %v", err)
	}
	_, err := l.Enter(t.Context(), "nobody", func(*release.Account) (release.Spend, error) {
		t.Error("decide was asked about nobody")
		return release.Spend{}, nil
	})
	if !errors.Is(err, release.ErrNoPopulation) {
		t.Errorf("entry for nobody: %v", err)
	}
	if err := l.End(t.Context(), 1, release.Finished, noon); !errors.Is(err, release.ErrNotUnderWay) {
		t.Errorf("end of nothing: %v", err)
	}
	if all, err := l.Accounts(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("an empty ledger has accounts: %v, %v", all, err)
	}
}

func promises(t *testing.T, l release.Ledger) {
	err := l.Promise(t.Context(), "p", func(a *release.Account) (*release.Lifetime, error) {
		if a.Population != "p" || len(a.Lifetimes)+len(a.Spends) != 0 {
			t.Errorf("a new population was shown as %+v", a)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Account(t.Context(), "p"); !errors.Is(err, release.ErrNoPopulation) {
		t.Errorf("no lifetime made a population: %v", err)
	}
	promise(t, l, "p")
	second := lifetime()
	second.Epsilon, second.Set = 12, noon.Add(time.Hour)
	if err := l.Promise(t.Context(), "p", func(a *release.Account) (*release.Lifetime, error) {
		if len(a.Lifetimes) != 1 || a.Lifetimes[0] != *lifetime() {
			t.Errorf("decide saw %+v", a)
		}
		return second, nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []release.Lifetime{*lifetime(), *second}
	if a := read(t, l, "p"); !reflect.DeepEqual(a.Lifetimes, want) || a.Lifetime() != *second {
		t.Errorf("lifetimes %+v, want %+v", a.Lifetimes, want)
	}
}

func entries(t *testing.T, l release.Ledger) {
	promise(t, l, "a")
	promise(t, l, "b")
	first, second, third := enter(t, l, "a", "release ñ"), enter(t, l, "b", "synthesize"), enter(t, l, "a", "")
	if first.Number < 1 || second.Number <= first.Number || third.Number <= second.Number {
		t.Errorf("numbers %d, %d, %d do not ascend", first.Number, second.Number, third.Number)
	}
	want := release.Spend{Number: first.Number, Purpose: "release ñ", Epsilon: 1, Delta: 1e-6, Cost: odd, Entered: noon, Code: "test", State: release.Started}
	if first != want {
		t.Errorf("entered %+v, want %+v", first, want)
	}
	if a := read(t, l, "a"); len(a.Spends) != 2 || a.Spends[0] != want || a.Spends[1] != third {
		t.Errorf("account a holds %+v", a.Spends)
	}
	all, err := l.Accounts(t.Context())
	if err != nil || len(all) != 2 || all[0].Population != "a" || all[1].Population != "b" || len(all[1].Spends) != 1 {
		t.Errorf("accounts %+v, %v", all, err)
	}
}

func refusals(t *testing.T, l release.Ledger) {
	promise(t, l, "p")
	no := errors.New("no")
	before := read(t, l, "p")
	if err := l.Promise(t.Context(), "p", func(*release.Account) (*release.Lifetime, error) { return lifetime(), no }); err != no {
		t.Errorf("decide said %v, Promise %v", no, err)
	}
	if s, err := l.Enter(t.Context(), "p", func(*release.Account) (release.Spend, error) { return release.Spend{Cost: odd}, no }); err != no || s != (release.Spend{}) {
		t.Errorf("decide said %v, Enter %+v, %v", no, s, err)
	}
	if after := read(t, l, "p"); !reflect.DeepEqual(before, after) {
		t.Errorf("refused, yet written: %+v", after)
	}
}

func copies(t *testing.T, l release.Ledger) {
	promise(t, l, "p")
	enter(t, l, "p", "x")
	a := read(t, l, "p")
	a.Lifetimes[0].Epsilon, a.Spends[0].Cost = 99, release.Cost{}
	_, _ = l.Enter(t.Context(), "p", func(a *release.Account) (release.Spend, error) {
		a.Spends[0].Cost = release.Cost{}
		return release.Spend{}, errors.New("no")
	})
	if b := read(t, l, "p"); b.Lifetimes[0].Epsilon != 10 || b.Spent() != odd {
		t.Error("what a caller does to an account changed the ledger")
	}
}

func ends(t *testing.T, l release.Ledger) {
	promise(t, l, "p")
	a, b, c := enter(t, l, "p", "a"), enter(t, l, "p", "b"), enter(t, l, "p", "c")
	late := noon.Add(time.Minute)
	for number, state := range map[int64]release.State{a.Number: release.Finished, b.Number: release.Abandoned} {
		if err := l.End(t.Context(), number, state, late); err != nil {
			t.Fatal(err)
		}
		for _, again := range []release.State{release.Started, release.Finished, release.Abandoned} {
			if err := l.End(t.Context(), number, again, late.Add(time.Hour)); !errors.Is(err, release.ErrNotUnderWay) {
				t.Errorf("%s after %s: %v", again, state, err)
			}
		}
	}
	if err := l.End(t.Context(), c.Number, release.Started, late); !errors.Is(err, release.ErrNotUnderWay) {
		t.Errorf("a run was started anew: %v", err)
	}
	a.State, a.Ended, b.State, b.Ended = release.Finished, late, release.Abandoned, late
	got := read(t, l, "p")
	if !reflect.DeepEqual(got.Spends, []release.Spend{a, b, c}) {
		t.Errorf("spends %+v", got.Spends)
	}
	if want := 3 * odd.Precision; math.Abs(float64(got.Spent().Precision-want)) > 1e-15 {
		t.Errorf("spent %v, want %v: what became of a run changed its cost", got.Spent().Precision, want)
	}
}

func cancelled(t *testing.T, l release.Ledger) {
	promise(t, l, "p")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(*release.Account) (release.Spend, error) { return release.Spend{Purpose: "late", Cost: odd}, nil }
	if _, err := l.Enter(ctx, "p", never); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled entry: %v", err)
	}
	if a := read(t, l, "p"); len(a.Spends) != 0 {
		t.Error("a cancelled entry was written")
	}
	// Cancelled while decide thinks: either it is entered, or the error is that of
	// the context and nothing is. What the caller is told is what the ledger holds.
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		before := len(read(t, l, "p").Spends)
		_, err := l.Enter(ctx, "p", func(*release.Account) (release.Spend, error) {
			cancel()
			time.Sleep(time.Duration(i) * 100 * time.Microsecond)
			return release.Spend{Purpose: "late", Epsilon: 1, Delta: 1e-6, Cost: odd, Entered: noon}, nil
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while it was decided: %v", err)
		}
		if entered := len(read(t, l, "p").Spends) - before; entered != map[bool]int{true: 1, false: 0}[err == nil] {
			t.Errorf("told %v, %d were entered", err, entered)
		}
		cancel()
	}
}

// atOnce lets many goroutines take from what suffices for four of them.
func atOnce(t *testing.T, l release.Ledger) {
	promise(t, l, "p")
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := l.Enter(t.Context(), "p", func(a *release.Account) (release.Spend, error) {
				if len(a.Spends) >= 4 {
					return release.Spend{}, release.ErrOverBudget
				}
				return release.Spend{Cost: odd, Epsilon: 1, Delta: 1e-6, Entered: noon}, nil
			})
			switch {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, release.ErrOverBudget):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(read(t, l, "p").Spends); taken.Load() != 4 || n != 4 {
		t.Errorf("%d were told yes, %d are in the ledger, 4 fit", taken.Load(), n)
	}
}

// torn reads while others write: Accounts must never show the second of two
// entries without the first.
func torn(t *testing.T, l release.Ledger) {
	promise(t, l, "a")
	promise(t, l, "b")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20 {
			enter(t, l, "a", fmt.Sprint(i))
			enter(t, l, "b", fmt.Sprint(i))
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		all, err := l.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a, b := len(all[0].Spends), len(all[1].Spends); b > a || a > b+1 {
			t.Fatalf("one look showed %d entries of a and %d of b", a, b)
		}
	}
}

// histories does the same random things to the ledger and to the reference in
// memory, and compares all they hold after every step.
func histories(t *testing.T, l release.Ledger) {
	reference := new(releasetest.Memory)
	r := rand.New(rand.NewPCG(7, 11))
	for step := range 120 {
		population := string(rune('a' + r.IntN(4)))
		at := noon.Add(time.Duration(step) * time.Second)
		var got, want error
		both := func(do func(release.Ledger) error) { got, want = do(l), do(reference) }
		switch r.IntN(4) {
		case 0:
			next, no := lifetime(), r.IntN(3) == 0
			next.Epsilon, next.Set = dp.Epsilon(r.Float64()+1), at
			both(func(l release.Ledger) error {
				return l.Promise(t.Context(), population, func(*release.Account) (*release.Lifetime, error) {
					if no {
						return nil, release.ErrOverBudget
					}
					return next, nil
				})
			})
		case 1, 2:
			s := release.Spend{Purpose: fmt.Sprint("run ", step), Epsilon: dp.Epsilon(r.Float64() + .1), Delta: dp.Delta(r.Float64()*1e-6 + 1e-9),
				Cost: release.Cost{Precision: dp.Precision(r.Float64() + .01), Thresholds: dp.Delta(r.Float64() * 1e-8)}, Entered: at, Code: "v"}
			limit := dp.Precision(r.IntN(10))
			both(func(l release.Ledger) error {
				_, err := l.Enter(t.Context(), population, func(a *release.Account) (release.Spend, error) {
					if a.Spent().Precision > limit {
						return release.Spend{}, release.ErrOverBudget
					}
					return s, nil
				})
				return err
			})
		case 3:
			number, state := int64(r.IntN(step+1)), []release.State{release.Finished, release.Abandoned}[r.IntN(2)]
			both(func(l release.Ledger) error { return l.End(t.Context(), number, state, at) })
		}
		if !errors.Is(got, want) {
			t.Fatalf("step %d: %v, the reference says %v", step, got, want)
		}
		a, err := l.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, _ := reference.Accounts(t.Context())
		if !reflect.DeepEqual(empty(a), empty(b)) {
			t.Fatalf("step %d: %+v, the reference holds %+v", step, a, b)
		}
	}
}

// empty makes no difference between nil and empty lists.
func empty(all []*release.Account) []*release.Account {
	for _, a := range all {
		if len(a.Spends) == 0 {
			a.Spends = nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
