// Package report makes of the results what people read.
package report

import "amparo/bench/run"

func README(r []run.Result) ([]byte, error) { return nil, nil }
func Drawing(r []run.Result) []byte { return nil }
