package dp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"amparo/microdata"
)

// A ContrastAsk is a marginal to be measured with a share of the budget, of which
// only the differences between levels are asked along some columns: what those
// columns add to each other, without what each says alone. Along a column of d
// levels the differences x_i − x_j, i < j, in lexicographic order, take the place
// of the counts x_i.
//
// A person moves ∏(d−1) answers by one, so that each answer gets noise of variance
// ∏(d−1)/Share and a little. With the d(d−1)/2 answers of a column combined, that
// is a share of 1 − 1/d of the noise that the counts themselves would have: the
// residual measurements of ResidualPlanner (Xiao et al., NeurIPS 2023) in integers.
type ContrastAsk struct {
	Clique microdata.Clique
	// Across says, column by column of Clique, whether differences are asked.
	Across []bool
	Share  Precision
}

// Shape returns the number of answers along each column of the clique.
func (a ContrastAsk) Shape(sizes []int) []int {
	out := make([]int, len(a.Clique))
	for i, c := range a.Clique {
		if out[i] = sizes[c]; a.Across[i] {
			out[i] = sizes[c] * (sizes[c] - 1) / 2
		}
	}
	return out
}

// moves returns how many answers a person moves by one.
func (a ContrastAsk) moves(sizes []int) int {
	n := 1
	for i, c := range a.Clique {
		if a.Across[i] {
			n *= sizes[c] - 1
		}
	}
	return n
}

func (a ContrastAsk) check(d *microdata.Domain) error {
	if err := a.Clique.Check(d); err != nil {
		return err
	}
	if len(a.Across) != len(a.Clique) {
		return fmt.Errorf("dp: contrasts over columns %v do not say across which", []int(a.Clique))
	}
	for i, c := range a.Clique {
		if a.Across[i] && d.Size(c) < 2 {
			return fmt.Errorf("dp: column %q has one level: there is nothing to contrast", d.Column(c).Name)
		}
	}
	answers := 1
	for _, n := range a.Shape(d.Sizes()) {
		if answers *= n; answers > microdata.MaxCells {
			return fmt.Errorf("dp: contrasts over columns %v have more than %d answers", []int(a.Clique), microdata.MaxCells)
		}
	}
	return nil
}

// A Contrast is what was asked with its noisy answers: row-major, the last column
// fastest. Variance is that of the noise of each, exactly.
type Contrast struct {
	ContrastAsk
	Noisy    []int64
	Variance float64
}

// Contrasts answers all or none. It spends the sum of the shares before it
// counts; an error after that gives nothing back.
func (m *Mechanism) Contrasts(ctx context.Context, asks []ContrastAsk) ([]Contrast, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	access := Access{Question: "contrasts"}
	sizes, moved, shares := m.Domain().Sizes(), 0, make([]Precision, len(asks))
	for i, a := range asks {
		if err := a.check(m.Domain()); err != nil {
			return nil, err
		}
		k := a.moves(sizes)
		v, err := VarianceFor(a.Share / Precision(k))
		if err != nil {
			return nil, err
		}
		access.Cliques = append(access.Cliques, slices.Clone(a.Clique))
		access.Variance = append(access.Variance, v)
		access.Moves = append(access.Moves, k)
		access.Share += a.Share
		moved, shares[i] = moved+k, a.Share
	}
	access.Sensitivity = math.Sqrt(float64(moved))
	if err := m.budget.Spend(shares...); err != nil {
		return nil, err
	}
	counted, err := m.count(ctx, access.Cliques)
	if err != nil {
		return nil, err
	}
	out := make([]Contrast, len(asks))
	for i, a := range asks {
		answers := a.answers(counted[i], sizes)
		if len(answers) == 0 {
			return nil, errors.New("dp: a contrast without answers")
		}
		noisy, err := m.noise(answers, access.Variance[i])
		if err != nil {
			return nil, err
		}
		access.truth = append(access.truth, answers)
		out[i] = Contrast{ContrastAsk{access.Cliques[i], slices.Clone(a.Across), a.Share}, noisy, access.Variance[i].Float()}
	}
	m.tell(access)
	return out, nil
}

// answers takes differences of counts along the columns that are contrasted, one
// column after the other.
func (a ContrastAsk) answers(counts []int64, sizes []int) []int64 {
	after := 1 // answers that one step along the column passes over
	for i := len(a.Clique) - 1; i >= 0; i-- {
		d := sizes[a.Clique[i]]
		if !a.Across[i] {
			after *= d
			continue
		}
		var out []int64
		for from := 0; from < len(counts); from += d * after {
			for x := range d {
				for y := x + 1; y < d; y++ {
					for k := range after {
						out = append(out, counts[from+x*after+k]-counts[from+y*after+k])
					}
				}
			}
		}
		counts, after = out, after*d*(d-1)/2
	}
	return counts
}
