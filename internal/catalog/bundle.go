package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
)

// A Bundle is one published version of a dataset, with its hashes checked.
type Bundle struct {
	manifest *Manifest
	hash     string // of manifest.json
	entry    Entry
	codebook *Codebook
	root     *os.Root
	files    map[string]fs.FileInfo // as they were when their hashes were checked
	folders  []fs.FileInfo          // root, tables

	mu     sync.Mutex
	tables map[string]*Table
}

// Manifest returns the bundle's manifest. The caller must not change it.
func (b *Bundle) Manifest() *Manifest { return b.manifest }

// Hash returns the hash of manifest.json, which fixes the whole bundle: what a
// citation needs.
func (b *Bundle) Hash() string { return b.hash }

// Entry returns the ledger entry that published the bundle.
func (b *Bundle) Entry() Entry { return b.entry }

// Codebook returns the bundle's codebook. The caller must not change it.
func (b *Bundle) Codebook() *Codebook { return b.codebook }

// Open opens a file of the bundle, checked to be the one whose hash was checked.
// The caller closes it.
func (b *Bundle) Open(name string) (*os.File, FileHash, error) {
	h, ok := b.manifest.File(name)
	if name == manifestFile {
		h, ok = FileHash{manifestFile, b.files[name].Size(), b.hash}, true
	}
	if !ok {
		return nil, h, fmt.Errorf("%w: no such file in the bundle", ErrNotFound)
	}
	f, err := openFile(b.root, name)
	if err != nil {
		return nil, h, fmt.Errorf("%w: %s cannot be opened", ErrTouched, name)
	}
	if now, err := f.Stat(); err != nil || !sameFile(now, b.files[name]) {
		f.Close()
		return nil, h, fmt.Errorf("%w: %s", ErrTouched, name)
	}
	return f, h, nil
}

// Table returns a table of the bundle by its id. It is read once.
func (b *Bundle) Table(id string) (*Table, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t, ok := b.tables[id]; ok {
		return t, nil
	}
	i := slices.IndexFunc(b.codebook.Tables, func(e TableEntry) bool { return e.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: no such table in the bundle", ErrNotFound)
	}
	e := b.codebook.Tables[i]
	text, err := b.read(e.File)
	if err != nil {
		return nil, err
	}
	t, err := ReadTable(bytes.NewReader(text), e)
	if err != nil {
		return nil, err
	}
	b.tables[id] = t
	return t, nil
}

// read returns the content of a small file, its hash checked on the very bytes
// that are returned.
func (b *Bundle) read(name string) ([]byte, error) {
	f, h, err := b.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := readLimited(f, maxSmall)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != h.SHA256 {
		return nil, fmt.Errorf("%w: %s", ErrTouched, name)
	}
	return text, nil
}

const manifestFile = "manifest.json"

// openFile opens a regular file within root. Links are not followed: a bundle
// holds none.
func openFile(root *os.Root, name string) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(before, now) {
		f.Close()
		return nil, errors.New("changed while it was opened")
	}
	return f, nil
}

// sameFile says whether a file is where and what it was, as far as the system
// tells without reading it.
func sameFile(a, b fs.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) &&
		a.Mode() == b.Mode() && changed(a) == changed(b)
}

// openBundle checks everything about the bundle in dir but ledger and known
// keys, and returns it with the keys that signed its manifest. The caller closes
// root, unless it keeps the bundle.
func openBundle(root *os.Root) (*Bundle, []PublicKey, error) {
	b := &Bundle{root: root, files: map[string]fs.FileInfo{}, tables: map[string]*Table{}}
	text, err := b.hashed(manifestFile, maxManifest, "")
	if err != nil {
		return nil, nil, err
	}
	if b.manifest, err = ParseManifest(text); err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(text)
	b.hash = hex.EncodeToString(sum[:])
	body, err := b.manifest.Body()
	if err != nil {
		return nil, nil, err
	}
	keys, err := signers(body, b.manifest.Signatures)
	if err != nil {
		return nil, nil, err
	}
	if err := b.checkFiles(); err != nil {
		return nil, nil, err
	}
	text, err = b.read("codebook.json")
	if err != nil {
		return nil, nil, err
	}
	if b.codebook, err = ParseCodebook(text); err != nil {
		return nil, nil, err
	}
	for _, e := range b.codebook.Tables {
		if _, ok := b.manifest.File(e.File); !ok {
			return nil, nil, fmt.Errorf("catalog: table %s of the codebook is not in the manifest", e.ID)
		}
	}
	return b, keys, nil
}

// checkFiles compares every file with its hash and refuses any other.
func (b *Bundle) checkFiles() error {
	names, folders, err := listFiles(b.root)
	if err != nil {
		return err
	}
	b.folders = folders
	for _, name := range names {
		if _, ok := b.manifest.File(name); !ok && name != manifestFile {
			return fmt.Errorf("%w: the folder holds a file that is not in the manifest", ErrTouched)
		}
	}
	for _, h := range b.manifest.Files {
		if _, err := b.hashed(h.Path, h.Bytes, h.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// hashed reads a file, remembers it and compares it with a hash, where one is
// given; else it returns the content.
func (b *Bundle) hashed(name string, size int64, want string) ([]byte, error) {
	f, err := openFile(b.root, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is missing or not a file", ErrTouched, name)
	}
	defer f.Close()
	if b.files[name], err = f.Stat(); err != nil {
		return nil, err
	}
	if want == "" {
		return readLimited(f, size)
	}
	got, n, err := hashOf(f, size)
	if err != nil {
		return nil, err
	}
	if n != size || got != want {
		return nil, fmt.Errorf("%w: %s", ErrTouched, name)
	}
	return nil, nil
}

// hashOf returns the hash and length of r, reading at most limit bytes and one.
func hashOf(r io.Reader, limit int64) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, limit+1))
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// touched says whether any file or folder of the bundle is not what it was when
// its hashes were checked.
func (b *Bundle) touched() bool {
	for name, was := range b.files {
		if now, err := b.root.Lstat(name); err != nil || !sameFile(now, was) {
			return true
		}
	}
	for i, name := range []string{".", "tables"}[:len(b.folders)] {
		if now, err := b.root.Lstat(name); err != nil || !sameFile(now, b.folders[i]) {
			return true
		}
	}
	return false
}

// listFiles returns the paths of all files under root, sorted, and the folders.
// A bundle has one folder, "tables"; anything else is an error.
func listFiles(root *os.Root) (names []string, folders []fs.FileInfo, err error) {
	for _, dir := range []string{".", "tables"} {
		info, err := root.Lstat(dir)
		if dir != "." && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if !info.IsDir() {
			return nil, nil, fmt.Errorf("%w: %s is not a folder", ErrTouched, dir)
		}
		folders = append(folders, info)
		d, err := root.Open(dir)
		if err != nil {
			return nil, nil, err
		}
		entries, err := d.ReadDir(maxFiles + 2)
		d.Close()
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		for _, e := range entries {
			switch name := path.Join(dir, e.Name()); {
			case e.Type().IsRegular():
				names = append(names, name)
			case name == "tables" && e.IsDir():
			default:
				return nil, nil, fmt.Errorf("%w: the folder holds a link, a folder or a device", ErrTouched)
			}
		}
	}
	if len(names) > maxFiles+1 {
		return nil, nil, fmt.Errorf("%w: too many files", ErrTouched)
	}
	slices.Sort(names)
	return names, folders, nil
}

// number of a version folder: decimal, no leading zero.
func versionNumber(name string) (int, bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n >= 1 && n <= MaxVersion && strconv.Itoa(n) == name
}
