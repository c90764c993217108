package synth

// tally adds each record's weight to its cell of the columns c; weight[0] is that of record from. Records in sequence often share a cell of a
// small table, and an addition waits for the last one to the same place: small
// tables are summed in four lanes.
func tally(out, weight []float64, columns [][]uint16, c []int, sizes []int, from, to int) {
	x := columns[c[0]][from:to]
	weight = weight[:len(x)]
	if len(c) == 1 {
		for r, v := range x {
			out[v] += weight[r]
		}
		return
	}
	if len(c) > 2 {
		for r, w := range weight {
			out[cell(columns, c, sizes, from+r)] += w
		}
		return
	}
	const lanes, small = 4, 128
	y, size := columns[c[1]][from:to][:len(x)], uint32(sizes[c[1]])
	if len(out) > small {
		for r, v := range x {
			out[uint32(v)*size+uint32(y[r])] += weight[r]
		}
		return
	}
	var lane [lanes][small]float64
	r := 0
	for ; r+lanes <= len(x); r += lanes {
		a, b, w := x[r:r+lanes:r+lanes], y[r:r+lanes:r+lanes], weight[r:r+lanes:r+lanes]
		lane[0][(uint32(a[0])*size+uint32(b[0]))%small] += w[0]
		lane[1][(uint32(a[1])*size+uint32(b[1]))%small] += w[1]
		lane[2][(uint32(a[2])*size+uint32(b[2]))%small] += w[2]
		lane[3][(uint32(a[3])*size+uint32(b[3]))%small] += w[3]
	}
	for ; r < len(x); r++ {
		lane[0][uint32(x[r])*size+uint32(y[r])] += weight[r]
	}
	for i := range out {
		out[i] += lane[0][i] + lane[1][i] + lane[2][i] + lane[3][i]
	}
}

// multiply multiplies each record's weight by its cell's entry of by.
func multiply(weight, by []float64, columns [][]uint16, c []int, sizes []int, from, to int) {
	x := columns[c[0]][from:to]
	weight = weight[:len(x)]
	if len(c) == 1 {
		for r, v := range x {
			weight[r] *= by[v]
		}
		return
	}
	if len(c) > 2 {
		for r := range weight {
			weight[r] *= by[cell(columns, c, sizes, from+r)]
		}
		return
	}
	y, size := columns[c[1]][from:to][:len(x)], uint32(sizes[c[1]])
	for r, v := range x {
		weight[r] *= by[uint32(v)*size+uint32(y[r])]
	}
}

// cell returns the cell of one record over the columns c.
func cell(columns [][]uint16, c []int, sizes []int, row int) (k int) {
	for _, a := range c {
		k = k*sizes[a] + int(columns[a][row])
	}
	return k
}
