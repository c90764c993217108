package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"amparo/microdata"
)

// A Subgroup is the people who share one level of a column, and how far the
// synthetic records of that level are from theirs.
type Subgroup struct {
	Column    int     `json:"column"`
	Level     int     `json:"level"`
	Real      int64   `json:"real"`      // people
	Synthetic int64   `json:"synthetic"` // records
	Sets      int     `json:"sets"`
	Mean      float64 `json:"mean"`     // total variation distance within the subgroup
	Resample  float64 `json:"resample"` // that of as many people drawn anew from the subgroup
}

// Subgroups is Compare that tells the levels of some columns apart: for each of the
// columns, the subgroups of at least so many people, the largest first, each over all
// sets of order − 1 of the other columns. Their tables are slices of those that Compare
// counts, so that they cost little more.
func Subgroups(ctx context.Context, real, synthetic microdata.Counter, order int, columns []int, least int64) (Comparison, []Subgroup, error) {
	s, err := newSides(ctx, real, synthetic)
	if err != nil {
		return Comparison{}, nil, err
	}
	groups, err := s.grouped(ctx, real.Domain(), columns, least)
	if err != nil {
		return Comparison{}, nil, err
	}
	out, err := s.compare(ctx, order, groups)
	if err != nil {
		return Comparison{}, nil, err
	}
	var found []Subgroup
	for _, g := range groups {
		found = append(found, g.result()...)
	}
	return out, found, nil
}

// grouped prepares the subgroups of some columns; fine is the domain whose codes they
// are known by.
func (s *sides) grouped(ctx context.Context, fine *microdata.Domain, columns []int, least int64) (out []*grouped, err error) {
	totals, err := s.synthetic.Count(ctx, microdata.AllCliques(s.domain.Len(), 1))
	if err != nil {
		return nil, err
	}
	for _, by := range columns {
		if by < 0 || by >= s.domain.Len() {
			return nil, fmt.Errorf("evaluate: subgroups by column %d of %d", by, s.domain.Len())
		}
		g := &grouped{by: by}
		for level, n := range s.singles[by].Counts {
			if n < max(least, 1) {
				g.chance = append(g.chance, nil)
			} else {
				g.chance = append(g.chance, newDeviations(float64(n)))
			}
			code, _ := fine.Column(by).Code(s.domain.Column(by).Levels[level].Value)
			g.found = append(g.found, Subgroup{Column: by, Level: code, Real: n, Synthetic: totals[by].Counts[level]})
		}
		out = append(out, g)
	}
	return out, nil
}

// grouped are the subgroups of one column, by its levels.
type grouped struct {
	by     int
	found  []Subgroup
	chance []*deviations // nil: the subgroup is too small
}

// within holds the distances of one set, by level; none where by is not in the set.
type within struct{ synthetic, resample []float64 }

// look walks one table by runs of cells that share a level: the cells of the columns
// that come after.
func (g *grouped) look(c microdata.Clique, sizes []int, p, q []int64) within {
	at := slices.Index(c, g.by)
	if at < 0 {
		return within{}
	}
	stride, levels := c[at+1:].Cells(sizes), len(g.found)
	out := within{make([]float64, levels), make([]float64, levels)}
	for from := 0; from < len(p); from += stride {
		level := from / stride % levels
		if g.chance[level] == nil {
			continue
		}
		n, m := float64(g.found[level].Real), float64(g.found[level].Synthetic)
		for cell := from; cell < from+stride; cell++ {
			k := p[cell]
			if k == 0 && q[cell] == 0 {
				continue
			}
			a, b := float64(k)/n, 0.0
			if m > 0 {
				b = float64(q[cell]) / m
			}
			out.synthetic[level] += max(a-b, 0)
			out.resample[level] += g.chance[level].of(k) / n / 2
		}
	}
	return out
}

// take adds one set to the means.
func (g *grouped) take(w within) {
	if w.synthetic == nil {
		return
	}
	for l := range g.found {
		g.found[l].Sets++
		g.found[l].Mean += w.synthetic[l]
		g.found[l].Resample += w.resample[l]
	}
}

// result returns the subgroups that are large enough, the largest first.
func (g *grouped) result() (out []Subgroup) {
	for l, s := range g.found {
		if g.chance[l] != nil && s.Sets > 0 {
			s.Mean, s.Resample = s.Mean/float64(s.Sets), s.Resample/float64(s.Sets)
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Subgroup) int { return cmp.Compare(b.Real, a.Real) })
	return out
}
