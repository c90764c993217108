package tabular

import (
	"fmt"
	"slices"
	"sync"

	"amparo/microdata"
	"amparo/microdata/iso3166"
)

// coarsenings turns the steps of a list, each written over the groups of the
// step before, into coarsenings of the list's own levels.
func coarsenings(list listText) ([]microdata.Coarsening, error) {
	var out []microdata.Coarsening
	below := list.Levels // what the step groups
	toBelow := make([]uint16, len(list.Levels))
	for i := range toBelow {
		toBelow[i] = uint16(i)
	}
	for _, s := range list.Hierarchy {
		step, err := s.over(below)
		if err != nil {
			return nil, fmt.Errorf("hierarchy step %q: %w", s.Name, err)
		}
		of := make([]uint16, len(toBelow))
		for i, b := range toBelow {
			of[i] = step.Of[b]
		}
		out = append(out, microdata.Coarsening{Name: s.Name, Levels: step.Levels, Of: of})
		below, toBelow = step.Levels, of
	}
	return out, nil
}

// over returns the step as a coarsening of the levels below it. A missing level
// that no group takes is a group of its own, after the others.
func (s *stepText) over(below []microdata.Level) (microdata.Coarsening, error) {
	const none = microdata.MaxLevels
	c := microdata.Coarsening{Of: make([]uint16, len(below))}
	group := slices.Repeat([]int{none}, len(below))
	for g, text := range s.Groups {
		c.Levels = append(c.Levels, microdata.Level{Value: text.Value, Label: text.Label})
		for _, value := range text.Of {
			i := slices.IndexFunc(below, func(l microdata.Level) bool { return l.Value == value })
			if i < 0 || group[i] != none {
				return c, fmt.Errorf("group %q takes %q, which is not there or is in another group", text.Value, value)
			}
			group[i] = g
		}
	}
	for i, l := range below {
		if group[i] == none {
			if l.Missing == microdata.Present {
				return c, fmt.Errorf("no group takes %q", l.Value)
			}
			group[i] = len(c.Levels)
			c.Levels = append(c.Levels, l)
		}
		c.Of[i] = uint16(group[i])
	}
	return c, nil
}

// countryList is the level list "iso3166". Its countries have no labels: pages
// take the names from CLDR.
var countryList = sync.OnceValue(func() listText {
	var list listText
	steps := []stepText{{Name: "subregion"}, {Name: "region"}, {Name: "world"}}
	put := func(step int, group, of string) {
		groups := steps[step].Groups
		i := slices.IndexFunc(groups, func(g groupText) bool { return g.Value == group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, groupText{Value: group, Label: iso3166.Regions()[group]})
		}
		if !slices.Contains(groups[i].Of, of) {
			groups[i].Of = append(groups[i].Of, of)
		}
		steps[step].Groups = groups
	}
	for _, c := range iso3166.All() {
		list.Levels = append(list.Levels, microdata.Level{Value: c.Alpha3})
		put(0, c.SubRegion, c.Alpha3)
		put(1, c.Region, c.SubRegion)
		put(2, iso3166.World, c.Region)
	}
	list.Levels = append(list.Levels, microdata.Level{Missing: microdata.Unknown,
		Label: microdata.Text{"es": "No consta", "en": "Not stated"}})
	list.Hierarchy = steps
	return list
})
