package indicator

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"amparo/internal/catalog"
	"amparo/microdata"
)

// Pinned returns the answer's state with the version that answered it: it reads
// the same when a newer one is published.
func (a *Answer) Pinned() State {
	s := a.State
	s.Version = a.Source.Version
	return s
}

// heading returns the lines that stand in every file: what it is, where it comes
// from, and what it does not say. The key is the field's name in JSON.
func (a *Answer) heading(lang string) [][2]string {
	m := a.Source.Manifest
	h := [][2]string{
		{"title", a.Title(lang)},
		{"source", fmt.Sprintf("%s@%d", a.Source.Dataset, a.Source.Version)},
		{"dataset", m.Title.In(lang, m.Title["es"])},
		{"sha256", a.Source.Hash},
		{"table", a.Source.Table},
		{"state", a.Pinned().Query()},
		{"coverage", Coverage(m, lang)},
		{"privacy", Privacy(m, lang)},
	}
	if m.Fictional {
		h = append(h, [2]string{"fictional", Fictional(lang)})
	}
	if m.License != "" {
		h = append(h, [2]string{"license", m.License})
	}
	return h
}

// WriteCSV writes the answer as CSV in UTF-8. Lines that begin with "#" come
// first: title, source, hash, coverage warning and privacy statement. Then a
// header and a line a cell: the value and the label of each level; records (not
// below zero), its interval, noisy (unbiased: add these) and variance; the share
// of the total, empty where it has no interval; weak; and the kind of missing.
func (a *Answer) WriteCSV(w io.Writer, lang string) error {
	b := bufio.NewWriter(w)
	for _, line := range a.heading(lang) {
		fmt.Fprintf(b, "# %s: %s\n", line[0], oneLine(line[1]))
	}
	t := a.Total
	fmt.Fprintf(b, "# total: %s (%s–%s)\n", whole(t.Value), whole(t.Low), whole(t.High))
	out := csv.NewWriter(b)
	var head []string
	for _, axis := range a.Axes {
		head = append(head, axis.Name, axis.Name+"_label")
	}
	head = append(head, "records", "low", "high", "noisy", "variance", "share", "share_low", "share_high", "weak", "missing")
	if err := writeRow(b, out, head); err != nil {
		return err
	}
	for _, c := range a.Cells {
		var row []string
		for i, l := range c.Levels {
			row = append(row, a.Axes[i].Levels[l].Value, a.LevelLabel(i, l, lang))
		}
		e := c.Estimate
		row = append(row, whole(e.Value), tenth(e.Low), tenth(e.High), strconv.FormatInt(e.Noisy, 10), strconv.FormatFloat(e.Variance, 'g', -1, 64))
		if s := c.Share; s != nil {
			row = append(row, part(s.Value), part(s.Low), part(s.High))
		} else {
			row = append(row, "", "", "")
		}
		row = append(row, strconv.FormatBool(c.Weak), kind(c.Missing))
		if err := writeRow(b, out, row); err != nil {
			return err
		}
	}
	out.Flush()
	return errors.Join(out.Error(), b.Flush())
}

// writeRow writes a line. A name or value that begins with "#" is quoted where it
// stands first, lest the line be read as a comment.
func writeRow(b *bufio.Writer, out *csv.Writer, row []string) error {
	if first := row[0]; strings.HasPrefix(first, "#") && !strings.ContainsAny(first, ",\"\r\n") { // else out quotes it
		out.Flush()
		b.WriteString(`"` + first + `",`)
		row = row[1:]
	}
	return out.Write(row)
}

func whole(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }
func tenth(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
func part(x float64) string  { return strconv.FormatFloat(x, 'f', 5, 64) }

// kind names a kind of missing in files: empty for an answer.
func kind(m microdata.Missing) string {
	if m == microdata.Present {
		return ""
	}
	return m.String()
}

// oneLine keeps a text within a comment line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

type jsonLevel struct {
	Value   string `json:"value"`
	Label   string `json:"label"`
	Missing string `json:"missing,omitempty"`
}

type jsonAxis struct {
	Name   string      `json:"name"`
	Label  string      `json:"label"`
	Levels []jsonLevel `json:"levels"`
	Coarse bool        `json:"coarse,omitempty"`
}

type jsonCell struct {
	Levels []string `json:"levels"`
	Estimate
	Share   *Share `json:"share"`
	Weak    bool   `json:"weak"`
	Missing string `json:"missing,omitempty"`
}

// JSON returns the answer as one JSON object, with the same statements as the
// CSV in fields of the same names.
func (a *Answer) JSON(lang string) ([]byte, error) {
	out := struct {
		Title     string              `json:"title"`
		Dataset   string              `json:"dataset"`
		Source    string              `json:"source"`
		SHA256    string              `json:"sha256"`
		Table     string              `json:"table"`
		State     string              `json:"state"`
		Coverage  string              `json:"coverage"`
		Privacy   string              `json:"privacy"`
		Fictional string              `json:"fictional,omitempty"`
		License   string              `json:"license,omitempty"`
		Epsilon   float64             `json:"epsilon"`
		Delta     float64             `json:"delta"`
		Unit      catalog.PrivacyUnit `json:"privacy_unit"`
		Notes     []string            `json:"notes"`
		Columns   []jsonAxis          `json:"columns"`
		Total     Estimate            `json:"total"`
		Cells     []jsonCell          `json:"cells"`
	}{Epsilon: a.Source.Manifest.Epsilon, Delta: a.Source.Manifest.Delta, Unit: a.Source.Manifest.PrivacyUnit,
		Notes: append([]string{}, a.Notes(lang)...), Total: a.Total}
	fields := map[string]*string{"title": &out.Title, "dataset": &out.Dataset, "source": &out.Source, "sha256": &out.SHA256,
		"table": &out.Table, "state": &out.State, "coverage": &out.Coverage, "privacy": &out.Privacy,
		"fictional": &out.Fictional, "license": &out.License}
	for _, line := range a.heading(lang) {
		*fields[line[0]] = line[1]
	}
	for i, axis := range a.Axes {
		j := jsonAxis{Name: axis.Name, Label: a.AxisLabel(i, lang), Coarse: axis.Coarse}
		for l, level := range axis.Levels {
			j.Levels = append(j.Levels, jsonLevel{level.Value, a.LevelLabel(i, l, lang), kind(level.Missing)})
		}
		out.Columns = append(out.Columns, j)
	}
	for _, c := range a.Cells {
		j := jsonCell{Estimate: c.Estimate, Share: c.Share, Weak: c.Weak, Missing: kind(c.Missing)}
		for i, l := range c.Levels {
			j.Levels = append(j.Levels, a.Axes[i].Levels[l].Value)
		}
		out.Cells = append(out.Cells, j)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(&out)
	return b.Bytes(), err
}
