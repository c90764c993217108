package indicator

import (
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestQueryGrammar(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	for query, want := range map[string]string{
		"":                                     "by=gender",
		"by=":                                  "by=gender",
		"by=gender&view=bar&version=0":         "by=gender",
		"view=table&by=year,gender":            "by=year,gender&view=table",
		"by=year&by=gender&by=year":            "by=year,gender",
		"version=1&by=gender":                  "by=gender&version=1",
		"by=gender&year=2016~2015~2016":        "by=gender&year=2015~2016",
		"by=gender&year=2016&year=2015&year=":  "by=gender&year=2015~2016",
		"by=gender&year=_":                     "by=gender&year=_",
		"by=gender&year=2015~2016~2017~2018~_": "by=gender",
		"by=country&country=XC~rest~XA":        "by=country&country=XA~rest",
		"by=country&country=XA~XB~rest~_":      "by=country",
		"by=by&~by=a!~b":                       "by=by&~by=a!~b",
		"by=by&~by=!_~_":                       "by=by&~by=!_~_",
		"by=by&~by=!!":                         "by=by&~by=!!",
		"by=by&~by=x+y%26z%3D%C3%B1":           "by=by&~by=x+y%26z%3D%C3%B1",
		"by=~!,!!&~~,!=1":                      "by=~!,!!&~~,!=1",
		"by=gender&gender=Trans%2FNonConf":     "by=gender&gender=Trans%2FNonConf",
		"by=gender&gender=Female~&year=~":      "by=gender&gender=Female",
		"by=%67ender":                          "by=gender",
		"by=gender%2Cyear":                     "by=gender,year",
		"by=gender&ageBroad=09--17~0--8":       "ageBroad=0--8~09--17&by=gender",
	} {
		got, err := s.index.Parse(query)
		if err != nil {
			t.Errorf("%q: %v", query, err)
			continue
		}
		if got.Query() != want {
			t.Errorf("%q reads as %q, want %q", query, got.Query(), want)
		}
		again, err := s.index.Parse(want)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q is not canonical: %v %+v", want, err, again)
		}
	}
}

func TestQueryRefused(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	for query, what := range map[string]string{
		"by=nothing":                   "column",
		"nothing=1":                    "column",
		"by=gender&year=1999":          "level",
		"by=gender&gender=female":      "level",
		"view=pie":                     "view",
		"version=x":                    "version",
		"version=-1":                   "version",
		"version=01":                   "version",
		"version=99999999999999999999": "version",
		"version=2":                    "version",
		"by=%zz":                       "query",
		"by=a;b":                       "query",
		"by=\xff":                      "query",
		"by=%ff":                       "query",
		"gender=" + strings.Repeat("a", maxQuery): "query",
		"gender=" + strings.Repeat("a~", 2000):    "query",
		strings.Repeat("by=gender&", 1000):        "query",
		many(100):                                 "query",
		"by=<script>alert(1)</script>":            "column",
		"by=a\x00b":                               "column",
		"gender=' OR 1=1 --":                      "level",
	} {
		_, err := s.index.Parse(query)
		var no *UnknownError
		if !errors.As(err, &no) || no.What != what {
			t.Errorf("%.60q: %v, want an unknown %s", query, err, what)
			continue
		}
		if len([]rune(no.Name)) > 70 || strings.ContainsAny(no.Name, "\x00\n\x1b") {
			t.Errorf("%.60q: the name is told as %q", query, no.Name)
		}
	}
}

func many(n int) string {
	v := url.Values{}
	for i := range n {
		v.Set(strings.Repeat("c", i+1), "1")
	}
	return v.Encode()
}

// TestRoundTrip is the promise of the URL: one question, one spelling, and the
// spelling is the question.
func TestRoundTrip(t *testing.T) {
	s := newSample(t, 10, 4, 1)
	r := seeded(9)
	spelled := map[string]State{}
	for range 5000 {
		st := s.randomState(r)
		canonical, err := s.index.Check(st)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := s.index.Parse(st.Query()) // not canonical: values in any order, twice
		if err != nil || !reflect.DeepEqual(raw, canonical) {
			t.Fatalf("%q: %v %+v, want %+v", st.Query(), err, raw, canonical)
		}
		again, err := s.index.Parse(canonical.Query())
		if err != nil || !reflect.DeepEqual(again, canonical) {
			t.Fatalf("%q: %v %+v, want %+v", canonical.Query(), err, again, canonical)
		}
		if other, ok := spelled[canonical.Query()]; ok && !reflect.DeepEqual(other, canonical) {
			t.Fatalf("two questions are spelled %q", canonical.Query())
		}
		spelled[canonical.Query()] = canonical
		if _, err := url.ParseRequestURI("/es/datos?" + canonical.Query()); err != nil {
			t.Errorf("%q cannot stand in a URL: %v", canonical.Query(), err)
		}
	}
	if len(spelled) < 1000 {
		t.Errorf("only %d questions", len(spelled))
	}
}

func TestWithLeavesTheOtherAlone(t *testing.T) {
	a := State{By: []string{"x"}, Filters: map[string][]string{"c": {"1"}}}
	b := a.With("c", "2").With("d", "3")
	if a.Filters["c"][0] != "1" || len(a.Filters) != 1 || b.Filters["c"][0] != "2" || b.Filters["d"][0] != "3" {
		t.Error("With changed its receiver")
	}
	if c := b.With("c"); len(c.Filters) != 1 || !maps.Equal(map[string]bool{"d": true}, map[string]bool{slices.Collect(maps.Keys(c.Filters))[0]: true}) {
		t.Error("With without values does not take the filter away")
	}
	if g := a.Grouped("y", "z"); len(a.By) != 1 || len(g.By) != 2 {
		t.Error("Grouped changed its receiver")
	}
}

func FuzzParse(f *testing.F) {
	s := newSample(f, 10, 4, 1)
	for _, q := range []string{"", "by=gender,year&country=XA~rest&version=1&view=table", "~by=!_~_&by=by", "by=~!,!!&~~,!=1", "%", "by=a!", "gender=!~!!~_"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		st, err := s.index.Parse(query)
		if err != nil {
			var no *UnknownError
			if !errors.As(err, &no) {
				t.Fatalf("another kind of error: %v", err)
			}
			return
		}
		again, err := s.index.Parse(st.Query())
		if err != nil || !reflect.DeepEqual(again, st) || again.Query() != st.Query() {
			t.Fatalf("%q reads as %q, which reads as %q (%v)", query, st.Query(), again.Query(), err)
		}
		if _, err := s.index.Answer(st); err != nil {
			var no *RefusedError
			if !errors.As(err, &no) {
				t.Fatalf("%q: %v", query, err)
			}
		}
	})
}
