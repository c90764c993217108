package release_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/release"
	"amparo/microdata/tabular"
)

// planted are values that stand in one or two rows of an open column: each is a
// person, and none may come out. common values stand in hundreds of rows.
var (
	planted = []string{"Xochiquetzal Balam", "unique-7f3a9c", "quezaltenango-9"}
	common  = []string{"north", "south", "east"}
)

// openHouse has a column of towns without a public list, and a person key.
func openHouse(t *testing.T) *house {
	h := newHouse(t)
	var records [][]string
	for i, row := range h.records {
		town := common[i%3]
		if i < len(planted) {
			town = planted[i]
		}
		records = append(records, append([]string{fmt.Sprint("key-", 1000+i*7)}, append(slices.Clone(row), town)...))
	}
	h.write(append(append([]string{"caseKey"}, columns...), "town"), records)
	return h
}

// TestNothingOfTheInputLeaves is the grep of the house: it releases a file with
// planted facts, then looks for them, for the exact numbers, the file's name and
// its hash in every byte of the catalog and in all that the run says.
func TestNothingOfTheInputLeaves(t *testing.T) {
	h := openHouse(t)
	r := h.release()
	r.Domain, r.Person = nil, "caseKey"
	res := h.run(r)
	second := h.release()
	second.Domain, second.Person, second.Drop, second.Noise = nil, "caseKey", []string{"town"}, random(7) // a noisy total that is not the exact one by chance
	h.run(second)

	input, err := os.ReadFile(h.path(inputName))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(input)
	facts := append(slices.Clone(planted), inputName, h.dir, hex.EncodeToString(sum[:]), "key-1007",
		fmt.Sprint(people), fmt.Sprint(len(input)), "caseKey")
	said, err := json.Marshal(struct {
		*release.Result
		Report, Path string
	}{Result: res})
	if err != nil {
		t.Fatal(err)
	}
	look(t, "the result", said, facts)
	files := 0
	err = filepath.WalkDir(h.path("catalog"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(h.dir, path)
		look(t, name, []byte(name), facts)
		exact := facts
		if d.Name() == "manifest.json" || strings.HasSuffix(name, "ledger.jsonl") {
			exact = withoutNumbers(facts) // digits stand in hashes by chance
			look(t, name, numbersOf(t, text), facts)
		}
		look(t, name, text, exact)
		return err
	})
	if err != nil || files < 20 {
		t.Fatalf("%d files: %v", files, err)
	}
	report, err := os.ReadFile(res.Report)
	if err != nil || !bytes.Contains(report, []byte("1\u202f871")) {
		t.Errorf("the custodian's own report should hold the exact number: %v", err)
	}
	if inside, _ := filepath.Rel(h.path("catalog"), res.Report); !strings.HasPrefix(inside, "..") {
		t.Errorf("the custodian's report lies in the catalog: %s", inside)
	}
}

func look(t *testing.T, where string, text []byte, facts []string) {
	t.Helper()
	for _, f := range facts {
		for _, form := range []string{f, strings.ToLower(f), grouped(f)} {
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("%s holds %q", where, form)
			}
		}
	}
}

// grouped writes a number as pages do.
func grouped(s string) string {
	if len(s) == 4 && strings.Trim(s, "0123456789") == "" {
		return s[:1] + "\u202f" + s[1:]
	}
	return s
}

func withoutNumbers(facts []string) []string {
	return slices.DeleteFunc(slices.Clone(facts), func(f string) bool { return strings.Trim(f, "0123456789") == "" })
}

// numbersOf returns the numbers of JSON lines or an object, one a line, but none
// that stand in text.
func numbersOf(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return out.Bytes()
		}
		if n, ok := token.(json.Number); ok {
			fmt.Fprintf(&out, " %s\n", n)
		}
	}
}

// TestTheGrepFinds plants facts in texts of the kinds that are searched.
func TestTheGrepFinds(t *testing.T) {
	found := func(text string) bool {
		quiet := &testing.T{}
		look(quiet, "", []byte(text), []string{fmt.Sprint(people), planted[0]})
		return quiet.Failed()
	}
	for _, text := range []string{`{"rows": 1871}`, "<b>1\u202f871</b>", "x,Xochiquetzal Balam,y", "xochiquetzal balam"} {
		if !found(text) {
			t.Errorf("not found in %q", text)
		}
	}
	if found("1872 rows") {
		t.Error("found what is not there")
	}
}

// TestErrorsHoldNoValue gives files that are refused, each with a value that is
// easy to find again.
func TestErrorsHoldNoValue(t *testing.T) {
	const secret = "Xochiquetzal"
	long := strings.Repeat(secret, 100)
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, _ := z.Create(secret)
	_, _ = w.Write([]byte(secret))
	_ = z.Close()
	for name, text := range map[string]string{
		"empty":         "",
		"header only":   "colour,shape,size\n",
		"ragged":        "colour,shape,size\nred," + secret + "\n",
		"outside list":  "colour,shape,size\nred," + secret + ",0\n",
		"quote open":    "colour,shape,size\n\"" + secret + ",round,0\n",
		"no header":     secret + "@x.org,1,2\n",
		"header twice":  "colour,colour,size\n" + secret + ",a,b\n",
		"blank header":  "colour,,size\n" + secret + ",a,b\n",
		"binary":        archive.String(),
		"UTF-16":        "\xff\xfec\x00o\x00l\x00",
		"not UTF-8":     "colour,shape,size\n\xe1" + secret + ",round,0\n",
		"too many":      "colour,shape,size," + long + "\n" + secret + ",round,0\n",
		"names columns": "colour,shape,size,full_name\nred,round,0," + secret + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if err := os.WriteFile(h.path(inputName), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, r := range []release.Request{h.request(), h.release()} {
				if name == "names columns" {
					r.Domain = nil
				}
				_, err := release.Run(t.Context(), r)
				if err == nil {
					t.Fatal("taken")
				}
				if said := err.Error() + release.Hint(err); strings.Contains(strings.ReplaceAll(said, long, ""), secret) || strings.Contains(said, h.dir) || strings.Contains(said, inputName) {
					t.Errorf("the error tells a value or the path: %s", said)
				}
				if bad, ok := err.(*release.Refusal); !ok || bad.Hint == "" {
					t.Errorf("no hint: %v", err)
				}
				if len(h.spends()) != 0 {
					t.Error("it cost something")
				}
			}
			noTrace(t, h)
		})
	}
}

func TestLevelsAreFoundUnderPrivacy(t *testing.T) {
	h := openHouse(t)
	r := h.request()
	r.Domain, r.Drop = nil, []string{"caseKey"}
	res := h.run(r)
	if len(res.Found) != 4 || res.Found[3] != (release.Found{Column: "town", Levels: 3}) {
		t.Errorf("found %v", res.Found)
	}
	if res.Spend.Cost.Thresholds != 0.1e-6 {
		t.Errorf("finding levels cost δ′ = %v", res.Spend.Cost.Thresholds)
	}
	seen := map[string]bool{}
	for _, row := range readCSV(t, res.Path)[1:] {
		seen[row[3]] = true
	}
	for _, v := range common {
		if !seen[v] {
			t.Errorf("%s stands in hundreds of rows and was not found", v)
		}
	}
	if delete(seen, ""); len(seen) != len(common) {
		t.Errorf("the output has %d towns", len(seen))
	}
}

func TestPersonsAreJoined(t *testing.T) {
	h := newHouse(t)
	var records [][]string
	for i, row := range h.records {
		for range 1 + i%3 { // up to three rows a person
			records = append(records, append([]string{fmt.Sprint("p", i)}, row...))
		}
	}
	h.write(append([]string{"id"}, columns...), records)
	r := h.release()
	d, err := tabular.ReadDomain(strings.NewReader(`{"colour": ["red","green","blue",""], "shape": ["round","square"], "size": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Domain, r.Person = d, "id"
	res := h.run(r)
	if res.PrivacyUnit != "person" || res.Rows > people+300 {
		t.Errorf("unit %s, %d rows for %d persons in %d rows", res.PrivacyUnit, res.Rows, people, len(records))
	}
	page, err := os.ReadFile(filepath.Join(res.Path, "report.en.html"))
	if err != nil || !bytes.Contains(page, []byte("the rows of one person were joined")) {
		t.Errorf("the report does not say who is protected: %v", err)
	}
}
