// Package anonymity generalises quasi-identifiers until every record hides among
// others: k-anonymity (Samarati and Sweeney 1998), l-diversity (Machanavajjhala et
// al. 2007) and t-closeness (Li, Li and Venkatasubramanian 2007), by full-domain
// generalisation with suppression of records.
//
// What it gives is for the custodian only. None of these notions protects against
// what an attacker knows beside the file, or against the next file of the same
// people: a k-anonymous file is not anonymous in the sense of the law, and cannot
// enter a catalog. Use it to look at risk and to hand files to those who are bound
// to secrecy; publish through release.
//
// A missing value is a value of its own: who has it hides among others who have it.
package anonymity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"amparo/microdata"
)

// Options of [Search].
type Options struct {
	K int // least records of an equivalence class. Required, at least 2.
	// Sensitive is the column that L and T are about. Default none: −1 or, with
	// neither L nor T, whatever.
	Sensitive int
	// L is the least number of different sensitive values in a class; 0: any.
	L int
	// EntropyL asks that the sensitive values' entropy in a class be at least log L,
	// in place of counting them.
	EntropyL bool
	// T is the most that the sensitive values in a class may differ from those of the
	// file, in total variation distance (the equal ground distance); 0: any.
	T float64
	// Suppress is the largest share of records whose quasi-identifiers may be
	// suppressed, from 0 to below 1. Default 0.
	Suppress float64
	// Progress, where not nil, is told how many nodes were looked at.
	Progress func(checked, nodes int)
}

// MaxNodes is the largest lattice that is searched.
const MaxNodes = 1 << 22

// A Result is the best generalisation found: the one of least [Result.Loss].
type Result struct {
	Quasi      []int // columns
	Heights    []int // by place in Quasi: 0 as given, then the column's hierarchy steps
	Suppressed []bool
	// Loss is the mean over records and quasi-identifiers of (g−1)/(n−1), for a value
	// that became one of g of the n levels that the column holds; 1 where it was suppressed
	// (Iyengar 2002).
	Loss    float64
	Classes int // of records that are not suppressed
	Nodes   int // of the lattice
	Checked int
}

// ErrNone is wrapped where no generalisation meets what was asked.
var ErrNone = errors.New("anonymity: no generalisation meets what was asked")

// Search finds the generalisation of least loss that meets the options: every class
// of records that agree on the quasi-identifiers has K records and, where asked, is
// diverse and close; records of other classes are suppressed, within the share
// allowed. The heights of a column are its microdata hierarchy; without one it is
// kept or suppressed whole.
//
// It looks at nodes of the lattice in order of what they lose by generalising alone,
// which bounds their loss from below and grows upwards, and stops where that passes
// the best loss found. Where the criteria are monotone, a node below one that fails
// fails too (El Emam et al. 2009; Kohlmayer et al. 2012).
func Search(ctx context.Context, t *microdata.Table, quasi []int, o Options) (*Result, error) {
	s, err := newSearch(t, quasi, o)
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

func (o Options) check(d *microdata.Domain, rows int) error {
	switch {
	case o.K < 2:
		return fmt.Errorf("anonymity: k is %d; from 2 on a record hides among others", o.K)
	case o.K > rows:
		return fmt.Errorf("anonymity: k is %d, more than the file has records", o.K)
	case o.Suppress < 0 || o.Suppress >= 1 || o.Suppress != o.Suppress:
		return errors.New("anonymity: the share of records that may be suppressed lies from 0 to below 1")
	case o.L < 0 || o.T < 0 || o.T > 1 || o.T != o.T:
		return errors.New("anonymity: l is a number of values, and t a distance from 0 to 1")
	case o.EntropyL && o.L == 0:
		return errors.New("anonymity: entropy l-diversity needs an l")
	case (o.L > 0 || o.T > 0) && (o.Sensitive < 0 || o.Sensitive >= d.Len()):
		return errors.New("anonymity: l and t are about a sensitive column: name it")
	case o.L > 0 && o.L > d.Size(o.Sensitive):
		return fmt.Errorf("anonymity: l is %d, more than the sensitive column has values", o.L)
	}
	return nil
}

// checkQuasi refuses quasi-identifiers that are none.
func checkQuasi(d *microdata.Domain, quasi []int) error {
	if len(quasi) == 0 {
		return errors.New("anonymity: name the quasi-identifiers")
	}
	for i, a := range quasi {
		if a < 0 || a >= d.Len() || slices.Contains(quasi[:i], a) {
			return errors.New("anonymity: a quasi-identifier is no column of the file, or stands twice")
		}
	}
	return nil
}

// monotone says whether a node above one that meets the criteria meets them too.
// Classes merge upwards: counts and distinct values grow, but a class that is not
// diverse by entropy, or not close, can spoil one that is, so that more must be
// suppressed; where nothing may be, both are monotone as well.
func (o Options) monotone() bool { return o.Suppress == 0 || !o.EntropyL && o.T == 0 }
