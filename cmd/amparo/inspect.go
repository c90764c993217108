package main

import (
	"fmt"
	"strings"

	"amparo/internal/release"
	"amparo/microdata"
	"amparo/microdata/tabular"
)

type inspectCommand struct {
	fileFlags `embed:""`
}

func (c *inspectCommand) Run(p *program) error {
	domain, err := c.domain()
	if err != nil {
		return err
	}
	f, size, err := release.OpenInput(c.File, c.Encoding)
	if err != nil {
		return err
	}
	defer f.Close()
	show := p.progress()
	in, err := tabular.Inspect(p, f, size, tabular.Options{Domain: domain, Drop: c.Drop, Allow: c.Allow, Person: c.Person, Workers: workers(),
		Progress: func(done, total int64) { show.step(release.Progress{Stage: release.Reading, Done: done, Total: total}) }})
	show.end()
	if err != nil {
		return err
	}
	if c.JSON {
		if err := p.object(in); err != nil {
			return err
		}
	} else {
		p.inspection(in)
	}
	if len(in.Refused) == 0 {
		return nil
	}
	return &tabular.Error{Faults: in.Refused}
}

// inspection prints what a file is, for its custodian.
func (p *program) inspection(in *tabular.Inspection) {
	if len(in.Columns) == 0 {
		return
	}
	p.say("for the custodian's eyes only: exact figures of the file")
	switch {
	case in.Profile == nil:
		p.say("standard   none is recognised; levels come from --domain or are found privately")
	default:
		p.say("standard   %s (%s)", in.Profile.Title.In("en", in.Profile.ID), in.Profile.ID)
		if n := len(in.Profile.Absent); n > 0 {
			p.say("           %d of its columns are not in the file: %s", n, strings.Join(in.Profile.Absent, ", "))
		}
		if n := len(in.Profile.Others); n > 0 {
			p.say("           %d columns of the file are not in it: %s", n, strings.Join(in.Profile.Others, ", "))
		}
	}
	p.say("rows       %d, persons %d, delimiter %q", in.Rows, in.Persons, in.Delimiter)
	if !in.Complete {
		p.say("           read up to a fault: figures are of the part before it")
	}
	if in.BlankRows+in.EmptyLines+in.RaggedRows > 0 {
		p.say("           %d rows hold no value, %d lines are empty, %d rows have another number of values than the header", in.BlankRows, in.EmptyLines, in.RaggedRows)
	}
	for _, c := range in.Columns {
		p.say("column %-3d %s", c.Position, describe(c))
	}
	for _, f := range in.Refused {
		p.say("refused    %v", f.String())
	}
}

func describe(c tabular.ColumnReport) string {
	s := c.Name + ": "
	switch c.Use {
	case "closed":
		outside := "are not among them"
		if b := c.Bins; b != nil {
			outside = "are not read as " + b.Of
			s += describeBins(b, c.From)
		} else {
			s += fmt.Sprintf("%d levels, from the %s", len(c.Levels), c.From)
		}
		if c.Outside > 0 {
			s += fmt.Sprintf("; %d values %s (first in row %d)", c.Outside, outside, c.FirstOutside)
		}
	case "open":
		atLeast := ""
		if c.AtLeast {
			atLeast = "at least "
		}
		s += fmt.Sprintf("open, %s%d distinct values that look like %s; its levels would be found privately", atLeast, c.Distinct, c.Looks)
	case "person":
		s += "tells persons apart; not released"
		if c.Blank > 0 {
			s += fmt.Sprintf("; %d rows have no key, and each is taken as one person", c.Blank)
		}
	default:
		s += c.Use
	}
	if c.Use == "closed" || c.Use == "open" {
		s += fmt.Sprintf("; %d blank", c.Blank)
	}
	if len(c.Missing) > 0 {
		s += "; missing: " + strings.Join(kinds(c.Missing), ", ")
	}
	if c.Group != "" {
		s += "; one of several in " + c.Group
	}
	if len(c.Hierarchy) > 0 {
		s += "; coarser by " + strings.Join(c.Hierarchy, ", ")
	}
	return s
}

func describeBins(b *tabular.BinReport, from string) string {
	s := fmt.Sprintf("%s in %d bins, %s to %s, from the %s", b.Of, b.Bins, b.First, b.Last, from)
	if b.Quantiles > 0 {
		s = fmt.Sprintf("%s whose %d bins would be found privately, on a grid of %d steps, %s to %s, from the %s", b.Of, b.Quantiles, b.Bins, b.First, b.Last, from)
	}
	if b.Below+b.Above > 0 {
		s += fmt.Sprintf("; %d values below are in the first, %d above in the last", b.Below, b.Above)
	}
	return s
}

func kinds(all []microdata.Missing) (out []string) {
	for _, m := range all {
		out = append(out, m.String())
	}
	return out
}
