package diagnose

import "github.com/pullwhy/pullwhy/registry"

// Rules are all codes with what they mean: the failures' first, then the configuration's.
func Rules() []registry.Rule {
	return registry.Rules
}
