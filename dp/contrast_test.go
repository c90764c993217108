package dp

import (
	"context"
	"math"
	"slices"
	"testing"

	"amparo/microdata"
)

// counterOf returns a table of n rows, each column's code a mix of the row number.
func counterOf(t testing.TB, sizes []int, n int) (microdata.Counter, [][]uint16) {
	t.Helper()
	var rows [][]uint16
	for r := range n {
		row := make([]uint16, len(sizes))
		for i, d := range sizes {
			row[i] = uint16((r*(2*i+7) + r*r*(i+1)/3) % d)
		}
		rows = append(rows, row)
	}
	return table2(t, sizes, rows), rows
}

// pairIndex lists the differences of d levels in the order of the answers.
func pairIndex(d int) (out [][2]int) {
	for i := range d {
		for j := i + 1; j < d; j++ {
			out = append(out, [2]int{i, j})
		}
	}
	return out
}

// slow works out one contrast from the rows: every answer is a sum over them of
// a product of +1, −1 and 0.
func slow(rows [][]uint16, sizes []int, a ContrastAsk) (out []int64) {
	shape := a.Shape(sizes)
	at := make([]int, len(shape))
	for {
		sum := int64(0)
		for _, r := range rows {
			sign := int64(1)
			for i, c := range a.Clique {
				switch level := int(r[c]); {
				case !a.Across[i] && level != at[i]:
					sign = 0
				case a.Across[i] && pairIndex(sizes[c])[at[i]][1] == level:
					sign = -sign
				case a.Across[i] && pairIndex(sizes[c])[at[i]][0] != level:
					sign = 0
				}
			}
			sum += sign
		}
		out = append(out, sum)
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return out
		}
	}
}

var contrastCases = []ContrastAsk{
	{microdata.Clique{}, []bool{}, .01},
	{microdata.Clique{1}, []bool{true}, .01},
	{microdata.Clique{0, 1}, []bool{true, true}, .02},
	{microdata.Clique{0, 2}, []bool{false, true}, .02},
	{microdata.Clique{0, 2}, []bool{true, false}, .02},
	{microdata.Clique{0, 1, 2}, []bool{true, false, true}, .03},
	{microdata.Clique{0, 1, 2}, []bool{true, true, true}, .03},
}

func TestContrastsAgainstRows(t *testing.T) {
	sizes := []int{2, 3, 4}
	c, rows := counterOf(t, sizes, 500)
	var seen []Access
	m, err := Open(c, budgetOf(t, 1), bytesOf(3), Options{Record: func(a Access) { seen = append(seen, a) }})
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Contrasts(context.Background(), contrastCases)
	if err != nil {
		t.Fatal(err)
	}
	moves := []int{1, 2, 2, 3, 1, 3, 6}
	for i, a := range contrastCases {
		want := slow(rows, sizes, a)
		if got := seen[0].truth[i]; !slices.Equal(got, want) {
			t.Errorf("%v across %v: %v, by rows %v", a.Clique, a.Across, got, want)
		}
		if len(out[i].Noisy) != len(want) || seen[0].Moves[i] != moves[i] {
			t.Errorf("%v: %d answers of %d, a person moves %d of them", a.Clique, len(out[i].Noisy), len(want), seen[0].Moves[i])
		}
		if v, least := out[i].Variance, float64(moves[i])/float64(a.Share); v < least || v > least+4 {
			t.Errorf("%v: variance %v for %d moves and a share of %v", a.Clique, v, moves[i], a.Share)
		}
	}
	if want := math.Sqrt(18); math.Abs(seen[0].Sensitivity-want) > 1e-12 {
		t.Errorf("sensitivity %v, want %v", seen[0].Sensitivity, want)
	}
}

// TestContrastsMoveAsDeclared puts each possible person into the table.
func TestContrastsMoveAsDeclared(t *testing.T) {
	sizes := []int{2, 3, 4}
	_, rows := counterOf(t, sizes, 50)
	for cell := range 24 {
		more := append(slices.Clone(rows), []uint16{uint16(cell / 12), uint16(cell / 4 % 3), uint16(cell % 4)})
		for _, a := range contrastCases {
			moved, without, with := 0, slow(rows, sizes, a), slow(more, sizes, a)
			for k := range with {
				switch d := with[k] - without[k]; d {
				case 0:
				case 1, -1:
					moved++
				default:
					t.Fatalf("%v: a person moves an answer by %d", a.Clique, d)
				}
			}
			if moved != a.moves(sizes) {
				t.Errorf("%v: a person moves %d answers, declared %d", a.Clique, moved, a.moves(sizes))
			}
		}
	}
}

func TestContrastsSpendAllOrNothing(t *testing.T) {
	c, _ := counterOf(t, []int{2, 1, 4}, 20)
	b := budgetOf(t, 1)
	m, err := Open(c, b, bytesOf(3), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, asks := range map[string][]ContrastAsk{
		"one level":      {{microdata.Clique{0}, []bool{true}, .1}, {microdata.Clique{1}, []bool{true}, .1}},
		"other length":   {{microdata.Clique{0}, nil, .1}},
		"no such column": {{microdata.Clique{3}, []bool{true}, .1}},
		"no share":       {{microdata.Clique{0}, []bool{true}, 0}},
		"too much":       {{microdata.Clique{0}, []bool{true}, .6}, {microdata.Clique{2}, []bool{true}, .6}},
	} {
		if _, err := m.Contrasts(context.Background(), asks); err == nil || b.Spent() != 0 {
			t.Errorf("%s: error %v, %v spent", name, err, b.Spent())
		}
	}
	if out, err := m.Contrasts(context.Background(), nil); out != nil || err != nil || b.Spent() != 0 {
		t.Errorf("nothing asked: %v, %v", out, err)
	}
}

// TestContrastsClaim checks the claim by the loss distributions of the draws: a
// person who moves six answers is accounted for six times.
func TestContrastsClaim(t *testing.T) {
	c, _ := counterOf(t, []int{2, 3, 4}, 50)
	for _, a := range contrastCases {
		var seen []Access
		b := budgetOf(t, 1)
		m, err := Open(c, b, bytesOf(5), Options{Record: func(a Access) { seen = append(seen, a) }})
		if err != nil {
			t.Fatal(err)
		}
		a.Share = .2
		if _, err := m.Contrasts(context.Background(), []ContrastAsk{a}); err != nil {
			t.Fatal(err)
		}
		delta, err := DeltaOf(.3, seen...)
		claim := DeltaFor(Mu(math.Sqrt(.2)), .3)
		if err != nil || delta > claim || delta < claim/2 {
			t.Errorf("%v: δ of the draws %v, claimed %v (%v)", a.Clique, delta, claim, err)
		}
		alone := Access{Question: seen[0].Question, Cliques: seen[0].Cliques, Variance: seen[0].Variance}
		if less, _ := DeltaOf(.3, alone); seen[0].Moves[0] > 1 && less > delta/2 {
			t.Errorf("%v: δ is %v whether a person moves one answer or %d", a.Clique, less, seen[0].Moves[0])
		}
	}
}
