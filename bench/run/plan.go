// Package run runs synthesizers side by side on the same files, each as a process
// of its own from its published package, and measures what they cost and how far
// their records are from the real ones.
package run

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// A Dataset is a public file of the comparison.
type Dataset struct {
	Name, File string
	Domain     string // a file that gives each column's number of levels; or none
	Delta      string
	Epsilons   []string
	Shown      [][2]string // pairs told apart
	Small      bool        // too small for more than the first size of a model
}

// Datasets are the files of the comparison, in the order in which they are run.
var Datasets = []Dataset{
	{Name: "nltcs", File: "dp/hd_nltcs.csv", Domain: "dp/hd_nltcs-domain.json", Delta: "1e-9", Epsilons: []string{"1"}, Small: true},
	{Name: "adult", File: "dp/adult.csv", Domain: "dp/adult-domain.json", Delta: "1e-9", Epsilons: []string{"1", "0.1", "10"}},
	{Name: "ctdc", File: "ctdc/global_synthetic_2021.csv", Delta: "1e-6", Epsilons: []string{"1", "4"}, Shown: [][2]string{
		{"citizenship", "CountryOfExploitation"}, {"citizenship", "ageBroad"}, {"gender", "isSexualExploit"}, {"gender", "isForcedLabour"}}},
}

// A System is one synthesizer, in one mode or several.
type System struct {
	Name  string
	About string   // what it is, for README
	Venv  string   // the Python environment that it runs in; or none
	Modes []string // "" where there is one only
	Seeds int      // runs of each mode
	open  bool     // it protects nobody: one and the same at every ε
	coded bool     // it knows only codes, not values
	sizes bool     // the modes are sizes of its model
	// command returns what is run; it writes out.
	command func(j job) []string
}

// A job is one run to be made.
type job struct {
	system System
	mode   string
	data   Dataset
	Options
	epsilon string
	seed    int
	in, out string // files
	home    string // a fresh folder
}

func (j job) python(script string, args ...string) []string {
	return append([]string{filepath.Join(j.Venvs, j.system.Venv, "bin", "python"), filepath.Join(j.Peers, script)}, args...)
}

func (j job) domain() string {
	if j.data.Domain == "" {
		return filepath.Join(j.Out, j.data.Name+"-domain.json") // written by prepare
	}
	return filepath.Join(j.Data, j.data.Domain)
}

// Systems are those that are compared, in the order in which they are run.
var Systems = []System{
	{Name: "amparo", Modes: []string{"limited", "unlimited", "strict"}, Seeds: 3, command: amparo,
		About: "`amparo synthesize`; the mode is its dial `--fabrication`, limited the default. A fresh home and budget each run."},
	{Name: "shuffled", Seeds: 3, open: true, command: baseline,
		About: "No privacy: each column of the real file in an order of its own. The independent model; what is not below it has learned nothing of how columns hang together."},
	{Name: "resample", Seeds: 3, open: true, command: baseline,
		About: "No privacy: as many records drawn from the real file with replacement. The floor: a second sample of the same people."},
	{Name: "pac-synth", Venv: "pac-synth", Seeds: 1, command: pacSynth,
		Modes: []string{"uncontrolled", "balanced", "progressive", "minimize"},
		About: "Synthetic Data Showcase's package, reporting length 3, defaults but for ε, δ and the fabrication mode. Where codes are values (adult, nltcs) it is told that 0 is one; a blank is no value to it."},
	{Name: "mst", Venv: "mbi", Seeds: 1, coded: true, command: overMBI,
		About: "MST (McKenna, Miklau, Sheldon 2021) over the inference of the package mbi, which has no mechanisms: peers/over_mbi.py."},
	{Name: "aim", Venv: "mbi", Seeds: 1, coded: true, sizes: true, command: overMBI,
		Modes: []string{"80 MB", "1 MB, 300 steps"},
		About: "AIM (McKenna and others, VLDB 2022) over the same inference, all pairs as workload; the mode bounds its model, 80 MB and 1000 steps a fit being the default of its authors' code."},
	{Name: "reference-mst", Seeds: 1, command: ownReference,
		About: "No peer: this house's own MST (`synth/evaluate/reference`), over its own inference, from the paper. It says what the mechanism does where a package takes too long."},
	{Name: "reference-aim", Seeds: 1, sizes: true, command: ownReference, Modes: []string{"80 MB", "1 MB, 300 steps"},
		About: "No peer: this house's own AIM, in the same way."},
	{Name: "dpmm-mst", Venv: "dpmm", Seeds: 1, coded: true, command: overDPMM, About: "MST of the package dpmm."},
	{Name: "dpmm-aim", Venv: "dpmm", Seeds: 1, coded: true, command: overDPMM, About: "AIM of the package dpmm, at 80 MB."},
}

// amparo names the domain file where the program does not know the file's standard.
func amparo(j job) []string {
	args := []string{j.Amparo, "synthesize", j.in, "--home", j.home, "--population", "p",
		"--epsilon", j.epsilon, "--delta", j.data.Delta, "--fabrication", j.mode, "--out", j.out}
	if j.data.Domain != "" {
		args = append(args, "--domain", j.domain())
	}
	return args
}

func baseline(j job) []string {
	return []string{j.Self, "baseline", j.system.Name, j.in, j.out, fmt.Sprint(j.seed)}
}

func ownReference(j job) []string {
	domain := ""
	if j.data.Domain != "" {
		domain = j.domain()
	}
	args := []string{j.Self, "reference", strings.TrimPrefix(j.system.Name, "reference-"), j.in, domain, j.out, j.epsilon, j.data.Delta, fmt.Sprint(j.seed)}
	return append(args, number.FindAllString(j.mode, -1)...)
}

// pacSynth tells pac-synth that 0 is a value where codes are values: it would not
// see them else.
func pacSynth(j job) []string {
	zeros := "0"
	if j.data.Domain != "" {
		zeros = "1"
	}
	return j.python("pac_synth.py", j.in, j.out, j.epsilon, j.data.Delta, j.mode, zeros)
}

// overMBI reads AIM's effort from the mode: megabytes and steps.
func overMBI(j job) []string {
	args := []string{j.system.Name, j.in, j.domain(), j.out, j.epsilon, j.data.Delta, fmt.Sprint(j.seed)}
	return j.python("over_mbi.py", append(args, number.FindAllString(j.mode, -1)...)...)
}

func overDPMM(j job) []string {
	mechanism := strings.TrimPrefix(j.system.Name, "dpmm-")
	return j.python("over_dpmm.py", mechanism, j.in, j.domain(), j.out, j.epsilon, j.data.Delta, fmt.Sprint(j.seed))
}

var number = regexp.MustCompile(`[0-9]+`)
