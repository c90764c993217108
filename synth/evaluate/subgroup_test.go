package evaluate

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// TestSubgroupsEqualOracle filters the rows of each level and compares them by
// themselves, without the column.
func TestSubgroupsEqualOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 19))
	sizes := []int{3, 9, 4, 5}
	for range 10 {
		rows, synthetic := population(r, sizes, 200), population(r, sizes, 150)
		for _, row := range append(slices.Clone(rows), synthetic...) {
			row[1] = row[1] / 2 * 2 // levels that nobody has
		}
		by := []int{1, 3, 0}
		all, got, err := Subgroups(context.Background(), table(t, sizes, rows), table(t, sizes, synthetic), 3, by, 20)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := Compare(context.Background(), table(t, sizes, rows), table(t, sizes, synthetic), 3); err != nil || !reflect.DeepEqual(c, all) {
			t.Fatalf("beside subgroups %+v, by itself %+v, %v", all, c, err)
		}
		var want []Subgroup
		for _, column := range by {
			var found []Subgroup
			for level := range sizes[column] {
				without := func(rows [][]uint16) (out [][]uint16) {
					for _, row := range rows {
						if int(row[column]) == level {
							out = append(out, slices.Delete(slices.Clone(row), column, column+1))
						}
					}
					return out
				}
				a, b := without(rows), without(synthetic)
				if len(a) < 20 {
					continue
				}
				rest := slices.Delete(slices.Clone(sizes), column, column+1)
				c, err := Compare(context.Background(), table(t, rest, a), table(t, rest, b), 2)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, Subgroup{column, level, int64(len(a)), int64(len(b)), 3, c.Synthetic.Mean, c.Resample.Mean})
			}
			slices.SortStableFunc(found, func(x, y Subgroup) int { return int(y.Real - x.Real) })
			want = append(want, found...)
		}
		same := func(x, y Subgroup) bool {
			near := math.Abs(x.Mean-y.Mean) < 1e-9 && math.Abs(x.Resample-y.Resample) < 1e-9
			x.Mean, x.Resample = y.Mean, y.Resample
			return near && x == y
		}
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
	}
}

// TestSubgroupsOfFewColumns: with two columns the other one is compared; a level that
// the synthetic records lack is as far away as can be.
func TestSubgroupsOfFewColumns(t *testing.T) {
	real := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 1}, {0, 1}, {1, 0}, {1, 0}})
	synthetic := table(t, []int{2, 2}, [][]uint16{{0, 0}, {0, 1}})
	_, got, err := Subgroups(context.Background(), real, synthetic, 2, []int{0}, 1)
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if g := got[0]; g.Level != 0 || g.Real != 3 || g.Synthetic != 2 || g.Sets != 1 || math.Abs(g.Mean-1.0/6) > 1e-12 {
		t.Errorf("%+v", g)
	}
	if g := got[1]; g.Level != 1 || g.Real != 2 || g.Synthetic != 0 || math.Abs(g.Mean-1) > 1e-12 || g.Resample != 0 {
		t.Errorf("%+v", g)
	}
	if _, got, err := Subgroups(context.Background(), real, synthetic, 2, []int{0}, 4); err != nil || len(got) != 0 {
		t.Errorf("groups of four: %+v, %v", got, err)
	}
	for _, column := range []int{-1, 2} {
		if _, _, err := Subgroups(context.Background(), real, synthetic, 2, []int{column}, 1); err == nil {
			t.Errorf("subgroups by column %d", column)
		}
	}
	one := table(t, []int{2}, [][]uint16{{0}, {1}})
	if _, got, err := Subgroups(context.Background(), one, one, 1, []int{0}, 1); err != nil || len(got) != 2 || got[0].Mean != 0 {
		t.Errorf("one column: %+v, %v", got, err)
	}
}
