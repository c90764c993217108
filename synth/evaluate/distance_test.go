package evaluate

import (
	"context"
	"fmt"
	"math"
	"testing"

	"amparo/microdata"
)

func table(t *testing.T, sizes []int, rows [][]uint16) microdata.Counter {
	t.Helper()
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for l := range n {
			columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		for _, r := range rows {
			codes[i] = append(codes[i], r[i])
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(tab, 1)
}

// TestCompareByHand: distances small enough to work out on paper.
func TestCompareByHand(t *testing.T) {
	real := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 0}, {1, 1}, {1, 1}})
	crossed := table(t, []int{2, 2}, [][]uint16{{0, 1}, {1, 0}})
	half := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 1}})
	for _, c := range []struct {
		name       string
		synthetic  microdata.Counter
		order      int
		mean, most float64
	}{
		{"itself, 1", real, 1, 0, 0},
		{"itself, 2", real, 2, 0, 0},
		{"crossed, 1", crossed, 1, 0, 0},
		{"crossed, 2", crossed, 2, 1, 1},
		{"half, 1", half, 1, .25, .5},
		{"half, 2", half, 2, .5, .5},
	} {
		d, err := Compare(context.Background(), real, c.synthetic, c.order)
		if s := d.Synthetic; err != nil || math.Abs(s.Mean-c.mean) > 1e-12 || math.Abs(s.Worst-c.most) > 1e-12 {
			t.Errorf("%s: %+v, %v", c.name, d, err)
		}
	}
	d, err := Compare(context.Background(), real, real, 2)
	if err != nil || math.Abs(d.Independent.Mean-.5) > 1e-12 {
		t.Errorf("independent: %+v, %v", d.Independent, err)
	}
	if d, _ := Compare(context.Background(), real, real, 1); d.Independent.Mean > 1e-12 {
		t.Errorf("independent singles: %+v", d.Independent)
	}
}

// TestAgainstProductEqualsDefinition: the short sum over cells with rows is
// ½ Σ|p − product| over all cells.
func TestAgainstProductEqualsDefinition(t *testing.T) {
	rows := [][]uint16{{0, 0, 1}, {0, 1, 2}, {1, 1, 2}, {0, 0, 0}, {1, 2, 2}, {1, 2, 1}, {0, 2, 0}}
	counter := table(t, []int{2, 3, 3}, rows)
	singles, _ := counter.Count(context.Background(), microdata.AllCliques(3, 1))
	for _, c := range append(microdata.AllCliques(3, 2), microdata.AllCliques(3, 3)...) {
		counted, _ := counter.Count(context.Background(), []microdata.Clique{c})
		product := []float64{1}
		for _, a := range c {
			var next []float64
			for _, p := range product {
				for _, k := range singles[a].Counts {
					next = append(next, p*float64(k)/float64(len(rows)))
				}
			}
			product = next
		}
		want := 0.0
		for i, k := range counted[0].Counts {
			want += math.Abs(float64(k)/float64(len(rows))-product[i]) / 2
		}
		if got := againstProduct(counted[0].Counts, c, singles); math.Abs(got-want) > 1e-12 {
			t.Errorf("columns %v: %v, want %v", c, got, want)
		}
	}
}

func TestCompareRefusesOtherDomains(t *testing.T) {
	a := table(t, []int{2, 2}, [][]uint16{{0, 0}})
	for _, b := range []microdata.Counter{table(t, []int{2}, [][]uint16{{0}}), table(t, []int{2, 3}, [][]uint16{{0, 0}})} {
		if _, err := Compare(context.Background(), a, b, 1); err == nil {
			t.Error("another domain was compared")
		}
	}
}

func TestCompareEmpty(t *testing.T) {
	empty, one := table(t, []int{2}, nil), table(t, []int{2}, [][]uint16{{1}})
	if d, _ := Compare(context.Background(), empty, empty, 1); d.Synthetic.Mean != 0 {
		t.Errorf("empty against empty: %+v", d)
	}
	if d, _ := Compare(context.Background(), one, empty, 1); d.Synthetic.Mean != 1 {
		t.Errorf("empty against one row: %+v", d)
	}
}
