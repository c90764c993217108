package tabular

import (
	"bytes"
	"fmt"
	"io"
)

// A splitter cuts a stream into blocks that end where a record ends, so that
// they can be parsed apart from each other. A newline ends a record where an
// even number of quotes stands before it; where quotes stand wrong it may cut at
// the wrong place, but only after the fault, which the parser meets first.
type splitter struct {
	r     io.Reader
	rest  []byte // of the last read, after the last block
	done  int64  // bytes read
	ended bool   // nothing follows rest
	size  int    // bytes of a block, about
	free  chan []byte
}

// newSplitter returns a splitter into blocks of about size bytes that keeps up to
// spare of them for use again.
func newSplitter(r io.Reader, size, spare int) *splitter {
	return &splitter{r: r, size: size, free: make(chan []byte, spare)}
}

// next returns the next block, or nil at the end. It ends with a newline, added
// where the stream has none; a record longer than maxRecord is a block that does
// not end where a record ends, and the last one.
func (s *splitter) next() ([]byte, error) {
	var b []byte
	select {
	case b = <-s.free:
	default:
		b = make([]byte, 0, s.size+1)
	}
	b = append(b[:0], s.rest...)
	s.rest = s.rest[:0]
	for want := s.size; ; want *= 2 {
		var err error
		if b, err = s.fill(b, want); err != nil {
			return nil, err
		}
		if s.ended && len(b) == 0 {
			return nil, nil
		}
		if end := lastRecordEnd(b); end > 0 && !s.ended {
			s.rest = append(s.rest, b[end:]...)
			return b[:end], nil
		}
		if s.ended || len(b) > maxRecord {
			s.ended = true
			if b[len(b)-1] != '\n' {
				b = append(b, '\n')
			}
			return b, nil
		}
	}
}

// fill reads until b holds want bytes or the stream ends. It leaves room for the
// newline that next may add.
func (s *splitter) fill(b []byte, want int) ([]byte, error) {
	if cap(b) <= want {
		b = append(make([]byte, 0, want+1), b...)
	}
	idle := 0
	for len(b) < want && !s.ended {
		n, err := s.r.Read(b[len(b):want])
		b = b[:len(b)+n]
		s.done += int64(n)
		if idle++; n > 0 {
			idle = 0
		}
		switch {
		case err == io.EOF:
			s.ended = true
		case err != nil:
			return nil, fmt.Errorf("tabular: reading the file: %w", err)
		case idle == 100:
			return nil, fmt.Errorf("tabular: reading the file: %w", io.ErrNoProgress)
		}
	}
	return b, nil
}

// recycle takes back a block whose bytes nobody needs.
func (s *splitter) recycle(b []byte) {
	select {
	case s.free <- b:
	default:
	}
}

// lastRecordEnd returns the place after the last newline outside quotes, or 0.
func lastRecordEnd(b []byte) int {
	quotes := bytes.Count(b, []byte{'"'})
	for end := len(b); ; {
		nl := bytes.LastIndexByte(b[:end], '\n')
		if nl < 0 {
			return 0
		}
		if quotes -= bytes.Count(b[nl:end], []byte{'"'}); quotes%2 == 0 {
			return nl + 1
		}
		end = nl
	}
}
