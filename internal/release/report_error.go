package release

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
)

// charts returns what draws the publishable report.
func (p *Report) charts(s phrases) template.FuncMap {
	return template.FuncMap{
		"spreadChart": func() template.HTML { return p.spreadChart(s) },
		"errorChart":  func() template.HTML { return p.errorChart(s) },
	}
}

// spreadChart shows, by number of columns, the expected noise of a table's counts and
// the estimated error of the records: the middle table and all from the best to the
// worst.
func (p *Report) spreadChart(s phrases) template.HTML {
	c := chart{label: s.t("Error esperado de las tablas según su número de columnas", "Expected error of tables by number of columns")}
	for order := 1; ; order++ {
		var noise, model []float64
		for _, t := range p.Tables {
			if len(t.Columns) == order {
				noise, model = append(noise, t.Noise), append(model, t.Model)
			}
		}
		if len(noise) == 0 {
			break
		}
		label := fmt.Sprintf("%s: %s", s.order(order), s.tables(len(noise)))
		r := chartRow{label, []mark{spread(ours, model), spread(plain, noise)}}
		for _, m := range r.marks {
			c.high = max(c.high, 1.5*m.interval[1]) // room for three figures
		}
		c.rows = append(c.rows, r)
	}
	c.ends = [2]string{"0", short(c.high)}
	return c.svg()
}

// spread is a dot at the middle of some errors, with a line from the least to the
// greatest.
func spread(of series, errors []float64) mark {
	slices.Sort(errors)
	least, middle, most := errors[0], errors[len(errors)/2], errors[len(errors)-1]
	return mark{of, middle, [2]float64{least, max(most, least+1e-9)}, fmt.Sprintf("%s (%s – %s)", short(middle), short(least), short(most))}
}

// mostDrawn is how many tables are drawn one by one.
const mostDrawn = 10

// errorChart shows the tables whose records are expected to be farthest off.
func (p *Report) errorChart(s phrases) template.HTML {
	tables := slices.Clone(p.Tables)
	slices.SortStableFunc(tables, func(a, b TableFigures) int { return cmp.Compare(b.Model, a.Model) })
	c := chart{label: s.t("Las tablas de mayor error esperado", "The tables of greatest expected error")}
	for _, t := range tables[:min(len(tables), mostDrawn)] {
		c.rows = append(c.rows, chartRow{s.set(t.Columns, t.Labels), []mark{
			{series: ours, value: t.Model, text: short(t.Model)}, {series: plain, value: t.Noise, text: short(t.Noise)}}})
	}
	return c.fitted()
}

// tables says how many tables there are.
func (s phrases) tables(n int) string {
	if n == 1 {
		return s.t("1 tabla", "1 table")
	}
	return grouped(n) + s.t(" tablas", " tables")
}
