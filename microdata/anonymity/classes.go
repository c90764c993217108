package anonymity

import (
	"math"

	"amparo/microdata"
)

// A base holds the distinct combinations of quasi-identifiers and sensitive value, as
// given, with their records: every node is worked out from it, not from the records.
type base struct {
	codes     [][]uint16 // by quasi-identifier, by combination
	sensitive []uint16   // by combination; nil without a sensitive column
	values    int        // of the sensitive column
	count     []int64
	of        []int32 // by record: its combination
	rows      int
	share     []float64 // of each sensitive value in the file
}

func newBase(t *microdata.Table, quasi []int, sensitive int) *base {
	b := &base{codes: make([][]uint16, len(quasi)), rows: t.Rows(), of: make([]int32, t.Rows())}
	columns := quasi
	if sensitive >= 0 {
		columns = append(append([]int{}, quasi...), sensitive)
		b.values = t.Domain().Size(sensitive)
		b.share = make([]float64, b.values)
	}
	// Columns join one by one: the combination so far and the next code make the next.
	for i, a := range columns {
		next := map[uint64]int32{}
		for r := range b.of {
			key := uint64(b.of[r])<<16 | uint64(t.Code(r, a))
			id, ok := next[key]
			if !ok {
				id = int32(len(next))
				next[key] = id
			}
			b.of[r] = id
		}
		if i == len(columns)-1 {
			b.count = make([]int64, len(next))
		}
	}
	for i := range b.codes {
		b.codes[i] = make([]uint16, len(b.count))
	}
	if sensitive >= 0 {
		b.sensitive = make([]uint16, len(b.count))
	}
	for r, id := range b.of {
		if b.count[id]++; b.count[id] == 1 {
			for i, a := range quasi {
				b.codes[i][id] = uint16(t.Code(r, a))
			}
			if sensitive >= 0 {
				b.sensitive[id] = uint16(t.Code(r, sensitive))
			}
		}
		if sensitive >= 0 {
			b.share[t.Code(r, sensitive)] += 1 / float64(b.rows)
		}
	}
	return b
}

// A grouping is a node's classes.
type grouping struct {
	class []int32 // by combination
	count []int64 // by class
	table map[uint64]int32
	dense []int32
}

// mostDense is the largest number of possible classes that an array is kept for.
const mostDense = 1 << 22

// group sorts the combinations into the classes of a node, in the order of their
// first combination.
func (g *grouping) group(b *base, x *lattice, heights []int) {
	if g.class == nil {
		g.class = make([]int32, len(b.count))
	}
	g.count = g.count[:0]
	possible := 1.0
	for i, h := range heights {
		possible *= float64(len(x.ladders[i].groups[h]))
	}
	if possible > math.MaxUint64/2 {
		g.refine(b, x, heights)
		return
	}
	find := g.finder(int(min(possible, mostDense+1)))
	for c := range g.class {
		key := uint64(0)
		for i, h := range heights {
			l := &x.ladders[i]
			key = key*uint64(len(l.groups[h])) + uint64(l.of[h][b.codes[i][c]])
		}
		id := find(key)
		g.class[c] = id
		g.count[id] += b.count[c]
	}
}

// finder returns what numbers keys in the order in which they come.
func (g *grouping) finder(possible int) func(key uint64) int32 {
	if possible <= mostDense {
		if len(g.dense) < possible {
			g.dense = make([]int32, possible)
		}
		dense := g.dense[:possible]
		clear(dense)
		return func(key uint64) int32 {
			if dense[key] == 0 {
				g.count = append(g.count, 0)
				dense[key] = int32(len(g.count))
			}
			return dense[key] - 1
		}
	}
	if g.table == nil {
		g.table = map[uint64]int32{}
	}
	clear(g.table)
	return func(key uint64) int32 {
		id, ok := g.table[key]
		if !ok {
			id = int32(len(g.count))
			g.count = append(g.count, 0)
			g.table[key] = id
		}
		return id
	}
}

// refine is group where a key would not fit 64 bits: columns join one by one.
func (g *grouping) refine(b *base, x *lattice, heights []int) {
	clear(g.class)
	for i, h := range heights {
		g.count = g.count[:0]
		find := g.finder(mostDense + 1)
		for c := range g.class {
			g.class[c] = find(uint64(g.class[c])<<16 | uint64(x.ladders[i].of[h][b.codes[i][c]]))
		}
	}
	clear(g.count)
	for c, id := range g.class {
		g.count[id] += b.count[c]
	}
}

// sound says, class by class, which meet the options.
func (g *grouping) sound(b *base, o Options) []bool {
	out := make([]bool, len(g.count))
	for id, n := range g.count {
		out[id] = n >= int64(o.K)
	}
	if o.L == 0 && o.T == 0 {
		return out
	}
	// Histograms of the sensitive values, of classes that are large enough.
	place, held := make([]int32, len(out)), int32(0)
	for id, ok := range out {
		place[id] = -1
		if ok {
			place[id] = held
			held++
		}
	}
	histogram := make([]int64, int(held)*b.values)
	for c, id := range g.class {
		if p := place[id]; p >= 0 {
			histogram[int(p)*b.values+int(b.sensitive[c])] += b.count[c]
		}
	}
	for id, p := range place {
		if p >= 0 {
			h := histogram[int(p)*b.values : int(p+1)*b.values]
			out[id] = o.diverse(h, float64(g.count[id])) && o.close(h, float64(g.count[id]), b.share)
		}
	}
	return out
}

// slack lets through what misses a bound by rounding only.
const slack = 1e-12

func (o Options) diverse(h []int64, n float64) bool {
	distinct, entropy := 0, 0.0
	for _, k := range h {
		if k > 0 {
			distinct++
			entropy -= float64(k) / n * math.Log(float64(k)/n)
		}
	}
	if o.EntropyL {
		return entropy >= math.Log(float64(o.L))-slack
	}
	return distinct >= o.L
}

func (o Options) close(h []int64, n float64, share []float64) bool {
	if o.T == 0 {
		return true
	}
	away := 0.0
	for v, k := range h {
		away += math.Abs(float64(k)/n-share[v]) / 2
	}
	return away <= o.T+slack
}
