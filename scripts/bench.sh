#!/usr/bin/env bash
# The figures quoted in README, on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
go test -run '^$' -bench . -benchmem -benchtime "${BENCHTIME:-3x}" ./...
