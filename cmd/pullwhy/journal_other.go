//go:build !linux

package main

import (
	"context"
	"errors"
	"os/exec"
)

// journalctl is a command of Linux.
func journalctl(context.Context, string, ...string) (*exec.Cmd, error) {
	return nil, errors.New("the journal can be read on Linux only")
}
