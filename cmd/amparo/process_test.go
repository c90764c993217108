//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// amparo returns a command that runs this test binary as amparo in a home.
func amparo(t testing.TB, home string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := exec.LookPath("amparo") // where testscript.Main put it
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "AMPARO_HOME="+home)
	return cmd
}

// mustRun runs amparo and returns its output.
func mustRun(t *testing.T, home string, args ...string) string {
	t.Helper()
	cmd := amparo(t, home, args...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("amparo %v: %v: %s", args, err, errors.String())
	}
	return string(out)
}

// things writes a file of records with its domain, and sets a budget.
func things(t *testing.T, dir, home string) (file, domain string) {
	t.Helper()
	file, domain = filepath.Join(dir, "things.csv"), filepath.Join(dir, "domain.json")
	var b strings.Builder
	b.WriteString("colour,shape\n")
	for i := range 600 {
		fmt.Fprintf(&b, "%d,%d\n", i%3, i%3/2)
	}
	for name, text := range map[string]string{file: b.String(), domain: `{"colour": 3, "shape": 2}`} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, home, "budget", "set", "p", "--epsilon", "50", "--delta", "1e-5")
	return file, domain
}

func releaseArgs(file, domain string, more ...string) []string {
	return append([]string{"release", file, "--domain", domain, "--population", "p", "--dataset", "things", "--epsilon", "0.5", "--delta", "1e-7"}, more...)
}

// failure runs amparo, which must exit with 1, and returns its error output.
func failure(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err == nil || cmd.ProcessState.ExitCode() != 1 || len(out) > 0 {
		t.Fatalf("exit %d, output %q, error output %q", cmd.ProcessState.ExitCode(), out, errors.String())
	}
	return errors.String()
}

// TestServe serves the demo's catalog, asks it for a page and stops it.
func TestServe(t *testing.T) {
	home := t.TempDir()
	cmd := amparo(t, home, "demo", "--cases", "2000", "--portal", "127.0.0.1:0")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	address := ""
	said := bufio.NewScanner(pipe)
	for said.Scan() {
		if m := regexp.MustCompile(`^portal: open (http://127\.0\.0\.1:\d+/) `).FindStringSubmatch(said.Text()); m != nil {
			address = m[1]
			break
		}
	}
	if address == "" {
		t.Fatal("it never said what to open")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || len(page) == 0 {
		t.Errorf("status %d, %d bytes", answer.StatusCode, len(page))
	}
	http.DefaultClient.CloseIdleConnections()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(pipe)
	if err := cmd.Wait(); err != nil {
		t.Errorf("ctrl-C ended it with %v, output %q", err, rest)
	}
}

// TestKilledAtAnyMoment kills releases after random-looking delays and looks at
// the home after each: the catalog holds whole bundles only, every bundle has its
// spend, and versions are never used twice.
func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	file, domain := things(t, dir, home)
	begin := time.Now()
	mustRun(t, home, releaseArgs(file, domain)...)
	whole := time.Since(begin)
	const rounds = 12
	for i := range rounds {
		cmd := amparo(t, home, releaseArgs(file, domain)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i+1) / rounds)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		bundles, _ := filepath.Glob(filepath.Join(home, "catalog", "things", "*"))
		for _, b := range bundles {
			mustRun(t, home, "verify", b)
		}
		spends := strings.Count(mustRun(t, home, "budget", "show", "p", "--json"), `"number":`)
		if spends < len(bundles) {
			t.Fatalf("round %d: %d bundles, %d spends", i, len(bundles), spends)
		}
	}
	out := mustRun(t, home, releaseArgs(file, domain)...)
	if !strings.Contains(out, "released things/") {
		t.Errorf("after all: %s", out)
	}
	if left, _ := filepath.Glob(filepath.Join(home, "catalog", ".staging*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReadOnlyCatalog runs as somebody who may not write to the catalog.
func TestReadOnlyCatalog(t *testing.T) {
	dir, err := os.MkdirTemp("", "amparo-readonly")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	home, public := filepath.Join(dir, "home"), filepath.Join(dir, "public")
	file, domain := things(t, dir, home)
	cmd := amparo(t, home, releaseArgs(file, domain, "--catalog", public)...)
	if err := os.Mkdir(public, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // root may write anywhere: be nobody
		binary := filepath.Join(dir, "amparo")
		copyFile(t, cmd.Path, binary)
		cmd.Path = binary
		for _, path := range []string{dir, home, filepath.Join(home, "cases.db")} {
			if err := os.Chown(path, 65534, 65534); err != nil {
				t.Skipf("cannot become nobody: %v", err)
			}
		}
		_ = os.Chmod(dir, 0o755)
		_ = os.Remove(filepath.Join(home, "cases.db-wal"))
		_ = os.Remove(filepath.Join(home, "cases.db-shm"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	said := failure(t, cmd)
	if !strings.Contains(said, "the catalog cannot be written") || !strings.Contains(said, "hint: ") {
		t.Errorf("said %q", said)
	}
	if shown := mustRun(t, home, "budget", "show", "p"); !strings.Contains(shown, "in 0 runs") {
		t.Errorf("it cost something: %s", shown)
	}
	if left, _ := os.ReadDir(public); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk releases to, and writes records on, a disk of its own that has
// room for a little less and less.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	home, disk := filepath.Join(dir, "home"), filepath.Join(dir, "disk")
	file, domain := things(t, dir, home)
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("cannot make a small disk: %v", err)
	}
	defer syscall.Unmount(disk, 0)
	ballast := filepath.Join(disk, "ballast")
	full := 0
	for room := 4; room <= 200; room += 28 {
		if err := os.WriteFile(ballast, make([]byte, (256-room)<<10), 0o600); err != nil {
			t.Fatal(err)
		}
		catalog := filepath.Join(disk, "catalog")
		cmd := amparo(t, home, releaseArgs(file, domain, "--catalog", catalog)...)
		var errors bytes.Buffer
		cmd.Stderr = &errors
		if err := cmd.Run(); err != nil {
			full++
			if said := errors.String(); !strings.Contains(said, "disk is full") || !strings.Contains(said, "hint: ") {
				t.Errorf("%d KiB: said %q", room, said)
			}
			if left, _ := filepath.Glob(filepath.Join(catalog, "*", "*")); len(left) > 0 {
				t.Errorf("%d KiB: a bundle is visible: %v", room, left)
			}
		} else {
			mustRun(t, home, "verify", filepath.Join(catalog, "things", "1"))
		}
		if err := os.RemoveAll(catalog); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(ballast)
	}
	if full == 0 {
		t.Error("the disk was never full")
	}
	if err := os.WriteFile(ballast, make([]byte, 255<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	said := failure(t, amparo(t, home, "synthesize", file, "--domain", domain, "--population", "p", "--epsilon", "0.5", "--delta", "1e-7", "--out", filepath.Join(disk, "out.csv")))
	if !strings.Contains(said, "disk is full") {
		t.Errorf("said %q", said)
	}
	if left, _ := os.ReadDir(disk); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
