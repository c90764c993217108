package evaluate

import (
	"math/bits"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// records are the rows of a table with every column in a field of bits, so that the
// columns in which two rows differ are counted a word at a time.
type records struct {
	*layout
	n    int
	word []uint64 // row after row, layout.words each
}

// A layout says where the columns stand. No field crosses a word.
type layout struct {
	words  int
	fields []field
	low    []uint64 // of each word, all bits of its fields but the top ones
	top    []uint64 // the top ones
}

type field struct {
	word  int
	shift uint
	mask  uint64 // in place
}

func newLayout(sizes []int) *layout {
	l := new(layout)
	used := 64
	for _, n := range sizes {
		width := max(bits.Len(uint(n-1)), 1)
		if used+width > 64 {
			l.words, used = l.words+1, 0
			l.low, l.top = append(l.low, 0), append(l.top, 0)
		}
		f := field{l.words - 1, uint(used), (1<<width - 1) << used}
		l.top[f.word] |= 1 << (used + width - 1)
		l.low[f.word] |= f.mask &^ (1 << (used + width - 1))
		l.fields = append(l.fields, f)
		used += width
	}
	return l
}

func pack(l *layout, t *microdata.Table) *records {
	x := &records{l, t.Rows(), make([]uint64, t.Rows()*l.words)}
	for c, f := range l.fields {
		for r := range x.n {
			x.word[r*l.words+f.word] |= uint64(t.Code(r, c)) << f.shift
		}
	}
	return x
}

// row returns the words of a row.
func (x *records) row(r int) []uint64 { return x.word[r*x.words : (r+1)*x.words] }

// code returns the code of a column in a row's words.
func (l *layout) code(row []uint64, column int) int {
	f := l.fields[column]
	return int(row[f.word] & f.mask >> f.shift)
}

// differs returns the top bit of each field of word w that is not the same in two
// rows: adding the low bits to themselves as a mask carries into the top bit when
// any is set, and never beyond it.
func (l *layout) differs(w int, a, b uint64) uint64 {
	d := a ^ b
	return (d&l.low[w] + l.low[w] | d) & l.top[w]
}

// distance is the number of columns in which two rows differ.
func (l *layout) distance(a, b []uint64) (n int) {
	for w := range a {
		n += bits.OnesCount64(l.differs(w, a[w], b[w]))
	}
	return n
}

// within returns the next row, at from or later, that differs from a in at most so
// many columns, or x.n. Most time of a search goes here.
func (x *records) within(a []uint64, from, most int) int {
	if x.words != 1 {
		for from < x.n && x.distance(a, x.row(from)) > most {
			from++
		}
		return from
	}
	low, top, word := x.low[0], x.top[0], a[0]
	for i, b := range x.word[from:] {
		d := word ^ b
		if bits.OnesCount64((d&low+low|d)&top) <= most {
			return from + i
		}
	}
	return x.n
}

// shuffled returns the records with every column put in random order by itself.
func (x *records) shuffled(r *pgm.Rand) *records {
	out := &records{x.layout, x.n, make([]uint64, len(x.word))}
	order := all(x.n)
	for _, f := range x.fields {
		pgm.Shuffle(r, order)
		for i, from := range order {
			out.word[i*x.words+f.word] |= x.word[from*x.words+f.word] & f.mask
		}
	}
	return out
}

// masks returns the bits of those of the columns that chosen says, word by word.
func (l *layout) masks(columns []int, chosen microdata.Clique) []uint64 {
	out := make([]uint64, l.words)
	for _, i := range chosen {
		f := l.fields[columns[i]]
		out[f.word] |= f.mask
	}
	return out
}

// key returns a number for the masked columns of a row, the same for equal values
// and, but for one pair in 2⁶⁴, for these only.
func key(row, masks []uint64) uint64 {
	h := uint64(0)
	for w, m := range masks {
		h = pgm.NewRand(h^row[w]&m).Uint64() + h<<1
	}
	return h
}
