package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"amparo/microdata"
	"amparo/synth/evaluate"
)

// A CustodianReport compares the synthetic records with the real ones. Every
// figure in it is a look at the data that no budget paid for: it stays with the
// custodian.
type CustodianReport struct {
	Dataset   string
	Version   int
	Written   time.Time
	Real      int // exact number of rows
	Synthetic int
	Distances []OrderDistance
	Open      []OpenFigures
	Rules     int // how many
	Mended    Mended
}

// OrderDistance is the distance over all sets of so many columns, beside that of
// the independent model and a fresh sample, and what became of the combinations.
type OrderDistance struct {
	evaluate.Comparison
	Columns []string         // names of the columns of the worst set
	Labels  []microdata.Text // theirs
}

// OpenFigures says how much private discovery left out.
type OpenFigures struct {
	Column       string
	Values, Kept int
}

// compare writes the custodian's report into the private folder and returns the
// path of the first language's page.
func (r *run) compare(ctx context.Context) (string, error) {
	r.tell(Comparing, 0, 0)
	d := r.model.Domain()
	drawn, err := microdata.NewTable(d, r.drawn)
	if err != nil {
		return "", err
	}
	p := &CustodianReport{Dataset: r.result.Dataset, Version: r.result.Version, Written: r.Now(), Real: r.file.Table.Rows(), Synthetic: drawn.Rows(), Mended: r.mended}
	if r.rules != nil {
		p.Rules = len(r.rules.Rules)
	}
	for i := range r.file.Open {
		p.Open = append(p.Open, OpenFigures{r.file.Open[i].Name, len(r.file.Open[i].Values()), r.result.Found[i].Levels})
	}
	real, synthetic := microdata.NewCounter(r.file.Table, r.Workers), microdata.NewCounter(drawn, r.Workers)
	for order := 1; order <= min(3, d.Len()); order++ {
		r.tell(Comparing, int64(order-1), 3)
		o, err := distance(ctx, d, real, synthetic, order)
		if err != nil {
			return "", err
		}
		p.Distances = append(p.Distances, *o)
	}
	return p.save(r.Pub.Reports)
}

func distance(ctx context.Context, d *microdata.Domain, real, synthetic microdata.Counter, order int) (*OrderDistance, error) {
	c, err := evaluate.Compare(ctx, real, synthetic, order)
	if err != nil {
		return nil, err
	}
	o := &OrderDistance{Comparison: c}
	for _, a := range c.Synthetic.At {
		o.Columns = append(o.Columns, d.Column(a).Name)
		o.Labels = append(o.Labels, d.Column(a).Label)
	}
	return o, nil
}

// save writes the report's pages, readable by the owner only.
func (p *CustodianReport) save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the custodian's report cannot be written: %w", plainPath(err))
	}
	name := func(lang string) string {
		return filepath.Join(dir, fmt.Sprintf("%s-%d.custodian.%s.html", p.Dataset, p.Version, lang))
	}
	for _, lang := range Languages {
		f, err := os.OpenFile(name(lang), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return "", fmt.Errorf("the custodian's report cannot be written: %w", plainPath(err))
		}
		if err := errors.Join(f.Chmod(0o600), p.HTML(f, lang), f.Close()); err != nil {
			return "", fmt.Errorf("the custodian's report cannot be written: %w", plainPath(err))
		}
	}
	return name(Languages[0]), nil
}

// HTML writes the report as one page that needs nothing else.
func (p *CustodianReport) HTML(w io.Writer, lang string) error {
	return page(w, "custodian.html", lang, p)
}
