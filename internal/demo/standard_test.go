package demo

import (
	"slices"
	"testing"

	"amparo/htcds"
	"amparo/microdata"
)

// TestDemoSpeaksTheStandard: where a column is one of the Human Trafficking Case
// Data Standard's, or of our extensions to it, its answers are values of that list.
func TestDemoSpeaksTheStandard(t *testing.T) {
	lists := map[string]*htcds.List{}
	for _, l := range htcds.Book().Lists() {
		lists[l.Name] = l
	}
	values := func(name string) (out []string) {
		l := lists[name]
		if l == nil {
			t.Fatalf("the code book has no list %s", name)
		}
		for _, v := range l.Values {
			out = append(out, v.Name)
		}
		return out
	}
	d := Domain()
	for column, list := range map[string]string{"gender": "gender", "industry": "industry", "act": "amp_act"} {
		i, ok := d.Index(column)
		if !ok {
			t.Fatalf("no column %s", column)
		}
		for _, l := range d.Column(i).Levels {
			if l.Missing == microdata.Present && !slices.Contains(values(list), l.Value) {
				t.Errorf("%s %q is no value of the standard's list %s", column, l.Value, list)
			}
		}
	}
	for _, a := range Coalition().Agencies {
		if !slices.Contains(values("org_type"), a.Type) {
			t.Errorf("agency %s has a type %q that the standard does not know", a.ID, a.Type)
		}
	}
}
