package release

import (
	"fmt"
	"path/filepath"
	"slices"

	"amparo/internal/catalog"
	"amparo/microdata"
	"amparo/synth"
)

// An Earlier release of the very same people: its noisy tables feed the fit at no
// cost, for they were paid for then.
type Earlier struct {
	Name   string // dataset/version
	Used   bool   // not, where its single columns tell of other people or no column is the same
	Tables int    // of them that this run's columns and levels can take in
}

// readEarlier opens the releases that Request.Earlier names. It refuses one that
// cannot be trusted, is withdrawn, or is of other people or another unit.
func (r *run) readEarlier() (out []*catalog.Bundle, err error) {
	for _, dir := range r.Earlier {
		report := catalog.Verify(dir, r.Trusted...)
		if !report.OK() {
			return nil, refuse("amparo verify says all that is wrong with it; nothing was spent", "an earlier release cannot be used: %s", report.Faults[0].Text)
		}
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		c, err := catalog.Open(filepath.Dir(filepath.Dir(dir)), r.Trusted...)
		if err != nil {
			return nil, err
		}
		b, err := c.Bundle(report.Dataset, report.Version)
		if err != nil {
			return nil, err
		}
		switch m := b.Manifest(); {
		case m.Population != r.Population:
			return nil, refuse("name releases of population "+r.Population+"; nothing was spent", "an earlier release is of another population")
		case m.PrivacyUnit != r.unit():
			return nil, refuse("give --person as it was given then, or leave it out; nothing was spent", "an earlier release takes another unit for a person")
		}
		out = append(out, b)
	}
	return out, nil
}

// earlier returns the tables of the earlier releases that speak of columns and levels
// of d, release by release, and notes them in the result.
func (r *run) earlier(d *microdata.Domain) (out [][]synth.Table, err error) {
	for _, b := range r.bundles {
		var tables []synth.Table
		for _, e := range b.Codebook().Tables {
			t, ok := tableShape(d, b.Codebook(), e)
			if !ok {
				continue
			}
			counts, err := b.Table(e.ID)
			if err != nil {
				return nil, fmt.Errorf("an earlier release: %w", err)
			}
			t.Noisy, t.Variance = counts.Noisy, counts.Variance
			tables = append(tables, t)
		}
		m := b.Manifest()
		r.result.Earlier = append(r.result.Earlier, Earlier{Name: fmt.Sprintf("%s/%d", m.Dataset, m.Version), Tables: len(tables)})
		out = append(out, tables)
	}
	return out, nil
}

// noteEarlier notes which earlier releases fed the fit.
func (r *run) noteEarlier() {
	for i, used := range r.model.Recalled() {
		e := &r.result.Earlier[i]
		e.Used = used && e.Tables > 0
	}
}

// tableShape returns an earlier table without its counts, as one over d, where d has
// the same columns with the same levels.
func tableShape(d *microdata.Domain, book *catalog.Codebook, e catalog.TableEntry) (t synth.Table, ok bool) {
	if len(e.Columns) > 2 {
		return t, false
	}
	for _, c := range e.Columns {
		a := slices.Index(d.Names(), c.Name)
		then, known := book.Column(c.Name)
		if a < 0 || !known || !slices.EqualFunc(d.Column(a).Levels, then.Levels, sameLevel) {
			return t, false
		}
		t.Clique = append(t.Clique, a)
		var coarse *microdata.Coarsening
		if c.Of != nil {
			coarse = &microdata.Coarsening{Name: "merged", Levels: c.Levels, Of: c.Of}
		}
		t.Coarse = append(t.Coarse, coarse)
	}
	return t, len(t.Clique) == 1 || t.Clique[0] < t.Clique[1]
}

func sameLevel(a, b microdata.Level) bool { return a.Value == b.Value && a.Missing == b.Missing }
