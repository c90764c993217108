package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"amparo/internal/catalog"
)

// Recover finishes or clears away what a killed process left in a catalog.
// Stage and Withdraw do so by themselves.
func Recover(dir string) error {
	l, _, err := take(dir, nil)
	if err != nil {
		return err
	}
	return l.Close()
}

// recoverAll mends the end of the ledger and settles every staging folder. The
// caller holds the lock.
func recoverAll(dir string, h hook) (*catalog.Ledger, error) {
	l, err := mendLedger(dir, h)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !isStaging(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if err := h.at("settle"); err != nil {
			return nil, err
		}
		if to, ok := owed(dir, path, l); ok {
			err = putInPlace(dir, path, to)
		} else {
			err = os.RemoveAll(path)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// putInPlace moves a bundle to the place that it is owed.
func putInPlace(dir, path, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return errors.Join(os.Rename(path, to), syncDir(filepath.Dir(to)), syncDir(dir))
}

// mendLedger reads the ledger. It cuts off an entry that was not written to its
// end, and ends a line that was complete but for its line end: a complete entry
// is never lost.
func mendLedger(dir string, h hook) (*catalog.Ledger, error) {
	l, err := catalog.ReadLedger(dir)
	if err != nil || l.Torn == 0 && !l.Unended {
		return l, err
	}
	if err := h.at("mend"); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, catalog.LedgerFile), os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if l.Unended {
		_, err = f.Write([]byte{'\n'})
	} else {
		err = f.Truncate(end - int64(l.Torn))
	}
	if err := errors.Join(err, f.Sync()); err != nil {
		return nil, err
	}
	return catalog.ReadLedger(dir)
}

// owed returns the place of a staging folder that the ledger has published and
// that is whole.
func owed(dir, path string, l *catalog.Ledger) (string, bool) {
	text, err := os.ReadFile(filepath.Join(path, "manifest.json"))
	if err != nil {
		return "", false
	}
	m, err := catalog.ParseManifest(text)
	if err != nil {
		return "", false
	}
	e, ok := l.Published(m.Dataset, m.Version)
	sum := sha256.Sum256(text)
	if !ok || e.Manifest != hex.EncodeToString(sum[:]) {
		return "", false
	}
	for _, h := range m.Files {
		f, err := os.Open(filepath.Join(path, filepath.FromSlash(h.Path)))
		if err != nil {
			return "", false
		}
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		f.Close()
		if err != nil || n != h.Bytes || hex.EncodeToString(sum.Sum(nil)) != h.SHA256 {
			return "", false
		}
	}
	to := filepath.Join(dir, m.Dataset, strconv.Itoa(m.Version))
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		return "", false
	}
	return to, true
}
