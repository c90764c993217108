package tabular

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// slowCode is the oracle of a coder: exact spelling, else trimmed, else unknown;
// known says that the value, or blank, was in the list.
func slowCode(c *microdata.Column, v string) (code int, known bool) {
	for _, spelling := range []string{v, strings.Trim(v, " \t\r\n")} {
		if i, ok := c.Code(spelling); ok {
			return i, true
		}
	}
	return otherLevel(c), strings.Trim(v, " \t\r\n") == "" && otherLevel(c) >= 0
}

func TestCoderEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	unknown := microdata.Level{Value: "Unknown", Missing: microdata.Unknown}
	blank := microdata.Level{Missing: microdata.Unknown}
	withheld := microdata.Level{Missing: microdata.Withheld}
	words := []string{"", " ", "1", "0", " 1", "1 ", "x", "xy", " xy", "xy\t", "\nxy", "long enough to pass the remembered thirty-two bytes", "Unknown", "é", "é ", "  ", "xy xy"}
	for name, levels := range map[string][]microdata.Level{
		"indicator":         {{Value: "1"}, blank},
		"no blank":          levelsOf("1", "0", "xy"),
		"unknown, no blank": append(levelsOf("xy", "é", "1"), unknown),
		"both":              append(levelsOf("xy", words[11]), unknown, blank),
		"blank is withheld": append(levelsOf("x"), withheld, unknown),
		"only withheld":     append(levelsOf("x"), withheld),
		"spaces are levels": append(levelsOf(" 1", "xy\t", " "), blank),
		"one is a space":    levelsOf(" ", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			col := microdata.Column{Name: "c", Levels: levels}
			k := newCoder(&columnPlan{col: &col, other: otherLevel(&col)})
			for range 5000 {
				v := words[r.IntN(len(words))]
				want, known := slowCode(&col, v)
				got := k.code([]byte(v))
				if !known {
					if got >= 0 {
						t.Fatalf("%q is coded %d and is not in the list", v, got)
					}
					continue
				}
				if int(got) != want {
					t.Fatalf("%q is coded %d, want %d", v, got, want)
				}
			}
		})
	}
}

func TestDictionaryNumbersInOrder(t *testing.T) {
	d := newDictionary(5)
	for _, v := range []string{"b", "a", "", "b", " b ", "b", "toolong", "a", "\t", "12345"} {
		d.add([]byte(v))
	}
	if !slices.Equal(d.codes, []uint32{1, 2, 0, 1, 1, 1, 0, 2, 0, 3}) || !slices.Equal(d.words, []string{"b", "a", "12345"}) || !d.long || d.bytes != 7 {
		t.Errorf("%v %q %v %d", d.codes, d.words, d.long, d.bytes)
	}
}

// slowRead is the oracle of Read: encoding/csv, maps and one person at a time.
// Of open columns it keeps the values in kept.
func slowRead(t *testing.T, text string, d map[string][]string, kept map[string][]string, key string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][][]string{}
	var persons []string
	for i, record := range all[1:] {
		who := fmt.Sprint("row ", i)
		var row []string
		for c, name := range all[0] {
			v := strings.TrimSpace(record[c])
			if name == key {
				if v != "" {
					who = "key " + v
				}
				continue
			}
			if d[name] != nil && !slices.Contains(d[name], v) {
				v = ""
			}
			row = append(row, v)
		}
		if rows[who] == nil {
			persons = append(persons, who)
		}
		rows[who] = append(rows[who], row)
	}
	columns := slices.DeleteFunc(slices.Clone(all[0]), func(n string) bool { return n == key })
	var out [][]string
	for _, who := range persons {
		one := make([]string, len(columns))
		for _, row := range rows[who] {
			for c, v := range row {
				if one[c] == "" || v == "1" && slices.Equal(d[columns[c]], []string{"0", "1", ""}) {
					one[c] = v
				}
			}
		}
		for c, v := range one {
			if k, open := kept[columns[c]]; open && !slices.Contains(k, v) {
				one[c] = ""
			}
		}
		out = append(out, one)
	}
	return out
}

// TestReadEqualsOracle draws files with closed columns, open ones, a person key,
// values outside the lists, quotes and spaces, and reads them both ways.
func TestReadEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	lists := map[string][]string{"yes": {"0", "1", ""}, "sex": {"Female", "Male", ""}}
	kept := map[string][]string{"where": {"north", "a, b"}, "how": nil}
	domain := func(names []string) *DomainFile {
		d := &DomainFile{levels: map[string][]microdata.Level{}}
		for _, n := range names {
			for _, v := range lists[n] {
				l := microdata.Level{Value: v}
				if v == "" {
					l.Missing = microdata.Unknown
				}
				d.levels[n] = append(d.levels[n], l)
			}
		}
		return d
	}
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	for round := range 300 {
		names := []string{"yes", "where", "sex", "key", "how"}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = round%2 == 0
		_ = w.Write(names)
		for range 1 + r.IntN(60) {
			record := make([]string, len(names))
			for c, n := range names {
				switch n {
				case "yes":
					record[c] = pick("0", "1", "", " 1", "2")
				case "sex":
					record[c] = pick("Female", "Female", "Male", "Male ", "", "", "female")
				case "where":
					record[c] = pick("north", "south", "a, b", "say \"x\"", "", " north")
				case "how":
					record[c] = pick("p", "q", "two\nlines")
				case "key":
					record[c] = pick("", "k1", "k2", "k3", "k4 ")
				}
			}
			_ = w.Write(record)
		}
		w.Flush()
		key := pick("", "key")
		lists := lists
		if key == "" { // then it is an open column like others
			kept["key"] = []string{"k1"}
		} else {
			delete(kept, "key")
		}
		// A domain file must name all columns, so the mixture goes by the plan.
		o := Options{Person: key, Workers: 1 + r.IntN(3), block: 1 + r.IntN(200)}
		f := readWith(t, text.String(), o, domain(names))
		closing := make([][]string, len(f.Open))
		for i := range f.Open {
			closing[i] = kept[f.Open[i].Name]
		}
		table, err := f.Close(closing)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, values(table), slowRead(t, text.String(), lists, kept, key))
		if t.Failed() {
			t.Fatalf("round %d: %q", round, text.String())
		}
	}
}

// readWith reads a text of which d knows some columns and the rest is open, as in
// a file of a recognised profile with columns of its own.
func readWith(t *testing.T, text string, o Options, d *DomainFile) *File {
	t.Helper()
	in := newSplitter(strings.NewReader(text), o.block, 1)
	head, err := in.next()
	if err != nil {
		t.Fatal(err)
	}
	s := &scan{}
	rest, lines, names, faults := s.header(head)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p, faults := makePlan(names, Options{Person: o.Person})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p.kept, p.open, p.closed = nil, 0, 0
	for i := range p.columns {
		if c := &p.columns[i]; c.role == open {
			p.settle(c, Options{Domain: d})
		}
	}
	s.plan = p
	if err := s.body(context.Background(), in, rest, lines, -1, o.Workers, false, nil); err != nil {
		t.Fatal(err)
	}
	if faults := s.finish(); len(faults) > 0 && faults[0].Kind != OutsideList {
		t.Fatal(faults)
	}
	f, err := s.file(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestOpenValuesAreBounded: the dictionaries of all open columns together end the
// reading at a limit.
func TestOpenValuesAreBounded(t *testing.T) {
	p, _ := makePlan([]string{"a", "b"}, Options{})
	s := &scan{plan: p}
	s.start()
	block := &coded{rows: 1, lines: 1, open: []*dictionary{newDictionary(9), newDictionary(9)}}
	s.open[0].all.bytes = maxOpenBytes
	if lines := s.gather(block, 7); lines != 8 || s.stop != nil {
		t.Errorf("at the limit: %+v", s.stop)
	}
	s.open[1].all.bytes = 1
	if s.gather(block, 8); s.stop == nil || s.stop.Kind != TooLarge {
		t.Errorf("beyond the limit: %+v", s.stop)
	}
	s.stop, s.rows, s.open[1].all.bytes = nil, maxRows, 0
	if s.gather(block, 9); s.stop == nil || s.stop.Kind != TooLarge {
		t.Errorf("beyond the rows: %+v", s.stop)
	}
}

// TestPersonKeysAreNotBounded: more persons than an open column may have values.
func TestPersonKeysAreNotBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("k,a,b\n")
	for i := range maxDistinct + 5 {
		fmt.Fprintf(&text, "%d,x,\n%d,x,y\n", i, i)
	}
	f := mustRead(t, text.String(), Options{Person: "k"})
	if got := f.Open[1].Counts(); !slices.Equal(got, []int64{maxDistinct + 5}) {
		t.Errorf("%v", got)
	}
}
