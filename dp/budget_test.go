package dp

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"
)

func budgetOf(t testing.TB, m Mu) *Budget {
	t.Helper()
	b, err := NewBudget(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBudgetIsAllOrNothing(t *testing.T) {
	b := budgetOf(t, 1)
	if err := b.Spend(.7); err != nil {
		t.Fatal(err)
	}
	for _, shares := range [][]Precision{{.4}, {.1, .1, .11}, {.2, math.MaxFloat64}, {math.MaxFloat64, math.MaxFloat64}} {
		if err := b.Spend(shares...); !errors.Is(err, ErrSpent) {
			t.Errorf("overspending by %v answered %v", shares, err)
		}
	}
	if math.Abs(float64(b.Spent())-.7) > 1e-15 || math.Abs(float64(b.Left())-.3) > 1e-15 || b.Total() != 1 {
		t.Errorf("a refused share was taken: spent %v, left %v of %v", b.Spent(), b.Left(), b.Total())
	}
	if err := b.Spend(b.Left()); err != nil {
		t.Errorf("the rest could not be spent: %v", err)
	}
	if b.Left() != 0 || b.Spent() != 1 {
		t.Errorf("%v is left of nothing, %v spent", b.Left(), b.Spent())
	}
	if err := b.Spend(); err != nil {
		t.Errorf("nothing could not be spent: %v", err)
	}
}

func TestBudgetRefuses(t *testing.T) {
	b := budgetOf(t, 1)
	for _, share := range []float64{0, -.1, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)} {
		if err := b.Spend(Precision(share)); err == nil {
			t.Errorf("a share of %v was spent", share)
		}
		if err := b.Spend(.1, Precision(share)); err == nil {
			t.Errorf("a share of %v was spent beside another", share)
		}
	}
	if b.Spent() != 0 {
		t.Errorf("refusals spent %v", b.Spent())
	}
	for _, m := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e-200, 1e200, 1e-160} {
		if _, err := NewBudget(Mu(m)); err == nil {
			t.Errorf("a budget of μ=%v was made", m)
		}
	}
	for _, m := range []float64{1e-150, 1e-9, 1, 1e150} {
		b := budgetOf(t, Mu(m))
		if err := b.Spend(b.Left()); err != nil || b.Left() != 0 {
			t.Errorf("a budget of μ=%v cannot be spent: %v, %v left", m, err, b.Left())
		}
	}
}

// TestPartsOfABudget: shares that are exact on paper may be spent, whatever
// floating point makes of their sum; and never a share more.
func TestPartsOfABudget(t *testing.T) {
	for parts := 1; parts <= 30_000; parts += 1 + parts/3 {
		b := budgetOf(t, .2367)
		share := Mu(.2367).Precision() / Precision(parts)
		for k := range parts {
			if err := b.Spend(share); err != nil {
				t.Fatalf("part %d of %d: %v", k, parts, err)
			}
		}
		if b.Spend(share) == nil {
			t.Fatalf("%d parts and one more were spent", parts)
		}
	}
}

// TestNothingIsFree: shares too small to change a floating-point sum still add up.
func TestNothingIsFree(t *testing.T) {
	b := budgetOf(t, 1)
	if err := b.Spend(1 - 1e-13); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for range 2_000_000 {
		if b.Spend(1e-19) != nil {
			break
		}
		taken++
	}
	// 10⁻¹⁹ is less than a tick, and is rounded up to one; 10⁻¹³ and the grace of 2⁻⁴¹
	// hold 1.3 million.
	if taken > 1_300_000 {
		t.Errorf("%d shares of 10⁻¹⁹ were taken", taken)
	}
	if err := b.Spend(math.SmallestNonzeroFloat64); b.Spent() > 1 || err == nil && taken > 1_300_000 {
		t.Error("the smallest share is free")
	}
}

// TestBudgetHoldsAgainstAnAdversary: callers who choose each share by what is left,
// to make rounding work for them, never get more than the total by more than its
// grace, added up exactly; and noise of those shares never costs the total.
func TestBudgetHoldsAgainstAnAdversary(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		m := Mu(math.Exp(8*r.Float64() - 6))
		b := budgetOf(t, m)
		asked, used := new(big.Rat), new(big.Rat)
		for range 300 {
			var s Precision
			switch r.IntN(5) {
			case 0:
				s = b.Left() * Precision(r.Float64())
			case 1:
				s = b.Left()
			case 2:
				s = Precision(math.Nextafter(float64(b.Left()), math.Inf(1)))
			case 3:
				s = m.Precision() * 0x1p-54
			default:
				s = m.Precision() * Precision(1+r.Float64()*0x1p-41) / Precision(1+r.IntN(9))
			}
			if b.Spend(s) != nil {
				continue
			}
			asked.Add(asked, new(big.Rat).SetFloat64(float64(s)))
			if v, err := VarianceFor(s); err == nil { // smaller shares buy no noise at all
				used.Add(used, exactCost(v))
			}
		}
		total := new(big.Rat).SetFloat64(float64(m.Precision()))
		if used.Cmp(total) > 0 {
			t.Fatalf("noise took %v of %v", used.FloatString(20), total.FloatString(20))
		}
		if total.Mul(total, big.NewRat(1<<41+1, 1<<41)); asked.Cmp(total) > 0 {
			t.Fatalf("shares add up to %v of %v", asked.FloatString(20), total.FloatString(20))
		}
		if b.Spent() > b.Total() {
			t.Fatalf("spent %v of %v", b.Spent(), b.Total())
		}
	}
}

// TestBudgetHoldsUnderRace: many spenders at once never get more than there is.
func TestBudgetHoldsUnderRace(t *testing.T) {
	b := budgetOf(t, 1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if b.Left() >= .01 && b.Spend(.004, .006) == nil {
					mu.Lock()
					got++
					mu.Unlock()
				}
				_ = b.Spent()
			}
		})
	}
	wg.Wait()
	if got < 99 || got > 100 {
		t.Errorf("%d hundredths were spent", got)
	}
}

func TestUnits(t *testing.T) {
	for _, m := range []Mu{1e-6, .2367, 1, 4} {
		if back := m.Precision().Mu(); math.Abs(float64(back/m-1)) > 1e-15 {
			t.Errorf("μ=%v came back as %v", m, back)
		}
	}
}
