package diagnose

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// contentRules judge what is fetched once the tag is resolved.
var contentRules = map[cause.Cause]rule{
	cause.PlatformMismatch: {
		title:  "the image has nothing for this node's platform",
		noun:   "missing platform",
		detail: noPlatform,
		fix: func(o observation) []Note {
			return []Note{{Text: "use a tag that has this platform, or push one: " + o.concerned()},
				look("see which platforms it has", "crane manifest "+quote(o.named()))}
		},
		doc: doc{
			meaning: "The tag is an index of images for several platforms, and none of them is for the node's operating system and architecture.",
			shows:   "`no match for platform in manifest`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds.",
			confirm: "crane manifest IMAGE | grep -A4 platform\nuname -m\ncurl -sS -u USER -H 'Accept: application/vnd.oci.image.index.v1+json' https://HOST:PORT/v2/REPOSITORY/manifests/TAG\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Build and push the image for that platform, use a tag that has it, or keep the pod from this node with a nodeSelector on kubernetes.io/arch. A mirror must be filled with all platforms: crane copy without --platform." + everywhere,
		},
	},
	cause.Schema1Unsupported: {
		title:  "the manifest is in Docker schema 1",
		noun:   "schema 1 manifest",
		detail: says("it serves a manifest in a format that containerd no longer reads, or a page without a content type"),
		fix: func(o observation) []Note {
			return []Note{look("convert it", "skopeo copy --format v2s2 "+quote("docker://"+o.named())+" "+quote("docker://"+o.named())),
				{Text: "or push the image again with a current client: " + o.concerned()}}
		},
		doc: doc{
			meaning: "The manifest is in the first format of Docker, which ended with 2017. containerd also takes an answer without a content type for one: then it is a web server, not a registry.",
			shows:   "`media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer supported` in 2.0 to 2.4 and in K3s' and RKE2's builds of them; 1.6 and 1.7 still read schema 1, and fail where the answer is none.",
			confirm: "curl -sSI -u USER https://HOST:PORT/v2/REPOSITORY/manifests/TAG | grep -i ^content-type\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Pull the image with docker and push it again, or copy it: skopeo copy --format v2s2." + everywhere,
		},
	},
	cause.DigestMismatch: {
		title:  "the bytes are not those of the digest",
		noun:   "digest mismatch",
		detail: says("what it delivers is not what the digest says: its store is corrupt, or something in between changes content"),
		fix:    pushAgain,
		doc: doc{
			meaning: "The bytes that came are not those that the digest names: the registry's store is corrupt, a cache in between serves something else, or the registry's metadata is wrong.",
			shows:   "`failed commit on ref …: unexpected commit digest sha256:…, expected sha256:…`, or `failed size validation`." + shownFetching,
			confirm: "curl -sSL -u USER https://HOST:PORT/v2/REPOSITORY/blobs/DIGEST | sha256sum\ncrane validate --remote IMAGE\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Delete the image from the registry or cache and push it again; look for proxies that change content." + everywhere,
		},
	},
	cause.BlobTruncated: {
		title:  "the transfer breaks off",
		noun:   "broken transfer",
		detail: says("fewer bytes came than were announced"),
		fix:    pushAgain,
		doc: doc{
			meaning: "The transfer of a layer ended before all bytes had come: a registry or proxy that closes long transfers, a store that lost a part, or a bad line.",
			shows:   "`short read: expected N bytes but got M: unexpected EOF`, or `connection reset by peer`." + shownFetching + " containerd resumes where the registry lets it before it gives up.",
			confirm: "curl -sSL -u USER -o /dev/null -w '%{size_download} of %header{content-length}\\n' https://HOST:PORT/v2/REPOSITORY/blobs/DIGEST\ncrane validate --remote IMAGE\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Raise the timeouts and size limits of proxies and load balancers on the way; where it always ends at the same byte, push the image again." + everywhere,
		},
	},
	cause.BlobFetchFailed: {
		title:  "the tag resolves, its content cannot be fetched",
		noun:   "blob failure",
		detail: blobFailed,
		fix: func(o observation) []Note {
			if o.where() == "" {
				return pushAgain(o)
			}
			if url := o.content(); url != "" {
				return append(o.mendStore(), look("ask for it by hand", o.curl("-sSI", url)))
			}
			return append(o.mendStore(), look("try it from this node", o.curl("-v", o.api())))
		},
		doc: doc{
			meaning: "The tag was found, and a manifest, the config or a layer could not be fetched. Registries often redirect for blobs to another host (object storage, a CDN), which the node must reach and trust too.",
			shows:   "`failed to copy: httpReadSeeker: failed open: …`, with the URL of the redirect's target: `failed to do request: Get …`, or a status (1.6 to 2.0 `unexpected status code URL: STATUS`, 2.1 and later `unexpected status from GET request to URL: STATUS`)." + shownFetching,
			confirm: "curl -sSI -u USER https://HOST:PORT/v2/REPOSITORY/blobs/DIGEST | grep -i ^location\ncurl -v https://BLOBHOST/\nopenssl s_client -connect BLOBHOST:443 -servername BLOBHOST </dev/null",
			fix:     "Let the node reach the target (firewall, DNS, NO_PROXY), or let the registry deliver blobs itself. Where the target's certificate is not trusted: add its CA to the node's store (update-ca-certificates), or to the registry's settings. " + applied(`ca_file under configs: "HOST:PORT" of the registry`, "ca in the registry's table"),
		},
	},
	cause.DiskFull: {
		title: "no space left on the node",
		noun:  "full disk",
		detail: func(o observation) string {
			return "this node has no space left in " + o.filled()
		},
		fix: func(o observation) []Note {
			return []Note{look("remove images that nothing uses", o.byPath(o.filled()).crictl("rmi --prune")),
				look("see what is full, space or inodes", fmt.Sprintf("df -h %[1]s; df -i %[1]s", quote(o.filled())))}
		},
		doc: doc{
			meaning: "The file system that holds containerd's content and snapshots has no space, or no inodes, left.",
			shows:   "`no space left on device`, while a layer is fetched or unpacked, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds." + shownFetching,
			confirm: "df -h /var/lib/rancher/k3s   # RKE2: /var/lib/rancher/rke2, plain containerd: /var/lib/containerd\ndf -i /var/lib/rancher/k3s\n# openssl and curl tell nothing here: the registry answered",
			fix:     "crictl rmi --prune, remove old logs and archives, or give the file system more space. K3s and RKE2: data-dir in config.yaml can name another disk. Plain containerd: root in /etc/containerd/config.toml.",
		},
	},
	cause.UnpackFailed: {
		title:  "a layer cannot be unpacked",
		noun:   "unpacking failure",
		detail: says("the content was fetched, but a layer cannot be unpacked on this node"),
		fix: func(o observation) []Note {
			return []Note{look("pull it elsewhere to see whether it is sound", "crane validate --remote "+quote(o.named())),
				look("look for what the kernel or the snapshotter says", "dmesg | tail")}
		},
		doc: doc{
			meaning: "Everything was fetched, and a layer could not be written: it is no valid archive, the snapshotter or the file system fails, or the node cannot decompress it.",
			shows:   "`failed to extract layer sha256:…`, or `failed to prepare extraction snapshot`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds." + shownFetching,
			confirm: "crane validate --remote IMAGE\ndmesg | tail\ncurl -sSL -u USER https://HOST:PORT/v2/REPOSITORY/blobs/DIGEST | gzip -t\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Push a sound image; where all images fail, look at the disk and the snapshotter. K3s: --snapshotter native where overlayfs does not work. RKE2: the same. Plain containerd: snapshotter in /etc/containerd/config.toml.",
		},
	},
}

// fetched is what the probe says of content that it did not get.
var fetched = lazyregexp.New(`^fetching (\w+) sha\d+:[0-9a-f]+: (.+)$`)

func blobFailed(o observation) string {
	switch why := o.brief(); {
	case o.target != "":
		return fmt.Sprintf("%s sends containerd there for a blob: %s", cmp.Or(o.endpointHost(), "the registry"), cmp.Or(why, "it could not be fetched"))
	case o.seenAlike() && fetched().MatchString(o.probe.Error):
		return fetched().ReplaceAllString(o.probe.Error, "the tag is there, and its $1 is not to be had: $2")
	case why != "":
		return "the manifest is there, and a blob of it is not to be had: " + why
	}
	return "the manifest was found, but a blob could not be fetched"
}

// fullPath is a file for which there was no space.
var fullPath = lazyregexp.New(`(/[^\s:"]+): (no space left on device|disk quota exceeded)`)

// filled is the directory whose disk is full: containerd's own, of the file that the text
// names, for that file is gone.
func (o observation) filled() string {
	m := fullPath().FindStringSubmatch(o.reported())
	if m == nil && o.attempt != nil {
		m = fullPath().FindStringSubmatch(o.attempt.Error)
	}
	if m == nil {
		return cmp.Or(o.node.DataDir, "/var/lib/containerd")
	}
	if root, _, ok := strings.Cut(m[1], "/io.containerd."); ok {
		return root
	}
	return path.Dir(m[1])
}

// mendStore says how a blob could be fetched, by what fails at the host that has it.
func (o observation) mendStore() []Note {
	switch cause.Parse(o.reason()) {
	case cause.TLSUnknownAuthority:
		return o.trustTarget("the store's")
	case cause.DNSNotFound:
		return []Note{{Text: "make " + o.name() + " known to this node's DNS, or to /etc/hosts"}}
	case cause.ConnectRefused, cause.ConnectTimeout, cause.NoRoute:
		return []Note{{Text: "let this node reach " + o.dialled()}}
	}
	return []Note{{Text: "mend the store of blobs at " + o.dialled() + ", or push the image again"}}
}

// afterURL is what an error says of a URL, afterToken of the token that it did not get.
var (
	afterURL   = lazyregexp.New(`https?://[^\s"]+"?: (.+)$`)
	afterToken = lazyregexp.New(`failed to fetch \w+ token: (.+)$`)
)

// reason is the end of the error, "" where it does not tell.
func (o observation) reason() string {
	texts := []string{o.reported()}
	if o.attempt != nil {
		texts = []string{o.attempt.Error, o.reported()}
	}
	for _, text := range texts {
		for _, exp := range []*regexp.Regexp{afterURL(), afterToken()} {
			if m := exp.FindStringSubmatch(text); m != nil {
				return m[1]
			}
		}
	}
	return ""
}

// layers is what stands before the reason proper in Go's errors.
var layers = lazyregexp.New(`^(readLoopPeekFailLocked: |dial tcp( \S+)?: (connect: )?|tls: failed to verify certificate: )`)

// brief is the reason without the layers of the network that it came through.
func (o observation) brief() string { return layers().ReplaceAllString(o.reason(), "") }

func noPlatform(o observation) string {
	text := "the image's index has no entry for this node's operating system and architecture"
	if o.probe == nil {
		return text
	}
	for _, s := range o.probe.Steps {
		if len(s.Platforms) > 0 {
			text += "; it has " + strings.Join(s.Platforms, ", ")
		}
	}
	return text
}

func pushAgain(o observation) []Note {
	return []Note{{Text: fmt.Sprintf("push the image again, and check the store of %s: %s", cmp.Or(o.host(), "the registry"), o.concerned())},
		look("see whether it is sound there", "crane validate --remote "+quote(o.named()))}
}
