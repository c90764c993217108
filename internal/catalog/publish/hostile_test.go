//go:build linux

package publish

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"amparo/internal/catalog"
)

// TestNamesThatCannotBeSigned: JSON would write such a name otherwise than it was
// signed, and a ledger with it could not be read by anyone, its publisher included.
func TestNamesThatCannotBeSigned(t *testing.T) {
	seed := base64.StdEncoding.EncodeToString(make([]byte, ed25519.SeedSize))
	for _, name := range []string{"\xff", "Ana\xc3", "Ana\tLópez", "Ana\x00", "Ana\u0085", strings.Repeat("ñ", 101)} {
		if _, err := GenerateKey(name, rand.Reader); err == nil {
			t.Errorf("a key was named %q", name)
		}
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(secretHead+" "+name+" "+seed+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSigner(path); err == nil {
			t.Errorf("the key of %q was read", name)
		}
	}
	for _, name := range []string{"Ana", "Ana  López & Hnos. <\"quoted\">", "\u202eleft", strings.Repeat("ñ", 100), "\ufffd"} {
		dir, k := t.TempDir(), newSigner(t, name)
		path := filepath.Join(dir, "key")
		if err := k.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := ReadSigner(path)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if body := []byte("x"); again.sign(body) != k.sign(body) {
			t.Errorf("%q signs otherwise when it is read again", name)
		}
	}
}

// TestKeyFilesThatAreNone: whatever stands where the key should be, a signer is
// never made of it, and the error holds nothing of the file.
func TestKeyFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if err := newSigner(t, "Ana").Save(good); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := os.ReadFile(good + ".pub")
	for name, b := range map[string][]byte{
		"empty": nil, "public": public, "half": text[:len(text)/2], "one byte short": text[:len(text)-3], "twice": append(text, text...),
		"no name": []byte(secretHead + " " + string(text[len(text)-45:])), "binary": {0, 1, 2}, "head only": []byte(secretHead),
		"a space": []byte(string(text[:len(text)-9]) + " " + string(text[len(text)-9:])), "another head": []byte(strings.Replace(string(text), "ed25519", "ed448", 1)),
	} {
		path := filepath.Join(dir, "bad")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSigner(path); err == nil {
			t.Errorf("%s: read", name)
		} else if len(b) > 60 && strings.Contains(err.Error(), string(b[len(b)-20:len(b)-5])) {
			t.Errorf("%s: the error holds the key: %v", name, err)
		}
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o601, 0o610} {
		if err := os.Chmod(good, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSigner(good); err == nil {
			t.Errorf("a key of mode %v was used", mode)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400, 0o700} {
		if err := os.Chmod(good, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSigner(good); err != nil {
			t.Errorf("a key of mode %v: %v", mode, err)
		}
	}
	if _, err := ReadSigner(dir); err == nil {
		t.Error("a folder was read as a key")
	}
}

// TestPipesDoNotHang puts a pipe, from which nothing ever comes, where each file of
// a catalog is looked for. A reader that waits for it would wait for ever.
func TestPipesDoNotHang(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	p := mustPublish(t, dir, k)
	for _, name := range []string{catalog.LedgerFile, "victims/1/manifest.json", "victims/2/manifest.json", "victims/2/data.csv", "victims/2/codebook.json", "victims/2/tables/001-gender.csv", "victims/2/pipe"} {
		path := filepath.Join(dir, name)
		kept := filepath.Join(t.TempDir(), "kept")
		_ = os.Rename(path, kept)
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		type answer struct{ verified, served bool }
		got := make(chan answer, 1)
		go func() {
			c, err := catalog.Open(dir)
			if err == nil {
				_, err = c.Bundle("victims", 2)
			}
			got <- answer{catalog.Verify(p.Dir, k.Public()).OK(), err == nil}
		}()
		select {
		case a := <-got:
			if mine := !strings.HasPrefix(name, "victims/1/"); mine && (a.verified || a.served) {
				t.Errorf("%s is a pipe: %+v", name, a)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s is a pipe, and the reader waits for it", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		_ = os.Rename(kept, path)
	}
	if r := catalog.Verify(p.Dir, k.Public()); !r.OK() {
		t.Errorf("put right: %+v", r.Faults)
	}
}

// TestVersionsEnd: the number after the last one is found or refused before a
// staging folder is made.
func TestVersionsEnd(t *testing.T) {
	for folder, want := range map[string]int{"999998": 999_999, "999999": 0, "1000000": 1, "18446744073709551616": 1, "-5": 1, "x": 1, "0": 1} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "victims", folder), 0o755); err != nil {
			t.Fatal(err)
		}
		s, err := Stage(dir, "victims")
		if want == 0 {
			if err == nil {
				t.Errorf("after folder %s there is a version %d", folder, s.Version())
			}
			if left, _ := filepath.Glob(filepath.Join(dir, stagingPrefix+"*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if s, err = Stage(dir, "others"); err != nil {
				t.Errorf("another dataset: %v", err)
				continue
			}
			s.Abort()
			continue
		}
		if err != nil || s.Version() != want {
			t.Errorf("after folder %s: %v", folder, fmt.Sprint(err))
			continue
		}
		s.Abort()
	}
}
