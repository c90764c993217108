package tabular

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"amparo/microdata"
)

// A scan is a file read to its end: what Read makes a File of and Inspect a report.
type scan struct {
	plan      *plan
	delimiter byte
	bom       bool
	rows      int // of the file
	empty     int
	blankRows int
	ragged    []Fault
	raggedAll int
	stop      *Fault     // the file could not be read on from here
	closed    [][]uint16 // by closed column
	tallies   []tally
	open      []*openScan
	person    *openScan
	persons   int  // rows of the table, after collapse
	keyless   int  // rows without a person key, each a person
	collapsed bool // by the person key
}

// An openScan gathers the values of an open column, or of the person key, over
// the whole file.
type openScan struct {
	name     string
	all      *dictionary
	overflow bool // too many distinct values: the rest was not kept
	unbound  bool // the person key: as many as there are persons
}

// Read reads a file of the given size (-1: not known) as o says. What it refuses
// it says in an [Error].
func Read(ctx context.Context, r io.Reader, size int64, o Options) (*File, error) {
	s, faults, err := scanFile(ctx, r, size, o, false)
	if err != nil {
		return nil, err
	}
	if err := refuse(faults...); err != nil {
		return nil, err
	}
	return s.file(o)
}

// file makes the File of a sound scan.
func (s *scan) file(o Options) (*File, error) {
	f := &File{Profile: s.plan.profile, Delimiter: s.delimiter, Allowed: s.plan.allowed,
		PersonCollapsed: s.collapsed, columns: s.plan.kept, codes: make([][]uint16, len(s.plan.kept))}
	for i := range s.plan.columns {
		switch c := &s.plan.columns[i]; c.role {
		case dropped:
			f.Dropped = append(f.Dropped, c.name)
		case closed:
			f.Columns = append(f.Columns, c.name)
			f.codes[c.out] = s.closed[c.slot]
			if c.bins != nil && c.bins.quantiles > 0 {
				f.Quantiles = append(f.Quantiles, Quantiled{c.name, c.bins.quantiles, c.bins})
			}
		case open:
			f.Columns = append(f.Columns, c.name)
			f.Open = append(f.Open, s.open[c.slot].column())
		}
	}
	if len(f.Open) > 0 {
		return f, nil
	}
	d, err := microdata.NewDomain(f.columns)
	if err != nil {
		return nil, err
	}
	f.Table, err = microdata.NewTable(d, f.codes)
	f.codes = nil // the table has its own
	return f, err
}

// scanFile reads the whole file. Its error is one of reading or the end of ctx;
// the faults are all that keeps the file from being taken. Lenient, it goes on
// after ragged rows and refused columns. The scan is nil where the file is no
// table at all.
func scanFile(ctx context.Context, r io.Reader, size int64, o Options, lenient bool) (*scan, []Fault, error) {
	workers := o.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	block := o.block
	if block < 1 {
		block = blockSize
	}
	in := newSplitter(r, block, 4*workers)
	head, err := in.next()
	for err == nil && headerless(head) && !in.ended && len(head) < maxRecord {
		var more []byte
		more, err = in.next()
		head = append(head, more...)
	}
	if err != nil {
		return nil, nil, err
	}
	s := &scan{}
	rest, lines, names, faults := s.header(head)
	if names == nil {
		return nil, faults, nil
	}
	var more []Fault
	s.plan, more = makePlan(names, o)
	if faults = append(faults, more...); len(faults) > 0 && !lenient {
		return nil, faults, nil
	}
	if err := s.body(ctx, in, rest, lines, size, workers, lenient, o.Progress); err != nil {
		return nil, nil, err
	}
	return s, append(faults, s.finish()...), nil
}

var bom = []byte("\xef\xbb\xbf") // of UTF-8

// headerless says whether a block holds nothing but empty lines and a line "sep=;".
func headerless(block []byte) bool {
	block = bytes.TrimPrefix(block, bom)
	_, skip := sniff(block)
	return len(bytes.TrimSpace(block[skip:])) == 0
}

// header reads the first record of the file. It returns the rest of the block,
// the lines before it, the names and all that is wrong with them.
func (s *scan) header(block []byte) (rest []byte, lines int, names []string, faults []Fault) {
	if len(block) == 0 {
		return nil, 0, nil, []Fault{{Kind: Empty, Problem: "the file is empty", Hint: "it needs a first row of column names and a row a person"}}
	}
	if f := checkText(block); f != nil {
		return nil, 0, nil, []Fault{*f}
	}
	if bytes.HasPrefix(block, bom) {
		s.bom, block = true, block[len(bom):]
	}
	var skip int
	if s.delimiter, skip = sniff(block); skip > 0 {
		block, lines = block[skip:], 1
	}
	bad := badByte(block)
	p := newParser(s.delimiter)
	p.over(block)
	f := p.next()
	for f == anEmptyLine {
		f = p.next()
	}
	row := lines + p.lines
	switch {
	case f == theEnd:
		return nil, 0, nil, []Fault{{Kind: Empty, Problem: "the file is empty", Hint: "it needs a first row of column names and a row a person"}}
	case bad >= 0 && bad < p.reached():
		return nil, 0, nil, []Fault{encodingFault(block[bad], row, max(1, p.position(bad)))}
	case f != aRecord:
		return nil, 0, nil, []Fault{syntaxFault(f, row, len(p.fields)+1)}
	}
	names, faults = headerNames(block, p.fields, row)
	if len(faults) > 0 {
		names = nil
	}
	return block[p.at:], row, names, faults
}

// body parses and codes all blocks. Blocks are read here, coded by the workers,
// and gathered by one goroutine in the file's order, so that the number of
// workers changes nothing.
func (s *scan) body(ctx context.Context, in *splitter, first []byte, lines int, size int64, workers int, lenient bool, progress func(done, total int64)) error {
	type job struct {
		block []byte
		done  chan *coded
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs, order := make(chan job), make(chan job, 2*workers)
	var work, gather sync.WaitGroup
	for range workers {
		work.Go(func() {
			r := newBlockReader(s.plan, s.delimiter, lenient)
			for j := range jobs {
				if ctx.Err() != nil {
					j.done <- nil
					continue
				}
				c := r.read(j.block)
				in.recycle(j.block)
				j.done <- c
			}
		})
	}
	gather.Go(func() {
		s.start()
		for j := range order {
			if c := <-j.done; c != nil && s.stop == nil {
				if lines = s.gather(c, lines); s.stop != nil {
					cancel(errStopped)
				}
			}
		}
	})
	block, err := first, error(nil)
	for ctx.Err() == nil {
		if len(block) > 0 {
			j := job{block, make(chan *coded, 1)}
			order <- j
			jobs <- j
		}
		if progress != nil {
			progress(in.done, size)
		}
		if block, err = in.next(); err != nil || block == nil {
			break
		}
	}
	close(jobs)
	close(order)
	work.Wait()
	gather.Wait()
	if err == nil && context.Cause(ctx) != errStopped {
		err = ctx.Err()
	}
	return err
}

var errStopped = errors.New("tabular: a fault ends the file")

// start makes the columns into which blocks are gathered.
func (s *scan) start() {
	s.closed, s.tallies = make([][]uint16, s.plan.closed), make([]tally, s.plan.closed)
	s.open = make([]*openScan, s.plan.open)
	for i := range s.plan.columns {
		switch c := &s.plan.columns[i]; c.role {
		case open:
			s.open[c.slot] = &openScan{name: c.name, all: newDictionary(maxOpenValue)}
		case person:
			s.person = &openScan{name: c.name, all: newDictionary(maxField), unbound: true}
		}
	}
}

// gather adds a block that begins after the given lines, and returns the lines
// before the next one.
func (s *scan) gather(c *coded, lines int) int {
	for i, codes := range c.closed {
		s.closed[i] = append(s.closed[i], codes...)
		t, u := &s.tallies[i], c.tallies[i]
		if t.first == 0 && u.first > 0 {
			t.first = lines + u.first
		}
		t.outside += u.outside
		t.blank += u.blank
		t.below += u.below
		t.above += u.above
	}
	held := 0
	for i, o := range s.open {
		o.gather(c.open[i])
		held += o.all.bytes
	}
	if s.person != nil {
		s.person.gather(c.person)
	}
	for _, f := range c.ragged {
		if f.Row += lines; len(s.ragged) < maxShown {
			s.ragged = append(s.ragged, f)
		}
	}
	s.rows += c.rows
	s.empty += c.empty
	s.blankRows += c.blankRows
	s.raggedAll += c.raggedRows
	switch {
	case c.stop != nil:
		c.stop.Row += lines
		s.stop = c.stop
	case held > maxOpenBytes:
		s.stop = &Fault{Kind: TooLarge, Row: lines, Problem: fmt.Sprintf("the columns without a public list of levels hold more than %d MiB of different values", maxOpenBytes>>20),
			Hint: "drop columns of free text, or give the levels with --domain"}
	case s.rows > maxRows || s.rows*max(1, len(s.plan.kept)) > maxCodes:
		s.stop = &Fault{Kind: TooLarge, Problem: fmt.Sprintf("more than %d rows, or %d values", maxRows, maxCodes),
			Hint: "drop columns, or split the file by a public column such as the year"}
	}
	return lines + c.lines
}

// gather adds the values of a block.
func (o *openScan) gather(d *dictionary) {
	o.all.long = o.all.long || d.long
	if o.overflow {
		return
	}
	to := make([]uint32, len(d.words)+1)
	for i, w := range d.words {
		to[i+1] = o.all.number(w)
	}
	if len(o.all.words) >= maxDistinct && !o.unbound {
		o.overflow = true
		o.all = &dictionary{long: o.all.long}
		return
	}
	for _, c := range d.codes {
		o.all.codes = append(o.all.codes, to[c])
	}
}
