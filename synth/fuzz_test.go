package synth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"amparo/dp"
	"amparo/microdata"
	"amparo/microdata/rules"
	"amparo/synth/pgm"
)

// FuzzFit: any table of a few columns, any budget, dial, tilt and rule: a fit ends,
// spends no more than it was given, keeps the rule, and writes records of the domain
// and tables that say the same.
func FuzzFit(f *testing.F) {
	f.Add(uint64(1), byte(0), byte(90), []byte{3, 2, 4, 2, 5, 0, 1, 0, 1, 2, 1, 3, 1, 4})
	f.Add(uint64(2), byte(1), byte(3), []byte{0, 5, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add(uint64(3), byte(2), byte(200), []byte("records of seven columns, all of them odd"))
	f.Add(uint64(4), byte(5), byte(30), []byte{2, 200, 1, 77})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 12 {
		raw := make([]byte, 40+60*i)
		for k := range raw {
			raw[k] = byte(r.IntN(256))
		}
		f.Add(r.Uint64(), byte(r.IntN(256)), byte(r.IntN(256)), raw)
	}
	f.Fuzz(func(t *testing.T, seed uint64, how, budget byte, raw []byte) {
		if len(raw) < 8 {
			return
		}
		sizes, missing := make([]int, 1+raw[0]%6), []bool{}
		for a := range sizes {
			sizes[a] = 1 + int(raw[1+a])%40
			missing = append(missing, raw[1+a]%3 > 0)
		}
		raw = raw[1+len(sizes):]
		codes := make([][]uint16, len(sizes))
		for i := range min(len(raw)/len(sizes), 150) {
			for a, size := range sizes {
				codes[a] = append(codes[a], uint16(int(raw[i*len(sizes)+a])%size))
			}
		}
		for a := range codes {
			if codes[a] == nil {
				codes[a] = []uint16{}
			}
		}
		table, err := microdata.NewTable(someDomain(t, sizes, missing...), codes)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Fabrication: Fabrication(how % 3), MaxCells: 200 + int(how)*20, Rounds: 1 + int(how/3%3), Workers: 1 + int(how%2), Seed: seed}
		if o.Tilt = float64(how/9%4)/4 - .25; len(sizes) > 1 && sizes[0] > 1 && sizes[1] > 1 {
			n := rules.Never{Clique: microdata.Clique{0, 1}, In: [][]bool{make([]bool, sizes[0]), make([]bool, sizes[1])}}
			n.In[0][sizes[0]-1], n.In[1][sizes[1]-1] = true, true
			o.Rules, o.MaxCells = []rules.Never{n}, 6000
		}
		mu := dp.Mu(math.Exp(float64(budget)/25 - 5)) // from 0.007 to 180
		b, err := dp.NewBudget(mu)
		if err != nil {
			t.Fatal(err)
		}
		m, err := dp.Open(microdata.NewCounter(table, 1), b, rand.NewChaCha8([32]byte{byte(seed)}), dp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		model, err := Fit(context.Background(), m, o)
		if b.Spent() > mu.Precision()*(1+1e-11) {
			t.Fatalf("spent %v of %v", b.Spent(), mu.Precision())
		}
		if err != nil {
			if o.Fabrication != Strict {
				t.Fatal(err)
			}
			return
		}
		if left := float64(b.Left() / b.Total()); left > 1e-5 {
			t.Errorf("%v of the budget was left", left)
		}
		records, err := model.Generate(context.Background(), seed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := microdata.NewTable(model.Domain(), records); err != nil {
			t.Fatal(err)
		}
		for row := range records[0] {
			if !keeps(o.Rules, records, row) {
				t.Fatalf("record %d breaks the rule", row)
			}
		}
		for _, x := range model.Tables() {
			if slices.ContainsFunc(x.Fitted, func(v float64) bool { return !(v >= 0) }) || !(x.Variance > 0) || len(x.Noisy) != len(x.Fitted) {
				t.Fatalf("table %v is not sound", x.Clique)
			}
		}
		if o.Fabrication == Strict {
			if rare := plainSets(model.Domain(), records, StrictSupport); len(rare) > 0 {
				t.Fatalf("%d records hold combinations that fewer than %d share", len(rare), StrictSupport)
			}
		}
	})
}

// FuzzSettle compares Newton's root with halving for any finite input.
func FuzzSettle(f *testing.F) {
	f.Add(1.0, 5.0, 3.0, 0.0)
	f.Add(1e9, 1e-30, -1e6, 200.0)
	f.Add(1e-300, 1e300, 1e300, -1e5)
	f.Add(0.0, 0.0, 0.0, 9.0)
	f.Fuzz(func(t *testing.T, a, count, measured, theta float64) {
		a, count = math.Abs(a), math.Abs(count)
		if !(a <= 1e9 && count <= 1e12 && math.Abs(measured) <= 1e12 && math.Abs(theta) <= 1e12) {
			return
		}
		g := func(z float64) float64 { return theta + z + a*(count*math.Exp(z)-measured) }
		lo, hi := -float64(mostMove), float64(mostMove)
		got := settle(a, count, measured, theta)
		if !(got >= lo && got <= hi) {
			t.Fatalf("settle(%v, %v, %v, %v) = %v", a, count, measured, theta, got)
		}
		switch size := 1 + math.Abs(theta) + a*(count*math.Exp(hi)+math.Abs(measured)); {
		case g(lo) > 1e-9*size && got != lo, g(hi) < -1e-9*size && got != hi:
			t.Fatalf("settle(%v, %v, %v, %v) = %v, the root is outside", a, count, measured, theta, got)
		case g(lo) < 0 && g(hi) > 0 && math.Abs(g(got)) > 1e-6*size:
			t.Fatalf("settle(%v, %v, %v, %v) = %v leaves %v", a, count, measured, theta, got, g(got))
		}
	})
}

// FuzzDistinct compares with a map over whole records.
func FuzzDistinct(f *testing.F) {
	f.Add(byte(3), []byte("a few records, some of them alike: aaaaaabbbaab"))
	f.Add(byte(1), []byte{0, 0, 1, 0, 255, 1})
	f.Add(byte(1), []byte{8, 0, 0, 1, 8, 0})
	f.Fuzz(func(t *testing.T, columns byte, raw []byte) {
		n := 1 + int(columns%9)
		records := make([][]uint16, n)
		for i := range len(raw) / n {
			for a := range n {
				records[a] = append(records[a], uint16(raw[i*n+a])*uint16(1+a*7))
			}
		}
		if len(records[0]) == 0 {
			return
		}
		first, count := distinct(records)
		at, want := map[[9]uint16]int{}, []float64{}
		for i := range records[0] {
			var key [9]uint16
			for a := range n {
				key[a] = records[a][i]
			}
			k, ok := at[key]
			if !ok {
				k = len(want)
				at[key] = k
				want = append(want, 0)
				if k >= len(first) || int(first[k]) != i {
					t.Fatalf("record %d is new, and not in its place", i)
				}
			}
			want[k]++
		}
		if !slices.Equal(count, want) {
			t.Fatalf("counted %v, by a map %v", count, want)
		}
	})
}

// TestDrawIsTheTree: the sample that a tilt starts from has the tree's marginals,
// rounded, its weights add up to one, and no record twice.
func TestDrawIsTheTree(t *testing.T) {
	table := chain(t, 3000, []int{4, 3, 5, 2}, 1)
	m, _ := open(t, table, 2, 1)
	f := &fitting{Options: Options{}.withDefaults(), budget: m.Left(), random: pgm.NewRand(3)}
	if err := f.measureColumns(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(context.Context) error{f.coarsen, f.adapt} {
		if err := step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	const n = 20_000
	s := f.draw(n)
	if math.Abs(sum(s.weight)-1) > 1e-9 || s.drawn != n {
		t.Errorf("weights add up to %v, of %d records", sum(s.weight), s.drawn)
	}
	if first, _ := distinct(s.columns); len(first) != len(s.weight) {
		t.Errorf("%d of %d records are distinct", len(first), len(s.weight))
	}
	for k := 1; k <= 2; k++ {
		for _, c := range microdata.AllCliques(4, k) {
			p := f.tree.Marginal(c)
			for cell, q := range s.marginal(c) {
				if p != nil && math.Abs(q-p[cell]) > 30./n {
					t.Errorf("columns %v cell %d: %v in the sample, %v in the tree", c, cell, q, p[cell])
				}
			}
		}
	}
}

// TestUnbelievedByDefinition: of random tables, what is marked is doubtful to noise
// and model alike, the least expected first, holds no more than the bound, and the
// next one would pass it.
func TestUnbelievedByDefinition(t *testing.T) {
	r := pgm.NewRand(131)
	some := 0
	for range 400 {
		width := 1 + r.IntN(8)
		n := width * (1 + r.IntN(12))
		m, p := dp.Measurement{Noisy: make([]int64, n), Variance: 1 + 400*r.Float64()}, make([]float64, n)
		for c := range p {
			p[c] = math.Pow(r.Float64(), 8)
			m.Noisy[c] = int64(100 * (r.Float64() - .4))
			if r.IntN(6) == 0 {
				p[c] = 0
			}
		}
		p[0] += .1
		scale(p, 1/sum(p))
		const total = 2000
		marked, sd := unbelieved(m, p, width, total, pruned), math.Sqrt(m.Variance)
		held, left, right := 0.0, make([]float64, n/width), make([]float64, width) // of what was marked
		most, mostRight := make([]float64, n/width), make([]float64, width)
		for c, x := range marked {
			most[c/width] += mostPrunedOfLevel * p[c]
			mostRight[c%width] += mostPrunedOfLevel * p[c]
			if x {
				some++
				held, left[c/width], right[c%width] = held+p[c], left[c/width]+p[c], right[c%width]+p[c]
			}
		}
		for c, x := range marked {
			doubtful := p[c] > 0 && float64(m.Noisy[c]) < 2*sd && total*p[c] < sd
			if x && !doubtful {
				t.Fatalf("cell %d, of %d with σ = %.1f and %.2f expected, was marked", c, m.Noisy[c], sd, total*p[c])
			}
			const tiny = 1e-12
			if l := left[c/width]; x && (l > most[c/width]+tiny || right[c%width] > mostRight[c%width]+tiny) {
				t.Fatalf("a level of cell %d lost more than it can spare", c)
			} else if doubtful && !x && held+p[c] <= mostPruned-tiny && l+p[c] <= most[c/width]-tiny && right[c%width]+p[c] <= mostRight[c%width]-tiny {
				t.Fatalf("cell %d could be marked and was not", c)
			}
		}
		if held > mostPruned {
			t.Fatalf("%v is held by what was marked", held)
		}
	}
	if some < 200 {
		t.Errorf("only %d cells were marked: this test sees little", some)
	}
}
