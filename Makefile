# Everything is run with Go and, for the end-to-end tests, with Debian's packages.

.PHONY: build test unit e2e e2e-setup soak bench

# What reports and metrics say of the binary that made them.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/pullwhy ./cmd/pullwhy

# All that CI runs: installs what the end-to-end tests need, then vets and tests.
test: e2e-setup unit e2e

unit:
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	GOOS=darwin go vet ./...
	GOOS=windows go vet ./...
	go test -race ./...

e2e-setup:
	e2e/setup.sh

e2e:
	cd e2e && go vet ./... && go test -v -count=1 -timeout 20m ./...
	cd e2e/kube && go vet ./... && go test -v -count=1 -timeout 10m ./...

# A day of log for the agent, while its mirror breaks and is mended: some minutes.
soak: e2e-setup
	cd e2e && PULLWHY_SOAK=full go test -v -count=1 -timeout 1h -run TestSoak .

# What reading a node's log costs, beside ripgrep (Debian's package ripgrep).
bench:
	go run ./logparse/bench
