package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"amparo/internal/catalog"
)

// A Published is what Commit put in the catalog.
type Published struct {
	Dataset  string
	Version  int
	Dir      string // of the bundle
	Manifest string // hash of manifest.json
	Seq      int    // of the ledger entry
}

// Commit publishes the bundle. The caller fills in what the manifest says of the
// release, from Title to Code but Dataset and Version; Commit adds the rest and
// the descriptions (datapackage.json, dcat.jsonld), signs, enters the bundle in
// the ledger and puts it in its place. Each signer is a person; at least one is
// required. Where Commit fails nothing is visible and the lock is free.
func (s *Staging) Commit(m catalog.Manifest, signers ...*Signer) (*Published, error) {
	defer s.Abort()
	if s.done {
		return nil, errors.New("publish: the bundle is closed")
	}
	if len(signers) == 0 {
		return nil, errors.New("publish: a release needs a signature")
	}
	m.Format, m.Dataset, m.Version = catalog.Format, s.dataset, s.version
	if err := m.Check(); err != nil {
		return nil, err
	}
	if err := s.complete(&m); err != nil {
		return nil, err
	}
	text, ledger, err := s.seal(&m, signers)
	if err != nil {
		return nil, err
	}
	if err := s.place(text); err != nil {
		return nil, explain(err)
	}
	sum := sha256.Sum256(text)
	p := &Published{s.dataset, s.version, filepath.Join(s.dir, s.dataset, strconv.Itoa(s.version)), hex.EncodeToString(sum[:]), m.Ledger.Seq}
	err = s.enter(ledger, catalog.Entry{Time: m.Created, Kind: catalog.Published, Dataset: s.dataset, Version: s.version, Manifest: p.Manifest}, signers)
	if err != nil {
		return nil, explain(err)
	}
	if err := s.rename(p.Dir); err != nil {
		return nil, fmt.Errorf("publish: %s/%d %w: %w", s.dataset, s.version, ErrOwed, explain(err))
	}
	return p, nil
}

func (s *Staging) rename(to string) error {
	if err := s.hook.at("rename"); err != nil {
		return err
	}
	if err := os.Rename(s.path, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// complete checks that the files are there and adds the descriptions.
func (s *Staging) complete(m *catalog.Manifest) error {
	if s.open > 0 {
		return errors.New("publish: a file of the bundle is still open, or failed")
	}
	if s.book == nil {
		return errors.New("publish: the bundle has no codebook and tables")
	}
	if m.Method == catalog.GaussianSynthesis && !s.has("data.csv") {
		return errors.New("publish: the bundle has no data.csv")
	}
	m.Files = slices.Clone(s.files)
	pack, err := catalog.DataPackage(m, s.book)
	if err != nil {
		return err
	}
	dcat, err := catalog.DCAT(m)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"datapackage.json": pack, "dcat.jsonld": dcat} {
		err := s.write(name, func(w io.Writer) error { _, err := w.Write(text); return err })
		if err != nil {
			return err
		}
	}
	m.Files = slices.Clone(s.files)
	slices.SortFunc(m.Files, func(a, b catalog.FileHash) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// seal signs the manifest, which names the ledger entry to come.
func (s *Staging) seal(m *catalog.Manifest, signers []*Signer) ([]byte, *catalog.Ledger, error) {
	ledger, err := catalog.ReadLedger(s.dir)
	if err != nil {
		return nil, nil, err
	}
	seq, head := ledger.Head()
	m.Ledger = catalog.LedgerRef{Seq: seq + 1, Previous: head}
	m.SignedBy, m.Signatures = len(signers), nil
	body, err := m.Body()
	if err != nil {
		return nil, nil, err
	}
	if m.Signatures, err = signAll(body, signers); err != nil {
		return nil, nil, err
	}
	text, err := m.Marshal()
	if err != nil {
		return nil, nil, err
	}
	if _, err := catalog.ParseManifest(text); err != nil { // what cannot be read back is not published
		return nil, nil, err
	}
	return text, ledger, nil
}

func signAll(body []byte, signers []*Signer) ([]catalog.Signature, error) {
	var all []catalog.Signature
	for i, k := range signers {
		for _, other := range signers[:i] {
			if other.Public().Key.Equal(k.Public().Key) {
				return nil, errors.New("publish: one key cannot sign twice: a second signature is a second person's")
			}
		}
		all = append(all, k.sign(body))
	}
	return all, nil
}

// place writes the manifest, last of all files, and brings all names to disk.
func (s *Staging) place(text []byte) error {
	if err := s.hook.at("manifest"); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.path, "manifest.json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := s.hook.at("folders"); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, s.dataset), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return errors.Join(syncDir(filepath.Join(s.path, "tables")), syncDir(s.path), syncDir(s.dir))
}

// enter appends the bundle's entry to the ledger.
func (s *Staging) enter(l *catalog.Ledger, e catalog.Entry, signers []*Signer) error {
	line, err := sealEntry(l, &e, signers)
	if err != nil {
		return err
	}
	if err := s.hook.at("ledger"); err != nil {
		return err
	}
	s.entered, err = appendLine(s.dir, line, s.hook)
	return err
}

func sealEntry(l *catalog.Ledger, e *catalog.Entry, signers []*Signer) ([]byte, error) {
	seq, head := l.Head()
	e.Seq, e.Previous = seq+1, head
	body, err := e.Body()
	if err != nil {
		return nil, err
	}
	if e.Signatures, err = signAll(body, signers); err != nil {
		return nil, err
	}
	return e.Line()
}

// appendLine appends a line to the ledger and brings it to disk. Where that
// fails it takes the line back; entered says whether it may be there all the same.
func appendLine(dir string, line []byte, h hook) (entered bool, err error) {
	name := filepath.Join(dir, catalog.LedgerFile)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	half := len(line) / 2 // in two writes, for tests to stop between
	_, err = f.Write(line[:half])
	if err == nil {
		err = h.at("ledger half")
	}
	if err == nil {
		_, err = f.Write(line[half:])
	}
	if err == nil {
		err = h.at("ledger sync")
	}
	if err == nil {
		err = errors.Join(f.Sync(), syncDir(dir))
	}
	if err == nil {
		return true, nil
	}
	back := errors.Join(f.Truncate(info.Size()), f.Sync())
	return back != nil, errors.Join(err, back)
}

// A Withdrawal says which version is withdrawn and why. Reason is public.
type Withdrawal struct {
	Dataset   string
	Version   int
	Reason    string    // Required.
	Successor int       // Default none. A version of the dataset that stands.
	Time      time.Time // Required.
}

// Withdraw enters in the ledger that a version is withdrawn: readers answer with
// the reason instead of its files, which stay as they are.
func Withdraw(dir string, w Withdrawal, signers ...*Signer) error {
	return withdraw(dir, w, nil, signers)
}

func withdraw(dir string, w Withdrawal, h hook, signers []*Signer) error {
	if len(signers) == 0 {
		return errors.New("publish: a withdrawal needs a signature")
	}
	if strings.TrimSpace(w.Reason) == "" {
		return errors.New("publish: a withdrawal needs a reason; it is public")
	}
	if !catalog.ValidDataset(w.Dataset) {
		return fmt.Errorf("publish: %w", catalog.ErrNotFound)
	}
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	l, ledger, err := take(dir, h)
	if err != nil {
		return err
	}
	defer l.Close()
	published, ok := ledger.Published(w.Dataset, w.Version)
	if !ok {
		return fmt.Errorf("publish: %s/%d: %w", w.Dataset, w.Version, catalog.ErrNotFound)
	}
	if _, gone := ledger.Withdrawn(w.Dataset, w.Version); gone {
		return fmt.Errorf("publish: %s/%d is withdrawn already", w.Dataset, w.Version)
	}
	if w.Successor != 0 {
		_, there := ledger.Published(w.Dataset, w.Successor)
		_, gone := ledger.Withdrawn(w.Dataset, w.Successor)
		if !there || gone || w.Successor == w.Version {
			return fmt.Errorf("publish: the successor %s/%d is not a version that stands", w.Dataset, w.Successor)
		}
	}
	line, err := sealEntry(ledger, &catalog.Entry{Time: w.Time.UTC().Truncate(time.Second), Kind: catalog.Withdrawn, Dataset: w.Dataset,
		Version: w.Version, Manifest: published.Manifest, Reason: w.Reason, Successor: w.Successor}, signers)
	if err != nil {
		return err
	}
	if err := h.at("ledger"); err != nil {
		return explain(err)
	}
	_, err = appendLine(dir, line, h)
	return explain(err)
}
