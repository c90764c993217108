package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"amparo/dp"
	"amparo/internal/release"
	"amparo/internal/release/releasetest"
)

// A Place is where a store keeps what must outlive it: a folder, a database.
type Place interface {
	// Open opens the store that is kept there; several may be open at once. close
	// ends it, at any moment.
	Open(t *testing.T) (l release.Ledger, close func() error)
}

// Lasting tests that what was entered outlives the store: closed and opened again,
// closed in the middle of a decision, and seen by a second store on the same place.
// Each call of place must return an empty one.
func Lasting(t *testing.T, place func(t *testing.T) Place) {
	for name, test := range map[string]func(*testing.T, Place){
		"reopened":      reopened,
		"two handles":   twoHandles,
		"both at once":  bothAtOnce,
		"closed midway": closedMidway,
		"after closing": afterClosing,
		"panic midway":  panicMidway,
	} {
		t.Run(name, func(t *testing.T) { test(t, place(t)) })
	}
}

// spendOf enters a spend of a size of its own and returns what was entered.
func spendOf(ctx context.Context, l release.Ledger, population string, n int) (release.Spend, error) {
	return l.Enter(ctx, population, func(*release.Account) (release.Spend, error) {
		return release.Spend{Purpose: fmt.Sprint("run ", n), Epsilon: dp.Epsilon(1 + 1/float64(n+3)), Delta: 1e-7,
			Cost: release.Cost{Precision: dp.Precision(1 / float64(n+7)), Thresholds: dp.Delta(1e-9 / float64(n+3))}, Entered: noon.Add(time.Duration(n) * time.Second), Code: "v"}, nil
	})
}

// reopened does random things, closing and opening the store between them, and
// compares it with the reference in memory, which is never closed.
func reopened(t *testing.T, p Place) {
	reference := new(releasetest.Memory)
	r := rand.New(rand.NewPCG(5, 9))
	l, done := p.Open(t)
	for step := range 40 {
		population := string(rune('a' + r.IntN(2)))
		for _, l := range []release.Ledger{l, reference} {
			switch step % 4 {
			case 0:
				promise(t, l, population)
			case 1, 2:
				if _, err := spendOf(t.Context(), l, population, step); err != nil && !errors.Is(err, release.ErrNoPopulation) {
					t.Fatal(err)
				}
			case 3:
				err := l.End(t.Context(), int64(step/4), release.Finished, noon)
				if err != nil && !errors.Is(err, release.ErrNotUnderWay) {
					t.Fatal(err)
				}
			}
		}
		if r.IntN(3) == 0 {
			if err := done(); err != nil {
				t.Fatal(err)
			}
			l, done = p.Open(t)
		}
		a, err := l.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := reference.Accounts(t.Context()); !reflect.DeepEqual(empty(a), empty(b)) {
			t.Fatalf("step %d: %+v, the reference holds %+v", step, a, b)
		}
	}
	_ = done()
}

// twoHandles: each sees at once what the other entered, and decides upon it.
func twoHandles(t *testing.T, p Place) {
	one, done := p.Open(t)
	defer done()
	two, done2 := p.Open(t)
	defer done2()
	promise(t, one, "p")
	var entered []release.Spend
	for i := range 6 {
		l, other := one, two
		if i%2 == 1 {
			l, other = two, one
		}
		s, err := l.Enter(t.Context(), "p", func(a *release.Account) (release.Spend, error) {
			if len(a.Spends) != i {
				t.Errorf("entry %d was decided upon an account of %d", i, len(a.Spends))
			}
			return release.Spend{Purpose: "x", Epsilon: 1, Delta: 1e-6, Cost: odd, Entered: noon}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		entered = append(entered, s)
		if got := read(t, other, "p").Spends; !reflect.DeepEqual(got, entered) {
			t.Errorf("the other handle sees %+v, want %+v", got, entered)
		}
	}
	if err := two.End(t.Context(), entered[0].Number, release.Abandoned, noon); err != nil {
		t.Fatal(err)
	}
	if err := one.End(t.Context(), entered[0].Number, release.Finished, noon); !errors.Is(err, release.ErrNotUnderWay) {
		t.Errorf("a run ended twice, by two handles: %v", err)
	}
}

// bothAtOnce lets two handles take from what suffices for five, each from several
// goroutines, while the second is opened.
func bothAtOnce(t *testing.T, p Place) {
	one, done := p.Open(t)
	defer done()
	promise(t, one, "p")
	two, done2 := p.Open(t)
	defer done2()
	var wg sync.WaitGroup
	var mu sync.Mutex
	numbers := map[int64]bool{}
	for i := range 12 {
		wg.Go(func() {
			s, err := []release.Ledger{one, two}[i%2].Enter(t.Context(), "p", func(a *release.Account) (release.Spend, error) {
				if len(a.Spends) >= 5 {
					return release.Spend{}, release.ErrOverBudget
				}
				return release.Spend{Cost: odd, Epsilon: 1, Delta: 1e-6, Entered: noon}, nil
			})
			if err != nil {
				if !errors.Is(err, release.ErrOverBudget) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if numbers[s.Number] {
				t.Errorf("number %d was given twice", s.Number)
			}
			numbers[s.Number] = true
		})
	}
	wg.Wait()
	if n := len(read(t, two, "p").Spends); len(numbers) != 5 || n != 5 {
		t.Errorf("%d were told yes, %d are in the ledger, 5 fit", len(numbers), n)
	}
}

// closedMidway closes the store while a decision is being made: the entry fails,
// and nothing of it is there.
func closedMidway(t *testing.T, p Place) {
	l, done := p.Open(t)
	promise(t, l, "p")
	first, err := spendOf(t.Context(), l, "p", 1)
	if err != nil {
		t.Fatal(err)
	}
	closing := make(chan error, 1)
	_, err = l.Enter(t.Context(), "p", func(*release.Account) (release.Spend, error) {
		go func() { closing <- done() }()
		time.Sleep(20 * time.Millisecond) // so that closing has begun; either order is sound
		return release.Spend{Purpose: "late", Epsilon: 1, Delta: 1e-6, Cost: odd, Entered: noon}, nil
	})
	if cerr := <-closing; cerr != nil {
		t.Logf("closing: %v", cerr)
	}
	again, done := p.Open(t)
	defer done()
	got := read(t, again, "p").Spends
	if len(got) < 1 || got[0] != first || len(got) != map[bool]int{true: 2, false: 1}[err == nil] {
		t.Errorf("told %v, after reopening the ledger holds %+v", err, got)
	}
}

// afterClosing: a closed store answers nothing, and above all not "no such
// population", which would look like an unspent budget.
func afterClosing(t *testing.T, p Place) {
	l, done := p.Open(t)
	promise(t, l, "p")
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Account(t.Context(), "p"); err == nil || errors.Is(err, release.ErrNoPopulation) {
		t.Errorf("Account of a closed store: %v", err)
	}
	if all, err := l.Accounts(t.Context()); err == nil {
		t.Errorf("Accounts of a closed store: %v", all)
	}
	if _, err := spendOf(t.Context(), l, "p", 1); err == nil || errors.Is(err, release.ErrNoPopulation) {
		t.Errorf("Enter in a closed store: %v", err)
	}
	if err := l.End(t.Context(), 1, release.Finished, noon); err == nil {
		t.Error("End in a closed store")
	}
}

// panicMidway: a decision that panics enters nothing and keeps nobody out.
func panicMidway(t *testing.T, p Place) {
	l, done := p.Open(t)
	defer done()
	promise(t, l, "p")
	func() {
		defer func() { _ = recover() }()
		_, _ = l.Enter(t.Context(), "p", func(*release.Account) (release.Spend, error) { panic("a fault of the program") })
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := spendOf(ctx, l, "p", 1); err != nil {
		t.Errorf("after a panic: %v", err)
	}
	if n := len(read(t, l, "p").Spends); n != 1 {
		t.Errorf("%d entries", n)
	}
}
