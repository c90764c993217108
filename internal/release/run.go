package release

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"amparo/dp"
	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/microdata/tabular"
	"amparo/synth"
)

// A run is the state of one Run.
type run struct {
	*Request
	file    *tabular.File
	signer  *publish.Signer
	stage   *publish.Staging
	spend   Spend
	budget  *dp.Budget
	rules   *rules.Set
	bundles []*catalog.Bundle // earlier
	mended  Mended
	model   *synth.Model
	drawn   [][]uint16
	result  Result
	since   time.Time
}

// Run reads the file, enters the spend, draws noise, and writes what was asked
// for. An error before the spend was entered means that nothing was spent; after
// it, the error is an *AfterSpend. Where Run fails nothing is left behind but the
// entry in the ledger.
func Run(ctx context.Context, request Request) (*Result, error) {
	r := &run{Request: &request, since: time.Now()}
	if err := r.check(ctx); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	if r.stage != nil {
		defer r.stage.Abort()
	}
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	if err := r.protect(ctx); err != nil {
		return nil, r.abandon(ctx, err)
	}
	return r.finish(ctx)
}

// prepare does all that can fail without noise: reading, the key, the catalog.
func (r *run) prepare(ctx context.Context) (err error) {
	if r.file, err = r.read(ctx); err != nil {
		return err
	}
	if r.rules, err = r.readRules(); err != nil {
		return err
	}
	if r.bundles, err = r.readEarlier(); err != nil {
		return err
	}
	r.took(Reading)
	if r.Tabs != nil {
		return r.affordable()
	}
	if r.Pub == nil {
		return nil
	}
	if err := r.publishable(); err != nil {
		return err
	}
	if r.signer, err = r.Pub.Signer(); err != nil {
		return err
	}
	if r.stage, err = publish.Stage(r.Pub.Catalog, r.Pub.Dataset); err != nil {
		return stageError(err)
	}
	if err := r.welcome(); err != nil {
		r.stage.Abort()
		return err
	}
	return nil
}

func stageError(err error) error {
	switch {
	case errors.Is(err, publish.ErrBusy):
		return &Refusal{publish.ErrBusy, "wait for it to end; nothing was spent"}
	case errors.Is(err, publish.ErrReadOnly):
		return &Refusal{publish.ErrReadOnly, "name another folder with --catalog; nothing was spent"}
	case errors.Is(err, publish.ErrFull):
		return &Refusal{publish.ErrFull, "nothing was spent"}
	case err != nil:
		return refuse("check the catalog's folder, or name another with --catalog; nothing was spent", "the catalog cannot be used: %w", plainPath(err))
	}
	return nil
}

// enter enters the spend and opens the budget that it pays for.
func (r *run) enter(ctx context.Context) error {
	r.tell(Entering, 0, 0)
	purpose := "synthesize"
	switch {
	case r.Pub != nil:
		purpose = fmt.Sprintf("release %s/%d", r.Pub.Dataset, r.stage.Version())
	case r.Tabs != nil:
		purpose = "tables"
	}
	ask := Ask{Epsilon: r.Epsilon, Delta: r.Delta, Open: len(r.file.Open)}
	var err error
	r.spend, err = enter(ctx, r.Ledger, r.Population, ask, Spend{Purpose: purpose, Entered: wholeSeconds(r.Now()), Code: r.Code})
	return err
}

// protect is all that draws noise, and all that follows from it.
func (r *run) protect(ctx context.Context) error {
	r.tell(Measuring, 0, 0)
	var err error
	if r.budget, err = dp.NewBudget(r.spend.Cost.Mu()); err != nil {
		return err
	}
	table, err := r.discover()
	if err != nil {
		return err
	}
	if table, err = r.bin(ctx, table); err != nil {
		return err
	}
	if table, r.mended.Changed, r.mended.Left, err = r.rules.Apply(table); err != nil {
		return err
	}
	seed, err := r.seed()
	if err != nil {
		return err
	}
	if r.Tabs != nil {
		return r.tabulate(ctx, table, seed)
	}
	if r.model, err = r.fit(ctx, table, seed); err != nil {
		return err
	}
	r.noteEarlier()
	r.took(Measuring)
	r.tell(Generating, 0, 0)
	if r.drawn, err = r.model.Generate(ctx, seed); err != nil {
		return err
	}
	out := released{r.model.Domain(), r.model.Total(), r.model.Tables(), r.drawn, r.rules, r.Fabrication}
	if err := out.check(); err != nil {
		return err
	}
	r.took(Generating)
	r.tell(Writing, 0, 0)
	if r.Out != nil {
		err = r.Out.write(func(w io.Writer) error {
			return tabular.Write(w, r.model.Domain(), r.drawn, r.file.Delimiter)
		})
		r.result.Path = r.Out.Path
	} else {
		err = r.publish(ctx)
	}
	r.took(Writing)
	return err
}

// Shares of the budget for finding levels: of each open column, and of all.
const (
	discoveryEach = 0.05
	discoveryAll  = 0.30
)

// discover finds the levels of open columns under privacy and returns the table.
func (r *run) discover() (*microdata.Table, error) {
	n := len(r.file.Open)
	if n == 0 {
		return r.file.Table, nil
	}
	each := r.spend.Cost.Precision * dp.Precision(min(discoveryEach, discoveryAll/float64(n)))
	kept := make([][]string, n)
	for i := range r.file.Open {
		o := &r.file.Open[i]
		named, err := dp.Discover(dp.Histogram{Counts: o.Counts()}, each, r.spend.Cost.Thresholds/dp.Delta(n), r.budget, r.Noise)
		if err != nil {
			return nil, fmt.Errorf("finding the levels of column %q: %w", o.Name, err)
		}
		for v, value := range o.Values() {
			if named[v] {
				kept[i] = append(kept[i], value)
			}
		}
		r.result.Found = append(r.result.Found, Found{o.Name, len(kept[i])})
	}
	return r.file.Close(kept)
}

func (r *run) fit(ctx context.Context, t *microdata.Table, seed uint64) (*synth.Model, error) {
	m, err := dp.Open(microdata.NewCounter(t, r.Workers), r.budget, r.Noise, dp.Options{})
	if err != nil {
		return nil, err
	}
	o := synth.Options{Workers: r.Workers, Seed: seed, Rules: r.rules.Never(), Fabrication: r.Fabrication,
		Progress: func(stage string, done, total int) { r.tell(stage, int64(done), int64(total)) }}
	if r.file.Profile != nil {
		o.Publish = r.file.Profile.Cliques(t.Domain())
	}
	if o.Earlier, err = r.earlier(t.Domain()); err != nil {
		return nil, err
	}
	return synth.Fit(ctx, m, o)
}

// seed returns the seed of what is drawn after the noise.
func (r *run) seed() (uint64, error) {
	if r.Seed != nil {
		return *r.Seed, nil
	}
	var b [8]byte
	if _, err := io.ReadFull(r.Noise, b[:]); err != nil {
		return 0, fmt.Errorf("no randomness: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// abandon notes that the run failed. It does so even where ctx has ended.
func (r *run) abandon(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = errors.Join(ctx.Err(), err)
	}
	_ = r.Ledger.End(context.WithoutCancel(ctx), r.spend.Number, Abandoned, wholeSeconds(r.Now())) // Started says enough
	return &AfterSpend{r.spend, err}
}

// finish notes that the run is done, and writes the custodian's report.
func (r *run) finish(ctx context.Context) (*Result, error) {
	cancellable := ctx
	ctx = context.WithoutCancel(ctx) // what is out is out
	res := &r.result
	at := wholeSeconds(r.Now())
	if err := r.Ledger.End(ctx, r.spend.Number, Finished, at); err == nil {
		r.spend.State, r.spend.Ended = Finished, at
	}
	res.Population, res.Spend, res.PrivacyUnit = r.Population, r.spend, r.unit()
	if r.drawn != nil {
		res.Rows = len(r.drawn[0])
	}
	if r.file.Profile != nil {
		res.Profile = r.file.Profile.ID
	}
	if a, err := r.Ledger.Account(ctx, r.Population); err == nil {
		res.Left = a.Left()
	}
	if r.Pub != nil {
		res.Report, res.ReportErr = r.compare(cancellable)
		r.took(Comparing)
	}
	return res, nil
}

// unit says whom the noise protects.
func (r *run) unit() catalog.PrivacyUnit {
	if r.file.PersonCollapsed {
		return catalog.UnitPerson
	}
	return catalog.UnitRow
}

// took notes how long a stage lasted.
func (r *run) took(stage string) {
	now := time.Now()
	r.result.Seconds = append(r.result.Seconds, Seconds{stage, now.Sub(r.since)})
	r.since = now
}
