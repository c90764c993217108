package synth

import (
	"cmp"
	"math"
	"slices"

	"amparo/synth/pgm"
)

// What stands out of the noise is no chance of the model, and may not go with the
// records that are written anew: at least leastKept of it stays, and is weighed up
// to the whole by raking.
const (
	leastKept  = 0.5
	cellStands = 3.0 // standard deviations of a pair's cell
)

// keepers know, of each level and of each cell of a measured pair that stands out of
// the noise, how many records can still be spared.
type keepers struct {
	tables []spared
}

// spared is one such table.
type spared struct {
	columns [][]uint16 // of the records
	width   int        // levels of the second column
	left    []int32    // records that each cell can spare
}

// keepers returns those of the given records, which have coarsened and own levels.
func (m *Model) keepers(evidence []pgm.Measurement, coarse, fine [][]uint16) *keepers {
	k := new(keepers)
	var pairs []pgm.Measurement
	for _, e := range evidence {
		if len(e.Clique) == 2 && e.Of == nil {
			pairs = append(pairs, e)
		}
	}
	k.tables = make([]spared, len(m.columns)+len(pairs))
	pgm.Share(m.workers, len(k.tables), func(t int) {
		if a := t; a < len(m.columns) {
			c := m.columns[a]
			stands := make([]bool, len(c.Noisy))
			for l, y := range c.Noisy {
				stands[l] = float64(y) >= levelStands*math.Sqrt(c.Variance)
			}
			k.tables[t] = spare(fine[a:a+1], 1, stands)
			return
		}
		e := pairs[t-len(m.columns)]
		stands := make([]bool, len(e.Counts))
		for c, y := range e.Counts {
			p := e.Precision[min(c, len(e.Precision)-1)]
			stands[c] = y*math.Sqrt(p) >= cellStands
		}
		k.tables[t] = spare([][]uint16{coarse[e.Clique[0]], coarse[e.Clique[1]]}, m.sizes[e.Clique[1]], stands)
	})
	return k
}

// spare counts what a table of one or two columns can spare.
func spare(columns [][]uint16, width int, stands []bool) spared {
	s := spared{columns: columns, width: width, left: make([]int32, len(stands))}
	for r := range columns[0] {
		s.left[s.cell(r)]++
	}
	for c, n := range s.left {
		if stands[c] {
			s.left[c] = n - int32(math.Ceil(leastKept*float64(n)))
		}
	}
	return s
}

func (s *spared) cell(row int) int {
	c := int(s.columns[0][row])
	if len(s.columns) > 1 {
		c = c*s.width + int(s.columns[1][row])
	}
	return c
}

// without lets go, the least supported first, as many of the records of less than the
// given support as can be spared, and returns the others in order.
func (k *keepers) without(least []uint32, support uint32) []int32 {
	var poor []int32
	for i, n := range least {
		if n < support {
			poor = append(poor, int32(i))
		}
	}
	slices.SortStableFunc(poor, func(a, b int32) int { return cmp.Compare(least[a], least[b]) })
	left := make([][]int32, len(k.tables))
	for t := range k.tables {
		left[t] = slices.Clone(k.tables[t].left)
	}
	gone := make([]bool, len(least))
	for _, r := range poor {
		if gone[r] = k.spares(int(r), left); gone[r] {
			for t := range k.tables {
				left[t][k.tables[t].cell(int(r))]--
			}
		}
	}
	keep := make([]int32, 0, len(least)-len(poor))
	for i := range least {
		if !gone[i] {
			keep = append(keep, int32(i))
		}
	}
	return keep
}

func (k *keepers) spares(row int, left [][]int32) bool {
	for t := range k.tables {
		if left[t][k.tables[t].cell(row)] <= 0 {
			return false
		}
	}
	return true
}
