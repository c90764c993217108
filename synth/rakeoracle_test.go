package synth

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// newton minimises what rake minimises over the weights themselves, with the total
// fixed: no margins, no turns, one dense system of all records a step.
func newton(start []float64, rows [][]float64, precision, measured []float64, trust, total float64) []float64 {
	n := len(start)
	w := slices.Clone(start)
	scale(w, total/sum(w))
	objective := func(w []float64) (v float64) {
		for i, x := range w {
			v += x*math.Log(x/start[i]) - x
		}
		for k, row := range rows {
			d := -measured[k]
			for i, x := range row {
				d += x * w[i]
			}
			v += trust * precision[k] * d * d / 2
		}
		return v
	}
	for range 200 {
		a, b := make([][]float64, n+1), make([]float64, n+1)
		for i := range a {
			a[i] = make([]float64, n+1)
		}
		for i := range n {
			a[i][i], a[i][n], a[n][i] = 1/w[i], 1, 1
			b[i] = -math.Log(w[i] / start[i])
		}
		for k, row := range rows {
			d := -measured[k]
			for i, x := range row {
				d += x * w[i]
			}
			for i, x := range row {
				if x == 0 {
					continue
				}
				b[i] -= trust * precision[k] * d
				for j, y := range row {
					a[i][j] += trust * precision[k] * y
				}
			}
		}
		move := solveDense(a, b)[:n]
		step, now := 1.0, objective(w)
		for try := 0; try < 60; try++ {
			next, ok := slices.Clone(w), true
			for i := range next {
				next[i] += step * move[i]
				ok = ok && next[i] > 0
			}
			if ok && objective(next) <= now+1e-12*math.Abs(now) {
				w = next
				break
			}
			step /= 2
		}
	}
	return w
}

// solveDense solves a·x = b by elimination with the largest pivot.
func solveDense(a [][]float64, b []float64) []float64 {
	for i := range a {
		p := i
		for r := i; r < len(a); r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for r := range a {
			if f := a[r][i] / a[i][i]; r != i && f != 0 {
				for c := i; c < len(a); c++ {
					a[r][c] -= f * a[i][c]
				}
				b[r] -= f * b[i]
			}
		}
	}
	for i := range b {
		b[i] /= a[i][i]
	}
	return b
}

// tiny is a sample of a few distinct records with uneven weights, and measurements
// of them that no weights have, some of them negative.
func tiny(r *pgm.Rand, n float64) (*sample, []pgm.Measurement) {
	sizes := []int{2, 3, 2, 4}
	all := square(sizes...)
	s := &sample{sizes: sizes, workers: 1, columns: make([][]uint16, 4)}
	for row := range all.weight {
		if r.IntN(2) == 0 {
			continue
		}
		s.weight = append(s.weight, .2+r.Float64())
		for a := range sizes {
			s.columns[a] = append(s.columns[a], all.columns[a][row])
		}
	}
	s.drawn = len(s.weight)
	scale(s.weight, 1/sum(s.weight))
	var ms []pgm.Measurement
	for _, c := range []microdata.Clique{{0}, {3}, {0, 1}, {1, 2}, {0, 2}, {2, 3}, {0, 1, 3}} {
		y := plain(s, s.weight, c)
		m := pgm.Measurement{Clique: c, Counts: make([]float64, len(y)), Precision: make([]float64, len(y))}
		for i := range y {
			m.Counts[i] = n*y[i]*(.5+r.Float64()) + 40*(r.Float64()-.5)
			m.Precision[i] = 1e-3 * math.Exp(2*r.Float64()-2)
		}
		ms = append(ms, m)
	}
	return s, ms
}

// TestRakeEqualsNewton: taking turns ends at the weights that a dense solver of the
// whole problem finds, record by record.
func TestRakeEqualsNewton(t *testing.T) {
	const n = 1000
	for trial := range 8 {
		s, ms := tiny(pgm.NewRand(uint64(70+trial)), n)
		scale(s.weight, n)
		start := slices.Clone(s.weight)
		var rows [][]float64
		var precision, measured []float64
		for _, m := range ms {
			for c, y := range m.Counts {
				row := make([]float64, len(s.weight))
				for i := range row {
					if cell(s.columns, m.Clique, s.sizes, i) == c {
						row[i] = 1
					}
				}
				rows, precision, measured = append(rows, row), append(precision, m.Precision[c]), append(measured, y)
			}
		}
		const trust = 2
		want := newton(start, rows, precision, measured, trust, n)
		r := newRaking(s, ms)
		for range 3000 {
			r.sweep(trust)
		}
		for i, w := range s.weight {
			if math.Abs(w-want[i]) > 1e-3*(1+want[i]) {
				t.Errorf("trial %d: record %d weighs %.5f, by Newton's method %.5f", trial, i, w, want[i])
			}
		}
	}
}

// TestRakeKeepsTheTotal exactly, after every sweep, though no measurement adds up to
// it; and no weight is lost or negative.
func TestRakeKeepsTheTotal(t *testing.T) {
	for trial := range 20 {
		s, ms := tiny(pgm.NewRand(uint64(90+trial)), 1000)
		scale(s.weight, 1000)
		r := newRaking(s, ms)
		for range 10 {
			r.sweep(rakeTrust)
			if got := sum(s.weight); math.Abs(got-1000) > 1e-6 {
				t.Fatalf("trial %d: the weights add up to %v", trial, got)
			}
			for i, w := range s.weight {
				if !(w > 0) || math.IsInf(w, 0) {
					t.Fatalf("trial %d: record %d weighs %v", trial, i, w)
				}
			}
		}
	}
}

// TestOrderOfMarginsDoesNotMatter at the optimum.
func TestOrderOfMarginsDoesNotMatter(t *testing.T) {
	var first []float64
	for trial := range 3 {
		s, ms := tiny(pgm.NewRand(123), 1000)
		pgm.Shuffle(pgm.NewRand(uint64(trial)), ms)
		scale(s.weight, 1000)
		r := newRaking(s, ms)
		for range 3000 {
			r.sweep(2)
		}
		if first == nil {
			first = s.weight
			continue
		}
		for i, w := range s.weight {
			if math.Abs(w-first[i]) > 1e-4*(1+w) {
				t.Errorf("order %d: record %d weighs %v, was %v", trial, i, w, first[i])
			}
		}
	}
}

// TestGuardUndoesASweep: a sweep that would hang everything on one record of many is
// taken back, weights and θ, and later ones trust less; the effective size is kept
// at every step, and what is asked for quietly still comes through.
func TestGuardUndoesASweep(t *testing.T) {
	s := square(40, 40)
	loud := make([]float64, 1600)
	loud[77] = 5000
	quietly := []float64{}
	for i := range 40 {
		quietly = append(quietly, 125+float64(i%2)*10-5)
	}
	start := slices.Clone(s.weight)
	ms := []pgm.Measurement{
		{Clique: microdata.Clique{0, 1}, Counts: loud, Precision: []float64{10}},
		{Clique: microdata.Clique{1}, Counts: quietly, Precision: []float64{1e-6}},
	}
	least := math.Inf(1)
	if err := s.rake(context.Background(), ms, 5000, false, func(int, int) {
		least = min(least, effective(s.weight, start))
	}); err != nil {
		t.Fatal(err)
	}
	if least = min(least, effective(s.weight, start)); least < leastESS {
		t.Errorf("%.4f of the sample was left", least)
	}
	if least > .9 {
		t.Error("the loud measurement did nothing: this test sees nothing")
	}
}

// TestGuardIsOfWhatIsWritten: where more is drawn than is written, less of it need be
// left; where fewer, never more than all.
func TestGuardIsOfWhatIsWritten(t *testing.T) {
	left := func(total float64) float64 {
		s := square(40, 40)
		s.drawn = 1600
		y := make([]float64, 1600)
		y[3] = total
		start := slices.Clone(s.weight)
		if err := s.rake(context.Background(), []pgm.Measurement{{Clique: microdata.Clique{0, 1}, Counts: y, Precision: []float64{100}}}, total, false, quiet); err != nil {
			t.Fatal(err)
		}
		return effective(s.weight, start)
	}
	few, many := left(200), left(1e6)
	if few < leastESS*200/1600 || many < leastESS || few >= many {
		t.Errorf("%.4f is left for 200 records, %.4f for a million", few, many)
	}
}

// TestTripleMargins are tallied and multiplied as the plainest way does, and raked to.
func TestTripleMargins(t *testing.T) {
	s := uneven(400, 3, 2, 9, 30)
	c := microdata.Clique{0, 2, 3}
	got := make([]float64, c.Cells(s.sizes))
	tally(got[:], s.weight, s.columns, c, s.sizes, 0, 400)
	for i, w := range plain(s, s.weight, c) {
		if math.Abs(got[i]-w) > 1e-12 {
			t.Fatalf("cell %d: %v, want %v", i, got[i], w)
		}
	}
	by := make([]float64, len(got))
	for i := range by {
		by[i] = 1 + float64(i%5)
	}
	moved := slices.Clone(s.weight)
	multiply(moved[10:390], by, s.columns, c, s.sizes, 10, 390)
	for r, w := range moved {
		want := s.weight[r]
		if r >= 10 && r < 390 {
			want *= by[(int(s.columns[0][r])*9+int(s.columns[2][r]))*30+int(s.columns[3][r])]
		}
		if w != want {
			t.Fatalf("record %d weighs %v, want %v", r, w, want)
		}
	}
}

// TestPicksOfAnyWeights: systematic sampling takes each record its weight times n,
// rounded; nobody of no weight; and n of them, also of one record, or one of many.
func TestPicksOfAnyWeights(t *testing.T) {
	r := pgm.NewRand(101)
	for range 300 {
		s := &sample{}
		for range 1 + r.IntN(30) {
			s.weight = append(s.weight, r.Float64()*float64(r.IntN(3)))
		}
		s.weight[0] += .1
		scale(s.weight, 1/sum(s.weight))
		n := 1 + r.IntN(400)
		counts := make([]float64, len(s.weight))
		picks := s.picks(n, r)
		for _, i := range picks {
			counts[i]++
		}
		if len(picks) != n {
			t.Fatalf("%d of %d were picked", len(picks), n)
		}
		for i, w := range s.weight {
			if math.Abs(counts[i]-float64(n)*w) > 1+1e-6 || w == 0 && counts[i] > 0 {
				t.Fatalf("record %d of weight %v·%d was picked %v times", i, w, n, counts[i])
			}
		}
	}
}
