package synth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// Fabrication is the dial between what is invented and what is lost. A model that
// keeps every dependence gives some chance to combinations of values that no person
// has; to write none of them, rare ones that people do have must go as well.
type Fabrication uint8

// The positions of the dial. None looks at the data again.
const (
	// Limited, the default, makes cells impossible that neither noise nor model
	// believes in, and writes other records in place of those that hold the rarest
	// combinations, for as long as these are few.
	Limited Fabrication = iota
	// Unlimited writes what the model gives a chance.
	Unlimited
	// Strict writes no combination of up to three values that fewer than StrictSupport
	// of its records share, and no value that stands less than two standard deviations
	// of its noise above nobody. Values are blanked for it, and records dropped
	// where that does not help.
	Strict
)

var dial = [...]string{"limited", "unlimited", "strict"}

// String returns the position's name.
func (f Fabrication) String() string {
	if int(f) < len(dial) {
		return dial[f]
	}
	return fmt.Sprint("fabrication(", uint8(f), ")")
}

// ParseFabrication reads what String wrote; nothing is the default.
func ParseFabrication(s string) (Fabrication, error) {
	if s == "" {
		return Limited, nil
	}
	for f, name := range dial {
		if s == name {
			return Fabrication(f), nil
		}
	}
	return 0, fmt.Errorf("synth: fabrication is %s, %s or %s", dial[Limited], dial[Unlimited], dial[Strict])
}

// StrictSupport is how many records of a strict output share each combination of up
// to three values.
const StrictSupport = 10

// Settings of the dial, the same for every file.
const (
	pruned      = 2.0  // standard deviations above zero that a pair's cell must reach
	levelStands = 2.0  // the same of a single level, in a strict output
	mostMended  = 0.15 // records written anew, at the default
	mendRounds  = 2
	mostVisits  = 3e9 // rows to be visited for triples, at the default
)

// mend draws the records to be written, and writes those anew that hold combinations
// of too little support: the others are raked to all that was measured, and drawn from
// in their place. The model's counts are then the counts of these records.
//
// A combination's support is the number of records that share it, which is what the
// model expects, rounded: at the same loss it invents less than a measurement of
// each combination would, for the model has heard of it from many.
func (m *Model) mend(ctx context.Context, evidence []pgm.Measurement, r *pgm.Rand) error {
	coarse, fine, err := m.draw(ctx, r)
	if err != nil {
		return err
	}
	if m.fabrication == Strict {
		coarse, fine = m.withhold(coarse, fine)
	}
	n := len(fine[0])
	sizes, finer := m.finer(evidence)
	for round := range mendRounds {
		if n == 0 {
			break
		}
		k := m.keepers(evidence, coarse, fine)
		good := m.supported(newRoll(m.domain, fine, m.workers), k, round)
		if good == nil {
			break
		}
		columns := pick(coarse, good)
		for a, step := range m.steps {
			if step != nil {
				columns = append(columns, pick(fine[a:a+1], good)...)
			}
		}
		s := even(sizes, columns, m.workers)
		if err := s.rake(ctx, finer, m.total, true, func(int, int) {}); err != nil {
			return err
		}
		picks := s.picks(n, r)
		for i, k := range picks {
			picks[i] = good[k]
		}
		coarse, fine = pick(coarse, picks), pick(fine, picks)
	}
	if m.fabrication == Strict {
		if fine, err = blank(ctx, m.domain, m.never, fine, StrictSupport, m.workers); err != nil {
			return err
		}
		if len(fine[0]) == 0 {
			return errors.New("synth: a strict output keeps no record: no combination of values is common enough, and not every column has a level for what is withheld")
		}
		coarse = slices.Clone(fine)
		for a, step := range m.steps {
			if step != nil {
				coarse[a] = make([]uint16, len(fine[a]))
				for i, v := range fine[a] {
					coarse[a][i] = step.Of[v]
				}
			}
		}
	}
	m.written, m.sample = fine, even(m.sizes, coarse, m.workers)
	return nil
}

// even returns the sample in which all records weigh the same.
func even(sizes []int, columns [][]uint16, workers int) *sample {
	s := &sample{sizes: sizes, columns: columns, workers: workers, drawn: len(columns[0]), weight: make([]float64, len(columns[0]))}
	for i := range s.weight {
		s.weight[i] = 1 / float64(len(s.weight))
	}
	return s
}

// finer returns the evidence for records of which the merged columns stand a second
// time, behind the others, with their own levels, and the sizes of all these columns.
// In a strict output values were given up: of the levels that lost them, and of that
// which stands for them, nothing is known any more.
func (m *Model) finer(evidence []pgm.Measurement) (sizes []int, out []pgm.Measurement) {
	sizes = slices.Clone(m.sizes)
	for _, e := range evidence {
		if len(e.Clique) > 1 || m.steps[e.Clique[0]] == nil {
			out = append(out, e)
		}
	}
	for a, step := range m.steps {
		if step != nil {
			c := m.domain.Column(a)
			own := pgm.Measurement{Clique: microdata.Clique{len(sizes)}, Counts: m.estimate[a], Precision: make([]float64, len(c.Levels))}
			for l := range own.Precision {
				if m.fabrication != Strict || l != blankLevel(c) && stands(c, m.columns[a], l) {
					own.Precision[l] = 1 / m.columns[a].Variance
				}
			}
			sizes, out = append(sizes, m.domain.Size(a)), append(out, own)
		}
	}
	return sizes, out
}

// supported returns the rows that are to stay: those that hold no combination of too
// little support, and those that the keepers do not let go; nil where all are.
func (m *Model) supported(x *roll, k *keepers, round int) []int32 {
	type aim struct {
		support uint32
		values  int
	}
	aims := []aim{{5, longest}, {3, longest}, {2, longest}}
	if m.fabrication == Strict {
		aims = []aim{{StrictSupport, longest}}
	}
	byLength := map[int][]uint32{}
	for _, a := range aims {
		if m.fabrication != Strict && x.cost(a.values) > mostVisits {
			continue
		}
		least, ok := byLength[a.values]
		if !ok {
			least = x.least(a.values)
			byLength[a.values] = least
		}
		keep := k.without(least, a.support)
		switch share := 1 - float64(len(keep))/float64(len(least)); {
		case share == 0:
			return nil
		case share <= mostMended, m.fabrication == Strict && round == 0 && share <= 0.5:
			return keep
		}
	}
	return nil
}

// pick returns the given rows of all columns.
func pick(columns [][]uint16, rows []int32) [][]uint16 {
	out := make([][]uint16, len(columns))
	for a, column := range columns {
		out[a] = make([]uint16, len(rows))
		for i, r := range rows {
			out[a][i] = column[r]
		}
	}
	return out
}
