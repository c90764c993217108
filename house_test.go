package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path in go.mod, with a slash. TestPlanIsSound holds it to go.mod.
const module = "amparo/"

// plan is the house plan: "room: rooms it may import | modules it may import".
// A room may import only rooms named above it. Tests and build-tagged files are
// held to it too. It is a statement of policy: change it only with an ADR, never
// to make a build pass.
const plan = `
	htcds:              |
	palermo:            htcds |
	microdata:          |
	dp:                 microdata |
	synth:              microdata dp |
	synth/evaluate/reference: microdata dp synth |
	linkage:            microdata | golang.org/x/text
	mse:                microdata | gonum.org/v1/gonum
	internal/demo:      htcds microdata |
	internal/coalition: |
	internal/casework:  htcds palermo linkage internal/coalition | github.com/tink-crypto/tink-go/v2 filippo.io/age
	internal/catalog:   microdata | github.com/parquet-go/parquet-go
	internal/catalog/publish: microdata internal/catalog |
	internal/release:   htcds microdata dp synth mse internal/coalition internal/casework internal/catalog internal/catalog/publish |
	internal/indicator: microdata internal/catalog |
	internal/product:   internal/catalog internal/indicator | github.com/tdewolff/canvas
	internal/comic:     |
	internal/knowledge: |
	internal/dialogue:  |
	internal/web/portal: palermo microdata internal/catalog internal/indicator internal/product internal/comic internal/knowledge internal/dialogue |
	internal/web/desk:  htcds palermo internal/coalition internal/casework internal/release internal/catalog internal/indicator internal/product internal/comic internal/knowledge internal/dialogue |
	internal/store:     dp internal/coalition internal/casework internal/catalog internal/release internal/indicator internal/comic internal/knowledge internal/dialogue | modernc.org/sqlite github.com/jackc/pgx/v5 github.com/pressly/goose/v3
	cmd/amparo:         * | github.com/alecthomas/kong github.com/vbauerster/mpb/v8 golang.org/x/text golang.org/x/term github.com/rogpeppe/go-internal
`

// comparison is a room that no other may import: what it holds protects nobody.
const comparison = "synth/evaluate/reference"

// never lists walls: from the first room no chain of imports may reach the rest.
const never = `
	internal/web/portal: internal/casework internal/store internal/release internal/catalog/publish linkage synth
	internal/product:    internal/casework internal/store internal/release linkage synth
	internal/web/desk:   internal/store
`

// impure lists, by prefix, what a method room (outside internal and cmd) may not
// use outside its tests: no I/O, no clock, no randomness of its own.
const impure = "crypto/rand database/sql io/ioutil log math/rand net os syscall time unsafe"

// blind lists types of microdata that a room may not name: raw counts reach synth
// only through dp's mechanisms. Its evaluation, custodian's side only, is exempt.
var blind = map[string][]string{"synth": {"Counter", "Table"}}

const exemptFromBlind = "synth/evaluate"

const maxLines = 800

func TestHousePlan(t *testing.T) {
	rooms := parsePlan(t, plan)
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(path.Join(file, "go.mod")); file != "." && err == nil {
				return fs.SkipDir // a module of its own, with its own fence
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || path.Dir(file) == "." {
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, fault := range faults(rooms, file, src) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// faults says what in one file breaks the plan.
func faults(rooms map[string]room, file string, src []byte) (out []string) {
	r, ok := roomOf(rooms, path.Dir(file))
	if !ok {
		return []string{file + ": no room in the plan"}
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	test := strings.HasSuffix(file, "_test.go")
	for _, s := range f.Imports {
		imp, _ := strconv.Unquote(s.Path.Value)
		if !rooms[r].allows(rooms, r, imp, test) {
			out = append(out, file+": room "+r+" may not import "+imp)
		}
	}
	if !test && !strings.HasPrefix(path.Dir(file), exemptFromBlind) {
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "microdata" && slices.Contains(blind[r], sel.Sel.Name) {
					out = append(out, file+": room "+r+" may not see microdata."+sel.Sel.Name)
				}
			}
			return true
		})
	}
	if n := bytes.Count(src, []byte("\n")); n > maxLines {
		out = append(out, file+": "+strconv.Itoa(n)+" lines, cap "+strconv.Itoa(maxLines))
	}
	return out
}

// TestBrokenWallsAreSeen puts faults into files that are not there.
func TestBrokenWallsAreSeen(t *testing.T) {
	rooms := parsePlan(t, plan)
	for _, c := range []struct{ file, src, want string }{
		{"internal/web/portal/x.go", "package portal\nimport _ \"amparo/internal/release\"", "may not import amparo/internal/release"},
		{"internal/web/portal/x_test.go", "package portal\nimport _ \"amparo/internal/store/sqlite\"", "may not import amparo/internal/store/sqlite"},
		{"internal/product/figure/x.go", "//go:build never\n\npackage figure\nimport _ \"amparo/synth\"", "may not import amparo/synth"},
		{"dp/x.go", "package dp\nimport _ \"math/rand/v2\"", "may not import math/rand/v2"},
		{"dp/x.go", "package dp\nimport _ \"gonum.org/v1/gonum/stat\"", "may not import gonum.org"},
		{"synth/pgm/x.go", "package pgm\nimport \"amparo/microdata\"\nvar _ microdata.Table", "may not see microdata.Table"},
		{"synth/x.go", "package synth\nimport \"amparo/microdata\"\nfunc f(microdata.Counter) {}", "may not see microdata.Counter"},
		{"cmd/amparo/x.go", "package main\nimport _ \"amparo/synth/evaluate/reference\"", "may not import amparo/synth/evaluate/reference"},
		{"internal/release/x.go", "package release\nimport _ \"amparo/synth/evaluate/reference\"", "may not import amparo/synth/evaluate/reference"},
		{"attic/x.go", "package attic", "no room in the plan"},
		{"dp/x.go", "package dp\n" + strings.Repeat("\n", maxLines+1), "lines, cap"},
	} {
		got := faults(rooms, c.file, []byte(c.src))
		if len(got) != 1 || !strings.Contains(got[0], c.want) {
			t.Errorf("%s: %v, want one fault with %q", c.file, got, c.want)
		}
	}
	for _, sound := range []struct{ file, src string }{
		{"synth/evaluate/x.go", "package evaluate\nimport \"amparo/microdata\"\nvar _ microdata.Table"},
		{"dp/x_test.go", "package dp\nimport _ \"math/rand/v2\""},
	} {
		if got := faults(rooms, sound.file, []byte(sound.src)); len(got) > 0 {
			t.Errorf("%s: %v", sound.file, got)
		}
	}
	// A chain: were the catalog to import release, the portal would reach it.
	leak := strings.Replace(plan, "internal/indicator: microdata internal/catalog |", "internal/indicator: microdata internal/catalog internal/release |", 1)
	if way := route(parsePlan(t, leak), "internal/web/portal", "internal/release"); len(way) != 3 {
		t.Errorf("a leak through indicator was not seen: %v", way)
	}
}

// TestWalls follows the plan, not the code: TestHousePlan keeps code inside it.
func TestWalls(t *testing.T) {
	rooms := parsePlan(t, plan)
	for line := range strings.Lines(strings.TrimSpace(never)) {
		from, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		for _, to := range append([]string{from}, strings.Fields(rest)...) {
			if _, ok := rooms[to]; !ok {
				t.Fatalf("never names %s, which is no room", to)
			}
			if way := route(rooms, from, to); to != from && way != nil {
				t.Errorf("wall broken: %s", strings.Join(way, " -> "))
			}
		}
	}
}

// TestPlanIsSound shows that the checks can fail.
func TestPlanIsSound(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil || !strings.HasPrefix(string(mod), "module "+strings.TrimSuffix(module, "/")+"\n") {
		t.Fatalf("go.mod does not begin with module %s", strings.TrimSuffix(module, "/"))
	}
	rooms := parsePlan(t, plan)
	for _, c := range []struct{ room, imp string }{
		{"internal/web/portal", module + "internal/casework"},
		{"internal/product", module + "internal/release"},
		{"microdata", "gonum.org/v1/gonum/stat"},
		{"mse", "math/rand/v2"},
		{"palermo", "time"},
	} {
		if rooms[c.room].allows(rooms, c.room, c.imp, false) {
			t.Errorf("the plan lets %s import %s", c.room, c.imp)
		}
	}
}

// route returns a chain of imports from one room to another, or nil.
func route(rooms map[string]room, from, to string) []string {
	if from == to {
		return []string{to}
	}
	for _, next := range rooms[from].rooms {
		if way := route(rooms, next, to); way != nil {
			return append([]string{from}, way...)
		}
	}
	return nil
}

type room struct{ rooms, modules []string }

func (r room) allows(all map[string]room, self, imp string, test bool) bool {
	first, _, _ := strings.Cut(imp, "/")
	switch {
	case strings.HasPrefix(imp, module):
		to, ok := roomOf(all, strings.TrimPrefix(imp, module))
		return ok && (to == self || slices.Contains(r.rooms, to) || slices.Contains(r.rooms, "*") && to != comparison)
	case strings.Contains(first, "."): // a third-party module
		return slices.ContainsFunc(r.modules, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
	}
	method := !strings.HasPrefix(self, "internal/") && !strings.HasPrefix(self, "cmd/")
	return !method || test || !slices.ContainsFunc(strings.Fields(impure), func(p string) bool {
		return imp == p || strings.HasPrefix(imp, p+"/")
	})
}

// roomOf returns the longest planned room that holds dir.
func roomOf(rooms map[string]room, dir string) (string, bool) {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := rooms[d]; ok {
			return d, true
		}
	}
	return "", false
}

func parsePlan(t *testing.T, text string) map[string]room {
	rooms := map[string]room{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		in, out, ok2 := strings.Cut(rest, "|")
		if !ok || !ok2 {
			t.Fatalf("plan: bad line %q", line)
		}
		r := room{strings.Fields(in), strings.Fields(out)}
		for _, dep := range r.rooms { // one-way: only rooms named above
			if _, ok := rooms[dep]; dep != "*" && !ok {
				t.Fatalf("plan: %s imports %s, which is not above it", name, dep)
			}
		}
		rooms[name] = r
	}
	return rooms
}
