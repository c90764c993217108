package run

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
)

// Baseline writes what two systems that protect nobody make of a file. "shuffled" puts
// each column in an order of its own: the independent model. "resample" draws as many
// records as there are, each time from all: what a second sample of the same people
// would have looked like.
func Baseline(kind, in, out, seed string) error {
	f, err := os.Open(in)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(f).ReadAll()
	f.Close()
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return fmt.Errorf("bench: seed: %w", err)
	}
	random := rand.New(rand.NewPCG(n, 0))
	records := rows[1:]
	switch kind {
	case "shuffled":
		for column := range rows[0] {
			random.Shuffle(len(records), func(i, j int) {
				records[i][column], records[j][column] = records[j][column], records[i][column]
			})
		}
	case "resample":
		drawn := make([][]string, len(records))
		for i := range drawn {
			drawn[i] = records[random.IntN(len(records))]
		}
		copy(records, drawn)
	default:
		return fmt.Errorf("bench: no baseline %q", kind)
	}
	return writeRows(out, rows)
}
