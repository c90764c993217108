// Command trial fits generated data and prints how far the records are from them: one
// line of JSON a data set and budget. Command settings builds it with changed constants.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth"
	"amparo/synth/evaluate"
)

// An Outcome is what one fit came to.
type Outcome struct {
	Source  string  `json:"source"`
	Epsilon float64 `json:"epsilon"`
	Seed    uint64  `json:"seed"`
	Pairs   float64 `json:"pairs"`   // mean distance
	Worst   float64 `json:"worst"`   // of a pair
	Triples float64 `json:"triples"` // mean distance
	// Of combinations of three values: the share invented, and the share lost of
	// those that at least ten share.
	Invented float64 `json:"invented"`
	Lost     float64 `json:"lost"`
	// The share of published levels, and of cells of pairs, whose count in the records
	// is more than three standard deviations of the noise from the noisy count.
	AstrayLevels float64 `json:"astray_levels"`
	AstrayCells  float64 `json:"astray_cells"`
	Seconds      float64 `json:"seconds"`
}

func main() {
	seed := flag.Uint64("seed", 1, "of the data and of the noise")
	only := flag.String("only", "", "sources, by comma; all where empty")
	dial := flag.String("fabrication", "", "position of the dial")
	flag.Parse()
	for _, s := range sources {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		t, err := s.cases(*seed)
		exit(err)
		for _, epsilon := range []dp.Epsilon{.1, 1, 4} {
			o, err := try(t, epsilon, *seed, *dial)
			exit(err)
			o.Source, o.Seed = s.name, *seed
			exit(json.NewEncoder(os.Stdout).Encode(o))
		}
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "trial:", err)
		os.Exit(1)
	}
}

// try fits t at (epsilon, 1e-6) with noise that the seed fixes: the data are nobody's.
func try(t *microdata.Table, epsilon dp.Epsilon, seed uint64, dial string) (o Outcome, err error) {
	began := time.Now()
	mu, err := dp.MuFor(epsilon, 1e-6)
	if err != nil {
		return o, err
	}
	budget, err := dp.NewBudget(mu)
	if err != nil {
		return o, err
	}
	key := [32]byte{byte(seed), byte(epsilon * 10)}
	m, err := dp.Open(microdata.NewCounter(t, 2), budget, rand.NewChaCha8(key), dp.Options{})
	if err != nil {
		return o, err
	}
	f, err := synth.ParseFabrication(dial)
	if err != nil {
		return o, err
	}
	ctx := context.Background()
	model, err := synth.Fit(ctx, m, synth.Options{Workers: 2, Seed: seed, Fabrication: f})
	if err != nil {
		return o, err
	}
	records, err := model.Generate(ctx, seed)
	if err != nil {
		return o, err
	}
	o.Seconds = time.Since(began).Seconds()
	o.AstrayLevels, o.AstrayCells = astray(model.Tables(), 1), astray(model.Tables(), 2)
	written, err := microdata.NewTable(model.Domain(), records)
	if err != nil {
		return o, err
	}
	real, drawn := microdata.NewCounter(t, 2), microdata.NewCounter(written, 2)
	two, err := evaluate.Compare(ctx, real, drawn, 2)
	if err != nil {
		return o, err
	}
	three, err := evaluate.Compare(ctx, real, drawn, 3)
	if err != nil {
		return o, err
	}
	o.Epsilon, o.Pairs, o.Worst, o.Triples = float64(epsilon), two.Synthetic.Mean, two.Synthetic.Worst, three.Synthetic.Mean
	o.Invented, o.Lost = three.Combinations.FabricatedShare(), three.Combinations.SuppressedShare(1)
	return o, nil
}

func astray(tables []synth.Table, columns int) float64 {
	far, all := 0, 0
	for _, t := range tables {
		if len(t.Clique) != columns {
			continue
		}
		for c, y := range t.Noisy {
			if d := t.Fitted[c] - float64(y); d*d > 9*t.Variance {
				far++
			}
		}
		all += len(t.Noisy)
	}
	return float64(far) / float64(max(all, 1))
}
