package reference

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// begun is a run with the given budget over a chain of columns.
func begun(t testing.TB, real microdata.Counter, o Options) *run {
	t.Helper()
	if o.Noise == nil {
		o.Noise = noise()
	}
	r, err := start(context.Background(), real, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestChooseIsTheExponentialMechanism: the shares of 40,000 draws against
// exp(ε·score/2Δ) normalised, by χ² with three degrees of freedom; above 30 by chance
// once in 700,000 runs.
func TestChooseIsTheExponentialMechanism(t *testing.T) {
	for _, c := range []struct {
		score                []float64
		epsilon, sensitivity float64
	}{
		{[]float64{0, 1, 2, 3}, 1, 1},
		{[]float64{10, 4, 7, 10}, .3, 2},
		{[]float64{-5, -5, -9, -2}, 2, 4},
	} {
		r := &run{Options: Options{Noise: rand.New(rand.NewPCG(21, 22))}}
		const n = 40_000
		seen, whole := make([]float64, 4), 0.0
		for range n {
			seen[r.choose(c.score, c.epsilon, c.sensitivity)]++
		}
		for _, s := range c.score {
			whole += math.Exp(c.epsilon * s / 2 / c.sensitivity)
		}
		chi2 := 0.0
		for i, s := range c.score {
			want := n * math.Exp(c.epsilon*s/2/c.sensitivity) / whole
			chi2 += (seen[i] - want) * (seen[i] - want) / want
		}
		if chi2 > 30 {
			t.Errorf("scores %v with ε = %v: drawn %v, χ² %.1f", c.score, c.epsilon, seen, chi2)
		}
	}
}

// TestMeasureHasItsNoise: errors have the standard deviation asked for, and no bias,
// and cost ½/σ² each clique. 3,000 counts: mean and mean square within five standard
// deviations, by chance once in a million runs.
func TestMeasureHasItsNoise(t *testing.T) {
	real := chain(t, 500, []int{60, 50}, 1)
	r := begun(t, real, Options{Rho: 1})
	const sigma = 7
	if err := r.measure(sigma, microdata.Clique{0, 1}); err != nil {
		t.Fatal(err)
	}
	truth, err := real.Count(context.Background(), []microdata.Clique{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	mean, squares := 0.0, 0.0
	for c, y := range r.ms[0].Counts {
		d := y - float64(truth[0].Counts[c])
		mean, squares = mean+d/3000, squares+d*d/3000
	}
	if math.Abs(mean) > 5*sigma/math.Sqrt(3000) || math.Abs(squares/sigma/sigma-1) > 5*math.Sqrt(2./3000) {
		t.Errorf("bias %.3f, standard deviation %.3f of %v", mean, math.Sqrt(squares), sigma)
	}
	if math.Abs(r.used-.5/sigma/sigma) > 1e-15 || r.ms[0].Precision[0] != 1./sigma/sigma {
		t.Errorf("used %v, precision %v", r.used, r.ms[0].Precision)
	}
	if err := r.measure(.1, microdata.Clique{0}); err == nil || len(r.ms) != 1 {
		t.Error("a measurement of ρ = 50 was paid from 1")
	}
}

// TestSettleTotal: sums of tables weigh by how little noise they hold.
func TestSettleTotal(t *testing.T) {
	r := &run{ms: []pgm.Measurement{
		{Counts: []float64{50, 52}, Precision: []float64{1}},
		{Counts: []float64{20, 20, 20, 20}, Precision: []float64{.5}},
	}}
	r.settleTotal()
	if want := (102*.5 + 80*.125) / .625; math.Abs(r.total-want) > 1e-12 {
		t.Errorf("total %v, want %v", r.total, want)
	}
	r.ms = []pgm.Measurement{{Counts: []float64{-3}, Precision: []float64{1}}}
	if r.settleTotal(); r.total != 1 {
		t.Errorf("of fewer than nobody: %v", r.total)
	}
}

// TestCompressAndBack: levels below 3σ become one, each column's counts keep their
// sum, the coarser counter counts the same rows, and what comes back is a level of
// the group: each of them, in time.
func TestCompressAndBack(t *testing.T) {
	codes := [][]uint16{{}, {}}
	for l, n := range []int{300, 4, 250, 2, 0, 3} {
		for range n {
			codes[0], codes[1] = append(codes[0], uint16(l)), append(codes[1], uint16(len(codes[1])%2))
		}
	}
	level := func(n int) (out []microdata.Level) {
		for l := range n {
			out = append(out, microdata.Level{Value: string(rune('a' + l))})
		}
		return out
	}
	real := counterOf(t, []microdata.Column{{Name: "x", Levels: level(6)}, {Name: "y", Levels: level(2)}}, codes)
	r := begun(t, real, Options{Rho: 10})
	const sigma = 5
	if err := r.measure(sigma, microdata.AllCliques(2, 1)...); err != nil {
		t.Fatal(err)
	}
	fine := slices.Clone(r.ms[0].Counts)
	back, err := r.compress(sigma)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.sizes, []int{3, 2}) || len(back[0]) != 3 || !slices.Equal(back[0][1], []uint16{1, 3, 4, 5}) {
		t.Fatalf("sizes %v, groups %v", r.sizes, back[0])
	}
	coarse := r.ms[0]
	if math.Abs(coarse.Counts[1]-fine[1]-fine[3]-fine[4]-fine[5]) > 1e-9 || math.Abs(1/coarse.Precision[1]-4*sigma*sigma) > 1e-9 || coarse.Counts[0] != fine[0] {
		t.Errorf("counts %v of %v, precision %v", coarse.Counts, fine, coarse.Precision)
	}
	rest, err := r.counter.Count(context.Background(), []microdata.Clique{{0}})
	if err != nil || !slices.Equal(rest[0].Counts, []int64{300, 9, 250}) {
		t.Errorf("the coarser counter says %v, %v", rest[0].Counts, err)
	}
	out := r.decompress([][]uint16{slices.Repeat([]uint16{0, 1, 1, 2}, 500), make([]uint16, 2000)}, back)
	seen := make([]int, 6)
	for _, v := range out[0] {
		seen[v]++
	}
	// 1,000 rows among four levels: each 250, with a standard deviation of 14.
	if seen[0] != 500 || seen[2] != 500 || slices.Min([]int{seen[1], seen[3], seen[4], seen[5]}) < 165 || slices.Max(seen[3:]) > 335 {
		t.Errorf("levels came back %v times", seen)
	}
}

// TestSpanningTreeSpans: d−1 pairs without a cycle, for a third of ρ exactly; with
// next to no noise the tree of greatest distances from independence, as Kruskal's
// algorithm finds it.
func TestSpanningTreeSpans(t *testing.T) {
	for seed := range uint64(8) {
		sizes := []int{3, 2, 4, 3, 2}
		real := chain(t, 2000, sizes, seed+10)
		for _, rho := range []float64{1e-9, 1e9} {
			r := begun(t, real, Options{Rho: dp.Rho(3 * rho), Noise: rand.New(rand.NewPCG(seed, 1))})
			// Columns as they are: the scores need a model of them.
			truth, err := real.Count(context.Background(), microdata.AllCliques(5, 1))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range truth {
				y := make([]float64, len(m.Counts))
				for i, n := range m.Counts {
					y[i] = float64(n)
				}
				r.ms = append(r.ms, pgm.Measurement{Clique: m.Clique, Counts: y, Precision: []float64{1}})
			}
			if err := r.fit(2000); err != nil {
				t.Fatal(err)
			}
			edges, err := r.spanningTree(rho)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(r.used/rho-1) > 1e-9 {
				t.Errorf("used %v of %v", r.used, rho)
			}
			if len(edges) != 4 || !spans(5, edges) {
				t.Fatalf("edges %v", edges)
			}
			if rho < 1 {
				continue
			}
			pairs := microdata.AllCliques(5, 2)
			counts, err := real.Count(context.Background(), pairs)
			if err != nil {
				t.Fatal(err)
			}
			far := map[[2]int]float64{}
			for i, c := range pairs {
				far[[2]int(c)] = away(counts[i].Counts, r.product(c), r.total)
			}
			slices.SortFunc(pairs, func(a, b microdata.Clique) int {
				if far[[2]int(a)] > far[[2]int(b)] {
					return -1
				}
				return 1
			})
			var want []microdata.Clique
			for _, c := range pairs {
				if more := append(slices.Clone(want), c); acyclic(5, more) {
					want = more
				}
			}
			slices.SortFunc(want, func(a, b microdata.Clique) int { return slices.Compare(a, b) })
			if !slices.EqualFunc(edges, want, func(a, b microdata.Clique) bool { return slices.Equal(a, b) }) {
				t.Errorf("seed %d: edges %v, by Kruskal %v", seed, edges, want)
			}
		}
	}
}

func acyclic(n int, edges []microdata.Clique) bool {
	part := make([]int, n)
	for a := range part {
		part[a] = a
	}
	for _, e := range edges {
		if part[e[0]] == part[e[1]] {
			return false
		}
		from, to := part[e[1]], part[e[0]]
		for a := range part {
			if part[a] == from {
				part[a] = to
			}
		}
	}
	return true
}

func spans(n int, edges []microdata.Clique) bool { return len(edges) == n-1 && acyclic(n, edges) }

// TestWorkloadWeights by counting: each set of up to degree columns, weighed by how
// many columns it has in common with the sets of degree columns, in all.
func TestWorkloadWeights(t *testing.T) {
	for d := 1; d <= 6; d++ {
		for degree := 1; degree <= 4; degree++ {
			candidates, weight := workload(d, degree)
			n := 0
			for k := 1; k <= min(degree, d); k++ {
				n += len(microdata.AllCliques(d, k))
			}
			if len(candidates) != n || len(weight) != n {
				t.Fatalf("%d columns, degree %d: %d candidates, want %d", d, degree, len(candidates), n)
			}
			// A column is in C(d−1, k−1) sets of k: of a set of m columns, m times that.
			k, of := min(degree, d), 1.0
			for i := range k - 1 {
				of = of * float64(d-1-i) / float64(i+1)
			}
			for i, c := range candidates {
				if math.Abs(weight[i]-of*float64(len(c))) > 1e-9 {
					t.Errorf("%d columns, degree %d: %v weighs %v, want %v", d, degree, c, weight[i], of*float64(len(c)))
				}
			}
		}
	}
}

// TestModelSize is eight bytes a cell of the triangulated graph.
func TestModelSize(t *testing.T) {
	r := &run{sizes: []int{3, 4, 5, 2}}
	if got := r.modelSize(microdata.Clique{0, 1}); got != 8*(12+5+2) {
		t.Errorf("one pair: %v bytes", got)
	}
	r.ms = []pgm.Measurement{{Clique: microdata.Clique{0, 1}}, {Clique: microdata.Clique{1, 2}}}
	if got := r.modelSize(microdata.Clique{0, 2}); got != 8*(60+2) {
		t.Errorf("a triangle: %v bytes", got)
	}
	if got := r.modelSize(microdata.Clique{2, 3}); got != 8*(12+20+10) {
		t.Errorf("a chain: %v bytes", got)
	}
}

// TestAwayFromIndependence, by hand.
func TestAwayFromIndependence(t *testing.T) {
	if got := away([]int64{5, 0, 3}, []float64{.5, .25, .25}, 8); got != 1+2+1 {
		t.Errorf("away by %v", got)
	}
	tree, err := pgm.NewTree([]int{2, 2}, []microdata.Clique{{0}, {1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{tree: tree}
	if got := r.product(microdata.Clique{0, 1}); !slices.Equal(got, []float64{.25, .25, .25, .25}) {
		t.Errorf("product %v", got)
	}
}
