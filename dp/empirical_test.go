package dp

import (
	"context"
	"math"
	"testing"

	"amparo/microdata"
)

// logBinomial is ln of the probability of k of n at p.
func logBinomial(n, k int, p float64) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p)
}

// atLeast is P(Binomial(n, p) ≥ k).
func atLeast(n, k int, p float64) (sum float64) {
	for j := k; j <= n; j++ {
		term := math.Exp(logBinomial(n, j, p))
		if sum += term; term < 1e-20 && float64(j) > float64(n)*p {
			break
		}
	}
	return sum
}

// clopper returns bounds below and above of a rate of which k of n were seen, each
// wrong with probability alpha at most (Clopper and Pearson 1934).
func clopper(n, k int, alpha float64) (low, high float64) {
	solve := func(short func(p float64) bool) float64 {
		lo, hi := 0.0, 1.0
		for range 50 {
			if p := (lo + hi) / 2; short(p) {
				lo = p
			} else {
				hi = p
			}
		}
		return (lo + hi) / 2
	}
	low, high = 0, 1
	if k > 0 {
		low = solve(func(p float64) bool { return atLeast(n, k, p) < alpha })
	}
	if k < n {
		high = solve(func(p float64) bool { return 1-atLeast(n, k+1, p) > alpha })
	}
	return low, high
}

// score is Φ⁻¹(p).
func score(p float64) float64 {
	if p > .5 {
		return quantile(Delta(1 - p))
	}
	return -quantile(Delta(p))
}

// lowerMu is the 99 % lower bound of μ from a test that said "there" of found in n
// runs with the person and of wrong in n without: half a per cent for each rate.
func lowerMu(n, found, wrong int) float64 {
	tpr, _ := clopper(n, found, .005)
	_, fpr := clopper(n, wrong, .005)
	return score(tpr) - score(fpr)
}

// attack runs the adaptive mechanism on a toy table, n times with a person and n
// without, sees every measurement (white box) and knows all others' rows, and says
// "there" by the likelihood ratio, which is the best test there is: each answer
// about the person's cell adds (y − truth without − ½)/σ².
func attack(t *testing.T, n int, mechanism func(ctx context.Context, m *Mechanism) ([]Measurement, error)) (found, wrong int) {
	t.Helper()
	without := rowsOf(20)
	person := []uint16{2, 3}
	with := append(append([][]uint16{}, without...), person)
	absent := table2(t, threeByFour, without)
	noise := bytesOf(50)
	for side, c := range []microdata.Counter{absent, table2(t, threeByFour, with)} {
		for range n {
			m, err := Open(c, budgetOf(t, 1), noise, Options{})
			if err != nil {
				t.Fatal(err)
			}
			answers, err := mechanism(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			ratio := 0.0
			for _, a := range answers {
				cell := 0
				for _, col := range a.Clique {
					cell = cell*threeByFour[col] + int(person[col])
				}
				known, err := absent.Count(context.Background(), []microdata.Clique{a.Clique})
				if err != nil {
					t.Fatal(err)
				}
				ratio += (float64(a.Noisy[cell]-known[0].Counts[cell]) - .5) / a.Variance
			}
			if ratio > 0 {
				if side == 1 {
					found++
				} else {
					wrong++
				}
			}
		}
	}
	return found, wrong
}

// spendAll measures every marginal of the toy table, adaptively: the second half
// of the budget goes where the first answer says.
func spendAll(ctx context.Context, m *Mechanism) ([]Measurement, error) {
	first, err := m.Measure(ctx, []Ask{{microdata.Clique{}, .1}, {microdata.Clique{0}, .1}, {microdata.Clique{1}, .1}, {microdata.Clique{0, 1}, .1}})
	if err != nil {
		return nil, err
	}
	again := microdata.Clique{0}
	if first[0].Noisy[0]%2 == 0 {
		again = microdata.Clique{1}
	}
	second, err := m.Measure(ctx, []Ask{{again, .2}, {microdata.Clique{0, 1}, .2}, {microdata.Clique{}, .2}})
	return append(first, second...), err
}

// TestEmpiricalMu audits the mechanism at μ = 1 by attack. The 99 % lower bound of
// μ is above μ in less than 1 % of runs of a mechanism that keeps its word, and it
// must not be under 0.8 μ, else the audit could see nothing: with 20,000 runs a side
// it is expected at 0.92 μ, with a standard deviation of 0.013 μ. The bytes are
// fixed, so that a run never differs from the last.
func TestEmpiricalMu(t *testing.T) {
	const n = 20_000
	found, wrong := attack(t, n, spendAll)
	lower := lowerMu(n, found, wrong)
	t.Logf("99 %% lower bound of μ: %.4f (there: %d and %d of %d)", lower, found, wrong, n)
	if lower > 1 || lower < .8 {
		t.Errorf("the 99 %% lower bound of μ is %.4f, want it in [0.8, 1]", lower)
	}
}

// TestEmpiricalMuCatches: a mechanism that lies about what it spends is found out:
// noise of half the variance that was paid for is μ = 1.41.
func TestEmpiricalMuCatches(t *testing.T) {
	const n = 6000
	found, wrong := attack(t, n, func(ctx context.Context, m *Mechanism) ([]Measurement, error) {
		fresh := m.noise
		m.noise = func(counts []int64, v Variance) ([]int64, error) { return fresh(counts, max(v/2, MinVariance)) }
		return spendAll(ctx, m)
	})
	if lower := lowerMu(n, found, wrong); lower <= 1 {
		t.Errorf("half the noise: the lower bound of μ is %.4f", lower)
	}
}

// TestClopper: bounds of the tables of Clopper and Pearson, and cover: at the lower
// bound what was seen has probability alpha.
func TestClopper(t *testing.T) {
	for _, c := range []struct {
		n, k      int
		low, high float64
	}{{10, 0, 0, .30850}, {10, 10, .69150, 1}, {20, 5, .08657, .49105}} {
		if low, high := clopper(c.n, c.k, .025); math.Abs(low-c.low) > 1e-4 || math.Abs(high-c.high) > 1e-4 {
			t.Errorf("%d of %d: %.5f to %.5f, want %v to %v", c.k, c.n, low, high, c.low, c.high)
		}
	}
	low, high := clopper(6000, 4000, .005)
	if p := atLeast(6000, 4000, low); math.Abs(p-.005) > 1e-6 {
		t.Errorf("at the lower bound %v", p)
	}
	if p := 1 - atLeast(6000, 4001, high); math.Abs(p-.005) > 1e-6 {
		t.Errorf("at the upper bound %v", p)
	}
}
