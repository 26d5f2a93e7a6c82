#!/bin/sh
# scan.sh CHUNK_ITER FILE..: walks all chunk indexes, libhdf5's own walk in C and ours in turns, and the CPU time of each.
# CHUNK_ITER is a program that calls H5Dchunk_iter on every dataset of the root group. Run `npm run build` first.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
limit=$1
shift

measure() {
  label=$1
  shift
  (
    "$@"
    echo "$label: user and system CPU time"
    # The first line is this shell's own, the second its children's.
    times
  ) | sed '3d'
}

for turn in 1 2 3; do
  measure "turn $turn, libhdf5" "$limit" "$@"
  measure "turn $turn, kstream" node "${DIST:-$here/dist}/test/benchmark/chunk-index.js" "$@"
done
