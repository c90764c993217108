package main

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"

	"amparo/internal/catalog"
	"amparo/internal/demo"
	"amparo/internal/release"
	"amparo/internal/web/portal"
	"amparo/microdata"
)

type demoCommand struct {
	Cases   int    `default:"60000" help:"Number of invented cases."`
	Portal  string `placeholder:"ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	NoServe bool   `help:"Make and release the data, then end."`
}

// The demo's names. They say that it is fiction wherever they are read.
const (
	demoPopulation = "fictional-coalition"
	demoDataset    = "fictional-coalition"
	demoKey        = "Fictional coalition (demo)"
)

func (c *demoCommand) Run(p *program) error {
	if c.Cases < 1 {
		return usage{advise("--cases 60000", "the number of cases must be at least 1")}
	}
	cat, err := catalog.Open(p.catalogDir(""))
	if err != nil {
		return err
	}
	var listener net.Listener
	if !c.NoServe { // an address that is taken is said before a minute's work
		if listener, err = p.listen(c.Portal); err != nil {
			return err
		}
		defer listener.Close()
	}
	switch v, err := cat.Latest(demoDataset); {
	case err == nil:
		p.say("%s/%d is there already: nothing is released again, nothing is spent", demoDataset, v)
	case errors.Is(err, catalog.ErrNotFound):
		if err := c.make(p); err != nil {
			return err
		}
	default:
		return err
	}
	if c.NoServe {
		return nil
	}
	return p.serve(listener, portal.Options{Catalog: cat, Names: names})
}

// make invents the coalition's cases and releases them.
func (c *demoCommand) make(p *program) error {
	db, err := p.newLedger()
	if err != nil {
		return err
	}
	defer db.Close()
	all, err := db.Accounts(p)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Population != demoPopulation {
			return advise("give the demo a home of its own: amparo --home amparo-demo demo", "this home holds populations of people: invented cases do not belong there")
		}
	}
	file := filepath.Join(p.home, "demo", demo.FileName)
	if err := p.invent(file, c.Cases); err != nil {
		return err
	}
	if _, err := release.SetBudget(p, db, release.Promise{Population: demoPopulation, Epsilon: 10, Delta: 1e-5, Owner: demoKey}, p.now()); err != nil {
		return err
	}
	seed := uint64(1)
	r, err := p.request(&fileFlags{File: file}, &protectFlags{spendFlags: spendFlags{Population: demoPopulation, Epsilon: 1, Delta: 1e-6, Seed: &seed}}, db)
	if err != nil {
		return err
	}
	r.Pub = p.bundle("", demoDataset, demoKey)
	r.Pub.Fictional = true
	r.Pub.Title = microdata.Text{"es": "Coalición ficticia: casos detectados", "en": "Fictional coalition: detected cases"}
	r.Pub.Description = microdata.Text{
		"es": "Casos inventados de nueve países que no existen, para mostrar qué hace Amparo con datos reales: filas sintéticas y tablas con ruido.",
		"en": "Invented cases from nine countries that do not exist, to show what Amparo does with real data: synthetic rows and noisy tables.",
	}
	r.Pub.Coverage = microdata.Text{
		"es": "Solo casos que las agencias inventadas detectaron. Nada dicen de quienes nunca fueron detectados.",
		"en": "Only cases that the invented agencies detected. They say nothing of those never detected.",
	}
	r.Pub.Publisher, r.Pub.License = demoKey, "CC0-1.0"
	res, err := p.protect(r)
	if err != nil {
		return err
	}
	if res.ReportErr != nil {
		p.note("amparo: the custodian's report could not be written: %s", oneLine(res.ReportErr.Error()))
	}
	p.say("released %s/%d: %d synthetic rows, %d tables, at ε = %v, δ = %v", res.Dataset, res.Version, res.Rows, res.Tables, float64(res.Spend.Epsilon), float64(res.Spend.Delta))
	return nil
}

// invent writes the invented cases, whole or not at all.
func (p *program) invent(path string, cases int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".cases-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	show := p.progress()
	defer show.end()
	err = demo.Write(untilDone{p, f}, demo.Options{Cases: cases, Progress: func(done, total int64) {
		show.step(release.Progress{Stage: "inventing cases", Done: done, Total: total})
	}})
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// untilDone is a writer that stops when the program is told to.
type untilDone struct {
	p *program
	io.Writer
}

func (w untilDone) Write(b []byte) (int, error) {
	if err := w.p.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(b)
}
