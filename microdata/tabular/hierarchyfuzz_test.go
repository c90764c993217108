package tabular

import (
	"math/rand/v2"
	"strings"
	"testing"

	"amparo/microdata"
)

// soundPaths is the oracle of ReadHierarchy on files whose values need no quotes: lines
// of one length, each value once, each group with one parent, every level of the column
// with a line. It returns the path of each value.
func soundPaths(text, separator string, c *microdata.Column) (paths map[string][]string, ok bool) {
	paths = map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		path := strings.Split(line, separator)
		if _, twice := paths[path[0]]; twice || len(path) < 2 {
			return nil, false
		}
		paths[path[0]] = path
		for _, other := range paths {
			if len(other) != len(path) {
				return nil, false
			}
			for s := 1; s+1 < len(path); s++ {
				if other[s] == path[s] && other[s+1] != path[s+1] {
					return nil, false
				}
			}
		}
	}
	for _, l := range c.Levels {
		if _, there := paths[l.Value]; !there && l.Missing == microdata.Present {
			return nil, false
		}
	}
	return paths, true
}

// TestReadHierarchyEqualsOracle on random files, sound and not: a hierarchy with a hole
// or two parents is refused, a sound one says of each level what its line says, and what
// is missing and has no line stays alone until all are one.
func TestReadHierarchyEqualsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	taken, refused := 0, 0
	for range 20_000 {
		c := &microdata.Column{Name: "c", Levels: append(levelsOf("v0", "v1", "v2", "v3")[:1+r.IntN(4)], microdata.Level{Missing: microdata.Unknown}, microdata.Level{Value: "ref", Missing: microdata.Refused})}
		separator := []string{";", ",", "\t"}[r.IntN(3)]
		width := 1 + r.IntN(4)
		var text strings.Builder
		for _, v := range []string{"v0", "v1", "v2", "v3", "v4", "ref"}[:4+r.IntN(3)] {
			if r.IntN(40) == 0 {
				continue // a hole
			}
			if r.IntN(40) == 0 {
				v = "v0"
			}
			path := []string{v}
			group := int(v[len(v)-1]) % 4
			for s := range width {
				if group >>= s; r.IntN(40) == 0 {
					group++ // perhaps another parent
				}
				path = append(path, string("abc"[min(s, 2)])+string("wxyz"[group&3]))
			}
			if r.IntN(60) == 0 {
				path = path[:len(path)-1]
			}
			text.WriteString(strings.Join(path, separator) + "\n")
		}
		if text.Len() == 0 {
			continue
		}
		paths, ok := soundPaths(text.String(), separator, c)
		steps, err := ReadHierarchy(strings.NewReader(text.String()), c)
		if (err == nil) != ok {
			t.Fatalf("%q: %v, sound %v", text.String(), err, ok)
		}
		if !ok {
			refused++
			continue
		}
		taken++
		for s, step := range steps {
			all := map[string]bool{}
			for _, path := range paths {
				all[path[s+1]] = true
			}
			for l, level := range c.Levels {
				group, want := step.Levels[step.Of[l]], level
				if path := paths[level.Value]; path != nil {
					want = microdata.Level{Value: path[s+1]}
				} else if len(all) == 1 {
					want = microdata.Level{Value: step.Levels[step.Of[0]].Value}
				}
				if group.Value != want.Value || group.Missing != want.Missing {
					t.Fatalf("%q step %d: level %q becomes %+v, want %+v", text.String(), s, level.Value, group, want)
				}
			}
		}
		column := *c
		column.Hierarchy = steps
		if _, err := microdata.NewDomain([]microdata.Column{column}); err != nil {
			t.Fatalf("%q: %v", text.String(), err)
		}
	}
	if taken < 2000 || refused < 2000 {
		t.Errorf("%d files were sound, %d not: too one-sided to tell", taken, refused)
	}
}

// FuzzReadHierarchy: whatever stands in a file, an error holds no value of it, and what
// is read is a hierarchy of the column, or NewDomain says that two groups are spelled alike.
func FuzzReadHierarchy(f *testing.F) {
	for _, s := range []string{"%;a;*\nLima;b;*\n", "Lima;%;*\nQuito;%;+\nPuno;x;*\n", "Lima,a\nQuito,a\nPuno,b", "%", "Lima\tx\nLima\ty\n", ";a;*\nLima;;\nQuito;;\nPuno;;\n", "\"Lima\";\"a;b\";*\n", "%;a\n%;a\n", "Lima;%;a\nQuito;%;b\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := ReadHierarchy(strings.NewReader(strings.ReplaceAll(text, "%", canary)), place())
		if err != nil {
			if bad, ok := err.(*Error); !ok || strings.Contains(bad.Error()+bad.Hint(), canary) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		c := place()
		c.Hierarchy = steps
		if _, err := microdata.NewDomain([]microdata.Column{*c}); err != nil && !strings.Contains(err.Error(), "is spelled as an earlier one") {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
