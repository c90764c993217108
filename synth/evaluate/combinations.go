package evaluate

import "amparo/microdata"

// Thresholds are the true counts from which suppression is told.
var Thresholds = [...]int64{1, 10, 100, 500}

// Combinations says what became of the distinct combinations of Order values, one
// a column, in which no value is missing.
type Combinations struct {
	Order      int `json:"order"`
	Synthetic  int `json:"synthetic"`  // that synthetic records hold
	Fabricated int `json:"fabricated"` // of those, that no real record holds
	// Real are those that at least Thresholds[i] real records hold, Suppressed of
	// them those that no synthetic record holds.
	Real       [len(Thresholds)]int `json:"real"`
	Suppressed [len(Thresholds)]int `json:"suppressed"`
}

// FabricatedShare is the share of synthetic combinations that were invented.
func (c Combinations) FabricatedShare() float64 { return share(c.Fabricated, c.Synthetic) }

// SuppressedShare is the share of real combinations of at least Thresholds[i]
// records that were lost.
func (c Combinations) SuppressedShare(i int) float64 { return share(c.Suppressed[i], c.Real[i]) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (c *Combinations) add(o Combinations) {
	c.Synthetic += o.Synthetic
	c.Fabricated += o.Fabricated
	for i := range Thresholds {
		c.Real[i] += o.Real[i]
		c.Suppressed[i] += o.Suppressed[i]
	}
}

// combinations counts those of one set of columns.
func combinations(d *microdata.Domain, c microdata.Clique, real, synthetic []int64) (out Combinations) {
	answer := make([][]bool, len(c))
	for i, a := range c {
		for _, l := range d.Column(a).Levels {
			answer[i] = append(answer[i], l.Missing == microdata.Present)
		}
	}
	for cell, k := range real {
		if k == 0 && synthetic[cell] == 0 || !answers(answer, cell) {
			continue
		}
		if synthetic[cell] > 0 {
			out.Synthetic++
			if k == 0 {
				out.Fabricated++
			}
		}
		for i, least := range Thresholds {
			if k >= least {
				out.Real[i]++
				if synthetic[cell] == 0 {
					out.Suppressed[i]++
				}
			}
		}
	}
	return out
}

// answers says whether no value of the cell is missing.
func answers(answer [][]bool, cell int) bool {
	for i := len(answer) - 1; i >= 0; i-- {
		if !answer[i][cell%len(answer[i])] {
			return false
		}
		cell /= len(answer[i])
	}
	return true
}
