package portal

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"amparo/internal/catalog"
)

// kind returns the content type of a bundle's file.
func kind(name string) string {
	t := catalog.MediaType(name)
	if strings.HasPrefix(t, "text/") {
		t += "; charset=utf-8"
	}
	return t
}

// reportPolicy shuts a report of a bundle in: it may style itself and do
// nothing else.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

// file serves a path under /catalog, and says whether the path is there.
func (p *portal) file(w http.ResponseWriter, r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, "/catalog/")
	if !ok {
		return false
	}
	if rest == catalog.LedgerFile {
		p.ledger(w, r)
		return true
	}
	id, rest, _ := strings.Cut(rest, "/")
	digits, name, _ := strings.Cut(rest, "/")
	version, err := strconv.Atoi(digits)
	at := route{lang: preferred(r.Header.Get("Accept-Language")), page: dataset, dataset: id}
	if err != nil || version < 1 || strconv.Itoa(version) != digits || !catalog.ValidDataset(id) || name != "manifest.json" && !catalog.ValidPath(name) {
		p.fail(w, r, at.lang, http.StatusNotFound, "error.none")
		return true
	}
	at.version = version
	b, err := p.options.Catalog.Bundle(id, version)
	if err != nil {
		p.refuse(w, r, at, err)
		return true
	}
	f, h, err := b.Open(name)
	if err != nil {
		p.refuse(w, r, at, err)
		return true
	}
	defer f.Close()
	sendFile(w, r, download{File: id + "-" + digits + "-" + path.Base(name), Bytes: h.Bytes}, h.SHA256, f)
	return true
}

// sendFile sends a file of a bundle: whole and compressed where the reader
// understands that, else with byte ranges, so that a broken download goes on.
// Version and hash never change, but a version may be withdrawn: readers ask
// each time whether it stands.
func sendFile(w http.ResponseWriter, r *http.Request, d download, hash string, f io.ReadSeeker) {
	h, ext := w.Header(), path.Ext(d.File)
	h.Set("Content-Type", kind(d.File))
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	switch ext {
	case ".csv", ".parquet":
		h.Set("Content-Disposition", `attachment; filename="`+d.File+`"`)
	case ".html":
		h.Set("Content-Security-Policy", reportPolicy)
	}
	tag := hash[:24]
	if r.Header.Get("Range") != "" || ext == ".parquet" || !acceptsGzip(r) {
		h.Set("ETag", `"`+tag+`"`)
		http.ServeContent(w, r, d.File, time.Time{}, f)
		return
	}
	h.Set("ETag", `"`+tag+`-gz"`)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if _, err := io.Copy(z, f); err != nil {
		panic(http.ErrAbortHandler) // a file cut short must not look whole
	}
	_ = z.Close()
}

// ledger serves the public ledger as it was read and checked.
func (p *portal) ledger(w http.ResponseWriter, r *http.Request) {
	l, err := p.options.Catalog.Ledger()
	if err != nil {
		p.refuse(w, r, route{lang: preferred(r.Header.Get("Accept-Language")), page: data}, err)
		return
	}
	var b bytes.Buffer
	for _, e := range l.Entries() {
		line, err := e.Line()
		if err != nil {
			panic(err) // it was read as such a line
		}
		b.Write(line)
	}
	p.write(w, r, response{kind: "application/x-ndjson; charset=utf-8", body: b.Bytes(), name: catalog.LedgerFile})
}
