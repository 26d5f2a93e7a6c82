#!/bin/sh
# What it costs to append one file to sets of 10 and of 1,000: seconds, memory, and what was read and written.
# Use: sh append.sh FOLDER   (1,001 or more files made by small-files.py)
set -eu
folder=$1
kstream=$(dirname "$0")/../../dist/cli/index.js
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ls "$folder"/*.nc >"$work/files"
for count in 10 100 1000; do
  head -n "$count" "$work/files" | node "$kstream" build --progress none --record-size 100 -o "$work/$count.parq" >/dev/null 2>&1
  new=$(sed -n "$((count + 1))p" "$work/files")
  cat "$new" >/dev/null
  find "$work/$count.parq" -type f -printf '%i\n' | sort >"$work/before"
  echo "== one file to $count: $(find "$work/$count.parq" -type f | wc -l) files in the set"
  /usr/bin/time -f '%e s, %U user, %M KiB' node "$kstream" build --append --progress json -o "$work/$count.parq" "$new" 2>"$work/log" >/dev/null
  tail -n 1 "$work/log"
  grep '"event":"done"' "$work/log" | sed 's/.*"bytes":\([0-9]*\),"requests":\([0-9]*\).*/read \1 bytes of files in \2 requests/'
  find "$work/$count.parq" -type f -printf '%i\n' | sort >"$work/after"
  echo "written anew: $(comm -13 "$work/before" "$work/after" | wc -l) files, linked: $(comm -12 "$work/before" "$work/after" | wc -l)"
done
