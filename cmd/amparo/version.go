package main

import "runtime/debug"

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

type versionCommand struct{}

func (versionCommand) Run(p *program) error {
	p.say("amparo %s", code())
	return nil
}

// code names this amparo in ledgers and manifests.
func code() string {
	if version != "" {
		return version
	}
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := b.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
