package indicator

import (
	"sync"

	"amparo/internal/catalog"
)

// maxShelf is the number of indexes a Shelf keeps.
const maxShelf = 32

// A Shelf keeps the indexes of a catalog's bundles, made when first asked for.
// It is safe for concurrent use.
type Shelf struct {
	catalog *catalog.Catalog
	options Options

	mu      sync.Mutex
	indexes map[string]*Index // by hash of the manifest
	order   []string          // oldest first
}

// NewShelf returns the shelf of a catalog.
func NewShelf(c *catalog.Catalog, o Options) *Shelf {
	return &Shelf{catalog: c, options: o, indexes: map[string]*Index{}}
}

// Index returns the index of a version of a dataset, the newest for 0, with the
// errors of catalog.Bundle. The catalog is asked every time, so that a version
// that was withdrawn or touched is no longer answered.
func (s *Shelf) Index(dataset string, version int) (*Index, error) {
	b, err := s.catalog.Bundle(dataset, version)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.indexes[b.Hash()]; ok {
		return x, nil
	}
	x, err := New(b, s.options)
	if err != nil {
		return nil, err
	}
	if len(s.order) == maxShelf {
		delete(s.indexes, s.order[0])
		s.order = s.order[1:]
	}
	s.indexes[b.Hash()] = x
	s.order = append(s.order, b.Hash())
	return x, nil
}

// Parse reads the path's dataset and the query of a URL: it opens the version
// that the query names and returns its index with the canonical state.
func (s *Shelf) Parse(dataset, query string) (*Index, State, error) {
	st, err := ParseQuery(query)
	if err != nil {
		return nil, st, err
	}
	x, err := s.Index(dataset, st.Version)
	if err != nil {
		return nil, st, err
	}
	st, err = x.Check(st)
	return x, st, err
}
