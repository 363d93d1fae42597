package registry

// Kinds of files that a diagnosis rests on.
const (
	KindRegistriesYAML = "registries_yaml"
	KindHostsTOML      = "hosts_toml"
	KindConfigTOML     = "config_toml"
	KindConfigYAML     = "config_yaml"
	KindTemplate       = "template"
	KindUnit           = "unit"
	KindEnvironment    = "environment"
	KindProcess        = "process"
	KindContainerdLog  = "containerd_log"
	KindKubeletLog     = "kubelet_log"
	KindJournal        = "journal"
	KindCertificate    = "certificate"
)

// What became of a Source.
const (
	StatusRead       = "read"
	StatusAbsent     = "absent"
	StatusUnreadable = "unreadable"
)

// A Source is a file that was looked for, and what became of it.
type Source struct {
	Path    string `json:"path"` // absolute on the node; as named for files named on the command line
	Kind    string `json:"kind"`
	Status  string `json:"status"`
	Detail  string `json:"detail"`  // why it is unreadable, or what is worth knowing of it; "" for nothing
	Lines   int    `json:"lines"`   // read; 0 where not counted
	Skipped int    `json:"skipped"` // lines that could not be read as what the file should hold
}

// Log reports whether the source is a log of pulls.
func (s Source) Log() bool {
	return s.Kind == KindContainerdLog || s.Kind == KindKubeletLog || s.Kind == KindJournal
}
