package dp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// bytesOf returns reproducible bytes for tests.
func bytesOf(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func draws(t testing.TB, n int, v Variance, seed byte) []int64 {
	t.Helper()
	out, err := noise(make([]int64, n), v, bytesOf(seed))
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

// chiSquare joins cells until 20 are expected in each.
func chiSquare(seen []int, p []float64, n float64) (chi, df float64) {
	expect, have := 0.0, 0.0
	df = -1
	for i := range p {
		expect += n * p[i]
		have += float64(seen[i])
		if expect >= 20 {
			chi += (have - expect) * (have - expect) / expect
			df++
			expect, have = 0, 0
		}
	}
	return chi, df
}

// TestNoiseIsDiscreteGaussian is a chi-square test against the definition, for
// each of six variances. The bound is the mean plus six standard deviations of
// chi-square, passed by chance less than once in a million runs; the bytes are
// fixed, so that a run never differs from the last.
func TestNoiseIsDiscreteGaussian(t *testing.T) {
	const n = 300_000
	for k, v := range []Variance{4 * sixteenths, 5*sixteenths + 7, 9*sixteenths - 1, 25 * sixteenths, 333 * sixteenths, 4225 * sixteenths} {
		span := int(12 * math.Sqrt(v.Float()))
		p, seen := weights(v, span), make([]int, 2*span+1)
		for _, x := range draws(t, n, v, byte(k)) {
			if x < int64(-span) || x > int64(span) {
				t.Fatalf("σ²=%v: a draw of %d, beyond 12σ", v.Float(), x)
			}
			seen[int(x)+span]++
		}
		if chi, df := chiSquare(seen, p, n); chi > df+6*math.Sqrt(2*df) {
			t.Errorf("σ²=%v: chi-square %.1f on %.0f degrees of freedom", v.Float(), chi, df)
		}
	}
}

// TestLargeNoiseIsGaussian: for large variances, drawn on the coarser grid, the
// share under z standard deviations is Φ(z), for 15 z. Six standard deviations of
// a share: less than once in ten million runs for all.
func TestLargeNoiseIsGaussian(t *testing.T) {
	const n = 150_000
	for k, v := range []Variance{1e6 * sixteenths, Variance(3e9).rounded(), Variance(1e13).rounded(), Variance(7e17).rounded(), MaxVariance} {
		sigma, under := math.Sqrt(v.Float()), map[float64]float64{}
		for _, x := range draws(t, n, v, byte(40+k)) {
			for z := -3.5; z <= 3.5; z += .5 {
				if float64(x) < z*sigma {
					under[z]++
				}
			}
		}
		for z := -3.5; z <= 3.5; z += .5 {
			p := upper(-z)
			if math.Abs(under[z]/n-p) > 6*math.Sqrt(p*(1-p)/n)+1/sigma {
				t.Errorf("σ=%.4g: a share of %.5f is under %vσ, want %.5f", sigma, under[z]/n, z, p)
			}
		}
	}
}

// TestNoiseMoments: mean, variance, symmetry, tail. Each bound is six standard
// deviations of its estimate: less than once in a hundred million runs.
func TestNoiseMoments(t *testing.T) {
	const n = 300_000
	for k, v := range []Variance{MinVariance, 50 * sixteenths, 1e6 * sixteenths, Variance(1e12).rounded(), MaxVariance} {
		s2 := v.Float()
		mean, square, positive, negative, far := 0.0, 0.0, 0.0, 0.0, 0.0
		for _, x := range draws(t, n, v, byte(20+k)) {
			mean += float64(x) / n
			square += float64(x) * float64(x) / n
			if x > 0 {
				positive++
			} else if x < 0 {
				negative++
			}
			if float64(x) > 3.0001*math.Sqrt(s2) {
				far++
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
		// P(X ≥ m) is at most that of the continuous noise from m−½ on.
		p := upper((math.Floor(3.0001*math.Sqrt(s2)) + .5) / math.Sqrt(s2))
		if math.Abs(far/n-p) > 6*math.Sqrt(p/n)+.1*p {
			t.Errorf("σ²=%v: a share of %v beyond 3σ, want %v", s2, far/n, p)
		}
	}
}

// TestNoiseIsIndependent: neighbouring draws are not correlated. Six standard
// deviations.
func TestNoiseIsIndependent(t *testing.T) {
	const n = 300_000
	v := Variance(30 * sixteenths)
	x, sum := draws(t, n, v, 77), 0.0
	for i := 1; i < n; i++ {
		sum += float64(x[i]) * float64(x[i-1]) / v.Float()
	}
	if math.Abs(sum) > 6*math.Sqrt(n) {
		t.Errorf("autocorrelation %v", sum/n)
	}
}

// TestNormaliser holds what proof.md says of the definition: θ = Σ exp(−x²/2σ²) is
// σ√(2π), and the mass at zero its inverse; for small σ, which are not drawn, the
// known values.
func TestNormaliser(t *testing.T) {
	for _, c := range [][2]float64{{.25, .78657071}, {1, .39894228}, {4, .19947114}, {25, .07978846}} {
		sum := 0.0
		for x := -400.0; x <= 400; x++ {
			sum += math.Exp(-x * x / 2 / c[0])
		}
		if math.Abs(1/sum-c[1]) > 1e-8 {
			t.Errorf("σ²=%v: mass at zero %.8f, want %.8f", c[0], 1/sum, c[1])
		}
		if c[0] >= 4 && math.Abs(sum/math.Sqrt(2*math.Pi*c[0])-1) > 1e-15 {
			t.Errorf("σ²=%v: normaliser %v", c[0], sum)
		}
	}
}

// TestAcceptanceIsExact: what draw compares is (|y| − σ²/t)²/2σ², as an exact
// fraction, for variances of every grid.
func TestAcceptanceIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 2000 {
		v := max(Variance(math.Exp(r.Float64()*math.Log(float64(MaxVariance)))), MinVariance).rounded()
		g := newGaussian(v)
		if lo, hi := math.Sqrt(v.Float())*.999, math.Sqrt(v.Float())*2+2; float64(g.scale) < lo || float64(g.scale) > hi {
			t.Fatalf("σ² = %v: proposals of scale %d", v.Float(), g.scale)
		}
		y := int64(r.Uint64N(g.scale * 40))
		z := new(big.Int).SetInt64(y*int64(g.step) - int64(g.centre))
		got := new(big.Rat).SetFrac(z.Mul(z, z), g.den.big())
		s2 := big.NewRat(int64(v>>1), sixteenths>>1)
		if v%2 == 1 {
			s2 = big.NewRat(int64(v), sixteenths)
		}
		d := new(big.Rat).Quo(s2, new(big.Rat).SetUint64(g.scale))
		d.Sub(new(big.Rat).SetInt64(y), d)
		want := d.Mul(d, d)
		want.Quo(want, s2.Add(s2, s2))
		if got.Cmp(want) != 0 {
			t.Fatalf("σ² = %v, y = %d: %v, want %v", v.Float(), y, got, want)
		}
	}
}

// TestIntegersHold: the largest that a draw can meet, bounded by the words it may
// use, fit their types for every variance: no overflow weakens noise.
func TestIntegersHold(t *testing.T) {
	most := new(big.Int).Lsh(big.NewInt(1), 126)
	for _, v := range []Variance{MinVariance, 1<<25 - 1, 1 << 25, Variance(1e10).rounded(), Variance(1<<62 + 1).rounded(), MaxVariance} {
		g := newGaussian(v)
		digits := int64(wordsADraw * 64 / digitBits) // each step of a geometric takes one or more
		y := new(big.Int).Mul(new(big.Int).SetUint64(g.scale), big.NewInt(digits+1))
		z := new(big.Int).Mul(y, new(big.Int).SetUint64(g.step))
		z.Add(z, new(big.Int).SetUint64(g.centre))
		if !z.IsInt64() {
			t.Errorf("σ² = %v: z can be %v", v.Float(), z)
		}
		if z.Mul(z, z); z.BitLen() > 128 {
			t.Errorf("σ² = %v: z² can be %v", v.Float(), z)
		}
		comparisons := int64(wordsADraw * 64) // of wide fractions, a bit or more each
		if q := new(big.Int).Mul(g.den.big(), big.NewInt(comparisons+2)); q.Cmp(most) > 0 {
			t.Errorf("σ² = %v: a denominator can be %v", v.Float(), q)
		}
		if g.scale > 1<<32 {
			t.Errorf("σ² = %v: scale %d", v.Float(), g.scale)
		}
	}
}

// TestNoFloatTouchesNoise reads the sampler's two files: no floating-point type or
// literal, no math, no conversion.
func TestNoFloatTouchesNoise(t *testing.T) {
	for _, file := range []string{"bits.go", "gaussian.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Imports {
			if strings.HasPrefix(s.Path.Value, `"math`) && s.Path.Value != `"math/bits"` {
				t.Errorf("%s imports %s", file, s.Path.Value)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					t.Errorf("%s: the float %s", file, n.Value)
				}
			case *ast.Ident:
				if strings.HasPrefix(n.Name, "float") || n.Name == "Float" {
					t.Errorf("%s: the name %s", file, n.Name)
				}
			}
			return true
		})
	}
}

// TestNoiseKeepsCounts: noise is added to each count, and the input is not touched.
func TestNoiseKeepsCounts(t *testing.T) {
	in := []int64{1_000_000, -5, 0}
	out, err := noise(in, MinVariance, bytesOf(4))
	if err != nil || in[0] != 1_000_000 || math.Abs(float64(out[0]-in[0])) > 30 || math.Abs(float64(out[1]+5)) > 30 {
		t.Errorf("noise %v on %v, %v", out, in, err)
	}
	if out, err := noise(nil, MinVariance, bytesOf(4)); err != nil || len(out) != 0 {
		t.Errorf("no counts: %v, %v", out, err)
	}
	for _, v := range []Variance{0, 1, MinVariance - 1, MaxVariance + 1, 1<<40 + 1, math.MaxUint64} {
		if _, err := noise([]int64{1}, v, bytesOf(1)); err == nil {
			t.Errorf("variance %d/16: noise came out", v)
		}
	}
}

func BenchmarkNoise(b *testing.B) {
	for _, sigma := range []int{2, 100, 10_000, 1_000_000, 1 << 28} {
		b.Run(fmt.Sprint("sigma=", sigma), func(b *testing.B) {
			counts := make([]int64, 10_000)
			random := bytesOf(1)
			for b.Loop() {
				if _, err := noise(counts, Variance(sigma*sigma*sixteenths).rounded(), random); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/draw")
		})
	}
}
