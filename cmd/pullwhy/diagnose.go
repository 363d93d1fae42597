package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
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
	images      imageFlags
	again       []string // the flags with which the same is judged once more: those that were given
}

func diagnoseCommand(e *env) *cobra.Command {
	d := &diagnosis{env: e}
	cmd := &cobra.Command{
		Use:   "diagnose [IMAGE...]",
		Short: "Read the node's registry configuration and log, ask every endpoint, name the cause",
		PreRunE: func(*cobra.Command, []string) error {
			if d.concurrency < 1 || d.timeout == 0 {
				return errors.New("--concurrency and --timeout must be greater than 0")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, named []string) error {
			d.again = judgedBy(cmd.Flags())
			r, err := d.run(cmd.Context(), named)
			if err != nil {
				return err
			}
			return e.print(r)
		},
	}
	flags := cmd.Flags()
	d.logs.add(flags)
	spanVar(flags, &d.timeout, "timeout", 5*time.Second, "bound of each probe step")
	flags.IntVar(&d.concurrency, "concurrency", 4, "connections at a time to one endpoint, a `NUMBER`")
	flags.BoolVar(&d.noProbe, "no-probe", false, "no network at all")
	flags.BoolVar(&e.fixDiff, "fix-diff", false, "print only a patch that mends registries.yaml, for patch -p1")
	flags.BoolVar(&e.strict, "strict", false, strictUsage)
	d.config.add(flags)
	d.images.add(flags)
	return cmd
}

// run is the main job.
func (d *diagnosis) run(ctx context.Context, named []string) (*report.Report, error) {
	start := time.Now()
	want, err := d.images.read(d.env, named)
	if err != nil {
		return nil, err
	}
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
	config.Issues = config.Lint(seen(node, log, want.images))
	ev := evidence(node, config, log, want)
	ev.Flags = d.again
	if !d.noProbe {
		ev.Probes = d.ask(ctx, node, asks(ev))
	}
	return d.report(node, ev, start), nil
}

// judging are the flags that decide what is found.
var judging = []string{
	"since", "log", "registries", "disable-default-registry-endpoint", "images-from", "auth-file", "no-probe", "timeout",
}

// judgedBy are those of them that were given, as they are typed; without a list of images on standard
// input, of which a command names the one that it is for.
func judgedBy(flags *pflag.FlagSet) []string {
	var all []string
	for _, name := range judging {
		switch f := flags.Lookup(name); {
		case f == nil || !f.Changed || f.Value.String() == "false":
		case f.Value.Type() == "bool":
			all = append(all, "--"+name)
		default:
			values := []string{f.Value.String()}
			if list, ok := f.Value.(pflag.SliceValue); ok {
				values = list.GetSlice()
			}
			for _, value := range values {
				if name != "images-from" || value != "-" {
					all = append(all, "--"+name, value)
				}
			}
		}
	}
	return all
}

// prober asks as the node's containerd does.
func (d *diagnosis) prober(node *registry.Node) *probe.Prober {
	return &probe.Prober{
		Root: node.FS, Env: node.Env, Timeout: d.timeout, Concurrency: d.concurrency, UserAgent: userAgent(node),
	}
}

// ask puts all questions to the endpoints, and shows how far it is.
func (d *diagnosis) ask(ctx context.Context, node *registry.Node, questions []probe.Ask) []probe.Result {
	shown := d.progress()
	defer shown.end()
	prober := d.prober(node)
	prober.Progress = shown.show
	shown.show(0, len(questions))
	return prober.Probe(ctx, questions)
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
	images = slices.Clone(images)
	for _, p := range log.pulls {
		images = append(images, p.Image)
	}
	for _, text := range images {
		if ref, err := registry.ParseReference(text); err == nil {
			all = append(all, ref)
		}
	}
	return all
}

func evidence(node *registry.Node, config *registry.Config, log nodeLog, want wanted) diagnose.Evidence {
	ev := diagnose.Evidence{
		Node: node, Config: config, Pulls: log.pulls, Agent: log.agent,
		Sources: slices.Concat(node.Sources, config.Sources, log.sources),
	}
	known := map[string]bool{}
	for _, text := range want.images {
		if r := imageRoute(config, text, want.secret); !known[r.Image] {
			known[r.Image] = true
			ev.Routes, ev.Images = append(ev.Routes, r), append(ev.Images, r.Image)
		}
	}
	for _, p := range ev.Pulls {
		if p.Failures > 0 && !known[p.Image] {
			known[p.Image] = true
			ev.Routes = append(ev.Routes, imageRoute(config, p.Image, registry.PullSecret{}))
		}
	}
	return ev
}

// imageRoute is where containerd would ask for the image, under its normalised name.
func imageRoute(config *registry.Config, text string, secret registry.PullSecret) diagnose.Route {
	r := diagnose.Route{Image: registry.WithoutUserinfo(text)}
	ref, err := registry.ParseReference(text)
	if err == nil {
		r.Image = ref.Name
		r.Endpoints, err = config.Endpoints(ref)
		r.Credentials = secret.Credentials(ref)
	}
	if routeErr, ok := errors.AsType[*registry.RouteError](err); ok {
		r.Err = routeErr
	}
	return r
}

// asks are the questions for the probe: each image that fails or was asked for at each of
// its endpoints, with each of its credentials, and whether every other configured endpoint
// answers at all.
func asks(ev diagnose.Evidence) []probe.Ask {
	var all []probe.Ask
	asked := map[string]bool{}
	for _, route := range ev.Routes {
		ref, err := registry.ParseReference(route.Image)
		if err != nil {
			continue
		}
		content := wantsContent(ev, route.Image)
		for _, ep := range route.Requests() {
			all = append(all, probe.Ask{Endpoint: ep, Image: ref, Content: content})
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

// wantsContent reports whether it takes the image's content to tell why it fails: it was
// asked for by name, or the log shows that its tag resolved.
func wantsContent(ev diagnose.Evidence, image string) bool {
	return slices.Contains(ev.Images, image) || slices.ContainsFunc(ev.Pulls, func(p logparse.Pull) bool {
		return p.Image == image && (p.Stage == logparse.StageFetch || p.Stage == logparse.StageUnpack)
	})
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
