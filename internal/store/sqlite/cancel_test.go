package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"
)

// TestCancelledIsSaidSo: a transaction that was rolled back because ctx ended fails
// with ctx's error, not with one that says it was done already.
func TestCancelledIsSaidSo(t *testing.T) {
	db := mustOpen(t, t.TempDir())
	budget(t, db, "p")
	for name, f := range map[string]func(context.Context, *sql.Tx) error{
		"before the commit": func(context.Context, *sql.Tx) error { return nil },
		"in a statement": func(_ context.Context, tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO lifetime (population, owner, epsilon, delta, mu2, thresholds, set_at) VALUES ('q', '', 1, 1, 1, 0, '')")
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.update(ctx, func(tx *sql.Tx) error {
			cancel()
			for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(time.Millisecond) {
				if _, err := tx.Exec("SELECT 1"); errors.Is(err, sql.ErrTxDone) { // rolled back
					return f(ctx, tx)
				}
			}
			t.Fatal("it was never rolled back")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := db.Accounts(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("accounts %v, %v", all, err)
	}
}
