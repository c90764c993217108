package catalog

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"amparo/microdata"
)

func sealed(t testing.TB) *Manifest {
	t.Helper()
	m := &Manifest{
		Format: Format, Dataset: "victims", Version: 3, Title: microdata.Text{"es": "Víctimas <b> & «más»", "en": "Cases"},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Method: GaussianTables, Epsilon: 0.1, Delta: 1e-9, Mu: 1. / 3,
		PrivacyUnit: UnitPerson, Population: "p", Rows: 12, Columns: []string{"a", "año, \"x\""}, Dropped: []string{"name"}, Code: "v1",
		Files:  []FileHash{{"codebook.json", 3, hashOfText("abc")}, {"data.csv", 0, hashOfText("")}, {"tables/001-a.csv", 1, hashOfText("x")}},
		Ledger: LedgerRef{7, hashOfText("7")}, SignedBy: 2,
	}
	body, err := m.Body()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range byte(2) {
		key, sign := testKey(seed)
		m.Signatures = append(m.Signatures, Sign(key, body, sign))
	}
	return m
}

func TestManifestRoundTrip(t *testing.T) {
	m := sealed(t)
	text, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if text2, err := again.Marshal(); err != nil || !bytes.Equal(text, text2) {
		t.Error("a manifest is not written as it was read", err)
	}
	body, _ := again.Body()
	if keys, err := signers(body, again.Signatures); err != nil || len(keys) != 2 {
		t.Error("the signatures do not fit after reading", err)
	}
	if h, ok := again.File("data.csv"); !ok || h.SHA256 != hashOfText("") {
		t.Error("data.csv is not found")
	}
	if _, ok := again.File("data.parquet"); ok {
		t.Error("a file that is not there is found")
	}
	if !bytes.Contains(text, []byte("Víctimas <b> & «más»")) {
		t.Error("the manifest is not legible")
	}
}

// TestManifestIsReadOneWay gives the same values in other bytes.
func TestManifestIsReadOneWay(t *testing.T) {
	text, err := sealed(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"compact":          compact.String(),
		"no line end":      strings.TrimRight(s, "\n"),
		"two values":       s + s,
		"other number":     strings.Replace(s, `"epsilon": 0.1`, `"epsilon": 0.10`, 1),
		"exponent":         strings.Replace(s, `"rows": 12`, `"rows": 1.2e1`, 1),
		"other case":       strings.Replace(s, `"rows"`, `"Rows"`, 1),
		"field twice":      strings.Replace(s, `"rows": 12`, `"rows": 13, "rows": 12`, 1),
		"escaped":          strings.Replace(s, "Cases", `C\u0061ses`, 1),
		"time elsewhere":   strings.Replace(s, "03:04:05Z", "04:04:05+01:00", 1),
		"files out of row": strings.Replace(strings.Replace(s, `"codebook.json"`, `"zz"`, 1), `"data.csv"`, `"codebook.json"`, 1),
		"empty":            "",
		"null":             "null\n",
		"list":             "[]\n",
		"half":             s[:len(s)/2],
		"deep":             strings.Repeat("[", 1e5),
	} {
		if other == s {
			t.Fatalf("%s: nothing was replaced", name)
		}
		if _, err := ParseManifest([]byte(other)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestManifestChecks(t *testing.T) {
	for name, spoil := range map[string]func(*Manifest){
		"format":          func(m *Manifest) { m.Format = "amparo-bundle/2" },
		"dataset":         func(m *Manifest) { m.Dataset = "../victims" },
		"version 0":       func(m *Manifest) { m.Version = 0 },
		"version":         func(m *Manifest) { m.Version = 1e6 },
		"title":           func(m *Manifest) { m.Title = microdata.Text{"fr": "seulement"} },
		"language":        func(m *Manifest) { m.Title["e\ns"] = "x" },
		"control":         func(m *Manifest) { m.Title["es"] = "a\x1b[2J" },
		"long text":       func(m *Manifest) { m.Description = microdata.Text{"es": strings.Repeat("a", maxText+1)} },
		"half a second":   func(m *Manifest) { m.Created = m.Created.Add(time.Millisecond) },
		"local time":      func(m *Manifest) { m.Created = m.Created.In(time.FixedZone("x", 3600)) },
		"method":          func(m *Manifest) { m.Method = "suppression/1" },
		"NaN":             func(m *Manifest) { m.Epsilon = math.NaN() },
		"infinite":        func(m *Manifest) { m.Epsilon = math.Inf(1) },
		"negative":        func(m *Manifest) { m.Mu = -1 },
		"delta 0":         func(m *Manifest) { m.Delta = 0 },
		"delta NaN":       func(m *Manifest) { m.Delta = math.NaN() },
		"rows":            func(m *Manifest) { m.Rows = -1 },
		"columns":         func(m *Manifest) { m.Columns = nil },
		"column":          func(m *Manifest) { m.Columns[0] = "a\nb" },
		"code":            func(m *Manifest) { m.Code = "" },
		"no files":        func(m *Manifest) { m.Files = nil },
		"file twice":      func(m *Manifest) { m.Files[1] = m.Files[0] },
		"file order":      func(m *Manifest) { m.Files[0], m.Files[1] = m.Files[1], m.Files[0] },
		"file elsewhere":  func(m *Manifest) { m.Files[0].Path = "../codebook.json" },
		"custodian":       func(m *Manifest) { m.Files[2].Path = "custodian.html" },
		"manifest itself": func(m *Manifest) { m.Files[2].Path = "manifest.json" },
		"hash":            func(m *Manifest) { m.Files[0].SHA256 = strings.ToUpper(m.Files[0].SHA256) },
		"short hash":      func(m *Manifest) { m.Files[0].SHA256 = "ab" },
		"bytes":           func(m *Manifest) { m.Files[0].Bytes = -1 },
		"ledger":          func(m *Manifest) { m.Ledger.Seq = 0 },
		"previous":        func(m *Manifest) { m.Ledger.Previous = "" },
		"signed by":       func(m *Manifest) { m.SignedBy = 1 },
		"not signed":      func(m *Manifest) { m.SignedBy, m.Signatures = 0, nil },
	} {
		m := sealed(t)
		spoil(m)
		if _, err := m.Marshal(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestSignersRefuse(t *testing.T) {
	body := []byte("body")
	key, sign := testKey(1)
	good := Sign(key, body, sign)
	if ks, err := signers(body, []Signature{good}); err != nil || !known(key, ks) {
		t.Fatal("a good signature is refused", err)
	}
	other, signOther := testKey(2)
	for name, s := range map[string][]Signature{
		"none":         nil,
		"other body":   {Sign(key, []byte("bodY"), sign)},
		"other key":    {Sign(key, body, signOther)},
		"other name":   {{"Eva", good.Key, good.Public, good.Value}},
		"fingerprint":  {{good.Name, other.Fingerprint(), good.Public, good.Value}},
		"twice":        {good, good},
		"empty key":    {{good.Name, good.Key, "", good.Value}},
		"empty value":  {{good.Name, good.Key, good.Public, ""}},
		"one is bad":   {good, Sign(other, []byte("x"), signOther)},
		"not base64":   {{good.Name, good.Key, good.Public, "%" + good.Value[1:]}},
		"short public": {{good.Name, good.Key, good.Public[:8], good.Value}},
	} {
		if _, err := signers(body, s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	text, err := sealed(f).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b)
		if err != nil {
			return
		}
		if again, err := m.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Error("read, but not what would be written")
		}
	})
}
