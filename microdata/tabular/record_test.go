package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var errOurs = errors.New("a fault")

// ours reads all records through the splitter and the parser.
func ours(r io.Reader, delim byte, size int) (records [][]string, lines int, err error) {
	in, p := newSplitter(r, size, 1), newParser(delim)
	for {
		block, err := in.next()
		if err != nil || block == nil {
			return records, lines, err
		}
		p.over(block)
		for f := p.next(); f != theEnd; f = p.next() {
			if f == anEmptyLine {
				continue
			}
			if f != aRecord {
				return records, lines + p.lines, errOurs
			}
			record := make([]string, len(p.fields))
			for i, s := range p.fields {
				record[i] = string(block[s.from:s.to])
			}
			records = append(records, record)
		}
		lines += p.lines
		in.recycle(block)
	}
}

// oracle reads all records with encoding/csv.
func oracle(text string, delim byte) (records [][]string, err error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = rune(delim), -1
	return r.ReadAll()
}

// agree fails where we and encoding/csv differ on a text: both must refuse it, or
// both read the same.
func agree(t *testing.T, text string, delim byte, size int) {
	t.Helper()
	want, wantErr := oracle(text, delim)
	got, _, err := ours(strings.NewReader(text), delim, size)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q by %q in blocks of %d: %v, encoding/csv says %v", text, delim, size, err, wantErr)
	}
	if err == nil && !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Fatalf("%q by %q in blocks of %d: %q, encoding/csv reads %q", text, delim, size, got, want)
	}
}

var texts = []string{
	"", "\n", "\r\n", "\r", "a", "a\n", "a,b\n1,2", "a,b\r\n1,2\r\n", "a,b\n\n1,2\n\n\n", ",\n,,\n", "a,\"b\"\n", "\"a,b\",c\n",
	"\"a\"\"b\"\n", "\"\"\n", "\"\"\"\"\n", "\"a\nb\",c\n", "\"a\r\nb\r\",c\r\n", "\"a\"b\n", "a\"b\n", " \"a\"\n", "\"a", "\"a\n", "\"a\"\r", "\"a\"\rb\n",
	"a\rb\n", "a\r\r\n", "a,\r\n", "a,\r", "\"\r\n\r\n\"\n", "\"a\",\"b\",\"c\"\n", "a;b\n1;2\n", "é,ñ\n", "\"a\"\"", "\"\n\"\n\"\n\"\n", "\xff,\xfe\n",
}

func TestParserAgreesWithEncodingCSV(t *testing.T) {
	for _, text := range texts {
		for _, delim := range []byte(delimiters) {
			for _, size := range []int{1, 2, 3, 5, 1 << 10} {
				agree(t, text, delim, size)
			}
		}
	}
}

// TestParserAgreesOnRandomTexts draws texts of the bytes that matter.
func TestParserAgreesOnRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60_000 {
		text := make([]byte, r.IntN(24))
		for i := range text {
			text[i] = "\"\"\",,\n\n\r\rab "[r.IntN(12)]
		}
		agree(t, string(text), ',', 1+r.IntN(12))
	}
}

func FuzzParser(f *testing.F) {
	for i, text := range texts {
		f.Add(text, uint8(i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, delim, size uint8) {
		agree(t, text, delimiters[int(delim)%len(delimiters)], 1+int(size))
	})
}

// TestParserReadsWhatEncodingCSVWrites needs no care about what is well-formed.
func TestParserReadsWhatEncodingCSVWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		columns := 2 + r.IntN(4)
		var want [][]string
		for range r.IntN(20) {
			record := make([]string, columns)
			for i := range record {
				value := make([]byte, r.IntN(6))
				for k := range value {
					value[k] = "ab,;\"\n \t|"[r.IntN(9)]
				}
				record[i] = string(value)
			}
			want = append(want, record)
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = r.IntN(2) == 0
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		got, _, err := ours(iotest.HalfReader(&text), ',', 1+r.IntN(40))
		if err != nil || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestBlocksEndWhereRecordsEnd joins the blocks to the text again.
func TestBlocksEndWhereRecordsEnd(t *testing.T) {
	text := strings.Repeat("a,\"b\nc\",\"d\"\"\n\"\n1,2,3\n", 50) + "last,row,here"
	for size := 1; size < 200; size += 7 {
		in := newSplitter(iotest.OneByteReader(strings.NewReader(text)), size, 2)
		var all []byte
		for {
			block, err := in.next()
			if err != nil {
				t.Fatal(err)
			}
			if block == nil {
				break
			}
			if _, err := oracle(string(block), ','); err != nil {
				t.Fatalf("blocks of %d: a block is not whole: %v", size, err)
			}
			all = append(all, block...)
			in.recycle(block)
		}
		if string(all) != text+"\n" || in.done != int64(len(text)) {
			t.Fatalf("blocks of %d: %d bytes of %d", size, len(all), len(text))
		}
	}
}

func TestSplitterPassesErrorsOn(t *testing.T) {
	broken := errors.New("is a directory")
	if _, err := newSplitter(iotest.ErrReader(broken), 10, 1).next(); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := newSplitter(idle{}, 10, 1).next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
