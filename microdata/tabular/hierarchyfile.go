package tabular

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"amparo/microdata"
)

// The limits of a hierarchy file.
const (
	maxHierarchyBytes = 16 << 20
	maxHierarchyLine  = 64 << 10
	maxHierarchySteps = 32
)

// ReadHierarchy reads a generalisation hierarchy as ARX writes them: a line a value,
// the value first and what it becomes, step by step, after it; set apart by ; or , or
// tab, whichever the first line has. It returns the steps for the levels of c. A level
// that is no answer stays alone at every step but one that leaves nothing apart.
//
// It refuses what is no hierarchy, by line and without a value: lines of unequal
// length, a value that stands twice, a group with two parents, and a hole: a level of
// the column that has no line.
func ReadHierarchy(r io.Reader, c *microdata.Column) ([]microdata.Coarsening, error) {
	bad := func(line int, problem string) error {
		return refuse(Fault{Kind: BadOption, Column: c.Name, Row: line, Problem: "hierarchy: " + problem,
			Hint: "a hierarchy has a line a value, the value first and then what it becomes, such as 34;30-39;any"})
	}
	limited := &io.LimitedReader{R: r, N: maxHierarchyBytes + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxHierarchyLine)
	paths, parent := map[string][]string{}, map[[2]string]string{}
	separator, width, number := "", 0, 0
	for lines.Scan() {
		number++
		text := strings.TrimSuffix(strings.TrimPrefix(lines.Text(), "\ufeff"), "\r")
		if text == "" {
			continue
		}
		if separator == "" {
			separator = separatorOf(text)
		}
		parts := strings.Split(text, separator)
		for i := range parts {
			parts[i] = strings.Trim(strings.TrimSpace(parts[i]), `"`)
		}
		switch {
		case width == 0 && (len(parts) < 2 || len(parts) > maxHierarchySteps+1):
			return nil, bad(number, fmt.Sprintf("it has no step, or more than %d", maxHierarchySteps))
		case width == 0:
			width = len(parts)
		case len(parts) != width:
			return nil, bad(number, "it has another number of steps than the first line")
		}
		if _, twice := paths[parts[0]]; twice {
			return nil, bad(number, "its value stands in an earlier line")
		}
		paths[parts[0]] = parts[1:]
		for s := 1; s+1 < width; s++ {
			key := [2]string{fmt.Sprint(s), parts[s]}
			if p, ok := parent[key]; ok && p != parts[s+1] {
				return nil, bad(number, fmt.Sprintf("what stands at step %d has another parent in an earlier line", s))
			}
			parent[key] = parts[s+1]
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong) || err == nil && limited.N <= 0:
		return nil, bad(number+1, "it, or the file, is too long")
	case err != nil:
		return nil, fmt.Errorf("tabular: reading a hierarchy: %w", err)
	case width == 0:
		return nil, bad(0, "the file is empty")
	}
	return hierarchyOf(c, paths, width-1, bad)
}

func separatorOf(line string) string {
	for _, s := range []string{";", "\t", ","} {
		if strings.Contains(line, s) {
			return s
		}
	}
	return ";"
}

// hierarchyOf makes the steps over the column's own levels.
func hierarchyOf(c *microdata.Column, paths map[string][]string, steps int, bad func(int, string) error) (out []microdata.Coarsening, err error) {
	for _, path := range paths {
		if slices.Contains(path, "") {
			return nil, bad(0, "a value has a blank in the place of a group: name it, or write * for all")
		}
	}
	holes := 0
	for _, l := range c.Levels {
		if _, ok := paths[l.Value]; !ok && l.Missing == microdata.Present {
			holes++
		}
	}
	if holes > 0 {
		return nil, bad(0, fmt.Sprintf("%d values of the column have no line", holes))
	}
	for s := range steps {
		step := microdata.Coarsening{Name: fmt.Sprint("step ", s+1), Of: make([]uint16, len(c.Levels))}
		groups, names := map[string]uint16{}, map[string]bool{}
		for _, path := range paths {
			names[path[s]] = true
		}
		for l, level := range c.Levels {
			path, ok := paths[level.Value]
			name := "\x00" + level.Value // missing: alone
			if !ok && len(names) == 1 {
				for all := range names {
					path, ok = append(make([]string, s), all), true
				}
			}
			if ok {
				name = path[s]
			}
			g, seen := groups[name]
			if !seen {
				g = uint16(len(step.Levels))
				groups[name] = g
				if ok {
					level = microdata.Level{Value: path[s]}
				}
				step.Levels = append(step.Levels, level)
			}
			step.Of[l] = g
		}
		out = append(out, step)
	}
	return out, nil
}
