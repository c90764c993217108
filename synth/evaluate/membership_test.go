package evaluate

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// published adds Gaussian noise to the tables of some columns.
func published(t *testing.T, r *rand.Rand, real *microdata.Table, cliques []microdata.Clique, sigma float64) (out []Table) {
	t.Helper()
	counted, err := microdata.NewCounter(real, 1).Count(context.Background(), cliques)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range counted {
		p := Table{Clique: m.Clique, Noisy: m.Counts, Variance: sigma * sigma}
		for c := range p.Noisy {
			p.Noisy[c] += int64(math.Round(sigma * r.NormFloat64()))
		}
		out = append(out, p)
	}
	return out
}

// TestMembershipEqualsOracle works the scores out from rows: the table's count less
// the synthetic one over the variance, summed, and the threshold among the synthetic
// records, each without itself.
func TestMembershipEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 16))
	sizes := []int{3, 2, 4}
	rows, synthetic := population(r, sizes, 80), population(r, sizes, 70)
	a := Attack{Real: rowsTable(t, sizes, rows), Synthetic: rowsTable(t, sizes, synthetic), Seed: 1, Targets: 1000}
	tables := published(t, r, a.Real, append(microdata.AllCliques(3, 1), microdata.AllCliques(3, 2)...), 3)
	tables[5].Coarse = nil
	first := &tables[0] // column 0 has three levels: merge two of them
	first.Coarse, first.Noisy = []*microdata.Coarsening{merged}, []int64{first.Noisy[0] + first.Noisy[2], first.Noisy[1]}
	cell := func(p Table, row []uint16) (at int) {
		for i, c := range p.Clique {
			if i < len(p.Coarse) && p.Coarse[i] != nil {
				at = at*2 + int(p.Coarse[i].Of[row[c]])
			} else {
				at = at*sizes[c] + int(row[c])
			}
		}
		return at
	}
	score := func(row []uint16, taken, without float64) (sum float64) {
		for _, p := range tables {
			same := 0.0
			for _, other := range synthetic {
				if cell(p, other) == cell(p, row) {
					same++
				}
			}
			sum += (float64(p.Noisy[cell(p, row)]) - taken - (same-without)*70/(70-without)) / p.Variance
		}
		return sum
	}
	got, err := Membership(context.Background(), a, tables)
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	var known []float64
	for _, row := range synthetic {
		known = append(known, score(row, 0, 1))
	}
	slices.Sort(known)
	for _, x := range got[:2] { // all people are in the first group
		threshold := known[69-int(x.Rate*70)]
		want := Accusation{Group: Anyone, Rate: x.Rate}
		for _, row := range rows {
			want.Success.count(score(row, 0, 0) > threshold+1e-12)
			want.Control.count(score(row, 1, 0) > threshold+1e-12)
		}
		if x != want {
			t.Errorf("%+v, want %+v", x, want)
		}
	}
}

// TestMembershipByNoise: many exact columns of few people tell who is in them, as Homer
// et al. showed, and under strong noise there is nothing to tell. Of 60 people and 2,000
// fair columns a person's own part in the score is four standard deviations of a
// stranger's score; under noise of μ = 0.045 in all the two worlds hardly differ.
func TestMembershipByNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 17))
	sizes := slices.Repeat([]int{2}, 2000)
	draw := func(n int) (rows [][]uint16) {
		for range n {
			row := make([]uint16, len(sizes))
			for c := range row {
				row[c] = uint16(r.IntN(2))
			}
			rows = append(rows, row)
		}
		return rows
	}
	a := Attack{Real: rowsTable(t, sizes, draw(60)), Synthetic: rowsTable(t, sizes, draw(60)), Seed: 1}
	for _, c := range []struct {
		sigma      float64
		least, gap float64 // of success; at most between success and control
	}{{.5, .7, 1}, {1000, 0, .06}} {
		got, err := Membership(context.Background(), a, published(t, r, a.Real, microdata.AllCliques(2000, 1), c.sigma))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got {
			if x.Group != Anyone {
				continue
			}
			gap := x.Success.Share() - x.Control.Share()
			if x.Success.Tries != 60 || x.Success.Share() < c.least || gap < 0 || gap > c.gap {
				t.Errorf("σ = %v: %+v", c.sigma, x)
			}
			if c.sigma < 1 && gap < .5 {
				t.Errorf("σ = %v: the control is accused as well: %+v", c.sigma, x)
			}
		}
	}
}

// TestMembershipStaysUnderTheCeiling: over 60 releases no attack finds more, at the
// control's rate of error, than the best one could (μ = 1 spread over the tables). The
// mean of success less ceiling has a standard deviation below 0.02.
func TestMembershipStaysUnderTheCeiling(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 18))
	sizes := []int{4, 5, 6, 3}
	excess, gained := 0.0, 0.0
	const releases = 60
	for range releases {
		real := rowsTable(t, sizes, population(r, sizes, 150))
		a := Attack{Real: real, Synthetic: rowsTable(t, sizes, population(r, sizes, 150)), Seed: 1}
		cliques := append(microdata.AllCliques(4, 1), microdata.AllCliques(4, 2)...)
		got, err := Membership(context.Background(), a, published(t, r, real, cliques, math.Sqrt(float64(len(cliques)))))
		if err != nil {
			t.Fatal(err)
		}
		x := got[1]
		wrong := x.Control.Share()
		best := .5 * math.Erfc(-(-math.Sqrt2*math.Erfcinv(2*wrong)+1)/math.Sqrt2)
		excess += (x.Success.Share() - best) / releases
		gained += (x.Success.Share() - wrong) / releases
	}
	if excess > .1 || gained < .01 {
		t.Errorf("success is %v above the ceiling and %v above the control", excess, gained)
	}
}

func TestMembershipOfNobody(t *testing.T) {
	none := rowsTable(t, []int{2}, nil)
	got, err := Membership(context.Background(), Attack{Real: none, Synthetic: none}, []Table{{Clique: microdata.Clique{0}, Noisy: []int64{0, 0}, Variance: 1}})
	if err != nil || len(got) != 4 || got[0].Success != (Rate{}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Membership(context.Background(), Attack{Real: none, Synthetic: rowsTable(t, []int{3}, nil)}, nil); err == nil {
		t.Error("other columns were attacked")
	}
}
