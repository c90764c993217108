package dp

import (
	"encoding/binary"
	"errors"
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
	word   uint64 // bits not yet handed out, lowest first
	left   uint
	spared int // words that the present draw may still use
}

// wordsADraw bounds what one draw may use. It uses about ten words, and needs more
// than this with a chance far below 2⁻¹⁰⁰⁰; a reader that hands out the same byte
// for ever comes here instead of looping. The bound also keeps every integer of a
// draw within 128 bits (proof.md).
const wordsADraw = 1 << 12

var errStuck = errors.New("dp: the source of random bytes is stuck: no noise comes of it")

// readFailure carries an error of the source out of a draw.
type readFailure struct{ err error }

func (s *source) uint64() uint64 {
	if s.spared--; s.spared < 0 {
		panic(readFailure{errStuck})
	}
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

// take returns the next n ≤ 32 bits. Bits too few at the end of a word are dropped.
func (s *source) take(n uint) uint64 {
	if s.left < n {
		s.word, s.left = s.uint64(), 64
	}
	b := s.word & (1<<n - 1)
	s.word >>= n
	s.left -= n
	return b
}

// below returns a uniform number in 0…n−1, for 1 ≤ n ≤ 2³², by rejection: exact.
func (s *source) below(n uint64) uint64 {
	width := uint(bits.Len64(n - 1))
	for {
		if v := s.take(width); v < n {
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

// digitBits is the size of the digits in which a fraction of 64-bit integers is
// compared; it is small so that a comparison uses up few random bytes.
const digitBits = 16

// bernoulli is true with probability p/q, exactly, for p < q < 2¹²⁷: a random
// fraction is compared with p/q, digit by digit, until they differ. The digits
// are binary where p and q are wide.
func (s *source) bernoulli(p, q wide) bool {
	if q.hi == 0 {
		return s.bernoulli64(p.lo, q.lo)
	}
	for p != (wide{}) {
		p = p.twice()
		digit := uint64(0)
		if !p.less(q) {
			p, digit = p.minus(q), 1
		}
		if b := s.take(1); b != digit {
			return b < digit
		}
	}
	return false
}

func (s *source) bernoulli64(p, q uint64) bool {
	for p != 0 {
		digit, rest := bits.Div64(p>>(64-digitBits), p<<digitBits, q)
		if r := s.take(digitBits); r != digit {
			return r < digit
		}
		p = rest
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

// bernoulliE is true with probability exp(−1), exactly: bernoulliExp for p = q,
// whose first comparison is always true.
func (s *source) bernoulliE() bool {
	for k := uint64(2); ; k++ {
		if !s.bernoulli64(1, k) {
			return k%2 == 1
		}
	}
}
