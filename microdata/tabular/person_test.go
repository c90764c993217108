package tabular

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const caseDomain = `{"debt": ["1", ""], "threat": ["0", "1", ""], "age": ["minor", "adult", ""]}`

func TestPersonTakesTheUnionAndTheFirst(t *testing.T) {
	text := "key,debt,threat,age\n" +
		"p1,,0,\n" +
		"p2,1,,adult\n" +
		",,,minor\n" +
		"p1,1,1,minor\n" +
		"p1,,0,adult\n" +
		",1,,\n" +
		" p2 ,,0,minor\n"
	f := mustRead(t, text, Options{Domain: mustDomain(t, caseDomain), Person: "key"})
	equal(t, values(f.Table), [][]string{
		{"1", "1", "minor"}, // p1: yes wins, the first age that is present
		{"1", "0", "adult"}, // p2: no wins over blank
		{"", "", "minor"},   // each blank key is a person
		{"1", "", ""},
	})
}

// TestRowsWithoutAKeyAreCounted: nobody can know whose they are, but the custodian is
// told how many there are. Keys are told apart by every letter.
func TestRowsWithoutAKeyAreCounted(t *testing.T) {
	text := "key,debt,threat,age\np1,1,,\n,1,,\n  ,,,minor\nP1,,,\np1,,0,\n"
	in := mustInspect(t, text, Options{Domain: mustDomain(t, caseDomain), Person: "key"})
	if c := in.Columns[0]; c.Use != "person" || c.Blank != 2 || in.Rows != 5 || in.Persons != 4 {
		t.Errorf("%+v: %d rows, %d persons", c, in.Rows, in.Persons)
	}
	all := mustInspect(t, "key,debt,threat,age\np1,1,,\np1,1,,\n", Options{Domain: mustDomain(t, caseDomain), Person: "key"})
	if c := all.Columns[0]; c.Blank != 0 || all.Persons != 1 {
		t.Errorf("%+v: %d persons", c, all.Persons)
	}
}

// row is what a person's rows of a file become: the oracle of collapse, written
// for one person at a time.
func personRow(rows [][]string) []string {
	out := []string{"", "", "", ""}
	for _, r := range rows {
		for c, v := range r {
			indicator := c < 2
			if out[c] == "" || indicator && v == "1" {
				out[c] = v
			}
		}
	}
	return out
}

// TestPersonSensitivity: with all rows of one person added, anywhere in the file,
// the table has that person's row more and no other difference.
func TestPersonSensitivity(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	o := Options{Person: "key", Workers: 2, block: 64}
	read := func(rows [][2]any) (out []string) {
		var text strings.Builder
		text.WriteString("debt,threat,age,open,key\n")
		for _, x := range rows {
			fmt.Fprintf(&text, "%s,%s\n", strings.Join(x[1].([]string), ","), x[0])
		}
		f := mustRead(t, text.String(), o)
		kept := make([][]string, len(f.Open))
		for i := range f.Open {
			kept[i] = f.Open[i].Values()
		}
		table, err := f.Close(kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range values(table) {
			out = append(out, strings.Join(row, ","))
		}
		slices.Sort(out)
		return out
	}
	for range 200 {
		o.Domain = nil
		var rows [][2]any
		for range 1 + r.IntN(30) {
			rows = append(rows, [2]any{fmt.Sprint("p", r.IntN(8)), []string{pick("", "1"), pick("", "1"), pick("", "minor", "adult"), pick("", "a", "b", "c")}})
		}
		var added [][]string
		more := slices.Clone(rows)
		places := []int{}
		for range 1 + r.IntN(4) {
			places = append(places, r.IntN(len(rows)+1))
		}
		slices.Sort(places)
		for i, at := range places {
			row := []string{pick("", "1"), pick("", "1"), pick("", "minor", "adult"), pick("", "a", "b", "new")}
			added = append(added, row)
			more = slices.Insert(more, at+i, [2]any{"extra", row})
		}
		want := append(read(rows), strings.Join(personRow(added), ","))
		slices.Sort(want)
		if got := read(more); !slices.Equal(got, want) {
			t.Fatalf("with one person more: %q, want %q", got, want)
		}
	}
}

// TestPersonOrderOfOthersDoesNotMatter mixes the rows of different persons and
// keeps the order within each.
func TestPersonOrderOfOthersDoesNotMatter(t *testing.T) {
	a := []string{"p,1,,minor", "p,,1,adult", "p,,,"}
	b := []string{"q,,0,adult", "q,1,,minor"}
	var want [][]string
	for mix := range 32 {
		text, i, j := "key,debt,threat,age\n", 0, 0
		for i < len(a) || j < len(b) {
			if j == len(b) || i < len(a) && mix>>(i+j)&1 == 0 {
				text += a[i] + "\n"
				i++
			} else {
				text += b[j] + "\n"
				j++
			}
		}
		f := mustRead(t, text, Options{Domain: mustDomain(t, caseDomain), Person: "key"})
		got := values(f.Table)
		slices.SortFunc(got, slices.Compare[[]string])
		if want == nil {
			want = got
		}
		equal(t, got, want)
	}
}

func TestYesLevel(t *testing.T) {
	for domain, want := range map[string]int{
		`["1", ""]`: 0, `["0", "1"]`: 1, `["0", "1", ""]`: 1, `["No", "Sí", ""]`: 1, `["yes", "no"]`: 0,
		`["1", "2", ""]`: -1, `["a", ""]`: -1, `["1", "yes", "no"]`: -1, `[""]`: -1, `["minor", "adult"]`: -1,
	} {
		f := mustRead(t, "k,c\n1,x\n", Options{Domain: mustDomain(t, `{"k": ["1"], "c": ["x"]}`)})
		col := f.Table.Domain().Column(1)
		col2 := *col
		col2.Levels = mustDomain(t, `{"c": `+domain+`}`).Levels("c")
		if got := yesLevel(&col2); got != want {
			t.Errorf("%s: %d, want %d", domain, got, want)
		}
	}
}
