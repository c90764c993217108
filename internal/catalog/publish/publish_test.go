package publish

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"amparo/internal/catalog"
	"amparo/microdata"
)

var day = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newSigner(t testing.TB, name string) *Signer {
	t.Helper()
	s, err := GenerateKey(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func domain(t testing.TB) *microdata.Domain {
	t.Helper()
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "gender", Label: microdata.Text{"es": "Género", "en": "Gender"}, Levels: []microdata.Level{{Value: "Female"}, {Value: "Male"}, {Value: "", Missing: microdata.Unknown}}},
		{Name: "country", Levels: []microdata.Level{{Value: "XA"}, {Value: "XB"}, {Value: "XC"}, {Value: "XD"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func tables(t testing.TB, d *microdata.Domain) []*catalog.Table {
	t.Helper()
	rest := &microdata.Coarsening{Levels: []microdata.Level{{Value: "XA"}, {Value: "rest", Label: microdata.Text{"en": "Rest"}}}, Of: []uint16{0, 1, 1, 1}}
	one, err := catalog.NewTable(1, d, microdata.Clique{0}, nil, catalog.Counts{Noisy: []int64{120, -4, 33}, Variance: 42.25, Projected: []float64{119.25, 0, 33}})
	if err != nil {
		t.Fatal(err)
	}
	two, err := catalog.NewTable(2, d, microdata.Clique{0, 1}, []*microdata.Coarsening{nil, rest}, catalog.Counts{Noisy: []int64{70, 50, -9, 3, 20, 11}, Variance: 100})
	if err != nil {
		t.Fatal(err)
	}
	return []*catalog.Table{one, two}
}

func manifest() catalog.Manifest {
	return catalog.Manifest{
		Title: microdata.Text{"es": "Víctimas", "en": "Cases"}, Created: day, Method: catalog.GaussianSynthesis,
		Epsilon: 1, Delta: 1e-6, Mu: 0.2, PrivacyUnit: catalog.UnitPerson, Population: "p1", Rows: 3, Columns: []string{"gender", "country"},
		Code: "v0.1.0", License: "CC-BY-4.0", Publisher: "Coalition",
	}
}

const records = "gender,country\nFemale,XA\nMale,XB\n,XC\n"

// fill writes all files of a bundle.
func fill(t testing.TB, s *Staging) error {
	d := domain(t)
	if err := s.write("data.csv", func(w io.Writer) error { _, err := io.WriteString(w, records); return err }); err != nil {
		return err
	}
	if err := s.WriteParquet(d, [][]uint16{{0, 1, 2}, {0, 1, 2}}); err != nil {
		return err
	}
	if err := s.WriteTables(d, tables(t, d)); err != nil {
		return err
	}
	return s.write("report.es.html", func(w io.Writer) error { _, err := io.WriteString(w, "<p>informe</p>"); return err })
}

// publish publishes one bundle of dataset "victims".
func publish(t testing.TB, dir string, h hook, signers ...*Signer) (*Published, error) {
	t.Helper()
	s, err := stage(dir, "victims", h)
	if err != nil {
		return nil, err
	}
	defer s.Abort()
	if err := fill(t, s); err != nil {
		return nil, err
	}
	return s.Commit(manifest(), signers...)
}

func mustPublish(t testing.TB, dir string, signers ...*Signer) *Published {
	t.Helper()
	p, err := publish(t, dir, nil, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPublishAndRead(t *testing.T) {
	dir, k := filepath.Join(t.TempDir(), "catalog"), newSigner(t, "Ana")
	c, err := catalog.Open(dir, k.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bundle("victims", 0); !errors.Is(err, catalog.ErrNotFound) {
		t.Fatalf("an empty catalog answered %v", err)
	}
	for want := 1; want <= 3; want++ {
		p := mustPublish(t, dir, k)
		if p.Version != want || p.Seq != want {
			t.Fatalf("published %d at entry %d, want %d", p.Version, p.Seq, want)
		}
		b, err := c.Bundle("victims", 0)
		if err != nil {
			t.Fatal(err)
		}
		if b.Manifest().Version != want || b.Hash() != p.Manifest || b.Entry().Seq != want || b.Manifest().SignedBy != 1 {
			t.Error("the newest version is not what was published")
		}
		f, h, err := b.Open("data.csv")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(f)
		f.Close()
		if string(text) != records || h.Bytes != int64(len(records)) {
			t.Error("data.csv was not read as written")
		}
		for _, want := range tables(t, domain(t)) {
			got, err := b.Table(want.Entry.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Noisy, want.Noisy) || got.Variance != want.Variance || !slices.Equal(got.Projected, want.Projected) {
				t.Errorf("table %s was not read as written", want.Entry.ID)
			}
		}
		if r := catalog.Verify(p.Dir, k.Public()); !r.OK() || r.Files != 8 || !r.Signers[0].Known {
			t.Errorf("verify: %+v", r)
		}
	}
	if all, err := c.Versions("victims"); err != nil || len(all) != 3 || all[0].Version != 3 {
		t.Errorf("versions: %v %v", all, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, stagingPrefix+"*")); len(left) != 0 {
		t.Error("staging folders are left")
	}
}

// TestDescriptions reads the data package and DCAT as a stranger would.
func TestDescriptions(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	p := mustPublish(t, dir, k)
	var pack struct {
		Name      string
		Resources []struct {
			Path, Hash string
			Bytes      int64
			Schema     *struct {
				Fields []struct{ Name, Type string }
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(p.Dir, "datapackage.json"))
	if err != nil || json.Unmarshal(text, &pack) != nil {
		t.Fatal("no data package", err)
	}
	if pack.Name != "victims" || len(pack.Resources) != 4 {
		t.Fatalf("data package holds %d resources", len(pack.Resources))
	}
	for _, r := range pack.Resources {
		content, err := os.ReadFile(filepath.Join(p.Dir, r.Path))
		if err != nil || int64(len(content)) != r.Bytes || r.Hash != "sha256:"+sumOf(content) {
			t.Errorf("%s: size or hash is not that of the file", r.Path)
		}
		if strings.HasSuffix(r.Path, ".csv") {
			head, _, _ := strings.Cut(string(content), "\n")
			if len(strings.Split(head, ",")) != len(r.Schema.Fields) {
				t.Errorf("%s: the schema has other fields than the header", r.Path)
			}
		}
	}
	var dcat map[string]any
	text, err = os.ReadFile(filepath.Join(p.Dir, "dcat.jsonld"))
	if err != nil || json.Unmarshal(text, &dcat) != nil || dcat["@type"] != "dcat:Dataset" {
		t.Error("no DCAT", err)
	}
}

func TestManifestIsNeeded(t *testing.T) {
	k := newSigner(t, "Ana")
	for name, spoil := range map[string]func(*catalog.Manifest){
		"k-anonymised": func(m *catalog.Manifest) { m.Method = "k-anonymity/1" },
		"no method":    func(m *catalog.Manifest) { m.Method = "" },
		"epsilon":      func(m *catalog.Manifest) { m.Epsilon = 0 },
		"delta":        func(m *catalog.Manifest) { m.Delta = 1 },
		"title":        func(m *catalog.Manifest) { m.Title = nil },
		"unit":         func(m *catalog.Manifest) { m.PrivacyUnit = "household" },
		"time":         func(m *catalog.Manifest) { m.Created = time.Time{} },
		"columns":      func(m *catalog.Manifest) { m.Columns = nil },
		"population":   func(m *catalog.Manifest) { m.Population = "" },
	} {
		dir := t.TempDir()
		s, err := Stage(dir, "victims")
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(t, s); err != nil {
			t.Fatal(err)
		}
		m := manifest()
		spoil(&m)
		if _, err := s.Commit(m, k); err == nil {
			t.Errorf("%s: published", name)
		}
		wantNothing(t, dir)
	}
}

// wantNothing checks that a catalog shows nothing and takes the next release.
func wantNothing(t *testing.T, dir string) {
	t.Helper()
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := c.Datasets(); err != nil || len(ids) != 0 {
		t.Errorf("the catalog shows %v, %v", ids, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "victims", "*")); len(left) != 0 {
		t.Error("a folder is left")
	}
	if p := mustPublish(t, dir, newSigner(t, "next")); p.Version != 1 {
		t.Errorf("the next release is version %d", p.Version)
	}
}

func TestCommitRefuses(t *testing.T) {
	k := newSigner(t, "Ana")
	for name, use := range map[string]func(*Staging) error{
		"no signer":    func(s *Staging) error { _, err := s.Commit(manifest()); return err },
		"signed twice": func(s *Staging) error { _, err := s.Commit(manifest(), k, k); return err },
		"open file": func(s *Staging) error {
			if _, err := s.Create("report.json"); err != nil {
				return nil
			}
			_, err := s.Commit(manifest(), k)
			return err
		},
		"twice": func(s *Staging) error { _, err := s.Create("data.csv"); return err },
	} {
		s, err := Stage(t.TempDir(), "victims")
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(t, s); err != nil {
			t.Fatal(err)
		}
		if use(s) == nil {
			t.Errorf("%s: accepted", name)
		}
		s.Abort()
	}
	s, err := Stage(t.TempDir(), "victims")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort()
	for _, name := range []string{"", "..", "../x.csv", "/etc/passwd", "manifest.json", "custodian.html", "tables/../data.csv", "tables/a/b.csv", "data.csv\x00", "Data.csv", "tables/.csv"} {
		if _, err := s.Create(name); err == nil {
			t.Errorf("a bundle took a file %q", name)
		}
	}
	if _, err := s.Commit(manifest(), k); err == nil {
		t.Error("a bundle without tables was published")
	}
	for _, id := range []string{"", "..", "A", "a/b", "a_b", strings.Repeat("a", 65), "a\n"} {
		if _, err := Stage(t.TempDir(), id); err == nil {
			t.Errorf("dataset %q was staged", id)
		}
	}
}

func TestTwoAtOnce(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	s, err := Stage(dir, "victims")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Stage(dir, "other"); !errors.Is(err, ErrBusy) {
		t.Errorf("a second release got %v", err)
	}
	if err := Withdraw(dir, Withdrawal{Dataset: "victims", Version: 1, Reason: "r", Time: day}, k); !errors.Is(err, ErrBusy) {
		t.Errorf("a withdrawal got %v", err)
	}
	s.Abort()
	mustPublish(t, dir, k)
}

func TestSecondSignature(t *testing.T) {
	dir, a, b := t.TempDir(), newSigner(t, "Ana"), newSigner(t, "Beto")
	p := mustPublish(t, dir, a, b)
	for _, k := range []*Signer{a, b} {
		r := catalog.Verify(p.Dir, k.Public())
		if !r.OK() || len(r.Signers) != 2 {
			t.Errorf("verify with one of two keys: %+v", r.Faults)
		}
	}
}

func TestKeyCannotBePrinted(t *testing.T) {
	k := newSigner(t, "Ana")
	seed := fmt.Sprintf("%x", k.key.Seed())
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %x %d", k, k, k, k, k, k), log.String()} {
		if strings.Contains(s, seed[:8]) || strings.Contains(s, strconv.Itoa(int(k.key[0]))+" ") {
			t.Errorf("a key was printed: %s", s)
		}
	}
	if _, err := json.Marshal(k); err == nil {
		t.Error("a key was written to JSON")
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signing.key")
	k := newSigner(t, "Ana López")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := newSigner(t, "other").Save(path); err == nil {
		t.Error("a key was overwritten")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("key file has mode %v", info.Mode())
	}
	again, err := ReadSigner(path)
	if err != nil || !again.key.Equal(k.key) || again.name != k.name {
		t.Fatal("the key was not read as written", err)
	}
	public, err := catalog.ReadPublicKey(path + ".pub")
	if err != nil || public.Fingerprint() != k.Public().Fingerprint() || public.Name != "Ana López" {
		t.Error("the public key was not read as written", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSigner(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	for _, name := range []string{"", " a", "a\nb", strings.Repeat("a", 300)} {
		if _, err := GenerateKey(name, rand.Reader); err == nil {
			t.Errorf("a key was named %q", name)
		}
	}
	if _, err := GenerateKey("a", strings.NewReader("short")); err == nil {
		t.Error("a key was made of too little randomness")
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if len(left) != 0 {
		t.Error("a copy of the key is left")
	}
}
