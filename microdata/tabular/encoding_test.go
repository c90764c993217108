package tabular

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// TestWindows1252ByHand: the letters of the region's languages, quotes and the euro.
func TestWindows1252ByHand(t *testing.T) {
	in := "Pa\xeds;A\xf1o;S\xe3o Tom\xe9;\xd1and\xfa;\x93no consta\x94;5\x80;\xa1s\xed!\n"
	want := "País;Año;São Tomé;Ñandú;“no consta”;5€;¡sí!\n"
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in)),
		"half at a time": iotest.HalfReader(strings.NewReader(in)), "error with the data": iotest.DataErrReader(strings.NewReader(in)),
	} {
		got, err := io.ReadAll(Windows1252(r))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestWindows1252AllBytes: each byte is one letter, no two the same, ASCII and the upper
// half of Latin-1 are themselves, and a reader of any size of buffer sees the same.
func TestWindows1252AllBytes(t *testing.T) {
	all := make([]byte, 256)
	for b := range all {
		all[b] = byte(b)
	}
	text, err := io.ReadAll(Windows1252(bytes.NewReader(all)))
	if err != nil || !utf8.Valid(text) {
		t.Fatalf("%q, %v", text, err)
	}
	letters := []rune(string(text))
	if len(letters) != 256 {
		t.Fatalf("%d letters", len(letters))
	}
	for b, r := range letters {
		if (b < 0x80 || b >= 0xA0) && int(r) != b {
			t.Errorf("byte %#x is %q", b, r)
		}
	}
	slices.Sort(letters)
	if len(slices.Compact(letters)) != 256 {
		t.Error("two bytes are the same letter")
	}
	for size := 1; size < 9; size++ {
		if err := iotest.TestReader(Windows1252(bytes.NewReader(all)), text); err != nil {
			t.Fatal(err)
		}
		var got []byte
		r, buffer := Windows1252(bytes.NewReader(all)), make([]byte, size)
		for {
			n, err := r.Read(buffer)
			got = append(got, buffer[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil || n == 0 {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
		if !bytes.Equal(got, text) {
			t.Errorf("in pieces of %d: other text", size)
		}
	}
}

func TestWindows1252PassesErrorsOn(t *testing.T) {
	broken := errors.New("the disk is gone")
	got, err := io.ReadAll(Windows1252(io.MultiReader(strings.NewReader("a\xf1"), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) || string(got) != "añ" {
		t.Errorf("%q, %v", got, err)
	}
}
