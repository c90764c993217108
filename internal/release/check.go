package release

import (
	"errors"
	"fmt"
	"math"

	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth"
)

// released is what is about to leave, all of it made from noisy counts.
type released struct {
	domain  *microdata.Domain
	total   float64 // noisy number of people
	tables  []synth.Table
	records [][]uint16
	rules   *rules.Set
	dial    synth.Fabrication
}

// check checks released values, rules and schema only: there is no look at the
// input, so that refusing says nothing about it. A fault here is one of the
// program.
func (r released) check() error {
	d := r.domain
	if len(r.records) != d.Len() || d.Len() == 0 {
		return errors.New("release: the records have other columns than the domain")
	}
	rows := len(r.records[0])
	for i, column := range r.records {
		if len(column) != rows {
			return fmt.Errorf("release: column %q has another number of rows than the first", d.Column(i).Name)
		}
		for _, c := range column {
			if int(c) >= d.Size(i) {
				return fmt.Errorf("release: column %q holds a code outside its levels", d.Column(i).Name)
			}
		}
	}
	// A strict output may drop records that break a rule once values are given up.
	if want := max(math.Floor(r.total+0.5), 1); float64(rows) != want && !(r.dial == synth.Strict && float64(rows) < want) {
		return errors.New("release: the number of rows is not the noisy total")
	}
	if _, broken := r.ruleFigures(); broken {
		return errors.New("release: a record breaks a rule")
	}
	for _, t := range r.tables {
		cells := t.Clique.Cells(coarseSizes(d.Sizes(), t))
		if len(t.Noisy) != cells || len(t.Fitted) != cells {
			return fmt.Errorf("release: table %v has %d counts for %d cells", t.Clique, len(t.Noisy), cells)
		}
		if !(t.Variance > 0) || math.IsInf(t.Variance, 0) {
			return fmt.Errorf("release: table %v has no variance", t.Clique)
		}
		for _, f := range t.Fitted {
			if !(f >= 0) || math.IsInf(f, 0) {
				return fmt.Errorf("release: table %v has a projected count that is none", t.Clique)
			}
		}
	}
	return nil
}
