package dp

import (
	"math"
	"math/bits"
)

// fourier transforms sequences of 2^n complex numbers (Cooley and Tukey 1965).
type fourier struct {
	// turns holds, from place h on, the h roots of unity that the stage of
	// half-length h turns by: each stage reads them in order.
	turns []complex128
}

func newFourier(n int) fourier {
	f := fourier{make([]complex128, 1<<n)}
	for half := 1; half < 1<<n; half *= 2 {
		for k := range half {
			sin, cos := math.Sincos(-math.Pi * float64(k) / float64(half))
			f.turns[half+k] = complex(cos, sin)
		}
	}
	return f
}

// transform replaces x by Σ x_j·e^(−2πijk/N).
func (f fourier) transform(x []complex128) {
	n := len(x)
	shift := 64 - bits.Len(uint(n-1))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	f.stages(x)
}

// stages does the halves first, each while it is in the cache.
func (f fourier) stages(x []complex128) {
	half := len(x) / 2
	if half == 0 {
		return
	}
	low, high, turns := x[:half], x[half:], f.turns[half:2*half]
	f.stages(low)
	f.stages(high)
	for k, turn := range turns {
		b := high[k] * turn
		low[k], high[k] = low[k]+b, low[k]-b
	}
}

// inverse returns the real sequence whose transform x is; it overwrites x.
func (f fourier) inverse(x []complex128) []float64 {
	f.transform(x)
	out, n := make([]float64, len(x)), len(x)
	for k := range out {
		out[k] = real(x[-k&(n-1)]) / float64(n)
	}
	return out
}

// split returns, of two real sequences transformed as one complex sequence, the
// transforms of each at k, given the joint one at k and at −k.
func split(here, there complex128) (a, b complex128) {
	there = complex(real(there), -imag(there))
	return (here + there) / 2, (here - there) / 2i
}
