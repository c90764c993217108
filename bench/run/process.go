package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// errLimit is returned of a process that was ended at its time limit.
var errLimit = errors.New("ended at its time limit")

// measure runs a command and returns its cost, also where it fails. At the limit it
// ends the command and all that it started.
func measure(ctx context.Context, command []string, environment []string, limit time.Duration) (Cost, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = os.Stderr, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	start := time.Now()
	err := cmd.Run()
	cost := Cost{Wall: time.Since(start).Seconds()}
	if state := cmd.ProcessState; state != nil {
		cost.CPU = (state.UserTime() + state.SystemTime()).Seconds()
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			cost.Peak = float64(usage.Maxrss) / 1024
		}
	}
	switch {
	case err == nil:
		return cost, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return cost, errLimit
	}
	return cost, fmt.Errorf("%w: %s", err, last(said.String()))
}

// last returns the last line of what a program said before it failed.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
