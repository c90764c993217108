// Package replay audits a run of questions: it records the run on one table and
// replays it on a neighbour, with the answers of the recording, as Re:cord-play
// does (PETS 2026). A run that passes asked the same questions of both, each moved
// by no more than it paid for, and paid for all from its budget.
//
// It is for tests. It sees true counts, but only of counters that its caller
// holds, and its errors hold none.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"amparo/dp"
	"amparo/microdata"
)

// Audit runs run on base, replays it on neighbour, and says what breaks the claim
// that the run is μ-Gaussian differentially private. The neighbour has one person
// more or fewer. bytes returns the same random bytes each time it is called.
func Audit(base, neighbour microdata.Counter, mu dp.Mu, bytes func() io.Reader, run func(*dp.Mechanism) error) error {
	first := &tape{}
	a, err := first.run(base, mu, bytes(), run)
	if err != nil {
		return fmt.Errorf("replay: on the first table: %w", err)
	}
	second := &tape{answers: first.truth, replaying: true}
	b, err := second.run(neighbour, mu, bytes(), run)
	if err != nil {
		return fmt.Errorf("replay: on the neighbour: %w", err)
	}
	if err := sameQuestions(a, b); err != nil {
		return err
	}
	if err := first.moved(second); err != nil {
		return err
	}
	return paid(a, mu)
}

// A tape holds the true counts of each call to a counter. Where it replays, the
// calls are answered from another tape: with the same random bytes, the noisy
// answers are then those of the recording too.
type tape struct {
	truth     [][]microdata.Marginal
	answers   [][]microdata.Marginal
	replaying bool
}

// errFlow is the fault that gives most away.
var errFlow = errors.New("replay: control flow depends on the data")

func (t *tape) run(c microdata.Counter, mu dp.Mu, random io.Reader, run func(*dp.Mechanism) error) (seen []dp.Access, err error) {
	b, err := dp.NewBudget(mu)
	if err != nil {
		return nil, err
	}
	m, err := dp.Open(counter{c, t}, b, random, dp.Options{Record: func(a dp.Access) { seen = append(seen, a) }})
	if err != nil {
		return nil, err
	}
	return seen, run(m)
}

// counter writes what it counts on a tape.
type counter struct {
	microdata.Counter
	tape *tape
}

func (c counter) Coarsen(steps []*microdata.Coarsening) (microdata.Counter, error) {
	coarse, err := c.Counter.Coarsen(steps)
	return counter{coarse, c.tape}, err
}

func (c counter) Count(ctx context.Context, cliques []microdata.Clique) ([]microdata.Marginal, error) {
	truth, err := c.Counter.Count(ctx, cliques)
	if err != nil {
		return nil, err
	}
	t := c.tape
	t.truth = append(t.truth, truth)
	if !t.replaying {
		return truth, nil
	}
	call := len(t.truth) - 1
	if call >= len(t.answers) || !slices.EqualFunc(truth, t.answers[call], sameShape) {
		return nil, fmt.Errorf("%w: call %d asks for other marginals", errFlow, call)
	}
	return t.answers[call], nil
}

func sameShape(x, y microdata.Marginal) bool {
	return slices.Equal(x.Clique, y.Clique) && len(x.Counts) == len(y.Counts)
}

func sameQuestions(a, b []dp.Access) error {
	if len(a) != len(b) {
		return fmt.Errorf("%w: %d accesses against %d", errFlow, len(a), len(b))
	}
	for i, x := range a {
		y := b[i]
		if x.Question != y.Question || x.Share != y.Share || x.Sensitivity != y.Sensitivity ||
			!slices.EqualFunc(x.Cliques, y.Cliques, slices.Equal) || !slices.Equal(x.Variance, y.Variance) || !slices.Equal(x.Moves, y.Moves) {
			return fmt.Errorf("%w: access %d differs", errFlow, i)
		}
	}
	return nil
}

// moved says whether a person moves more than one count of any marginal, or one by
// more than 1. Where not, a distance from any guess moves by at most 1 too.
func (t *tape) moved(u *tape) error {
	if len(t.truth) != len(u.truth) {
		return fmt.Errorf("%w: %d calls against %d", errFlow, len(t.truth), len(u.truth))
	}
	for call := range t.truth {
		for k, x := range t.truth[call] {
			l1 := int64(0)
			for cell, n := range x.Counts {
				d := n - u.truth[call][k].Counts[cell]
				l1 += max(d, -d)
			}
			if l1 > 1 {
				return fmt.Errorf("replay: call %d, marginal %d: one person moves more than one count by 1", call, k)
			}
		}
	}
	return nil
}

// paid says whether each access paid for its noise, and the budget for all.
func paid(seen []dp.Access, mu dp.Mu) error {
	total := dp.Precision(0)
	for i, a := range seen {
		cost := dp.Precision(0)
		for k, v := range a.Variance {
			moves := 1
			if a.Moves != nil {
				moves = a.Moves[k]
			}
			cost += v.Cost() * dp.Precision(moves)
		}
		if len(a.Variance) != len(a.Cliques) || len(a.Cliques) == 0 || cost > a.Share*(1+1e-13) {
			return fmt.Errorf("replay: access %d takes %.6g and pays %.6g", i, float64(cost), float64(a.Share))
		}
		total += cost
	}
	if total > mu.Precision()*(1+1e-13) {
		return fmt.Errorf("replay: the run takes %.6g of a budget of %.6g", float64(total), float64(mu.Precision()))
	}
	return nil
}
