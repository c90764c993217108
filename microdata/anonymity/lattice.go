package anonymity

import (
	"fmt"

	"amparo/microdata"
)

// A ladder is what a quasi-identifier can be generalised to.
type ladder struct {
	of     [][]uint16          // by height, by level: the group
	groups [][]microdata.Level // by height
	loss   [][]float64         // by height, by level: (g−1)/(n−1)
}

// newLadder takes the steps of a column's hierarchy, and one group of all above them
// where there is none yet. It counts as levels those that are used; all, where used is
// nil.
func newLadder(c *microdata.Column, used []bool) ladder {
	n, some := len(c.Levels), 0
	for _, u := range used {
		if u {
			some++
		}
	}
	x := ladder{}
	add := func(of []uint16, groups []microdata.Level) {
		size, loss := make([]float64, len(groups)), make([]float64, n)
		for l, g := range of {
			if used == nil || used[l] {
				size[g]++
			}
		}
		for l, g := range of {
			if some > 1 {
				loss[l] = (size[g] - 1) / float64(some-1)
			}
		}
		x.of, x.groups, x.loss = append(x.of, of), append(x.groups, groups), append(x.loss, loss)
	}
	same := make([]uint16, n)
	for l := range same {
		same[l] = uint16(l)
	}
	add(same, c.Levels)
	for _, step := range c.Steps() {
		if k := len(step.Levels); k > 1 && k < len(x.groups[len(x.groups)-1]) {
			add(step.Of, step.Levels)
		}
	}
	if len(x.groups[len(x.groups)-1]) > 1 {
		add(make([]uint16, n), []microdata.Level{{Value: Star, Missing: microdata.Withheld}})
	}
	return x
}

// Heights returns how many heights a column can be generalised to, 0 included.
func Heights(c *microdata.Column) int { return len(newLadder(c, nil).of) }

// Generalised returns what a column's level becomes at a height: the level itself at
// 0, then a group of the hierarchy; [Star] where all are one.
func Generalised(c *microdata.Column, level, height int) microdata.Level {
	x := newLadder(c, nil)
	return x.groups[height][x.of[height][level]]
}

// Star stands for a value that was generalised to any, or suppressed: a blank would
// say that nothing was stated.
const Star = "*"

// lattice numbers the nodes: heights in mixed radix, the last fastest.
type lattice struct {
	ladders []ladder
	nodes   int
}

func newLattice(t *microdata.Table, quasi []int) (*lattice, error) {
	x := &lattice{nodes: 1}
	for _, a := range quasi {
		used := make([]bool, t.Domain().Size(a))
		for r := range t.Rows() {
			used[t.Code(r, a)] = true
		}
		l := newLadder(t.Domain().Column(a), used)
		if x.nodes *= len(l.of); x.nodes > MaxNodes {
			return nil, fmt.Errorf("anonymity: the quasi-identifiers can be generalised in more than %d ways; name fewer", MaxNodes)
		}
		x.ladders = append(x.ladders, l)
	}
	return x, nil
}

// heights writes the heights of node n.
func (x *lattice) heights(n int, out []int) []int {
	out = out[:len(x.ladders)]
	for i := len(out) - 1; i >= 0; i-- {
		h := len(x.ladders[i].of)
		out[i] = n % h
		n /= h
	}
	return out
}

func (x *lattice) number(heights []int) (n int) {
	for i, h := range heights {
		n = n*len(x.ladders[i].of) + h
	}
	return n
}

// below says whether a is nowhere higher than b.
func below(a, b []int) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}
