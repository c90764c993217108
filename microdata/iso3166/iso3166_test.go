package iso3166

import (
	"regexp"
	"slices"
	"testing"
)

func TestListIsISO3166(t *testing.T) {
	all := All()
	if len(all) != 249 {
		t.Fatalf("%d entries, ISO 3166-1 has 249", len(all))
	}
	three, two := regexp.MustCompile(`^[A-Z]{3}$`), regexp.MustCompile(`^[A-Z]{2}$`)
	seen := map[string]bool{}
	for i, c := range all {
		if !three.MatchString(c.Alpha3) || !two.MatchString(c.Alpha2) || seen[c.Alpha2] {
			t.Errorf("entry %d: %+v", i, c)
		}
		seen[c.Alpha2] = true
		if i > 0 && all[i-1].Alpha3 >= c.Alpha3 {
			t.Errorf("%s stands after %s", c.Alpha3, all[i-1].Alpha3)
		}
	}
}

// TestKnownPlaces holds entries that lists get wrong: NA is a code, not a
// missing value; Taiwan, Kosovo's neighbours and Antarctica have a place.
func TestKnownPlaces(t *testing.T) {
	for alpha3, want := range map[string]Country{
		"SLV": {"SLV", "SV", "419", "019"},
		"NAM": {"NAM", "NA", "202", "002"},
		"TWN": {"TWN", "TW", "030", "142"},
		"CYP": {"CYP", "CY", "145", "142"},
		"MEX": {"MEX", "MX", "419", "019"},
		"USA": {"USA", "US", "021", "019"},
		"ESP": {"ESP", "ES", "039", "150"},
		"ATA": {"ATA", "AQ", "010", "010"},
		"SSD": {"SSD", "SS", "202", "002"},
	} {
		if got, ok := ByAlpha3(alpha3); !ok || got != want {
			t.Errorf("%s is %+v", alpha3, got)
		}
	}
	for _, no := range []string{"", "XKX", "slv", "SV", "ZZZ"} {
		if _, ok := ByAlpha3(no); ok {
			t.Errorf("%q is an entry", no)
		}
	}
}

func TestRegionsAreNamedAndNested(t *testing.T) {
	parent, used := map[string]string{}, map[string]bool{World: true}
	for _, c := range All() {
		for _, m49 := range []string{c.SubRegion, c.Region} {
			if used[m49] = true; Regions()[m49]["es"] == "" || Regions()[m49]["en"] == "" {
				t.Errorf("region %s of %s has no name", m49, c.Alpha3)
			}
		}
		if p, ok := parent[c.SubRegion]; ok && p != c.Region {
			t.Errorf("sub-region %s lies in %s and in %s", c.SubRegion, p, c.Region)
		}
		parent[c.SubRegion] = c.Region
	}
	for m49 := range Regions() {
		if !used[m49] {
			t.Errorf("region %s is named and not used", m49)
		}
	}
	if len(parent) != 18 {
		t.Errorf("%d sub-regions, M49 has 17 and Antarctica is ours", len(parent))
	}
}

func TestAllIsACopy(t *testing.T) {
	a := All()
	slices.Reverse(a)
	if All()[0].Alpha3 == a[0].Alpha3 {
		t.Error("the caller's slice is the list itself")
	}
}
