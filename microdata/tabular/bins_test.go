package tabular

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"amparo/microdata"
)

// spelled returns the levels of a column of a domain file, | between them.
func spelled(t *testing.T, entry string) (values, es, en string) {
	t.Helper()
	d := mustDomain(t, `{"x": `+entry+`}`)
	var v, a, b []string
	for _, l := range d.Levels("x") {
		v, a, b = append(v, l.Value), append(a, l.Label.In("es", l.Value)), append(b, l.Label.In("en", l.Value))
	}
	if !d.Ordered("x") {
		t.Errorf("%s: the bins are not in order", entry)
	}
	return strings.Join(v, "|"), strings.Join(a, "|"), strings.Join(b, "|")
}

func TestBinsAreSpelledByTheirEnds(t *testing.T) {
	for _, c := range []struct{ entry, values, es, en string }{
		{`{"from": 0, "to": 30, "width": 10}`, "0--9|10--19|20+|", "hasta 9|10 a 19|20 o más", "up to 9|10 to 19|20 or more"},
		{`{"from": 0, "to": 25, "width": 10}`, "0--9|10--19|20+|", "", ""},
		{`{"to": 3, "width": 1, "from": 1}`, "1|2+|", "hasta 1|2 o más", "up to 1|2 or more"},
		{`{"edges": [0, 9, 18, 26, 60, 120]}`, "0--8|9--17|18--25|26--59|60+|", "", ""},
		{`{"edges": [0, 0.5, 1, 10]}`, "[0--0.5)|[0.5--1)|1+|", "menos de 0.5|0.5 a menos de 1|1 o más", "less than 0.5|0.5 to less than 1|1 or more"},
		{`{"from": 0, "to": 1, "width": 0.25}`, "[0--0.25)|[0.25--0.5)|[0.5--0.75)|0.75+|", "", ""},
		{`{"from": 0.0, "to": 30, "width": 10}`, "[0--10)|[10--20)|20+|", "", ""},
		{`{"from": -20, "to": 10, "width": 10}`, "[-20---10)|[-10--0)|0+|", "menos de -10|-10 a menos de 0|0 o más", "less than -10|-10 to less than 0|0 or more"},
		{`{"from": "2015-03-01", "to": "2017-06-30", "by": "year"}`, "2015|2016|2017|", "hasta 2015|2016|2017 o después", "up to 2015|2016|2017 or later"},
		{`{"from": "2015-12-31", "to": "2016-04-01", "by": "quarter"}`, "2015-Q4|2016-Q1|2016-Q2|", "hasta T4 2015|T1 2016|T2 2016 o después", "up to Q4 2015|Q1 2016|Q2 2016 or later"},
		{`{"from": "2015-12-31", "to": "2016-02-01", "by": "month"}`, "2015-12|2016-01|2016-02|", "hasta diciembre de 2015|enero de 2016|febrero de 2016 o después", "up to December 2015|January 2016|February 2016 or later"},
		{`{"edges": ["2015-01-01", "2016-03-01", "2020-12-31"]}`, "2015-01-01--2016-02-29|2016-03-01--2020-12-31|", "hasta 2016-02-29|2016-03-01 o después", "up to 2016-02-29|2016-03-01 or later"},
		{`{"edges": ["2015-01-01", "2015-01-02", "2015-01-03", "2016-01-01"]}`, "2015-01-01|2015-01-02|2015-01-03--2016-01-01|", "", ""},
		{`{"from": 0, "to": 3, "quantiles": 2}`, "0|1|2+|", "", ""},
		{`{"from": 0, "to": 30, "width": 10, "quantiles": 2}`, "0--9|10--19|20+|", "", ""},
		{`{"from": "2015-12-31", "to": "2016-02-01", "quantiles": 3}`, "2015-12|2016-01|2016-02|", "", ""},
		{`{"from": "2014-12-31", "to": "2016-02-01", "by": "year", "quantiles": 2}`, "2014|2015|2016|", "", ""},
	} {
		values, es, en := spelled(t, c.entry)
		if values != c.values {
			t.Errorf("%s: %s, want %s", c.entry, values, c.values)
		}
		if c.es != "" && (es != c.es+"|No consta o no se pudo leer" || en != c.en+"|Not stated or not readable") {
			t.Errorf("%s:\n%s\n%s", c.entry, es, en)
		}
	}
}

// TestGridOfQuantiles: at most 1,024 steps of 1, 2, 5, 10, …, the finest there are.
func TestGridOfQuantiles(t *testing.T) {
	for _, c := range []struct {
		from, to string
		cells    int
		width    string
	}{
		{"0", "120", 120, "1"}, {"0", "1024", 1024, "1"}, {"0", "1025", 513, "2"}, {"0", "2049", 410, "5"}, {"0", "5121", 513, "10"}, {"0", "100000", 1000, "100"}, {"0", "1000000", 1000, "1000"},
		{"0.0", "1.0", 1000, "0.001"}, {"0", "0.5", 1000, "0.0005"}, {"-5.5", "100", 528, "0.2"}, {"0", "999999999999999", 1000, "1000000000000"},
	} {
		d := mustDomain(t, fmt.Sprintf(`{"x": {"from": %s, "to": %s, "quantiles": 4}}`, c.from, c.to))
		b := d.bins["x"]
		width := new(big.Rat).Sub(ratOf(b.edges[1].String()), ratOf(b.edges[0].String()))
		if len(b.starts) != c.cells || width.Cmp(ratOf(c.width)) != 0 || b.quantiles != 4 {
			t.Errorf("%s to %s: %d cells of %v, want %d of %s", c.from, c.to, len(b.starts), width, c.cells, c.width)
		}
	}
}

func ratOf(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

// TestBinningAgreesWithFractions puts written numbers into bins and counts, in exact
// fractions, how many edges are not above each.
func TestBinningAgreesWithFractions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	write := func(units int64, places int) string { return decimal{units, places}.String() }
	for range 400 {
		places := r.IntN(4)
		from, width := r.Int64N(2000)-1000, 1+r.Int64N(300)
		to := from + width + 1 + r.Int64N(20*width)
		edges := []int64{from}
		for at := from + width; at < to; at += width {
			edges = append(edges, at)
		}
		d := mustDomain(t, fmt.Sprintf(`{"x": {"from": %s, "to": %s, "width": %s}}`, write(from, places), write(to, places), write(width, places)))
		b := d.bins["x"]
		if len(b.levels) != len(edges)+1 {
			t.Fatalf("%d levels for %d bins", len(b.levels), len(edges))
		}
		for range 60 {
			more := r.IntN(3) // places more than the edges have
			units := (from-2*width)*pow10(more) + r.Int64N((to-from+4*width)*pow10(more))
			if r.IntN(3) == 0 {
				units = edges[r.IntN(len(edges))] * pow10(more)
			}
			text := write(units, places+more)
			v, want := ratOf(text), -1
			for _, e := range edges {
				if ratOf(write(e, places)).Cmp(v) <= 0 {
					want++
				}
			}
			beyond := 0
			if want < 0 {
				want, beyond = 0, -1
			} else if v.Cmp(ratOf(write(to, places))) > 0 {
				beyond = 1
			}
			for _, sign := range []string{".", ","} {
				written := strings.Replace(text, ".", sign, 1)
				got, side, ok := b.code([]byte(written))
				if !ok {
					if _, either := parseNumber([]byte(written), 0); either {
						t.Fatalf("%s was not read", written)
					}
					b.decimal = sign[0]
					got, side, ok = b.code([]byte(written))
					b.decimal = 0
				}
				if !ok || got != want || side != beyond {
					t.Fatalf("%s by %s from %s to %s: bin %d (%d), want %d (%d)", written, write(width, places), write(from, places), write(to, places), got, side, want, beyond)
				}
			}
		}
	}
}

// TestBinningDatesAgreesWithTheCalendar beside the standard library in UTC.
func TestBinningDatesAgreesWithTheCalendar(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	start := time.Date(1995, 3, 1, 0, 0, 0, 0, time.UTC)
	for by, months := range map[string]int{"month": 1, "quarter": 3, "year": 12} {
		for range 30 {
			from := start.AddDate(0, 0, r.IntN(2000))
			to := from.AddDate(2, 0, r.IntN(8000))
			d := mustDomain(t, fmt.Sprintf(`{"x": {"from": "%s", "to": "%s", "by": "%s", "format": "DMY"}}`, from.Format("2006-01-02"), to.Format("2006-01-02"), by))
			period := func(x time.Time) int { return (x.Year()*12 + int(x.Month()) - 1) / months }
			n := period(to) - period(from) + 1
			if got := len(d.Levels("x")) - 1; got != n {
				t.Fatalf("%v to %v by %s: %d bins, want %d", from, to, by, got, n)
			}
			for range 200 {
				at := start.AddDate(0, 0, r.IntN(12000)-1000)
				want := min(max(period(at)-period(from), 0), n-1)
				for _, layout := range []string{"2006-01-02", "2/1/2006", "02.01.2006 15:04"} {
					got, beyond, ok := d.bins["x"].code([]byte(at.Format(layout)))
					if !ok || got != want || (beyond < 0) != (period(at) < period(from)) || (beyond > 0) != at.After(to) {
						t.Fatalf("%v in %v to %v by %s: bin %d (%d), want %d", at, from, to, by, got, beyond, want)
					}
				}
			}
		}
	}
}

// TestDatesCoarsen: months make quarters and years, quarters years, years pairs of years,
// each nested in the next; what is not known stays alone.
func TestDatesCoarsen(t *testing.T) {
	text := func(entry string) (out []string) {
		d := mustDomain(t, `{"x": `+entry+`}`)
		c := microdata.Column{Name: "x", Levels: d.Levels("x"), Hierarchy: d.bins["x"].hierarchy()}
		if _, err := microdata.NewDomain([]microdata.Column{c}); err != nil {
			t.Fatalf("%s: %v", entry, err)
		}
		for _, s := range c.Hierarchy {
			var groups []string
			for _, l := range s.Levels {
				groups = append(groups, l.Value)
			}
			if last := s.Levels[len(s.Levels)-1]; last.Missing != microdata.Unknown || int(s.Of[len(s.Of)-1]) != len(s.Levels)-1 || int(s.Of[len(s.Of)-2]) != len(s.Levels)-2 {
				t.Errorf("%s, %s: not known is not alone", entry, s.Name)
			}
			out = append(out, s.Name+": "+strings.Join(groups, "|"))
		}
		return out
	}
	for entry, want := range map[string][]string{
		`{"from": "2015-11-01", "to": "2017-02-01", "by": "month"}`: {
			"quarter: 2015-Q4|2016-Q1|2016-Q2|2016-Q3|2016-Q4|2017-Q1|", "year: 2015|2016|2017|", "2 years: 2015--2016|2017|"},
		`{"from": "2015-11-01", "to": "2016-02-01", "by": "quarter"}`: nil,
		`{"from": "2015-05-01", "to": "2016-02-01", "by": "quarter"}`: {"year: 2015|2016|"},
		`{"from": "2015-05-01", "to": "2019-02-01", "by": "year"}`:    {"2 years: 2015--2016|2017--2018|2019|", "4 years: 2015--2018|2019|"},
		`{"from": "2015-05-01", "to": "2016-02-01", "by": "year"}`:    nil,
		`{"edges": ["2015-05-01", "2016-02-01", "2017-01-01"]}`:       nil,
	} {
		if got := text(entry); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", entry, got, want)
		}
	}
	if got := mustDomain(t, `{"x": {"from": "1001-01-01", "to": "1080-01-01", "by": "month"}}`).bins["x"].hierarchy(); len(got[len(got)-1].Levels) != 3 {
		t.Errorf("80 years end in %+v", got[len(got)-1].Levels)
	}
}

const binsDomain = `{"age": {"from": 0, "to": 120, "width": 10}, "pay": {"edges": [0, 100, 1000.5, 5000], "decimal": ","},
	"in": {"from": "2015-01-01", "to": "2017-12-31", "by": "year", "format": "DMY"}, "sex": ["F", "M", ""]}`

func TestReadBins(t *testing.T) {
	text := "age,pay,in,sex\n" +
		" 17 ,\"1.000,5\",2016-05-01,F\n" + // spaces; thousands; on an edge
		"-4,\"99,9\",31/12/2014,M\n" + // below
		"130,1000,1/1/2030,F\n" + // above
		",,,\n" +
		"unos 30,mucho,ayer,F\n" +
		"\"9,99\",5000,2015,M\n"
	want := [][]string{{"10--19", "1000.5+", "2016", "F"}, {"0--9", "[0--100)", "2015", "M"}, {"110+", "[100--1000.5)", "2017", "F"},
		{"", "", "", ""}, {"", "", "", "F"}, {"0--9", "1000.5+", "2015", "M"}}
	for _, block := range []int{0, 1} {
		f := mustRead(t, text, Options{Domain: mustDomain(t, binsDomain), Workers: 2, block: block})
		equal(t, values(f.Table), want)
		if c := f.Table.Domain().Column(0); !c.Ordered || c.Levels[0].Label["es"] != "hasta 9" || len(f.Quantiles) != 0 {
			t.Errorf("%+v, %+v", c, f.Quantiles)
		}
	}
	in, err := Inspect(context.Background(), strings.NewReader(text), -1, Options{Domain: mustDomain(t, binsDomain)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []BinReport{{"numbers", "0--9", "110+", 12, 0, 1, 1}, {"numbers", "[0--100)", "1000.5+", 3, 0, 0, 0}, {"dates", "2015", "2017", 3, 0, 1, 1}} {
		c := in.Columns[i]
		if *c.Bins != want || c.Blank != 1 || c.Outside != 1 || c.FirstOutside != 6 || !slices.Equal(c.Missing, []microdata.Missing{microdata.Unknown}) || len(c.Levels) != want.Bins+1 {
			t.Errorf("%s: %+v, %+v", c.Name, c, *c.Bins)
		}
	}
	if in.Columns[3].Bins != nil || len(in.Refused) > 0 {
		t.Errorf("%+v", in)
	}
	// The rows of a person: the first that could be read stands.
	f := mustRead(t, "id,age\n1,x\n2,30\n1,\n1,25\n2,70\n", Options{Domain: mustDomain(t, `{"age": {"from": 0, "to": 120, "width": 10}}`), Person: "id"})
	equal(t, values(f.Table), [][]string{{"20--29"}, {"30--39"}})
}

// TestMostlyUnreadIsRefused says how the file may be meant, and no value.
func TestMostlyUnreadIsRefused(t *testing.T) {
	for _, c := range []struct{ value, entry, says string }{
		{"1.234", `{"from": 0, "to": 9000, "width": 10}`, `"decimal": "." or ","`},
		{"25/8/2021", `{"from": "2015-01-01", "to": "2021-12-31", "by": "year"}`, `"format": "DMY"`},
	} {
		text := "x\n" + strings.Repeat(c.value+"\n", 20)
		_, err := Read(context.Background(), strings.NewReader(text), -1, Options{Domain: mustDomain(t, `{"x": `+c.entry+`}`)})
		var e *Error
		if !errors.As(err, &e) || !e.Has(OutsideList) || !strings.Contains(e.Hint(), c.says) || strings.Contains(e.Error(), c.value) {
			t.Errorf("%s: %v", c.value, err)
		}
	}
}

func TestReadQuantiles(t *testing.T) {
	d := mustDomain(t, `{"pay": {"from": 0, "to": 10, "quantiles": 3}, "sex": ["F", "M", ""], "in": {"from": "2015-01-01", "to": "2016-06-30", "quantiles": 2}}`)
	f := mustRead(t, "pay,sex,in\n3,F,2015-02-07\n12,M,\nx,F,2017-01-01\n", Options{Domain: d})
	equal(t, values(f.Table), [][]string{{"3", "F", "2015-02"}, {"9+", "M", ""}, {"", "F", "2016-06"}})
	if len(f.Quantiles) != 2 || f.Quantiles[0].Name != "pay" || f.Quantiles[0].Bins != 3 || f.Quantiles[1].Name != "in" {
		t.Fatalf("%+v", f.Quantiles)
	}
	// Public of it is how many bins there may be, and that rules cannot name them.
	public, private, err := f.PublicDomain()
	if err != nil || public.Size(0) != 4 || public.Size(1) != 3 || public.Size(2) != 3 || !private["pay"] || !private["in"] || private["sex"] {
		t.Errorf("%v, %v, %v", public.Sizes(), private, err)
	}
	step, err := f.Quantiles[0].Coarsening([]uint16{0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	pays, err := f.Table.Coarsen([]*microdata.Coarsening{step, nil, nil})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, values(pays), [][]string{{"3", "F", "2015-02"}, {"4+", "M", ""}, {"", "F", "2016-06"}})
	if l := step.Levels; l[0].Value != "0--2" || l[0].Label["es"] != "hasta 2" || l[2].Label["en"] != "4 or more" || l[3].Missing != microdata.Unknown {
		t.Errorf("%+v", l)
	}
	one, err := f.Quantiles[1].Coarsening(append(make([]uint16, 18), 1))
	if err != nil || one.Levels[0].Value != "2015-01--2016-06" || one.Levels[0].Label["es"] != "Cualquier fecha" {
		t.Errorf("%+v, %v", one, err)
	}
	if one, err = f.Quantiles[0].Coarsening(append(make([]uint16, 10), 1)); err != nil || one.Levels[0].Value != "0--10" || one.Levels[0].Label["en"] != "Any number" {
		t.Errorf("%+v, %v", one, err)
	}
	for _, of := range [][]uint16{nil, make([]uint16, 11), {0, 0, 0, 1, 0, 2, 2, 2, 2, 2, 3}, {0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3}} {
		if c, err := f.Quantiles[0].Coarsening(of); err == nil {
			t.Errorf("%v was taken: %+v", of, c)
		}
	}
	in, err := Inspect(context.Background(), strings.NewReader("pay,sex,in\n3,F,2015-02-07\n"), -1, Options{Domain: d})
	if err != nil || in.Columns[0].Bins.Quantiles != 3 || in.Columns[0].Levels != nil || in.Columns[2].Bins.Bins != 18 {
		t.Errorf("%+v, %v", in, err)
	}
	if text, err := json.Marshal(in.Columns[0]); err != nil || !strings.Contains(string(text), `"bins":{"of":"numbers","first":"0","last":"9+","bins":10,"quantiles":3,"below":0,"above":0}`) {
		t.Errorf("%s, %v", text, err)
	}
}

// TestBinsTakeTheProfilesPlace: with a domain file the standard's own levels do not count.
func TestBinsTakeTheProfilesPlace(t *testing.T) {
	p, err := ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	names := p.Domain().Names()
	row := make([]string, len(names))
	for i, n := range names {
		if n == "ageBroad" {
			row[i] = "17"
		}
	}
	text := strings.Join(names, ",") + "\n" + strings.Join(row, ",") + "\n"
	f := mustRead(t, text, Options{Only: []string{"ageBroad", "gender"}, Domain: mustDomain(t, `{"ageBroad": {"edges": [0, 18, 120]}, "gender": ["Female", ""]}`)})
	if f.Profile != nil || len(f.Columns) != 2 {
		t.Errorf("%+v", f.Columns)
	}
	i, _ := f.Table.Domain().Index("ageBroad")
	if c := f.Table.Domain().Column(i); c.Levels[f.Table.Code(0, i)].Value != "0--17" || c.Label != nil {
		t.Errorf("%+v", c)
	}
}

// FuzzBins: whatever stands in an entry and in a column, the entry is refused with
// words or its bins hold every value, in order and spelled apart.
func FuzzBins(f *testing.F) {
	for _, entry := range []string{`{"from": 0, "to": 120, "width": 10}`, `{"edges": [0, 9, 18.5]}`, `{"from": "2015-01-01", "to": "2025-12-31", "by": "month"}`,
		`{"edges": ["2015-01-01", "2015-02-01", "2016-01-01"]}`, `{"from": -1.5, "to": 1e3, "quantiles": 9}`, `{"from": 0, "from": [], "x": {}}`} {
		f.Add(entry, "17", "2015-06-30")
	}
	f.Fuzz(func(t *testing.T, entry, a, b string) {
		d, err := ReadDomain(strings.NewReader(`{"x": ` + entry + `}`))
		if err != nil {
			return
		}
		bins := d.bins["x"]
		if bins == nil {
			return
		}
		c := microdata.Column{Name: "x", Levels: d.Levels("x"), Ordered: true, Hierarchy: bins.hierarchy()}
		if _, err := microdata.NewDomain([]microdata.Column{c}); err != nil {
			t.Fatalf("%s: %v", entry, err)
		}
		if n := len(bins.starts); n < 2 || n > maxBins || n < bins.quantiles || !slices.IsSorted(bins.starts) || bins.starts[n-1] >= bins.last && !bins.dates {
			t.Fatalf("%s: %v", entry, bins.starts)
		}
		var at [2]int
		var x [2]float64
		for i, v := range []string{a, b} {
			bin, beyond, ok := bins.code([]byte(v))
			if !ok {
				return
			}
			if at[i] = bin; bin < 0 || bin >= len(bins.starts) || beyond < 0 && bin != 0 || beyond > 0 && bin != len(bins.starts)-1 {
				t.Fatalf("%s: %q is in bin %d, %d", entry, v, bin, beyond)
			}
			if x[i] = bins.starts[bin]; bins.dates {
				continue
			}
			x[i], _ = parseNumber([]byte(v), bins.decimal)
		}
		if !bins.dates && (x[0] < x[1]) && at[0] > at[1] {
			t.Fatalf("%s: %q is in bin %d, %q in %d", entry, a, at[0], b, at[1])
		}
	})
}
