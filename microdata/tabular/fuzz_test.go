package tabular

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// canary stands in records, hierarchies and domain files, and may stand in no error
// and no inspection.
const canary = "Xochitl-0x5EC2E7"

// sweep reads a text in every way that the options offer: it must not panic; what it
// refuses it must refuse with faults that hold no value; one worker and three must say
// the same, and so must small blocks and large of what is taken; and Inspect refuses
// what Read refuses.
func sweep(t *testing.T, text string, flags uint8) {
	t.Helper()
	o := Options{Withhold: flags&1 > 0}
	if flags&2 > 0 {
		o.Person = "key"
	}
	if flags&4 > 0 {
		o.Drop = []string{"b"}
	}
	if flags&8 > 0 {
		o.Domain = mustDomain(t, `{"a": ["1", "x y", ""], "b": 3, "key": ["", "k"]}`)
	}
	said, all := map[int]string{}, ""
	for way := range 4 {
		o.Workers, o.block = 1+2*(way&1), (way>>1)*(1+int(flags>>4))
		got := ""
		f, err := Read(context.Background(), strings.NewReader(text), int64(len(text)), o)
		var bad *Error
		switch {
		case errors.As(err, &bad) && f == nil && len(bad.Faults) > 0:
			faults, _ := json.Marshal(bad.Faults)
			got = bad.Error() + bad.Hint() + string(faults)
		case err != nil || f == nil:
			t.Fatalf("%q: %v without a fault", text, err)
		default:
			kept := make([][]string, len(f.Open))
			for i := range f.Open {
				kept[i] = f.Open[i].Values()
			}
			table, err := f.Close(kept)
			if err != nil || table.Domain().Len() != len(f.Columns) || table.Rows() == 0 {
				t.Fatalf("%q: %d rows, %v", text, table.Rows(), err)
			}
			got = fmt.Sprintf("%q", values(table))
		}
		if bad != nil && strings.Contains(got, canary) {
			t.Fatalf("%q: a value is said: %s", text, got)
		}
		// The first block shows what a file is: of what is refused, and only of that,
		// small blocks may say something else.
		if before, ok := said[o.block]; ok && got != before {
			t.Fatalf("%q with %d workers, blocks of %d:\n%s\nnot\n%s", text, o.Workers, o.block, got, before)
		}
		said[o.block] = got
		if bad != nil {
			got = "refused"
		}
		if all == "" {
			all = got
		}
		if got != all {
			t.Fatalf("%q in blocks of %d:\n%s\nnot\n%s", text, o.block, got, all)
		}
		in, err := Inspect(context.Background(), strings.NewReader(text), -1, o)
		if err != nil || (len(in.Refused) > 0) != (bad != nil) {
			t.Fatalf("%q: Inspect says %+v, %v; Read %v", text, in, err, bad)
		}
		if report, _ := json.Marshal(in); strings.Contains(string(report), canary) {
			t.Fatalf("%q: a value is in the inspection: %s", text, report)
		}
	}
}

// below is what may stand below a header; % is the canary.
var below = []string{
	"1,2,k\n", "%,2,k\n1,%,%\n", "\"%\",2,k", "\"%\n%\",0,k\r\n", "%", "%,%\n", "%,%,%,%\n", "\"%,2,k\n", "%\"%,2,k\n", "\"%\"%,2,k\n", ",,\n,,\n", "\n\n%,1,k\n\n",
	"%\x00,1,k\n", "%\xe9,1,k\n", "1,2,k\r1,2,k\r", " % ,\t%\t,\"\"\n", "x y,2,k\n x y , 1 ,\n", "%\xff\xfe,1,k", "\ufeff%,1,k\n", "=%,+%,@%\n", "%\u2028,1,\u0085\n",
}

var heads = []string{"a,b,key\n", "a;b;key\r\n", "a\tb\tkey\n", "a|b|key\n", "\ufeffa,b,key\n", "sep=;\na;b;key\n", "\"a\",\"b\",\"key\"\n", "\n\r\na,b,key\n"}

func TestNoErrorHoldsAValue(t *testing.T) {
	for h, head := range heads {
		delim := head[max(strings.Index(head, "b")-1, 0):strings.Index(head, "b")]
		if strings.Contains(delim, `"`) {
			delim = ","
		}
		for b, body := range below {
			body = strings.ReplaceAll(strings.ReplaceAll(body, ",", delim), "%", canary)
			for _, flags := range []uint8{15, uint8(b*7 + h*23)} {
				sweep(t, head+body, flags)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for i, body := range below {
		f.Add(uint8(i%len(heads)), body, uint8(i*37))
	}
	f.Fuzz(func(t *testing.T, head uint8, body string, flags uint8) {
		h := heads[int(head)%len(heads)]
		if len(body) > 1<<12 {
			return
		}
		sweep(t, h+strings.ReplaceAll(body, "%", canary), flags)
	})
}

// TestEverySpellingOfAFile: the same records by every delimiter, with and without a byte
// order mark, a "sep=" line, CRLF, an end of the last line, quotes and blanks lines.
func TestEverySpellingOfAFile(t *testing.T) {
	want := [][]string{{"one", "a,b;c\td|e"}, {"say \"no\"", ""}, {"two\nlines", "é"}, {"", "0"}}
	d := &DomainFile{levels: map[string][]microdata.Level{"x": levelsOf("one", "say \"no\"", "two\nlines", ""), "y": levelsOf("a,b;c\td|e", "", "é", "0")}, names: []string{"x", "y"}}
	spell := func(delim, eol string, all bool) string {
		var b strings.Builder
		for _, row := range append([][]string{{"x", "y"}}, want...) {
			for i, v := range row {
				if i > 0 {
					b.WriteString(delim)
				}
				if all || strings.ContainsAny(v, ",;\t|\"\n") {
					v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
				}
				b.WriteString(strings.ReplaceAll(v, "\n", eol))
			}
			b.WriteString(eol)
		}
		return b.String()
	}
	for _, delim := range []string{",", ";", "\t", "|"} {
		for way := range 64 {
			eol := []string{"\n", "\r\n"}[way&1]
			text := spell(delim, eol, way&2 > 0)
			if way&4 > 0 {
				text = strings.TrimSuffix(text, eol)
			}
			if way&8 > 0 { // empty lines before the header, after it and at the end
				head, rest, _ := strings.Cut(text, eol)
				text = eol + head + eol + eol + rest + eol
			}
			if way&16 > 0 {
				text = "sep=" + delim + eol + text
			}
			if way&32 > 0 {
				text = "\ufeff" + text
			}
			f, err := Read(context.Background(), strings.NewReader(text), -1, Options{Domain: d, block: 1 + way, Workers: 1 + way%3})
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if f.Delimiter != delim[0] {
				t.Errorf("%q: delimiter %q", text, f.Delimiter)
			}
			equal(t, values(f.Table), want)
		}
	}
}

// TestLongLinesEndInspectionToo: 200 MB of one line, plain or in quotes, are refused
// after a megabyte or a few, by Inspect as by Read.
func TestLongLinesEndInspectionToo(t *testing.T) {
	for _, before := range []string{"", "a,b\n1,2\n", "a,b\n\""} {
		e := &endless{}
		in, err := Inspect(context.Background(), &joined{strings.NewReader(before), e}, 200<<20, Options{})
		if err != nil || len(in.Refused) == 0 || in.Refused[0].Kind != TooLarge {
			t.Errorf("after %q: %+v, %v", before, in, err)
		}
		if e.read > 4*maxRecord {
			t.Errorf("after %q: %d bytes read before the refusal", before, e.read)
		}
	}
}

// joined reads a beginning and then an endless line.
type joined struct {
	first *strings.Reader
	then  *endless
}

func (j *joined) Read(p []byte) (int, error) {
	if j.first.Len() > 0 {
		return j.first.Read(p)
	}
	return j.then.Read(p)
}

// TestPersonKeepsKindsApart: the row of a person says yes where an indicator does,
// else the first answer, else the first row's kind of missing; no person is two rows and
// no two are one. The oracle keeps a person's rows as spellings.
func TestPersonKeepsKindsApart(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	level := func(v string, m microdata.Missing) microdata.Level { return microdata.Level{Value: v, Missing: m} }
	missing := []microdata.Level{level("", microdata.Unknown), level("not asked", microdata.NotAsked), level("refused", microdata.Refused), level("n/a", microdata.NotApplicable), level("withheld", microdata.Withheld)}
	d := &DomainFile{levels: map[string][]microdata.Level{
		"debt": append(levelsOf("no", "yes"), missing...),
		"sex":  append(levelsOf("F", "M", "X"), missing...),
		"key":  levelsOf("unused"),
	}, names: []string{"key", "debt", "sex"}}
	answered := func(v string) bool {
		return !slices.ContainsFunc(missing, func(l microdata.Level) bool { return l.Value == v })
	}
	for range 200 {
		text := "key,debt,sex\n"
		var order []string
		rows := map[string][][]string{}
		for i := range 1 + r.IntN(60) {
			key := []string{"", "p1", "p2", "P2", "p 3", "4", "04"}[r.IntN(7)]
			row := []string{d.levels["debt"][r.IntN(7)].Value, d.levels["sex"][r.IntN(8)].Value}
			text += strings.Join(append([]string{key}, row...), ",") + "\n"
			if key == "" {
				key = fmt.Sprint("row ", i)
			}
			if rows[key] == nil {
				order = append(order, key)
			}
			rows[key] = append(rows[key], row)
		}
		var want [][]string
		for _, key := range order {
			one := slices.Clone(rows[key][0])
			for _, row := range rows[key] {
				for c, v := range row {
					if c == 0 && v == "yes" || !answered(one[c]) && answered(v) {
						one[c] = v
					}
				}
			}
			want = append(want, one)
		}
		f := mustRead(t, text, Options{Domain: d, Person: "key", Workers: 1 + r.IntN(3), block: 1 + r.IntN(90)})
		equal(t, values(f.Table), want)
		if t.Failed() {
			t.Fatalf("%q", text)
		}
	}
	// A group makes an indicator of a column whose answers are no words of yes and no.
	c := microdata.Column{Group: "means", Levels: append(levelsOf("1", "other"), missing...)}
	if rank(&c)(0) <= rank(&c)(1) || rank(&c)(1) <= rank(&c)(2) || rank(&c)(2) != rank(&c)(4) {
		t.Error("in a group, yes stands over another answer, and that over any kind of missing")
	}
}
