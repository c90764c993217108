package pgm

import (
	"cmp"
	"slices"

	"amparo/microdata"
)

// layout fixes the order in which every factor of a tree is stored: columns by
// size, the largest last and so fastest. Inner loops are then long and walk both
// factors in step.
type layout struct {
	sizes []int
	rank  []int // rank[a] is the place of column a in the order
}

func newLayout(sizes []int) *layout {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(sizes[a], sizes[b]), cmp.Compare(a, b)) })
	l := &layout{sizes: sizes, rank: make([]int, len(sizes))}
	for r, a := range order {
		l.rank[a] = r
	}
	return l
}

// order returns the columns of c as this layout stores them.
func (l *layout) order(c []int) []int {
	out := slices.Clone(c)
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(l.rank[a], l.rank[b]) })
	return out
}

// permute copies values, stored in the order from, into the order to. The two
// hold the same columns.
func (l *layout) permute(values []float64, from, to []int) []float64 {
	return rearrange(l.sizes, values, from, to)
}

// rearrange is permute for values of any kind.
func rearrange[T any](sizes []int, values []T, from, to []int) []T {
	out := make([]T, len(values))
	stride := strides(sizes, to, from) // of each column of from, in to
	at := make([]int, len(from))
	place := 0
	for _, v := range values {
		out[place] = v
		for i := len(from) - 1; i >= 0; i-- {
			at[i]++
			place += stride[i]
			if at[i] < sizes[from[i]] {
				break
			}
			place -= stride[i] * at[i]
			at[i] = 0
		}
	}
	return out
}

// strides returns, for each column of over, how far apart its levels stand in a
// factor stored as in; 0 where in lacks the column.
func strides(sizes []int, in, over []int) []int {
	out := make([]int, len(over))
	for i, a := range over {
		j := slices.Index(in, a)
		if j < 0 {
			continue
		}
		out[i] = 1
		for _, b := range in[j+1:] {
			out[i] *= sizes[b]
		}
	}
	return out
}

// A walk says how the cells of a factor meet those of a sub-factor: the factor
// is read in runs of equal length; offset[k] is where run k starts in the
// sub-factor, and along a run the sub-factor either moves in step or stands still.
type walk struct {
	offset []int32
	run    int
	still  bool
}

// newWalk plans the walk over cells stored as over (in layout order) and their
// sub-factor stored as sub (in layout order).
func newWalk(sizes []int, over, sub []int) walk {
	stride := strides(sizes, sub, over)
	w := walk{run: 1, still: true}
	split := len(over)
	for split > 0 {
		in := stride[split-1] != 0
		if split < len(over) && in == w.still {
			break
		}
		w.still = !in
		split--
		w.run *= sizes[over[split]]
	}
	outer := over[:split]
	w.offset = make([]int32, microdata.Clique(outer).Cells(sizes))
	at := make([]int, len(outer))
	place := 0
	for k := range w.offset {
		w.offset[k] = int32(place)
		for i := len(outer) - 1; i >= 0; i-- {
			at[i]++
			place += stride[i]
			if at[i] < sizes[outer[i]] {
				break
			}
			place -= stride[i] * at[i]
			at[i] = 0
		}
	}
	return w
}

// sum adds the cells of src to the cells of the sub-factor dst.
func (w *walk) sum(dst, src []float64) {
	if w.still {
		for k, o := range w.offset {
			t := 0.0
			for _, v := range src[k*w.run : (k+1)*w.run] {
				t += v
			}
			dst[o] += t
		}
		return
	}
	for k, o := range w.offset {
		s := src[k*w.run : (k+1)*w.run]
		d := dst[o : int(o)+len(s)]
		for i, v := range s {
			d[i] += v
		}
	}
}

// multiply multiplies the cells of dst by those of the sub-factor f.
func (w *walk) multiply(dst, f []float64) {
	if w.still {
		for k, o := range w.offset {
			x := f[o]
			if x == 1 {
				continue
			}
			d := dst[k*w.run : (k+1)*w.run]
			for i := range d {
				d[i] *= x
			}
		}
		return
	}
	for k, o := range w.offset {
		d := dst[k*w.run : (k+1)*w.run]
		x := f[o : int(o)+len(d)]
		for i := range d {
			d[i] *= x[i]
		}
	}
}
