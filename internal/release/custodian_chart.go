package release

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"amparo/synth/evaluate"
)

// charts returns what draws the custodian's report.
func (p *CustodianReport) charts(s phrases) template.FuncMap {
	return template.FuncMap{
		"distanceChart":   func() template.HTML { return p.distanceChart(s) },
		"namedChart":      func() template.HTML { return p.namedChart(s) },
		"subgroupChart":   func(t SubgroupTable) template.HTML { return t.chart(s) },
		"lostChart":       func() template.HTML { return p.lostChart(s) },
		"coverageChart":   func() template.HTML { return p.coverageChart(s) },
		"membershipChart": func() template.HTML { return p.membershipChart(s) },
		"nearChart":       func() template.HTML { return p.nearChart(s) },
		"singlingChart":   func() template.HTML { return p.singlingChart(s) },
		"inferenceChart":  func() template.HTML { return p.inferenceChart(s) },
		"order":           s.order,
		"group":           s.group,
		"level":           s.level,
		"against":         s.against,
		"half":            s.half,
		"counts":          s.counts,
		"bucket":          func(i int) string { return s.counts(i + 1) },
		"next":            func(i int) int { return i + 1 },
	}
}

// bars are those of a distance, with its two yardsticks.
func bars(synthetic, independent, resample float64) []mark {
	out := []mark{{series: ours, value: synthetic, text: short(synthetic)}}
	if independent > 0 {
		out = append(out, mark{series: plain, value: independent, text: short(independent)})
	}
	return append(out, mark{series: chance, value: resample, text: short(resample)})
}

func (p *CustodianReport) distanceChart(s phrases) template.HTML {
	c := chart{label: s.t("Distancia media según el número de columnas", "Mean distance by number of columns")}
	for _, d := range p.Distances {
		c.rows = append(c.rows, chartRow{s.order(d.Synthetic.Order), bars(d.Synthetic.Mean, independent(d), d.Resample.Mean)})
	}
	return c.fitted()
}

// independent is the independent model's mean; of single columns it knows all.
func independent(d OrderDistance) float64 {
	if d.Synthetic.Order < 2 {
		return 0
	}
	return d.Independent.Mean
}

func (p *CustodianReport) namedChart(s phrases) template.HTML {
	c := chart{label: s.t("Distancia de los pares señalados", "Distance of the pairs named")}
	for _, n := range p.Named {
		c.rows = append(c.rows, chartRow{s.set(n.Names, n.Labels), bars(n.Synthetic, n.Independent, n.Resample)})
	}
	return c.fitted()
}

// fitted draws bars of which the longest fills the reach.
func (c chart) fitted() template.HTML {
	for _, r := range c.rows {
		for _, m := range r.marks {
			c.high = max(c.high, m.value)
		}
	}
	return c.svg()
}

func (t SubgroupTable) chart(s phrases) template.HTML {
	c := scatter{label: s.t("Distancia dentro de cada grupo según su tamaño", "Distance within each group by its size"),
		across: s.t("personas reales del grupo", "real people in the group"), up: s.t("distancia media", "mean distance")}
	for _, r := range t.Rows {
		c.points = append(c.points, scatterPoint{s.level(r), float64(r.Real), [2]float64{r.Mean, r.Resample}})
	}
	return c.svg()
}

// level names the level of a subgroup.
func (s phrases) level(r SubgroupRow) string {
	if r.Value == "" && len(r.Text) == 0 {
		return s.t("en blanco", "blank")
	}
	return r.Text.In(string(s), r.Value)
}

// Worst returns the groups that are farthest beyond what chance would make of as many
// people, at most five.
func (t SubgroupTable) Worst() []SubgroupRow {
	rows := slices.Clone(t.Rows)
	slices.SortStableFunc(rows, func(a, b SubgroupRow) int { return cmp.Compare(b.Mean-b.Resample, a.Mean-a.Resample) })
	return rows[:min(len(rows), 5)]
}

func (p *CustodianReport) lostChart(s phrases) template.HTML {
	c := chart{label: s.t("Combinaciones inventadas y perdidas según cuántos valores tienen", "Combinations invented and lost by number of values"), high: 1}
	for _, d := range p.Distances {
		r := chartRow{label: s.values(d.Synthetic.Order)}
		x := d.Combinations.FabricatedShare()
		r.marks = append(r.marks, mark{series: invents, value: x, text: percent(x) + " " + s.t("inventadas", "invented")})
		for i, least := range evaluate.Thresholds[1:] {
			x := d.Combinations.SuppressedShare(i + 1)
			r.marks = append(r.marks, mark{series: plain, value: x, text: fmt.Sprintf("%s %s ≥ %d", percent(x), s.t("perdidas,", "lost,"), least)})
		}
		c.rows = append(c.rows, r)
	}
	return c.svg()
}

// dot is a rate with its interval.
func dot(of series, r evaluate.Rate) mark {
	low, high := r.Interval()
	return mark{of, r.Share(), [2]float64{low, high}, rate(r)}
}

func (p *CustodianReport) coverageChart(s phrases) template.HTML {
	const nominal = 0.95
	c := chart{label: s.t("Parte de los intervalos que contienen la cuenta verdadera", "Share of intervals that hold the true count"),
		low: 0.9, high: 1, lines: []chartLine{{nominal, "95 %"}}}
	add := func(label string, r evaluate.Rate) {
		if r.Tries == 0 {
			return
		}
		low, _ := r.Interval()
		c.low = min(c.low, low)
		c.rows = append(c.rows, chartRow{label, []mark{dot(ours, r)}})
	}
	add(s.t("Todas las casillas", "All cells"), p.Coverage.All)
	for i, r := range p.Coverage.ByOrder {
		add(s.order(i+1), r)
	}
	for i, r := range p.Coverage.ByCount {
		add(s.t("Cuenta verdadera: ", "True count: ")+s.counts(i), r)
	}
	c.ends = [2]string{percent(c.low), "100 %"}
	return c.svg()
}

func (p *CustodianReport) membershipChart(s phrases) template.HTML {
	c := chart{label: s.t("Personas acusadas de estar en los datos", "People accused of being in the data"), high: 0.01}
	for _, m := range p.Attacks.Membership {
		marks := []mark{dot(ours, m.Success), dot(plain, m.Control)}
		for _, k := range marks {
			c.high = max(c.high, k.interval[1])
		}
		c.rows = append(c.rows, chartRow{s.group(m.Group) + ", " + percent(m.Rate), marks})
	}
	c.ends = [2]string{"0 %", percent(c.high)}
	return c.svg()
}

func (p *CustodianReport) nearChart(s phrases) template.HTML {
	c := percentages(s.t("Personas cuyo registro más parecido es sintético", "People whose most similar record is synthetic"))
	c.lines = []chartLine{{0.5, "50 %"}}
	for _, n := range p.Attacks.Near {
		if n.Nearer.Tries > 0 {
			c.rows = append(c.rows, chartRow{s.group(n.Group), []mark{dot(ours, n.Nearer)}})
		}
	}
	return c.svg()
}

// leastDrawn is how many guesses are enough to be drawn; the table has all.
const leastDrawn = 20

func (p *CustodianReport) singlingChart(s phrases) template.HTML {
	c := percentages(s.t("Conjeturas que señalan a una sola persona", "Guesses that point at one person"))
	for _, g := range p.Attacks.Singling {
		if g.Success.Tries >= leastDrawn && g.Control.Tries >= leastDrawn {
			c.rows = append(c.rows, chartRow{s.order(g.Columns), []mark{dot(ours, g.Success), dot(plain, g.Control)}})
		}
	}
	return c.svg()
}

func (p *CustodianReport) inferenceChart(s phrases) template.HTML {
	c := percentages(s.t("Respuestas adivinadas", "Answers guessed"))
	for _, f := range p.Attacks.Inferred {
		c.rows = append(c.rows, chartRow{f.Label.In(string(s), f.Name) + ", " + s.group(f.Group), []mark{dot(ours, f.Success), dot(plain, f.Control), dot(chance, f.Common)}})
	}
	return c.svg()
}

func percentages(label string) chart {
	return chart{label: label, high: 1, ends: [2]string{"0 %", "100 %"}}
}

// order says of how many columns something is.
func (s phrases) order(n int) string {
	if n == 1 {
		return s.t("1 columna", "1 column")
	}
	return fmt.Sprint(n, s.t(" columnas", " columns"))
}

// values says of how many values a combination is.
func (s phrases) values(n int) string {
	if n == 1 {
		return s.t("1 valor", "1 value")
	}
	return fmt.Sprint(n, s.t(" valores", " values"))
}

// counts names a bucket of true counts: zero first.
func (s phrases) counts(i int) string {
	switch {
	case i == 0:
		return "0"
	case i == len(evaluate.Thresholds):
		return fmt.Sprint("≥ ", evaluate.Thresholds[i-1])
	}
	return fmt.Sprintf("%d – %d", evaluate.Thresholds[i-1], evaluate.Thresholds[i]-1)
}

func (s phrases) group(g evaluate.Group) string {
	if g == evaluate.Rare {
		return s.t("personas poco comunes", "rare people")
	}
	return s.t("personas al azar", "people at random")
}

// against says in words how an attack did beside its control.
func (s phrases) against(success, control evaluate.Rate) string {
	if success.Tries == 0 {
		return s.t("nada que conjeturar", "nothing to guess")
	}
	low, high := success.Interval()
	under, over := control.Interval()
	switch {
	case low > over:
		return s.t("por encima del control", "above the control")
	case high < under:
		return s.t("por debajo del control", "below the control")
	}
	return s.t("como el control", "like the control")
}

// half says in words how a rate stands to one half.
func (s phrases) half(r evaluate.Rate) string {
	low, high := r.Interval()
	switch {
	case low > 0.5:
		return s.t("más cerca: aprendidos de memoria", "nearer: learned by heart")
	case high < 0.5:
		return s.t("más lejos que una muestra nueva", "farther than a fresh sample")
	}
	return s.t("como una muestra nueva", "like a fresh sample")
}
