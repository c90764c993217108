package release_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amparo/internal/catalog/publish"
	"amparo/internal/release"
	"amparo/internal/release/releasetest"
	"amparo/microdata/tabular"
)

// A house is all that a run needs, in a folder of its own.
type house struct {
	t       *testing.T
	dir     string
	ledger  *releasetest.Memory
	records [][]string // of the input, without header
}

// people is odd on purpose: no other number of the tests looks like it.
const people = 1871

// columns of the input: a and b hang together, c is rare at one level.
var columns = []string{"colour", "shape", "size"}

var levels = [][]string{{"red", "green", "blue", ""}, {"round", "square"}, {"0", "1", "2", "3", "4"}}

const inputName = "sensitive-input-of-agency-seven.csv"

// newHouse writes an input file and sets a budget of (10, 1e-5) for people "p".
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), ledger: new(releasetest.Memory)}
	r := rand.New(rand.NewPCG(5, 6))
	for range people {
		a := r.IntN(4)
		b := a / 2
		if r.IntN(10) == 0 {
			b = 1 - b
		}
		c := min(int(r.ExpFloat64()*1.2), 4)
		h.records = append(h.records, []string{levels[0][a], levels[1][b], levels[2][c]})
	}
	h.write(columns, h.records)
	promise(t, h.ledger, release.Promise{Population: "p", Epsilon: 10, Delta: 1e-5})
	return h
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) write(header []string, records [][]string) {
	h.t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	_ = w.WriteAll(records)
	if err := os.WriteFile(h.path(inputName), b.Bytes(), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) domain() *tabular.DomainFile {
	h.t.Helper()
	var parts []string
	for i, c := range columns {
		parts = append(parts, fmt.Sprintf(`%q: ["%s"]`, c, strings.Join(levels[i], `","`)))
	}
	d, err := tabular.ReadDomain(strings.NewReader("{" + strings.Join(parts, ",") + "}"))
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// random is a source of noise that is the same on every run of a test.
func random(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// request asks for synthetic records at (1, 1e-6).
func (h *house) request() release.Request {
	seed := uint64(4)
	return release.Request{
		File: h.path(inputName), Population: "p", Epsilon: 1, Delta: 1e-6, Seed: &seed, Domain: h.domain(),
		Out:    &release.Output{Path: h.path("out.csv")},
		Ledger: h.ledger, Noise: random(1), Now: func() time.Time { return noon }, Code: "test-1", Workers: 2,
	}
}

// release asks for a bundle at (1, 1e-6).
func (h *house) release() release.Request {
	r := h.request()
	r.Out, r.Pub = nil, &release.Bundle{Catalog: h.path("catalog"), Dataset: "things", Reports: h.path("reports"), Signer: h.signer}
	return r
}

func (h *house) signer() (*publish.Signer, error) {
	s, _, err := (release.Keys{Dir: h.path("keys")}).Signer("Tester", random(9))
	return s, err
}

// ledgerOf returns a ledger in which a population has (10, 1e-5).
func ledgerOf(t *testing.T, population string) *releasetest.Memory {
	t.Helper()
	l := new(releasetest.Memory)
	promise(t, l, release.Promise{Population: population, Epsilon: 10, Delta: 1e-5})
	return l
}

func (h *house) run(r release.Request) *release.Result {
	h.t.Helper()
	res, err := release.Run(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return res
}

func (h *house) spends() []release.Spend {
	h.t.Helper()
	a, err := h.ledger.Account(h.t.Context(), "p")
	if err != nil {
		h.t.Fatal(err)
	}
	return a.Spends
}

// files lists what lies in the house, but the input and folders that may be empty.
func (h *house) files() (names []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != inputName {
			rel, _ := filepath.Rel(h.dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return names
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
