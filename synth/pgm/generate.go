package pgm

import (
	"math/bits"
	"slices"

	"amparo/microdata"
)

// A Rand is a small deterministic generator (SplitMix64; Steele, Lea and Flood
// 2014). It orders records after all noise is drawn; it is no source of noise.
type Rand struct{ state uint64 }

// NewRand returns the generator of a seed.
func NewRand(seed uint64) *Rand { return &Rand{seed} }

// Uint64 returns the next 64 bits.
func (r *Rand) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Float64 returns a number in [0, 1).
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// IntN returns a number in 0…n−1. The bias is below n/2⁶⁴.
func (r *Rand) IntN(n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

// Shuffle puts x in random order.
func Shuffle[T any](r *Rand, x []T) {
	for i := len(x) - 1; i > 0; i-- {
		j := r.IntN(i + 1)
		x[i], x[j] = x[j], x[i]
	}
}

// Generate returns n records, column by column, whose marginals over the tree's
// cliques are the tree's, rounded: clique by clique from the roots, the rows
// that agree on the separator get their remaining columns by systematic rounding
// of the conditional distribution, in random order. The same state of r gives
// the same records. A combination of probability zero is never written.
func (t *Tree) Generate(n int, r *Rand) [][]uint16 {
	t.settle()
	out := make([][]uint16, len(t.sizes))
	for a := range out {
		out[a] = make([]uint16, n)
	}
	done := make([]bool, len(t.sizes))
	for _, level := range t.levels {
		for _, i := range level {
			t.extend(&t.nodes[i], done, out, r)
			for _, a := range t.nodes[i].columns {
				done[a] = true
			}
		}
	}
	return out
}

// extend writes the columns of q that are not done, given those that are.
func (t *Tree) extend(q *node, done []bool, out [][]uint16, r *Rand) {
	var given, fresh []int
	for _, a := range q.columns {
		if done[a] {
			given = append(given, a)
		} else {
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return
	}
	groups := microdata.Clique(given).Cells(t.sizes)
	cells := microdata.Clique(fresh).Cells(t.sizes)
	// conditional[g·cells+c] is the probability of fresh cell c with given cell g.
	conditional := t.permute(q.belief, q.columns, append(slices.Clone(given), fresh...))
	rows, start := groupRows(given, t.sizes, groups, out)
	draw := &systematic{order: make([]int32, 0, cells), picks: make([]int32, 0, len(rows))}
	at := make([]int, len(fresh))
	for g := range groups {
		members := rows[start[g]:start[g+1]]
		if len(members) == 0 {
			continue
		}
		for k, c := range draw.from(conditional[g*cells:(g+1)*cells], len(members), r) {
			rest := int(c)
			for j := len(fresh) - 1; j >= 0; j-- {
				at[j] = rest % t.sizes[fresh[j]]
				rest /= t.sizes[fresh[j]]
			}
			for j, a := range fresh {
				out[a][members[k]] = uint16(at[j])
			}
		}
	}
}

// groupRows sorts rows by their cell over the given columns: the rows of cell g
// are rows[start[g]:start[g+1]], in ascending order.
func groupRows(given, sizes []int, groups int, out [][]uint16) (rows, start []int32) {
	n := len(out[0])
	cell := make([]int32, n)
	for _, a := range given {
		size := int32(sizes[a])
		for i, v := range out[a] {
			cell[i] = cell[i]*size + int32(v)
		}
	}
	start = make([]int32, groups+1)
	for _, g := range cell {
		start[g+1]++
	}
	for g := range groups {
		start[g+1] += start[g]
	}
	next := slices.Clone(start[:groups])
	rows = make([]int32, n)
	for i, g := range cell {
		rows[next[g]] = int32(i)
		next[g]++
	}
	return rows, start
}

// systematic draws by systematic sampling; its buffers are reused.
type systematic struct{ order, picks []int32 }

// from returns n cells, in random order, each about n·weight/Σweight times:
// never more than one off. Without any weight every cell weighs the same.
func (s *systematic) from(weight []float64, n int, r *Rand) []int32 {
	s.order, s.picks = s.order[:0], s.picks[:0]
	total := 0.0
	for c, w := range weight {
		if w > 0 {
			s.order = append(s.order, int32(c))
			total += w
		}
	}
	if len(s.order) == 0 {
		// Rounding left rows in a group of no mass: any cell is as good.
		for range n {
			s.picks = append(s.picks, int32(r.IntN(len(weight))))
		}
		return s.picks
	}
	Shuffle(r, s.order)
	u, sum, scale := r.Float64(), 0.0, float64(n)/total
	for _, c := range s.order {
		sum += weight[c] * scale
		for len(s.picks) < n && float64(len(s.picks))+u < sum {
			s.picks = append(s.picks, c)
		}
	}
	for len(s.picks) < n { // the last cell, where rounding left the sum short
		s.picks = append(s.picks, s.order[len(s.order)-1])
	}
	Shuffle(r, s.picks)
	return s.picks
}
