package registry

// An Issue is a mistake in the node's registry configuration.
type Issue struct {
	Code     string  // of a Rule
	Severity string  // SeverityError, SeverityWarning or SeverityInfo
	File     string  // absolute on the node
	Line     int     // 1-based; 0: the whole file
	Column   int     // 1-based, in runes; 0: unknown
	Registry string  // image host concerned; "" for all
	Detail   string  // what is wrong, one sentence without full stop
	Fix      string  // what to type or change; "" where the code's general advice is all there is
	Command  string  // that carries out Fix on the node; "" where that takes more than a command
	Excerpt  string  // the line as it stands, without what may be a secret; "" where it may not be shown
	Others   []Issue // the same mistake for other image hosts, which it would be noise to tell one by one
	Edits    []Edit  // that mend it in registries.yaml, where that needs no knowledge but the file's; nil otherwise
}

// of is the issue for the first of registries, with the same for the others beside it.
func (i Issue) of(registries []string) Issue {
	for n, name := range registries {
		if n == 0 {
			i.Registry = name
			continue
		}
		other := i
		other.Registry, other.Others = name, nil
		i.Others = append(i.Others, other)
	}
	return i
}

// An issueKey says when two issues are the same: settings are copied into many files.
type issueKey struct {
	code, file   string
	line, column int
	detail       string // where there is no line
}

func (i Issue) key() issueKey {
	k := issueKey{code: i.Code, file: i.File, line: i.Line, column: i.Column}
	if i.Line == 0 {
		k.detail = i.Detail
	}
	return k
}

// An issueList holds each issue once, without credentials. The zero value is empty.
type issueList struct {
	all  []Issue
	seen map[issueKey]bool
}

func (l *issueList) add(i Issue) {
	i.dropUserinfo()
	if l.seen == nil {
		l.seen = map[issueKey]bool{}
	}
	if !l.seen[i.key()] {
		l.seen[i.key()] = true
		l.all = append(l.all, i)
	}
}

func (i *Issue) dropUserinfo() {
	for _, text := range []*string{&i.Registry, &i.Detail, &i.Fix, &i.Command, &i.Excerpt, &i.File} {
		*text = WithoutUserinfo(*text)
	}
	for other := range i.Others {
		i.Others[other].dropUserinfo()
	}
}
