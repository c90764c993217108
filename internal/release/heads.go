package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"amparo/internal/catalog"
)

// Heads remember, in a folder of the home, how far the public ledgers went to which this
// home published. A ledger that was cut back to before a withdrawal looks sound by
// itself; to who remembers its head it does not.
type Heads struct{ Dir string }

// A head is one entry of a ledger.
type head struct {
	Seq  int    `json:"seq"`
	Hash string `json:"hash"`
}

// Remember notes the head of the ledger in a catalog's folder. An empty one is not noted.
func (h Heads) Remember(dir string) error {
	l, err := catalog.ReadLedger(dir)
	if err != nil {
		return err
	}
	name, ok := h.file(l)
	if !ok {
		return nil
	}
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return fmt.Errorf("the folder of ledger heads cannot be made: %w", plainPath(err))
	}
	seq, hash := l.Head()
	out := Output{Path: name, Force: true, Private: true}
	return out.write(func(w io.Writer) error { return json.NewEncoder(w).Encode(head{seq, hash}) })
}

// file names a ledger by the hash of its first entry, wherever its catalog stands.
func (h Heads) file(l *catalog.Ledger) (string, bool) {
	first, ok := l.Hash(1)
	return filepath.Join(h.Dir, first[:min(len(first), 16)]+".json"), ok
}

// Check adds a fault to a report where the ledger beside a bundle does not hold the head
// that this home remembers. A ledger that the home never wrote to passes.
func (h Heads) Check(r *catalog.Report, dir string) error {
	l, err := catalog.ReadLedger(dir)
	if err != nil {
		return nil // the report says so already
	}
	name, ok := h.file(l)
	if !ok {
		return nil
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the ledger head that this home remembers cannot be read: %w", plainPath(err))
	}
	var was head
	if err := json.Unmarshal(text, &was); err != nil || was.Seq < 1 {
		return errors.New("the ledger head that this home remembers is damaged: compare the ledger with another copy, then remove the file in the home's folder heads")
	}
	if hash, ok := l.Hash(was.Seq); !ok || hash != was.Hash {
		entries, _ := l.Head()
		r.Faults = append(r.Faults, catalog.Fault{Kind: catalog.FaultRollback, Text: fmt.Sprintf(
			"this home saw the ledger at entry %d; now it ends at %d or has other entries: it was cut back", was.Seq, entries)})
	}
	return nil
}
