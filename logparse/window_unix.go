//go:build unix

package logparse

import (
	"os"
	"syscall"
)

func mapFile(file *os.File, at int64, size int) ([]byte, error) {
	return syscall.Mmap(int(file.Fd()), at, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmapFile(mapped []byte) { _ = syscall.Munmap(mapped) } // of what is mapped it can't fail
