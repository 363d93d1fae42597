package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// maxImageAlternatives bounds for how many images of an endpoint counterfactuals are tried:
// what holds for some that are missing need not be asked for hundreds.
const maxImageAlternatives = 10

// imageAlternatives concern the image at an endpoint that answers. They go the way of
// containerd's own request, to the same host, with the same credentials.
var imageAlternatives = append(pathAlternatives[:len(pathAlternatives):len(pathAlternatives)], []alternative{
	{WithoutNamespace, (*walk).mayMindNamespace, (*walk).withoutNamespace},
	{UnderLibrary, (*walk).mayBeUnderLibrary, (*walk).underLibrary},
	{WithoutRewrite, (*walk).isRewritten, (*walk).withoutRewrite},
}...)

// pathAlternatives are those of images where something else answers at the endpoint's path.
var pathAlternatives = []alternative{
	belowPath(V2BeforePath, registry.Endpoint.BelowV2),
	belowPath(V2AfterPath, registry.Endpoint.AboveV2),
	belowPath(WithoutPath, func(ep registry.Endpoint) string {
		if ep.Path == registry.APIRoot {
			return ""
		}
		return registry.APIRoot
	}),
}

// belowPath asks for the image below another path, where there is one.
func belowPath(name string, other func(registry.Endpoint) string) alternative {
	return alternative{
		name:  name,
		calls: func(w *walk) bool { return w.isElsewhere() && other(w.asked) != "" },
		try: func(w *walk, ctx context.Context) Counterfactual {
			ep := w.asked
			ep.Path = other(ep)
			return w.askImage(ctx, ep)
		},
	}
}

// compareImage is compare for what concerns the image.
func (w *walk) compareImage(table []alternative) {
	if w.imagesCompared.Add(1) <= maxImageAlternatives {
		w.attach(w.compare(w.alternatives(table)))
	}
}

// isElsewhere reports whether what answers may be no registry, or one that has no such image.
func (w *walk) isElsewhere() bool {
	switch w.fault.cause {
	case cause.NotFound, cause.NotARegistry, cause.UnexpectedMediaType:
		return !w.asked.Embedded
	}
	return false
}

// mayMindNamespace leaves out what ?ns= cannot be the reason of, and the embedded
// registry, which needs it.
func (w *walk) mayMindNamespace() bool {
	switch w.fault.status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		return w.asked.Namespace != "" && !w.asked.Embedded
	}
	return false
}

func (w *walk) withoutNamespace(ctx context.Context) Counterfactual {
	ep := w.asked
	ep.Namespace = ""
	return w.askImage(ctx, ep)
}

// mayBeUnderLibrary are the images that Docker Hub has under library/, and those without
// any folder.
func (w *walk) mayBeUnderLibrary() bool {
	repository := w.asked.Repository
	hub := strings.HasPrefix(w.image.Repository, library) && !strings.Contains("/"+repository, "/"+library)
	return w.fault.status == http.StatusNotFound && !w.asked.Embedded && (hub || !strings.Contains(repository, "/"))
}

const library = "library/"

func (w *walk) underLibrary(ctx context.Context) Counterfactual {
	ep := w.asked
	i := strings.LastIndex(ep.Repository, "/") + 1
	ep.Repository = ep.Repository[:i] + library + ep.Repository[i:]
	return w.askImage(ctx, ep)
}

// isRewritten is of what a rewrite asks for and is not there.
func (w *walk) isRewritten() bool {
	return w.fault.status == http.StatusNotFound && !w.asked.Embedded && w.asked.Repository != w.image.Repository
}

func (w *walk) withoutRewrite(ctx context.Context) Counterfactual {
	ep := w.asked
	ep.Repository = w.image.Repository
	return w.askImage(ctx, ep)
}

// askImage asks ep, which is the endpoint with one thing changed, for the image.
func (w *walk) askImage(ctx context.Context, ep registry.Endpoint) Counterfactual {
	u, err := url.Parse(ep.ManifestURL(w.image.Identifier()))
	if err != nil {
		return Counterfactual{Detail: err.Error()}
	}
	req := request{method: http.MethodHead, url: u, accept: accept, authorization: w.authorization}
	a, err := w.send(ctx, req)
	if err == nil && a.status == http.StatusUnauthorized {
		if req.authorization, err = w.authorize(ctx, &Step{}, a, []string{scopeOf(ep)}); err == nil {
			a, err = w.send(ctx, req)
		}
	}
	if err != nil {
		return fails("HEAD "+u.String(), err)
	}
	return Counterfactual{
		Holds:  a.ok() && manifestType(a.media()),
		Detail: fmt.Sprintf("HEAD %s answers %s", u, statusLine(a.status)),
	}
}
