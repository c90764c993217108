package release_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
	"amparo/microdata/tabular"
	"amparo/synth"
)

// TestWhateverIsTakenIsPublished: once a file is accepted, a run comes to its end,
// for one person or for many, for columns of one level or of blanks alone, at any
// dial: if it could fail because of who is in the file, its failing would be an
// answer about them.
func TestWhateverIsTakenIsPublished(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 1))
	for round := range 18 {
		h := newHouse(t)
		width, rows := 1+r.IntN(4), []int{1, 2, 3, 30}[r.IntN(4)]
		var header, parts []string
		sizes := make([]int, width)
		for i := range width {
			name := fmt.Sprint("c", i)
			sizes[i] = 1 + r.IntN(5)
			header = append(header, name)
			var levels []string
			for l := range sizes[i] {
				levels = append(levels, fmt.Sprintf("%q", strings.Repeat("v", l))) // the first is blank
			}
			parts = append(parts, fmt.Sprintf("%q: [%s]", name, strings.Join(levels, ",")))
		}
		var records [][]string
		for range rows {
			line := make([]string, width)
			for i := range line {
				line[i] = strings.Repeat("v", r.IntN(sizes[i]))
			}
			records = append(records, line)
		}
		records[0][0] = strings.Repeat("v", sizes[0]-1)
		h.write(header, records)
		domain, err := tabular.ReadDomain(strings.NewReader("{" + strings.Join(parts, ",") + "}"))
		if err != nil {
			t.Fatal(err)
		}
		way := []string{"records", "tables", "bundle"}[round%3]
		q := ways[way].request(h)
		q.Noise, q.Fabrication = random(byte(round)), []synth.Fabrication{synth.Limited, synth.Unlimited, synth.Strict}[round/3%3]
		if q.Domain = domain; r.IntN(3) == 0 {
			q.Domain = nil // levels to find, of which so few people have enough
		}
		res, err := release.Run(t.Context(), q)
		if _, spent := errors.AsType[*release.AfterSpend](err); spent {
			t.Errorf("round %d: %s of %d people, sizes %v, open %v: %v", round, way, rows, sizes, q.Domain == nil, err)
			continue
		}
		if err != nil { // refused before the spend, for the file's form: that is allowed, and costs nothing
			if len(h.spends()) != 0 || release.Hint(err) == "" {
				t.Errorf("round %d: %v", round, err)
			}
			continue
		}
		if _, err := os.Stat(h.path(ways[way].there)); err != nil || res.Rows < 0 {
			t.Errorf("round %d: %v, %+v", round, err, res)
		}
		if way == "bundle" {
			if v := catalog.Verify(res.Path, res.Key); !v.OK() {
				t.Errorf("round %d: %+v", round, v.Faults)
			}
		}
	}
}

// publicKeys are the names that the public JSON files of a release may hold. What
// is added to one stands in the open for ever: it is added here on purpose.
var publicKeys = map[string]string{
	"manifest.json": `format dataset version title description coverage publisher license fictional created method epsilon delta mu earlier privacy_unit
		population profile rows columns dropped allowed code files path bytes sha256 ledger seq previous signed_by signatures name key public value es en`,
	"report.json": `title dataset version date fictional population privacy_unit epsilon delta mu rho delta_of_discovery signed_by rows code beliefs before after
		accusations wrong right found column levels dropped allowed fabrication support tables id columns cells sigma half_width expected_noise
		records_error_at_most rules rule violations es en`,
	"codebook.json": `columns name label es en levels value missing hierarchy of ordered group tables id file variance role definition other profile
		explode indicator attribute`,
	"tables.json": `format created code population epsilon delta mu privacy_unit rows notes es en rules columns name label levels value missing ordered group
		tables file cells variance omitted attribute indicator`,
}

// TestPublicFilesHoldNothingElse reads the JSON of a bundle and of a folder of
// tables for names that nobody allowed.
func TestPublicFilesHoldNothingElse(t *testing.T) {
	h := openHouse(t)
	r := h.release()
	r.Domain, r.Person, r.Allow = nil, "caseKey", []string{"town"}
	r.Pub.Publisher, r.Pub.License = "Agencia", "CC-BY-4.0"
	res := h.run(r)
	q := h.tables()
	q.Domain, q.Person = nil, "caseKey"
	h.run(q)
	for name, allowed := range publicKeys {
		path := filepath.Join(res.Path, name)
		if name == "tables.json" {
			path = h.path("tables/tables.json")
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for key, inner := range v {
					if !slices.Contains(strings.Fields(allowed), key) {
						t.Errorf("%s holds %q, which nobody allowed", name, key)
					}
					walk(inner)
				}
			case []any:
				for _, inner := range v {
					walk(inner)
				}
			}
		}
		walk(v)
	}
}

// TestRequestsThatLackSomething: a program's mistake is an error before anything is
// read or spent, not a crash after it.
func TestRequestsThatLackSomething(t *testing.T) {
	for name, c := range map[string]func(*release.Request){
		"ledger":         func(r *release.Request) { r.Ledger = nil },
		"noise":          func(r *release.Request) { r.Noise = nil },
		"clock":          func(r *release.Request) { r.Now = nil },
		"code":           func(r *release.Request) { r.Code = "" },
		"way":            func(r *release.Request) { r.Pub = nil },
		"three ways":     func(r *release.Request) { r.Out, r.Tabs = &release.Output{Path: "x"}, &release.Folder{Path: "y"} },
		"signer":         func(r *release.Request) { r.Pub.Signer = nil },
		"reports":        func(r *release.Request) { r.Pub.Reports = "" },
		"dataset":        func(r *release.Request) { r.Pub.Dataset = "" },
		"population":     func(r *release.Request) { r.Population = "" },
		"epsilon":        func(r *release.Request) { r.Epsilon = 0 },
		"delta":          func(r *release.Request) { r.Delta = 0 },
		"file":           func(r *release.Request) { r.File = "" },
		"output's path":  func(r *release.Request) { r.Pub, r.Out = nil, &release.Output{} },
		"folder's path":  func(r *release.Request) { r.Pub, r.Tabs = nil, &release.Folder{} },
		"folder's order": func(r *release.Request) { r.Pub, r.Tabs = nil, &release.Folder{Path: "x", Order: -1} },
		"folder's column": func(r *release.Request) {
			r.Pub, r.Tabs = nil, &release.Folder{Path: filepath.Join(t.TempDir(), "x"), Only: []string{"none"}}
		},
	} {
		h := newHouse(t)
		r := h.release()
		c(&r)
		if r.Noise != nil {
			r.Noise = &counting{Reader: random(1), first: func() { t.Errorf("%s: noise was drawn", name) }}
		}
		if _, err := release.Run(t.Context(), r); err == nil || len(h.spends()) != 0 || len(h.files()) != 0 {
			t.Errorf("without %s: %v, %d spends, files %v", name, err, len(h.spends()), h.files())
		}
	}
}

// TestRequestIsNotChanged: what a caller hands in is its own, and may be used again.
func TestRequestIsNotChanged(t *testing.T) {
	h := newHouse(t)
	r := h.request()
	r.Population, r.Drop, r.Allow = "P", []string{"size"}, []string{"colour"}
	r.Domain = nil
	before := fmt.Sprint(r.Population, r.Drop, r.Allow, *r.Seed, *r.Out, r.Epsilon)
	for i := range 2 {
		r.Noise = random(byte(i))
		r.Out.Force = true
		h.run(r)
		r.Out.Force = false
	}
	if after := fmt.Sprint(r.Population, r.Drop, r.Allow, *r.Seed, *r.Out, r.Epsilon); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
}

// TestResultSaysWhatWasDone: each way, the stages' times and the ledger's figures.
func TestResultSaysWhatWasDone(t *testing.T) {
	for name, want := range map[string]struct{ purpose, stages string }{
		"records": {"synthesize", "reading measuring generating writing"},
		"tables":  {"tables", "reading measuring writing"},
		"bundle":  {"release things/1", "reading measuring generating writing comparing"},
	} {
		h := newHouse(t)
		r := ways[name].request(h)
		r.Population = "P"
		res := h.run(r)
		var stages []string
		for _, s := range res.Seconds {
			stages = append(stages, s.Stage)
			if s.Took < 0 || s.Took > time.Hour {
				t.Errorf("%s: %s took %v", name, s.Stage, s.Took)
			}
		}
		if got := strings.Join(stages, " "); got != want.stages || res.Spend.Purpose != want.purpose || res.Population != "p" || res.Spend.Epsilon != 1 || res.Spend.Delta != 1e-6 {
			t.Errorf("%s: stages %s, %+v", name, got, res.Spend)
		}
		a, _ := h.ledger.Account(t.Context(), "p")
		if res.Left != a.Left() || !(res.Left.Precision < a.Lifetime().Limit.Precision) || res.Spend != a.Spends[0] {
			t.Errorf("%s: left %v, the ledger says %v", name, res.Left, a.Left())
		}
		if set := res.Spend.Entered; !set.Equal(noon.UTC().Truncate(time.Second)) || set.Location() != time.UTC {
			t.Errorf("%s: entered at %v", name, set)
		}
		if (res.Key.Key != nil) != (name == "bundle") || (res.Version == 1) != (name == "bundle") || (res.Report != "") != (name == "bundle") {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

// TestTwoDatasetsOnePopulation: what is published under two names, in two catalogs
// and as a file costs the same people, and adds up.
func TestTwoDatasetsOnePopulation(t *testing.T) {
	h := newHouse(t)
	first := h.run(h.release())
	other := h.release()
	other.Pub.Dataset, other.Noise, other.Population = "things-again", random(2), "P"
	second := h.run(other)
	elsewhere := h.release()
	elsewhere.Pub.Catalog, elsewhere.Noise = h.path("elsewhere"), random(3)
	third := h.run(elsewhere)
	records := h.request()
	records.Noise = random(4)
	h.run(records)
	if second.Version != 1 || third.Version != 1 || first.Dataset == second.Dataset {
		t.Errorf("versions %d and %d", second.Version, third.Version)
	}
	a, _ := h.ledger.Account(t.Context(), "p")
	if len(a.Spends) != 4 || a.Spent().Precision < 3.999*first.Spend.Cost.Precision {
		t.Errorf("%d spends, %v in all", len(a.Spends), a.Spent())
	}
	l, err := catalog.ReadLedger(h.path("catalog"))
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := l.Head(); n != 2 || l.Last("things") != 1 || l.Last("things-again") != 1 {
		t.Errorf("%d entries in the public ledger", n)
	}
}

// TestRulesHoldAndCostNothing: records, tables and bundles keep the rules; what the
// rules mended is for the custodian alone; the cost is that of a run without rules.
func TestRulesHoldAndCostNothing(t *testing.T) {
	rules := func(h *house, text string) string {
		path := h.path("rules.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const text = "colour = red => shape = round\nnever size = 4 and shape = square\n"
	broken := func(colour, shape, size string) bool {
		return colour == "red" && shape == "square" || size == "4" && shape == "square"
	}
	for name, way := range ways {
		h := newHouse(t)
		r := way.request(h)
		r.Rules = rules(h, text)
		res := h.run(r)
		plain := way.request(newHouse(t))
		if free, err := release.Run(t.Context(), plain); err != nil || free.Spend.Cost != res.Spend.Cost {
			t.Errorf("%s: with rules it costs %v, without %v, %v", name, res.Spend.Cost, free.Spend.Cost, err)
		}
		switch name {
		case "tables":
			lines := readCSV(t, h.path("tables/3/colour-shape-size.csv"))
			for _, line := range lines[1:] {
				if broken(line[0], line[1], line[2]) && number(t, line[5]) != 0 {
					t.Errorf("tables: a cell that no record can be in has %s fitted", line[5])
				}
			}
		default:
			path := h.path("out.csv")
			if name == "bundle" {
				path = filepath.Join(res.Path, "data.csv")
			}
			for _, row := range readCSV(t, path)[1:] {
				if broken(row[0], row[1], row[2]) {
					t.Fatalf("%s: a record breaks a rule", name)
				}
			}
		}
	}
}

// TestRulesThatAreRefused: a rule file with a fault costs nothing, and the error
// names its line, not what stands there.
func TestRulesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"gibberish\n": "line 1",
		"colour = red => shape = round\nvillage = x": "line 2",
		"colour = Rosario => shape = round\n":        "line 1",
		"never colour in red, green, blue and shape = round\nnever shape = square\nnever colour is missing\n": "no record can keep",
		"\xff\xfe": "line 1",
		strings.Repeat("never colour = red and size = 1\n", 5000) + "x\n": "",
	} {
		h := newHouse(t)
		path := h.path("rules.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := h.request()
		r.Rules = path
		said := h.refusedFree(r)
		if !strings.Contains(said, want) || strings.Contains(said, "Rosario") || strings.Contains(said, "village") || strings.Contains(said, h.dir) {
			t.Errorf("%.60q: said %q, want %q", text, said, want)
		}
	}
}

// TestModesOfWhatIsWritten: what may be published can be read by all, what may not
// by its owner only.
func TestModesOfWhatIsWritten(t *testing.T) {
	h := newHouse(t)
	res := h.run(h.release())
	h.run(h.request())
	h.run(h.tables())
	private := h.request()
	private.Out = &release.Output{Path: h.path("private.csv"), Private: true}
	h.run(private)
	for path, want := range map[string]os.FileMode{
		"out.csv": 0o644, "private.csv": 0o600, "tables": 0o755, "tables/tables.json": 0o644, "tables/1/colour.csv": 0o644, "keys/signing.key": 0o600, "keys/signing.key.pub": 0o644,
		"keys": 0o700, "reports": 0o700, "catalog/things/1": 0o755, "catalog/things/1/data.csv": 0o644, "catalog/things/1/manifest.json": 0o644, "catalog/ledger.jsonl": 0o644,
	} {
		if info, err := os.Stat(h.path(path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	if info, _ := os.Stat(res.Report); info.Mode().Perm() != 0o600 {
		t.Errorf("the custodian's report has mode %v", info.Mode())
	}
}

// TestSignerIsAskedBeforeTheSpend, once, and one that fails costs nothing.
func TestSignerIsAskedBeforeTheSpend(t *testing.T) {
	h := newHouse(t)
	r := h.release()
	asked := 0
	r.Pub.Signer = func() (*publish.Signer, error) {
		if asked++; len(h.spends()) != 0 {
			t.Error("the key was asked for after the spend")
		}
		return h.signer()
	}
	h.run(r)
	if asked != 1 {
		t.Errorf("the key was asked for %d times", asked)
	}
}
