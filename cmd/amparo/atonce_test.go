//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestProcessesShareABudget starts processes that ask at once for more than a
// population has: records, tables and releases to catalogs of their own. As many
// are let in as fit, each of the others is refused before it draws noise, and the
// ledger holds those that were let in.
func TestProcessesShareABudget(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	file, domain := things(t, dir, home)
	mustRun(t, home, "budget", "set", "few", "--epsilon", "1", "--delta", "1e-6")
	const processes = 6 // of which ε = 0.55 each, two fit: costs add up in squares
	var wg sync.WaitGroup
	codes, said, paths := make([]int, processes), make([]string, processes), make([]string, processes)
	for i := range processes {
		args := []string{"synthesize", file, "--out"}
		paths[i] = filepath.Join(dir, fmt.Sprint("out", i))
		switch i % 3 {
		case 1:
			args[0] = "tables"
		case 2:
			args = []string{"release", file, "--dataset", "things", "--catalog"}
		}
		args = append(args, paths[i], "--domain", domain, "--population", "few", "--epsilon", "0.55", "--delta", "9e-7")
		wg.Go(func() {
			cmd := amparo(t, home, args...)
			var errors bytes.Buffer
			cmd.Stderr = &errors
			_ = cmd.Run()
			codes[i], said[i] = cmd.ProcessState.ExitCode(), errors.String()
		})
	}
	wg.Wait()
	in := 0
	for i, code := range codes {
		_, err := os.Stat(paths[i])
		if i%3 == 2 { // a catalog may be there, but no version
			_, err = os.Stat(filepath.Join(paths[i], "things", "1"))
		}
		switch {
		case code == 0 && err == nil:
			in++
		case code != 1 || err == nil || !strings.Contains(said[i], "over the remaining budget") || strings.Contains(said[i], "stays spent"):
			t.Errorf("process %d: exit %d, written %v, said %q", i, code, err == nil, said[i])
		}
	}
	shown := mustRun(t, home, "budget", "show", "few")
	if in < 2 || in > 3 || !strings.Contains(shown, fmt.Sprintf("in %d runs", in)) || strings.Count(shown, "finished") != in {
		t.Errorf("%d of %d processes were let in; the ledger: %s", in, processes, shown)
	}
}

// TestCatalogTurnsReadOnly takes the right to write away while a release is under
// way, between its staging and its commit. It fails with a hint after its spend,
// no reader sees a bundle, and when the right is given back the next one succeeds.
func TestCatalogTurnsReadOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "amparo-turns")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	home, public := filepath.Join(dir, "home"), filepath.Join(dir, "public")
	file, domain := things(t, dir, home)
	cmd := amparo(t, home, releaseArgs(file, domain, "--catalog", public)...)
	if err := os.Mkdir(public, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		becomeNobody(t, cmd, dir)
	}
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "TEST_WAIT=writing")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	waitFor(t, filepath.Join(dir, "waiting"))
	chmodFolders(t, public, 0o555)
	if err := os.WriteFile(filepath.Join(dir, "go-on"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%v: %s", err, said.String())
	}
	if s := said.String(); !strings.Contains(s, "the catalog cannot be written") || !strings.Contains(s, "stays spent") || !strings.Contains(s, "hint: check the catalog's folder") || strings.Contains(s, dir) {
		t.Errorf("said %q", s)
	}
	if left, _ := filepath.Glob(filepath.Join(public, "things", "*")); len(left) > 0 {
		t.Errorf("a bundle is to be seen: %v", left)
	}
	chmodFolders(t, public, 0o755)
	mustRun(t, home, releaseArgs(file, domain, "--catalog", public)...)
	mustRun(t, home, "verify", filepath.Join(public, "things", "1"))
	if shown := mustRun(t, home, "budget", "show", "p"); !strings.Contains(shown, "in 2 runs") || strings.Count(shown, "abandoned") != 1 {
		t.Errorf("the ledger: %s", shown)
	}
	if left, _ := filepath.Glob(filepath.Join(public, ".staging-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// becomeNobody makes a command run as somebody to whom all in dir belongs and
// nothing else.
func becomeNobody(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	binary := filepath.Join(dir, "amparo")
	copyFile(t, cmd.Path, binary)
	cmd.Path = binary
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Chown(path, 65534, 65534)
		}
		return err
	})
	if err != nil {
		t.Skipf("cannot become nobody: %v", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 3000 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not come", filepath.Base(path))
}

// chmodFolders changes the mode of a folder and all folders in it.
func chmodFolders(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	for _, f := range folders {
		if err := os.Chmod(f, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
