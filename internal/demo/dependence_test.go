package demo

import (
	"context"
	"math"
	"testing"

	"amparo/microdata"
)

// table returns n records as a table.
func table(t *testing.T, seed uint64, n int) *microdata.Table {
	t.Helper()
	columns := make([][]uint16, width)
	for _, p := range persons(seed, n) {
		for c, code := range p {
			columns[c] = append(columns[c], code)
		}
	}
	out, err := microdata.NewTable(Domain(), columns)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// information returns the mutual information, in nats, of a table of counts with
// that many columns: Σ p·ln(p/(p_row·p_column)).
func information(counts []int64, columns int) float64 {
	rows, cols, total := map[int]float64{}, map[int]float64{}, 0.0
	for i, n := range counts {
		rows[i/columns] += float64(n)
		cols[i%columns] += float64(n)
		total += float64(n)
	}
	sum := 0.0
	for i, n := range counts {
		if n > 0 {
			p := float64(n) / total
			sum += p * math.Log(p*total*total/(rows[i/columns]*cols[i%columns]))
		}
	}
	return sum
}

func TestInformationOracle(t *testing.T) {
	if got := information([]int64{50, 0, 0, 50}, 2); math.Abs(got-math.Ln2) > 1e-12 {
		t.Errorf("two equal columns share %v nats, want ln 2", got)
	}
	if got := information([]int64{8, 2, 12, 3}, 2); math.Abs(got) > 1e-12 {
		t.Errorf("independent columns share %v nats", got)
	}
}

// TestColumnsDepend: what a visitor would look for is there, well above what
// chance makes of independent columns, (r−1)(c−1)/2n nats. The thresholds are
// about two thirds of what the design was seen to give.
func TestColumnsDepend(t *testing.T) {
	const n = DefaultCases
	pairs := []struct {
		a, b  string
		least float64
	}{
		{"gender", "formSexualExploitation", .07},
		{"gender", "industry", .09},
		{"ageBand", "formForcedBegging", .02},
		{"majorityStatus", "recruiterRelation", .03},
		{"majorityStatus", "meansOfControl", .03},
		{"citizenship", "countryOfExploitation", .40},
		{"citizenship", "gender", .004},
		{"countryOfExploitation", "sourceCategory", .04},
		{"countryOfExploitation", "assistanceReturn", .005},
		{"yearOfRegistration", "formForcedCriminality", .003},
		{"yearOfRegistration", "recruiterRelation", .008},
		{"yearOfRegistration", "sourceCategory", .002},
		{"sourceCategory", "assistance", .23},
		{"sourceCategory", "durationMonths", .10},
		{"industry", "durationMonths", .01},
		{"meansDebtBondage", "meansWithholdsDocuments", .02},
		{"meansThreatOrForce", "meansRestrictsMovement", .02},
		{"assistanceAccommodation", "assistanceHealth", .06},
	}
	tab := table(t, 0, n)
	var cliques []microdata.Clique
	for _, p := range pairs {
		a, _ := tab.Domain().Index(p.a)
		b, _ := tab.Domain().Index(p.b)
		cliques = append(cliques, microdata.Clique{min(a, b), max(a, b)})
	}
	marginals, err := microdata.NewCounter(tab, 0).Count(context.Background(), cliques)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range pairs {
		a, b := tab.Domain().Size(cliques[i][0]), tab.Domain().Size(cliques[i][1])
		got, chance := information(marginals[i].Counts, b), float64((a-1)*(b-1))/(2*n)
		if got < p.least || got < 3*chance {
			t.Errorf("%s and %s share %.4f nats, want %v and three times what chance makes, %.4f", p.a, p.b, got, p.least, chance)
		}
		t.Logf("%-24s %-24s %.4f (chance %.4f)", p.a, p.b, got, chance)
	}
}

// TestPersonsAreIndependent: a record says nothing of the next one. Under
// independence 2n times the information is chi-square with (k−1)² degrees of
// freedom; six standard deviations above its mean is passed by chance less than
// once in a million runs, and the seed is fixed.
func TestPersonsAreIndependent(t *testing.T) {
	const n = DefaultCases
	all := persons(4, n+1)
	for _, c := range []int{year, source, age, citizenship, recruiter} {
		k := Domain().Size(c)
		counts := make([]int64, k*k)
		for i := range n {
			counts[int(all[i][c])*k+int(all[i+1][c])]++
		}
		freedom := float64((k - 1) * (k - 1))
		if got := 2 * n * information(counts, k); got > freedom+6*math.Sqrt(2*freedom) {
			t.Errorf("%s of a record and the next: chi-square %.0f of %v degrees of freedom", Domain().Column(c).Name, got, freedom)
		}
	}
}

// TestTrends holds the demo to the stories that its pages tell.
func TestTrends(t *testing.T) {
	m := theModel()
	var total, crime, online, hotline [10]float64
	for _, p := range persons(0, DefaultCases) {
		y := p[year]
		total[y]++
		if p[m.column("formForcedCriminality")] == yes {
			crime[y]++
		}
		if p[recruiter] == m.online {
			online[y]++
		}
		if p[source] == m.code(source, "Hotline") {
			hotline[y]++
		}
	}
	if total[5] > .85*total[4] || total[9] < 1.5*total[0] {
		t.Errorf("records by year %v: no dip in 2020, or no growth", total)
	}
	grows := func(what string, part [10]float64, times float64) {
		if first, last := part[0]/total[0], part[9]/total[9]; last < times*first {
			t.Errorf("%s goes from %.3f to %.3f of the records; want %v times as much", what, first, last, times)
		}
	}
	grows("forced criminality", crime, 2)
	grows("online contact", online, 4)
	grows("the helpline", hotline, 1.2)
}

// TestMissingDependsOnTheSource: the kinds of missing are apart, and who records
// decides which there are.
func TestMissingDependsOnTheSource(t *testing.T) {
	d, kinds := Domain(), map[microdata.Missing]bool{}
	var unknown, records [5]float64
	for _, p := range persons(0, DefaultCases) {
		for c, code := range p {
			if d.Column(c).Group == "" {
				kinds[d.Column(c).Levels[code].Missing] = true
			}
		}
		records[p[source]]++
		if d.Column(age).Levels[p[age]].Missing != microdata.Present {
			unknown[p[source]]++
		}
	}
	for _, k := range []microdata.Missing{microdata.Present, microdata.Unknown, microdata.NotAsked, microdata.Refused, microdata.NotApplicable} {
		if !kinds[k] {
			t.Errorf("no value is %s", k)
		}
	}
	m := theModel()
	hotline, shelter := m.code(source, "Hotline"), m.code(source, "Shelter")
	if a, b := unknown[hotline]/records[hotline], unknown[shelter]/records[shelter]; a < 3*b {
		t.Errorf("age is missing in %.3f of the helpline's records and %.3f of the shelter's", a, b)
	}
}
