// Package residual plans and combines the measurements of a fixed workload of
// marginals.
//
// A marginal is a sum of orthogonal residuals, one for each subset of its
// columns: what that subset adds to all that its own subsets say. Many marginals
// share a residual, so [Plan] asks for residuals, each once and with the share of
// the budget that the workload's variances call for (ResidualPlanner: Xiao, He,
// Zhang and Kifer, NeurIPS 2023), as integer contrasts that carry exact discrete
// noise. [Combine] puts the workload together again: unbiased counts of the least
// variance that linear estimation can have, known exactly, in which every marginal
// agrees with every other where they overlap.
package residual

import (
	"fmt"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
)

// mostContrasted is the number of levels up to which a column is asked by
// differences: they are d(d−1)/2 and save 1/d of the noise. From more levels than
// this that is little, and counts, which say something of the subsets as well, are
// asked instead.
const mostContrasted = 4

// Closure returns every subset of the cliques, each once, small ones first; the
// empty one, whose marginal is the number of rows, too.
func Closure(cliques []microdata.Clique) []microdata.Clique {
	seen, out := map[string]bool{}, []microdata.Clique(nil)
	for _, c := range cliques {
		for _, sub := range subsets(c) {
			if k := key(sub); !seen[k] {
				seen[k] = true
				out = append(out, sub)
			}
		}
	}
	slices.SortFunc(out, func(a, b microdata.Clique) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare(a, b)
	})
	return out
}

func subsets(c microdata.Clique) []microdata.Clique {
	out := make([]microdata.Clique, 0, 1<<len(c))
	for bits := range 1 << len(c) {
		out = append(out, pick(c, bits))
	}
	return out
}

// pick returns the columns whose bits are set.
func pick(c microdata.Clique, bits int) microdata.Clique {
	sub := microdata.Clique{}
	for i, a := range c {
		if bits>>i&1 == 1 {
			sub = append(sub, a)
		}
	}
	return sub
}

func key(c microdata.Clique) string {
	b := make([]byte, 0, 2*len(c))
	for _, a := range c {
		b = append(b, byte(a), byte(a>>8))
	}
	return string(b)
}

// Plan returns what to ask so that the workload's marginals have the least mean
// variance of a cell, where the marginals of each number of columns weigh alike in
// all. The shares add up to total. Columns of one level are left out of what is
// asked: they add nothing.
//
// With a share s, the residual over B has noise of ∏_B(1−1/d)·κ/s in each cell, κ
// the product of (1−1/d) over the columns asked by differences, and enters a
// marginal A ⊇ B divided by ∏_{A∖B} d². So the sum of c_B/s_B is to be least, and
// that is where s_B ∝ √c_B.
func Plan(sizes []int, workload []microdata.Clique, total dp.Precision) []dp.ContrastAsk {
	ofOrder := map[int]float64{}
	for _, a := range workload {
		ofOrder[len(a)]++
	}
	weight := map[string]float64{}
	for _, a := range workload {
		for _, b := range subsets(a) {
			w := 1 / ofOrder[len(a)]
			for _, c := range a {
				if !slices.Contains(b, c) {
					w /= float64(sizes[c]) * float64(sizes[c])
				}
			}
			weight[key(b)] += w
		}
	}
	var asks []dp.ContrastAsk
	sum := 0.0
	for _, b := range Closure(workload) {
		if slices.ContainsFunc(b, func(c int) bool { return sizes[c] < 2 }) {
			continue
		}
		ask, variance := dp.ContrastAsk{Clique: b, Across: make([]bool, len(b))}, weight[key(b)]
		for i, c := range b {
			variance *= 1 - 1/float64(sizes[c])
			if ask.Across[i] = sizes[c] <= mostContrasted; ask.Across[i] {
				variance *= 1 - 1/float64(sizes[c])
			}
		}
		ask.Share = dp.Precision(math.Sqrt(variance))
		sum += math.Sqrt(variance)
		asks = append(asks, ask)
	}
	for i := range asks {
		asks[i].Share *= total / dp.Precision(sum)
	}
	return asks
}

// A Table is a marginal put together again. Counts is row-major, the last column
// fastest; Variance is that of the noise of each count, exactly. The noise of
// different cells is correlated.
type Table struct {
	Clique   microdata.Clique
	Counts   []float64
	Variance float64
}

// Combine returns the workload's marginals. It wants every residual that they hold
// to be in what was measured, of columns with two levels or more.
func Combine(sizes []int, measured []dp.Contrast, workload []microdata.Clique) ([]Table, error) {
	known := map[string]*component{}
	for _, m := range measured {
		for bits := range 1 << len(m.Clique) {
			if b, v, ok := restrict(sizes, m, bits); ok {
				k := key(pick(m.Clique, bits))
				if known[k] == nil {
					known[k] = &component{sum: make([]float64, len(b))}
				}
				known[k].add(b, v)
			}
		}
	}
	out := make([]Table, len(workload))
	for i, a := range workload {
		t := Table{Clique: a, Counts: make([]float64, a.Cells(sizes))}
		for bits := range 1 << len(a) {
			b, spread := pick(a, bits), 1.0
			if slices.ContainsFunc(b, func(c int) bool { return sizes[c] < 2 }) {
				continue // no residual: the column's one level is the whole
			}
			c := known[key(b)]
			if c == nil {
				return nil, fmt.Errorf("residual: nothing measured tells the residual over columns %v", []int(b))
			}
			for k, column := range a {
				if bits>>k&1 == 0 {
					spread /= float64(sizes[column])
				}
			}
			addSpread(t.Counts, c, a, bits, sizes, spread)
			v := spread * spread / c.precision
			for _, column := range b {
				v *= 1 - 1/float64(sizes[column])
			}
			t.Variance += v
		}
		out[i] = t
	}
	return out, nil
}

// A component is a residual as it is known: the mean of what tells of it, weighed
// by precision. Its noise has covariance 1/precision times the projection on
// residuals.
type component struct {
	sum       []float64
	precision float64
}

func (c *component) add(residual []float64, variance float64) {
	for i, x := range residual {
		c.sum[i] += x / variance
	}
	c.precision += 1 / variance
}

// restrict works out what a measurement tells of the residual over the subset
// whose bits are set, and its variance; not ok where it tells nothing, because the
// subset lacks a column that was asked by differences only.
func restrict(sizes []int, m dp.Contrast, bits int) (x []float64, variance float64, ok bool) {
	variance = m.Variance
	for i := range m.Clique {
		if m.Across[i] && bits>>i&1 == 0 {
			return nil, 0, false
		}
	}
	x = make([]float64, len(m.Noisy))
	for i, y := range m.Noisy {
		x[i] = float64(y)
	}
	after := 1
	for i := len(m.Clique) - 1; i >= 0; i-- {
		d := sizes[m.Clique[i]]
		switch {
		case m.Across[i]:
			x = undifference(x, d, after)
			variance /= float64(d)
		case bits>>i&1 == 1:
			centre(x, d, after)
		default:
			x = sumOut(x, d, after)
			variance *= float64(d)
		}
		if bits>>i&1 == 1 {
			after *= d
		}
	}
	return x, variance, true
}

// undifference turns differences along an axis into residuals, by least squares:
// the mean of a level's differences from all levels, itself among them.
func undifference(x []float64, d, after int) []float64 {
	pairs := d * (d - 1) / 2
	out := make([]float64, len(x)/pairs*d)
	for block := range len(x) / (pairs * after) {
		from, to := block*pairs*after, block*d*after
		for i := range d {
			for j := i + 1; j < d; j++ {
				for k := range after {
					z := x[from+k] / float64(d)
					out[to+i*after+k] += z
					out[to+j*after+k] -= z
				}
				from += after
			}
		}
	}
	return out
}

// centre takes the mean along an axis off.
func centre(x []float64, d, after int) {
	for from := 0; from < len(x); from += d * after {
		for k := range after {
			mean := 0.0
			for i := range d {
				mean += x[from+i*after+k]
			}
			mean /= float64(d)
			for i := range d {
				x[from+i*after+k] -= mean
			}
		}
	}
}

// sumOut adds up along an axis.
func sumOut(x []float64, d, after int) []float64 {
	out := make([]float64, len(x)/d)
	for block := range len(x) / (d * after) {
		for i := range d {
			for k := range after {
				out[block*after+k] += x[(block*d+i)*after+k]
			}
		}
	}
	return out
}

// addSpread adds a component over the columns of a whose bits are set to a
// marginal over a, spread evenly over the others.
func addSpread(counts []float64, c *component, a microdata.Clique, bits int, sizes []int, spread float64) {
	by := spread / c.precision
	stride := make([]int, len(a)) // in the component
	step := 1
	for i := len(a) - 1; i >= 0; i-- {
		if bits>>i&1 == 1 {
			stride[i] = step
			step *= sizes[a[i]]
		}
	}
	at, from := make([]int, len(a)), 0
	for cell := range counts {
		counts[cell] += by * c.sum[from]
		for i := len(a) - 1; i >= 0; i-- {
			at[i]++
			from += stride[i]
			if at[i] < sizes[a[i]] {
				break
			}
			from -= at[i] * stride[i]
			at[i] = 0
		}
	}
}
