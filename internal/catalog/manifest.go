package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"amparo/microdata"
)

// Format is the version of the bundle's layout that this package reads and writes.
const Format = "amparo-bundle/1"

// MaxVersion is the highest number that a version can have.
const MaxVersion = 999_999

// A Method names how the content of a bundle was protected. Only methods of this
// list may stand in a catalog: there is none for k-anonymised or suppressed
// files, which give no guarantee against the next release and stay with their
// custodian.
type Method string

// The protected methods.
const (
	// GaussianSynthesis: noisy tables, and records drawn from a model of them.
	GaussianSynthesis Method = "gaussian-dp-synthesis/1"
	// GaussianTables: noisy tables only.
	GaussianTables Method = "gaussian-dp-tables/1"
)

// Protected says whether content made by m may be published.
func (m Method) Protected() bool { return m == GaussianSynthesis || m == GaussianTables }

// A PrivacyUnit says whom the noise protects.
type PrivacyUnit string

// The privacy units.
const (
	UnitPerson PrivacyUnit = "person" // rows of one person were collapsed into one
	UnitRow    PrivacyUnit = "row"    // one row is taken as one person
)

// A Manifest says what a bundle is, how it was protected, and the hash of every
// other file in it. It holds nothing of the input: rows are those of the
// synthetic file.
type Manifest struct {
	Format      string         `json:"format"`
	Dataset     string         `json:"dataset"`
	Version     int            `json:"version"`
	Title       microdata.Text `json:"title"`
	Description microdata.Text `json:"description,omitempty"`
	// Coverage warns which people the records leave out; where it is empty the
	// readers print a general warning.
	Coverage  microdata.Text `json:"coverage,omitempty"`
	Publisher string         `json:"publisher,omitempty"`
	License   string         `json:"license,omitempty"` // SPDX id or address
	Fictional bool           `json:"fictional"`         // invented people: every page and file says so
	Created   time.Time      `json:"created"`           // UTC, whole seconds

	Method      Method      `json:"method"`
	Epsilon     float64     `json:"epsilon"`
	Delta       float64     `json:"delta"`
	Mu          float64     `json:"mu"`
	PrivacyUnit PrivacyUnit `json:"privacy_unit"`
	Population  string      `json:"population"` // public id; releases of one population add up
	Profile     string      `json:"profile,omitempty"`
	Rows        int         `json:"rows"` // of the synthetic file: a noisy number
	Columns     []string    `json:"columns"`
	Dropped     []string    `json:"dropped,omitempty"` // columns of the source left out by its custodian
	Allowed     []string    `json:"allowed,omitempty"` // columns let in although they look identifying
	Earlier     []string    `json:"earlier,omitempty"` // releases, dataset/version, whose tables fed the records of this one
	Code        string      `json:"code"`              // version of amparo

	Files      []FileHash  `json:"files"` // every file but this one, by path
	Ledger     LedgerRef   `json:"ledger"`
	SignedBy   int         `json:"signed_by"` // number of people who signed
	Signatures []Signature `json:"signatures"`
}

// A FileHash fixes the content of one file of a bundle.
type FileHash struct {
	Path   string `json:"path"` // slash-separated, within the bundle
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// A LedgerRef names the entry of the public ledger that published a bundle.
type LedgerRef struct {
	Seq      int    `json:"seq"`      // of the entry, from 1
	Previous string `json:"previous"` // hash of the entry before it
}

const (
	maxFiles       = 4096
	maxManifest    = 4 << 20
	maxSmall       = 256 << 20 // a codebook or a table: held in memory
	maxFile        = 64 << 30
	maxColumns     = 4096
	maxText        = 20_000
	datasetID      = "[a-z0-9][a-z0-9-]{0,63}"
	manifestDomain = "amparo manifest 1\n" // what is signed begins with it
)

var (
	datasetName = regexp.MustCompile("^" + datasetID + "$")
	// filePath lists every file that a bundle may hold beside its manifest.
	// A custodian's report has no name here.
	filePath = regexp.MustCompile(`^(data\.csv|data\.parquet|codebook\.json|datapackage\.json|dcat\.jsonld|` +
		`report\.[a-z]{2,3}\.html|report\.json|tables/[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.csv)$`)
	versionName = regexp.MustCompile("^" + datasetID + "/[1-9][0-9]{0,5}$")
	hexHash     = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ValidDataset says whether id can name a dataset: 1 to 64 of a–z, 0–9 and "-", which
// is not the first.
func ValidDataset(id string) bool { return datasetName.MatchString(id) }

// ValidPath says whether a bundle may hold a file of that path.
func ValidPath(path string) bool { return filePath.MatchString(path) }

// Check returns all that is wrong with a manifest before it is sealed: what it
// says of the release, not files, ledger and signatures.
func (m *Manifest) Check() error {
	var faults []error
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, errors.New("catalog: manifest: "+what))
		}
	}
	need(m.Format == Format, "format is not "+Format)
	need(ValidDataset(m.Dataset), "dataset id must be 1 to 64 of a–z, 0–9 and -")
	need(m.Version >= 1 && m.Version <= MaxVersion, fmt.Sprint("version must be from 1 to ", MaxVersion))
	need(m.Title.In("en", m.Title["es"]) != "", "title is missing in es and en")
	need(!m.Created.IsZero() && m.Created.Equal(m.Created.UTC().Truncate(time.Second)) && m.Created.Location() == time.UTC,
		"created must be a time in UTC of whole seconds")
	need(m.Method.Protected(), "method is not one of the protected methods; only protected content may be published")
	need(m.Epsilon > 0 && !math.IsInf(m.Epsilon, 0), "epsilon must be positive and finite")
	need(m.Delta > 0 && m.Delta < 1, "delta must lie between 0 and 1")
	need(m.Mu > 0 && !math.IsInf(m.Mu, 0), "mu must be positive and finite")
	need(m.PrivacyUnit == UnitPerson || m.PrivacyUnit == UnitRow, "privacy unit must be person or row")
	need(m.Population != "", "population is missing")
	need(m.Rows >= 0, "rows must not be negative")
	need(len(m.Columns) >= 1 && len(m.Columns) <= maxColumns, "columns are missing or too many")
	need(m.Code != "", "code version is missing")
	const unfit = " is too long or not plain text"
	texts := map[string]microdata.Text{"title": m.Title, "description": m.Description, "coverage": m.Coverage}
	for _, what := range slices.Sorted(maps.Keys(texts)) {
		for lang, s := range texts[what] {
			need(plain(lang) && text(s), what+unfit)
		}
	}
	for _, s := range m.Earlier {
		need(versionName.MatchString(s), "an earlier release is not named as dataset/version")
	}
	need(len(m.Earlier) <= maxColumns, "names too many earlier releases")
	names := map[string]string{"publisher": m.Publisher, "license": m.License, "population": m.Population, "profile": m.Profile, "code version": m.Code}
	for _, what := range slices.Sorted(maps.Keys(names)) {
		need(plain(names[what]), what+unfit)
	}
	for _, name := range slices.Concat(m.Columns, m.Dropped, m.Allowed) {
		need(plain(name), fmt.Sprintf("column name %.60q%s", name, unfit))
	}
	return errors.Join(faults...)
}

// checkSealed checks the whole of a manifest as it stands in a bundle, but its
// signatures.
func (m *Manifest) checkSealed() error {
	if err := m.Check(); err != nil {
		return err
	}
	if len(m.Files) < 1 || len(m.Files) > maxFiles {
		return errors.New("catalog: manifest: no files, or too many")
	}
	for i, f := range m.Files {
		if !ValidPath(f.Path) || i > 0 && m.Files[i-1].Path >= f.Path {
			return fmt.Errorf("catalog: manifest: file %d has a path that a bundle may not hold, or is out of order", i)
		}
		if f.Bytes < 0 || f.Bytes > maxFile || !hexHash.MatchString(f.SHA256) {
			return fmt.Errorf("catalog: manifest: %s: bad size or hash", f.Path)
		}
	}
	if m.Ledger.Seq < 1 || !hexHash.MatchString(m.Ledger.Previous) {
		return errors.New("catalog: manifest: names no ledger entry")
	}
	if m.SignedBy < 1 || m.SignedBy != len(m.Signatures) {
		return errors.New("catalog: manifest: signed_by is not the number of signatures")
	}
	return nil
}

// Body returns the bytes that are signed: the manifest without its signatures.
func (m *Manifest) Body() ([]byte, error) {
	bare := *m
	bare.Signatures = nil
	b, err := marshal(&bare, "\t")
	return append([]byte(manifestDomain), b...), err
}

// Marshal returns the manifest as it is written to manifest.json.
func (m *Manifest) Marshal() ([]byte, error) {
	if err := m.checkSealed(); err != nil {
		return nil, err
	}
	return marshal(m, "\t")
}

// ParseManifest reads manifest.json. Only the exact bytes that Marshal writes
// are accepted, so that what is signed and what is read cannot differ.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > maxManifest {
		return nil, errors.New("catalog: manifest: larger than 4 MiB")
	}
	m := new(Manifest)
	if err := unmarshal(b, m); err != nil {
		return nil, errors.New("catalog: manifest: not the JSON of a manifest of format " + Format)
	}
	again, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, errors.New("catalog: manifest: not written as amparo writes it")
	}
	return m, nil
}

// File returns the hash of the file at path.
func (m *Manifest) File(path string) (FileHash, bool) {
	i, ok := slices.BinarySearchFunc(m.Files, path, func(f FileHash, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return FileHash{}, false
	}
	return m.Files[i], true
}

// plain says whether s is a short line of printable text.
func plain(s string) bool {
	return len(s) <= 1000 && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// text says whether s is text of readable length; lines may break.
func text(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
}

// marshal writes v as JSON the one way that all files of a catalog are written.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return b.Bytes(), err
}

// unmarshal reads one JSON value and nothing after it; unknown fields are errors.
func unmarshal(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}
