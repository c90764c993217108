package release

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
)

// keyHome is a home with a key and one pinned.
func keyHome(t *testing.T) (k Keys, own, pinned catalog.PublicKey) {
	t.Helper()
	k = Keys{filepath.Join(t.TempDir(), "keys")}
	random := rand.NewChaCha8([32]byte{7})
	s, _, err := k.Signer("Ana", random)
	if err != nil {
		t.Fatal(err)
	}
	other, err := publish.GenerateKey("Otra", random)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Pin(other.Public()); err != nil {
		t.Fatal(err)
	}
	return k, s.Public(), other.Public()
}

// TestKeysThatWereTouched: a key that was cut short, opened to others or replaced
// by something else is not used, not passed over, and above all not made anew: a
// new key under the old name would look like a thief's.
func TestKeysThatWereTouched(t *testing.T) {
	for name, c := range map[string]struct {
		harm           func(path string) error
		signs, trusted bool // whether there is still a signer; and whom the home trusts
	}{
		"cut short":        {func(p string) error { return os.Truncate(p, 40) }, false, true},
		"emptied":          {func(p string) error { return os.Truncate(p, 0) }, false, true},
		"open to a group":  {func(p string) error { return os.Chmod(p, 0o640) }, false, true},
		"open to all":      {func(p string) error { return os.Chmod(p, 0o604) }, false, true},
		"a folder":         {func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, false, true},
		"the public one":   {func(p string) error { return os.Rename(p+".pub", p) }, false, false},
		"public cut short": {func(p string) error { return os.Truncate(p+".pub", 30) }, true, false},
		"public a folder":  {func(p string) error { return errors.Join(os.Remove(p+".pub"), os.Mkdir(p+".pub", 0o700)) }, true, false},
		"public lost":      {func(p string) error { return os.Remove(p + ".pub") }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			k, own, _ := keyHome(t)
			path := filepath.Join(k.Dir, signingKey)
			before, _ := os.ReadFile(path)
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			touched, _ := os.ReadFile(path)
			s, made, err := k.Signer("Ana", rand.NewChaCha8([32]byte{8}))
			if made || (err == nil) != c.signs || c.signs && s.Public().Fingerprint() != own.Fingerprint() {
				t.Errorf("signer %v, made %v, %v", s, made, err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(touched) {
				t.Error("the file was written over")
			}
			if err != nil && len(before) > 30 && strings.Contains(err.Error(), string(before[len(before)-30:len(before)-2])) {
				t.Errorf("the error holds the key: %v", err)
			}
			all, err := k.Trusted()
			if (err == nil) != c.trusted || c.trusted && len(all) != 2 {
				t.Errorf("trusted %v, %v", all, err)
			}
		})
	}
}

// TestPinnedKeysThatWereTouched: one that cannot be read keeps all from being
// trusted, rather than being passed over in silence.
func TestPinnedKeysThatWereTouched(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"cut short":   func(p string) error { return os.Truncate(p, 50) },
		"emptied":     func(p string) error { return os.Truncate(p, 0) },
		"a folder":    func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) },
		"a link away": func(p string) error { return errors.Join(os.Remove(p), os.Symlink("nowhere", p)) },
		"two keys": func(p string) error {
			b, _ := os.ReadFile(p)
			return os.WriteFile(p, append(b, b...), 0o644)
		},
		"very long": func(p string) error { return os.Truncate(p, 1<<20) },
	} {
		k, _, pinned := keyHome(t)
		path := filepath.Join(k.Dir, "pinned", pinned.Fingerprint()+".pub")
		if err := harm(path); err != nil {
			t.Fatal(err)
		}
		if all, err := k.Trusted(); err == nil {
			t.Errorf("%s: trusted %v", name, all)
		}
	}
	// A file that is no key by its name is none.
	k, _, pinned := keyHome(t)
	if err := os.WriteFile(filepath.Join(k.Dir, "pinned", "README"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if all, err := k.Trusted(); err != nil || len(all) != 2 || all[1].Fingerprint() != pinned.Fingerprint() {
		t.Errorf("%v, %v", all, err)
	}
}

// TestKeyNames: the holder's name is what every release carries.
func TestKeyNames(t *testing.T) {
	for _, name := range []string{"", "two\nlines", "\x1b[31m", "\xff", " Ana"} {
		k := Keys{filepath.Join(t.TempDir(), "keys")}
		if _, made, err := k.Signer(name, rand.NewChaCha8([32]byte{1})); err == nil || made {
			t.Errorf("a key was made for %q", name)
		}
		if _, ok, err := k.Own(); ok || err != nil {
			t.Errorf("after it a key is there: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(k.Dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	k := Keys{filepath.Join(t.TempDir(), "keys")}
	if _, _, err := k.Signer("Ana", strings.NewReader("too little")); err == nil {
		t.Error("a key was made of too little randomness")
	}
}

// TestKeysCannotBeSaved: where the folder cannot be made or written there is no
// key, and the error tells no path.
func TestKeysCannotBeSaved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k := Keys{filepath.Join(file, "keys")}
	s, made, err := k.Signer("Ana", rand.NewChaCha8([32]byte{1}))
	if err == nil || made || s != nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, made %v, %v", s, made, err)
	}
	other, err2 := publish.GenerateKey("Otra", rand.NewChaCha8([32]byte{2}))
	if err2 != nil {
		t.Fatal(err2)
	}
	if err := k.Pin(other.Public()); err == nil || strings.Contains(err.Error(), file) {
		t.Errorf("pinned: %v", err)
	}
}
