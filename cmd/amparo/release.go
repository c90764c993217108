package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/internal/release"
	"amparo/microdata"
)

type releaseCommand struct {
	fileFlags    `embed:""`
	protectFlags `embed:""`
	Dataset      string            `required:"" placeholder:"ID" help:"Dataset of which this is the next version."`
	Catalog      string            `placeholder:"DIR" help:"Catalog to publish in. Default: catalog in the home."`
	Title        map[string]string `placeholder:"es=TEXT" help:"Title, by language."`
	Description  map[string]string `placeholder:"es=TEXT" help:"What it is, by language."`
	Coverage     map[string]string `placeholder:"es=TEXT" help:"Whom the records leave out, by language."`
	Publisher    string            `help:"Who publishes."`
	License      string            `placeholder:"SPDX" help:"Licence of the release."`
	Signer       string            `placeholder:"NAME" default:"amparo home" help:"Name in which the home's key is made, at the first release."`
}

func (c *releaseCommand) Run(p *program) error {
	for _, texts := range []map[string]string{c.Title, c.Description, c.Coverage} {
		for lang := range texts {
			if len(lang) != 2 || strings.ToLower(lang) != lang {
				return usage{advise("for example --title es=Víctimas --title en=Victims", "texts are given by language: es=TEXT")}
			}
		}
	}
	db, err := p.ledger()
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := p.request(&c.fileFlags, &c.protectFlags, db)
	if err != nil {
		return err
	}
	r.Pub = p.bundle(c.Catalog, c.Dataset, c.Signer)
	r.Pub.Title, r.Pub.Description, r.Pub.Coverage = microdata.Text(c.Title), microdata.Text(c.Description), microdata.Text(c.Coverage)
	r.Pub.Publisher, r.Pub.License = c.Publisher, c.License
	p.name(r.Pub)
	res, err := p.protect(r)
	if err != nil {
		return err
	}
	p.remember(r.Pub.Catalog)
	if res.ReportErr != nil {
		p.note("amparo: the release stands, but the custodian's report could not be written: %s", oneLine(res.ReportErr.Error()))
	}
	if c.JSON {
		out := outcome("release", res)
		out.Key, out.SignedBy = res.Key.Fingerprint(), 1
		return p.object(out)
	}
	p.say("released %s/%d: %d synthetic rows, %d tables", res.Dataset, res.Version, res.Rows, res.Tables)
	p.outcome(res)
	p.say("  signed by   one person, key %s", res.Key.Fingerprint())
	p.say("  bundle      %s", res.Path)
	if res.Report != "" {
		p.say("  for you     %s (custodian's report: not for publication)", res.Report)
	}
	return nil
}

// bundle returns what a release to the catalog needs of the home.
func (p *program) bundle(dir, dataset, name string) *release.Bundle {
	return &release.Bundle{
		Catalog: p.catalogDir(dir), Dataset: dataset, Reports: filepath.Join(p.home, "reports"),
		Signer: func() (*publish.Signer, error) {
			s, made, err := p.keys().Signer(name, p.noise)
			if err != nil {
				return nil, advice{err, keysHint}
			}
			if made {
				p.note("made a signing key for %q: %s", name, s.Public().Fingerprint())
				p.note("tell this fingerprint to those who verify your releases, by another way than the releases")
			}
			return s, nil
		},
	}
}

// name gives a release without a publisher that of the newest version before it,
// and says so; where no one is named it says what that means. It is said when the
// key is asked for: what would be refused has been, and nothing is spent yet.
func (p *program) name(b *release.Bundle) {
	if b.Publisher != "" {
		return
	}
	note := "no publisher is named, so readers will have nobody to write to: --publisher NAME names one"
	c, err := catalog.Open(b.Catalog)
	if err != nil {
		return // the release will be refused, and say why
	}
	switch before, err := c.Bundle(b.Dataset, 0); {
	case err == nil && before.Manifest().Publisher != "":
		b.Publisher = before.Manifest().Publisher
		note = fmt.Sprintf("the publisher is %q, as of version %d: --publisher NAME names another", b.Publisher, before.Manifest().Version)
	case err != nil && !errors.Is(err, catalog.ErrNotFound) && !errors.Is(err, catalog.ErrWithdrawn):
		return
	}
	sign := b.Signer
	b.Signer = func() (*publish.Signer, error) {
		s, err := sign()
		if err == nil {
			p.note("amparo: %s", note)
		}
		return s, err
	}
}

// split takes DATASET/VERSION apart.
func split(name string) (dataset string, number int, err error) {
	dataset, digits, ok := strings.Cut(name, "/")
	if ok {
		_, err = fmt.Sscanf(digits, "%d", &number)
	}
	if !ok || err != nil || number < 1 || fmt.Sprint(number) != digits {
		return "", 0, usage{advise("for example victims/1", "name a version as DATASET/VERSION")}
	}
	return dataset, number, nil
}
