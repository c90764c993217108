package release

import (
	"slices"

	"amparo/internal/catalog"
)

// welcome refuses to add to a catalog that others signed, for whoever trusts only them
// could then read none of it, and a version that protects another unit than the last.
func (r *run) welcome() error {
	keys := append(slices.Clone(r.Trusted), r.signer.Public())
	if err := ownLedger(r.Pub.Catalog, keys); err != nil {
		return err
	}
	c, err := catalog.Open(r.Pub.Catalog)
	if err != nil {
		return stageError(err)
	}
	last, err := c.Bundle(r.Pub.Dataset, 0)
	if err != nil {
		return nil // there is none that stands
	}
	if m := last.Manifest(); m.Population == r.Population && m.PrivacyUnit == catalog.UnitPerson && r.unit() == catalog.UnitRow {
		return refuse("name the column again with --person, or publish another dataset; nothing was spent",
			"version %d joined the rows of a person, this one would take each row for a person", m.Version)
	}
	return nil
}

// ownLedger refuses a catalog whose ledger has an entry that none of the keys signed.
func ownLedger(dir string, keys []catalog.PublicKey) error {
	l, err := catalog.ReadLedger(dir)
	if err != nil {
		return stageError(err)
	}
	for _, e := range l.Entries() {
		known := slices.ContainsFunc(l.Signers(e.Seq), func(s catalog.PublicKey) bool {
			return slices.ContainsFunc(keys, func(k catalog.PublicKey) bool { return k.Key.Equal(s.Key) })
		})
		if !known {
			return refuse("publish in a catalog of your own (--catalog), or trust its publisher first: amparo keys pin FILE; nothing was spent",
				"this catalog is another's: entry %d of its ledger is signed by a key that this home does not know", e.Seq)
		}
	}
	return nil
}
