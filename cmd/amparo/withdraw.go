package main

import (
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
)

type withdrawCommand struct {
	Version   string `arg:"" name:"dataset/version" help:"What to withdraw: DATASET/VERSION."`
	Reason    string `required:"" help:"Why. It is published."`
	Successor int    `placeholder:"N" help:"Version to use instead."`
	Catalog   string `placeholder:"DIR" help:"Default: catalog in the home."`
	JSON      bool   `name:"json" help:"Print one JSON object."`
}

func (c *withdrawCommand) Run(p *program) error {
	dataset, number, err := split(c.Version)
	if err != nil {
		return err
	}
	if _, ok, err := p.keys().Own(); err != nil {
		return advice{err, keysHint}
	} else if !ok {
		return advise("run it in the home that published it: --home", "this home has no signing key")
	}
	s, _, err := p.keys().Signer("", p.noise)
	if err != nil {
		return advice{err, keysHint}
	}
	w := publish.Withdrawal{Dataset: dataset, Version: number, Reason: c.Reason, Successor: c.Successor, Time: p.now().UTC().Truncate(1e9)}
	trusted, err := p.keys().Trusted()
	if err != nil {
		return err
	}
	if err := release.Withdraw(p.catalogDir(c.Catalog), w, s, trusted...); err != nil {
		return err
	}
	p.remember(p.catalogDir(c.Catalog))
	if c.JSON {
		return p.object(map[string]any{"command": "withdraw", "dataset": dataset, "version": number, "successor": c.Successor})
	}
	p.say("withdrew %s/%d; its files now answer with the reason", dataset, number)
	return nil
}
