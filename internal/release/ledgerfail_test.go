package release_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"amparo/dp"
	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

var errLedger = errors.New("the ledger's disk is gone")

// failingLedger is a ledger of which one call fails: the one whose number is at,
// from 1. Where late is set, an entry that fails was written all the same, as when
// the answer to a commit is lost.
type failingLedger struct {
	release.Ledger
	at, calls int
	late      bool
	names     []string
}

func (l *failingLedger) call(name string) bool {
	l.calls++
	l.names = append(l.names, name)
	return l.calls == l.at
}

func (l *failingLedger) Account(ctx context.Context, p string) (*release.Account, error) {
	if l.call("Account") {
		return nil, errLedger
	}
	return l.Ledger.Account(ctx, p)
}

func (l *failingLedger) Enter(ctx context.Context, p string, decide func(*release.Account) (release.Spend, error)) (release.Spend, error) {
	if l.call("Enter") {
		if l.late {
			_, _ = l.Ledger.Enter(ctx, p, decide)
		}
		return release.Spend{}, errLedger
	}
	return l.Ledger.Enter(ctx, p, decide)
}

func (l *failingLedger) End(ctx context.Context, n int64, s release.State, at time.Time) error {
	if l.call("End") {
		return errLedger
	}
	return l.Ledger.End(ctx, n, s, at)
}

// ways are the three things that a run can write, and what is there when it did.
var ways = map[string]struct {
	request func(*house) release.Request
	there   string
}{
	"records": {(*house).request, "out.csv"},
	"tables":  {(*house).tables, "tables/tables.json"},
	"bundle":  {(*house).release, "catalog/things/1/manifest.json"},
}

// TestLedgerThatFails lets each call to the ledger fail, one at a time. Up to the
// entry nothing is drawn, written or told; after it the result stands, and the
// entry reads "started", which says enough.
func TestLedgerThatFails(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			sound := &failingLedger{Ledger: h.ledger}
			r := way.request(h)
			r.Ledger = sound
			h.run(r)
			if got := strings.Join(sound.names, " "); got != "Account Enter End Account" {
				t.Fatalf("a run calls %s: this test fails each of its calls, and looks again where they change", got)
			}
			for at := 1; at <= sound.calls; at++ {
				h := newHouse(t)
				l := &failingLedger{Ledger: h.ledger, at: at}
				r := way.request(h)
				r.Ledger = l
				drawn := false
				r.Noise = &counting{Reader: random(1), first: func() { drawn = true }}
				res, err := release.Run(t.Context(), r)
				_, statErr := os.Stat(h.path(way.there))
				if at <= 2 {
					if !errors.Is(err, errLedger) || drawn || statErr == nil || len(h.spends()) != 0 {
						t.Errorf("call %d: %v, drawn %v, written %v, spends %v", at, err, drawn, statErr == nil, h.spends())
					}
					if _, spent := errors.AsType[*release.AfterSpend](err); spent {
						t.Errorf("call %d: it says that it spent", at)
					}
					noTrace(t, h)
					continue
				}
				want := map[bool]release.State{true: release.Started, false: release.Finished}[at == 3]
				if err != nil || statErr != nil || res.Spend.State != want || h.spends()[0].State != want {
					t.Errorf("call %d: %v, %v, %+v", at, err, statErr, h.spends())
				}
				if at == 4 && res.Left != (release.Cost{}) {
					t.Errorf("what is left is not known, and said to be %v", res.Left)
				}
			}
		})
	}
}

// TestEntryThatMayHaveBeenWritten: an entry whose answer was lost may be in the
// ledger. Then it stays spent, and no noise is drawn on it.
func TestEntryThatMayHaveBeenWritten(t *testing.T) {
	h := newHouse(t)
	r := h.release()
	r.Ledger = &failingLedger{Ledger: h.ledger, at: 2, late: true}
	r.Noise = &counting{Reader: random(1), first: func() { t.Error("noise was drawn") }}
	if _, err := release.Run(t.Context(), r); !errors.Is(err, errLedger) {
		t.Errorf("%v", err)
	}
	if s := h.spends(); len(s) != 1 || s[0].State != release.Started {
		t.Errorf("ledger %+v", s)
	}
	noTrace(t, h)
}

// TestLedgerThatFailsAfterTheRunFailed: the reason told is the first one.
func TestLedgerThatFailsAfterTheRunFailed(t *testing.T) {
	h := newHouse(t)
	r := h.request()
	r.Ledger, r.Noise = &failingLedger{Ledger: h.ledger, at: 3}, &failing{random(1), 100}
	_, err := release.Run(t.Context(), r)
	if _, spent := errors.AsType[*release.AfterSpend](err); !spent || !errors.Is(err, errNoNoise) || errors.Is(err, errLedger) {
		t.Errorf("%v", err)
	}
	if s := h.spends(); len(s) != 1 || s[0].State != release.Started {
		t.Errorf("ledger %+v", s)
	}
	noTrace(t, h)
}

// TestCancelledAtEveryStep cancels at single steps all through a run, not only as
// a stage begins.
func TestCancelledAtEveryStep(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			steps := 0
			h := newHouse(t)
			r := way.request(h)
			r.Progress = func(release.Progress) { steps++ }
			h.run(r)
			for at := 1; at <= steps; at += 1 + steps/12 {
				h := newHouse(t)
				ctx, cancel := context.WithCancel(t.Context())
				r := way.request(h)
				n, stage := 0, ""
				r.Progress = func(p release.Progress) {
					if n++; n == at {
						stage = p.Stage
						cancel()
					}
				}
				res, err := release.Run(ctx, r)
				cancel()
				after, spent := errors.AsType[*release.AfterSpend](err)
				switch s := h.spends(); {
				case err == nil: // done before anyone looked: all of it is there
					if _, err := os.Stat(h.path(way.there)); err != nil || len(s) != 1 || s[0].State != release.Finished || res == nil {
						t.Errorf("step %d, %s: said to be done: %v, %+v", at, stage, err, s)
					}
					continue
				case !errors.Is(err, context.Canceled):
					t.Errorf("step %d, %s: %v", at, stage, err)
				case spent != (len(s) == 1) || spent && (s[0].State != release.Abandoned || s[0].Number != after.Spend.Number):
					t.Errorf("step %d, %s: told %v, the ledger holds %+v", at, stage, err, s)
				}
				noTrace(t, h)
			}
		})
	}
}

// TestNoiseFailsAtEveryByte lets the source of noise fail at each of its first
// bytes, and at single ones later, in all three ways.
func TestNoiseFailsAtEveryByte(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			for n := 0; n < 40; n += 1 + n/3 {
				for _, short := range []bool{false, true} {
					l := ledgerOf(t, "p")
					r := way.request(h)
					r.Ledger, r.Noise = l, &drying{random(1), n, short}
					_, err := release.Run(t.Context(), r)
					a, _ := l.Account(t.Context(), "p")
					if _, spent := errors.AsType[*release.AfterSpend](err); !spent || len(a.Spends) != 1 || a.Spends[0].State != release.Abandoned {
						t.Errorf("after %d bytes: %v, ledger %+v", n, err, a.Spends)
					}
				}
			}
			noTrace(t, h)
		})
	}
}

// drying gives out n bytes to the byte, then fails, or ends as a short file does.
type drying struct {
	io.Reader
	left int
	ends bool
}

func (d *drying) Read(p []byte) (int, error) {
	if d.left == 0 && d.ends {
		return 0, io.EOF
	}
	if d.left == 0 {
		return 0, errNoNoise
	}
	n, err := d.Reader.Read(p[:min(len(p), d.left)])
	d.left -= n
	return n, err
}

// TestRunsAtOnce lets goroutines ask at once for more than a lifetime holds. What
// is written is what was let in, and together it is within the lifetime.
func TestRunsAtOnce(t *testing.T) {
	h := newHouse(t)
	const runs = 8
	l := ledgerOf(t, "p")
	third := (l0(t, l).Limit.Precision / 3).Mu()
	ask := dp.EpsilonFor(third, 0.89e-6)
	var wg sync.WaitGroup
	errs := make([]error, runs)
	for i := range runs {
		wg.Go(func() {
			r := h.request()
			if i%2 == 0 {
				r = h.release()
				r.Pub.Catalog = h.path(string(rune('a' + i)))
			} else {
				r.Out.Path = h.path(string(rune('a'+i)) + ".csv")
			}
			r.Ledger, r.Noise, r.Epsilon, r.Workers = l, random(byte(i)), ask, 1
			_, errs[i] = release.Run(t.Context(), r)
		})
	}
	wg.Wait()
	in := 0
	for i, err := range errs {
		there := h.path(string(rune('a'+i)) + ".csv")
		if i%2 == 0 {
			there = h.path(string(rune('a'+i)) + "/things/1")
		}
		_, statErr := os.Stat(there)
		switch {
		case err == nil && statErr == nil:
			in++
		case !errors.Is(err, release.ErrOverBudget) || statErr == nil:
			t.Errorf("run %d: %v, written %v", i, err, statErr == nil)
		}
	}
	a, _ := l.Account(t.Context(), "p")
	if in < 2 || in > 3 || len(a.Spends) != in || a.Spent().Precision > a.Lifetime().Limit.Precision {
		t.Errorf("%d of %d runs were let in, the ledger holds %d, which took %v of %v", in, runs, len(a.Spends), a.Spent(), a.Lifetime().Limit)
	}
}

func l0(t *testing.T, l release.Ledger) release.Lifetime {
	t.Helper()
	a, err := l.Account(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	return a.Lifetime()
}

// TestCatalogBreaksUnderWay does something to the catalog between staging and
// commit. The run fails after its spend, nothing half is to be seen, and once it is
// mended the catalog takes the next release.
func TestCatalogBreaksUnderWay(t *testing.T) {
	for name, c := range map[string]struct {
		harm, mend func(*house) error
		want       string
		broken     bool // afterwards the ledger does not hold: nothing can be published
	}{
		"staging folder gone": {func(h *house) error { return removeAll(h.path("catalog/.staging-*")) }, nil, "no such file", false},
		"staging folder a file": {func(h *house) error {
			left, _ := filepath.Glob(h.path("catalog/.staging-*"))
			return errors.Join(os.RemoveAll(left[0]), os.WriteFile(left[0], nil, 0o600))
		}, nil, "not a directory", false},
		"catalog gone":  {func(h *house) error { return os.RemoveAll(h.path("catalog")) }, nil, "no such file", false},
		"ledger broken": {func(h *house) error { return os.WriteFile(h.path("catalog/ledger.jsonl"), []byte("x\n"), 0o644) }, func(h *house) error { return os.Remove(h.path("catalog/ledger.jsonl")) }, "public ledger does not hold", true},
		"ledger a folder": {func(h *house) error { return os.Mkdir(h.path("catalog/ledger.jsonl"), 0o755) },
			func(h *house) error { return os.Remove(h.path("catalog/ledger.jsonl")) }, "not a regular file", true},
		"dataset a file": {func(h *house) error { return os.WriteFile(h.path("catalog/things"), nil, 0o600) },
			func(h *house) error { return os.Remove(h.path("catalog/things")) }, "is in the ledger but could not be put in place", false},
		"version taken": {func(h *house) error { return os.MkdirAll(h.path("catalog/things/1/mine"), 0o755) },
			func(h *house) error { return os.RemoveAll(h.path("catalog/things/1")) }, "is in the ledger but could not be put in place", false},
		"a file planted": {func(h *house) error {
			left, _ := filepath.Glob(h.path("catalog/.staging-*"))
			return os.WriteFile(filepath.Join(left[0], "data.csv"), []byte("mine"), 0o600)
		}, nil, "file exists", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := h.release()
			done := false
			r.Progress = func(p release.Progress) {
				if p.Stage == release.Writing && !done {
					done = true
					if err := c.harm(h); err != nil {
						t.Error(err)
					}
				}
			}
			_, err := release.Run(t.Context(), r)
			if _, spent := errors.AsType[*release.AfterSpend](err); !spent || !strings.Contains(err.Error(), c.want) || len(h.spends()) != 1 || h.spends()[0].State != release.Abandoned {
				t.Fatalf("%v, want %q; ledger %+v", err, c.want, h.spends())
			}
			if strings.Contains(err.Error()+release.Hint(err), h.dir) {
				t.Errorf("the error tells the path: %v", err)
			}
			owed := errors.Is(err, publish.ErrOwed)
			if owed && !strings.Contains(release.Hint(err), "do not run it again") {
				t.Errorf("hint %q", release.Hint(err))
			}
			if left, _ := filepath.Glob(h.path("catalog/things/1/manifest.json")); len(left) > 0 {
				t.Error("a bundle is to be seen")
			}
			if c.broken {
				h.refusedAgain(h.release())
			}
			if c.mend != nil {
				if err := c.mend(h); err != nil {
					t.Fatal(err)
				}
			}
			res := h.run(h.release())
			if want := map[bool]int{true: 2, false: 1}[owed]; res.Version != want {
				t.Errorf("the next release is version %d, want %d", res.Version, want)
			}
			key, _, _ := release.Keys{Dir: h.path("keys")}.Own()
			for v := 1; v <= res.Version; v++ {
				if r := catalog.Verify(filepath.Join(filepath.Dir(res.Path), string(rune('0'+v))), key); !r.OK() {
					t.Errorf("things/%d: %+v", v, r.Faults)
				}
			}
			if left, _ := filepath.Glob(h.path("catalog/.staging-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// refusedAgain runs a request that must fail without a further spend.
func (h *house) refusedAgain(r release.Request) {
	h.t.Helper()
	before := len(h.spends())
	if _, err := release.Run(h.t.Context(), r); err == nil || release.Hint(err) == "" || len(h.spends()) != before {
		h.t.Errorf("%v, hint %q, %d spends more", err, release.Hint(err), len(h.spends())-before)
	}
}

func removeAll(pattern string) error {
	found, err := filepath.Glob(pattern)
	for _, f := range found {
		err = errors.Join(err, os.RemoveAll(f))
	}
	return err
}
