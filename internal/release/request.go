package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"amparo/dp"
	"amparo/internal/catalog"
	"amparo/internal/catalog/publish"
	"amparo/microdata"
	"amparo/microdata/tabular"
	"amparo/synth"
)

// A Request says what a run reads, what it may cost and where its result goes.
type Request struct {
	File       string     // Required. Path of the sensitive file.
	Encoding   string     // Of the file: Windows1252, or UTF-8, the default.
	Population string     // Required. Whose people are in it.
	Epsilon    dp.Epsilon // Required.
	Delta      dp.Delta   // Required.
	Seed       *uint64    // Fixes which records are drawn after the noise, never the noise. Default: drawn from Noise.

	Drop, Allow []string            // Columns to leave out; columns to keep whose name looks identifying.
	Person      string              // Column that tells persons apart. Default: one row is taken as one person.
	Domain      *tabular.DomainFile // Default: the lists of a recognised standard.
	Rules       string              // Path of a rule file (see microdata/rules). Default none.
	Fabrication synth.Fabrication   // Between inventing and losing. Default synth.Limited.

	// Earlier names folders of bundles of the very same people, whose noisy tables feed
	// the fit at no cost. Default none.
	Earlier []string
	// Trusted are keys of others whose earlier releases are believed, and to whose catalogs
	// may be added. Default: only those of one's own key.
	Trusted []catalog.PublicKey

	Out  *Output // What is written: exactly one of Out,
	Pub  *Bundle // Pub
	Tabs *Folder // and Tabs is required.

	Ledger   Ledger           // Required.
	Noise    io.Reader        // Required. A CSPRNG.
	Now      func() time.Time // Required.
	Code     string           // Required. Version of amparo.
	Workers  int              // Default one.
	Progress func(Progress)   // Default none. Called from one goroutine at a time.
}

// An Output asks for a file of synthetic records and nothing else.
type Output struct {
	Path  string // Required.
	Force bool   // Replace a file that is there. Default: it is refused.
	// Private makes the file readable by its owner only.
	Private bool
}

// A Folder asks for tables and nothing else: all of up to Order columns.
type Folder struct {
	Path  string   // Required. Made; a folder that is there must be empty.
	Only  []string // Columns to tabulate. Default: all.
	Order int      // Most columns of a table, 1 to 4. Default 3.
	// MaxCells is the most cells of a table of two columns or more; larger ones are
	// listed as left out. Default 20,000.
	MaxCells int
}

// A Bundle asks for the next version of a dataset in a catalog.
type Bundle struct {
	Catalog     string // Required. Folder.
	Dataset     string // Required.
	Reports     string // Required. Private folder for the custodian's report.
	Title       microdata.Text
	Description microdata.Text
	Coverage    microdata.Text
	Publisher   string
	License     string
	Fictional   bool // Invented people. Default: as the recognised standard says.
	// Signer returns the key that signs; it is asked before anything is spent. Required.
	Signer func() (*publish.Signer, error)
}

// A Progress says how far a run is. Done and Total have a unit of their own in
// each stage; Total is 0 where it is not known.
type Progress struct {
	Stage       string
	Done, Total int64
}

// The stages that release itself reports; those of synth stand between Measuring
// and Generating.
const (
	Reading    = "reading"
	Entering   = "entering the spend"
	Measuring  = "measuring"
	Generating = "generating"
	Writing    = "writing"
	Publishing = "publishing"
	Comparing  = "comparing"
)

// A Result says what a run did. It holds nothing of the input: rows are those of
// the synthetic file, a noisy number.
type Result struct {
	Population  string
	Spend       Spend
	Left        Cost // zero also where the ledger could not be read again
	PrivacyUnit catalog.PrivacyUnit
	Profile     string // id, or ""
	Rows        int
	Tables      int
	Omitted     int       // tables left out because of their size
	Earlier     []Earlier // as named in the request
	Found       []Found   // columns whose levels were found privately
	Binned      []Binned  // columns whose bins were
	Path        string    // of the file or of the bundle
	Dataset     string
	Version     int
	Manifest    string // hash
	Key         catalog.PublicKey
	Report      string // path of the custodian's report
	ReportErr   error  // why there is none: the release stands all the same
	Seconds     []Seconds
}

// Found says how many levels of a column were found under privacy.
type Found struct {
	Column string
	Levels int
}

// Seconds says how long a stage took.
type Seconds struct {
	Stage string
	Took  time.Duration
}

// An AfterSpend is the error of a run that failed or was cancelled after its
// spend was entered.
type AfterSpend struct {
	Spend Spend
	Err   error
}

func (e *AfterSpend) Error() string {
	what := "the run failed"
	if errors.Is(e.Err, context.Canceled) {
		return fmt.Sprintf("cancelled; ε = %v, δ = %v of entry %d stays spent, for noise was drawn", float64(e.Spend.Epsilon), float64(e.Spend.Delta), e.Spend.Number)
	}
	return fmt.Sprintf("%s: %v; ε = %v, δ = %v of entry %d stays spent", what, e.Err, float64(e.Spend.Epsilon), float64(e.Spend.Delta), e.Spend.Number)
}

// Unwrap returns what went wrong.
func (e *AfterSpend) Unwrap() error { return e.Err }

// check refuses what can be refused before the file is looked at, and folds the
// population's name.
func (r *Request) check(ctx context.Context) error {
	id, err := PopulationID(r.Population)
	if err != nil {
		return err
	}
	r.Population = id
	if err := checkAsk(r.Epsilon, r.Delta); err != nil {
		return err
	}
	ways := 0
	for _, asked := range []bool{r.Out != nil, r.Pub != nil, r.Tabs != nil} {
		if asked {
			ways++
		}
	}
	if ways != 1 || r.Ledger == nil || r.Noise == nil || r.Now == nil || r.Code == "" {
		return errors.New("release: the request is not complete")
	}
	a, err := r.Ledger.Account(ctx, id)
	if err != nil {
		return noPopulation(err, id)
	}
	if _, err := a.Quote(Ask{Epsilon: r.Epsilon, Delta: r.Delta}); err != nil {
		return err
	}
	if r.Out != nil {
		return r.Out.check(r.File)
	}
	if r.Tabs != nil {
		return r.Tabs.check()
	}
	return r.Pub.check()
}

func (b *Bundle) check() error {
	if !catalog.ValidDataset(b.Dataset) {
		return refuse("for example --dataset victims-2024", "a dataset's id has 1 to 64 of a–z, 0–9 and -, and does not begin with -")
	}
	if b.Signer == nil || b.Reports == "" {
		return errors.New("release: the request is not complete")
	}
	inside, err := within(b.Catalog, b.Reports)
	if err == nil && inside {
		return refuse("name another folder with --catalog", "the custodian's reports may not lie in the catalog: they are not for publication")
	}
	return err
}

// within says whether path lies in dir or is dir, links followed as far as there
// is something to follow.
func within(dir, path string) (bool, error) {
	a, err := resolved(dir)
	b, err2 := resolved(path)
	if err := errors.Join(err, err2); err != nil {
		return false, err
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)), nil
}

// resolved returns the absolute path without links of a file or folder that need not
// be there yet.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for rest := ""; ; {
		if found, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(found, rest), nil
		}
		up := filepath.Dir(path)
		if up == path {
			return filepath.Join(path, rest), nil
		}
		path, rest = up, filepath.Join(filepath.Base(path), rest)
	}
}

func (r *Request) tell(stage string, done, total int64) {
	if r.Progress != nil {
		r.Progress(Progress{stage, done, total})
	}
}

// Windows1252 names the encoding in which western spreadsheets write plain CSV.
const Windows1252 = "windows-1252"

// OpenInput opens a sensitive file, written in UTF-8 or in the encoding named, and
// returns what it holds in UTF-8 and its size, −1 where that is not
// known. Its errors hold no path. The caller closes the file.
func OpenInput(path, encoding string) (in io.ReadCloser, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fileError(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fileError(err)
	case info.IsDir():
		err = refuse("give the path of a CSV file", "the input is a folder")
	case encoding == Windows1252:
		return struct {
			io.Reader
			io.Closer
		}{tabular.Windows1252(f), f}, -1, nil
	case info.Mode().IsRegular():
		return f, info.Size(), nil
	default:
		return f, -1, nil
	}
	_ = f.Close()
	return nil, 0, err
}

// read reads the sensitive file. Its errors hold no path and no value.
func (r *Request) read(ctx context.Context) (*tabular.File, error) {
	f, size, err := OpenInput(r.File, r.Encoding)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := tabular.Read(ctx, f, size, tabular.Options{
		Domain: r.Domain, Withhold: r.Fabrication == synth.Strict, Drop: r.Drop, Only: r.only(), Allow: r.Allow, Person: r.Person, Workers: r.Workers,
		Progress: func(done, total int64) { r.tell(Reading, done, total) },
	})
	if bad, ok := errors.AsType[*tabular.Error](err); ok {
		return nil, &Refusal{err, bad.Hint()}
	}
	return file, err
}

// fileError says what is wrong with a file without its path.
func fileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse("check the path", "the input file is not there")
	case errors.Is(err, fs.ErrPermission):
		return refuse("check its owner and permissions", "the input file may not be read")
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("the input file cannot be read: %w", err)
}
