package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A FaultKind says what is wrong with a bundle.
type FaultKind string

// The faults that Verify finds.
const (
	FaultPlace        FaultKind = "place"         // the folder is not <catalog>/<dataset>/<version>
	FaultManifest     FaultKind = "manifest"      // missing, or not one that amparo wrote
	FaultSignature    FaultKind = "signature"     // does not fit the manifest
	FaultSigner       FaultKind = "signer"        // the signature is good, the key is not a pinned one
	FaultFile         FaultKind = "file"          // changed since it was signed
	FaultMissing      FaultKind = "missing"       // in the manifest, not in the folder
	FaultExtra        FaultKind = "extra"         // in the folder, not in the manifest
	FaultContent      FaultKind = "content"       // codebook or table cannot be read
	FaultLedger       FaultKind = "ledger"        // missing, its chain broken, or an entry's signature bad
	FaultLedgerSigner FaultKind = "ledger signer" // an entry signed by no pinned key
	FaultEntry        FaultKind = "entry"         // the ledger does not hold this bundle as its manifest says
	FaultRollback     FaultKind = "rollback"      // the ledger is shorter than bundles beside it say
	FaultWithdrawn    FaultKind = "withdrawn"     // sound, but withdrawn
)

// A Fault is one thing that is wrong. Text is one line for a person.
type Fault struct {
	Kind FaultKind `json:"kind"`
	Path string    `json:"path,omitempty"` // within the bundle, where it is about a file
	Text string    `json:"text"`
}

// A Signer is a key that signed a manifest.
type Signer struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Known       bool   `json:"known"` // one of the pinned keys
}

// A Report is what Verify found.
type Report struct {
	Dataset   string          `json:"dataset,omitempty"` // as the manifest says
	Version   int             `json:"version,omitempty"`
	Manifest  string          `json:"manifest,omitempty"` // its hash
	Signers   []Signer        `json:"signers"`
	Files     int             `json:"files"`   // whose hashes are right
	Entries   int             `json:"entries"` // of the ledger
	Withdrawn *WithdrawnError `json:"withdrawn,omitempty"`
	Faults    []Fault         `json:"faults"`
}

// OK says whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// Has says whether a fault of that kind was found.
func (r *Report) Has(kind FaultKind) bool {
	for _, f := range r.Faults {
		if f.Kind == kind {
			return true
		}
	}
	return false
}

func (r *Report) fault(kind FaultKind, path, format string, args ...any) {
	r.Faults = append(r.Faults, Fault{kind, path, fmt.Sprintf(format, args...)})
}

// Verify checks the bundle in dir, <catalog>/<dataset>/<version>, as someone who
// trusts only the given keys: every file's hash, files too many or missing, the
// manifest's signatures, the public ledger's chain and signatures, and that the
// ledger holds this very manifest at the place the manifest names. It does not
// stop at the first fault. Without keys every signer is unknown.
func Verify(dir string, keys ...PublicKey) *Report {
	r := &Report{Signers: []Signer{}, Faults: []Fault{}}
	dir, err := filepath.Abs(dir)
	if err != nil {
		r.fault(FaultPlace, "", "the folder cannot be found")
		return r
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		r.fault(FaultPlace, "", "the folder cannot be opened")
		return r
	}
	defer root.Close()
	m := r.manifest(root, keys)
	if m != nil {
		r.place(dir, m)
		r.files(root, m)
		r.content(root, m)
	}
	r.ledger(filepath.Dir(filepath.Dir(dir)), m, keys)
	return r
}

// manifest reads the manifest and its signatures; nil where it cannot be used.
func (r *Report) manifest(root *os.Root, keys []PublicKey) *Manifest {
	f, err := openFile(root, manifestFile)
	if err != nil {
		r.fault(FaultManifest, manifestFile, "there is no manifest: this is no bundle")
		return nil
	}
	defer f.Close()
	text, err := readLimited(f, maxManifest)
	if err != nil {
		r.fault(FaultManifest, manifestFile, "the manifest cannot be read")
		return nil
	}
	m, err := ParseManifest(text)
	if err != nil {
		r.fault(FaultManifest, manifestFile, "%v", err)
		return nil
	}
	sum := sha256.Sum256(text)
	r.Dataset, r.Version, r.Manifest = m.Dataset, m.Version, hex.EncodeToString(sum[:])
	body, err := m.Body()
	if err != nil {
		r.fault(FaultManifest, manifestFile, "%v", err)
		return nil
	}
	made, err := signers(body, m.Signatures)
	if err != nil {
		r.fault(FaultSignature, manifestFile, "%v", err)
		return m
	}
	for _, k := range made {
		r.Signers = append(r.Signers, Signer{k.Name, k.Fingerprint(), known(k, keys)})
	}
	if !anyKnown(made, keys) {
		r.fault(FaultSigner, manifestFile, "signer unknown: %s says it is %q; compare the fingerprint with its holder, then pin the key", made[0].Fingerprint(), made[0].Name)
	}
	return m
}

func (r *Report) place(dir string, m *Manifest) {
	number, ok := versionNumber(filepath.Base(dir))
	if !ok || number != m.Version || filepath.Base(filepath.Dir(dir)) != m.Dataset {
		r.fault(FaultPlace, "", "the manifest is that of %s/%d, the folder is another", m.Dataset, m.Version)
	}
}

func (r *Report) files(root *os.Root, m *Manifest) {
	names, _, err := listFiles(root)
	if err != nil {
		r.fault(FaultExtra, "", "%v", err)
	}
	for _, name := range names {
		if _, ok := m.File(name); !ok && name != manifestFile {
			r.fault(FaultExtra, name, "not in the manifest")
		}
	}
	for _, h := range m.Files {
		f, err := openFile(root, h.Path)
		if errors.Is(err, fs.ErrNotExist) {
			r.fault(FaultMissing, h.Path, "in the manifest, not in the folder")
			continue
		}
		if err != nil {
			r.fault(FaultFile, h.Path, "not a regular file")
			continue
		}
		got, n, err := hashOf(f, h.Bytes)
		f.Close()
		if err != nil || n != h.Bytes || got != h.SHA256 {
			r.fault(FaultFile, h.Path, "changed after it was signed")
			continue
		}
		r.Files++
	}
}

// content reads codebook and tables, where their hashes are right.
func (r *Report) content(root *os.Root, m *Manifest) {
	if !r.OK() && (r.Has(FaultFile) || r.Has(FaultMissing) || r.Has(FaultExtra)) {
		return
	}
	b, _, err := openBundle(root)
	if err != nil {
		if !r.Has(FaultSignature) {
			r.fault(FaultContent, "", "%v", err)
		}
		return
	}
	for _, e := range b.codebook.Tables {
		if _, err := b.Table(e.ID); err != nil {
			r.fault(FaultContent, e.File, "%v", err)
		}
	}
}

func (r *Report) ledger(dir string, m *Manifest, keys []PublicKey) {
	named := furthest(dir) // before the ledger: it may grow meanwhile
	l, err := ReadLedger(dir)
	if err != nil {
		r.fault(FaultLedger, "", "%v", err)
		return
	}
	if r.Entries, _ = l.Head(); r.Entries == 0 {
		r.fault(FaultLedger, "", "there is no public ledger beside the bundle")
		return
	}
	for seq := 1; seq <= r.Entries; seq++ {
		if !anyKnown(l.Signers(seq), keys) {
			r.fault(FaultLedgerSigner, "", "ledger entry %d and perhaps others: signer unknown", seq)
			break
		}
	}
	if named > r.Entries {
		r.fault(FaultRollback, "", "a bundle names ledger entry %d, the ledger ends at %d: its end was cut off", named, r.Entries)
	}
	if m == nil {
		return
	}
	e, ok := l.Published(m.Dataset, m.Version)
	switch {
	case !ok:
		r.fault(FaultEntry, "", "the ledger never published %s/%d", m.Dataset, m.Version)
	case e.Seq != m.Ledger.Seq || e.Previous != m.Ledger.Previous:
		r.fault(FaultEntry, "", "the ledger has %s/%d at entry %d, the manifest names another place", m.Dataset, m.Version, e.Seq)
	case e.Manifest != r.Manifest:
		r.fault(FaultEntry, "", "the ledger published another manifest as %s/%d", m.Dataset, m.Version)
	}
	if w := l.withdrawal(m.Dataset, m.Version); w != nil {
		r.Withdrawn = w
		r.fault(FaultWithdrawn, "", "withdrawn: %s", w.Reason)
	}
}

// furthest returns the highest ledger entry that a bundle of the catalog names.
func furthest(dir string) (seq int) {
	datasets, _ := os.ReadDir(dir)
	for _, d := range datasets {
		if !ValidDataset(d.Name()) {
			continue
		}
		versions, _ := os.ReadDir(filepath.Join(dir, d.Name()))
		for _, v := range versions {
			text, err := readSmall(filepath.Join(dir, d.Name(), v.Name(), manifestFile), maxManifest)
			if err != nil {
				continue
			}
			if m, err := ParseManifest(text); err == nil {
				seq = max(seq, m.Ledger.Seq)
			}
		}
	}
	return seq
}
