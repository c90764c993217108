package microdata

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// blockRows is the number of rows counted for all cliques before the next rows
// are touched: their codes stay in the first-level cache.
const blockRows = 1 << 13

// memory counts a table that is held in memory.
type memory struct {
	table   *Table
	workers int
}

// NewCounter returns the Counter of a table in memory. It uses the given number
// of goroutines, or one a core where workers < 1; the counts are the same for
// any number.
func NewCounter(t *Table, workers int) Counter {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &memory{t, workers}
}

func (m *memory) Domain() *Domain { return m.table.domain }

func (m *memory) Coarsen(steps []*Coarsening) (Counter, error) {
	t, err := m.table.Coarsen(steps)
	if err != nil {
		return nil, err
	}
	return &memory{t, m.workers}, nil
}

// Count splits the cliques among the workers, not the rows, so that no two
// goroutines write to one marginal and no partial counts need memory or adding.
func (m *memory) Count(ctx context.Context, cliques []Clique) ([]Marginal, error) {
	out := make([]Marginal, len(cliques))
	sizes := m.table.domain.Sizes()
	for i, c := range cliques {
		if err := c.Check(m.table.domain); err != nil {
			return nil, err
		}
		out[i] = Marginal{Clique: append(Clique{}, c...)}
	}
	const batch = 64 // cliques a job: enough to reuse a block of rows, few enough to share out
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range min(m.workers, (len(cliques)+batch-1)/batch) {
		wg.Go(func() {
			for from := range jobs {
				m.count(ctx, out[from:min(from+batch, len(out))], sizes)
			}
		})
	}
	for from := 0; from < len(cliques) && ctx.Err() == nil; from += batch {
		jobs <- from
	}
	close(jobs)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// count fills the marginals, block of rows by block of rows.
func (m *memory) count(ctx context.Context, marginals []Marginal, sizes []int) {
	small := make([][]uint32, len(marginals))
	for i := range marginals {
		small[i] = make([]uint32, marginals[i].Clique.Cells(sizes))
	}
	stem := &stem{cells: make([]uint32, blockRows)}
	for from := 0; from < m.table.rows && ctx.Err() == nil; from += blockRows {
		to := min(from+blockRows, m.table.rows)
		stem.of = nil
		for i := range marginals {
			m.table.tally(small[i], marginals[i].Clique, sizes, from, to, stem)
		}
	}
	for i := range marginals {
		counts := make([]int64, len(small[i]))
		for c, n := range small[i] {
			counts[c] = int64(n)
		}
		marginals[i].Counts = counts
	}
}

// A stem holds the cells of a block of rows over all but the last column of a
// clique: cliques in lexicographic order share it with the one before.
type stem struct {
	of    Clique
	cells []uint32
}

// tally adds rows from..to to the counts of one clique.
func (t *Table) tally(counts []uint32, c Clique, sizes []int, from, to int, s *stem) {
	switch {
	case len(c) == 0:
		counts[0] += uint32(to - from)
	case len(c) == 1:
		if x := &t.columns[c[0]]; x.narrow != nil {
			tally1(counts, x.narrow[from:to])
		} else {
			tally1(counts, x.wide[from:to])
		}
	case len(c) == 2:
		t.tallyPair(counts, &t.columns[c[0]], &t.columns[c[1]], uint32(sizes[c[1]]), from, to)
	default:
		last := len(c) - 1
		cells := s.cells[:to-from]
		if !slices.Equal(s.of, c[:last]) {
			s.of = c[:last]
			clear(cells)
			for _, a := range s.of {
				if x := &t.columns[a]; x.narrow != nil {
					shift(cells, x.narrow[from:to], uint32(sizes[a]))
				} else {
					shift(cells, x.wide[from:to], uint32(sizes[a]))
				}
			}
		}
		if x := &t.columns[c[last]]; x.narrow != nil {
			tally2(counts, cells, x.narrow[from:to], uint32(sizes[c[last]]))
		} else {
			tally2(counts, cells, x.wide[from:to], uint32(sizes[c[last]]))
		}
	}
}

func (t *Table) tallyPair(counts []uint32, a, b *codes, size uint32, from, to int) {
	switch {
	case a.narrow != nil && b.narrow != nil:
		tally2(counts, a.narrow[from:to], b.narrow[from:to], size)
	case a.narrow != nil:
		tally2(counts, a.narrow[from:to], b.wide[from:to], size)
	case b.narrow != nil:
		tally2(counts, a.wide[from:to], b.narrow[from:to], size)
	default:
		tally2(counts, a.wide[from:to], b.wide[from:to], size)
	}
}

type code interface{ uint8 | uint16 | uint32 }

func tally1[A code](counts []uint32, a []A) {
	for _, x := range a {
		counts[x]++
	}
}

// tally2 counts into the marginal directly: rows in sequence often share a cell,
// so two halves of the block are walked side by side to keep one increment from
// waiting for the last one.
func tally2[A, B code](counts []uint32, a []A, b []B, size uint32) {
	b = b[:len(a)]
	half := len(a) / 2
	a2, b2 := a[half:], b[half:]
	for i := range half {
		counts[uint32(a[i])*size+uint32(b[i])]++
		counts[uint32(a2[i])*size+uint32(b2[i])]++
	}
	if len(a)%2 == 1 {
		counts[uint32(a2[half])*size+uint32(b2[half])]++
	}
}

func shift[A code](cell []uint32, a []A, size uint32) {
	for i, x := range a {
		cell[i] = cell[i]*size + uint32(x)
	}
}
