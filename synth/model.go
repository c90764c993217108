package synth

import (
	"context"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// A Model is what Fit learned. All of it is post-processing of noisy counts.
type Model struct {
	domain   *microdata.Domain
	columns  []dp.Measurement
	estimate [][]float64 // of each column's levels
	steps    []*microdata.Coarsening
	sizes    []int // coarsened
	total    float64
	tree     *pgm.Tree
	sample   *sample // tilted towards pairs that the tree lacks, or nil
	tables   []Table

	never       []rules.Never
	fabrication Fabrication
	workers     int
	written     [][]uint16 // the records, where the dial had a say in them
	recalled    []bool
}

// A Table is a measured table: noisy counts fit for publication, and what the
// model makes of them.
type Table struct {
	Clique microdata.Clique
	// Coarse[i] says how the levels of column Clique[i] were merged; nil: as given.
	Coarse []*microdata.Coarsening
	// Noisy are unbiased counts, row-major, the last column fastest.
	Noisy []int64
	// Variance is that of the noise of each count.
	Variance float64
	// Fitted are the model's counts: consistent among tables, not negative, biased.
	Fitted []float64
}

// Domain returns the domain that the records will have.
func (m *Model) Domain() *microdata.Domain { return m.domain }

// Total returns the noisy number of rows.
func (m *Model) Total() float64 { return m.total }

// Tables returns the measured tables: each single column, then pairs.
func (m *Model) Tables() []Table { return m.tables }

// Recalled says, for each of Options.Earlier, whether its tables fed the fit: they do
// unless their single columns tell of other people.
func (m *Model) Recalled() []bool { return m.recalled }

func (f *fitting) model(ctx context.Context) (*Model, error) {
	m := &Model{
		domain: f.fine.Domain(), columns: f.columns, steps: f.steps, sizes: f.sizes,
		total: f.total, tree: f.tree, sample: f.sample, never: f.Rules, fabrication: f.Fabrication, workers: f.Workers,
		recalled: f.recalled,
	}
	for a, c := range f.columns {
		e := estimate(m.domain.Column(a), c.Noisy, c.Variance)
		if m.fabrication == Strict {
			standing(m.domain.Column(a), e, c)
		}
		m.estimate = append(m.estimate, e)
	}
	if f.Fabrication != Unlimited {
		f.Progress("mend", 0, mendRounds)
		if err := m.mend(ctx, f.evidence(func(microdata.Clique) bool { return true }), f.random); err != nil {
			return nil, err
		}
	}
	rows := m.total
	if m.written != nil {
		rows = float64(len(m.written[0]))
	}
	for a, c := range f.measuredColumns {
		m.tables = append(m.tables, Table{
			Clique: c.Clique, Coarse: []*microdata.Coarsening{nil},
			Noisy: c.Noisy, Variance: c.Variance, Fitted: m.fineCounts(a),
		})
	}
	for _, p := range merged(f.measured) {
		t := Table{Clique: p.Clique, Noisy: p.Noisy, Variance: p.Variance, Fitted: m.marginal(p.Clique)}
		for _, a := range p.Clique {
			t.Coarse = append(t.Coarse, f.steps[a])
		}
		for c := range t.Fitted {
			t.Fitted[c] *= rows
		}
		m.tables = append(m.tables, t)
	}
	return m, nil
}

// merged combines measurements of the same clique, of one or two columns, by
// precision, the first one's place kept. Counts are rounded to integers, halves to
// even ones, so that they stay unbiased; that adds about 1/12 to the variance.
func merged(ms []dp.Measurement) []dp.Measurement {
	var out []dp.Measurement
	sums := map[[2]int][]float64{}
	at := map[[2]int]int{}
	weights := map[[2]int]float64{}
	for _, m := range ms {
		key := [2]int{m.Clique[0], m.Clique[len(m.Clique)-1]}
		if _, ok := at[key]; !ok {
			at[key] = len(out)
			out = append(out, dp.Measurement{Clique: m.Clique, Noisy: append([]int64(nil), m.Noisy...), Variance: m.Variance})
			sums[key] = make([]float64, len(m.Noisy))
		}
		w := 1 / m.Variance
		for c, y := range m.Noisy {
			sums[key][c] += w * float64(y)
		}
		if weights[key] > 0 {
			o := &out[at[key]]
			o.Variance = 1/(weights[key]+w) + 1.0/12
			for c, s := range sums[key] {
				o.Noisy[c] = int64(math.RoundToEven(s / (weights[key] + w)))
			}
		}
		weights[key] += w
	}
	return out
}

// marginal returns the model's probabilities over coarsened columns.
func (m *Model) marginal(c microdata.Clique) []float64 {
	if m.sample != nil {
		return m.sample.marginal(c)
	}
	if p := m.tree.Marginal(c); p != nil {
		return p
	}
	s := &sample{sizes: m.sizes, columns: m.tree.Generate(int(m.total+0.5), pgm.NewRand(0))}
	s.weight = make([]float64, len(s.columns[0]))
	for r := range s.weight {
		s.weight[r] = 1 / float64(len(s.weight))
	}
	return s.marginal(c)
}

// fineCounts returns the model's counts of one column at its own levels: each
// group's count shared out as within measures.
func (m *Model) fineCounts(a int) []float64 {
	out := make([]float64, m.domain.Size(a))
	if m.written != nil {
		for _, v := range m.written[a] {
			out[v]++
		}
		return out
	}
	coarse := m.marginal(microdata.Clique{a})
	if m.steps[a] == nil {
		for l, p := range coarse {
			out[l] = p * m.total
		}
		return out
	}
	for g, levels := range members(m.steps[a]) {
		for k, w := range within(m.estimate[a], levels) {
			out[levels[k]] = coarse[g] * m.total * w
		}
	}
	return out
}

// members lists the levels of each group of a coarsening.
func members(step *microdata.Coarsening) [][]int {
	out := make([][]int, len(step.Levels))
	for l, g := range step.Of {
		out[g] = append(out[g], l)
	}
	return out
}

// within returns each level's share of its group's estimate; equal shares where
// that is nothing.
func within(estimate []float64, levels []int) []float64 {
	out, sum := make([]float64, len(levels)), 0.0
	for k, l := range levels {
		out[k] = estimate[l]
		sum += out[k]
	}
	for k := range out {
		if sum > 0 {
			out[k] /= sum
		} else {
			out[k] = 1 / float64(len(levels))
		}
	}
	return out
}

// Generate returns round(Total) records, column by column, over the model's
// domain; a strict dial may have dropped some. The same seed gives the same records;
// where the dial is not Unlimited, another seed gives them in another order.
func (m *Model) Generate(ctx context.Context, seed uint64) ([][]uint16, error) {
	r := pgm.NewRand(seed)
	if m.written == nil {
		_, fine, err := m.draw(ctx, r)
		return fine, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows := make([]int32, len(m.written[0]))
	for i := range rows {
		rows[i] = int32(i)
	}
	pgm.Shuffle(r, rows)
	return pick(m.written, rows), nil
}

// draw draws round(total) records, with coarsened levels and with the domain's.
func (m *Model) draw(ctx context.Context, r *pgm.Rand) (coarse, fine [][]uint16, err error) {
	n := max(int(m.total+0.5), 1)
	if m.sample != nil {
		coarse = pick(m.sample.columns, m.sample.picks(n, r))
	} else {
		coarse = m.tree.Generate(n, r)
	}
	fine = make([][]uint16, len(coarse))
	for a, step := range m.steps {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		fine[a] = coarse[a]
		if step != nil {
			fine[a] = slices.Clone(coarse[a])
			refine(fine[a], step, m.estimate[a], r)
		}
	}
	return coarse, fine, nil
}

// picks returns n rows of the sample, each as often as its weight says, rounded:
// systematic sampling in random order.
func (s *sample) picks(n int, r *pgm.Rand) []int32 {
	order := make([]int32, len(s.weight))
	for i := range order {
		order[i] = int32(i)
	}
	pgm.Shuffle(r, order)
	picks := make([]int32, 0, n)
	u, sum := r.Float64(), 0.0
	for _, i := range order {
		sum += s.weight[i] * float64(n)
		for len(picks) < n && float64(len(picks))+u < sum {
			picks = append(picks, i)
		}
	}
	for len(picks) < n {
		picks = append(picks, order[len(order)-1])
	}
	pgm.Shuffle(r, picks)
	return picks
}

// refine replaces each merged group by its levels, in proportion to their share
// within the group: systematic sampling, so that counts are within one of it.
func refine(column []uint16, step *microdata.Coarsening, estimate []float64, r *pgm.Rand) {
	rows := make([][]int32, len(step.Levels))
	for i, g := range column {
		rows[g] = append(rows[g], int32(i))
	}
	for g, levels := range members(step) {
		pgm.Shuffle(r, rows[g])
		shares := within(estimate, levels)
		k, sum, u := 0, 0.0, r.Float64()
		for _, i := range rows[g] {
			for k < len(levels)-1 && u >= sum+shares[k]*float64(len(rows[g])) {
				sum += shares[k] * float64(len(rows[g]))
				k++
			}
			column[i] = uint16(levels[k])
			u++
		}
	}
}
