// Package releasetest holds a ledger in memory: the reference that every store
// is compared with, and the stand-in for tests. It forgets everything when the
// program ends, so no command may use it.
package releasetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"amparo/internal/release"
)

// Memory is a release.Ledger in memory. The zero value is empty.
type Memory struct {
	mu       sync.Mutex
	accounts map[string]*release.Account
	last     int64
}

var _ release.Ledger = (*Memory)(nil)

// Account implements release.Ledger.
func (m *Memory) Account(ctx context.Context, population string) (*release.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a, ok := m.accounts[population]
	if !ok {
		return nil, release.ErrNoPopulation
	}
	return a.Clone(), nil
}

// Accounts implements release.Ledger.
func (m *Memory) Accounts(ctx context.Context) (all []*release.Account, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		all = append(all, a.Clone())
	}
	slices.SortFunc(all, func(a, b *release.Account) int { return strings.Compare(a.Population, b.Population) })
	return all, ctx.Err()
}

// Promise implements release.Ledger.
func (m *Memory) Promise(ctx context.Context, population string, decide func(*release.Account) (*release.Lifetime, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	a, ok := m.accounts[population]
	if !ok {
		a = &release.Account{Population: population}
	}
	next, err := decide(a.Clone())
	if err != nil || next == nil {
		return err
	}
	a.Lifetimes = append(a.Lifetimes, *next)
	if m.accounts == nil {
		m.accounts = map[string]*release.Account{}
	}
	m.accounts[population] = a
	return nil
}

// Enter implements release.Ledger.
func (m *Memory) Enter(ctx context.Context, population string, decide func(*release.Account) (release.Spend, error)) (release.Spend, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return release.Spend{}, err
	}
	a, ok := m.accounts[population]
	if !ok {
		return release.Spend{}, release.ErrNoPopulation
	}
	s, err := decide(a.Clone())
	if err != nil {
		return release.Spend{}, err
	}
	m.last++
	s.Number, s.State, s.Ended = m.last, release.Started, time.Time{}
	a.Spends = append(a.Spends, s)
	return s, nil
}

// End implements release.Ledger.
func (m *Memory) End(ctx context.Context, number int64, state release.State, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, a := range m.accounts {
		for i := range a.Spends {
			if s := &a.Spends[i]; s.Number == number && s.State == release.Started && state != release.Started {
				s.State, s.Ended = state, at
				return nil
			}
		}
	}
	return release.ErrNotUnderWay
}
