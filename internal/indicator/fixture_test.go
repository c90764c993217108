package indicator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

// sample is a small dataset: true codes, the domain, and the tables published.
type sample struct {
	domain *microdata.Domain
	rows   [][]uint16 // row → codes
	tables []*catalog.Table
	steps  []*microdata.Coarsening
	index  *Index
}

func levels(values ...string) (out []microdata.Level) {
	for _, v := range values {
		l := microdata.Level{Value: v}
		if v == "" {
			l.Missing = microdata.Unknown
		}
		out = append(out, l)
	}
	return out
}

// sampleDomain has awkward names and values: signs of the grammar, blanks,
// columns called like parameters.
func sampleDomain(t testing.TB) (*microdata.Domain, []*microdata.Coarsening) {
	t.Helper()
	countries := levels("XA", "XB", "XC", "XD", "XE", "")
	countries[0].Label = microdata.Text{"es": "Arenal", "en": "Sandland"}
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "gender", Label: microdata.Text{"es": "Género", "en": "Gender"}, Levels: levels("Female", "Male", "Trans/NonConf", "")},
		{Name: "year", Label: microdata.Text{"es": "Año", "en": "Year"}, Levels: levels("2015", "2016", "2017", "2018", "")},
		{Name: "country", Label: microdata.Text{"es": "País", "en": "Country"}, Levels: countries},
		{Name: "by", Levels: levels("a~b", "_", "!", "x y&z=ñ", "")},
		{Name: "~,!", Levels: levels("1", "")},
		{Name: "ageBroad", Label: microdata.Text{"es": "Grupo de edad", "en": "Age group"}, Levels: levels("0--8", "09--17", "18+")},
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := make([]*microdata.Coarsening, d.Len())
	steps[2] = &microdata.Coarsening{Levels: []microdata.Level{{Value: "XA"}, {Value: "XB"}, {Value: "rest", Label: microdata.Text{"es": "resto", "en": "rest"}}, {Value: "", Missing: microdata.Unknown}},
		Of: []uint16{0, 1, 2, 2, 2, 3}}
	return d, steps
}

// newSample draws rows and publishes all single columns and some pairs, the pairs
// over coarsened countries, with noise of the given variance.
func newSample(t testing.TB, rows int, variance float64, seed uint64) *sample {
	t.Helper()
	d, steps := sampleDomain(t)
	s := &sample{domain: d, steps: steps}
	r := rand.New(rand.NewPCG(seed, 3))
	for range rows {
		row := make([]uint16, d.Len())
		for a := range row {
			row[a] = uint16(min(r.IntN(d.Size(a)), r.IntN(d.Size(a))))
		}
		s.rows = append(s.rows, row)
	}
	number := 0
	add := func(variance float64, steps []*microdata.Coarsening, c ...int) {
		number++
		var coarse []*microdata.Coarsening
		for _, a := range c {
			coarse = append(coarse, steps[a])
		}
		noisy := s.count(c, coarse)
		for i := range noisy {
			noisy[i] += int64(math.Round(r.NormFloat64() * math.Sqrt(variance)))
		}
		table, err := catalog.NewTable(number, d, c, coarse, catalog.Counts{Noisy: noisy, Variance: variance})
		if err != nil {
			t.Fatal(err)
		}
		s.tables = append(s.tables, table)
	}
	for a := range d.Len() {
		add(variance, make([]*microdata.Coarsening, d.Len()), a)
	}
	for _, p := range [][2]int{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {3, 4}, {2, 5}} {
		add(2*variance, steps, p[0], p[1])
	}
	dir := t.TempDir()
	catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, s.tables, map[string]string{"data.csv": "x\n"})
	s.index = openIndex(t, dir)
	return s
}

func openIndex(t testing.TB, dir string) *Index {
	t.Helper()
	c, err := catalog.Open(dir, catalogtest.Key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bundle("victims", 0)
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(b, Options{Namer: func(column, value, lang string) string {
		if column == "country" && value == "XB" {
			return "Bahía-" + lang
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// count counts true rows over possibly coarsened columns.
func (s *sample) count(c []int, coarse []*microdata.Coarsening) []int64 {
	sizes := make([]int, len(c))
	cells := 1
	for i, a := range c {
		if sizes[i] = s.domain.Size(a); coarse[i] != nil {
			sizes[i] = len(coarse[i].Levels)
		}
		cells *= sizes[i]
	}
	out := make([]int64, cells)
	for _, row := range s.rows {
		at := 0
		for i, a := range c {
			l := int(row[a])
			if coarse[i] != nil {
				l = int(coarse[i].Of[l])
			}
			at = at*sizes[i] + l
		}
		out[at]++
	}
	return out
}

// randomState asks for anything that exists, sensible or not.
func (s *sample) randomState(r *rand.Rand) State {
	st := State{View: []string{ViewBar, ViewTable}[r.IntN(2)], Version: r.IntN(2), Filters: map[string][]string{}}
	columns := r.Perm(s.domain.Len())
	for _, a := range columns[:1+r.IntN(2)] {
		st.By = append(st.By, s.domain.Column(a).Name)
	}
	for range r.IntN(3) {
		c := s.domain.Column(columns[r.IntN(3)])
		choices := s.index.Levels(c.Name)
		var values []string
		for range 1 + r.IntN(len(choices)) {
			values = append(values, choices[r.IntN(len(choices))].Value)
		}
		st.Filters[c.Name] = values
	}
	return st
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

func key(parts ...any) string { return fmt.Sprintln(parts...) }

// wide publishes a dataset of the size of the CTDC file: 37 columns, one of 250
// levels, and the pairs of the largest.
func wide(t testing.TB) *Index {
	t.Helper()
	var columns []microdata.Column
	for a := range 37 {
		n := 2
		if a < 2 {
			n = 250
		}
		if a == 2 {
			n = 20
		}
		c := microdata.Column{Name: "c" + strconv.Itoa(a)}
		for l := range n {
			c.Levels = append(c.Levels, microdata.Level{Value: strconv.Itoa(l)})
		}
		columns = append(columns, c)
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	var tables []*catalog.Table
	r := seeded(1)
	add := func(c ...int) {
		noisy := make([]int64, microdata.Clique(c).Cells(d.Sizes()))
		for i := range noisy {
			noisy[i] = r.Int64N(2000) - 300
		}
		table, err := catalog.NewTable(len(tables)+1, d, c, nil, catalog.Counts{Noisy: noisy, Variance: 200})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	for a := range 37 {
		add(a)
		if a > 0 {
			add(0, a)
		}
	}
	dir := t.TempDir()
	catalogtest.Add(t, dir, catalogtest.Manifest("victims"), d, tables, map[string]string{"data.csv": "x\n"})
	return openIndex(t, dir)
}
