package registry

// An Issue is a mistake in the node's registry configuration.
type Issue struct {
	Code     string // of a Rule
	Severity string // SeverityError, SeverityWarning or SeverityInfo
	File     string // absolute on the node
	Line     int    // 1-based; 0: the whole file
	Column   int    // 1-based, in runes; 0: unknown
	Registry string // image host concerned; "" for all
	Detail   string // what is wrong, one sentence without full stop
	Fix      string // what to type or change; "" where the code's general advice is all there is
	Command  string // that carries out Fix on the node; "" where that takes more than a command
	Excerpt  string // the line as it stands, without what may be a secret; "" where it may not be shown
	Edits    []Edit // that mend it in registries.yaml, where that needs no knowledge but the file's; nil otherwise
}
