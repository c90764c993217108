package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"amparo/internal/catalog/publish"
)

// TestPathsGoWordsStay: of an error of the file system the paths are taken out,
// wherever in it they stand; what was said around them is kept, and so is what it is.
func TestPathsGoWordsStay(t *testing.T) {
	open := &fs.PathError{Op: "open", Path: "/secret/a", Err: syscall.ENOENT}
	rename := &os.LinkError{Op: "rename", Old: "/secret/a", New: "/secret/b", Err: syscall.ENOTEMPTY}
	for want, err := range map[string]error{
		"no such file or directory":                                      open,
		"directory not empty":                                            rename,
		"publish: in the ledger: directory not empty":                    fmt.Errorf("publish: in the ledger: %w", rename),
		"a: b: no such file or directory":                                fmt.Errorf("a: %w", fmt.Errorf("b: %w", open)),
		"no such file or directory\ndirectory not empty":                 errors.Join(open, rename),
		"x: no such file or directory\nplain":                            errors.Join(fmt.Errorf("x: %w", open), errors.New("plain")),
		"publish: " + publish.ErrFull.Error() + " (directory not empty)": fmt.Errorf("publish: %w (%w)", publish.ErrFull, rename),
		"refused: no such file or directory":                             refuse("a hint", "refused: %w", open),
		"plain":                                                          errors.New("plain"),
	} {
		got := plainPath(err)
		if got.Error() != want {
			t.Errorf("%q became %q, want %q", err, got, want)
		}
		for _, is := range []error{syscall.ENOENT, syscall.ENOTEMPTY, publish.ErrFull} {
			if errors.Is(err, is) != errors.Is(got, is) {
				t.Errorf("%q: is it %v? It was %v, it is %v", err, is, errors.Is(err, is), errors.Is(got, is))
			}
		}
		if Hint(err) != Hint(got) {
			t.Errorf("%q: the hint %q is lost", err, Hint(err))
		}
	}
}

// TestResolved follows links as far as there is something, and takes the rest as it
// is written.
func TestResolved(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "a", "chain": "link", "deep": "a/b", "dangling": "nowhere", "round": "round"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"a": "a", "a/b": "a/b", "a/../a/b": "a/b", "link": "a", "link/b": "a/b", "chain/b": "a/b", "deep": "a/b", "deep/x/y": "a/b/x/y", "chain/new/newer": "a/new/newer",
		"new": "new", "new/newer/newest": "new/newer/newest", "dangling": "dangling", "dangling/x": "dangling/x", "round/x": "round/x",
	} {
		got, err := resolved(filepath.Join(dir, path))
		if err != nil || got != filepath.Join(dir, want) {
			t.Errorf("%s: %s, %v; want %s", path, strings.TrimPrefix(got, dir), err, want)
		}
	}
	t.Chdir(filepath.Join(dir, "a"))
	if got, err := resolved("b/../new"); err != nil || got != filepath.Join(dir, "a/new") {
		t.Errorf("a relative path: %s, %v", got, err)
	}
	if got, err := resolved("/"); err != nil || got != "/" {
		t.Errorf("the root: %s, %v", got, err)
	}
}

// TestOneOfManyWritesTheOutput: many who write one new file at once; one of them
// does, whole, and the others are told. Nobody's half is mixed in.
func TestOneOfManyWritesTheOutput(t *testing.T) {
	for _, force := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out.csv")
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 12 {
			wg.Go(func() {
				o := Output{Path: path, Force: force}
				err := o.write(func(w io.Writer) error {
					for range 200 {
						if _, err := fmt.Fprintf(w, "line of %02d\n", i); err != nil {
							return err
						}
					}
					return nil
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case force || !errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), dir):
					t.Errorf("force %v: %v", force, err)
				}
			})
		}
		wg.Wait()
		b, err := os.ReadFile(path)
		if err != nil || len(b) != 200*len("line of 00\n") || strings.Count(string(b), string(b[:11])) != 200 {
			t.Errorf("force %v: the file is not one writer's: %d bytes, %v", force, len(b), err)
		}
		if want := map[bool]int{false: 1, true: 12}[force]; done != want {
			t.Errorf("force %v: %d were told that they wrote it, want %d", force, done, want)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestOutputsAreLookedAtFirst: Write refuses what check refuses, and calls fill for
// nothing.
func TestOutputsAreLookedAtFirst(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "in.csv")
	if err := os.WriteFile(input, []byte("in"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(input, filepath.Join(dir, "same.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("in.csv", filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	never := func(io.Writer) error { t.Error("it was written"); return nil }
	for _, name := range []string{"in.csv", "same.csv", "link.csv", ".", ""} {
		path := ""
		if name != "" {
			path = filepath.Join(dir, name)
		}
		o := Output{Path: path, Force: true}
		if err := o.Write(input, never); err == nil || Hint(err) == "" || strings.Contains(err.Error(), dir) {
			t.Errorf("%q: %v, hint %q", name, err, Hint(err))
		}
	}
	if b, _ := os.ReadFile(input); string(b) != "in" {
		t.Errorf("the input now holds %q", b)
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFillThatFails: whatever fill does, there is the whole file or none, and no
// file in the making.
func TestFillThatFails(t *testing.T) {
	own := errors.New("fill's own")
	for name, c := range map[string]struct {
		fill func(io.Writer) error
		want error
	}{
		"at once":    {func(io.Writer) error { return own }, own},
		"half-way":   {func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return own }, own},
		"full":       {func(io.Writer) error { return syscall.ENOSPC }, syscall.ENOSPC},
		"quota":      {func(io.Writer) error { return &fs.PathError{Op: "write", Path: "/secret", Err: syscall.EDQUOT} }, syscall.EDQUOT},
		"closes":     {func(w io.Writer) error { return w.(io.Closer).Close() }, fs.ErrClosed},
		"taken away": {func(w io.Writer) error { return os.Remove(w.(*os.File).Name()) }, fs.ErrNotExist},
	} {
		dir := t.TempDir()
		o := Output{Path: filepath.Join(dir, "out.csv")}
		err := o.write(c.fill)
		full := errors.Is(c.want, syscall.ENOSPC) || errors.Is(c.want, syscall.EDQUOT)
		if err == nil || strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if full && (!strings.Contains(err.Error(), "disk is full") || Hint(err) == "") || !full && c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, hint %q", name, err, Hint(err))
		}
		if _, err := os.Lstat(o.Path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the output is there", name)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}
