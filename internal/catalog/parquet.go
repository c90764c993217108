package catalog

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"amparo/microdata"
)

// rowGroup is the number of records of one Parquet row group.
const rowGroup = 1 << 17

// WriteParquet writes records, column by column codes over d, as Parquet: string
// columns in d's order, dictionary encoded, spelled as in data.csv. Equal input
// gives equal bytes.
func WriteParquet(w io.Writer, d *microdata.Domain, columns [][]uint16) error {
	if len(columns) != d.Len() || d.Len() == 0 {
		return fmt.Errorf("catalog: %d columns of codes for a domain of %d", len(columns), d.Len())
	}
	rows := len(columns[0])
	group := orderedGroup{Group: parquet.Group{}}
	dictionary := make([][]parquet.Value, d.Len())
	for i := range columns {
		if len(columns[i]) != rows {
			return fmt.Errorf("catalog: column %q has another number of rows than the first", d.Column(i).Name)
		}
		node := parquet.Compressed(parquet.Encoded(parquet.String(), &parquet.RLEDictionary), &zstd.Codec{Level: zstd.SpeedDefault})
		group.fields = append(group.fields, field{node, d.Column(i).Name})
		for _, l := range d.Column(i).Levels {
			dictionary[i] = append(dictionary[i], parquet.ByteArrayValue([]byte(l.Value)).Level(0, 0, i))
		}
	}
	out := parquet.NewWriter(w, parquet.NewSchema("records", group), parquet.CreatedBy("amparo", "1", ""))
	values := make([]parquet.Value, 0, 1<<13)
	for from := 0; from < rows; from += rowGroup {
		to := min(from+rowGroup, rows)
		for i, c := range out.ColumnWriters() {
			for a := from; a < to; a += cap(values) {
				values = values[:0]
				for _, code := range columns[i][a:min(a+cap(values), to)] {
					if int(code) >= len(dictionary[i]) {
						return fmt.Errorf("catalog: column %q holds a code outside its levels", d.Column(i).Name)
					}
					values = append(values, dictionary[i][code])
				}
				if _, err := c.WriteRowValues(values); err != nil {
					return err
				}
			}
			if err := c.Flush(); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return out.Close()
}

// orderedGroup is a parquet.Group that keeps the order of its columns.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

func (g orderedGroup) Fields() []parquet.Field { return g.fields }

// GoType is never asked for where records are written by column; the embedded
// one would refuse two names that differ in case only.
func (g orderedGroup) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                           { return f.name }
func (f field) Value(base reflect.Value) reflect.Value { return base }
