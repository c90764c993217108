package synth

import (
	"cmp"
	"slices"
)

// A grouping sorts a sample's records by what they hold in the columns of fewest
// levels, for as long as there are at most an eighth as many distinct patterns as
// records: work on those columns alone can then be done on the patterns.
type grouping struct {
	patterns int
	pattern  []int32    // of each record
	codes    [][]uint16 // of each pattern, by column; nil outside the group
}

func newGrouping(s *sample) (g grouping) {
	order := make([]int, len(s.columns))
	for a := range order {
		order[a] = a
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.sizes[a], s.sizes[b]) })
	n := len(s.weight)
	g = grouping{patterns: 1, pattern: make([]int32, n), codes: make([][]uint16, len(s.columns))}
	var grouped []int
	for _, a := range order {
		ids, next := make(map[int64]int32), make([]int32, n)
		for r, v := range s.columns[a] {
			key := int64(g.pattern[r])<<16 | int64(v)
			id, ok := ids[key]
			if !ok {
				id = int32(len(ids))
				ids[key] = id
			}
			next[r] = id
		}
		if len(ids) > max(n/8, 1) {
			break
		}
		g.pattern, g.patterns, grouped = next, len(ids), append(grouped, a)
	}
	for _, a := range grouped {
		g.codes[a] = make([]uint16, g.patterns)
		for r, p := range g.pattern {
			g.codes[a][p] = s.columns[a][r]
		}
	}
	return g
}

// covers says whether all the columns belong to the group.
func (g grouping) covers(columns []int) bool {
	return !slices.ContainsFunc(columns, func(a int) bool { return g.codes[a] == nil })
}
