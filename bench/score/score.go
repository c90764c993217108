// Package score says how far a synthetic file is from the real one.
//
// It shares no code with the product, so that an error of the product's own
// evaluation is not repeated here: files are read as text, every marginal is
// counted anew, and each figure is computed as it is defined. It looks at the real
// file without any noise; its figures are for public benchmark files.
package score

import "math"

// Thresholds are the true counts from which suppression is told.
var Thresholds = [...]int{1, 10, 100, 500}

// A Score compares one synthetic file with the real one.
type Score struct {
	Rows   int     `json:"rows"`   // of the synthetic file
	Orders []Order `json:"orders"` // sets of 1, 2 and 3 columns
	// Shown holds the distance of the pairs that were asked for, by "a × b".
	Shown map[string]float64 `json:"shown,omitempty"`
}

// Order holds what is found over all sets of so many columns.
type Order struct {
	Columns int `json:"columns"` // in a set
	Sets    int `json:"sets"`
	// Mean and Worst are of the total variation distance of a set's two marginals,
	// ½ Σ|p−q|, from 0 to 1. Blank is a value like any other.
	Mean    float64  `json:"mean"`
	Worst   float64  `json:"worst"`
	WorstAt []string `json:"worst_at"`
	Combinations
}

// Combinations counts the distinct combinations of values, one a column, none blank.
type Combinations struct {
	Synthetic  int `json:"synthetic"`  // that the synthetic file holds
	Fabricated int `json:"fabricated"` // of them those that the real file does not
	// Real[i] are those that at least Thresholds[i] real records share; Suppressed[i]
	// of them those that the synthetic file does not hold.
	Real       [len(Thresholds)]int `json:"real"`
	Suppressed [len(Thresholds)]int `json:"suppressed"`
}

// Fabricated is the share, of all distinct combinations of 1 to most columns in the
// synthetic file, that no real record holds.
func (s Score) Fabricated(most int) float64 {
	part, whole := 0, 0
	for _, o := range s.Orders[:most] {
		part, whole = part+o.Combinations.Fabricated, whole+o.Synthetic
	}
	return share(part, whole)
}

// Suppressed is the share, of all distinct combinations of 1 to most columns that at
// least Thresholds[i] real records share, that the synthetic file does not hold.
func (s Score) Suppressed(most, i int) float64 {
	part, whole := 0, 0
	for _, o := range s.Orders[:most] {
		part, whole = part+o.Combinations.Suppressed[i], whole+o.Real[i]
	}
	return share(part, whole)
}

// FabricatedShare and SuppressedShare are the same of one order.
func (c Combinations) FabricatedShare() float64      { return share(c.Fabricated, c.Synthetic) }
func (c Combinations) SuppressedShare(i int) float64 { return share(c.Suppressed[i], c.Real[i]) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Compare scores the synthetic records of f over all sets of 1, 2 and 3 columns, and
// the pairs to be shown.
func (f *Files) Compare(shown [][2]string) (Score, error) {
	out := Score{Rows: f.synthetic.rows}
	for columns := 1; columns <= min(3, len(f.Columns)); columns++ {
		o := Order{Columns: columns}
		f.sets(columns, func(set []int) {
			real, synthetic := f.count(f.real, set), f.count(f.synthetic, set)
			distance := f.distance(real, synthetic)
			o.Sets++
			o.Mean += distance
			if distance > o.Worst || o.WorstAt == nil {
				o.Worst, o.WorstAt = distance, f.names(set)
			}
			o.Combinations.add(real, synthetic, f.answered(set))
		})
		o.Mean /= float64(o.Sets)
		out.Orders = append(out.Orders, o)
	}
	for _, pair := range shown {
		set, err := f.find(pair)
		if err != nil {
			return Score{}, err
		}
		if out.Shown == nil {
			out.Shown = map[string]float64{}
		}
		out.Shown[pair[0]+" × "+pair[1]] = f.distance(f.count(f.real, set), f.count(f.synthetic, set))
	}
	return out, nil
}

// distance is ½ Σ|p−q| of two tables of counts, each divided by its file's rows.
func (f *Files) distance(real, synthetic []int) float64 {
	total := 0.0
	for cell := range real {
		p := float64(real[cell]) / float64(f.real.rows)
		q := float64(synthetic[cell]) / float64(f.synthetic.rows)
		total += math.Abs(p - q)
	}
	return total / 2
}

// add counts the cells of one set of columns of which answered says that no value is
// blank.
func (c *Combinations) add(real, synthetic []int, answered func(cell int) bool) {
	for cell := range real {
		if real[cell] == 0 && synthetic[cell] == 0 || !answered(cell) {
			continue
		}
		if synthetic[cell] > 0 {
			c.Synthetic++
			if real[cell] == 0 {
				c.Fabricated++
			}
		}
		for i, least := range Thresholds {
			if real[cell] >= least {
				c.Real[i]++
				if synthetic[cell] == 0 {
					c.Suppressed[i]++
				}
			}
		}
	}
}
