package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"amparo/dp"
	"amparo/internal/catalog"
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
	Named     []NamedSet // that the file's standard wants to see by themselves
	Subgroups []SubgroupTable
	Coverage  evaluate.Coverage
	Attacks   Attacks
	Open      []OpenFigures
	Rules     int // how many
	Mended    Mended
}

// OrderDistance is the distance over all sets of so many columns, beside that of
// the independent model and a fresh sample, and what became of the combinations.
type OrderDistance struct {
	evaluate.Comparison
	Worst []NamedSet
}

// A NamedSet is a set of columns with their names.
type NamedSet struct {
	evaluate.Set
	Names  []string
	Labels []microdata.Text
}

// Lost counts the subgroups without any synthetic record.
func (p *CustodianReport) Lost() (n int) {
	for _, t := range p.Subgroups {
		for _, r := range t.Rows {
			if r.Synthetic == 0 {
				n++
			}
		}
	}
	return n
}

// A SubgroupTable compares the people of each level of a column.
type SubgroupTable struct {
	Column string
	Label  microdata.Text
	Rows   []SubgroupRow // the largest first
}

// A SubgroupRow is a subgroup with the name of its level.
type SubgroupRow struct {
	evaluate.Subgroup
	Value string
	Text  microdata.Text
}

// Attacks are the trials of what can be learned of people.
type Attacks struct {
	Membership []MembershipFigures
	Near       []evaluate.Near
	Singling   []evaluate.Singling
	Inferred   []InferredFigures
}

// MembershipFigures hold an attack on membership beside what the best of all
// attackers could reach, were he wrong as often as the upper end of the control's
// interval says.
type MembershipFigures struct {
	evaluate.Accusation
	Best float64
}

// InferredFigures hold an attack on one column with its name.
type InferredFigures struct {
	evaluate.Inferred
	Name  string
	Label microdata.Text
}

// OpenFigures says how much private discovery left out.
type OpenFigures struct {
	Column       string
	Values, Kept int
}

// A subgroup has at least so many people; a column without a standard that names
// subgroups has at most so many levels.
const (
	leastSubgroup  = 100
	mostSubgrouped = 3
)

// compare writes the custodian's report into the private folder and returns the
// path of the first language's page.
func (r *run) compare(ctx context.Context) (string, error) {
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
	steps := []func(context.Context, *microdata.Table, *CustodianReport) error{r.distances, r.coverage, r.attacks}
	for i, step := range steps {
		r.tell(Comparing, int64(i), int64(len(steps)))
		if err := step(ctx, drawn, p); err != nil {
			return "", err
		}
	}
	return p.save(r.Pub.Reports)
}

// distances fills in Distances, Subgroups and Named.
func (r *run) distances(ctx context.Context, drawn *microdata.Table, p *CustodianReport) error {
	d, real, synthetic := drawn.Domain(), microdata.NewCounter(r.file.Table, r.Workers), microdata.NewCounter(drawn, r.Workers)
	for order := 1; order <= min(3, d.Len()); order++ {
		var by []int
		if order > 1 && order == min(3, d.Len()) {
			by = r.subgrouped(d)
		}
		c, groups, err := evaluate.Subgroups(ctx, real, synthetic, order, by, leastSubgroup)
		if err != nil {
			return err
		}
		p.Distances = append(p.Distances, OrderDistance{c, named(d, c.Worst)})
		p.group(d, groups)
	}
	if r.file.Profile == nil {
		return nil
	}
	shown, err := evaluate.Measure(ctx, real, synthetic, r.file.Profile.ShownCliques(d))
	p.Named = named(d, shown)
	return err
}

func named(d *microdata.Domain, sets []evaluate.Set) (out []NamedSet) {
	for _, s := range sets {
		n := NamedSet{Set: s}
		for _, a := range s.Columns {
			n.Names = append(n.Names, d.Column(a).Name)
			n.Labels = append(n.Labels, d.Column(a).Label)
		}
		out = append(out, n)
	}
	return out
}

// group takes subgroups into Subgroups, by column.
func (p *CustodianReport) group(d *microdata.Domain, found []evaluate.Subgroup) {
	for _, s := range found {
		c := d.Column(s.Column)
		if n := len(p.Subgroups); n == 0 || p.Subgroups[n-1].Column != c.Name {
			p.Subgroups = append(p.Subgroups, SubgroupTable{Column: c.Name, Label: c.Label})
		}
		t := &p.Subgroups[len(p.Subgroups)-1]
		t.Rows = append(t.Rows, SubgroupRow{s, c.Levels[s.Level].Value, c.Levels[s.Level].Label})
	}
}

// subgrouped returns the columns that the standard names, else those of fewest
// levels, two at least.
func (r *run) subgrouped(d *microdata.Domain) (out []int) {
	if r.file.Profile != nil {
		if out = r.file.Profile.SubgroupColumns(d); len(out) > 0 {
			return out
		}
	}
	for a := range d.Len() {
		if d.Size(a) > 1 {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(d.Size(a), d.Size(b)) })
	return out[:min(len(out), mostSubgrouped)]
}

// published returns the tables that everybody sees.
func (r *run) published() (out []evaluate.Table) {
	for _, t := range r.model.Tables() {
		out = append(out, evaluate.Table{Clique: t.Clique, Coarse: t.Coarse, Noisy: t.Noisy, Variance: t.Variance})
	}
	return out
}

// coverage fills in Coverage.
func (r *run) coverage(ctx context.Context, _ *microdata.Table, p *CustodianReport) (err error) {
	p.Coverage, err = evaluate.Cover(ctx, microdata.NewCounter(r.file.Table, r.Workers), r.published(), catalog.Z)
	return err
}

// attacks fills in Attacks. The same version attacks the same people.
func (r *run) attacks(ctx context.Context, drawn *microdata.Table, p *CustodianReport) error {
	a := evaluate.Attack{Real: r.file.Table, Synthetic: drawn, Seed: uint64(p.Version), Workers: r.Workers}
	members, err := evaluate.Membership(ctx, a, r.published())
	if err != nil {
		return err
	}
	for _, m := range members {
		_, wrong := m.Control.Interval()
		p.Attacks.Membership = append(p.Attacks.Membership, MembershipFigures{m, dp.TruePositives(r.spend.Cost.Mu(), wrong)})
	}
	if p.Attacks.Singling, err = evaluate.SinglingOut(ctx, a); err != nil {
		return err
	}
	near, inferred, err := evaluate.Search(ctx, a)
	p.Attacks.Near = near
	for _, f := range inferred {
		c := drawn.Domain().Column(f.Column)
		p.Attacks.Inferred = append(p.Attacks.Inferred, InferredFigures{f, c.Name, c.Label})
	}
	return err
}

// save writes the report's pages, readable by the owner only.
func (p *CustodianReport) save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the custodian's report cannot be written: %w", plainPath(err))
	}
	// A version of the same name, of another catalog, keeps its report.
	again := ""
	name := func(lang string) string {
		return filepath.Join(dir, fmt.Sprintf("%s-%d%s.custodian.%s.html", p.Dataset, p.Version, again, lang))
	}
	for n := 2; ; n++ {
		if _, err := os.Lstat(name(Languages[0])); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", fmt.Errorf("the custodian's report cannot be written: %w", plainPath(err))
		}
		again = fmt.Sprintf(".%d", n)
	}
	for _, lang := range Languages {
		f, err := os.OpenFile(name(lang), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
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
	return page(w, "custodian.html", lang, p, p.charts(phrases(lang)))
}
