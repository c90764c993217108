package reference

import (
	"context"
	"math"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// AIM returns records by McKenna, Mullins, Sheldon and Miklau, "AIM: An Adaptive and
// Iterative Mechanism" (VLDB 2022): all single columns first; then, round by
// round, the exponential mechanism chooses the set of columns whose error, less
// what its noise would add, weighs most in the workload, among those with which the
// model stays within what the budget used so far allows; it is measured and the
// model fitted again. Where that hardly moved the model, noise is halved from there
// on. The candidates are all sets of up to Degree columns.
func AIM(ctx context.Context, c microdata.Counter, o Options) ([][]uint16, error) {
	r, err := start(ctx, c, o)
	if err != nil {
		return nil, err
	}
	d, rho := len(r.sizes), float64(r.Rho)
	rounds := 16 * float64(d)
	sigma, epsilon := math.Sqrt(rounds/(2*0.9*rho)), math.Sqrt(8*0.1*rho/rounds)
	if err := r.measure(sigma, microdata.AllCliques(d, 1)...); err != nil {
		return nil, err
	}
	if err := r.fit(r.Iterations); err != nil {
		return nil, err
	}
	candidates, weight := workload(d, r.Degree)
	truth, err := r.counter.Count(ctx, candidates)
	if err != nil {
		return nil, err
	}
	for last := false; !last; {
		if left := rho - r.used; left < 2*(0.5/(sigma*sigma)+epsilon*epsilon/8) {
			sigma, epsilon, last = math.Sqrt(1/(2*0.9*left)), math.Sqrt(8*0.1*left), true
		}
		if err := r.spend(epsilon * epsilon / 8); err != nil {
			return nil, err
		}
		allowed := r.MaxModel * (r.used + 0.5/(sigma*sigma)) / rho
		j := newJoints(r)
		var open []int
		var score []float64
		most := 0.0
		for i, c := range candidates {
			if len(c) > 1 && r.modelSize(c) > allowed {
				continue
			}
			bias := math.Sqrt(2/math.Pi) * sigma * float64(len(truth[i].Counts))
			open = append(open, i)
			score = append(score, weight[i]*(away(truth[i].Counts, j.marginal(c), r.total)-bias))
			most = max(most, weight[i])
		}
		c := candidates[open[r.choose(score, epsilon, most)]]
		before := j.marginal(c)
		if err := r.measure(sigma, c); err != nil {
			return nil, err
		}
		if err := r.fit(r.Iterations); err != nil {
			return nil, err
		}
		moved := 0.0
		for i, p := range r.tree.Marginal(c) {
			moved += math.Abs(p-before[i]) * r.total
		}
		if moved <= sigma*math.Sqrt(2/math.Pi)*float64(len(before)) {
			sigma, epsilon = sigma/2, epsilon*2
		}
	}
	return r.generate(), nil
}

// workload lists all sets of up to degree columns and their weights: how many
// columns each shares with the sets of degree columns, in all.
func workload(d, degree int) (candidates []microdata.Clique, weight []float64) {
	degree = min(degree, d)
	of := microdata.AllCliques(d, degree)
	for k := 1; k <= degree; k++ {
		for _, c := range microdata.AllCliques(d, k) {
			w := 0
			for _, x := range of {
				for _, a := range c {
					if slices.Contains(x, a) {
						w++
					}
				}
			}
			candidates, weight = append(candidates, c), append(weight, float64(w))
		}
	}
	return candidates, weight
}

// modelSize returns the bytes of a model that holds one more set.
func (r *run) modelSize(c microdata.Clique) float64 {
	sets := []microdata.Clique{c}
	for _, m := range r.ms {
		sets = append(sets, m.Clique)
	}
	cells := 0.0
	for _, q := range pgm.Triangulate(r.sizes, sets) {
		cells += float64(q.Cells(r.sizes))
	}
	return 8 * cells
}
