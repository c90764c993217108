package synth

import (
	"fmt"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// places is a column of countries a1…, b1…, c1… in regions A, B, C, of which A
// and B make up the world W; C is the world V.
func places() *microdata.Column {
	c := &microdata.Column{Name: "place"}
	region := microdata.Coarsening{Name: "region", Levels: levels("A", "B", "C")}
	world := microdata.Coarsening{Name: "world", Levels: levels("W", "V")}
	for i, r := range []string{"a", "b", "c"} {
		for k := range 3 {
			c.Levels = append(c.Levels, levels(fmt.Sprint(r, k+1))...)
			region.Of = append(region.Of, uint16(i))
			world.Of = append(world.Of, uint16(i/2))
		}
	}
	c.Hierarchy = []microdata.Coarsening{region, world}
	return c
}

func levels(values ...string) (out []microdata.Level) {
	for _, v := range values {
		out = append(out, microdata.Level{Value: v})
	}
	return out
}

func TestCoarsenGoesUpTheHierarchy(t *testing.T) {
	for _, c := range []struct {
		name  string
		noisy []int64
		want  string // the group of each level
	}{
		{"all common", []int64{99, 99, 99, 99, 99, 99, 99, 99, 99}, ""},
		{"one rare level stays itself", []int64{99, 3, 99, 99, 99, 99, 99, 99, 99}, ""},
		{"the rest of a region", []int64{99, 9, 9, 99, 99, 99, 99, 99, 99}, "a1 [rest of A] [rest of A] b1 b2 b3 c1 c2 c3"},
		{"rests of two regions join", []int64{99, 6, 6, 99, 6, 6, 99, 99, 99}, "a1 [rest of W] [rest of W] b1 [rest of W] [rest of W] c1 c2 c3"},
		{"a rest too small for its world", []int64{99, 1, 0, 99, 99, 99, 99, 99, 2}, "a1 [rest] [rest] b1 b2 b3 c1 c2 [rest]"},
		{"nothing is common", []int64{0, 0, 0, 0, 0, 0, 0, 0, 0}, "[rest] [rest] [rest] [rest] [rest] [rest] [rest] [rest] [rest]"},
		{"negative noise", []int64{99, 99, 99, 99, 99, 99, -40, -3, 99}, "a1 a2 a3 b1 b2 b3 [rest] [rest] c3"},
	} {
		column := places()
		step := Coarsen(column, c.noisy, 10)
		var got []string
		if step != nil {
			for _, g := range step.Of {
				got = append(got, step.Levels[g].Value)
			}
			columns := []microdata.Column{*column}
			d, err := microdata.NewDomain(columns)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Coarsen([]*microdata.Coarsening{step}); err != nil {
				t.Errorf("%s: no sound coarsening: %v", c.name, err)
			}
		}
		if s := fmt.Sprint(got); s != "["+c.want+"]" {
			t.Errorf("%s:\n got %s\nwant [%s]", c.name, s, c.want)
		}
	}
}

func TestCoarsenWithoutHierarchy(t *testing.T) {
	c := &microdata.Column{Name: "x", Levels: levels("a", "b", "c", "d")}
	step := Coarsen(c, []int64{100, 1, 2, 100}, 10)
	if step == nil || !slices.Equal(step.Of, []uint16{0, 1, 1, 2}) || step.Levels[1].Value != "[rest]" {
		t.Errorf("got %+v", step)
	}
	if step.Levels[1].Label["es"] == "" || step.Levels[1].Label["en"] == "" {
		t.Error("the rest has no name in es or en")
	}
}

// TestRefineKeepsShares: a group's rows go to its levels in proportion to their
// estimates, within one record; other groups are untouched.
func TestRefineKeepsShares(t *testing.T) {
	step := &microdata.Coarsening{Levels: levels("kept", "[rest]"), Of: []uint16{0, 1, 1, 1}}
	column := make([]uint16, 1000)
	for i := range column {
		column[i] = uint16(i % 2)
	}
	refine(column, step, []float64{500, 30, 0, 10}, pgm.NewRand(1))
	counts := make([]int, 4)
	for _, v := range column {
		counts[v]++
	}
	if counts[0] != 500 || counts[2] != 0 || counts[1] < 374 || counts[1] > 376 || counts[1]+counts[3] != 500 {
		t.Errorf("counts %v, want 500 375 0 125", counts)
	}
	empty := []uint16{1, 1, 1, 1, 1, 1}
	refine(empty, step, []float64{5, 0, 0, 0}, pgm.NewRand(1)) // no evidence: equal shares
	clear(counts)
	for _, v := range empty {
		counts[v]++
	}
	if !slices.Equal(counts, []int{0, 2, 2, 2}) {
		t.Errorf("without evidence: counts %v, want 0 2 2 2", counts)
	}
}

// TestCoarsenMergesNeighbours: rare levels of an ordered column join their
// neighbours, bin by bin, where those of an unordered one become one rest.
func TestCoarsenMergesNeighbours(t *testing.T) {
	c := &microdata.Column{Name: "age", Levels: levels("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"), Ordered: true}
	noisy := []int64{60, 70, 1000, 65, 2, 1, 0, 3, 90, 80}
	got := Coarsen(c, noisy, 100)
	// 60 + 70 is not yet 100·√2, with 65 it is 100·√3; 4 to 7 never get there.
	if want := []uint16{0, 0, 1, 0, 2, 2, 2, 2, 3, 3}; got == nil || !slices.Equal(got.Of, want) {
		t.Fatalf("%+v", got)
	}
	if v := got.Levels[0].Value; v != "[rest of 0--3]" {
		t.Errorf("first group %q", v)
	}
	c.Ordered = false
	if got = Coarsen(c, noisy, 100); got == nil || len(got.Levels) != 2 {
		t.Errorf("unordered: %v", got)
	}
}

// TestRestIsNoLevelOfTheColumn: levels that are spelled as a rest would be stay apart
// from it, before it and behind it.
func TestRestIsNoLevelOfTheColumn(t *testing.T) {
	for _, at := range []int{0, 3} {
		c := &microdata.Column{Name: "c", Levels: levels("a", "b", "c", "d")}
		c.Levels[at].Value = "[rest]"
		noisy := []int64{3, 2, 1, 2}
		noisy[at] = 900
		step := Coarsen(c, noisy, 50)
		if step == nil || len(step.Levels) != 2 {
			t.Fatalf("%+v", step)
		}
		if a, b := step.Levels[0].Value, step.Levels[1].Value; a == b || a != "[rest]" && b != "[rest]" || a != "[rest] 2" && b != "[rest] 2" {
			t.Errorf("levels %q and %q", a, b)
		}
	}
}
