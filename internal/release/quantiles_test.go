package release_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/internal/catalog"
	"amparo/internal/release"
	"amparo/microdata/tabular"
)

// paidHouse adds a column of pay, in cents with a decimal comma in every other row, of
// which blue ones get the most, and one of days. One value lies far above the domain.
func paidHouse(t *testing.T, outlier string) *house {
	h := newHouse(t)
	r := rand.New(rand.NewPCG(11, 12))
	var records [][]string
	for i, row := range h.records {
		pay := 300 * math.Exp(r.NormFloat64()/2)
		if row[0] == "blue" {
			pay *= 3
		}
		text := fmt.Sprintf("%.2f", pay)
		if i%2 == 0 {
			text = strings.Replace(text, ".", ",", 1)
		}
		if i == 7 {
			text = outlier
		}
		records = append(records, append(slices.Clone(row), text, fmt.Sprintf("%d-%02d-%02d", 2015+r.IntN(6), 1+r.IntN(12), 1+r.IntN(28))))
	}
	h.records = records
	h.write(append(slices.Clone(columns), "pay", "day"), records)
	return h
}

// paid is the domain of paidHouse with these entries for pay and day.
func paid(t *testing.T, pay, day string) *tabular.DomainFile {
	t.Helper()
	d, err := tabular.ReadDomain(strings.NewReader(fmt.Sprintf(
		`{"colour": ["red","green","blue",""], "shape": ["round","square"], "size": 5, "pay": %s, "day": %s}`, pay, day)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	payQuantiles = `{"from": 0, "to": 5000, "width": 50, "quantiles": 4}`
	dayQuantiles = `{"from": "2015-01-01", "to": "2020-12-31", "quantiles": 3}`
	dayYears     = `{"from": "2015-01-01", "to": "2020-12-31", "by": "year"}`
)

func TestQuantilesAreFoundUnderPrivacy(t *testing.T) {
	h := paidHouse(t, "1")
	r := h.request()
	r.Epsilon, r.Domain = 4, paid(t, payQuantiles, dayQuantiles)
	res := h.run(r)
	if len(res.Binned) != 2 || res.Binned[0].Column != "pay" || res.Binned[0].Asked != 4 || res.Binned[0].Share != .02 || res.Binned[1].Column != "day" || len(res.Found) != 0 {
		t.Fatalf("%+v", res.Binned)
	}
	pays, days := res.Binned[0].Bins, res.Binned[1].Bins
	if len(pays) != 4 || !strings.HasPrefix(pays[0], "0--") || !strings.HasSuffix(pays[3], "+") || len(days) != 3 || !strings.HasPrefix(days[0], "2015-01--") || !strings.HasSuffix(days[2], "--2020-12") {
		t.Fatalf("bins %q, %q", pays, days)
	}
	// The output holds those bins, about as often as the input does, and what hangs together
	// in the input does in the output.
	out, blue := map[string]int{}, 0
	rows := readCSV(t, res.Path)
	for _, row := range rows[1:] {
		if !slices.Contains(pays, row[3]) && row[3] != "" || !slices.Contains(days, row[4]) && row[4] != "" {
			t.Fatalf("%q, %q are no bins", row[3], row[4])
		}
		out[row[3]]++
		if row[3] == pays[3] && row[0] == "blue" {
			blue++
		}
	}
	truth, blueTruth := map[string]int{}, 0
	for _, row := range h.records {
		b := pays[len(pays)-1]
		for i := range pays[:len(pays)-1] {
			var from, to int
			if _, err := fmt.Sscanf(pays[i], "%d--%d", &from, &to); err != nil {
				t.Fatal(err)
			}
			if x := number(t, strings.Replace(row[3], ",", ".", 1)); x < float64(to+1) {
				b = pays[i]
				break
			}
		}
		if truth[b]++; b == pays[3] && row[0] == "blue" {
			blueTruth++
		}
	}
	for _, b := range pays {
		if math.Abs(float64(truth[b]-people/4)) > people/12 {
			t.Errorf("bin %s of the input holds %d of %d", b, truth[b], people)
		}
		if math.Abs(float64(out[b]-truth[b])) > people/20 {
			t.Errorf("bin %s holds %d, of the input %d", b, out[b], truth[b])
		}
	}
	if share, want := float64(blue)/float64(out[pays[3]]), float64(blueTruth)/float64(truth[pays[3]]); math.Abs(share-want) > .1 {
		t.Errorf("%.2f of the best paid are blue, %.2f in the input", share, want)
	}
}

// TestQuantilesCostWhatIsSaid: beside tables over the same bins as public ones, those over
// bins that were found have the noise of what is left of the budget, all of it.
func TestQuantilesCostWhatIsSaid(t *testing.T) {
	h := paidHouse(t, "1")
	promise(t, h.ledger, release.Promise{Population: "p", Epsilon: 40, Delta: 1e-5, Raise: true})
	variance := func(name, pay string) (float64, *release.Result) {
		r := h.tables()
		r.Domain = paid(t, pay, dayYears)
		r.Tabs.Path, r.Tabs.Only, r.Tabs.Order = h.path(name), []string{"pay"}, 1
		res := h.run(r)
		text, err := os.ReadFile(h.path(name + "/tables.json"))
		var x index
		if err == nil {
			err = json.Unmarshal(text, &x)
		}
		if err != nil || len(x.Tables) != 1 {
			t.Fatalf("%+v, %v", x, err)
		}
		return x.Tables[0].Variance, res
	}
	found, res := variance("found", payQuantiles)
	public, _ := variance("public", asEdges(res.Binned[0].Bins))
	if ratio := found / public * .98; math.Abs(ratio-1) > .004 {
		t.Errorf("variance %v, of public bins %v: the budget is not spent to the letter (%v)", found, public, ratio)
	}
}

// asEdges is the entry of a domain file that makes public bins of those found for pay.
func asEdges(bins []string) string {
	edges := []string{"0"}
	for _, b := range bins[1:] {
		edges = append(edges, b[:strings.IndexAny(b, "-+")])
	}
	return fmt.Sprintf(`{"edges": [%s, 5000]}`, strings.Join(edges, ", "))
}

// TestBinsThatWereFoundServeAgain: named as edges they cost nothing, and all tables of
// the earlier release feed the fit; those of bins found anew and elsewhere do not.
func TestBinsThatWereFoundServeAgain(t *testing.T) {
	h := paidHouse(t, "1")
	r := h.release()
	r.Domain = paid(t, payQuantiles, dayYears)
	first := h.run(r)
	r = h.request()
	r.Domain, r.Noise = paid(t, asEdges(first.Binned[0].Bins), dayYears), random(2)
	r.Earlier, r.Trusted = []string{first.Path}, []catalog.PublicKey{first.Key}
	again := h.run(r)
	if len(again.Binned) != 0 || len(again.Earlier) != 1 || !again.Earlier[0].Used || again.Earlier[0].Tables != first.Tables {
		t.Errorf("of %d tables: %+v, bins %+v", first.Tables, again.Earlier, again.Binned)
	}
	r.Out.Path, r.Domain, r.Noise = h.path("anew.csv"), paid(t, `{"from": 0, "to": 5000, "width": 31, "quantiles": 3}`, dayYears), random(3)
	if anew := h.run(r); !anew.Earlier[0].Used || anew.Earlier[0].Tables >= first.Tables {
		t.Errorf("of %d tables: %+v, bins %+v", first.Tables, anew.Earlier, anew.Binned)
	}
}

// TestManyQuantilesShareATenth of the budget.
func TestManyQuantilesShareATenth(t *testing.T) {
	h := newHouse(t)
	header, entries := []string{}, []string{}
	records := make([][]string, 400)
	for c := range 8 {
		header = append(header, fmt.Sprint("c", c))
		entries = append(entries, fmt.Sprintf(`"c%d": {"from": 0, "to": 60, "quantiles": 3}`, c))
		for i := range records {
			records[i] = append(records[i], fmt.Sprint((i*(c+3))%60))
		}
	}
	h.write(header, records)
	d, err := tabular.ReadDomain(strings.NewReader("{" + strings.Join(entries, ",") + "}"))
	if err != nil {
		t.Fatal(err)
	}
	r := h.request()
	r.Domain = d
	sum := 0.0
	for _, b := range h.run(r).Binned {
		sum += b.Share
	}
	if math.Abs(sum-.1) > 1e-12 {
		t.Errorf("eight columns took %v of the budget", sum)
	}
}

// TestNothingBeyondTheBinsShows: a value far outside the domain and one on its end give
// the same bundle, byte for byte, but for what is signed and dated.
func TestNothingBeyondTheBinsShows(t *testing.T) {
	var texts []string
	for _, outlier := range []string{"987654.25", "5000"} {
		h := paidHouse(t, outlier)
		r := h.release()
		r.Domain = paid(t, payQuantiles, dayYears)
		res := h.run(r)
		all := ""
		for _, name := range []string{"data.csv", "codebook.json", "report.json", "report.es.html", "report.en.html"} {
			all += bundleFile(t, res, name)
		}
		look(t, "the bundle", []byte(all), []string{"987654"})
		texts = append(texts, all)
		for lang, words := range map[string]string{"es": "Grupos de valores descubiertos", "en": "Bins that were found"} {
			if page := bundleFile(t, res, "report."+lang+".html"); !strings.Contains(page, words) || !strings.Contains(page, "pay (2 %): 0--") {
				t.Errorf("the report in %s does not tell the bins", lang)
			}
		}
		var p release.Report
		if err := json.Unmarshal([]byte(bundleFile(t, res, "report.json")), &p); err != nil || len(p.Binned) != 1 || !slices.Equal(p.Binned[0].Bins, res.Binned[0].Bins) {
			t.Errorf("report.json tells %+v, %v", p.Binned, err)
		}
		if book := bundleFile(t, res, "codebook.json"); !strings.Contains(book, `"2015 `) && !strings.Contains(book, `"hasta 2015"`) || !strings.Contains(book, ` o más"`) || !strings.Contains(book, ` or more"`) {
			t.Error("the codebook lacks the bins' names")
		}
		if _, err := os.Stat(res.Report); err != nil || res.ReportErr != nil {
			t.Errorf("the custodian's report: %v, %v", err, res.ReportErr)
		}
	}
	if texts[0] != texts[1] {
		t.Error("a value outside the domain shows in the bundle")
	}
}

// TestQuantilesOfNothing: where the budget says nothing there is one bin or two, in all
// three kinds of output and at every position of the dial.
func TestQuantilesOfNothing(t *testing.T) {
	h := paidHouse(t, "1")
	for i, change := range []func(r *release.Request){
		func(*release.Request) {},
		func(r *release.Request) { r.Fabrication = 2 },
		func(r *release.Request) { r.Out, r.Tabs = nil, &release.Folder{Path: h.path("tables")} },
		func(r *release.Request) { *r = h.release() },
	} {
		r := h.request()
		change(&r)
		r.Epsilon, r.Domain, r.Noise = 1e-3, paid(t, payQuantiles, dayQuantiles), random(byte(i))
		if r.Out != nil {
			r.Out.Path = h.path(fmt.Sprint(i, ".csv"))
		}
		for _, b := range h.run(r).Binned {
			if len(b.Bins) > 2 {
				t.Errorf("run %d found %q in noise", i, b.Bins)
			}
		}
	}
}

// TestQuantilesRefused before anything is spent: rules cannot name bins that nobody
// knows yet. Tables count as many bins as there may be, not the steps of the grid.
func TestQuantilesRefused(t *testing.T) {
	h := paidHouse(t, "1")
	rules := filepath.Join(h.dir, "rules.txt")
	if err := os.WriteFile(rules, []byte("colour = blue => pay is known\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.request()
	r.Domain, r.Rules = paid(t, payQuantiles, dayYears), rules
	if _, err := release.Run(t.Context(), r); err == nil || release.Hint(err) == "" || len(h.spends()) != 0 {
		t.Errorf("error %v, %d spends", err, len(h.spends()))
	}
	r.Domain = paid(t, `{"edges": [0, 100, 5000]}`, dayYears)
	h.run(r)
	tables := h.tables()
	tables.Domain, tables.Tabs.MaxCells, tables.Tabs.Order = paid(t, payQuantiles, dayQuantiles), 40, 2
	if res := h.run(tables); res.Omitted != 0 || res.Tables != 15 {
		t.Errorf("%d tables, %d left out", res.Tables, res.Omitted)
	}
}
