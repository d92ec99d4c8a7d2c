#!/bin/bash
# report_fleet_test.sh CLUSTER DATA: each format of `report fleet` is, byte for byte, what DATA has of the fleet there,
# and is taken by the tool that it is for, where that is installed. UPDATE=yes writes the files of DATA anew.
set -euo pipefail
cluster=$1
data=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CLUSTER_DB=$folder/cluster.db

fail() {
  echo "$*" >&2
  exit 1
}

"$cluster" load "$data/fleet.cluster"

for golden in "$data"/fleet.cluster.*; do
  format=${golden##*.}
  "$cluster" report fleet format="$format" >"$folder/$format" 2>"$folder/$format.notes"
  cat "$folder/$format.notes" >&2
  if [[ ${UPDATE-} ]]; then cp "$folder/$format" "$golden"; fi
  diff -u "$golden" "$folder/$format" || fail "format=$format is no longer what $golden has"
  if grep -q hunter2 "$folder/$format"; then fail "format=$format tells a password"; fi
done

# Every format has such a file, but for those that a browser looks at (fleet_page_test.py).
formats=$("$cluster" report fleet format=none 2>&1 || true)
formats=${formats##*want }
for format in ${formats//,/}; do
  [[ $format == html || $format == svg || -e $data/fleet.cluster.$format ]] || fail "no file $data/fleet.cluster.$format"
done
