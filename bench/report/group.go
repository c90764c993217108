// Package report makes README.md and its drawing of the results. The same results
// give the same bytes.
package report

import (
	"cmp"
	"slices"

	"amparo/bench/run"
	"amparo/bench/score"
)

// A Row sums up the runs of one system, in one mode, on one file at one ε.
type Row struct {
	System, Mode string
	Runs         int        // with a score
	Mean         [3]float64 // distance by number of columns; mean of the runs
	WorstPair    float64    // of all runs
	WorstAt      []string   // its columns
	CPU, Wall    float64    // seconds; mean of the runs
	Peak         float64    // MiB; the most of the runs
	Fabricated   [3]float64 // share by number of columns; mean of the runs
	Suppressed   [3][len(score.Thresholds)]float64
	// All are the shares of the combinations of 1 to 3 columns together.
	AllFabricated float64
	AllSuppressed [len(score.Thresholds)]float64
	Shown         map[string]float64
	Failed        string // why a run has no score; of the last such run
}

// Name is the system with its mode.
func (r Row) Name() string {
	if r.Mode == "" {
		return r.System
	}
	return r.System + ", " + r.Mode
}

// A Group holds the rows of one file at one ε.
type Group struct {
	Data           run.Dataset
	Epsilon, Delta string
	Rows           []Row // those with a score first, by their error over pairs
}

// groups sorts the results into the plan's files and values of ε.
func groups(results []run.Result) (out []Group) {
	for _, d := range run.Datasets {
		for _, epsilon := range sorted(d.Epsilons) {
			g := Group{Data: d, Epsilon: epsilon, Delta: d.Delta}
			var keys [][2]string
			private := false
			of := map[[2]string][]run.Result{}
			for _, r := range results {
				if r.Data != d.Name || r.Epsilon != epsilon && r.Epsilon != "" {
					continue
				}
				private = private || r.Epsilon == epsilon
				key := [2]string{r.System, r.Mode}
				if of[key] == nil {
					keys = append(keys, key)
				}
				of[key] = append(of[key], r)
			}
			for _, key := range keys {
				g.Rows = append(g.Rows, sum(of[key]))
			}
			slices.SortStableFunc(g.Rows, func(a, b Row) int {
				if c := cmp.Compare(min(b.Runs, 1), min(a.Runs, 1)); c != 0 {
					return c
				}
				return cmp.Compare(a.Mean[1], b.Mean[1])
			})
			if private {
				out = append(out, g)
			}
		}
	}
	return out
}

// sorted returns values of ε in rising order.
func sorted(epsilons []string) []string {
	out := slices.Clone(epsilons)
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return out
}

// sum takes the runs of one system in one mode together.
func sum(results []run.Result) Row {
	r := Row{System: results[0].System, Mode: results[0].Mode}
	for _, one := range results {
		if one.Score == nil {
			r.Failed = one.Failed
			r.Peak = max(r.Peak, one.Peak)
			continue
		}
		r.Runs++
	}
	n := float64(r.Runs)
	for _, one := range results {
		if one.Score == nil {
			continue
		}
		r.CPU, r.Wall, r.Peak = r.CPU+one.CPU/n, r.Wall+one.Wall/n, max(r.Peak, one.Peak)
		orders := one.Score.Orders
		for i, o := range orders {
			r.Mean[i] += o.Mean / n
			r.Fabricated[i] += o.FabricatedShare() / n
			for t := range score.Thresholds {
				r.Suppressed[i][t] += o.SuppressedShare(t) / n
			}
		}
		r.AllFabricated += one.Score.Fabricated(len(orders)) / n
		for t := range score.Thresholds {
			r.AllSuppressed[t] += one.Score.Suppressed(len(orders), t) / n
		}
		if len(orders) > 1 && (orders[1].Worst > r.WorstPair || r.WorstAt == nil) {
			r.WorstPair, r.WorstAt = orders[1].Worst, orders[1].WorstAt
		}
		for pair, distance := range one.Score.Shown {
			if r.Shown == nil {
				r.Shown = map[string]float64{}
			}
			r.Shown[pair] += distance / n
		}
	}
	return r
}
