// Package evaluate compares synthetic records with the real ones.
//
// It is for the custodian's side only: every figure in it is a look at the real
// data that no budget paid for, so that none may be published.
package evaluate

import (
	"context"
	"fmt"
	"math"
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
}

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
	if err := sameSizes(real.Domain(), synthetic.Domain()); err != nil {
		return Comparison{}, err
	}
	real, synthetic, err := compact(ctx, real, synthetic)
	if err != nil {
		return Comparison{}, err
	}
	d := real.Domain()
	singles, err := real.Count(ctx, microdata.AllCliques(d.Len(), 1))
	if err != nil {
		return Comparison{}, err
	}
	var sets []microdata.Clique
	for _, c := range microdata.AllCliques(d.Len(), order) {
		if c.Check(d) == nil {
			sets = append(sets, c)
		}
	}
	empty := Distance{Order: order, Sets: len(sets)}
	out := Comparison{empty, empty, empty, Combinations{Order: order}}
	for len(sets) > 0 {
		part := sets[:fitting(sets, d.Sizes())]
		sets = sets[len(part):]
		found, err := compare(ctx, real, synthetic, part, singles)
		if err != nil {
			return Comparison{}, err
		}
		for i, c := range part {
			out.Synthetic.add(c, found[i].away)
			out.Independent.add(c, found[i].product)
			out.Resample.add(c, found[i].resample)
			out.Combinations.add(found[i].combinations)
		}
	}
	return out, nil
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

// one is what is found of one set.
type one struct {
	away, product, resample float64
	combinations            Combinations
}

func compare(ctx context.Context, real, synthetic microdata.Counter, sets []microdata.Clique, singles []microdata.Marginal) ([]one, error) {
	p, err := real.Count(ctx, sets)
	if err != nil {
		return nil, err
	}
	q, err := synthetic.Count(ctx, sets)
	if err != nil {
		return nil, err
	}
	out := make([]one, len(sets))
	const each = 16
	var wg sync.WaitGroup
	for from := 0; from < len(sets); from += each {
		wg.Go(func() {
			for i := from; i < min(from+each, len(sets)); i++ {
				out[i] = one{variation(p[i].Counts, q[i].Counts), againstProduct(p[i].Counts, sets[i], singles),
					resampled(p[i].Counts), combinations(real.Domain(), sets[i], p[i].Counts, q[i].Counts)}
			}
		})
	}
	wg.Wait()
	return out, nil
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

// resampled is the expected distance of a table from that of as many rows drawn
// from it with replacement: ½ Σ E|X − k|/n, X binomial with mean k. The binomial's
// mean deviation is that of De Moivre (1730): 2(1−p)·m·P(X = m)/n of the mean, with
// m the least whole number above k; here k is whole, so m = k + 1.
func resampled(counts []int64) float64 {
	n := sum(counts)
	total := 0.0
	for _, k := range counts {
		if k > 0 && float64(k) < n {
			total += meanDeviation(n, float64(k))
		}
	}
	if n == 0 {
		return 0
	}
	return total / n / 2
}

// meanDeviation is E|X − k| of a binomial X of n draws with mean k, 0 < k < n.
func meanDeviation(n, k float64) float64 {
	if k > 1000 && n-k > 1000 { // Gauss: off by less than a part in 10⁴
		return math.Sqrt(2 * k * (1 - k/n) / math.Pi)
	}
	m, p := k+1, k/n
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(m + 1)
	c, _ := math.Lgamma(n - m + 1)
	return 2 * (1 - p) * m * math.Exp(a-b-c+m*math.Log(p)+(n-m)*math.Log1p(-p))
}
