package probe

// A Counterfactual is one request that differs from containerd's in one thing, made where a
// failure calls for it: what it finds tells what would mend the endpoint.
type Counterfactual struct {
	Name   string `json:"name"`   // OverHTTP …
	Holds  bool   `json:"holds"`  // it works that way
	Detail string `json:"detail"` // what was asked and what answered, one clause
	File   string `json:"file"`   // OtherCA: path of the CA file on the node; else ""
}

// Names of counterfactuals.
const (
	OverHTTP         = "over_http"         // in plain http it answers as a registry does
	OverHTTPS        = "over_https"        // in https it answers as a registry does, with a certificate that verifies
	SystemCAs        = "system_cas"        // the certificate verifies by the node's own CAs, without the configured files
	OtherCA          = "other_ca"          // a CA file that is configured for another endpoint verifies the certificate
	WithoutProxy     = "without_proxy"     // connected to directly, it answers
	WithoutNamespace = "without_namespace" // without ?ns= it has the image
	UnderLibrary     = "under_library"     // the image is there under library/
)
