package catalog

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// Z is the 97.5 % point of the normal distribution: an estimate ± Z standard
// deviations holds the truth 95 times in 100.
const Z = 1.959963984540054

// figures are the columns of a table's file after those of its levels.
var figures = []string{"noisy", "variance", "projected", "low", "high"}

// Interval returns the 95 % interval of a true count, given a noisy one and the
// variance of its noise. It covers the privacy noise and nothing else. No count
// is below zero, so the lower end is cut off there. The upper end is never below
// one standard deviation: a noisy count far below zero does not make it sure that
// nobody is there.
func Interval(noisy, variance float64) (low, high float64) {
	sigma := math.Sqrt(variance)
	return max(noisy-Z*sigma, 0), max(noisy+Z*sigma, sigma)
}

// Header returns the header of the table's file: its columns' names, then noisy,
// variance, projected, low and high, with "_" after such a name where a column
// has it already.
func (e *TableEntry) Header() []string {
	var h []string
	for _, c := range e.Columns {
		h = append(h, c.Name)
	}
	for _, f := range figures {
		for slices.Contains(h, f) {
			f += "_"
		}
		h = append(h, f)
	}
	return h
}

// Write writes the table as CSV: a line a cell, in order.
func (t *Table) Write(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	out := csv.NewWriter(b)
	if err := out.Write(t.Entry.Header()); err != nil {
		return err
	}
	k := len(t.Entry.Columns)
	row := make([]string, k+len(figures))
	row[k+1] = number(t.Variance)
	at := make([]int, k)
	for cell, n := range t.Noisy {
		for i, l := range at {
			row[i] = t.Entry.Columns[i].Levels[l].Value
		}
		row[k], row[k+2] = strconv.FormatInt(n, 10), ""
		if t.Projected != nil {
			row[k+2] = strconv.FormatFloat(t.Projected[cell], 'f', 2, 64)
		}
		low, high := Interval(float64(n), t.Variance)
		row[k+3] = strconv.FormatFloat(low, 'f', 1, 64)
		row[k+4] = strconv.FormatFloat(high, 'f', 1, 64)
		if err := out.Write(row); err != nil {
			return err
		}
		t.Entry.next(at)
	}
	out.Flush()
	return errors.Join(out.Error(), b.Flush())
}

// number writes x so that it is read back the same.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// next steps to the next cell.
func (e *TableEntry) next(at []int) {
	for i := len(at) - 1; i >= 0; i-- {
		if at[i]++; at[i] < len(e.Columns[i].Levels) {
			return
		}
		at[i] = 0
	}
}

// ReadTable reads what Write wrote for the table e. A line whose levels, order
// or variance are not those of e is an error.
func ReadTable(r io.Reader, e TableEntry) (*Table, error) {
	in := csv.NewReader(bufio.NewReader(r))
	in.ReuseRecord = true
	bad := func(line int, what string) error {
		return fmt.Errorf("catalog: table %s: line %d: %s", e.ID, line, what)
	}
	head, err := in.Read()
	if err != nil || !slices.Equal(head, e.Header()) {
		return nil, bad(1, "header is not that of the codebook")
	}
	k, cells := len(e.Columns), e.cells()
	if cells > maxCells {
		return nil, bad(1, "too many cells")
	}
	t := &Table{Entry: e, Variance: e.Variance, Noisy: make([]int64, cells)}
	at := make([]int, k)
	for cell := range cells {
		row, err := in.Read()
		if err != nil {
			return nil, bad(cell+2, "cannot be read, or is missing")
		}
		for i, l := range at {
			if row[i] != e.Columns[i].Levels[l].Value {
				return nil, bad(cell+2, "levels are not in the order of the codebook")
			}
		}
		if t.Noisy[cell], err = strconv.ParseInt(row[k], 10, 64); err != nil {
			return nil, bad(cell+2, "noisy is not an integer")
		}
		if v, err := strconv.ParseFloat(row[k+1], 64); err != nil || v != e.Variance {
			return nil, bad(cell+2, "variance is not that of the codebook")
		}
		if err := t.readProjected(cell, row[k+2]); err != nil {
			return nil, bad(cell+2, err.Error())
		}
		e.next(at)
	}
	if _, err := in.Read(); err != io.EOF {
		return nil, bad(cells+2, "a line too many")
	}
	return t, nil
}

func (t *Table) readProjected(cell int, s string) error {
	if s == "" && t.Projected == nil {
		return nil
	}
	if t.Projected == nil && cell == 0 {
		t.Projected = make([]float64, len(t.Noisy))
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || t.Projected == nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return errors.New("projected is not a number")
	}
	t.Projected[cell] = x
	return nil
}
