package differential

import (
	"context"
	"crypto/x509"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"

	k3sdocker "github.com/containerd/containerd/remotes/docker"
	k3sconfig "github.com/containerd/containerd/remotes/docker/config"
	updocker "github.com/containerd/containerd/v2/core/remotes/docker"
	upconfig "github.com/containerd/containerd/v2/core/remotes/docker/config"

	"github.com/pullwhy/pullwhy/registry"
)

// A host is one place that containerd asks, in terms that every release shares.
type host struct {
	Scheme, Host, Path string
	Pull, Resolve      bool
	CAs                []string // common names of the certificates that are trusted
	Clients            []string // and of those that are shown
	SkipVerify         bool
	HTTPFallback       bool
	Header             http.Header
	client             *http.Client
}

// A release is the real code: what it reads from a certs.d for an image host, and what it
// then asks for a reference.
type release struct {
	name, version string
	open          func(certsD string, update func(*http.Client) error) (hosts func(string) ([]host, error), resolve func(string) error)
}

var releases = []release{
	{"upstream", "v2.4.2", openUpstream},
	{"K3s", "v1.7.22-k3s1", openK3s},
}

func openUpstream(certsD string, update func(*http.Client) error) (func(string) ([]host, error), func(string) error) {
	ctx := context.Background()
	configured := upconfig.ConfigureHosts(ctx, upconfig.HostOptions{HostDir: upconfig.HostDirFromRoot(certsD), UpdateClient: update})
	hosts := func(name string) (all []host, err error) {
		list, err := configured(name)
		for _, h := range list {
			all = append(all, host{
				Scheme: h.Scheme, Host: h.Host, Path: registry.WithoutUserinfo(h.Path), Header: h.Header, client: h.Client,
				Pull: h.Capabilities.Has(updocker.HostCapabilityPull), Resolve: h.Capabilities.Has(updocker.HostCapabilityResolve),
			})
		}
		return all, err
	}
	resolver := updocker.NewResolver(updocker.ResolverOptions{Hosts: configured})
	return hosts, func(ref string) error { _, _, err := resolver.Resolve(ctx, ref); return err }
}

func openK3s(certsD string, update func(*http.Client) error) (func(string) ([]host, error), func(string) error) {
	ctx := context.Background()
	configured := k3sconfig.ConfigureHosts(ctx, k3sconfig.HostOptions{HostDir: k3sconfig.HostDirFromRoot(certsD), UpdateClient: update})
	hosts := func(name string) (all []host, err error) {
		list, err := configured(name)
		for _, h := range list {
			all = append(all, host{
				Scheme: h.Scheme, Host: h.Host, Path: registry.WithoutUserinfo(h.Path), Header: h.Header, client: h.Client,
				Pull: h.Capabilities.Has(k3sdocker.HostCapabilityPull), Resolve: h.Capabilities.Has(k3sdocker.HostCapabilityResolve),
			})
		}
		return all, err
	}
	resolver := k3sdocker.NewResolver(k3sdocker.ResolverOptions{Hosts: configured})
	return hosts, func(ref string) error { _, _, err := resolver.Resolve(ctx, ref); return err }
}

// A reader asks a release about one certs.d.
type reader struct {
	hosts      func(string) ([]host, error)
	resolve    func(string) error
	transports map[*http.Client]*http.Transport
	asked      []string
}

func (r release) read(certsD string) *reader {
	a := &reader{transports: map[*http.Client]*http.Transport{}}
	a.hosts, a.resolve = r.open(certsD, a.intercept)
	return a
}

// intercept keeps what containerd configured for a client, and answers in its place.
func (a *reader) intercept(c *http.Client) error {
	if t, ok := c.Transport.(*http.Transport); ok {
		a.transports[c] = t
	}
	c.Transport = a
	return nil
}

// RoundTrip has nothing of what is asked for.
func (a *reader) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "" && strings.Contains(req.URL.String(), "/manifests/") {
		a.asked = append(a.asked, req.URL.String())
	}
	return &http.Response{StatusCode: http.StatusNotFound, Status: "404 Not Found", Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// crashes reports whether the real code panics, as releases before 2.0 do at a plain key
// among host tables: then there is nothing to compare with.
func (a *reader) crashes(name string) (yes bool) {
	defer func() { yes = recover() != nil }()
	_, _ = a.hosts(name)
	return false
}

// wavers reports whether the real code does not agree with itself: releases before 2.0 put
// inline tables of hosts into a random order.
func (a *reader) wavers(name string) bool {
	first, _ := a.places(name)
	for range 30 {
		if again, _ := a.places(name); !reflect.DeepEqual(first, again) {
			return true
		}
	}
	return false
}

// places are the hosts with their TLS settings.
func (a *reader) places(name string) ([]host, error) {
	all, err := a.hosts(name)
	for i := range all {
		h := &all[i]
		h.HTTPFallback = h.client.Transport != a
		if t := a.transports[h.client]; t != nil {
			h.SkipVerify = t.TLSClientConfig.InsecureSkipVerify
			h.CAs = subjects(t.TLSClientConfig.RootCAs)
			for _, pair := range t.TLSClientConfig.Certificates {
				h.Clients = append(h.Clients, commonName(pair.Certificate[0]))
			}
		}
		h.client = nil
		h.Path = path.Join("/", h.Path) // as requests have it
	}
	return all, err
}

// requests are the manifests that are asked for, in order.
func (a *reader) requests(ref string) ([]string, error) {
	a.asked = nil
	err := a.resolve(ref)
	return slices.Clone(a.asked), err
}

func commonName(der []byte) string {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err.Error()
	}
	return cert.Subject.CommonName
}
