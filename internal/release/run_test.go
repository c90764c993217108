package release_test

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/dp"
	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

func TestSynthesize(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.request())
	out := readCSV(t, h.path("out.csv"))
	if !slices.Equal(out[0], columns) {
		t.Errorf("header %v", out[0])
	}
	if res.Rows != len(out)-1 || math.Abs(float64(res.Rows-people)) > 300 {
		t.Errorf("%d rows said, %d written, %d people", res.Rows, len(out)-1, people)
	}
	same := 0
	for _, row := range out[1:] {
		for i, v := range row {
			if !slices.Contains(levels[i], v) {
				t.Fatalf("column %s holds a value outside its list", columns[i])
			}
		}
		if (row[0] == "red" || row[0] == "green") == (row[1] == "round") {
			same++
		}
	}
	if share := float64(same) / float64(res.Rows); math.Abs(share-0.9) > 0.08 {
		t.Errorf("colour and shape go together in %.2f of the rows, in the input in 0.90", share)
	}
	if res.Spend.State != release.Finished || res.Spend.Purpose != "synthesize" || res.PrivacyUnit != catalog.UnitRow || res.Path != h.path("out.csv") {
		t.Errorf("%+v", res)
	}
	if s := h.spends(); len(s) != 1 || s[0].State != release.Finished || s[0].Cost != res.Spend.Cost || s[0].Code != "test-1" {
		t.Errorf("ledger holds %+v", s)
	}
	if !slices.Equal(h.files(), []string{"out.csv"}) {
		t.Errorf("left behind: %v", h.files())
	}
}

func TestReleaseMakesABundle(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.release())
	if res.Dataset != "things" || res.Version != 1 || res.ReportErr != nil || res.Tables < len(columns) {
		t.Errorf("%+v", res)
	}
	key, ok, err := release.Keys{Dir: h.path("keys")}.Own()
	if err != nil || !ok || key.Fingerprint() != res.Key.Fingerprint() {
		t.Fatalf("own key: %v, %v", ok, err)
	}
	if r := catalog.Verify(res.Path, key); !r.OK() {
		t.Errorf("the bundle does not verify: %+v", r.Faults)
	}
	c, err := catalog.Open(h.path("catalog"), key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bundle("things", 0)
	if err != nil {
		t.Fatal(err)
	}
	m := b.Manifest()
	if m.Epsilon != 1 || m.Delta != 1e-6 || m.Mu != float64(res.Spend.Cost.Mu()) || m.SignedBy != 1 || m.Rows != res.Rows ||
		m.PrivacyUnit != catalog.UnitRow || m.Population != "p" || m.Method != catalog.GaussianSynthesis || m.Code != "test-1" || m.Fictional {
		t.Errorf("manifest %+v", m)
	}
	for _, name := range []string{"data.csv", "data.parquet", "codebook.json", "datapackage.json", "dcat.jsonld", "report.es.html", "report.en.html", "report.json"} {
		if _, ok := m.File(name); !ok {
			t.Errorf("the bundle has no %s", name)
		}
	}
	if got := len(readCSV(t, filepath.Join(res.Path, "data.csv"))) - 1; got != res.Rows {
		t.Errorf("data.csv has %d rows, the result says %d", got, res.Rows)
	}
	if again := h.run(h.release()); again.Version != 2 || again.Key.Fingerprint() != key.Fingerprint() {
		t.Errorf("the next version is %d, signed by %s", again.Version, again.Key.Fingerprint())
	}
}

// TestIntervalsHoldTheTruth counts, over the single columns of 30 releases of
// the same file with fresh noise, how often a 95 % interval holds the true count.
// 330 trials, three of one vector's cells at most depending on each other: fewer
// than 290 happen by chance less than once in 10,000 runs, and the noise here is
// fixed, so the test gives the same answer always.
func TestIntervalsHoldTheTruth(t *testing.T) {
	h := newHouse(t)
	promise(t, h.ledger, release.Promise{Population: "p", Epsilon: 40, Delta: 1e-5, Raise: true})
	held, tried := 0, 0
	for round := range 30 {
		r := h.release()
		r.Noise = random(byte(round + 10))
		h.run(r)
	}
	c, err := catalog.Open(h.path("catalog"))
	if err != nil {
		t.Fatal(err)
	}
	versions, err := c.Versions("things")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		b, err := c.Bundle("things", v.Version)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Codebook().Tables {
			if len(e.Columns) != 1 {
				continue
			}
			table, err := b.Table(e.ID)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.Index(columns, e.Columns[0].Name)
			for cell, l := range e.Columns[0].Levels {
				true := 0
				for _, row := range h.records {
					if row[at] == l.Value {
						true++
					}
				}
				low, high := catalog.Interval(float64(table.Noisy[cell]), table.Variance)
				if tried++; low <= float64(true) && float64(true) <= high {
					held++
				}
			}
		}
	}
	if tried != 330 || held < 290 {
		t.Errorf("%d of %d intervals hold the truth", held, tried)
	}
}

// TestSeedFixesGenerationOnly draws with equal noise and other seeds, and with
// equal seeds and other noise.
func TestSeedFixesGenerationOnly(t *testing.T) {
	h := newHouse(t)
	draw := func(noise byte, seed uint64) (records, table string) {
		r := h.release()
		r.Noise, r.Seed = random(noise), &seed
		res := h.run(r)
		data, err := os.ReadFile(filepath.Join(res.Path, "data.csv"))
		if err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(res.Path, "tables", "001-*.csv"))
		first, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		var noisy []string
		for line := range strings.Lines(string(first)) {
			noisy = append(noisy, strings.Split(line, ",")[1])
		}
		return string(data), strings.Join(noisy, ",")
	}
	records, table := draw(1, 1)
	if again, _ := draw(1, 1); again != records {
		t.Error("the same noise and seed drew other records")
	}
	if other, same := draw(1, 2); other == records || same != table {
		t.Error("another seed must draw other records from the same noisy counts")
	}
	if other, fresh := draw(2, 1); other == records || fresh == table {
		t.Error("the seed fixed the noise")
	}
}

// counting is a source of noise that looks, at its first byte, whether the spend
// was entered.
type counting struct {
	io.Reader
	first func()
	reads int
}

func (c *counting) Read(p []byte) (int, error) {
	if c.reads++; c.reads == 1 {
		c.first()
	}
	return c.Reader.Read(p)
}

func TestSpendIsEnteredBeforeNoiseIsDrawn(t *testing.T) {
	for name, open := range map[string]bool{"closed": false, "levels to find": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := h.request()
			r.Seed = nil
			if open {
				r.Domain = nil
			}
			noise := &counting{Reader: random(1), first: func() {
				if s := h.spends(); len(s) != 1 || s[0].State != release.Started {
					t.Errorf("noise was drawn while the ledger held %+v", s)
				}
			}}
			r.Noise = noise
			h.run(r)
			if noise.reads == 0 {
				t.Error("no noise was drawn")
			}
		})
	}
}

func TestRefusedBeforeAnythingIsSpent(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		change func(*house, *release.Request)
		want   string
	}{
		"unknown population": {func(_ *house, r *release.Request) { r.Population = "q" }, "no budget"},
		"no population":      {func(_ *house, r *release.Request) { r.Population = "" }, "population"},
		"zero ε":             {func(_ *house, r *release.Request) { r.Epsilon = 0 }, "ε must be"},
		"NaN":                {func(_ *house, r *release.Request) { r.Epsilon = dp.Epsilon(nan) }, "ε must be"},
		"over budget":        {func(_ *house, r *release.Request) { r.Epsilon = 20 }, "over the remaining"},
		"large δ":            {func(_ *house, r *release.Request) { r.Delta = 0.01 }, "too large"},
		"no file":            {func(_ *house, r *release.Request) { r.File = "/nowhere/at-all.csv" }, "is not there"},
		"a folder":           {func(h *house, r *release.Request) { r.File = h.dir }, "folder"},
		"drop unknown":       {func(_ *house, r *release.Request) { r.Drop = []string{"nope"} }, "nope"},
		"no output":          {func(_ *house, r *release.Request) { r.Out = nil }, "not complete"},
		"output is a folder": {func(h *house, r *release.Request) { r.Out.Path = h.dir }, "is a folder"},
		"no such folder":     {func(h *house, r *release.Request) { r.Out.Path = h.path("no/such/out.csv") }, "output's folder"},
		"output is input":    {func(h *house, r *release.Request) { r.Out = &release.Output{Path: r.File, Force: true} }, "input file itself"},
		"two outputs":        {func(h *house, r *release.Request) { r.Pub = h.release().Pub }, "not complete"},
		"dataset name":       {func(h *house, r *release.Request) { *r = h.release(); r.Pub.Dataset = "Víctimas" }, "a–z"},
		"reports in catalog": {func(h *house, r *release.Request) {
			*r = h.release()
			r.Pub.Reports = filepath.Join(r.Pub.Catalog, "reports")
		}, "not for publication"},
		"catalog is a file": {func(h *house, r *release.Request) { *r = h.release(); r.Pub.Catalog = r.File }, ""},
		"no key":            {func(h *house, r *release.Request) { *r = h.release(); r.Pub.Signer = noKey }, "no key"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r := h.request()
			c.change(h, &r)
			r.Noise = &counting{Reader: random(1), first: func() { t.Error("noise was drawn") }}
			_, err := release.Run(t.Context(), r)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if _, spent := errors.AsType[*release.AfterSpend](err); spent || len(h.spends()) != 0 {
				t.Errorf("spent: %v", h.spends())
			}
			if err != nil && (strings.Contains(err.Error(), h.dir) || strings.Contains(err.Error(), "at-all")) {
				t.Errorf("the error tells the path: %v", err)
			}
			for _, f := range h.files() {
				if !strings.HasPrefix(f, "keys/") && f != "catalog/.lock" {
					t.Errorf("left behind: %s", f)
				}
			}
		})
	}
}

func noKey() (*publish.Signer, error) { return nil, errors.New("no key") }

func TestOutputIsNotReplacedUnasked(t *testing.T) {
	h := newHouse(t)
	if err := os.WriteFile(h.path("out.csv"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := release.Run(t.Context(), h.request())
	if err == nil || !strings.Contains(release.Hint(err), "--force") || len(h.spends()) != 0 {
		t.Errorf("%v, hint %q, %d spends", err, release.Hint(err), len(h.spends()))
	}
	if b, _ := os.ReadFile(h.path("out.csv")); string(b) != "mine" {
		t.Error("it was replaced")
	}
	r := h.request()
	r.Out.Force = true
	h.run(r)
	if out := readCSV(t, h.path("out.csv")); len(out) < 1000 {
		t.Errorf("%d lines", len(out))
	}
	if !slices.Equal(h.files(), []string{"out.csv"}) {
		t.Errorf("left behind: %v", h.files())
	}
}

// TestCancelledAtEveryStage cancels as each stage begins. Before the entry
// nothing is spent; after it the spend stays; nothing else is left either way.
func TestCancelledAtEveryStage(t *testing.T) {
	for _, publishing := range []bool{false, true} {
		h := newHouse(t)
		r := h.request()
		if publishing {
			r = h.release()
		}
		seen := map[string]bool{}
		var stages []string
		r.Progress = func(p release.Progress) {
			if !seen[p.Stage] {
				seen[p.Stage] = true
				stages = append(stages, p.Stage)
			}
		}
		h.run(r)
		if len(stages) < 5 {
			t.Fatalf("stages %v", stages)
		}
		for _, stage := range stages {
			if stage == release.Comparing {
				continue // the release stands by then
			}
			t.Run(stage, func(t *testing.T) { cancelAt(t, stage, publishing) })
		}
	}
}

func cancelAt(t *testing.T, stage string, publishing bool) {
	h := newHouse(t)
	r := h.request()
	if publishing {
		r = h.release()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.Progress = func(p release.Progress) {
		if p.Stage == stage {
			cancel()
		}
	}
	_, err := release.Run(ctx, r)
	if err == nil && !publishing && stage == release.Writing {
		return // a small file is written before anyone looks: done is done
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled at %s: %v", stage, err)
	}
	after, spent := errors.AsType[*release.AfterSpend](err)
	if before := stage == release.Reading || stage == release.Entering; before == spent {
		t.Errorf("cancelled at %s: %v", stage, err)
	}
	s := h.spends()
	switch {
	case !spent && len(s) != 0:
		t.Errorf("nothing was said of a spend, the ledger holds %v", s)
	case spent && (len(s) != 1 || s[0].State != release.Abandoned || s[0].Number != after.Spend.Number || !strings.Contains(err.Error(), "stays spent")):
		t.Errorf("said %q, the ledger holds %v", err, s)
	}
	noTrace(t, h)
}

// noTrace fails where a failed run left more than keys, lock and report folder.
func noTrace(t *testing.T, h *house) {
	t.Helper()
	for _, f := range h.files() {
		if !strings.HasPrefix(f, "keys/") && f != "catalog/.lock" {
			t.Errorf("left behind: %s", f)
		}
	}
	if left, _ := filepath.Glob(h.path("catalog/.staging*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// failing gives out n bytes, then an error.
type failing struct {
	io.Reader
	left int
}

var errNoNoise = errors.New("the source of noise has run dry")

func (f *failing) Read(p []byte) (int, error) {
	if f.left < len(p) {
		return 0, errNoNoise
	}
	f.left -= len(p)
	return f.Reader.Read(p)
}

// TestNoiseThatRunsDry lets the source of noise fail after more and more bytes:
// a run without all of its noise publishes nothing.
func TestNoiseThatRunsDry(t *testing.T) {
	for _, publishing := range []bool{false, true} {
		done := false
		for n := 0; !done && n < 1<<24; n = 4*n + 1 {
			h := newHouse(t)
			r := h.request()
			if publishing {
				r = h.release()
			}
			r.Noise, r.Domain = &failing{random(1), n}, nil
			_, err := release.Run(t.Context(), r)
			if done = err == nil; done {
				continue
			}
			s := h.spends()
			if !errors.Is(err, errNoNoise) || len(s) != 1 || s[0].State != release.Abandoned {
				t.Errorf("after %d bytes: %v, ledger %v", n, err, s)
			}
			noTrace(t, h)
		}
		if !done {
			t.Error("no run came to an end")
		}
	}
}

func TestTwoReleasesAtOnce(t *testing.T) {
	h := newHouse(t)
	r, second := h.release(), error(nil)
	tried := false
	r.Progress = func(p release.Progress) {
		if p.Stage == release.Measuring && !tried {
			tried = true
			other := h.release()
			other.Noise = random(3)
			_, second = release.Run(t.Context(), other)
		}
	}
	res := h.run(r)
	if !errors.Is(second, publish.ErrBusy) || release.Hint(second) == "" {
		t.Errorf("the second: %v, hint %q", second, release.Hint(second))
	}
	if len(h.spends()) != 1 || res.Version != 1 {
		t.Errorf("%d spends, version %d", len(h.spends()), res.Version)
	}
	if again := h.run(h.release()); again.Version != 2 {
		t.Errorf("after it the next version is %d", again.Version)
	}
}
