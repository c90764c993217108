package release

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"amparo/dp"
)

func mustLifetime(t *testing.T, epsilon dp.Epsilon, delta dp.Delta) Lifetime {
	t.Helper()
	l, err := NewLifetime(epsilon, delta)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newAccount(t *testing.T, epsilon dp.Epsilon, delta dp.Delta) *Account {
	t.Helper()
	return &Account{Population: "p", Lifetimes: []Lifetime{mustLifetime(t, epsilon, delta)}}
}

// claimed is the δ that all runs of an account together have at the lifetime's ε.
func claimed(a *Account) float64 {
	s := a.Spent()
	return float64(dp.DeltaFor(s.Mu(), a.Lifetime().Epsilon) + s.Thresholds)
}

func TestLifetimeKeepsItsWord(t *testing.T) {
	for _, epsilon := range []dp.Epsilon{1e-3, 0.1, 1, 4, 10, 50} {
		for _, delta := range []dp.Delta{1e-15, 1e-9, 1e-6, 1e-5, 0.99e-3} {
			l, err := NewLifetime(epsilon, delta)
			if err != nil {
				t.Fatalf("ε=%v δ=%v: %v", epsilon, delta, err)
			}
			whole := float64(dp.DeltaFor(l.Limit.Mu(), epsilon) + l.Limit.Thresholds)
			if whole > float64(delta) {
				t.Errorf("ε=%v δ=%v: the limits together have δ = %v", epsilon, delta, whole)
			}
			if whole < float64(delta)*0.999 {
				t.Errorf("ε=%v δ=%v: the limits give %v away", epsilon, delta, float64(delta)-whole)
			}
		}
	}
}

func TestAsksThatProtectNobodyAreRefused(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	a := newAccount(t, 10, 1e-5)
	for _, c := range []struct {
		epsilon, delta float64
		want           string
	}{
		{0, 1e-6, "ε must be"}, {-1, 1e-6, "ε must be"}, {nan, 1e-6, "ε must be"}, {inf, 1e-6, "ε must be"}, {-inf, 1e-6, "ε must be"},
		{50.1, 1e-6, "protects nobody"}, {1e300, 1e-6, "protects nobody"},
		{1, 0, "δ must lie"}, {1, -1e-9, "δ must lie"}, {1, 1, "δ must lie"}, {1, nan, "δ must lie"}, {1, inf, "δ must lie"},
		{1, 1e-3, "too large"}, {1, 0.5, "too large"},
	} {
		_, err := NewLifetime(dp.Epsilon(c.epsilon), dp.Delta(c.delta))
		_, err2 := a.Quote(Ask{Epsilon: dp.Epsilon(c.epsilon), Delta: dp.Delta(c.delta)})
		for _, err := range []error{err, err2} {
			if err == nil || !strings.Contains(err.Error(), c.want) || Hint(err) == "" {
				t.Errorf("ε=%v δ=%v: %v, hint %q; want %q and a hint", c.epsilon, c.delta, err, Hint(err), c.want)
			}
		}
	}
}

// TestOneRunMayTakeAll asks for the whole lifetime at once, with and without
// levels to find; and then for a little more.
func TestOneRunMayTakeAll(t *testing.T) {
	for _, open := range []int{0, 1, 40} {
		a := newAccount(t, 1, 1e-6)
		c, err := a.Quote(Ask{1, 1e-6, open})
		if err != nil {
			t.Fatalf("%d open columns: %v", open, err)
		}
		if (c.Thresholds > 0) != (open > 0) {
			t.Errorf("%d open columns cost δ′ = %v", open, c.Thresholds)
		}
		a.Spends = append(a.Spends, Spend{Cost: c})
		if claimed(a) > 1e-6 {
			t.Errorf("%d open columns: δ = %v", open, claimed(a))
		}
		if _, err := a.Quote(Ask{0.001, 1e-9, 0}); !errors.Is(err, ErrOverBudget) || Hint(err) == "" {
			t.Errorf("%d open columns: after all was spent: %v", open, err)
		}
	}
	a := newAccount(t, 1, 1e-6)
	for _, ask := range []Ask{{1.001, 1e-6, 0}, {1, 1.001e-6, 1}, {1, 1e-4, 0}} {
		if _, err := a.Quote(ask); !errors.Is(err, ErrOverBudget) {
			t.Errorf("%+v of a lifetime of (1, 1e-6): %v", ask, err)
		}
	}
}

// TestWholeDeltaIsUsed holds that a run without levels to find has the μ of the
// whole of its δ wherever the lifetime leaves room: the design's oracle table.
func TestWholeDeltaIsUsed(t *testing.T) {
	a := newAccount(t, 10, 1e-5)
	for _, c := range []struct {
		epsilon dp.Epsilon
		delta   dp.Delta
		mu      float64
	}{{1, 1e-6, .23670438}, {0.1, 1e-9, .01991642}, {1, 1e-5, .26805112}, {4, 1e-6, .83785876}} {
		got, err := a.Quote(Ask{c.epsilon, c.delta, 0})
		if err != nil || math.Abs(float64(got.Mu())-c.mu) > 1e-6 {
			t.Errorf("ε=%v δ=%v: μ = %v, %v; want %v", c.epsilon, c.delta, got.Mu(), err, c.mu)
		}
	}
}

func TestTenthsOfAThresholdAddUp(t *testing.T) {
	a := newAccount(t, 10, 1e-5)
	for i := range 10 {
		c, err := a.Quote(Ask{0.5, 1e-6, 3})
		if err != nil {
			t.Fatalf("run %d of 10: %v", i+1, err)
		}
		a.Spends = append(a.Spends, Spend{Cost: c})
	}
	if _, err := a.Quote(Ask{0.5, 1e-6, 3}); !errors.Is(err, ErrOverBudget) || !strings.Contains(err.Error(), "finding levels") {
		t.Errorf("the eleventh: %v", err)
	}
	if _, err := a.Quote(Ask{0.5, 1e-6, 0}); err != nil {
		t.Errorf("without levels to find there is room: %v", err)
	}
}

// TestNoHistoryPassesTheLifetime asks at random, seeing what is left, until
// little is: whatever the order, the claim of the whole holds, and what was
// refused would have cost more than was left.
func TestNoHistoryPassesTheLifetime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		epsilon, delta := dp.Epsilon(math.Exp(r.Float64()*5-2)), dp.Delta(math.Exp(-8-r.Float64()*15))
		a := newAccount(t, epsilon, delta)
		for step := 0; step < 60; step++ {
			ask := Ask{epsilon * dp.Epsilon(r.Float64()), delta * dp.Delta(r.Float64()), r.IntN(3)}
			if r.IntN(4) == 0 {
				ask.Epsilon = max(a.Affordable(ask.Delta), 1e-3)
			}
			left := a.Left()
			c, err := a.Quote(ask)
			if err != nil {
				least := dp.Mu(0)
				if mu, err := dp.MuFor(ask.Epsilon, 0.9*ask.Delta); err == nil {
					least = mu
				}
				if least < MinMu*(1+1e-6) && !errors.Is(err, ErrOverBudget) {
					continue
				}
				if !errors.Is(err, ErrOverBudget) {
					t.Fatalf("round %d: %+v: %v", round, ask, err)
				}
				if least.Precision() < left.Precision && (ask.Open == 0 || 0.1*ask.Delta < left.Thresholds) {
					t.Fatalf("round %d: %+v refused though %v was left: %v", round, ask, left, err)
				}
				continue
			}
			if own := float64(dp.DeltaFor(c.Mu(), ask.Epsilon) + c.Thresholds); own > float64(ask.Delta) {
				t.Fatalf("round %d: %+v costs %v, which is δ = %v", round, ask, c, own)
			}
			a.Spends = append(a.Spends, Spend{Cost: c})
		}
		if got := claimed(a); got > float64(delta) {
			t.Fatalf("round %d: a lifetime of (%v, %v) came to δ = %v in %d runs", round, epsilon, delta, got, len(a.Spends))
		}
	}
}

// divergence returns ∫ max(0, f(x)) dx over ±12 standard deviations of N(0, 1)
// and N(μ, 1), by Simpson's rule.
func divergence(mu float64, f func(x float64) float64) float64 {
	const n = 40_000
	lo, hi := -12.0, mu+12
	h, sum := (hi-lo)/n, 0.0
	for i := range n + 1 {
		w := 2.0
		switch {
		case i == 0 || i == n:
			w = 1
		case i%2 == 1:
			w = 4
		}
		sum += w * max(f(lo+float64(i)*h), 0)
	}
	return sum * h / 3
}

func bell(x, mean float64) float64 { return math.Exp(-(x-mean)*(x-mean)/2) / math.Sqrt(2*math.Pi) }

// TestSumsAreProtection is the oracle of the rule by which costs add up. It
// takes the worst pair of neighbours that the rule allows, one Gaussian of mean μ
// against one of mean 0, beside a value that only this person has and that is
// named with probability δ′, integrates both hockey-stick divergences, and
// compares them with δ(μ, ε) + δ′.
func TestSumsAreProtection(t *testing.T) {
	for _, mu := range []float64{0.05, 0.24, 0.5, 1, 2} {
		for _, epsilon := range []float64{0.1, 1, 4, 10} {
			for _, named := range []float64{1e-9, 1e-7, 1e-5, 1e-4} {
				gauss := float64(dp.DeltaFor(dp.Mu(mu), dp.Epsilon(epsilon)))
				if gauss > float64(MaxDelta) {
					continue // no budget allows it
				}
				e := math.Exp(epsilon)
				there := named + divergence(mu, func(x float64) float64 { return (1-named)*bell(x, mu) - e*bell(x, 0) })
				gone := divergence(mu, func(x float64) float64 { return bell(x, 0) - e*(1-named)*bell(x, mu) })
				claim := gauss + named
				if slackFor := 1e-12 + claim*1e-6; there > claim+slackFor || gone > claim+slackFor {
					t.Errorf("μ=%v ε=%v δ′=%v: divergences %v and %v, claimed %v", mu, epsilon, named, there, gone, claim)
				}
			}
		}
	}
}

// TestOneJointLimitWouldLeak shows why both limits are fixed in advance. An
// attacker runs one Gaussian, sees what it gave away, and then spends what the
// joint test δ(√Σμ², ε) + Σδ′ ≤ δ would still allow: on precision or on a
// threshold, whichever gains more now. That passes δ. With both limits fixed the
// best that any choice can do stays within it.
func TestOneJointLimitWouldLeak(t *testing.T) {
	const epsilon, delta, first = 1.0, 1e-3, 0.2
	l := mustLifetime(t, epsilon, 0.999e-3)
	second := func(after float64, mu dp.Mu, named float64) float64 { // gain of the second run at ε reduced by what is known
		gauss := float64(dp.DeltaFor(mu, dp.Epsilon(epsilon-after)))
		if mu == 0 {
			gauss = max(0, 1-math.Exp(epsilon-after))
		}
		return named + (1-named)*gauss
	}
	loss := func(x float64) float64 { return first*x - first*first/2 }
	over := func(gain func(after float64) float64) float64 {
		return divergence(first, func(x float64) float64 { return bell(x, first) * gain(loss(x)) })
	}
	whole, err := dp.MuFor(epsilon, delta)
	if err != nil {
		t.Fatal(err)
	}
	rest := dp.Precision(whole*whole - first*first).Mu()
	named := delta - float64(dp.DeltaFor(first, epsilon))
	joint := over(func(after float64) float64 { return max(second(after, rest, 0), second(after, 0, named)) })
	if joint < delta*1.2 {
		t.Errorf("the joint limit came to δ = %v; if it holds %v, the code is stricter than it need be", joint, delta)
	}
	rest = dp.Precision(l.Limit.Precision - first*first).Mu()
	fixed := over(func(after float64) float64 { return second(after, rest, float64(l.Limit.Thresholds)) })
	if fixed > float64(l.Delta)*(1+1e-6) {
		t.Errorf("fixed limits came to δ = %v of %v", fixed, l.Delta)
	}
	t.Logf("δ = %v: adaptive choice under a joint limit reaches %.4g, under fixed limits %.4g", delta, joint, fixed)
}

func TestAffordable(t *testing.T) {
	for _, spent := range []float64{0, 0.3, 0.9, 0.999} {
		a := newAccount(t, 10, 1e-5)
		limit := a.Lifetime().Limit.Precision
		if spent > 0 {
			a.Spends = []Spend{{Cost: Cost{Precision: limit * dp.Precision(spent)}}}
		}
		for _, delta := range []dp.Delta{1e-9, 1e-6, 1e-5} {
			e := a.Affordable(delta)
			if _, err := a.Quote(Ask{e, delta, 0}); err != nil {
				t.Errorf("spent %v: ε = %v at δ = %v is called affordable: %v", spent, e, delta, err)
			}
			if _, err := a.Quote(Ask{e * 1.02, delta, 0}); !errors.Is(err, ErrOverBudget) && e < MaxEpsilon/1.02 {
				t.Errorf("spent %v: more than ε = %v at δ = %v can be asked", spent, e, delta)
			}
		}
	}
	a := newAccount(t, 1, 1e-6)
	a.Spends = []Spend{{Cost: a.Lifetime().Limit}}
	for _, delta := range []dp.Delta{1e-6, 0, -1, 1, dp.Delta(math.NaN())} {
		if e := a.Affordable(delta); e != 0 {
			t.Errorf("nothing is left, yet at δ = %v ε = %v can be asked", delta, e)
		}
	}
}

func TestPopulationID(t *testing.T) {
	for name, want := range map[string]string{
		"P": "p", "cases-2024": "cases-2024", "Agencia.GT_1": "agencia.gt_1", "0": "0", strings.Repeat("a", 64): strings.Repeat("a", 64),
		"": "", "-a": "", ".a": "", "a b": "", "a/b": "", "año": "", "a\n": "", strings.Repeat("a", 65): "",
	} {
		got, err := PopulationID(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestChangesOfALifetime(t *testing.T) {
	half := func(a *Account) { a.Spends = []Spend{{Cost: Cost{a.Lifetime().Limit.Precision / 2, 0}}} }
	for _, c := range []struct {
		name    string
		epsilon dp.Epsilon
		delta   dp.Delta
		raise   bool
		spend   func(*Account)
		want    string
	}{
		{"same", 1, 1e-6, false, nil, ""},
		{"lower", 0.5, 1e-6, false, nil, ""},
		{"lower, with room", 0.9, 1e-6, false, half, ""},
		{"below what was spent", 0.1, 1e-6, false, half, "already spent"},
		{"below what was spent, raised", 0.1, 1e-6, true, half, "already spent"},
		{"more ε", 1.1, 1e-6, false, nil, "would raise"},
		{"more δ", 1, 2e-6, false, nil, "would raise"},
		{"more δ, less ε", 0.5, 2e-6, false, nil, "would raise"},
		{"raised", 2, 2e-6, true, half, ""},
	} {
		a := newAccount(t, 1, 1e-6)
		if c.spend != nil {
			c.spend(a)
		}
		err := a.change(mustLifetime(t, c.epsilon, c.delta), c.raise)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || Hint(err) == "") {
			t.Errorf("%s: %v, hint %q; want %q", c.name, err, Hint(err), c.want)
		}
	}
	if err := (&Account{}).change(mustLifetime(t, 1, 1e-6), false); err != nil {
		t.Errorf("a first lifetime: %v", err)
	}
}

func TestLeftIsNeverBelowZero(t *testing.T) {
	a := newAccount(t, 1, 1e-6)
	limit := a.Lifetime().Limit
	a.Spends = []Spend{{Cost: Cost{limit.Precision * (1 + rounding/2), limit.Thresholds * (1 + rounding/2)}, State: Abandoned}}
	if left := a.Left(); left.Precision != 0 || left.Thresholds != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestSpendReadsAsOneLine(t *testing.T) {
	s := Spend{Number: 7, Purpose: "release victims/2", Epsilon: 1, Delta: 1e-6, Cost: Cost{Precision: 0.25}, Entered: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), State: Abandoned}
	if got, want := fmt.Sprint(s), "7 2026-01-02T03:04:05Z release victims/2 ε=1 δ=1e-06 μ=0.5 abandoned"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
