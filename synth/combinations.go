package synth

import (
	"math"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// longest is the most values of a combination that is looked at for support.
const longest = 3

// mostLevels is the most levels of a column: a roll codes them beside the missing value.
const mostLevels = math.MaxUint16

// A roll holds records for counting combinations of their values. A missing value
// is no value, and in no combination.
type roll struct {
	rows    int
	sizes   []int      // values held in each column, and one for missing
	codes   [][]uint16 // column by column; 0: missing
	holders [][]int32  // of each column: the rows that hold a value
	workers int
}

func newRoll(d *microdata.Domain, records [][]uint16, workers int) *roll {
	x := &roll{rows: len(records[0]), workers: workers}
	for a, column := range records {
		place := make([]uint16, d.Size(a))
		held := make([]bool, d.Size(a))
		for _, v := range column {
			held[v] = true
		}
		size := 1
		for l, level := range d.Column(a).Levels {
			if held[l] && level.Missing == microdata.Present {
				place[l] = uint16(size)
				size++
			}
		}
		codes, holders := make([]uint16, len(column)), []int32(nil)
		for r, v := range column {
			if codes[r] = place[v]; codes[r] != 0 {
				holders = append(holders, int32(r))
			}
		}
		x.sizes, x.codes, x.holders = append(x.sizes, size), append(x.codes, codes), append(x.holders, holders)
	}
	return x
}

// cost is the number of rows to be visited for all combinations of k values.
func (x *roll) cost(k int) (rows float64) {
	for _, c := range microdata.AllCliques(len(x.sizes), k) {
		rows += float64(len(x.holders[x.lead(c)]))
	}
	return rows
}

// lead is the column of c that fewest rows hold.
func (x *roll) lead(c microdata.Clique) int {
	least := c[0]
	for _, a := range c {
		if len(x.holders[a]) < len(x.holders[least]) {
			least = a
		}
	}
	return least
}

// each counts the combinations of every set of k columns. For each set, visit is
// told the rows that hold a value in all its columns, ascending, and how many rows
// hold the very same ones. Sets are shared out among the workers; visit is told
// which worker asks, and must not keep the slices.
func (x *roll) each(k int, visit func(worker int, c microdata.Clique, rows []int32, count []uint32)) {
	sets := microdata.AllCliques(len(x.sizes), k)
	pgm.Share(x.workers, x.workers, func(w int) {
		s := &scratch{}
		for i := w; i < len(sets); i += x.workers {
			rows, count := s.count(x, sets[i])
			if len(rows) > 0 {
				visit(w, sets[i], rows, count)
			}
		}
	})
}

// scratch is one worker's memory.
type scratch struct {
	rows   []int32
	cells  []uint32
	counts []uint32
	table  []uint32
	sparse map[uint64]uint32
}

// mostDense is the largest table that is counted as an array.
const mostDense = 1 << 22

func (s *scratch) count(x *roll, c microdata.Clique) ([]int32, []uint32) {
	s.rows, s.cells, s.counts = s.rows[:0], s.cells[:0], s.counts[:0]
	if cells := c.Cells(x.sizes); cells > mostDense {
		return s.countSparse(x, c)
	} else if len(s.table) < cells {
		s.table = make([]uint32, cells)
	}
rows:
	for _, r := range x.holders[x.lead(c)] {
		cell := uint32(0)
		for _, a := range c {
			v := uint32(x.codes[a][r])
			if v == 0 {
				continue rows
			}
			cell = cell*uint32(x.sizes[a]) + v
		}
		s.table[cell]++
		s.rows, s.cells = append(s.rows, r), append(s.cells, cell)
	}
	for _, cell := range s.cells {
		s.counts = append(s.counts, s.table[cell])
	}
	for _, cell := range s.cells {
		s.table[cell] = 0
	}
	return s.rows, s.counts
}

func (s *scratch) countSparse(x *roll, c microdata.Clique) ([]int32, []uint32) {
	if s.sparse == nil {
		s.sparse = map[uint64]uint32{}
	}
	clear(s.sparse)
	key := func(r int32) (cell uint64, ok bool) {
		for _, a := range c {
			v := uint64(x.codes[a][r])
			if v == 0 {
				return 0, false
			}
			cell = cell<<16 | v // of at most 3 columns
		}
		return cell, true
	}
	for _, r := range x.holders[x.lead(c)] {
		if cell, ok := key(r); ok {
			s.sparse[cell]++
			s.rows = append(s.rows, r)
		}
	}
	for _, r := range s.rows {
		cell, _ := key(r)
		s.counts = append(s.counts, s.sparse[cell])
	}
	return s.rows, s.counts
}

// least returns, for each row, how many rows hold the rarest of its combinations
// of at most k values: math.MaxUint32 where it holds no value.
func (x *roll) least(k int) []uint32 {
	parts := make([][]uint32, x.workers)
	for w := range parts {
		parts[w] = make([]uint32, x.rows)
		for r := range parts[w] {
			parts[w][r] = math.MaxUint32
		}
	}
	for n := 1; n <= min(k, len(x.sizes)); n++ {
		x.each(n, func(w int, _ microdata.Clique, rows []int32, count []uint32) {
			for i, r := range rows {
				parts[w][r] = min(parts[w][r], count[i])
			}
		})
	}
	for _, part := range parts[1:] {
		for r, n := range part {
			parts[0][r] = min(parts[0][r], n)
		}
	}
	return parts[0]
}
