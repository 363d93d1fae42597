//go:build !linux

package main

func newNodeRoot(dir string) hostRoot { return hostRoot(dir) }
