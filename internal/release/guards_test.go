package release_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

// refused runs a request that must be refused with a hint and without a spend.
func (h *house) refused(r release.Request, want string) {
	h.t.Helper()
	before := len(h.spends())
	_, err := release.Run(h.t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), want) || release.Hint(err) == "" {
		h.t.Errorf("%v (hint %q), want %q", err, release.Hint(err), want)
	}
	if err != nil && strings.Contains(err.Error(), h.dir) {
		h.t.Errorf("the error holds a path: %v", err)
	}
	if n := len(h.spends()); n != before {
		h.t.Errorf("a refused request was entered")
	}
}

// TestDeltaOfARunIsWithinTheLifetimes: whatever is left of μ.
func TestDeltaOfARunIsWithinTheLifetimes(t *testing.T) {
	h := newHouse(t)
	r := h.request()
	r.Epsilon, r.Delta = .1, 2e-5 // the lifetime's is 1e-5
	_, err := release.Run(t.Context(), r)
	if !errors.Is(err, release.ErrOverBudget) {
		t.Errorf("%v", err)
	}
	h.refused(r, "δ = 2e-05 is more than the lifetime's 1e-05")
	r.Delta = 1e-5
	h.run(r)
}

// TestCatalogOfOthersIsLeftAlone: to publish or withdraw in a catalog that another signed
// is refused and leaves nothing there, until the key is trusted.
func TestCatalogOfOthersIsLeftAlone(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	stranger := func() (*publish.Signer, error) {
		s, _, err := (release.Keys{Dir: h.path("others")}).Signer("Stranger", random(7))
		return s, err
	}
	before := h.files()
	r := h.release()
	r.Pub.Signer = stranger
	h.refused(r, "this catalog is another's: entry 1")
	if now := h.files(); len(now) != len(before)+2 { // the stranger's two key files
		t.Errorf("%v is there now", now)
	}
	s, err := stranger()
	if err != nil {
		t.Fatal(err)
	}
	w := publish.Withdrawal{Dataset: "things", Version: 1, Reason: "not mine", Time: noon}
	if err := release.Withdraw(h.path("catalog"), w, s); err == nil || release.Hint(err) == "" {
		t.Errorf("withdrawn by a stranger: %v", err)
	}
	key, ok, err := release.Keys{Dir: h.path("keys")}.Own()
	if err != nil || !ok {
		t.Fatal(err)
	}
	if report := catalog.Verify(first.Path, key); !report.OK() {
		t.Errorf("the catalog was touched: %+v", report.Faults)
	}
	r = h.release()
	r.Pub.Signer, r.Trusted, r.Noise = stranger, []catalog.PublicKey{key}, random(5)
	if second := h.run(r); second.Version != 2 {
		t.Errorf("version %d", second.Version)
	}
	if err := release.Withdraw(h.path("catalog"), w, s, key); err != nil {
		t.Errorf("who trusts the publisher cannot withdraw: %v", err)
	}
}

// TestUnitIsKept: after a version that joined the rows of a person none that takes each
// row for one is published of the same people; the other way round is fine.
func TestUnitIsKept(t *testing.T) {
	h := newHouse(t)
	persons := func(seed byte) release.Request {
		r := h.release()
		r.Person, r.Domain, r.Noise = "who", nil, random(seed)
		return r
	}
	var rows [][]string
	for i, r := range h.records {
		rows = append(rows, append([]string{strings.Repeat("p", i%7+1) + string(rune('a'+i%26)) + string(rune('0'+i%10))}, r...))
	}
	h.write(append([]string{"who"}, columns...), rows)
	plain := func(seed byte) release.Request {
		r := persons(seed)
		r.Person, r.Drop = "", []string{"who"}
		return r
	}
	h.run(plain(1))
	joined := h.run(persons(2))
	if joined.PrivacyUnit != catalog.UnitPerson {
		t.Fatalf("unit %s", joined.PrivacyUnit)
	}
	h.refused(plain(3), "joined the rows of a person")
	other := plain(4)
	other.Pub.Dataset = "others"
	h.run(other)
	h.run(persons(5))
}

// TestFileOfASpreadsheet: letters of Windows-1252 come out as letters; without the
// encoding the file is refused with the way out.
func TestFileOfASpreadsheet(t *testing.T) {
	h := newHouse(t)
	text := "pa\xeds;sexo\n"
	for i := range 400 {
		text += []string{"Espa\xf1a;", "Per\xfa;"}[i%2] + []string{"ni\xf1a", "ni\xf1o"}[i/2%2] + "\n"
	}
	if err := os.WriteFile(h.path(inputName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.request()
	r.Domain = nil
	h.refused(r, "not UTF-8")
	if _, err := release.Run(t.Context(), r); !strings.Contains(release.Hint(err), "--encoding windows-1252") {
		t.Errorf("hint %q", release.Hint(err))
	}
	r.Encoding = release.Windows1252
	h.run(r)
	out, err := os.ReadFile(h.path("out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"país;sexo", "España", "Perú", "niña", "niño"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("%s is not in the output", word)
		}
	}
}

// TestReportsOfTwoCatalogs: versions of one name in two catalogs have a report each.
func TestReportsOfTwoCatalogs(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	text, err := os.ReadFile(first.Report)
	if err != nil {
		t.Fatal(err)
	}
	r := h.release()
	r.Pub.Catalog, r.Noise = h.path("elsewhere"), random(3)
	second := h.run(r)
	if second.Version != 1 || second.Report == first.Report || !strings.HasSuffix(second.Report, "things-1.2.custodian.es.html") {
		t.Errorf("version %d, %s", second.Version, second.Report)
	}
	if now, err := os.ReadFile(first.Report); err != nil || string(now) != string(text) {
		t.Errorf("the first report is another now: %v", err)
	}
}

// TestColumnNamedTwice: of tables, which would be spent on for nothing.
func TestColumnNamedTwice(t *testing.T) {
	h := newHouse(t)
	r := h.request()
	r.Out, r.Tabs = nil, &release.Folder{Path: h.path("tables"), Only: []string{"colour", "size", "colour"}}
	h.refused(r, "a column is named twice")
}
