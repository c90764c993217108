package tabular

import (
	"context"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// TestEntryOfLevels: kinds of missing value are kept apart, in the file's spelling and
// in the table, and the columns of a group are known as its indicators.
func TestEntryOfLevels(t *testing.T) {
	d, err := ReadDomain(strings.NewReader(`{
		"status": {"levels": ["open", "closed"], "unknown": ["", "NS"], "not asked": [-98], "refused": ["NR"], "not applicable": ["NA"], "withheld": ["*"]},
		"debt":   {"levels": [0, 1], "unknown": [""], "group": "means"},
		"threat": {"group": "means", "levels": ["0", "1"], "not asked": [""]},
		"grade":  {"levels": [1, 2, 3], "refused": ["NR"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range d.Levels("status") {
		got = append(got, l.Value+"/"+l.Missing.String())
	}
	want := []string{"open/present", "closed/present", "/unknown", "NS/unknown", "-98/not asked", "NR/refused", "NA/not applicable", "*/withheld"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if d.Ordered("status") || !d.Ordered("grade") || d.Ordered("debt") {
		t.Error("numbers that rise are in order, and nothing else")
	}
	if l := d.Levels("threat")[2]; l.Label["es"] != "No se preguntó" || l.Missing != microdata.NotAsked {
		t.Errorf("%+v", l)
	}
	text := "status,debt,threat,grade\nopen,1,0,2\nNR,,1,NR\n-98,0,,3\n*,0,1,1\n,1,1,3\nNA,1,0,1\nelsewhere,1,0,1\n"
	f, err := Read(context.Background(), strings.NewReader(text), int64(len(text)), Options{Domain: d})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for row := range f.Table.Rows() {
		kinds = append(kinds, f.Table.Domain().Column(0).Levels[f.Table.Code(row, 0)].Missing.String())
	}
	if want := []string{"present", "refused", "not asked", "withheld", "unknown", "not applicable", "unknown"}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	if g := f.Table.Domain().Groups()["means"]; !slices.Equal(g, []int{1, 2}) {
		t.Errorf("the group's columns are %v", g)
	}
}

// TestEntryOfLevelsIsChecked: all that is wrong is said at once, with the column.
func TestEntryOfLevelsIsChecked(t *testing.T) {
	for entry, says := range map[string][]string{
		`{"levels": []}`:                                        {"it has no levels"},
		`{"unknown": [""]}`:                                     {"it has no levels"},
		`{"levels": "a"}`:                                       {"its levels are no list", "it has no levels"},
		`{"levels": ["a", ""]}`:                                 {"a blank is no answer"},
		`{"levels": ["a", true, null]}`:                         {"entry 2 of its levels is neither", "entry 3 of its levels"},
		`{"levels": ["a"], "refused": ["a"]}`:                   {"entry 1 of its refused repeats"},
		`{"levels": ["1", 1]}`:                                  {"entry 2 of its levels repeats"},
		`{"levels": ["a"], "width": 3, "from": 0}`:              {"it says levels, and from", "it says levels, and width"},
		`{"levels": ["a"], "colour": "red"}`:                    {`"colour" says nothing of bins or levels`},
		`{"levels": ["a"], "levels": ["b"]}`:                    {`it says "levels" twice`},
		`{"levels": ["yes", "no"], "group": "means"}`:           {"has no level 1"},
		`{"levels": [0, 1], "group": 7}`:                        {"its group is no name"},
		`{"levels": [0, 1], "group": ""}`:                       {"its group is no name"},
		`{"levels": ["a"], "refused": ["b"], "refused": ["c"]}`: {`it says "refused" twice`},
	} {
		_, err := ReadDomain(strings.NewReader(`{"c": ` + entry + `}`))
		for _, s := range says {
			if err == nil || !strings.Contains(err.Error(), s) || !strings.Contains(err.Error(), `column "c"`) {
				t.Errorf("%s: %v, want %q", entry, err, s)
			}
		}
	}
	for _, nested := range []string{`{"levels": [["a"]]}`, `{"levels": {"a": 1}}`, `{"group": ["means"], "levels": [0, 1]}`} {
		if _, err := ReadDomain(strings.NewReader(`{"c": ` + nested + `}`)); err == nil || !strings.Contains(err.Error(), "not such a JSON object") {
			t.Errorf("%s: %v", nested, err)
		}
	}
}
