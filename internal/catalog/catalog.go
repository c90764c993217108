package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Errors of reading. A dataset or version that is not there, or whose id could
// name no dataset, is ErrNotFound.
var (
	ErrNotFound  = errors.New("not in the catalog")
	ErrTouched   = errors.New("changed after it was published; not served")
	ErrWithdrawn = errors.New("withdrawn")
)

// A WithdrawnError says that a version was withdrawn. It is ErrWithdrawn.
type WithdrawnError struct {
	Dataset   string    `json:"dataset"`
	Version   int       `json:"version"`
	Reason    string    `json:"reason"`
	Successor int       `json:"successor,omitempty"` // version to use instead, or 0
	Time      time.Time `json:"time"`
}

func (e *WithdrawnError) Error() string {
	return fmt.Sprintf("catalog: %s/%d was withdrawn: %s", e.Dataset, e.Version, e.Reason)
}

// Is makes errors.Is(err, ErrWithdrawn) true.
func (e *WithdrawnError) Is(target error) bool { return target == ErrWithdrawn }

// A Catalog reads the bundles in a folder. It is safe for concurrent use, sees
// what is published while it runs, and checks the hashes of a bundle once, then
// again whenever a file's time, size or place has changed.
type Catalog struct {
	dir  string
	keys []PublicKey

	mu      sync.Mutex
	ledger  *Ledger
	read    fs.FileInfo // the ledger file that was read, or nil
	bundles map[version]*loading
}

// loading is a bundle that is being checked, or was.
type loading struct {
	mu     sync.Mutex
	bundle *Bundle
}

// Open opens the catalog in dir. Where keys are given, only what one of them
// signed is served. A folder that is not there yet is an empty catalog.
func Open(dir string, keys ...PublicKey) (*Catalog, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("catalog: %s is not a folder", dir)
	}
	return &Catalog{dir: dir, keys: slices.Clone(keys), bundles: map[version]*loading{}}, nil
}

// Dir returns the catalog's folder.
func (c *Catalog) Dir() string { return c.dir }

// Ledger returns the public ledger, read again where the file changed. An entry
// that is still being written is not seen.
func (c *Catalog) Ledger() (*Ledger, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(filepath.Join(c.dir, LedgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		c.ledger, c.read = nil, nil
		return ParseLedger(nil)
	}
	if err != nil {
		return nil, err
	}
	if c.ledger != nil && sameFile(info, c.read) {
		return c.ledger, nil
	}
	l, err := ReadLedger(c.dir)
	if err != nil {
		return nil, err
	}
	for seq := 1; len(c.keys) > 0 && seq <= len(l.entries); seq++ {
		if !anyKnown(l.Signers(seq), c.keys) {
			return nil, fmt.Errorf("%w: entry %d: signer unknown", ErrLedger, seq)
		}
	}
	c.ledger, c.read = l, info
	return l, nil
}

// Datasets returns the ids of all datasets that were ever published here, sorted.
func (c *Catalog) Datasets() ([]string, error) {
	l, err := c.Ledger()
	if err != nil {
		return nil, err
	}
	var ids []string
	for id := range l.last {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

// A Release is one version of a dataset as the ledger has it.
type Release struct {
	Dataset   string
	Version   int
	Time      time.Time
	Withdrawn *WithdrawnError // nil: it stands
}

// Versions returns the versions of a dataset, newest first, withdrawn ones
// included. Whether the files of one are sound is for Bundle to say.
func (c *Catalog) Versions(dataset string) ([]Release, error) {
	l, err := c.Ledger()
	if err != nil {
		return nil, err
	}
	var all []Release
	for _, e := range l.entries {
		if e.Dataset != dataset || e.Kind != Published {
			continue
		}
		if w := l.withdrawal(dataset, e.Version); w != nil || c.present(dataset, e.Version) {
			all = append(all, Release{dataset, e.Version, e.Time, w})
		}
	}
	slices.SortFunc(all, func(a, b Release) int { return b.Version - a.Version })
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all, nil
}

// present says whether a version has its folder: one whose publisher was killed
// after the ledger entry has none until the next one finishes the work.
func (c *Catalog) present(dataset string, number int) bool {
	info, err := os.Lstat(filepath.Join(c.dir, dataset, strconv.Itoa(number)))
	return err == nil && info.IsDir()
}

func (l *Ledger) withdrawal(dataset string, number int) *WithdrawnError {
	e, ok := l.Withdrawn(dataset, number)
	if !ok {
		return nil
	}
	return &WithdrawnError{dataset, number, e.Reason, e.Successor, e.Time}
}

// Latest returns the newest version of dataset that is not withdrawn. Where all
// are, the error is the newest one's WithdrawnError.
func (c *Catalog) Latest(dataset string) (int, error) {
	all, err := c.Versions(dataset)
	if err != nil {
		return 0, err
	}
	for _, r := range all {
		if r.Withdrawn == nil {
			return r.Version, nil
		}
	}
	return 0, all[0].Withdrawn
}

// Bundle returns a version of a dataset, the newest for 0. The error is
// ErrNotFound, a *WithdrawnError, or wraps ErrTouched or ErrLedger.
func (c *Catalog) Bundle(dataset string, number int) (*Bundle, error) {
	if !ValidDataset(dataset) || number < 0 {
		return nil, ErrNotFound
	}
	if number == 0 {
		latest, err := c.Latest(dataset)
		if err != nil {
			return nil, err
		}
		number = latest
	}
	l, err := c.Ledger()
	if err != nil {
		return nil, err
	}
	entry, ok := l.Published(dataset, number)
	if !ok {
		return nil, ErrNotFound
	}
	if w := l.withdrawal(dataset, number); w != nil {
		return nil, w
	}
	b, err := c.load(entry)
	if err != nil {
		return nil, err
	}
	if why := b.differs(entry); why != "" {
		return nil, fmt.Errorf("%w: %s", ErrTouched, why)
	}
	return b, nil
}

// differs says how a bundle does not fit its ledger entry, or nothing.
func (b *Bundle) differs(e Entry) string {
	m := b.manifest
	switch {
	case m.Dataset != e.Dataset || m.Version != e.Version:
		return "the manifest names another dataset or version"
	case m.Ledger.Seq != e.Seq || m.Ledger.Previous != e.Previous:
		return "the manifest names another ledger entry"
	case b.hash != e.Manifest:
		return "the ledger holds another manifest"
	}
	return ""
}

// load returns the bundle of an entry, its hashes checked now or earlier.
func (c *Catalog) load(e Entry) (*Bundle, error) {
	v := version{e.Dataset, e.Version}
	c.mu.Lock()
	slot, ok := c.bundles[v]
	if !ok {
		slot = new(loading)
		c.bundles[v] = slot
	}
	c.mu.Unlock()
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if b := slot.bundle; b != nil && c.here(v, b) && !b.touched() {
		return b, nil
	}
	slot.bundle = nil // its root stays open for those who still hold it, until it is collected
	root, err := openRoot(c.dir, e.Dataset, e.Version)
	if err != nil {
		return nil, err
	}
	b, keys, err := openBundle(root)
	if err == nil && len(c.keys) > 0 && !anyKnown(keys, c.keys) {
		err = fmt.Errorf("%w: signer unknown", ErrTouched)
	}
	if err != nil {
		root.Close()
		if !errors.Is(err, ErrTouched) {
			err = fmt.Errorf("%w: %w", ErrTouched, err)
		}
		return nil, err
	}
	b.entry = e
	slot.bundle = b
	return b, nil
}

// here says whether the folder of a bundle is still the one at its place.
func (c *Catalog) here(v version, b *Bundle) bool {
	info, err := os.Lstat(filepath.Join(c.dir, v.dataset, strconv.Itoa(v.number)))
	up, err2 := os.Lstat(filepath.Join(c.dir, v.dataset))
	return err == nil && err2 == nil && up.IsDir() && os.SameFile(info, b.folders[0])
}

// openRoot opens the folder of a version, refusing links on the way.
func openRoot(dir, dataset string, number int) (*os.Root, error) {
	top, err := os.OpenRoot(dir)
	if err != nil {
		return nil, ErrNotFound
	}
	defer top.Close()
	name := path.Join(dataset, strconv.Itoa(number))
	for _, step := range []string{dataset, name} {
		info, err := top.Lstat(step)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNotFound
		}
		if err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%w: %s is not a folder", ErrTouched, step)
		}
	}
	return top.OpenRoot(name)
}
