package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
	"amparo/microdata"
	"amparo/microdata/tabular"
)

// refusedFree runs a request that must be refused before it draws noise or spends,
// with a hint, and leave nothing behind. It returns what was said.
func (h *house) refusedFree(r release.Request) string {
	h.t.Helper()
	r.Noise = &counting{Reader: random(1), first: func() { h.t.Error("noise was drawn") }}
	_, err := release.Run(h.t.Context(), r)
	if err == nil {
		h.t.Error("it was done")
		return ""
	}
	if _, spent := errors.AsType[*release.AfterSpend](err); spent || len(h.spends()) != 0 {
		h.t.Errorf("it cost something: %v", err)
	}
	if release.Hint(err) == "" {
		h.t.Errorf("no hint: %v", err)
	}
	return err.Error() + " " + release.Hint(err)
}

// TestTextsAreReadBeforeAnythingIsSpent gives what no manifest may say. The catalog
// would refuse it when all is done; the budget would be gone by then.
func TestTextsAreReadBeforeAnythingIsSpent(t *testing.T) {
	text := func(s string) microdata.Text { return microdata.Text{"es": s} }
	for name, c := range map[string]struct {
		spoil func(*release.Bundle)
		want  string
	}{
		"title in French only":  {func(b *release.Bundle) { b.Title = microdata.Text{"fr": "Victimes"} }, "title is missing"},
		"blank title":           {func(b *release.Bundle) { b.Title = text("") }, "title is missing"},
		"title not UTF-8":       {func(b *release.Bundle) { b.Title = text("\xff") }, "title is too long or not"},
		"title that beeps":      {func(b *release.Bundle) { b.Title = text("\a") }, "title is too long or not"},
		"language on two lines": {func(b *release.Bundle) { b.Coverage = microdata.Text{"e\ns": "x"} }, "coverage is too long or not"},
		"a long description":    {func(b *release.Bundle) { b.Description = text(strings.Repeat("x", 20_001)) }, "description is too long"},
		"publisher, two lines":  {func(b *release.Bundle) { b.Publisher = "a\nb" }, "publisher is too long or not"},
		"a long licence":        {func(b *release.Bundle) { b.License = strings.Repeat("x", 1001) }, "license is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := h.release()
			c.spoil(r.Pub)
			if said := h.refusedFree(r); !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
			if left := h.files(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestColumnsThatNoManifestNames: a name may hold what no line of text may. The
// file is refused for publication; records may still be made of it.
func TestColumnsThatNoManifestNames(t *testing.T) {
	h := newHouse(t)
	h.write([]string{"colour", "sh\x1b[2Jape", "size"}, h.records)
	r := h.release()
	r.Domain = nil
	if said := h.refusedFree(r); !strings.Contains(said, `column name "sh\x1b[2Jape" is too long or not plain text`) {
		t.Errorf("said %q", said)
	}
	records := h.request()
	records.Domain = nil
	h.run(records)
}

// TestLevelsThatNoReaderReadsBack: CRLF within a value comes back from CSV as LF,
// so a table with such a level would be refused by whoever verifies it.
func TestLevelsThatNoReaderReadsBack(t *testing.T) {
	h := newHouse(t)
	d, err := tabular.ReadDomain(strings.NewReader(`{"colour": ["red","green","blue","","x\r\ny"], "shape": ["round","square"], "size": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	r := h.release()
	r.Domain = d
	if said := h.refusedFree(r); !strings.Contains(said, "CRLF") {
		t.Errorf("said %q", said)
	}
}

// TestVersionsThatRunOut: somebody who may make a folder in the catalog must not be
// able to make every release spend in vain.
func TestVersionsThatRunOut(t *testing.T) {
	h := newHouse(t)
	if err := os.MkdirAll(h.path("catalog/things/999999"), 0o755); err != nil {
		t.Fatal(err)
	}
	if said := h.refusedFree(h.release()); !strings.Contains(said, "no number after it") {
		t.Errorf("said %q", said)
	}
	if err := os.Rename(h.path("catalog/things/999999"), h.path("catalog/things/9223372036854775807")); err != nil {
		t.Fatal(err)
	}
	if res := h.run(h.release()); res.Version != 1 {
		t.Errorf("beside a folder that is no version, version %d", res.Version)
	}
}

// TestReportsMayNotBeReachedThroughTheCatalog: also where a link leads to them.
func TestReportsMayNotBeReachedThroughTheCatalog(t *testing.T) {
	h := newHouse(t)
	if err := os.MkdirAll(h.path("home/deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"public": "home", "twice": "public", "beside": "home/deep"} {
		if err := os.Symlink(to, h.path(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		catalog, reports string
		inside           bool
	}{
		{"public", "home/reports", true}, {"home", "public/reports", true}, {"twice", "home/not/yet/there", true}, {"twice", "twice", true},
		{"beside", "home/reports", false}, {"beside", "home/deep/reports", true}, {"home/deep", "public/deepest", false},
	} {
		r := h.release()
		r.Pub.Catalog, r.Pub.Reports = h.path(c.catalog), h.path(c.reports)
		if !c.inside {
			r.Ledger = ledgerOf(t, "p")
			if _, err := release.Run(t.Context(), r); err != nil {
				t.Errorf("catalog %s, reports %s: %v", c.catalog, c.reports, err)
			}
			continue
		}
		if said := h.refusedFree(r); !strings.Contains(said, "not for publication") {
			t.Errorf("catalog %s, reports %s: %q", c.catalog, c.reports, said)
		}
	}
}

// TestOutputsThatAreNoFiles: what could not be put in place in the end is refused
// before anything is spent, and --force replaces files, nothing else.
func TestOutputsThatAreNoFiles(t *testing.T) {
	h := newHouse(t)
	if err := os.Symlink("nowhere", h.path("dangling")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(h.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		h.path("dangling"):               "leads nowhere",
		h.path("pipe"):                   "a device or a pipe",
		h.path(inputName) + "/x.csv":     "cannot be used",
		h.path("out.csv\x00"):            "cannot be used",
		h.path("out.csv") + "/":          "output's folder",
		filepath.Join(h.dir, "..") + "/": "is a folder",
	} {
		for _, force := range []bool{false, true} {
			r := h.request()
			r.Out = &release.Output{Path: path, Force: force}
			if said := h.refusedFree(r); !strings.Contains(said, want) || strings.Contains(said, h.dir) {
				t.Errorf("%q, force %v: said %q, want %q", path, force, said, want)
			}
		}
	}
	for path, kind := range map[string]os.FileMode{"pipe": os.ModeNamedPipe, "dangling": os.ModeSymlink} {
		if info, err := os.Lstat(h.path(path)); err != nil || info.Mode().Type() != kind {
			t.Errorf("the %s was replaced: %v", path, err)
		}
	}
}

// TestFilesThatComeMeanwhile: what somebody puts where the output shall be, while
// the run is under way, stays as it is; the run fails after its spend.
func TestFilesThatComeMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		request func(*house) release.Request
		path    string
	}{
		"records": {(*house).request, "out.csv"},
		"tables":  {(*house).tables, "tables"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := c.request(h)
			r.Progress = func(p release.Progress) {
				if p.Stage == release.Measuring {
					if err := os.WriteFile(h.path(c.path), []byte("mine"), 0o600); err != nil {
						t.Error(err)
					}
				}
			}
			_, err := release.Run(t.Context(), r)
			if _, spent := errors.AsType[*release.AfterSpend](err); !spent || len(h.spends()) != 1 {
				t.Errorf("%v, %d spends", err, len(h.spends()))
			}
			if b, err := os.ReadFile(h.path(c.path)); err != nil || string(b) != "mine" {
				t.Errorf("the file is gone: %q, %v", b, err)
			}
			if left := h.files(); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestWithdrawThroughTheDoor: every refusal of a withdrawal has a hint, says what
// it is about and leaves the public ledger as it was.
func TestWithdrawThroughTheDoor(t *testing.T) {
	h := newHouse(t)
	h.run(h.release())
	h.run(h.release())
	h.run(h.release())
	s, err := h.signer()
	if err != nil {
		t.Fatal(err)
	}
	dir := h.path("catalog")
	one := publish.Withdrawal{Dataset: "things", Version: 1, Reason: "mal codificada", Successor: 3, Time: noon}
	if err := release.Withdraw(dir, one, s); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, catalog.LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir    string
		change func(*publish.Withdrawal)
		want   string
	}{
		"twice":               {dir, func(*publish.Withdrawal) {}, "is withdrawn already"},
		"unknown version":     {dir, func(w *publish.Withdrawal) { w.Version = 4 }, "things/4: not in the catalog"},
		"version zero":        {dir, func(w *publish.Withdrawal) { w.Version = 0 }, "not in the catalog"},
		"unknown dataset":     {dir, func(w *publish.Withdrawal) { w.Dataset = "others" }, "others/1: not in the catalog"},
		"no dataset":          {dir, func(w *publish.Withdrawal) { w.Dataset = "../things" }, "not in the catalog"},
		"no catalog":          {h.path("nowhere"), func(w *publish.Withdrawal) { w.Version = 2 }, "not in the catalog"},
		"no reason":           {dir, func(w *publish.Withdrawal) { w.Version, w.Reason = 2, " \n" }, "needs a reason"},
		"a reason that beeps": {dir, func(w *publish.Withdrawal) { w.Version, w.Reason = 2, "\x1b[31m" }, "reason"},
		"withdrawn successor": {dir, func(w *publish.Withdrawal) { w.Version, w.Successor = 2, 1 }, "successor things/1"},
		"its own successor":   {dir, func(w *publish.Withdrawal) { w.Version, w.Successor = 2, 2 }, "successor things/2"},
		"unknown successor":   {dir, func(w *publish.Withdrawal) { w.Version, w.Successor = 2, 9 }, "successor things/9"},
		"negative successor":  {dir, func(w *publish.Withdrawal) { w.Version, w.Successor = 2, -1 }, "successor"},
	} {
		w := one
		c.change(&w)
		err := release.Withdraw(c.dir, w, s)
		if err == nil || !strings.Contains(err.Error(), c.want) || release.Hint(err) == "" || strings.Contains(err.Error(), h.dir) || strings.Contains(err.Error(), "cannot be used") {
			t.Errorf("%s: %v, hint %q; want %q", name, err, release.Hint(err), c.want)
		}
	}
	if after, _ := os.ReadFile(filepath.Join(dir, catalog.LedgerFile)); string(after) != string(before) {
		t.Error("a refused withdrawal was entered")
	}
	if n := len(h.spends()); n != 3 {
		t.Errorf("withdrawals changed the private ledger: %d spends", n)
	}
	c, _ := catalog.Open(dir)
	if _, err := c.Bundle("things", 1); !errors.Is(err, catalog.ErrWithdrawn) {
		t.Errorf("things/1 answers %v", err)
	}
	if b, err := c.Bundle("things", 0); err != nil || b.Manifest().Version != 3 {
		t.Errorf("the newest: %v", err)
	}
}
