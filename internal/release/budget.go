package release

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"amparo/dp"
)

// # How costs add up
//
// A run costs two things. All its Gaussian vectors together are μ-GDP; μ² is the
// sum of their precisions 1/σ², for each has L2 sensitivity 1. And where levels
// are found privately, a value that one person alone holds is named with
// probability δ′ at most, counted over all columns; δ′ is kept apart.
//
// Over the runs of a population both simply add. Take two sets of people that
// differ by one person, and let M′ be all runs with the values that only this
// person holds left out by force. M′ is a sequence of Gaussian vectors, chosen
// one after the other in the light of the earlier ones: √Σμ²-GDP (fully adaptive
// composition: Koskela, Tobaben and Honkela 2022). Write δ(μ, ε) for the Gaussian
// trade-off (Dong, Roth and Su 2022).
//
//   - Person there → not there: the true runs differ from M′ only where such a
//     value is named, with probability Σδ′ at most, so δ grows by Σδ′.
//   - Not there → there: what names no such value is at least (1−Σδ′) times as
//     likely as under M′ (noise is independent from value to value). That takes
//     x = −ln(1−Σδ′) from ε, and δ(μ, ε−x) ≤ δ(μ, ε) + x·Φ(μ/2−(ε−x)/μ): since the
//     last factor is far below 1 wherever δ is below MaxDelta, less than Σδ′.
//
// Either way all runs together are
//
//	(ε, δ(√Σμ², ε) + Σδ′)-differentially private.
//
// A lifetime (ε, δ) is turned into one limit for each sum, before the first run:
//
//	Σδ′ ≤ s·δ      Σμ² ≤ m²,  m the largest μ with δ(μ, ε) ≤ (1−s)·δ
//
// Both limits must be fixed in advance. A single test δ(√Σμ², ε) + Σδ′ ≤ δ looks
// more generous and is wrong where runs are chosen adaptively: someone who has
// seen a first result could spend the rest on precision where that result gave
// much away, and on thresholds where it gave little. The mean of the larger of
// two losses is larger than the larger of their means: the whole could pass δ.

// DiscoveryShare is s: the part of every δ that is kept for finding levels.
const DiscoveryShare = 0.1

// slack shrinks the δ given to Gaussian vectors by more than all rounding in
// sums of costs can amount to, so that claims hold to the letter.
const slack = 1e-8

// rounding is how far a sum of costs may pass its limit: less than slack buys.
const rounding = 1e-10

// Bounds of what may be asked for.
const (
	MaxEpsilon dp.Epsilon = 50   // beyond it nobody is protected, and sums lose meaning
	MaxDelta   dp.Delta   = 1e-3 // at 1/1000, publishing one record in a thousand as it is would pass
	MinMu      dp.Mu      = 1e-5 // of a run: below, the noise is of millions, and so is the number of records drawn
)

// A Cost is what a run takes of a population's budget.
type Cost struct {
	Precision  dp.Precision // μ² of its Gaussian vectors
	Thresholds dp.Delta     // sum of the δ′ of its private discoveries
}

// Mu returns the μ of the Gaussian part.
func (c Cost) Mu() dp.Mu { return c.Precision.Mu() }

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Precision + d.Precision, c.Thresholds + d.Thresholds}
}

// A Lifetime is the protection promised to the people of a population over all
// runs, as it was set at one time.
type Lifetime struct {
	Epsilon dp.Epsilon
	Delta   dp.Delta
	Limit   Cost // what all runs together may cost; fixed when the lifetime is set
	Owner   string
	Set     time.Time
}

// NewLifetime returns the lifetime of (ε, δ) with its limits.
func NewLifetime(epsilon dp.Epsilon, delta dp.Delta) (Lifetime, error) {
	if err := checkAsk(epsilon, delta); err != nil {
		return Lifetime{}, err
	}
	p, err := gaussianPart(epsilon, (1-DiscoveryShare)*delta)
	if err != nil {
		return Lifetime{}, err
	}
	return Lifetime{Epsilon: epsilon, Delta: delta, Limit: Cost{p, DiscoveryShare * delta}}, nil
}

// gaussianPart returns the largest μ² whose Gaussian is (ε, δ)-private, a hair less.
func gaussianPart(epsilon dp.Epsilon, delta dp.Delta) (dp.Precision, error) {
	mu, err := dp.MuFor(epsilon, delta*(1-slack))
	if err != nil {
		return 0, refuse("choose ε from 0.01 to 10 and δ from 1e-12 to 1e-5",
			"ε = %v with δ = %v allows no noise that can be computed", epsilon, delta)
	}
	return mu.Precision(), nil
}

// checkAsk refuses an (ε, δ) that protects nobody or is no number.
func checkAsk(epsilon dp.Epsilon, delta dp.Delta) error {
	switch {
	case !(epsilon > 0) || math.IsInf(float64(epsilon), 0):
		return refuse("common values lie between 0.1 and 10; smaller protects more",
			"ε must be a positive number, not %v", float64(epsilon))
	case epsilon > MaxEpsilon:
		return refuse("common values lie between 0.1 and 10; smaller protects more",
			"ε = %v protects nobody: at most %v is accepted", float64(epsilon), float64(MaxEpsilon))
	case !(delta > 0) || delta >= 1:
		return refuse("choose it far below one in the number of people: 1e-6 or less is common",
			"δ must lie between 0 and 1, not %v", float64(delta))
	case delta >= MaxDelta:
		return refuse("choose it far below one in the number of people: 1e-6 or less is common",
			"δ = %v is too large: publishing one record in a thousand as it stands would meet it", float64(delta))
	}
	return nil
}

// An Account is all that the ledger holds on a population. It is only ever added to.
type Account struct {
	Population string
	Lifetimes  []Lifetime // as set one after the other; the last one is in force
	Spends     []Spend    // in the order in which they were entered
}

// Lifetime returns the lifetime in force.
func (a *Account) Lifetime() Lifetime { return a.Lifetimes[len(a.Lifetimes)-1] }

// Spent returns what all runs cost, whatever became of them.
func (a *Account) Spent() (sum Cost) {
	for _, s := range a.Spends {
		sum = sum.plus(s.Cost)
	}
	return sum
}

// Left returns what runs may still cost.
func (a *Account) Left() Cost {
	limit, spent := a.Lifetime().Limit, a.Spent()
	return Cost{max(limit.Precision-spent.Precision, 0), max(limit.Thresholds-spent.Thresholds, 0)}
}

// An Ask is what a run wants.
type Ask struct {
	Epsilon dp.Epsilon
	Delta   dp.Delta
	Open    int // number of columns whose levels must be found privately
}

// ErrOverBudget is wrapped by the refusal of a run that costs more than is left.
var ErrOverBudget = errors.New("over the remaining budget")

// Quote returns what a run costs, or a refusal. A run that finds no levels gives
// the whole of δ to its measurements where the lifetime allows; so a run may ask
// for the whole lifetime, and gets it.
func (a *Account) Quote(ask Ask) (Cost, error) {
	if err := checkAsk(ask.Epsilon, ask.Delta); err != nil {
		return Cost{}, err
	}
	least, err := gaussianPart(ask.Epsilon, (1-DiscoveryShare)*ask.Delta)
	if err != nil {
		return Cost{}, err
	}
	if least.Mu() < MinMu {
		return Cost{}, refuse("choose ε from 0.01 to 10 and δ from 1e-12 to 1e-5",
			"ε = %v with δ = %v would leave nothing but noise: a run needs μ = %v, this has %.3g", float64(ask.Epsilon), float64(ask.Delta), float64(MinMu), float64(least.Mu()))
	}
	if promised := a.Lifetime().Delta; ask.Delta > promised {
		return Cost{}, refuse(fmt.Sprintf("ask for δ = %v or less: a run keeps what was promised for all runs", float64(promised)),
			"%w of population %s: δ = %v is more than the lifetime's %v", ErrOverBudget, a.Population, float64(ask.Delta), float64(promised))
	}
	c, left := Cost{Precision: least}, a.Left()
	if ask.Open > 0 {
		c.Thresholds = DiscoveryShare * ask.Delta
	} else if whole, err := gaussianPart(ask.Epsilon, ask.Delta); err == nil {
		c.Precision = max(min(whole, left.Precision), least)
	}
	if after := a.Spent().plus(c); !after.within(a.Lifetime().Limit) {
		return Cost{}, a.over(ask, c, left)
	}
	return c, nil
}

// within says whether c keeps both limits.
func (c Cost) within(limit Cost) bool {
	return float64(c.Precision) <= float64(limit.Precision)*(1+rounding) &&
		float64(c.Thresholds) <= float64(limit.Thresholds)*(1+rounding)
}

func (a *Account) over(ask Ask, c, left Cost) error {
	hint := "amparo budget show " + a.Population
	if c.Precision <= left.Precision {
		return refuse(hint+"; or close the domain with --domain, or ask for a smaller δ",
			"%w of population %s: finding levels needs δ = %.3g, %.3g is left", ErrOverBudget, a.Population, float64(c.Thresholds), whole(left.Thresholds))
	}
	if e := a.Affordable(ask.Delta); e > 0 {
		hint += fmt.Sprintf("; at this δ, ε up to %.3g can still be asked", float64(e))
	}
	return refuse(hint, "%w of population %s: ε = %v, δ = %v needs μ = %.4g, %.4g is left",
		ErrOverBudget, a.Population, float64(ask.Epsilon), float64(ask.Delta), float64(c.Mu()), float64(left.Mu()))
}

// whole leaves out what only rounding left.
func whole(d dp.Delta) float64 {
	if d < 1e-18 {
		return 0
	}
	return float64(d)
}

// Affordable returns the largest ε that a run at δ may still ask for, rounded
// down to three figures, or 0 where nothing is left that a run could use.
func (a *Account) Affordable(delta dp.Delta) dp.Epsilon {
	left := a.Left()
	if left.Mu() < 2*MinMu || !(delta > 0) || delta >= MaxDelta { // twice: rounding must not lead below
		return 0
	}
	e := float64(min(dp.EpsilonFor(left.Mu(), (1-DiscoveryShare)*delta*(1-slack)), MaxEpsilon))
	if !(e > 0) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(e))-2)
	return dp.Epsilon(math.Floor(e/unit) * unit)
}

// change checks a new lifetime against what was promised and spent before.
func (a *Account) change(next Lifetime, raise bool) error {
	if len(a.Lifetimes) == 0 {
		return nil
	}
	now := a.Lifetime()
	if !a.Spent().within(next.Limit) {
		return refuse("amparo budget show "+a.Population,
			"population %s has already spent more than ε = %v, δ = %v allows", a.Population, float64(next.Epsilon), float64(next.Delta))
	}
	if (next.Epsilon > now.Epsilon || next.Delta > now.Delta) && !raise {
		return refuse("if those who answer for these people agreed to it, say so with --raise; the change stays on record",
			"population %s has a lifetime budget of ε = %v, δ = %v; this would raise it", a.Population, float64(now.Epsilon), float64(now.Delta))
	}
	return nil
}

var populationName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// PopulationID returns the id under which a population is kept: names that differ
// only in case are the same people.
func PopulationID(name string) (string, error) {
	id := strings.ToLower(name)
	if !populationName.MatchString(id) {
		return "", refuse("an id such as cases-2024", "a population's id has 1 to 64 letters a–z, digits, and . _ - within")
	}
	return id, nil
}

// Clone returns an account that shares nothing with a.
func (a *Account) Clone() *Account {
	return &Account{a.Population, slices.Clone(a.Lifetimes), slices.Clone(a.Spends)}
}
