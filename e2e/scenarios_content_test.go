package e2e

import "net/http"

// What fails once the tag is resolved. The blob that failed may be one that nobody but
// containerd fetches.
var contentScenarios = []scenario{
	{
		name: "blob host unreachable", registries: trusting, sites: at(site{front: elsewhere("/blobs/")}), hub: 404,
		want: want{pulls: []told{{
			cause: "blob_fetch_failed", endpoint: "https://" + blobHost, attempts: []string{"blob_fetch_failed" + atMirror},
		}}},
	},
	{
		name: "platform missing", registries: trusting, make: mainframe,
		want: want{pulls: []told{{
			cause: "platform_mismatch", endpoint: mirrorURL, attempts: []string{"platform_mismatch" + atMirror},
		}}},
	},
	{
		name: "blob host denies", registries: trusting, hub: 404,
		sites: map[string]site{
			mirrorHost: {front: elsewhere("/blobs/")},
			blobHost:   {web: true, front: status(http.StatusForbidden)},
		},
		want: want{pulls: []told{{
			cause: "blob_fetch_failed", endpoint: "https://" + blobHost, attempts: []string{"blob_fetch_failed" + atMirror},
		}}},
	},
	{
		name: "layer lost", registries: trusting, sites: at(site{front: blobs(noLayer)}),
		want: want{pulls: []told{{
			cause: "blob_fetch_failed", endpoint: mirrorURL, attempts: []string{"blob_fetch_failed" + atMirror},
		}}},
	},
	{
		name: "layer corrupt", registries: trusting, sites: at(site{front: blobs(corruptLayer)}),
		want: want{pulls: []told{{cause: "digest_mismatch", attempts: nil}}},
	},
	{
		name: "layer cut off", registries: trusting, sites: at(site{front: blobs(cutLayer)}),
		want: want{pulls: []told{{cause: "blob_truncated", attempts: nil}}},
	},
	{
		name: "layer that is no archive", registries: trusting, make: noTar,
		want: want{pulls: []told{{cause: "unpack_failed", attempts: nil}}},
	},
	{
		name: "disk full", registries: trusting, make: large, disk: "1m",
		want: want{pulls: []told{{cause: "disk_full", attempts: nil}}},
	},
}
