package tabular

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestBadBins: every fault of every entry is said at once, with its column and a hint.
func TestBadBins(t *testing.T) {
	for entry, says := range map[string][]string{
		`{}`:                                {"does not say from", "does not say to", "neither width nor by, edges or quantiles"},
		`{"from": 0}`:                       {"does not say to", "neither width"},
		`{"from": 0, "to": 10}`:             {"neither width"},
		`{"from": 0, "to": 10, "widht": 2}`: {`"widht" says nothing of bins`, "neither width"},
		`{"from": 0, "to": 10, "to": 9, "width": 1}`:                               {`it says "to" twice`},
		`{"from": 0, "to": 0, "width": 1}`:                                         {"its to is not above its from"},
		`{"from": 5, "to": 1, "quantiles": 2}`:                                     {"its to is not above its from"},
		`{"from": 0, "to": 10, "width": 0}`:                                        {"its width is not above 0"},
		`{"from": 0, "to": 10, "width": -1}`:                                       {"its width is not above 0"},
		`{"from": 0, "to": 10, "width": 10}`:                                       {"one bin only"},
		`{"from": 0, "to": 1025, "width": 1}`:                                      {"more than 1024 bins"},
		`{"from": 0, "to": 900000000000000, "width": 1}`:                           {"more than 1024 bins"},
		`{"from": 1e5, "to": 1e6, "width": 1}`:                                     {"its from is not a number written out", "its to is not"},
		`{"from": true, "to": null, "width": 1}`:                                   {"its from is not a number", "its to is not a number"},
		`{"from": 0, "to": 1234567890123456, "width": 1}`:                          {"its to is not a number written out with at most 15 digits"},
		`{"from": 0, "to": 123456789012345, "width": 0.1}`:                         {"more than 15 digits together"},
		`{"from": 0, "to": 10, "width": "2"}`:                                      {"its width is not a number"},
		`{"edges": []}`:                                                            {"one bin only"},
		`{"edges": [1]}`:                                                           {"one bin only"},
		`{"edges": [1, 2]}`:                                                        {"one bin only"},
		`{"edges": [1, 3, 2]}`:                                                     {"its edge 3 is not above the one before"},
		`{"edges": [1, 1, 2]}`:                                                     {"its edge 2 is not above"},
		`{"edges": [1, null, true]}`:                                               {"its edge 2 is not a number", "its edge 3 is not a number"},
		`{"edges": 5}`:                                                             {"its edges are no list"},
		`{"edges": [1, 2, 3], "from": 0, "width": 1, "quantiles": 2}`:              {"it says edges, and from", "it says edges, and width", "it says edges, and quantiles"},
		`{"edges": ["2015-01-01", "2014-01-01", "2016-01-01"]}`:                    {"its edge 2 is not after"},
		`{"edges": ["2015-01-01", 2016, "2017"]}`:                                  {`its edge 2 is not a date such as "2015-01-01"`, "its edge 3 is not a date"},
		`{"from": "2015-01-01", "to": "2016-12-31"}`:                               {"neither width nor by"},
		`{"from": "2015-01-01", "to": "2016-12-31", "width": 10}`:                  {"it is of dates, and width is for numbers"},
		`{"from": "2015-01-01", "to": "2016-12-31", "width": 10, "by": "year"}`:    {"width, which is for numbers, and by"},
		`{"from": "2015-01-01", "to": "2016-12-31", "by": "year", "decimal": ","}`: {"of dates, and decimal"},
		`{"from": "2015-01-01", "to": "2016-12-31", "by": "week"}`:                 {`its by is not "year" or "quarter" or "month"`},
		`{"from": "2015-01-01", "to": "2016-12-31", "by": 3, "format": "dmy"}`:     {"its by is not", `its format is not "DMY" or "MDY"`},
		`{"from": "01/01/2015", "to": "2016-02-30", "by": "year"}`:                 {"its from is not a date", "its to is not a date"},
		`{"from": 2015, "to": 2016, "by": "year"}`:                                 {"its from is not a date", "its to is not a date"},
		`{"from": "2016-01-01", "to": "2015-12-31", "by": "month"}`:                {"its to is not after its from"},
		`{"from": "2015-01-01", "to": "2015-12-31", "by": "year"}`:                 {"one bin only"},
		`{"from": "1900-01-01", "to": "2015-12-31", "by": "month"}`:                {"more than 1024 bins"},
		`{"from": 0, "to": 10, "width": 1, "by": "year"}`:                          {"width, which is for numbers"},
		`{"from": 0, "to": 10, "width": 1, "decimal": ";"}`:                        {`its decimal is not "." or ","`},
		`{"from": 0, "to": 10, "width": 1, "decimal": 5}`:                          {`its decimal is not`},
		`{"from": 0, "to": 10, "width": 1, "format": "DMY"}`:                       {"it is of numbers, and format is for dates"},
		`{"from": 0, "to": 10, "quantiles": 1}`:                                    {"its quantiles are not a whole number from 2 to 64"},
		`{"from": 0, "to": 100, "quantiles": 65}`:                                  {"its quantiles are not"},
		`{"from": 0, "to": 100, "quantiles": 2.5}`:                                 {"its quantiles are not"},
		`{"from": 0, "to": 100, "quantiles": "4"}`:                                 {"its quantiles are not"},
		`{"from": 0, "to": 5, "quantiles": 6}`:                                     {"from its 5 steps no 6 quantiles can be made"},
		`{"from": 0, "to": 100, "width": 50, "quantiles": 4}`:                      {"from its 2 steps no 4 quantiles"},
	} {
		// A second column, as wrong, is named beside the first.
		d, err := ReadDomain(strings.NewReader(fmt.Sprintf(`{"first": %s, "good": 3, "second": %s}`, entry, entry)))
		var e *Error
		if !errors.As(err, &e) || d != nil || e.Hint() != binHint || !e.Has(BadOption) {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if len(e.Faults) != 2*len(says) {
			t.Errorf("%s: %d faults, want %d: %v", entry, len(e.Faults), 2*len(says), err)
		}
		for i, f := range e.Faults {
			if want := []string{"first", "second"}[i/max(len(e.Faults)/2, 1)%2]; f.Column != want {
				t.Errorf("%s: fault %d is of column %q", entry, i, f.Column)
			}
		}
		for _, s := range says {
			if strings.Count(fmt.Sprint(e.Faults), s) < 2 {
				t.Errorf("%s: %v does not say %q of both", entry, err, s)
			}
		}
	}
}

// TestBinsAreNotNested: nothing deeper than a list of edges, and none without end.
func TestBinsAreNotNested(t *testing.T) {
	for _, text := range []string{`{"a": {"from": {}}}`, `{"a": {"from": [0]}}`, `{"a": {"edges": [[1, 2]]}}`, `{"a": {"edges": [{}]}}`, `{"a": {"width": {"x": 1}}}`, `{"a": {"from": 0`, `{"a": {"from"`} {
		_, err := ReadDomain(strings.NewReader(text))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "not such a JSON object") {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := ReadDomain(strings.NewReader(`{"a": {"edges": [` + strings.TrimSuffix(strings.Repeat("7,", 1_000_000), ",") + `]}}`))
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) != 1 {
		t.Errorf("a million edges: %v", err)
	}
}
