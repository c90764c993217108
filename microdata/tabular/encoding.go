package tabular

import (
	"bufio"
	"io"
	"unicode/utf8"
)

// Windows1252 returns a reader of the UTF-8 text that r, written in Windows-1252 as
// Spanish and Portuguese editions of spreadsheets do, stands for. ISO 8859-1 is a part
// of it. Every byte stands for something: which encoding a file has must be known, it
// cannot be seen.
func Windows1252(r io.Reader) io.Reader { return &western{in: bufio.NewReaderSize(r, 1<<16)} }

// western decodes byte by byte.
type western struct {
	in   *bufio.Reader
	rest []byte // of a letter that did not fit
	last [utf8.UTFMax]byte
}

// high are the bytes 0x80 to 0x9F of Windows-1252 (WHATWG Encoding Standard, index
// windows-1252; the five that stand for nothing are control characters there too).
// All other bytes are the code points of the same number.
var high = [32]rune{
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
}

func (w *western) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(w.rest) > 0 {
			k := copy(p[n:], w.rest)
			w.rest, n = w.rest[k:], n+k
			continue
		}
		if n > 0 && w.in.Buffered() == 0 {
			return n, nil // what there is, before waiting for more
		}
		b, err := w.in.ReadByte()
		if err != nil {
			return n, err
		}
		if b < utf8.RuneSelf {
			p[n] = b
			n++
			continue
		}
		letter := rune(b)
		if b < 0xA0 {
			letter = high[b-0x80]
		}
		w.rest = utf8.AppendRune(w.last[:0], letter)
	}
	return n, nil
}
