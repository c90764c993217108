package main

import "amparo/internal/release"

type tablesCommand struct {
	fileFlags  `embed:""`
	spendFlags `embed:""`
	K          int      `name:"k" default:"3" help:"Most columns of a table, 1 to 4."`
	Columns    []string `placeholder:"A,B" help:"Columns to tabulate. Default: all."`
	MaxCells   int      `default:"20000" help:"Leave out tables of two columns or more that have more cells than this."`
	Out        string   `required:"" placeholder:"DIR" help:"Folder to write: a CSV file a table, and tables.json."`
}

func (c *tablesCommand) Run(p *program) error {
	if c.K < 1 || c.K > 4 {
		return usage{advise("--k 3, for example", "tables have one to four columns")}
	}
	if c.MaxCells < 1 {
		return usage{advise("--max-cells 20000, for example", "a table has one cell at least")}
	}
	db, err := p.ledger()
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := p.request(&c.fileFlags, &protectFlags{spendFlags: c.spendFlags}, db)
	if err != nil {
		return err
	}
	r.Tabs = &release.Folder{Path: c.Out, Only: c.Columns, Order: c.K, MaxCells: c.MaxCells}
	res, err := p.protect(r)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.object(outcome("tables", res))
	}
	p.say("wrote %s: %d tables of about %d people", res.Path, res.Tables, res.Rows)
	if res.Omitted > 0 {
		p.say("  left out    %d tables of more than %d cells (tables.json lists them; --max-cells)", res.Omitted, c.MaxCells)
	}
	p.outcome(res)
	return nil
}
