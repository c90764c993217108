package anonymity

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"amparo/microdata"
)

// search is the state of [Search].
type search struct {
	Options
	*lattice
	base    *base
	quasi   []int
	classes grouping
	general [][]float64 // by quasi-identifier, by height: what generalising alone loses
	failed  [][]int     // heights of nodes that failed, none below another
	seen    map[int]bool
	best    *Result
	checked int
}

func newSearch(t *microdata.Table, quasi []int, o Options) (*search, error) {
	d := t.Domain()
	if err := checkQuasi(d, quasi); err != nil {
		return nil, err
	}
	if err := o.check(d, t.Rows()); err != nil {
		return nil, err
	}
	if o.L == 0 && o.T == 0 {
		o.Sensitive = -1
	}
	if o.Sensitive >= 0 && slices.Contains(quasi, o.Sensitive) {
		return nil, fmt.Errorf("anonymity: column %q cannot be sensitive and a quasi-identifier", d.Column(o.Sensitive).Name)
	}
	x, err := newLattice(t, quasi)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	s := &search{Options: o, lattice: x, quasi: quasi, base: newBase(t, quasi, o.Sensitive), seen: map[int]bool{}}
	for i, l := range x.ladders {
		sums := make([]float64, len(l.of))
		for h := range sums {
			for c, n := range s.base.count {
				sums[h] += float64(n) * l.loss[h][s.base.codes[i][c]]
			}
			sums[h] /= float64(s.base.rows * len(quasi))
		}
		s.general = append(s.general, sums)
	}
	return s, nil
}

// bound is what a node loses by generalising, were nothing suppressed.
func (s *search) bound(heights []int) (loss float64) {
	for i, h := range heights {
		loss += s.general[i][h]
	}
	return loss
}

func (s *search) run(ctx context.Context) (*Result, error) {
	order, bounds := make([]int32, s.nodes), make([]float64, s.nodes)
	heights := make([]int, len(s.quasi))
	for n := range order {
		order[n], bounds[n] = int32(n), s.bound(s.heights(n, heights))
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(bounds[a], bounds[b]), cmp.Compare(a, b)) })
	for k, n := range order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.Progress(k, s.nodes)
		// Equal bounds are looked at, so that of equal losses the first node wins.
		if s.best != nil && bounds[n] > s.best.Loss+slack {
			break
		}
		if err := s.climb(ctx, s.heights(int(n), heights)); err != nil {
			return nil, err
		}
	}
	if s.best == nil {
		return nil, fmt.Errorf("%w: even with all quasi-identifiers generalised to any value too many records are left over", ErrNone)
	}
	s.best.Nodes, s.best.Checked = s.nodes, s.checked
	return s.best, nil
}

// climb looks at a node. Where criteria are monotone and it fails, it bisects a chain
// from it to the top for the highest node that fails, so that all below need no look.
func (s *search) climb(ctx context.Context, heights []int) error {
	if s.known(heights) || s.look(heights) || !s.monotone() {
		return nil
	}
	chain := s.chain(heights)
	low, high := 0, len(chain)-1 // chain[low] fails
	for low < high {
		if err := ctx.Err(); err != nil {
			return err
		}
		if mid := (low + high + 1) / 2; !s.known(chain[mid]) && s.look(chain[mid]) {
			high = mid - 1
		} else {
			low = mid
		}
	}
	s.failed = append(slices.DeleteFunc(s.failed, func(f []int) bool { return below(f, chain[low]) }), chain[low])
	return nil
}

// known says whether the node is known to fail.
func (s *search) known(heights []int) bool {
	return slices.ContainsFunc(s.failed, func(f []int) bool { return below(heights, f) })
}

// chain goes from a node to the top, one height at a time, always where least is lost.
func (s *search) chain(from []int) (out [][]int) {
	at := slices.Clone(from)
	for {
		out = append(out, slices.Clone(at))
		best, least := -1, math.Inf(1)
		for i, h := range at {
			if h+1 < len(s.general[i]) {
				if more := s.general[i][h+1] - s.general[i][h]; more < least {
					best, least = i, more
				}
			}
		}
		if best < 0 {
			return out
		}
		at[best]++
	}
}

// look works out a node, keeps it where it is the best yet, and says whether it meets
// the options.
func (s *search) look(heights []int) bool {
	number := s.number(heights)
	if meets, ok := s.seen[number]; ok {
		return meets
	}
	s.checked++
	s.classes.group(s.base, s.lattice, heights)
	sound := s.classes.sound(s.base, s.Options)
	kept, lost := int64(0), 0.0
	for id, n := range s.classes.count {
		if sound[id] {
			kept += n
		}
	}
	rows := int64(s.base.rows)
	meets := float64(rows-kept) <= s.Suppress*float64(rows)+slack
	s.seen[number] = meets
	if !meets {
		return false
	}
	for c, n := range s.base.count {
		if !sound[s.classes.class[c]] {
			lost += float64(n) * float64(len(s.quasi))
			continue
		}
		for i, h := range heights {
			lost += float64(n) * s.ladders[i].loss[h][s.base.codes[i][c]]
		}
	}
	if loss := lost / float64(s.base.rows*len(s.quasi)); s.best == nil || s.better(loss, heights) {
		s.keep(loss, heights, sound)
	}
	return true
}

// better breaks ties by the node's number, so that the order of looks does not matter.
func (s *search) better(loss float64, heights []int) bool {
	if math.Abs(loss-s.best.Loss) > slack {
		return loss < s.best.Loss
	}
	return s.number(heights) < s.number(s.best.Heights)
}

func (s *search) keep(loss float64, heights []int, sound []bool) {
	r := &Result{Quasi: s.quasi, Heights: slices.Clone(heights), Loss: loss, Suppressed: make([]bool, s.base.rows)}
	for row, c := range s.base.of {
		r.Suppressed[row] = !sound[s.classes.class[c]]
	}
	for _, ok := range sound {
		if ok {
			r.Classes++
		}
	}
	s.best = r
}
