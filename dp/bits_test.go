package dp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// fair returns a source over reproducible bytes that no test uses up.
func fair(seed byte) *source { return &source{reader: bytesOf(seed), spared: math.MaxInt} }

// outcome runs f on a source that holds the given bits and no more; ok is false
// where f asks for more.
func outcome(word uint64, width uint, f func(*source) bool) (yes, ok bool) {
	s := &source{word: word, left: width, reader: strings.NewReader(""), spared: 10}
	defer func() {
		if _, short := recover().(readFailure); short {
			yes, ok = false, false
		}
	}()
	return f(s), true
}

// TestBernoulliExactly feeds every word of 16 bits: p/q lies between the share of
// them that says yes and the share that does not say no, and these are as close
// as 16 bits allow; where p/q is a fraction of 2¹⁶ they are p/q.
func TestBernoulliExactly(t *testing.T) {
	for _, c := range [][2]uint64{{1, 2}, {3, 8}, {7, 8}, {1, 65536}, {40503, 65536}, {0, 5}, {1, 3}, {2, 3},
		{999, 1000}, {1, 1 << 40}, {1<<61 - 1, 1 << 61}, {1<<63 + 5, 1<<63 + 77}} {
		yes, no := int64(0), int64(0)
		for word := range uint64(1 << 16) {
			switch y, ok := outcome(word, 16, func(s *source) bool { return s.bernoulli(wide{0, c[0]}, wide{0, c[1]}) }); {
			case ok && y:
				yes++
			case ok:
				no++
			}
		}
		p := new(big.Rat).SetFrac(new(big.Int).SetUint64(c[0]), new(big.Int).SetUint64(c[1]))
		low, high := big.NewRat(yes, 1<<16), big.NewRat(1<<16-no, 1<<16)
		if p.Cmp(low) < 0 || p.Cmp(high) > 0 || yes+no < 1<<16-1 {
			t.Errorf("%d/%d: %d yes and %d no of 65536 words", c[0], c[1], yes, no)
		}
		if (1<<16)%c[1] == 0 && p.Cmp(low) != 0 && p.Cmp(high) != 0 {
			t.Errorf("%d/%d: %d yes of 65536 words is not exact", c[0], c[1], yes)
		}
	}
}

// TestBernoulliWideExactly does so for fractions of 128 bits, which are compared
// bit by bit: every word of 12 bits.
func TestBernoulliWideExactly(t *testing.T) {
	for _, c := range [][2]wide{{{1, 0}, {2, 0}}, {{3, 0}, {8, 0}}, {{1, 0}, {4096, 0}}, {{5, 77}, {9, 3}}, {{0, 1}, {1, 0}},
		{{1 << 61, 0}, {1 << 62, 1}}} {
		yes, no := int64(0), int64(0)
		for word := range uint64(1 << 12) {
			switch y, ok := outcome(word, 12, func(s *source) bool { return s.bernoulli(c[0], c[1]) }); {
			case ok && y:
				yes++
			case ok:
				no++
			}
		}
		p := new(big.Rat).SetFrac(c[0].big(), c[1].big())
		if p.Cmp(big.NewRat(yes, 1<<12)) < 0 || p.Cmp(big.NewRat(1<<12-no, 1<<12)) > 0 || yes+no < 1<<12-1 {
			t.Errorf("%v/%v: %d yes and %d no of 4096 words", c[0], c[1], yes, no)
		}
	}
}

func (a wide) big() *big.Int {
	x := new(big.Int).SetUint64(a.hi)
	return x.Lsh(x, 64).Add(x, new(big.Int).SetUint64(a.lo))
}

// TestBernoulliContinues: where the first digit ties, the next decides as a
// Bernoulli of what remains. 1/3 is .5555… in base 2¹⁶.
func TestBernoulliContinues(t *testing.T) {
	for _, c := range []struct {
		word uint64
		want bool
	}{{0x4444_5555_5555_5555, true}, {0x5556_5555_5555_5555, false}, {0x5554_5555, true}, {0x5555_5556, false}, {0x0000_5555_5555, true}} {
		if got, ok := outcome(c.word, 64, func(s *source) bool { return s.bernoulli64(1, 3) }); !ok || got != c.want {
			t.Errorf("%#x: %v", c.word, got)
		}
	}
}

// TestBernoulliExp: exp(−1) = .36787944 and others, in all their forms. Six
// standard deviations: less than once in a hundred million runs.
func TestBernoulliExp(t *testing.T) {
	const n = 300_000
	s := fair(9)
	for _, c := range []struct {
		p, q wide
		rate float64
	}{
		{wide{0, 1}, wide{0, 1}, 1}, {wide{0, 1}, wide{0, 3}, 1. / 3}, {wide{0, 0}, wide{0, 1}, 0}, {wide{0, 99}, wide{0, 100}, .99},
		{wide{1, 0}, wide{2, 0}, .5}, {wide{7, 3}, wide{7, 3}, 1}, {wide{0, 1 << 40}, wide{1, 0}, 0},
	} {
		p, yes := math.Exp(-c.rate), 0.0
		for range n {
			if s.bernoulliExp(c.p, c.q) {
				yes++
			}
		}
		if math.Abs(yes/n-p) > 6*math.Sqrt(p*(1-p)/n)+1e-7 {
			t.Errorf("exp(−%v/%v): %.5f, want %.5f", c.p, c.q, yes/n, p)
		}
	}
	e, over := 0.0, 0.0
	for range n {
		if s.bernoulliE() {
			e++
		}
		if s.acceptExp(wide{0, 7}, wide{0, 3}) {
			over++
		}
	}
	if p := math.Exp(-1); math.Abs(e/n-p) > 6*math.Sqrt(p*(1-p)/n) {
		t.Errorf("exp(−1): %.5f, want %.5f", e/n, p)
	}
	if p := math.Exp(-7. / 3); math.Abs(over/n-p) > 6*math.Sqrt(p*(1-p)/n) {
		t.Errorf("exp(−7/3): %.5f, want %.5f", over/n, p)
	}
}

// TestBelowExactly: of the 8 words of 3 bits each number under 5 takes one, and
// the rest ask again.
func TestBelowExactly(t *testing.T) {
	for n := uint64(1); n <= 33; n++ {
		width, seen := uint(0), map[uint64]int{}
		for 1<<width < n {
			width++
		}
		for word := range uint64(1) << width {
			s := &source{word: word, left: width, reader: strings.NewReader(""), spared: 10}
			func() {
				defer func() { _ = recover() }()
				seen[s.below(n)]++
			}()
		}
		for v := range n {
			if seen[v] != 1 {
				t.Errorf("below(%d): %d came of %d words", n, v, seen[v])
			}
		}
		if len(seen) != int(n) {
			t.Errorf("below(%d): %d numbers came", n, len(seen))
		}
	}
	big := fair(3)
	for range 1000 {
		if v := big.below(1<<32 - 5); v >= 1<<32-5 {
			t.Fatalf("below(2³²−5) gave %d", v)
		}
	}
}

// TestLaplace is a chi-square test of the proposal against its definition, on
// less than a million runs' false alarms (mean and six standard deviations).
func TestLaplace(t *testing.T) {
	const n = 200_000
	for _, scale := range []uint64{1, 2, 3, 10, 64} {
		s, span := fair(byte(scale)), int(scale)*16+16
		seen, p, sum := make([]int, 2*span+1), make([]float64, 2*span+1), 0.0
		for i := range p {
			p[i] = math.Exp(-math.Abs(float64(i-span)) / float64(scale))
			sum += p[i]
		}
		for range n {
			if x := int(s.laplace(scale)); x >= -span && x <= span {
				seen[x+span]++
			}
		}
		for i := range p {
			p[i] /= sum
		}
		if chi, df := chiSquare(seen, p, n); chi > df+6*math.Sqrt(2*df) {
			t.Errorf("scale %d: chi-square %.1f on %.0f degrees of freedom", scale, chi, df)
		}
	}
}

func TestWideArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		a, b, k := r.Uint64(), r.Uint64(), r.Uint64()>>40
		p := product(a, b)
		if p.big().Cmp(new(big.Int).Mul(wide{0, a}.big(), wide{0, b}.big())) != 0 {
			t.Fatal("a·b differs from big integers")
		}
		if p.minus(product(a, b-1)) != (wide{0, a}) {
			t.Fatal("a·b − a·(b−1) ≠ a")
		}
		if x := (wide{a >> 25, b}).times(k); x.big().Cmp(new(big.Int).Mul(wide{a >> 25, b}.big(), wide{0, k}.big())) != 0 {
			t.Fatal("times differs from big integers")
		}
		if half := (wide{a >> 1, b}); half.twice().minus(half) != half {
			t.Fatal("2x − x ≠ x")
		}
		if x, y := (wide{a >> 60, b}), (wide{b >> 60, a}); x.less(y) != (x.big().Cmp(y.big()) < 0) {
			t.Fatal("less differs from big integers")
		}
	}
}

// TestBitsAreAllUsedOnce: taken in pieces of any size that divides a word, the
// bits are the reader's, in order.
func TestBitsAreAllUsedOnce(t *testing.T) {
	raw := make([]byte, 8192)
	_, _ = bytesOf(2).Read(raw)
	for _, n := range []uint{1, 2, 8, 16, 32} {
		s := &source{reader: bytes.NewReader(raw), spared: math.MaxInt}
		for at := 0; at < len(raw); at += 8 {
			want, got := binary.LittleEndian.Uint64(raw[at:]), uint64(0)
			for k := uint(0); k < 64; k += n {
				got |= s.take(n) << k
			}
			if got != want {
				t.Fatalf("in pieces of %d bits: word at %d differs", n, at)
			}
		}
	}
}

// TestNoRandomnessNoNoise: a reader that fails or ends stops the draw.
func TestNoRandomnessNoNoise(t *testing.T) {
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"empty":        strings.NewReader(""),
		"short":        strings.NewReader(strings.Repeat("x", 100)),
		"broken":       failing{broken},
		"broken later": io.MultiReader(io.LimitReader(bytesOf(1), 4096), failing{broken}),
	} {
		out, err := noise(make([]int64, 100_000), 100*sixteenths, r)
		if err == nil || out != nil {
			t.Errorf("%s: noise came out: %v", name, err)
		}
		if strings.HasPrefix(name, "broken") && !errors.Is(err, broken) {
			t.Errorf("%s: %v does not wrap the reader's error", name, err)
		}
	}
	// Bytes that come one at a time are as good as others.
	slow, err := noise(make([]int64, 50), 100*sixteenths, oneByOne{bytesOf(6)})
	fast, err2 := noise(make([]int64, 50), 100*sixteenths, bytesOf(6))
	if err != nil || err2 != nil || len(slow) != 50 || slow[49] != fast[49] {
		t.Errorf("slow bytes: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type oneByOne struct{ io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.Reader.Read(p[:1]) }

// constant is a source that broke: it hands out one byte for ever.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// TestStuckSourceEnds: whatever byte a broken source repeats, the draw ends, and
// where it would loop it ends in an error.
func TestStuckSourceEnds(t *testing.T) {
	stuck := 0
	for b := range 256 {
		out, err := noise(make([]int64, 100), 1000*sixteenths, constant(b))
		if err != nil {
			stuck++
			if !errors.Is(err, errStuck) || out != nil {
				t.Errorf("byte %d: %v", b, err)
			}
		}
	}
	if stuck == 0 {
		t.Error("no stuck source was noticed")
	}
}

// TestAnotherPanicIsNotSwallowed: only the source's own failures become errors.
func TestAnotherPanicIsNotSwallowed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a reader's panic was swallowed")
		}
	}()
	_, _ = noise(make([]int64, 1), MinVariance, panicking{})
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("a bug, not a failure") }
