package synth

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"amparo/microdata"
)

// Coarsen merges the levels of a column whose noisy count is below least, up the
// column's public hierarchy: rare countries become the rest of their region,
// rare regions the rest of the world. Levels that are common stay. It reads
// noisy counts only. It returns nil where nothing is merged.
//
// A rest is kept apart where its noisy sum reaches least·√k, for k levels merged;
// else it is merged one step further up. Without a hierarchy, or above its top,
// all rare levels become one rest.
func Coarsen(c *microdata.Column, noisy []int64, least float64) *microdata.Coarsening {
	return coarsen(c, make([]string, len(noisy)), noisy, least)
}

// coarsen is Coarsen, but merges only levels that kinds calls alike.
func coarsen(c *microdata.Column, kinds []string, noisy []int64, least float64) *microdata.Coarsening {
	const kept = -1
	rest := slices.Repeat([]int{kept}, len(c.Levels)) // the step at whose group a level is merged; kept: it stands alone
	steps := c.Steps()
	for _, loose := range rareLevels(kinds, noisy, least) {
		merge(steps, rest, loose, noisy, least)
	}
	return group(c, steps, kinds, rest)
}

// rareLevels lists the levels below least, kind by kind, where there are two at least.
func rareLevels(kinds []string, noisy []int64, least float64) (out [][]int) {
	byKind := map[string][]int{}
	for l, y := range noisy {
		if float64(y) < least {
			byKind[kinds[l]] = append(byKind[kinds[l]], l)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		if len(byKind[kind]) > 1 {
			out = append(out, byKind[kind])
		}
	}
	return out
}

// merge notes at which step each of the loose levels joins others.
func merge(steps []microdata.Coarsening, rest, loose []int, noisy []int64, least float64) {
	for s := range len(steps) + 1 {
		var still []int
		for _, members := range gather(steps, s, loose) {
			sum := 0.0
			for _, l := range members {
				rest[l] = s
				sum += float64(noisy[l])
			}
			if s < len(steps) && sum < least*math.Sqrt(float64(len(members))) {
				still = append(still, members...)
			}
		}
		loose = still
	}
}

// gather sorts levels by their group at step s of the hierarchy, in the order of
// the groups; above the top all are one group.
func gather(steps []microdata.Coarsening, s int, levels []int) [][]int {
	if s == len(steps) {
		if len(levels) == 0 {
			return nil
		}
		return [][]int{levels}
	}
	byGroup := make([][]int, len(steps[s].Levels))
	for _, l := range levels {
		g := steps[s].Of[l]
		byGroup[g] = append(byGroup[g], l)
	}
	var out [][]int
	for _, members := range byGroup {
		if len(members) > 0 {
			out = append(out, members)
		}
	}
	return out
}

// group writes the coarsening in which level l stays alone (rest[l] < 0) or
// joins the others of its group and kind at step rest[l].
func group(c *microdata.Column, steps []microdata.Coarsening, kinds []string, rest []int) *microdata.Coarsening {
	type key struct {
		step, group int
		kind        string
	}
	out := &microdata.Coarsening{Name: "merged", Of: make([]uint16, len(rest))}
	index, members, spelled := map[key]int{}, map[int]int{}, map[string]bool{}
	for _, l := range c.Levels { // a level may be spelled as a rest would be
		spelled[l.Value] = true
	}
	for l, s := range rest {
		k := key{-1, l, ""}
		if s >= 0 {
			k = key{s, 0, kinds[l]}
			if s < len(steps) {
				k.group = int(steps[s].Of[l])
			}
		}
		g, ok := index[k]
		if !ok {
			g = len(out.Levels)
			index[k] = g
			name := restLevel(c, steps, k.step, k.group, l)
			for n := 2; s >= 0 && spelled[name.Value]; n++ { // rules tell apart what would be one rest
				name = numbered(restLevel(c, steps, k.step, k.group, l), n)
			}
			spelled[name.Value] = true
			out.Levels = append(out.Levels, name)
		}
		out.Of[l] = uint16(g)
		members[g]++
	}
	if len(out.Levels) == len(rest) {
		return nil
	}
	for l, g := range out.Of { // a rest of one level is that level
		if members[int(g)] == 1 {
			out.Levels[g] = c.Levels[l]
		}
	}
	return out
}

// numbered tells a rest from others of its name.
func numbered(l microdata.Level, n int) microdata.Level {
	out := microdata.Level{Value: fmt.Sprintf("%s %d", l.Value, n), Label: microdata.Text{}, Missing: l.Missing}
	for lang, text := range l.Label {
		out.Label[lang] = fmt.Sprintf("%s (%d)", text, n)
	}
	return out
}

// restLevel names a group of merged levels. The brackets keep its spelling apart
// from any level's own.
func restLevel(c *microdata.Column, steps []microdata.Coarsening, step, g, level int) microdata.Level {
	switch {
	case step < 0:
		return c.Levels[level]
	case step == len(steps):
		return microdata.Level{Value: "[rest]", Label: microdata.Text{"es": "Los demás", "en": "All others"}}
	}
	parent := steps[step].Levels[g]
	label := microdata.Text{}
	for lang, format := range map[string]string{"es": "Resto: %s", "en": "Rest of: %s"} {
		label[lang] = fmt.Sprintf(format, parent.Label.In(lang, parent.Value))
	}
	return microdata.Level{Value: "[rest of " + parent.Value + "]", Label: label}
}
