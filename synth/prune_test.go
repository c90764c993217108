package synth

import (
	"context"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/synth/pgm"
)

// TestUnbelieved: only cells that both noise and model doubt are marked, the least
// expected first, and no level loses more than it can spare.
func TestUnbelieved(t *testing.T) {
	m := dp.Measurement{Noisy: []int64{500, 19, 19, 300, 21, -60, 3, 400}, Variance: 100}
	p := []float64{.5, .0004, .009, .2, .0005, 0, .0001, .29}
	//           stands  no   likely  stands  seen  none  no  stands
	if got := unbelieved(m, p, 4, 1000, 2); !slices.Equal(got, []bool{false, false, false, false, false, false, true, false}) {
		// Cell 1 is doubtful too, but nearly all that the second column's level 1 has.
		t.Errorf("marked %v", got)
	}
	m = dp.Measurement{Noisy: []int64{500, 19, 600, 300}, Variance: 100}
	if got := unbelieved(m, []float64{.4, .0004, .4, .1996}, 2, 1000, 2); !slices.Equal(got, []bool{false, true, false, false}) {
		t.Errorf("marked %v", got)
	}
}

// TestUnbelievedSparesTheThin: a table spread thin over many cells keeps nearly all,
// and so does a level that is thin everywhere.
func TestUnbelievedSparesTheThin(t *testing.T) {
	share := func(p []float64, width int, of func(cell int) bool) (gone, all float64) {
		for c, marked := range unbelieved(dp.Measurement{Noisy: make([]int64, len(p)), Variance: 100}, p, width, 1000, 2) {
			if of(c) {
				all += p[c]
				if marked {
					gone += p[c]
				}
			}
		}
		return gone, all
	}
	thin := slices.Repeat([]float64{.001}, 1000)
	if gone, _ := share(thin, 10, func(int) bool { return true }); gone > mostPruned+.001 {
		t.Errorf("a thin table lost %v of it", gone)
	}
	rare := make([]float64, 2*20) // the first level of the first column has .2 %
	for c := range rare {
		rare[c] = .0001
		if c >= 20 {
			rare[c] = .0499
		}
	}
	if gone, all := share(rare, 20, func(c int) bool { return c < 20 }); gone > mostPrunedOfLevel*all+1e-12 || gone == 0 {
		t.Errorf("a level of %v lost %v", all, gone)
	}
}

// TestPruneJudgesByAllThatIsKnown: a cell that a blunt first measurement missed and a
// sharp second one shows stays possible; one that both miss does not.
func TestPruneJudgesByAllThatIsKnown(t *testing.T) {
	table := chain(t, 2000, []int{2, 40}, 1)
	m, _ := open(t, table, 1, 1)
	f := &fitting{Options: Options{}.withDefaults(), budget: m.Left(), random: pgm.NewRand(3)}
	if err := f.measureColumns(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	f.steps, f.sizes, f.coarse = make([]*microdata.Coarsening, 2), []int{2, 40}, f.fine
	pair := microdata.Clique{0, 1}
	blunt, sharp := make([]int64, 80), make([]int64, 80)
	for c := range blunt {
		blunt[c], sharp[c] = 5000, 5000
	}
	blunt[3], sharp[3], blunt[7], sharp[7] = -900, 12, -900, 0
	f.measured = []dp.Measurement{{Clique: pair, Noisy: blunt, Variance: 1e4}, {Clique: pair, Noisy: sharp, Variance: 4}}
	f.total = 78 * 5000
	if err := f.refit(context.Background(), []microdata.Clique{pair}); err != nil {
		t.Fatal(err)
	}
	if err := f.prune(context.Background()); err != nil {
		t.Fatal(err)
	}
	if p := f.tree.Marginal(pair); p[3] == 0 || p[7] != 0 {
		t.Errorf("the cell seen once has %v, the cell never seen %v", p[3], p[7])
	}
}
