#!/usr/bin/env bash
# Runs the systems of run/plan.go side by side and writes OUT_DIR/results.jsonl.
#
#   bash bench/run.sh DATA_DIR OUT_DIR [system…]
#
# Python environments, programs and whatever else is made go to OUT_DIR. What the
# results hold already is not run again. Settings, by environment variable:
#   PREFIX    put before each command, such as "nice -n 10"
#   LIMIT     of CPU time of one run, 45m
#   DATASETS  only these, such as nltcs,adult
#   PYTHON311, PYTHON312  the interpreters
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,13s/^# \?//p' "$0"; exit 2; fi
data=$(realpath "$1"); mkdir -p "$2"; out=$(realpath "$2"); shift 2
here=$(cd "$(dirname "$0")" && pwd)
export CGO_ENABLED=0
version=$(git -C "$here" describe --tags --always --dirty 2>/dev/null || echo unknown)
(cd "$here/.." && go build -trimpath -ldflags "-X main.version=$version" -o "$out/amparo" ./cmd/amparo)
(cd "$here" && go build -trimpath -o "$out/bench" .)

# wanted SYSTEM…: is one of them asked for?
asked=" $* "
wanted() {
  [ "$asked" = "  " ] && return 0
  for system in "$@"; do case "$asked" in *" $system "*) return 0;; esac; done
  return 1
}

# environment NAME PYTHON SHOWN REQUIREMENT…: makes OUT_DIR/venv/NAME, whose file
# "installed" holds the versions of the packages that SHOWN, a pattern, names. A
# failure is noted in the results.
environment() {
  local name=$1 python=$2 shown=$3 dir="$out/venv/$1"; shift 3
  [ -e "$dir/installed" ] && return
  if "$python" -m venv "$dir" >"$out/$name.log" 2>&1 &&
    timeout 30m "$dir/bin/pip" install -q --disable-pip-version-check "$@" >>"$out/$name.log" 2>&1; then
    "$dir/bin/pip" list --format=freeze 2>/dev/null | grep -E "^($shown)==" | sed 's/==/ /' | paste -sd ';' | sed 's/;/, /g' >"$dir/installed"
  else
    rm -rf "$dir"
    "$out/bench" installed -results "$out/results.jsonl" "$name" "$(tail -n 1 "$out/$name.log")"
  fi
}

python311=${PYTHON311:-python3.11} python312=${PYTHON312:-python3.12}
if wanted pac-synth; then environment pac-synth "$python311" 'pac-synth' pac-synth==0.0.8; fi
if wanted mst aim; then environment mbi "$python312" 'mbi|jax|numpy' mbi==2.0.0; fi
if wanted dpmm-mst dpmm-aim; then environment dpmm "$python311" 'dpmm|opendp|numpy' dpmm==0.1.9; fi
if [ $# = 0 ]; then environment dpsynth "$python312" 'dpsynth' dpsynth; fi # no system runs it: PyPI did not have it

exec "$out/bench" run -data "$data" -out "$out" -amparo "$out/amparo" -peers "$here/peers" -limit "${LIMIT:-45m}" \
  -prefix "${PREFIX:-}" -datasets "${DATASETS:-}" -systems "$(echo "$*" | tr ' ' ,)"
