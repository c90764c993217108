package release

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"amparo/dp"
)

// A lossGrid is the distribution of the privacy loss of a run over a grid of step
// h, rounded up: probability[i] is that of a loss of (first+i)·h at most. It knows
// nothing of μ adding up in squares: runs are composed by adding up losses.
type lossGrid struct {
	first       int
	probability []float64
	never       float64 // of a loss beyond all measure
}

const gridStep = 1.0 / 512

// lossOf returns the losses of N(μ, 1) against N(0, 1): normal with mean μ²/2 and
// deviation μ. Each is rounded up to the grid; what lies beyond nine deviations
// is never protected.
func lossOf(mu, named float64) lossGrid {
	upper := func(x float64) float64 { return math.Erfc((x-mu*mu/2)/(mu*math.Sqrt2)) / 2 }
	first := int(math.Floor((mu*mu/2 - 9*mu) / gridStep))
	g := lossGrid{first: first, never: named}
	for i := first; float64(i)*gridStep < mu*mu/2+9*mu+gridStep; i++ {
		p := upper(float64(i-1)*gridStep) - upper(float64(i)*gridStep)
		if i == first {
			p = 1 - upper(float64(i)*gridStep)
		}
		g.probability = append(g.probability, (1-named)*p)
	}
	return g
}

// plus returns the losses of two runs together.
func (g lossGrid) plus(o lossGrid) lossGrid {
	out := lossGrid{g.first + o.first, make([]float64, len(g.probability)+len(o.probability)-1), g.never + o.never - g.never*o.never}
	for i, p := range g.probability {
		if p == 0 {
			continue
		}
		for j, q := range o.probability {
			out.probability[i+j] += p * q
		}
	}
	return out
}

// delta returns the δ at ε: what losses above ε give away.
func (g lossGrid) delta(epsilon float64) float64 {
	sum := g.never
	for i, p := range g.probability {
		if loss := float64(g.first+i) * gridStep; loss > epsilon {
			sum += p * -math.Expm1(epsilon-loss)
		}
	}
	return sum
}

// TestManyRunsTogether is the oracle of composition: a lifetime is spent in runs of
// random size, some of which find levels; then the losses of all of them are added
// up on a grid, run by run, and the δ of the whole is compared with what was
// promised. Losses are rounded up, so the grid's δ is a little too large: by what
// one step a run changes.
func TestManyRunsTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 4))
	for _, c := range []struct{ epsilon, delta float64 }{{1, 1e-5}, {4, 1e-4}, {0.5, 1e-4}} {
		a := newAccount(t, dp.Epsilon(c.epsilon), dp.Delta(c.delta))
		for range 200 {
			ask := Ask{dp.Epsilon(c.epsilon * (.3 + .3*r.Float64())), dp.Delta(c.delta * (.05 + .3*r.Float64())), r.IntN(2)}
			if cost, err := a.Quote(ask); err == nil {
				a.Spends = append(a.Spends, Spend{Cost: cost})
			}
		}
		if e := a.Affordable(dp.Delta(c.delta / 100)); e > 0.01 { // and the rest to the last
			cost, err := a.Quote(Ask{e, dp.Delta(c.delta / 100), 0})
			if err != nil {
				t.Fatal(err)
			}
			a.Spends = append(a.Spends, Spend{Cost: cost})
		}
		if n := len(a.Spends); n < 3 || n > 25 {
			t.Fatalf("ε = %v: %d runs", c.epsilon, n)
		}
		whole := lossGrid{0, []float64{1}, 0}
		for _, s := range a.Spends {
			whole = whole.plus(lossOf(float64(s.Cost.Mu()), float64(s.Cost.Thresholds)))
		}
		steps := float64(len(a.Spends)) * gridStep
		if got := whole.delta(c.epsilon + steps); got > c.delta*(1+1e-6) {
			t.Errorf("(%v, %v) in %d runs: the losses add up to δ = %v at most, more than was promised", c.epsilon, c.delta, len(a.Spends), got)
		}
		// Not only within, but near: a tenth of δ is for levels, the rest for counts.
		if left := a.Left(); whole.delta(c.epsilon) < .5*c.delta {
			t.Errorf("(%v, %v) in %d runs: δ = %v, with %v left", c.epsilon, c.delta, len(a.Spends), whole.delta(c.epsilon), left)
		}
	}
}

// TestTheGridItself compares the oracle of composition with the closed form for one
// Gaussian, and with one run of the same μ for several.
func TestTheGridItself(t *testing.T) {
	for _, mu := range []float64{.1, .3, 1} {
		for _, epsilon := range []float64{.1, 1} {
			exact := divergence(mu, func(x float64) float64 { return bell(x, mu) - math.Exp(epsilon)*bell(x, 0) })
			one := lossOf(mu, 0)
			if low, high := one.delta(epsilon+gridStep), one.delta(epsilon); exact < low-1e-12 || exact > high+1e-12 {
				t.Errorf("μ = %v, ε = %v: δ = %v, the grid says %v to %v", mu, epsilon, exact, low, high)
			}
			third := lossOf(mu/math.Sqrt(3), 0)
			three := third.plus(third).plus(third)
			if low, high := three.delta(epsilon+3*gridStep), three.delta(epsilon); exact < low-1e-12 || exact > high+1e-12 {
				t.Errorf("μ = %v in three, ε = %v: δ = %v, the grid says %v to %v", mu, epsilon, exact, low, high)
			}
		}
	}
}

// TestQuotedIsEnteredIsLeft walks through random histories and adds up in exact
// arithmetic: what is quoted is entered, what is left is the limit less what was
// spent and never below zero, and an account never grows again.
func TestQuotedIsEnteredIsLeft(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 8))
	for round := range 20 {
		epsilon, delta := dp.Epsilon(math.Exp(4*r.Float64()-2)), dp.Delta(math.Exp(-9-12*r.Float64()))
		a := newAccount(t, epsilon, delta)
		limit := a.Lifetime().Limit
		precision, thresholds := new(big.Float).SetPrec(200), new(big.Float).SetPrec(200)
		before := a.Left()
		for range 40 {
			ask := Ask{epsilon * dp.Epsilon(r.Float64()), delta * dp.Delta(r.Float64()), r.IntN(3)}
			quoted, err := a.Quote(ask)
			again, err2 := a.Quote(ask)
			if quoted != again || (err == nil) != (err2 == nil) {
				t.Fatalf("round %d: quoted %v, then %v", round, quoted, again)
			}
			if err != nil {
				if quoted != (Cost{}) || a.Left() != before {
					t.Fatalf("round %d: refused, quoted %v, left %v", round, quoted, a.Left())
				}
				continue
			}
			if !(quoted.Precision > 0) || quoted.Thresholds < 0 || (quoted.Thresholds > 0) != (ask.Open > 0) {
				t.Fatalf("round %d: %+v costs %+v", round, ask, quoted)
			}
			a.Spends = append(a.Spends, Spend{Cost: quoted, State: []State{Started, Finished, Abandoned}[r.IntN(3)]})
			precision.Add(precision, big.NewFloat(float64(quoted.Precision)))
			thresholds.Add(thresholds, big.NewFloat(float64(quoted.Thresholds)))
			left := a.Left()
			if left.Precision < 0 || left.Thresholds < 0 || left.Precision > before.Precision || left.Thresholds > before.Thresholds {
				t.Fatalf("round %d: left %v after %v", round, left, before)
			}
			for _, c := range []struct {
				spent       *big.Float
				limit, left float64
			}{{precision, float64(limit.Precision), float64(left.Precision)}, {thresholds, float64(limit.Thresholds), float64(left.Thresholds)}} {
				exact, _ := new(big.Float).Sub(big.NewFloat(c.limit), c.spent).Float64()
				if math.Abs(max(exact, 0)-c.left) > 1e-12*c.limit {
					t.Fatalf("round %d: left %v, exactly %v", round, c.left, exact)
				}
				if exact < -1.1*rounding*c.limit {
					t.Fatalf("round %d: the limit %v was passed by %v", round, c.limit, -exact)
				}
			}
			before = left
		}
	}
}

// TestMuAgainstTheIntegral compares the μ of an (ε, δ) with the integral of the two
// bells: no more than δ, and a hair more noise than needed at most.
func TestMuAgainstTheIntegral(t *testing.T) {
	for _, c := range []struct{ epsilon, delta float64 }{{.1, 1e-6}, {1, 1e-6}, {1, 1e-5}, {4, 1e-6}, {10, 1e-5}, {.5, 9e-4}} {
		a := newAccount(t, 50, 9.9e-4)
		cost, err := a.Quote(Ask{dp.Epsilon(c.epsilon), dp.Delta(c.delta), 0})
		if err != nil {
			t.Fatal(err)
		}
		mu := float64(cost.Mu())
		at := func(mu float64) float64 {
			return divergence(mu, func(x float64) float64 { return bell(x, mu) - math.Exp(c.epsilon)*bell(x, 0) })
		}
		if got := at(mu); got > c.delta*(1+1e-5) || at(mu*1.0005) < c.delta {
			t.Errorf("ε = %v, δ = %v: μ = %v has δ = %v", c.epsilon, c.delta, mu, got)
		}
	}
}

// TestOddsAgainstTheIntegral computes the best attack by bisection on the upper
// tail, where the code has a closed form, and beliefs as a sum over worlds.
func TestOddsAgainstTheIntegral(t *testing.T) {
	tail := func(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }
	for _, mu := range []float64{.01, .1, .2367, .8379, 2, 5} {
		for _, named := range []dp.Delta{0, 1e-7, 1e-4} {
			for _, a := range accusations(Cost{dp.Mu(mu).Precision(), named}) {
				low, high := -10.0, 10.0
				for range 200 {
					if mid := (low + high) / 2; tail(mid) > a.Wrong {
						low = mid
					} else {
						high = mid
					}
				}
				if want := min(tail(low-mu)+float64(named), 1); math.Abs(a.Right-want) > 1e-9 {
					t.Errorf("μ = %v, δ′ = %v: of %v wrongly accused it finds %v, want %v", mu, named, a.Wrong, a.Right, want)
				}
				if a.Right < a.Wrong {
					t.Errorf("μ = %v: worse than guessing: %+v", mu, a)
				}
			}
		}
	}
	for _, epsilon := range []dp.Epsilon{.1, 1, 5, 50} {
		for _, b := range beliefs(epsilon) {
			// Of a million worlds before·10⁶ have the person; the worst evidence is e^ε
			// times as likely there.
			there, gone := b.Before*1e6*math.Exp(float64(epsilon)), (1-b.Before)*1e6
			if want := there / (there + gone); math.Abs(b.After-want) > 1e-12 || b.After < b.Before || b.After > 1 {
				t.Errorf("ε = %v: from %v to %v, want %v", epsilon, b.Before, b.After, want)
			}
		}
	}
}

// TestLifetimesOneAfterTheOther: what was spent under an earlier lifetime counts
// under the next, whether that is larger or smaller, and a lowered one is held to.
func TestLifetimesOneAfterTheOther(t *testing.T) {
	a := newAccount(t, 2, 1e-6)
	spend := func(ask Ask) error {
		c, err := a.Quote(ask)
		if err == nil {
			a.Spends = append(a.Spends, Spend{Cost: c})
		}
		return err
	}
	set := func(epsilon dp.Epsilon, delta dp.Delta, raise bool) error {
		next := mustLifetime(t, epsilon, delta)
		next.Set = time.Unix(int64(len(a.Lifetimes)), 0)
		err := a.change(next, raise)
		if err == nil {
			a.Lifetimes = append(a.Lifetimes, next)
		}
		return err
	}
	if err := spend(Ask{1, 1e-7, 0}); err != nil {
		t.Fatal(err)
	}
	spent := a.Spent()
	if err := set(1.5, 1e-6, false); err != nil || a.Lifetime().Epsilon != 1.5 || a.Spent() != spent {
		t.Fatalf("lowered: %v", err)
	}
	if err := set(2, 1e-6, false); err == nil {
		t.Error("what was lowered was raised again unsaid")
	}
	if err := spend(Ask{1.5, 1e-6, 0}); !errors.Is(err, ErrOverBudget) {
		t.Errorf("the lowered lifetime was not held to: %v", err)
	}
	if err := set(.2, 1e-6, true); err == nil {
		t.Error("a lifetime below what is spent")
	}
	if err := set(3, 1e-6, true); err != nil || a.Left().Precision != a.Lifetime().Limit.Precision-spent.Precision {
		t.Errorf("raised: %v, left %v", err, a.Left())
	}
	for range 100 {
		_ = spend(Ask{1, 1e-7, 0})
	}
	if claimed(a) > 1e-6 {
		t.Errorf("over three lifetimes δ came to %v at the last one's ε", claimed(a))
	}
	if len(a.Spends) < 3 || a.Clone().Spent() != a.Spent() {
		t.Errorf("%d spends", len(a.Spends))
	}
}

// TestNoiseAlone: a run that would draw noise of millions, and as many records, is
// refused before it spends; and what may still be asked for is never such a run.
func TestNoiseAlone(t *testing.T) {
	for _, c := range []struct {
		epsilon, delta float64
		ok             bool
	}{{1e-310, 1e-6, false}, {1e-9, 1e-12, false}, {1e-6, 1e-10, false}, {1e-300, 1e-15, false}, {1e-3, 1e-9, true}, {1e-300, 5e-5, true}, {.01, 1e-12, true}} {
		cost, err := newAccount(t, 10, 1e-4).Quote(Ask{dp.Epsilon(c.epsilon), dp.Delta(c.delta), 0})
		if (err == nil) != c.ok || err != nil && (Hint(err) == "" || errors.Is(err, ErrOverBudget)) || err == nil && cost.Mu() < MinMu {
			t.Errorf("ε = %v, δ = %v: %v, %v", c.epsilon, c.delta, cost, err)
		}
	}
	for _, left := range []float64{1e-14, 1e-12, 1e-10, 1e-8, 1e-6} {
		a := newAccount(t, 1, 1e-6)
		limit := a.Lifetime().Limit.Precision
		a.Spends = []Spend{{Cost: Cost{Precision: limit * dp.Precision(1-left)}}}
		e := a.Affordable(1e-9)
		if _, err := a.Quote(Ask{e, 1e-9, 0}); e > 0 && err != nil {
			t.Errorf("ε = %v is called affordable: %v", e, err)
		}
		if e > 0 && a.Left().Mu() < MinMu {
			t.Errorf("with μ = %v left, ε = %v is called affordable", a.Left().Mu(), e)
		}
	}
}

// FuzzPopulationID: an id is what a ledger and a manifest may hold, one spelling
// for one population.
func FuzzPopulationID(f *testing.F) {
	for _, s := range []string{"p", "Cases-2024", "K", "İ", "ſ", "a\x00", "../x", "a b", "é", strings.Repeat("a", 65), "-a", "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		id, err := PopulationID(name)
		if err != nil {
			if id != "" || Hint(err) == "" || len(name) < 1000 && len(name) > 3 && strings.Contains(err.Error(), name) && !strings.Contains("a population's id has 1 to 64 letters a–z, digits, and . _ - within", name) {
				t.Errorf("%q: %q, %v", name, id, err)
			}
			return
		}
		if len(id) < 1 || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || strings.ContainsAny(id[:1], "._-") {
			t.Errorf("%q became %q", name, id)
		}
		for _, other := range []string{id, strings.ToUpper(id), strings.ToLower(name)} {
			if again, err := PopulationID(other); err != nil || again != id {
				t.Errorf("%q is %q, but %q is %q, %v", name, id, other, again, err)
			}
		}
	})
}

// FuzzAsk: whatever is asked for, the answer is a refusal with a hint or a cost
// that keeps the lifetime; there is no number that slips through.
func FuzzAsk(f *testing.F) {
	for _, x := range []float64{0, 1, -1, 1e-300, 1e300, 50, 50.0000001, 1e-3, 9.99e-4, math.Inf(1), math.NaN(), 5e-324} {
		f.Add(x, 1e-6, 0)
		f.Add(1.0, x, 2)
	}
	f.Fuzz(func(t *testing.T, epsilon, delta float64, open int) {
		a := &Account{Population: "p"}
		l, err := NewLifetime(50, 9.99e-4)
		if err != nil {
			t.Fatal(err)
		}
		a.Lifetimes = []Lifetime{l}
		c, err := a.Quote(Ask{dp.Epsilon(epsilon), dp.Delta(delta), open})
		switch {
		case err != nil && (Hint(err) == "" || c != Cost{}):
			t.Errorf("ε = %v, δ = %v: %v with hint %q, cost %v", epsilon, delta, err, Hint(err), c)
		case err == nil && (!(c.Precision > 0) || !(c.Thresholds >= 0) || !c.within(l.Limit) || !(epsilon > 0 && epsilon <= 50) || !(delta > 0 && delta < 1e-3)):
			t.Errorf("ε = %v, δ = %v costs %v", epsilon, delta, c)
		}
	})
}
