// Command settings shows what each constant of the synthesizer is worth on generated
// data: it builds the program trial once as the source stands and once for each change
// of a constant (by go build -overlay, no file is touched), runs them on the same data
// with the same noise, and prints the errors relative to those of the source.
//
//	go run ./settings [-seeds 2] [-only rare] [-out results.jsonl]
//
// It takes a few minutes a change. No real file is looked at.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A change replaces the text of one constant in a file of package synth.
type change struct{ name, file, from, to string }

// changes are the constants looked at: below and above where each stands.
var changes = []change{
	{"share of a round for scores .05", "synth.go", "scoreShare = 0.10", "scoreShare = 0.05"},
	{"share of a round for scores .15", "synth.go", "scoreShare = 0.10", "scoreShare = 0.15"},
	{"rounds 1", "synth.go", "o.Rounds = 2", "o.Rounds = 1"},
	{"rounds 3", "synth.go", "o.Rounds = 2", "o.Rounds = 3"},
	{"columns' least share .07", "columns.go", "least, most, rise = 0.3, 0.10,", "least, most, rise = 0.3, 0.07,"},
	{"columns' least share .14", "columns.go", "least, most, rise = 0.3, 0.10,", "least, most, rise = 0.3, 0.14,"},
	{"columns' most share .2", "columns.go", "0.10, 0.30, 0.8", "0.10, 0.20, 0.8"},
	{"columns' most share .4", "columns.go", "0.10, 0.30, 0.8", "0.10, 0.40, 0.8"},
	{"columns' share enough at μ .2", "columns.go", "rise = 0.3,", "rise = 0.2,"},
	{"columns' share enough at μ .5", "columns.go", "rise = 0.3,", "rise = 0.5,"},
	{"rare below 2 σ", "columns.go", "const rare = 3", "const rare = 2"},
	{"rare below 4 σ", "columns.go", "const rare = 3", "const rare = 4"},
	{"tilt from .1", "tilt.go", "leastTilt = 0.2", "leastTilt = 0.1"},
	{"tilt from .35", "tilt.go", "leastTilt = 0.2", "leastTilt = 0.35"},
	{"tilt at most .5", "tilt.go", "mostTilt  = 0.7", "mostTilt  = 0.5"},
	{"tilt at most .85", "tilt.go", "mostTilt  = 0.7", "mostTilt  = 0.85"},
	{"trust 10", "rake.go", "rakeTrust = 30.0", "rakeTrust = 10.0"},
	{"trust 90", "rake.go", "rakeTrust = 30.0", "rakeTrust = 90.0"},
	{"sample worth at least .05", "rake.go", "leastESS = 0.02", "leastESS = 0.05"},
	{"sample worth at least .005", "rake.go", "leastESS = 0.02", "leastESS = 0.005"},
	{"pruned below 1 σ", "fabrication.go", "pruned      = 2.0", "pruned      = 1.0"},
	{"pruned below 3 σ", "fabrication.go", "pruned      = 2.0", "pruned      = 3.0"},
	{"at most .001 pruned", "prune.go", "mostPruned = 0.003", "mostPruned = 0.001"},
	{"at most .01 pruned", "prune.go", "mostPruned = 0.003", "mostPruned = 0.01"},
	{"at most .05 mended", "fabrication.go", "mostMended  = 0.15", "mostMended  = 0.05"},
	{"at most .3 mended", "fabrication.go", "mostMended  = 0.15", "mostMended  = 0.3"},
	{"large errors weigh in proportion", "adapt.go", "e * (1 + max(e, 0)/f.total)", "e"},
}

// An outcome is a line of trial.
type outcome struct {
	Change                                         string `json:"change,omitempty"`
	Source                                         string
	Seed                                           int
	Epsilon                                        float64
	Pairs, Worst, Triples, Invented, Lost, Seconds float64
}

func main() {
	seeds := flag.Int("seeds", 1, "data sets of each kind")
	only := flag.String("only", "", "changes whose name holds this")
	out := flag.String("out", "", "file to which every line is added; a change that it holds whole is not run again")
	flag.Parse()
	if err := run(*seeds, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "settings:", err)
		os.Exit(1)
	}
}

func run(seeds int, only, out string) error {
	known, err := load(out)
	if err != nil {
		return err
	}
	all := append([]change{{}}, changes...)
	var base []outcome
	fmt.Println("| change | pairs | worst pair | triples | invented | lost | time |\n|---|---|---|---|---|---|---|")
	for _, c := range all {
		if c.name != "" && !strings.Contains(c.name, only) {
			continue
		}
		var got []outcome
		for seed := 1; seed <= seeds; seed++ {
			lines := known[fmt.Sprint(c.name, " ", seed)]
			if lines == nil {
				if lines, err = try(c, seed); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				if err := save(out, lines); err != nil {
					return err
				}
			}
			got = append(got, lines...)
		}
		if c.name == "" {
			base = got
		}
		fmt.Println(compare(c.name, got, base))
	}
	return nil
}

// compare says how far got is from base, line by line: the geometric mean of the
// ratios of errors, the mean difference of shares.
func compare(name string, got, base []outcome) string {
	ratio := func(of func(outcome) float64) float64 {
		sum := 0.0
		for i := range got {
			sum += math.Log(of(got[i]) / of(base[i]))
		}
		return math.Exp(sum / float64(len(got)))
	}
	more := func(of func(outcome) float64) float64 {
		sum := 0.0
		for i := range got {
			sum += of(got[i]) - of(base[i])
		}
		return 100 * sum / float64(len(got))
	}
	if name == "" {
		name = "as it stands"
	}
	return fmt.Sprintf("| %s | %.3f | %.3f | %.3f | %+.2f | %+.2f | %.2f |", name,
		ratio(func(o outcome) float64 { return o.Pairs }), ratio(func(o outcome) float64 { return o.Worst }),
		ratio(func(o outcome) float64 { return o.Triples }), more(func(o outcome) float64 { return o.Invented }),
		more(func(o outcome) float64 { return o.Lost }), ratio(func(o outcome) float64 { return o.Seconds }))
}

// try builds trial with the change and runs it.
func try(c change, seed int) ([]outcome, error) {
	dir, err := os.MkdirTemp("", "settings")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-o", filepath.Join(dir, "trial")}
	if c.name != "" {
		overlay, err := c.overlay(dir)
		if err != nil {
			return nil, err
		}
		args = append(args, "-overlay", overlay)
	}
	if text, err := exec.Command("go", append(args, "./settings/trial")...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	run := exec.Command(filepath.Join(dir, "trial"), "-seed", fmt.Sprint(seed))
	run.Stderr = os.Stderr
	text, err := run.Output()
	if err != nil {
		return nil, err
	}
	return parse(text, c.name)
}

// overlay writes the changed file into dir and returns what go build is told of it.
func (c change) overlay(dir string) (string, error) {
	file, err := filepath.Abs(filepath.Join("..", "synth", c.file))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(text, []byte(c.from)); n != 1 {
		return "", fmt.Errorf("%q stands %d times in synth/%s", c.from, n, c.file)
	}
	changed := filepath.Join(dir, c.file)
	if err := os.WriteFile(changed, bytes.Replace(text, []byte(c.from), []byte(c.to), 1), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o600)
}

func parse(text []byte, name string) (out []outcome, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var o outcome
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return nil, err
		}
		if name != "" {
			o.Change = name
		}
		out = append(out, o)
	}
	return out, lines.Err()
}

// load returns the lines of a file by change and seed.
func load(path string) (map[string][]outcome, error) {
	known := map[string][]outcome{}
	if path == "" {
		return known, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := parse(text, "")
	for _, o := range all {
		key := fmt.Sprint(o.Change, " ", o.Seed)
		known[key] = append(known[key], o)
	}
	return known, err
}

func save(path string, lines []outcome) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	e := json.NewEncoder(f)
	for _, o := range lines {
		if err := e.Encode(o); err != nil {
			return err
		}
	}
	return f.Close()
}
