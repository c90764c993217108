package dp

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutants are defects, each put into this package's source in turn; the test named
// must then fail. The first two were found by reading in published systems, the
// rest are what one could fear.
var mutants = map[string]struct{ file, old, new, caught string }{
	"√k is forgotten in Distances": {"mechanism.go",
		"VarianceFor(share / Precision(k))", "VarianceFor(share)", "TestReplayOnNeighbours"},
	"selection costs more than it pays": {"mechanism.go",
		"m.budget.Spend(share)", "m.budget.Spend(share/4)", "TestReplayOnNeighbours"},
	"only the first ask is paid for": {"mechanism.go",
		"m.budget.Spend(shares...)", "m.budget.Spend(shares[0])", "TestReplayOnNeighbours"},
	"counts before it spends": {"mechanism.go",
		"	if err := m.budget.Spend(shares...); err != nil {", "	_, _ = m.count(ctx, access.Cliques)\n	if err := m.budget.Spend(shares...); err != nil {", "TestSpendsBeforeItLooks"},
	"noise is left out where a count is zero": {"mechanism.go",
		"noisy, err := m.noise(c, access.Variance[i])", "noisy, err := m.noise(c[:len(c)-1], access.Variance[i])", "TestMeasureAndDistances"},
	"squared distances": {"mechanism.go",
		"distances[i] += max(d, -d)", "distances[i] += d * d", "TestReplayOnNeighbours|TestDistancesMoveByOne"},
	"the counter is trusted": {"mechanism.go",
		"if len(counted) != len(cliques) {", "if false {", "TestCounterIsNotTrusted"},
	"true answers in the record": {"mechanism.go",
		"	truth       [][]int64", "	truth       [][]int64\n	Answers     [][]int64", "TestTruthStaysInside"},
	"μ for ten times the δ": {"account.go",
		"if m := (lo + hi) / 2; DeltaFor(Mu(m), e) <= d {\n			lo = m", "if m := (lo + hi) / 2; DeltaFor(Mu(m), e) <= 10*d {\n			lo = m", "TestAccountingTable"},
	"not a number is safe": {"account.go",
		"case math.IsNaN(x) || math.IsInf(mu, 1):\n		return 1", "case math.IsNaN(x) || math.IsInf(mu, 1):\n		return 0", "TestDoubtIsNoProtection"},
	"discrete noise passes for continuous": {"variance.go",
		"= 1.0 / 8", "= 0.0", "TestTheoremOne|TestDiscreteClaimsHold"},
	"variance rounded down": {"variance.go",
		"v := math.Ceil(", "v := math.Floor(", "TestVarianceNeverCostsMore"},
	"small shares are free": {"budget.go",
		"t := math.Ceil(", "t := math.Floor(", "TestNothingIsFree|TestBudgetHoldsAgainstAnAdversary"},
	"the budget gives back": {"budget.go",
		"	b.spent += asked\n	return nil", "	b.spent += asked / 2\n	return nil", "TestPartsOfABudget|TestBudgetIsAllOrNothing"},
	"discovery for another δ": {"discover.go",
		"quantile(delta)", "quantile(min(10*delta, .5))", "TestThresholdByDefinition"},
	"values of nobody are told": {"discover.go",
		"h.Counts[i] > 0 && y >= t", "y >= t", "TestDiscoverTellsNobodysValues"},
	"zero drawn twice as often": {"gaussian.go",
		"if x != 0 {", "if true {", "TestNoiseIsDiscreteGaussian|TestLaplace"},
	"the proposal is always taken": {"gaussian.go",
		"if s.acceptExp(product(magnitude(z), magnitude(z)), g.den) {", "if s.acceptExp(product(magnitude(z), 0), g.den) {", "TestNoiseIsDiscreteGaussian"},
	"a tie says yes": {"bits.go",
		"		p = rest\n", "		return rest == rest\n", "TestBernoulliExactly|TestBernoulliContinues"},
	"a failed reader is not noticed": {"bits.go",
		"if _, err := io.ReadFull(s.reader, s.buffer[:]); err != nil {", "if _, err := io.ReadFull(s.reader, s.buffer[:]); err != nil && false {", "TestNoRandomnessNoNoise"},
	"a short read is enough": {"bits.go",
		"io.ReadFull(s.reader, s.buffer[:])", "s.reader.Read(s.buffer[:])", "TestNoRandomnessNoNoise"},
	"losses are rounded down": {"loss.go",
		"low := math.Exp(-t.grid) * math.Expm1(t.grid-past) / whole", "low := 1 + 0*whole", "TestDeltaOfManyAsOne|TestSplitKeepsBothMasses"},
}

// TestMutantsAreCaught builds this package with each defect and runs the tests
// that must notice it. A mutant that does not compile is a fault of this list.
func TestMutantsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the package once for each defect")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool to build mutants with: ", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(src), m.old); n < 1 {
				t.Fatalf("%s does not hold what is to be changed: bring the list up to date", m.file)
			}
			dir := t.TempDir()
			broken := filepath.Join(dir, m.file)
			if err := os.WriteFile(broken, []byte(strings.Replace(string(src), m.old, m.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(here, m.file): broken}})
			if err != nil {
				t.Fatal(err)
			}
			list := filepath.Join(dir, "overlay.json")
			if err := os.WriteFile(list, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(goTool, "test", "-short", "-vet=off", "-count=1", "-timeout=40s", "-overlay", list, "-run", "^("+m.caught+")$", ".").CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("not caught by %s", m.caught)
			case strings.Contains(string(out), "[build failed]"):
				t.Errorf("does not compile:\n%s", out)
			case !strings.Contains(string(out), "--- FAIL: Test") && !strings.Contains(string(out), "panic: "):
				t.Errorf("failed otherwise:\n%s", out)
			}
		})
	}
}
