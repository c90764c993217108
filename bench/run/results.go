package run

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"amparo/bench/score"
)

// A Result is one run of one system, or, where Data is empty, what became of its
// installation.
type Result struct {
	System  string `json:"system"`
	Mode    string `json:"mode,omitempty"` // of the system: a dial's position, a size
	Data    string `json:"data,omitempty"`
	Epsilon string `json:"epsilon,omitempty"` // empty of a system that protects nobody
	Delta   string `json:"delta,omitempty"`
	Seed    int    `json:"seed,omitempty"`
	Version string `json:"version,omitempty"`
	Cost
	Score *score.Score `json:"score,omitempty"`
	// Failed says why there is no score: the last line that the program said.
	Failed string `json:"failed,omitempty"`
}

// Key tells runs apart: the same key is not run twice.
func (r Result) Key() string {
	return fmt.Sprint(r.System, "|", r.Mode, "|", r.Data, "|", r.Epsilon, "|", r.Delta, "|", r.Seed)
}

// ReadResults reads results, one JSON object a line. Of those with the same key the
// last stands, in the first one's place.
func ReadResults(r io.Reader) (out []Result, err error) {
	at := map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var one Result
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("results, line %d: %w", n, err)
		}
		i, ok := at[one.Key()]
		if !ok {
			i = len(out)
			at[one.Key()] = i
			out = append(out, one)
		}
		out[i] = one
	}
	return out, lines.Err()
}

// ReadFile reads a file of results; one that is not there holds none.
func ReadFile(path string) ([]Result, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadResults(f)
}

// appendTo adds a result to a file.
func appendTo(path string, r Result) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// NotInstalled notes in a file of results why a peer could not be installed.
func NotInstalled(path, peer, reason string) error {
	return appendTo(path, Result{System: peer, Failed: reason})
}
