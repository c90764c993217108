package tabular

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"amparo/microdata"
)

func mustRead(t *testing.T, text string, o Options) *File {
	t.Helper()
	f, err := Read(context.Background(), iotest.HalfReader(strings.NewReader(text)), int64(len(text)), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustDomain(t *testing.T, text string) *DomainFile {
	t.Helper()
	d, err := ReadDomain(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// values returns the spelling of every value of a table.
func values(table *microdata.Table) [][]string {
	out := make([][]string, table.Rows())
	for r := range out {
		for c := range table.Domain().Len() {
			out[r] = append(out[r], table.Domain().Column(c).Levels[table.Code(r, c)].Value)
		}
	}
	return out
}

func equal(t *testing.T, got, want [][]string) {
	t.Helper()
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestReadKeepsEveryRow tries the ways in which last rows and values are lost.
func TestReadKeepsEveryRow(t *testing.T) {
	d := mustDomain(t, `{"a": ["1", "x;y", "é"], "b": ["2", ""]}`)
	want := [][]string{{"1", "2"}, {"x;y", ""}, {"é", "2"}}
	for name, text := range map[string]string{
		"plain":         "a,b\n1,2\nx;y,\né,2\n",
		"no newline":    "a,b\n1,2\nx;y,\né,2",
		"CRLF":          "a,b\r\n1,2\r\nx;y,\r\né,2\r\n",
		"CRLF, no end":  "a,b\r\n1,2\r\nx;y,\r\né,2\r",
		"BOM":           "\xef\xbb\xbfa,b\n1,2\nx;y,\né,2\n",
		"quoted":        "\"a\",\"b\"\n\"1\",\"2\"\n\"x;y\",\"\"\n\"é\",\"2\"",
		"tab":           "a\tb\n1\t2\nx;y\t\né\t2\n",
		"bar":           "a|b\n1|2\nx;y|\né|2\n",
		"semicolon":     "a;b\n1;2\n\"x;y\";\né;2\n",
		"sep line":      "sep=;\r\na;b\r\n1;2\r\n\"x;y\";\r\né;2\r\n",
		"empty lines":   "\n\na,b\n\n1,2\n\r\nx;y,\né,2\n\n\n",
		"spaces":        " a , b\n1 , 2\nx;y, \n\té,2\n",
		"outside blank": "a,b\n1,2\nx;y,777\né,2\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := mustRead(t, text, Options{Domain: d})
			equal(t, values(f.Table), want)
			if !slices.Equal(f.Columns, []string{"a", "b"}) || f.Profile != nil || f.PersonCollapsed || len(f.Open) > 0 {
				t.Errorf("%q", f.Columns)
			}
		})
	}
}

// TestReadIsTheSameForAnyNumberOfWorkers, blocks and readers.
func TestReadIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var text strings.Builder
	text.WriteString("c,o,p\n")
	for range 3000 {
		fmt.Fprintf(&text, "%d,\"v\n%d\",%d\n", r.IntN(3), r.IntN(30), r.IntN(900))
	}
	text.WriteString("1,last,77")
	var want string
	for _, workers := range []int{1, 2, 7} {
		for _, block := range []int{1, 100, 5000, 0} {
			o := Options{Workers: workers, block: block, Person: "p", Drop: []string{"c"}}
			f, err := Read(context.Background(), iotest.HalfReader(strings.NewReader(text.String())), -1, o)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(f.Open[0].Values(), f.Open[0].Counts(), f.Open[0].codes)
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("%d workers, blocks of %d: another result", workers, block)
			}
		}
	}
}

func TestFileSaysWhatWasDone(t *testing.T) {
	f := mustRead(t, "email,b,name,key\nx,1,y,7\nx,1,y,7\n", Options{Drop: []string{"name"}, Allow: []string{"email", "b"}, Person: "key"})
	if !slices.Equal(f.Columns, []string{"email", "b"}) || !slices.Equal(f.Dropped, []string{"name"}) ||
		!slices.Equal(f.Allowed, []string{"email"}) || !f.PersonCollapsed || f.Delimiter != ',' {
		t.Errorf("columns %q, dropped %q, allowed %q, delimiter %q", f.Columns, f.Dropped, f.Allowed, f.Delimiter)
	}
	if f.Table != nil || len(f.Open) != 2 {
		t.Errorf("%d open columns", len(f.Open))
	}
	for _, v := range []any{f, f.Open[0], f.Open, &f.Open[0]} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "x\"") || strings.Contains(s, "email") || len(s) > 60 {
				t.Errorf("%s printed %s", verb, s)
			}
		}
		if _, err := json.Marshal(v); err == nil {
			t.Error("records were written to JSON")
		}
	}
}

func TestProgressEndsAtTheEnd(t *testing.T) {
	var last, total int64
	text := "a,b\n" + strings.Repeat("1,2\n", 1000)
	mustRead(t, text, Options{block: 100, Progress: func(d, n int64) {
		if d < last {
			t.Error("progress went back")
		}
		last, total = d, n
	}})
	if last != int64(len(text)) || total != int64(len(text)) {
		t.Errorf("%d of %d, the file has %d bytes", last, total, len(text))
	}
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]byte{
		"a,b\n1,2\n":                       ',',
		"a;b\n1,5;2,5\n":                   ';',
		"a;b;c\n1,5;2,5;3,5\n":             ';',
		"a\tb\n\"x,y\"\tz\n":               '\t',
		"a|b\n1|2\n":                       '|',
		"a\n1\n":                           ',',
		"a,b;c\n1,2;3\n4,5\n":              ',',
		"\"a;b\",c\n1,2\n":                 ',',
		"a,b\n\"1;2\",3\n":                 ',',
		"x;y\n\"a, b\n, c\";1\n\"d, e\";2": ';',
	} {
		if got, skip := sniff([]byte(text + "\n")); got != want || skip != 0 {
			t.Errorf("%q: %q", text, got)
		}
	}
	if d, skip := sniff([]byte("sep=|\na|b\n")); d != '|' || skip != 6 {
		t.Errorf("sep line: %q, %d", d, skip)
	}
	if _, skip := sniff([]byte("sep=x,b\n1,2\n")); skip != 0 {
		t.Error("a header that begins with sep= was skipped")
	}
}

// TestReadRealFile codes the CTDC file and compares every value with what
// encoding/csv reads.
func TestReadRealFile(t *testing.T) {
	text := realFile(t, "ctdc/global_synthetic_2021.csv")
	f, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Profile == nil || f.Profile.ID != "ctdc-global-synthetic-2021" || f.Table.Rows() != 193_025 || len(f.Columns) != 37 {
		t.Fatal("the file was not recognised")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.ReuseRecord = true
	header, _ := r.Read()
	if !slices.Equal(header, f.Columns) {
		t.Errorf("columns %q", f.Columns)
	}
	d := f.Table.Domain()
	for row := range f.Table.Rows() {
		want, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		for c, v := range want {
			if d.Column(c).Levels[f.Table.Code(row, c)].Value != v {
				t.Fatalf("row %d, column %s differs", row, header[c])
			}
		}
	}
	if got := len(f.Profile.Cliques(d)); got != len(f.Profile.Publish) {
		t.Errorf("%d of %d published pairs are there", got, len(f.Profile.Publish))
	}
}

func TestReadRealFilesWithDomain(t *testing.T) {
	for _, name := range []string{"adult", "hd_nltcs"} {
		text := realFile(t, "dp/"+name+".csv")
		d, err := ReadDomain(bytes.NewReader(realFile(t, "dp/"+name+"-domain.json")))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), Options{Domain: d})
		if err != nil {
			t.Fatal(err)
		}
		want, err := oracle(string(text), ',')
		if err != nil {
			t.Fatal(err)
		}
		equal(t, values(f.Table)[:500], want[1:501])
		if f.Table.Rows() != len(want)-1 {
			t.Errorf("%s: %d rows of %d", name, f.Table.Rows(), len(want)-1)
		}
	}
}

// TestReadRealOpenFile reads a semicolon file of which no level is public.
func TestReadRealOpenFile(t *testing.T) {
	text := realFile(t, "dp/arx/adult.csv")
	f, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Delimiter != ';' || len(f.Open) != 9 {
		t.Fatalf("delimiter %q, %d open columns", f.Delimiter, len(f.Open))
	}
	kept := make([][]string, len(f.Open))
	for i, o := range f.Open {
		kept[i] = o.Values()
	}
	table, err := f.Close(kept)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := oracle(string(text), ';')
	equal(t, values(table), want[1:])
}
