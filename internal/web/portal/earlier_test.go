package portal

import (
	"strings"
	"testing"

	"amparo/internal/catalog"
)

// TestEarlierIsSaid: a release that was fed by others names them, in both languages.
func TestEarlierIsSaid(t *testing.T) {
	m := &catalog.Manifest{Earlier: []string{"victims/1", "victims/2"}}
	for lang, want := range map[string]string{"es": "Las tablas de publicaciones anteriores", "en": "Tables of earlier releases"} {
		if got := earlier(m, lang); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ": victims/1, victims/2.") {
			t.Errorf("%s: %q", lang, got)
		}
		if got := earlier(new(catalog.Manifest), lang); got != "" {
			t.Errorf("%s: %q of a release that nothing fed", lang, got)
		}
	}
}
