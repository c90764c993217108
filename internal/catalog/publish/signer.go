package publish

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"amparo/internal/catalog"
)

const secretHead = "amparo-signing-key ed25519"

// A Signer holds someone's signing key. It cannot be printed.
type Signer struct {
	name string
	key  ed25519.PrivateKey
}

// GenerateKey returns a new key, drawn from random, which must be a CSPRNG. name
// says whose key it is and is published with every signature.
func GenerateKey(name string, random io.Reader) (*Signer, error) {
	if !validName(name) {
		return nil, errors.New("publish: a key needs a name: one line of at most 200 bytes of UTF-8")
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("publish: no randomness for a key: %w", err)
	}
	return &Signer{name, ed25519.NewKeyFromSeed(seed)}, nil
}

// validName says whether a name can stand in a signature: what JSON would write
// otherwise than it was signed would never verify.
func validName(name string) bool {
	return name != "" && len(name) <= 200 && utf8.ValidString(name) && name == strings.TrimSpace(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// Public returns the key that verifies what s signs.
func (s *Signer) Public() catalog.PublicKey {
	return catalog.PublicKey{Name: s.name, Key: s.key.Public().(ed25519.PublicKey)}
}

func (s *Signer) sign(body []byte) catalog.Signature {
	return catalog.Sign(s.Public(), body, func(m []byte) []byte { return ed25519.Sign(s.key, m) })
}

// String says that there is a key, and nothing of it.
func (s *Signer) String() string { return "[signing key]" }

// Format keeps every verb from walking the key.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[signing key]") }

// MarshalJSON refuses.
func (s *Signer) MarshalJSON() ([]byte, error) {
	return nil, errors.New("publish: a signing key is not written to JSON")
}

// Save writes the key to path, readable by its owner only, and the public key to
// path.pub. It never overwrites a key.
func (s *Signer) Save(path string) error {
	line := secretHead + " " + s.name + " " + base64.StdEncoding.EncodeToString(s.key.Seed()) + "\n"
	if err := writeOnce(path, line, 0o600); err != nil {
		return err
	}
	return writeOnce(path+".pub", s.Public().String()+"\n", 0o644)
}

// writeOnce writes a new file whole or not at all.
func writeOnce(path, content string, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return explain(err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return explain(err)
	}
	return syncDir(filepath.Dir(path))
}

// ReadSigner reads the key that Save wrote. A file that others than its owner
// can read is refused.
func ReadSigner(path string) (*Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("publish: %s can be read by others; take that away: chmod 600 %s", path, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(string(b)), secretHead+" ")
	i := strings.LastIndexByte(rest, ' ')
	if ok && i > 0 && validName(rest[:i]) {
		if seed, err := base64.StdEncoding.Strict().DecodeString(rest[i+1:]); err == nil && len(seed) == ed25519.SeedSize {
			return &Signer{rest[:i], ed25519.NewKeyFromSeed(seed)}, nil
		}
	}
	return nil, fmt.Errorf("publish: %s is not a signing key", path)
}
