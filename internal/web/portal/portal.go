// Package portal serves the public pages: what is published, and nothing else.
//
// It reads a catalog and writes nothing. Pages work without JavaScript, set no
// cookie and load nothing from elsewhere; the content security policy forbids it.
// The whole state of a page stands in its URL, and one state has one URL. A query
// is never written to a log: what a person looks for is theirs.
//
// Every number on a page comes from an indicator.Answer, the one that the .csv,
// .json and .svg of the same URL are made from.
package portal

import (
	"errors"
	"html/template"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"amparo/internal/catalog"
	"amparo/internal/indicator"
)

// Options of a portal.
type Options struct {
	Catalog *catalog.Catalog // Required.
	// Names names a value of a column (a country code) in a language where the
	// codebook does not, or returns "". Default: values stand for themselves.
	Names func(column, value, lang string) string
	// Base is the portal's public address, "https://datos.example.org", which
	// citations name. Default: citations name no address.
	Base string
	// Exit is the web address where the quick exit leads: a page that many people
	// open. Default, also for what is no such address: a blank page.
	Exit string
	// Log is told of bundles that cannot be served and of faults in this code:
	// never of a query, an address or a browser. Default: nobody is told.
	Log *slog.Logger
}

// portal is the handler.
type portal struct {
	options Options
	shelf   *indicator.Shelf
	pages   map[string]map[string]*template.Template // language → page
	assets  *assets
}

// New returns the portal as a handler.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if u, err := url.Parse(o.Exit); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		o.Exit = "about:blank"
	}
	p := &portal{options: o, assets: newAssets(),
		shelf: indicator.NewShelf(o.Catalog, indicator.Options{Namer: o.Names})}
	p.pages = parsePages(p)
	return http.HandlerFunc(p.serve)
}

// NewServer returns a server of h with limits that a public address needs: a
// slow or idle client holds nothing for long. Downloads of large files on a bad
// line are given an hour.
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Hour,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // net/http would write who asked
	}
}

// Limits of a URL. A path longer than any page's, or a query longer than any
// state's, is refused before it is read.
const (
	maxPath  = 512
	maxQuery = 8 << 10
)

// serve keeps the promises that hold for every answer, then answers.
func (p *portal) serve(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	defer func() {
		if fault := recover(); fault != nil {
			if fault == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(fault)
			}
			p.options.Log.Error("portal: a fault in this code", "fault", fault, "stack", string(debug.Stack()))
			http.Error(w, "500", http.StatusInternalServerError)
		}
	}()
	lang := spoken(r)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		p.fail(w, r, lang, http.StatusMethodNotAllowed, "error.method")
	case len(r.URL.Path) > maxPath || len(r.URL.RawQuery) > maxQuery:
		p.fail(w, r, lang, http.StatusRequestURITooLong, "error.long")
	default:
		p.answer(w, r, lang)
	}
}

// answer finds what a path names.
func (p *portal) answer(w http.ResponseWriter, r *http.Request, lang string) {
	switch path := r.URL.Path; path {
	case "/":
		w.Header().Set("Vary", "Accept-Language")
		p.redirect(w, r, http.StatusFound, route{lang: lang, page: home}.path())
		return
	case "/robots.txt":
		p.write(w, r, response{kind: "text/plain; charset=utf-8", body: []byte(robots)})
		return
	case "/favicon.ico":
		p.redirect(w, r, http.StatusMovedPermanently, "/favicon.svg")
		return
	}
	if p.asset(w, r) || p.file(w, r) {
		return
	}
	at, ok := parsePath(r.URL.Path)
	if !ok {
		p.fail(w, r, lang, http.StatusNotFound, "error.none")
		return
	}
	if at.path() != r.URL.EscapedPath() {
		p.redirect(w, r, http.StatusMovedPermanently, withQuery(at.path(), r.URL.RawQuery))
		return
	}
	switch at.page {
	case explorer:
		p.explorer(w, r, at)
	case data:
		p.catalogue(w, r, at)
	case dataset:
		p.dataset(w, r, at)
	case home:
		p.home(w, r, at)
	default:
		p.prose(w, r, at)
	}
}

// refuse answers with the page for an error of catalog or indicator.
func (p *portal) refuse(w http.ResponseWriter, r *http.Request, at route, err error) {
	var withdrawn *catalog.WithdrawnError
	var unknown *indicator.UnknownError
	if at.suffix != "" {
		p.refuseFile(w, r, at, err)
		return
	}
	switch {
	case errors.As(err, &withdrawn):
		p.withdrawn(w, r, at, withdrawn)
	case errors.As(err, &unknown):
		p.unknown(w, r, at, unknown)
	case errors.Is(err, catalog.ErrNotFound):
		p.fail(w, r, at.lang, http.StatusNotFound, "error.none")
	default:
		// Touched bundles and broken ledgers: the error names files, no query.
		p.options.Log.Error("portal: a release is not served", "dataset", at.dataset, "error", err)
		p.fail(w, r, at.lang, http.StatusServiceUnavailable, "error.touched")
	}
}

// refuseFile says the same as refuse to programs, which read no pages.
func (p *portal) refuseFile(w http.ResponseWriter, r *http.Request, at route, err error) {
	var withdrawn *catalog.WithdrawnError
	var unknown *indicator.UnknownError
	switch {
	case errors.As(err, &withdrawn):
		p.plain(w, r, at, http.StatusGone, say(at.lang, "gone.title")+": "+withdrawn.Reason)
	case errors.As(err, &unknown):
		p.plain(w, r, at, http.StatusBadRequest, unknownText(at.lang, unknown))
	case errors.Is(err, catalog.ErrNotFound):
		p.plain(w, r, at, http.StatusNotFound, say(at.lang, "error.none.title"))
	default:
		p.options.Log.Error("portal: a release is not served", "dataset", at.dataset, "error", err)
		p.plain(w, r, at, http.StatusServiceUnavailable, say(at.lang, "error.touched.title"))
	}
}

const robots = "User-agent: *\nDisallow: /*?\nDisallow: /es/ayuda\nDisallow: /en/help\n"
