package release

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
)

// Withdraw withdraws a published version: its files answer with the reason.
// Nothing is given back to the budget: what was published was seen.
// A catalog of others is left alone, unless the home trusts their keys.
func Withdraw(catalogDir string, w publish.Withdrawal, s *publish.Signer, trusted ...catalog.PublicKey) error {
	if _, err := os.Stat(catalogDir); err == nil {
		if err := ownLedger(catalogDir, append(slices.Clone(trusted), s.Public())); err != nil {
			return err
		}
	}
	err := publish.Withdraw(catalogDir, w, s)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, catalog.ErrNotFound):
		return refuse("the catalog's folder has one folder a dataset, and in it one a version", "%s/%d: %w", w.Dataset, w.Version, catalog.ErrNotFound)
	case errors.Is(err, publish.ErrBusy), errors.Is(err, publish.ErrReadOnly), errors.Is(err, publish.ErrFull):
		return stageError(err)
	case err != nil:
		return refuse("amparo verify says how a version stands", "%w", plainPath(err))
	}
	return nil
}
