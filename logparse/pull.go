package logparse

import (
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

// A Pull is what the log says of the pulls of one image: all of them counted, the newest
// failure in full.
type Pull struct {
	Image         string     `json:"image"`          // normalised; as written where it does not parse; "" where the text names none
	Requested     string     `json:"requested"`      // the text that the kubelet sent
	Failures      int        `json:"failures"`       // failed pulls, several credentials counted once
	FirstFailure  *time.Time `json:"first_failure"`  // UTC; nil where unknown
	LastFailure   *time.Time `json:"last_failure"`   // UTC
	LastSuccess   *time.Time `json:"last_success"`   // UTC
	ReportedError string     `json:"reported_error"` // what the kubelet was told of the newest failure; "" for RKE2's own pull, of which it is told nothing, and where the text does not have it
	Attempts      []Attempt  `json:"attempts"`       // of the newest failure, in the order containerd made them

	Succeeded bool       `json:"-"` // the newest outcome is a success; times may be unknown
	Stage     Stage      `json:"-"` // where the newest failure ended
	Reported  Failure    `json:"-"` // what ReportedError names
	Secret    PullSecret `json:"-"` // that was wanting when the newest failure was one of credentials
	Config    Failure    `json:"-"` // a hosts.toml that containerd could not decode for this pull; zero for none
}

// Stage is how far a failed pull came.
type Stage string

// The stages of a pull.
const (
	StageRefused Stage = "refused" // before any request: reference, certificate files
	StageResolve Stage = "resolve" // asking for the tag or digest
	StageFetch   Stage = "fetch"   // manifests and blobs of a resolved tag
	StageUnpack  Stage = "unpack"  // writing to the node
)

// A Failure is what one piece of text says went wrong, and where.
type Failure struct {
	Cause    cause.Cause // None: no failure
	Endpoint string      // scheme://host[:port], host[:port] or "": the host that failed, which may be a token service or a redirect's target
	Error    string      // the text, without secrets
	File     string
	Line     int
}

// An Attempt is one endpoint that was asked for one image, and failed.
type Attempt struct {
	Endpoint   string      `json:"endpoint"` // scheme://host[:port]; host[:port] where the lines give no scheme; "" where they name none, but only Target
	Default    bool        `json:"default"`  // the image's own registry, asked last
	Cause      cause.Cause `json:"cause"`
	Error      string      `json:"error"`
	StatusCode int         `json:"status_code"` // HTTP status that the line gives, be it Target's; 0 where there was no answer
	Time       *time.Time  `json:"time"`        // UTC; nil where unknown
	File       string      `json:"file"`        // "" for a probe's
	Line       int         `json:"line"`
	Source     string      `json:"source"` // log or probe

	URL    string `json:"-"` // that was asked for the manifest or blob; "" where the line does not tell, as before 2.3
	Target string `json:"-"` // host that failed on behalf of Endpoint: its token service or a redirect's target; "" for itself
}

// Sources of an Attempt.
const (
	SourceLog   = "log"
	SourceProbe = "probe"
)
