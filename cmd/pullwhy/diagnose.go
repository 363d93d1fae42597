package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

// diagnosis holds the flags of the main job.
type diagnosis struct {
	*env
	logs        logFlags
	timeout     time.Duration
	concurrency int
	noProbe     bool
	config      configFlags
}

func diagnoseCommand(e *env) *cobra.Command {
	d := &diagnosis{env: e}
	cmd := &cobra.Command{
		Use:   "diagnose [IMAGE...]",
		Short: "Read the node's registry configuration and log, ask every endpoint, name the cause",
		RunE: func(cmd *cobra.Command, images []string) error {
			r, err := d.run(cmd.Context(), images)
			if err != nil {
				return err
			}
			return e.print(r)
		},
	}
	flags := cmd.Flags()
	d.logs.add(flags)
	flags.DurationVar(&d.timeout, "timeout", 5*time.Second, "bound of each probe step")
	flags.IntVar(&d.concurrency, "concurrency", 4, "connections at a time to one endpoint")
	flags.BoolVar(&d.noProbe, "no-probe", false, "no network at all")
	flags.BoolVar(&e.fixDiff, "fix-diff", false, "print only a patch that mends registries.yaml, for patch -p1")
	flags.BoolVar(&e.strict, "strict", false, "exit with 1 for a degraded node too")
	d.config.add(flags)
	return cmd
}

// run is the main job.
func (d *diagnosis) run(ctx context.Context, images []string) (*report.Report, error) {
	start := time.Now()
	root := hostRoot(d.hostRoot)
	node := registry.ReadNode(root)
	node.Root = d.hostRoot
	log := d.readLogs(ctx, root, node, start)
	if log.version != "" {
		node.ContainerdVersion = log.version
	}
	config, err := d.config.load(d.env, node)
	if err != nil {
		return nil, err
	}
	config.Issues = config.Lint(seen(node, log, images))
	ev := evidence(node, config, log, images)
	if !d.noProbe {
		ev.Probes = d.prober(node).Probe(ctx, asks(ev))
	}
	return d.report(node, ev, start), nil
}

// prober asks as the node's containerd does.
func (d *diagnosis) prober(node *registry.Node) *probe.Prober {
	return &probe.Prober{
		Root: node.FS, Env: node.Env, Timeout: d.timeout, Concurrency: d.concurrency, UserAgent: userAgent(node),
	}
}

// report is what the evidence comes to.
func (e *env) report(node *registry.Node, ev diagnose.Evidence, start time.Time) *report.Report {
	r := report.New(diagnose.Diagnose(ev), ev.Sources)
	e.head(r, node, start)
	return r
}

// seen are the images that this node is known to pull.
func seen(node *registry.Node, log nodeLog, images []string) []registry.Reference {
	all := node.ListedImages()
	for _, p := range log.pulls {
		images = append(images[:len(images):len(images)], p.Image)
	}
	for _, text := range images {
		if ref, err := registry.ParseReference(text); err == nil {
			all = append(all, ref)
		}
	}
	return all
}

func evidence(node *registry.Node, config *registry.Config, log nodeLog, images []string) diagnose.Evidence {
	ev := diagnose.Evidence{
		Node: node, Config: config, Pulls: log.pulls, Agent: log.agent,
		Sources: append(append(node.Sources, config.Sources...), log.sources...),
	}
	for _, text := range images {
		ev.Images = append(ev.Images, addRoute(&ev, config, text))
	}
	for _, p := range ev.Pulls {
		if p.Failures > 0 {
			addRoute(&ev, config, p.Image)
		}
	}
	return ev
}

// addRoute adds where containerd would ask for the image, once, and returns its normalised
// name.
func addRoute(ev *diagnose.Evidence, config *registry.Config, text string) string {
	route := diagnose.Route{Image: text}
	ref, err := registry.ParseReference(text)
	if err == nil {
		route.Image = ref.Name
		route.Endpoints, err = config.Endpoints(ref)
	} else {
		route.Err = &registry.RouteError{Stage: registry.StageReference, Message: err.Error()}
	}
	if routeErr, ok := errors.AsType[*registry.RouteError](err); ok {
		route.Err = routeErr
	}
	for _, known := range ev.Routes {
		if known.Image == route.Image {
			return route.Image
		}
	}
	ev.Routes = append(ev.Routes, route)
	return route.Image
}

// asks are the questions for the probe: each image that fails or was asked for at each of
// its endpoints, and whether every other configured endpoint answers at all.
func asks(ev diagnose.Evidence) []probe.Ask {
	var all []probe.Ask
	asked := map[string]bool{}
	for _, route := range ev.Routes {
		ref, err := registry.ParseReference(route.Image)
		if err != nil {
			continue
		}
		for _, ep := range route.Endpoints {
			all = append(all, probe.Ask{Endpoint: ep, Image: ref})
			asked[ep.Spelling()] = true
		}
	}
	for _, r := range ev.Config.Registries() {
		for _, ep := range r.Endpoints {
			if !asked[ep.Spelling()] && ep.Host != "" {
				all = append(all, probe.Ask{Endpoint: ep})
				asked[ep.Spelling()] = true
			}
		}
	}
	return all
}

// head fills in what is not the diagnosis's to know.
func (e *env) head(r *report.Report, node *registry.Node, start time.Time) {
	r.Tool = report.Tool{Name: "pullwhy", Version: toolVersion()}
	r.Node = report.Node{
		Hostname: node.Hostname, Distribution: node.Distribution, HostRoot: e.hostRoot,
		ContainerdVersion: node.ContainerdVersion, OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	r.Time, r.DurationMS = start.UTC(), time.Since(start).Milliseconds()
}

// userAgent is how the node's containerd presents itself; "" where its version is unknown.
func userAgent(node *registry.Node) string {
	if node.ContainerdVersion == "" {
		return ""
	}
	return "containerd/" + node.ContainerdVersion
}
