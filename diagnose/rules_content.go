package diagnose

import (
	"cmp"

	"github.com/pullwhy/pullwhy/cause"
)

// contentRules judge what is fetched once the tag is resolved.
var contentRules = map[cause.Cause]rule{
	cause.PlatformMismatch: {
		title:  "the image has nothing for this node's platform",
		noun:   "missing platform",
		detail: says("the index of the image has no entry for the operating system and architecture of this node"),
		fix: func(o observation) []Note {
			return []Note{look("see which platforms it has", "crane manifest "+quote(o.image)),
				{Text: "use a tag that has this platform, or push one"}}
		},
	},
	cause.Schema1Unsupported: {
		title:  "the manifest is in Docker schema 1",
		noun:   "schema 1 manifest",
		detail: says("it serves a manifest in a format that containerd no longer reads, or a page without a content type"),
		fix: func(o observation) []Note {
			return []Note{{Text: "push the image again with a current client: " + o.image}}
		},
	},
	cause.DigestMismatch: {
		title:  "the bytes are not those of the digest",
		noun:   "digest mismatch",
		detail: says("what it delivers is not what the digest says: a corrupt store, or something in between that changes content"),
		fix:    pushAgain,
	},
	cause.BlobTruncated: {
		title:  "the transfer breaks off",
		noun:   "broken transfer",
		detail: says("fewer bytes came than were announced"),
		fix:    pushAgain,
	},
	cause.BlobFetchFailed: {
		title:  "the tag resolves, its content cannot be fetched",
		noun:   "blob failure",
		detail: says("the manifest was found, but a blob could not be fetched"),
		fix: func(o observation) []Note {
			if o.url == "" {
				return pushAgain(o)
			}
			return []Note{look("try it from this node", "curl -v "+quote(cmp.Or(o.target, o.url)+"/")),
				{Text: "let this node reach " + o.dialled() + ", where the registry keeps its blobs, or mend the store there"}}
		},
	},
	cause.DiskFull: {
		title:  "no space left on the node",
		noun:   "full disk",
		detail: says("the node's disk is full where containerd keeps its content"),
		fix: func(o observation) []Note {
			return []Note{look("see what is full", "df -h "+quote(cmp.Or(o.node.DataDir, "/var/lib/containerd"))),
				look("remove images that nothing uses", "crictl rmi --prune")}
		},
	},
	cause.UnpackFailed: {
		title:  "a layer cannot be unpacked",
		noun:   "unpacking failure",
		detail: says("the content was fetched, but writing it to the snapshotter failed"),
		fix: func(o observation) []Note {
			return []Note{{Text: "pull the image elsewhere to see whether it is sound: " + o.image},
				look("look for what the kernel or the snapshotter says", "dmesg | tail")}
		},
	},
}

func pushAgain(o observation) []Note {
	return []Note{{Text: "push the image again, and check the store of " + cmp.Or(o.host(), "the registry") + ": " + o.image}}
}
