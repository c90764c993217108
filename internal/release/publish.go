package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/microdata"
	"amparo/microdata/tabular"
	"amparo/synth"
)

// publish writes the bundle from the model's noisy counts and the drawn records,
// and commits it. Nothing here can see the input.
func (r *run) publish(ctx context.Context) error {
	d := r.model.Domain()
	tables, err := bundleTables(d, r.model.Tables())
	if err != nil {
		return err
	}
	if err := r.stage.WriteTables(d, tables); err != nil {
		return publishError(err)
	}
	err = r.put("data.csv", func(w io.Writer) error { return tabular.Write(w, d, r.drawn, ',') })
	if err != nil {
		return publishError(err)
	}
	if err := r.stage.WriteParquet(d, r.drawn); err != nil {
		return publishError(err)
	}
	m := r.manifest()
	if err := r.putReports(r.report(m)); err != nil {
		return publishError(err)
	}
	r.tell(Publishing, 0, 0)
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := r.stage.Commit(m, r.signer)
	if err != nil {
		return publishError(err)
	}
	res := &r.result
	res.Path, res.Dataset, res.Version, res.Manifest = p.Dir, p.Dataset, p.Version, p.Manifest
	res.Tables, res.Key = len(tables), r.signer.Public()
	return nil
}

// bundleTables turns the model's tables into those of a bundle.
func bundleTables(d *microdata.Domain, from []synth.Table) (out []*catalog.Table, err error) {
	for i, t := range from {
		b, err := catalog.NewTable(i+1, d, t.Clique, t.Coarse, catalog.Counts{Noisy: t.Noisy, Variance: t.Variance, Projected: t.Fitted})
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// coarseSizes returns the sizes of all columns with those of t's clique as t has
// them.
func coarseSizes(sizes []int, t synth.Table) []int {
	for i, a := range t.Clique {
		if i < len(t.Coarse) && t.Coarse[i] != nil {
			sizes[a] = len(t.Coarse[i].Levels)
		}
	}
	return sizes
}

func (r *run) put(name string, fill func(io.Writer) error) error {
	w, err := r.stage.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(w), w.Close())
}

func (r *run) putReports(p *Report) error {
	for _, lang := range Languages {
		if err := r.put("report."+lang+".html", func(w io.Writer) error { return p.HTML(w, lang) }); err != nil {
			return err
		}
	}
	return r.put("report.json", func(w io.Writer) error {
		text, err := json.MarshalIndent(p, "", "\t")
		if err != nil {
			return err
		}
		_, err = io.Copy(w, bytes.NewReader(append(text, '\n')))
		return err
	})
}

// publishable refuses, before anything is spent, what no manifest and no codebook
// could say: texts of the custodian, names of columns and public levels.
func (r *run) publishable() error {
	d, _, err := r.file.PublicDomain()
	if err != nil {
		return err
	}
	m := r.about(d)
	m.Format, m.Version, m.Mu = catalog.Format, 1, 1 // not known yet, and sound
	book := catalog.Codebook{}
	for i := range d.Len() {
		book.Columns = append(book.Columns, *d.Column(i))
	}
	if _, err = book.Marshal(); err == nil {
		err = m.Check()
	}
	if err != nil {
		return &Refusal{err, "a title is given in es or en; names are one line of plain text, those of columns too; nothing was spent"}
	}
	return nil
}

// manifest returns what the manifest says of the release.
func (r *run) manifest() catalog.Manifest {
	m := r.about(r.model.Domain())
	m.Mu, m.Rows, m.Version = float64(r.spend.Cost.Mu()), len(r.drawn[0]), r.stage.Version()
	return m
}

// about returns what the manifest says that is known before noise is drawn.
func (r *run) about(d *microdata.Domain) catalog.Manifest {
	m := catalog.Manifest{
		Title: r.Pub.Title, Description: r.Pub.Description, Coverage: r.Pub.Coverage,
		Publisher: r.Pub.Publisher, License: r.Pub.License, Fictional: r.Pub.Fictional,
		Created: wholeSeconds(r.Now()), Method: catalog.GaussianSynthesis,
		Epsilon: float64(r.Epsilon), Delta: float64(r.Delta),
		PrivacyUnit: r.unit(), Population: r.Population, Columns: d.Names(),
		Dropped: r.file.Dropped, Allowed: r.file.Allowed, Code: r.Code, SignedBy: 1, Dataset: r.Pub.Dataset,
	}
	for _, e := range r.result.Earlier {
		if e.Used {
			m.Earlier = append(m.Earlier, e.Name)
		}
	}
	if p := r.file.Profile; p != nil {
		m.Profile = p.ID
		m.Fictional = m.Fictional || p.Fictional
	}
	if len(m.Title) == 0 {
		m.Title = r.defaultTitle()
	}
	if len(m.Description) == 0 {
		m.Description = microdata.Text{
			"es": "Registros sintéticos y tablas con ruido, protegidos con privacidad diferencial. Ninguna fila es de una persona.",
			"en": "Synthetic records and noisy tables, protected by differential privacy. No row is a person's.",
		}
	}
	return m
}

func (r *run) defaultTitle() microdata.Text {
	if p := r.file.Profile; p != nil {
		return microdata.Text{
			"es": p.Title.In("es", r.Pub.Dataset) + " (datos sintéticos)",
			"en": p.Title.In("en", r.Pub.Dataset) + " (synthetic data)",
		}
	}
	return microdata.Text{"es": r.Pub.Dataset, "en": r.Pub.Dataset}
}

// publishError gives hints for what a person can mend.
func publishError(err error) error {
	switch {
	case errors.Is(err, publish.ErrOwed):
		return &Refusal{plainPath(err), "do not run it again: once that is mended, the next release or withdrawal in this catalog puts it in place"}
	case errors.Is(err, publish.ErrFull):
		return &Refusal{publish.ErrFull, "make room and run it again; that spends again"}
	case errors.Is(err, publish.ErrReadOnly):
		return &Refusal{publish.ErrReadOnly, "check the catalog's folder and run it again; that spends again"}
	}
	return plainPath(err)
}
