# The whole interface for people. Nothing here needs more than Go, git and make;
# the full set of tests also uses PostgreSQL, Chromium and Node, see `make test`.
.PHONY: demo test check bench build golden fuzz clean

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
export CGO_ENABLED = 0

demo: build    ## build, make the fictional coalition's data, release them once, serve the portal
	./amparo demo

test: check    ## all tests; AMPARO_INSTALL=1 installs what the full set needs (Debian)
	bash scripts/test.sh

check:         ## formatting, vet, house plan
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt these"; exit 1; }
	$(GO) vet ./...
	cd bench && $(GO) vet ./...
	$(GO) test -count=1 .

bench:         ## the figures quoted in README; AMPARO_DATA names the folder of real data
	bash scripts/bench.sh

build:         ## one static binary: ./amparo
	$(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o amparo ./cmd/amparo

golden:        ## rewrite golden files; look at them before committing
	$(GO) test ./internal/product/... -update

fuzz:          ## every fuzz target for 20 seconds
	bash scripts/fuzz.sh

clean:
	rm -rf amparo dist
