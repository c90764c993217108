package tabular

import (
	"slices"
	"strings"
	"testing"

	"amparo/microdata"
)

func place() *microdata.Column {
	return &microdata.Column{Name: "place", Levels: []microdata.Level{{Value: "Lima"}, {Value: "Quito"}, {Value: "Puno"}, {Missing: microdata.Unknown}}}
}

// TestReadHierarchy: steps over the column's own levels, whatever the separator;
// what is missing stays apart until nothing is.
func TestReadHierarchy(t *testing.T) {
	for _, text := range []string{
		"Lima;Peru;*\nQuito;Ecuador;*\nPuno;Peru;*\nCali;Colombia;*\n",
		"\ufeffLima,Peru,*\r\nQuito,Ecuador,*\r\n\r\n\"Puno\",Peru,*",
	} {
		steps, err := ReadHierarchy(strings.NewReader(text), place())
		if err != nil || len(steps) != 2 {
			t.Fatalf("%q: %v", text, err)
		}
		if !slices.Equal(steps[0].Of, []uint16{0, 1, 0, 2}) || !slices.Equal(steps[1].Of, []uint16{0, 0, 0, 0}) {
			t.Errorf("%v %v", steps[0].Of, steps[1].Of)
		}
		c := place()
		c.Hierarchy = steps
		if _, err := microdata.NewDomain([]microdata.Column{*c}); err != nil {
			t.Error(err)
		}
	}
}

// TestReadHierarchyRefuses what is none, by line and without a value.
func TestReadHierarchyRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "the file is empty",
		"Lima":                       "it has no step",
		"Lima;Peru;*\nQuito;Ecuador": "another number of steps",
		"Lima;Peru;*\nLima;Peru;*":   "stands in an earlier line",
		"Lima;Peru;South\nQuito;Ecuador;South\nPuno;Peru;North": "another parent",
		"Lima;Peru;*\nQuito;Ecuador;*":                          "1 values of the column have no line",
		strings.Repeat("x", 70<<10):                             "too long",
	} {
		_, err := ReadHierarchy(strings.NewReader(text), place())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v", text, err)
		} else if strings.Contains(err.Error(), "Lima") || strings.Contains(err.Error(), "Puno") {
			t.Errorf("a value is said: %v", err)
		}
	}
}

// TestHierarchyWithABlank: a blank in the place of a group is refused, for who reads the
// output would take it for not stated.
func TestHierarchyWithABlank(t *testing.T) {
	c := &microdata.Column{Name: "work", Levels: []microdata.Level{{Value: "x"}, {Value: "y"}}}
	if _, err := ReadHierarchy(strings.NewReader("x,,*\ny,,*\n"), c); err == nil || !strings.Contains(err.Error(), "a blank in the place of a group") {
		t.Errorf("%v", err)
	}
	if _, err := ReadHierarchy(strings.NewReader("x,xy,*\ny,xy,*\n"), c); err != nil {
		t.Error(err)
	}
}
