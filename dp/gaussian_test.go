package dp

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// bytesOf returns reproducible bytes for tests.
func bytesOf(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func draws(t testing.TB, n int, v Variance, seed byte) []int64 {
	t.Helper()
	out, err := Noise(make([]int64, n), v, bytesOf(seed))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// weights returns P(x) for x in −range…range, by the definition.
func weights(v Variance, span int) []float64 {
	out, sum := make([]float64, 2*span+1), 0.0
	for i := range out {
		x := float64(i - span)
		out[i] = math.Exp(-x * x / 2 / v.Float())
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// TestNoiseIsDiscreteGaussian is a chi-square test against the definition, for
// each of five variances. The bound is the mean plus six standard deviations of
// chi-square, passed by chance less than once in a million runs; the bytes are
// fixed, so that a run never differs from the last.
func TestNoiseIsDiscreteGaussian(t *testing.T) {
	const n = 200_000
	for k, v := range []Variance{4 * sixteenths, 5*sixteenths + 7, 25 * sixteenths, 333 * sixteenths, 4225 * sixteenths} {
		span := int(12 * math.Sqrt(v.Float()))
		p, seen := weights(v, span), make([]int, 2*span+1)
		for _, x := range draws(t, n, v, byte(k)) {
			if x < int64(-span) || x > int64(span) {
				t.Fatalf("σ²=%v: a draw of %d, beyond 12σ", v.Float(), x)
			}
			seen[int(x)+span]++
		}
		chi, cells, expect, have := 0.0, -1.0, 0.0, 0.0
		for i := range p { // cells joined until 20 are expected
			expect += n * p[i]
			have += float64(seen[i])
			if expect >= 20 {
				chi += (have - expect) * (have - expect) / expect
				cells++
				expect, have = 0, 0
			}
		}
		if bound := cells + 6*math.Sqrt(2*cells); chi > bound {
			t.Errorf("σ²=%v: chi-square %.1f on %.0f degrees of freedom, bound %.1f", v.Float(), chi, cells, bound)
		}
	}
}

// TestNoiseMoments: mean, variance, symmetry. Each bound is six standard
// deviations of its estimate: less than once in a hundred million runs.
func TestNoiseMoments(t *testing.T) {
	const n = 300_000
	for k, v := range []Variance{MinVariance, 50 * sixteenths, 1e6 * sixteenths, MaxVariance} {
		s2 := v.Float()
		mean, square, positive, negative := 0.0, 0.0, 0.0, 0.0
		for _, x := range draws(t, n, v, byte(20+k)) {
			mean += float64(x) / n
			square += float64(x) * float64(x) / n
			if x > 0 {
				positive++
			} else if x < 0 {
				negative++
			}
		}
		if math.Abs(mean) > 6*math.Sqrt(s2/n) {
			t.Errorf("σ²=%v: mean %v", s2, mean)
		}
		if math.Abs(square/s2-1) > 6*math.Sqrt(2.0/n) {
			t.Errorf("σ²=%v: variance %v", s2, square)
		}
		if math.Abs(positive-negative) > 6*math.Sqrt(n) {
			t.Errorf("σ²=%v: %v above zero, %v below", s2, positive, negative)
		}
	}
}

// TestBernoulliExactly feeds every string of 12 bits and counts: a fraction k/8
// or k/4096 must come out true in exactly that share of them.
func TestBernoulliExactly(t *testing.T) {
	for _, c := range [][2]uint64{{1, 2}, {3, 8}, {7, 8}, {1, 4096}, {2731, 4096}, {0, 5}} {
		yes := 0
		for word := range uint64(4096) {
			s := &source{word: word, left: 12, reader: strings.NewReader("")}
			if s.bernoulli(wide{0, c[0]}, wide{0, c[1]}) {
				yes++
			}
		}
		if want := int(4096 * c[0] / c[1]); yes != want {
			t.Errorf("%d/%d: true for %d of 4096 words, want %d", c[0], c[1], yes, want)
		}
	}
}

// TestBernoulliExp: exp(−1) = .36787944 and others. Six standard deviations.
func TestBernoulliExp(t *testing.T) {
	const n = 400_000
	s := &source{reader: bytesOf(9)}
	for _, c := range [][2]uint64{{1, 1}, {1, 3}, {0, 1}, {99, 100}} {
		p, yes := math.Exp(-float64(c[0])/float64(c[1])), 0.0
		for range n {
			if s.bernoulliExp(wide{0, c[0]}, wide{0, c[1]}) {
				yes++
			}
		}
		if math.Abs(yes/n-p) > 6*math.Sqrt(p*(1-p)/n) {
			t.Errorf("exp(−%d/%d): %.5f, want %.5f", c[0], c[1], yes/n, p)
		}
	}
}

func TestBelowIsUniform(t *testing.T) {
	s := &source{reader: bytesOf(3)}
	var seen [7]float64
	const n = 140_000
	for range n {
		seen[s.below(7)]++
	}
	for v, k := range seen {
		if math.Abs(k-n/7) > 6*math.Sqrt(n/7.0) {
			t.Errorf("%d was drawn %v times of %d", v, k, n)
		}
	}
	if s.below(1) != 0 {
		t.Error("below(1) is not 0")
	}
}

func TestWideArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		a, b, k := r.Uint64(), r.Uint64(), r.Uint64()>>40
		p := product(a, b)
		if p.minus(product(a, b-1)) != (wide{0, a}) {
			t.Fatal("a·b − a·(b−1) ≠ a")
		}
		if x := (wide{0, a}).times(k); x != product(a, k) {
			t.Fatal("times differs from product")
		}
		if half := (wide{a >> 1, b}); half.twice().minus(half) != half {
			t.Fatal("2x − x ≠ x")
		}
	}
}

// TestVarianceNeverCostsMore: the variance bought by a share costs at most it,
// and rounding wastes less than a sixteenth of a count squared.
func TestVarianceNeverCostsMore(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 100_000 {
		share := Precision(math.Exp(-25*r.Float64()) / 4)
		v, err := VarianceFor(share)
		if err != nil {
			t.Fatal(err)
		}
		if v.Cost() > share*(1+1e-15) {
			t.Fatalf("share %v bought a variance of %v", share, v.Float())
		}
		if v > MinVariance && float64((v-smoothing-1).Float())*float64(share) > 1+1e-9 {
			t.Fatalf("share %v: variance %v is more than rounding", share, v.Float())
		}
	}
	if c := smoothing.Cost(); !math.IsInf(float64(c), 1) {
		t.Errorf("noise that is all smoothing costs %v", c)
	}
	if v, err := VarianceFor(1e6); err != nil || v != MinVariance {
		t.Errorf("a large share bought %v, %v", v, err)
	}
	for _, share := range []float64{0, -1, math.NaN(), math.Inf(1), 1e-20} {
		if _, err := VarianceFor(Precision(share)); err == nil {
			t.Errorf("a share of %v bought noise", share)
		}
	}
}

// TestNoRandomnessNoNoise: a reader that fails or ends stops the draw.
func TestNoRandomnessNoNoise(t *testing.T) {
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"empty":        strings.NewReader(""),
		"short":        strings.NewReader(strings.Repeat("x", 100)),
		"broken later": io.MultiReader(io.LimitReader(bytesOf(1), 4096), failing{broken}),
	} {
		out, err := Noise(make([]int64, 100_000), 100*sixteenths, r)
		if err == nil || out != nil {
			t.Errorf("%s: noise came out: %v", name, err)
		}
	}
	if _, err := Noise([]int64{1}, 0, bytesOf(1)); err == nil {
		t.Error("no variance: noise came out")
	}
	if _, err := Noise([]int64{1}, MaxVariance+1, bytesOf(1)); err == nil {
		t.Error("too large a variance: noise came out")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestNoiseKeepsCounts: noise is added to each count, and the input is not touched.
func TestNoiseKeepsCounts(t *testing.T) {
	in := []int64{1_000_000, -5, 0}
	out, err := Noise(in, MinVariance, bytesOf(4))
	if err != nil || in[0] != 1_000_000 || math.Abs(float64(out[0]-in[0])) > 30 || math.Abs(float64(out[1]+5)) > 30 {
		t.Errorf("noise %v on %v, %v", out, in, err)
	}
}

func BenchmarkNoise(b *testing.B) {
	for _, sigma := range []int{2, 100, 10_000} {
		b.Run(fmt.Sprint("sigma=", sigma), func(b *testing.B) {
			counts := make([]int64, 10_000)
			random := bytesOf(1)
			for b.Loop() {
				if _, err := Noise(counts, Variance(sigma*sigma*sixteenths), random); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/draw")
		})
	}
}
