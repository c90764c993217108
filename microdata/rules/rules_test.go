package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

// cases is a domain of sex (with blank), isChild, age (with blank and refused), and a
// group of two means with an unknown.
func cases(t testing.TB) *microdata.Domain {
	t.Helper()
	column := func(name, group string, values ...string) microdata.Column {
		c := microdata.Column{Name: name, Group: group}
		for _, v := range values {
			l := microdata.Level{Value: v}
			switch v {
			case "":
				l.Missing = microdata.Unknown
			case "refused":
				l.Missing = microdata.Refused
			}
			c.Levels = append(c.Levels, l)
		}
		return c
	}
	d, err := microdata.NewDomain([]microdata.Column{
		column("sex", "", "F", "M", ""),
		column("isChild", "", "0", "1"),
		column("age group", "", "0--8", "9--17", "18+", "", "refused"),
		column("debt", "means", "0", "1", ""),
		column("threats", "means", "0", "1"),
		column("meansUnknown", "", "0", "1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parse(t testing.TB, text string) *Set {
	t.Helper()
	s, err := Parse(strings.NewReader(text), cases(t), nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// record codes values in the order of the columns.
func record(t testing.TB, d *microdata.Domain, values ...string) []uint16 {
	t.Helper()
	out := make([]uint16, len(values))
	for a, v := range values {
		l, ok := d.Column(a).Code(v)
		if !ok {
			t.Fatalf("column %d has no %q", a, v)
		}
		out[a] = uint16(l)
	}
	return out
}

func broken(s *Set, r []uint16) bool { return s.Broken(func(a int) int { return int(r[a]) }) >= 0 }

// TestRules: each rule with records that break it and that keep it.
func TestRules(t *testing.T) {
	d := cases(t)
	rows := map[string][]uint16{
		"girl":           record(t, d, "F", "1", "9--17", "0", "0", "0"),
		"grown child":    record(t, d, "F", "1", "18+", "0", "0", "0"),
		"child, no age":  record(t, d, "F", "1", "", "0", "0", "0"),
		"child, refused": record(t, d, "M", "1", "refused", "0", "0", "0"),
		"man in debt":    record(t, d, "M", "0", "18+", "1", "0", "0"),
		"unknown means":  record(t, d, "M", "0", "18+", "", "0", "1"),
		"contradiction":  record(t, d, "M", "0", "18+", "0", "1", "1"),
		"no sex":         record(t, d, "", "0", "18+", "0", "0", "0"),
	}
	for rule, breaks := range map[string][]string{
		`isChild = 1 => "age group" in 0--8, 9--17`:     {"grown child"},
		`isChild = 1 => "age group" != 18+`:             {"grown child"},
		`isChild = 1 => "age group" not in 18+`:         {"grown child"},
		`never isChild=1 and "age group"=18+ # comment`: {"grown child"},
		`isChild = 1 => "age group" is known`:           {"child, no age", "child, refused"},
		`isChild = 1 => "age group" != ""`:              {"child, no age"},
		`meansUnknown = 1 => none of means`:             {"contradiction"},
		`sex != F => isChild = 0`:                       {"child, refused"},
		`sex is missing => isChild = 1`:                 {"no sex"},
		`never sex in M,"" and debt = 0`:                {"child, refused", "contradiction", "no sex"},
		`never sex = F and sex = M`:                     nil,
		`isChild != 1 => debt = 0 and threats = 0`:      {"man in debt", "contradiction"},
	} {
		s := parse(t, rule)
		for name, r := range rows {
			if broken(s, r) != slices.Contains(breaks, name) {
				t.Errorf("%s: %s: broken %v", rule, name, broken(s, r))
			}
		}
	}
}

// TestNeverIsTheRule: over every record there is, the clauses forbid what the rule's
// words say.
func TestNeverIsTheRule(t *testing.T) {
	d := cases(t)
	s := parse(t, `sex = M and isChild = 1 => "age group" in 0--8, 9--17 and threats = 0`)
	for sex := range 3 {
		for child := range 2 {
			for age := range 5 {
				for threats := range 2 {
					r := []uint16{uint16(sex), uint16(child), uint16(age), 0, uint16(threats), 0}
					want := sex == 1 && child == 1 && (age == 2 || threats == 1)
					if broken(s, r) != want {
						t.Errorf("%v: broken %v", r, !want)
					}
				}
			}
		}
	}
	if len(s.Never()) != 2 || (*Set)(nil).Never() != nil || (*Set)(nil).Text() != "" {
		t.Errorf("%d clauses", len(s.Never()))
	}
	for _, n := range s.Never() {
		marked, cells := n.Marked(), n.Clique.Cells(d.Sizes())
		if len(marked) != cells {
			t.Fatalf("%d cells marked of %d", len(marked), cells)
		}
		for cell := range marked {
			level, rest := map[int]int{}, cell
			for i := len(n.Clique) - 1; i >= 0; i-- {
				level[n.Clique[i]] = rest % d.Size(n.Clique[i])
				rest /= d.Size(n.Clique[i])
			}
			if marked[cell] != n.holds(func(a int) int { return level[a] }) {
				t.Errorf("clause %v cell %d", n.Clique, cell)
			}
		}
	}
}

// TestParseSaysWhatIsWrong, by line, and nothing of a value it does not know.
func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"isChild = 1":                     "neither => nor never",
		"isChild = 1 => debt = 0 => x":    "more than one =>",
		"=> debt = 0":                     "a condition is missing",
		"isChild = 1 =>":                  "a condition is missing",
		"never":                           "a condition is missing",
		"Rosario = 1 => debt = 0":         "a column that the file does not have",
		`isChild = Rosario => debt = 0`:   `a value that column "isChild" does not have`,
		"isChild = => debt = 0":           "a value of column",
		"isChild 1 => debt = 0":           "there must be =",
		"isChild in 1, => debt = 0":       "a value of column",
		"isChild is 1 => debt = 0":        "there must be =",
		"isChild = 1 debt = 0 => sex = F": "there must be and",
		"= 1 => sex = F":                  "a column is missing",
		`sex = "F => isChild = 1`:         "a quote is not closed",
		"isChild = 1 => none of Rosario":  "a group of columns",
		"never sex = F and isChild = 1 and debt = 1 and threats = 1": "it ties 4 columns",
		"\xff":                                 "not UTF-8",
		"never sex in F, M, \"\"":              "line 1: no record can keep this rule",
		"never isChild = 0\nnever isChild = 1": "line 2: no record can keep this rule and the 1 before it",
		"isChild = 1 => sex = F\nisChild = 1 => sex = M\nnever sex is missing\nnever isChild = 0": "line 4: no record",
		strings.Repeat("x", 5000):                  "more than 4096 bytes",
		strings.Repeat("never isChild = 1\n", 600): "more than 500 rules",
	} {
		_, err := Parse(strings.NewReader(text), cases(t), nil)
		bad, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(err.Error(), want) || bad.Hint() == "" {
			t.Errorf("%.40q: %v", text, err)
		} else if strings.Contains(err.Error(), "Rosario") {
			t.Errorf("%q: an unknown word is quoted: %v", text, err)
		}
	}
	_, err := Parse(strings.NewReader("a = 1\n\n# fine\nsex = F => isChild = 1\nb = 1"), cases(t), nil)
	if bad, ok := errors.AsType[*Error](err); !ok || len(bad.Faults) != 2 || bad.Faults[1].Line != 5 {
		t.Errorf("all faults at once: %v", err)
	}
	d, _ := microdata.NewDomain([]microdata.Column{{Name: "x", Levels: []microdata.Level{{Value: "1"}, {Value: "2"}}, Group: "g"}, {Name: "y", Levels: []microdata.Level{{Value: "a"}}, Group: "h"}})
	if _, err := Parse(strings.NewReader("x = 2 => none of h"), d, nil); err == nil {
		t.Error("a group without a level 1 was taken")
	}
	if _, err := Parse(strings.NewReader(strings.Repeat("# fine\n", 1<<18)), cases(t), nil); err == nil || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("endless: %v", err)
	}
}

// TestPrivateColumnsHaveNoRules.
func TestPrivateColumnsHaveNoRules(t *testing.T) {
	_, err := Parse(strings.NewReader("sex = F => isChild = 1"), cases(t), map[string]bool{"isChild": true})
	if err == nil || !strings.Contains(err.Error(), `the levels of column "isChild" are not public: list them with --domain`) {
		t.Error(err)
	}
}

// TestApplyMends: a record keeps what it can; one that cannot be mended is left out.
func TestApplyMends(t *testing.T) {
	d := cases(t)
	s := parse(t, "isChild = 1 => \"age group\" != 18+\nmeansUnknown = 1 => none of means\nsex = M => debt != 1")
	rows := [][]uint16{
		record(t, d, "F", "1", "18+", "0", "0", "0"),
		record(t, d, "M", "0", "18+", "1", "0", "1"),
		record(t, d, "F", "0", "0--8", "0", "1", "1"), // threats cannot be blanked
		record(t, d, "F", "0", "0--8", "0", "1", "0"),
	}
	columns := make([][]uint16, d.Len())
	for _, r := range rows {
		for a, v := range r {
			columns[a] = append(columns[a], v)
		}
	}
	table, err := microdata.NewTable(d, columns)
	if err != nil {
		t.Fatal(err)
	}
	got, changed, left, err := s.Apply(table)
	if err != nil || changed != 2 || left != 1 || got.Rows() != 3 {
		t.Fatalf("%d changed, %d left out, %v", changed, left, err)
	}
	want := [][]uint16{record(t, d, "F", "1", "", "0", "0", "0"), record(t, d, "M", "0", "18+", "", "0", "1"), rows[3]}
	for i, w := range want {
		for a, v := range w {
			if got.Code(i, a) != int(v) {
				t.Errorf("row %d column %d: %d, want %d", i, a, got.Code(i, a), v)
			}
		}
	}
	if same, _, _, _ := (&Set{}).Apply(table); same != table {
		t.Error("no rules changed a table")
	}
}

// TestApplyChangesRecordsByThemselves: whatever stands beside it, a record becomes the
// same: a person still moves one row.
func TestApplyChangesRecordsByThemselves(t *testing.T) {
	d := cases(t)
	s := parse(t, "isChild = 1 => \"age group\" != 18+\nsex = M => debt != 1\nmeansUnknown = 1 => none of means")
	for cell := range 3 * 2 * 5 * 3 * 2 * 2 {
		rest, r := cell, make([]uint16, 6)
		for a, size := range d.Sizes() {
			r[a] = uint16(rest % size)
			rest /= size
		}
		before := slices.Clone(r)
		ok, touched := s.mend(r)
		if ok && broken(s, r) {
			t.Fatalf("%v is mended to %v, which breaks a rule", before, r)
		}
		if touched != !slices.Equal(before, r) && ok || ok && !touched && broken(s, before) {
			t.Fatalf("%v: ok %v touched %v", before, ok, touched)
		}
	}
}

// TestCoarsenKeepsClauses: levels of one signature may be merged, and the clause says
// the same of the group; others may not.
func TestCoarsenKeepsClauses(t *testing.T) {
	d := cases(t)
	s := parse(t, `isChild = 1 => "age group" in 0--8, 9--17`)
	sig := Signature(s.Never(), 2, d.Size(2))
	if sig[0] != sig[1] || sig[0] == sig[2] || sig[3] != sig[0] {
		t.Errorf("signatures %q", sig)
	}
	steps := make([]*microdata.Coarsening, d.Len())
	steps[2] = &microdata.Coarsening{Levels: make([]microdata.Level, 2), Of: []uint16{0, 0, 1, 0, 0}}
	never, err := Coarsen(s.Never(), steps)
	if err != nil || !slices.Equal(never[0].In[1], []bool{false, true}) {
		t.Errorf("%+v, %v", never, err)
	}
	steps[2].Of = []uint16{0, 0, 0, 1, 1}
	if _, err := Coarsen(s.Never(), steps); err == nil {
		t.Error("levels that a rule tells apart were merged")
	}
}

// TestTextReadsBack: rules as they are written out mean the same.
func TestTextReadsBack(t *testing.T) {
	text := "isChild=1=>\"age group\" in 0--8,9--17\nnever sex!=\"F\" and debt is known\nmeansUnknown = 1 => none of means # why\n"
	a := parse(t, text)
	b := parse(t, a.Text())
	if a.Text() != b.Text() || len(a.Rules) != 3 || fmt.Sprint(a.Never()) != fmt.Sprint(b.Never()) {
		t.Errorf("%q became %q", a.Text(), b.Text())
	}
}

func FuzzParse(f *testing.F) {
	f.Add("isChild = 1 => \"age group\" in 0--8, 9--17")
	f.Add("never sex = \"\" and debt is missing # x\n\n")
	f.Add("meansUnknown=1=>none of means")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(strings.NewReader(text), cases(t), nil)
		if err != nil {
			return
		}
		again, err := Parse(strings.NewReader(s.Text()), cases(t), nil)
		if err != nil || fmt.Sprint(again.Never()) != fmt.Sprint(s.Never()) {
			t.Errorf("%q reads back as %q: %v", text, s.Text(), err)
		}
	})
}
