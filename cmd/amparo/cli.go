package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"amparo/internal/release"
	"amparo/internal/store/sqlite"
)

// grammar is the command line: flags of all commands, then the commands.
type grammar struct {
	Home string `help:"Folder of this installation: ledger, keys, catalog." env:"AMPARO_HOME" default:"./amparo-data" placeholder:"DIR"`

	Inspect    inspectCommand    `cmd:"" help:"Say what a file of records is and what would be refused. For the custodian's eyes only."`
	Budget     budgetCommands    `cmd:"" help:"Set or show the lifetime privacy budget of a population."`
	Synthesize synthesizeCommand `cmd:"" help:"Write a file of synthetic records."`
	Tables     tablesCommand     `cmd:"" help:"Write tables of up to k columns, with intervals."`
	Release    releaseCommand    `cmd:"" help:"Publish the next version of a dataset in the catalog."`
	Anonymize  anonymizeCommand  `cmd:"" help:"Generalise quasi-identifiers until records hide among others. For the custodian only."`
	Risk       riskCommand       `cmd:"" help:"Say how alone records stand by their quasi-identifiers. For the custodian's eyes only."`
	Verify     verifyCommand     `cmd:"" help:"Check a published bundle: hashes, signatures, public ledger."`
	Withdraw   withdrawCommand   `cmd:"" help:"Withdraw a published version; its files answer with the reason."`
	Keys       keysCommands      `cmd:"" help:"Show this home's key and those it trusts, or trust another."`
	Serve      serveCommand      `cmd:"" help:"Serve the public portal over the catalog."`
	Demo       demoCommand       `cmd:"" help:"Make the fictional coalition's data, release them once and serve the portal."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// A program is one call of amparo: where it runs and what it may use.
type program struct {
	context.Context
	home   string
	out    io.Writer
	err    io.Writer
	screen bool      // err is a terminal
	noise  io.Reader // CSPRNG
	now    func() time.Time
	// observe, where tests set it, sees every step of a run before it is taken.
	observe func(release.Progress)
}

// observe is set by the test binary only.
var observe func(release.Progress)

// usage is an error of wrong usage: exit code 2.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

// start runs amparo with these arguments and returns the exit code.
func start(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second ctrl-C ends the program at once
	}()
	p := &program{Context: ctx, out: os.Stdout, err: os.Stderr, screen: term.IsTerminal(int(os.Stderr.Fd())),
		noise: rand.Reader, now: time.Now, observe: observe}
	return p.run(args)
}

// run parses the arguments, runs the command and tells what went wrong.
func (p *program) run(args []string) (code int) {
	g := new(grammar)
	exit := -1
	parser, err := kong.New(g, kong.Name("amparo"),
		kong.Description("Counter-trafficking data platform: sensitive case records in, protected public releases out."),
		kong.Writers(p.out, p.err), kong.Exit(func(code int) { exit = code; panic(helped{}) }),
		kong.NamedMapper("number", kong.MapperFunc(number)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the grammar itself is wrong
	}
	defer func() {
		if x := recover(); x != nil {
			if _, ok := x.(helped); !ok {
				panic(x)
			}
			code = exit
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(p.err, "amparo: %s\nhint: amparo --help\n", oneLine(err.Error()))
		return 2
	}
	p.home = g.Home
	if err := k.Run(p); err != nil {
		p.complain(err)
		if _, ok := errors.AsType[usage](err); ok {
			return 2
		}
		return 1
	}
	return 0
}

// helped unwinds run when kong has printed help.
type helped struct{}

// number reads a number that may begin with a minus, which kong would take for a
// flag: what is wrong with it is for the command to say.
func number(ctx *kong.DecodeContext, target reflect.Value) error {
	text, ok := ctx.Scan.Pop().Value.(string)
	x, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil && !errors.Is(err, strconv.ErrRange) {
		return errors.New("expected a number")
	}
	target.SetFloat(x)
	return nil
}

// complain prints an error and its hint, each on one line.
func (p *program) complain(err error) {
	if _, spent := errors.AsType[*release.AfterSpend](err); errors.Is(err, context.Canceled) && !spent {
		err = errors.New("cancelled")
	}
	p.note("amparo: %s", oneLine(err.Error()))
	if h := hintOf(err); h != "" {
		p.note("hint: %s", oneLine(h))
	}
}

func hintOf(err error) string {
	if h := release.Hint(err); h != "" {
		return h
	}
	if h, ok := errors.AsType[hinted](err); ok {
		return h.Hint()
	}
	return ""
}

// hinted is an error with a hint of its own.
type hinted interface {
	error
	Hint() string
}

// advice is an error with a hint.
type advice struct {
	error
	hint string
}

func (a advice) Hint() string  { return a.hint }
func (a advice) Unwrap() error { return a.error }

func advise(hint, format string, args ...any) error { return advice{fmt.Errorf(format, args...), hint} }

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(s), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// object prints one JSON object on the output.
func (p *program) object(v any) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// say prints a line for people.
func (p *program) say(format string, args ...any) { fmt.Fprintln(p.out, shown(format, args...)) }

// note prints a line on the error output.
func (p *program) note(format string, args ...any) { fmt.Fprintln(p.err, shown(format, args...)) }

// shown formats a line and takes out control characters: a name in somebody's file
// must not move the cursor of whoever looks at it.
func shown(format string, args ...any) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, fmt.Sprintf(format, args...))
}

// ledger opens the home's ledger. A home that is not there is not made: its name
// may be mistyped, and an empty ledger would look like an unspent budget.
func (p *program) ledger() (*sqlite.DB, error) {
	_, err := os.Stat(filepath.Join(p.home, sqlite.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, advise("amparo budget set P --epsilon 10 --delta 1e-5 makes one; --home or AMPARO_HOME names another folder",
			"there is no ledger at %s: no population has a budget", p.home)
	}
	return p.newLedger()
}

// newLedger opens the home's ledger, and makes the home where there is none.
func (p *program) newLedger() (*sqlite.DB, error) {
	db, err := sqlite.Open(p, p.home)
	if errors.Is(err, sqlite.ErrNewer) {
		return nil, advice{err, "use the amparo that wrote it, or a newer one"}
	}
	if err != nil {
		return nil, advice{err, "--home or AMPARO_HOME names the folder of this installation"}
	}
	return db, nil
}

func (p *program) keys() release.Keys { return release.Keys{Dir: filepath.Join(p.home, "keys")} }

// catalogDir returns the catalog's folder: as named, else the home's own.
func (p *program) catalogDir(named string) string {
	if named != "" {
		return named
	}
	return filepath.Join(p.home, "catalog")
}

func workers() int { return runtime.GOMAXPROCS(0) }
