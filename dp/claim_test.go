package dp

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"amparo/microdata"
)

// exactDelta is the exact δ at ε of releasing several counts, each moved by one,
// with discrete Gaussian noise: the loss distributions of the draws, convolved by
// brute force over all outcomes.
func exactDelta(variances []Variance, e float64) float64 {
	type mass struct{ loss, p float64 }
	all := []mass{{0, 1}}
	for _, v := range variances {
		span := int(13*math.Sqrt(v.Float())) + 2
		p := weights(v, span)
		next := make([]mass, 0, len(all)*len(p))
		for _, m := range all {
			for i := range p {
				// Under "there" the noise is y and the count one higher; the loss of
				// the outcome is (2y+1)/2σ².
				y := float64(i - span)
				if q := m.p * p[i]; q > 1e-25 {
					next = append(next, mass{m.loss + (2*y+1)/2/v.Float(), q})
				}
			}
		}
		all = next
	}
	sum := 0.0
	for _, m := range all {
		if m.loss > e {
			sum += m.p * -math.Expm1(e-m.loss)
		}
	}
	return sum
}

var someRuns = [][]Variance{
	{4 * sixteenths}, {5 * sixteenths}, {7*sixteenths + 3}, {16 * sixteenths}, {100 * sixteenths}, {3600 * sixteenths},
	{5 * sixteenths, 5 * sixteenths}, {6 * sixteenths, 20 * sixteenths}, {64 * sixteenths, 81 * sixteenths},
	{6 * sixteenths, 7 * sixteenths, 9*sixteenths + 5},
}

func costOf(variances []Variance) (c Precision) {
	for _, v := range variances {
		c += v.Cost()
	}
	return c
}

// TestDiscreteClaimsHold: for one draw, two and three of various variances, the
// exact δ of the discrete noise never passes the δ claimed for the precision that
// was paid, at any ε: the claim is meant to the letter.
func TestDiscreteClaimsHold(t *testing.T) {
	for _, variances := range someRuns {
		for e := .01; e < 6; e *= 1.13 {
			claimed := float64(DeltaFor(costOf(variances).Mu(), Epsilon(e)))
			if claimed < 1e-14 {
				break
			}
			if exact := exactDelta(variances, e); exact > claimed {
				t.Errorf("σ² %v, ε = %.3f: exact δ %.6g, claimed %.6g", variances, e, exact, claimed)
			}
		}
	}
}

// TestPlainAccountingWouldNotHold: accounted as a Gaussian of its own variance, a
// lone draw breaks its claim; the test above can fail.
func TestPlainAccountingWouldNotHold(t *testing.T) {
	v, broken := Variance(16*sixteenths), 0
	for e := .01; e < 3; e *= 1.05 {
		if exactDelta([]Variance{v}, e) > float64(DeltaFor(Mu(1/math.Sqrt(v.Float())), Epsilon(e))) {
			broken++
		}
	}
	if broken == 0 {
		t.Error("no claim was broken: the oracle sees no difference between discrete and continuous")
	}
}

// TestDeltaOfIsTheSum compares DeltaOf with brute force: never below, and above by
// less than one part in 10⁶.
func TestDeltaOfIsTheSum(t *testing.T) {
	for _, variances := range someRuns {
		for e := .02; e < 5; e *= 2.1 {
			want := exactDelta(variances, e)
			if want < 1e-13 { // brute force leaves masses out
				break
			}
			got, err := DeltaOf(Epsilon(e), Access{Variance: variances})
			if err != nil || float64(got) < want*(1-1e-10) || float64(got) > want*(1+1e-6)+1e-20 {
				t.Errorf("σ² %v, ε = %.3f: δ ≤ %.9g, exact %.9g, %v", variances, e, float64(got), want, err)
			}
		}
	}
}

// TestDeltaOfManyAsOne: the sum of n draws of one variance, taken at once on its
// lattice, agrees with n groups of one draw each, put on the grid.
func TestDeltaOfManyAsOne(t *testing.T) {
	const n, s2 = 12, 350.0625
	for _, e := range []float64{0, .05, .3, 1, 1.8, 4} {
		one := deltaOf(e, []lossGroup{{s2, n}}, 0)
		many := deltaOf(e, slices.Repeat([]lossGroup{{s2, 1}}, n), 0)
		if many < one*(1-1e-10) || many > one*(1+n*1e-7) {
			t.Errorf("ε = %v: δ ≤ %.12g of one group, %.12g of many", e, one, many)
		}
	}
}

// TestDeltaOfContinuous: continuous noise taken apart from, or together with, noise
// on a lattice so fine that it is all but continuous gives the same δ.
func TestDeltaOfContinuous(t *testing.T) {
	const s2 = 3e5 // a precision of 3·10⁻⁶ a draw
	for _, share := range []float64{.1, .6} {
		for _, e := range []float64{0, .3, 2} {
			const p = .09
			groups := []lossGroup{{s2, math.Round(share * p * s2)}}
			got, want := deltaOf(e, groups, Precision((1-share)*p)), DeltaFor(.3, Epsilon(e))
			if math.Abs(float64(got/want-1)) > 1e-6 {
				t.Errorf("ε = %v, %v of it on the lattice: δ ≤ %.9g, continuous %.9g", e, share, got, want)
			}
		}
	}
}

// TestDeltaOfFarOut: small δ have all their digits; against the continuous noise,
// from which a run of many draws differs little.
func TestDeltaOfFarOut(t *testing.T) {
	for _, e := range []float64{1, 2, 4, 8} {
		variances := append(slices.Repeat([]Variance{900 * sixteenths}, 40), slices.Repeat([]Variance{1300*sixteenths + 1}, 60)...)
		got, err := DeltaOf(Epsilon(e), Access{Variance: variances})
		p := 40./900 + 60/1300.0625
		if want := DeltaFor(Mu(math.Sqrt(p)), Epsilon(e)); err != nil || math.Abs(float64(got/want-1)) > .02 {
			t.Errorf("ε = %v: δ ≤ %.9g, continuous %.9g, %v", e, got, want, err)
		}
	}
}

// TestDeltaOfFineLattices: noise too fine to be summed point by point is taken by
// theorem 2, alone and beside other noise.
func TestDeltaOfFineLattices(t *testing.T) {
	fine := Variance(1e13).rounded() // σ ≈ 8·10⁵
	many := slices.Repeat([]Variance{fine}, 1000)
	got, err := DeltaOf(1e-4, Access{Variance: many})
	if want := DeltaFor(costOf(many).Mu(), 1e-4); err != nil || math.Abs(float64(got/want-1)) > 1e-9 {
		t.Errorf("δ ≤ %.12g, want %.12g, %v", got, want, err)
	}
	// Beside one coarse draw it changes next to nothing, and never for the better.
	coarse := []Variance{16 * sixteenths}
	alone, _ := DeltaOf(.5, Access{Variance: coarse})
	both, err := DeltaOf(.5, Access{Variance: coarse}, Access{Variance: []Variance{Variance(3e13).rounded()}})
	if err != nil || both < alone || both > alone*(1+1e-4) {
		t.Errorf("δ ≤ %.12g alone, %.12g with fine noise beside, %v", alone, both, err)
	}
}

func TestDeltaOfEdges(t *testing.T) {
	if d, err := DeltaOf(1); err != nil || d != 0 {
		t.Errorf("nothing was asked: δ ≤ %v, %v", d, err)
	}
	for _, e := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := DeltaOf(Epsilon(e), Access{Variance: []Variance{64}}); err == nil {
			t.Errorf("ε = %v was taken", e)
		}
	}
	for _, v := range []Variance{0, 1, MinVariance - 1, MaxVariance + 1} {
		if _, err := DeltaOf(1, Access{Variance: []Variance{v}}); err == nil {
			t.Errorf("variance %d was taken", v)
		}
	}
	// Total variation, at ε = 0; and far beyond what a float64 can tell.
	if d, err := DeltaOf(0, Access{Variance: []Variance{400 * sixteenths}}); err != nil || math.Abs(float64(d)-.0199471) > 1e-6 {
		t.Errorf("total variation %v, %v", d, err)
	}
	if d, err := DeltaOf(100, Access{Variance: []Variance{400 * sixteenths}}); err != nil || d <= 0 || d > 1e-298 {
		t.Errorf("far out: δ ≤ %v, %v", d, err)
	}
	if d, err := DeltaOf(.1, Access{Variance: slices.Repeat([]Variance{64, 65}, 5000)}); err != nil || d < .999 || d > 1 {
		t.Errorf("far in: δ ≤ %v, %v", d, err)
	}
}

// planned runs a mechanism on the budget for (ε, δ), dividing it among the
// questions as split says, and returns what it drew.
func planned(t *testing.T, e Epsilon, d Delta, split func(left Precision) []Precision) (seen []Access) {
	t.Helper()
	mu, err := MuFor(e, d)
	if err != nil {
		t.Fatal(err)
	}
	b := budgetOf(t, mu)
	m, _ := Open(table2(t, threeByFour, rowsOf(100)), b, bytesOf(1), Options{Record: func(a Access) { seen = append(seen, a) }})
	far := []Guess{{microdata.Clique{0}, make([]int64, 3)}, {microdata.Clique{1}, make([]int64, 4)}, {microdata.Clique{0, 1}, make([]int64, 12)}}
	if _, _, err := m.Distances(context.Background(), far, m.Left()/10); err != nil {
		t.Fatal(err)
	}
	var asks []Ask
	for _, s := range split(m.Left()) {
		asks = append(asks, Ask{microdata.Clique{0}, s})
	}
	if _, err := m.Measure(context.Background(), asks); err != nil {
		t.Fatal(err)
	}
	if b.Left() > b.Total()*1e-12 {
		t.Fatalf("%v of the budget is left", b.Left())
	}
	return seen
}

// TestPlannedRunsKeepTheirWord is the claim as a whole: for every (ε, δ) of the
// accounting table, runs that spend all of MuFor's budget on equal questions, on a
// few precise ones, and on very unequal ones have, by the loss distributions of
// the noise that they drew, at most the δ that was asked for.
func TestPlannedRunsKeepTheirWord(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	splits := map[string]func(Precision) []Precision{
		"a hundred equal": func(left Precision) []Precision { return slices.Repeat([]Precision{left / 100}, 100) },
		"one":             func(left Precision) []Precision { return []Precision{left} },
		"eight unequal": func(left Precision) (out []Precision) {
			w := make([]float64, 8)
			sum := 0.0
			for i := range w {
				w[i] = math.Exp(3 * r.Float64())
				sum += w[i]
			}
			for i := range w {
				out = append(out, left*Precision(w[i]/sum))
			}
			return out
		},
	}
	for _, c := range table {
		if c.epsilon > 12 {
			continue // noise of σ = 2 and budgets that it does not use up
		}
		for name, split := range splits {
			seen := planned(t, Epsilon(c.epsilon), Delta(c.delta), split)
			got, err := DeltaOf(Epsilon(c.epsilon), seen...)
			if err != nil || float64(got) > c.delta*(1+1e-6) {
				t.Errorf("ε=%v δ=%v, %s: δ ≤ %.9g, %v", c.epsilon, c.delta, name, got, err)
			}
			if float64(got) < c.delta*.5 && c.epsilon < 2 {
				t.Errorf("ε=%v δ=%v, %s: δ ≤ %.9g, more than half of it unused", c.epsilon, c.delta, name, got)
			}
		}
	}
}

// TestDeltaOfIsQuick: a run of 300 questions, each of its own variance, within the
// patience of a report. (The bound is generous; the benchmark has the figure.)
func TestDeltaOfIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("three hundred transforms")
	}
	var a Access
	for k := range 300 {
		a.Variance = append(a.Variance, Variance(5000*sixteenths+37*k))
	}
	from := time.Now()
	d, err := DeltaOf(1, a)
	claimed := DeltaFor(costOf(a.Variance).Mu(), 1)
	if err != nil || d > claimed*(1+1e-5) || d < claimed*.99 {
		t.Errorf("δ ≤ %.9g, claimed %.9g, %v", d, claimed, err)
	}
	t.Logf("δ ≤ %.9g, claimed %.9g, %v", d, claimed, time.Since(from).Round(time.Millisecond))
}

// TestFourierIsTheSum compares the transform with its definition, and its inverse
// with the identity.
func TestFourierIsTheSum(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, n := range []int{1, 2, 4, 7} {
		size := 1 << n
		x := make([]complex128, size)
		a, b := make([]float64, size), make([]float64, size)
		for i := range x {
			a[i], b[i] = r.Float64(), r.Float64()
			x[i] = complex(a[i], b[i])
		}
		sum := func(x func(int) complex128, k int) (s complex128) {
			for j := range size {
				sin, cos := math.Sincos(-2 * math.Pi * float64(j*k) / float64(size))
				s += x(j) * complex(cos, sin)
			}
			return s
		}
		y := slices.Clone(x)
		newFourier(n).transform(y)
		for k := range y {
			if want := sum(func(j int) complex128 { return x[j] }, k); distance(y[k], want) > 1e-12 {
				t.Fatalf("2^%d at %d: %v, want %v", n, k, y[k], want)
			}
			p, q := split(y[k], y[-k&(size-1)])
			if distance(p, sum(func(j int) complex128 { return complex(a[j], 0) }, k)) > 1e-12 ||
				distance(q, sum(func(j int) complex128 { return complex(b[j], 0) }, k)) > 1e-12 {
				t.Fatalf("2^%d at %d: the two sequences are not told apart", n, k)
			}
		}
		z := make([]complex128, size)
		for i := range z {
			z[i] = complex(a[i], 0)
		}
		newFourier(n).transform(z)
		for i, got := range newFourier(n).inverse(z) {
			if math.Abs(got-a[i]) > 1e-13 {
				t.Fatalf("2^%d: the inverse gives %v for %v", n, got, a[i])
			}
		}
	}
}

func distance(a, b complex128) float64 { return math.Hypot(real(a)-real(b), imag(a)-imag(b)) }

// TestSplitKeepsBothMasses: a loss put on the grid keeps its mass under P and
// under Q, and the masses are not negative.
func TestSplitKeepsBothMasses(t *testing.T) {
	for _, lambda := range []float64{0, 3, 40} {
		tl := tilt{lambda: lambda, grid: 1e-3}
		g := lossGroup{s2: 37.0625, n: 3}
		p, q, tp, tq := 0.0, 0.0, 0.0, 0.0
		g.each(lambda, func(loss, mass float64) {
			mass *= math.Exp(-lambda * loss)
			p, q = p+mass, q+mass*math.Exp(-loss)
		})
		tl.place(g, func(k int, mass float64) {
			if mass < 0 {
				t.Fatalf("a mass of %v", mass)
			}
			loss := tl.loss(k, g.n/g.s2)
			mass *= math.Exp(-lambda * loss)
			tp, tq = tp+mass, tq+mass*math.Exp(-loss)
		})
		if math.Abs(tp/p-1) > 1e-11 || math.Abs(tq/q-1) > 1e-11 {
			t.Errorf("λ=%v: masses %.15g, %.15g on the grid, %.15g, %.15g before", lambda, tp, tq, p, q)
		}
	}
}

func BenchmarkDeltaOf(b *testing.B) {
	for name, groups := range map[string]int{"one variance": 1, "ten": 10, "hundred": 100} {
		var a Access
		for k := range 200 {
			a.Variance = append(a.Variance, Variance(5000*sixteenths+k%groups))
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := DeltaOf(1, a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
