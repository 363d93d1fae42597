package main

import (
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

type authorityKey struct{}

// newAuthority gives a script a certificate authority, whose certificate is ca.crt.
func newAuthority(env *testscript.Env) error {
	ca := probetest.NewCA("Example Root CA")
	env.Values[authorityKey{}] = ca
	return os.WriteFile(filepath.Join(env.WorkDir, "ca.crt"), ca.PEM(), 0o644)
}

// startRegistry serves images on loopback for the rest of the script, and sets a variable to
// its host:port: registry [-auth USER:PASSWORD] [-http] VARIABLE HOST [REPOSITORY:TAG...]
func startRegistry(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	auth, plain := flags.String("auth", "", ""), flags.Bool("http", false, "")
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() < 2 {
		ts.Fatalf("usage: registry [-auth USER:PASSWORD] [-http] VARIABLE HOST [REPOSITORY:TAG...]")
	}
	variable, host := flags.Arg(0), flags.Arg(1)
	var handler http.Handler = probetest.NewRegistry(flags.Args()[2:]...)
	if user, password, ok := strings.Cut(*auth, ":"); ok {
		handler = probetest.Basic(handler, user, password)
	}
	cert := ts.Value(authorityKey{}).(*probetest.CA).Server(host)
	if *plain {
		cert = nil
	}
	server := probetest.Serve(handler, cert)
	ts.Defer(server.Close)
	ts.Setenv(variable, net.JoinHostPort(host, server.Port))
}

// expand writes files anew with the script's variables in them: expand FILE...
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, file := range args {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(os.Expand(ts.ReadFile(file), ts.Getenv)), 0o644))
	}
}
