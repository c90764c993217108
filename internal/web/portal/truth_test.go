package portal

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A bareBundle is what stands on disk of a bundle, read by no code of the
// product: the codebook as bare JSON, the tables as bare CSV.
type bareBundle struct {
	Columns []struct {
		Name   string
		Levels []struct{ Value, Missing string }
	}
	Tables []struct {
		File     string
		Columns  []struct{ Name string }
		Variance float64
		rows     [][]string
	}
}

func readBare(t testing.TB, dir string) *bareBundle {
	t.Helper()
	book := new(bareBundle)
	b, err := os.ReadFile(filepath.Join(dir, "codebook.json"))
	if err == nil {
		err = json.Unmarshal(b, book)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range book.Tables {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(book.Tables[i].File)))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		book.Tables[i].rows = rows[1:]
	}
	return book
}

// truth is the sum that a question asks for: noisy counts and variances by the
// values of the columns counted by, joined by tabs.
type truth struct {
	noisy    map[string]int64
	variance map[string]float64
}

// sum answers by columns with filters from the smallest table that has them all,
// a line at a time; of several the least noise.
func (b *bareBundle) sum(by []string, filters map[string][]string) (best *truth) {
	size, least := 9, math.Inf(1)
	need := slices.Clone(by)
	for f := range filters {
		need = append(need, f)
	}
	for _, table := range b.Tables {
		place := map[string]int{}
		for i, c := range table.Columns {
			place[c.Name] = i
		}
		if slices.ContainsFunc(need, func(n string) bool { _, ok := place[n]; return !ok }) || len(table.Columns) > size {
			continue
		}
		k, noise := len(table.Columns), 0.0
		sum := &truth{map[string]int64{}, map[string]float64{}}
		for _, row := range table.rows {
			keep := true
			for f, values := range filters {
				keep = keep && slices.Contains(values, row[place[f]])
			}
			if !keep {
				continue
			}
			var key []string
			for _, c := range by {
				key = append(key, row[place[c]])
			}
			n, _ := strconv.ParseInt(row[k], 10, 64)
			v, _ := strconv.ParseFloat(row[k+1], 64)
			sum.noisy[strings.Join(key, "\t")] += n
			sum.variance[strings.Join(key, "\t")] += v
			noise += v
		}
		if k < size || noise < least {
			best, size, least = sum, k, noise
		}
	}
	return best
}

// ends are the 95 % interval, by the normal distribution's table; the upper end is
// never below one standard deviation.
func ends(noisy int64, variance float64) (low, high float64) {
	half := 1.959963984540054 * math.Sqrt(variance)
	return math.Max(float64(noisy)-half, 0), math.Max(float64(noisy)+half, math.Sqrt(variance))
}

// written writes a whole number as a page does, by another way than count:
// backwards, a digit at a time.
func written(lang string, v int64) string {
	digits := strconv.FormatInt(max(v, 0), 10)
	sep := map[string]string{"es": "\u202f", "en": ","}[lang]
	if lang == "es" && len(digits) <= 4 {
		return digits
	}
	out := ""
	for i := range len(digits) {
		if i > 0 && i%3 == 0 {
			out = sep + out
		}
		out = digits[len(digits)-1-i:len(digits)-i] + out
	}
	return out
}

func writtenSpan(lang string, low, high float64) string {
	return written(lang, int64(math.Floor(low))) + "–" + written(lang, int64(math.Ceil(high)))
}

// TestOneNumberOneTruth asks random questions of every release, and compares
// page, CSV, JSON and drawing with each other and with the sums of the bundle's
// tables, made by code of its own.
func TestOneNumberOneTruth(t *testing.T) {
	s := newSite(t)
	r := rand.New(rand.NewPCG(3, 4))
	compared, filtered, pairs := 0, 0, 0
	for _, release := range []struct {
		dataset string
		version int
		asks    int
	}{{"coalition", 3, 70}, {"coalition", 2, 30}, {"world", 1, 12}} {
		bare := readBare(t, filepath.Join(s.catalog.Dir(), release.dataset, strconv.Itoa(release.version)))
		for range release.asks {
			lang := languages[r.IntN(2)]
			by, filters := bare.question(r)
			at := route{lang: lang, page: explorer, dataset: release.dataset}
			query := spellQuestion(by, filters, release.version)
			w := s.raw(at.path(), query)
			if w.Code == 302 {
				_, query, _ = strings.Cut(w.Header().Get("Location"), "?")
				w = s.raw(at.path(), query)
			}
			if w.Code != 200 {
				t.Fatalf("%s?%s answers %d", at.path(), query, w.Code)
			}
			want := bare.sum(by, filters)
			compared++
			if len(filters) > 0 {
				filtered++
			}
			if len(by) == 2 {
				pairs++
			}
			labels := sameInFiles(t, s, at, query, want)
			onPage(t, lang, query, w.Body.String(), len(by), want, labels)
		}
	}
	if compared < 100 || filtered < 30 || pairs < 30 {
		t.Errorf("%d questions, %d filtered, %d of two columns: too few", compared, filtered, pairs)
	}
}

// question picks columns of a table to count by, and levels to keep: always of a
// column that is not counted by, half the time of one that is.
func (b *bareBundle) question(r *rand.Rand) (by []string, filters map[string][]string) {
	table := b.Tables[r.IntN(len(b.Tables))]
	filters = map[string][]string{}
	for _, i := range r.Perm(len(table.Columns)) {
		name := table.Columns[i].Name
		counted := len(by) == 0 || r.IntN(3) > 0
		if counted {
			by = append(by, name)
		}
		if !counted || r.IntN(2) == 0 {
			filters[name] = b.some(r, name)
		}
	}
	return by, filters
}

// some returns one to all but one of a column's values, forty at most.
func (b *bareBundle) some(r *rand.Rand, column string) (values []string) {
	for _, c := range b.Columns {
		if c.Name == column {
			for _, l := range r.Perm(len(c.Levels))[:min(1+r.IntN(len(c.Levels)-1), 40)] {
				values = append(values, c.Levels[l].Value)
			}
		}
	}
	return values
}

func spellQuestion(by []string, filters map[string][]string, version int) string {
	q := fmt.Sprintf("by=%s&version=%d", strings.Join(by, ","), version)
	for column, values := range filters {
		for _, v := range values {
			name, text := spell(column, v)
			q += "&" + form(name, text)
		}
	}
	return q
}

// sameInFiles compares CSV, JSON and drawing with the truth, and returns the
// label of each cell.
func sameInFiles(t *testing.T, s *site, at route, query string, want *truth) map[string][]string {
	t.Helper()
	at.suffix = ".csv"
	in := csv.NewReader(bytes.NewReader(s.raw(at.path(), query).Body.Bytes()))
	in.Comment = '#'
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	k := column("records") / 2
	labels := map[string][]string{}
	drawn := map[string]bool{}
	for _, row := range rows[1:] {
		var key, label []string
		for i := range k {
			key, label = append(key, row[2*i]), append(label, row[2*i+1])
		}
		cell := strings.Join(key, "\t")
		labels[cell] = label
		n, v := want.noisy[cell], want.variance[cell]
		low, high := ends(n, v)
		for name, text := range map[string]string{"records": strconv.FormatInt(max(n, 0), 10), "noisy": strconv.FormatInt(n, 10), "low": strconv.FormatFloat(low, 'f', 1, 64),
			"high": strconv.FormatFloat(high, 'f', 1, 64), "weak": strconv.FormatBool(float64(n) < 2*math.Sqrt(v))} {
			if got := row[column(name)]; got != text {
				t.Fatalf("%s: the CSV has %s %s of %q, the tables %s", query, name, got, cell, text)
			}
		}
		if got, _ := strconv.ParseFloat(row[column("variance")], 64); math.Abs(got-v) > 1e-9*v {
			t.Fatalf("%s: variance %v of %q, the tables' add up to %v", query, got, cell, v)
		}
		drawn[written(at.lang, n)] = true
	}
	if len(rows)-1 != len(want.noisy) {
		t.Fatalf("%s: %d lines, the tables have %d", query, len(rows)-1, len(want.noisy))
	}
	var j struct {
		Total struct{ Noisy int64 }
		Cells []struct {
			Levels           []string
			Noisy            int64
			Variance         float64
			Value, Low, High float64
		}
	}
	at.suffix = ".json"
	if err := json.Unmarshal(s.raw(at.path(), query).Body.Bytes(), &j); err != nil || len(j.Cells) != len(want.noisy) {
		t.Fatalf("%s: %d cells of JSON: %v", query, len(j.Cells), err)
	}
	var total int64
	for _, c := range j.Cells {
		cell := strings.Join(c.Levels, "\t")
		n, v := want.noisy[cell], want.variance[cell]
		low, high := ends(n, v)
		total += n
		if c.Noisy != n || c.Value != float64(max(n, 0)) || math.Abs(c.Variance-v) > 1e-9*v || math.Abs(c.Low-low) > 1e-6 || math.Abs(c.High-high) > 1e-6 {
			t.Fatalf("%s: JSON has %+v of %q, the tables %d ± %v", query, c, cell, n, v)
		}
	}
	if j.Total.Noisy != total {
		t.Fatalf("%s: total %d, the cells add up to %d", query, j.Total.Noisy, total)
	}
	at.suffix = ".svg"
	if len(want.noisy) <= 40 {
		figures := boldFigures(t, s.raw(at.path(), query).Body.Bytes())
		for _, f := range figures {
			delete(drawn, f)
		}
		if len(drawn) > 0 && len(want.noisy) <= maxLevels {
			t.Fatalf("%s: the drawing lacks %v, it has %v", query, drawn, figures)
		}
	}
	return labels
}

// boldFigures returns the counts that a drawing writes at its bars.
func boldFigures(t *testing.T, svg []byte) (figures []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	bold := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return figures
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			bold = x.Name.Local == "tspan" && slices.ContainsFunc(x.Attr, func(a xml.Attr) bool { return a.Name.Local == "font-weight" && a.Value == "700" })
		case xml.EndElement:
			bold = false
		case xml.CharData:
			if bold {
				figures = append(figures, string(x))
			}
		}
	}
}

// onPage compares the page's table with the truth: each row that stands there
// has the count and the interval of its cell, and each sum that of its group.
func onPage(t *testing.T, lang, query, body string, columns int, want *truth, labels map[string][]string) {
	t.Helper()
	body = body[strings.Index(body, `<table class="numbers"`):]
	body = body[:strings.Index(body, "</table>")]
	cells := map[string]string{} // labels → what is to stand there
	group := map[string][2]float64{}
	var whole [2]float64
	for cell, label := range labels {
		low, high := ends(want.noisy[cell], want.variance[cell])
		cells[strings.Join(label, "\t")] = written(lang, want.noisy[cell]) + " " + writtenSpan(lang, low, high)
		whole = [2]float64{whole[0] + float64(want.noisy[cell]), whole[1] + want.variance[cell]}
		g := group[label[0]]
		group[label[0]] = [2]float64{g[0] + float64(want.noisy[cell]), g[1] + want.variance[cell]}
	}
	head, rows, sums := "", 0, 0
	for _, line := range strings.Split(body, "<tr")[2:] {
		text := plainText(line)
		switch {
		case strings.HasPrefix(line, ` class="group"`):
			head = text[0]
			continue
		case strings.HasPrefix(line, ` class="sum"`):
			sum := whole
			if head != "" && !strings.Contains(text[0], say(lang, "explorer.total")) {
				sum = group[head]
			}
			low, high := ends(int64(sum[0]), sum[1])
			if got := text[1] + " " + text[2]; got != written(lang, int64(sum[0]))+" "+writtenSpan(lang, low, high) {
				t.Fatalf("%s: the sum of %q is %s, of the tables %v", query, head, got, sum)
			}
			sums++
			continue
		}
		key := text[0]
		if columns == 2 {
			key = head + "\t" + key
		}
		if w, ok := cells[key]; ok {
			if got := text[1] + " " + text[2]; got != w {
				t.Fatalf("%s: the page has %s of %q, the tables %s", query, got, key, w)
			}
			rows++
		} else if !strings.HasPrefix(text[0], strings.Split(say(lang, "explorer.rest"), "%")[0]) {
			t.Fatalf("%s: the page has a row %q that the tables have not", query, key)
		}
	}
	if sums == 0 || rows == 0 || len(cells) <= 10 && rows != len(cells) {
		t.Fatalf("%s: %d rows of %d, %d sums", query, rows, len(cells), sums)
	}
}

// plainText returns the texts of a row's cells: of a count and its mark the
// count, of a label and its sign the label.
func plainText(row string) (texts []string) {
	row = row[strings.Index(row, ">")+1:]
	for _, cell := range strings.FieldsFunc(strings.NewReplacer("<th", "\x00<th", "<td", "\x00<td").Replace(row), func(r rune) bool { return r == 0 }) {
		text := ""
		for _, part := range strings.Split(cell, "<") {
			tag, rest, _ := strings.Cut(part, ">")
			if tag != `span class="unseen"` {
				text += rest
			}
		}
		texts = append(texts, strings.TrimSpace(htmlText.Replace(text)))
	}
	return texts
}

var htmlText = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&")
