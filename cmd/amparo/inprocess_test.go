package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A desk is a folder with a home and some files, at which amparo is called within
// this process: quicker than scripts, where a test calls it a hundred times.
type desk struct {
	t    *testing.T
	dir  string
	home string
}

// exactly is the number of people in the desk's file: no other number is it.
const exactly = 1237

// bird is a person who stands in the desk's file alone.
const bird = "Rosario Canaria"

const deskDomain = `{"colour": ["red", "green", "blue"], "shape": ["round", "square"], "size": 4}`

// newDesk writes people.csv, whose column town has no public list and names the
// bird once, and domain.json; and sets a budget of (40, 1e-5) for people "p".
func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{t, dir, filepath.Join(dir, "home")}
	var b strings.Builder
	b.WriteString("colour,shape,size,town\n")
	for i := range exactly {
		colour := i * 7 % 11 % 3
		town := []string{"north", "south", "east"}[i%3]
		if i == 500 {
			town = bird
		}
		fmt.Fprintf(&b, "%s,%s,%d,%s\n", []string{"red", "green", "blue"}[colour], []string{"round", "square"}[min(colour, 1)], i*5%13%4, town)
	}
	d.write("people.csv", b.String())
	d.write("domain.json", deskDomain)
	d.must("budget", "set", "p", "--epsilon", "40", "--delta", "1e-5")
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name, text string) string {
	d.t.Helper()
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.path(name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return d.path(name)
}

// call runs amparo in the desk's home. Words that begin with @ are paths in its folder.
func (d *desk) call(args ...string) (code int, out, err string) {
	d.t.Helper()
	return d.callIn(d.t.Context(), args...)
}

func (d *desk) callIn(ctx context.Context, args ...string) (code int, out, err string) {
	all := []string{"--home", d.home}
	for _, a := range args {
		if rest, ok := strings.CutPrefix(a, "@"); ok {
			a = d.path(rest)
		}
		all = append(all, a)
	}
	var o, e bytes.Buffer
	p := &program{Context: ctx, out: &o, err: &e, noise: rand.Reader, now: time.Now}
	code = p.run(all)
	return code, o.String(), e.String()
}

func (d *desk) must(args ...string) string {
	d.t.Helper()
	code, out, err := d.call(args...)
	if code != 0 {
		d.t.Fatalf("amparo %v: exit %d: %s", args, code, err)
	}
	return out
}

// spends returns the private ledger as --json shows it.
func (d *desk) spends() string {
	d.t.Helper()
	return d.must("budget", "show", "--json")
}

var (
	spendWords = strings.Fields("--population p --epsilon 0.5 --delta 1e-7")
	closed     = strings.Fields("--domain @domain.json --drop town")
)

func words2(command string, more ...[]string) []string {
	return append(strings.Fields(command), slices.Concat(more...)...)
}

// secretsOf are what no output that may be passed on holds.
func (d *desk) secretsOf() []string {
	all := []string{bird, "people.csv", fmt.Sprint(exactly), "1\u202f237"}
	if host, err := os.Hostname(); err == nil && len(host) > 5 {
		all = append(all, host)
	}
	if u, err := user.Current(); err == nil && len(u.Username) > 4 {
		all = append(all, u.Username)
	}
	return all
}

// allowedKeys lists, by command, the keys that its --json may hold. What is added
// to one is thought about here: may it leave the house?
var allowedKeys = map[string]string{
	"protected": `command population path rows privacy_unit epsilon delta mu rho left left.mu left.delta_of_discovery spend seconds seconds.*
		tables omitted discovery discovery.delta discovery.levels discovery.levels.* profile`,
	"release": "dataset version custodian_report manifest key signed_by",
	"budget": `population owner epsilon delta promised promised.mu promised.delta_of_discovery spent spent.mu spent.delta_of_discovery
		left left.mu left.delta_of_discovery lifetimes lifetimes.epsilon lifetimes.delta lifetimes.owner lifetimes.set
		spends spends.number spends.purpose spends.epsilon spends.delta spends.mu spends.delta_of_discovery spends.entered spends.code spends.state`,
	"verify": `dataset version manifest signers signers.name signers.fingerprint signers.known files entries faults faults.kind faults.path faults.text
		withdrawn withdrawn.dataset withdrawn.version withdrawn.reason withdrawn.successor withdrawn.time`,
	"withdraw": "command dataset version successor",
	"keys":     "own own.name own.fingerprint own.public pinned pinned.name pinned.fingerprint pinned.public",
}

// keysOf lists the keys of a JSON value as dotted paths; those of objects named in
// open, which are the custodian's own words, read "*".
func keysOf(v any, prefix string, open []string) (keys []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if slices.Contains(open, strings.TrimSuffix(prefix, ".")) {
				k = "*"
			}
			keys = append(keys, prefix+k)
			keys = append(keys, keysOf(inner, prefix+k+".", open)...)
		}
	case []any:
		for _, inner := range v {
			keys = append(keys, keysOf(inner, prefix, open)...)
		}
	}
	return keys
}

// TestJSONIsOneObjectOfAllowedKeys calls every command whose --json is not for the
// custodian's eyes only.
func TestJSONIsOneObjectOfAllowedKeys(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		keys string
		code int
		args []string
	}{
		{"protected", 0, words2("synthesize @people.csv --out @a.csv --json", spendWords, closed)},
		{"protected", 0, words2("synthesize @people.csv --out @b.csv --json --seed 7 --fabrication strict", spendWords)},
		{"protected", 0, words2("tables @people.csv --out @t --k 2 --max-cells 6 --json", spendWords, closed)},
		{"protected", 0, words2("tables @people.csv --out @u --columns colour,town --json", spendWords)},
		{"protected release", 0, words2("release @people.csv --dataset d --json", spendWords, closed)},
		{"protected release", 0, words2("release @people.csv --dataset d --json", spendWords)},
		{"verify", 0, words2("verify @home/catalog/d/1 --json")},
		{"withdraw", 0, words2("withdraw d/1 --reason wrong --successor 2 --json")},
		{"verify", 1, words2("verify @home/catalog/d/1 --json")},
		{"keys", 0, words2("keys show --json")},
		{"keys", 0, words2("keys --json")},
		{"budget", 0, words2("budget show p --json")},
		{"budget", 0, words2("budget set q --epsilon 1 --delta 1e-6 --owner Agencia --json")},
	} {
		code, out, errs := d.call(c.args...)
		if code != c.code {
			t.Fatalf("%v: exit %d: %s", c.args, code, errs)
		}
		var v map[string]any
		dec := json.NewDecoder(strings.NewReader(out))
		if err := dec.Decode(&v); err != nil || dec.More() || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: not one JSON object on one line: %v: %q", c.args, err, out)
			continue
		}
		allowed := ""
		for _, k := range strings.Fields(c.keys) {
			allowed += " " + allowedKeys[k]
		}
		for _, k := range keysOf(v, "", []string{"seconds", "discovery.levels"}) {
			if !slices.Contains(strings.Fields(allowed), k) {
				t.Errorf("%v: --json holds %q, which nobody allowed", c.args, k)
			}
		}
		for _, own := range []string{"path", "custodian_report"} { // said to whoever ran it: where it is
			delete(v, own)
		}
		rest, _ := json.Marshal(v)
		for _, s := range append(d.secretsOf(), d.dir) {
			if regexp.MustCompile(`(^|[^0-9a-f.])` + regexp.QuoteMeta(s) + `($|[^0-9a-f.])`).Match(rest) {
				t.Errorf("%v: --json tells %q: %s", c.args, s, rest)
			}
		}
		for _, s := range append(d.secretsOf(), d.dir) {
			if strings.Contains(errs, s) && !strings.Contains(errs, "made a signing key") {
				t.Errorf("%v: the error output tells %q: %s", c.args, s, errs)
			}
		}
	}
	// All populations: a list in an object, and the same keys.
	var all map[string][]map[string]any
	if err := json.Unmarshal([]byte(d.spends()), &all); err != nil || len(all) != 1 || len(all["populations"]) != 2 {
		t.Fatalf("budget show --json: %v", err)
	}
}

// TestEveryRefusalHasOneLineAndAHint calls amparo wrongly in many ways. Each ends
// with its exit code, nothing on the output, one line and one hint on the error
// output, no value of the file, and a ledger as before.
func TestEveryRefusalHasOneLineAndAHint(t *testing.T) {
	d := newDesk(t)
	d.must(words2("release @people.csv --dataset d", spendWords, closed)...)
	d.must(words2("release @people.csv --dataset d", spendWords, closed)...)
	d.must(words2("withdraw d/1 --reason wrong")...)
	d.write("full/x", "")
	d.write("broken/ledger.jsonl", "x\n")
	d.write("bad.pub", "ssh-rsa AAAA\n")
	d.write("rules.txt", "town = "+bird+" => colour = red\n")
	d.write("badrules.txt", "when the moon is full\n")
	d.write("half.json", `{"colour": ["red"`)
	d.write("old.json", `{"colour": ["red"], "shape": ["round", "square"], "size": 4}`)
	before := d.spends()
	with := func(command string) []string { return words2(command, spendWords, closed) }
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{1, words2("budget set p --epsilon 41 --delta 1e-5"), "would raise it"},
		{1, words2("budget set p --epsilon 0.01 --delta 1e-5"), "already spent more"},
		{1, words2("budget set p --epsilon 60 --delta 1e-5"), "protects nobody"},
		{1, words2("budget set p --epsilon 1 --delta 1"), "δ must lie"},
		{1, append(words2("budget set p --epsilon 1 --delta 1e-6 --owner"), "two\nlines"), "one line of text"},
		{1, words2("budget set .p --epsilon 1 --delta 1e-6"), "population's id"},
		{1, words2("budget show nobody"), "no such population"},
		{1, words2("budget show n/o"), "population's id"},
		{1, words2("synthesize @people.csv --population p --epsilon 0 --delta 1e-6 --out @x.csv"), "ε must be"},
		{1, words2("synthesize @people.csv --population p --epsilon NaN --delta 1e-6 --out @x.csv"), "ε must be"},
		{1, words2("synthesize @people.csv --population p --epsilon 1e-310 --delta 1e-6 --out @x.csv"), "nothing but noise"},
		{1, words2("synthesize @people.csv --population p --epsilon 45 --delta 1e-6 --out @x.csv"), "over the remaining budget"},
		{1, words2("tables @people.csv --population p --epsilon 1 --delta 1e-2 --out @x"), "too large"},
		{1, words2("release @people.csv --population nobody --epsilon 1 --delta 1e-6 --dataset d"), "has no budget"},
		{1, with("synthesize @nowhere.csv --out @x.csv"), "is not there"},
		{1, with("synthesize @full --out @x.csv"), "is a folder"},
		{1, with("synthesize @people.csv --out @full"), "is a folder"},
		{1, with("synthesize @people.csv --out @domain.json"), "is there already"},
		{1, with("synthesize @people.csv --out @people.csv --force"), "input file itself"},
		{1, with("synthesize @people.csv --out @no/where.csv"), "output's folder"},
		{1, with("synthesize @people.csv --out /dev/null --force --rules @nowhere.txt"), "device or a pipe"},
		{1, with("synthesize @people.csv --out @x.csv --person nothing"), "nothing"},
		{1, with("synthesize @people.csv --out @x.csv --allow nothing"), "nothing"},
		{1, with("synthesize @people.csv --out @x.csv --rules @nowhere.txt"), "rule file"},
		{1, with("synthesize @people.csv --out @x.csv --rules @badrules.txt"), "rules, line 1"},
		{1, with("synthesize @people.csv --out @x.csv --rules @rules.txt"), "rules, line 1"},
		{1, words2("synthesize @people.csv --out @x.csv --domain @nowhere.json", spendWords), "domain file"},
		{1, words2("synthesize @people.csv --out @x.csv --domain @half.json", spendWords), "domain file"},
		{1, words2("synthesize @people.csv --out @x.csv --domain @full", spendWords), "domain file"},
		{1, words2("synthesize @people.csv --out @x.csv --domain @old.json --drop town", spendWords), "does not list"},
		{1, with("tables @people.csv --out @full"), "not empty"},
		{1, with("tables @people.csv --out @people.csv"), "cannot be used"},
		{1, with("tables @people.csv --out @x --columns nothing"), "nothing"},
		{1, with("tables @people.csv --out @x --columns town"), "no column is left"},
		{1, with("release @people.csv --dataset Víctimas"), "a dataset's id"},
		{1, with("release @people.csv --dataset ../d"), "a dataset's id"},
		{1, with("release @people.csv --dataset d --catalog @people.csv"), "catalog cannot be used"},
		{1, with("release @people.csv --dataset d --catalog @broken"), "public ledger does not hold"},
		{1, with("release @people.csv --dataset d --catalog @home"), "not for publication"},
		{1, with("release @people.csv --dataset d --title fr=Victimes"), "title is missing"},
		{1, append(with("release @people.csv --dataset d"), "--publisher", "two\nlines"), "publisher is too long or not plain text"},
		{1, append(with("release @people.csv --dataset d"), "--title", "es=\x1b[31m"), "title is too long or not plain text"},
		{1, words2("verify @home/catalog/d/9"), "there is no bundle"},
		{1, words2("verify @people.csv"), "there is no bundle"},
		{1, words2("verify @full"), "no manifest"},
		{1, words2("verify @home/catalog/d/2 --key @nowhere.pub"), "key cannot be read"},
		{1, words2("verify @home/catalog/d/2 --key @bad.pub"), "key cannot be read"},
		{1, words2("verify @home/catalog/d/2 --key @full"), "key cannot be read"},
		{1, words2("withdraw d/1 --reason again"), "is withdrawn already"},
		{1, words2("withdraw d/3 --reason r"), "not in the catalog"},
		{1, words2("withdraw other/1 --reason r"), "not in the catalog"},
		{1, words2("withdraw d/2 --reason r --successor 1"), "not a version that stands"},
		{1, words2("withdraw d/2 --reason r --successor 2"), "not a version that stands"},
		{1, append(words2("withdraw d/2 --reason"), " "), "needs a reason"},
		{1, words2("withdraw d/2 --reason r --catalog @nowhere"), "not in the catalog"},
		{1, words2("withdraw d/2 --reason r --catalog @broken"), "public ledger does not hold"},
		{1, words2("keys pin @bad.pub"), "key cannot be read"},
		{1, words2("keys pin @nowhere.pub"), "key cannot be read"},
		{1, words2("serve --catalog @nowhere"), "there is no catalog"},
		{1, words2("serve --catalog @people.csv"), "not a folder"},
		{1, words2("serve --catalog @full --portal nowhere:1:2"), "cannot listen"},
		{1, words2("inspect @nowhere.csv"), "is not there"},
		{1, words2("inspect @full"), "is a folder"},
		{1, words2("risk @people.csv --quasi nothing"), "does not have"},
		{1, words2("risk @people.csv --quasi colour,colour"), "twice"},
		{1, words2("risk @nowhere.csv --quasi colour"), "is not there"},
		{1, words2("anonymize @people.csv --quasi colour --out @domain.json"), "is there already"},
		{1, words2("anonymize @people.csv --quasi colour --out @x.csv --sensitive nothing"), "names no column"},
		{1, words2("synthesize @people.csv --population p --epsilon 1e-9 --delta 1e-12 --out @x.csv"), "nothing but noise"},
		{1, words2("anonymize @people.csv --quasi town --k 9000 --out @x.csv"), "more than the file has records"},
		{2, words2("anonymize @people.csv --quasi colour --suppress 1 --out @x.csv"), "from 0 to below 1"},
		{2, words2("risk @people.csv --quasi colour --k 1"), "k is at least 2"},
		{2, words2("risk @people.csv"), "--quasi"},
		{2, with("tables @people.csv --out @x --k 0"), ""},
		{2, with("tables @people.csv --out @x --max-cells -1"), ""},
		{2, with("synthesize @people.csv --out @x.csv --fabrication none"), "fabrication"},
		{2, with("synthesize @people.csv --out @x.csv --seed 1.5"), "seed"},
		{2, with("release @people.csv --dataset d --title"), "title"},
		{2, with("release @people.csv --dataset d --title ES=x"), "by language"},
		{2, words2("withdraw d --reason r"), "DATASET/VERSION"},
		{2, words2("withdraw d/1"), "--reason"},
		{2, words2("verify"), "bundle"},
		{2, words2("demo --cases -5"), ""},
		{2, words2("publish @people.csv"), "publish"},
	} {
		code, out, errs := d.call(c.args...)
		said := regexp.MustCompile(`^(reading\n)?(searching the lattice\n)?`).ReplaceAllString(errs, "")
		if c.args[0] == "verify" {
			out = "" // says what was checked
		}
		if code != c.code || out != "" || !regexp.MustCompile(`^amparo: [^\n]+\nhint: [^\n]+\n$`).MatchString(said) || !strings.Contains(said, c.want) {
			t.Errorf("amparo %s: exit %d, output %q, said %q; want exit %d and %q", strings.Join(c.args, " "), code, out, said, c.code, c.want)
		}
		if strings.Contains(said, bird) || strings.Contains(said, fmt.Sprint(exactly)) || regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]`).MatchString(said) {
			t.Errorf("amparo %s said %q", strings.Join(c.args, " "), said)
		}
	}
	if after := d.spends(); after != before {
		t.Errorf("the ledger was %s, it is %s", before, after)
	}
	for _, name := range []string{"x.csv", "x", "nowhere"} {
		if _, err := os.Lstat(d.path(name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	if left, _ := filepath.Glob(d.path("*/.staging-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestNamesCannotMoveTheCursor: what a file's header holds reaches the terminal of
// whoever inspects it as text, whether the file is taken or refused.
func TestNamesCannotMoveTheCursor(t *testing.T) {
	d := newDesk(t)
	d.write("evil.csv", "\"co\x1b[2J\al\",sh\x1b]0;x\aape,\u009b31m\n1,2,1\n2,1,2\n")
	d.write("refused.csv", "pho\x1b[2Jne number,ok\n1,2\n")
	for _, args := range [][]string{
		words2("inspect @evil.csv"), words2("inspect @refused.csv"), words2("inspect @refused.csv --json"), words2("inspect @evil.csv --json"),
		words2("synthesize @evil.csv --out @evil-out.csv", spendWords), words2("synthesize @evil.csv --out @evil-json.csv --json", spendWords),
		words2("synthesize @refused.csv --out @r.csv", spendWords), words2("release @evil.csv --dataset evil", spendWords),
		words2("risk @evil.csv --quasi x"), words2("tables @evil.csv --out @evil-tables", spendWords),
	} {
		_, out, errs := d.call(args...)
		if all := out + errs; regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]`).MatchString(all) {
			t.Errorf("%v: %q", args, all)
		}
	}
}

// TestCancelledBeforeItBegan: a command that was told to stop says so in a word,
// with exit code 1, and writes nothing.
func TestCancelledBeforeItBegan(t *testing.T) {
	d := newDesk(t)
	before := d.spends()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{
		words2("inspect @people.csv"), words2("risk @people.csv --quasi colour"), words2("anonymize @people.csv --quasi colour --out @x.csv"),
		words2("demo --no-serve --cases 2000"), words2("budget set q --epsilon 1 --delta 1e-6"), words2("budget show"),
		words2("synthesize @people.csv --out @x.csv", spendWords), words2("tables @people.csv --out @x", spendWords), words2("release @people.csv --dataset x", spendWords),
	} {
		code, out, errs := d.callIn(ctx, args...)
		if said := strings.TrimPrefix(errs, "inventing cases\n"); code != 1 || out != "" || !regexp.MustCompile(`^(reading\n)?amparo: cancelled(; nothing was spent)?\n(hint: [^\n]+\n)?$`).MatchString(said) {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errs)
		}
	}
	if d.spends() != before {
		t.Error("it cost something")
	}
	left, _ := filepath.Glob(d.path("x*"))
	if more, _ := filepath.Glob(d.path("home/catalog/*")); len(left)+len(more) > 0 {
		t.Errorf("left behind: %v %v", left, more)
	}
}
