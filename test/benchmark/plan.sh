#!/bin/sh
# plan.sh FOLDER: seconds, CPU seconds and peak memory of planning the small files in FOLDER (small-files.py), and of their
# headers alone. Needs GNU time. Run `npm run build` first.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
dist=${DIST:-$here/dist}

measure() {
  label=$1
  shift
  find "$folder" -name '*.nc' | sort | /usr/bin/time -f "$label: %e s, CPU %U + %S s, %M KiB" "$@" > /dev/null
}

folder=$1
measure 'headers' node "$dist/test/benchmark/headers.js"
measure 'plan' node "$dist/cli/index.js" plan --concat-dims time --progress none
