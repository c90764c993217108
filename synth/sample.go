package synth

import "amparo/microdata"

// A sample is a weighted set of distinct synthetic records: what the tree's
// distribution becomes where it must be asked for more than its cliques hold.
type sample struct {
	sizes   []int
	columns [][]uint16
	weight  []float64 // sum 1
	drawn   int       // records, before equal ones were merged
	workers int
}

// draw generates n records from the tree and merges equal ones.
func (f *fitting) draw(n int) *sample {
	records := f.tree.Generate(max(n, 1), f.random)
	first, count := distinct(records)
	s := &sample{sizes: f.sizes, weight: count, drawn: len(records[0]), workers: f.Workers, columns: make([][]uint16, len(records))}
	for a, column := range records {
		s.columns[a] = make([]uint16, len(first))
		for k, r := range first {
			s.columns[a][k] = column[r]
		}
	}
	for k := range s.weight {
		s.weight[k] /= float64(len(records[0]))
	}
	return s
}

// distinct returns the first row of each set of equal rows, in order, and how
// many rows are in the set.
func distinct(columns [][]uint16) (first []int32, count []float64) {
	hash := make([]uint64, len(columns[0]))
	for _, column := range columns {
		for r, v := range column {
			h := (hash[r] ^ uint64(v)) * 0x9e3779b97f4a7c15
			hash[r] = h ^ h>>29
		}
	}
	seen := make(map[uint64]int32, len(hash)/2)
	for r, h := range hash {
		k, ok := seen[h]
		if !ok {
			k = int32(len(first))
			seen[h] = k
			first, count = append(first, int32(r)), append(count, 0)
		}
		count[k]++
	}
	return first, count
}

// marginal returns the sample's probabilities over a pair of columns.
func (s *sample) marginal(c microdata.Clique) []float64 {
	out := make([]float64, c.Cells(s.sizes))
	tally(out, s.weight, s.columns, c, s.sizes, 0, len(s.weight))
	return out
}

// effective returns the share of a sample that is left when its weights are moved
// from start: as many equally weighted records would tell as much (Kish 1965).
func effective(weight, start []float64) float64 {
	sum, was, squares := 0.0, 0.0, 0.0
	for i, w := range weight {
		sum += w
		was += start[i]
		squares += w * w / start[i]
	}
	return sum * sum / squares / was
}
