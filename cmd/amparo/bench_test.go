//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"amparo/microdata"
	"amparo/microdata/tabular"
	"amparo/synth/evaluate"
)

// realData finds a file of the real data that the project is tested on: under
// AMPARO_DATA, else in a folder shared/data above the working directory.
func realData(tb testing.TB, name string) string {
	tb.Helper()
	roots := []string{os.Getenv("AMPARO_DATA")}
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			roots = append(roots, filepath.Join(dir, "shared", "data"))
		}
	}
	for _, root := range roots {
		if path := filepath.Join(root, name); root != "" {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	tb.Skipf("real data absent: %s", name)
	return ""
}

// releases are the rows of the table in README: what is released, and how.
var releases = []struct {
	name, file, domain, epsilon, delta string
}{
	{"ctdc at 1", "ctdc/global_synthetic_2021.csv", "", "1", "1e-6"},
	{"ctdc at 4", "ctdc/global_synthetic_2021.csv", "", "4", "1e-6"},
	{"adult at 0.1", "dp/adult.csv", "dp/adult-domain.json", "0.1", "1e-9"},
	{"adult at 1", "dp/adult.csv", "dp/adult-domain.json", "1", "1e-9"},
	{"adult at 10", "dp/adult.csv", "dp/adult-domain.json", "10", "1e-9"},
	{"nltcs at 1", "dp/hd_nltcs.csv", "dp/hd_nltcs-domain.json", "1", "1e-9"},
	{"a million of 40 at 1", "", "", "1", "1e-6"},
}

// BenchmarkRelease releases files as a user does, the custodian's report included, and
// reports the time and the most memory of the whole process, and the total variation
// distance of the records: its mean over all sets of one, two and three columns, and
// the worst pair's.
func BenchmarkRelease(b *testing.B) {
	for _, row := range releases {
		b.Run(row.name, func(b *testing.B) {
			var file, domain string
			if row.file == "" {
				file, domain = million(b)
			} else if file = realData(b, row.file); row.domain != "" {
				domain = realData(b, row.domain)
			}
			home := b.TempDir()
			peak, worst, mean := int64(0), 0.0, [3]float64{}
			run := func(args ...string) {
				cmd := amparo(b, home, args...)
				if text, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("amparo %v: %v: %s", args, err, text)
				}
				if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					peak = max(peak, usage.Maxrss)
				}
			}
			run("budget", "set", "p", "--epsilon", "50", "--delta", "1e-5")
			args := []string{"release", file, "--population", "p", "--dataset", "d", "--epsilon", row.epsilon, "--delta", row.delta}
			if domain != "" {
				args = append(args, "--domain", domain)
			}
			runs := 0
			for b.Loop() {
				run(args...)
				runs++
				if row.file != "" {
					b.StopTimer()
					at := distances(b, file, filepath.Join(home, "catalog", "d", strconv.Itoa(runs), "data.csv"), domain)
					for i, d := range at {
						mean[i] += d.Mean
					}
					worst = max(worst, at[1].Worst)
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(peak)/1024, "MiB-peak")
			if row.file != "" {
				for i, m := range mean {
					b.ReportMetric(m/float64(runs), fmt.Sprint(i+1, "-way"))
				}
				b.ReportMetric(worst, "worst-pair")
			}
		})
	}
}

// distances compares two files over all sets of one, two and three columns.
func distances(b *testing.B, real, drawn, domain string) (out [3]evaluate.Distance) {
	b.Helper()
	var of [2]microdata.Counter
	for i, path := range []string{real, drawn} {
		var o tabular.Options
		if domain != "" {
			f, err := os.Open(domain)
			if err != nil {
				b.Fatal(err)
			}
			o.Domain, err = tabular.ReadDomain(f)
			if err := errors.Join(err, f.Close()); err != nil {
				b.Fatal(err)
			}
		}
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		file, err := tabular.Read(b.Context(), f, -1, o)
		if err := errors.Join(err, f.Close()); err != nil {
			b.Fatal(err)
		}
		of[i] = microdata.NewCounter(file.Table, workers())
	}
	for i := range out {
		c, err := evaluate.Compare(b.Context(), of[0], of[1], i+1)
		if err != nil {
			b.Fatal(err)
		}
		out[i] = c.Synthetic
	}
	return out
}

// million writes a file of a million rows of 40 columns, of 2 to 60 levels, that thirty
// hidden classes drive, and its domain.
func million(b *testing.B) (file, domain string) {
	b.Helper()
	sizes := []int{60, 60, 40, 30, 20, 20, 12, 12, 10, 10, 8, 8, 6, 6, 5, 5, 4, 4, 4, 4,
		3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}
	r := rand.New(rand.NewPCG(7, 7))
	var likely [30][40]int
	for h := range likely {
		for a, n := range sizes {
			likely[h][a] = r.IntN(n)
		}
	}
	levels := map[string]int{}
	var text bytes.Buffer
	for a, n := range sizes {
		levels[fmt.Sprint("c", a)] = n
		fmt.Fprintf(&text, "c%d%c", a, ",\n"[a/39])
	}
	for range 1_000_000 {
		h := r.IntN(len(likely))
		for a, n := range sizes {
			v := likely[h][a]
			if r.IntN(5) < 2 {
				v = r.IntN(n)
			}
			text.WriteString(strconv.Itoa(v))
			text.WriteByte(",\n"[a/39])
		}
	}
	known, err := json.Marshal(levels)
	if err != nil {
		b.Fatal(err)
	}
	file, domain = filepath.Join(b.TempDir(), "million.csv"), filepath.Join(b.TempDir(), "million.json")
	if err := errors.Join(os.WriteFile(file, text.Bytes(), 0o600), os.WriteFile(domain, known, 0o600)); err != nil {
		b.Fatal(err)
	}
	return file, domain
}
