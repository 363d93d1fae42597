package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

func routeCommand(e *env) *cobra.Command {
	var config configFlags
	cmd := &cobra.Command{
		Use:   "route IMAGE...",
		Short: "Print the requests that containerd would send for an image, in order; no network",
		Long: `Prints the requests that containerd would send for each IMAGE, in order, with the credentials,
certificates and rewrites that it would use. On a node that stands, what is rendered counts; with
--registries, what K3s would render of that file. Nothing is sent.

It exits with 1 where no request would be sent for an IMAGE, and with 2 where the command line is wrong.`,
		Example: `  pullwhy route nginx:1.27                          # as things stand
  pullwhy route --registries new.yaml nginx:1.27    # after a restart with new.yaml
  pullwhy route ghcr.io/team/app:1 -o json          # with all that is known of each request`,
		Args: func(_ *cobra.Command, images []string) error {
			if len(images) == 0 {
				return errors.New("which image? such as pullwhy route nginx:1.27")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, images []string) error {
			return e.routes(&config, images)
		},
	}
	hideFlags(cmd, "color", "verbose")
	config.add(cmd.Flags())
	return cmd
}

func (e *env) routes(flags *configFlags, images []string) error {
	refs := []registry.Reference{} // not nil: the files of no other image are read
	for _, text := range images {
		if ref, err := registry.ParseReference(text); err == nil {
			refs = append(refs, ref)
		}
	}
	node := registry.ReadNode(newNodeRoot(e.hostRoot))
	config, err := flags.loadFor(e, node, refs)
	if err != nil {
		return err
	}
	e.tellDenied(slices.Concat(node.Sources, config.Sources))
	routes := make([]report.Route, 0, len(images))
	failed := false
	for _, text := range images {
		r := route(config, text)
		failed = failed || r.Error != nil
		routes = append(routes, r)
	}
	if err := e.writeRoutes(routes); err != nil {
		return err
	}
	if failed {
		return errFailing
	}
	return nil
}

func (e *env) writeRoutes(routes []report.Route) error {
	if e.output == formatJSON {
		return report.WriteJSON(e.out, routes)
	}
	return report.WriteRoutes(e.out, routes)
}

func route(config *registry.Config, text string) report.Route {
	ref, err := registry.ParseReference(text)
	if err != nil {
		return report.NewRoute(registry.WithoutUserinfo(text), ref, nil, nil, &registry.RouteError{Stage: registry.StageReference, Message: err.Error()})
	}
	endpoints, err := config.Endpoints(ref)
	return report.NewRoute(ref.Name, ref, endpoints, config.BootstrapEndpoints(ref, endpoints), err)
}
