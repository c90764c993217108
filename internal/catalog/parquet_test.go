package catalog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"

	"amparo/microdata"
)

// testDomain returns a domain with a blank level, names that differ in case only
// and a name no Go field could have.
func testDomain(t testing.TB) *microdata.Domain {
	t.Helper()
	levels := func(values ...string) (l []microdata.Level) {
		for _, v := range values {
			m := microdata.Present
			if v == "" {
				m = microdata.Unknown
			}
			l = append(l, microdata.Level{Value: v, Missing: m})
		}
		return l
	}
	d, err := microdata.NewDomain([]microdata.Column{
		{Name: "gender", Levels: levels("Female", "Male", ""), Label: microdata.Text{"es": "Género", "en": "Gender"}},
		{Name: "Gender", Levels: levels("a", "b, \"c\"")},
		{Name: "año de registro", Levels: levels("2015", "2016", "2017", "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func randomCodes(d *microdata.Domain, rows int, seed uint64) [][]uint16 {
	r := rand.New(rand.NewPCG(seed, 2))
	out := make([][]uint16, d.Len())
	for i := range out {
		for range rows {
			out[i] = append(out[i], uint16(r.IntN(d.Size(i))))
		}
	}
	return out
}

func TestParquetHoldsTheRecords(t *testing.T) {
	d := testDomain(t)
	for _, rows := range []int{0, 1, 8191, 8192, 20_000, rowGroup + 5} {
		codes := randomCodes(d, rows, uint64(rows))
		var b, again bytes.Buffer
		if err := WriteParquet(&b, d, codes); err != nil {
			t.Fatal(rows, err)
		}
		if err := WriteParquet(&again, d, codes); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Fatal("equal records gave other bytes", err)
		}
		f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if int(f.NumRows()) != rows {
			t.Fatalf("%d rows, want %d", f.NumRows(), rows)
		}
		for i, c := range f.Schema().Columns() {
			if c[0] != d.Column(i).Name {
				t.Errorf("column %d is %q, want %q", i, c[0], d.Column(i).Name)
			}
		}
		r := parquet.NewReader(bytes.NewReader(b.Bytes()))
		row := 0
		buffer := make([]parquet.Row, 1000)
		for row < rows {
			n, err := r.ReadRows(buffer)
			for _, got := range buffer[:n] {
				for i, v := range got {
					if want := d.Column(i).Levels[codes[i][row]].Value; v.String() != want || v.IsNull() {
						t.Fatalf("row %d column %d differs", row, i)
					}
				}
				row++
			}
			if err != nil && row < rows {
				t.Fatal(err)
			}
		}
	}
	if err := WriteParquet(&bytes.Buffer{}, d, [][]uint16{{9}, {0}, {0}}); err == nil {
		t.Error("a code outside its column was written")
	}
	if err := WriteParquet(&bytes.Buffer{}, d, [][]uint16{{0}, {0, 0}, {0}}); err == nil {
		t.Error("ragged columns were written")
	}
}

func BenchmarkWriteParquet(b *testing.B) {
	var columns []microdata.Column
	for i := range 37 {
		c := microdata.Column{Name: fmt.Sprint("c", i)}
		for l := range 2 + i%9 {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint("level", l)})
		}
		columns = append(columns, c)
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		b.Fatal(err)
	}
	codes := randomCodes(d, 193_025, 1)
	for b.Loop() {
		var out bytes.Buffer
		if err := WriteParquet(&out, d, codes); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/1e6, "MB")
	}
}
