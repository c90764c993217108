package anonymity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/microdata"
)

// oracle is the brute force: it looks at every node, record by record, with maps of
// strings, and knows nothing of bases, bounds or chains.
func oracle(t testing.TB, table *microdata.Table, quasi []int, o Options) (heights []int, loss float64) {
	t.Helper()
	d := table.Domain()
	used := make([]map[int]bool, len(quasi))
	for i, a := range quasi {
		used[i] = map[int]bool{}
		for r := range table.Rows() {
			used[i][table.Code(r, a)] = true
		}
	}
	// What a level becomes at a height, and what that loses.
	becomes, lost := make([][][]int, len(quasi)), make([][][]float64, len(quasi))
	for i, a := range quasi {
		for _, group := range partitions(d.Column(a)) {
			var x []float64
			for l := range group {
				n := 0
				for other := range used[i] {
					if group[other] == group[l] {
						n++
					}
				}
				x = append(x, float64(n-1)/math.Max(float64(len(used[i])-1), 1))
			}
			becomes[i], lost[i] = append(becomes[i], group), append(lost[i], x)
		}
	}
	at := make([]int, len(quasi))
	loss = math.Inf(1)
	for {
		classes := map[string][]int{}
		for r := range table.Rows() {
			key := ""
			for i, a := range quasi {
				key += fmt.Sprint(becomes[i][at[i]][table.Code(r, a)], " ")
			}
			classes[key] = append(classes[key], r)
		}
		suppressed, total := 0, 0.0
		for _, rows := range classes {
			if !sound(table, rows, o) {
				suppressed += len(rows)
				total += float64(len(rows) * len(quasi))
				continue
			}
			for _, r := range rows {
				for i, a := range quasi {
					total += lost[i][at[i]][table.Code(r, a)]
				}
			}
		}
		total /= float64(table.Rows() * len(quasi))
		if float64(suppressed) <= o.Suppress*float64(table.Rows())+1e-12 && total < loss-1e-12 {
			loss, heights = total, slices.Clone(at)
		}
		i := len(at) - 1
		for i >= 0 {
			if at[i]++; at[i] < len(becomes[i]) {
				break
			}
			at[i] = 0
			i--
		}
		if i < 0 {
			return heights, loss
		}
	}
}

// partitions lists what a column can be generalised to, by level: itself, each step
// of its hierarchy that says less than the one before, and at last any.
func partitions(c *microdata.Column) (out [][]int) {
	kinds := func(group []int) int {
		held := map[int]bool{}
		for _, g := range group {
			held[g] = true
		}
		return len(held)
	}
	same := []int{}
	for l := range c.Levels {
		same = append(same, l)
	}
	out = append(out, same)
	for _, step := range c.Steps() {
		group := []int{}
		for _, g := range step.Of {
			group = append(group, int(g))
		}
		if kinds(group) < kinds(out[len(out)-1]) {
			out = append(out, group)
		}
	}
	if kinds(out[len(out)-1]) > 1 {
		out = append(out, make([]int, len(c.Levels)))
	}
	return out
}

func sound(table *microdata.Table, rows []int, o Options) bool {
	if len(rows) < o.K {
		return false
	}
	if o.L == 0 && o.T == 0 {
		return true
	}
	in, all := map[int]float64{}, map[int]float64{}
	for _, r := range rows {
		in[table.Code(r, o.Sensitive)] += 1 / float64(len(rows))
	}
	for r := range table.Rows() {
		all[table.Code(r, o.Sensitive)] += 1 / float64(table.Rows())
	}
	entropy, away := 0.0, 0.0
	for v, p := range all {
		if in[v] > 0 {
			entropy -= in[v] * math.Log(in[v])
		}
		away += math.Abs(in[v]-p) / 2
	}
	if o.EntropyL && entropy < math.Log(float64(o.L))-1e-12 || !o.EntropyL && len(in) < o.L {
		return false
	}
	return o.T == 0 || away <= o.T+1e-12
}

// randomTable has columns with hierarchies of different heights, and a sensitive one
// at the end.
func randomTable(t testing.TB, r *rand.Rand) (*microdata.Table, []int) {
	t.Helper()
	var columns []microdata.Column
	for i, n := range []int{6, 4, 9, 3, 5} {
		c := microdata.Column{Name: fmt.Sprint("c", i)}
		for l := range n {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		if i == 0 || i == 2 {
			for width := 2; width < n; width *= 3 {
				step := microdata.Coarsening{Name: fmt.Sprint(width)}
				for l := range n {
					step.Of = append(step.Of, uint16(l/width))
					if l%width == 0 {
						step.Levels = append(step.Levels, microdata.Level{Value: fmt.Sprint(l, "+", width)})
					}
				}
				c.Hierarchy = append(c.Hierarchy, step)
			}
		}
		columns = append(columns, c)
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	codes := make([][]uint16, d.Len())
	rows := 20 + r.IntN(60)
	for a := range codes {
		for range rows {
			codes[a] = append(codes[a], uint16(min(r.IntN(d.Size(a)), r.IntN(d.Size(a)))))
		}
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return table, []int{0, 1, 2, 3}
}

// randomLattice is a table of one to four quasi-identifiers with hierarchies of any
// shape: nested at random, with steps that merge nothing, or of an order; levels that
// are missing, and levels that no record has. The last column is the sensitive one.
func randomLattice(t testing.TB, r *rand.Rand) (*microdata.Table, []int) {
	t.Helper()
	var columns []microdata.Column
	for i := range 2 + r.IntN(4) {
		c := microdata.Column{Name: fmt.Sprint("c", i), Ordered: r.IntN(3) == 0}
		for l := range 1 + r.IntN(8) {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(l), Missing: microdata.Missing(max(0, r.IntN(12)-6))})
		}
		of, groups := make([]int, len(c.Levels)), len(c.Levels)
		for l := range of {
			of[l] = l
		}
		for s := range r.IntN(4) {
			into, next := r.Perm(groups), 1+r.IntN(groups) // groups of the step before → of this
			step := microdata.Coarsening{Name: fmt.Sprint(s)}
			for l := range of {
				if g := into[of[l]]; g < next {
					of[l] = g
				} else {
					of[l] = g % next
				}
				step.Of = append(step.Of, uint16(of[l]))
			}
			for g := range next {
				step.Levels = append(step.Levels, microdata.Level{Value: fmt.Sprint("step ", s, " ", g)})
			}
			c.Hierarchy, groups = append(c.Hierarchy, step), next
		}
		columns = append(columns, c)
	}
	columns[len(columns)-1].Hierarchy = nil
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	codes, rows := make([][]uint16, d.Len()), 6+r.IntN(50)
	for a := range codes {
		held := 1 + r.IntN(d.Size(a))
		for range rows {
			codes[a] = append(codes[a], uint16(min(r.IntN(held), r.IntN(held))))
		}
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	quasi := r.Perm(d.Len() - 1)
	return table, quasi
}

// TestSearchEqualsBruteForce on random tables, hierarchies and options: the same node
// and loss, and an answer where and only where there is one.
func TestSearchEqualsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	none, hidden, moved := 0, 0, 0
	for trial := range 500 {
		table, quasi := randomTable(t, r)
		if trial%2 == 1 {
			table, quasi = randomLattice(t, r)
		}
		sensitive := table.Domain().Len() - 1
		o := Options{K: 2 + r.IntN(4), Suppress: []float64{0, .05, .3, .9}[r.IntN(4)], Sensitive: -1}
		switch r.IntN(5) {
		case 1:
			o.Sensitive, o.L = sensitive, 1+r.IntN(3)
		case 2:
			o.Sensitive, o.L, o.EntropyL = sensitive, 1+r.IntN(3), true
		case 3:
			o.Sensitive, o.T = sensitive, .1+.4*r.Float64()
		case 4:
			o.Sensitive, o.L, o.T = sensitive, 2, .2+.4*r.Float64()
		}
		if o.L > table.Domain().Size(sensitive) {
			o.L = 1
		}
		heights, loss := oracle(t, table, quasi, o)
		got, err := Search(context.Background(), table, quasi, o)
		if heights == nil {
			if none++; !errors.Is(err, ErrNone) {
				t.Fatalf("trial %d: %v for what cannot be", trial, err)
			}
			continue
		}
		if err != nil || math.Abs(got.Loss-loss) > 1e-9 || !slices.Equal(got.Heights, heights) {
			t.Fatalf("trial %d %+v: %+v, %v; brute force %v loss %v", trial, o, got, err, heights, loss)
		}
		if got.Checked > got.Nodes {
			t.Errorf("%d of %d nodes were looked at", got.Checked, got.Nodes)
		}
		if slices.Contains(got.Suppressed, true) {
			hidden++
		}
		if slices.Max(got.Heights) > 0 {
			moved++
		}
		applied(t, table, got, o)
	}
	if none > 250 || hidden < 50 || moved < 100 {
		t.Errorf("of 500 trials %d had no answer, %d suppressed records, %d generalised: too one-sided to tell", none, hidden, moved)
	}
}

// applied checks the generalised file itself: what is not suppressed says of each
// quasi-identifier what its height says, and stands in a class that is large, diverse
// and close enough; what is suppressed says nothing; all else is as it was.
func applied(t *testing.T, table *microdata.Table, r *Result, o Options) {
	t.Helper()
	d, codes, err := Apply(table, r)
	if err != nil {
		t.Fatal(err)
	}
	classes, suppressed := map[string][]int{}, 0
	for row, gone := range r.Suppressed {
		key := ""
		for i, a := range r.Quasi {
			got := d.Column(a).Levels[codes[a][row]]
			if gone && (got.Value != Star || got.Missing != microdata.Withheld) {
				t.Fatal("a suppressed record still says something")
			}
			if want := Generalised(table.Domain().Column(a), table.Code(row, a), r.Heights[i]); !gone && (got.Value != want.Value || got.Missing != want.Missing) {
				t.Fatalf("record %d says %+v, want %+v", row, got, want)
			}
			key += got.Value + "\x00"
		}
		if gone {
			suppressed++
			continue
		}
		classes[key] = append(classes[key], row)
	}
	for _, rows := range classes {
		if !sound(table, rows, o) {
			t.Fatalf("a class of %d records is too small, not diverse or not close", len(rows))
		}
	}
	if len(classes) != r.Classes || float64(suppressed) > o.Suppress*float64(table.Rows())+1e-9 {
		t.Fatalf("%d classes, %d said; %d suppressed", len(classes), r.Classes, suppressed)
	}
	for a := range table.Domain().Len() {
		if slices.Contains(r.Quasi, a) {
			continue
		}
		for row := range table.Rows() {
			if d.Column(a).Levels[codes[a][row]].Value != table.Domain().Column(a).Levels[table.Code(row, a)].Value {
				t.Fatal("a value that is no quasi-identifier changed")
			}
		}
	}
}

func BenchmarkAdult(b *testing.B) {
	table, quasi := adult(b, "adult.csv")
	for b.Loop() {
		if _, err := Search(context.Background(), table, quasi, Options{K: 5, Suppress: .02, Sensitive: -1}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNode is one node of a million records by eight quasi-identifiers.
func BenchmarkNode(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var columns []microdata.Column
	codes := make([][]uint16, 8)
	for a := range codes {
		c := microdata.Column{Name: fmt.Sprint(a), Ordered: true}
		for l := range 16 {
			c.Levels = append(c.Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		columns = append(columns, c)
		for range 1_000_000 {
			codes[a] = append(codes[a], uint16(min(r.IntN(16), r.IntN(16), r.IntN(16))))
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		b.Fatal(err)
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		b.Fatal(err)
	}
	s, err := newSearch(table, []int{0, 1, 2, 3, 4, 5, 6, 7}, Options{K: 11, Suppress: .5, Sensitive: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(s.base.count)), "combinations")
	for b.Loop() {
		clear(s.seen)
		s.look([]int{1, 2, 1, 2, 1, 2, 1, 2})
	}
}
