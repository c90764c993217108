package evaluate

import "math"

// deviations are the mean deviations E|X − k| of binomials X of n draws with mean k.
// Small k, of which tables are full, are worked out once.
type deviations struct {
	n     float64
	small []float64
}

func newDeviations(n float64) *deviations {
	d := &deviations{n: n, small: make([]float64, int(min(n, mostSmall+1)))}
	for k := 1; k < len(d.small); k++ {
		d.small[k] = meanDeviation(n, float64(k))
	}
	return d
}

// mostSmall is the largest count whose deviation is kept.
const mostSmall = 1000

func (d *deviations) of(k int64) float64 {
	switch {
	case k == 0 || float64(k) >= d.n:
		return 0
	case k < int64(len(d.small)):
		return d.small[k]
	}
	return meanDeviation(d.n, float64(k))
}

// expected is the expected distance of a table of n people from that of as many
// drawn from it with replacement: ½ Σ E|X − k|/n.
func (d *deviations) expected(counts []int64) float64 {
	if d.n == 0 {
		return 0
	}
	total := 0.0
	for _, k := range counts {
		total += d.of(k)
	}
	return total / d.n / 2
}

// meanDeviation is E|X − k| of a binomial X of n draws with mean k, 0 < k < n: that
// of De Moivre (1730), 2(1−p)·m·P(X = m), with m the least whole number above the
// mean; here k is whole, so m = k + 1.
func meanDeviation(n, k float64) float64 {
	if k > mostSmall && n-k > mostSmall { // Gauss: off by less than a part in 10⁴
		return math.Sqrt(2 * k * (1 - k/n) / math.Pi)
	}
	m, p := k+1, k/n
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(m + 1)
	c, _ := math.Lgamma(n - m + 1)
	return 2 * (1 - p) * m * math.Exp(a-b-c+m*math.Log(p)+(n-m)*math.Log1p(-p))
}
