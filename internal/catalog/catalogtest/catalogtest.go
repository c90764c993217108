// Package catalogtest writes catalogs for the tests of rooms that may only read
// them. Products never import it: bundles are written by catalog/publish.
package catalogtest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"amparo/internal/catalog"
	"amparo/microdata"
)

var secret = ed25519.NewKeyFromSeed([]byte("a key that everyone knows: tests"))

// Key is the key that signs everything here.
var Key = catalog.PublicKey{Name: "test", Key: secret.Public().(ed25519.PublicKey)}

func sign(body []byte) catalog.Signature {
	return catalog.Sign(Key, body, func(m []byte) []byte { return ed25519.Sign(secret, m) })
}

// Time is when everything here is published.
var Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Manifest returns a manifest that lacks nothing but what Add fills in.
func Manifest(dataset string) catalog.Manifest {
	return catalog.Manifest{
		Dataset: dataset, Title: microdata.Text{"es": "Casos de prueba", "en": "Test cases"}, Fictional: true, Created: Time,
		Method: catalog.GaussianSynthesis, Epsilon: 1, Delta: 1e-6, Mu: 0.22, PrivacyUnit: catalog.UnitRow,
		Population: "test", Code: "test",
	}
}

// Add publishes a bundle as the next version of m.Dataset in the catalog in dir
// and returns the version. d and tables become the codebook and the tables;
// files, by path, are added as they are.
func Add(t testing.TB, dir string, m catalog.Manifest, d *microdata.Domain, tables []*catalog.Table, files map[string]string) int {
	t.Helper()
	l := ledger(t, dir)
	m.Format, m.Version, m.Columns = catalog.Format, l.Last(m.Dataset)+1, d.Names()
	bundle := filepath.Join(dir, m.Dataset, strconv.Itoa(m.Version))
	check(t, os.MkdirAll(filepath.Join(bundle, "tables"), 0o755))
	book := &catalog.Codebook{}
	content := map[string][]byte{}
	for i := range d.Len() {
		book.Columns = append(book.Columns, *d.Column(i))
	}
	for _, table := range tables {
		var b bytes.Buffer
		check(t, table.Write(&b))
		book.Tables = append(book.Tables, table.Entry)
		content[table.Entry.File] = b.Bytes()
	}
	text, err := book.Marshal()
	check(t, err)
	content["codebook.json"] = text
	for name, s := range files {
		content[name] = []byte(s)
	}
	for name, b := range content {
		check(t, os.WriteFile(filepath.Join(bundle, filepath.FromSlash(name)), b, 0o644))
		m.Files = append(m.Files, catalog.FileHash{Path: name, Bytes: int64(len(b)), SHA256: hash(b)})
	}
	slices.SortFunc(m.Files, func(a, b catalog.FileHash) int { return strings.Compare(a.Path, b.Path) })
	seq, head := l.Head()
	m.Ledger, m.SignedBy = catalog.LedgerRef{Seq: seq + 1, Previous: head}, 1
	body, err := m.Body()
	check(t, err)
	m.Signatures = []catalog.Signature{sign(body)}
	text, err = m.Marshal()
	check(t, err)
	check(t, os.WriteFile(filepath.Join(bundle, "manifest.json"), text, 0o644))
	enter(t, dir, l, catalog.Entry{Time: m.Created, Kind: catalog.Published, Dataset: m.Dataset, Version: m.Version, Manifest: hash(text)})
	return m.Version
}

// Withdraw withdraws a version.
func Withdraw(t testing.TB, dir, dataset string, version int, reason string, successor int) {
	t.Helper()
	l := ledger(t, dir)
	e, ok := l.Published(dataset, version)
	if !ok {
		t.Fatalf("%s/%d was never published", dataset, version)
	}
	enter(t, dir, l, catalog.Entry{Time: Time, Kind: catalog.Withdrawn, Dataset: dataset, Version: version,
		Manifest: e.Manifest, Reason: reason, Successor: successor})
}

func ledger(t testing.TB, dir string) *catalog.Ledger {
	t.Helper()
	l, err := catalog.ReadLedger(dir)
	check(t, err)
	return l
}

func enter(t testing.TB, dir string, l *catalog.Ledger, e catalog.Entry) {
	t.Helper()
	seq, head := l.Head()
	e.Seq, e.Previous = seq+1, head
	body, err := e.Body()
	check(t, err)
	e.Signatures = []catalog.Signature{sign(body)}
	line, err := e.Line()
	check(t, err)
	f, err := os.OpenFile(filepath.Join(dir, catalog.LedgerFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	check(t, err)
	_, err = f.Write(line)
	check(t, err)
	check(t, f.Close())
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ReadParquet returns the records of a Parquet file, its header first.
func ReadParquet(t testing.TB, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	f, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	check(t, err)
	var header []string
	for _, c := range f.Schema().Columns() {
		header = append(header, c[0])
	}
	all := [][]string{header}
	r := parquet.NewReader(bytes.NewReader(text))
	rows := make([]parquet.Row, 500)
	for int64(len(all)) <= f.NumRows() {
		n, err := r.ReadRows(rows)
		for _, row := range rows[:n] {
			var line []string
			for _, v := range row {
				line = append(line, v.String())
			}
			all = append(all, line)
		}
		if n == 0 {
			check(t, err)
		}
	}
	return all
}
