package anonymity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
	"amparo/microdata/tabular"
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
	spelled, lost := make([][][]string, len(quasi)), make([][][]float64, len(quasi))
	for i, a := range quasi {
		for h := range Heights(d.Column(a)) {
			var s []string
			for l := range d.Size(a) {
				s = append(s, Generalised(d.Column(a), l, h))
			}
			var x []float64
			for l := range s {
				n := 0
				for other := range used[i] {
					if s[other] == s[l] {
						n++
					}
				}
				x = append(x, float64(n-1)/math.Max(float64(len(used[i])-1), 1))
			}
			spelled[i], lost[i] = append(spelled[i], s), append(lost[i], x)
		}
	}
	at := make([]int, len(quasi))
	loss = math.Inf(1)
	for {
		classes := map[string][]int{}
		for r := range table.Rows() {
			key := ""
			for i, a := range quasi {
				key += spelled[i][at[i]][table.Code(r, a)] + "\x00"
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
			if at[i]++; at[i] < len(spelled[i]) {
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

// TestSearchEqualsBruteForce on random tables and options: the same node and loss, and
// an answer where and only where there is one.
func TestSearchEqualsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	none := 0
	for trial := range 250 {
		table, quasi := randomTable(t, r)
		o := Options{K: 2 + r.IntN(6), Suppress: []float64{0, .05, .3}[r.IntN(3)], Sensitive: -1}
		switch r.IntN(4) {
		case 1:
			o.Sensitive, o.L = 4, 2+r.IntN(2)
		case 2:
			o.Sensitive, o.L, o.EntropyL = 4, 2+r.IntN(2), true
		case 3:
			o.Sensitive, o.T = 4, .1+.3*r.Float64()
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
		applied(t, table, got, o)
	}
	if none > 200 {
		t.Errorf("%d of 250 trials had no answer: too one-sided to tell", none)
	}
}

// applied checks the generalised file itself: each record that is not suppressed
// shares its quasi-identifiers with k−1 others.
func applied(t *testing.T, table *microdata.Table, r *Result, o Options) {
	t.Helper()
	d, codes, err := Apply(table, r)
	if err != nil {
		t.Fatal(err)
	}
	keys, suppressed := map[string]int{}, 0
	key := func(row int) string {
		s := ""
		for _, a := range r.Quasi {
			s += d.Column(a).Levels[codes[a][row]].Value + "\x00"
		}
		return s
	}
	for row, gone := range r.Suppressed {
		if gone {
			suppressed++
			if strings.Trim(key(row), "*\x00") != "" {
				t.Fatal("a suppressed record still says something")
			}
			continue
		}
		keys[key(row)]++
	}
	for _, n := range keys {
		if n < o.K {
			t.Fatalf("a class of %d records", n)
		}
	}
	if len(keys) != r.Classes || float64(suppressed) > o.Suppress*float64(table.Rows())+1e-9 {
		t.Fatalf("%d classes, %d said; %d suppressed", len(keys), r.Classes, suppressed)
	}
	for row := range table.Rows() { // columns that are no quasi-identifiers stay
		if int(codes[4][row]) != table.Code(row, 4) {
			t.Fatal("a sensitive value changed")
		}
	}
}

// adult reads ARX's example with its hierarchies.
func adult(t testing.TB, name string) (*microdata.Table, []int) {
	t.Helper()
	folder := os.Getenv("AMPARO_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	folder = filepath.Join(folder, "dp", "arx")
	in, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Skip("the ARX adult example is not here: set AMPARO_DATA to the folder of real data")
	}
	defer in.Close()
	file, err := tabular.Read(context.Background(), in, -1, tabular.Options{})
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
		f, err := os.Open(filepath.Join(folder, "adult_hierarchy_"+c.Name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Hierarchy, err = tabular.ReadHierarchy(f, &c); err != nil {
			t.Fatal(err)
		}
		f.Close()
		columns, quasi = append(columns, c), append(quasi, i)
	}
	if table, err = WithDomain(table, columns); err != nil {
		t.Fatal(err)
	}
	return table, quasi
}

// TestAdultEqualsBruteForce: on ARX's example, with its nine quasi-identifiers and
// 12,960 nodes, k = 5, the search finds what a look at every node finds.
func TestAdultEqualsBruteForce(t *testing.T) {
	table, quasi := adult(t, "adult_subset.csv")
	for _, suppress := range []float64{0, .02} {
		o := Options{K: 5, Suppress: suppress, Sensitive: -1}
		got, err := Search(context.Background(), table, quasi, o)
		if err != nil {
			t.Fatal(err)
		}
		if got.Nodes != 12_960 {
			t.Errorf("%d nodes", got.Nodes)
		}
		t.Logf("suppression %v: loss %.4f at %v, %d of %d nodes looked at", suppress, got.Loss, got.Heights, got.Checked, got.Nodes)
		// The whole lattice again, on the search's own classes without its bounds: the
		// record-by-record oracle, compared above, would take a minute.
		s, err := newSearch(table, quasi, o)
		if err != nil {
			t.Fatal(err)
		}
		heights := make([]int, len(quasi))
		for n := range s.nodes {
			s.look(s.heights(n, heights))
		}
		if math.Abs(s.best.Loss-got.Loss) > 1e-12 || !slices.Equal(s.best.Heights, got.Heights) {
			t.Errorf("suppression %v: %v loss %v; every node: %v loss %v", suppress, got.Heights, got.Loss, s.best.Heights, s.best.Loss)
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
