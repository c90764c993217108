package synth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
	"amparo/synth/residual"
)

// Workload says which tables are wanted.
type Workload struct {
	// Order is the most columns of a table, 1 to 4. Default 3.
	Order int
	// MaxCells is the most cells of a table of two columns or more; larger ones
	// are left out. Default 20,000.
	MaxCells int
	// Rules are combinations of levels that no record holds; no fitted count
	// holds them either. Default none.
	Rules []rules.Never
	// Workers is the number of goroutines. Default 1. The result is the same for
	// any number.
	Workers int
	// Seed orders the records drawn for the fitted counts. It has no part in the noise.
	Seed uint64
	// Progress, where not nil, is told which stage is at work and how far it is.
	Progress func(stage string, done, total int)
}

// mostTabulated bounds the cells of a whole workload.
const mostTabulated = 20_000_000

// ErrWorkload is wrapped by the error of a workload that has more cells than can
// be tabulated.
var ErrWorkload = errors.New("too many cells")

// Cliques lists the workload's tables over columns of the given sizes, single
// columns first, and those that it leaves out because they are too large.
func (w Workload) Cliques(sizes []int) (tables, omitted []microdata.Clique, err error) {
	w = w.withDefaults()
	if w.Order > 4 {
		return nil, nil, fmt.Errorf("synth: tables have at most 4 columns, not %d", w.Order)
	}
	cells := 0
	for k := 1; k <= min(w.Order, len(sizes)); k++ {
		for _, c := range microdata.AllCliques(len(sizes), k) {
			n := c.Cells(sizes)
			if k > 1 && n > w.MaxCells {
				omitted = append(omitted, c)
				continue
			}
			if cells += n; cells > mostTabulated {
				return nil, nil, fmt.Errorf("synth: %w: tables of up to %d of %d columns have more than %d million", ErrWorkload, w.Order, len(sizes), mostTabulated/1_000_000)
			}
			tables = append(tables, c)
		}
	}
	return tables, omitted, nil
}

func (w Workload) withDefaults() Workload {
	if w.Order <= 0 {
		w.Order = 3
	}
	if w.MaxCells <= 0 {
		w.MaxCells = 20_000
	}
	if w.Progress == nil {
		w.Progress = func(string, int, int) {}
	}
	return w
}

// A Tabulation is a workload, answered.
type Tabulation struct {
	Total   float64 // number of rows: unbiased, but at least 1
	Tables  []Tabulated
	Omitted []microdata.Clique // left out: too large
}

// A Tabulated table. Cells are row-major, the last column fastest.
type Tabulated struct {
	Clique microdata.Clique
	// Unbiased counts: real numbers, may be negative; tables agree where they overlap.
	Unbiased []float64
	// Variance is that of the noise of each unbiased count, exactly.
	Variance float64
	// Fitted counts are those of one set of synthetic records, scaled to the total:
	// not negative, agreeing among all tables, true to the rules, biased.
	Fitted []float64
}

// Tabulate measures a fixed workload through m, spending all that its budget has
// left: residuals of every table, once each (see synth/residual), and returns
// unbiased counts with their exact variance. A model is fitted to them, at no further
// cost, for counts that are consistent and not negative.
func Tabulate(ctx context.Context, m *dp.Mechanism, w Workload) (*Tabulation, error) {
	w = w.withDefaults()
	if m.Domain().Len() == 0 {
		return nil, errors.New("synth: there is no column to tabulate")
	}
	sizes := m.Domain().Sizes()
	cliques, omitted, err := w.Cliques(sizes)
	if err != nil {
		return nil, err
	}
	o := Options{Rules: w.Rules, Workers: w.Workers, Seed: w.Seed, Progress: w.Progress, Fabrication: Unlimited}.withDefaults()
	if err := o.check(m.Domain()); err != nil {
		return nil, err
	}
	wanted := append([]microdata.Clique{{}}, cliques...) // with the number of rows
	w.Progress("measure", 0, 1)
	plan := residual.Plan(sizes, wanted, m.Left()) // the number of rows first
	if err := checkTotal(m.Domain(), plan[0].Share); err != nil {
		return nil, err
	}
	measured, err := m.Contrasts(ctx, plan)
	if err != nil {
		return nil, fmt.Errorf("synth: measuring %d tables: %w", len(cliques), err)
	}
	unbiased, err := residual.Combine(sizes, measured, wanted)
	if err != nil {
		return nil, err
	}
	out := &Tabulation{Total: max(unbiased[0].Counts[0], 1), Omitted: omitted}
	p := &projection{fitting{Options: o, fine: m, total: out.Total, random: pgm.NewRand(o.Seed)}, unbiased[1:]}
	fitted, err := p.fit(ctx)
	if err != nil {
		return nil, err
	}
	for i, t := range p.tables {
		out.Tables = append(out.Tables, Tabulated{t.Clique, t.Counts, t.Variance, fitted[i]})
	}
	return out, nil
}

// A projection fits a model to tables that are measured already.
type projection struct {
	fitting
	tables []residual.Table
}

// A projection is raked to the tables that the tree holds and to those that say most
// against it: so many of two columns, then so many of three. More would leave too
// little of the sample.
const (
	mostPairs   = 300
	mostTriples = 60
	moreRakes   = 3
)

// fit returns fitted counts for every table.
func (p *projection) fit(ctx context.Context) ([][]float64, error) {
	if err := p.lay(); err != nil {
		return nil, err
	}
	tables := p.coarseTables()
	pairs := slices.IndexFunc(tables, func(m pgm.Measurement) bool { return len(m.Clique) > 2 })
	if pairs < 0 {
		pairs = len(tables)
	}
	evidence := tables[:pairs:pairs]
	if err := p.grown(ctx, evidence); err != nil {
		return nil, err
	}
	p.sample = p.draw(2 * oversample(p.total))
	tell := func(done, total int) { p.Progress("rake", done, total) }
	loose := slices.DeleteFunc(slices.Clone(evidence), func(m pgm.Measurement) bool { return p.tree.Holds(m.Clique) })
	evidence = append(p.singles, p.surprising(ctx, loose, mostPairs)...)
	if err := p.sample.rake(ctx, evidence, p.total, false, tell); err != nil {
		return nil, err
	}
	evidence = append(evidence, p.surprising(ctx, tables[pairs:], mostTriples)...)
	for range moreRakes { // each begins where the last one ended, and so trusts the tables more
		if err := p.sample.rake(ctx, evidence, p.total, true, tell); err != nil {
			return nil, err
		}
	}
	m := &Model{domain: p.fine.Domain(), steps: p.steps, sizes: p.sizes, total: p.total, tree: p.tree, sample: p.sample}
	for a, c := range p.columns {
		m.estimate = append(m.estimate, estimate(m.domain.Column(a), c.Noisy, c.Variance))
	}
	_, fine, err := m.draw(ctx, p.random)
	if err != nil {
		return nil, err
	}
	return p.counts(ctx, fine)
}

// lay takes over the single columns and coarsens them.
func (p *projection) lay() error {
	noise, pairs := 0.0, 0
	for _, t := range p.tables {
		switch len(t.Clique) {
		case 1:
			c := dp.Measurement{Clique: t.Clique, Noisy: make([]int64, len(t.Counts)), Variance: t.Variance + 1.0/12}
			for l, y := range t.Counts {
				c.Noisy[l] = int64(math.Round(y))
			}
			p.columns = append(p.columns, c)
		case 2:
			noise, pairs = noise+math.Sqrt(t.Variance), pairs+1
		}
	}
	return p.coarsenBelow(noise / float64(max(pairs, 1)))
}

// coarseTables returns the tables of up to three columns with coarsened levels: pairs
// and triples as they were combined, single columns as coarsen laid them out.
func (p *projection) coarseTables() []pgm.Measurement {
	out := slices.Clone(p.singles)
	sizes := p.fine.Domain().Sizes()
	for _, t := range p.tables {
		if len(t.Clique) < 2 || len(t.Clique) > 3 {
			continue
		}
		m := pgm.Measurement{Clique: t.Clique, Counts: make([]float64, t.Clique.Cells(p.sizes)), Precision: make([]float64, t.Clique.Cells(p.sizes))}
		of, coarse := make([][]uint16, len(t.Clique)), make([]int, len(t.Clique))
		for i, a := range t.Clique {
			of[i], coarse[i] = groupsOf(p.steps[a], sizes[a]), p.sizes[a]
		}
		eachCell(of, func(fine int, level []int) {
			cell := cellOf(of, level, coarse)
			m.Counts[cell] += t.Counts[fine]
			m.Precision[cell] += t.Variance
		})
		for c, v := range m.Precision {
			m.Precision[c] = 1 / v
		}
		out = append(out, m)
	}
	return out
}

// grown builds the tree of the pairs that tell most against independence, as far as
// it can hold them, and fits it.
func (p *projection) grown(ctx context.Context, evidence []pgm.Measurement) error {
	share := make([][]float64, len(p.sizes))
	for _, m := range evidence {
		if len(m.Clique) == 1 {
			share[m.Clique[0]] = onto(m.Counts, 1)
		}
	}
	held := []pgm.Measurement(nil)
	for _, m := range evidence {
		if len(m.Clique) != 2 {
			held = append(held, m)
			continue
		}
		gain, cell := 0.0, 0
		for _, x := range share[m.Clique[0]] {
			for _, y := range share[m.Clique[1]] {
				gain += math.Abs(m.Counts[cell]-p.total*x*y) - math.Sqrt(2/math.Pi/m.Precision[cell])
				cell++
			}
		}
		p.pairs = append(p.pairs, pair{clique: m.Clique, gain: gain * (1 + max(gain, 0)/p.total)})
	}
	sets := p.scopes()
	for _, i := range p.grow(sets, 0, nil) {
		sets = append(sets, p.pairs[i].clique)
	}
	for _, m := range evidence {
		if len(m.Clique) == 2 && slices.ContainsFunc(sets, func(c microdata.Clique) bool { return slices.Equal(c, m.Clique) }) {
			held = append(held, m)
		}
	}
	p.singles = held
	return p.refit(ctx, sets)
}

// surprising returns those of the tables that the sample fits worst, beyond what
// their noise explains: six standard deviations of χ² or more, at most so many.
func (p *projection) surprising(ctx context.Context, tables []pgm.Measurement, most int) (out []pgm.Measurement) {
	excess := make([]float64, len(tables))
	pgm.Share(p.Workers, len(tables), func(i int) {
		if ctx.Err() != nil {
			return
		}
		m := tables[i]
		fit, chi2 := make([]float64, len(m.Counts)), 0.0
		tally(fit, p.sample.weight, p.sample.columns, m.Clique, p.sizes, 0, len(p.sample.weight))
		for c, y := range m.Counts {
			d := y - p.total*fit[c]
			chi2 += d * d * m.Precision[min(c, len(m.Precision)-1)]
		}
		excess[i] = (chi2 - float64(len(fit))) / math.Sqrt(2*float64(len(fit)))
	})
	order := make([]int, len(tables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(excess[b], excess[a]) })
	for _, i := range order[:min(len(order), most)] {
		if excess[i] > 6 {
			out = append(out, tables[i])
		}
	}
	return out
}

// counts counts the records in every table, scaled to the total.
func (p *projection) counts(ctx context.Context, records [][]uint16) ([][]float64, error) {
	n := len(records[0])
	weight, sizes := make([]float64, n), p.fine.Domain().Sizes()
	for i := range weight {
		weight[i] = p.total / float64(n)
	}
	out := make([][]float64, len(p.tables))
	pgm.Share(p.Workers, len(out), func(i int) {
		if ctx.Err() == nil {
			out[i] = make([]float64, len(p.tables[i].Counts))
			tally(out[i], weight, records, p.tables[i].Clique, sizes, 0, n)
		}
	})
	return out, ctx.Err()
}
