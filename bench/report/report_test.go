package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"amparo/bench/run"
	"amparo/bench/score"
)

// result makes a result of which a share was fabricated and a share suppressed at
// each count.
func result(system, mode string, seed int, mean float64, fabricated, suppressed int) run.Result {
	s := &score.Score{Shown: map[string]float64{"citizenship × CountryOfExploitation": mean}}
	for columns := 1; columns <= 3; columns++ {
		s.Orders = append(s.Orders, score.Order{Columns: columns, Sets: 1, Mean: mean * float64(columns), Worst: mean * float64(columns) * 2,
			WorstAt: []string{"a", "b", "c"}[:columns],
			Combinations: score.Combinations{Synthetic: 100, Fabricated: fabricated,
				Real: [4]int{100, 100, 100, 100}, Suppressed: [4]int{suppressed, suppressed, suppressed, suppressed}}})
	}
	for _, pair := range run.Datasets[2].Shown {
		s.Shown[pair[0]+" × "+pair[1]] = mean
	}
	return run.Result{System: system, Mode: mode, Data: "ctdc", Epsilon: "1", Delta: "1e-6", Seed: seed, Version: "v1",
		Cost: run.Cost{Wall: 20, CPU: 10 * float64(seed), Peak: 100 * float64(seed)}, Score: s}
}

func results() []run.Result {
	return []run.Result{
		result("pac-synth", "balanced", 1, .1, 50, 40),
		result("pac-synth", "minimize", 1, .3, 1, 90),
		result("amparo", "limited", 1, .01, 40, 10),
		result("amparo", "limited", 2, .03, 20, 20),
		result("amparo", "strict", 1, .05, 10, 50),
		{System: "aim", Mode: "80 MB", Data: "ctdc", Epsilon: "1", Delta: "1e-6", Seed: 1, Failed: "ended at its limit of 45m0s"},
		{System: "resample", Data: "adult", Seed: 1, Score: result("", "", 1, .001, 0, 0).Score},
		atTen(result("amparo", "limited", 1, .01, 1, 1)),
		{System: "dpsynth", Failed: "ERROR: No matching distribution found for dpsynth"},
	}
}

// atTen moves a result to adult at ε = 10.
func atTen(r run.Result) run.Result {
	r.Data, r.Epsilon = "adult", "10"
	return r
}

func TestGroups(t *testing.T) {
	all := groups(results())
	// What protects nobody stands at every ε that a private system was run at.
	if len(all) != 2 || all[0].Epsilon != "10" || len(all[0].Rows) != 2 || all[0].Rows[0].System != "resample" {
		t.Fatalf("%+v", all)
	}
	all = all[1:]
	if all[0].Data.Name != "ctdc" || len(all[0].Rows) != 5 {
		t.Fatalf("%+v", all)
	}
	r := all[0].Rows[0]
	if r.Name() != "amparo, limited" || r.Runs != 2 {
		t.Fatalf("the least error stands not first: %+v", r)
	}
	near := func(what string, got, want float64) {
		if d := got - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("mean of pairs", r.Mean[1], .04) // of .02 and .06
	near("worst pair", r.WorstPair, .12)  // of .04 and .12
	near("CPU", r.CPU, 15)
	near("peak", r.Peak, 200)
	near("fabricated", r.Fabricated[2], .3)
	near("fabricated, all", r.AllFabricated, .3)
	near("suppressed", r.AllSuppressed[1], .15)
	near("shown", r.Shown["citizenship × ageBroad"], .02)
	if last := all[0].Rows[4]; last.System != "aim" || last.Runs != 0 || last.Failed == "" {
		t.Errorf("a run without a score stands not last: %+v", last)
	}
}

// TestAgainst: limited is behind balanced in nothing; strict suppresses more; neither
// fabricates as little as minimize.
func TestAgainst(t *testing.T) {
	got := against(groups(results()))
	if len(got) != 2 || got[0].Peer.Mode != "balanced" || strings.Join(got[0].Better, " ") != "limited" || len(got[1].Better) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestREADME(t *testing.T) {
	text, err := README(results())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| amparo, limited | 2 | .0200 | .0400 | .0600 | .1200 (a × b) | 15 | 20 | 200 |",
		"| aim, 80 MB | 0 | ended at its limit of 45m0s |",
		"- **dpsynth**: ERROR: No matching",
		"| amparo | v1 |",
		"| mst | not run yet |",
		"| amparo, strict | 10 | 10 | 10 | 10 | 50 | 50 | 50 |",
		"| ctdc, ε = 1 | balanced | limited |",
		"| ctdc, ε = 1 | minimize | none",
		"| amparo, strict | .0500 | .0500 | .0500 | .0500 |",
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("README lacks %q", want)
		}
	}
	if bytes.Contains(text, []byte("<no value>")) || bytes.Contains(text, []byte("NaN")) {
		t.Error("README holds what is no value")
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
	if _, err := README(nil); err != nil {
		t.Errorf("no results: %v", err)
	}
}

// TestDrawing: the drawing is XML, the same each time, and each mark is where its
// shares say: 30 % fabricated and 15 % suppressed of a panel of 220.
func TestDrawing(t *testing.T) {
	svg := Drawing(results())
	if !bytes.Equal(svg, Drawing(results())) {
		t.Error("two drawings of the same results differ")
	}
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
	for k := range drawn {
		want := fmt.Sprintf(`<circle cx="%.1f" cy="%.1f"`, float64(left+k*(side+gap))+.15*side, float64(top)+.7*side)
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("panel %d lacks %s", k+1, want)
		}
	}
	if n := bytes.Count(svg, []byte("<title>amparo, limited: fabricated 30 %, suppressed 15 %</title>")); n != 3 {
		t.Errorf("%d marks tell their figures, want 3", n)
	}
	Drawing(nil)
}

func TestNumbers(t *testing.T) {
	for _, c := range [][2]string{
		{distance(.01234), ".0123"}, {distance(1), "1.0000"}, {distance(0), ".0000"},
		{percent(0), "0"}, {percent(.0001), "< 0.1"}, {percent(.034), "3.4"}, {percent(.426), "43"}, {percent(1), "100"},
		{seconds(3.14), "3.1"}, {seconds(314), "314"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}
