package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Cost is what a process and its children took.
type Cost struct {
	Wall float64 `json:"wall"` // seconds
	CPU  float64 `json:"cpu"`  // seconds, user and system
	Peak float64 `json:"peak"` // MiB, the most that one process held
}

// An Outcome is a cost and, where the process failed, why.
type Outcome struct {
	Cost
	Failed string `json:"failed,omitempty"`
}

// measure runs a command and returns what it cost. The system takes the most that the
// caller itself held for a part of its child's life, so that a small process comes
// between: this program, as "bench cost".
func (o Options) measure(ctx context.Context, command []string) (Outcome, error) {
	between := exec.CommandContext(ctx, o.Self, append([]string{"cost", "-limit", o.Limit.String(), "--"}, command...)...)
	between.Stderr = os.Stderr
	between.Cancel = func() error { return between.Process.Signal(os.Interrupt) }
	text, err := between.Output()
	if err != nil {
		return Outcome{}, fmt.Errorf("bench cost: %w", err)
	}
	var out Outcome
	if err := json.Unmarshal(text, &out); err != nil {
		return Outcome{}, fmt.Errorf("bench cost: %w", err)
	}
	return out, nil
}

// patience is how many times its limit of CPU time a run may take by the clock, on a
// machine that does other work.
const patience = 20

// Measure runs a command, with numerical libraries kept to one thread so that CPU
// seconds compare. What it writes goes to standard error. The limit is of CPU time, in
// whole seconds, and the caller's own from then on; at it, or where the command only
// waits, the command and all that it started are ended.
func Measure(ctx context.Context, command []string, limit time.Duration) Outcome {
	ctx, cancel := context.WithTimeout(ctx, patience*limit)
	defer cancel()
	seconds := uint64(max(1, limit.Seconds()))
	if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: seconds, Max: seconds}); err != nil {
		return Outcome{Failed: fmt.Sprintf("setting the limit of CPU time: %v", err)}
	}
	said := tail{}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), oneThread...)
	cmd.Stdout, cmd.Stderr = os.Stderr, io.MultiWriter(os.Stderr, &said)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	start := time.Now()
	err := cmd.Run()
	out := Outcome{Cost: Cost{Wall: time.Since(start).Seconds()}}
	if state := cmd.ProcessState; state != nil {
		out.CPU = (state.UserTime() + state.SystemTime()).Seconds()
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			out.Peak = float64(usage.Maxrss) / 1024
		}
	}
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		out.Failed = "ended after " + (patience * limit).String() + " by the clock"
	case out.CPU > .75*float64(seconds): // the system ends it by a coarser clock
		out.Failed = "ended at its limit of " + limit.String() + " of CPU time"
	default:
		out.Failed = fmt.Sprintf("%v: %s", err, said.line())
	}
	return out
}

// oneThread names the libraries' settings.
var oneThread = []string{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
	"XLA_FLAGS=--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "PYTHONWARNINGS=ignore"}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailBytes):]
	return len(p), nil
}

// line returns the last line.
func (t *tail) line() string {
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
