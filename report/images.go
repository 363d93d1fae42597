package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
)

// imagesInFull is up to how many images of one fate are named without being asked for.
const imagesInFull = 10

// An imageGroup is the images that share a fate.
type imageGroup struct {
	status, fate string
	images       []diagnose.Image
}

// images says which of the images that were asked for the node could pull, those that it
// could not first.
func (r *Report) images(p *printer) {
	if len(r.Images) == 0 {
		return
	}
	groups := r.imageGroups()
	counts := map[string]int{}
	for _, img := range r.Images {
		counts[img.Status]++
	}
	p.bold(fmt.Sprintf("%s asked for: %d unavailable, %d available, %d unknown", count(len(r.Images), "image"),
		counts[diagnose.Unavailable], counts[diagnose.Available], counts[diagnose.ImageUnknown]))
	for _, g := range groups {
		text := count(len(g.images), "image") + ": " + g.fate
		if g.images[0].Copy != "" {
			text += "; this brings them there, as docker pull, tag and push do"
		}
		p.field(g.status, text)
		g.names(p)
	}
	p.line("")
}

// imageGroups are in the order in which they matter, the greatest first.
func (r *Report) imageGroups() []imageGroup {
	var groups []imageGroup
	for _, img := range r.Images {
		fate := fateOf(img)
		i := slices.IndexFunc(groups, func(g imageGroup) bool { return g.status == img.Status && g.fate == fate })
		if i < 0 {
			i = len(groups)
			groups = append(groups, imageGroup{status: img.Status, fate: fate})
		}
		groups[i].images = append(groups[i].images, img)
	}
	order := []string{diagnose.Unavailable, diagnose.ImageUnknown, diagnose.Available}
	slices.SortStableFunc(groups, func(a, b imageGroup) int {
		if a.status != b.status {
			return slices.Index(order, a.status) - slices.Index(order, b.status)
		}
		return len(b.images) - len(a.images)
	})
	return groups
}

func fateOf(img diagnose.Image) string {
	switch {
	case img.Status == diagnose.Available:
		return "from " + img.Endpoint
	case img.Cause == cause.None:
		return "not every endpoint was asked"
	}
	for _, a := range img.Attempts {
		if a.Cause == img.Cause && a.Endpoint != "" {
			return string(img.Cause) + " at " + a.Endpoint + nowhere(img, a)
		}
	}
	return string(img.Cause)
}

// nowhere adds that the image's own registry lacks it as well, so that there is nothing to copy.
func nowhere(img diagnose.Image, first logparse.Attempt) string {
	own := slices.ContainsFunc(img.Attempts, func(a logparse.Attempt) bool { return a.Default && a.Cause == cause.NotFound })
	if img.Cause == cause.NotFound && !first.Default && own && img.Copy == "" {
		return ", nor has its own registry the image"
	}
	return ""
}

// names lists the images of a group: all of those that are missing, with the command that
// brings each into the mirror, and of the others what a screen takes.
func (g imageGroup) names(p *printer) {
	for i, img := range g.images {
		switch {
		case i == imagesInFull && g.status != diagnose.Unavailable && !p.Verbose:
			p.field("", fmt.Sprintf("and %d more; -v names them", len(g.images)-i))
			return
		case img.Copy != "":
			p.command("", img.Copy)
		case img.Cause == cause.PlatformMismatch || p.Verbose && len(img.Platforms) > 0:
			p.field("", img.Image+" ("+strings.Join(img.Platforms, ", ")+")")
		default:
			p.field("", img.Image)
		}
	}
}
