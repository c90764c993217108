package catalog

import (
	"io/fs"
	"syscall"
)

// changed returns when the system last saw a file change, which a program cannot
// set as it can the time of modification.
func changed(info fs.FileInfo) syscall.Timespec {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim
	}
	return syscall.Timespec{}
}
