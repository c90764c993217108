package synth

import (
	"context"
	"math"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
)

// standing strikes out the estimates of a column's values that do not stand out of
// their noise.
func standing(c *microdata.Column, estimate []float64, m dp.Measurement) {
	for l := range estimate {
		if !stands(c, m, l) {
			estimate[l] = 0
		}
	}
}

// stands says whether a value stands out of its noise; what is missing need not.
func stands(c *microdata.Column, m dp.Measurement, level int) bool {
	return c.Levels[level].Missing != microdata.Present || float64(m.Noisy[level]) >= levelStands*math.Sqrt(m.Variance)
}

// withhold blanks the values that do not stand out of their noise. A column without
// a missing level costs the record, and so does a blank that breaks a rule. The
// records with coarsened levels lose the same rows; merged levels stay there, to be
// raked by what was measured of them.
func (m *Model) withhold(coarse, fine [][]uint16) (c, f [][]uint16) {
	gone := make([]bool, len(fine[0]))
	for a, column := range fine {
		blank, fall := blankLevel(m.domain.Column(a)), make([]bool, m.domain.Size(a))
		for l := range fall {
			fall[l] = !stands(m.domain.Column(a), m.columns[a], l)
		}
		for r, v := range column {
			switch {
			case !fall[v]:
			case blank < 0:
				gone[r] = true
			default:
				column[r] = uint16(blank)
			}
		}
	}
	var stay []int32
	for r, g := range gone {
		if !g && keeps(m.never, fine, r) {
			stay = append(stay, int32(r))
		}
	}
	if len(stay) == len(gone) {
		return coarse, fine
	}
	return pick(coarse, stay), pick(fine, stay)
}

// blank makes the records of a strict output: as long as a combination of up to
// three values is shared by fewer than least records, each record that holds such
// gives up the value that stands in most of them. A column without a missing level
// costs the record, and so does a blank that breaks a rule. What was given up lowers other counts, so that it is looked at
// again, until nothing is left to give up.
func blank(ctx context.Context, d *microdata.Domain, never []rules.Never, records [][]uint16, least uint32, workers int) ([][]uint16, error) {
	missing := make([]int, d.Len())
	for a := range missing {
		missing[a] = blankLevel(d.Column(a))
	}
	for len(records[0]) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x := newRoll(d, records, workers)
		unsupported := x.below(least)
		if len(unsupported) == 0 {
			break
		}
		gone := make([]bool, x.rows)
		for r, sets := range unsupported {
			for len(sets) > 0 {
				a := mostCommon(sets, x, int(r))
				if missing[a] < 0 {
					gone[r] = true
					break
				}
				records[a][r] = uint16(missing[a])
				sets = without(sets, a)
			}
			gone[r] = gone[r] || !keeps(never, records, int(r))
		}
		stay := make([]int32, 0, x.rows)
		for r, g := range gone {
			if !g {
				stay = append(stay, int32(r))
			}
		}
		if len(stay) < x.rows {
			records = pick(records, stay)
		}
	}
	return records, nil
}

// below lists, by row, the sets of columns whose combination fewer than least rows
// share.
func (x *roll) below(least uint32) map[int32][]microdata.Clique {
	parts := make([]map[int32][]microdata.Clique, x.workers)
	for w := range parts {
		parts[w] = map[int32][]microdata.Clique{}
	}
	for n := 1; n <= min(longest, len(x.sizes)); n++ {
		x.each(n, func(w int, c microdata.Clique, rows []int32, count []uint32) {
			for i, r := range rows {
				if count[i] < least {
					parts[w][r] = append(parts[w][r], c)
				}
			}
		})
	}
	for _, part := range parts[1:] {
		for r, sets := range part {
			parts[0][r] = append(parts[0][r], sets...)
		}
	}
	return parts[0]
}

// mostCommon returns the column that stands in most of the sets; of several, the
// one that most rows hold, whose loss is the least; of those the first.
func mostCommon(sets []microdata.Clique, x *roll, row int) int {
	in := make([]int, len(x.sizes))
	for _, c := range sets {
		for _, a := range c {
			in[a]++
		}
	}
	best := 0
	for a := range in {
		if in[a] > in[best] || in[a] == in[best] && len(x.holders[a]) > len(x.holders[best]) {
			best = a
		}
	}
	return best
}

// without returns the sets that do not hold column a.
func without(sets []microdata.Clique, a int) (out []microdata.Clique) {
	for _, c := range sets {
		if !c.Contains(microdata.Clique{a}) {
			out = append(out, c)
		}
	}
	return out
}

// blankLevel returns the level of a column that stands for a value given up: what
// was withheld, or else what is not known; −1 where it has none.
func blankLevel(c *microdata.Column) int {
	best, rank := -1, math.MaxInt
	for l, level := range c.Levels {
		order := map[microdata.Missing]int{microdata.Withheld: 0, microdata.Unknown: 1, microdata.NotAsked: 2}
		if k, ok := order[level.Missing]; ok && k < rank {
			best, rank = l, k
		}
	}
	return best
}
