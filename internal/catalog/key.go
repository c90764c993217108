package catalog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A PublicKey is the key of someone who signs releases.
type PublicKey struct {
	Name string // of the holder, as they call themselves; proves nothing
	Key  ed25519.PublicKey
}

const publicHead = "amparo-public-key ed25519"

// ParsePublicKey reads the line that String writes: what a person pins.
func ParsePublicKey(line string) (PublicKey, error) {
	bad := errors.New(`catalog: not a public key: want "` + publicHead + ` NAME BASE64"`)
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), publicHead+" ")
	i := strings.LastIndexByte(rest, ' ')
	if !ok || i < 1 {
		return PublicKey{}, bad
	}
	key, err := base64.StdEncoding.Strict().DecodeString(rest[i+1:])
	if err != nil || len(key) != ed25519.PublicKeySize || !plain(rest[:i]) {
		return PublicKey{}, bad
	}
	return PublicKey{rest[:i], key}, nil
}

// ReadPublicKey reads a public key file.
func ReadPublicKey(path string) (PublicKey, error) {
	b, err := readSmall(path, 4096)
	if err != nil {
		return PublicKey{}, err
	}
	k, err := ParsePublicKey(string(b))
	if err != nil {
		return PublicKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// String returns the key as one line of text.
func (k PublicKey) String() string {
	return publicHead + " " + k.Name + " " + base64.StdEncoding.EncodeToString(k.Key)
}

// Fingerprint returns 128 bits of the key's hash, to be compared by eye or voice:
// eight groups of four hexadecimal digits.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k.Key)
	digits := hex.EncodeToString(sum[:16])
	var groups []string
	for g := range slices.Chunk([]byte(digits), 4) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, "-")
}

// A Signature is one person's, over what Sign says.
type Signature struct {
	Name   string `json:"name"`
	Key    string `json:"key"`    // fingerprint
	Public string `json:"public"` // the key itself, base64
	Value  string `json:"value"`  // base64
}

// Sign returns the signature of body by the holder of k. What sign is given, and
// what Ed25519 signs, is body and a last line "signed by NAME": a name cannot be
// changed either.
func Sign(k PublicKey, body []byte, sign func(message []byte) []byte) Signature {
	e := base64.StdEncoding
	return Signature{k.Name, k.Fingerprint(), e.EncodeToString(k.Key), e.EncodeToString(sign(message(body, k.Name)))}
}

func message(body []byte, name string) []byte {
	return fmt.Appendf(slices.Clone(body), "signed by %s\n", name)
}

var errSignature = errors.New("catalog: a signature does not fit what it signs")

// key returns the key that made s over body, or an error where it did not.
func (s Signature) key(body []byte) (PublicKey, error) {
	e := base64.StdEncoding.Strict()
	public, err := e.DecodeString(s.Public)
	value, err2 := e.DecodeString(s.Value)
	k := PublicKey{s.Name, public}
	if err != nil || err2 != nil || len(public) != ed25519.PublicKeySize || !plain(s.Name) ||
		s.Key != k.Fingerprint() || !ed25519.Verify(public, message(body, s.Name), value) {
		return PublicKey{}, errSignature
	}
	return k, nil
}

// signers returns the keys that signed body. Every signature must be good and no
// key may sign twice: two signatures mean two people's keys.
func signers(body []byte, signatures []Signature) ([]PublicKey, error) {
	if len(signatures) == 0 {
		return nil, errors.New("catalog: not signed")
	}
	var keys []PublicKey
	for _, s := range signatures {
		k, err := s.key(body)
		if err != nil {
			return nil, err
		}
		if known(k, keys) {
			return nil, errors.New("catalog: signed twice by one key")
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// known says whether k is among keys; names do not count.
func known(k PublicKey, keys []PublicKey) bool {
	return slices.ContainsFunc(keys, func(p PublicKey) bool { return p.Key.Equal(k.Key) })
}

// anyKnown says whether one of ks is among keys.
func anyKnown(ks, keys []PublicKey) bool {
	return slices.ContainsFunc(ks, func(k PublicKey) bool { return known(k, keys) })
}

// readSmall reads a regular file of at most limit bytes. A pipe would keep its
// reader waiting for ever.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("catalog: %s is not a regular file", filepath.Base(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f, limit)
}
