package main

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"syscall"
)

// journalctlPaths are where distributions have it, NixOS last.
var journalctlPaths = []string{"usr/bin/journalctl", "bin/journalctl", "run/current-system/sw/bin/journalctl"}

// journalctl is the command that reads the journal of the node below root: the node's own,
// in a chroot, which takes root's rights. Only of a node that runs: files that were copied
// from somewhere are read, and nothing of them is ever run.
func journalctl(ctx context.Context, root string, args ...string) (*exec.Cmd, error) {
	if filepath.Clean(root) == "/" {
		return exec.CommandContext(ctx, "journalctl", args...), nil
	}
	if _, err := fs.Stat(hostRoot(root), "proc/1"); err != nil {
		return nil, errors.New("no running node below the host root")
	}
	for _, name := range journalctlPaths {
		if _, err := fs.Stat(hostRoot(root), name); err != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, "/"+name, args...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		return cmd, nil
	}
	return nil, errors.New("no journalctl below the host root")
}
