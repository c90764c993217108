package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"

	"amparo/dp"
	"amparo/internal/release"
	"amparo/microdata/tabular"
	"amparo/synth"
)

// fileFlags are those of every command that reads a file of records.
type fileFlags struct {
	File     string   `arg:"" help:"Delimited file of records, one line a person."`
	Person   string   `placeholder:"COL" help:"Column that tells persons apart: its rows become one. Default: one row is taken as one person."`
	Domain   string   `placeholder:"FILE" help:"JSON object that gives each column its number of levels, its list of levels (and which stand for missing), or its bins of numbers or dates, such as {\"age\": {\"from\": 0, \"to\": 120, \"width\": 10}}: public knowledge."`
	Encoding string   `enum:"utf-8,windows-1252" default:"utf-8" help:"How the file writes letters: ${enum}. Spanish spreadsheets write plain CSV in windows-1252."`
	Drop     []string `placeholder:"A,B" help:"Columns to leave out."`
	Allow    []string `placeholder:"C" help:"Columns to keep although their name looks identifying. Goes on record."`
	JSON     bool     `name:"json" help:"Print one JSON object."`
}

// domain reads the domain file, where one is named.
func (f *fileFlags) domain() (*tabular.DomainFile, error) {
	if f.Domain == "" {
		return nil, nil
	}
	in, err := os.Open(f.Domain)
	if err != nil {
		return nil, advise(`it holds an object such as {"age": 85, "sex": ["F", "M", ""]}`, "the domain file cannot be read: %w", errors.Unwrap(err))
	}
	defer in.Close()
	return tabular.ReadDomain(in)
}

// spendFlags are those of every command that spends.
type spendFlags struct {
	Population string  `required:"" placeholder:"P" help:"Whose people are in the file; its budget pays."`
	Epsilon    float64 `required:"" type:"number" placeholder:"E" help:"ε of this run."`
	Delta      float64 `required:"" type:"number" placeholder:"D" help:"δ of this run."`
	Rules      string  `placeholder:"FILE" help:"Rules that nothing written may break, such as: isChild = 1 => age in 0--8, 9--17."`
	Seed       *uint64 `help:"Fix which records are drawn. Never fixes the noise."`
}

// protectFlags are those of the commands that write synthetic records.
type protectFlags struct {
	spendFlags  `embed:""`
	Fabrication string   `enum:"limited,unlimited,strict" default:"limited" help:"Between inventing combinations of values and losing them: ${enum}."`
	Earlier     []string `placeholder:"BUNDLE" help:"Folder of an earlier release of the very same people: its tables make the records better and cost nothing. May stand several times."`
}

// request fills in what all runs share. The caller closes the ledger.
func (p *program) request(f *fileFlags, q *protectFlags, ledger release.Ledger) (release.Request, error) {
	if err := unlabelled(f.File); err != nil {
		return release.Request{}, err
	}
	domain, err := f.domain()
	if err != nil {
		return release.Request{}, err
	}
	dial, err := synth.ParseFabrication(q.Fabrication)
	if err != nil {
		return release.Request{}, err
	}
	trusted, err := p.keys().Trusted()
	if err != nil {
		return release.Request{}, err
	}
	return release.Request{
		File: f.File, Encoding: f.Encoding, Population: q.Population, Epsilon: dp.Epsilon(q.Epsilon), Delta: dp.Delta(q.Delta), Seed: q.Seed,
		Drop: f.Drop, Allow: f.Allow, Person: f.Person, Domain: domain, Rules: q.Rules, Fabrication: dial, Earlier: q.Earlier, Trusted: trusted,
		Ledger: ledger, Noise: p.noise, Now: p.now, Code: code(), Workers: workers(),
	}, nil
}

// protect runs a request with a progress display.
func (p *program) protect(r release.Request) (*release.Result, error) {
	// Large arrays come and go: half the garbage for a twentieth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	show := p.progress()
	r.Progress = func(step release.Progress) {
		if p.observe != nil {
			p.observe(step)
		}
		show.step(step)
	}
	result, err := release.Run(p, r)
	show.end()
	if errors.Is(err, context.Canceled) {
		if _, spent := errors.AsType[*release.AfterSpend](err); !spent {
			err = errors.New("cancelled; nothing was spent")
		}
	}
	if err == nil && float64(result.Spend.Delta)*float64(result.Rows) >= 1 {
		p.note("amparo: δ = %v is not below one in %d, the noisy number of people: choose a smaller one next time", float64(result.Spend.Delta), result.Rows)
	}
	return result, err
}

// resultJSON is the outcome of a run as --json shows it: nothing exact about the input.
type resultJSON struct {
	Command     string             `json:"command"`
	Population  string             `json:"population"`
	Dataset     string             `json:"dataset,omitempty"`
	Version     int                `json:"version,omitempty"`
	Path        string             `json:"path"`
	Report      string             `json:"custodian_report,omitempty"`
	Manifest    string             `json:"manifest,omitempty"`
	Key         string             `json:"key,omitempty"`
	SignedBy    int                `json:"signed_by,omitempty"`
	Rows        int                `json:"rows"` // synthetic, or a noisy number
	Tables      int                `json:"tables,omitempty"`
	Omitted     int                `json:"omitted,omitempty"` // tables
	PrivacyUnit string             `json:"privacy_unit"`
	Profile     string             `json:"profile,omitempty"`
	Epsilon     float64            `json:"epsilon"`
	Delta       float64            `json:"delta"`
	Mu          float64            `json:"mu"`
	Rho         float64            `json:"rho"` // of zero-concentrated differential privacy: μ²/2
	Discovery   *discoveryJSON     `json:"discovery,omitempty"`
	Earlier     map[string]bool    `json:"earlier,omitempty"` // release → whether its tables were used
	Binned      []release.Binned   `json:"binned,omitempty"`  // columns whose bins were found privately
	Left        costJSON           `json:"left"`
	Spend       int64              `json:"spend"` // number in the ledger
	Seconds     map[string]float64 `json:"seconds"`
}

type discoveryJSON struct {
	Delta  float64        `json:"delta"`
	Levels map[string]int `json:"levels"`
}

func outcome(command string, r *release.Result) resultJSON {
	out := resultJSON{Command: command, Population: r.Population, Dataset: r.Dataset, Version: r.Version, Path: r.Path,
		Report: r.Report, Manifest: r.Manifest, Rows: r.Rows, Tables: r.Tables, Omitted: r.Omitted, PrivacyUnit: string(r.PrivacyUnit), Profile: r.Profile,
		Epsilon: float64(r.Spend.Epsilon), Delta: float64(r.Spend.Delta), Mu: float64(r.Spend.Cost.Mu()), Rho: float64(r.Spend.Cost.Precision) / 2,
		Binned: r.Binned, Left: cost(r.Left), Spend: r.Spend.Number, Seconds: map[string]float64{}}
	if len(r.Found) > 0 {
		out.Discovery = &discoveryJSON{float64(r.Spend.Cost.Thresholds), map[string]int{}}
		for _, f := range r.Found {
			out.Discovery.Levels[f.Column] = f.Levels
		}
	}
	for _, e := range r.Earlier {
		if out.Earlier == nil {
			out.Earlier = map[string]bool{}
		}
		out.Earlier[e.Name] = e.Used
	}
	total := 0.0
	for _, s := range r.Seconds {
		out.Seconds[s.Stage] += float64(s.Took.Milliseconds()) / 1000
		total += s.Took.Seconds()
	}
	out.Seconds["total"] = float64(int(total*1000)) / 1000
	return out
}

// outcome prints what a run did, for people.
func (p *program) outcome(r *release.Result) {
	c := r.Spend.Cost
	p.say("  protected   ε = %v, δ = %v; that is μ = %.4g, ρ = %.4g (entry %d of the private ledger)", float64(r.Spend.Epsilon), float64(r.Spend.Delta), float64(c.Mu()), float64(c.Precision)/2, r.Spend.Number)
	if r.PrivacyUnit == "row" {
		p.say("  whom        one row is taken as one person (--person COL joins the rows of a person)")
	} else {
		p.say("  whom        each person: rows of one person were joined")
	}
	for _, e := range r.Earlier {
		if e.Used {
			p.say("  earlier     %d tables of %s fed the records, at no cost", e.Tables, e.Name)
		} else {
			p.say("  earlier     %s was not used: it tells of other people, or of no column with the same levels", e.Name)
		}
	}
	if len(r.Found) > 0 {
		p.say("  lists       levels of %d columns were found under privacy; of δ that took %.3g", len(r.Found), float64(r.Spend.Cost.Thresholds))
		for _, f := range r.Found {
			if f.Levels == 0 {
				p.say("              %s: none: no value is shared by enough people; all of it is written as not stated", f.Column)
				p.note("amparo: column %q says nothing now: give it levels or bins with --domain next time", f.Column)
				continue
			}
			p.say("              %s: %d", f.Column, f.Levels)
		}
	}
	for _, b := range r.Binned {
		p.say("  bins        of %s, found under privacy for %.3g %% of this run's μ²: %s", b.Column, 100*b.Share, strings.Join(b.Bins, ", "))
	}
	p.say("  left        μ = %.4g of population %s", float64(r.Left.Mu()), r.Population)
}
