package catalog

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testKey(seed byte) (PublicKey, func([]byte) []byte) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	return PublicKey{"Ana", private.Public().(ed25519.PublicKey)}, func(m []byte) []byte { return ed25519.Sign(private, m) }
}

func hashOfText(s string) string {
	h, _, _ := hashOf(strings.NewReader(s), 1<<20)
	return h
}

// chain returns the lines of a ledger with the given entries, of which kind,
// dataset, version, reason and successor are taken.
func chain(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	key, sign := testKey(1)
	var all []byte
	previous := Genesis
	for i, e := range entries {
		e.Seq, e.Previous, e.Time = i+1, previous, time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
		if e.Manifest == "" {
			e.Manifest = hashOfText(e.Dataset + string(rune('0'+e.Version)))
		}
		body, err := e.Body()
		if err != nil {
			t.Fatal(err)
		}
		e.Signatures = []Signature{Sign(key, body, sign)}
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		previous = hashOfText(string(line))
		all = append(all, line...)
	}
	return all
}

func TestLedgerReads(t *testing.T) {
	b := chain(t,
		Entry{Kind: Published, Dataset: "a", Version: 1}, Entry{Kind: Published, Dataset: "b", Version: 1},
		Entry{Kind: Published, Dataset: "a", Version: 2}, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "<b> & \"x\"\nnext", Successor: 2})
	l, err := ParseLedger(b)
	if err != nil {
		t.Fatal(err)
	}
	if n, head := l.Head(); n != 4 || head != hashOfText(string(b[bytes.LastIndexByte(b[:len(b)-1], '\n')+1:])) {
		t.Errorf("head is %d %s", n, head)
	}
	if l.Last("a") != 2 || l.Last("b") != 1 || l.Last("c") != 0 || l.Torn != 0 || l.Unended {
		t.Error("versions are wrong")
	}
	if e, ok := l.Published("a", 2); !ok || e.Seq != 3 {
		t.Error("a/2 is not at entry 3")
	}
	if w, ok := l.Withdrawn("a", 1); !ok || w.Successor != 2 || w.Reason != "<b> & \"x\"\nnext" {
		t.Error("a/1 is not withdrawn")
	}
	if _, ok := l.Withdrawn("b", 1); ok {
		t.Error("b/1 is withdrawn")
	}
	if key, _ := testKey(1); !known(key, l.Signers(2)) {
		t.Error("the signer is another")
	}
	if l, err := ParseLedger(nil); err != nil || len(l.Entries()) != 0 {
		t.Error("an empty ledger is not empty")
	}
}

func TestLedgerRefuses(t *testing.T) {
	one := Entry{Kind: Published, Dataset: "a", Version: 1}
	good := chain(t, one, Entry{Kind: Published, Dataset: "a", Version: 2})
	lines := bytes.SplitAfter(good, []byte("\n"))
	for name, b := range map[string][]byte{
		"a line dropped":              lines[1],
		"a line twice":                bytes.Join([][]byte{lines[0], lines[0]}, nil),
		"lines swapped":               bytes.Join([][]byte{lines[1], lines[0]}, nil),
		"an empty line":               append([]byte("\n"), good...),
		"spaces":                      append([]byte(" "), good...),
		"not JSON":                    []byte("x\n"),
		"null":                        []byte("null\n"),
		"another key's name":          bytes.Replace(good, []byte(`"name":"Ana"`), []byte(`"name":"Eva"`), 1),
		"one version twice":           chain(t, one, one),
		"withdraws what is not there": chain(t, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "r"}),
		"withdrawn twice":             chain(t, one, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "r"}, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "r"}),
		"withdraws another manifest":  chain(t, one, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "r", Manifest: Genesis}),
		"a very long line":            append(bytes.Repeat([]byte("x"), maxEntry+1), '\n'),
	} {
		if _, err := ParseLedger(b); !errors.Is(err, ErrLedger) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, e := range map[string]Entry{
		"kind":      {Kind: "deleted", Dataset: "a", Version: 1},
		"dataset":   {Kind: Published, Dataset: "A", Version: 1},
		"version":   {Kind: Published, Dataset: "a"},
		"no reason": {Kind: Withdrawn, Dataset: "a", Version: 1},
		"reason":    {Kind: Published, Dataset: "a", Version: 1, Reason: "r"},
		"control":   {Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "\x1b[31m"},
	} {
		e.Seq, e.Previous, e.Manifest, e.Time = 1, Genesis, Genesis, time.Unix(0, 0).UTC()
		if _, err := e.Line(); err == nil {
			t.Errorf("an entry with a bad %s was written", name)
		}
	}
}

// TestLedgerIsReadAgain changes the ledger while a catalog is open.
func TestLedgerIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		var entries []Entry
		for v := range n {
			entries = append(entries, Entry{Kind: Published, Dataset: "a", Version: v + 1})
		}
		if err := os.WriteFile(filepath.Join(dir, LedgerFile), chain(t, entries...), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := c.Ledger()
		if err != nil || len(l.Entries()) != n {
			t.Errorf("%d entries, want %d (%v)", len(l.Entries()), n, err)
		}
	}
	pinned, _ := testKey(9)
	strict, _ := Open(dir, pinned)
	if _, err := strict.Ledger(); !errors.Is(err, ErrLedger) {
		t.Errorf("entries of an unknown signer: %v", err)
	}
}

func TestPublicKeyText(t *testing.T) {
	key, _ := testKey(3)
	key.Name = "Ana María, Xela"
	got, err := ParsePublicKey(key.String() + "\n")
	if err != nil || got.Name != key.Name || !got.Key.Equal(key.Key) {
		t.Error("a key was not read as written", err)
	}
	if f := key.Fingerprint(); len(f) != 39 || strings.Count(f, "-") != 7 {
		t.Errorf("fingerprint %s", f)
	}
	for _, s := range []string{"", "amparo-public-key ed25519", "amparo-public-key ed25519 Ana", publicHead + " AAAA", publicHead + " Ana AAAA", "x" + key.String()} {
		if _, err := ParsePublicKey(s); err == nil {
			t.Errorf("%q was read as a key", s)
		}
	}
}

func FuzzParseLedger(f *testing.F) {
	good := chain(f, Entry{Kind: Published, Dataset: "a", Version: 1}, Entry{Kind: Withdrawn, Dataset: "a", Version: 1, Reason: "r"})
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLedger(b)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range l.Entries() {
			line, err := e.Line()
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, line...)
		}
		if l.Unended {
			again = again[:len(again)-1]
		}
		if !bytes.Equal(again, b[:len(b)-l.Torn]) {
			t.Error("entries are not the bytes that were read")
		}
	})
}
