package score

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"amparo/microdata"
	"amparo/synth/evaluate"
)

func read(t *testing.T, real, synthetic string, d Domain) *Files {
	t.Helper()
	f, err := Read(strings.NewReader(real), strings.NewReader(synthetic), d)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestByHand: figures small enough to work out on paper. The real file is a,x a,x b,y
// b,_ and the synthetic one a,x a,y (its columns the other way round).
func TestByHand(t *testing.T) {
	f := read(t, "p,q\na,x\na,x\nb,y\nb,\n", "q,p\nx,a\ny,a\n", nil)
	s, err := f.Compare([][2]string{{"q", "p"}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != 2 || len(s.Orders) != 2 {
		t.Fatalf("%d rows, %d orders, want 2 and 2", s.Rows, len(s.Orders))
	}
	// p: ½(|½−1| + |½−0|) = ½. q: x ½ ½, y ¼ ½, blank ¼ 0: ¼.
	one := s.Orders[0]
	if math.Abs(one.Mean-.375) > 1e-12 || one.Worst != .5 || one.WorstAt[0] != "p" || one.Sets != 2 {
		t.Errorf("1-way: %+v", one)
	}
	// Real values a, b, x, y; of them b is lost, nothing is invented.
	if want := (Combinations{Synthetic: 3, Real: [4]int{4}, Suppressed: [4]int{1}}); one.Combinations != want {
		t.Errorf("1-way: %+v, want %+v", one.Combinations, want)
	}
	// ax ½ ½, by ¼ 0, b_ ¼ 0, ay 0 ½: ½.
	two := s.Orders[1]
	if math.Abs(two.Mean-.5) > 1e-12 || math.Abs(s.Shown["q × p"]-.5) > 1e-12 {
		t.Errorf("2-way: %+v, shown %v", two, s.Shown)
	}
	// Real ax, by (b_ has a blank); by is lost, ay is invented.
	if want := (Combinations{Synthetic: 2, Fabricated: 1, Real: [4]int{2}, Suppressed: [4]int{1}}); two.Combinations != want {
		t.Errorf("2-way: %+v, want %+v", two.Combinations, want)
	}
	if got := s.Fabricated(2); math.Abs(got-1.0/5) > 1e-12 {
		t.Errorf("fabricated %v, want 1/5", got)
	}
	if got := s.Suppressed(2, 0); math.Abs(got-2.0/6) > 1e-12 {
		t.Errorf("suppressed %v, want 2/6", got)
	}
}

func TestItself(t *testing.T) {
	text := "a,b,c,d\n0,1,,2\n0,1,,2\n1,1,0,2\n"
	s, err := read(t, text, text, nil).Compare(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range s.Orders {
		if o.Mean != 0 || o.Worst != 0 || o.Combinations.Fabricated != 0 || o.Combinations.Suppressed[0] != 0 {
			t.Errorf("%d columns: a file differs from itself: %+v", o.Columns, o)
		}
	}
}

// TestAgreesWithEvaluate: the product's own evaluation, which shares no code with
// this one, says the same of random tables with blanks.
func TestAgreesWithEvaluate(t *testing.T) {
	sizes := []int{2, 3, 5, 4, 3}
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 7))
		real, synthetic := draw(r, sizes, 700), draw(r, sizes, 300+50*int(seed))
		s, err := read(t, text(real, sizes), text(synthetic, sizes), nil).Compare(nil)
		if err != nil {
			t.Fatal(err)
		}
		for order := 1; order <= 3; order++ {
			want, err := evaluate.Compare(context.Background(), counter(t, real, sizes), counter(t, synthetic, sizes), order)
			if err != nil {
				t.Fatal(err)
			}
			got := s.Orders[order-1]
			if math.Abs(got.Mean-want.Synthetic.Mean) > 1e-9 || math.Abs(got.Worst-want.Synthetic.Worst) > 1e-9 || got.Sets != want.Synthetic.Sets {
				t.Errorf("seed %d, order %d: %+v, want %+v", seed, order, got, want.Synthetic)
			}
			c := want.Combinations
			real, lost := [4]int{}, [4]int{} // of as many or more
			for i := range c.Buckets {
				for _, b := range c.Buckets[i:] {
					real[i], lost[i] = real[i]+b.Real, lost[i]+b.Lost
				}
			}
			if (got.Combinations != Combinations{c.Synthetic, c.Fabricated, real, lost}) {
				t.Errorf("seed %d, order %d: %+v, want %+v", seed, order, got.Combinations, c)
			}
		}
	}
}

// draw draws rows in which high codes are rare, so that some combinations are lost and
// some invented.
func draw(r *rand.Rand, sizes []int, rows int) [][]uint16 {
	out := make([][]uint16, rows)
	for i := range out {
		for _, n := range sizes {
			out[i] = append(out[i], uint16(float64(n)*math.Pow(r.Float64(), 4)))
		}
	}
	return out
}

// text writes rows as a file. Level 0 of each column but the first is blank.
func text(rows [][]uint16, sizes []int) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	var header []string
	for i := range sizes {
		header = append(header, fmt.Sprint("c", i))
	}
	lines := [][]string{header}
	for _, row := range rows {
		var line []string
		for i, v := range row {
			line = append(line, level(i, int(v)).Value)
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		panic(err) // a buffer does not fail
	}
	return b.String()
}

func level(column, code int) microdata.Level {
	if column > 0 && code == 0 {
		return microdata.Level{Missing: microdata.Unknown}
	}
	return microdata.Level{Value: fmt.Sprint("v", code)}
}

func counter(t *testing.T, rows [][]uint16, sizes []int) microdata.Counter {
	t.Helper()
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for code := range n {
			columns[i].Levels = append(columns[i].Levels, level(i, code))
		}
		for _, row := range rows {
			codes[i] = append(codes[i], row[i])
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(table, 1)
}

// TestRefused: what cannot be scored is an error that says where.
func TestRefused(t *testing.T) {
	real := "a,b\n0,1\n"
	for _, c := range []struct {
		name, real, synthetic string
		domain                Domain
		want                  string
	}{
		{"empty", real, "a,b\n", nil, "synthetic file: it holds no record"},
		{"column lacking", real, "a,c\n0,1\n", nil, `lacks column "b"`},
		{"outside", real, "a,b\n0,1\n0,2\n", Domain{"a": 2, "b": 2}, `row 3, column "b"`},
		{"spelled otherwise", real, "a,b\n0.0,1\n", Domain{"a": 2, "b": 2}, `row 2, column "a"`},
		{"leading zero", real, "a,b\n00,1\n", Domain{"a": 2, "b": 2}, `row 2, column "a"`},
		{"domain's column lacking", real, real, Domain{"z": 2}, `lacks column "z"`},
		{"ragged", real, "a,b\n0\n", nil, "wrong number of fields"},
	} {
		_, err := Read(strings.NewReader(c.real), strings.NewReader(c.synthetic), c.domain)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := read(t, real, real, nil).Compare([][2]string{{"a", "z"}}); err == nil {
		t.Error("a pair of a column that is not there was shown")
	}
}

// TestBlankInADomain: a blank is let through where a domain has none (what a strict
// output withholds), counts as a level, and is no value of a combination.
func TestBlankInADomain(t *testing.T) {
	s, err := read(t, "a\n0\n1\n", "a\n0\n\"\"\n", Domain{"a": 2}).Compare(nil)
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Orders[0]; o.Mean != .5 || o.Synthetic != 1 || o.Combinations.Fabricated != 0 || o.Combinations.Suppressed[0] != 1 {
		t.Errorf("%+v", o)
	}
}
