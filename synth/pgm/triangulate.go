package pgm

import (
	"math"
	"slices"

	"amparo/microdata"
)

// Triangulate returns the maximal cliques of a chordal graph that holds every
// one of the given column sets inside a clique: columns are eliminated, each
// time the one whose clique has the fewest cells (greedy minimum weight;
// Koller and Friedman 2009, §9.4.3.2). Columns in no set get a clique of their own.
func Triangulate(sizes []int, sets []microdata.Clique) []microdata.Clique {
	n := len(sizes)
	next := make([]bitset, n)
	for a := range next {
		next[a] = newBitset(n)
	}
	for _, s := range sets {
		for i, a := range s {
			for _, b := range s[i+1:] {
				next[a].add(b)
				next[b].add(a)
			}
		}
	}
	logSize := make([]float64, n)
	for a, s := range sizes {
		logSize[a] = math.Log(float64(s))
	}
	weight := func(a int) float64 {
		w := logSize[a]
		next[a].each(func(b int) { w += logSize[b] })
		return w
	}
	weights, gone := make([]float64, n), make([]bool, n)
	for a := range weights {
		weights[a] = weight(a)
	}
	var cliques []microdata.Clique
	for range n {
		pick := -1
		for a := range n {
			if !gone[a] && (pick < 0 || weights[a] < weights[pick]) {
				pick = a
			}
		}
		gone[pick] = true
		clique := microdata.Clique{pick}
		next[pick].each(func(b int) { clique = append(clique, b) })
		slices.Sort(clique)
		for _, a := range clique {
			if a == pick {
				continue
			}
			next[a].join(next[pick])
			next[a].remove(a)
			next[a].remove(pick)
		}
		for _, a := range clique {
			if a != pick {
				weights[a] = weight(a)
			}
		}
		if !slices.ContainsFunc(cliques, func(c microdata.Clique) bool { return c.Contains(clique) }) {
			cliques = append(cliques, clique)
		}
	}
	return cliques
}

// bitset is a set of columns.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (s bitset) add(i int)    { s[i/64] |= 1 << (i % 64) }
func (s bitset) remove(i int) { s[i/64] &^= 1 << (i % 64) }
func (s bitset) join(o bitset) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s bitset) each(f func(int)) {
	for w, word := range s {
		for b := 0; word != 0; b, word = b+1, word>>1 {
			if word&1 != 0 {
				f(w*64 + b)
			}
		}
	}
}
