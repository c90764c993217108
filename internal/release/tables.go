package release

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"amparo/dp"
	"amparo/internal/catalog"
	"amparo/microdata"
	"amparo/synth"
)

func (r *Request) only() []string {
	if r.Tabs == nil {
		return nil
	}
	return r.Tabs.Only
}

// check refuses a folder that could not be made, or holds something.
func (t *Folder) check() error {
	if t.Path == "" {
		return refuse("--out DIR", "no output folder is named")
	}
	if t.Order < 0 || t.Order > 4 {
		return refuse("--k 1 to --k 4", "tables have one to four columns")
	}
	if only := slices.Compact(slices.Sorted(slices.Values(t.Only))); len(only) < len(t.Only) {
		return refuse("--columns age,sex,country", "a column is named twice")
	}
	found, err := os.ReadDir(t.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return refuse("name a folder that is not there yet", "the output folder cannot be used: %w", plainPath(err))
	case len(found) > 0:
		return refuse("choose another --out", "the output folder is there already and is not empty")
	}
	dir, err := t.temporary()
	if err != nil {
		return err
	}
	return os.Remove(dir)
}

func (t *Folder) temporary() (string, error) {
	dir, err := os.MkdirTemp(filepath.Dir(t.Path), "."+filepath.Base(t.Path)+".amparo-*")
	if err != nil {
		return "", refuse("check the folder and its permissions", "no folder can be made where the output shall be: %w", plainPath(err))
	}
	return dir, nil
}

func (r *run) workload() synth.Workload {
	return synth.Workload{Order: r.Tabs.Order, MaxCells: r.Tabs.MaxCells, Workers: r.Workers, Rules: r.rules.Never(),
		Progress: func(stage string, done, total int) { r.tell(stage, int64(done), int64(total)) }}
}

// affordable refuses a workload that is too large as far as levels are public, before
// anything is spent.
func (r *run) affordable() error {
	d, _, err := r.file.PublicDomain()
	if err != nil {
		return err
	}
	return tooLarge(r.workload(), d)
}

func tooLarge(w synth.Workload, d *microdata.Domain) error {
	_, _, err := w.Cliques(d.Sizes())
	if errors.Is(err, synth.ErrWorkload) {
		return &Refusal{err, "name fewer columns with --columns, or tabulate fewer at a time with --k"}
	}
	return err
}

// tabulate answers the workload and writes the folder.
func (r *run) tabulate(ctx context.Context, t *microdata.Table, seed uint64) error {
	w := r.workload()
	w.Seed = seed
	if err := tooLarge(w, t.Domain()); err != nil {
		return err
	}
	m, err := dp.Open(microdata.NewCounter(t, r.Workers), r.budget, r.Noise, dp.Options{})
	if err != nil {
		return err
	}
	out, err := synth.Tabulate(ctx, m, w)
	if err != nil {
		return err
	}
	r.took(Measuring)
	r.tell(Writing, 0, int64(len(out.Tables)))
	if err := r.writeTables(ctx, t.Domain(), out); err != nil {
		return err
	}
	r.took(Writing)
	r.result.Path, r.result.Rows = r.Tabs.Path, int(math.Round(out.Total))
	r.result.Tables, r.result.Omitted = len(out.Tables), len(out.Omitted)
	return nil
}

// tablesIndex is tables.json: what the folder holds and how to read it.
type tablesIndex struct {
	Format      string              `json:"format"`
	Created     string              `json:"created"`
	Code        string              `json:"code"`
	Population  string              `json:"population"`
	Epsilon     float64             `json:"epsilon"`
	Delta       float64             `json:"delta"`
	Mu          float64             `json:"mu"`
	PrivacyUnit catalog.PrivacyUnit `json:"privacy_unit"`
	Rows        float64             `json:"rows"` // unbiased
	Notes       microdata.Text      `json:"notes"`
	Rules       []string            `json:"rules,omitempty"`
	Columns     []microdata.Column  `json:"columns"`
	Tables      []tableLine         `json:"tables"`
	Omitted     []omittedLine       `json:"omitted,omitempty"`
}

type tableLine struct {
	File     string   `json:"file"`
	Columns  []string `json:"columns"`
	Cells    int      `json:"cells"`
	Variance float64  `json:"variance"`
}

type omittedLine struct {
	Columns []string `json:"columns"`
	Cells   int      `json:"cells"`
}

const tablesFormat = "amparo-tables/1"

var tablesNotes = microdata.Text{
	"es": "noisy: recuento insesgado; puede ser negativo. Con reglas (rules) es el recuento una vez aplicadas: en los registros que incumplían alguna se dejaron valores en blanco, o no se contaron. variance: varianza exacta del ruido de cada recuento. low, high: intervalo " +
		"del 95 % por el ruido, y por nada más. Los recuentos insesgados de tablas distintas concuerdan. projected: recuento ajustado, " +
		"nunca negativo, que concuerda entre todas las tablas y cumple las reglas; está sesgado y no tiene intervalo.",
	"en": "noisy: unbiased count; may be negative. With rules it is the count once these were applied: records that broke one had values blanked or were left out. variance: exact variance of the noise of each count. low, high: 95 % interval for " +
		"the noise, and for nothing else. Unbiased counts of different tables agree. projected: fitted count, never negative, that agrees " +
		"among all tables and keeps the rules; it is biased and has no interval.",
}

// writeTables puts the folder in place in one step.
func (r *run) writeTables(ctx context.Context, d *microdata.Domain, out *synth.Tabulation) (err error) {
	dir, err := r.Tabs.temporary()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
			err = full(err)
		}
	}()
	index := tablesIndex{Format: tablesFormat, Created: wholeSeconds(r.Now()).Format("2006-01-02T15:04:05Z07:00"), Code: r.Code,
		Population: r.Population, Epsilon: float64(r.Epsilon), Delta: float64(r.Delta), Mu: float64(r.spend.Cost.Mu()),
		PrivacyUnit: r.unit(), Rows: math.Round(out.Total*100) / 100, Notes: tablesNotes}
	if r.rules != nil {
		for _, rule := range r.rules.Rules {
			index.Rules = append(index.Rules, strings.TrimSpace(rule.Text))
		}
	}
	for a := range d.Len() {
		c := *d.Column(a)
		c.Hierarchy = nil
		index.Columns = append(index.Columns, c)
	}
	taken := map[string]bool{}
	for i, t := range out.Tables {
		if err := ctx.Err(); err != nil {
			return err
		}
		line := tableLine{File: tableFile(taken, d, t.Clique), Columns: namesOf(d, t.Clique), Cells: len(t.Unbiased), Variance: t.Variance}
		index.Tables = append(index.Tables, line)
		if err := putTable(filepath.Join(dir, filepath.FromSlash(line.File)), d, t); err != nil {
			return err
		}
		r.tell(Writing, int64(i+1), int64(len(out.Tables)))
	}
	for _, c := range out.Omitted {
		index.Omitted = append(index.Omitted, omittedLine{namesOf(d, c), c.Cells(d.Sizes())})
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	if err := e.Encode(index); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "tables.json"), text.Bytes(), 0o644); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := syscall.Rmdir(r.Tabs.Path); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty folder, and nothing else
		return fmt.Errorf("the output folder is no longer empty: %w", err)
	}
	if err := os.Rename(dir, r.Tabs.Path); err != nil {
		return fmt.Errorf("the output folder cannot be put in place: %w", plainPath(err))
	}
	return syncFolder(filepath.Dir(r.Tabs.Path))
}

func namesOf(d *microdata.Domain, c microdata.Clique) (out []string) {
	for _, a := range c {
		out = append(out, d.Column(a).Name)
	}
	return out
}

// tableFile names a table's file after its columns, as far as letters and digits go:
// "2/age-sex.csv". Names that fall together are numbered.
func tableFile(taken map[string]bool, d *microdata.Domain, c microdata.Clique) string {
	var parts []string
	for _, name := range namesOf(d, c) {
		plain := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, name)
		parts = append(parts, plain[:min(len(plain), 50)])
	}
	base := fmt.Sprint(len(c), "/", strings.Join(parts, "-"))
	file := base
	for n := 2; taken[strings.ToLower(file)]; n++ {
		file = fmt.Sprint(base, "-", n)
	}
	taken[strings.ToLower(file)] = true
	return file + ".csv"
}

// putTable writes one table as CSV: a line a cell.
func putTable(path string, d *microdata.Domain, t synth.Tabulated) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	w := csv.NewWriter(b)
	header := namesOf(d, t.Clique)
	for _, name := range []string{"noisy", "variance", "projected", "low", "high"} {
		for slices.Contains(header, name) {
			name += "_"
		}
		header = append(header, name)
	}
	if err := w.Write(header); err != nil {
		return err
	}
	k := len(t.Clique)
	at, row := make([]int, k), make([]string, len(header))
	row[k+1] = strconv.FormatFloat(t.Variance, 'g', 6, 64)
	for cell, n := range t.Unbiased {
		for i, a := range t.Clique {
			row[i] = d.Column(a).Levels[at[i]].Value
		}
		low, high := catalog.Interval(n, t.Variance)
		row[k] = strconv.FormatFloat(n, 'f', 2, 64)
		row[k+2] = strconv.FormatFloat(t.Fitted[cell], 'f', 2, 64)
		row[k+3], row[k+4] = strconv.FormatFloat(low, 'f', 1, 64), strconv.FormatFloat(high, 'f', 1, 64)
		if err := w.Write(row); err != nil {
			return err
		}
		for i := k - 1; i >= 0; i-- {
			if at[i]++; at[i] < d.Size(t.Clique[i]) {
				break
			}
			at[i] = 0
		}
	}
	w.Flush()
	return errors.Join(w.Error(), b.Flush())
}
