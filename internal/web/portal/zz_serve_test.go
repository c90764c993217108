package portal

import (
	"net/http"
	"os"
	"testing"

	"amparo/internal/web/portal/portaltest"
)

func TestServeForLooking(t *testing.T) {
	if os.Getenv("LOOK") == "" {
		t.Skip()
	}
	t.Fatal(http.ListenAndServe("127.0.0.1:18099", New(Options{Catalog: portaltest.Catalog(t)})))
}
