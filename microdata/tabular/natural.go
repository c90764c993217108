package tabular

import (
	"strconv"
	"strings"
)

// natural orders values as people do: numbers by size, before all else; else by
// their bytes. It is a total order: equal numbers of different spelling ("1",
// "1.0") are told apart by their bytes.
func natural(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	numberX, numberY := errX == nil && x == x, errY == nil && y == y // NaN is no number here
	switch {
	case numberX && numberY && x != y:
		if x < y {
			return -1
		}
		return 1
	case numberX != numberY:
		if numberX {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}
