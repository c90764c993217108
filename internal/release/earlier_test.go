package release_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

// again asks for another release of the same house that looks back at dirs.
func (h *house) again(seed byte, dirs ...string) release.Request {
	h.t.Helper()
	key, ok, err := release.Keys{Dir: h.path("keys")}.Own()
	if err != nil || !ok {
		h.t.Fatal("no key yet: ", err)
	}
	r := h.release()
	r.Earlier, r.Trusted, r.Noise = dirs, []catalog.PublicKey{key}, random(seed)
	return r
}

func TestEarlierReleaseFeedsTheNext(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	second := h.run(h.again(2, first.Path))
	if want := []release.Earlier{{Name: "things/1", Used: true, Tables: first.Tables}}; !slices.Equal(second.Earlier, want) {
		t.Errorf("%+v, want %+v", second.Earlier, want)
	}
	third := h.run(h.again(3, first.Path, second.Path))
	if len(third.Earlier) != 2 || !third.Earlier[0].Used || !third.Earlier[1].Used {
		t.Errorf("%+v", third.Earlier)
	}
	key, _, _ := release.Keys{Dir: h.path("keys")}.Own()
	c, err := catalog.Open(h.path("catalog"), key)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[int][]string{1: nil, 2: {"things/1"}, 3: {"things/1", "things/2"}} {
		b, err := c.Bundle("things", version)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Manifest().Earlier; !slices.Equal(got, want) {
			t.Errorf("manifest of version %d names %v, want %v", version, got, want)
		}
	}
	// Each run pays its own price and no more.
	spends := h.spends()
	if len(spends) != 3 || spends[1].Cost != spends[0].Cost || spends[2].Cost != spends[0].Cost {
		t.Errorf("spends %+v", spends)
	}
}

// TestEarlierReleaseOfOthersIsLeftAlone: after half of the people went, the earlier
// release is of others: it is named as not used, and not in the manifest.
func TestEarlierReleaseOfOthersIsLeftAlone(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	h.write(columns, h.records[:people/2])
	second := h.run(h.again(2, first.Path))
	if want := []release.Earlier{{Name: "things/1", Used: false, Tables: first.Tables}}; !slices.Equal(second.Earlier, want) {
		t.Errorf("%+v, want %+v", second.Earlier, want)
	}
	text, err := os.ReadFile(filepath.Join(second.Path, "manifest.json"))
	if err != nil || strings.Contains(string(text), `"earlier"`) {
		t.Errorf("the manifest names it: %v", err)
	}
}

// TestEarlierReleaseWithOtherLevels: columns that have other levels now are passed
// over; with none left the release is not used.
func TestEarlierReleaseWithOtherLevels(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	r := h.again(2, first.Path)
	r.Drop = []string{"colour"}
	dropped := h.run(r)
	if e := dropped.Earlier[0]; !e.Used || e.Tables >= first.Tables || e.Tables < 2 {
		t.Errorf("without one column: %+v of %d tables", e, first.Tables)
	}
	for i := range h.records {
		h.records[i][0], h.records[i][1], h.records[i][2] = "x", "x", "x"
	}
	h.write(columns, h.records)
	r = h.again(3, first.Path)
	r.Domain = nil // levels are found privately: x and nothing else
	if e := h.run(r).Earlier[0]; e.Used || e.Tables != 0 {
		t.Errorf("with other levels in all columns: %+v", e)
	}
}

// TestEarlierReleaseIsRefused: what cannot be trusted, is withdrawn or is of others
// is refused before anything is spent.
func TestEarlierReleaseIsRefused(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	spent := len(h.spends())
	promise(t, h.ledger, release.Promise{Population: "q", Epsilon: 10, Delta: 1e-5})
	for name, c := range map[string]struct {
		change func(r *release.Request)
		want   string
	}{
		"not there":        {func(r *release.Request) { r.Earlier = []string{h.path("nothing/1")} }, "cannot be used"},
		"not a bundle":     {func(r *release.Request) { r.Earlier = []string{h.path("keys")} }, "cannot be used"},
		"signer unknown":   {func(r *release.Request) { r.Trusted = nil }, "cannot be used"},
		"other population": {func(r *release.Request) { r.Population = "q" }, "another population"},
		"other unit":       {func(r *release.Request) { r.Person = "size" }, "another unit"},
	} {
		r := h.again(2, first.Path)
		c.change(&r)
		_, err := release.Run(t.Context(), r)
		if err == nil || !strings.Contains(err.Error(), c.want) || release.Hint(err) == "" {
			t.Errorf("%s: %v (hint %q)", name, err, release.Hint(err))
		}
		if err != nil && strings.Contains(err.Error(), h.dir) {
			t.Errorf("%s: the error holds a path: %v", name, err)
		}
	}
	touched := filepath.Join(first.Path, "data.csv")
	text, err := os.ReadFile(touched)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2]++
	if err := os.WriteFile(touched, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := release.Run(t.Context(), h.again(2, first.Path)); err == nil {
		t.Error("a bundle that was touched feeds a release")
	}
	text[len(text)/2]--
	if err := os.WriteFile(touched, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := h.signer()
	if err != nil {
		t.Fatal(err)
	}
	w := publish.Withdrawal{Dataset: "things", Version: 1, Reason: "a column was coded wrongly", Time: noon}
	if err := release.Withdraw(h.path("catalog"), w, s); err != nil {
		t.Fatal(err)
	}
	if _, err := release.Run(t.Context(), h.again(2, first.Path)); err == nil || !strings.Contains(err.Error(), "withdrawn") {
		t.Errorf("a withdrawn release: %v", err)
	}
	if n := len(h.spends()); n != spent {
		t.Errorf("%d runs were entered by refused requests", n-spent)
	}
}
