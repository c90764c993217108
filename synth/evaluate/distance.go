package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"amparo/microdata"
)

// A Distance sums up how far marginals are from the real ones, over all sets of
// Order columns: total variation distance, ½ Σ|p−q|, from 0 to 1, with blank a
// level like any other.
type Distance struct {
	Order int              `json:"order"`
	Sets  int              `json:"sets"`
	Mean  float64          `json:"mean"`
	Worst float64          `json:"worst"`
	At    microdata.Clique `json:"at"` // the set of the worst
}

// A Set is one set of columns: the distance of its table, beside that of the
// independent model and a fresh sample.
type Set struct {
	Columns     microdata.Clique `json:"columns"`
	Synthetic   float64          `json:"synthetic"`
	Independent float64          `json:"independent"`
	Resample    float64          `json:"resample"`
}

// A Comparison holds the distance of the synthetic records, and beside it two
// without any noise: that of the independent model, the product of the real single
// columns (what is not below it has learned nothing about dependence), and the one
// to be expected of as many people, drawn anew from the real ones (what is below it
// is nearer to them than chance).
type Comparison struct {
	Synthetic    Distance     `json:"synthetic"`
	Independent  Distance     `json:"independent"`
	Resample     Distance     `json:"resample"`
	Combinations Combinations `json:"combinations"`
	Worst        []Set        `json:"worst"` // the WorstSets sets of greatest distance, the worst first
}

// WorstSets is how many of the worst sets a Comparison names.
const WorstSets = 10

// The most marginals, and cells of them, that are held at a time.
const (
	mostSets  = 512
	mostCells = 1 << 21
)

// Compare returns the distances over all sets of order columns, and what became of
// the combinations of their values. The two counters must have domains of equal
// sizes, column by column. Sets whose marginal would pass microdata.MaxCells are
// left out.
func Compare(ctx context.Context, real, synthetic microdata.Counter, order int) (Comparison, error) {
	s, err := newSides(ctx, real, synthetic)
	if err != nil {
		return Comparison{}, err
	}
	return s.compare(ctx, order, nil)
}

// compare compares all sets of order columns, and groups of people within them.
func (s *sides) compare(ctx context.Context, order int, groups []*grouped) (Comparison, error) {
	sets, sizes := s.countable(microdata.AllCliques(s.domain.Len(), order)), s.domain.Sizes()
	empty := Distance{Order: order, Sets: len(sets)}
	out := Comparison{Synthetic: empty, Independent: empty, Resample: empty, Combinations: Combinations{Order: order}}
	type found struct {
		Set
		combinations Combinations
		within       []within
	}
	look := func(c microdata.Clique, p, q []int64) found {
		f := found{s.distances(c, p, q), combinations(s.domain, c, p, q), make([]within, len(groups))}
		for i, g := range groups {
			f.within[i] = g.look(c, sizes, p, q)
		}
		return f
	}
	err := visit(ctx, s, sets, look, func(f found) {
		out.Synthetic.add(f.Columns, f.Synthetic)
		out.Independent.add(f.Columns, f.Independent)
		out.Resample.add(f.Columns, f.Resample)
		out.Combinations.add(f.combinations)
		out.Worst = worst(out.Worst, f.Set)
		for i, g := range groups {
			g.take(f.within[i])
		}
	})
	return out, err
}

// Measure returns the distances of the given sets of columns, in their order, under
// the conditions of Compare.
func Measure(ctx context.Context, real, synthetic microdata.Counter, sets []microdata.Clique) (out []Set, err error) {
	s, err := newSides(ctx, real, synthetic)
	if err != nil {
		return nil, err
	}
	for _, c := range sets {
		for i, a := range c {
			if a < 0 || a >= s.domain.Len() || i > 0 && c[i-1] >= a {
				return nil, fmt.Errorf("evaluate: %v is no set of %d columns", []int(c), s.domain.Len())
			}
		}
	}
	err = visit(ctx, s, s.countable(sets), s.distances, func(x Set) { out = append(out, x) })
	return out, err
}

// worst puts x in its place among the worst sets, of which the first of equals stays.
func worst(sets []Set, x Set) []Set {
	i, _ := slices.BinarySearchFunc(sets, x, func(a, b Set) int {
		if a.Synthetic >= b.Synthetic {
			return -1
		}
		return 1
	})
	sets = slices.Insert(sets, i, x)
	return sets[:min(len(sets), WorstSets)]
}

// sides are the real and the synthetic records, over one domain without the levels
// that neither holds.
type sides struct {
	real, synthetic microdata.Counter
	domain          *microdata.Domain
	singles         []microdata.Marginal // real
	chance          *deviations          // of as many people as the real ones
}

func newSides(ctx context.Context, real, synthetic microdata.Counter) (*sides, error) {
	if err := sameSizes(real.Domain(), synthetic.Domain()); err != nil {
		return nil, err
	}
	s := new(sides)
	var err error
	if s.real, s.synthetic, err = compact(ctx, real, synthetic); err != nil {
		return nil, err
	}
	s.domain = s.real.Domain()
	if s.singles, err = s.real.Count(ctx, microdata.AllCliques(s.domain.Len(), 1)); err != nil {
		return nil, err
	}
	n := 0.0
	if len(s.singles) > 0 {
		n = sum(s.singles[0].Counts)
	}
	s.chance = newDeviations(n)
	return s, nil
}

func (s *sides) countable(sets []microdata.Clique) (out []microdata.Clique) {
	for _, c := range sets {
		if c.Check(s.domain) == nil {
			out = append(out, c)
		}
	}
	return out
}

// distances are those of one set of columns.
func (s *sides) distances(c microdata.Clique, p, q []int64) Set {
	return Set{c, variation(p, q), againstProduct(p, c, s.singles), s.chance.expected(p)}
}

// visit counts every set on both sides, looks at it on as many goroutines as there
// are cores, and takes what was found in the order of the sets.
func visit[T any](ctx context.Context, s *sides, sets []microdata.Clique, look func(c microdata.Clique, real, synthetic []int64) T, take func(T)) error {
	for len(sets) > 0 {
		part := sets[:fitting(sets, s.domain.Sizes())]
		sets = sets[len(part):]
		p, err := s.real.Count(ctx, part)
		if err != nil {
			return err
		}
		q, err := s.synthetic.Count(ctx, part)
		if err != nil {
			return err
		}
		found := make([]T, len(part))
		const each = 16
		var wg sync.WaitGroup
		for from := 0; from < len(part); from += each {
			wg.Go(func() {
				for i := from; i < min(from+each, len(part)); i++ {
					found[i] = look(part[i], p[i].Counts, q[i].Counts)
				}
			})
		}
		wg.Wait()
		for _, f := range found {
			take(f)
		}
	}
	return nil
}

// fitting returns how many of the sets, at least one, can be held at a time.
func fitting(sets []microdata.Clique, sizes []int) int {
	cells := 0
	for i, c := range sets {
		if cells += c.Cells(sizes); i > 0 && (i == mostSets || cells > mostCells) {
			return i
		}
	}
	return len(sets)
}

// compact merges levels that neither side holds into one that is held: no figure
// changes, and most of a long code list goes.
func compact(ctx context.Context, a, b microdata.Counter) (_, _ microdata.Counter, err error) {
	d := a.Domain()
	singles := microdata.AllCliques(d.Len(), 1)
	x, err := a.Count(ctx, singles)
	if err != nil {
		return nil, nil, err
	}
	y, err := b.Count(ctx, singles)
	if err != nil {
		return nil, nil, err
	}
	steps := make([]*microdata.Coarsening, d.Len())
	for i := range steps {
		step := &microdata.Coarsening{Of: make([]uint16, d.Size(i))}
		for l := range step.Of {
			if x[i].Counts[l] != 0 || y[i].Counts[l] != 0 {
				step.Of[l] = uint16(len(step.Levels))
				step.Levels = append(step.Levels, d.Column(i).Levels[l])
			}
		}
		if len(step.Levels) > 0 && len(step.Levels) < d.Size(i) {
			steps[i] = step // levels that are not held go with the first that is
		}
	}
	if a, err = a.Coarsen(steps); err != nil {
		return nil, nil, err
	}
	b, err = b.Coarsen(steps)
	return a, b, err
}

// add takes one set's distance into the mean.
func (d *Distance) add(c microdata.Clique, v float64) {
	d.Mean += v / float64(d.Sets)
	if v > d.Worst || d.At == nil {
		d.Worst, d.At = v, c
	}
}

func sameSizes(a, b *microdata.Domain) error {
	if a.Len() != b.Len() {
		return fmt.Errorf("evaluate: %d columns against %d", a.Len(), b.Len())
	}
	for i := range a.Len() {
		if a.Size(i) != b.Size(i) {
			return fmt.Errorf("evaluate: column %q has %d levels against %d", a.Column(i).Name, a.Size(i), b.Size(i))
		}
	}
	return nil
}

// variation is the total variation distance of two tables of counts, each taken
// as shares of its own sum; 1 where one of them is empty and the other is not.
func variation(a, b []int64) float64 {
	na, nb := sum(a), sum(b)
	if na == 0 || nb == 0 {
		if na == nb {
			return 0
		}
		return 1
	}
	total := 0.0
	for i := range a {
		if a[i] != 0 || b[i] != 0 {
			total += math.Abs(float64(a[i])/na - float64(b[i])/nb)
		}
	}
	return total / 2
}

func sum(x []int64) float64 {
	n := int64(0)
	for _, v := range x {
		n += v
	}
	return float64(n)
}

// againstProduct is the distance of a table from the product of its columns. The
// product sums to 1, so that only cells with rows need be looked at: the distance
// is Σ max(p − product, 0).
func againstProduct(counts []int64, c microdata.Clique, singles []microdata.Marginal) float64 {
	n := sum(counts)
	if n == 0 {
		return 0
	}
	total := 0.0
	for cell, k := range counts {
		if k == 0 {
			continue
		}
		product, rest := 1.0, cell
		for i := len(c) - 1; i >= 0; i-- {
			column := singles[c[i]].Counts
			product *= float64(column[rest%len(column)]) / n
			rest /= len(column)
		}
		total += max(float64(k)/n-product, 0)
	}
	return total
}
