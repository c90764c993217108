#!/usr/bin/env bash
# All tests. With AMPARO_INSTALL=1 it installs by apt what the full set needs;
# without it, it says how, runs the rest and lists what was skipped and why.
set -uo pipefail
cd "$(dirname "$0")/.."

packages="postgresql chromium nodejs npm"
missing=""
command -v psql >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null || missing="$missing chromium"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
if [ -n "$missing" ]; then
  if [ "${AMPARO_INSTALL:-}" = 1 ]; then
    sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing >/dev/null || exit 1
  else
    echo "The full set of tests needs:$missing"
    echo "    AMPARO_INSTALL=1 make test        # installs them by apt, then tests"
  fi
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -count=1 -timeout 20m -v ./... >"$log" 2>&1
status=$?
(cd bench && go test -count=1 -timeout 5m -v ./...) >>"$log" 2>&1 || status=1
grep -E '^(ok|FAIL|panic:)|no test files' "$log" | grep -v 'no test files'
if [ $status -ne 0 ]; then
  echo; echo "What failed:"
  grep -nE -A25 '^\s*--- FAIL|^panic:|^#|\.go:[0-9]+:[0-9]+:' "$log" | head -200
fi
skipped=$(grep -c -- '--- SKIP' "$log" || true)
if [ "$skipped" -gt 0 ]; then
  echo; echo "Skipped ($skipped):"
  grep -B1 -- '--- SKIP' "$log" | grep -vE '^--$|=== RUN' | sed 's/^ */  /'
fi
passed=$(grep -c -- '--- PASS' "$log" || true)
failed=$(grep -c -- '--- FAIL' "$log" || true)
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
