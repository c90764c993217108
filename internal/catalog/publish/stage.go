// Package publish writes bundles to a catalog. Only release may import it.
//
// [Stage] takes the catalog's lock and opens a folder that no reader sees;
// [Staging.Commit] enters the bundle in the public ledger and then puts it in
// its place with one rename. A process that is killed between any two steps
// leaves either nothing visible or a whole bundle: what was not yet in the
// ledger is cleared away, what was is put in place, by the next one who takes
// the lock. No version number is ever used twice.
//
// Stage before any budget is spent: it finds out whether the catalog can be
// written, and keeps others out until Commit or Abort.
package publish

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"amparo/internal/catalog"
	"amparo/microdata"
)

const (
	lockFile      = ".lock"
	stagingPrefix = ".staging-"
)

// Errors that a caller may want to explain.
var (
	ErrBusy     = errors.New("another release is being published in this catalog; try again when it is done")
	ErrReadOnly = errors.New("the catalog cannot be written: check its owner and permissions")
	ErrFull     = errors.New("the disk is full: nothing was published; make room and try again")
	ErrOwed     = errors.New("is in the ledger but could not be put in place; the next release or withdrawal does it")
)

// explain adds the words that a person needs to an error of the system.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("publish: %w (%w)", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("publish: %w (%w)", ErrReadOnly, err)
	}
	return err
}

// hook is called before each step; tests make it fail or kill the process.
type hook func(step string) error

func (h hook) at(step string) error {
	if h == nil {
		return nil
	}
	return h(step)
}

// A Staging is a bundle that is being written. It is for one goroutine.
type Staging struct {
	dir     string // of the catalog
	path    string // of the staging folder
	dataset string
	version int
	lock    *os.File
	hook    hook

	files   []catalog.FileHash
	open    int
	book    *catalog.Codebook
	entered bool // the ledger may hold it: Abort must not clear it away
	done    bool
}

// Stage begins the next version of a dataset. It makes the catalog where there
// is none, finishes or clears away what a killed process left, and holds the
// catalog's lock until Commit or Abort.
func Stage(dir, dataset string) (*Staging, error) { return stage(dir, dataset, nil) }

func stage(dir, dataset string, h hook) (*Staging, error) {
	if !catalog.ValidDataset(dataset) {
		return nil, errors.New("publish: a dataset id is 1 to 64 of a–z, 0–9 and -, and does not begin with -")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, explain(err)
	}
	l, ledger, err := take(dir, h)
	if err != nil {
		return nil, err
	}
	s := &Staging{dir: dir, dataset: dataset, lock: l, hook: h}
	if s.version, err = next(dir, dataset, ledger); err == nil {
		err = h.at("stage")
	}
	if err == nil {
		s.path, err = os.MkdirTemp(dir, stagingPrefix+dataset+"-")
	}
	if err == nil {
		err = errors.Join(os.Chmod(s.path, 0o755), os.Mkdir(filepath.Join(s.path, "tables"), 0o755))
	}
	if err != nil {
		s.Abort()
		return nil, explain(err)
	}
	return s, nil
}

// take takes the lock and brings the catalog in order.
func take(dir string, h hook) (*os.File, *catalog.Ledger, error) {
	l, err := lock(dir)
	if err != nil {
		return nil, nil, explain(err)
	}
	ledger, err := recoverAll(dir, h)
	if err != nil {
		l.Close()
		return nil, nil, explain(err)
	}
	return l, ledger, nil
}

// next returns the version after the highest that has a folder or a ledger entry.
// Where there is none left it says so before anything is spent: a folder that
// somebody made is enough for that. Numbers that no version can have do not count.
func next(dir, dataset string, l *catalog.Ledger) (int, error) {
	last := l.Last(dataset)
	entries, err := os.ReadDir(filepath.Join(dir, dataset))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n <= catalog.MaxVersion {
			last = max(last, n)
		}
	}
	if last >= catalog.MaxVersion {
		return 0, fmt.Errorf("publish: %s has a version or folder %d: there is no number after it", dataset, last)
	}
	return last + 1, nil
}

// Version returns the number that the bundle will have.
func (s *Staging) Version() int { return s.version }

// Dataset returns the id of the dataset.
func (s *Staging) Dataset() string { return s.dataset }

// Create opens a new file of the bundle. Its name must be one that a bundle may
// hold (see catalog.ValidPath); its content is on disk when Close returns.
func (s *Staging) Create(name string) (io.WriteCloser, error) {
	if s.done {
		return nil, errors.New("publish: the bundle is closed")
	}
	if !catalog.ValidPath(name) {
		return nil, errors.New("publish: a bundle may not hold a file of that name")
	}
	if err := s.hook.at("create " + name); err != nil {
		return nil, explain(err)
	}
	f, err := os.OpenFile(filepath.Join(s.path, filepath.FromSlash(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, explain(err)
	}
	s.open++
	w := &file{s: s, f: f, name: name, sum: sha256.New()}
	w.b = bufio.NewWriterSize(io.MultiWriter(f, w.sum, &w.size), 1<<16)
	return w, nil
}

// file hashes what is written to it.
type file struct {
	s    *Staging
	f    *os.File
	b    *bufio.Writer
	sum  hash.Hash
	size count
	name string
	done bool
	err  error
}

type count int64

func (c *count) Write(p []byte) (int, error) {
	*c += count(len(p))
	return len(p), nil
}

func (w *file) Write(p []byte) (int, error) {
	n, err := w.b.Write(p)
	if err != nil {
		w.err = explain(err)
	}
	return n, w.err
}

// Close brings the file to disk. A file that failed keeps Commit from going on.
func (w *file) Close() error {
	if w.done {
		return w.err
	}
	w.done = true
	err := errors.Join(w.err, w.b.Flush(), w.s.hook.at("sync "+w.name), w.f.Chmod(0o644), w.f.Sync(), w.f.Close())
	if err != nil {
		w.err = explain(err)
		return w.err
	}
	w.s.open--
	w.s.files = append(w.s.files, catalog.FileHash{Path: w.name, Bytes: int64(w.size), SHA256: hex.EncodeToString(w.sum.Sum(nil))})
	return nil
}

// write creates a file with what fill writes.
func (s *Staging) write(name string, fill func(io.Writer) error) error {
	w, err := s.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(w), w.Close())
}

// WriteTables writes codebook.json and a file for each table. d is the domain of
// the records. Required, once.
func (s *Staging) WriteTables(d *microdata.Domain, tables []*catalog.Table) error {
	book := &catalog.Codebook{Columns: []microdata.Column{}, Tables: []catalog.TableEntry{}}
	for i := range d.Len() {
		book.Columns = append(book.Columns, *d.Column(i))
	}
	for _, t := range tables {
		book.Tables = append(book.Tables, t.Entry)
	}
	text, err := book.Marshal()
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.write(t.Entry.File, t.Write); err != nil {
			return err
		}
	}
	s.book = book
	return s.write("codebook.json", func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// WriteParquet writes the records as data.parquet.
func (s *Staging) WriteParquet(d *microdata.Domain, columns [][]uint16) error {
	return s.write("data.parquet", func(w io.Writer) error { return catalog.WriteParquet(w, d, columns) })
}

// Abort gives up: it clears the staging folder away and frees the lock. After
// Commit it does nothing, so it may be deferred.
func (s *Staging) Abort() {
	if s.done {
		return
	}
	s.done = true
	if s.path != "" && !s.entered {
		_ = os.RemoveAll(s.path) // else the next one who takes the lock does
	}
	_ = s.lock.Close()
}

// has says whether the bundle holds a file.
func (s *Staging) has(name string) bool {
	return slices.ContainsFunc(s.files, func(f catalog.FileHash) bool { return f.Path == name })
}

// syncDir brings the names in a folder to disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func isStaging(name string) bool { return strings.HasPrefix(name, stagingPrefix) }
