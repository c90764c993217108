package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"amparo/internal/release"
)

// A display shows how far a run is: a bar on a terminal, plain lines elsewhere.
type display interface {
	step(release.Progress)
	end()
}

func (p *program) progress() display {
	if p.screen {
		return &bars{all: mpb.New(mpb.WithOutput(p.err), mpb.WithWidth(48), mpb.WithRefreshRate(150*time.Millisecond))}
	}
	return &lines{out: p.err, now: p.now}
}

// bars shows one bar, that of the stage under way.
type bars struct {
	mu    sync.Mutex
	all   *mpb.Progress
	bar   *mpb.Bar
	stage string
}

func (b *bars) step(s release.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.Stage != b.stage {
		b.drop()
		b.stage = s.Stage
		b.bar = b.all.New(max(s.Total, 0), mpb.BarStyle(),
			mpb.PrependDecorators(decor.Name(s.Stage, decor.WC{W: 20, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.Elapsed(decor.ET_STYLE_MMSS)))
	}
	if s.Total > 0 {
		b.bar.SetTotal(s.Total, false)
		b.bar.SetCurrent(min(s.Done, s.Total))
	}
}

// drop takes the bar away; what was done is said by the result.
func (b *bars) drop() {
	if b.bar != nil {
		b.bar.Abort(true)
		b.bar.Wait()
		b.bar = nil
	}
}

func (b *bars) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop()
	b.all.Wait()
}

// lines writes a line when a stage begins, and now and then while it lasts.
type lines struct {
	mu    sync.Mutex
	out   io.Writer
	now   func() time.Time
	stage string
	last  time.Time
}

const between = 5 * time.Second

func (l *lines) step(s release.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	switch {
	case s.Stage != l.stage:
		fmt.Fprintf(l.out, "%s\n", s.Stage)
	case s.Total > 0 && now.Sub(l.last) >= between:
		fmt.Fprintf(l.out, "%s: %d %%\n", s.Stage, 100*min(s.Done, s.Total)/s.Total)
	default:
		return
	}
	l.stage, l.last = s.Stage, now
}

func (l *lines) end() {}
