package tabular

import "bytes"

// A span is the place of a value in a block.
type span struct{ from, to int32 }

// A parser takes a block of a delimited file apart, record by record, as RFC 4180
// and encoding/csv do: a value that begins with a quote ends with one, quotes in
// it are doubled, line ends may be CRLF, an empty line is no record. The block
// must end with a newline. Quoted values are unescaped in place.
type parser struct {
	block  []byte
	at     int
	delim  byte
	stop   [256]bool // bytes that end a plain value
	fields []span    // of the last record
	lines  int       // records and empty lines read
	faulty bool      // next found a fault
}

// found is what parser.next found.
type found uint8

const (
	aRecord found = iota
	anEmptyLine
	theEnd
	aBareQuote  // in a plain value, or after the closing quote
	anOpenQuote // the block ends within quotes
	aLongRecord // more than maxRecord bytes
	aLongField  // more than maxField bytes
)

func newParser(delim byte) *parser {
	p := &parser{delim: delim}
	p.stop[delim], p.stop['\n'], p.stop['"'] = true, true, true
	return p
}

// over starts a block.
func (p *parser) over(block []byte) { p.block, p.at, p.lines, p.faulty = block, 0, 0, false }

// next reads one record into p.fields. After a fault, len(p.fields) values were
// read before it and p cannot go on.
func (p *parser) next() found {
	f := p.read()
	p.faulty = f > theEnd
	return f
}

func (p *parser) read() found {
	b, i := p.block, p.at
	if i >= len(b) {
		return theEnd
	}
	p.lines++
	p.fields = p.fields[:0]
	if b[i] == '\n' || b[i] == '\r' && b[i+1] == '\n' {
		p.at += bytes.IndexByte(b[i:], '\n') + 1
		return anEmptyLine
	}
	for {
		from := i
		if b[i] == '"' {
			value, after, ok := p.quoted(i + 1)
			if !ok {
				if after < 0 && len(b)-p.at > maxRecord {
					return aLongRecord
				}
				if after < 0 {
					return anOpenQuote
				}
				return aBareQuote
			}
			p.fields = append(p.fields, value)
			i = after
		} else {
			for !p.stop[b[i]] {
				i++
			}
			to := i
			switch {
			case b[i] == '"':
				return aBareQuote
			case b[i] == '\n' && to > from && b[to-1] == '\r':
				to--
			}
			p.fields = append(p.fields, span{int32(from), int32(to)})
		}
		if last := len(p.fields) - 1; p.fields[last].to-p.fields[last].from > maxField {
			p.fields = p.fields[:last]
			return aLongField
		}
		i++
		if b[i-1] == '\n' {
			break
		}
	}
	if i-p.at > maxRecord {
		return aLongRecord
	}
	p.at = i
	return aRecord
}

// quoted reads the value after an opening quote and unescapes it. It returns the
// place of the byte that ends the value, delimiter or newline; without ok, the
// place of a quote that stands wrong, or −1 where the value does not end.
func (p *parser) quoted(from int) (value span, after int, ok bool) {
	b, read, write := p.block, from, from
	for {
		n := bytes.IndexByte(b[read:], '"')
		if n < 0 {
			return span{}, -1, false
		}
		write += put(b, write, b[read:read+n])
		read += n + 1 // the newline at the end of the block follows any quote
		switch {
		case b[read] == '"':
			b[write] = '"'
			write++
			read++
		case b[read] == p.delim || b[read] == '\n':
			return span{int32(from), int32(write)}, read, true
		case b[read] == '\r' && b[read+1] == '\n':
			return span{int32(from), int32(write)}, read + 1, true
		default:
			return span{}, read, false
		}
	}
}

// put moves text to b[at:], CRLF as LF, and returns its length.
func put(b []byte, at int, text []byte) int {
	if bytes.IndexByte(text, '\r') < 0 {
		return copy(b[at:], text)
	}
	n := 0
	for i, c := range text {
		if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			continue
		}
		b[at+n] = c
		n++
	}
	return n
}
