package anonymity

import (
	"errors"
	"math"

	"amparo/microdata"
)

// A Risk says how alone records stand by their quasi-identifiers, as given. All of it
// is exact: for the custodian only.
type Risk struct {
	Rows     int `json:"rows"`
	Classes  int `json:"classes"`
	Smallest int `json:"smallest_class"`
	Uniques  int `json:"uniques"` // records that stand alone
	K        int `json:"k"`
	// UnderK are classes of fewer than K records, and the records in them.
	ClassesUnderK int `json:"classes_under_k"`
	RowsUnderK    int `json:"rows_under_k"`
	// Highest is the chance of picking the right record for the person most at risk,
	// for one who knows that they are in the file (prosecutor): 1/Smallest. Mean is
	// that over all records (marketer): Classes/Rows.
	Highest float64 `json:"highest_risk"`
	Mean    float64 `json:"mean_risk"`
	// Population is the number of people that the file is a sample of; 0 where it was
	// not given. PopulationUniques is the estimated share of the file's uniques that
	// stand alone in the population, too; of a small sample it says more than is so.
	Population        int     `json:"population,omitempty"`
	PopulationUniques float64 `json:"population_uniques,omitempty"`
}

// Measure works out the risk of a table by its quasi-identifiers, with classes told
// from k on; population 0 means that it is not known.
func Measure(t *microdata.Table, quasi []int, k, population int) (*Risk, error) {
	if err := checkQuasi(t.Domain(), quasi); err != nil {
		return nil, err
	}
	if k < 2 {
		return nil, errors.New("anonymity: k is at least 2")
	}
	if population != 0 && population < t.Rows() {
		return nil, errors.New("anonymity: the population is smaller than the file")
	}
	b := newBase(t, quasi, -1)
	r := &Risk{Rows: b.rows, Classes: len(b.count), K: k, Population: population}
	for _, n := range b.count {
		if r.Smallest == 0 || int(n) < r.Smallest {
			r.Smallest = int(n)
		}
		if n == 1 {
			r.Uniques++
		}
		if n < int64(k) {
			r.ClassesUnderK++
			r.RowsUnderK += int(n)
		}
	}
	if r.Rows > 0 {
		r.Highest, r.Mean = 1/float64(r.Smallest), float64(r.Classes)/float64(r.Rows)
	}
	if population > 0 && r.Uniques > 0 {
		r.PopulationUniques = zayatz(b.count, float64(b.rows)/float64(population))
	}
	return r, nil
}

// zayatz estimates the chance that a class that is unique in a sample is unique in
// the population: classes of the population are taken to have the sizes that those of
// the sample have, and each of their records to be in the sample with chance f; by
// Bayes' rule (Zayatz 1991). Classes of a sample are smaller than those of the
// population: the smaller f, the more the estimate is above the truth.
func zayatz(count []int64, f float64) float64 {
	uniques, one := 0.0, 0.0
	for _, n := range count {
		if n == 1 {
			uniques += f
		}
		one += float64(n) * f * math.Pow(1-f, float64(n-1))
	}
	return uniques / one
}
