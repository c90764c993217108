package release_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

// TestHeadsRemember: a ledger that was cut back to before a withdrawal verifies by
// itself, and not in the home that withdrew; nor does one with another entry in place.
func TestHeadsRemember(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.release())
	heads, dir := release.Heads{Dir: h.path("heads")}, h.path("catalog")
	key, _, err := release.Keys{Dir: h.path("keys")}.Own()
	if err != nil {
		t.Fatal(err)
	}
	check := func(want bool, what string) {
		t.Helper()
		r := catalog.Verify(res.Path, key)
		if err := heads.Check(r, dir); err != nil {
			t.Fatal(err)
		}
		if r.Has(catalog.FaultRollback) != want {
			t.Errorf("%s: %+v", what, r.Faults)
		}
	}
	check(false, "nothing is remembered yet")
	remember := func() {
		t.Helper()
		if err := heads.Remember(dir); err != nil {
			t.Fatal(err)
		}
	}
	remember()
	check(false, "as it was")
	ledger := filepath.Join(dir, catalog.LedgerFile)
	before, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.signer()
	if err != nil {
		t.Fatal(err)
	}
	w := publish.Withdrawal{Dataset: "things", Version: 1, Reason: "wrong", Time: noon}
	if err := release.Withdraw(dir, w, s); err != nil {
		t.Fatal(err)
	}
	check(false, "it grew")
	remember()
	whole, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ledger, before, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := catalog.Verify(res.Path, key); !r.OK() {
		t.Errorf("the ledger cut back does not verify by itself: %+v", r.Faults)
	}
	check(true, "cut back")
	if err := os.WriteFile(ledger, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	check(false, "whole again")
	if err := os.WriteFile(ledger, before, 0o644); err != nil {
		t.Fatal(err)
	}
	w.Reason = "another reason"
	if err := release.Withdraw(dir, w, s); err != nil {
		t.Fatal(err)
	}
	check(true, "another entry in its place")
}

// TestHeadsOfNothing: no ledger, an empty one and one of another home are not known, and
// a damaged memory is an error that holds no path.
func TestHeadsOfNothing(t *testing.T) {
	h := newHouse(t)
	heads := release.Heads{Dir: h.path("heads")}
	if err := heads.Remember(h.path("catalog")); err != nil {
		t.Errorf("an empty catalog: %v", err)
	}
	if _, err := os.Stat(heads.Dir); err == nil {
		t.Error("a head of nothing is remembered")
	}
	res := h.run(h.release())
	if err := (release.Heads{Dir: h.path("others")}).Check(new(catalog.Report), h.path("catalog")); err != nil {
		t.Errorf("another home: %v", err)
	}
	if err := heads.Check(new(catalog.Report), h.path("nowhere")); err != nil {
		t.Errorf("no ledger: %v", err)
	}
	if err := heads.Remember(h.path("catalog")); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(heads.Dir, "*.json"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, damage := range [][]byte{nil, []byte("{"), []byte(`{"seq":0,"hash":""}`), bytes.Repeat([]byte("x"), 100)} {
		if err := os.WriteFile(names[0], damage, 0o600); err != nil {
			t.Fatal(err)
		}
		err := heads.Check(catalog.Verify(res.Path), h.path("catalog"))
		if err == nil || strings.Contains(err.Error(), h.dir) {
			t.Errorf("%q: %v", damage, err)
		}
	}
}
