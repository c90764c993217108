package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/tabular"
	"amparo/synth/evaluate/reference"
)

// Reference writes the records of the house's own version of MST or AIM, which runs
// where the packages cannot. The domain file may be none where the file is of a
// recognised standard. Effort is AIM's: megabytes and steps of a fit, or nothing.
func Reference(ctx context.Context, mechanism, in, domain, out, epsilon, delta, seed string, effort ...string) error {
	var numbers []float64
	for _, text := range append([]string{epsilon, delta, seed}, effort...) {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("bench reference: %w", err)
		}
		numbers = append(numbers, x)
	}
	rho, err := dp.RhoFor(dp.Epsilon(numbers[0]), dp.Delta(numbers[1]))
	if err != nil {
		return err
	}
	table, err := readTable(ctx, in, domain)
	if err != nil {
		return err
	}
	source := uint64(numbers[2])
	o := reference.Options{Rho: rho, Noise: rand.New(rand.NewPCG(source, 1)), Seed: source}
	if numbers = numbers[3:]; len(numbers) > 0 {
		o.MaxModel = numbers[0] * (1 << 20)
	}
	if len(numbers) > 1 {
		o.Iterations = int(numbers[1])
	}
	synthesize := map[string]func(context.Context, microdata.Counter, reference.Options) ([][]uint16, error){
		"mst": reference.MST, "aim": reference.AIM}[mechanism]
	if synthesize == nil {
		return fmt.Errorf("bench reference: no mechanism %q", mechanism)
	}
	records, err := synthesize(ctx, microdata.NewCounter(table, 1), o)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(tabular.Write(f, table.Domain(), records, ','), f.Close())
}

// readTable reads a file by its domain file, or by its recognised standard.
func readTable(ctx context.Context, path, domain string) (*microdata.Table, error) {
	var o tabular.Options
	if domain != "" {
		d, err := os.Open(domain)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		if o.Domain, err = tabular.ReadDomain(d); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := tabular.Read(ctx, f, info.Size(), o)
	if err != nil {
		return nil, err
	}
	if file.Table == nil {
		return nil, errors.New("bench: a file without public lists of its columns' values")
	}
	return file.Table, nil
}
