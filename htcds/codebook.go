package htcds

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed codebook.txt
var codebookText string

// A Text is said in the two languages of the house.
type Text struct{ ES, EN string }

// A Many says how many values a field may hold.
type Many int

// Each keeps places: value n of every Each field with one prefix speaks of the
// same event or referral, so an empty place counts.
const (
	One Many = iota
	Multi
	Each
)

// A Value is one entry of a value list.
type Value struct {
	Name  string
	Label Text
}

// A List is a value list. Same maps other spellings found in the toolkit of the
// standard to the spelling that is kept.
type List struct {
	Name     string
	Standard bool
	Values   []Value
	Same     map[string]string
}

// A Field is one field of a case record. Type is the type code of the standard:
// T, LT, D, N, C, P, MP, L or G. List is nil unless the values come from a list.
type Field struct {
	ID         string
	Type       string
	Core       bool
	Deprecated bool
	Standard   bool // false for Amparo's own fields, whose ids start with amp_
	Many       Many
	Check      string
	List       *List
	Label      Text
}

// A CodeBook holds the fields of a record, in order, and their value lists.
type CodeBook struct {
	fields []Field
	lists  []*List
	index  map[string]int
	also   map[string]string
}

// book reads the embedded text once.
var book = sync.OnceValue(func() *CodeBook {
	b, err := parseCodeBook(codebookText)
	if err != nil {
		panic(err) // the embedded file is part of the program; a test reads it
	}
	return b
})

// Book returns the code book of HTCDS 2.0 with Amparo's extensions.
func Book() *CodeBook { return book() }

// Fields returns all fields in the order of the code book.
func (b *CodeBook) Fields() []Field {
	fields := slices.Clone(b.fields)
	for i := range fields {
		fields[i].List = fields[i].List.clone()
	}
	return fields
}

// Lists returns all value lists in the order of the code book.
func (b *CodeBook) Lists() []*List {
	lists := make([]*List, 0, len(b.lists))
	for _, l := range b.lists {
		lists = append(lists, l.clone())
	}
	return lists
}

// Field returns the field with an id, which may be one of the spellings that the
// toolkit of the standard uses by mistake.
func (b *CodeBook) Field(id string) (Field, bool) {
	i, ok := b.place(id)
	if !ok {
		return Field{}, false
	}
	f := b.fields[i]
	f.List = f.List.clone()
	return f, true
}

func (b *CodeBook) place(id string) (int, bool) {
	if to, ok := b.also[id]; ok {
		id = to
	}
	i, ok := b.index[id]
	return i, ok
}

// Find returns the name of the value that a word stands for: its name, another
// spelling of it, or its label in either language.
func (l *List) Find(word string) (string, bool) {
	if to, ok := l.Same[word]; ok {
		return to, true
	}
	for _, v := range l.Values {
		if v.Name == word {
			return v.Name, true
		}
	}
	for _, v := range l.Values {
		if strings.EqualFold(v.Label.ES, word) || strings.EqualFold(v.Label.EN, word) {
			return v.Name, true
		}
	}
	return "", false
}

// clone keeps the shared book safe from its readers.
func (l *List) clone() *List {
	if l == nil {
		return nil
	}
	return &List{l.Name, l.Standard, slices.Clone(l.Values), maps.Clone(l.Same)}
}

// A bookError says on which line of a code book something is wrong.
type bookError struct {
	Line int
	Err  error
}

func (e *bookError) Error() string { return fmt.Sprintf("htcds: code book line %d: %v", e.Line, e.Err) }
func (e *bookError) Unwrap() error { return e.Err }

// parseCodeBook reads the form told at the head of codebook.txt. It reports every
// line that is wrong.
func parseCodeBook(text string) (*CodeBook, error) {
	b := &CodeBook{index: map[string]int{}, also: map[string]string{}}
	p := bookParser{book: b, lists: map[string]*List{}}
	var errs []error
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.statement(line); err != nil {
			errs = append(errs, &bookError{n, err})
		}
	}
	return b, errors.Join(errs...)
}

type bookParser struct {
	book     *CodeBook
	lists    map[string]*List
	last     *List
	standard bool
}

func (p *bookParser) statement(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	cols := strings.Split(rest, " | ")
	for i := range cols {
		cols[i] = strings.TrimSpace(cols[i])
	}
	switch word {
	case "standard", "extension":
		p.standard = word == "standard"
		return nil
	case "list":
		return p.list(rest)
	case "value":
		return p.value(cols)
	case "field":
		return p.field(cols)
	case "same":
		if p.last == nil {
			return errors.New("no list is started")
		}
		return alias(rest, p.last.Same, func(s string) bool {
			return slices.ContainsFunc(p.last.Values, func(v Value) bool { return v.Name == s })
		})
	case "also":
		return alias(rest, p.book.also, func(s string) bool { _, ok := p.book.index[s]; return ok })
	}
	return fmt.Errorf("unknown statement %q", word)
}

func (p *bookParser) list(name string) error {
	if name == "" || strings.ContainsAny(name, " |@:") {
		return errors.New("a list needs a name of one word")
	}
	if p.lists[name] != nil {
		return fmt.Errorf("list %s is there twice", name)
	}
	p.last = &List{Name: name, Standard: p.standard, Same: map[string]string{}}
	p.lists[name] = p.last
	p.book.lists = append(p.book.lists, p.last)
	return nil
}

func (p *bookParser) value(cols []string) error {
	switch {
	case p.last == nil:
		return errors.New("no list is started")
	case len(cols) != 3 || slices.Contains(cols, "") || strings.ContainsAny(cols[0], " ;|"):
		return errors.New("a value needs a name of one word and two labels")
	case slices.ContainsFunc(p.last.Values, func(v Value) bool { return v.Name == cols[0] }):
		return fmt.Errorf("value %s is there twice", cols[0])
	}
	p.last.Values = append(p.last.Values, Value{cols[0], Text{cols[1], cols[2]}})
	return nil
}

var (
	bookTypes = []string{"T", "LT", "D", "N", "C", "P", "MP", "L", "G"}
	bookMany  = []string{One: "one", Multi: "many", Each: "each"}
	bookRanks = []string{"optional", "core", "deprecated", "core+deprecated"}
)

func (p *bookParser) field(cols []string) error {
	if len(cols) != 7 || slices.Contains(cols, "") {
		return errors.New("a field needs seven columns")
	}
	f := Field{
		ID: cols[0], Type: cols[1], Standard: p.standard, Check: cols[4], Label: Text{cols[5], cols[6]},
		Core:       strings.HasPrefix(cols[2], "core"),
		Deprecated: strings.HasSuffix(cols[2], "deprecated"),
		Many:       Many(slices.Index(bookMany, cols[3])),
		List:       p.lists[cols[4]],
	}
	_, twice := p.book.index[f.ID]
	switch {
	case !isID(f.ID) || twice:
		return errors.New("the id is there twice, or has not the shape abc_Name")
	case strings.HasPrefix(f.ID, "amp_") == f.Standard:
		return errors.New("the ids of extensions, and no others, start with amp_")
	case !slices.Contains(bookTypes, f.Type) || !slices.Contains(bookRanks, cols[2]) || f.Many < 0:
		return errors.New("unknown type, rank or number of values")
	case f.List == nil && !knownCheck(f.Check):
		return fmt.Errorf("unknown list or check %s", f.Check)
	}
	p.book.index[f.ID] = len(p.book.fields)
	p.book.fields = append(p.book.fields, f)
	return nil
}

func alias(rest string, to map[string]string, known func(string) bool) error {
	from, name, ok := strings.Cut(rest, " = ")
	_, twice := to[from]
	if !ok || from == "" || twice || known(from) || !known(name) {
		return errors.New("another spelling needs the form NEW = KNOWN, once")
	}
	to[from] = name
	return nil
}

// likeID tells whether a word could be meant as a field id: it has the shape of one and
// the prefix of a group of fields. Any other word may be something that a person told
// us, such as Ana_Lopez, and stays out of errors.
func (b *CodeBook) likeID(s string) bool {
	return isID(s) && slices.ContainsFunc(b.fields, func(f Field) bool { return f.ID[:4] == s[:4] })
}

// isID tells whether a word has the shape of a field id.
func isID(s string) bool {
	prefix, name, ok := strings.Cut(s, "_")
	return ok && len(prefix) == 3 && name != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
