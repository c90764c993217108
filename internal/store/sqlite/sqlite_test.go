package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"amparo/internal/release"
	"amparo/internal/store/storetest"
)

func mustOpen(t *testing.T, home string) *DB {
	t.Helper()
	db, err := Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestLedgerKeepsThePromises(t *testing.T) {
	storetest.Ledger(t, func(t *testing.T) release.Ledger { return mustOpen(t, t.TempDir()) })
}

func TestOnlyTheOwnerReads(t *testing.T) {
	home := filepath.Join(t.TempDir(), "new", "home")
	db := mustOpen(t, home)
	budget(t, db, "p")
	info, err := os.Stat(home)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("home has mode %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Errorf("expected database and log, found %v", files)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	db.Close()
	path := filepath.Join(home, FileName)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, home)
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("a file that all could read was left so: %v", info.Mode())
	}
}

func TestLedgerOutlivesTheProcess(t *testing.T) {
	home := t.TempDir()
	db := mustOpen(t, home)
	budget(t, db, "p")
	s, err := spend(t.Context(), db, "p", 0)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	a, err := mustOpen(t, home).Account(t.Context(), "p")
	if err != nil || len(a.Spends) != 1 || a.Spends[0] != s {
		t.Errorf("after reopening: %+v, %v", a, err)
	}
}

func TestForgetsNothingEvenByHand(t *testing.T) {
	db := mustOpen(t, t.TempDir())
	budget(t, db, "p")
	if _, err := spend(t.Context(), db, "p", 0); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DELETE FROM spend", "DELETE FROM lifetime", "UPDATE lifetime SET mu2 = 99", "UPDATE spend SET mu2 = 0.001",
		"UPDATE spend SET population = 'q'", "UPDATE spend SET number = 77", "UPDATE spend SET thresholds = 1, state = 'finished'",
		"INSERT INTO spend SELECT 9, 'p', '', 1, 1, 0, 0, '', '', 'started', ''", "UPDATE spend SET state = 'refunded'",
	} {
		if _, err := db.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
	if _, err := db.db.ExecContext(t.Context(), "UPDATE spend SET state = 'finished', ended_at = 'x'"); err != nil {
		t.Errorf("the state may change once: %v", err)
	}
	if _, err := db.db.ExecContext(t.Context(), "UPDATE spend SET state = 'abandoned'"); err == nil {
		t.Error("the state changed twice")
	}
	if _, err := db.Account(t.Context(), "p"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a time that is none was read: %v", err)
	}
}

func TestRefusesWhatItCannotTrust(t *testing.T) {
	t.Run("newer", func(t *testing.T) {
		home := t.TempDir()
		db := mustOpen(t, home)
		if _, err := db.db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, 1)", latest()+1); err != nil {
			t.Fatal(err)
		}
		db.Close()
		if _, err := Open(t.Context(), home); !errors.Is(err, ErrNewer) {
			t.Errorf("opened: %v", err)
		}
	})
	t.Run("not a database", func(t *testing.T) {
		home := t.TempDir()
		text := []byte(strings.Repeat("this is no database, yet somebody's file\n", 100))
		if err := os.WriteFile(filepath.Join(home, FileName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), home); err == nil {
			t.Error("opened")
		}
		if after, _ := os.ReadFile(filepath.Join(home, FileName)); !bytes.Equal(after, text) {
			t.Error("the file was changed")
		}
	})
	t.Run("a folder", func(t *testing.T) {
		home := t.TempDir()
		if err := os.Mkdir(filepath.Join(home, FileName), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), home); err == nil {
			t.Error("opened")
		}
	})
	t.Run("home is a file", func(t *testing.T) {
		home := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(home, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), home); err == nil {
			t.Error("opened")
		}
	})
	t.Run("odd name", func(t *testing.T) {
		db := mustOpen(t, filepath.Join(t.TempDir(), "año ?mode=ro&x=%41#f"))
		budget(t, db, "p")
	})
}

// TestProcesses lets several processes open a new home and spend at once, each
// until it is refused: together they must take exactly what fits.
func TestProcesses(t *testing.T) {
	home := t.TempDir()
	const processes = 6
	var wg sync.WaitGroup
	out := make([]string, processes)
	for i := range processes {
		wg.Go(func() {
			text, err := child(t.Context(), home, "spend").CombinedOutput()
			if out[i] = string(text); err != nil {
				t.Errorf("process %d: %v: %s", i, err, text)
			}
		})
	}
	wg.Wait()
	told := 0
	for _, text := range out {
		told += strings.Count(text, "spent\n")
	}
	a, err := mustOpen(t, home).Account(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	if told != fits || len(a.Spends) != fits {
		t.Errorf("processes were told of %d spends, the ledger holds %d, %d fit", told, len(a.Spends), fits)
	}
	if len(a.Lifetimes) != 1 {
		t.Errorf("%d lifetimes were set", len(a.Lifetimes))
	}
}

// TestKilled kills a process as soon as it says that its spend is entered.
func TestKilled(t *testing.T) {
	for round := range 5 {
		home := t.TempDir()
		cmd := child(t.Context(), home, "spend and hang")
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, len("spent\n"))
		if _, err := pipe.Read(line); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		a, err := mustOpen(t, home).Account(t.Context(), "p")
		if err != nil || len(a.Spends) != 1 || a.Spends[0].State != release.Started {
			t.Fatalf("round %d: after the kill: %+v, %v", round, a, err)
		}
	}
}

const fits = 10 // spends of a tenth each

func budget(t *testing.T, db *DB, population string) {
	t.Helper()
	if err := promise(t.Context(), db, population); err != nil {
		t.Fatal(err)
	}
}

func promise(ctx context.Context, db *DB, population string) error {
	return db.Promise(ctx, population, func(a *release.Account) (*release.Lifetime, error) {
		if len(a.Lifetimes) > 0 {
			return nil, nil
		}
		return &release.Lifetime{Epsilon: 1, Delta: 1e-6, Limit: release.Cost{Precision: 1, Thresholds: 1e-7}, Owner: "o", Set: time.Unix(0, 0)}, nil
	})
}

func spend(ctx context.Context, db *DB, population string, pause time.Duration) (release.Spend, error) {
	return db.Enter(ctx, population, func(a *release.Account) (release.Spend, error) {
		time.Sleep(pause)
		if float64(a.Spent().Precision)+.1 > 1+1e-9 {
			return release.Spend{}, release.ErrOverBudget
		}
		return release.Spend{Purpose: "x", Epsilon: 1, Delta: 1e-6, Cost: release.Cost{Precision: .1}, Entered: time.Unix(60, 0).UTC(), Code: "t"}, nil
	})
}

func child(ctx context.Context, home, what string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "SQLITE_TEST_HOME="+home, "SQLITE_TEST_DO="+what)
	return cmd
}

// TestMain plays the processes of the tests above.
func TestMain(m *testing.M) {
	home := os.Getenv("SQLITE_TEST_HOME")
	if home == "" {
		os.Exit(m.Run())
	}
	if err := play(context.Background(), home, os.Getenv("SQLITE_TEST_DO")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func play(ctx context.Context, home, what string) error {
	db, err := Open(ctx, home)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := promise(ctx, db, "p"); err != nil {
		return err
	}
	for {
		_, err := spend(ctx, db, "p", 2*time.Millisecond)
		if errors.Is(err, release.ErrOverBudget) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println("spent")
		if what != "spend" {
			time.Sleep(time.Minute)
		}
	}
}
