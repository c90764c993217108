// Package microdata holds coded case records and counts them.
//
// Records are a [Table]: one row a person, one column an attribute, each value a
// code that indexes the levels of a closed [Domain]. Everything that leaves a
// table leaves as a contingency table, a [Marginal], asked of a [Counter]: this
// is the narrow waist of the house. Memory, SQL and Beam differ only in counting.
//
// A Domain comes from public knowledge (a standard's code lists, a profile, a
// file that the custodian vouches for) or from private discovery; never from the
// levels that happen to stand in a file.
package microdata

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// MaxLevels is the largest number of levels of one column: codes are uint16.
const MaxLevels = math.MaxUint16 + 1

// Missing says why a level is no answer. The kinds are kept apart: what was
// refused is not what was never asked, and neither is zero.
type Missing uint8

// The kinds of missing value. Present is an answer.
const (
	Present       Missing = iota
	Unknown               // asked, and not known; or blank with no reason stated
	NotAsked              // the form did not have the question
	Refused               // the person did not want to say
	NotApplicable         // follows from other answers
	Withheld              // suppressed by the source
)

var missingNames = [...]string{"present", "unknown", "not asked", "refused", "not applicable", "withheld"}

// String returns the kind in English.
func (m Missing) String() string {
	if int(m) < len(missingNames) {
		return missingNames[m]
	}
	return "missing(" + fmt.Sprint(uint8(m)) + ")"
}

// MarshalText writes the kind's English name, so that files stay readable.
func (m Missing) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Missing) UnmarshalText(text []byte) error {
	i := slices.Index(missingNames[:], string(text))
	if i < 0 {
		return errors.New("microdata: not a kind of missing value")
	}
	*m = Missing(i)
	return nil
}

// A Text is one phrase in several languages, keyed by language ("es", "en").
type Text map[string]string

// In returns the phrase in lang, else in English, else fallback.
func (t Text) In(lang, fallback string) string {
	for _, l := range []string{lang, "en"} {
		if s, ok := t[l]; ok {
			return s
		}
	}
	return fallback
}

// A Level is one value that a column can take.
type Level struct {
	Value   string  `json:"value"`             // its spelling in files; "" is blank
	Label   Text    `json:"label,omitempty"`   // how people read it; may be nil
	Missing Missing `json:"missing,omitempty"` // why it is no answer, or Present
}

// A Coarsening maps the levels of a column to fewer, coarser ones.
// Of has one entry a level of the column: the index of its group in Levels.
type Coarsening struct {
	Name   string   `json:"name,omitempty"` // of the step: "region"
	Levels []Level  `json:"levels"`
	Of     []uint16 `json:"of"`
}

// A Column is one attribute with its closed list of levels.
type Column struct {
	Name   string  `json:"name"`            // header in files
	Label  Text    `json:"label,omitempty"` // how people read it; may be nil
	Levels []Level `json:"levels"`          // 1 to MaxLevels; values distinct
	// Group names the multi-valued attribute of which this column is an
	// indicator ("meansOfControl"), or is empty.
	Group string `json:"group,omitempty"`
	// Hierarchy lists public coarsenings, finer first, each from the column's
	// own levels and nested in the one before (country → region → world).
	Hierarchy []Coarsening `json:"hierarchy,omitempty"`
	// Ordered says that the levels stand in order, as bins of a number do, and
	// that neighbours are alike.
	Ordered bool `json:"ordered,omitempty"`
}

// Steps returns the column's hierarchy. Ordered levels without one get bins of
// 2, 4, 8, … neighbours, down to two bins; a level that is no answer stays alone.
func (c *Column) Steps() []Coarsening {
	if !c.Ordered || len(c.Hierarchy) > 0 {
		return c.Hierarchy
	}
	var out []Coarsening
	for width := 2; width < len(c.Levels); width *= 2 {
		of, groups, place, open := make([]uint16, len(c.Levels)), 0, 0, false
		for l, level := range c.Levels {
			switch {
			case level.Missing != Present:
				groups++
				open = false
			case !open || place%width == 0:
				groups++
				open = true
			}
			if of[l] = uint16(groups - 1); level.Missing == Present {
				place++
			}
		}
		out = append(out, c.Join(fmt.Sprint("by ", width), of))
	}
	return out
}

// Join returns the coarsening of that name that puts level l into group of[l]. The
// groups are runs of neighbours, numbered from 0. A group is spelled by its ends: 3
// and 4 as 3--4, 0--8 and 9--17 as 0--17, 9--17 and 18+ as 9+.
func (c *Column) Join(name string, of []uint16) Coarsening {
	out := Coarsening{Name: name, Of: of}
	for from, to := 0, 0; from < len(of); from = to {
		for to = from + 1; to < len(of) && of[to] == of[from]; to++ {
		}
		out.Levels = append(out.Levels, span(c.Levels[from], c.Levels[to-1]))
	}
	return out
}

// Through stands between the ends of a range in its spelling, as in files of the
// CTDC.
const Through = "--"

// span spells the range from level a to level b.
func span(a, b Level) Level {
	if a.Value == b.Value {
		return a
	}
	first, aRange := begin(a.Value)
	last, bRange := end(b.Value)
	if last == "" { // and more
		return Level{Value: strings.TrimPrefix(first, "[") + "+",
			Label: Text{"es": strings.TrimPrefix(first, "[") + " o más", "en": strings.TrimPrefix(first, "[") + " or more"}}
	}
	out := Level{Value: first + Through + last, Label: Text{}}
	for lang, to := range map[string]string{"es": " a ", "en": " to "} {
		from, until := first, last
		if !aRange {
			from = a.Label.In(lang, first)
		}
		if !bRange {
			until = b.Label.In(lang, last)
		}
		out.Label[lang] = from + to + until
	}
	return out
}

// begin returns where a level's range begins, and whether its spelling is a range.
func begin(value string) (string, bool) {
	first, _, ok := strings.Cut(value, Through)
	return first, ok
}

// end returns where a level's range ends, "" for one without end.
func end(value string) (string, bool) {
	if _, last, ok := strings.Cut(value, Through); ok {
		return last, true
	}
	if open := strings.TrimSuffix(value, "+"); open != value {
		return "", true
	}
	return value, false
}

// Code returns the code of the level spelled value.
func (c *Column) Code(value string) (int, bool) {
	i := slices.IndexFunc(c.Levels, func(l Level) bool { return l.Value == value })
	return i, i >= 0
}

// A Domain is the closed list of a table's columns. It is immutable.
type Domain struct {
	columns []Column
	index   map[string]int
}

// NewDomain returns the domain of the given columns, or an error that says all
// that is wrong with them.
func NewDomain(columns []Column) (*Domain, error) {
	d := &Domain{columns: slices.Clone(columns), index: make(map[string]int, len(columns))}
	var faults []error
	for i, c := range columns {
		if _, twice := d.index[c.Name]; twice {
			faults = append(faults, fmt.Errorf("microdata: column %q stands twice", c.Name))
		}
		d.index[c.Name] = i
		faults = append(faults, c.check()...)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return d, nil
}

func (c *Column) check() (faults []error) {
	bad := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("microdata: column %q: "+format, append([]any{c.Name}, args...)...))
	}
	if c.Name == "" {
		bad("has no name")
	}
	if n := len(c.Levels); n < 1 || n > MaxLevels {
		bad("has %d levels; from 1 to %d can be coded", n, MaxLevels)
	}
	seen := make(map[string]bool, len(c.Levels))
	for i, l := range c.Levels {
		if seen[l.Value] {
			bad("level %d repeats an earlier one", i)
		}
		seen[l.Value] = true
	}
	finer := identity(len(c.Levels))
	for _, step := range c.Hierarchy {
		if err := step.check(len(c.Levels)); err != nil {
			bad("hierarchy step %q: %w", step.Name, err)
			return faults
		}
		if !nested(finer, step.Of) {
			bad("hierarchy step %q splits a group of the step before: a level has two parents", step.Name)
		}
		finer = step.Of
	}
	return faults
}

// check says whether c is a coarsening of a column of n levels: every level has
// a group, every group a level and a spelling of its own.
func (c *Coarsening) check(n int) error {
	if len(c.Of) != n {
		return fmt.Errorf("has a group for %d levels, the column has %d", len(c.Of), n)
	}
	used := make([]bool, len(c.Levels))
	for i, g := range c.Of {
		if int(g) >= len(c.Levels) {
			return fmt.Errorf("level %d has no group", i)
		}
		used[g] = true
	}
	if g := slices.Index(used, false); g >= 0 {
		return fmt.Errorf("group %d has no level", g)
	}
	seen := make(map[string]bool, len(c.Levels))
	for g, l := range c.Levels {
		if seen[l.Value] {
			return fmt.Errorf("group %d is spelled as an earlier one", g)
		}
		seen[l.Value] = true
	}
	return nil
}

func identity(n int) []uint16 {
	of := make([]uint16, n)
	for i := range of {
		of[i] = uint16(i)
	}
	return of
}

// nested says whether levels that share a group in finer share one in coarser.
func nested(finer, coarser []uint16) bool {
	group := map[uint16]uint16{}
	for i, f := range finer {
		if g, ok := group[f]; ok && g != coarser[i] {
			return false
		}
		group[f] = coarser[i]
	}
	return true
}

// Len returns the number of columns.
func (d *Domain) Len() int { return len(d.columns) }

// Column returns column i. The caller must not change it.
func (d *Domain) Column(i int) *Column { return &d.columns[i] }

// Size returns the number of levels of column i.
func (d *Domain) Size(i int) int { return len(d.columns[i].Levels) }

// Sizes returns the number of levels of every column, in order.
func (d *Domain) Sizes() []int {
	sizes := make([]int, len(d.columns))
	for i := range sizes {
		sizes[i] = d.Size(i)
	}
	return sizes
}

// Index returns the place of the column of that name.
func (d *Domain) Index(name string) (int, bool) {
	i, ok := d.index[name]
	return i, ok
}

// Names returns the columns' names, in order.
func (d *Domain) Names() []string {
	names := make([]string, len(d.columns))
	for i, c := range d.columns {
		names[i] = c.Name
	}
	return names
}

// Groups returns the columns of each multi-valued attribute, by its name.
func (d *Domain) Groups() map[string][]int {
	groups := map[string][]int{}
	for i, c := range d.columns {
		if c.Group != "" {
			groups[c.Group] = append(groups[c.Group], i)
		}
	}
	return maps.Clone(groups)
}

// Coarsen returns the domain in which steps[i], where it is not nil, replaced
// the levels of column i. Coarsened columns lose their hierarchy.
func (d *Domain) Coarsen(steps []*Coarsening) (*Domain, error) {
	if len(steps) != d.Len() {
		return nil, fmt.Errorf("microdata: %d coarsenings for %d columns", len(steps), d.Len())
	}
	columns := slices.Clone(d.columns)
	for i, s := range steps {
		if s == nil {
			continue
		}
		if err := s.check(d.Size(i)); err != nil {
			return nil, fmt.Errorf("microdata: column %q: coarsening %w", columns[i].Name, err)
		}
		columns[i].Levels, columns[i].Hierarchy = s.Levels, nil
	}
	return NewDomain(columns)
}
