// Package evaluate compares synthetic records with the real ones.
//
// It is for the custodian's side only: every figure in it is a look at the real
// data that no budget paid for, so that none may be published.
package evaluate

import (
	"context"
	"fmt"

	"amparo/microdata"
)

// A Distance sums up how far synthetic marginals are from the real ones, over
// all sets of Order columns: total variation distance, ½ Σ|p−q|, from 0 to 1,
// with blank a level like any other.
type Distance struct {
	Order int              `json:"order"`
	Sets  int              `json:"sets"`
	Mean  float64          `json:"mean"`
	Worst float64          `json:"worst"`
	At    microdata.Clique `json:"at"` // the set of the worst
}

// batch is how many marginals are held at a time.
const batch = 64

// Compare returns the distance over all sets of order columns. The two counters
// must have domains of equal sizes, column by column. Sets whose marginal would
// pass microdata.MaxCells are left out.
func Compare(ctx context.Context, real, synthetic microdata.Counter, order int) (Distance, error) {
	d := real.Domain()
	if err := sameSizes(d, synthetic.Domain()); err != nil {
		return Distance{}, err
	}
	var sets []microdata.Clique
	for _, c := range microdata.AllCliques(d.Len(), order) {
		if c.Check(d) == nil {
			sets = append(sets, c)
		}
	}
	out := Distance{Order: order, Sets: len(sets)}
	for from := 0; from < len(sets); from += batch {
		part := sets[from:min(from+batch, len(sets))]
		p, err := real.Count(ctx, part)
		if err != nil {
			return Distance{}, err
		}
		q, err := synthetic.Count(ctx, part)
		if err != nil {
			return Distance{}, err
		}
		for i, c := range part {
			out.add(c, variation(p[i].Counts, q[i].Counts))
		}
	}
	out.finish()
	return out, nil
}

func (d *Distance) add(c microdata.Clique, v float64) {
	d.Mean += v
	if v > d.Worst || d.At == nil {
		d.Worst, d.At = v, c
	}
}

func (d *Distance) finish() {
	if d.Sets > 0 {
		d.Mean /= float64(d.Sets)
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
		d := float64(a[i])/na - float64(b[i])/nb
		if d < 0 {
			d = -d
		}
		total += d
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

// CompareIndependent returns the distance, over all pairs or triples, of the
// noiseless independent model: the product of the real single columns. What is
// not below it has learned nothing about dependence.
func CompareIndependent(ctx context.Context, real microdata.Counter, order int) (Distance, error) {
	d := real.Domain()
	singles, err := real.Count(ctx, microdata.AllCliques(d.Len(), 1))
	if err != nil {
		return Distance{}, err
	}
	var sets []microdata.Clique
	for _, c := range microdata.AllCliques(d.Len(), order) {
		if c.Check(d) == nil {
			sets = append(sets, c)
		}
	}
	out := Distance{Order: order, Sets: len(sets)}
	for from := 0; from < len(sets); from += batch {
		part := sets[from:min(from+batch, len(sets))]
		counted, err := real.Count(ctx, part)
		if err != nil {
			return Distance{}, err
		}
		for i, c := range part {
			out.add(c, againstProduct(counted[i].Counts, c, singles))
		}
	}
	out.finish()
	return out, nil
}

// againstProduct is the distance of a table from the product of its columns.
func againstProduct(counts []int64, c microdata.Clique, singles []microdata.Marginal) float64 {
	n := sum(counts)
	if n == 0 {
		return 0
	}
	product := []float64{1}
	for _, a := range c {
		next := make([]float64, 0, len(product)*len(singles[a].Counts))
		for _, p := range product {
			for _, k := range singles[a].Counts {
				next = append(next, p*float64(k)/n)
			}
		}
		product = next
	}
	total := 0.0
	for i, k := range counts {
		d := float64(k)/n - product[i]
		if d < 0 {
			d = -d
		}
		total += d
	}
	return total / 2
}
