package evaluate

import (
	"cmp"
	"context"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// A Near is a group's answer to the question whether people's records are nearer to
// a synthetic record than to another real one.
type Near struct {
	Group   Group `json:"group"`
	Nearer  Rate  `json:"nearer"` // to a synthetic record, of those that are nearer to one side
	Ties    int   `json:"ties"`   // as near to both
	Targets int   `json:"targets"`
}

// An Inferred is a group's answer to an attack on one column.
type Inferred struct {
	Group  Group `json:"group"`
	Column int   `json:"column"`
	// Success guesses from the synthetic records, Control from all other real people,
	// Common the synthetic records' most common answer.
	Success Rate `json:"success"`
	Control Rate `json:"control"`
	Common  Rate `json:"common"`
}

// mostSecrets is how many columns Inference attacks.
const mostSecrets = 6

// Search compares people with all synthetic records and with all other real people,
// by the number of columns in which they differ. It answers Nearness and Inference at
// once, for the columns that are hardest to guess: where the most common answer is
// the least common, at most six.
func Search(ctx context.Context, a Attack) ([]Near, []Inferred, error) {
	if err := sameSizes(a.Real.Domain(), a.Synthetic.Domain()); err != nil {
		return nil, nil, err
	}
	l := newLayout(a.Real.Domain().Sizes())
	real, synthetic := pack(l, a.Real), pack(l, a.Synthetic)
	secrets, common := hardest(a.Synthetic)
	secrets = secrets[:min(len(secrets), mostSecrets)]
	targets := a.targets(a.searched())
	type answer struct{ real, synthetic nearest }
	answers := make([]answer, len(targets))
	pgm.Share(max(a.Workers, 1), len(targets), func(i int) {
		if ctx.Err() == nil {
			row := real.row(targets[i].row)
			answers[i] = answer{real.search(row, targets[i].row, secrets), synthetic.search(row, -1, secrets)}
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var near []Near
	var inferred []Inferred
	for g := range groups {
		n, all := Near{Group: g}, make([]Inferred, len(secrets))
		for i, t := range targets {
			if t.group != g {
				continue
			}
			n.Targets++
			r, s := answers[i].real, answers[i].synthetic
			if r.distance == s.distance {
				n.Ties++
			} else {
				n.Nearer.count(s.distance < r.distance)
			}
			for k, column := range secrets {
				truth := a.Real.Code(t.row, column)
				all[k].Success.count(s.guess[k] == truth)
				all[k].Control.count(r.guess[k] == truth)
				all[k].Common.count(common[k] == truth)
			}
		}
		near = append(near, n)
		for k, column := range secrets {
			all[k].Group, all[k].Column = g, column
			inferred = append(inferred, all[k])
		}
	}
	return near, inferred, nil
}

// nearest is what a search found: the least number of differing columns, and for each
// secret the most common answer of those who differ in the fewest other columns; −1
// where there is nobody.
type nearest struct {
	distance int
	guess    []int
}

// search compares one row with all others but skip.
func (x *records) search(row []uint64, skip int, secrets []int) nearest {
	far := len(x.fields) + 1
	out := nearest{far, make([]int, len(secrets))}
	votes := make([][]int32, len(secrets))
	least := make([]int, len(secrets)) // in the other columns
	for k, column := range secrets {
		f := x.fields[column]
		least[k], votes[k] = far, make([]int32, f.mask>>f.shift+1)
	}
	farthest := far // no secret looks beyond
	for r := x.within(row, 0, far); r < x.n; r = x.within(row, r+1, farthest+1) {
		if r == skip {
			continue
		}
		other := x.row(r)
		d := x.distance(row, other)
		out.distance, farthest = min(out.distance, d), 0
		for k, column := range secrets {
			e, code := d, x.code(other, column)
			if code != x.code(row, column) {
				e--
			}
			if e < least[k] {
				least[k] = e
				clear(votes[k])
			}
			if e == least[k] {
				votes[k][code]++
			}
			farthest = max(farthest, least[k])
		}
	}
	for k := range secrets {
		out.guess[k] = mode(votes[k])
	}
	return out
}

// mode returns the most common code, of equals the least; −1 where nobody voted.
func mode(votes []int32) int {
	most := slices.Max(votes)
	if most == 0 {
		return -1
	}
	return slices.Index(votes, most)
}

// hardest returns all columns, first that whose most common level is the least
// common, and these levels.
func hardest(t *microdata.Table) (columns, common []int) {
	d := t.Domain()
	type column struct{ index, level, count int }
	var found []column
	for c := range d.Len() {
		counts := make([]int, d.Size(c))
		for r := range t.Rows() {
			counts[t.Code(r, c)]++
		}
		top := slices.Index(counts, slices.Max(counts))
		found = append(found, column{c, top, counts[top]})
	}
	slices.SortStableFunc(found, func(a, b column) int { return cmp.Compare(a.count, b.count) })
	for _, f := range found {
		columns, common = append(columns, f.index), append(common, f.level)
	}
	return columns, common
}
