package registry

// A Config is the node's registry configuration as containerd uses it.
type Config struct {
	Node    *Node
	Sources []Source // what was looked for, beside what Node.Sources lists
	Issues  []Issue

	loader *loader
}

// A Registry is one image host for which something is configured.
type Registry struct {
	Name      string     // image host; "*" for the wildcard
	Source    string     // path of the file that decided
	Endpoints []Endpoint // in the order in which containerd asks them, the default one last; Repository empty
}

// A RouteError says why containerd would send no request at all.
type RouteError struct {
	Stage   string // StageReference, StageRegistriesYAML or StageHostList
	Message string
	File    string // "" where no file is to blame
	Line    int
}

// Stages of a RouteError.
const (
	StageReference      = "image-reference"
	StageRegistriesYAML = "registries-yaml"
	StageHostList       = "host-list"
)

// Error implements [error].
func (e *RouteError) Error() string { return e.Message }

// Supposed is the file that was judged in place of the node's registries.yaml, as it was named;
// "" for none.
func (c *Config) Supposed() string {
	return c.state().assumed.RegistriesPath
}

// state is what was read; a Config that nobody loaded is that of a node without files.
func (c *Config) state() *loader {
	if c.loader == nil {
		return Load(&Node{}).loader
	}
	return c.loader
}
