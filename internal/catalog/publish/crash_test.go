//go:build linux

package publish

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"amparo/internal/catalog"
)

const (
	childDir  = "AMPARO_TEST_DIR"
	childStep = "AMPARO_TEST_KILL_AT"
	childWhat = "AMPARO_TEST_WHAT"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if os.Getenv(childDir) != "" {
		child()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child publishes or withdraws with the key in the catalog's folder, and kills
// itself, as kill -9 would, before step number childStep.
func child() {
	dir := os.Getenv(childDir)
	left, _ := strconv.Atoi(os.Getenv(childStep))
	h := func(string) error {
		if left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		left--
		return nil
	}
	k, err := ReadSigner(filepath.Join(dir, "..", "key"))
	if err == nil {
		if os.Getenv(childWhat) == "withdraw" {
			err = withdraw(dir, Withdrawal{Dataset: "victims", Version: 1, Reason: "test", Time: day}, h, []*Signer{k})
		} else {
			_, err = publish(new(testing.T), dir, h, k)
		}
	}
	if err != nil {
		os.Exit(3)
	}
}

// killed runs the child and says whether it was killed rather than done.
func killed(t *testing.T, dir, what string, step int) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childStep+"="+strconv.Itoa(step), childWhat+"="+what)
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("the child failed by itself: %v", err)
	}
	return false
}

// TestKill kills a publication before each of its steps. After each, readers see
// the first bundle and either nothing or the whole of the second; the next
// publication takes a number that was never used, and everything verifies.
func TestKill(t *testing.T) {
	steps, done := 0, false
	finished := 0
	for ; !done; steps++ {
		home := t.TempDir()
		dir, k := filepath.Join(home, "catalog"), newSigner(t, "Ana")
		if err := k.Save(filepath.Join(home, "key")); err != nil {
			t.Fatal(err)
		}
		mustPublish(t, dir, k)
		done = !killed(t, dir, "publish", steps)
		c, err := catalog.Open(dir, k.Public())
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Bundle("victims", 0)
		want := 1
		if done {
			want = 2
		}
		if err != nil || b.Manifest().Version != want {
			t.Fatalf("killed before step %d: readers get %v", steps, err)
		}
		if r := catalog.Verify(filepath.Join(dir, "victims", "1"), k.Public()); !r.OK() {
			t.Fatalf("killed before step %d: %+v", steps, r.Faults)
		}
		entered := false
		if l, err := catalog.ReadLedger(dir); err != nil {
			t.Fatal(err)
		} else {
			entered = l.Last("victims") == 2
		}
		p := mustPublish(t, dir, k)
		if wantNext := map[bool]int{true: 3, false: 2}[entered]; p.Version != wantNext {
			t.Fatalf("killed before step %d: the next version is %d, want %d", steps, p.Version, wantNext)
		}
		if entered && !done {
			finished++
		}
		all, err := c.Versions("victims")
		if err != nil || len(all) != p.Version {
			t.Fatalf("killed before step %d: %d versions, want %d (%v)", steps, len(all), p.Version, err)
		}
		for _, v := range all {
			if r := catalog.Verify(filepath.Join(dir, "victims", strconv.Itoa(v.Version)), k.Public()); !r.OK() {
				t.Fatalf("killed before step %d: version %d: %+v", steps, v.Version, r.Faults)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, stagingPrefix+"*")); len(left) != 0 {
			t.Fatalf("killed before step %d: staging folders are left", steps)
		}
	}
	if steps < 15 || finished < 2 {
		t.Errorf("only %d steps, %d of them after the ledger entry: the hook is not called", steps, finished)
	}
}

func TestKillWithdraw(t *testing.T) {
	for step, done := 0, false; !done; step++ {
		home := t.TempDir()
		dir, k := filepath.Join(home, "catalog"), newSigner(t, "Ana")
		if err := k.Save(filepath.Join(home, "key")); err != nil {
			t.Fatal(err)
		}
		mustPublish(t, dir, k)
		done = !killed(t, dir, "withdraw", step)
		if err := Recover(dir); err != nil {
			t.Fatal(err)
		}
		r := catalog.Verify(filepath.Join(dir, "victims", "1"), k.Public())
		if r.Withdrawn == nil && !r.OK() || r.Withdrawn != nil && len(r.Faults) != 1 || done && r.Withdrawn == nil {
			t.Errorf("killed before step %d: %+v", step, r.Faults)
		}
		if p := mustPublish(t, dir, k); p.Version != 2 {
			t.Errorf("the next version is %d", p.Version)
		}
	}
}

// TestFull lets each step fail as on a full disk.
func TestFull(t *testing.T) {
	for at := 0; ; at++ {
		dir, k := t.TempDir(), newSigner(t, "Ana")
		left, last := at, ""
		h := func(step string) error {
			last = step
			if left--; left == -1 {
				return syscall.ENOSPC
			}
			return nil
		}
		_, err := publish(t, dir, h, k)
		if err == nil {
			if left < 0 {
				t.Fatalf("a full disk at step %q was overlooked", last)
			}
			return
		}
		if !errors.Is(err, ErrFull) {
			t.Errorf("step %d: %v", at, err)
		}
		c, _ := catalog.Open(dir)
		if _, err := c.Bundle("victims", 0); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("step %d: readers get %v", at, err)
		}
		if l, err := catalog.ReadLedger(dir); err != nil || l.Torn != 0 {
			t.Errorf("step %d: the ledger is torn: %v", at, err)
		}
		mustPublish(t, dir, k)
	}
}

// TestReadOnly publishes as someone who may not write. Only this thread loses
// its rights, and ends with the test.
func TestReadOnly(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	for p := dir; p != "/" && os.Getuid() == 0 && strings.HasPrefix(p, os.TempDir()); p = filepath.Dir(p) {
		if info, err := os.Stat(p); err == nil && info.Mode().Perm()&0o001 == 0 && p != os.TempDir() {
			if err := os.Chmod(p, info.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	errs := make(chan error, 2)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if os.Getuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				errs <- err
				errs <- err
				return
			}
		}
		_, err := Stage(dir, "victims")
		errs <- err
		errs <- Withdraw(dir, Withdrawal{Dataset: "victims", Version: 1, Reason: "r", Time: day}, k)
	}()
	for range 2 {
		if err := <-errs; !errors.Is(err, ErrReadOnly) {
			t.Errorf("a read-only catalog: %v", err)
		}
	}
	if r := catalog.Verify(filepath.Join(dir, "victims", "1"), k.Public()); !r.OK() {
		t.Errorf("%+v", r.Faults)
	}
}

// TestTornLedger cuts the ledger after each of its bytes: no complete entry is
// ever lost, and an incomplete one never stays.
func TestTornLedger(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	first, err := os.ReadFile(filepath.Join(dir, catalog.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	mustPublish(t, dir, k)
	all, err := os.ReadFile(filepath.Join(dir, catalog.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, catalog.LedgerFile)
	for cut := len(first); cut <= len(all); cut++ {
		for _, tail := range []string{"", "\x00\x00\x00"} {
			if err := os.WriteFile(name, append(append([]byte{}, all[:cut]...), tail...), 0o644); err != nil {
				t.Fatal(err)
			}
			want := 1
			if cut == len(all) || cut == len(all)-1 && tail == "" {
				want = 2
			}
			l, err := mendLedger(dir, nil)
			if err != nil {
				t.Fatal(cut, err)
			}
			got, _ := os.ReadFile(name)
			if len(l.Entries()) != want || string(got) != string(map[int][]byte{1: first, 2: all}[want]) {
				t.Fatalf("cut after byte %d of %d: %d entries are left, want %d", cut, len(all), len(l.Entries()), want)
			}
		}
	}
	// A fault before the end is no torn line: nothing is mended.
	broken := append([]byte("x"), all...)
	if err := os.WriteFile(name, broken, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Stage(dir, "victims"); !errors.Is(err, catalog.ErrLedger) {
		t.Errorf("a broken ledger: %v", err)
	}
	if got, _ := os.ReadFile(name); string(got) != string(broken) {
		t.Error("a broken ledger was changed")
	}
}
