package portal

import (
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/internal/indicator"
	"amparo/internal/product/figure"
	"amparo/microdata"
)

// ask answers a question about the small catalog.
func ask(t testing.TB, s *site, dataset, query string) *indicator.Answer {
	t.Helper()
	shelf := indicator.NewShelf(s.catalog, indicator.Options{})
	x, st, err := shelf.Parse(dataset, query)
	if err != nil {
		t.Fatal(err)
	}
	a, err := x.Answer(st)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestOrder checks what a reader sees first: long lists by size, what may be zero
// after what is not, what is no answer last; years and short lists as they are.
func TestOrder(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"by=citizenship", "by=country", "by=citizenship,country"} {
		shape := newShape(ask(t, s, "world", q), "en")
		for axis := range shape.Axes {
			last, weakSeen := math.Inf(1), false
			for _, l := range shape.orders[axis] {
				var noisy int64
				var variance float64
				for _, c := range shape.Cells { // brute force over all cells
					if c.Levels[axis] == l {
						noisy += c.Estimate.Noisy
						variance += c.Estimate.Variance
					}
				}
				isWeak := float64(noisy) < 2*math.Sqrt(variance)
				if weakSeen && !isWeak || !isWeak && float64(noisy) > last {
					t.Fatalf("%s: level %d of axis %d stands out of order", q, l, axis)
				}
				weakSeen, last = isWeak, float64(noisy)
			}
			if got := slices.Sorted(slices.Values(shape.orders[axis])); len(got) != len(shape.Axes[axis].Levels) || len(slices.Compact(got)) != len(got) {
				t.Errorf("%s: axis %d lost levels", q, axis)
			}
		}
	}
	for _, q := range []string{"by=year", "by=ageBroad", "by=gender,year"} {
		shape := newShape(ask(t, s, "coalition", q), "es")
		for axis, order := range shape.orders[:len(shape.Axes)] {
			missing := false
			for i, l := range order {
				m := shape.Axes[axis].Levels[l].Missing != microdata.Present
				if missing && !m || !missing && !m && i > 0 && l < order[i-1] {
					t.Errorf("%s: axis %d is shown as %v", q, axis, order)
				}
				missing = missing || m
			}
		}
	}
}

// TestNothingIsLostInTheRest adds up what is drawn and what is listed, and
// compares with all cells: every record is in one bar and one row.
func TestNothingIsLostInTheRest(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ dataset, query string }{
		{"world", "by=citizenship"}, {"world", "by=citizenship,country"}, {"world", "by=flag00"}, {"coalition", "by=citizenship,ageBroad"}, {"coalition", "by=gender"},
	} {
		shape := newShape(ask(t, s, c.dataset, c.query), "en")
		panels, top, _ := shape.panels()
		for i, p := range panels {
			cells := make([]int, len(shape.Cells))
			for k := range cells {
				cells[k] = k
			}
			if len(shape.Axes) == 2 {
				cells = shape.slice(0, shape.orders[0][i])
			}
			want, got := shape.Sum(cells...), 0.0
			for _, b := range p.Bars {
				got += b.Noisy
				if b.High > top || b.Value > top {
					t.Errorf("%s: a bar runs over the scale", c.query)
				}
			}
			if got != float64(want.Noisy) {
				t.Errorf("%s: panel %d draws %v, all cells are %d", c.query, i, got, want.Noisy)
			}
		}
		if len(panels) > maxGroups || len(panels[0].Bars) > maxBars+2 {
			t.Errorf("%s: %d panels, %d bars", c.query, len(panels), len(panels[0].Bars))
		}
		groups, note := shape.table()
		rows := 0
		for _, g := range groups {
			rows += len(g.Rows)
		}
		if rows > maxRows+1 || rows < len(shape.Cells) && note == "" {
			t.Errorf("%s: %d rows of %d, and says %q", c.query, rows, len(shape.Cells), note)
		}
	}
}

// TestSlice compares with a walk over all cells.
func TestSlice(t *testing.T) {
	shape := newShape(ask(t, newSite(t), "coalition", "by=gender,citizenship"), "es")
	for axis := range 2 {
		for l := range shape.Axes[axis].Levels {
			var want []int
			for i, c := range shape.Cells {
				if c.Levels[axis] == l {
					want = append(want, i)
				}
			}
			if got := shape.slice(axis, l); !slices.Equal(got, want) {
				t.Errorf("axis %d level %d: %v, want %v", axis, l, got, want)
			}
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	s := &shape{lang: "en"}
	for _, top := range []float64{1, 2, 3, 9, 10, 11, 47, 99, 100, 250, 999, 1000, 12_345, 193_025, 5e6, 9.99e8} {
		ticks := s.ticks(top)
		if len(ticks) < 2 || len(ticks) > 6 || ticks[0].At != 0 || ticks[len(ticks)-1].At > top {
			t.Errorf("to %v: %v", top, ticks)
		}
		for _, tick := range ticks {
			if tick.Text != count("en", tick.At) || tick.At != math.Trunc(tick.At) {
				t.Errorf("to %v: %v is written %s", top, tick.At, tick.Text)
			}
		}
	}
	for _, top := range []float64{0, -1, .5, math.NaN(), math.Inf(1)} {
		if got := s.ticks(top); got != nil {
			t.Errorf("to %v: %v", top, got)
		}
	}
}

// TestColoursMeanTheSame: women, men and others have their colours wherever they
// stand, by any of their spellings.
func TestColoursMeanTheSame(t *testing.T) {
	for value, want := range map[string]figure.Hue{"Female": figure.Anil, "mujer": figure.Anil, "Male": figure.Maiz, "HOMBRE": figure.Maiz, "Other": figure.Jade, "": figure.Jade} {
		for axis := range 2 {
			for _, name := range []string{"gender", "Sexo"} {
				axes := make([]indicator.Axis, 2)
				axes[axis] = indicator.Axis{Name: name, Levels: []microdata.Level{{Value: "x"}, {Value: value}}}
				s := &shape{Answer: &indicator.Answer{Axes: axes}}
				if got := s.hue(axis, 1); got != want {
					t.Errorf("%s %q on axis %d has colour %d", name, value, axis, got)
				}
			}
		}
	}
	// Groups by gender are drawn in its colour; genders within groups in theirs.
	site := newSite(t)
	for query, want := range map[string][][]figure.Hue{
		"by=gender,isForcedLabour&gender=Female~Male~Other":            {{figure.Anil, figure.Anil, figure.Anil}, {figure.Maiz, figure.Maiz, figure.Maiz}, {figure.Jade, figure.Jade, figure.Jade}},
		"by=isForcedLabour,gender&gender=Female~Male&isForcedLabour=1": {{figure.Anil, figure.Maiz}},
	} {
		panels, _, _ := newShape(ask(t, site, "coalition", query), "es").panels()
		for i, p := range panels {
			for k, b := range p.Bars {
				if b.Hue != want[i][k] {
					t.Errorf("%s: bar %s of %s has colour %d, want %d", query, b.Label, p.Label, b.Hue, want[i][k])
				}
			}
		}
	}
	s := &shape{Answer: &indicator.Answer{Axes: []indicator.Axis{{Name: "isSexualExploit", Levels: make([]microdata.Level, 3)}}}}
	if s.hue(0, 1) != figure.Anil {
		t.Error("a column that only sounds like gender is coloured as one")
	}
}

// TestSpellReads reads each spelling back with the grammar of the state.
func TestSpellReads(t *testing.T) {
	for _, column := range []string{"gender", "by", "version", "~x", "a b", "ñ&="} {
		for _, value := range []string{"", "_", "!", "~", "a~b!", "0--8", "48+", "x y&z=ñ", "<b>", `"`} {
			name, text := spell(column, value)
			st, err := indicator.ParseQuery(form(name, text))
			if err != nil || len(st.Filters) != 1 || !slices.Equal(st.Filters[column], []string{value}) {
				t.Errorf("%q=%q is spelled %q=%q and reads as %v, %v", column, value, name, text, st.Filters, err)
			}
		}
	}
}

// form encodes a pair as a browser's form does.
func form(name, value string) string {
	escape := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
		return b.String()
	}
	return escape(name) + "=" + escape(value)
}

// TestLeadSaysWhatTheNumbersSay compares the sentence with the CSV of the state.
func TestLeadSaysWhatTheNumbersSay(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"by=gender", "by=ageBroad", "by=citizenship"} {
		lead := newShape(ask(t, s, "coalition", q), "en").lead()
		rows := csv.NewReader(strings.NewReader(s.get(t, "/en/data/coalition/explore.csv?"+q).Body.String()))
		rows.Comment = '#'
		all, err := rows.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		best, label := -1.0, ""
		for _, r := range all[1:] {
			if n, _ := strconv.ParseFloat(r[2], 64); n > best && r[len(r)-1] == "" {
				best, label = n, r[1]
			}
		}
		if !strings.Contains(lead, label) || !strings.Contains(lead, count("en", best)) {
			t.Errorf("%s: %q, but the largest is %s with %v", q, lead, label, best)
		}
	}
	tie := newShape(ask(t, s, "world", "by=flag00"), "en")
	for i := range tie.Cells {
		tie.Cells[i].Weak = true
	}
	if got := tie.lead(); !strings.HasPrefix(got, "Taken one by one") || !strings.Contains(got, count("en", tie.Total.Value)) {
		t.Errorf("only the total stands apart from zero, and the page says %q", got)
	}
	tie.Total = zeroEstimate()
	if got := tie.lead(); got != say("en", "explorer.lead.none") {
		t.Errorf("nothing stands apart from zero, and the page says %q", got)
	}
}

// TestLeadOfRecordsThatDoNotSay keeps of a column the records without an answer:
// their number is far from zero, and is not said to be drowned by the noise.
func TestLeadOfRecordsThatDoNotSay(t *testing.T) {
	s := newSite(t)
	for lang, want := range map[string]string{"es": "Lo que se ve son registros que no la dan: ", "en": "What can be seen are records that give none: "} {
		at := route{lang: lang, page: explorer, dataset: "coalition"}
		body := s.get(t, withQuery(at.path(), "ageBroad=_&by=ageBroad")).Body.String()
		c := ask(t, s, "coalition", "ageBroad=_&by=ageBroad").Cells[0]
		if c.Weak || !strings.Contains(body, want) || !strings.Contains(body, count(lang, c.Estimate.Value)+" (") {
			t.Errorf("%s: the page does not say %q", lang, want)
		}
		if strings.Contains(body, say(lang, "explorer.lead.none")) {
			t.Errorf("%s: %d records, and the page says that the noise is as large", lang, c.Estimate.Noisy)
		}
	}
}

func TestFileNames(t *testing.T) {
	a := &indicator.Answer{Source: indicator.Source{Dataset: "victims", Version: 1000}, State: indicator.State{By: []string{"género/..", "a\r\nb\""}, Filters: map[string][]string{"x": {"y"}}}}
	if got := fileName(a, ".csv"); got != "victims-1000-gnero-ab-filtered.csv" {
		t.Error(got)
	}
	a.State.By = []string{strings.Repeat("x", 500)}
	if got := fileName(a, ".json"); len(got) > 110 {
		t.Error(got)
	}
}

// zeroEstimate is a count far below zero, shown as none.
func zeroEstimate() indicator.Estimate { return indicator.Estimate{Noisy: -400, Variance: 100} }
