package run

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"amparo/microdata"
)

// A coding is a file with a number in place of each value: its place in the column's
// public list. Peers that know only numbers are given it.
type coding struct {
	path    string
	domain  *microdata.Domain
	columns []string
}

// code writes a file of a recognised standard as codes, and the number of levels of
// each column as a JSON object.
func code(ctx context.Context, source, path, sizes string) (*coding, error) {
	table, err := readTable(ctx, source, "")
	if err != nil {
		return nil, err
	}
	c := &coding{path: path, domain: table.Domain()}
	for a := range c.domain.Len() {
		c.columns = append(c.columns, c.domain.Column(a).Name)
	}
	levels := map[string]int{}
	rows := make([][]string, table.Rows()+1)
	rows[0] = c.columns
	for i := range rows[1:] {
		rows[i+1] = make([]string, len(c.columns))
	}
	for a, name := range c.columns {
		levels[name] = c.domain.Size(a)
		for i := range rows[1:] {
			rows[i+1][a] = strconv.Itoa(table.Code(i, a))
		}
	}
	text, err := json.Marshal(levels)
	if err != nil {
		return nil, err
	}
	return c, errors.Join(os.WriteFile(sizes, text, 0o644), writeRows(path, rows))
}

// decode puts the values back into a file of codes.
func (c *coding) decode(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(f).ReadAll()
	f.Close()
	if err != nil {
		return err
	}
	for i, row := range rows {
		for a, name := range c.columns {
			if i == 0 {
				if row[a] != name {
					return fmt.Errorf("bench: column %d is %q, not %q", a+1, row[a], name)
				}
				continue
			}
			code, err := strconv.Atoi(row[a])
			if err != nil || code < 0 || code >= c.domain.Size(a) {
				return fmt.Errorf("bench: row %d, column %q: no code of the domain", i+1, name)
			}
			row[a] = c.domain.Column(a).Levels[code].Value
		}
	}
	return writeRows(path, rows)
}

func writeRows(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	err = w.WriteAll(rows)
	return errors.Join(err, f.Close())
}
