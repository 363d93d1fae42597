package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// withV2 is the endpoint with the /v2 that its path lacks, "" where the image is not to be had
// so either.
func (o observation) withV2() string {
	switch {
	case o.would(probe.V2BeforePath) != nil:
		return o.origin() + "/v2" + strings.TrimSuffix(o.endpoint.Path, "/v2")
	case o.would(probe.V2AfterPath) != nil:
		return o.origin() + o.endpoint.Path + "/v2"
	}
	return ""
}

// addV2 writes the endpoint so; nothing where no registries.yaml has it.
func (o observation) addV2() []registry.Edit {
	if url := o.withV2(); url != "" && o.endpoint.Written.File != "" {
		return []registry.Edit{{At: o.endpoint.Written, Text: url}}
	}
	return nil
}

func (o observation) writeV2() Note {
	text := fmt.Sprintf("write %q", o.withV2())
	if !o.endpoint.OverridePath {
		text += ", and override_path = true below it"
	}
	return o.mendEndpoint(text)
}
