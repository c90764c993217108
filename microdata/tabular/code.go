package tabular

import "bytes"

// A coder turns the values of one closed column into codes. It belongs to one
// goroutine: it remembers the last value, for rows often repeat it.
type coder struct {
	blank, other int32 // codes, or −1
	one          [256]int32
	words        map[string]uint16
	last         [32]byte
	lastLen      int
	lastCode     int32
	bins         *bins // of numbers or dates, or nil
	beyond       int   // the last value lay below (−1) or above (1) the bins
}

func newCoder(c *columnPlan) *coder {
	k := &coder{blank: -1, other: int32(c.other), words: make(map[string]uint16, len(c.col.Levels)), lastLen: -1, bins: c.bins}
	for i := range k.one {
		k.one[i] = -1
	}
	levels := c.col.Levels
	if c.extra {
		levels = levels[:len(levels)-1] // what is blank in the file was not withheld
	}
	for i, l := range levels {
		k.words[l.Value] = uint16(i)
		switch len(l.Value) {
		case 0:
			k.blank = int32(i)
		case 1:
			k.one[l.Value[0]] = int32(i)
		}
	}
	if k.blank < 0 {
		k.blank = k.other
	}
	return k
}

// code returns the code of a value, or −1 where the list does not have it.
// Spaces around a value do not count unless the list has them.
func (k *coder) code(v []byte) int32 {
	if k.bins != nil {
		return k.bin(v)
	}
	switch len(v) {
	case 0:
		return k.blank
	case 1:
		if c := k.one[v[0]]; c >= 0 || !space(v[0]) {
			return c
		}
		return k.blank
	}
	if len(v) == k.lastLen && bytes.Equal(v, k.last[:k.lastLen]) {
		return k.lastCode
	}
	code := int32(-1)
	if c, ok := k.words[string(v)]; ok {
		code = int32(c)
	} else if t := trim(v); len(t) != len(v) {
		return k.code(t)
	}
	if len(v) <= len(k.last) {
		k.lastLen, k.lastCode = copy(k.last[:], v), code
	}
	return code
}

// bin is code where levels are bins.
func (k *coder) bin(v []byte) int32 {
	if len(v) == k.lastLen && bytes.Equal(v, k.last[:k.lastLen]) {
		return k.lastCode
	}
	code := k.blank
	k.beyond = 0
	if t := trim(v); len(t) > 0 {
		bin, beyond, ok := k.bins.code(t)
		if code, k.beyond = int32(bin), beyond; !ok {
			code = -1
		}
	}
	if k.lastLen = -1; len(v) <= len(k.last) {
		k.lastLen, k.lastCode = copy(k.last[:], v), code
	}
	return code
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func trim(v []byte) []byte {
	for len(v) > 0 && space(v[0]) {
		v = v[1:]
	}
	for len(v) > 0 && space(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

// A dictionary numbers the distinct values of an open column or of the person
// key, from 1 in the order in which they come; 0 is blank.
type dictionary struct {
	ids   map[string]uint32
	words []string
	bytes int
	codes []uint32 // by row
	long  bool     // a value had more than limit bytes
	limit int
	last  uint32
}

func newDictionary(limit int) *dictionary {
	return &dictionary{ids: map[string]uint32{}, limit: limit}
}

// add appends the code of a value.
func (d *dictionary) add(v []byte) {
	v = trim(v)
	switch {
	case len(v) == 0:
		d.codes = append(d.codes, 0)
		return
	case len(v) > d.limit:
		d.long = true
		d.codes = append(d.codes, 0)
		return
	case d.last > 0 && d.words[d.last-1] == string(v):
		d.codes = append(d.codes, d.last)
		return
	}
	id, ok := d.ids[string(v)]
	if !ok {
		id = d.number(string(v))
	}
	d.last = id
	d.codes = append(d.codes, id)
}

func (d *dictionary) number(word string) uint32 {
	id, ok := d.ids[word]
	if !ok {
		d.words = append(d.words, word)
		d.bytes += len(word)
		id = uint32(len(d.words))
		d.ids[word] = id
	}
	return id
}

// A tally counts, for one closed column of one block or of the file, the values
// that were not in its list, the first row of such a one, the blanks, and the values
// below and above its bins.
type tally struct{ outside, first, blank, below, above int }

// A coded is what one block holds.
type coded struct {
	rows, lines int // records that became rows; records and empty lines
	closed      [][]uint16
	open        []*dictionary
	person      *dictionary
	tallies     []tally // by closed column
	empty       int     // empty lines
	blankRows   int     // rows without any value
	ragged      []Fault // the first maxShown
	raggedRows  int
	stop        *Fault // the block could not be read on from here
}

// A blockReader parses and codes blocks. It belongs to one goroutine.
type blockReader struct {
	plan    *plan
	parser  *parser
	coders  []*coder // by closed column
	lenient bool     // ragged rows are counted, not refused
}

func newBlockReader(p *plan, delim byte, lenient bool) *blockReader {
	r := &blockReader{plan: p, parser: newParser(delim), lenient: lenient, coders: make([]*coder, p.closed)}
	for i := range p.columns {
		if c := &p.columns[i]; c.role == closed {
			r.coders[c.slot] = newCoder(c)
		}
	}
	return r
}

// read codes a block. Rows in its faults and tallies count from 1 in the block.
func (r *blockReader) read(block []byte) *coded {
	out := &coded{closed: make([][]uint16, r.plan.closed), open: make([]*dictionary, r.plan.open), tallies: make([]tally, r.plan.closed)}
	guess := bytes.Count(block, []byte{'\n'})
	for i := range out.closed {
		out.closed[i] = make([]uint16, 0, guess)
	}
	for i := range out.open {
		out.open[i] = newDictionary(maxOpenValue)
	}
	if r.plan.person >= 0 {
		out.person = newDictionary(maxField)
	}
	bad := badByte(block)
	p := r.parser
	p.over(block)
	want := len(r.plan.columns)
	for out.stop == nil {
		found := p.next()
		out.lines = p.lines
		if bad >= 0 && bad < p.reached() {
			f := encodingFault(block[bad], p.lines, max(1, p.position(bad)))
			out.stop = &f
			break
		}
		switch {
		case found == theEnd:
			return out
		case found == anEmptyLine && want == 1:
			out.stop = &Fault{Kind: Ragged, Row: p.lines, Problem: "an empty line in a file of one column: it may be a blank value or nothing",
				Hint: `write a blank value as "" and take out lines that are nothing`}
		case found == anEmptyLine:
			out.empty++
		case found != aRecord:
			f := syntaxFault(found, p.lines, len(p.fields)+1)
			out.stop = &f
		case len(p.fields) != want:
			f := raggedFault(p.lines, len(p.fields), want)
			if !r.lenient {
				out.stop = &f
				break
			}
			if out.raggedRows++; len(out.ragged) < maxShown {
				out.ragged = append(out.ragged, f)
			}
		default:
			r.row(out, block)
		}
	}
	return out
}

// row codes the record that the parser holds.
func (r *blockReader) row(out *coded, block []byte) {
	fields, any := r.parser.fields, false
	for i := range r.plan.columns {
		c, f := &r.plan.columns[i], fields[i]
		any = any || f.to > f.from
		switch c.role {
		case closed:
			k, t := r.coders[c.slot], &out.tallies[c.slot]
			code := k.code(block[f.from:f.to])
			if code == k.blank && code >= 0 {
				t.blank++
			}
			if code < 0 {
				if t.outside++; t.first == 0 {
					t.first = r.parser.lines
				}
				code = max(k.other, 0)
			}
			switch k.beyond {
			case -1:
				t.below++
			case 1:
				t.above++
			}
			out.closed[c.slot] = append(out.closed[c.slot], uint16(code))
		case open:
			out.open[c.slot].add(block[f.from:f.to])
		case person:
			out.person.add(block[f.from:f.to])
		}
	}
	out.rows++
	if !any {
		out.blankRows++
	}
}

// reached returns the end of the last record, or of the line in which the parser
// met a fault.
func (p *parser) reached() int {
	if p.at < len(p.block) && p.faulty {
		return p.at + bytes.IndexByte(p.block[p.at:], '\n') + 1
	}
	return p.at
}

// position returns the column, from 1, in which a byte of the last record stands,
// or 0 where it stands before them all.
func (p *parser) position(at int) int {
	n := 0
	for n < len(p.fields) && int(p.fields[n].from) <= at {
		n++
	}
	return n
}
