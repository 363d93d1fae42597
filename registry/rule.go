package registry

// How much an issue matters.
const (
	SeverityError   = "error"   // K3s rejects the file, or pulls fail or run without what was configured
	SeverityWarning = "warning" // works by luck or not as meant
	SeverityInfo    = "info"    // worth knowing
)

// A Rule documents one code: what explain prints.
type Rule struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // of most of its findings
	Title    string `json:"title"`    // what is wrong, without where
	Meaning  string `json:"meaning"`  // what the runtime makes of it
	Shows    string `json:"shows"`    // how it shows on a node
	Confirm  string `json:"confirm"`  // how to see it by hand; may hold commands, a line each
	Fix      string `json:"fix"`      // what to do about it
}

// RuleOf is the rule of a configuration code; false for a code that is none.
func RuleOf(code string) (Rule, bool) {
	for _, r := range Rules {
		if r.Code == code {
			return r, true
		}
	}
	return Rule{}, false
}

// Codes of the mistakes in a configuration.
const (
	codeSyntax             = "config_syntax"
	codeUnknownKey         = "config_unknown_key"
	codeDuplicateKey       = "config_duplicate_key"
	codeInvisible          = "config_invisible_character"
	codeTruncated          = "config_value_truncated"
	codeRegistryName       = "config_registry_name"
	codeUnusedEntry        = "config_unused_entry"
	codeDefaultOnly        = "config_entry_default_only"
	codeHubKey             = "config_docker_hub_key"
	codeWildcard           = "config_wildcard_ineffective"
	codeEndpointInvalid    = "config_endpoint_invalid"
	codeEndpointDuplicate  = "config_endpoint_duplicate"
	codeEndpointIsDefault  = "config_endpoint_is_default"
	codeEndpointPath       = "config_endpoint_path"
	codeEndpointNoMirror   = "config_endpoint_not_a_mirror"
	codeHTTPWithTLS        = "config_http_with_tls"
	codeInsecure           = "config_insecure"
	codeCredentialsInURL   = "config_credentials_in_url"
	codeAuthUndecodable    = "config_auth_undecodable"
	codeRewriteInvalid     = "config_rewrite_invalid"
	codeRewriteAmbiguous   = "config_rewrite_ambiguous"
	codeRewriteIneffective = "config_rewrite_ineffective"
	codeFileUnreadable     = "config_file_unreadable"
	codeCAInvalid          = "config_ca_invalid"
	codeKeyPairInvalid     = "config_key_pair_invalid"
	codeDefaultKept        = "config_default_endpoint_kept"
	codeEmbeddedIdle       = "config_embedded_registry_idle"
	codeNotApplied         = "config_not_applied"
	codeShadowed           = "config_shadowed"
	codeUndecodableHosts   = "config_undecodable_hosts"
	codeTemplate           = "config_template_drops_registry"
	codeMisplaced          = "config_misplaced_file"
	codeClusterName        = "config_cluster_dns_name"
	codeMirrorUnmatched    = "config_mirror_unmatched"
	codeConflict           = "config_conflict"
)
