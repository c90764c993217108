//go:build linux

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
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

// BenchmarkRelease releases the real file as a user does, the custodian's report
// included, and reports the time and the most memory of the whole process.
func BenchmarkRelease(b *testing.B) {
	file := realData(b, "ctdc/global_synthetic_2021.csv")
	home := b.TempDir()
	run := func(args ...string) *os.ProcessState {
		cmd := amparo(b, home, args...)
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("amparo %v: %v: %s", args, err, text)
		}
		return cmd.ProcessState
	}
	run("budget", "set", "p", "--epsilon", "50", "--delta", "1e-5")
	peak := int64(0)
	for b.Loop() {
		state := run("release", file, "--population", "p", "--dataset", "victims", "--epsilon", "1", "--delta", "1e-6")
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, usage.Maxrss)
		}
	}
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
}
