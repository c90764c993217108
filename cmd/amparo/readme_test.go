package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"amparo/microdata/tabular"
)

// words splits a command line as a shell would, as far as the docs need it:
// quotation marks, and a comment at the end.
func words(line string) []string {
	var out []string
	for _, w := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
		if strings.HasPrefix(w, "#") {
			break
		}
		out = append(out, strings.Trim(w, `"`))
	}
	return out
}

// TestDocumentedCommandsParse takes every command out of README and the guides:
// lines of code blocks and `amparo …` in running text with flags. Each must be one
// that the program takes.
func TestDocumentedCommandsParse(t *testing.T) {
	block := regexp.MustCompile("(?ms)^```\n(.*?)^```")
	span := regexp.MustCompile("`((?:amparo|make) [^`]+)`")
	commands := 0
	for _, file := range []string{"README.md", "docs/en/guide.md", "docs/es/guia.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, strings.Split(m[1], "\n")...)
		}
		for _, m := range span.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(m[1], "…") || strings.Contains(m[1], "withdraw") {
				lines = append(lines, m[1])
			}
		}
		for _, line := range lines {
			switch w := words(line); {
			case len(w) > 1 && w[0] == "make":
				commands++
				if !makeTarget(t, w[1]) {
					t.Errorf("%s: there is no make target %s", file, w[1])
				}
			case len(w) > 1 && w[0] == "amparo" && (len(w) > 2 || w[1] == "serve"):
				commands++
				if err := parses(w[1:]); err != nil {
					t.Errorf("%s: %s\n\t%v", file, line, err)
				}
			}
		}
	}
	if commands < 20 {
		t.Errorf("only %d commands were found in the docs", commands)
	}
}

func parses(args []string) error {
	parser, err := kong.New(new(grammar), kong.Name("amparo"), kong.NamedMapper("number", kong.MapperFunc(number)),
		kong.Exit(func(int) {}), kong.Writers(nullWriter{}, nullWriter{}))
	if err != nil {
		return err
	}
	for i, a := range args { // files of the examples, which need not be here
		if strings.HasSuffix(a, ".csv") || strings.HasSuffix(a, ".json") || strings.HasSuffix(a, ".pub") {
			args[i] = "readme_test.go"
		}
	}
	_, err = parser.Parse(args)
	return err
}

type nullWriter struct{}

func (nullWriter) Write(p []byte) (int, error) { return len(p), nil }

func makeTarget(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(string(text), -1)
	if len(targets) > 9 {
		t.Errorf("%d make targets; nine are enough", len(targets))
	}
	for _, m := range targets {
		if m[1] == name {
			return true
		}
	}
	return false
}

// TestDocumentedDomainsAreRead: the domain file of each guide is one.
func TestDocumentedDomainsAreRead(t *testing.T) {
	block := regexp.MustCompile(`(?m)^    \{(?:.*\n     .*)*$`)
	for _, file := range []string{"docs/en/guide.md", "docs/es/guia.md"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := tabular.ReadDomain(strings.NewReader(block.FindString(string(text))))
		if err != nil || len(d.Columns()) != 5 {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var bins []string
		for _, l := range d.Levels(d.Columns()[0]) {
			bins = append(bins, l.Value)
		}
		if want := "edges` | your own bins: "; file == "docs/en/guide.md" && !strings.Contains(string(text), want+strings.Join(bins[:len(bins)-1], ", ")) {
			t.Errorf("%s: the bins are %q", file, bins)
		}
	}
}
