package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"amparo/internal/catalog"
)

// The languages in which every page is written. The first is the one for those
// who asked for none of them.
var languages = []string{"es", "en"}

// The pages.
const (
	home          = "home"
	help          = "help"
	data          = "data" // the catalogue
	dataset       = "dataset"
	explorer      = "explorer"
	methods       = "methods"
	privacy       = "privacy"
	accessibility = "accessibility"
)

// slugs name a page in each language; pages under data have no slug of their own.
var slugs = map[string]map[string]string{
	help:          {"es": "ayuda", "en": "help"},
	data:          {"es": "datos", "en": "data"},
	explorer:      {"es": "explorar", "en": "explore"},
	methods:       {"es": "metodos", "en": "methods"},
	privacy:       {"es": "privacidad", "en": "privacy"},
	accessibility: {"es": "accesibilidad", "en": "accessibility"},
}

// suffixes of the explorer: the same state as another kind of file.
var suffixes = []string{".csv", ".json", ".svg"}

// A route is what the path of a page says. Ids are the same in every language.
type route struct {
	lang, page string
	dataset    string
	version    int    // of a dataset's page: 0 is the newest
	suffix     string // of the explorer
}

// path writes the one path that reads as r.
func (r route) path() string {
	head := "/" + r.lang + "/"
	under := head + slugs[data][r.lang] + "/" + r.dataset
	switch r.page {
	case home:
		return head
	case dataset:
		if r.version > 0 {
			return under + "/" + strconv.Itoa(r.version)
		}
		return under
	case explorer:
		return under + "/" + slugs[explorer][r.lang] + r.suffix
	}
	return head + slugs[r.page][r.lang]
}

// in returns the same page in another language.
func (r route) in(lang string) route {
	r.lang = lang
	return r
}

// parsePath reads the path of a page. Slugs of any language, and a slash too
// many at the end, are understood; path then says where the page is. Where
// nothing is, the route holds the language at most.
func parsePath(path string) (route, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var r route
	if !isLanguage(parts[0]) {
		return r, false
	}
	r.lang = parts[0]
	if len(parts) == 1 {
		r.page = home
		return r, true
	}
	page, ok := bySlug(parts[1])
	if !ok || page == explorer {
		return r, false
	}
	r.page = page
	if len(parts) == 2 {
		return r, true
	}
	if page != data || len(parts) > 4 || !catalog.ValidDataset(parts[2]) {
		return route{lang: r.lang}, false
	}
	r.page, r.dataset = dataset, parts[2]
	if len(parts) == 3 {
		return r, true
	}
	return r.leaf(parts[3])
}

// leaf reads what stands after a dataset's id.
func (r route) leaf(s string) (route, bool) {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n < 1_000_000 && strconv.Itoa(n) == s {
		r.version = n
		return r, true
	}
	for _, suffix := range append([]string{""}, suffixes...) {
		if name, ok := strings.CutSuffix(s, suffix); ok {
			if page, ok := bySlug(name); ok && page == explorer {
				r.page, r.suffix = explorer, suffix
				return r, true
			}
		}
	}
	return route{lang: r.lang}, false
}

func isLanguage(s string) bool {
	for _, l := range languages {
		if l == s {
			return true
		}
	}
	return false
}

func bySlug(slug string) (page string, ok bool) {
	for page, names := range slugs {
		for _, s := range names {
			if s == slug {
				return page, true
			}
		}
	}
	return "", false
}

// spoken returns the language to answer a request in: that of its path, else the
// one that the browser likes best.
func spoken(r *http.Request) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if isLanguage(first) {
		return first
	}
	return preferred(r.Header.Get("Accept-Language"))
}

// preferred returns the language that an Accept-Language header likes best. What
// is not understood is passed over.
func preferred(header string) string {
	best, weight := languages[0], 0.0
	for i, part := range strings.Split(header, ",") {
		if i == 32 {
			break
		}
		tag, q, found := strings.Cut(part, ";")
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		w := 1.0
		if found {
			v, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			if err != nil || !(v >= 0 && v <= 1) {
				continue
			}
			w = v
		}
		if isLanguage(tag) && w > weight {
			best, weight = tag, w
		}
	}
	return best
}

// withQuery joins a path and a raw query.
func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// filePath names a file of a bundle, the same in every language.
func filePath(dataset string, version int, file string) string {
	u := url.URL{Path: "/catalog/" + dataset + "/" + strconv.Itoa(version) + "/" + file}
	return u.EscapedPath()
}
