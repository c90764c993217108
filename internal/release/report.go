package release

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"

	"amparo/internal/catalog"
	"amparo/microdata"
	"amparo/synth"
	"amparo/synth/evaluate"
)

// Languages are those of the reports.
var Languages = []string{"es", "en"}

// A Report is the publishable report of a release: what can be said of it
// without another look at the data.
type Report struct {
	Title       microdata.Text      `json:"title"`
	Dataset     string              `json:"dataset"`
	Version     int                 `json:"version"`
	Date        string              `json:"date"`
	Fictional   bool                `json:"fictional"`
	Population  string              `json:"population"`
	PrivacyUnit catalog.PrivacyUnit `json:"privacy_unit"`
	Epsilon     float64             `json:"epsilon"`
	Delta       float64             `json:"delta"`
	Mu          float64             `json:"mu"`
	Rho         float64             `json:"rho"`                // μ²/2
	Thresholds  float64             `json:"delta_of_discovery"` // part of Delta spent on finding levels
	SignedBy    int                 `json:"signed_by"`
	Rows        int                 `json:"rows"` // synthetic
	Code        string              `json:"code"`
	Beliefs     []Belief            `json:"beliefs"`
	Accusations []Accuse            `json:"accusations"`
	Found       []FoundLevels       `json:"found,omitempty"`
	Binned      []Binned            `json:"binned,omitempty"`
	Dropped     []string            `json:"dropped,omitempty"`
	Allowed     []string            `json:"allowed,omitempty"`
	Fabrication string              `json:"fabrication"`
	Support     int                 `json:"support,omitempty"` // of a strict output: records that share each combination of up to three values
	Tables      []TableFigures      `json:"tables"`
	Rules       []RuleFigures       `json:"rules"`
}

// Ruled says whether records were made to keep rules of the custodian.
func (p *Report) Ruled() bool { return len(p.Rules) > 1 } // the first is that values are in their list

// FoundLevels says how many levels of an open column were found under privacy.
type FoundLevels struct {
	Column string `json:"column"`
	Levels int    `json:"levels"`
}

// TableFigures says how good one table is.
type TableFigures struct {
	ID      string           `json:"id"`
	Columns []string         `json:"columns"`
	Labels  []microdata.Text `json:"-"`
	Cells   int              `json:"cells"`
	Sigma   float64          `json:"sigma"`          // of the noise of each count
	Half    float64          `json:"half_width"`     // of the 95 % interval of a count
	Noise   float64          `json:"expected_noise"` // mean absolute noise of a count
	// Model is what the root mean square distance of the synthetic records' counts from
	// the true ones is at most, told without looking at these: the squared distance from
	// the noisy counts and the noise's variance. The records were fitted to these very
	// counts, so that nothing may be taken off: what they are near to is noisy.
	Model float64 `json:"records_error_at_most"`
}

// RuleFigures counts violations of a rule in the output.
type RuleFigures struct {
	Rule       microdata.Text `json:"rule"`
	Violations int            `json:"violations"`
}

// report makes the publishable report from released values alone.
func (r *run) report(m catalog.Manifest) *Report {
	p := &Report{
		Title: m.Title, Dataset: m.Dataset, Version: m.Version, Date: m.Created.Format("2006-01-02"), Fictional: m.Fictional,
		Population: m.Population, PrivacyUnit: m.PrivacyUnit, Epsilon: m.Epsilon, Delta: m.Delta, Mu: m.Mu, Rho: float64(r.spend.Cost.Precision) / 2,
		Thresholds: float64(r.spend.Cost.Thresholds), SignedBy: m.SignedBy, Rows: m.Rows, Code: m.Code,
		Beliefs: beliefs(r.Epsilon), Accusations: accusations(r.spend.Cost), Dropped: m.Dropped, Allowed: m.Allowed,
		// released.check has looked, and would have refused any.
		Rules: []RuleFigures{{microdata.Text{
			"es": "Cada valor está en la lista pública o descubierta de su columna",
			"en": "Every value is in the public or discovered list of its column"}, 0}},
	}
	broken, _ := released{records: r.drawn, rules: r.rules}.ruleFigures()
	p.Rules = append(p.Rules, broken...)
	p.Fabrication = r.Fabrication.String()
	if r.Fabrication == synth.Strict {
		p.Support = synth.StrictSupport
	}
	for _, f := range r.result.Found {
		p.Found = append(p.Found, FoundLevels(f))
	}
	p.Binned = r.result.Binned
	d := r.model.Domain()
	for i, t := range r.model.Tables() {
		p.Tables = append(p.Tables, tableFigures(i+1, d, t, r.drawn))
	}
	return p
}

func tableFigures(number int, d *microdata.Domain, t synth.Table, records [][]uint16) TableFigures {
	sigma := math.Sqrt(t.Variance)
	f := TableFigures{ID: fmt.Sprintf("%03d", number), Cells: len(t.Noisy), Sigma: sigma,
		Half: catalog.Z * sigma, Noise: sigma * math.Sqrt(2/math.Pi)}
	for _, a := range t.Clique {
		f.Columns = append(f.Columns, d.Column(a).Name)
		f.Labels = append(f.Labels, d.Column(a).Label)
	}
	squares := 0.0
	for cell, n := range tally(d, t, records) {
		squares += float64(n-t.Noisy[cell]) * float64(n-t.Noisy[cell])
	}
	f.Model = math.Sqrt(squares/float64(len(t.Noisy)) + t.Variance)
	return f
}

// tally counts synthetic records in the cells of a table.
func tally(d *microdata.Domain, t synth.Table, records [][]uint16) []int64 {
	sizes := coarseSizes(d.Sizes(), t)
	counts := make([]int64, t.Clique.Cells(sizes))
	for row := range records[0] {
		cell := 0
		for i, a := range t.Clique {
			code := int(records[a][row])
			if i < len(t.Coarse) && t.Coarse[i] != nil {
				code = int(t.Coarse[i].Of[code])
			}
			cell = cell*sizes[a] + code
		}
		counts[cell]++
	}
	return counts
}

//go:embed report.html custodian.html style.css
var pages embed.FS

// HTML writes the report as one page that needs nothing else.
func (p *Report) HTML(w io.Writer, lang string) error {
	return page(w, "report.html", lang, p, p.charts(phrases(lang)))
}

// phrases picks phrases of a language.
type phrases string

// t returns the phrase in Spanish or English.
func (s phrases) t(es, en string) string {
	if s == "es" {
		return es
	}
	return en
}

// set names columns, joined by ×.
func (s phrases) set(names []string, labels []microdata.Text) string {
	var out []string
	for i, n := range names {
		out = append(out, labels[i].In(string(s), n))
	}
	return strings.Join(out, " × ")
}

// page writes a template in one language. In templates, t picks a phrase; charts are
// functions that draw.
func page(w io.Writer, name, lang string, values any, charts template.FuncMap) error {
	style, err := pages.ReadFile("style.css")
	if err != nil {
		return err
	}
	s := phrases(lang)
	t, err := template.New(name).Funcs(charts).Funcs(template.FuncMap{
		"lang":       func() string { return lang },
		"style":      func() template.CSS { return template.CSS(style) },
		"t":          s.t,
		"set":        s.set,
		"in":         func(x microdata.Text, fallback string) string { return x.In(lang, fallback) },
		"num":        grouped,
		"dec":        short,
		"percent":    percent,
		"rate":       rate,
		"interval":   interval,
		"thresholds": func() []int64 { return evaluate.Thresholds[:] },
		"small":      func(x float64) string { return oneIn(x) },
		"join":       func(x []string) string { return strings.Join(x, ", ") },
	}).ParseFS(pages, name)
	if err != nil {
		return err
	}
	return t.Execute(w, values)
}

// short writes a number with three significant figures.
func short(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1000:
		return grouped(x)
	case a > 0 && a < 1e-4:
		digits, power, _ := strings.Cut(strconv.FormatFloat(x, 'e', 2, 64), "e-")
		digits = strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
		if digits += "·"; digits == "1·" {
			digits = ""
		}
		return digits + "10⁻" + strings.Map(raised, strings.TrimLeft(power, "0"))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

func raised(digit rune) rune { return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[digit-'0'] }

// rate writes a rate in percent.
func rate(r evaluate.Rate) string { return fmt.Sprintf("%.1f %%", 100*r.Share()) }

// interval writes the 95 % interval of a rate.
func interval(r evaluate.Rate) string {
	low, high := r.Interval()
	return fmt.Sprintf("%.1f – %.1f %%", 100*low, 100*high)
}

// grouped writes a whole number with a thin space between thousands, which no
// country reads as a decimal sign.
func grouped(x any) string {
	s := ""
	switch x := x.(type) {
	case float64:
		s = strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	default:
		s = fmt.Sprint(x)
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// percent writes a share with two significant figures, never as 0 % or 100 %.
func percent(x float64) string {
	switch {
	case x > 0.99 && x < 1:
		return "> 99 %"
	case x < 0.1:
		return strconv.FormatFloat(100*x, 'g', 2, 64) + " %"
	}
	return strconv.FormatFloat(100*x, 'f', 0, 64) + " %"
}

// oneIn writes a small probability as one in so many.
func oneIn(x float64) string { return "1 : " + grouped(1/x) }
