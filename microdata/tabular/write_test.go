package tabular

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"amparo/microdata"
)

func newDomain(t testing.TB, columns ...microdata.Column) *microdata.Domain {
	t.Helper()
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func levelsOf(values ...string) (out []microdata.Level) {
	for _, v := range values {
		out = append(out, microdata.Level{Value: v})
	}
	return out
}

func TestWriteGolden(t *testing.T) {
	d := newDomain(t, microdata.Column{Name: "a", Levels: levelsOf("1", "x,y", `say "no"`, "")},
		microdata.Column{Name: "b;c", Levels: levelsOf("two\nlines", " space", "=1+1", "é")})
	var out bytes.Buffer
	if err := Write(&out, d, [][]uint16{{0, 1, 2, 3}, {0, 1, 2, 3}}, ','); err != nil {
		t.Fatal(err)
	}
	want := "a,\"b;c\"\n1,\"two\nlines\"\n\"x,y\",\" space\"\n\"say \"\"no\"\"\",=1+1\n,é\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestWriteIsReadBack draws files of random spellings and reads them with our
// reader and with encoding/csv.
func TestWriteIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		delim := delimiters[r.IntN(len(delimiters))]
		columns, codes := make([]microdata.Column, 1+r.IntN(3)), [][]uint16{}
		rows := 1 + r.IntN(20)
		for i := range columns {
			columns[i].Name = "col" + string(rune('a'+i))
			seen := map[string]bool{}
			for len(columns[i].Levels) < 4 {
				value := make([]byte, r.IntN(5))
				for k := range value {
					value[k] = "ab,;|\t\"\n \r"[r.IntN(10)]
				}
				v := string(value)
				for strings.Contains(v, "\r\n") { // readers take CRLF for a line end
					v = strings.ReplaceAll(v, "\r\n", "\n")
				}
				if !seen[v] {
					columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: v})
				}
				seen[v] = true
			}
			c := make([]uint16, rows)
			for k := range c {
				c[k] = uint16(r.IntN(4))
			}
			codes = append(codes, c)
		}
		d := newDomain(t, columns...)
		var out bytes.Buffer
		if err := Write(&out, d, codes, delim); err != nil {
			t.Fatal(err)
		}
		want := [][]string{d.Names()}
		for k := range rows {
			row := make([]string, len(columns))
			for i := range columns {
				row[i] = columns[i].Levels[codes[i][k]].Value
			}
			want = append(want, row)
		}
		got, err := oracle(out.String(), delim)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, want)
		domain := &DomainFile{levels: map[string][]microdata.Level{}, names: d.Names()}
		for _, c := range columns {
			domain.levels[c.Name] = c.Levels
		}
		f, err := Read(context.Background(), bytes.NewReader(out.Bytes()), -1, Options{Domain: domain})
		if err != nil {
			t.Fatalf("%q: %v", out.String(), err)
		}
		equal(t, values(f.Table), want[1:])
		if len(columns) > 1 && f.Delimiter != delim {
			t.Errorf("%q: delimiter %q", out.String(), f.Delimiter)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteRefuses(t *testing.T) {
	d := newDomain(t, microdata.Column{Name: "a", Levels: levelsOf("0", "1")}, microdata.Column{Name: "b", Levels: levelsOf("0")})
	sound := [][]uint16{{0, 1}, {0, 0}}
	for name, c := range map[string]struct {
		codes [][]uint16
		delim byte
	}{
		"a column too few": {sound[:1], ','}, "ragged": {[][]uint16{{0, 1}, {0}}, ','}, "out of range": {[][]uint16{{0, 2}, {0, 0}}, ','},
		"quote": {sound, '"'}, "newline": {sound, '\n'}, "NUL": {sound, 0}, "half a letter": {sound, 0xe9},
	} {
		if err := Write(&bytes.Buffer{}, d, c.codes, c.delim); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	many := make([]uint16, 1<<20)
	for _, left := range []int{0, 1 << 19} {
		if err := Write(&full{left}, d, [][]uint16{many, many}, ','); !errors.Is(err, errFull) {
			t.Errorf("a full disk after %d bytes: %v", left, err)
		}
	}
}

// TestWriteRealFile writes the CTDC file as it was, but for its CRLF.
func TestWriteRealFile(t *testing.T) {
	text := realFile(t, "ctdc/global_synthetic_2021.csv")
	f, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, f.Table.Domain(), codesOf(f.Table), ','); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))) {
		t.Error("the file that was written differs from the one that was read")
	}
}

func codesOf(table *microdata.Table) [][]uint16 {
	out := make([][]uint16, table.Domain().Len())
	for c := range out {
		for r := range table.Rows() {
			out[c] = append(out[c], uint16(table.Code(r, c)))
		}
	}
	return out
}
