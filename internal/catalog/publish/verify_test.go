package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/catalog"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o644); err != nil {
		t.Fatal(err)
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

// TestTampering does one thing to a catalog of two bundles and expects Verify to
// name it and the reader not to serve it.
func TestTampering(t *testing.T) {
	do := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		fault catalog.FaultKind
		touch func(dir, bundle string)
	}{
		{"data changed", catalog.FaultFile, func(_, b string) { edit(t, filepath.Join(b, "data.csv"), flip) }},
		{"table changed", catalog.FaultFile, func(_, b string) { edit(t, filepath.Join(b, "tables/001-gender.csv"), flip) }},
		{"report longer", catalog.FaultFile, func(_, b string) {
			edit(t, filepath.Join(b, "report.es.html"), func(x []byte) []byte { return append(x, ' ') })
		}},
		{"file gone", catalog.FaultMissing, func(_, b string) { do(os.Remove(filepath.Join(b, "dcat.jsonld"))) }},
		{"file added", catalog.FaultExtra, func(_, b string) { do(os.WriteFile(filepath.Join(b, "extra.txt"), nil, 0o644)) }},
		{"hidden file added", catalog.FaultExtra, func(_, b string) { do(os.WriteFile(filepath.Join(b, "tables/.x"), nil, 0o644)) }},
		{"folder added", catalog.FaultExtra, func(_, b string) { do(os.Mkdir(filepath.Join(b, "x"), 0o755)) }},
		{"link to itself", catalog.FaultExtra, func(_, b string) {
			do(os.Rename(filepath.Join(b, "data.csv"), filepath.Join(filepath.Dir(b), "elsewhere")))
			do(os.Symlink("../elsewhere", filepath.Join(b, "data.csv")))
		}},
		{"manifest changed", catalog.FaultSignature, func(_, b string) {
			edit(t, filepath.Join(b, "manifest.json"), func(x []byte) []byte {
				return bytes.Replace(x, []byte(`"epsilon": 1`), []byte(`"epsilon": 2`), 1)
			})
		}},
		{"manifest with a space", catalog.FaultManifest, func(_, b string) {
			edit(t, filepath.Join(b, "manifest.json"), func(x []byte) []byte { return append(x, ' ') })
		}},
		{"manifest with a field", catalog.FaultManifest, func(_, b string) {
			edit(t, filepath.Join(b, "manifest.json"), func(x []byte) []byte { return bytes.Replace(x, []byte("{"), []byte(`{"x":1,`), 1) })
		}},
		{"manifest gone", catalog.FaultManifest, func(_, b string) { do(os.Remove(filepath.Join(b, "manifest.json"))) }},
		{"versions swapped", catalog.FaultPlace, func(_, b string) {
			up := filepath.Dir(b)
			do(os.Rename(filepath.Join(up, "1"), filepath.Join(up, "x")))
			do(os.Rename(filepath.Join(up, "2"), filepath.Join(up, "1")))
			do(os.Rename(filepath.Join(up, "x"), filepath.Join(up, "2")))
		}},
		{"ledger gone", catalog.FaultLedger, func(d, _ string) { do(os.Remove(filepath.Join(d, catalog.LedgerFile))) }},
		{"ledger line changed", catalog.FaultLedger, func(d, _ string) { edit(t, filepath.Join(d, catalog.LedgerFile), flip) }},
		{"ledger line dropped", catalog.FaultLedger, func(d, _ string) {
			edit(t, filepath.Join(d, catalog.LedgerFile), func(x []byte) []byte { return x[bytes.IndexByte(x, '\n')+1:] })
		}},
		{"ledger lines swapped", catalog.FaultLedger, func(d, _ string) {
			edit(t, filepath.Join(d, catalog.LedgerFile), func(x []byte) []byte {
				i := bytes.IndexByte(x, '\n') + 1
				return append(bytes.Clone(x[i:]), x[:i]...)
			})
		}},
		{"ledger rolled back", catalog.FaultRollback, func(d, _ string) {
			edit(t, filepath.Join(d, catalog.LedgerFile), func(x []byte) []byte { return x[:bytes.IndexByte(x, '\n')+1] })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, k := t.TempDir(), newSigner(t, "Ana")
			mustPublish(t, dir, k)
			p := mustPublish(t, dir, k)
			reader, err := catalog.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reader.Bundle("victims", 2); err != nil {
				t.Fatal(err)
			}
			c.touch(dir, p.Dir)
			r := catalog.Verify(p.Dir, k.Public())
			if !r.Has(c.fault) {
				t.Errorf("want a fault %q, found %+v", c.fault, r.Faults)
			}
			if _, err := reader.Bundle("victims", 2); err == nil {
				t.Error("a reader that was open serves it")
			}
			fresh, _ := catalog.Open(dir)
			if _, err := fresh.Bundle("victims", 2); err == nil {
				t.Error("a new reader serves it")
			}
		})
	}
}

// TestEveryByteCounts flips each byte of manifest and ledger, one at a time.
func TestEveryByteCounts(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	p := mustPublish(t, dir, k)
	for _, path := range []string{filepath.Join(p.Dir, "manifest.json"), filepath.Join(dir, catalog.LedgerFile)} {
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(was); i++ {
			b := bytes.Clone(was)
			b[i] ^= 1
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			if catalog.Verify(p.Dir, k.Public()).OK() {
				t.Errorf("%s: byte %d (%q) can be changed unseen", filepath.Base(path), i, was[i])
			}
		}
		if err := os.WriteFile(path, was, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r := catalog.Verify(p.Dir, k.Public()); !r.OK() {
		t.Errorf("restored, but %+v", r.Faults)
	}
}

// TestResigned is the attacker who signs what they changed with a key of their
// own, under the holder's name.
func TestResigned(t *testing.T) {
	k, thief := newSigner(t, "Ana"), newSigner(t, "Ana")
	dir := t.TempDir()
	mustPublish(t, dir, k)
	forged := t.TempDir()
	p := mustPublish(t, forged, thief)
	r := catalog.Verify(p.Dir, k.Public())
	if !r.Has(catalog.FaultSigner) || !r.Has(catalog.FaultLedgerSigner) || r.Has(catalog.FaultSignature) || r.Signers[0].Known {
		t.Errorf("bundle and ledger signed by another key: %+v", r.Faults)
	}
	if r := catalog.Verify(p.Dir); !r.Has(catalog.FaultSigner) {
		t.Error("without pinned keys the signer is known")
	}
	c, _ := catalog.Open(forged, k.Public())
	if _, err := c.Bundle("victims", 1); !errors.Is(err, catalog.ErrLedger) {
		t.Errorf("a reader with a pinned key: %v", err)
	}
	// The forged bundle put beside the true ledger.
	if err := os.Rename(filepath.Join(dir, "victims"), filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "victims"), os.DirFS(filepath.Join(forged, "victims"))); err != nil {
		t.Fatal(err)
	}
	r = catalog.Verify(filepath.Join(dir, "victims", "1"), k.Public())
	if !r.Has(catalog.FaultSigner) || !r.Has(catalog.FaultEntry) || r.Has(catalog.FaultLedgerSigner) {
		t.Errorf("a forged bundle beside the true ledger: %+v", r.Faults)
	}
	c, _ = catalog.Open(dir)
	if _, err := c.Bundle("victims", 1); !errors.Is(err, catalog.ErrTouched) {
		t.Errorf("a reader without pinned keys serves a bundle that the ledger does not hold: %v", err)
	}
}

func TestVerifyWhatIsNoBundle(t *testing.T) {
	k := newSigner(t, "Ana")
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nothing"), "/dev/null"} {
		if r := catalog.Verify(dir, k.Public()); r.OK() {
			t.Error("verified what is no bundle")
		}
	}
}

func TestWithdraw(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	c, _ := catalog.Open(dir)
	if _, err := c.Bundle("victims", 1); err != nil {
		t.Fatal(err)
	}
	ok := Withdrawal{Dataset: "victims", Version: 1, Reason: "códigos equivocados", Time: day}
	for name, w := range map[string]Withdrawal{
		"no reason":         {Dataset: "victims", Version: 1, Reason: " ", Time: day},
		"long reason":       {Dataset: "victims", Version: 1, Reason: strings.Repeat("x", 1e5), Time: day},
		"not published":     {Dataset: "victims", Version: 2, Reason: "r", Time: day},
		"other dataset":     {Dataset: "../x", Version: 1, Reason: "r", Time: day},
		"its own successor": {Dataset: "victims", Version: 1, Reason: "r", Successor: 1, Time: day},
		"no such successor": {Dataset: "victims", Version: 1, Reason: "r", Successor: 9, Time: day},
	} {
		if err := Withdraw(dir, w, k); err == nil {
			t.Errorf("%s: withdrawn", name)
		}
	}
	if err := Withdraw(dir, ok); err == nil {
		t.Error("withdrawn without a signature")
	}
	mustPublish(t, dir, k)
	ok.Successor = 2
	if err := Withdraw(dir, ok, k); err != nil {
		t.Fatal(err)
	}
	if err := Withdraw(dir, ok, k); err == nil {
		t.Error("withdrawn twice")
	}
	_, err := c.Bundle("victims", 1)
	var w *catalog.WithdrawnError
	if !errors.As(err, &w) || !errors.Is(err, catalog.ErrWithdrawn) || w.Reason != ok.Reason || w.Successor != 2 || !w.Time.Equal(day) {
		t.Errorf("a withdrawn version answered %v", err)
	}
	if b, err := c.Bundle("victims", 0); err != nil || b.Manifest().Version != 2 {
		t.Error("the newest version is not the one that stands", err)
	}
	r := catalog.Verify(filepath.Join(dir, "victims", "1"), k.Public())
	if !r.Has(catalog.FaultWithdrawn) || len(r.Faults) != 1 || r.Withdrawn.Successor != 2 {
		t.Errorf("verify of a withdrawn version: %+v", r.Faults)
	}
	if err := Withdraw(dir, Withdrawal{Dataset: "victims", Version: 2, Reason: "r", Successor: 1, Time: day}, k); err == nil {
		t.Error("a withdrawn version became a successor")
	}
	if err := Withdraw(dir, Withdrawal{Dataset: "victims", Version: 2, Reason: "all", Time: day}, k); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bundle("victims", 0); !errors.Is(err, catalog.ErrWithdrawn) {
		t.Errorf("a dataset of withdrawn versions answered %v", err)
	}
	if p := mustPublish(t, dir, k); p.Version != 3 {
		t.Errorf("after withdrawals the next version is %d", p.Version)
	}
}

// TestPathsCannotLeave asks for what lies outside the catalog.
func TestPathsCannotLeave(t *testing.T) {
	top, k := t.TempDir(), newSigner(t, "Ana")
	dir := filepath.Join(top, "catalog")
	mustPublish(t, dir, k)
	if err := os.WriteFile(filepath.Join(top, "secret"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, _ := catalog.Open(dir)
	for _, id := range []string{"", ".", "..", "../catalog/victims", "victims/", "/", "VICTIMS", "victims\x00", strings.Repeat("a", 65)} {
		if _, err := c.Bundle(id, 1); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("dataset %q answered %v", id, err)
		}
	}
	b, err := c.Bundle("victims", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../../../secret", "/etc/passwd", "tables", "tables/../data.csv", "./data.csv", "data.csv/"} {
		if f, _, err := b.Open(name); err == nil {
			f.Close()
			t.Errorf("file %q was opened", name)
		}
	}
	// A dataset that is a link to another place is not followed.
	if err := os.Rename(filepath.Join(dir, "victims"), filepath.Join(top, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../moved", filepath.Join(dir, "victims")); err != nil {
		t.Fatal(err)
	}
	fresh, _ := catalog.Open(dir)
	if _, err := fresh.Bundle("victims", 1); !errors.Is(err, catalog.ErrTouched) {
		t.Errorf("a link was followed: %v", err)
	}
}
