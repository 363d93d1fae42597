#!/usr/bin/env bash
# Installs what the end-to-end tests need on Debian: a registry, containerd in three builds,
# and a Kubernetes API server. What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")"
bin=${PULLWHY_E2E_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/pullwhy-e2e/bin}
upstream=v2.4.2
k3s=v1.7.22-k3s1
kubernetes=v1.37.2

missing=()
for package in containerd docker-registry etcd-server gcc iproute2 libc6-dev make patch prometheus; do
	dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	apt-get update -q
	# The daemons are started by the tests, not by the system.
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
fi

mkdir -p "$bin"
if [ ! -x "$bin/containerd-$upstream" ]; then
	GOBIN="$bin/new" CGO_ENABLED=0 go install "github.com/containerd/containerd/v2/cmd/containerd@$upstream"
	mv "$bin/new/containerd" "$bin/containerd-$upstream"
fi
if [ ! -x "$bin/containerd-$k3s" ]; then
	(cd k3s-containerd && go build -ldflags "-X github.com/containerd/containerd/version.Version=$k3s" -o "$bin/containerd-$k3s" .)
fi
if [ ! -x "$bin/kube-apiserver-$kubernetes" ]; then
	(cd kube-apiserver && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/kube-apiserver-$kubernetes" .)
fi
