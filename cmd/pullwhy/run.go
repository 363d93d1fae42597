package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

// Exit statuses, the same in every output format.
const (
	exitOK      = 0
	exitFailing = 1
	exitUsage   = 2 // the command line is wrong, or pullwhy could not do its job
)

const strictUsage = "exit with 1 for a degraded node too"

// errFailing ends a command that did its job and found something failing.
var errFailing = errors.New("something is failing")

// env is what commands share: where to read and write, and the flags of several of them.
type env struct {
	in       io.Reader
	out      io.Writer
	stderr   io.Writer
	log      zerolog.Logger
	hostRoot string
	output   string
	color    string
	verbose  bool
	strict   bool
	fixDiff  bool
}

func run(ctx context.Context, args []string, in io.Reader, out, stderr io.Writer) int {
	e := &env{in: in, out: out, stderr: stderr, log: logger(stderr)}
	root := rootCommand(e)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(stderr)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitOK
	case errors.Is(err, errFailing):
		return exitFailing
	default:
		fmt.Fprintln(stderr, "pullwhy:", err.Error()+remedy(err))
		return exitUsage
	}
}

// remedy is what to do about an error, beside what it says; "" where that says all.
func remedy(err error) string {
	if strings.HasSuffix(err.Error(), fs.ErrPermission.Error()) {
		return "; run pullwhy as root, such as with sudo"
	}
	return ""
}

// logger is the tool's own log, for people, on standard error.
func logger(stderr io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{
		Out: zerolog.SyncWriter(stderr), NoColor: true, TimeFormat: time.TimeOnly,
	}).With().Timestamp().Logger()
}

func rootCommand(e *env) *cobra.Command {
	root := diagnoseCommand(e)
	root.Use = "pullwhy [IMAGE...]"
	root.Short = "Say why an image pull failed on this K3s, RKE2 or containerd node"
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.Args = imagesNotCommands
	flags := root.PersistentFlags()
	flags.StringVar(&e.hostRoot, "host-root", "/", "the `DIR` of the node's filesystem; /host where the node is mounted there")
	flags.StringVarP(&e.output, "output", "o", formatText, "text, short or json; lint: also sarif")
	flags.StringVar(&e.color, "color", colorAuto, "auto, always or never; NO_COLOR is respected")
	flags.BoolVarP(&e.verbose, "verbose", "v", false, "pulls, attempts, steps, certificates, timings and all sources too")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return cmp.Or(checkFormat(e.output, cmd.Name() == "lint"), checkColor(e.color), checkHostRoot(e.hostRoot))
	}
	root.AddCommand(diagnoseCommand(e), watchCommand(e), logsCommand(e), routeCommand(e), lintCommand(e), explainCommand(e), demoCommand(e), schemaCommand(e), versionCommand(e))
	return root
}

// imagesNotCommands keeps a mistyped command, and a file, from being taken for an image of
// Docker Hub.
func imagesNotCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	switch info, err := os.Stat(name); {
	case name == "-", err == nil && info.Mode().IsRegular():
		return fmt.Errorf("%q is no image; pullwhy logs %[1]s reads it as a log, pullwhy lint %[1]s as a registries.yaml", name)
	case !strings.ContainsAny(name, "/:.@"):
		return fmt.Errorf("unknown command %q; for the image of that name: pullwhy diagnose %s", name, name)
	}
	return nil
}
