package main

import "amparo/internal/release"

type synthesizeCommand struct {
	fileFlags    `embed:""`
	protectFlags `embed:""`
	Out          string `required:"" placeholder:"FILE" help:"File of synthetic records to write."`
	Force        bool   `help:"Replace the output file if it is there."`
}

func (c *synthesizeCommand) Run(p *program) error {
	db, err := p.ledger()
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := p.request(&c.fileFlags, &c.protectFlags, db)
	if err != nil {
		return err
	}
	r.Out = &release.Output{Path: c.Out, Force: c.Force}
	res, err := p.protect(r)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.object(outcome("synthesize", res))
	}
	p.say("wrote %s: %d synthetic rows", res.Path, res.Rows)
	p.outcome(res)
	return nil
}
