package indicator

import (
	"math"
	"slices"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// An Estimate is a count as it may be shown. Noisy is unbiased: sums add Noisy
// and Variance, never Value. Value and both ends of the interval are not below
// zero, for no count is; so a cell may show 0 where its noise was negative.
type Estimate struct {
	Noisy    int64   `json:"noisy"`
	Variance float64 `json:"variance"`
	Value    float64 `json:"value"`
	Low      float64 `json:"low"` // 95 %, of the privacy noise only
	High     float64 `json:"high"`
}

func estimate(noisy int64, variance float64) Estimate {
	e := Estimate{Noisy: noisy, Variance: variance, Value: max(float64(noisy), 0)}
	e.Low, e.High = catalog.Interval(float64(noisy), variance)
	return e
}

// weak says whether the count is below twice the standard deviation of its noise.
func (e Estimate) weak() bool { return float64(e.Noisy) < 2*math.Sqrt(e.Variance) }

// A Share is a part of a whole, from 0 to 1, with its 95 % interval.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// A Cell is one number of an answer.
type Cell struct {
	Levels   []int // index into the levels of each axis
	Estimate Estimate
	// Share is the cell's share of the answer's total, or nil where the total is
	// too noisy for an interval.
	Share *Share
	// Missing is Present, or the kind of missing of the first of its levels that
	// is no answer: such a cell counts records that do not say, and is neither a
	// zero nor a withheld number.
	Missing microdata.Missing
	// Weak says that the count is below twice the standard deviation of its
	// noise: it may well be zero. Weak cells are shown grey and are not ranked.
	Weak bool
}

// An Axis is a column that an answer counts by, with the levels that it keeps.
type Axis struct {
	Name   string
	Label  microdata.Text
	Levels []microdata.Level
	Coarse bool // some of the column's own levels are merged in these
}

// A Source says where an answer's numbers come from.
type Source struct {
	Dataset  string
	Version  int
	Hash     string // of the bundle's manifest
	Table    string // id of the table in the bundle
	Manifest *catalog.Manifest
}

// An Answer is the answer to one State.
type Answer struct {
	State  State // canonical
	Source Source
	Axes   []Axis
	Cells  []Cell // row-major over Axes
	Total  Estimate
	index  *Index
	table  *table
}

// Cell returns the cell at the given levels of each axis.
func (a *Answer) Cell(levels ...int) *Cell {
	at := 0
	for i, l := range levels {
		at = at*len(a.Axes[i].Levels) + l
	}
	return &a.Cells[at]
}

// Sum returns the sum of cells, by their indexes: noisy counts and variances
// added, once each.
func (a *Answer) Sum(cells ...int) Estimate {
	cells = slices.Compact(slices.Sorted(slices.Values(cells)))
	var noisy int64
	variance := 0.0
	for _, c := range cells {
		noisy += a.Cells[c].Estimate.Noisy
		variance += a.Cells[c].Estimate.Variance
	}
	return estimate(noisy, variance)
}

// SumShare returns the share of the total that a sum of cells has, or nil where the
// total is too noisy for an interval.
func (a *Answer) SumShare(cells ...int) *Share {
	if s, ok := share(a.Sum(cells...), a.Total); ok {
		return &s
	}
	return nil
}

// Ranked returns the indexes of the cells that may be ranked, largest first: no
// weak ones, none that count missing values. Equal counts keep their order.
func (a *Answer) Ranked() []int {
	var at []int
	for i, c := range a.Cells {
		if !c.Weak && c.Missing == microdata.Present {
			at = append(at, i)
		}
	}
	slices.SortStableFunc(at, func(i, j int) int {
		switch x, y := a.Cells[i].Estimate.Noisy, a.Cells[j].Estimate.Noisy; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return at
}

// Answer answers s, which need not be canonical. The error is an *UnknownError
// or a *RefusedError.
func (x *Index) Answer(s State) (*Answer, error) {
	s, err := x.Check(s)
	if err != nil {
		return nil, err
	}
	t, keep, err := x.choose(s)
	if err != nil {
		return nil, err
	}
	a := &Answer{State: s, index: x, table: t, Source: x.source}
	a.Source.Table = t.entry.ID
	place := make([]int, len(s.By)) // of each axis among the table's columns
	cells := 1
	for i, name := range s.By {
		place[i] = slices.Index(t.columns, x.byName[name])
		axis := t.axis(place[i], keep[place[i]], x)
		cells *= len(axis.Levels)
		a.Axes = append(a.Axes, axis)
	}
	noisy, parts := make([]int64, cells), 0
	t.sum(noisy, place, keep)
	parts = 1 // table cells in one cell of the answer
	for i := range t.columns {
		if !slices.Contains(place, i) {
			parts *= len(keep[i])
		}
	}
	variance := t.variance * float64(parts)
	a.fill(noisy, variance)
	return a, nil
}

// fill makes cells and total of noisy counts of equal variance.
func (a *Answer) fill(noisy []int64, variance float64) {
	var sum int64
	for _, n := range noisy {
		sum += n
	}
	a.Total = estimate(sum, variance*float64(len(noisy)))
	a.Cells = make([]Cell, len(noisy))
	shares := make([]Share, len(noisy))
	levels := make([]int, len(noisy)*len(a.Axes))
	for i, n := range noisy {
		c := &a.Cells[i]
		c.Levels = levels[i*len(a.Axes) : (i+1)*len(a.Axes) : (i+1)*len(a.Axes)]
		rest := i
		for k := len(a.Axes) - 1; k >= 0; k-- {
			c.Levels[k] = rest % len(a.Axes[k].Levels)
			rest /= len(a.Axes[k].Levels)
		}
		for k, l := range c.Levels {
			if m := a.Axes[k].Levels[l].Missing; c.Missing == microdata.Present {
				c.Missing = m
			}
		}
		c.Estimate = estimate(n, variance)
		c.Weak = c.Estimate.weak()
		if s, ok := share(c.Estimate, a.Total); ok {
			shares[i] = s
			c.Share = &shares[i]
		}
	}
}

// share returns part/whole with Fieller's 95 % interval (Fieller 1954): the r for
// which part − r·whole is within z of its standard deviation of zero. As part's
// noise is one of the terms of whole's, Cov(part, whole) = Var(part), and
//
//	(p − r·w)² ≤ z²·(v_p − 2·r·v_p + r²·v_w)
//
// is a quadratic in r. It bounds r on both sides only where whole is further than
// z of its standard deviations from zero; else there is no interval, and false.
func share(part, whole Estimate) (Share, bool) {
	p, w := float64(part.Noisy), float64(whole.Noisy)
	z2 := catalog.Z * catalog.Z
	a := w*w - z2*whole.Variance
	if !(w > 0 && a > 0) {
		return Share{}, false
	}
	b := p*w - z2*part.Variance
	c := p*p - z2*part.Variance
	root := math.Sqrt(max(b*b-a*c, 0))
	clip := func(r float64) float64 { return min(max(r, 0), 1) }
	return Share{clip(p / w), clip((b - root) / a), clip((b + root) / a)}, true
}
