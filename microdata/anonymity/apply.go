package anonymity

import (
	"amparo/microdata"
)

// Apply returns the generalised records, column by column, over a domain of their
// own: quasi-identifiers as r says, [Star] where they are suppressed or could be any;
// other columns as given.
func Apply(t *microdata.Table, r *Result) (*microdata.Domain, [][]uint16, error) {
	d := t.Domain()
	columns, codes := make([]microdata.Column, d.Len()), make([][]uint16, d.Len())
	for a := range columns {
		columns[a] = *d.Column(a)
		columns[a].Hierarchy, columns[a].Ordered = nil, false
		codes[a] = make([]uint16, t.Rows())
		for row := range codes[a] {
			codes[a][row] = uint16(t.Code(row, a))
		}
	}
	for i, a := range r.Quasi {
		c := d.Column(a)
		x, h := newLadder(c, nil), r.Heights[i]
		place := map[string]uint16{}
		columns[a].Levels = nil
		at := func(level microdata.Level) uint16 {
			p, ok := place[level.Value]
			if !ok {
				p = uint16(len(place))
				place[level.Value] = p
				columns[a].Levels = append(columns[a].Levels, level)
			}
			return p
		}
		of := make([]uint16, d.Size(a))
		for l := range of {
			of[l] = at(x.groups[h][x.of[h][l]])
		}
		star := at(microdata.Level{Value: Star, Missing: microdata.Withheld})
		for row, code := range codes[a] {
			if codes[a][row] = of[code]; r.Suppressed[row] {
				codes[a][row] = star
			}
		}
	}
	out, err := microdata.NewDomain(columns)
	return out, codes, err
}

// WithDomain returns the same records over columns of the same names and levels, with
// other hierarchies.
func WithDomain(t *microdata.Table, columns []microdata.Column) (*microdata.Table, error) {
	d, err := microdata.NewDomain(columns)
	if err != nil {
		return nil, err
	}
	codes := make([][]uint16, d.Len())
	for a := range codes {
		codes[a] = make([]uint16, t.Rows())
		for row := range codes[a] {
			codes[a][row] = uint16(t.Code(row, a))
		}
	}
	return microdata.NewTable(d, codes)
}
