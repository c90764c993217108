package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"amparo/internal/catalog"
	"amparo/internal/release"
)

type verifyCommand struct {
	Bundle string `arg:"" help:"Folder of the bundle: CATALOG/DATASET/VERSION."`
	Key    string `placeholder:"FILE" help:"Public key to trust. Default: the keys that this home trusts."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

func (c *verifyCommand) Run(p *program) error {
	info, err := os.Stat(c.Bundle)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return advise("name the folder of one version, such as amparo-data/catalog/victims/1", "there is no bundle at %s", c.Bundle)
	}
	if err != nil {
		return err
	}
	keys, err := p.trusted(c.Key)
	if err != nil {
		return err
	}
	r := catalog.Verify(c.Bundle, keys...)
	if err := p.heads().Check(r, filepath.Dir(filepath.Dir(filepath.Clean(c.Bundle)))); err != nil {
		return err
	}
	if c.JSON {
		if err := p.object(r); err != nil {
			return err
		}
	} else {
		for _, s := range r.Signers {
			p.say("signed by %q, key %s, %s", s.Name, s.Fingerprint, map[bool]string{true: "trusted", false: "unknown"}[s.Known])
		}
		p.say("%d files and %d ledger entries checked", r.Files, r.Entries)
		for _, f := range r.Faults {
			if f.Path != "" {
				f.Text = f.Path + ": " + f.Text
			}
			p.say("fault: %s", f.Text)
		}
	}
	if r.OK() {
		if !c.JSON {
			p.say("%s/%d is as it was signed", r.Dataset, r.Version)
		}
		return nil
	}
	return verdict(r)
}

// heads are the ends of public ledgers that this home remembers.
func (p *program) heads() release.Heads { return release.Heads{Dir: filepath.Join(p.home, "heads")} }

// remember notes how far the catalog's ledger goes; where that fails what was published
// stands all the same.
func (p *program) remember(catalog string) {
	if err := p.heads().Remember(catalog); err != nil {
		p.note("amparo: the end of the public ledger could not be noted in this home: %s", oneLine(err.Error()))
	}
}

// trusted returns the key that is named, else those that the home trusts.
func (p *program) trusted(file string) ([]catalog.PublicKey, error) {
	if file == "" {
		keys, err := p.keys().Trusted()
		if err != nil {
			return nil, advice{err, keysHint}
		}
		return keys, nil
	}
	k, err := catalog.ReadPublicKey(file)
	if err != nil {
		return nil, advice{fmt.Errorf("the key cannot be read: %w", err), "amparo keys prints this home's; a key is one line of text"}
	}
	return []catalog.PublicKey{k}, nil
}

// verdict says the worst of what is wrong.
func verdict(r *catalog.Report) error {
	worst := r.Faults[0]
	unknown := true
	for _, f := range r.Faults {
		if f.Kind != catalog.FaultSigner && f.Kind != catalog.FaultLedgerSigner {
			if unknown {
				worst = f
			}
			unknown = false
		}
	}
	if unknown {
		return advise("get the public key from its holder by another way, compare the fingerprint, then --key FILE or amparo keys pin FILE", "%s", worst.Text)
	}
	hint := "do not use this copy; get it again from its publisher"
	if worst.Kind == catalog.FaultWithdrawn {
		hint = "use its successor where there is one"
	}
	text := worst.Text
	if worst.Path != "" {
		text = worst.Path + ": " + text
	}
	return advise(hint, "not verified: %s", text)
}
