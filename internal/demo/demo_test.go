package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"amparo/microdata/tabular"
)

// write returns the file of the options.
func write(t testing.TB, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// persons returns the first n records of a seed, as codes.
func persons(seed uint64, n int) []person {
	m, r := theModel(), newSource(seed)
	out := make([]person, n)
	for i := range out {
		m.invent(&out[i], r)
	}
	return out
}

// golden is the hash of the header and the first 1,000 records of seed 0. Where
// it changes, every file that anyone made changes: say so in CHANGELOG.md, and
// take the hash that the test prints.
const golden = "72f9073a8de41eb87f7d07dcdb1d28d042c769d75ec50b482c229d98d071a5c3"

func TestGolden(t *testing.T) {
	sum := sha256.Sum256(write(t, Options{Cases: 1000}))
	if got := hex.EncodeToString(sum[:]); got != golden {
		t.Errorf("the first 1,000 records are not those of earlier versions: their hash is %s", got)
	}
}

func TestSameBytesEveryRun(t *testing.T) {
	a, b := write(t, Options{Cases: 5000, Seed: 7}), write(t, Options{Cases: 5000, Seed: 7})
	if !bytes.Equal(a, b) {
		t.Error("the same options gave other bytes")
	}
	if bytes.Equal(a, write(t, Options{Cases: 5000, Seed: 8})) {
		t.Error("another seed gave the same bytes")
	}
	if !bytes.HasPrefix(write(t, Options{Cases: 9000, Seed: 7}), a) {
		t.Error("a longer file does not begin with the shorter one")
	}
}

func TestDefaultCases(t *testing.T) {
	if lines := bytes.Count(write(t, Options{}), []byte("\n")); lines != DefaultCases+1 {
		t.Errorf("%d lines, want a header and %d records", lines, DefaultCases)
	}
}

func TestBadOptions(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Options{Cases: -1}); err == nil || b.Len() > 0 {
		t.Errorf("a negative number of cases gave error %v and %d bytes", err, b.Len())
	}
}

// narrow takes so many bytes, then fails.
type narrow struct{ left int }

var errFull = errors.New("no space left")

func (n *narrow) Write(p []byte) (int, error) {
	if n.left -= len(p); n.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	told := int64(0)
	o := Options{Cases: 1_000_000, Progress: func(done, _ int64) { told = done }}
	if err := Write(&narrow{1 << 20}, o); !errors.Is(err, errFull) {
		t.Errorf("a full disk gave error %v", err)
	}
	if told > 100_000 {
		t.Errorf("went on to record %d after the writer failed", told)
	}
}

func TestProgress(t *testing.T) {
	var calls []int64
	write(t, Options{Cases: 10_000, Progress: func(done, total int64) {
		if total != 10_000 {
			t.Errorf("told a total of %d", total)
		}
		calls = append(calls, done)
	}})
	if len(calls) < 2 || !slices.IsSorted(calls) || calls[len(calls)-1] != 10_000 {
		t.Errorf("told %v; want growing numbers up to 10000", calls)
	}
}

// TestConstantMemory: a hundred times the records, not one allocation more.
func TestConstantMemory(t *testing.T) {
	allocations := func(cases int) float64 {
		return testing.AllocsPerRun(3, func() { _ = Write(io.Discard, Options{Cases: cases}) })
	}
	if few, many := allocations(1000), allocations(100_000); many > few {
		t.Errorf("1,000 records take %v allocations, 100,000 take %v", few, many)
	}
}

func TestColumnsAreTheProfiles(t *testing.T) {
	m := theModel()
	if m.domain.Len() != width {
		t.Fatalf("the profile has %d columns, the records %d", m.domain.Len(), width)
	}
	for at, name := range map[int]string{year: "yearOfRegistration", source: "sourceCategory", gender: "gender", age: "ageBand",
		majority: "majorityStatus", citizenship: "citizenship", place: "countryOfExploitation", act: "act", means: "meansOfControl",
		meansFirst: meansColumns[0], formFirst: formColumns[0], industry: "industry", recruiter: "recruiterRelation",
		duration: "durationMonths", assistance: "assistance", serviceFirst: serviceColumns[0]} {
		if got := m.domain.Column(at).Name; got != name {
			t.Errorf("column %d is %s, want %s", at, got, name)
		}
	}
	groups := m.domain.Groups()
	for group, want := range map[string][]string{"meansOfControl": meansColumns, "formOfExploitation": formColumns, "assistance": serviceColumns} {
		var got []string
		for _, c := range groups[group] {
			column := m.domain.Column(c)
			got = append(got, column.Name)
			if column.Levels[yes].Value != "1" || column.Levels[blank].Value != "" || len(column.Levels) != 2 {
				t.Errorf("%s is not an indicator of 1 and blank", column.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("group %s has columns %v, want %v", group, got, want)
		}
	}
	// invent uses one code for a country in both columns, and orders the ages.
	for c := range m.countries() {
		if m.domain.Column(citizenship).Levels[c].Value != m.domain.Column(place).Levels[c].Value {
			t.Errorf("country %d differs between citizenship and country of exploitation", c)
		}
	}
	bands := m.domain.Column(age).Levels
	if bands[firstBand].Value != "0--8" || bands[adultBand-1].Value != "9--17" || bands[adultBand].Value != "18--20" {
		t.Error("the age bands are not in their order")
	}
}

// TestEveryLineIsPlain reads the file with another reader: as many values on
// every line as in the header, none in need of quotes, none outside its list.
func TestEveryLineIsPlain(t *testing.T) {
	file := write(t, Options{Seed: 3, Cases: 20_000})
	if i := bytes.IndexAny(file, "\"\r; \t"); i >= 0 {
		t.Errorf("byte %d would need quotes", i)
	}
	for line := range bytes.Lines(file) {
		if len(line) > maxLine {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
	in := csv.NewReader(bytes.NewReader(file))
	header, err := in.Read()
	if err != nil || !slices.Equal(header, Domain().Names()) {
		t.Fatalf("header %v, error %v", header, err)
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for c, value := range record {
			if _, ok := Domain().Column(c).Code(value); !ok {
				t.Fatalf("column %s has a value outside its list", header[c])
			}
		}
	}
}

// TestFileIsRecognised sends a file through the door that real files take.
func TestFileIsRecognised(t *testing.T) {
	const n = 3000
	file := write(t, Options{Cases: n})
	f, err := tabular.Read(context.Background(), bytes.NewReader(file), int64(len(file)), tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Profile == nil || f.Profile.ID != ProfileID || !f.Profile.Fictional || len(f.Open) > 0 || f.Table.Rows() != n {
		t.Fatal("the file is not recognised, or not as fictional, or a column of it is open")
	}
	for r, p := range persons(0, n) {
		for c, code := range p {
			if f.Table.Code(r, c) != int(code) {
				t.Fatalf("record %d, column %s: read as another level than was written", r, Domain().Column(c).Name)
			}
		}
	}
}

// TestEveryLevelOccurs: 60,000 records have every level of every column, so no
// page of the demo shows a level that is never there.
func TestEveryLevelOccurs(t *testing.T) {
	for seed := range uint64(3) {
		var seen [width][]int
		for c := range seen {
			seen[c] = make([]int, Domain().Size(c))
		}
		for _, p := range persons(seed, DefaultCases) {
			for c, code := range p {
				seen[c][code]++
			}
		}
		for c, counts := range seen {
			for l, n := range counts {
				if n < 20 {
					t.Errorf("seed %d: %s %q occurs %d times", seed, Domain().Column(c).Name, Domain().Column(c).Levels[l].Value, n)
				}
			}
		}
	}
}

// TestRecordsDiffer: most records are unlike all others, as real ones are; that
// is what makes them hard to protect.
func TestRecordsDiffer(t *testing.T) {
	const n = 20_000
	distinct := map[person]bool{}
	for _, p := range persons(0, n) {
		distinct[p] = true
	}
	if len(distinct) < n*95/100 {
		t.Errorf("%d of %d records are distinct", len(distinct), n)
	}
}

func TestNamesSayFictional(t *testing.T) {
	if !strings.Contains(FileName, "fictional") || !Profile().Fictional {
		t.Error("file or profile does not say that it is fictional")
	}
	for _, lang := range []string{"es", "en"} {
		if Coalition().Notice[lang] == "" || !strings.Contains(strings.ToLower(Profile().Title[lang]), "fic") {
			t.Errorf("%s: no notice, or a title that does not say fictional", lang)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	const cases = 100_000
	theModel()
	var bytes counted
	for b.Loop() {
		if err := Write(&bytes, Options{Cases: cases}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*cases/b.Elapsed().Seconds(), "records/s")
}

// counted throws bytes away.
type counted int64

func (c *counted) Write(p []byte) (int, error) { *c += counted(len(p)); return len(p), nil }
