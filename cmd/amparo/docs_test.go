package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// flagsOf returns the flags of the program, by command, from its grammar.
func flagsOf(t *testing.T) map[string][]string {
	t.Helper()
	parser, err := kong.New(new(grammar), kong.Name("amparo"), kong.NamedMapper("number", kong.MapperFunc(number)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		for _, f := range n.Flags {
			if f.Name != "help" {
				all[path] = append(all[path], "--"+f.Name)
			}
			if f.Help == "" {
				t.Errorf("%s --%s has no help", path, f.Name)
			}
		}
		for _, c := range n.Children {
			if c.Type == kong.CommandNode && c.Help == "" {
				t.Errorf("command %s has no help", c.Name)
			}
			walk(c, strings.TrimSpace(path+" "+c.Name))
		}
	}
	walk(parser.Model.Node, "")
	return all
}

var docs = []string{"README.md", "docs/en/guide.md", "docs/es/guia.md"}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var flagWord = regexp.MustCompile(`--[a-z][a-z-]+`)

// TestDocumentedFlagsExist: every flag that a document names is a flag of some
// command, or of git and go, which CONTRIBUTING and README also name.
func TestDocumentedFlagsExist(t *testing.T) {
	known := []string{"--help"}
	for _, flags := range flagsOf(t) {
		known = append(known, flags...)
	}
	seen := 0
	for _, doc := range append(docs, "SECURITY.md", "ARCHITECTURE.md") {
		for _, f := range flagWord.FindAllString(readDoc(t, doc), -1) {
			if seen++; !slices.Contains(known, f) {
				t.Errorf("%s names %s, which is no flag", doc, f)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d flags were found", seen)
	}
}

// TestGuidesNameTheSame: the Spanish guide names the flags and commands of the
// English one, and the other way round.
func TestGuidesNameTheSame(t *testing.T) {
	command := regexp.MustCompile(`amparo ([a-z]+)`)
	words := func(doc string) (all []string) {
		text := readDoc(t, doc)
		all = flagWord.FindAllString(text, -1)
		for _, m := range command.FindAllStringSubmatch(strings.Join(regexp.MustCompile("(?s)```.*?```|`[^`]+`").FindAllString(text, -1), "\n"), -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	en, es := words("docs/en/guide.md"), words("docs/es/guia.md")
	if !slices.Equal(en, es) {
		t.Errorf("the guides name different things:\n en %v\n es %v", en, es)
	}
	if len(en) < 20 {
		t.Errorf("only %v", en)
	}
}

// undocumented are flags whose --help is all there is to say.
var undocumented = strings.Fields(`--allow --cases --no-serve --base --license --publisher --title --description --coverage --signer --owner --raise --force
	--quasi --sensitive --l --entropy --t --suppress --hierarchies --max-cells --catalog --key --portal --json --person --out --k --columns`)

// TestFlagsAreDocumented: a flag is named in the guide, or stands in a list here on
// purpose.
func TestFlagsAreDocumented(t *testing.T) {
	guide := readDoc(t, "docs/en/guide.md")
	for command, flags := range flagsOf(t) {
		for _, f := range flags {
			if !regexp.MustCompile(f+`\b`).MatchString(guide) && !slices.Contains(undocumented, f) {
				t.Errorf("amparo %s %s is named in no guide", command, f)
			}
		}
	}
}

// TestHelpNamesEveryFlag: what the grammar has, --help prints, with a default
// where there is one.
func TestHelpNamesEveryFlag(t *testing.T) {
	d := &desk{t: t, home: t.TempDir()}
	for command, flags := range flagsOf(t) {
		code, out, _ := d.call(append(strings.Fields(command), "--help")...)
		if code != 0 {
			t.Errorf("%s --help: exit %d", command, code)
		}
		for _, f := range flags {
			if !strings.Contains(out, f) {
				t.Errorf("%s --help lacks %s", command, f)
			}
		}
	}
}
