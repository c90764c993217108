package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"

	"amparo/internal/product/figure"
)

//go:embed static
var static embed.FS

// assets are the files that pages load: a style sheet, a script, two drawings.
// Their path holds their hash, so they are kept for ever.
type assets struct {
	version string
	files   map[string]asset
}

type asset struct {
	kind string
	body []byte
}

func newAssets() *assets {
	a := &assets{files: map[string]asset{}}
	h := sha256.New()
	for _, f := range []struct{ name, kind string }{
		{"style.css", "text/css; charset=utf-8"}, {"portal.js", "text/javascript; charset=utf-8"},
		{"kite.svg", "image/svg+xml"}, {"favicon.svg", "image/svg+xml"},
	} {
		body, err := static.ReadFile("static/" + f.name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		if f.name == "style.css" {
			body = append(body, figure.Style...)
		}
		h.Write(body)
		a.files[f.name] = asset{f.kind, body}
	}
	a.version = hex.EncodeToString(h.Sum(nil)[:8])
	return a
}

// path returns where a page loads an asset from.
func (a *assets) path(name string) string { return "/assets/" + a.version + "/" + name }

// asset serves a path under /assets, or the icon, and says whether it did.
func (p *portal) asset(w http.ResponseWriter, r *http.Request) bool {
	cache := "public, max-age=31536000, immutable"
	name, ok := strings.CutPrefix(r.URL.Path, "/assets/"+p.assets.version+"/")
	if r.URL.Path == "/favicon.svg" {
		name, ok, cache = "favicon.svg", true, "public, max-age=86400"
	}
	f, found := p.assets.files[name]
	if !ok || !found {
		return false
	}
	p.write(w, r, response{kind: f.kind, cache: cache, body: f.body})
	return true
}
