package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"

	"amparo/internal/release"
	"amparo/microdata"
	"amparo/microdata/anonymity"
	"amparo/microdata/tabular"
)

// quasiFlags name the quasi-identifiers of a file.
type quasiFlags struct {
	fileFlags `embed:""`
	Quasi     []string `required:"" placeholder:"A,B" help:"Columns that someone outside may know of a person."`
	K         int      `default:"11" help:"Least records that share their quasi-identifiers. Default ${default}."`
}

type anonymizeCommand struct {
	quasiFlags  `embed:""`
	Sensitive   string  `placeholder:"COL" help:"Column that --l and --t are about."`
	L           int     `placeholder:"N" help:"l-diversity: least different sensitive values in a class."`
	Entropy     bool    `help:"Ask for an entropy of log l in place of l different values."`
	T           float64 `type:"number" placeholder:"D" help:"t-closeness: most that a class's sensitive values may differ from the file's, in total variation distance, from 0 to 1."`
	Hierarchies string  `placeholder:"DIR" help:"Folder of hierarchies, COLUMN.csv: a line a value and what it becomes. Default: those of a recognised standard; else a column is kept whole or not at all."`
	Suppress    float64 `type:"number" default:"0" help:"Largest share of records whose quasi-identifiers may be suppressed. Default ${default}."`
	Out         string  `required:"" placeholder:"FILE" help:"Custodian's file to write. It cannot be published."`
	Force       bool    `help:"Replace the output file if it is there."`
}

// anonymized says what was done, beside the file and with --json: for the custodian.
type anonymized struct {
	Notice     microdata.Text  `json:"notice"`
	File       string          `json:"file"`
	K          int             `json:"k"`
	L          int             `json:"l,omitempty"`
	T          float64         `json:"t,omitempty"`
	Heights    map[string]int  `json:"heights"`
	Loss       float64         `json:"loss"`
	Suppressed int             `json:"suppressed_records"`
	Classes    int             `json:"classes"`
	Nodes      int             `json:"nodes"`
	Checked    int             `json:"nodes_checked"`
	Before     *anonymity.Risk `json:"risk_before"`
}

// Help says what the flags do not.
func (*anonymizeCommand) Help() string {
	return missingHelp + "\n\nA value that is suppressed, or that could be any, is written *, for a blank would say that nothing was stated. " +
		"Beside the file stands its label, FILE" + label + ": a file beside its label is not taken by release, synthesize and tables."
}

// Help says what the flags do not.
func (*riskCommand) Help() string { return missingHelp }

const missingHelp = "A missing value is a value of its own, each kind apart: who has it hides among others who have it, not among everybody."

// label ends the name of the label of a custodian's file.
const label = ".custodian.json"

// unlabelled refuses a file that carries the label of a custodian's file.
func unlabelled(file string) error {
	if _, err := os.Stat(file + label); err == nil {
		return advise("give the records that it was made from: release protects them itself", "a label beside the input says that it is a custodian's file, made by amparo anonymize: it cannot be published")
	}
	return nil
}

var custodianNotice = microdata.Text{
	"es": "Archivo para la custodia. No es anónimo en el sentido de la ley y no se puede publicar: no protege de lo que alguien sepa por otra vía, ni del próximo archivo de las mismas personas.",
	"en": "A custodian's file. It is not anonymous in the sense of the law and cannot be published: it does not protect against what someone knows by another way, or against the next file of the same people.",
}

func (c *anonymizeCommand) Run(p *program) error {
	if c.K < 2 || c.Suppress < 0 || c.Suppress >= 1 || c.T < 0 || c.T > 1 || c.L < 0 {
		return usage{advise("for example --k 11 --suppress 0.02", "k is at least 2, l not negative, t from 0 to 1, the share suppressed from 0 to below 1")}
	}
	file, err := c.read(p)
	if err != nil {
		return err
	}
	table, quasi, err := c.table(file, c.Hierarchies)
	if err != nil {
		return err
	}
	o := anonymity.Options{K: c.K, L: c.L, T: c.T, EntropyL: c.Entropy, Suppress: c.Suppress, Sensitive: -1}
	if c.Sensitive != "" {
		i, ok := table.Domain().Index(c.Sensitive)
		if !ok {
			return advise("amparo inspect lists the columns", "--sensitive names no column of the file")
		}
		o.Sensitive = i
	}
	before, err := anonymity.Measure(table, quasi, c.K, 0)
	if err != nil {
		return err
	}
	show := p.progress()
	o.Progress = func(done, nodes int) {
		show.step(release.Progress{Stage: "searching the lattice", Done: int64(done), Total: int64(nodes)})
	}
	found, err := anonymity.Search(p, table, quasi, o)
	show.end()
	if err != nil {
		return advice{err, "allow more to be suppressed, ask for less, or name fewer quasi-identifiers"}
	}
	report := anonymized{Notice: custodianNotice, File: filepath.Base(c.Out), K: c.K, L: c.L, T: c.T, Heights: map[string]int{}, Loss: found.Loss,
		Classes: found.Classes, Nodes: found.Nodes, Checked: found.Checked, Before: before}
	for i, a := range quasi {
		report.Heights[table.Domain().Column(a).Name] = found.Heights[i]
	}
	for _, s := range found.Suppressed {
		if s {
			report.Suppressed++
		}
	}
	if err := c.write(table, file.Delimiter, found, report); err != nil {
		return err
	}
	if c.JSON {
		return p.object(report)
	}
	p.say("wrote %s: for the custodian only, it cannot be published", c.Out)
	p.say("  classes     %d of at least %d records; before, %d of %d records stood in smaller ones", found.Classes, c.K, before.RowsUnderK, before.Rows)
	p.say("  suppressed  the quasi-identifiers of %d records", report.Suppressed)
	p.say("  loss        %.4f (0: as given; 1: all suppressed), the least of %d generalisations", found.Loss, found.Nodes)
	for i, a := range quasi {
		p.say("  %s: height %d of %d", table.Domain().Column(a).Name, found.Heights[i], anonymity.Heights(table.Domain().Column(a))-1)
	}
	return nil
}

// write writes the file and, beside it, what it is.
func (c *anonymizeCommand) write(t *microdata.Table, delimiter byte, found *anonymity.Result, report anonymized) error {
	d, codes, err := anonymity.Apply(t, found)
	if err != nil {
		return err
	}
	beside := &release.Output{Path: c.Out + label, Force: true, Private: true}
	out := &release.Output{Path: c.Out, Force: c.Force, Private: true}
	if err := out.Write(c.File, func(w io.Writer) error { return tabular.Write(w, d, codes, delimiter) }); err != nil {
		return err
	}
	return beside.Write(c.File, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "\t")
		return e.Encode(report)
	})
}

type riskCommand struct {
	quasiFlags `embed:""`
	Population int `placeholder:"N" help:"People that the file is a sample of, to estimate who is unique among them."`
}

func (c *riskCommand) Run(p *program) error {
	if c.K < 2 || c.Population < 0 {
		return usage{advise("for example --k 11 --population 200000", "k is at least 2, and a population not negative")}
	}
	file, err := c.read(p)
	if err != nil {
		return err
	}
	table, quasi, err := c.table(file, "")
	if err != nil {
		return err
	}
	r, err := anonymity.Measure(table, quasi, c.K, c.Population)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.object(r)
	}
	p.say("for the custodian's eyes only: exact figures of the file")
	p.say("records        %d in %d classes, %.1f each on average", r.Rows, r.Classes, 1/r.Mean)
	p.say("smallest class %d; %d records stand alone", r.Smallest, r.Uniques)
	p.say("under %-8d %d classes, with %d records", r.K, r.ClassesUnderK, r.RowsUnderK)
	p.say("chance         to pick the right record: at most %.3g, on average %.3g", r.Highest, r.Mean)
	if r.Population > 0 {
		p.say("uniques        about %.0f %% of those who stand alone do so among %d people, too", 100*r.PopulationUniques, r.Population)
	}
	return nil
}

// read reads the file with the levels that it holds.
func (c *quasiFlags) read(p *program) (*tabular.File, error) {
	domain, err := c.domain()
	if err != nil {
		return nil, err
	}
	f, size, err := release.OpenInput(c.File, c.Encoding)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	show := p.progress()
	defer show.end()
	return tabular.Read(p, f, size, tabular.Options{Domain: domain, Drop: c.Drop, Allow: c.Allow, Person: c.Person, Workers: workers(),
		Progress: func(done, total int64) { show.step(release.Progress{Stage: release.Reading, Done: done, Total: total}) }})
}

// table closes the file over its own values, gives the quasi-identifiers their
// hierarchies, and returns their places.
func (c *quasiFlags) table(file *tabular.File, folder string) (*microdata.Table, []int, error) {
	t := file.Table
	if t == nil {
		var kept [][]string
		for _, o := range file.Open {
			kept = append(kept, o.Values())
		}
		var err error
		if t, err = file.Close(kept); err != nil {
			return nil, nil, err
		}
	}
	d := t.Domain()
	var quasi []int
	for _, name := range c.Quasi {
		i, ok := d.Index(name)
		if !ok || slices.Contains(quasi, i) {
			return nil, nil, advise("amparo inspect lists the columns", "--quasi names a column that the file does not have, that was dropped, or twice the same")
		}
		quasi = append(quasi, i)
	}
	if folder == "" {
		return t, quasi, nil
	}
	columns, found := make([]microdata.Column, d.Len()), 0
	for i := range columns {
		columns[i] = *d.Column(i)
	}
	for _, i := range quasi {
		f, err := os.Open(filepath.Join(folder, filepath.Base(columns[i].Name)+".csv"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, nil, advise("check --hierarchies", "the hierarchy of column %q cannot be read", columns[i].Name)
		}
		found++
		columns[i].Hierarchy, err = tabular.ReadHierarchy(f, &columns[i])
		if f.Close(); err != nil {
			return nil, nil, err
		}
	}
	if found == 0 {
		return nil, nil, advise("it holds a file COLUMN.csv for each, such as age.csv", "--hierarchies names a folder without a hierarchy of any quasi-identifier")
	}
	t, err := anonymity.WithDomain(t, columns)
	return t, quasi, err
}
