package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amparo/internal/release"
	"amparo/internal/store/storetest"
)

// folder is a home as a storetest.Place.
type folder string

func (f folder) Open(t *testing.T) (release.Ledger, func() error) {
	t.Helper()
	db, err := Open(t.Context(), string(f))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, db.Close
}

func TestLedgerLasts(t *testing.T) {
	storetest.Lasting(t, func(t *testing.T) storetest.Place { return folder(t.TempDir()) })
}

// copyHome copies a home's files as they are on the disk at this moment.
func copyHome(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(to, FileName+"-shm")) // memory, which a power cut takes
	return to
}

// TestPowerCut copies the files while the database is open, as a power cut would
// leave them: after each answer all that was answered is there; within a
// transaction, before its answer, nothing of it is.
func TestPowerCut(t *testing.T) {
	home := t.TempDir()
	db := mustOpen(t, home)
	budget(t, db, "p")
	for n := 1; n <= 4; n++ {
		var midway string
		s, err := db.Enter(t.Context(), "p", func(*release.Account) (release.Spend, error) {
			midway = copyHome(t, home)
			return release.Spend{Purpose: fmt.Sprint(n), Epsilon: 1, Delta: 1e-6, Cost: release.Cost{Precision: .1}, Code: "t"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[string]int{midway: n - 1, copyHome(t, home): n} {
			a, err := mustOpen(t, at).Account(t.Context(), "p")
			if err != nil || len(a.Spends) != want || want == n && a.Spends[n-1].Purpose != s.Purpose {
				t.Errorf("spend %d: after a cut %+v, %v; want %d", n, a, err, want)
			}
		}
	}
}

// TestTornLog cuts the write-ahead log at places all along it, and tears a byte: a
// spend is there whole or not at all, and the first ones before the later ones.
func TestTornLog(t *testing.T) {
	home := t.TempDir()
	db := mustOpen(t, home)
	budget(t, db, "p")
	for range 5 {
		if _, err := spend(t.Context(), db, "p", 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.update(t.Context(), func(*sql.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	whole := copyHome(t, home)
	log, err := os.ReadFile(filepath.Join(whole, FileName+"-wal"))
	if err != nil || len(log) < 8192 {
		t.Fatalf("a log of %d bytes: %v", len(log), err)
	}
	seen := map[int]bool{}
	for i := range 14 {
		at := copyHome(t, whole)
		torn := append([]byte{}, log...)
		if place := len(log) - i*len(log)/14; i%2 == 0 {
			torn = torn[:place]
		} else {
			torn[place] ^= 0x40
		}
		if err := os.WriteFile(filepath.Join(at, FileName+"-wal"), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(t.Context(), at)
		if err != nil {
			t.Errorf("log torn at %d of 14: %v", i, err)
			continue
		}
		a, err := db.Account(t.Context(), "p")
		if errors.Is(err, release.ErrNoPopulation) {
			seen[-1] = true
		} else if err != nil {
			t.Errorf("log torn at %d of 14: %v", i, err)
		} else {
			seen[len(a.Spends)] = true
			for k, s := range a.Spends {
				if s.Number != int64(k+1) || s.Cost.Precision != .1 {
					t.Errorf("log torn at %d of 14: spend %d is %+v", i, k, s)
				}
			}
		}
		db.Close()
	}
	if len(seen) < 3 || !seen[5] {
		t.Errorf("numbers of spends seen: %v", seen)
	}
}

// TestFirstSchema opens a database as the first amparo wrote it, from a text that
// is never brought up to date: what it holds is there after every migration to come.
func TestFirstSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/first.sql")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	raw, err := open(filepath.Join(home, FileName), "immediate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	db := mustOpen(t, home)
	a, err := db.Account(t.Context(), "cases-2024")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Lifetimes) != 2 || a.Lifetimes[0].Owner != "Agencia Ñandú" || a.Lifetime().Epsilon != 12 || a.Lifetime().Limit.Precision != 4.25 {
		t.Errorf("lifetimes %+v", a.Lifetimes)
	}
	want := []release.State{release.Finished, release.Abandoned, release.Started}
	if len(a.Spends) != 3 || a.Spent().Precision != .25+.5+1 || a.Spent().Thresholds != 1e-7 {
		t.Fatalf("spends %+v", a.Spends)
	}
	for i, s := range a.Spends {
		if s.State != want[i] || s.Number != int64(i+1) || s.Ended.IsZero() != (s.State == release.Started) {
			t.Errorf("spend %d: %+v", i+1, s)
		}
	}
	if s, err := spend(t.Context(), db, "cases-2024", 0); !errors.Is(err, release.ErrOverBudget) {
		t.Errorf("what was spent before is not counted: %+v, %v", s, err)
	}
	if version, err := schema(t.Context(), db.db); err != nil || version != latest() {
		t.Errorf("schema %d, %v; this amparo knows %d", version, err, latest())
	}
	// By hand it is as final as ever.
	if _, err := db.db.Exec("DELETE FROM spend"); err == nil {
		t.Error("a spend was deleted")
	}
}

// TestMigrationsAreNumbered: 1, 2, 3 …, and none that was published is changed:
// the first one is what testdata/first.sql repeats.
func TestMigrationsAreNumbered(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || int64(len(files)) != latest() {
		t.Errorf("%d migrations, the latest is %d (%v)", len(files), latest(), err)
	}
	first, err := fs.ReadFile(migrations, files[0])
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/first.sql")
	if err != nil {
		t.Fatal(err)
	}
	squeezed := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	old := squeezed(string(text))
	for _, part := range strings.Split(string(first), ";\n") {
		lines := strings.Split(part, "\n")
		for len(lines) > 0 && (strings.HasPrefix(lines[0], "--") || strings.TrimSpace(lines[0]) == "") {
			lines = lines[1:]
		}
		if part := squeezed(strings.Join(lines, "\n")); strings.HasPrefix(part, "CREATE") && !strings.Contains(old, part) {
			t.Errorf("the first migration is no longer what it was: %s", part)
		}
	}
}

// TestNewerIsLeftAlone: a database of a schema to come is refused, and not one
// byte of it is changed.
func TestNewerIsLeftAlone(t *testing.T) {
	home := t.TempDir()
	db := mustOpen(t, home)
	budget(t, db, "p")
	if _, err := db.db.Exec("CREATE TABLE to_come (x); INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, 1)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, err := os.ReadFile(filepath.Join(home, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := Open(t.Context(), home)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "900") || strings.Contains(err.Error(), home) {
			t.Errorf("%v", err)
		}
	}
	if after, _ := os.ReadFile(filepath.Join(home, FileName)); string(after) != string(before) {
		t.Error("the refused database was changed")
	}
}

// TestEveryFileIsPrivate looks at the modes of all files while the database is in
// use, whatever the umask and whoever could read them before.
func TestEveryFileIsPrivate(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, FileName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db := mustOpen(t, home)
	budget(t, db, "p")
	_, err := db.Enter(t.Context(), "p", func(*release.Account) (release.Spend, error) {
		files, err := os.ReadDir(home)
		if err != nil || len(files) < 3 {
			t.Errorf("files %v, %v", files, err)
		}
		for _, f := range files {
			if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
			}
		}
		return release.Spend{}, context.Canceled
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
