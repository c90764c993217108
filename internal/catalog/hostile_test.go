package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/microdata"
)

// A forger is someone who holds a signing key that readers trust, and writes what
// amparo would not: the insider.
type forger struct {
	t    *testing.T
	dir  string
	key  PublicKey
	sign func([]byte) []byte
}

func newForger(t *testing.T) *forger {
	key, sign := testKey(1)
	return &forger{t, t.TempDir(), key, sign}
}

// publish writes the manifest, as spoil leaves its fields and then its text, signed
// and entered in a ledger whose chain and signatures hold, beside the given files.
// It returns the folder of the bundle.
func (f *forger) publish(files map[string]string, spoil func(*Manifest), text func(string) string) string {
	f.t.Helper()
	m := &Manifest{Format: Format, Dataset: "victims", Version: 1, Title: microdata.Text{"en": "Cases"}, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Method: GaussianTables, Epsilon: 1, Delta: 1e-6, Mu: .2, PrivacyUnit: UnitRow, Population: "p", Columns: []string{"a"}, Code: "v1",
		Ledger: LedgerRef{1, Genesis}, SignedBy: 1}
	dir := filepath.Join(f.dir, "victims", "1")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		f.write(filepath.Join(dir, name), content)
		m.Files = append(m.Files, FileHash{name, int64(len(content)), hashOfText(content)})
	}
	if spoil != nil {
		spoil(m)
	}
	body, err := m.Body()
	if err != nil {
		f.t.Fatal(err)
	}
	m.Signatures = []Signature{Sign(f.key, body, f.sign)}
	b, err := marshal(m, "\t")
	if err != nil {
		f.t.Fatal(err)
	}
	whole := string(b)
	if text != nil {
		whole = text(whole)
	}
	f.write(filepath.Join(dir, manifestFile), whole)
	ledger := chain(f.t, Entry{Kind: Published, Dataset: "victims", Version: 1, Manifest: hashOfText(whole)})
	f.write(filepath.Join(f.dir, LedgerFile), string(ledger))
	return dir
}

func (f *forger) write(path, content string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// book is the smallest codebook.
func book(t testing.TB) string {
	t.Helper()
	c := &Codebook{Columns: []microdata.Column{{Name: "a", Levels: []microdata.Level{{Value: "x"}, {Value: "y"}}}}, Tables: []TableEntry{
		{ID: "001-a", File: "tables/001-a.csv", Role: Measured, Variance: 4, Columns: []TableColumn{{Name: "a", Levels: []microdata.Level{{Value: "x"}, {Value: "y"}}}}}}}
	text, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const table = "a,noisy,variance,projected,low,high\nx,1,4,,0.0,4.9\ny,2,4,,0.0,5.9\n"

// TestForgerWritesASoundBundle shows that what the tests below change is all that
// is wrong with it.
func TestForgerWritesASoundBundle(t *testing.T) {
	f := newForger(t)
	dir := f.publish(map[string]string{"codebook.json": book(t), "tables/001-a.csv": table}, nil, nil)
	if r := Verify(dir, f.key); !r.OK() || r.Files != 2 {
		t.Errorf("%+v", r)
	}
}

// TestManifestsOfAnInsider: a good signature by a trusted key does not make a
// manifest one that may be read.
func TestManifestsOfAnInsider(t *testing.T) {
	secret := "../../../secret"
	path := func(p string) func(*Manifest) { // in its place, so that its order is no fault
		return func(m *Manifest) {
			m.Files = append(m.Files, FileHash{p, 1, hashOfText("x")})
			slices.SortFunc(m.Files, func(a, b FileHash) int { return strings.Compare(a.Path, b.Path) })
		}
	}
	replace := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("there is no %s in the manifest", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	for name, c := range map[string]struct {
		spoil func(*Manifest)
		text  func(string) string
	}{
		"path upwards":           {path(secret), nil},
		"path upwards in tables": {path("tables/../../../secret.csv"), nil},
		"absolute path":          {path("/etc/passwd"), nil},
		"path with NUL":          {path("tables/a\x00.csv"), nil},
		"path with backslash":    {path(`tables\x.csv`), nil},
		"path of the ledger":     {path("../../ledger.jsonl"), nil},
		"custodian's report":     {path("things-1.custodian.es.html"), nil},
		"script":                 {path("x.js"), nil},
		"empty path":             {path(""), nil},
		"future format":          {func(m *Manifest) { m.Format = "amparo-bundle/2" }, nil},
		"no format":              {func(m *Manifest) { m.Format = "" }, nil},
		"dataset upwards":        {func(m *Manifest) { m.Dataset = ".." }, nil},
		"dataset with NUL":       {func(m *Manifest) { m.Dataset = "victims\x00" }, nil},
		"version −1":             {func(m *Manifest) { m.Version = -1 }, nil},
		"version 0":              {func(m *Manifest) { m.Version = 0 }, nil},
		"version beyond all":     {func(m *Manifest) { m.Version = MaxVersion + 1 }, nil},
		"k-anonymised":           {func(m *Manifest) { m.Method = "k-anonymity/1" }, nil},
		"ε 0":                    {func(m *Manifest) { m.Epsilon = 0 }, nil},
		"huge file":              {func(m *Manifest) { m.Files[0].Bytes = maxFile + 1 }, nil},
		"negative file":          {func(m *Manifest) { m.Files[0].Bytes = -1 }, nil},
		"too many files": {func(m *Manifest) {
			for i := range maxFiles {
				m.Files = append(m.Files, FileHash{fmt.Sprintf("tables/x%05d.csv", i), 1, hashOfText("x")})
			}
		}, nil},
		"too many columns": {func(m *Manifest) { m.Columns = make([]string, maxColumns+1) }, nil},
		"too long a text":  {func(m *Manifest) { m.Coverage = microdata.Text{"en": strings.Repeat("x", maxText+1)} }, nil},
		"escape sequence":  {func(m *Manifest) { m.Publisher = "\x1b]0;owned\a" }, nil},
		"version in text":  {nil, replace(`"version": 1`, `"version": 1e0`)},
		"huge number":      {nil, replace(`"version": 1`, `"version": 1`+strings.Repeat("0", 400))},
		"deep":             {nil, replace(`"columns": [`, `"columns": [`+strings.Repeat("[", 20_000))},
		"unknown field":    {nil, replace("{", `{"extends": "/etc/passwd",`)},
		"NUL byte":         {nil, func(s string) string { return s + "\x00" }},
		"byte order mark":  {nil, func(s string) string { return "\ufeff" + s }},
		"5 MiB of spaces":  {nil, func(s string) string { return s + strings.Repeat(" ", 5<<20) }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForger(t)
			f.write(filepath.Join(f.dir, "..", "secret"), "x")
			dir := f.publish(map[string]string{"codebook.json": book(t), "tables/001-a.csv": table}, c.spoil, c.text)
			r := Verify(dir, f.key)
			if !r.Has(FaultManifest) || r.Dataset != "" {
				t.Errorf("%+v", r)
			}
			for _, fault := range r.Faults {
				if strings.ContainsAny(fault.Text, "\x1b\a\x00") || len(fault.Text) > 1000 {
					t.Errorf("the fault is not one line for a person: %.200q", fault.Text)
				}
			}
			reader, err := Open(f.dir, f.key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reader.Bundle("victims", 1); err == nil {
				t.Error("it is served")
			}
		})
	}
}

// TestContentOfAnInsider: hashes, signature and ledger are right, the content is
// not what a codebook or table may be.
func TestContentOfAnInsider(t *testing.T) {
	sound := book(t)
	swap := func(old, new string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("there is no %s in the codebook", old)
		}
		return strings.Replace(sound, old, new, 1)
	}
	for name, files := range map[string]map[string]string{
		"codebook, deep":            {"codebook.json": strings.Repeat("[", 1e6)},
		"codebook and more":         {"codebook.json": sound + "x"},
		"two codebooks":             {"codebook.json": sound + sound},
		"codebook of nothing":       {"codebook.json": ""},
		"codebook of another shape": {"codebook.json": "[]"},
		"unknown field":             {"codebook.json": swap("{", `{"x":1,`)},
		"table elsewhere":           {"codebook.json": swap("tables/001-a.csv", "tables/../data.csv")},
		"table of another name":     {"codebook.json": swap(`"id": "001-a"`, `"id": "002-a"`)},
		"variance 0":                {"codebook.json": swap(`"variance": 4`, `"variance": 0`)},
		"a role that adds up":       {"codebook.json": swap(`"role": "measured"`, `"role": "official"`)},
		"level with CRLF":           {"codebook.json": strings.ReplaceAll(sound, `"value": "x"`, `"value": "x\r\ny"`)},
		"no table":                  {"codebook.json": sound, "tables/001-a.csv": ""},
		"table, a line less":        {"codebook.json": sound, "tables/001-a.csv": table[:strings.LastIndexByte(table[:len(table)-1], '\n')+1]},
		"table, a line more":        {"codebook.json": sound, "tables/001-a.csv": table + "y,2,4,,0.0,5.9\n"},
		"table, turned round":       {"codebook.json": sound, "tables/001-a.csv": strings.NewReplacer("\nx", "\ny", "\ny", "\nx").Replace(table)},
		"table, half a person":      {"codebook.json": sound, "tables/001-a.csv": strings.Replace(table, "x,1,", "x,1.5,", 1)},
		"table, smaller variance":   {"codebook.json": sound, "tables/001-a.csv": strings.Replace(table, "x,1,4,", "x,1,3,", 1)},
		"table, NaN":                {"codebook.json": sound, "tables/001-a.csv": strings.Replace(table, "x,1,4,,", "x,1,4,NaN,", 1)},
		"table, NUL":                {"codebook.json": sound, "tables/001-a.csv": table + "\x00"},
		"table, a quote":            {"codebook.json": sound, "tables/001-a.csv": strings.Replace(table, "x,1", "\"x,1", 1)},
		"table, beyond numbers":     {"codebook.json": sound, "tables/001-a.csv": strings.Replace(table, "x,1,", "x,9223372036854775808,", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForger(t)
			if _, ok := files["tables/001-a.csv"]; !ok {
				files["tables/001-a.csv"] = table
			}
			dir := f.publish(files, nil, nil)
			r := Verify(dir, f.key)
			if !r.Has(FaultContent) || r.Has(FaultManifest) || r.Has(FaultSignature) || r.Has(FaultFile) {
				t.Errorf("faults %+v", r.Faults)
			}
		})
	}
	t.Run("codebook that is not signed for", func(t *testing.T) {
		f := newForger(t)
		if r := Verify(f.publish(map[string]string{"tables/001-a.csv": table}, nil, nil), f.key); !r.Has(FaultContent) {
			t.Errorf("a bundle without a codebook: %+v", r.Faults)
		}
	})
}

// TestForkedLedgers: one key, two histories. Each verifies by itself; a bundle of
// one beside the ledger of the other does not.
func TestForkedLedgers(t *testing.T) {
	public, secret := newForger(t), newForger(t)
	files := map[string]string{"codebook.json": book(t), "tables/001-a.csv": table}
	shown := public.publish(files, nil, nil)
	hidden := secret.publish(files, func(m *Manifest) { m.Rows = 7 }, nil)
	for _, dir := range []string{shown, hidden} {
		if r := Verify(dir, public.key); !r.OK() {
			t.Fatalf("%+v", r.Faults)
		}
	}
	other, err := os.ReadFile(filepath.Join(secret.dir, LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	public.write(filepath.Join(public.dir, LedgerFile), string(other))
	if r := Verify(shown, public.key); !r.Has(FaultEntry) || r.Has(FaultLedger) || r.Has(FaultSignature) {
		t.Errorf("a bundle beside the other ledger: %+v", r.Faults)
	}
	c, err := Open(public.dir, public.key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bundle("victims", 1); err == nil {
		t.Error("a reader serves it")
	}
}

// TestLedgersOfAnInsider: lines that a trusted key signed and that no ledger holds.
func TestLedgersOfAnInsider(t *testing.T) {
	one, two := Entry{Kind: Published, Dataset: "victims", Version: 1}, Entry{Kind: Published, Dataset: "victims", Version: 2}
	good := chain(t, one, two)
	first := good[:bytes.IndexByte(good, '\n')+1]
	second := good[len(first):]
	fork := chain(t, one, Entry{Kind: Published, Dataset: "other", Version: 1})[len(first):]
	for name, b := range map[string][]byte{
		"forked":            bytes.Join([][]byte{first, second, fork}, nil),
		"duplicated":        bytes.Join([][]byte{first, second, second}, nil),
		"reordered":         bytes.Join([][]byte{second, first}, nil),
		"first twice":       bytes.Join([][]byte{first, first, second}, nil),
		"begins later":      second,
		"a blank line":      bytes.Join([][]byte{first, []byte("\n"), second}, nil),
		"CRLF":              bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
		"deep":              append(bytes.Clone(first), []byte(strings.Repeat("[", maxEntry-1)+"\n")...),
		"NUL":               append(bytes.Clone(first), 0, '\n'),
		"another number":    bytes.Replace(good, []byte(`"seq":2`), []byte(`"seq":3`), 1),
		"a field more":      bytes.Replace(good, []byte(`{"seq":1`), []byte(`{"rows":1871,"seq":1`), 1),
		"signature removed": bytes.Replace(good, first[bytes.Index(first, []byte(`,"signatures"`)):len(first)-2], nil, 1),
	} {
		if bytes.Equal(b, good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if l, err := ParseLedger(b); err == nil {
			t.Errorf("%s: a ledger of %d entries was read", name, len(l.Entries()))
		}
	}
}

// TestEntryHoldsNothingElse fixes the names that a line of the public ledger may
// have: what is added here is added for everyone to see.
func TestEntryHoldsNothingElse(t *testing.T) {
	allowed := "seq previous time kind dataset version manifest reason successor signatures"
	var line map[string]json.RawMessage
	text := chain(t, Entry{Kind: Published, Dataset: "a", Version: 1})
	if err := json.Unmarshal(text, &line); err != nil {
		t.Fatal(err)
	}
	for name := range line {
		if !strings.Contains(" "+allowed+" ", " "+name+" ") {
			t.Errorf("a ledger line holds %q", name)
		}
	}
}

// TestTrailingText: a catalog's files hold one JSON value.
func TestTrailingText(t *testing.T) {
	sound := book(t)
	if _, err := ParseCodebook([]byte(sound + " \n\t")); err != nil {
		t.Errorf("white space after a codebook: %v", err)
	}
	for _, tail := range []string{"x", "}", "]", "null", "{}", "\x00", `"`, "<script>"} {
		if _, err := ParseCodebook([]byte(sound + tail)); err == nil {
			t.Errorf("a codebook with %q after it was read", tail)
		}
	}
}

// TestLevelsComeBack: every level that a codebook may hold is read back from a
// table's file as it was written; what would not be is no level.
func TestLevelsComeBack(t *testing.T) {
	for value, ok := range map[string]bool{"": true, "a,b": true, `"`: true, "a\nb": true, "\n": true, "\r": true, "a\rb": true, " x ": true, "#x": true, "\x00": true, "=1+1": true,
		"a\r\nb": false, "\r\n": false, "\xff": false} {
		c := &Codebook{Columns: []microdata.Column{{Name: "a", Levels: []microdata.Level{{Value: value}, {Value: "other"}}}}}
		c.Tables = []TableEntry{{ID: "1", File: "tables/1.csv", Role: Measured, Variance: 1, Columns: []TableColumn{{Name: "a", Levels: c.Columns[0].Levels}}}}
		_, err := c.Marshal()
		var file bytes.Buffer
		if err := (&Table{Entry: c.Tables[0], Noisy: []int64{1, 2}, Variance: 1}).Write(&file); err != nil {
			t.Fatal(err)
		}
		_, err2 := ReadTable(&file, c.Tables[0])
		if (err == nil) != ok || ok && err2 != nil || value == "a\r\nb" && err2 == nil {
			t.Errorf("level %q: codebook %v, table %v", value, err, err2)
		}
	}
}

// FuzzParseCodebook: what is read can be written, and is then read the same.
func FuzzParseCodebook(f *testing.F) {
	f.Add([]byte(book(f)))
	f.Add([]byte(`{"columns":[],"tables":[]}`))
	f.Add([]byte(`{"columns":[{"name":"a","levels":[{"value":""}]}],"tables":[{"id":"x","file":"tables/x.csv","columns":[{"name":"a","levels":[{"value":"z"}],"of":[0]}],"variance":1,"role":"measured"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCodebook(b)
		if err != nil {
			return
		}
		text, err := c.Marshal()
		if err != nil {
			t.Fatalf("read, and not written: %v", err)
		}
		again, err := ParseCodebook(text)
		if err != nil {
			t.Fatalf("written, and not read: %v", err)
		}
		if text2, err := again.Marshal(); err != nil || !bytes.Equal(text, text2) {
			t.Error("read again it is another")
		}
		for _, e := range again.Tables {
			var out bytes.Buffer
			tab := &Table{Entry: e, Noisy: make([]int64, min(e.cells(), 1<<12)), Variance: e.Variance}
			if e.cells() > 1<<12 {
				continue
			}
			if err := tab.Write(&out); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadTable(&out, e); err != nil {
				t.Errorf("a table of this codebook is not read back: %v", err)
			}
		}
	})
}

// FuzzParsePublicKey: a key that is read is one line that reads the same.
func FuzzParsePublicKey(f *testing.F) {
	key, _ := testKey(3)
	f.Add(key.String())
	f.Add(publicHead + " Ana ñ " + strings.Repeat("A", 43) + "=")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParsePublicKey(s)
		if err != nil {
			return
		}
		if line := k.String(); line != strings.TrimSpace(s) || strings.ContainsAny(line, "\n\x00\x1b") {
			t.Errorf("%q reads as %q", s, line)
		}
		if again, err := ParsePublicKey(k.String()); err != nil || again.Name != k.Name || !again.Key.Equal(k.Key) {
			t.Errorf("%q is not read back", k.String())
		}
	})
}
