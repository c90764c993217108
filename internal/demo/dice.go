package demo

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A dice falls on one of its sides as often as their weights say. All arithmetic
// is of integers: no machine rounds differently.
type dice struct {
	side []uint16
	upTo []uint64 // sums of the weights up to and with each side
}

// keep is the side of a dice of missing values that leaves the value as it is.
const keep = 0xFFFF

// add puts a side on the dice. A weight of 0 is no side.
func (d *dice) add(side uint16, weight int) {
	if weight > 0 {
		d.side = append(d.side, side)
		d.upTo = append(d.upTo, d.total()+uint64(weight))
	}
}

func (d *dice) total() uint64 {
	if len(d.upTo) == 0 {
		return 0
	}
	return d.upTo[len(d.upTo)-1]
}

// roll throws the dice. The high word of a 64-bit product is uniform over the
// total to one part in 2⁴⁰.
func (d *dice) roll(r *rand.PCG) uint16 {
	x, _ := bits.Mul64(r.Uint64(), d.total())
	i := 0
	for d.upTo[i] <= x {
		i++
	}
	return d.side[i]
}

// weight returns the weight of a side.
func (d *dice) weight(side uint16) (w uint64) {
	below := uint64(0)
	for i, s := range d.side {
		if s == side {
			w += d.upTo[i] - below
		}
		below = d.upTo[i]
	}
	return w
}

// chance is true perMille times in a thousand.
func chance(r *rand.PCG, perMille int) bool {
	x, _ := bits.Mul64(r.Uint64(), 1000)
	return int(x) < perMille
}

// weights reads "Name 12 Other 3": names, each with its weight.
func weights(text string) (names []string, w []int) {
	fields := strings.Fields(text)
	for i := 0; i+1 < len(fields); i += 2 {
		n, err := strconv.Atoi(fields[i+1])
		if err != nil || n < 0 {
			panic(fmt.Sprintf("demo: the design has a weight that is none in %q", text))
		}
		names, w = append(names, fields[i]), append(w, n)
	}
	if len(fields)%2 != 0 {
		panic(fmt.Sprintf("demo: the design has a name without weight in %q", text))
	}
	return names, w
}

// dice returns the dice of a design text over the levels of a column. "Known" is
// the side that keeps a value.
func (m *model) dice(column int, text string) (d dice) {
	names, w := weights(text)
	for i, n := range names {
		if n == "Known" {
			d.add(keep, w[i])
		} else {
			d.add(m.code(column, n), w[i])
		}
	}
	return d
}

// sets returns the dice of a design text over sets of indicator columns, such as
// "formForcedLabour+formForcedBegging 3". A set is a bit a column from first.
func (m *model) sets(first int, text string) (d dice) {
	names, w := weights(text)
	for i, n := range names {
		set := uint16(0)
		for _, column := range strings.Split(n, "+") {
			set |= 1 << (m.column(column) - first)
		}
		d.add(set, w[i])
	}
	return d
}

// shares returns the chance in a thousand that a design text gives to each of n
// indicator columns from first.
func (m *model) shares(first, n int, text string) []int {
	out := make([]int, n)
	names, w := weights(text)
	for i, name := range names {
		out[m.column(name)-first] = w[i]
	}
	return out
}
