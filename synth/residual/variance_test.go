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

// project returns the residual over columns b of a whole table: its marginal over b
// with the mean taken off along every axis, spread over the other columns.
func project(sizes []int, truth []float64, b microdata.Clique) []float64 {
	x := slices.Clone(truth)
	after := 1
	for a := len(sizes) - 1; a >= 0; a-- {
		d := sizes[a]
		for from := 0; from < len(x); from += d * after {
			for k := range after {
				mean := 0.0
				for l := range d {
					mean += x[from+l*after+k] / float64(d)
				}
				for l := range d {
					if at := from + l*after + k; slices.Contains(b, a) {
						x[at] -= mean
					} else {
						x[at] = mean
					}
				}
			}
		}
		after *= d
	}
	return x
}

// TestResidualsAreOrthogonal, project to themselves, and add up to the table.
func TestResidualsAreOrthogonal(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, sizes := range [][]int{{2, 2}, {3, 4, 2}, {5, 1, 3}} {
		truth := people(sizes, r)
		var all microdata.Clique
		for a := range sizes {
			all = append(all, a)
		}
		whole := make([]float64, len(truth))
		parts := map[string][]float64{}
		for _, b := range Closure([]microdata.Clique{all}) {
			p := project(sizes, truth, b)
			for i, v := range project(sizes, p, b) {
				if math.Abs(v-p[i]) > 1e-9 {
					t.Fatalf("%v of %v: projected twice, a cell is %v, once %v", b, sizes, v, p[i])
				}
			}
			for name, q := range parts {
				dot := 0.0
				for i := range p {
					dot += p[i] * q[i]
				}
				if math.Abs(dot) > 1e-6 {
					t.Errorf("residuals %v and %s of %v have the product %v", b, name, sizes, dot)
				}
			}
			parts[fmt.Sprint(b)] = p
			for i, v := range p {
				whole[i] += v
			}
		}
		for i, v := range whole {
			if math.Abs(v-truth[i]) > 1e-9 {
				t.Fatalf("%v: the residuals add up to %v of %v", sizes, v, truth[i])
			}
		}
	}
}

// TestRestrictIsTheProjection: what a measurement without noise tells of a subset's
// residual is the residual.
func TestRestrictIsTheProjection(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	sizes := []int{3, 4, 5, 2}
	truth := people(sizes, r)
	for _, m := range answered(sizes, truth, Plan(sizes, []microdata.Clique{{0, 1, 2}, {1, 3}, {0, 2, 3}}, 1), r, 0) {
		for bits := range 1 << len(m.Clique) {
			got, variance, ok := restrict(sizes, m, bits)
			across := 0
			for i, x := range m.Across {
				if x && bits>>i&1 == 0 {
					across++
				}
			}
			if ok != (across == 0) {
				t.Fatalf("%v across %v, bits %b: told %v", m.Clique, m.Across, bits, ok)
			}
			if !ok {
				continue
			}
			b := pick(m.Clique, bits)
			if !(variance > 0) || len(got) != b.Cells(sizes) {
				t.Fatalf("%v: %d cells, variance %v", b, len(got), variance)
			}
			others := 1.0 // the projection is spread over the cells of the other columns
			for a, d := range sizes {
				if !slices.Contains(b, a) {
					others *= float64(d)
				}
			}
			want := make([]float64, len(got))
			for cell, v := range project(sizes, truth, b) {
				rest, at, step := cell, 0, 1
				level := make([]int, len(sizes))
				for a := len(sizes) - 1; a >= 0; a-- {
					level[a] = rest % sizes[a]
					rest /= sizes[a]
				}
				for i := len(b) - 1; i >= 0; i-- {
					at += level[b[i]] * step
					step *= sizes[b[i]]
				}
				want[at] = v * others
			}
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-6*(1+math.Abs(want[i])) {
					t.Fatalf("%v asked as %v: cell %d is %v, by projection %v", b, m.Clique, i, got[i], want[i])
				}
			}
		}
	}
}

// TestAllPairsClosedForm: for all pairs of d columns of two levels and nothing else,
// worked out by hand: residuals over nothing, single columns and pairs enter with
// c = 1/16·p, ¼·½·½·(d−1) and ½⁴, p the number of pairs, for each pair a weight of
// 1/p, so that the variance of a cell is (Σ √c)²/p over the budget.
func TestAllPairsClosedForm(t *testing.T) {
	for _, d := range []int{2, 3, 6} {
		sizes := slices.Repeat([]int{2}, d)
		workload := microdata.AllCliques(d, 2)
		p := float64(len(workload))
		roots := math.Sqrt(p/16) + float64(d)*math.Sqrt(float64(d-1)/4*.25) + p*math.Sqrt(1./16)
		want := roots * roots / p / .3
		r := rand.New(rand.NewPCG(1, 1))
		tables, err := Combine(sizes, answered(sizes, people(sizes, r), Plan(sizes, workload, .3), r, 1), workload)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tables {
			if math.Abs(x.Variance/want-1) > 1e-9 {
				t.Errorf("%d columns: variance %v, by hand %v", d, x.Variance, want)
			}
		}
	}
}

// TestPlanIsTheNumericOptimum: shares found by descent on their logarithms, from an
// even start, end where the plan is, for workloads whose columns are all asked by
// differences.
func TestPlanIsTheNumericOptimum(t *testing.T) {
	for _, c := range []struct {
		sizes    []int
		workload []microdata.Clique
	}{
		{[]int{2, 3, 4}, Closure([]microdata.Clique{{0, 1, 2}})},
		{[]int{2, 2, 3, 4}, []microdata.Clique{{0}, {0, 1}, {2, 3}, {0, 1, 3}}},
		{[]int{4, 4}, []microdata.Clique{{0, 1}}},
	} {
		const total = .4
		plan := Plan(c.sizes, c.workload, total)
		r := rand.New(rand.NewPCG(2, 2))
		ofOrder := map[int]float64{}
		for _, a := range c.workload {
			ofOrder[len(a)]++
		}
		noise := people(c.sizes, r)
		mean := func(logs []float64) (v float64) {
			sum := 0.0
			for _, x := range logs {
				sum += math.Exp(x)
			}
			asks := slices.Clone(plan)
			for i := range asks {
				asks[i].Share = dp.Precision(total * math.Exp(logs[i]) / sum)
			}
			tables, err := Combine(c.sizes, answered(c.sizes, noise, asks, r, 0), c.workload)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range tables {
				v += x.Variance / ofOrder[len(x.Clique)]
			}
			return v
		}
		logs := make([]float64, len(plan))
		for step, size := 0, .5; step < 60; step++ {
			better := false
			for i := range logs {
				for _, by := range []float64{size, -size} {
					before := mean(logs)
					logs[i] += by
					if mean(logs) >= before {
						logs[i] -= by
					} else {
						better = true
					}
				}
			}
			if !better {
				size /= 2
			}
			if size < 1e-5 {
				break
			}
		}
		sum := 0.0
		for _, x := range logs {
			sum += math.Exp(x)
		}
		for i, a := range plan {
			if got := total * math.Exp(logs[i]) / sum; math.Abs(got/float64(a.Share)-1) > .01 {
				t.Errorf("%v: the plan gives %v a share of %.5f, by descent %.5f", c.sizes, a.Clique, a.Share, got)
			}
		}
	}
}

// TestStatedVarianceIsMet: over 1,500 draws of Gaussian noise the mean square error of
// each cell is the stated variance, and the mean error nothing, within 5.5 standard
// deviations each: about 120 cells, by chance once in 100,000 runs; the noise is fixed.
func TestStatedVarianceIsMet(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, c := range cases[:4] {
		truth := people(c.sizes, r)
		const runs = 1500
		var mean, squares [][]float64
		var stated []Table
		for range runs {
			tables, err := Combine(c.sizes, answered(c.sizes, truth, Plan(c.sizes, c.workload, 1e-3), r, 1), c.workload)
			if err != nil {
				t.Fatal(err)
			}
			if stated = tables; mean == nil {
				for _, x := range tables {
					mean, squares = append(mean, make([]float64, len(x.Counts))), append(squares, make([]float64, len(x.Counts)))
				}
			}
			for i, x := range tables {
				for k, row := range design(c.sizes, dp.ContrastAsk{Clique: x.Clique, Across: make([]bool, len(x.Clique))}) {
					e := x.Counts[k]
					for cell, v := range row {
						e -= v * truth[cell]
					}
					mean[i][k] += e / runs
					squares[i][k] += e * e / runs
				}
			}
		}
		for i, x := range stated {
			for k := range mean[i] {
				if math.Abs(mean[i][k]) > 5.5*math.Sqrt(x.Variance/runs) || math.Abs(squares[i][k]/x.Variance-1) > 5.5*math.Sqrt(2./runs) {
					t.Errorf("%v of %v cell %d: bias %.3f, mean square %.3f, stated %.3f", x.Clique, c.sizes, k, mean[i][k], squares[i][k], x.Variance)
				}
			}
		}
	}
}

// TestOrderOfMeasurementsDoesNotMatter, nor that of the workload.
func TestOrderOfMeasurementsDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	sizes := []int{3, 5, 2, 4}
	workload := Closure([]microdata.Clique{{0, 1, 2}, {1, 2, 3}})
	ms := answered(sizes, people(sizes, r), Plan(sizes, workload, 1e-3), r, 1)
	want, err := Combine(sizes, ms, workload)
	if err != nil {
		t.Fatal(err)
	}
	r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	for i, a := range workload {
		got, err := Combine(sizes, ms, []microdata.Clique{a})
		if err != nil {
			t.Fatal(err)
		}
		for k := range got[0].Counts {
			if math.Abs(got[0].Counts[k]-want[i].Counts[k]) > 1e-6 || math.Abs(got[0].Variance/want[i].Variance-1) > 1e-12 {
				t.Fatalf("%v cell %d: %v, was %v", a, k, got[0].Counts[k], want[i].Counts[k])
			}
		}
	}
}
