package residual

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
)

// These tests hold the fast path against generalised least squares, written out
// as matrices over every cell of the whole table.

// design returns the matrix whose rows are what an ask sums over the cells of the
// whole table: +1, −1 or 0 each.
func design(sizes []int, a dp.ContrastAsk) (rows [][]float64) {
	shape, cells := a.Shape(sizes), 1
	answers := 1
	for _, n := range shape {
		answers *= n
	}
	for _, d := range sizes {
		cells *= d
	}
	for answer := range answers {
		row := make([]float64, cells)
		for cell := range row {
			row[cell] = entry(sizes, a, shape, answer, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

func entry(sizes []int, a dp.ContrastAsk, shape []int, answer, cell int) float64 {
	level := make([]int, len(sizes))
	for i := len(sizes) - 1; i >= 0; i-- {
		level[i] = cell % sizes[i]
		cell /= sizes[i]
	}
	sign := 1.0
	for i := len(shape) - 1; i >= 0; i-- {
		at, column := answer%shape[i], a.Clique[i]
		answer /= shape[i]
		if !a.Across[i] {
			if level[column] != at {
				return 0
			}
			continue
		}
		x, y := 0, 1
		for range at {
			if y++; y == sizes[column] {
				x++
				y = x + 1
			}
		}
		switch level[column] {
		case x:
		case y:
			sign = -sign
		default:
			return 0
		}
	}
	return sign
}

// solve returns X⁻¹·Y for a symmetric positive definite X, by elimination.
func solve(x [][]float64, y [][]float64) [][]float64 {
	n := len(x)
	for i := range n {
		p := i
		for r := i; r < n; r++ {
			if math.Abs(x[r][i]) > math.Abs(x[p][i]) {
				p = r
			}
		}
		x[i], x[p], y[i], y[p] = x[p], x[i], y[p], y[i]
		for r := range n {
			if f := x[r][i] / x[i][i]; r != i && f != 0 {
				for c := i; c < n; c++ {
					x[r][c] -= f * x[i][c]
				}
				for c := range y[r] {
					y[r][c] -= f * y[i][c]
				}
			}
		}
	}
	for i := range n {
		for c := range y[i] {
			y[i][c] /= x[i][i]
		}
	}
	return y
}

// leastSquares returns the generalised least squares estimate of a marginal and
// the variances of its cells. What the measurements do not tell of the whole
// table is held by a ridge too weak to be seen.
func leastSquares(sizes []int, ms []dp.Contrast, a microdata.Clique) (counts, variances []float64) {
	cells := 1
	for _, d := range sizes {
		cells *= d
	}
	normal, right := make([][]float64, cells), make([][]float64, cells)
	w := design(sizes, dp.ContrastAsk{Clique: a, Across: make([]bool, len(a))})
	for i := range normal {
		normal[i], right[i] = make([]float64, cells), make([]float64, 1+len(w))
		normal[i][i] = 1e-12
		for k := range w {
			right[i][1+k] = w[k][i]
		}
	}
	for _, m := range ms {
		for k, row := range design(sizes, m.ContrastAsk) {
			for i, x := range row {
				if x == 0 {
					continue
				}
				right[i][0] += x * float64(m.Noisy[k]) / m.Variance
				for j, y := range row {
					normal[i][j] += x * y / m.Variance
				}
			}
		}
	}
	s := solve(normal, right)
	for k, row := range w {
		count, variance := 0.0, 0.0
		for i, x := range row {
			count += x * s[i][0]
			variance += x * s[i][1+k]
		}
		counts, variances = append(counts, count), append(variances, variance)
	}
	return counts, variances
}

// answered gives each ask answers: those of a table of the cells' counts, and noise.
func answered(sizes []int, truth []float64, asks []dp.ContrastAsk, r *rand.Rand, noise float64) (out []dp.Contrast) {
	for _, a := range asks {
		moves := 1.0
		for i, c := range a.Clique {
			if a.Across[i] {
				moves *= float64(sizes[c] - 1)
			}
		}
		m := dp.Contrast{ContrastAsk: a, Variance: moves / float64(a.Share)}
		for _, row := range design(sizes, a) {
			sum := noise * math.Sqrt(m.Variance) * r.NormFloat64()
			for i, x := range row {
				sum += x * truth[i]
			}
			m.Noisy = append(m.Noisy, int64(math.Round(sum)))
		}
		out = append(out, m)
	}
	return out
}

func people(sizes []int, r *rand.Rand) []float64 {
	cells := 1
	for _, d := range sizes {
		cells *= d
	}
	out := make([]float64, cells)
	for i := range out {
		out[i] = float64(r.IntN(50))
	}
	return out
}

var cases = []struct {
	sizes    []int
	workload []microdata.Clique
}{
	{[]int{2, 2, 2}, []microdata.Clique{{0}, {1}, {2}, {0, 1}, {0, 1, 2}}},
	{[]int{2, 3, 5}, []microdata.Clique{{0}, {1}, {2}, {0, 2}, {1, 2}}},
	{[]int{6, 2, 4}, []microdata.Clique{{0, 1, 2}}},
	{[]int{5, 7}, []microdata.Clique{{0}, {1}, {0, 1}}},
	{[]int{1, 3, 2}, []microdata.Clique{{0}, {0, 1}, {0, 1, 2}}},
	{[]int{5, 6, 2, 2}, []microdata.Clique{{0, 1}, {1, 2, 3}, {0, 3}, {}}},
}

func TestCombineIsLeastSquares(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range cases {
		truth := people(c.sizes, r)
		ms := answered(c.sizes, truth, Plan(c.sizes, c.workload, 1e-3), r, 1)
		if len(c.sizes) == 2 { // and a measurement that Plan would not ask for
			ms = append(ms, answered(c.sizes, truth, []dp.ContrastAsk{{Clique: microdata.Clique{0, 1}, Across: []bool{false, true}, Share: 1e-3}}, r, 1)...)
		}
		tables, err := Combine(c.sizes, ms, c.workload)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range tables {
			want, variances := leastSquares(c.sizes, ms, c.workload[i])
			if !slices.Equal(got.Clique, c.workload[i]) || len(got.Counts) != len(want) {
				t.Fatalf("%v: %d cells of %v", c.workload[i], len(got.Counts), got.Clique)
			}
			for k := range want {
				if math.Abs(got.Counts[k]-want[k]) > 1e-4*math.Sqrt(got.Variance) {
					t.Errorf("%v of %v: cell %d is %v, by least squares %v", got.Clique, c.sizes, k, got.Counts[k], want[k])
				}
				if math.Abs(got.Variance/variances[k]-1) > 1e-6 {
					t.Errorf("%v of %v: variance %v, by least squares %v", got.Clique, c.sizes, got.Variance, variances[k])
				}
			}
		}
	}
}

// TestNoNoiseIsExact: the marginals themselves, to rounding.
func TestNoNoiseIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range cases {
		truth := people(c.sizes, r)
		tables, err := Combine(c.sizes, answered(c.sizes, truth, Plan(c.sizes, c.workload, 1), r, 0), c.workload)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range tables {
			for k, row := range design(c.sizes, dp.ContrastAsk{Clique: got.Clique, Across: make([]bool, len(got.Clique))}) {
				want := 0.0
				for i, x := range row {
					want += x * truth[i]
				}
				if math.Abs(got.Counts[k]-want) > 1e-9*(1+want) {
					t.Errorf("%v of %v: cell %d is %v, in truth %v", got.Clique, c.sizes, k, got.Counts[k], want)
				}
			}
		}
	}
}

// TestTablesAgree: where two tables overlap they say the same.
func TestTablesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	sizes := []int{3, 5, 2, 7}
	workload := Closure([]microdata.Clique{{0, 1, 2}, {0, 1, 3}, {1, 2, 3}})
	tables, err := Combine(sizes, answered(sizes, people(sizes, r), Plan(sizes, workload, 1e-3), r, 1), workload)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string][]float64{}
	for _, x := range tables {
		of[fmt.Sprint(x.Clique)] = x.Counts
	}
	for _, x := range tables {
		for drop := range x.Clique {
			after := 1
			for _, c := range x.Clique[drop+1:] {
				after *= sizes[c]
			}
			rest := slices.Delete(slices.Clone(x.Clique), drop, drop+1)
			for k, v := range sumOut(x.Counts, sizes[x.Clique[drop]], after) {
				if want := of[fmt.Sprint(rest)][k]; math.Abs(v-want) > 1e-6 {
					t.Errorf("%v summed to %v has %v, the table itself %v", x.Clique, rest, v, want)
				}
			}
		}
	}
}

// TestPlan: the shares add up, and no other split of them does better.
func TestPlan(t *testing.T) {
	mean := func(sizes []int, asks []dp.ContrastAsk, workload []microdata.Clique) (v float64) {
		r := rand.New(rand.NewPCG(7, 8))
		tables, err := Combine(sizes, answered(sizes, people(sizes, r), asks, r, 1), workload)
		if err != nil {
			t.Fatal(err)
		}
		order := map[int]float64{}
		for _, x := range tables {
			order[len(x.Clique)]++
		}
		for _, x := range tables {
			v += x.Variance / order[len(x.Clique)]
		}
		return v
	}
	sizes := []int{2, 3, 2, 4} // all by differences: there the plan is the optimum
	workload := Closure([]microdata.Clique{{0, 1}, {0, 2}, {1, 2, 3}})
	plan := Plan(sizes, workload, 0.5)
	sum, best := 0.0, mean(sizes, plan, workload)
	for _, a := range plan {
		sum += float64(a.Share)
	}
	if math.Abs(sum-0.5) > 1e-12 {
		t.Errorf("shares add up to %v", sum)
	}
	for i := range plan {
		for j := range plan {
			other := slices.Clone(plan)
			move := 0.05 * min(other[i].Share, other[j].Share)
			other[i].Share += move
			other[j].Share -= move
			if v := mean(sizes, other, workload); i != j && v <= best {
				t.Errorf("a little from %v to %v makes %v of %v", other[j].Clique, other[i].Clique, v, best)
			}
		}
	}
}

// TestResidualsBeatCounts: for binary columns, asking the three-way counts
// themselves leaves half as much variance again as the plan does, near enough.
func TestResidualsBeatCounts(t *testing.T) {
	sizes := slices.Repeat([]int{2}, 8)
	workload := microdata.AllCliques(8, 3)
	r := rand.New(rand.NewPCG(9, 10))
	tables := func(asks []dp.ContrastAsk) float64 {
		out, err := Combine(sizes, answered(sizes, people(sizes, r), asks, r, 1), workload)
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Variance
	}
	var counts []dp.ContrastAsk
	for _, c := range workload {
		counts = append(counts, dp.ContrastAsk{Clique: c, Across: make([]bool, 3), Share: dp.Precision(1 / float64(len(workload)))})
	}
	plan, plain := tables(Plan(sizes, workload, 1)), tables(counts)
	t.Logf("variance of a cell: %.3g by residuals, %.3g by counts", plan, plain)
	if plan > plain*.75 {
		t.Errorf("variance %.3g by residuals, %.3g by counts", plan, plain)
	}
}

func TestClosure(t *testing.T) {
	got := Closure([]microdata.Clique{{1, 2}, {0, 2}})
	want := []microdata.Clique{{}, {0}, {1}, {2}, {0, 2}, {1, 2}}
	if !slices.EqualFunc(got, want, func(a, b microdata.Clique) bool { return slices.Equal(a, b) }) {
		t.Errorf("closure %v, want %v", got, want)
	}
}

func TestCombineWantsEveryResidual(t *testing.T) {
	ms := []dp.Contrast{{ContrastAsk: dp.ContrastAsk{Clique: microdata.Clique{0}, Across: []bool{true}}, Noisy: []int64{3}, Variance: 1}}
	if _, err := Combine([]int{2, 2}, ms, []microdata.Clique{{0}}); err == nil {
		t.Error("a marginal without its total was put together")
	}
}

func BenchmarkCombine(b *testing.B) {
	sizes := slices.Repeat([]int{2, 5, 12}, 8)
	workload := Closure(microdata.AllCliques(len(sizes), 3))
	var ms []dp.Contrast
	for _, a := range Plan(sizes, workload, 1) {
		n := 1
		for _, k := range a.Shape(sizes) {
			n *= k
		}
		ms = append(ms, dp.Contrast{ContrastAsk: a, Noisy: make([]int64, n), Variance: 1})
	}
	for b.Loop() {
		if _, err := Combine(sizes, ms, workload); err != nil {
			b.Fatal(err)
		}
	}
}
