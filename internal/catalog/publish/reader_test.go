package publish

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"amparo/internal/catalog"
)

// TestReadersWhilePublishing reads all the time: every bundle that is seen is
// whole, and versions never go back.
func TestReadersWhilePublishing(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	c, err := catalog.Open(dir, k.Public())
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			last := 0
			for {
				select {
				case <-stop:
					return
				default:
				}
				b, err := c.Bundle("victims", 0)
				if err != nil || b.Manifest().Version < last {
					t.Errorf("after version %d: %v", last, err)
					return
				}
				last = b.Manifest().Version
				if table, err := b.Table("001-gender"); err != nil || len(table.Noisy) != 3 {
					t.Error("a table cannot be read", err)
					return
				}
			}
		})
	}
	for range 6 {
		mustPublish(t, dir, k)
	}
	close(stop)
	wg.Wait()
	if n, err := c.Latest("victims"); n != 7 || err != nil {
		t.Errorf("the newest version is %d, %v", n, err)
	}
}

// TestHeldBundle changes files under a bundle that someone holds.
func TestHeldBundle(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	p := mustPublish(t, dir, k)
	c, _ := catalog.Open(dir)
	b, err := c.Bundle("victims", 1)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(p.Dir, "data.csv")
	was, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	// Touched only: what is held is stale, but the bytes are right, so it is
	// served to whoever asks again.
	if err := os.Chtimes(name, time.Now(), was.ModTime().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if f, _, err := b.Open("data.csv"); !errors.Is(err, catalog.ErrTouched) {
		f.Close()
		t.Errorf("a touched file was opened: %v", err)
	}
	again, err := c.Bundle("victims", 1)
	if err != nil || again == b {
		t.Fatalf("a bundle whose bytes are right: %v", err)
	}
	f, _, err := again.Open("data.csv")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	// Other bytes of the same length, the time set back.
	now, _ := os.Stat(name)
	edit(t, name, flip)
	if err := os.Chtimes(name, time.Time{}, now.ModTime()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bundle("victims", 1); !errors.Is(err, catalog.ErrTouched) {
		t.Errorf("changed in place with its time set back: %v", err)
	}
	// Put right again by hand.
	edit(t, name, flip)
	if _, err := c.Bundle("victims", 1); err != nil {
		t.Errorf("put right: %v", err)
	}
	// Two catalogs do not share what they checked.
	other, _ := catalog.Open(dir)
	if o, err := other.Bundle("victims", 1); err != nil || o == again {
		t.Error("bundles are shared", err)
	}
}

// TestLargeFilesAreNotRead puts huge files where small ones belong.
func TestLargeFilesAreNotRead(t *testing.T) {
	for _, name := range []string{"victims/1/manifest.json", "victims/1/codebook.json", catalog.LedgerFile} {
		dir, k := t.TempDir(), newSigner(t, "Ana")
		p := mustPublish(t, dir, k)
		if err := os.Truncate(filepath.Join(dir, name), 300<<20); err != nil { // sparse
			t.Fatal(err)
		}
		if r := catalog.Verify(p.Dir, k.Public()); r.OK() {
			t.Errorf("%s of 300 MB verified", name)
		}
		c, _ := catalog.Open(dir)
		if _, err := c.Bundle("victims", 1); err == nil {
			t.Errorf("with %s of 300 MB the bundle is served", name)
		}
	}
}

// TestLeftovers finds what other programs leave in a catalog.
func TestLeftovers(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	for _, d := range []string{"victims/9", "victims/x", "victims/010", ".staging-victims-old/tables", "lost+found", "Other/1"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := mustPublish(t, dir, k)
	if p.Version != 11 {
		t.Errorf("version %d over folders 9 and 010", p.Version)
	}
	if _, err := os.Stat(filepath.Join(dir, ".staging-victims-old")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a stale staging folder is left")
	}
	c, _ := catalog.Open(dir)
	if ids, err := c.Datasets(); err != nil || len(ids) != 1 {
		t.Errorf("datasets %v, %v", ids, err)
	}
	if all, err := c.Versions("victims"); err != nil || len(all) != 1 {
		t.Errorf("versions %v, %v", all, err)
	}
	for _, n := range []int{-1, 1, 9, 10, 12, 1 << 40} {
		if _, err := c.Bundle("victims", n); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("version %d answered %v", n, err)
		}
	}
	if r := catalog.Verify(p.Dir, k.Public()); !r.OK() {
		t.Errorf("%+v", r.Faults)
	}
}

// TestMovedCatalog copies a catalog to another place, as a portal on another
// machine would.
func TestMovedCatalog(t *testing.T) {
	dir, k := t.TempDir(), newSigner(t, "Ana")
	mustPublish(t, dir, k)
	to := filepath.Join(t.TempDir(), "copy [1]*")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if r := catalog.Verify(filepath.Join(to, "victims", "1"), k.Public()); !r.OK() {
		t.Errorf("%+v", r.Faults)
	}
	c, _ := catalog.Open(to, k.Public())
	b, err := c.Bundle("victims", 1)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "victims/1/manifest.json"))
	if text, err2 := b.Manifest().Marshal(); err != nil || err2 != nil || !bytes.Equal(text, before) {
		t.Error("the manifest is not written as it was", err, err2)
	}
}

func BenchmarkBundle(b *testing.B) {
	dir, k := b.TempDir(), newSigner(b, "Ana")
	mustPublish(b, dir, k)
	c, _ := catalog.Open(dir, k.Public())
	for b.Loop() {
		if _, err := c.Bundle("victims", 0); err != nil {
			b.Fatal(err)
		}
	}
}
