package main

import (
	"amparo/internal/catalog"
)

const keysHint = "keys are files in the folder keys of the home: signing.key, its own, and those in pinned"

type keysCommands struct {
	Show keysShowCommand `cmd:"" default:"withargs" help:"Show this home's key and those it trusts."`
	Pin  keysPinCommand  `cmd:"" help:"Trust a public key, once its fingerprint was compared with its holder."`
}

type keysShowCommand struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

type keyJSON struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Public      string `json:"public"`
}

func keyObject(k catalog.PublicKey) *keyJSON {
	return &keyJSON{k.Name, k.Fingerprint(), k.String()}
}

func (c *keysShowCommand) Run(p *program) error {
	own, ok, err := p.keys().Own()
	if err != nil {
		return advice{err, keysHint}
	}
	trusted, err := p.keys().Trusted()
	if err != nil {
		return advice{err, keysHint}
	}
	if ok {
		trusted = trusted[1:] // its own comes first
	}
	if c.JSON {
		out := struct {
			Own    *keyJSON   `json:"own"`
			Pinned []*keyJSON `json:"pinned"`
		}{Pinned: []*keyJSON{}}
		if ok {
			out.Own = keyObject(own)
		}
		for _, k := range trusted {
			out.Pinned = append(out.Pinned, keyObject(k))
		}
		return p.object(out)
	}
	if ok {
		p.say("own     %s %s\n        %s", own.Fingerprint(), own.Name, own)
	} else {
		p.say("this home has no key yet: the first release makes one")
	}
	for _, k := range trusted {
		p.say("pinned  %s %s", k.Fingerprint(), k.Name)
	}
	return nil
}

type keysPinCommand struct {
	File string `arg:"" help:"File with one public key."`
}

func (c *keysPinCommand) Run(p *program) error {
	k, err := p.trusted(c.File)
	if err != nil {
		return err
	}
	if err := p.keys().Pin(k[0]); err != nil {
		return advice{err, keysHint}
	}
	p.say("pinned  %s %s", k[0].Fingerprint(), k[0].Name)
	return nil
}
