package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
)

// Keys are the keys of a home: the folder keys holds the home's own signing key,
// and in pinned the public keys of others whom the home trusts.
type Keys struct{ Dir string }

const signingKey = "signing.key"

// Signer returns the home's signing key. The first time it is made, from random,
// in the name of holder.
func (k Keys) Signer(holder string, random io.Reader) (s *publish.Signer, made bool, err error) {
	path := filepath.Join(k.Dir, signingKey)
	s, err = publish.ReadSigner(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, false, err
	}
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("the folder of keys cannot be made: %w", plainPath(err))
	}
	if s, err = publish.GenerateKey(holder, random); err != nil {
		return nil, false, err
	}
	if err := s.Save(path); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process made one just now
			s, err = publish.ReadSigner(path)
			return s, false, err
		}
		return nil, false, fmt.Errorf("the signing key cannot be saved: %w", plainPath(err))
	}
	return s, true, nil
}

// Own returns the home's own public key; ok is false where it has none yet.
func (k Keys) Own() (key catalog.PublicKey, ok bool, err error) {
	path := filepath.Join(k.Dir, signingKey)
	key, err = catalog.ReadPublicKey(path + ".pub")
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err == nil, err
	}
	s, err := publish.ReadSigner(path) // whose public half was lost, or never written
	if errors.Is(err, fs.ErrNotExist) {
		return key, false, nil
	}
	if err != nil {
		return key, false, err
	}
	return s.Public(), true, nil
}

// Trusted returns the public keys that the home trusts: its own and the pinned ones.
func (k Keys) Trusted() (all []catalog.PublicKey, err error) {
	own, ok, err := k.Own()
	if err != nil {
		return nil, err
	}
	if ok {
		all = append(all, own)
	}
	names, err := filepath.Glob(filepath.Join(k.Dir, "pinned", "*.pub"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		key, err := catalog.ReadPublicKey(name)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

// Pin makes the home trust a public key. The same again changes nothing.
func (k Keys) Pin(key catalog.PublicKey) error {
	dir := filepath.Join(k.Dir, "pinned")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of keys cannot be made: %w", plainPath(err))
	}
	out := Output{Path: filepath.Join(dir, key.Fingerprint()+".pub"), Force: true}
	return out.write(func(w io.Writer) error {
		_, err := io.WriteString(w, key.String()+"\n")
		return err
	})
}
