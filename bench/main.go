// Command bench runs synthesizers side by side on the same public files, scores what
// they write, and makes README.md and the drawing beside it of the results. run.sh
// prepares what it needs and calls it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"amparo/bench/report"
	"amparo/bench/run"
)

const usage = `usage:
  bench run -data DIR -out DIR -amparo FILE -peers DIR [-systems A,B] [-datasets A,B] [-modes "A;B"] [-limit 45m] [-prefix "nice -n 10"]
  bench cost [-limit 45m] -- COMMAND…         what it takes, as a JSON object
  bench installed -results FILE PEER REASON   note that a peer could not be installed
  bench score [-domain FILE] REAL.csv SYNTHETIC.csv
  bench report -results FILE -out DIR         write README.md and fabrication.svg
  bench baseline shuffled|resample IN.csv OUT.csv SEED
  bench reference mst|aim IN.csv DOMAIN.json OUT.csv EPSILON DELTA SEED [MEGABYTES [STEPS]]`

func main() {
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func start(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	o := run.Options{}
	flags.StringVar(&o.Data, "data", "", "folder of the public files")
	flags.StringVar(&o.Out, "out", "", "folder to write to")
	flags.StringVar(&o.Results, "results", "", "file of results")
	flags.StringVar(&o.Venvs, "venvs", "", "folder of Python environments")
	flags.StringVar(&o.Peers, "peers", "", "folder of the Python programs")
	flags.StringVar(&o.Amparo, "amparo", "", "path of amparo")
	flags.DurationVar(&o.Limit, "limit", 45*time.Minute, "limit of CPU time of one run")
	systems := flags.String("systems", "", "only these")
	datasets := flags.String("datasets", "", "only these")
	modes := flags.String("modes", "", "only these, with ; between")
	prefix := flags.String("prefix", "", "put before each command")
	domain := flags.String("domain", "", "file of each column's number of levels")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	rest := flags.Args()
	switch {
	case args[0] == "run" && len(rest) == 0:
		var err error
		if o.Self, err = os.Executable(); err != nil {
			return err
		}
		o.Systems, o.Datasets, o.Modes, o.Prefix = list(*systems, ","), list(*datasets, ","), list(*modes, ";"), strings.Fields(*prefix)
		return run.All(ctx, o)
	case args[0] == "cost" && len(rest) > 0:
		return json.NewEncoder(os.Stdout).Encode(run.Measure(ctx, rest, o.Limit))
	case args[0] == "installed" && len(rest) == 2:
		return run.NotInstalled(o.Results, rest[0], rest[1])
	case args[0] == "score" && len(rest) == 2:
		s, err := run.Score(rest[0], rest[1], *domain, nil)
		if err != nil {
			return err
		}
		text, err := json.MarshalIndent(s, "", "  ")
		fmt.Println(string(text))
		return err
	case args[0] == "report" && len(rest) == 0:
		results, err := run.ReadFile(o.Results)
		if err != nil {
			return err
		}
		text, err := report.README(results)
		if err != nil {
			return err
		}
		return errors.Join(os.WriteFile(filepath.Join(o.Out, "README.md"), text, 0o644),
			os.WriteFile(filepath.Join(o.Out, "fabrication.svg"), report.Drawing(results), 0o644))
	case args[0] == "baseline" && len(rest) == 4:
		return run.Baseline(rest[0], rest[1], rest[2], rest[3])
	case args[0] == "reference" && len(rest) >= 7 && len(rest) <= 9:
		return run.Reference(ctx, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6], rest[7:]...)
	}
	return errors.New(usage)
}

func list(text, between string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(between, r) })
}
