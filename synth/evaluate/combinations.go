package evaluate

import (
	"math"

	"amparo/microdata"
)

// Thresholds are the counts at which the buckets of Combinations begin: 1 to 9, 10
// to 99, 100 to 499, 500 and over.
var Thresholds = [...]int64{1, 10, 100, 500}

// bucket returns the place of a count above zero among the buckets.
func bucket(count int64) int {
	i := 0
	for i+1 < len(Thresholds) && count >= Thresholds[i+1] {
		i++
	}
	return i
}

// Combinations says what became of the distinct combinations of Order values, one
// a column, in which no value is missing.
type Combinations struct {
	Order      int                     `json:"order"`
	Synthetic  int                     `json:"synthetic"`  // that synthetic records hold
	Fabricated int                     `json:"fabricated"` // of those, that no real record holds
	Buckets    [len(Thresholds)]Bucket `json:"buckets"`
}

// A Bucket holds combinations by their count. The measures are those of Microsoft's
// Synthetic Data Showcase; but there a combination that grew makes up for one that
// shrank, and here it does not.
type Bucket struct {
	Real      int   `json:"real"`       // whose real count lies in the bucket
	Lost      int   `json:"suppressed"` // of those, that no synthetic record holds
	Error     int64 `json:"error"`      // of those, Σ |synthetic − real count|
	preserved float64
	Synthetic int `json:"synthetic"`  // whose synthetic count lies in the bucket
	Invented  int `json:"fabricated"` // of those, that no real record holds
}

// MeanError is the mean distance of a real combination's two counts.
func (b Bucket) MeanError() float64 {
	if b.Real == 0 {
		return 0
	}
	return float64(b.Error) / float64(b.Real)
}

// Preserved is the mean share of a real combination's count that the synthetic
// records still hold, at most 1 each.
func (b Bucket) Preserved() float64 {
	if b.Real == 0 {
		return 0
	}
	return b.preserved / float64(b.Real)
}

// SuppressedShare is the share of real combinations that were lost.
func (b Bucket) SuppressedShare() float64 { return share(b.Lost, b.Real) }

// FabricatedShare is the share of synthetic combinations that were invented.
func (b Bucket) FabricatedShare() float64 { return share(b.Invented, b.Synthetic) }

// FabricatedShare is the share of synthetic combinations that were invented.
func (c Combinations) FabricatedShare() float64 { return share(c.Fabricated, c.Synthetic) }

// SuppressedShare is the share of real combinations of at least Thresholds[i]
// records that were lost.
func (c Combinations) SuppressedShare(i int) float64 {
	real, lost := 0, 0
	for _, b := range c.Buckets[i:] {
		real += b.Real
		lost += b.Lost
	}
	return share(lost, real)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (c *Combinations) add(o Combinations) {
	c.Synthetic += o.Synthetic
	c.Fabricated += o.Fabricated
	for i := range c.Buckets {
		b, more := &c.Buckets[i], o.Buckets[i]
		b.Real += more.Real
		b.Lost += more.Lost
		b.Error += more.Error
		b.preserved += more.preserved
		b.Synthetic += more.Synthetic
		b.Invented += more.Invented
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
		out.count(k, synthetic[cell])
	}
	return out
}

// count takes in one combination; not both counts are zero.
func (c *Combinations) count(real, synthetic int64) {
	if synthetic > 0 {
		b := &c.Buckets[bucket(synthetic)]
		c.Synthetic++
		b.Synthetic++
		if real == 0 {
			c.Fabricated++
			b.Invented++
			return
		}
	}
	b := &c.Buckets[bucket(real)]
	b.Real++
	b.Error += max(synthetic-real, real-synthetic)
	b.preserved += math.Min(float64(synthetic)/float64(real), 1)
	if synthetic == 0 {
		b.Lost++
	}
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
