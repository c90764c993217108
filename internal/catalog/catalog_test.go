package catalog_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/catalogtest"
	"amparo/microdata"
)

func sampleBundle(t testing.TB) (*microdata.Domain, []*catalog.Table) {
	t.Helper()
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "sex", Levels: []microdata.Level{{Value: "f"}, {Value: "m"}, {Value: "", Missing: microdata.Withheld}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	table, err := catalog.NewTable(1, d, microdata.Clique{0}, nil, catalog.Counts{Noisy: []int64{1, 2, 3}, Variance: 9})
	if err != nil {
		t.Fatal(err)
	}
	return d, []*catalog.Table{table}
}

func add(t testing.TB, dir, dataset string) {
	t.Helper()
	d, tables := sampleBundle(t)
	catalogtest.Add(t, dir, catalogtest.Manifest(dataset), d, tables, map[string]string{"data.csv": "sex\nf\n", "report.es.html": "<p>"})
}

func TestEmptyCatalogs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Open(file); err == nil {
		t.Error("a file was opened as a catalog")
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "not", "there")} {
		c, err := catalog.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if ids, err := c.Datasets(); err != nil || len(ids) != 0 {
			t.Errorf("datasets %v, %v", ids, err)
		}
		if _, err := c.Versions("a"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("versions: %v", err)
		}
		if _, err := c.Latest("a"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("latest: %v", err)
		}
		if _, err := c.Bundle("a", 1); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("bundle: %v", err)
		}
	}
}

func TestSeveralDatasets(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"b", "a", "b", "c-1"} {
		add(t, dir, id)
	}
	c, err := catalog.Open(dir, catalogtest.Key)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := c.Datasets()
	if err != nil || strings.Join(ids, " ") != "a b c-1" {
		t.Errorf("datasets %v, %v", ids, err)
	}
	all, err := c.Versions("b")
	if err != nil || len(all) != 2 || all[0].Version != 2 || all[1].Version != 1 || all[0].Withdrawn != nil {
		t.Errorf("versions %+v, %v", all, err)
	}
	catalogtest.Withdraw(t, dir, "b", 2, "wrong", 1)
	all, err = c.Versions("b")
	if err != nil || all[0].Withdrawn == nil || all[0].Withdrawn.Reason != "wrong" || all[1].Withdrawn != nil {
		t.Errorf("after a withdrawal: %+v, %v", all, err)
	}
	if n, err := c.Latest("b"); n != 1 || err != nil {
		t.Errorf("the newest that stands is %d, %v", n, err)
	}
	// A tombstone outlives its files.
	if err := os.RemoveAll(filepath.Join(dir, "b", "2")); err != nil {
		t.Fatal(err)
	}
	var w *catalog.WithdrawnError
	if _, err := c.Bundle("b", 2); !errors.As(err, &w) || w.Successor != 1 || !strings.Contains(w.Error(), "b/2") {
		t.Errorf("a withdrawn version without files: %v", err)
	}
	// A published version without files is not there, and the older one stands in.
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bundle("a", 0); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a version without files: %v", err)
	}
}

func TestBundleHolds(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, "a")
	c, err := catalog.Open(dir, catalogtest.Key)
	if err != nil {
		t.Fatal(err)
	}
	var bundles [8]*catalog.Bundle
	var wg sync.WaitGroup
	for i := range bundles {
		wg.Go(func() { bundles[i], _ = c.Bundle("a", i%2) })
	}
	wg.Wait()
	b := bundles[0]
	for _, other := range bundles {
		if b == nil || other != b {
			t.Fatal("a bundle was read twice")
		}
	}
	if b.Codebook().Columns[0].Levels[2].Missing != microdata.Withheld {
		t.Error("a kind of missing was lost")
	}
	if _, ok := b.Codebook().Column("none"); ok {
		t.Error("a column that is not there is found")
	}
	if _, err := b.Table("002-none"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a table that is not there: %v", err)
	}
	one, err := b.Table("001-sex")
	if again, _ := b.Table("001-sex"); err != nil || again != one || one.Noisy[2] != 3 || one.Projected != nil {
		t.Error("a table is wrong or read twice", err)
	}
	f, h, err := b.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil || h.SHA256 != b.Hash() || h.Bytes != int64(len(text)) {
		t.Error("manifest.json is not what it says", err)
	}
	if got := catalog.MediaType("data.parquet") + catalog.MediaType("x.html") + catalog.MediaType("tables/1.csv") + catalog.MediaType("none"); got != "application/vnd.apache.parquettext/htmltext/csvapplication/octet-stream" {
		t.Errorf("media types %s", got)
	}
}

func TestPinnedKeys(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, "a")
	other := catalogtest.Key
	other.Key = append(append([]byte{}, other.Key[1:]...), 0)
	for _, c := range []struct {
		keys []catalog.PublicKey
		ok   bool
	}{{nil, true}, {[]catalog.PublicKey{catalogtest.Key}, true}, {[]catalog.PublicKey{other}, false}, {[]catalog.PublicKey{other, catalogtest.Key}, true}} {
		open, err := catalog.Open(dir, c.keys...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open.Bundle("a", 1); (err == nil) != c.ok {
			t.Errorf("with %d keys: %v", len(c.keys), err)
		}
	}
}

// TestReportIsJSON fixes the names that scripts read.
func TestReportIsJSON(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, "a")
	catalogtest.Withdraw(t, dir, "a", 1, "wrong", 0)
	text, err := json.Marshal(catalog.Verify(filepath.Join(dir, "a", "1"), catalogtest.Key))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"dataset":"a"`, `"version":1`, `"known":true`, `"fingerprint":"`, `"faults":[{"kind":"withdrawn"`, `"reason":"wrong"`, `"entries":2`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}
