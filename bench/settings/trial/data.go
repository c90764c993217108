package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"amparo/internal/demo"
	"amparo/microdata"
	"amparo/microdata/tabular"
)

// A source makes one data set; another seed makes another of its kind.
type source struct {
	name  string
	cases func(seed uint64) (*microdata.Table, error)
}

// sources are the kinds of data on which settings are chosen. None is a real file.
var sources = []source{
	{"coalition", func(seed uint64) (*microdata.Table, error) { return coalition(seed, 40_000) }},
	{"classes", func(seed uint64) (*microdata.Table, error) { return classes(seed, 40_000, wide, 25) }},
	{"ages", func(seed uint64) (*microdata.Table, error) { return ages(seed, 30_000) }},
	{"abilities", func(seed uint64) (*microdata.Table, error) { return abilities(seed, 20_000) }},
	{"blocks", func(seed uint64) (*microdata.Table, error) { return blocks(seed, 6_000) }},
}

// coalition is a file of a fictional coalition.
func coalition(seed uint64, n int) (*microdata.Table, error) {
	var text bytes.Buffer
	if err := demo.Write(&text, demo.Options{Cases: n, Seed: seed}); err != nil {
		return nil, err
	}
	f, err := tabular.Read(context.Background(), &text, int64(text.Len()), tabular.Options{})
	if err != nil {
		return nil, err
	}
	return f.Table, nil
}

// wide are the numbers of levels of a file like that of a helpline.
var wide = []int{3, 5, 9, 60, 60, 60, 20, 12, 12, 8, 8, 6, 6, 5, 5, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}

// classes draws persons of hidden classes, each with its own odds of every level and
// of a blank (level 0): every pair of columns is dependent, most of them weakly.
func classes(seed uint64, n int, sizes []int, hidden int) (*microdata.Table, error) {
	r := rand.New(rand.NewPCG(seed, 1))
	odds := make([][][]float64, hidden) // of class, column: cumulated
	for h := range odds {
		odds[h] = make([][]float64, len(sizes))
		for a, k := range sizes {
			w, sum := make([]float64, k), 0.0
			for l := range w {
				w[l] = math.Exp(1.6 * r.NormFloat64())
				sum += w[l]
			}
			blank := .1 + .5*r.Float64()
			at := 0.0
			for l := range w {
				share := w[l] / sum * (1 - blank)
				if l == 0 {
					share += blank
				}
				at += share
				w[l] = at
			}
			odds[h][a] = w
		}
	}
	weight, sum := make([]float64, hidden), 0.0
	for h := range weight {
		sum += math.Exp(r.NormFloat64())
		weight[h] = sum
	}
	codes := columns(len(sizes), n)
	for i := range n {
		h := draw(weight, r.Float64()*sum)
		for a := range sizes {
			codes[a][i] = uint16(draw(odds[h][a], r.Float64()))
		}
	}
	return table(sizes, nil, codes)
}

// ages has columns of numbers in many ordered bins, some of them mostly zero, and a few
// columns that hang on them.
func ages(seed uint64, n int) (*microdata.Table, error) {
	r := rand.New(rand.NewPCG(seed, 2))
	sizes := []int{80, 100, 100, 60, 40, 9, 16, 7, 15, 6, 5, 2, 2, 30}
	slope := make([][4]float64, len(sizes))
	for a := range slope {
		slope[a] = [4]float64{r.NormFloat64(), r.NormFloat64(), .5 + r.Float64(), r.Float64()}
	}
	codes := columns(len(sizes), n)
	for i := range n {
		x, y := r.NormFloat64(), r.NormFloat64()
		for a, k := range sizes {
			z := (slope[a][0]*x + slope[a][1]*y + slope[a][2]*r.NormFloat64()) / math.Sqrt(slope[a][0]*slope[a][0]+slope[a][1]*slope[a][1]+slope[a][2]*slope[a][2])
			v := int(float64(k) / (1 + math.Exp(-1.3*z)))
			if (a == 1 || a == 2) && z < 1.3 {
				v = 0 // as capital gains are
			}
			if a > 4 && a < 11 && r.Float64() < .3*slope[a][3] {
				v = int(float64(k) * math.Pow(r.Float64(), 3))
			}
			codes[a][i] = uint16(min(max(v, 0), k-1))
		}
	}
	ordered := make([]bool, len(sizes))
	for a, k := range sizes {
		ordered[a] = k >= 17
	}
	return table(sizes, ordered, codes)
}

// abilities has sixteen yes-or-no columns that two hidden traits drive, as answers to
// questions about daily life do.
func abilities(seed uint64, n int) (*microdata.Table, error) {
	r := rand.New(rand.NewPCG(seed, 3))
	sizes := make([]int, 16)
	first, second, hard := make([]float64, 16), make([]float64, 16), make([]float64, 16)
	for a := range sizes {
		sizes[a], first[a], second[a], hard[a] = 2, 1+r.Float64(), r.NormFloat64(), 1.5+1.5*r.NormFloat64()
	}
	codes := columns(16, n)
	for i := range n {
		x, y := 1.5*r.NormFloat64(), r.NormFloat64()
		for a := range sizes {
			if r.Float64() < 1/(1+math.Exp(hard[a]-first[a]*x-second[a]*y)) {
				codes[a][i] = 1
			}
		}
	}
	return table(sizes, nil, codes)
}

// blocks is after the example of the showcase's notebook: a column of three levels,
// two whose levels fall into disjoint blocks, and seven fair coins. Level 0 is blank.
func blocks(seed uint64, n int) (*microdata.Table, error) {
	r := rand.New(rand.NewPCG(seed, 4))
	sizes := []int{4, 7, 11, 2, 2, 2, 2, 2, 2, 2}
	codes := columns(len(sizes), n)
	for i := range n {
		block := r.IntN(2)
		codes[0][i] = uint16(r.IntN(4))
		codes[1][i] = uint16(1 + 3*block + r.IntN(3))
		codes[2][i] = uint16(1 + 5*block + r.IntN(5))
		for a := 3; a < len(sizes); a++ {
			codes[a][i] = uint16(r.IntN(2))
		}
	}
	return table(sizes, nil, codes)
}

func columns(k, n int) [][]uint16 {
	out := make([][]uint16, k)
	for a := range out {
		out[a] = make([]uint16, n)
	}
	return out
}

// draw returns the first place at which the cumulated weights pass u.
func draw(cumulated []float64, u float64) int {
	for l, c := range cumulated {
		if u < c {
			return l
		}
	}
	return len(cumulated) - 1
}

func table(sizes []int, ordered []bool, codes [][]uint16) (*microdata.Table, error) {
	of := make([]microdata.Column, len(sizes))
	for a, k := range sizes {
		of[a] = microdata.Column{Name: fmt.Sprint("c", a), Ordered: ordered != nil && ordered[a]}
		for l := range k {
			of[a].Levels = append(of[a].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
	}
	d, err := microdata.NewDomain(of)
	if err != nil {
		return nil, err
	}
	return microdata.NewTable(d, codes)
}
