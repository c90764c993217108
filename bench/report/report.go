package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"amparo/bench/run"
)

//go:embed readme.tmpl
var readme string

// README returns README.md.
func README(results []run.Result) ([]byte, error) {
	t, err := template.New("README").Funcs(template.FuncMap{
		"distance": distance, "percent": percent, "seconds": seconds, "mebibytes": mebibytes, "columns": columns,
	}).Parse(readme)
	if err != nil {
		return nil, err
	}
	all := groups(results)
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Systems": run.Systems, "Versions": versions(results), "Failed": failed(results),
		"Groups": all, "Shown": shown(all), "Against": against(all),
	})
	return out.Bytes(), err
}

// distance writes a number from 0 to 1 as the other tables of the project do: .0123.
func distance(x float64) string { return strings.TrimPrefix(fmt.Sprintf("%.4f", x), "0") }

func percent(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < .0005:
		return "< 0.1"
	case x < .1:
		return fmt.Sprintf("%.1f", 100*x)
	}
	return fmt.Sprintf("%.0f", 100*x)
}

func seconds(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func mebibytes(x float64) string { return fmt.Sprintf("%.0f", x) }

func columns(names []string) string { return strings.Join(names, " × ") }

func number(text string) float64 {
	x, _ := strconv.ParseFloat(text, 64) // of the plan, which a test reads
	return x
}

// versions returns what each system said it is, or that it was not run.
func versions(results []run.Result) map[string]string {
	out := map[string]string{}
	for _, s := range run.Systems {
		if !slices.ContainsFunc(results, func(r run.Result) bool { return r.System == s.Name && r.Data != "" }) {
			out[s.Name] = "not run yet"
			continue
		}
		var said []string
		for _, r := range results {
			if r.System == s.Name && r.Version != "" && !slices.Contains(said, r.Version) {
				said = append(said, r.Version)
			}
		}
		out[s.Name] = strings.Join(said, "; ")
	}
	return out
}

// failed returns the peers that could not be installed.
func failed(results []run.Result) (out []run.Result) {
	for _, r := range results {
		if r.Data == "" {
			out = append(out, r)
		}
	}
	return out
}

// A Pair tells the distance of one pair of columns, row by row of a group.
type Pair struct {
	Group Group
	Names []string
}

// shown returns the groups of which pairs are told apart.
func shown(all []Group) (out []Pair) {
	for _, g := range all {
		p := Pair{Group: g}
		for _, pair := range g.Data.Shown {
			p.Names = append(p.Names, pair[0]+" × "+pair[1])
		}
		if len(p.Names) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// A Contest sets one mode of pac-synth against our dial.
type Contest struct {
	Group Group
	Peer  Row
	// Better are positions of the dial with no more fabricated and no more suppressed
	// at any of the drawn thresholds.
	Better []string
}

// against asks of each mode of pac-synth whether our dial is anywhere behind it.
func against(all []Group) (out []Contest) {
	for _, g := range all {
		for _, peer := range g.Rows {
			if peer.System != "pac-synth" || peer.Runs == 0 {
				continue
			}
			c := Contest{Group: g, Peer: peer}
			for _, ours := range g.Rows {
				if ours.System == "amparo" && ours.Runs > 0 && noWorse(ours, peer) {
					c.Better = append(c.Better, ours.Mode)
				}
			}
			out = append(out, c)
		}
	}
	return out
}

func noWorse(a, b Row) bool {
	for _, t := range drawn {
		if a.AllSuppressed[t] > b.AllSuppressed[t] {
			return false
		}
	}
	return a.AllFabricated <= b.AllFabricated
}
