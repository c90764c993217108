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

// A Comparison holds the distance of the synthetic records, and beside it that of
// the noiseless independent model, the product of the real single columns: what
// is not below it has learned nothing about dependence.
type Comparison struct {
	Synthetic   Distance
	Independent Distance
}

// batch is how many marginals are held at a time.
const batch = 64

// Compare returns the distances over all sets of order columns. The two counters
// must have domains of equal sizes, column by column. Sets whose marginal would
// pass microdata.MaxCells are left out.
func Compare(ctx context.Context, real, synthetic microdata.Counter, order int) (Comparison, error) {
	d := real.Domain()
	if err := sameSizes(d, synthetic.Domain()); err != nil {
		return Comparison{}, err
	}
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
	out := Comparison{Distance{Order: order, Sets: len(sets)}, Distance{Order: order, Sets: len(sets)}}
	for from := 0; from < len(sets); from += batch {
		part := sets[from:min(from+batch, len(sets))]
		p, err := real.Count(ctx, part)
		if err != nil {
			return Comparison{}, err
		}
		q, err := synthetic.Count(ctx, part)
		if err != nil {
			return Comparison{}, err
		}
		away, product := make([]float64, len(part)), make([]float64, len(part))
		var wg sync.WaitGroup
		for i, c := range part {
			wg.Go(func() {
				away[i], product[i] = variation(p[i].Counts, q[i].Counts), againstProduct(p[i].Counts, c, singles)
			})
		}
		wg.Wait()
		for i, c := range part {
			out.Synthetic.add(c, away[i])
			out.Independent.add(c, product[i])
		}
	}
	return out, nil
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
