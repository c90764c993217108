package microdata

import (
	"context"
	"fmt"
	"math"
)

// A Clique is a set of columns, by their index in the domain, strictly ascending.
type Clique []int

// MaxCells is the largest marginal that may be asked for: 2²⁶ cells.
const MaxCells = 1 << 26

// Check says whether c is a clique of d and no marginal over it passes MaxCells.
func (c Clique) Check(d *Domain) error {
	cells := 1
	for i, a := range c {
		if a < 0 || a >= d.Len() || i > 0 && c[i-1] >= a {
			return fmt.Errorf("microdata: %v is no clique of %d columns", []int(c), d.Len())
		}
		if cells *= d.Size(a); cells > MaxCells {
			return fmt.Errorf("microdata: clique %v has more than %d cells", []int(c), MaxCells)
		}
	}
	return nil
}

// Cells returns the number of cells of a marginal over c: the product of its
// columns' sizes, or math.MaxInt where that overflows.
func (c Clique) Cells(sizes []int) int {
	cells := 1
	for _, a := range c {
		if sizes[a] != 0 && cells > math.MaxInt/sizes[a] {
			return math.MaxInt
		}
		cells *= sizes[a]
	}
	return cells
}

// Contains says whether every column of sub is in c.
func (c Clique) Contains(sub Clique) bool {
	j := 0
	for _, a := range sub {
		for j < len(c) && c[j] < a {
			j++
		}
		if j == len(c) || c[j] != a {
			return false
		}
	}
	return true
}

// A Marginal is a contingency table: the number of rows with each combination
// of levels of its clique. Counts is row-major, the last column fastest.
type Marginal struct {
	Clique Clique
	Counts []int64
}

// A Counter counts rows. Its promise to dp: one row is one person, so adding or
// removing a person changes one cell of each marginal, by one.
//
// Raw counts are sensitive. Only dp's mechanisms and the custodian's own reports
// may ask a Counter.
type Counter interface {
	// Domain returns the domain of the rows.
	Domain() *Domain
	// Count returns the marginals over the cliques, in their order.
	Count(ctx context.Context, cliques []Clique) ([]Marginal, error)
	// Coarsen returns a Counter of the same rows over a coarser domain
	// (see [Domain.Coarsen]).
	Coarsen(steps []*Coarsening) (Counter, error)
}

// AllCliques returns every clique of k of the n columns, in lexicographic order.
func AllCliques(n, k int) []Clique {
	var all []Clique
	pick := make(Clique, 0, k)
	var rec func(from int)
	rec = func(from int) {
		if len(pick) == k {
			all = append(all, append(Clique{}, pick...))
			return
		}
		for a := from; a <= n-(k-len(pick)); a++ {
			pick = append(pick, a)
			rec(a + 1)
			pick = pick[:len(pick)-1]
		}
	}
	rec(0)
	return all
}
