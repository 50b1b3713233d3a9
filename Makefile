# Targets: build demo test test-kernel check bench fuzz lint. The README says what each
# needs. Go comes from PATH and is never downloaded.

BUILD     := .build
FUZZTIME  ?= 30s
BENCH     ?= .
BENCHTIME ?= 1s
BENCHRUNS ?= 1

export GOTOOLCHAIN := local

# A tree that git does not answer for is built without a commit in `version`.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)

# The race detector needs a C compiler. Without one, `check` says so.
RACE := $(shell command -v "$$(go env CC 2>/dev/null)" >/dev/null 2>&1 && echo -race)

.PHONY: all build demo test test-kernel check unit lint bench fuzz peers

all: build

build:
	@command -v go >/dev/null || { echo 'make: no go in PATH: install Go 1.26 or newer' >&2; exit 1; }
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(VCS) -o $(BUILD)/sallyport ./cmd/sallyport

demo: build
	$(BUILD)/sallyport demo $(if $(KEEP),--keep)

# Everything: what needs nothing, what needs namespaces, what needs the peers;
# and then what needs another kernel.
test: build peers
	@{ CGO_ENABLED=0 go test -v -count=1 -timeout 30m ./... 2>&1; echo "exit $$?"; } | awk -f .ci/digest
	@.ci/test-kernel

# The kernel's dataplane, on a kernel that has ESP: a guest of QEMU's. One test of
# it: .ci/test-kernel ./cmd/sallyport -test.run '^TestTwins$$'
test-kernel: peers
	@.ci/test-kernel

peers:
	@if [ "$$(id -u)" = 0 ]; then .ci/install-peers; \
	else echo 'make test: not root: nothing is installed, and tests in namespaces may be left out'; fi

# What every change passes: no privilege, no network, under two minutes.
check: lint unit

# -short leaves out what runs the program against its peers.
unit:
	@[ -n "$(RACE)" ] || echo 'make check: no C compiler: the tests run without the race detector'
	@{ env -u CI go test -v -short $(RACE) -timeout 2m ./... 2>&1; echo "exit $$?"; } | awk -f .ci/digest

lint:
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "gofmt -w would change: $$files" >&2; exit 1; }
	go vet ./...
	go tool staticcheck -checks all ./...

# In the format of Go's benchmarks, for benchstat: make bench BENCHRUNS=10 >new.txt
bench:
	@CGO_ENABLED=0 go test -p 1 -run '^$$' -bench '$(BENCH)' -benchmem \
		-benchtime $(BENCHTIME) -count $(BENCHRUNS) -timeout 60m ./...

# Each fuzz target of the tree for FUZZTIME.
fuzz:
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$target $(FUZZTIME)"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done
