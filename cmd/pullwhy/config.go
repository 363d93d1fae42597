package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/registry"
)

// maxNamed bounds what is read of a file of settings that the command line names, as the
// node's own are bounded.
const maxNamed = 1 << 20

const aRegistriesYAML = "a registries.yaml"

// configFlags say which configuration is judged.
type configFlags struct {
	registries     string
	disableDefault bool
}

func (f *configFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.registries, "registries", "", "judge as if K3s had been restarted with this `FILE` as registries.yaml")
	flags.BoolVar(&f.disableDefault, "disable-default-registry-endpoint", false, "judge as if the agent had this flag")
}

// load reads the node's configuration under what the flags suppose.
func (f *configFlags) load(e *env, node *registry.Node) (*registry.Config, error) {
	return f.loadFor(e, node, nil)
}

// loadFor is load as far as it concerns images; nil is all of it.
func (f *configFlags) loadFor(e *env, node *registry.Node, images []registry.Reference) (*registry.Config, error) {
	a := registry.Assumption{DisableDefaultEndpoint: f.disableDefault, Images: images}
	if f.registries != "" {
		text, err := e.readNamed(f.registries, aRegistriesYAML)
		if err != nil {
			return nil, err
		}
		a.Registries, a.RegistriesPath = text, f.registries
	}
	return registry.LoadAssuming(node, a), nil
}

// tellDenied says which of the node's files were not judged because only root may read them.
func (e *env) tellDenied(sources []registry.Source) {
	denied := slices.DeleteFunc(slices.Clone(sources), func(s registry.Source) bool {
		return s.Status != registry.StatusUnreadable || s.Detail != fs.ErrPermission.Error()
	})
	if len(denied) == 0 {
		return
	}
	what := fmt.Sprintf("%q", denied[0].Path)
	if more := len(denied) - 1; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	e.log.Warn().Msgf("not judged: %s: permission denied; run pullwhy as root, such as with sudo", what)
}

// readNamed reads a file of settings that the command line names, and what it is for; - is
// standard input.
func (e *env) readNamed(name, what string) ([]byte, error) {
	in, err := e.openNamed(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxNamed+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", what, err)
	case len(text) > maxNamed:
		return nil, fmt.Errorf("reading %s: %q is larger than %d KiB", what, name, maxNamed>>10)
	}
	return text, nil
}

// openNamed opens a file that the command line names; - is standard input, which can be read
// once.
func (e *env) openNamed(name string) (io.ReadCloser, error) {
	if name != "-" {
		return os.Open(name)
	}
	if e.in == nil {
		return nil, errors.New("standard input was named twice")
	}
	in := io.NopCloser(e.in)
	e.in = nil
	return in, nil
}
