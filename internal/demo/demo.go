// Package demo invents a coalition: nine countries, their agencies, and case
// records of any number.
//
// Nothing in it is real. The countries have names that no place bears and codes
// that ISO 3166 leaves to users (XA to XI); the persons never lived; the numbers
// describe nobody. It promises that the same [Options] give the same bytes on
// every run and every machine, that a longer file begins with the shorter one,
// and that no record breaks a rule of [Rules]. The columns and levels are those
// of the profile coalition-demo-1.
package demo

import (
	"fmt"
	"io"
	"math/rand/v2"

	"amparo/microdata"
	"amparo/microdata/tabular"
)

// ProfileID is the profile that [Write]'s files have.
const ProfileID = "coalition-demo-1"

// FileName is what a file of records is called: even a copy says what it is.
const FileName = "fictional-coalition.csv"

// DefaultCases is the number of records where Options does not say.
const DefaultCases = 60_000

// Options says how many records are invented. The zero value is the coalition
// that make demo shows.
type Options struct {
	// Cases is the number of records. Default: DefaultCases.
	Cases int
	// Seed tells one invented coalition from another. Default: 0, as good as any.
	Seed uint64
	// Progress, if not nil, is told the records written and their total.
	Progress func(done, total int64)
}

// Profile returns the profile of the records.
func Profile() *tabular.Profile {
	p, err := tabular.ProfileByID(ProfileID)
	if err != nil {
		panic(err) // the profile is embedded: TestProfileIsComplete
	}
	return p
}

// Domain returns the columns of the records, with their levels.
func Domain() *microdata.Domain { return Profile().Domain() }

// flushAt is the number of bytes that are written at once.
const flushAt = 1 << 18

// Write invents records and writes them to w: a header, then one person a line,
// separated by commas. It holds one block in memory, whatever their number.
func Write(w io.Writer, o Options) error {
	if o.Cases < 0 {
		return fmt.Errorf("demo: the number of cases is %d, and must be 0 (the default) or more", o.Cases)
	}
	if o.Cases == 0 {
		o.Cases = DefaultCases
	}
	m := theModel()
	out := make([]byte, 0, flushAt+maxLine)
	out = append(out, m.header...)
	r := newSource(o.Seed)
	var p person
	for n := range o.Cases {
		m.invent(&p, r)
		for c, code := range p {
			out = append(out, m.spelled[c][code]...)
		}
		if len(out) >= flushAt || n == o.Cases-1 {
			if _, err := w.Write(out); err != nil {
				return fmt.Errorf("demo: writing the records: %w", err)
			}
			out = out[:0]
			if o.Progress != nil {
				o.Progress(int64(n+1), int64(o.Cases))
			}
		}
	}
	return nil
}

// newSource returns the stream of random bits of a seed. PCG's output is fixed
// by its definition, so it is the same on every machine.
func newSource(seed uint64) *rand.PCG { return rand.NewPCG(seed, 0x6e75657665636f6d) }
