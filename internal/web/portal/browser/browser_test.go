package browser

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"amparo/internal/web/portal"
	"amparo/internal/web/portal/portaltest"
)

// result is one line of what check.mjs says.
type result struct {
	Name string
	Fail string   // "" passed
	Note string   // a figure
	Runs int      // how many times it was tried
	All  []string // what is wrong, each
}

// TestInBrowser serves the portal and has check.mjs look at it.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("browser tests take a minute: left out by -short")
	}
	chromium := find(t, "chromium", "chromium-browser", "google-chrome")
	node, npm := find(t, "node"), find(t, "npm")
	dir := packages(t, npm)
	server := httptest.NewServer(portal.New(portal.Options{Catalog: portaltest.Catalog(t)}))
	defer server.Close()

	run := exec.CommandContext(t.Context(), node, "check.mjs", server.URL, chromium)
	run.Dir, run.Stderr, run.WaitDelay = dir, os.Stderr, 5*time.Second
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Errorf("check.mjs said %q", lines.Text())
			continue
		}
		seen++
		t.Run(r.Name, func(t *testing.T) {
			if r.Note != "" {
				t.Log(r.Note)
			}
			if r.Fail != "" {
				t.Error(r.Fail)
			}
		})
	}
	if err := run.Wait(); err != nil {
		t.Errorf("check.mjs: %v", err)
	}
	if seen < 15 {
		t.Errorf("only %d checks ran", seen)
	}
}

func find(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("browser tests need %s, which is not installed", names[0])
	return ""
}

// packages returns a folder outside the repository with check.mjs and the
// packages of the lock file; they are installed once.
func packages(t *testing.T, npm string) string {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "amparo-browser-"+hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Skipf("browser tests need a cache folder: %v", err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "check.mjs"} {
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")); err == nil {
		return dir
	}
	install := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("browser tests need npm packages, which cannot be installed: %v: %.300s", err, out)
	}
	return dir
}
