package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"amparo/internal/release"
)

var _ release.Ledger = (*DB)(nil)

// Account implements release.Ledger.
func (d *DB) Account(ctx context.Context, population string) (a *release.Account, err error) {
	err = d.look(ctx, func(tx *sql.Tx) error {
		a, err = account(ctx, tx, population)
		return err
	})
	if err == nil && len(a.Lifetimes) == 0 {
		return nil, release.ErrNoPopulation
	}
	return a, err
}

// Accounts implements release.Ledger.
func (d *DB) Accounts(ctx context.Context) (all []*release.Account, err error) {
	err = d.look(ctx, func(tx *sql.Tx) error {
		ids, err := collect(ctx, tx, "SELECT DISTINCT population FROM lifetime ORDER BY population", func(r *sql.Rows) (id string, err error) {
			return id, r.Scan(&id)
		})
		for _, id := range ids {
			a, err := account(ctx, tx, id)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return err
	})
	return all, err
}

// Promise implements release.Ledger.
func (d *DB) Promise(ctx context.Context, population string, decide func(*release.Account) (*release.Lifetime, error)) error {
	return d.update(ctx, func(tx *sql.Tx) error {
		a, err := account(ctx, tx, population)
		if err != nil {
			return err
		}
		l, err := decide(a)
		if err != nil || l == nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			`INSERT INTO lifetime (population, owner, epsilon, delta, mu2, thresholds, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			population, l.Owner, l.Epsilon, l.Delta, l.Limit.Precision, l.Limit.Thresholds, stamp(l.Set))
		return err
	})
}

// Enter implements release.Ledger.
func (d *DB) Enter(ctx context.Context, population string, decide func(*release.Account) (release.Spend, error)) (s release.Spend, err error) {
	err = d.update(ctx, func(tx *sql.Tx) error {
		a, err := account(ctx, tx, population)
		if err != nil {
			return err
		}
		if len(a.Lifetimes) == 0 {
			return release.ErrNoPopulation
		}
		if s, err = decide(a); err != nil {
			return err
		}
		s.State, s.Ended = release.Started, time.Time{}
		return tx.QueryRowContext(ctx,
			`INSERT INTO spend (population, purpose, epsilon, delta, mu2, thresholds, entered_at, code, state, ended_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '') RETURNING number`,
			population, s.Purpose, s.Epsilon, s.Delta, s.Cost.Precision, s.Cost.Thresholds, stamp(s.Entered), s.Code, s.State).Scan(&s.Number)
	})
	if err != nil {
		return release.Spend{}, err
	}
	return s, nil
}

// End implements release.Ledger.
func (d *DB) End(ctx context.Context, number int64, state release.State, at time.Time) error {
	if state == release.Started {
		return release.ErrNotUnderWay
	}
	return d.update(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE spend SET state = $1, ended_at = $2 WHERE number = $3 AND state = $4",
			state, stamp(at), number, release.Started)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return release.ErrNotUnderWay
		}
		return nil
	})
}

// look runs f over one state of the database: what others write meanwhile is not
// seen, and f keeps nobody from writing.
func (d *DB) look(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return f(tx)
}

// account reads a population's account; one that is not there is empty.
func account(ctx context.Context, tx *sql.Tx, population string) (a *release.Account, err error) {
	a = &release.Account{Population: population}
	a.Lifetimes, err = collect(ctx, tx,
		"SELECT owner, epsilon, delta, mu2, thresholds, set_at FROM lifetime WHERE population = $1 ORDER BY number",
		func(r *sql.Rows) (l release.Lifetime, err error) {
			var set string
			if err := r.Scan(&l.Owner, &l.Epsilon, &l.Delta, &l.Limit.Precision, &l.Limit.Thresholds, &set); err != nil {
				return l, err
			}
			l.Set, err = unstamp(set)
			return l, err
		}, population)
	if err != nil {
		return nil, err
	}
	a.Spends, err = collect(ctx, tx,
		`SELECT number, purpose, epsilon, delta, mu2, thresholds, entered_at, code, state, ended_at
		FROM spend WHERE population = $1 ORDER BY number`, scanSpend, population)
	return a, err
}

func scanSpend(r *sql.Rows) (s release.Spend, err error) {
	var entered, ended string
	err = r.Scan(&s.Number, &s.Purpose, &s.Epsilon, &s.Delta, &s.Cost.Precision, &s.Cost.Thresholds, &entered, &s.Code, &s.State, &ended)
	if err != nil {
		return s, err
	}
	if s.Entered, err = unstamp(entered); err != nil {
		return s, err
	}
	s.Ended, err = unstamp(ended)
	return s, err
}

// collect returns what scan makes of each row of a query.
func collect[T any](ctx context.Context, tx *sql.Tx, query string, scan func(*sql.Rows) (T, error), args ...any) (all []T, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, damaged(err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s holds a row that cannot be read: %w", FileName, err)
		}
		all = append(all, x)
	}
	return all, rows.Err()
}

// stamp writes a time; the zero time is blank.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func unstamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}
