package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/registry"
)

// imageFlags say which images are checked beside those that are named, and with which
// credentials.
type imageFlags struct {
	from     string
	authFile string
}

func (f *imageFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.from, "images-from", "", "check the images that this `FILE` lists too, one a line; - is standard input")
	flags.StringVar(&f.authFile, "auth-file", "", "ask for the IMAGEs with the credentials of this `FILE`, a docker config.json, as with a pull secret")
}

// wanted are the images to check: those that were named, and those of the list.
type wanted struct {
	images []string
	secret registry.PullSecret
}

func (f *imageFlags) read(e *env, named []string) (wanted, error) {
	w := wanted{images: named}
	if f.authFile != "" {
		text, err := e.readNamed(f.authFile, "credentials")
		if err != nil {
			return w, err
		}
		secret, err := registry.ReadPullSecret(f.authFile, text)
		if err != nil {
			return w, err
		}
		w.secret = *secret
	}
	if f.from != "" {
		text, err := e.readNamed(f.from, "a list of images")
		if err != nil {
			return w, err
		}
		w.images = slices.Concat(named, listed(e, f.from, string(text)))
	}
	if f.authFile != "" && !slices.ContainsFunc(w.images, w.hasCredentials) {
		e.log.Warn().Str("file", f.authFile).Msg("no entry is for any of the IMAGEs; the kubelet would send no credentials")
	}
	return w, nil
}

func (w wanted) hasCredentials(image string) bool {
	ref, err := registry.ParseReference(image)
	return err == nil && len(w.secret.Credentials(ref)) > 0
}

// listed are the images of a list. Comments are passed over, which K3s and RKE2 do not do:
// they take each for an image that does not parse.
func listed(e *env, name, text string) []string {
	var images []string
	number, comments := 0, 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch _, err := registry.ParseReference(line); {
		case line == "":
		case strings.HasPrefix(line, "#"):
			comments++
		case err != nil:
			e.log.Warn().Str("file", name).Int("line", number).Msg("this line of the list is no image")
			fallthrough
		default:
			images = append(images, line)
		}
	}
	if comments > 0 {
		e.log.Info().Str("file", name).Int("comments", comments).Msg("comments were passed over; an agent that finds them in its images directory logs each as an image that does not parse")
	}
	return images
}
