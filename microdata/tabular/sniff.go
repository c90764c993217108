package tabular

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// delimiters are those that are looked for, the likeliest first.
const delimiters = ",;\t|"

// saveAs is the hint for files that are not text in UTF-8.
const saveAs = "save it as delimited text in UTF-8: in Excel “CSV UTF-8 (comma delimited)”, in LibreOffice “Text CSV” with character set UTF-8"

// magics are how files begin that are often taken for delimited ones.
var magics = []struct{ prefix, what string }{
	{"PK\x03\x04", "an Excel workbook (.xlsx), an OpenDocument sheet (.ods) or another ZIP archive"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or another Office file"},
	{"%PDF", "a PDF document"},
	{"\x1f\x8b", "compressed by gzip"},
	{"BZh", "compressed by bzip2"},
	{"\xfd7zXZ", "compressed by xz"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd"},
	{"PAR1", "a Parquet file"},
	{"SQLite format 3", "an SQLite database"},
	{"\x89PNG", "an image"},
	{"\xff\xd8\xff", "an image"},
	{"{\\rtf", "an RTF document"},
}

// checkText says what the beginning of a file is if it is not text in UTF-8. It
// leaves single wrong bytes to the rows they stand in.
func checkText(head []byte) *Fault {
	for _, bom := range []struct{ prefix, what string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(head, []byte(bom.prefix)) {
			return &Fault{Kind: Encoding, Problem: "the file is text in " + bom.what + ", not in UTF-8", Hint: saveAs}
		}
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return &Fault{Kind: NotText, Problem: "the file is no delimited text: it is " + m.what, Hint: saveAs}
		}
	}
	sample := head[:min(len(head), 4096)]
	var nul [2]int
	control := 0
	for i, c := range sample {
		if c == 0 {
			nul[i%2]++
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' {
			control++
		}
	}
	half := (len(sample) + 1) / 2
	switch {
	case len(sample) >= 4 && (nul[0] == 0) != (nul[1] == 0) && max(nul[0], nul[1])*4 > half:
		return &Fault{Kind: Encoding, Problem: "the file looks like text in UTF-16, not in UTF-8", Hint: saveAs}
	case nul[0]+nul[1] > 0 || control*10 > len(sample):
		return &Fault{Kind: NotText, Problem: "the file is no delimited text: it is a binary file", Hint: saveAs}
	}
	switch begin := bytes.TrimLeft(sample, " \t\r\n"); {
	case len(begin) == 0 && len(head) == len(sample):
		return &Fault{Kind: Empty, Problem: "the file is empty", Hint: "it needs a first row of column names and a row a person"}
	case bytes.HasPrefix(begin, []byte("<")):
		return &Fault{Kind: NotText, Problem: "the file is no delimited text: it looks like a web page or XML", Hint: saveAs}
	case bytes.HasPrefix(begin, []byte("{")), bytes.HasPrefix(begin, []byte("[{")), bytes.HasPrefix(begin, []byte("[\n")):
		return &Fault{Kind: NotText, Problem: "the file is no delimited text: it looks like JSON", Hint: saveAs}
	}
	line, _, _ := bytes.Cut(head, []byte{'\n'}) // the splitter puts one at the end
	if cr := bytes.IndexByte(line, '\r'); cr >= 0 && cr < len(line)-1 && len(line) == len(head)-1 {
		return &Fault{Kind: NotText, Problem: "its lines end with a bare carriage return, as on old Macintosh systems", Hint: saveAs}
	}
	return nil
}

// badByte returns the place of the first byte of a block that is not UTF-8 or is
// a NUL, or −1.
func badByte(block []byte) int {
	nul := bytes.IndexByte(block, 0)
	if utf8.Valid(block) {
		return nul
	}
	i := 0
	for i != nul {
		r, n := utf8.DecodeRune(block[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// sniff returns the delimiter of the records in head: the one by which most rows
// have as many values as the header, and of equals the one with more columns. A
// first line "sep=;", as Excel writes and hides it, settles it; skip is its length.
func sniff(head []byte) (delim byte, skip int) {
	if line, _, _ := bytes.Cut(head[:min(len(head), 16)], []byte{'\n'}); len(line) >= 5 && bytes.EqualFold(line[:4], []byte("sep=")) {
		if rest := bytes.TrimSuffix(line[5:], []byte{'\r'}); len(rest) == 0 && len(line) < len(head) && bytes.IndexByte([]byte(delimiters), line[4]) >= 0 {
			return line[4], len(line) + 1
		}
	}
	const rows, sample = 200, 1 << 16
	if len(head) > sample {
		if end := lastRecordEnd(head[:sample]); end > 0 {
			head = head[:end]
		}
	}
	delim = delimiters[0]
	best, columns := -1.0, 1
	for _, d := range []byte(delimiters) {
		p := newParser(d)
		p.over(bytes.Clone(head)) // the parser writes into what it reads
		header, same, all := 0, 0, 0
		for all < rows {
			f := p.next()
			if f == theEnd {
				break
			}
			if f == anEmptyLine {
				continue
			}
			all++
			if f != aRecord {
				break
			}
			if all == 1 {
				header = len(p.fields)
			}
			if len(p.fields) == header {
				same++
			}
		}
		share := float64(same) / float64(max(all, 1))
		if header > 1 && (share > best || share == best && header > columns) {
			delim, best, columns = d, share, header
		}
	}
	return delim, 0
}

// encodingFault is the fault of a byte that is not UTF-8 or is a NUL.
func encodingFault(bad byte, row, position int) Fault {
	f := Fault{Kind: Encoding, Row: row, Position: position, Hint: saveAs,
		Problem: "it holds bytes that are not UTF-8; the file may be in Windows-1252 or Latin-1"}
	if bad != 0 {
		f.Hint = "if it is plain CSV of a spreadsheet in Spanish or Portuguese, read it with --encoding windows-1252; else " + saveAs
	} else {
		f.Kind, f.Problem = NotText, "it holds a NUL byte: the file is damaged or not text"
	}
	return f
}

// syntaxFault turns what the parser found into a fault.
func syntaxFault(f found, row, position int) Fault {
	switch f {
	case aBareQuote:
		return Fault{Kind: Syntax, Row: row, Position: position, Problem: "a quotation mark stands within a value that is not quoted as a whole",
			Hint: `a value that holds a quotation mark is written in quotation marks, and doubles it: "say ""no"""`}
	case anOpenQuote:
		return Fault{Kind: Syntax, Row: row, Position: position, Problem: "a quotation mark opens a value here and none closes it before the file ends",
			Hint: "close it, or double it where it is part of the value"}
	case aLongField:
		return Fault{Kind: TooLarge, Row: row, Position: position, Problem: fmt.Sprintf("a value of more than %d KiB", maxField>>10),
			Hint: "is it a table of records, a row a person? Else a quotation mark may be missing, or the line ends are lost"}
	}
	return Fault{Kind: TooLarge, Row: row, Problem: fmt.Sprintf("a row of more than %d KiB", maxRecord>>10),
		Hint: "is it a table of records, a row a person? Else a quotation mark may be missing, or the line ends are lost"}
}

func raggedFault(row, have, want int) Fault {
	return Fault{Kind: Ragged, Row: row, Problem: fmt.Sprintf("%s where the header has %s", plural(have, "value"), plural(want, "column")),
		Hint: "a value that holds the delimiter is written in quotation marks; amparo inspect counts such rows"}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
