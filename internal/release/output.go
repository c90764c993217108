package release

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// check refuses an output that could not be written, or would destroy something,
// before anything is spent.
func (o *Output) check(input string) error {
	if o.Path == "" {
		return refuse("--out synthetic.csv", "no output file is named")
	}
	info, err := os.Stat(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(o.Path); err == nil {
			return refuse("remove it, or choose another --out", "the output is a link that leads nowhere")
		}
		return o.tryFolder()
	case err != nil:
		return refuse("choose another --out", "the output file cannot be used: %w", plainPath(err))
	case info.IsDir():
		return refuse("name a file in it", "the output is a folder")
	case !info.Mode().IsRegular(): // --force would put a file in the place of a device
		return refuse("choose another --out", "the output is a device or a pipe, not a file")
	}
	if in, err := os.Stat(input); err == nil && os.SameFile(in, info) {
		return refuse("choose another --out", "the output is the input file itself")
	}
	if !o.Force {
		return refuse("choose another --out, or --force to replace it", "the output file is there already")
	}
	return o.tryFolder()
}

// tryFolder finds out whether a file can be made beside the output.
func (o *Output) tryFolder() error {
	f, err := o.temporary()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (o *Output) temporary() (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(o.Path), "."+filepath.Base(o.Path)+".amparo-*")
	if err != nil {
		return nil, refuse("check the folder and its permissions", "no file can be made in the output's folder: %w", plainPath(err))
	}
	return f, nil
}

// Write checks the output and puts what fill writes in place, or nothing.
func (o *Output) Write(input string, fill func(io.Writer) error) error {
	if err := o.check(input); err != nil {
		return err
	}
	return o.write(fill)
}

func (o *Output) mode() fs.FileMode {
	if o.Private {
		return 0o600
	}
	return 0o644
}

// write puts what fill writes in place in one step: a reader sees the whole file
// or none. The file in the making holds synthetic records only, and goes where
// fill fails.
func (o *Output) write(fill func(io.Writer) error) (err error) {
	f, err := o.temporary()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(fill(f), f.Chmod(o.mode()), f.Sync(), f.Close()); err != nil {
		return full(err)
	}
	if o.Force {
		err = os.Rename(f.Name(), o.Path)
	} else if err = os.Link(f.Name(), o.Path); err == nil { // unlike Rename, never replaces
		err = os.Remove(f.Name())
	} else if !errors.Is(err, fs.ErrExist) { // a file system without links
		if _, there := os.Lstat(o.Path); errors.Is(there, fs.ErrNotExist) {
			err = os.Rename(f.Name(), o.Path)
		}
	}
	if err != nil {
		return fmt.Errorf("the output file cannot be put in place: %w", plainPath(err))
	}
	return syncFolder(filepath.Dir(o.Path))
}

// full adds a hint where the disk is full.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return refuse("make room and run it again; a run that draws noise spends again", "the disk is full: nothing was written")
	}
	return plainPath(err)
}

// plainPath takes the paths out of an error of the file system, and leaves what
// stands around it.
func plainPath(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return withoutPaths(err, inner)
		}
	case interface{ Unwrap() []error }:
		return withoutPaths(err, e.Unwrap()...)
	}
	return err
}

// withoutPaths says what err says, but of each inner error what plainPath says.
func withoutPaths(err error, inner ...error) error {
	text := err.Error()
	for _, e := range inner {
		text = strings.ReplaceAll(text, e.Error(), plainPath(e).Error())
	}
	if text == err.Error() {
		return err
	}
	return pathless{text, err}
}

// pathless is an error told without its paths.
type pathless struct {
	text string
	err  error
}

func (e pathless) Error() string { return e.text }
func (e pathless) Unwrap() error { return e.err }

// syncFolder brings the names in a folder to disk, where the system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return plainPath(err)
	}
	_ = d.Sync()
	return d.Close()
}
