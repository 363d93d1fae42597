package diagnose

import (
	"fmt"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// otherPath is the endpoint with the path below which it has the image, "" where that was found
// below none.
func (o observation) otherPath() string {
	switch {
	case o.would(probe.V2BeforePath) != nil:
		return o.origin() + o.endpoint.BelowV2()
	case o.would(probe.V2AfterPath) != nil:
		return o.origin() + o.endpoint.AboveV2()
	case o.would(probe.WithoutPath) != nil:
		return o.origin()
	}
	return ""
}

// editPath writes the endpoint so; nothing where no registries.yaml has it.
func (o observation) editPath() []registry.Edit {
	if url := o.otherPath(); url != "" && o.endpoint.Written.File != "" {
		return []registry.Edit{{At: o.endpoint.Written, Text: url}}
	}
	return nil
}

func (o observation) writePath() Note {
	url := o.otherPath()
	text := fmt.Sprintf("write %q", url)
	if !o.endpoint.OverridePath && url != o.origin() {
		text += ", and override_path = true below it"
	}
	return o.mendEndpoint(text)
}
