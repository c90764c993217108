package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"amparo/internal/catalog"
	"amparo/internal/release"
	"amparo/microdata/tabular"
)

func TestLinesTellStagesAndNowAndThenShares(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := &lines{out: &out, now: func() time.Time { return now }}
	for _, s := range []struct {
		after       time.Duration
		stage       string
		done, total int64
	}{
		{0, "reading", 0, 100}, {time.Second, "reading", 10, 100}, {5 * time.Second, "reading", 60, 100}, {time.Second, "reading", 70, 100},
		{0, "measuring", 0, 0}, {time.Minute, "measuring", 1, 0}, {time.Minute, "fit", 7, 5}, {time.Minute, "fit", 7, 5},
	} {
		now = now.Add(s.after)
		l.step(release.Progress{Stage: s.stage, Done: s.done, Total: s.total})
	}
	l.end()
	if want := "reading\nreading: 60 %\nmeasuring\nfit\nfit: 100 %\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestBarsEnd drives the bars through every stage, also from several goroutines:
// they must come to an end, and leave the line to the result.
func TestBarsEnd(t *testing.T) {
	var out bytes.Buffer
	p := &program{err: &out, screen: true}
	done := make(chan bool)
	go func() {
		b := p.progress()
		for _, stage := range []string{"reading", "measuring", "fit", "measure", "fit", "writing"} {
			for i := range int64(5) {
				b.step(release.Progress{Stage: stage, Done: i, Total: int64(len(stage)) % 2 * 5})
			}
		}
		b.end()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the bars did not end")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ column, value, lang, want string }{
		{"citizenship", "GTM", "en", "Guatemala"}, {"CountryOfExploitation", "ESP", "es", "España"}, {"país", "DEU", "es", "Alemania"},
		{"citizenship", "DEU", "en", "Germany"}, {"citizenship", "XXA", "en", ""}, {"citizenship", "", "en", ""}, {"citizenship", "gtm", "en", ""},
		{"citizenship", "Other", "en", ""}, {"colour", "GTM", "en", ""}, {"citizenship", "GTM", "not a language", ""}, {"citizenship", "419", "es", ""},
	} {
		if got := names(c.column, c.value, c.lang); got != c.want {
			t.Errorf("%s %s in %s: %q, want %q", c.column, c.value, c.lang, got, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	if d, n, err := split("things/12"); d != "things" || n != 12 || err != nil {
		t.Errorf("%s, %d, %v", d, n, err)
	}
	for _, bad := range []string{"", "things", "things/", "things/0", "things/-1", "things/01", "things/1x", "things/1/2", "things/ 1"} {
		if _, _, err := split(bad); !errors.As(err, new(usage)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHints(t *testing.T) {
	for want, err := range map[string]error{
		"":     errors.New("x"),
		"a":    fmt.Errorf("outer: %w", advise("a", "x")),
		"b":    &release.Refusal{Err: errors.New("x"), Hint: "b"},
		"c":    usage{advise("c", "x")},
		"d; e": &tabular.Error{Faults: []tabular.Fault{{Problem: "x", Hint: "d"}, {Problem: "y", Hint: "e"}}},
	} {
		if got := hintOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	var out bytes.Buffer
	(&program{err: &out}).complain(errors.Join(advise("one\ntwo", "first"), errors.New("second")))
	if want := "amparo: first; second\nhint: one; two\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestVerdict holds that a signer who is not known is said only where nothing
// worse was found.
func TestVerdict(t *testing.T) {
	fault := func(kinds ...catalog.FaultKind) *catalog.Report {
		r := new(catalog.Report)
		for _, k := range kinds {
			r.Faults = append(r.Faults, catalog.Fault{Kind: k, Text: string(k) + "!"})
		}
		return r
	}
	for want, r := range map[string]*catalog.Report{
		"signer!":                  fault(catalog.FaultSigner),
		"ledger signer!":           fault(catalog.FaultLedgerSigner),
		"not verified: file!":      fault(catalog.FaultSigner, catalog.FaultFile, catalog.FaultExtra),
		"not verified: extra!":     fault(catalog.FaultExtra),
		"not verified: withdrawn!": fault(catalog.FaultLedgerSigner, catalog.FaultWithdrawn),
	} {
		err := verdict(r)
		if err.Error() != want || hintOf(err) == "" {
			t.Errorf("%v, hint %q; want %q", err, hintOf(err), want)
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, c := range map[string]tabular.ColumnReport{
		"a: dropped":                           {Name: "a", Use: "dropped"},
		"a: tells persons apart; not released": {Name: "a", Use: "person"},
		"a: 2 levels, from the profile; 3 values are not among them (first in row 9); 1 blank; one of several in g; coarser by region": {
			Name: "a", Use: "closed", From: "profile", Levels: []string{"x", "y"}, Outside: 3, FirstOutside: 9, Blank: 1, Group: "g", Hierarchy: []string{"region"}},
		"a: open, at least 5 distinct values that look like dates; its levels would be found privately; 0 blank": {
			Name: "a", Use: "open", Distinct: 5, AtLeast: true, Looks: "dates"},
	} {
		if got := describe(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCodeNamesTheProgram(t *testing.T) {
	if code() == "" {
		t.Error("no version")
	}
	version = "v9"
	defer func() { version = "" }()
	if code() != "v9" {
		t.Error("the build's version is not used")
	}
}

// TestHelpIsComplete holds every command to a line of help, and the flags that
// the issue names to their names.
func TestHelpIsComplete(t *testing.T) {
	help := func(args ...string) string {
		var out bytes.Buffer
		p := &program{Context: t.Context(), out: &out, err: &out}
		if code := p.run(append(args, "--help")); code != 0 {
			t.Errorf("%v --help: exit %d", args, code)
		}
		return out.String()
	}
	for command, flags := range map[string]string{
		"":            "--home AMPARO_HOME",
		"inspect":     "--json --domain --drop --allow --person",
		"budget set":  "--epsilon --delta --json --raise --owner",
		"budget show": "--json",
		"synthesize":  "--population --epsilon --delta --out --person --domain --drop --allow --seed --json --force",
		"release":     "--population --dataset --epsilon --delta --catalog --person --domain --drop --allow --seed --json",
		"verify":      "--key --json",
		"withdraw":    "--reason --successor --catalog",
		"serve":       "--catalog --portal",
		"demo":        "--portal --cases --no-serve",
		"keys show":   "--json",
		"keys pin":    "<file>",
		"version":     "--home",
	} {
		text := help(strings.Fields(command)...)
		for _, f := range strings.Fields(flags) {
			if !strings.Contains(text, f) {
				t.Errorf("%s: help lacks %s", command, f)
			}
		}
	}
}
