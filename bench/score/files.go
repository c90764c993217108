package score

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Domain gives the number of levels of each column, spelled 0, 1, …; public.
type Domain map[string]int

// Files are a real and a synthetic file of the same columns.
type Files struct {
	Columns []string // in the real file's order

	real, synthetic records
	levels          []map[string]int // by column: a value's code, over both files
	blank           []int            // by column: the code of blank, −1 where there is none
}

// records are a file's distinct rows of codes, each with how often it stands.
type records struct {
	rows   int       // in the file
	codes  [][]int32 // by column, which is several times faster to count than by row
	weight []int32
}

// Read reads two comma-separated files with a header each. The columns of the
// synthetic one may stand in another order. Where a domain is given, its columns are
// those that count, and a value outside it is an error.
func Read(real, synthetic io.Reader, domain Domain) (*Files, error) {
	f := &Files{}
	rows, err := readAll(real)
	if err != nil {
		return nil, fmt.Errorf("score: the real file: %w", err)
	}
	header := rows[0]
	f.Columns = header
	for name := range domain {
		if !slices.Contains(header, name) {
			return nil, fmt.Errorf("score: the real file lacks column %q of the domain", name)
		}
	}
	if domain != nil {
		f.Columns = slices.DeleteFunc(slices.Clone(header), func(name string) bool { return domain[name] == 0 })
	}
	f.levels = make([]map[string]int, len(f.Columns))
	for i := range f.levels {
		f.levels[i] = map[string]int{}
	}
	if f.real, err = f.code(rows, domain); err != nil {
		return nil, fmt.Errorf("score: the real file: %w", err)
	}
	if rows, err = readAll(synthetic); err != nil {
		return nil, fmt.Errorf("score: the synthetic file: %w", err)
	}
	if f.synthetic, err = f.code(rows, domain); err != nil {
		return nil, fmt.Errorf("score: the synthetic file: %w", err)
	}
	for _, of := range f.levels {
		code, ok := of[""]
		if !ok {
			code = -1
		}
		f.blank = append(f.blank, code)
	}
	return f, nil
}

func readAll(r io.Reader) ([][]string, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err == nil && len(rows) < 2 {
		err = errors.New("it holds no record")
	}
	return rows, err
}

// code codes the rows after the header and joins those that are alike.
func (f *Files) code(rows [][]string, domain Domain) (records, error) {
	at := make([]int, len(f.Columns))
	for i, name := range f.Columns {
		if at[i] = slices.Index(rows[0], name); at[i] < 0 {
			return records{}, fmt.Errorf("it lacks column %q", name)
		}
	}
	out := records{rows: len(rows) - 1, codes: make([][]int32, len(f.Columns))}
	seen := map[string]int{}
	codes := make([]int, len(f.Columns))
	for n, row := range rows[1:] {
		key := strings.Builder{}
		for i, name := range f.Columns {
			value := row[at[i]]
			if domain != nil && value != "" && !inside(value, domain[name]) {
				return records{}, fmt.Errorf("row %d, column %q: a value outside the domain's 0 to %d", n+2, name, domain[name]-1)
			}
			code, ok := f.levels[i][value]
			if !ok {
				code = len(f.levels[i])
				f.levels[i][value] = code
			}
			codes[i] = code
			fmt.Fprint(&key, code, ",")
		}
		k, ok := seen[key.String()]
		if !ok {
			k = len(out.weight)
			seen[key.String()] = k
			for i, code := range codes {
				out.codes[i] = append(out.codes[i], int32(code))
			}
			out.weight = append(out.weight, 0)
		}
		out.weight[k]++
	}
	return out, nil
}

// inside says whether a value is a whole number from 0 to levels−1, spelled plainly.
func inside(value string, levels int) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n >= 0 && n < levels && strconv.Itoa(n) == value
}

// sets calls visit with each set of so many columns, in lexical order.
func (f *Files) sets(columns int, visit func(set []int)) {
	var extend func(set []int)
	extend = func(set []int) {
		if len(set) == columns {
			visit(set)
			return
		}
		next := 0
		if len(set) > 0 {
			next = set[len(set)-1] + 1
		}
		for ; next < len(f.Columns); next++ {
			extend(append(slices.Clone(set), next))
		}
	}
	extend(nil)
}

// count returns how many records share each combination of the set's values: the
// last column's code runs fastest.
func (f *Files) count(r records, set []int) []int {
	cells := 1
	for _, column := range set {
		cells *= len(f.levels[column])
	}
	out := make([]int, cells)
	for row, weight := range r.weight {
		cell := 0
		for _, column := range set {
			cell = cell*len(f.levels[column]) + int(r.codes[column][row])
		}
		out[cell] += int(weight)
	}
	return out
}

// answered returns what says whether no value of a cell of count is blank.
func (f *Files) answered(set []int) func(cell int) bool {
	return func(cell int) bool {
		for i := len(set) - 1; i >= 0; i-- {
			levels := len(f.levels[set[i]])
			if cell%levels == f.blank[set[i]] {
				return false
			}
			cell /= levels
		}
		return true
	}
}

func (f *Files) names(set []int) (out []string) {
	for _, column := range set {
		out = append(out, f.Columns[column])
	}
	return out
}

func (f *Files) find(pair [2]string) (set []int, err error) {
	for _, name := range pair {
		at := slices.Index(f.Columns, name)
		if at < 0 {
			return nil, fmt.Errorf("score: there is no column %q to show", name)
		}
		set = append(set, at)
	}
	return set, nil
}
