package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// LedgerFile is the name of the public ledger in a catalog.
const LedgerFile = "ledger.jsonl"

// The kinds of ledger entry.
const (
	Published = "published"
	Withdrawn = "withdrawn"
)

// Genesis stands for the hash before the first entry.
const Genesis = "0000000000000000000000000000000000000000000000000000000000000000"

const (
	maxLedger    = 256 << 20
	maxEntry     = 64 << 10
	ledgerDomain = "amparo ledger 1\n"
)

// An Entry is one line of the public ledger. It holds the hash of the entry
// before it and is signed; so no line can be changed, dropped or put between
// others unseen. It holds nothing of the input.
type Entry struct {
	Seq        int         `json:"seq"`      // 1, 2, 3 …
	Previous   string      `json:"previous"` // hash of the line before, or Genesis
	Time       time.Time   `json:"time"`
	Kind       string      `json:"kind"`
	Dataset    string      `json:"dataset"`
	Version    int         `json:"version"`
	Manifest   string      `json:"manifest"`            // hash of manifest.json
	Reason     string      `json:"reason,omitempty"`    // why withdrawn
	Successor  int         `json:"successor,omitempty"` // version to use instead, or 0
	Signatures []Signature `json:"signatures"`
}

// Body returns the bytes that are signed: the entry without its signatures.
func (e *Entry) Body() ([]byte, error) {
	bare := *e
	bare.Signatures = nil
	b, err := marshal(&bare, "")
	return append([]byte(ledgerDomain), b...), err
}

// Line returns the entry as it stands in the ledger, with its line end.
func (e *Entry) Line() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	b, err := marshal(e, "")
	if len(b) > maxEntry {
		return nil, errors.New("catalog: ledger: entry is too long")
	}
	return b, err
}

func (e *Entry) check() error {
	withdrawn := e.Kind == Withdrawn
	switch {
	case e.Seq < 1 || !hexHash.MatchString(e.Previous) || !hexHash.MatchString(e.Manifest):
		return errors.New("catalog: ledger: entry has a bad number or hash")
	case !ValidDataset(e.Dataset) || e.Version < 1 || e.Successor < 0:
		return errors.New("catalog: ledger: entry has a bad dataset or version")
	case e.Kind != Published && !withdrawn:
		return errors.New("catalog: ledger: entry is of no known kind")
	case withdrawn == (e.Reason == "") || !withdrawn && e.Successor != 0:
		return errors.New("catalog: ledger: a withdrawal needs a reason, and nothing else has one")
	case !text(e.Reason):
		return errors.New("catalog: ledger: the reason is too long or not plain text")
	case e.Time.IsZero() || e.Time.Location() != time.UTC:
		return errors.New("catalog: ledger: entry has no time in UTC")
	}
	return nil
}

// parseEntry reads one line with its line end. Only the exact bytes that Line
// writes are accepted.
func parseEntry(line []byte) (Entry, error) {
	var e Entry
	if len(line) > maxEntry || unmarshal(line, &e) != nil {
		return e, errors.New("catalog: ledger: not the JSON of an entry")
	}
	again, err := e.Line()
	if err != nil {
		return e, err
	}
	if !bytes.Equal(again, line) {
		return e, errors.New("catalog: ledger: not written as amparo writes it")
	}
	return e, nil
}

// A Ledger is a public ledger that was read: its chain holds and every entry is
// signed by the key it names. Whose keys these are is asked of Signers.
type Ledger struct {
	entries []Entry
	hashes  []string
	signers [][]PublicKey
	last    map[string]int // dataset → highest version ever published
	state   map[version]standing
	// Torn is the number of bytes after the last complete entry: what a crash
	// left of an entry that was being written. They are no part of the ledger.
	Torn int
	// Unended says that the last entry is complete but for its line end.
	Unended bool
}

type version struct {
	dataset string
	number  int
}

type standing struct{ published, withdrawn int } // places in entries, from 1

// ErrLedger is wrapped by errors that say the public ledger does not hold.
var ErrLedger = errors.New("public ledger does not hold")

// ReadLedger reads the ledger of the catalog in dir. A ledger that is not there
// is empty.
func ReadLedger(dir string) (*Ledger, error) {
	b, err := readSmall(filepath.Join(dir, LedgerFile), maxLedger)
	if errors.Is(err, os.ErrNotExist) {
		return ParseLedger(nil)
	}
	if err != nil {
		return nil, err
	}
	return ParseLedger(b)
}

// ParseLedger reads a ledger. Bytes after the last line end are an entry where
// they are a complete, signed one that fits the chain; else they are counted in
// Torn. All else that is wrong is an error that wraps ErrLedger.
func ParseLedger(b []byte) (*Ledger, error) {
	l := &Ledger{last: map[string]int{}, state: map[version]standing{}}
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			if err := l.add(append(bytes.Clone(b), '\n')); err != nil {
				l.Torn = len(b)
			} else {
				l.Unended = true
			}
			return l, nil
		}
		if err := l.add(b[:end+1]); err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", ErrLedger, len(l.entries)+1, err)
		}
		b = b[end+1:]
	}
	return l, nil
}

// add appends one line, or returns an error and leaves l as it was.
func (l *Ledger) add(line []byte) error {
	e, err := parseEntry(line)
	if err != nil {
		return err
	}
	seq, previous := l.Head()
	if e.Seq != seq+1 || e.Previous != previous {
		return errors.New("catalog: ledger: chain is broken")
	}
	body, err := e.Body()
	if err != nil {
		return err
	}
	keys, err := signers(body, e.Signatures)
	if err != nil {
		return err
	}
	v := version{e.Dataset, e.Version}
	s := l.state[v]
	switch {
	case e.Kind == Published && s.published != 0:
		return errors.New("catalog: ledger: a version is published twice")
	case e.Kind == Withdrawn && (s.published == 0 || s.withdrawn != 0):
		return errors.New("catalog: ledger: withdraws what is not published")
	case e.Kind == Withdrawn && e.Manifest != l.entries[s.published-1].Manifest:
		return errors.New("catalog: ledger: withdraws another manifest than was published")
	case e.Kind == Published:
		s.published = e.Seq
		l.last[e.Dataset] = max(l.last[e.Dataset], e.Version)
	default:
		s.withdrawn = e.Seq
	}
	l.state[v] = s
	sum := sha256.Sum256(line)
	l.entries = append(l.entries, e)
	l.hashes = append(l.hashes, hex.EncodeToString(sum[:]))
	l.signers = append(l.signers, keys)
	return nil
}

// Entries returns all entries in order. The caller must not change them.
func (l *Ledger) Entries() []Entry { return l.entries }

// Head returns the number of entries and the hash of the last.
func (l *Ledger) Head() (seq int, hash string) {
	if n := len(l.entries); n > 0 {
		return n, l.hashes[n-1]
	}
	return 0, Genesis
}

// Hash returns the hash of entry seq; ok is false where the ledger has no such entry.
func (l *Ledger) Hash(seq int) (hash string, ok bool) {
	if seq < 1 || seq > len(l.hashes) {
		return "", false
	}
	return l.hashes[seq-1], true
}

// Signers returns the keys that signed entry seq.
func (l *Ledger) Signers(seq int) []PublicKey { return l.signers[seq-1] }

// Last returns the highest version of dataset that was ever published, or 0.
func (l *Ledger) Last(dataset string) int { return l.last[dataset] }

// Published returns the entry that published a version.
func (l *Ledger) Published(dataset string, number int) (Entry, bool) {
	return l.at(l.state[version{dataset, number}].published)
}

// Withdrawn returns the entry that withdrew a version.
func (l *Ledger) Withdrawn(dataset string, number int) (Entry, bool) {
	return l.at(l.state[version{dataset, number}].withdrawn)
}

func (l *Ledger) at(seq int) (Entry, bool) {
	if seq == 0 {
		return Entry{}, false
	}
	return l.entries[seq-1], true
}

// readLimited reads all of r, or fails where that is more than limit bytes.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("catalog: a file is larger than %d bytes", limit)
	}
	return b, err
}
