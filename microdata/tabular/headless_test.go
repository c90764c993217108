package tabular

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// headed writes n rows of four columns under a first row.
func headed(first string, n int) string {
	text := first + "\n"
	for i := range n {
		text += fmt.Sprintf("%s;%s;%s;%s\n", []string{"Perú", "Tuvalu", "Chile"}[i%3], []string{"Mujer", "Hombre"}[i%2], []string{"17 años", "30 años", "8 años"}[i%3], []string{"sí", ""}[i%2])
	}
	return text
}

// TestHeadless: a first record in the place of the header is found out, and the refusal
// says none of its values.
func TestHeadless(t *testing.T) {
	for _, first := range []string{"Tuvalu;Mujer;17 años;sí", "Chile;Hombre;nunca;más", "Tuvalu;Mujer;x;y"} {
		e := refusal(t, headed(first, 30), Options{})
		if e.Faults[0].Kind != Header || !strings.Contains(e.Error(), "looks like a record") {
			t.Errorf("%s: %v", first, e)
		}
		for v := range strings.SplitSeq(first, ";") {
			if len(v) > 1 && strings.Contains(e.Error(), v) {
				t.Errorf("the refusal says %q", v)
			}
		}
	}
	if e := refusal(t, "Mujer;edad\nMujer;1\nHombre;2\nHombre;1\n", Options{}); e.Faults[0].Kind != Header {
		t.Errorf("of two columns one: %v", e)
	}
}

// TestHeadlessSparesNames: names that are no values, one column among many that is named
// as one of its values, and columns of things that were chosen are taken.
func TestHeadlessSparesNames(t *testing.T) {
	for name, text := range map[string]string{
		"names":       headed("país;sexo;edad;hijos", 30),
		"one of four": headed("país;Mujer;edad;hijos", 30),
		"chosen":      "Labour,Sexual,Other,kind\nLabour,,Other,a\n,Sexual,No,b\nLabour,Sexual,0,a\n",
	} {
		if _, err := Read(context.Background(), strings.NewReader(text), int64(len(text)), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDomainOfSomeColumns: columns that a domain file does not name are open, or of the
// profile that the others belong to.
func TestDomainOfSomeColumns(t *testing.T) {
	d, err := ReadDomain(strings.NewReader(`{"sexo": ["Mujer", "Hombre", ""]}`))
	if err != nil {
		t.Fatal(err)
	}
	text := headed("país;sexo;edad;hijos", 60)
	f, err := Read(context.Background(), strings.NewReader(text), int64(len(text)), Options{Domain: d})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Open) != 3 || f.Open[0].Name != "país" || f.Open[1].Name != "edad" {
		t.Errorf("%d columns are open", len(f.Open))
	}
	e := refusal(t, text, Options{Domain: must(ReadDomain(strings.NewReader(`{"Sexo": 2}`)))})
	if !strings.Contains(e.Error(), `column "Sexo": the domain file names it, and it is no column of the file`) {
		t.Errorf("%v", e)
	}
}

func must(d *DomainFile, err error) *DomainFile {
	if err != nil {
		panic(err)
	}
	return d
}
