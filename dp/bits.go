package dp

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// source hands out the bits of a reader of random bytes. A reader that fails
// stops the draw: there is no weak noise.
type source struct {
	reader io.Reader
	buffer [4096]byte
	unread []byte
	word   uint64 // bits not yet handed out
	left   uint
}

// readFailure carries a reader's error out of a draw.
type readFailure struct{ err error }

func (s *source) uint64() uint64 {
	if len(s.unread) == 0 {
		if _, err := io.ReadFull(s.reader, s.buffer[:]); err != nil {
			panic(readFailure{fmt.Errorf("dp: reading random bytes: %w", err)})
		}
		s.unread = s.buffer[:]
	}
	v := binary.LittleEndian.Uint64(s.unread)
	s.unread = s.unread[8:]
	return v
}

func (s *source) bit() uint64 {
	if s.left == 0 {
		s.word, s.left = s.uint64(), 64
	}
	b := s.word & 1
	s.word >>= 1
	s.left--
	return b
}

// below returns a uniform number in 0…n−1, by rejection: exact.
func (s *source) below(n uint64) uint64 {
	width := uint(bits.Len64(n - 1))
	if width == 0 {
		return 0
	}
	for {
		if v := s.uint64() >> (64 - width); v < n {
			return v
		}
	}
}

// wide is an unsigned integer of 128 bits.
type wide struct{ hi, lo uint64 }

func (a wide) less(b wide) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a wide) minus(b wide) wide {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return wide{hi, lo}
}

func (a wide) twice() wide { return wide{a.hi<<1 | a.lo>>63, a.lo << 1} }

func (a wide) times(k uint64) wide {
	hi, lo := bits.Mul64(a.lo, k)
	return wide{hi + a.hi*k, lo}
}

func product(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

// bernoulli is true with probability p/q, exactly, for p < q < 2¹²⁶: a random
// binary fraction is compared with that of p/q, bit by bit, until they differ.
func (s *source) bernoulli(p, q wide) bool {
	for p != (wide{}) {
		p = p.twice()
		digit := uint64(0)
		if !p.less(q) {
			p, digit = p.minus(q), 1
		}
		if b := s.bit(); b != digit {
			return b < digit
		}
	}
	return false
}

// bernoulliExp is true with probability exp(−p/q), exactly, for p ≤ q (Canonne,
// Kamath and Steinke 2020, algorithm 1).
func (s *source) bernoulliExp(p, q wide) bool {
	for k := uint64(1); ; k++ {
		if kq := q.times(k); p.less(kq) && !s.bernoulli(p, kq) {
			return k%2 == 1
		}
	}
}

// bernoulliE is true with probability exp(−1), exactly.
func (s *source) bernoulliE() bool { return s.bernoulliExp(wide{0, 1}, wide{0, 1}) }
