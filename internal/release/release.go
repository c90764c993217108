// Package release is the one door out: no figure about a person leaves the house
// but through a run of this package.
//
// A [Run] reads a file, enters what it will cost in the ledger of the population,
// only then draws noise, and writes either a file of synthetic records or a
// bundle in the public catalog. What it promises:
//
//   - Nothing of the input leaves but through noise. Errors, results and bundles
//     hold no exact number of rows, no hash, no path and no value of it.
//   - A spend is entered before its noise is drawn and is never given back: not
//     by an error, not by a cancelled run, not by a crash. Without a budget
//     nothing is drawn.
//   - Whatever fails, no half bundle and no half file is left behind.
//   - What is checked before publication is checked on released values, rules and
//     schema. Whether a release appears is never an answer about the people in it.
//
// The custodian's own report compares with the true records. It is written
// beside the ledger, never into the catalog.
package release

import (
	"errors"
	"fmt"
)

// A Refusal says why something was not done and what to do instead. Its text
// never holds a value of a record.
type Refusal struct {
	Err  error
	Hint string
}

func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Err }

// refuse returns a Refusal.
func refuse(hint, format string, args ...any) error {
	return &Refusal{fmt.Errorf(format, args...), hint}
}

// Hint returns what an error advises to do, or nothing.
func Hint(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Hint
	}
	return ""
}
