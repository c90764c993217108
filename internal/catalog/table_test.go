package catalog

import (
	"bytes"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

func TestTableRoundTrip(t *testing.T) {
	d := testDomain(t)
	r := rand.New(rand.NewPCG(1, 1))
	rest := &microdata.Coarsening{Levels: []microdata.Level{{Value: "up to 2016"}, {Value: ""}}, Of: []uint16{0, 0, 1, 1}}
	for i, c := range []microdata.Clique{{0}, {1}, {2}, {0, 1}, {0, 2}, {0, 1, 2}, {}} {
		if len(c) == 0 {
			continue
		}
		coarse := make([]*microdata.Coarsening, len(c))
		if c[len(c)-1] == 2 && len(c) > 1 {
			coarse[len(c)-1] = rest
		}
		cells := 1
		for k, a := range c {
			if coarse[k] != nil {
				cells *= len(coarse[k].Levels)
			} else {
				cells *= d.Size(a)
			}
		}
		counts := Counts{Variance: 1e7 / 3}
		for range cells {
			counts.Noisy = append(counts.Noisy, r.Int64N(2000)-1000)
			if i%2 == 0 {
				counts.Projected = append(counts.Projected, float64(r.IntN(1e6))/100)
			}
		}
		table, err := NewTable(i, d, c, coarse, counts)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := table.Write(&b); err != nil {
			t.Fatal(err)
		}
		got, err := ReadTable(bytes.NewReader(b.Bytes()), table.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Noisy, table.Noisy) || got.Variance != table.Variance || !slices.Equal(got.Projected, table.Projected) {
			t.Errorf("table %v was not read as written", c)
		}
		if !ValidPath(table.Entry.File) {
			t.Errorf("a bundle may not hold %s", table.Entry.File)
		}
		for n := range bytes.Count(b.Bytes(), []byte("\n")) {
			lines := bytes.SplitAfter(b.Bytes(), []byte("\n"))
			if _, err := ReadTable(bytes.NewReader(bytes.Join(slices.Delete(lines, n, n+1), nil)), table.Entry); err == nil {
				t.Errorf("table %v without line %d was read", c, n+1)
			}
		}
	}
}

// TestTableFile fixes what a reader of the file sees.
func TestTableFile(t *testing.T) {
	d := testDomain(t)
	table, err := NewTable(7, d, microdata.Clique{0}, nil, Counts{Noisy: []int64{100, -50, 3}, Variance: 25, Projected: []float64{99.5, 0, 3.25}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := "gender,noisy,variance,projected,low,high\n" +
		"Female,100,25,99.50,90.2,109.8\nMale,-50,25,0.00,0.0,5.0\n,3,25,3.25,0.0,12.8\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	if table.Entry.ID != "007-gender" {
		t.Errorf("id is %s", table.Entry.ID)
	}
}

func TestHeaderKeepsNamesApart(t *testing.T) {
	e := TableEntry{Columns: []TableColumn{{Name: "noisy"}, {Name: "low_"}, {Name: "low"}}}
	h := e.Header()
	slices.Sort(h)
	if len(slices.Compact(h)) != 8 {
		t.Errorf("names stand twice: %v", h)
	}
}

func TestCodebook(t *testing.T) {
	d := testDomain(t)
	book := func() *Codebook {
		c := &Codebook{}
		for i := range d.Len() {
			c.Columns = append(c.Columns, *d.Column(i))
		}
		table, err := NewTable(1, d, microdata.Clique{0, 2}, []*microdata.Coarsening{nil, {Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}, Of: []uint16{0, 0, 1, 1}}},
			Counts{Noisy: make([]int64, 6), Variance: 1})
		if err != nil {
			t.Fatal(err)
		}
		c.Tables = []TableEntry{table.Entry}
		return c
	}
	text, err := book().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseCodebook(text)
	if err != nil {
		t.Fatal(err)
	}
	if text2, err := again.Marshal(); err != nil || !bytes.Equal(text, text2) {
		t.Error("a codebook was not read as written", err)
	}
	for name, spoil := range map[string]func(*Codebook){
		"id":            func(c *Codebook) { c.Tables[0].ID = "../x" },
		"file":          func(c *Codebook) { c.Tables[0].File = "data.csv" },
		"twice":         func(c *Codebook) { c.Tables = append(c.Tables, c.Tables[0]) },
		"variance":      func(c *Codebook) { c.Tables[0].Variance = 0 },
		"role":          func(c *Codebook) { c.Tables[0].Role = "fitted" },
		"no columns":    func(c *Codebook) { c.Tables[0].Columns = nil },
		"column":        func(c *Codebook) { c.Tables[0].Columns[0].Name = "x" },
		"column twice":  func(c *Codebook) { c.Tables[0].Columns[0].Name = c.Tables[0].Columns[1].Name },
		"levels":        func(c *Codebook) { c.Tables[0].Columns[0].Levels = c.Columns[1].Levels },
		"of too short":  func(c *Codebook) { c.Tables[0].Columns[1].Of = []uint16{0, 1} },
		"of has a hole": func(c *Codebook) { c.Tables[0].Columns[1].Of = []uint16{0, 0, 0, 0} },
		"of too large":  func(c *Codebook) { c.Tables[0].Columns[1].Of = []uint16{0, 0, 1, 2} },
		"spelled alike": func(c *Codebook) { c.Tables[0].Columns[1].Levels = []microdata.Level{{Value: "a"}, {Value: "a"}} },
		"two columns":   func(c *Codebook) { c.Columns = append(c.Columns, c.Columns[0]) },
		"not UTF-8":     func(c *Codebook) { c.Columns[1].Levels = []microdata.Level{{Value: "\xff"}} },
	} {
		c := book()
		spoil(c)
		if _, err := c.Marshal(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestManifestPaths(t *testing.T) {
	for _, p := range []string{"data.csv", "data.parquet", "codebook.json", "report.es.html", "report.quc.html", "tables/001-a.csv"} {
		if !ValidPath(p) {
			t.Errorf("%s is refused", p)
		}
	}
	for _, p := range []string{"", "manifest.json", "custodian.html", "report.custodian.html", "tables/../x.csv", "tables/-a.csv", "a/tables/b.csv", "data.csv\n", "tables/" + strings.Repeat("a", 120) + ".csv"} {
		if ValidPath(p) {
			t.Errorf("%q is allowed", p)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	e := TableEntry{ID: "x", Variance: 4, Columns: []TableColumn{{Name: "a", Levels: []microdata.Level{{Value: ""}, {Value: "b"}}}}}
	f.Add("a,noisy,variance,projected,low,high\n,1,4,,0,5\nb,2,4,,0,6\n")
	f.Add("a,noisy,variance,projected,low,high\n,1,4,1e308,0,5\nb,2,4,NaN,0,6\n")
	f.Fuzz(func(t *testing.T, s string) {
		table, err := ReadTable(strings.NewReader(s), e)
		if err != nil {
			return
		}
		if len(table.Noisy) != 2 {
			t.Fatal("a table of another size was read")
		}
		rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Error("not a CSV of three lines, but read")
		}
	})
}

// TestIntervalCovers: for every true count the interval holds it at least 95 times in
// 100, by the normal distribution of the noise worked out on a fine grid, and never says
// that nobody is there for sure.
func TestIntervalCovers(t *testing.T) {
	const variance, sigma, step = 529.0, 23.0, 0.05
	for _, truth := range []float64{0, 1, 5, 22, 23, 24, 45, 46, 100, 5000} {
		covered := 0.0
		for z := -8.0; z < 8; z += step {
			low, high := Interval(truth+sigma*(z+step/2), variance)
			if !(high > 0) {
				t.Fatalf("noise of %v standard deviations: from %v to %v", z, low, high)
			}
			if low <= truth && truth <= high {
				covered += math.Exp(-(z+step/2)*(z+step/2)/2) / math.Sqrt(2*math.Pi) * step
			}
		}
		if covered < .948 {
			t.Errorf("a true count of %v is covered %.3f of the time", truth, covered)
		}
	}
}

func TestTableIDsAreReadable(t *testing.T) {
	for name, want := range map[string]string{
		"País de explotación": "001-Pais-de-explotacion", "Ñandú/NIÑO": "001-Nandu-NINO", "日本": "001", "situação": "001-situacao",
	} {
		d, err := microdata.NewDomain([]microdata.Column{{Name: name, Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewTable(1, d, microdata.Clique{0}, nil, Counts{Noisy: []int64{1, 2}, Variance: 1})
		if err != nil || e.Entry.ID != want {
			t.Errorf("%s: %q, %v", name, e.Entry.ID, err)
		}
	}
}
