package tabular

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"amparo/microdata"
)

func mustInspect(t *testing.T, text string, o Options) *Inspection {
	t.Helper()
	in, err := Inspect(context.Background(), strings.NewReader(text), int64(len(text)), o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestInspectSaysAllAtOnce puts many faults into one file. None hides another.
func TestInspectSaysAllAtOnce(t *testing.T) {
	text := "\xef\xbb\xbfname;n;when;what;age;code\n" +
		"SECRETA;1;2021-08-25;x;0;k\n" +
		"SECRETB;1,5;25/8/2021;y;1;k\n" +
		"\n" +
		"SECRETC;2\n" +
		";;;;;\n" +
		"SECRETD;1;1.1.2020;x;77;k\n" +
		"SECRETE;1;1.1.2020;x;1;k;7\n" +
		"SECRETD;1;1.1.2020;;;\n"
	in := mustInspect(t, text, Options{Drop: []string{"nothing"}, Person: "code"})
	if in.Rows != 5 || in.Persons != 3 || in.EmptyLines != 1 || in.BlankRows != 1 || in.RaggedRows != 2 || !in.Complete || in.Delimiter != ";" || !in.BOM {
		t.Errorf("%+v", in)
	}
	var kinds []Kind
	for _, f := range in.Refused {
		kinds = append(kinds, f.Kind)
	}
	if !slices.Equal(kinds, []Kind{BadOption, Identifying, Ragged, Ragged}) {
		t.Errorf("refused for %q", kinds)
	}
	if in.Refused[2].Row != 5 || in.Refused[3].Row != 8 {
		t.Errorf("ragged rows %d and %d", in.Refused[2].Row, in.Refused[3].Row)
	}
	looks := map[string]string{}
	for _, c := range in.Columns {
		looks[c.Name] = c.Use + " " + c.Looks
	}
	for name, want := range map[string]string{"name": "open texts", "n": "open numbers", "when": "open dates", "what": "open texts", "age": "open numbers", "code": "person "} {
		if looks[name] != want {
			t.Errorf("%s is %q, want %q", name, looks[name], want)
		}
	}
	out, err := json.Marshal(in)
	if err != nil || strings.Contains(string(out), "SECRET") || strings.Contains(string(out), "2021") {
		t.Errorf("%v: a value of a record is in %s", err, out)
	}
}

func TestInspectClosedColumns(t *testing.T) {
	d := mustDomain(t, `{"a": ["x", "y", ""], "b": 2}`)
	in := mustInspect(t, "a,b\nx,1\n?,0\n,1\n?,9\nx,9\n", Options{Domain: d})
	a, b := in.Columns[0], in.Columns[1]
	if a.Use != "closed" || a.From != "domain file" || !slices.Equal(a.Levels, []string{"x", "y", ""}) || !slices.Equal(a.Missing, []microdata.Missing{microdata.Unknown}) {
		t.Errorf("%+v", a)
	}
	if a.Blank != 1 || a.Outside != 2 || a.FirstOutside != 3 {
		t.Errorf("a: %+v", a)
	}
	if b.Outside != 2 || b.FirstOutside != 5 || len(b.Missing) != 0 {
		t.Errorf("b: %+v", b)
	}
	if len(in.Refused) != 1 || in.Refused[0].Kind != OutsideList || in.Refused[0].Row != 5 || in.Refused[0].Column != "b" {
		t.Errorf("%+v", in.Refused)
	}
}

// TestMostValuesOutsideIsRefused: a file that spells its values in another way
// must not become a file of blanks.
func TestMostValuesOutsideIsRefused(t *testing.T) {
	d := mustDomain(t, `{"a": ["x", ""], "b": ["1", "2"]}`)
	text := "a,b\n" + strings.Repeat("X,1\n", 20) + strings.Repeat("x,1\n", 15) + strings.Repeat(",2\n", 100)
	e := refusal(t, text, Options{Domain: d})
	if !e.Has(OutsideList) || !strings.Contains(e.Error(), "more than half") {
		t.Error(e)
	}
	text += strings.Repeat("x,1\n", 10)
	if f := mustRead(t, text, Options{Domain: d}); f.Table.Rows() != 145 {
		t.Errorf("%d rows", f.Table.Rows())
	}
}

func TestInspectStopsWhereItMust(t *testing.T) {
	in := mustInspect(t, "a,b\n1,2\n1,\"2\"3\n1,2\n", Options{})
	if in.Complete || in.Rows != 1 || len(in.Refused) != 1 || in.Refused[0].Row != 3 {
		t.Errorf("%+v", in)
	}
	if in = mustInspect(t, "", Options{}); in.Complete || len(in.Columns) != 0 || len(in.Refused) != 1 {
		t.Errorf("%+v", in)
	}
}

func TestInspectRealFile(t *testing.T) {
	text := realFile(t, "ctdc/global_synthetic_2021.csv")
	in, err := Inspect(context.Background(), bytes.NewReader(text), int64(len(text)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if in.Profile == nil || in.Profile.ID != "ctdc-global-synthetic-2021" || in.Profile.Absent != nil || in.Profile.Others != nil {
		t.Errorf("%+v", in.Profile)
	}
	if in.Rows != 193_025 || in.Persons != in.Rows || len(in.Columns) != 37 || len(in.Refused) != 0 || !in.Complete || in.Delimiter != "," {
		t.Errorf("%d rows, %d columns, refused %+v", in.Rows, len(in.Columns), in.Refused)
	}
	for _, c := range in.Columns {
		if c.Outside != 0 || c.Use != "closed" || c.From != "profile" {
			t.Errorf("%+v", c)
		}
		if c.Name == "gender" && c.Blank != 47_095 {
			t.Errorf("%d rows without gender", c.Blank)
		}
	}
	if in.Columns[5].Name != "citizenship" || !slices.Equal(in.Columns[5].Hierarchy, []string{"subregion", "region", "world"}) {
		t.Errorf("%+v", in.Columns[5].Hierarchy)
	}
}

func TestInspectSaysWhereAFileDepartsFromItsStandard(t *testing.T) {
	p, err := ProfileByID("ctdc-global-synthetic-2021")
	if err != nil {
		t.Fatal(err)
	}
	names := append([]string{"shelter"}, p.Domain().Names()[:30]...)
	in := mustInspect(t, strings.Join(names, ",")+"\n"+strings.Repeat(",", 30)+"\n", Options{})
	if in.Profile == nil || !slices.Equal(in.Profile.Others, []string{"shelter"}) || !slices.Equal(in.Profile.Absent, p.Domain().Names()[30:]) {
		t.Errorf("%+v", in.Profile)
	}
	if in.Columns[0].Use != "open" || in.Columns[1].Label["es"] != "Año de registro" || in.Columns[9].Group != "meansOfControl" {
		t.Errorf("%+v", in.Columns[:2])
	}
}

func TestInspectOfAnIdentifierStopsCounting(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	for i := range maxDistinct + 10 {
		text.WriteString(strconv.Itoa(i) + ",x\n")
	}
	in := mustInspect(t, text.String(), Options{})
	a := in.Columns[0]
	if !a.AtLeast || a.Distinct != maxDistinct || a.Looks != "" || in.Columns[1].Distinct != 1 || in.Rows != maxDistinct+10 {
		t.Errorf("%+v", in.Columns)
	}
	if len(in.Refused) != 1 || in.Refused[0].Kind != Distinct || in.Refused[0].Column != "a" {
		t.Errorf("%+v", in.Refused)
	}
	if in = mustInspect(t, text.String(), Options{Drop: []string{"a"}}); len(in.Refused) != 0 || in.Columns[0].Use != "dropped" {
		t.Errorf("dropped: %+v", in.Refused)
	}
}

func TestLooks(t *testing.T) {
	for values, want := range map[string]string{
		"":                                "",
		"1|2.5|-3|1,5|1e3":                "numbers",
		"2021-08-25|25/8/2021|1.1.21":     "dates",
		"2021-08-25 10:30|2021-08-25T10":  "dates",
		"1|2021-08-25":                    "texts",
		"a":                               "texts",
		"1-2|1-2-3-4|2021-08-255|1/2/300": "texts",
		"a-b-c|1--2":                      "texts",
		"18--20|09--17":                   "texts",
		"100-20-3":                        "texts",
	} {
		var list []string
		if values != "" {
			list = strings.Split(values, "|")
		}
		if got := looks(list); got != want {
			t.Errorf("%q look like %q, want %q", values, got, want)
		}
	}
}

// FuzzInspectAgreesWithRead: what Inspect refuses Read refuses, and the other way
// round.
func FuzzInspectAgreesWithRead(f *testing.F) {
	for _, text := range texts {
		f.Add(text, uint8(0))
		f.Add("a,b\n"+text, uint8(1))
	}
	f.Add("a,b\n1.5,2015-03-04\n2,\nx,2016\n", uint8(4))
	d, err := ReadDomain(strings.NewReader(`{"a": ["1", "x", ""], "b": ["2", "y"]}`))
	if err != nil {
		f.Fatal(err)
	}
	bins, err := ReadDomain(strings.NewReader(`{"a": {"from": 0, "to": 9.5, "width": 0.5}, "b": {"from": "2015-01-01", "to": "2016-12-31", "quantiles": 3}}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, choice uint8) {
		o := Options{block: 1 + int(choice>>3), Workers: 1 + int(choice&1)}
		switch choice & 6 {
		case 2:
			o.Domain = d
		case 4:
			o.Domain = bins
		}
		file, err := Read(context.Background(), strings.NewReader(text), -1, o)
		in, err2 := Inspect(context.Background(), strings.NewReader(text), -1, o)
		if err2 != nil {
			t.Fatal(err2)
		}
		if (err == nil) != (len(in.Refused) == 0) {
			t.Fatalf("Read says %v, Inspect %+v", err, in.Refused)
		}
		if err == nil && len(file.Open) == 0 && file.Table.Rows() != in.Rows {
			t.Fatalf("%d rows, Inspect says %d", file.Table.Rows(), in.Rows)
		}
	})
}
