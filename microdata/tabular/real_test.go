package tabular

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// realFile returns the contents of a file of the real data, which lies outside the
// repository, or skips.
func realFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("AMPARO_DATA")
	for at, _ := os.Getwd(); dir == "" && at != filepath.Dir(at); at = filepath.Dir(at) {
		if at := filepath.Join(at, "shared", "data"); isDir(at) {
			dir = at
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("real data absent: %s", name)
	}
	return text
}

func isDir(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}

// BenchmarkRead reads the CTDC file: as it is, with one worker, with all columns
// open (their names changed), and with a person key that collapses rows.
func BenchmarkRead(b *testing.B) {
	text := realFile(b, "ctdc/global_synthetic_2021.csv")
	lines := bytes.Count(text, []byte("\n"))
	header, body, _ := bytes.Cut(text, []byte("\n"))
	unknown := append(bytes.ToUpper(header), "\n"...)
	unknown = append(unknown, body...)
	keyed := append([]byte("key,"), header...)
	for i, line := range bytes.Split(bytes.TrimSpace(body), []byte("\n")) {
		keyed = fmt.Appendf(keyed, "\n%d,%s", i/3*7919, line)
	}
	for _, c := range []struct {
		name string
		text []byte
		o    Options
	}{
		{"closed", text, Options{}},
		{"one worker", text, Options{Workers: 1}},
		{"open", unknown, Options{}},
		{"person", keyed, Options{Person: "key"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(context.Background(), bytes.NewReader(c.text), int64(len(c.text)), c.o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((lines-1)*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	text := realFile(b, "ctdc/global_synthetic_2021.csv")
	f, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	codes := codesOf(f.Table)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := Write(io.Discard, f.Table.Domain(), codes, ','); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.Table.Rows()*b.N)/b.Elapsed().Seconds(), "rows/s")
}
