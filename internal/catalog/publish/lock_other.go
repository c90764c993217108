//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package publish

import (
	"errors"
	"os"
)

// lock refuses: without a lock that ends with its process, two releases at once
// could take one version.
func lock(string) (*os.File, error) {
	return nil, errors.New("publish: this system has no file locks that amparo can use; publish from Linux, BSD or macOS")
}
