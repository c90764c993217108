package catalog

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"amparo/microdata"
)

// A Codebook says what the columns and their levels mean, and which tables the
// bundle holds. It comes from public lists and private discovery only.
type Codebook struct {
	Columns []microdata.Column `json:"columns"`
	Tables  []TableEntry       `json:"tables"`
}

// A TableEntry describes one table of a bundle.
type TableEntry struct {
	ID       string        `json:"id"`
	File     string        `json:"file"` // tables/<id>.csv
	Columns  []TableColumn `json:"columns"`
	Variance float64       `json:"variance"` // of the noise of every count
	Role     string        `json:"role"`     // Measured
}

// Measured is the role of a table whose counts are true counts plus noise of
// mean zero: they may be added up, and so may their variances.
const Measured = "measured"

// A TableColumn is a column as one table knows it: its levels may be coarser
// than the codebook's.
type TableColumn struct {
	Name   string            `json:"name"`
	Levels []microdata.Level `json:"levels"`
	// Of says into which of Levels each level of the codebook's column fell.
	// nil: Levels are the codebook's own.
	Of []uint16 `json:"of,omitempty"`
}

// A Table is a table of noisy counts, row-major, the last column fastest.
type Table struct {
	Entry     TableEntry
	Noisy     []int64   // unbiased, may be negative
	Variance  float64   // Entry.Variance
	Projected []float64 // the model's counts: not negative, consistent among tables, biased; may be nil
}

const maxCells = 1 << 22

var notSlug = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// NewTable returns the table of the counts over clique. coarse says how each
// column's levels were merged, nil where they were not; projected may be nil.
// number, from 1, keeps ids apart.
func NewTable(number int, d *microdata.Domain, clique microdata.Clique, coarse []*microdata.Coarsening, counts Counts) (*Table, error) {
	if err := clique.Check(d); err != nil {
		return nil, err
	}
	if len(coarse) != 0 && len(coarse) != len(clique) {
		return nil, fmt.Errorf("catalog: %d coarsenings for a table of %d columns", len(coarse), len(clique))
	}
	id := fmt.Sprintf("%03d", number)
	e := TableEntry{Variance: counts.Variance, Role: Measured}
	for i, a := range clique {
		c := d.Column(a)
		t := TableColumn{Name: c.Name, Levels: c.Levels}
		if len(coarse) > 0 && coarse[i] != nil {
			t.Levels, t.Of = coarse[i].Levels, coarse[i].Of
		}
		e.Columns = append(e.Columns, t)
		if s := strings.Trim(notSlug.ReplaceAllString(strings.Map(bare, c.Name), "-"), "-"); s != "" {
			id += "-" + s[:min(len(s), 40)]
		}
	}
	e.ID = id[:min(len(id), 100)]
	e.File = "tables/" + e.ID + ".csv"
	t := &Table{Entry: e, Noisy: counts.Noisy, Variance: counts.Variance, Projected: counts.Projected}
	return t, t.check()
}

// bare takes the accent off a letter of the region's languages: a file's name is
// ASCII, and Pais reads better than Pa-s.
func bare(r rune) rune {
	const accented, plain = "áàâãäåéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ", "aaaaaaeeeeiiiiooooouuuucnAAAAAAEEEEIIIIOOOOOUUUUCN"
	if i := strings.IndexRune(accented, r); i >= 0 {
		return rune(plain[utf8.RuneCountInString(accented[:i])])
	}
	return r
}

// Counts are the figures of a table.
type Counts struct {
	Noisy     []int64   // Required.
	Variance  float64   // Required.
	Projected []float64 // Default none.
}

func (t *Table) check() error {
	n := t.Entry.cells()
	if len(t.Noisy) != n || t.Projected != nil && len(t.Projected) != n {
		return fmt.Errorf("catalog: table %s: %d counts for %d cells", t.Entry.ID, len(t.Noisy), n)
	}
	if t.Variance != t.Entry.Variance {
		return fmt.Errorf("catalog: table %s: two variances", t.Entry.ID)
	}
	return nil
}

func (e *TableEntry) cells() int {
	n := 1
	for _, c := range e.Columns {
		if n *= len(c.Levels); n > maxCells {
			return math.MaxInt
		}
	}
	return n
}

// Column returns the codebook's column of that name.
func (c *Codebook) Column(name string) (*microdata.Column, bool) {
	for i := range c.Columns {
		if c.Columns[i].Name == name {
			return &c.Columns[i], true
		}
	}
	return nil, false
}

// Marshal returns the codebook as it is written to codebook.json.
func (c *Codebook) Marshal() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return marshal(c, "\t")
}

// ParseCodebook reads codebook.json.
func ParseCodebook(b []byte) (*Codebook, error) {
	c := new(Codebook)
	if err := unmarshal(b, c); err != nil {
		return nil, errors.New("catalog: codebook: not the JSON of a codebook")
	}
	return c, c.check()
}

func (c *Codebook) check() error {
	if _, err := microdata.NewDomain(c.Columns); err != nil {
		return fmt.Errorf("catalog: codebook: %w", err)
	}
	for _, col := range c.Columns {
		if !utf8.ValidString(col.Name) || !validLevels(col.Levels) {
			return fmt.Errorf("catalog: codebook: column %q: text is not UTF-8, or a level holds CRLF", col.Name)
		}
	}
	seen := map[string]bool{}
	for i := range c.Tables {
		e := &c.Tables[i]
		if seen[e.File] || e.File != "tables/"+e.ID+".csv" || !ValidPath(e.File) {
			return fmt.Errorf("catalog: codebook: table %d has a bad or repeated id", i)
		}
		seen[e.File] = true
		if err := c.checkTable(e); err != nil {
			return fmt.Errorf("catalog: codebook: table %s: %w", e.ID, err)
		}
	}
	return nil
}

func (c *Codebook) checkTable(e *TableEntry) error {
	if !(e.Variance > 0) || math.IsInf(e.Variance, 0) {
		return errors.New("the variance of its noise must be positive and finite")
	}
	if e.Role != Measured {
		return errors.New("its role is not known")
	}
	if len(e.Columns) == 0 || e.cells() > maxCells {
		return fmt.Errorf("it has no columns, or more than %d cells", maxCells)
	}
	seen := map[string]bool{}
	for _, t := range e.Columns {
		own, ok := c.Column(t.Name)
		if !ok || seen[t.Name] {
			return fmt.Errorf("column %q is not in the codebook, or stands twice", t.Name)
		}
		seen[t.Name] = true
		if err := checkLevels(own, &t); err != nil {
			return fmt.Errorf("column %q: %w", t.Name, err)
		}
	}
	return nil
}

// checkLevels checks that a table's levels are the column's own or a coarsening
// of them.
func checkLevels(own *microdata.Column, t *TableColumn) error {
	if t.Of == nil {
		if len(t.Levels) != len(own.Levels) {
			return errors.New("levels are not the codebook's")
		}
		for i := range t.Levels {
			if t.Levels[i].Value != own.Levels[i].Value {
				return errors.New("levels are not the codebook's")
			}
		}
		return nil
	}
	as := microdata.Column{Name: own.Name, Levels: own.Levels,
		Hierarchy: []microdata.Coarsening{{Levels: t.Levels, Of: t.Of}}}
	if _, err := microdata.NewDomain([]microdata.Column{as}); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range t.Levels {
		if seen[l.Value] {
			return errors.New("two levels are spelled alike")
		}
		seen[l.Value] = true
	}
	if !validLevels(t.Levels) {
		return errors.New("text is not UTF-8, or a level holds CRLF")
	}
	return nil
}

// validLevels says whether every level is read back from CSV as it was written:
// it is UTF-8, and holds no CRLF, which readers take for one line end.
func validLevels(levels []microdata.Level) bool {
	for _, l := range levels {
		if !utf8.ValidString(l.Value) || strings.Contains(l.Value, "\r\n") {
			return false
		}
	}
	return true
}
