package catalog

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"amparo/microdata"
)

// described returns a manifest and codebook with all kinds of file, and what
// DataPackage and DCAT make of them, as a stranger reads them.
func described(t *testing.T, change func(*Manifest)) (m *Manifest, c *Codebook, pack, dcat map[string]any) {
	t.Helper()
	m = sealed(t)
	d := testDomain(t)
	c = &Codebook{}
	for i := range d.Len() {
		c.Columns = append(c.Columns, *d.Column(i))
	}
	for i, clique := range []microdata.Clique{{1}, {0, 2}} {
		n := clique.Cells(d.Sizes())
		table, err := NewTable(i+1, d, clique, nil, Counts{Noisy: make([]int64, n), Variance: 4})
		if err != nil {
			t.Fatal(err)
		}
		c.Tables = append(c.Tables, table.Entry)
	}
	m.Columns, m.Files = d.Names(), nil
	for _, name := range []string{"codebook.json", "data.csv", "data.parquet", "report.en.html", c.Tables[0].File, c.Tables[1].File} {
		m.Files = append(m.Files, FileHash{name, int64(len(name)), hashOfText(name)})
	}
	if change != nil {
		change(m)
	}
	text, err := DataPackage(m, c)
	if err == nil {
		err = json.Unmarshal(text, &pack)
	}
	if err != nil {
		t.Fatal(err)
	}
	if text, err = DCAT(m); err == nil {
		err = json.Unmarshal(text, &dcat)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m, c, pack, dcat
}

// TestDataPackageHasWhatItsFormatRequires follows the Frictionless specifications,
// version 1: data-package, tabular-data-resource, table-schema.
func TestDataPackageHasWhatItsFormatRequires(t *testing.T) {
	m, c, pack, _ := described(t, nil)
	name := regexp.MustCompile(`^[-a-z0-9._/]+$`)
	if !name.MatchString(pack["name"].(string)) || pack["profile"] != "data-package" {
		t.Errorf("name %v, profile %v", pack["name"], pack["profile"])
	}
	resources := pack["resources"].([]any)
	if len(resources) != 4 {
		t.Fatalf("%d resources, want data.csv, data.parquet and two tables", len(resources))
	}
	names := map[string]bool{}
	for _, r := range resources {
		r := r.(map[string]any)
		own, path := r["name"].(string), r["path"].(string)
		if !name.MatchString(own) || names[own] {
			t.Errorf("resource name %q is not one, or stands twice", own)
		}
		names[own] = true
		if strings.HasPrefix(path, "/") || strings.Contains(path, "..") || strings.Contains(path, "://") {
			t.Errorf("path %q leaves the package", path)
		}
		h, ok := m.File(path)
		if !ok || r["hash"] != "sha256:"+h.SHA256 || r["bytes"] != float64(h.Bytes) {
			t.Errorf("%s: hash %v, bytes %v", path, r["hash"], r["bytes"])
		}
		if !strings.HasSuffix(path, ".csv") {
			if r["schema"] != nil || r["profile"] != nil {
				t.Errorf("%s: a schema for what is no CSV", path)
			}
			continue
		}
		if r["profile"] != "tabular-data-resource" || r["encoding"] != "utf-8" || r["format"] != "csv" || r["mediatype"] != "text/csv" {
			t.Errorf("%s: %v", path, r)
		}
		schema := r["schema"].(map[string]any)
		var header []string
		for _, f := range schema["fields"].([]any) {
			f := f.(map[string]any)
			header = append(header, f["name"].(string))
			if !slices.Contains([]string{"string", "number", "integer"}, f["type"].(string)) {
				t.Errorf("%s: type %v", path, f["type"])
			}
		}
		want := m.Columns
		for i := range c.Tables {
			if c.Tables[i].File == path {
				want = c.Tables[i].Header()
			}
		}
		if !slices.Equal(header, want) {
			t.Errorf("%s: fields %v, want %v", path, header, want)
		}
		if path == "data.csv" {
			if missing := schema["missingValues"].([]any); len(missing) != 0 {
				t.Errorf("a blank is a level, not missing: %v", missing)
			}
			for i, f := range schema["fields"].([]any) {
				enum := f.(map[string]any)["constraints"].(map[string]any)["enum"].([]any)
				if len(enum) != len(c.Columns[i].Levels) {
					t.Errorf("column %d: %v", i, enum)
				}
			}
		}
	}
	if pack["licenses"] != nil || pack["contributors"] != nil {
		t.Error("a licence or publisher from nowhere")
	}
	for license, key := range map[string]string{"CC-BY-4.0": "name", "https://creativecommons.org/licenses/by/4.0/": "path"} {
		_, _, pack, dcat := described(t, func(m *Manifest) { m.License, m.Publisher = license, "Agencia «Siete»" })
		if got := pack["licenses"].([]any)[0].(map[string]any); got[key] != license || len(got) != 1 {
			t.Errorf("licence %v", got)
		}
		if got := pack["contributors"].([]any)[0].(map[string]any); got["title"] != "Agencia «Siete»" || got["role"] != "publisher" {
			t.Errorf("contributor %v", got)
		}
		if got := fmt.Sprint(dcat["dct:license"], dcat["dct:publisher"]); !strings.Contains(got, license) || !strings.Contains(got, "Agencia «Siete»") {
			t.Errorf("dcat: %s", got)
		}
	}
}

// TestLongListsAreNotRepeated: beyond 300 levels a schema leaves them to the codebook.
func TestLongListsAreNotRepeated(t *testing.T) {
	var levels []microdata.Level
	for i := range maxEnum + 1 {
		levels = append(levels, microdata.Level{Value: fmt.Sprint(i)})
	}
	if f := levelField("a", nil, levels); f.Constraints != nil {
		t.Error("301 levels are repeated")
	}
	if f := levelField("a", nil, levels[:maxEnum]); len(f.Constraints["enum"].([]string)) != maxEnum {
		t.Error("300 levels are not")
	}
}

// TestDCATHasWhatItsProfileRequires follows DCAT-AP: title and description of a
// dataset, an access address of each distribution; and the checksum's two members.
func TestDCATHasWhatItsProfileRequires(t *testing.T) {
	m, _, _, dcat := described(t, nil)
	context := dcat["@context"].(map[string]any)
	var prefixes func(v any)
	prefixes = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if p, _, ok := strings.Cut(key, ":"); ok && context[p] == nil {
					t.Errorf("prefix of %s is not in the context", key)
				}
				if s, ok := inner.(string); ok && (key == "@type" || key == "@id" && strings.HasPrefix(s, "spdx:")) {
					if p, _, _ := strings.Cut(s, ":"); context[p] == nil {
						t.Errorf("prefix of %s is not in the context", s)
					}
				}
				if key != "@context" {
					prefixes(inner)
				}
			}
		case []any:
			for _, inner := range v {
				prefixes(inner)
			}
		}
	}
	prefixes(dcat)
	if dcat["@type"] != "dcat:Dataset" || len(dcat["dct:title"].([]any)) != 2 || len(dcat["dct:description"].([]any)) != 2 || dcat["dct:identifier"] != m.Dataset || dcat["dcat:version"] != "3" {
		t.Errorf("%v", dcat)
	}
	distributions := dcat["dcat:distribution"].([]any)
	if len(distributions) != len(m.Files) {
		t.Fatalf("%d distributions of %d files", len(distributions), len(m.Files))
	}
	for i, d := range distributions {
		d, h := d.(map[string]any), m.Files[i]
		sum := d["spdx:checksum"].(map[string]any)
		if d["@type"] != "dcat:Distribution" || d["dcat:accessURL"].(map[string]any)["@id"] != h.Path || d["dcat:downloadURL"].(map[string]any)["@id"] != h.Path ||
			sum["spdx:checksumValue"].(map[string]any)["@value"] != h.SHA256 || sum["spdx:algorithm"].(map[string]any)["@id"] != "spdx:checksumAlgorithm_sha256" ||
			d["dcat:byteSize"].(map[string]any)["@value"] != fmt.Sprint(h.Bytes) || !strings.HasSuffix(d["dcat:mediaType"].(map[string]any)["@id"].(string), MediaType(h.Path)) {
			t.Errorf("distribution of %s: %v", h.Path, d)
		}
	}
	_, _, _, one := described(t, func(m *Manifest) {
		m.Description = microdata.Text{"es": "Qué es", "pt": "O que é"}
	})
	if got := one["dct:description"].([]any); len(got) != 2 || got[0].(map[string]any)["@language"] != "es" {
		t.Errorf("description %v", got)
	}
}

// TestDescriptionsAreTheSameTwice: maps have no order, files have.
func TestDescriptionsAreTheSameTwice(t *testing.T) {
	m, c, _, _ := described(t, nil)
	first, _ := DataPackage(m, c)
	dcat, _ := DCAT(m)
	for range 20 {
		again, err := DataPackage(m, c)
		again2, err2 := DCAT(m)
		if err != nil || err2 != nil || !bytes.Equal(first, again) || !bytes.Equal(dcat, again2) {
			t.Fatal("the same release is described in other bytes")
		}
	}
}

// TestIntervalAgainstQuantiles finds the quantiles of a normal distribution by
// bisection on its distribution function, and compares.
func TestIntervalAgainstQuantiles(t *testing.T) {
	quantile := func(p, mean, sigma float64) float64 {
		low, high := mean-20*sigma, mean+20*sigma
		for range 200 {
			if mid := (low + high) / 2; math.Erfc((mean-mid)/(sigma*math.Sqrt2))/2 < p {
				low = mid
			} else {
				high = mid
			}
		}
		return low
	}
	for _, sigma := range []float64{.5, 1, 10, 1234.5, 1e6} {
		for _, mean := range []float64{-1e7, -50, -1, 0, .4, 1, 100, 1e7} {
			low, high := Interval(mean, sigma*sigma)
			wantLow, wantHigh := max(quantile(.025, mean, sigma), 0), max(quantile(.975, mean, sigma), sigma)
			if math.Abs(low-wantLow) > 1e-7*(sigma+math.Abs(mean)) || math.Abs(high-wantHigh) > 1e-7*(sigma+math.Abs(mean)) {
				t.Errorf("%v ± %v: %v to %v, want %v to %v", mean, sigma, low, high, wantLow, wantHigh)
			}
			if low < 0 || high < low || mean >= 0 && (mean < low || mean > high) {
				t.Errorf("%v ± %v: %v to %v", mean, sigma, low, high)
			}
		}
	}
	if low, high := Interval(7, 0); low != 7 || high != 7 {
		t.Errorf("without noise: %v to %v", low, high)
	}
}

// TestThreeFormatsHoldTheSame writes random records as Parquet and as tables of
// their own counts: the tables' sums are the number of records in Parquet, column
// by column.
func TestThreeFormatsHoldTheSame(t *testing.T) {
	d := testDomain(t)
	const rows = 3001
	codes := randomCodes(d, rows, 9)
	var file bytes.Buffer
	if err := WriteParquet(&file, d, codes); err != nil {
		t.Fatal(err)
	}
	counted := make([]map[string]int64, d.Len())
	r := parquet.NewReader(bytes.NewReader(file.Bytes()))
	buffer := make([]parquet.Row, 100)
	for read := 0; read < rows; {
		n, err := r.ReadRows(buffer)
		for _, row := range buffer[:n] {
			for i, v := range row {
				if counted[i] == nil {
					counted[i] = map[string]int64{}
				}
				counted[i][v.String()]++
			}
		}
		if read += n; n == 0 {
			t.Fatal(err)
		}
	}
	for i := range d.Len() {
		exact := make([]int64, d.Size(i))
		for _, code := range codes[i] {
			exact[code]++
		}
		table, err := NewTable(i+1, d, microdata.Clique{i}, nil, Counts{Noisy: exact, Variance: 1})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := table.Write(&b); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(lines) != d.Size(i)+1 {
			t.Fatal(err, len(lines))
		}
		for _, line := range lines[1:] {
			if got := fmt.Sprint(counted[i][line[0]]); got != line[1] {
				t.Errorf("column %d, %q: %s in Parquet, %s in the table", i, line[0], got, line[1])
			}
		}
	}
}

// TestTablesHaveLimits: a table of more cells than may be held is refused where it
// is made, written, read or described; so are counts that are not one a cell.
func TestTablesHaveLimits(t *testing.T) {
	var levels []microdata.Level
	for i := range 2049 {
		levels = append(levels, microdata.Level{Value: fmt.Sprint(i)})
	}
	d, err := microdata.NewDomain([]microdata.Column{{Name: "a", Levels: levels}, {Name: "b", Levels: levels}, {Name: "c", Levels: levels}})
	if err != nil {
		t.Fatal(err)
	}
	for _, clique := range []microdata.Clique{{0, 1}, {0, 1, 2}} { // 2049² is just over the cap; the cube overflows nothing
		if _, err := NewTable(1, d, clique, nil, Counts{Noisy: make([]int64, 9), Variance: 1}); err == nil {
			t.Errorf("a table over %v was made", clique)
		}
		var e TableEntry
		for _, a := range clique {
			e.Columns = append(e.Columns, TableColumn{Name: d.Column(a).Name, Levels: levels})
		}
		if e.cells() <= maxCells {
			t.Fatalf("%d cells", e.cells())
		}
		e.ID, e.Variance = "x", 1
		if _, err := ReadTable(strings.NewReader(strings.Join(e.Header(), ",")+"\n"), e); err == nil || !strings.Contains(err.Error(), "too many cells") {
			t.Errorf("a table over %v was read: %v", clique, err)
		}
	}
	small := testDomain(t)
	for name, c := range map[string]struct {
		clique microdata.Clique
		coarse []*microdata.Coarsening
		counts Counts
	}{
		"a count too few":   {microdata.Clique{0}, nil, Counts{Noisy: make([]int64, 2), Variance: 1}},
		"a count too many":  {microdata.Clique{0}, nil, Counts{Noisy: make([]int64, 4), Variance: 1}},
		"a fit too few":     {microdata.Clique{0}, nil, Counts{Noisy: make([]int64, 3), Variance: 1, Projected: make([]float64, 2)}},
		"no such column":    {microdata.Clique{7}, nil, Counts{Noisy: make([]int64, 3), Variance: 1}},
		"a column twice":    {microdata.Clique{0, 0}, nil, Counts{Noisy: make([]int64, 9), Variance: 1}},
		"columns turned":    {microdata.Clique{2, 0}, nil, Counts{Noisy: make([]int64, 12), Variance: 1}},
		"coarse by halves":  {microdata.Clique{0, 2}, []*microdata.Coarsening{nil}, Counts{Noisy: make([]int64, 12), Variance: 1}},
		"coarse beyond all": {microdata.Clique{0}, []*microdata.Coarsening{nil, nil}, Counts{Noisy: make([]int64, 3), Variance: 1}},
	} {
		if _, err := NewTable(1, small, c.clique, c.coarse, c.counts); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	table, err := NewTable(1, small, microdata.Clique{0}, nil, Counts{Noisy: make([]int64, 3), Variance: 1})
	if err != nil {
		t.Fatal(err)
	}
	table.Variance = 2
	if err := table.Write(&bytes.Buffer{}); err == nil {
		t.Error("a table of two variances was written")
	}
}

// TestTableIDsAreFileNames: whatever a column is called, the table's file is one
// that a bundle may hold, and two tables never share one.
func TestTableIDsAreFileNames(t *testing.T) {
	seen := map[string]bool{}
	for i, name := range []string{"a", "A", "..", "/etc/passwd", "año de registro", "名前", " ", "-", "a\x00b", strings.Repeat("x", 200), "con", "data.csv", "tables/x"} {
		d, err := microdata.NewDomain([]microdata.Column{{Name: name, Levels: []microdata.Level{{Value: "1"}, {Value: "2"}}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []int{i, 1000 + i, 100_000 + i} {
			table, err := NewTable(number, d, microdata.Clique{0}, nil, Counts{Noisy: []int64{1, 2}, Variance: 1})
			if err != nil {
				t.Fatal(err)
			}
			e := table.Entry
			if !ValidPath(e.File) || e.File != "tables/"+e.ID+".csv" || seen[strings.ToLower(e.File)] {
				t.Errorf("column %q: file %q", name, e.File)
			}
			seen[strings.ToLower(e.File)] = true
		}
	}
}
