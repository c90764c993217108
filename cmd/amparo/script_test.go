//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"amparo/internal/release"
)

// TestMain makes the test binary play amparo in scripts, with one thing more:
// what the variables TEST_* say is done to the process at a step of a run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"amparo": func() {
		observe = sabotage
		os.Exit(start(os.Args[1:]))
	}})
}

// sabotage does to this process what TEST_KILL, TEST_INTERRUPT, TEST_TERMINATE and TEST_WAIT say,
// each naming the stage at whose first step it happens.
func sabotage(p release.Progress) {
	is := func(name string) bool { return os.Getenv(name) == strings.ReplaceAll(p.Stage, " ", "-") }
	self := os.Getpid()
	switch {
	case is("TEST_KILL"):
		_ = syscall.Kill(self, syscall.SIGKILL)
		select {}
	case is("TEST_INTERRUPT"):
		_ = os.Unsetenv("TEST_INTERRUPT")
		_ = syscall.Kill(self, syscall.SIGINT)
		time.Sleep(200 * time.Millisecond) // the signal reaches the program in its own time
	case is("TEST_TERMINATE"):
		_ = os.Unsetenv("TEST_TERMINATE")
		_ = syscall.Kill(self, syscall.SIGTERM)
		time.Sleep(200 * time.Millisecond)
	case is("TEST_WAIT"):
		_ = os.Unsetenv("TEST_WAIT")
		_ = os.WriteFile("waiting", nil, 0o600)
		for range 3000 {
			if _, err := os.Stat("go-on"); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// TestScripts runs testdata/script: every command, exit code and bad input of the
// command line, to be read as documentation.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("AMPARO_HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "people": peopleCommand, "lacks": lacks, "tree": tree, "await": await, "big": big, "bytes": rawBytes,
			"usages": usages, "refused": refused, "firstline": firstLine,
		},
		RequireExplicitExec: true,
	})
}

// exits CODE COMMAND… runs a command that must exit with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Check(err)
		}
		code = e.ExitCode() // −1: killed by a signal
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// people FILE ROWS [COLUMN…] writes records: colour, shape (which goes with it),
// size, then a column town with values that are common but for three, each of
// one person. More columns repeat town.
func peopleCommand(ts *testscript.TestScript, neg bool, args []string) {
	rows, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	fmt.Fprintf(&b, "colour,shape,size%s\n", strings.Join(append([]string{""}, args[2:]...), ","))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		colour := r.IntN(3)
		fmt.Fprintf(&b, "%s,%s,%d", []string{"red", "green", "blue"}[colour], []string{"round", "square"}[min(colour, 1)], r.IntN(4))
		for range args[2:] {
			town := []string{"north", "south", "east"}[r.IntN(3)]
			if i < 3 {
				town = fmt.Sprint("lonely-", i)
			}
			fmt.Fprint(&b, ",", town)
		}
		b.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// lacks PATTERN PATH… fails where a file at or under a path matches.
func lacks(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	seen := 0
	for _, root := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if seen++; pattern.Match(text) || pattern.MatchString(d.Name()) {
				ts.Fatalf("%s holds what %s matches", path, args[0])
			}
			return err
		}))
	}
	if seen == 0 {
		ts.Fatalf("nothing to look at")
	}
}

// tree FOLDER prints the names under a folder, tables and key names apart.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	out := ts.Stdout()
	root := ts.MkAbs(args[0])
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			fmt.Fprintln(out, filepath.ToSlash(rel))
		}
		return nil
	})
}

// await FILE waits until a file is there.
func await(ts *testscript.TestScript, neg bool, args []string) {
	for range 3000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not come", args[0])
}

// big FILE KIND writes a large bad file: "line" is 200 MB of one line, "distinct"
// a column with a value of its own in each of 120,000 rows.
func big(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	switch args[1] {
	case "line":
		block := bytes.Repeat([]byte("abcdefgh"), 1<<17)
		for range 200 {
			_, err := f.Write(block)
			ts.Check(err)
		}
	case "distinct":
		var b bytes.Buffer
		b.WriteString("colour,code\n")
		for i := range 120_000 {
			fmt.Fprintf(&b, "red,c%d\n", i)
		}
		_, err := f.Write(b.Bytes())
		ts.Check(err)
	default:
		ts.Fatalf("no such kind")
	}
}

// bytes FILE QUOTED writes the bytes of a quoted Go string.
func rawBytes(ts *testscript.TestScript, neg bool, args []string) {
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// firstline FROM TO copies the first line of a file.
func firstLine(ts *testscript.TestScript, neg bool, args []string) {
	line, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(line+"\n"), 0o644))
}

// usages FILE runs each line of a file; all are wrong usage.
func usages(ts *testscript.TestScript, neg bool, args []string) {
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		words := strings.Fields(line)
		exits(ts, false, append([]string{"2"}, words...))
		if out, err := ts.ReadFile("stdout"), ts.ReadFile("stderr"); out != "" || !oneLineAndHint.MatchString(err) {
			ts.Fatalf("%s: output %q, error output %q", strings.TrimSpace(line), out, err)
		}
	}
}

var oneLineAndHint = regexp.MustCompile(`^amparo: [^\n]+\nhint: [^\n]+\n$`)

// refused FILE [TEXT] tries to inspect, synthesize and release a file: each is
// refused with a line that holds the text, a hint, and no value of the file.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	spend := []string{"--population", "p", "--epsilon", "1", "--delta", "1e-6"}
	for _, c := range [][]string{
		{"inspect", args[0]},
		append([]string{"synthesize", args[0], "--out", "out.csv"}, spend...),
		append([]string{"release", args[0], "--dataset", "d"}, spend...),
	} {
		exits(ts, false, append([]string{"1", "amparo"}, c...))
		said := ts.ReadFile("stderr")
		lines := strings.SplitAfter(strings.TrimPrefix(said, "reading\n"), "\n")
		if !oneLineAndHint.MatchString(strings.Join(lines, "")) {
			ts.Fatalf("%s %s said %q", c[0], args[0], said)
		}
		if len(args) > 1 && !strings.Contains(said, args[1]) {
			ts.Fatalf("%s %s said %q, not %q", c[0], args[0], said, args[1])
		}
		if all := said + ts.ReadFile("stdout"); strings.Contains(all, "lonely") || strings.Contains(all, args[0]) {
			ts.Fatalf("%s %s told a value or the path: %q", c[0], args[0], all)
		}
	}
}
