package dp

import (
	"fmt"
	"io"
)

// This file and bits.go hold no floating-point number: noise made of those gives
// away the count that it was added to (Mironov 2012). A test holds them to it.

// noise adds to each count an independent draw of the discrete Gaussian
//
//	P(x) ∝ exp(−x²/2σ²),  x an integer,
//
// drawn exactly (Canonne, Kamath and Steinke 2020, algorithm 3) from the bits of
// random, which must be a cryptographic source. It returns new counts, or the
// reader's error and none.
func noise(counts []int64, v Variance, random io.Reader) (noisy []int64, err error) {
	if !v.drawable() {
		return nil, fmt.Errorf("dp: noise of variance %d/%d cannot be drawn", v, sixteenths)
	}
	defer func() {
		switch f := recover().(type) {
		case nil:
		case readFailure:
			noisy, err = nil, f.err
		default:
			panic(f)
		}
	}()
	s := &source{reader: random}
	noisy = make([]int64, len(counts))
	g := newGaussian(v)
	for i, n := range counts {
		s.spared = wordsADraw
		noisy[i] = n + g.draw(s)
	}
	return noisy, nil
}

// gaussian holds what draws of one variance share. σ² is 4^j·a/16. Draws are
// proposed from the discrete Laplace of scale t·2^j, with t = ⌊σ/2^j⌋ + 1.
type gaussian struct {
	t, scale uint64 // scale = t·2^j
	step     uint64 // 16·t
	centre   uint64 // 2^j·a: σ²/(t·2^j), in units of 1/step
	den      wide   // 2·16·a·t²·4^j: twice σ², in units of 1/step²
}

func newGaussian(v Variance) gaussian {
	j := v.exponent()
	a := uint64(v) >> (2 * j)
	t := uint64(1)
	for t*t*sixteenths <= a {
		t++
	}
	g := gaussian{t: t, scale: t << j, step: sixteenths * t, centre: a << j}
	g.den = product(2*sixteenths*a*t*t, 1<<(2*j))
	return g
}

// draw accepts a proposal y with probability exp(−(|y| − σ²/(t·2^j))²/2σ²).
func (g *gaussian) draw(s *source) int64 {
	for {
		y := s.laplace(g.scale)
		z := int64(magnitude(y)*g.step) - int64(g.centre)
		if s.acceptExp(product(magnitude(z), magnitude(z)), g.den) {
			return y
		}
	}
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return uint64(-x)
	}
	return uint64(x)
}

// acceptExp is true with probability exp(−p/q), for any p.
func (s *source) acceptExp(p, q wide) bool {
	for !p.less(q) {
		if !s.bernoulliE() {
			return false
		}
		p = p.minus(q)
	}
	return s.bernoulliExp(p, q)
}

// laplace draws from the discrete Laplace P(x) ∝ exp(−|x|/t) (Canonne, Kamath
// and Steinke 2020, algorithm 2).
func (s *source) laplace(t uint64) int64 {
	for {
		u := s.below(t)
		if !s.bernoulliExp(wide{0, u}, wide{0, t}) {
			continue
		}
		v := uint64(0)
		for s.bernoulliE() {
			v++
		}
		x := int64(u + t*v)
		if s.take(1) == 0 {
			return x
		}
		if x != 0 { // zero has one sign only
			return -x
		}
	}
}
