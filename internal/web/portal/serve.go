package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// policy lets a page use what comes from here, and nothing else: no inline
// script or style, no frame, no form or request to elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// setHeaders sets what every answer has.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
	h.Set("X-Frame-Options", "DENY")
}

// A response is an answer that is held in memory.
type response struct {
	status int    // Default 200.
	kind   string // Required. Content type.
	cache  string // Default: kept, but asked about each time.
	name   string // file name of a download; "" is shown in the browser
	body   []byte
}

// write sends a response, compressed where that is understood, or says that the
// reader has it already.
func (p *portal) write(w http.ResponseWriter, r *http.Request, a response) {
	h := w.Header()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.cache == "" {
		a.cache = "no-cache"
	}
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", a.cache)
	if a.name != "" {
		h.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
	}
	h.Add("Vary", "Accept-Encoding")
	sum := sha256.Sum256(a.body)
	tag := hex.EncodeToString(sum[:12])
	if a.status == http.StatusOK && !strings.Contains(a.cache, "no-store") {
		h.Set("ETag", `"`+tag+`"`)
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body := a.body
	if len(body) > 512 && acceptsGzip(r) {
		body = compress(body)
		h.Set("Content-Encoding", "gzip")
		if h.Get("ETag") != "" {
			h.Set("ETag", `"`+tag+`-gz"`)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader who has gone needs no answer
	}
}

// matches says whether an If-None-Match header names the tag, compressed or not.
func matches(header, tag string) bool {
	for _, part := range strings.Split(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == `"`+tag+`"` || part == `"`+tag+`-gz"` || part == "*" {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding: gzip, unless its weight is nought.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
		return err != nil || v > 0
	}
	return false
}

// Answers that are larger are compressed fast, for a reader is waiting.
const large = 256 << 10

var small, fast = zippers(6), zippers(gzip.BestSpeed)

func zippers(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(io.Discard, level)
		if err != nil {
			panic(err) // the level is one of two constants
		}
		return z
	}}
}

func compress(body []byte) []byte {
	pool := small
	if len(body) > large {
		pool = fast
	}
	var b bytes.Buffer
	z := pool.Get().(*gzip.Writer)
	defer pool.Put(z)
	z.Reset(&b)
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// redirect leads to a path of this portal. It takes no address from outside.
func (p *portal) redirect(w http.ResponseWriter, r *http.Request, status int, to string) {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
		to = "/"
	}
	w.Header().Set("Location", to)
	if status != http.StatusMovedPermanently {
		w.Header().Set("Cache-Control", "no-cache")
	}
	w.WriteHeader(status)
}
