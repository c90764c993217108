// Package evaluate compares synthetic records with the real ones.
//
// It is for the custodian's side only: every figure in it is a look at the real
// data that no budget paid for, so that none may be published.
//
// # Utility
//
// [Compare] and [Measure] give total variation distances beside two yardsticks,
// the independent model and a fresh sample; [Subgroups] gives them within each
// country or sex, since an error that falls on few is lost in a mean over all;
// [Combinations] says what was invented and what was lost; [Cover] how often the
// published intervals hold the true count.
//
// # Attacks
//
// An attack's success says nothing without a control: the same guess where the
// person had no part in what is published. The usual control is people who were
// held out; a release holds nobody out, and people made up by altering real ones
// would be told apart by what was altered. So each attack here has a control of its
// own, drawn from the same people:
//
//   - Membership by tables ([Membership]): a score of the published tables at the
//     person's cells against the synthetic records, the sum that Homer et al. (2008,
//     PLoS Genetics 4:e1000167) made for genomes, weighted as the likelihood ratio is
//     (Sankararaman et al. 2009, Nature Genetics 41:965). Control: the same people and
//     the same noise, each taken out of the tables. Noise is added and does not depend
//     on the data, so these are the tables that a release without the person draws
//     with just the same probability. The synthetic records stay the same in both, a
//     help to the attacker. The best of all attackers needs no trial: accusing a share
//     α of those who are not in the data he finds Φ(Φ⁻¹(α) + μ) of those who are
//     (Dong, Roth and Su 2022, JRSS B 84:3).
//   - Nearness ([Search]): is a person's record nearer to a synthetic record than to
//     any other real one? If the synthetic records were a fresh sample of the
//     population either would be as likely: the test of two samples by nearest
//     neighbours (Schilling 1986, JASA 81:799; Henze 1988, Annals of Statistics 16:772).
//     Well above one half says that records were learned by heart. It diagnoses; one
//     half or less proves no privacy.
//   - Singling out ([SinglingOut]): a combination of values that one synthetic record
//     holds is taken to point at one real person (Cohen and Nissim 2020, PNAS
//     117:8344). Control: the same guess from synthetic records whose columns were
//     shuffled each by itself, the independent model with the same single columns.
//   - Inference ([Search]): whoever knows all of a person but one answer takes it
//     from the nearest synthetic records (Fix and Hodges 1951; as a disclosure, Duncan
//     and Lambert 1989, JBES 7:207). Control: the same guess from the nearest of all
//     other real people. What others tell of a person is what statistics are for; only
//     what goes beyond it was told by the person's own record. Beside it stands the
//     most common answer.
//
// Two groups are attacked: people at random, and people at random among the rarest
// twentieth, those whose values are least likely when every column is taken by
// itself. Intervals are Wilson's (1927, JASA 22:209). They take targets as
// independent; people who share cells share noise, so they are somewhat too narrow.
package evaluate

import (
	"math"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// A Rate is a number of successes among tries.
type Rate struct {
	Hits  int `json:"hits"`
	Tries int `json:"tries"`
}

// Share is the share of successes; 0 of none.
func (r Rate) Share() float64 { return share(r.Hits, r.Tries) }

// Interval returns Wilson's 95 % interval of the probability of success: 0 to 1
// where nothing was tried.
func (r Rate) Interval() (low, high float64) {
	if r.Tries == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	n, p := float64(r.Tries), r.Share()
	mid, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max((mid-half)/(1+z*z/n), 0), min((mid+half)/(1+z*z/n), 1)
}

func (r *Rate) add(o Rate) {
	r.Hits += o.Hits
	r.Tries += o.Tries
}

func (r *Rate) count(hit bool) {
	r.Tries++
	if hit {
		r.Hits++
	}
}

// An Attack sets the size of the attacks. The same values give the same answer, for
// any number of workers.
type Attack struct {
	Real, Synthetic *microdata.Table // Required. Domains of equal sizes.
	// Targets is how many people of each group are attacked. Default 500; fewer where
	// the records to be searched are so many that it would take more than some seconds.
	Targets int
	Seed    uint64 // Orders the choice of targets and guesses.
	Workers int    // Goroutines. Default 1.
}

// A Group is a choice of people to attack.
type Group uint8

// The groups.
const (
	Anyone Group = iota // people at random
	Rare                // people at random among the rarest twentieth
	groups
)

// mostCompared bounds the pairs of records that are compared in all.
const mostCompared = 400_000_000

// target is a person under attack: a row of the real table.
type target struct {
	row   int
	group Group
}

// targets draws the people to attack, of each group as many.
func (a *Attack) targets(most int) []target {
	r := pgm.NewRand(a.Seed)
	out := make([]target, 0, int(groups)*most)
	for g, rows := range [groups][]int{all(a.Real.Rows()), rarest(a.Real, r)} {
		for i := range min(most, len(rows)) { // a shuffle as far as it is needed
			j := i + r.IntN(len(rows)-i)
			rows[i], rows[j] = rows[j], rows[i]
			out = append(out, target{rows[i], Group(g)})
		}
	}
	return out
}

func (a *Attack) perGroup() int {
	if a.Targets > 0 {
		return a.Targets
	}
	return 500
}

// searched is perGroup, or fewer where every target is compared with every record.
func (a *Attack) searched() int {
	rows := a.Real.Rows() + a.Synthetic.Rows()
	return max(min(a.perGroup(), mostCompared/(int(groups)*max(rows, 1))), 1)
}

// all returns 0, …, n−1.
func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// mostRanked is how many people are ranked to find the rarest.
const mostRanked = 50_000

// rarest returns the twentieth of the rows that is least likely under the product of
// the single columns, at least one; all of equal rank come in. Of many rows some are
// drawn and ranked.
func rarest(t *microdata.Table, r *pgm.Rand) (out []int) {
	rows := all(t.Rows())
	if len(rows) == 0 {
		return nil
	}
	for i := 0; i < mostRanked && len(rows) > mostRanked; i++ {
		j := i + r.IntN(len(rows)-i)
		rows[i], rows[j] = rows[j], rows[i]
	}
	rows = rows[:min(len(rows), mostRanked)]
	score := make([]float32, len(rows))
	for c := range t.Domain().Len() {
		share := make([]float64, t.Domain().Size(c))
		for row := range t.Rows() {
			share[t.Code(row, c)]++
		}
		for l := range share {
			share[l] = math.Log(max(share[l], 1) / float64(t.Rows()))
		}
		for i, row := range rows {
			score[i] += float32(share[t.Code(row, c)])
		}
	}
	limit := slices.Sorted(slices.Values(score))[(len(score)-1)/20]
	for i, s := range score {
		if s <= limit {
			out = append(out, rows[i])
		}
	}
	return out
}
