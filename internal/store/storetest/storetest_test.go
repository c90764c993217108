package storetest

import (
	"testing"

	"amparo/internal/release"
	"amparo/internal/release/releasetest"
)

// TestReference holds the reference to the suite that it is the reference of.
func TestReference(t *testing.T) {
	Ledger(t, func(*testing.T) release.Ledger { return new(releasetest.Memory) })
}
