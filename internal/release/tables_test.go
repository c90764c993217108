package release_test

import (
	"context"
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
	"testing"

	"amparo/internal/release"
)

// tables asks for every table of up to three columns at (1, 1e-6).
func (h *house) tables() release.Request {
	r := h.request()
	r.Out, r.Tabs = nil, &release.Folder{Path: h.path("tables")}
	return r
}

// index is what tables.json says, as a stranger reads it.
type index struct {
	Format  string
	Rows    float64
	Mu      float64
	Columns []struct {
		Name   string
		Levels []struct{ Value string }
	}
	Tables []struct {
		File     string
		Columns  []string
		Cells    int
		Variance float64
	}
	Omitted []struct {
		Columns []string
		Cells   int
	}
}

func (h *house) index() (x index) {
	h.t.Helper()
	text, err := os.ReadFile(h.path("tables/tables.json"))
	if err == nil {
		err = json.Unmarshal(text, &x)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return x
}

// TestTablesHoldTheTruth reads the folder back: every cell of every table stands
// once, in order, its interval is made from what stands beside it, and nearly all
// intervals hold the true count. The noise is fixed.
func TestTablesHoldTheTruth(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.tables())
	x := h.index()
	if res.Tables != 7 || len(x.Tables) != 7 || x.Format != "amparo-tables/1" || x.Mu != float64(res.Spend.Cost.Mu()) || math.Abs(x.Rows-people) > 60 {
		t.Fatalf("%+v of %+v", x, res)
	}
	held, cells := 0, 0
	for _, table := range x.Tables {
		truth := map[string]int{}
		for _, row := range h.records {
			truth[strings.Join(pickColumns(row, table.Columns), "|")]++
		}
		lines := readCSV(t, h.path("tables/"+table.File))
		k := len(table.Columns)
		if !slices.Equal(lines[0], append(slices.Clone(table.Columns), "noisy", "variance", "projected", "low", "high")) || len(lines)-1 != table.Cells {
			t.Fatalf("%s: header %v, %d lines for %d cells", table.File, lines[0], len(lines)-1, table.Cells)
		}
		seen, fitted := map[string]bool{}, 0.0
		for _, line := range lines[1:] {
			key := strings.Join(line[:k], "|")
			if seen[key] {
				t.Errorf("%s: cell %s stands twice", table.File, key)
			}
			seen[key] = true
			noisy, variance, projected, low, high := number(t, line[k]), number(t, line[k+1]), number(t, line[k+2]), number(t, line[k+3]), number(t, line[k+4])
			half := 1.96 * math.Sqrt(variance)
			if math.Abs(low-max(noisy-half, 0)) > .1 || math.Abs(high-max(noisy+half, math.Sqrt(variance))) > .1 || projected < 0 {
				t.Errorf("%s: %v", table.File, line)
			}
			fitted += projected
			if cells++; low <= float64(truth[key]) && float64(truth[key]) <= high {
				held++
			}
		}
		if math.Abs(fitted-x.Rows) > 1 {
			t.Errorf("%s: fitted counts add up to %v of %v", table.File, fitted, x.Rows)
		}
	}
	if share := float64(held) / float64(cells); share < .85 {
		t.Errorf("%.2f of the intervals hold the truth", share)
	}
	if s := h.spends(); len(s) != 1 || s[0].State != release.Finished || s[0].Purpose != "tables" {
		t.Errorf("ledger holds %+v", s)
	}
}

func pickColumns(row, names []string) (out []string) {
	for _, n := range names {
		out = append(out, row[slices.Index(columns, n)])
	}
	return out
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestNothingOfTheInputIsInTables(t *testing.T) {
	h := openHouse(t)
	r := h.tables()
	r.Domain, r.Person, r.Noise = nil, "caseKey", random(7)
	h.run(r)
	files := 0
	err := filepath.WalkDir(h.path("tables"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		look(t, path[len(h.dir):], text, append(slices.Clone(planted), inputName, h.dir, "key-1007", "caseKey", fmt.Sprintf(`"rows": %d`, people)))
		return err
	})
	if err != nil || files != 4+6+4+1 {
		t.Errorf("%d files: %v", files, err)
	}
}

// TestTablesLeaveNothingBehind: where a run is refused or cancelled, no folder
// is there, nor one in the making.
func TestTablesLeaveNothingBehind(t *testing.T) {
	for name, change := range map[string]func(*house, *release.Request){
		"order":     func(_ *house, r *release.Request) { r.Tabs.Order = 5 },
		"no folder": func(_ *house, r *release.Request) { r.Tabs.Path = "" },
		"not there": func(h *house, r *release.Request) { r.Tabs.Path = h.path("no/where") },
		"no column": func(_ *house, r *release.Request) { r.Tabs.Only = []string{"weight"} },
		"two ways":  func(h *house, r *release.Request) { r.Out = &release.Output{Path: h.path("out.csv")} },
	} {
		h := newHouse(t)
		r := h.tables()
		change(h, &r)
		if _, err := release.Run(t.Context(), r); err == nil || len(h.spends()) != 0 || len(h.files()) != 0 {
			t.Errorf("%s: error %v, %d spends, files %v", name, err, len(h.spends()), h.files())
		}
	}
	for _, at := range []string{"measure", "rake", release.Writing} {
		h := newHouse(t)
		r := h.tables()
		ctx, stop := context.WithCancel(t.Context())
		r.Progress = func(p release.Progress) {
			if p.Stage == at {
				stop()
			}
		}
		_, err := release.Run(ctx, r)
		if _, spent := errors.AsType[*release.AfterSpend](err); !spent || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %s: %v", at, err)
		}
		if s := h.spends(); len(s) != 1 || s[0].State != release.Abandoned || len(h.files()) != 0 {
			t.Errorf("cancelled at %s: ledger %+v, files %v", at, s, h.files())
		}
	}
}

// TestTablesOfSomeColumns: only what was named is read, large tables are listed as
// left out, and an empty folder is taken.
func TestTablesOfSomeColumns(t *testing.T) {
	h := newHouse(t)
	if err := os.Mkdir(h.path("tables"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := h.tables()
	r.Tabs.Only, r.Tabs.MaxCells = []string{"size", "colour"}, 10
	h.run(r)
	x := h.index()
	if len(x.Columns) != 2 || len(x.Tables) != 2 || len(x.Omitted) != 1 || x.Omitted[0].Cells != 20 || x.Columns[0].Name != "colour" || len(x.Columns[1].Levels) != 5 {
		t.Errorf("%+v", x)
	}
	again := h.tables()
	if _, err := release.Run(t.Context(), again); err == nil || release.Hint(err) == "" || len(h.spends()) != 1 {
		t.Errorf("over a full folder: %v", err)
	}
}

// TestTableFilesKeepApart: columns whose names look alike in a file's name.
func TestTableFilesKeepApart(t *testing.T) {
	h := newHouse(t)
	var rows [][]string
	for i := range 400 {
		rows = append(rows, []string{fmt.Sprint(i % 2), fmt.Sprint(i / 2 % 2), fmt.Sprint(i / 4 % 2)})
	}
	h.write([]string{"a b", "a_b", "A/B"}, rows)
	r := h.tables()
	r.Domain = nil
	h.run(r)
	files := map[string]bool{}
	for _, table := range h.index().Tables {
		files[strings.ToLower(table.File)] = true
		if strings.Contains(table.File[2:], "/") || strings.Contains(table.File, "..") {
			t.Errorf("file %q", table.File)
		}
	}
	if len(files) != 7 {
		t.Errorf("files %v", files)
	}
}
