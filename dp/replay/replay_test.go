package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"amparo/dp"
	"amparo/microdata"
)

var sizes = []int{3, 4, 2}

func table(t testing.TB, rows [][]uint16) microdata.Counter {
	t.Helper()
	columns, codes := make([]microdata.Column, len(sizes)), make([][]uint16, len(sizes))
	for i, n := range sizes {
		columns[i].Name = fmt.Sprint("c", i)
		for l := range n {
			columns[i].Levels = append(columns[i].Levels, microdata.Level{Value: fmt.Sprint(l)})
		}
		codes[i] = []uint16{}
		for _, r := range rows {
			codes[i] = append(codes[i], r[i])
		}
	}
	d, err := microdata.NewDomain(columns)
	if err != nil {
		t.Fatal(err)
	}
	table, err := microdata.NewTable(d, codes)
	if err != nil {
		t.Fatal(err)
	}
	return microdata.NewCounter(table, 1)
}

func someRows(r *rand.Rand, n int) (rows [][]uint16) {
	for range n {
		rows = append(rows, []uint16{uint16(r.IntN(3)), uint16(r.IntN(4)), uint16(r.IntN(2))})
	}
	return rows
}

func bytes() io.Reader { return rand.NewChaCha8([32]byte{4}) }

// adaptive measures columns, scores pairs by guesses made of them, merges rare
// levels of the second column, and measures the two best pairs with all that is left.
func adaptive(m *dp.Mechanism) error {
	ctx := context.Background()
	ones, err := m.Measure(ctx, []dp.Ask{{Clique: microdata.Clique{0}, Share: .1}, {Clique: microdata.Clique{1}, Share: .1}, {Clique: microdata.Clique{2}, Share: .1}})
	if err != nil {
		return err
	}
	of := []uint16{0, 1, 1, 1}
	if ones[1].Noisy[1] > ones[1].Noisy[0] {
		of = []uint16{0, 1, 0, 0}
	}
	merged := &microdata.Coarsening{Levels: []microdata.Level{{Value: "a"}, {Value: "b"}}, Of: of}
	if m, err = m.Coarsen([]*microdata.Coarsening{nil, merged, nil}); err != nil {
		return err
	}
	pairs := microdata.AllCliques(3, 2)
	var guesses []dp.Guess
	for _, c := range pairs {
		guesses = append(guesses, dp.Guess{Clique: c, Counts: make([]int64, c.Cells(m.Domain().Sizes()))})
	}
	far, _, err := m.Distances(ctx, guesses, .2)
	if err != nil {
		return err
	}
	best := 0
	for k, d := range far {
		if d > far[best] {
			best = k
		}
	}
	_, err = m.Measure(ctx, []dp.Ask{{Clique: pairs[best], Share: m.Left() / 2}, {Clique: pairs[(best+1)%3], Share: m.Left() / 2}})
	return err
}

// TestAuditPasses: a sound adaptive run, on 300 random neighbours, of a table of no
// rows too.
func TestAuditPasses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		rows := someRows(r, i%40)
		more := append(slices.Clone(rows), someRows(r, 1)...)
		a, b := table(t, rows), table(t, more)
		if i%2 == 1 {
			a, b = b, a
		}
		if err := Audit(a, b, 1, bytes, adaptive); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAuditFails: each breaks one promise.
func TestAuditFails(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	rows := someRows(r, 30)
	more := append(slices.Clone(rows), []uint16{1, 1, 1})
	base, next := table(t, rows), table(t, more)
	ctx := context.Background()
	rowsOf := func(of microdata.Counter) int {
		all, err := of.Count(ctx, []microdata.Clique{{}})
		if err != nil {
			t.Fatal(err)
		}
		return int(all[0].Counts[0])
	}
	// The mechanism hides its counter; a peeking run holds the tables besides.
	held := []microdata.Counter{base, next}
	peek := func(ask func(n int) []dp.Ask) func(*dp.Mechanism) error {
		run := -1
		return func(m *dp.Mechanism) error {
			run++
			_, err := m.Measure(ctx, ask(rowsOf(held[run])))
			return err
		}
	}
	one := func(c int, s dp.Precision) dp.Ask { return dp.Ask{Clique: microdata.Clique{c}, Share: s} }
	for name, c := range map[string]struct {
		neighbour microdata.Counter
		run       func(*dp.Mechanism) error
		want      string
	}{
		"a person with two rows": {table(t, append(slices.Clone(more), []uint16{1, 1, 1})), adaptive, "one person moves"},
		"a person who changes":   {table(t, append(slices.Clone(rows[:29]), []uint16{2 - rows[29][0], 3 - rows[29][1], 1 - rows[29][2]})), adaptive, "one person moves"},
		"which column is asked":  {next, peek(func(n int) []dp.Ask { return []dp.Ask{one(n%2, .1)} }), "control flow"},
		"which share is paid":    {next, peek(func(n int) []dp.Ask { return []dp.Ask{one(0, .1+dp.Precision(n%2)/10)} }), "control flow"},
		"how many are asked":     {next, peek(func(n int) []dp.Ask { return slices.Repeat([]dp.Ask{one(0, .1)}, 1+n%2) }), "control flow"},
		"whether one is asked": {next, peek(func(n int) []dp.Ask {
			if n%2 == 1 {
				return nil
			}
			return []dp.Ask{one(0, .1)}
		}), "control flow"},
		"more than there is": {next, func(m *dp.Mechanism) error {
			_, err := m.Measure(ctx, []dp.Ask{one(0, .7), one(1, .7)})
			return err
		}, "budget is spent"},
	} {
		err := Audit(base, c.neighbour, 1, bytes, c.run)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := Audit(base, next, -1, bytes, adaptive); err == nil {
		t.Error("a budget below nothing was audited")
	}
}

// TestReplayFreezesAnswers: the run on the neighbour sees the first run's answers.
func TestReplayFreezesAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	rows := someRows(r, 30)
	var seen [][]int64
	err := Audit(table(t, rows), table(t, rows[:29]), 1, bytes, func(m *dp.Mechanism) error {
		out, err := m.Measure(context.Background(), []dp.Ask{{Clique: microdata.Clique{0, 1}, Share: .5}})
		if err == nil {
			seen = append(seen, out[0].Noisy)
		}
		return err
	})
	if err != nil || len(seen) != 2 || !slices.Equal(seen[0], seen[1]) {
		t.Errorf("answers %v, %v", seen, err)
	}
}

// TestFalseBooksAreSeen: what a mechanism tells its recorder is checked.
func TestFalseBooksAreSeen(t *testing.T) {
	v, err := dp.VarianceFor(.25)
	if err != nil {
		t.Fatal(err)
	}
	c := []microdata.Clique{{0}}
	sound := dp.Access{Question: "measure", Cliques: c, Variance: []dp.Variance{v}, Sensitivity: 1, Share: .25}
	if err := paid([]dp.Access{sound, sound}, 1); err != nil {
		t.Fatal(err)
	}
	short, half, none := sound, sound, sound
	short.Share = .2
	half.Variance = []dp.Variance{v / 2}
	none.Variance = nil
	for name, books := range map[string][]dp.Access{
		"pays less than it takes": {short}, "half the noise": {half}, "no noise at all": {none},
		"five quarters": {sound, sound, sound, sound, sound},
	} {
		if paid(books, 1) == nil {
			t.Errorf("%s: not seen", name)
		}
	}
	for name, other := range map[string]dp.Access{
		"another question": {Question: "distances", Cliques: c, Variance: sound.Variance, Sensitivity: 1, Share: .25},
		"another share":    short, "another variance": half,
	} {
		if err := sameQuestions([]dp.Access{sound}, []dp.Access{other}); !errors.Is(err, errFlow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestErrorsHoldNoCounts: an audit that fails does not tell what it counted.
func TestErrorsHoldNoCounts(t *testing.T) {
	rows := slices.Repeat([][]uint16{{1, 1, 1}}, 7351)
	err := Audit(table(t, rows), table(t, rows[:7300]), 1, bytes, adaptive)
	if err == nil || strings.Contains(err.Error(), "73") || strings.Contains(err.Error(), "51") {
		t.Errorf("the audit says %v", err)
	}
}
