package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/registry"
)

// maxRegistries bounds what is read of a registries.yaml that the command line names, as
// the node's own is bounded.
const maxRegistries = 1 << 20

// configFlags say which configuration is judged.
type configFlags struct {
	registries     string
	disableDefault bool
}

func (f *configFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.registries, "registries", "", "judge as if K3s had been restarted with this registries.yaml")
	f.addDisableDefault(flags)
}

func (f *configFlags) addDisableDefault(flags *pflag.FlagSet) {
	flags.BoolVar(&f.disableDefault, "disable-default-registry-endpoint", false, "judge as if the agent had this flag")
}

// load reads the node's configuration under what the flags suppose.
func (f *configFlags) load(e *env, node *registry.Node) (*registry.Config, error) {
	a := registry.Assumption{DisableDefaultEndpoint: f.disableDefault}
	if f.registries != "" {
		text, err := e.readNamed(f.registries)
		if err != nil {
			return nil, err
		}
		a.Registries, a.RegistriesPath = text, f.registries
	}
	return registry.LoadAssuming(node, a), nil
}

// readNamed reads a registries.yaml that the command line names; - is standard input.
func (e *env) readNamed(name string) ([]byte, error) {
	in := e.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading a registries.yaml: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRegistries+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading a registries.yaml: %w", err)
	case len(text) > maxRegistries:
		return nil, fmt.Errorf("reading %q: it is larger than %d KiB", name, maxRegistries>>10)
	case text == nil:
		text = []byte{}
	}
	return text, nil
}
