package anonymity

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"amparo/microdata"
	"amparo/microdata/tabular"
)

// arxFile opens a file of ARX's adult example, or skips.
func arxFile(t testing.TB, name string) *os.File {
	t.Helper()
	folder := os.Getenv("AMPARO_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(folder, "dp", "arx", name))
	if err != nil {
		t.Skip("the ARX adult example is not here: set AMPARO_DATA to the folder of real data")
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// cells returns such a file cell by cell.
func cells(t testing.TB, name string) [][]string {
	t.Helper()
	f := arxFile(t, name)
	in := csv.NewReader(f)
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// adult reads ARX's example as the commands do, with its hierarchies.
func adult(t testing.TB, name string) (*microdata.Table, []int) {
	t.Helper()
	file, err := tabular.Read(context.Background(), arxFile(t, name), -1, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kept [][]string
	for _, o := range file.Open {
		kept = append(kept, o.Values())
	}
	table, err := file.Close(kept)
	if err != nil {
		t.Fatal(err)
	}
	var columns []microdata.Column
	var quasi []int
	for i := range table.Domain().Len() {
		c := *table.Domain().Column(i)
		if c.Hierarchy, err = tabular.ReadHierarchy(arxFile(t, "adult_hierarchy_"+c.Name+".csv"), &c); err != nil {
			t.Fatal(err)
		}
		columns, quasi = append(columns, c), append(quasi, i)
	}
	if table, err = WithDomain(table, columns); err != nil {
		t.Fatal(err)
	}
	return table, quasi
}

// A rung is what every record of a column becomes at one height, and what that loses.
type rung struct {
	group []int
	loss  []float64
}

// rungs reads one column and its hierarchy straight from the files.
func rungs(t *testing.T, rows [][]string, c int) (out []rung) {
	paths := map[string][]string{}
	for _, path := range cells(t, "adult_hierarchy_"+rows[0][c]+".csv") {
		paths[path[0]] = path
	}
	held := map[string]bool{}
	for _, r := range rows[1:] {
		held[r[c]] = true
	}
	for h := range len(paths[rows[1][c]]) {
		size, number := map[string]int{}, map[string]int{}
		for v := range held {
			size[paths[v][h]]++
		}
		var x rung
		for _, r := range rows[1:] {
			g := paths[r[c]][h]
			if _, ok := number[g]; !ok {
				number[g] = len(number)
			}
			x.group = append(x.group, number[g])
			x.loss = append(x.loss, float64(size[g]-1)/float64(len(held)-1))
		}
		out = append(out, x)
	}
	return out
}

// TestAdultEqualsBruteForce: on ARX's example, with its nine quasi-identifiers and
// 12,960 nodes, the search finds what a look at every node finds, record by record, in
// a program that shares nothing with it: for k = 2, 3, 5, 10 and 50, and suppression of
// up to none, 2 % and 10 % of the records.
func TestAdultEqualsBruteForce(t *testing.T) {
	table, quasi := adult(t, "adult_subset.csv")
	rows := cells(t, "adult_subset.csv")
	n, q := len(rows)-1, len(rows[0])
	ladders := make([][]rung, q)
	for c := range ladders {
		ladders[c] = rungs(t, rows, c)
	}
	type limits struct {
		k        int
		suppress float64
	}
	type answer struct {
		heights    []int
		loss       float64
		suppressed int
		classes    int
	}
	best := map[limits]answer{}
	for _, k := range []int{2, 3, 5, 10, 50} {
		for _, s := range []float64{0, .02, .1} {
			best[limits{k, s}] = answer{loss: math.Inf(1)}
		}
	}
	nodes, heights := 0, make([]int, q)
	look := func(class []int32, lost []float64, classes int) {
		nodes++
		count, sums := make([]int, classes), make([]float64, classes)
		for r, id := range class {
			count[id]++
			sums[id] += lost[r]
		}
		for l, so := range best {
			a := answer{}
			for id, k := range count {
				if k >= l.k {
					a.classes++
					a.loss += sums[id]
				} else {
					a.suppressed += k
					a.loss += float64(k * q)
				}
			}
			if a.loss /= float64(n * q); float64(a.suppressed) <= l.suppress*float64(n) && a.loss < so.loss-1e-12 {
				a.heights = slices.Clone(heights)
				best[l] = a
			}
		}
	}
	// Columns join one by one, the last fastest, so that of equal losses the first node wins.
	var join func(c int, class []int32, lost []float64, classes int)
	join = func(c int, class []int32, lost []float64, classes int) {
		if c == q {
			look(class, lost, classes)
			return
		}
		for h, x := range ladders[c] {
			heights[c] = h
			groups := slices.Max(x.group) + 1
			ids, next, sums, met := make([]int32, classes*groups), make([]int32, n), make([]float64, n), int32(0)
			for r := range n {
				id := &ids[int(class[r])*groups+x.group[r]]
				if *id == 0 {
					met++
					*id = met
				}
				next[r], sums[r] = *id-1, lost[r]+x.loss[r]
			}
			join(c+1, next, sums, int(met))
		}
	}
	join(0, make([]int32, n), make([]float64, n), 1)
	if nodes != 12_960 {
		t.Errorf("%d nodes", nodes)
	}
	for l, want := range best {
		got, err := Search(context.Background(), table, quasi, Options{K: l.k, Suppress: l.suppress, Sensitive: -1})
		if err != nil {
			t.Fatal(err)
		}
		suppressed := 0
		for _, s := range got.Suppressed {
			if s {
				suppressed++
			}
		}
		if got.Nodes != nodes || math.Abs(got.Loss-want.loss) > 1e-9 || !slices.Equal(got.Heights, want.heights) || suppressed != want.suppressed || got.Classes != want.classes {
			t.Errorf("%+v: loss %.6f at %v, %d suppressed, %d classes; brute force %+v", l, got.Loss, got.Heights, suppressed, got.Classes, want)
		}
		t.Logf("k = %d, suppression %v: loss %.4f at %v, %d of %d nodes looked at", l.k, l.suppress, got.Loss, got.Heights, got.Checked, got.Nodes)
	}
}
