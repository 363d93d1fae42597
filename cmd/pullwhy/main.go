// Command pullwhy says why an image pull failed on a K3s, RKE2 or plain containerd node.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// endTime is what a command has for its end after a signal: watch to print its last report,
// demo to remove its folder. Reading standard input does not end by itself.
const endTime = 2 * time.Second

func main() {
	collectLess()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends it at once
		time.Sleep(endTime)
		fmt.Fprintln(os.Stderr, "pullwhy: interrupted")
		os.Exit(exitUsage)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// collectLess lets garbage grow to a few times what is in use before it is collected, as
// suits what ends soon, but not to more than it may take.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(56 << 20)
	}
}
