package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"amparo/dp"
)

// A State says what became of a run. It has no part in what the run costs.
type State string

// The states. A run that was killed stays Started for ever.
const (
	Started   State = "started"
	Finished  State = "finished"
	Abandoned State = "abandoned" // failed or cancelled after its spend was entered
)

// A Spend is one run in the ledger, entered before its noise is drawn.
type Spend struct {
	Number  int64  // from 1, over all populations
	Purpose string // "synthesize", "release victims"
	Epsilon dp.Epsilon
	Delta   dp.Delta
	Cost    Cost
	Entered time.Time
	Code    string // version of amparo
	State   State
	Ended   time.Time // zero: not yet
}

// A Ledger keeps the accounts of a home's populations, for ever. It is private:
// purposes and times are nobody else's matter. Times are UTC of whole seconds.
//
// Whoever implements it promises: nothing that was entered is changed or lost,
// but for the state of a run that is under way; what Enter and Promise return has
// reached the disk; and what happens between decide's look at an account and the
// entry happens to no one else, in any process. Errors of decide are returned as
// they are, with nothing written.
type Ledger interface {
	// Account returns a copy of a population's account, or ErrNoPopulation.
	Account(ctx context.Context, population string) (*Account, error)
	// Accounts returns all accounts, by population.
	Accounts(ctx context.Context) ([]*Account, error)
	// Promise sets a lifetime: decide sees the account, without lifetimes where
	// the population is new, and returns the lifetime to add, or nil for none.
	Promise(ctx context.Context, population string, decide func(*Account) (*Lifetime, error)) error
	// Enter adds a spend: decide sees the account and returns the spend, whose
	// Number and State Enter sets. Unknown: ErrNoPopulation.
	Enter(ctx context.Context, population string, decide func(*Account) (Spend, error)) (Spend, error)
	// End says what became of a Started spend. Any other: ErrNotUnderWay.
	End(ctx context.Context, number int64, state State, at time.Time) error
}

// Errors of a Ledger.
var (
	ErrNoPopulation = errors.New("no such population: it has no budget")
	ErrNotUnderWay  = errors.New("no such run is under way")
)

// noPopulation turns ErrNoPopulation into a refusal.
func noPopulation(err error, population string) error {
	if !errors.Is(err, ErrNoPopulation) {
		return err
	}
	return refuse("amparo budget set "+population+" --epsilon 10 --delta 1e-5", "population %s: %w", population, ErrNoPopulation)
}

// A Promise is what SetBudget sets.
type Promise struct {
	Population string     // Required.
	Epsilon    dp.Epsilon // Required.
	Delta      dp.Delta   // Required.
	Owner      string     // Default: the one before, or "custodian of this home".
	Raise      bool       // Default: more than was promised before is refused.
}

// DefaultOwner stands where nobody was named.
const DefaultOwner = "custodian of this home"

// SetBudget sets a population's lifetime budget and returns its account. The same
// again changes nothing.
func SetBudget(ctx context.Context, l Ledger, p Promise, now time.Time) (*Account, error) {
	id, err := PopulationID(p.Population)
	if err != nil {
		return nil, err
	}
	next, err := NewLifetime(p.Epsilon, p.Delta)
	if err != nil {
		return nil, err
	}
	if !plainLine(p.Owner) {
		return nil, refuse("for example --owner 'Agencia Siete'", "the owner's name is too long or not one line of text")
	}
	next.Set = wholeSeconds(now)
	err = l.Promise(ctx, id, func(a *Account) (*Lifetime, error) {
		if next.Owner = p.Owner; next.Owner == "" {
			next.Owner = DefaultOwner
			if len(a.Lifetimes) > 0 {
				next.Owner = a.Lifetime().Owner
			}
		}
		if err := a.change(next, p.Raise); err != nil {
			return nil, err
		}
		if n := len(a.Lifetimes); n > 0 {
			if same := a.Lifetimes[n-1]; same.Epsilon == next.Epsilon && same.Delta == next.Delta && same.Owner == next.Owner {
				return nil, nil
			}
		}
		return &next, nil
	})
	if err != nil {
		return nil, err
	}
	return l.Account(ctx, id)
}

// ShowBudget returns a population's account.
func ShowBudget(ctx context.Context, l Ledger, population string) (*Account, error) {
	id, err := PopulationID(population)
	if err != nil {
		return nil, err
	}
	a, err := l.Account(ctx, id)
	return a, noPopulation(err, id)
}

// enter quotes a run and enters its spend in one step: two runs at once cannot
// both take what is left.
func enter(ctx context.Context, l Ledger, population string, ask Ask, s Spend) (Spend, error) {
	s, err := l.Enter(ctx, population, func(a *Account) (Spend, error) {
		cost, err := a.Quote(ask)
		if err != nil {
			return Spend{}, err
		}
		s.Epsilon, s.Delta, s.Cost = ask.Epsilon, ask.Delta, cost
		return s, nil
	})
	return s, noPopulation(err, population)
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// String describes a spend in one line, for the custodian.
func (s Spend) String() string {
	return fmt.Sprintf("%d %s %s ε=%v δ=%v μ=%.4g %s", s.Number, s.Entered.Format(time.RFC3339), s.Purpose,
		float64(s.Epsilon), float64(s.Delta), float64(s.Cost.Mu()), s.State)
}
