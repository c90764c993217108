package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"amparo/bench/score"
)

// Options say where things are, and what is run.
type Options struct {
	Data    string // folder of the public files
	Out     string // folder of what is written; created
	Results string // file that results are added to. Default results.jsonl in Out.
	Venvs   string // folder of Python environments, one a peer. Default venv in Out.
	Peers   string // folder of the Python programs
	Amparo  string // path of amparo
	Self    string // path of this program
	Prefix  []string
	Limit   time.Duration // of CPU time of one run

	Systems, Datasets, Modes []string // by name. Default all.
}

// All makes every run of the plan that the results do not hold yet, one after the
// other, and adds each to them. A run that fails is a result too.
func All(ctx context.Context, o Options) error {
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	if o.Results == "" {
		o.Results = filepath.Join(o.Out, "results.jsonl")
	}
	if o.Venvs == "" {
		o.Venvs = filepath.Join(o.Out, "venv")
	}
	for _, name := range o.Systems {
		if !slices.ContainsFunc(Systems, func(s System) bool { return s.Name == name }) {
			return fmt.Errorf("bench: there is no system %q", name)
		}
	}
	for _, name := range o.Datasets {
		if !slices.ContainsFunc(Datasets, func(d Dataset) bool { return d.Name == name }) {
			return fmt.Errorf("bench: there is no file %q", name)
		}
	}
	results, err := ReadFile(o.Results)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, r := range results {
		done[r.Key()] = true
	}
	for _, j := range jobs(o) {
		r := j.result()
		if done[r.Key()] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if j.system.Venv != "" && !exists(filepath.Join(o.Venvs, j.system.Venv, "installed")) {
			continue // the results say why
		}
		if r, err = j.run(ctx); err != nil {
			return err
		}
		log.Printf("%s: %.0f s, %.0f s of CPU, %.0f MiB %s", r.Key(), r.Wall, r.CPU, r.Peak, r.Failed)
		if err := appendTo(o.Results, r); err != nil {
			return err
		}
	}
	return nil
}

// jobs lists the runs of the plan: what matters most first, and one run of all before
// the second of any.
func jobs(o Options) (out []job) {
	for _, d := range Datasets {
		if !wanted(o.Datasets, d.Name) {
			continue
		}
		for i, epsilon := range d.Epsilons {
			for seed := 1; seed <= mostSeeds; seed++ {
				for _, s := range Systems {
					if seed > s.Seeds || s.open && i > 0 || !wanted(o.Systems, s.Name) {
						continue
					}
					for _, mode := range s.modes(d) {
						if !wanted(o.Modes, mode) {
							continue
						}
						out = append(out, job{system: s, mode: mode, data: d, Options: o, epsilon: epsilon, seed: seed})
					}
				}
			}
		}
	}
	return out
}

const mostSeeds = 3

func (s System) modes(d Dataset) []string {
	switch {
	case len(s.Modes) == 0:
		return []string{""}
	case s.sizes && d.Small:
		return s.Modes[:1]
	}
	return s.Modes
}

func wanted(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

func (j job) result() Result {
	r := Result{System: j.system.Name, Mode: j.mode, Data: j.data.Name, Seed: j.seed}
	if !j.system.open {
		r.Epsilon, r.Delta = j.epsilon, j.data.Delta
	}
	return r
}

// run makes one run and scores it. Its error is of the machinery: what the system
// itself does wrong is in the result.
func (j job) run(ctx context.Context) (Result, error) {
	r := j.result()
	dir, err := os.MkdirTemp(j.Out, "run-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	j.home, j.out = filepath.Join(dir, "home"), filepath.Join(dir, "out.csv")
	real := filepath.Join(j.Data, j.data.File)
	j.in = real
	var coded *coding
	if j.system.coded && j.data.Domain == "" {
		if coded, err = code(ctx, real, filepath.Join(dir, "coded.csv"), j.domain()); err != nil {
			return r, err
		}
		j.in = coded.path
	}
	if j.system.Name == "amparo" {
		budget := exec.CommandContext(ctx, j.Amparo, "budget", "set", "p", "--home", j.home, "--epsilon", j.epsilon, "--delta", j.data.Delta)
		if text, err := budget.CombinedOutput(); err != nil {
			return r, fmt.Errorf("amparo budget set: %w: %s", err, text)
		}
	}
	r.Version = j.version()
	outcome, err := j.measure(ctx, append(slices.Clone(j.Prefix), j.system.command(j)...))
	if ctx.Err() != nil || err != nil {
		return r, errors.Join(err, ctx.Err())
	}
	if r.Cost, r.Failed = outcome.Cost, outcome.Failed; r.Failed != "" {
		return r, nil
	}
	if coded != nil {
		err = coded.decode(j.out)
	}
	if err == nil {
		r.Score, err = Score(real, j.out, j.scored(), j.data.Shown)
	}
	if err != nil {
		r.Failed = err.Error()
	}
	return r, nil
}

// scored is the domain file by which a file is scored, or none.
func (j job) scored() string {
	if j.data.Domain == "" {
		return ""
	}
	return j.domain()
}

// Score scores a synthetic file. The domain file may be none.
func Score(real, synthetic, domain string, shown [][2]string) (*score.Score, error) {
	var sizes score.Domain
	if domain != "" {
		text, err := os.ReadFile(domain)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &sizes); err != nil {
			return nil, fmt.Errorf("%s: %w", domain, err)
		}
	}
	a, err := os.Open(real)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := os.Open(synthetic)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	files, err := score.Read(a, b, sizes)
	if err != nil {
		return nil, err
	}
	s, err := files.Compare(shown)
	return &s, err
}

// version returns the version that was installed, or that amparo says of itself.
func (j job) version() string {
	if j.system.Venv != "" {
		text, _ := os.ReadFile(filepath.Join(j.Venvs, j.system.Venv, "installed"))
		return strings.Join(strings.Fields(string(text)), " ")
	}
	if j.system.Name != "amparo" {
		return ""
	}
	text, _ := exec.Command(j.Amparo, "version").Output()
	return strings.TrimPrefix(strings.TrimSpace(string(text)), "amparo ")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
