package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"amparo/dp"
	"amparo/internal/catalog/publish"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth"
)

// TestBeliefs compares with Bayes' rule written out: the worst evidence that
// (ε, 0) allows is e^ε times as likely with the person as without.
func TestBeliefs(t *testing.T) {
	for _, epsilon := range []float64{0.01, 0.5, 1, 4, 10} {
		for _, b := range beliefs(dp.Epsilon(epsilon)) {
			with, without := b.Before*math.Exp(epsilon), 1-b.Before
			if want := with / (with + without); math.Abs(b.After-want) > 1e-12 {
				t.Errorf("ε=%v before %v: after %v, want %v", epsilon, b.Before, b.After, want)
			}
		}
	}
}

// TestAccusations plays the best attack: 200,000 draws from N(0,1) and as many
// from N(μ,1), accused where they pass the threshold. The share found has a
// standard deviation of 0.0012 at most; six of them are passed by chance once in
// 500 million runs.
func TestAccusations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 200_000
	for _, mu := range []float64{0.2367, 1} {
		for _, a := range accusations(Cost{Precision: dp.Mu(mu).Precision()}) {
			threshold := math.Sqrt2 * math.Erfcinv(2*a.Wrong)
			found := 0
			for range n {
				if r.NormFloat64()+mu > threshold {
					found++
				}
			}
			if got := float64(found) / n; math.Abs(got-a.Right) > 0.007 {
				t.Errorf("μ=%v, %v wrongly: found %v, said %v", mu, a.Wrong, got, a.Right)
			}
		}
	}
	plain, open := accusations(Cost{Precision: 0.01}), accusations(Cost{0.01, 1e-3})
	if d := open[0].Right - plain[0].Right; math.Abs(d-1e-3) > 1e-12 {
		t.Errorf("discovery adds %v", d)
	}
	if a := accusations(Cost{1e6, 0.5}); a[0].Right > 1 {
		t.Errorf("a share of %v", a[0].Right)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for want, x := range map[string]any{"0": 0, "999": 999, "1\u202f000": 1000, "-1\u202f000": -1000, "193\u202f025": 193025, "1\u202f000\u202f000": 1e6, "-999": -999.4} {
		if got := grouped(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
	for want, x := range map[string]float64{"0.22 %": 0.0022, "1 %": 0.01, "8 %": 0.08, "23 %": 0.2314, "> 99 %": 0.9999, "100 %": 1, "0.001 %": 1e-5} {
		if got := percent(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}

// small is a domain of two columns with a table over both, coarsened at one.
func small(t *testing.T) released {
	t.Helper()
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "a", Levels: []microdata.Level{{Value: "x"}, {Value: "y"}, {Value: "z"}}},
		{Name: "b", Levels: []microdata.Level{{Value: "0"}, {Value: "1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	merge := &microdata.Coarsening{Levels: []microdata.Level{{Value: "xy"}, {Value: "z"}}, Of: []uint16{0, 0, 1}}
	return released{d, 4.2, []synth.Table{{Clique: microdata.Clique{0, 1}, Coarse: []*microdata.Coarsening{merge, nil},
		Noisy: []int64{1, 2, -1, 2}, Variance: 4, Fitted: []float64{1, 2, 0, 1}}},
		[][]uint16{{0, 1, 2, 0}, {0, 1, 1, 1}}, nil, synth.Limited}
}

// TestBrokenRulesAreNotReleased: a record that breaks a rule stops a release; only a
// strict output may have fewer rows than the noisy total, and none more.
func TestBrokenRulesAreNotReleased(t *testing.T) {
	r := small(t)
	var err error
	if r.rules, err = rules.Parse(strings.NewReader("a = y => b = 0\na = z => b != 0"), r.domain, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.check(); err == nil || !strings.Contains(err.Error(), "breaks a rule") {
		t.Errorf("a broken rule: %v", err)
	}
	if figures, broken := r.ruleFigures(); !broken || len(figures) != 2 || figures[0].Violations != 1 || figures[1].Violations != 0 {
		t.Errorf("%+v", figures)
	}
	r.records[1][1] = 0
	if err := r.check(); err != nil {
		t.Error(err)
	}
	r.total = 6
	if r.check() == nil {
		t.Error("rows are missing from an output that is not strict")
	}
	if r.dial = synth.Strict; r.check() != nil {
		t.Error("a strict output may not drop rows")
	}
	if r.total = 3; r.check() == nil {
		t.Error("a strict output has more rows than the noisy total")
	}
}

func TestReleasedValuesAreChecked(t *testing.T) {
	if err := small(t).check(); err != nil {
		t.Fatalf("sound values: %v", err)
	}
	for name, harm := range map[string]func(*released){
		"a column too few":     func(r *released) { r.records = r.records[:1] },
		"ragged":               func(r *released) { r.records[1] = r.records[1][:3] },
		"outside its levels":   func(r *released) { r.records[0][2] = 3 },
		"other number of rows": func(r *released) { r.total = 5 },
		"cells":                func(r *released) { r.tables[0].Noisy = r.tables[0].Noisy[:3] },
		"cells not coarsened":  func(r *released) { r.tables[0].Coarse = nil },
		"fitted cells":         func(r *released) { r.tables[0].Fitted = nil },
		"no variance":          func(r *released) { r.tables[0].Variance = 0 },
		"variance NaN":         func(r *released) { r.tables[0].Variance = math.NaN() },
		"negative projection":  func(r *released) { r.tables[0].Fitted[0] = -1 },
		"projection NaN":       func(r *released) { r.tables[0].Fitted[3] = math.NaN() },
		"no columns":           func(r *released) { r.domain, _ = microdata.NewDomain(nil); r.records = nil },
	} {
		r := small(t)
		harm(&r)
		if r.check() == nil {
			t.Errorf("%s: passed", name)
		}
	}
}

// TestTallyCountsRecords compares with a count by hand, through a coarsening.
func TestTallyCountsRecords(t *testing.T) {
	r := small(t)
	want := map[string]int64{}
	for row := range r.records[0] {
		group := "xy"
		if r.records[0][row] == 2 {
			group = "z"
		}
		want[fmt.Sprint(group, r.records[1][row])]++
	}
	got := tally(r.domain, r.tables[0], r.records)
	for i, key := range []string{"xy0", "xy1", "z0", "z1"} {
		if got[i] != want[key] {
			t.Errorf("%s: %d, want %d", key, got[i], want[key])
		}
	}
}

// TestModelErrorIsEstimatedFairly draws records that stray from the truth by a
// known amount, and noisy counts around the truth: the estimate must come out at
// that amount though it never sees the truth. The mean of 400 estimates of the
// square has a standard deviation of about 2 % of it.
func TestModelErrorIsEstimatedFairly(t *testing.T) {
	d, _ := microdata.NewDomain([]microdata.Column{{Name: "a", Levels: []microdata.Level{{Value: "0"}, {Value: "1"}, {Value: "2"}, {Value: "3"}}}})
	truth, strays := []int64{400, 300, 200, 100}, []int64{30, -30, 30, -30}
	var records []uint16
	for level := range truth {
		for range truth[level] + strays[level] {
			records = append(records, uint16(level))
		}
	}
	r := rand.New(rand.NewPCG(3, 3))
	sum := 0.0
	for range 400 {
		table := synth.Table{Clique: microdata.Clique{0}, Variance: 100}
		for _, n := range truth {
			table.Noisy = append(table.Noisy, n+int64(math.Round(10*r.NormFloat64())))
		}
		f := tableFigures(1, d, table, [][]uint16{records})
		sum += f.Model * f.Model
	}
	// The distance from the noisy counts, whose own noise of 10 counts once more.
	if got, want := math.Sqrt(sum/400), math.Sqrt(30*30+2*10*10); math.Abs(got-want) > 2 {
		t.Errorf("at most %v is said, want %v", got, want)
	}
	fitted := tableFigures(1, d, synth.Table{Clique: microdata.Clique{0}, Variance: 100, Noisy: truthOf(records, len(truth))}, [][]uint16{records})
	if fitted.Model != 10 {
		t.Errorf("records that are just the noisy counts err by %v", fitted.Model)
	}
}

// truthOf counts the levels of a column.
func truthOf(records []uint16, levels int) []int64 {
	out := make([]int64, levels)
	for _, v := range records {
		out[v]++
	}
	return out
}

func TestShort(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 3.14159: "3.14", -12.34: "-12.3", .000123: "0.000123", 1e-6: "10⁻⁶", 3.456e-10: "3.46·10⁻¹⁰",
		999: "999", 1234: "1\u202f234", 278900: "278\u202f900"} {
		if got := short(x); got != want {
			t.Errorf("%v is written %q, want %q", x, got, want)
		}
	}
}

func TestOutputIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	o := Output{Path: filepath.Join(dir, "out.csv")}
	if err := o.write(text("one")); err != nil {
		t.Fatal(err)
	}
	if err := o.write(text("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that came meanwhile was replaced: %v", err)
	}
	half := func(w io.Writer) error {
		_, _ = io.WriteString(w, "ha")
		return &fs.PathError{Op: "write", Path: dir, Err: syscall.ENOSPC}
	}
	o.Force = true
	err := o.write(half)
	if err == nil || !strings.Contains(err.Error(), "disk is full") || Hint(err) == "" || strings.Contains(err.Error(), dir) {
		t.Errorf("full disk: %v, hint %q", err, Hint(err))
	}
	if b, _ := os.ReadFile(o.Path); string(b) != "one" {
		t.Errorf("after failures the file holds %q", b)
	}
	if err := o.write(text("two")); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(o.Path); string(b) != "two" {
		t.Errorf("forced, the file holds %q", b)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if info, _ := os.Stat(o.Path); info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestPathsAreTakenOutOfErrors(t *testing.T) {
	for _, err := range []error{
		&fs.PathError{Op: "open", Path: "/secret", Err: syscall.EIO},
		fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: "/secret", Err: syscall.EIO}),
		&os.LinkError{Op: "link", Old: "/secret", New: "/b", Err: syscall.EIO},
	} {
		if got := plainPath(err); strings.Contains(got.Error(), "secret") || !errors.Is(got, syscall.EIO) {
			t.Errorf("%v became %v", err, got)
		}
		if got := fileError(err); !errors.As(err, new(*os.LinkError)) && (strings.Contains(got.Error(), "secret") || !errors.Is(got, syscall.EIO)) {
			t.Errorf("%v became %v", err, got)
		}
	}
	for _, err := range []error{fs.ErrNotExist, fs.ErrPermission} {
		if got := fileError(&fs.PathError{Op: "open", Path: "/secret", Err: err}); Hint(got) == "" || strings.Contains(got.Error(), "secret") {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestErrorsOfTheCatalogHaveHints(t *testing.T) {
	for _, known := range []error{publish.ErrBusy, publish.ErrReadOnly, publish.ErrFull} {
		if err := stageError(fmt.Errorf("publish: %w", known)); !errors.Is(err, known) || !strings.Contains(Hint(err), "nothing was spent") {
			t.Errorf("before the spend, %v: %v, hint %q", known, err, Hint(err))
		}
	}
	for _, known := range []error{publish.ErrReadOnly, publish.ErrFull} {
		if err := publishError(fmt.Errorf("publish: %w", known)); !errors.Is(err, known) || !strings.Contains(Hint(err), "spends again") {
			t.Errorf("after the spend, %v: %v, hint %q", known, err, Hint(err))
		}
	}
	other := errors.New("other")
	if stageError(nil) != nil || publishError(nil) != nil || !errors.Is(stageError(other), other) || !errors.Is(publishError(other), other) {
		t.Error("other errors are changed")
	}
}

func TestKeys(t *testing.T) {
	k := Keys{filepath.Join(t.TempDir(), "home", "keys")}
	if _, ok, err := k.Own(); ok || err != nil {
		t.Errorf("a new home has a key: %v", err)
	}
	if all, err := k.Trusted(); len(all) != 0 || err != nil {
		t.Errorf("a new home trusts %v, %v", all, err)
	}
	random := rand.NewChaCha8([32]byte{1})
	s, made, err := k.Signer("Ana", random)
	if err != nil || !made {
		t.Fatalf("%v, made %v", err, made)
	}
	again, made, err := k.Signer("Berta", random)
	if err != nil || made || again.Public().Fingerprint() != s.Public().Fingerprint() || again.Public().Name != "Ana" {
		t.Errorf("the second time: %v, made %v, %s", err, made, again.Public())
	}
	if info, _ := os.Stat(filepath.Join(k.Dir, signingKey)); info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode())
	}
	if info, _ := os.Stat(k.Dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
	t.Run("public half lost", func(t *testing.T) {
		if err := os.Remove(filepath.Join(k.Dir, signingKey+".pub")); err != nil {
			t.Fatal(err)
		}
		own, ok, err := k.Own()
		if err != nil || !ok || own.Fingerprint() != s.Public().Fingerprint() {
			t.Errorf("%v, %v, %v", own, ok, err)
		}
	})
	t.Run("pin", func(t *testing.T) {
		other, err := publish.GenerateKey("Otra agencia", random)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := k.Pin(other.Public()); err != nil {
				t.Fatal(err)
			}
		}
		all, err := k.Trusted()
		if err != nil || len(all) != 2 || all[0].Fingerprint() != s.Public().Fingerprint() || all[1].Fingerprint() != other.Public().Fingerprint() {
			t.Errorf("trusted: %v, %v", all, err)
		}
	})
	t.Run("readable by others", func(t *testing.T) {
		if err := os.Chmod(filepath.Join(k.Dir, signingKey), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Signer("Ana", random); err == nil {
			t.Error("a key that all can read was used")
		}
	})
	t.Run("damaged", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(k.Dir, "pinned", "x.pub"), []byte("nothing"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Trusted(); err == nil {
			t.Error("a damaged key was passed over")
		}
	})
}

// TestKeyIsMadeOnce lets many ask for the first key at once.
func TestKeyIsMadeOnce(t *testing.T) {
	k := Keys{filepath.Join(t.TempDir(), "keys")}
	var wg sync.WaitGroup
	prints := make([]string, 8)
	for i := range prints {
		wg.Go(func() {
			s, _, err := k.Signer("x", rand.NewChaCha8([32]byte{byte(i)}))
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = s.Public().Fingerprint()
		})
	}
	wg.Wait()
	for _, p := range prints {
		if p != prints[0] {
			t.Fatalf("several keys were made: %v", prints)
		}
	}
}

func TestHint(t *testing.T) {
	if Hint(nil) != "" || Hint(errors.New("x")) != "" {
		t.Error("a hint from nowhere")
	}
	err := fmt.Errorf("outer: %w", refuse("do this", "no: %w", fs.ErrExist))
	if Hint(err) != "do this" || !errors.Is(err, fs.ErrExist) || err.Error() != "outer: no: file already exists" {
		t.Errorf("%v, hint %q", err, Hint(err))
	}
}

func TestWithin(t *testing.T) {
	for path, want := range map[string]bool{"/a/b": true, "/a/b/c": true, "/a/b/../b/c": true, "/a": false, "/a/bc": false, "/a/b/../c": false, "/a/b/..c": true} {
		if got, err := within("/a/b", path); err != nil || got != want {
			t.Errorf("%s within /a/b: %v, %v", path, got, err)
		}
	}
}
