package synth

import (
	"cmp"
	"context"
	"math"
	"slices"

	"amparo/synth/pgm"
)

// reweigh tilts a sample's weights towards measurements of one or two columns:
// it fits
//
//	w ∝ w₀ · exp(Σ θ[cell])
//
// by mirror descent with an adaptive step: a graphical model of any treewidth,
// confined to the sample's records. It stops after the given steps, or when the
// effective size of the weights would fall below least times that of w₀.
func (s *sample) reweigh(ctx context.Context, ms []pgm.Measurement, total float64, steps int, least float64, progress func(done, total int)) error {
	if len(ms) == 0 {
		return nil
	}
	t := newTilting(s, ms, total)
	floor := least * s.effective()
	loss := t.step(0)
	alpha := 1 / (t.sharpest * total * total)
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress(step, steps)
		t.save()
		moved := false
		for try := range 20 {
			now := t.step(alpha)
			if promised := t.promised(); loss-now >= 0.5*promised && now <= loss && t.effective() >= floor {
				loss, moved = now, true
				if try == 0 {
					alpha *= 1.4
				}
				break
			}
			alpha *= 0.5
			t.restore()
		}
		if !moved {
			t.step(0)
			break
		}
	}
	t.write()
	return nil
}

// strips is the number of parts in which records are walked. It is fixed, so
// that sums are added up in one order whatever the number of workers.
const strips = 4

// tilting is the state of reweigh. Measurements whose columns all belong to the
// pattern group are worked out on the group's distinct patterns, of which there
// are far fewer than records; the others on the records.
type tilting struct {
	*sample
	total    float64
	ms       []pgm.Measurement
	sharpest float64
	inner    []int // measurements on patterns
	outer    []int // measurements on records

	pattern  []int32    // of each record
	patterns [][]uint16 // codes of each pattern, by column; nil outside the group
	moves    []float64  // of the log weight, by pattern

	log, oldLog    []float64 // of the weights, up to a constant
	raw            []float64 // weights before normalising
	top            float64   // of log, at the last step
	mu, lastMu     [][]float64
	slope, last    [][]float64 // gradient of the loss, by cell
	byStrip        [strips][][]float64
	patternWeight  [strips][]float64
	sum, squares   [strips]float64
	highest        [strips]float64
	part           []float64
	sumAll, square float64
}

func newTilting(s *sample, ms []pgm.Measurement, total float64) *tilting {
	t := &tilting{sample: s, total: total, ms: ms, part: make([]float64, len(ms))}
	t.log, t.oldLog, t.raw = make([]float64, len(s.weight)), make([]float64, len(s.weight)), make([]float64, len(s.weight))
	for r, w := range s.weight {
		t.log[r] = math.Log(w)
	}
	t.top = slices.Max(t.log)
	grouped := t.findPatterns()
	for k, m := range ms {
		for _, p := range m.Precision {
			t.sharpest = max(t.sharpest, p)
		}
		for _, x := range []*[][]float64{&t.mu, &t.lastMu, &t.slope, &t.last} {
			*x = append(*x, make([]float64, len(m.Counts)))
		}
		if slices.ContainsFunc(m.Clique, func(a int) bool { return !grouped[a] }) {
			t.outer = append(t.outer, k)
		} else {
			t.inner = append(t.inner, k)
		}
	}
	for b := range strips {
		t.patternWeight[b] = make([]float64, len(t.moves))
		for _, k := range t.outer {
			t.byStrip[b] = append(t.byStrip[b], make([]float64, len(ms[k].Counts)))
		}
	}
	return t
}

// findPatterns groups the columns of fewest levels for as long as the group has
// at most an eighth as many distinct patterns as there are records.
func (t *tilting) findPatterns() (grouped []bool) {
	order := make([]int, len(t.columns))
	for a := range order {
		order[a] = a
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.sizes[a], t.sizes[b]) })
	n := len(t.log)
	t.pattern, grouped = make([]int32, n), make([]bool, len(t.columns))
	count := 1
	for _, a := range order {
		ids := make(map[int64]int32)
		next := make([]int32, n)
		for r, v := range t.columns[a] {
			key := int64(t.pattern[r])<<16 | int64(v)
			id, ok := ids[key]
			if !ok {
				id = int32(len(ids))
				ids[key] = id
			}
			next[r] = id
		}
		if len(ids) > max(n/8, 1) {
			break
		}
		t.pattern, grouped[a], count = next, true, len(ids)
	}
	t.moves, t.patterns = make([]float64, count), make([][]uint16, len(t.columns))
	for a, in := range grouped {
		if !in {
			continue
		}
		t.patterns[a] = make([]uint16, count)
		for r, p := range t.pattern {
			t.patterns[a][p] = t.columns[a][r]
		}
	}
	return grouped
}

func (t *tilting) save() {
	copy(t.oldLog, t.log)
	for k := range t.ms {
		copy(t.lastMu[k], t.mu[k])
		copy(t.last[k], t.slope[k])
	}
}

func (t *tilting) restore() { copy(t.log, t.oldLog) }

// step moves all weights against the saved slopes, reads all marginals, and
// returns the loss; the slopes there are left behind.
func (t *tilting) step(alpha float64) float64 {
	moves := make([][]float64, len(t.ms))
	if alpha != 0 {
		for k, s := range t.last {
			moves[k] = make([]float64, len(s))
			for c, g := range s {
				moves[k][c] = -alpha * g
			}
		}
	}
	t.movePatterns(moves, alpha != 0)
	pgm.Share(t.workers, strips, func(b int) { t.walk(b, moves, alpha != 0) })
	t.sumAll, t.square, t.top = 0, 0, math.Inf(-1)
	for b := range strips {
		t.sumAll += t.sum[b]
		t.square += t.squares[b]
		t.top = max(t.top, t.highest[b])
	}
	return t.read()
}

// movePatterns adds up what the inner measurements move each pattern by.
func (t *tilting) movePatterns(moves [][]float64, any bool) {
	clear(t.moves)
	if !any {
		return
	}
	const block = 1 << 11
	pgm.Share(t.workers, (len(t.moves)+block-1)/block, func(b int) {
		from, to := b*block, min((b+1)*block, len(t.moves))
		for _, k := range t.inner {
			shiftBy(t.moves[from:to], moves[k], t.patterns, t.ms[k].Clique, t.sizes, from, to)
		}
	})
}

// shiftBy adds move[cell] to each record's entry.
func shiftBy(log, move []float64, columns [][]uint16, c []int, sizes []int, from, to int) {
	x := columns[c[0]][from:to]
	log = log[:len(x)]
	if len(c) == 1 {
		for r, v := range x {
			log[r] += move[v]
		}
		return
	}
	y, size := columns[c[1]][from:to][:len(x)], uint32(sizes[c[1]])
	for r, v := range x {
		log[r] += move[uint32(v)*size+uint32(y[r])]
	}
}

// tally adds each record's weight to its cell. Records in sequence often share a
// cell of a small table, and an addition waits for the last one to the same
// place: small tables are summed in four lanes.
func tally(out, weight []float64, columns [][]uint16, c []int, sizes []int, from, to int) {
	x := columns[c[0]][from:to]
	weight = weight[:len(x)]
	if len(c) == 1 {
		for r, v := range x {
			out[v] += weight[r]
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

// walk moves and reads one strip, block by block, so that a block's columns stay
// in the cache for all measurements.
func (t *tilting) walk(strip int, moves [][]float64, any bool) {
	const block = 1 << 12
	n := len(t.log)
	start, end := strip*n/strips, (strip+1)*n/strips
	for _, m := range t.byStrip[strip] {
		clear(m)
	}
	clear(t.patternWeight[strip])
	sum, squares, highest := 0.0, 0.0, math.Inf(-1)
	for from := start; from < end; from += block {
		to := min(from+block, end)
		log, raw, pattern := t.log[from:to], t.raw[from:to], t.pattern[from:to]
		if any {
			for r, p := range pattern {
				log[r] += t.moves[p]
			}
			for _, k := range t.outer {
				shiftBy(log, moves[k], t.columns, t.ms[k].Clique, t.sizes, from, to)
			}
		}
		for r, v := range log {
			w := math.Exp(v - t.top)
			raw[r] = w
			sum += w
			squares += w * w
			highest = max(highest, v)
			t.patternWeight[strip][pattern[r]] += w
		}
		for i, k := range t.outer {
			tally(t.byStrip[strip][i], raw, t.columns, t.ms[k].Clique, t.sizes, from, to)
		}
	}
	t.sum[strip], t.squares[strip], t.highest[strip] = sum, squares, highest
}

// read adds the strips up to marginals, and works out slopes and loss.
func (t *tilting) read() float64 {
	for b := 1; b < strips; b++ {
		for p, w := range t.patternWeight[b] {
			t.patternWeight[0][p] += w
		}
	}
	pgm.Share(t.workers, len(t.inner), func(i int) {
		k := t.inner[i]
		clear(t.mu[k])
		tally(t.mu[k], t.patternWeight[0], t.patterns, t.ms[k].Clique, t.sizes, 0, len(t.moves))
		t.compare(k)
	})
	pgm.Share(t.workers, len(t.outer), func(i int) {
		k := t.outer[i]
		clear(t.mu[k])
		for b := range strips {
			for c, w := range t.byStrip[b][i] {
				t.mu[k][c] += w
			}
		}
		t.compare(k)
	})
	loss := 0.0
	for _, p := range t.part {
		loss += p
	}
	return loss
}

func (t *tilting) compare(k int) {
	m, mu, loss := &t.ms[k], t.mu[k], 0.0
	for c := range mu {
		mu[c] /= t.sumAll
		precision := m.Precision[min(c, len(m.Precision)-1)]
		d := t.total*mu[c] - m.Counts[c]
		t.slope[k][c] = d * precision * t.total
		loss += d * d * precision
	}
	t.part[k] = loss / 2
}

// effective returns the effective sample size of the weights, as a share of
// what equal weights would give (Kish 1965).
func (t *tilting) effective() float64 {
	return t.sumAll * t.sumAll / t.square / float64(len(t.log))
}

// promised is what the gradient at the saved point promised for this move.
func (t *tilting) promised() (sum float64) {
	for k := range t.ms {
		for c, g := range t.last[k] {
			sum += g * (t.lastMu[k][c] - t.mu[k][c])
		}
	}
	return sum
}

// write hands the normalised weights back to the sample.
func (t *tilting) write() {
	for r, w := range t.raw {
		t.weight[r] = w / t.sumAll
	}
}
