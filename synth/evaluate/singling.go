package evaluate

import (
	"context"
	"math/bits"
	"slices"

	"amparo/microdata"
	"amparo/synth/pgm"
)

// A Singling is the answer to the attack by combinations of Columns values.
type Singling struct {
	Columns int `json:"columns"`
	// Success counts guesses that point at exactly one real person, Control those
	// made from the shuffled records.
	Success Rate `json:"success"`
	Control Rate `json:"control"`
}

// Each length is tried on so many sets of columns, drawn at random among the columns
// that are hardest to guess, with so many guesses in all. Of many records it is fewer
// sets, four at least: every set is a walk over all of them.
const (
	columnsGuessed = 8
	setsGuessed    = 16
	mostGuesses    = 960
	mostWalked     = 8_000_000 // records in all
)

// lengthsGuessed are the numbers of columns of a guess; all columns come last.
var lengthsGuessed = []int{1, 2, 3, 5}

// SinglingOut guesses combinations that stand in exactly one synthetic record. Blank
// is a value like any other. Lengths beyond the number of columns are left out.
func SinglingOut(ctx context.Context, a Attack) ([]Singling, error) {
	if err := sameSizes(a.Real.Domain(), a.Synthetic.Domain()); err != nil {
		return nil, err
	}
	r := pgm.NewRand(a.Seed)
	l := newLayout(a.Real.Domain().Sizes())
	real, synthetic := pack(l, a.Real), pack(l, a.Synthetic)
	shuffled := synthetic.shuffled(r)
	type job struct {
		guess
		at               int // in out
		success, control Rate
	}
	var out []Singling
	var jobs []job
	columns, _ := hardest(a.Synthetic)
	lengths := slices.DeleteFunc(slices.Clone(lengthsGuessed), func(k int) bool { return k >= len(columns) })
	for _, k := range append(lengths, len(columns)) {
		sets := microdata.AllCliques(min(len(columns), columnsGuessed), k)
		if k == len(columns) {
			sets = []microdata.Clique{microdata.Clique(all(k))}
		}
		pgm.Shuffle(r, sets)
		sets = sets[:min(len(sets), setsGuessed, max(mostWalked/max(real.n+synthetic.n, 1), 4))]
		for _, c := range sets {
			jobs = append(jobs, job{guess: guess{l.masks(columns, c), mostGuesses / len(sets), r.Uint64()}, at: len(out)})
		}
		out = append(out, Singling{Columns: k})
	}
	pgm.Share(max(a.Workers, 1), len(jobs), func(i int) {
		if j := &jobs[i]; ctx.Err() == nil {
			j.success, j.control = j.try(synthetic, real), j.try(shuffled, real)
		}
	})
	for _, j := range jobs {
		out[j.at].Success.add(j.success)
		out[j.at].Control.add(j.control)
	}
	return out, ctx.Err()
}

// A guess takes unique records of one side for unique records of the other.
type guess struct {
	masks []uint64 // the columns
	most  int      // guesses
	seed  uint64
}

// try guesses by records that are alone in from, and counts the guesses that are
// alone in real.
func (g guess) try(from, real *records) (out Rate) {
	found := map[uint64]int{}
	for _, k := range g.alone(from) {
		found[k] = 0
	}
	for r := range real.n {
		k := key(real.row(r), g.masks)
		if n, ok := found[k]; ok {
			found[k] = n + 1
		}
	}
	for _, n := range found {
		out.count(n == 1)
	}
	return out
}

// alone returns the keys of some records that no other shares. Keys are counted by
// their first bits only, so that one that is alone but shares these is passed over:
// by chance, whatever its values.
func (g guess) alone(x *records) []uint64 {
	width := bits.Len(uint(4 * x.n))
	seen := make([]uint8, 1<<width)
	for r := range x.n {
		if s := &seen[key(x.row(r), g.masks)>>(64-width)]; *s < 2 {
			*s++
		}
	}
	var out []uint64
	for r := range x.n {
		if k := key(x.row(r), g.masks); seen[k>>(64-width)] == 1 {
			out = append(out, k)
		}
	}
	pgm.Shuffle(pgm.NewRand(g.seed), out)
	return out[:min(len(out), g.most)]
}
