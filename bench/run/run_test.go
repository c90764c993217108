package run

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's own program stand in for bench and for what it measures.
func TestMain(m *testing.M) {
	log.SetOutput(new(tail))
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "cost":
			limit, _ := time.ParseDuration(os.Args[3])
			if err := json.NewEncoder(os.Stdout).Encode(Measure(context.Background(), os.Args[5:], limit)); err != nil {
				os.Exit(1)
			}
			os.Exit(0)
		case "baseline":
			if err := Baseline(os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
				os.Exit(1)
			}
			os.Exit(0)
		case "reference":
			if err := Reference(context.Background(), os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6], os.Args[7], os.Args[8], os.Args[9:]...); err != nil {
				os.Exit(1)
			}
			os.Exit(0)
		case "spin":
			for {
			}
		case "hold": // 64 MiB, and touch them
			held := make([]byte, 64<<20)
			for i := range held {
				held[i] = byte(i)
			}
			os.Exit(int(held[256]))
		}
	}
	os.Exit(m.Run())
}

func TestMeasure(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	between := Options{Self: self, Limit: time.Minute} // the limit is of the caller as well
	if o, err := between.measure(ctx, []string{self, "hold"}); err != nil || o.Failed != "" || o.Peak < 64 || o.Peak > 256 || o.CPU <= 0 || o.Wall <= 0 {
		t.Errorf("a process that holds 64 MiB: %+v", o)
	}
	if o, err := between.measure(ctx, []string{"sh", "-c", "echo first >&2; echo last >&2; exit 3"}); err != nil || o.Failed != "exit status 3: last" {
		t.Errorf("a failure was told as %q", o.Failed)
	}
	if o, err := between.measure(ctx, []string{filepath.Join(t.TempDir(), "none")}); err != nil || o.Failed == "" {
		t.Error("a program that is not there ran")
	}
	between.Limit = time.Second
	// Where the machine gives it no second of CPU in twenty by the clock, the clock ends it.
	if o, err := between.measure(ctx, []string{self, "spin"}); err != nil ||
		o.Failed != "ended at its limit of 1s of CPU time" && (o.CPU > .9 || o.Failed != "ended after 20s by the clock") {
		t.Errorf("a process that spins: %+v, %v", o, err)
	}
	// The child would keep standard error open for an hour if it outlived the limit.
	between.Limit = 20 * time.Millisecond
	if o, err := between.measure(ctx, []string{"sh", "-c", "sleep 3600 & wait"}); err != nil || o.Failed != "ended after 400ms by the clock" {
		t.Errorf("a process that waits: %+v, %v", o, err)
	}
}

// small writes the public files of a comparison, a few rows each, and a stand-in for
// amparo that gives back its input.
func small(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("data/dp/hd_nltcs.csv", "a,b\n0,1\n1,1\n0,0\n")
	write("data/dp/hd_nltcs-domain.json", `{"a": 2, "b": 2}`)
	amparo := write("amparo", `#!/bin/sh
case $1 in
version) echo amparo v1;;
synthesize) while [ "$1" != --out ]; do [ -f "$1" ] && in=$1; shift; done; cp "$in" "$2";;
esac
`)
	return Options{Data: filepath.Join(dir, "data"), Out: filepath.Join(dir, "out"), Amparo: amparo, Self: self, Limit: time.Minute,
		Datasets: []string{"nltcs"}, Systems: []string{"amparo", "resample", "mst", "reference-mst", "reference-aim"}}
}

// TestAll runs the plan with a stand-in: each run once, a second time none.
func TestAll(t *testing.T) {
	o := small(t)
	for range 2 {
		if err := All(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	results, err := ReadFile(filepath.Join(o.Out, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(filepath.Join(o.Out, "results.jsonl"))
	if lines := strings.Count(string(text), "\n"); lines != len(results) || lines != 3*3+3+2 { // mst has no environment
		t.Fatalf("%d lines, %d results, want 14 each", lines, len(results))
	}
	for _, r := range results {
		if r.Failed != "" || r.Score == nil || r.Wall <= 0 || (r.Epsilon == "1" && r.Delta == "1e-9") != (r.System != "resample") {
			t.Errorf("%s: %+v", r.Key(), r)
		}
		if r.System == "amparo" && (r.Version != "v1" || r.Score.Orders[1].Mean != 0) {
			t.Errorf("%s: version %q, distance %v of a copy", r.Key(), r.Version, r.Score.Orders[1].Mean)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(o.Out, "run-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFailureIsAResult: what a system does wrong is noted and not tried again.
func TestFailureIsAResult(t *testing.T) {
	o := small(t)
	o.Systems = []string{"amparo"}
	script := "#!/bin/sh\n[ $1 = synthesize ] && { echo no more budget >&2; exit 1; }\nexit 0\n"
	if err := os.WriteFile(o.Amparo, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := All(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	results, err := ReadFile(filepath.Join(o.Out, "results.jsonl"))
	if err != nil || len(results) != 9 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	if r := results[0]; r.Score != nil || r.Failed != "exit status 1: no more budget" {
		t.Errorf("%+v", r)
	}
	for _, unknown := range []Options{{Out: o.Out, Systems: []string{"magic"}}, {Out: o.Out, Datasets: []string{"magic"}}} {
		if err := All(context.Background(), unknown); err == nil || !strings.Contains(err.Error(), "magic") {
			t.Errorf("an unknown name: %v", err)
		}
	}
}

// TestPlan: runs are told apart, the first of each comes before the second of any, and
// each command names its own input, budget and output.
func TestPlan(t *testing.T) {
	seen, last := map[string]bool{}, map[string]int{}
	for _, j := range jobs(Options{Venvs: "venv"}) {
		j.in, j.out = "in.csv", "out.csv"
		key := j.result().Key()
		if seen[key] {
			t.Errorf("%s is in the plan twice", key)
		}
		seen[key] = true
		if at := j.data.Name + j.epsilon; j.seed < last[at] {
			t.Errorf("%s comes after run %d", key, last[at])
		} else {
			last[at] = j.seed
		}
		command := j.system.command(j)
		for _, want := range []string{"in.csv", "out.csv"} {
			if !slices.Contains(command, want) {
				t.Errorf("%s: %v lacks %s", key, command, want)
			}
		}
		if !j.system.open && (!slices.Contains(command, j.epsilon) || !slices.Contains(command, j.data.Delta)) {
			t.Errorf("%s: %v lacks its budget", key, command)
		}
		if j.system.sizes && command[len(command)-1] != "80" && !slices.Equal(command[len(command)-2:], []string{"1", "300"}) {
			t.Errorf("%s: %v lacks its size", key, command)
		}
	}
	if !seen["resample||adult|||3"] || seen["resample||adult|1|1e-9|3"] {
		t.Error("what protects nobody is run once for every ε")
	}
	if seen["aim|1 MB, 300 steps|nltcs|1|1e-9|1"] || !seen["aim|80 MB|nltcs|1|1e-9|1"] {
		t.Error("a small file is run with the first size only")
	}
}

func TestResults(t *testing.T) {
	text := `{"system":"a","data":"d","wall":1}
{"system":"b","data":"d"}
{"system":"a","data":"d","wall":2}
`
	got, err := ReadResults(strings.NewReader(text))
	if err != nil || len(got) != 2 || got[0].Wall != 2 || got[1].System != "b" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadResults(strings.NewReader("{}\n{\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a broken line: %v", err)
	}
	path := filepath.Join(t.TempDir(), "r")
	if err := NotInstalled(path, "peer", "no such package"); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(path); err != nil || len(got) != 1 || got[0].Failed != "no such package" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestBaseline: shuffling keeps each column's values, drawing anew takes whole records.
func TestBaseline(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	rows := [][]string{{"a", "b"}}
	for i := range 100 {
		v := string(rune('A' + i%26))
		rows = append(rows, []string{v, v})
	}
	if err := writeRows(in, rows); err != nil {
		t.Fatal(err)
	}
	read := func(kind, seed string) [][]string {
		if err := Baseline(kind, in, out, seed); err != nil {
			t.Fatal(err)
		}
		return rowsOf(t, out)
	}
	column := func(rows [][]string, c int) (values []string) {
		for _, r := range rows {
			values = append(values, r[c])
		}
		slices.Sort(values)
		return values
	}
	shuffled, apart := read("shuffled", "1"), 0
	for _, r := range shuffled[1:] {
		if r[0] != r[1] {
			apart++
		}
	}
	if !slices.Equal(column(shuffled, 0), column(rows, 0)) || !slices.Equal(column(shuffled, 1), column(rows, 1)) || apart < 50 {
		t.Errorf("shuffled: %d of 100 records torn apart", apart)
	}
	drawn := read("resample", "1")
	for _, r := range drawn[1:] {
		if r[0] != r[1] {
			t.Errorf("resample: %v is no record", r)
		}
	}
	if slices.Equal(column(drawn, 0), column(rows, 0)) || len(drawn) != len(rows) {
		t.Error("resample: the file itself")
	}
	if err := Baseline("none", in, out, "1"); err == nil {
		t.Error("an unknown baseline")
	}
}

func rowsOf(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

const header = "yearOfRegistration,gender,ageBroad,majorityStatusAtExploit,traffickMonths,citizenship,CountryOfExploitation,meansOfControlDebtBondage,meansOfControlTakesEarnings,meansOfControlThreats,meansOfControlPsychologicalAbuse,meansOfControlPhysicalAbuse,meansOfControlSexualAbuse,meansOfControlFalsePromises,meansOfControlPsychoactiveSubstances,meansOfControlRestrictsMovement,meansOfControlRestrictsMedicalCare,meansOfControlExcessiveWorkingHours,meansOfControlThreatOfLawEnforce,meansOfControlWithholdsNecessities,meansOfControlWithholdsDocuments,meansOfControlOther,isForcedLabour,isSexualExploit,isOtherExploit,typeOfLabourAgriculture,typeOfLabourConstruction,typeOfLabourDomesticWork,typeOfLabourHospitality,typeOfLabourOther,typeOfSexProstitution,typeOfSexPornography,typeOfSexOther,recruiterRelationIntimatePartner,recruiterRelationFriend,recruiterRelationFamily,recruiterRelationOther"

// TestCoding: values become codes below the number of levels, and come back.
func TestCoding(t *testing.T) {
	dir := t.TempDir()
	source, coded, sizes := filepath.Join(dir, "in"), filepath.Join(dir, "coded"), filepath.Join(dir, "sizes")
	blanks := strings.Repeat(",", 30)
	text := header + "\n2006,Female,18--20,,,MDA,TUR" + blanks + "\n2019,Male,09--17,Minor,61+ (5+ yrs),,USA,1" + blanks[:29] + "1\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := code(context.Background(), source, coded, sizes)
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]int{}
	if text, err := os.ReadFile(sizes); err != nil || json.Unmarshal(text, &levels) != nil || len(levels) != 37 {
		t.Fatalf("%d columns have levels, %v", len(levels), err)
	}
	before, between := rowsOf(t, source), rowsOf(t, coded)
	if levels["gender"] != 4 || slices.Equal(before[1], between[1]) {
		t.Errorf("gender has %d levels, want 3 and blank; the codes are %v", levels["gender"], between[1][:7])
	}
	if _, err := Score(coded, coded, sizes, nil); err != nil {
		t.Errorf("the codes are outside the domain: %v", err)
	}
	if err := c.decode(coded); err != nil {
		t.Fatal(err)
	}
	if after := rowsOf(t, coded); !slices.EqualFunc(before, after, slices.Equal[[]string]) {
		t.Errorf("%v came back as %v", before[1:], after[1:])
	}
	if err := c.decode(source); err == nil {
		t.Error("values were decoded as if they were codes")
	}
}
