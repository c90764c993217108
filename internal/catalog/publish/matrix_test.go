//go:build linux

package publish

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"amparo/internal/catalog"
)

// filesOf returns every file under dir with its content, by its path from there.
func filesOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		all[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryFileOfABundle does each thing that can be done to a file to each file of
// a bundle. Verify names the file and the kind of fault, no reader serves the
// bundle, and the version beside it stands. Put right, all is well again.
func TestEveryFileOfABundle(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	first := mustPublish(t, dir, k)
	// Another bundle, whose files differ in content and time.
	s, err := Stage(dir, "victims")
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(t, s); err != nil {
		t.Fatal(err)
	}
	m := manifest()
	m.Rows, m.Created = 4, day.AddDate(0, 1, 0)
	p, err := s.Commit(m, k)
	if err != nil {
		t.Fatal(err)
	}
	whole := filesOf(t, p.Dir)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(path string, b []byte) { do(os.WriteFile(path, b, 0o644)) }
	at := func(change func(b []byte) []byte) func(path string, was []byte) {
		return func(path string, was []byte) { put(path, change(bytes.Clone(was))) }
	}
	flipAt := func(place func(n int) int) func(path string, was []byte) {
		return at(func(b []byte) []byte { b[place(len(b))] ^= 1; return b })
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	harms := map[string]struct {
		fault catalog.FaultKind
		do    func(path string, was []byte)
	}{
		"first byte":    {catalog.FaultFile, flipAt(func(int) int { return 0 })},
		"middle byte":   {catalog.FaultFile, flipAt(func(n int) int { return n / 2 })},
		"last byte":     {catalog.FaultFile, flipAt(func(n int) int { return n - 1 })},
		"one byte less": {catalog.FaultFile, at(func(b []byte) []byte { return b[:len(b)-1] })},
		"one byte more": {catalog.FaultFile, at(func(b []byte) []byte { return append(b, 0) })},
		"emptied":       {catalog.FaultFile, at(func([]byte) []byte { return nil })},
		"twice":         {catalog.FaultFile, at(func(b []byte) []byte { return append(b, b...) })},
		"line ends":     {catalog.FaultFile, at(func(b []byte) []byte { return append([]byte("\ufeff"), b...) })},
		"removed":       {catalog.FaultMissing, func(path string, _ []byte) { do(os.Remove(path)) }},
		"renamed":       {catalog.FaultMissing, func(path string, _ []byte) { do(os.Rename(path, path+".bak")) }},
		"another case": {catalog.FaultMissing, func(path string, _ []byte) {
			do(os.Rename(path, filepath.Join(filepath.Dir(path), "X"+strings.ToUpper(filepath.Base(path)))))
		}},
		"a link to itself": {catalog.FaultFile, func(path string, was []byte) {
			put(elsewhere, was)
			do(os.Remove(path))
			do(os.Symlink(elsewhere, path))
		}},
		"a folder": {catalog.FaultFile, func(path string, _ []byte) { do(os.Remove(path)); do(os.Mkdir(path, 0o755)) }},
		"a pipe":   {catalog.FaultFile, func(path string, _ []byte) { do(os.Remove(path)); do(syscall.Mkfifo(path, 0o644)) }},
		"of version 1": {catalog.FaultFile, func(path string, was []byte) {
			rel, _ := filepath.Rel(p.Dir, path)
			other, err := os.ReadFile(filepath.Join(first.Dir, rel))
			do(err)
			if bytes.Equal(other, was) { // the same in both: its neighbour's instead
				other = append(other, '\n')
			}
			put(path, other)
		}},
	}
	held, err := catalog.Open(dir, k.Public())
	do(err)
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		for what, h := range harms {
			path := filepath.Join(p.Dir, name)
			h.do(path, whole[name])
			tried++
			r := catalog.Verify(p.Dir, k.Public())
			want := h.fault
			if name == "manifest.json" {
				want = catalog.FaultManifest
				if what == "of version 1" {
					want = catalog.FaultPlace
				}
			}
			named := slices.ContainsFunc(r.Faults, func(f catalog.Fault) bool {
				return f.Kind == want && (f.Path == name || want == catalog.FaultPlace) && f.Text != "" && !strings.Contains(f.Text, dir)
			})
			// A flipped byte within a manifest's text is a manifest that nobody signed.
			if name == "manifest.json" && strings.HasSuffix(what, "byte") {
				named = named || r.Has(catalog.FaultSignature)
			}
			if !named || r.OK() {
				t.Errorf("%s, %s: want a fault %q, found %+v", name, what, want, r.Faults)
			}
			fresh, err := catalog.Open(dir, k.Public())
			do(err)
			for _, c := range []*catalog.Catalog{held, fresh} {
				if _, err := c.Bundle("victims", 2); err == nil {
					t.Errorf("%s, %s: it is served", name, what)
				}
				if _, err := c.Bundle("victims", 1); err != nil {
					t.Errorf("%s, %s: the version beside it is not served: %v", name, what, err)
				}
			}
			do(os.RemoveAll(p.Dir))
			for rel, b := range whole {
				do(os.MkdirAll(filepath.Dir(filepath.Join(p.Dir, rel)), 0o755))
				put(filepath.Join(p.Dir, rel), b)
			}
		}
		if _, err := held.Bundle("victims", 2); err != nil {
			t.Fatalf("put right after %s: %v", name, err)
		}
	}
	if r := catalog.Verify(p.Dir, k.Public()); !r.OK() || tried != 9*len(harms) {
		t.Errorf("%d tried, at last %+v", tried, r.Faults)
	}
}

// TestFilesAddedToABundle: whatever is put beside its files, also where a program
// or a person would not look, is found.
func TestFilesAddedToABundle(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	p := mustPublish(t, dir, k)
	for _, name := range []string{"x", ".hidden", "data.csv.bak", "Data.csv", "data.csv ", "report.fr.html", "tables/x.csv", "tables/.x", "tables/001-gender.csv~", "manifest.json.sig", "\u202egpj.csv", "a\nb"} {
		path := filepath.Join(p.Dir, name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		r := catalog.Verify(p.Dir, k.Public())
		if len(r.Faults) != 1 || r.Faults[0].Kind != catalog.FaultExtra || r.Faults[0].Path != name {
			t.Errorf("%q: %+v", name, r.Faults)
		}
		c, _ := catalog.Open(dir)
		if _, err := c.Bundle("victims", 1); err == nil {
			t.Errorf("%q: the bundle is served", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, add := range map[string]func(string) error{
		"folder": func(p string) error { return os.Mkdir(p, 0o755) },
		"link":   func(p string) error { return os.Symlink("data.csv", p) },
		"pipe":   func(p string) error { return syscall.Mkfifo(p, 0o644) },
	} {
		for _, where := range []string{"", "tables"} {
			path := filepath.Join(p.Dir, where, "more")
			if err := add(path); err != nil {
				t.Fatal(err)
			}
			if r := catalog.Verify(p.Dir, k.Public()); !r.Has(catalog.FaultExtra) {
				t.Errorf("a %s in %q: %+v", name, where, r.Faults)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Thousands of files: told once, and not by reading them all.
	for i := range 4200 {
		if err := os.WriteFile(filepath.Join(p.Dir, "tables", fmt.Sprint("x", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r := catalog.Verify(p.Dir, k.Public()); !r.Has(catalog.FaultExtra) || len(r.Faults) > 4200 {
		t.Errorf("%d faults", len(r.Faults))
	}
}

// TestManifestSignedAgain: the manifest as it is, its signature replaced or joined
// by others'.
func TestManifestSignedAgain(t *testing.T) {
	dir, k, thief := t.TempDir(), newSigner(t, "Ana"), newSigner(t, "Ana")
	p := mustPublish(t, dir, k)
	path := filepath.Join(p.Dir, "manifest.json")
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*catalog.Manifest)
		want   []catalog.FaultKind
	}{
		"by a thief": {func(m *catalog.Manifest) { m.Signatures = nil; resign(t, m, thief) }, []catalog.FaultKind{catalog.FaultSigner, catalog.FaultEntry}},
		"by both":    {func(m *catalog.Manifest) { m.Signatures = nil; resign(t, m, k, thief) }, []catalog.FaultKind{catalog.FaultEntry}},
		"ε changed and signed by a thief": {func(m *catalog.Manifest) { m.Epsilon, m.Signatures = .1, nil; resign(t, m, thief) },
			[]catalog.FaultKind{catalog.FaultSigner, catalog.FaultEntry}},
		"ε changed":                   {func(m *catalog.Manifest) { m.Epsilon = .1 }, []catalog.FaultKind{catalog.FaultSignature, catalog.FaultEntry}},
		"another entry of the ledger": {func(m *catalog.Manifest) { m.Ledger.Seq, m.Signatures = 2, nil; resign(t, m, k) }, []catalog.FaultKind{catalog.FaultRollback, catalog.FaultEntry}},
		"the holder, ε changed":       {func(m *catalog.Manifest) { m.Epsilon, m.Signatures = .1, nil; resign(t, m, k) }, []catalog.FaultKind{catalog.FaultEntry}},
	} {
		m, err := catalog.ParseManifest(was)
		if err != nil {
			t.Fatal(err)
		}
		c.change(m)
		text, err := m.Marshal()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		r := catalog.Verify(p.Dir, k.Public())
		for _, want := range c.want {
			if !r.Has(want) {
				t.Errorf("%s: want a fault %q, found %+v", name, want, r.Faults)
			}
		}
		for _, keys := range [][]catalog.PublicKey{nil, {k.Public()}} {
			reader, _ := catalog.Open(dir, keys...)
			if _, err := reader.Bundle("victims", 1); err == nil {
				t.Errorf("%s: served to a reader with %d keys", name, len(keys))
			}
		}
	}
}

func resign(t *testing.T, m *catalog.Manifest, keys ...*Signer) {
	t.Helper()
	m.SignedBy = len(keys)
	body, err := m.Body()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		m.Signatures = append(m.Signatures, k.sign(body))
	}
}
