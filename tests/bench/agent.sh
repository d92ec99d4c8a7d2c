#!/bin/bash
# Measures in one run the costs of gpupci on this machine: its list beside lspci's, its start beside that of a program
# that does nothing, its size and memory. It asserts nothing.
#   tests/bench/agent.sh [GPUPCI]     [build/release/node-agent/gpupci]
set -euo pipefail

gpupci=${1:-$(dirname "${BASH_SOURCE[0]}")/../../build/release/node-agent/gpupci}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export GPUPCI_STATE=$dir/state

hyperfine --shell=none --warmup 10 --runs 200 --export-csv "$dir/times" "$gpupci -l" "lspci -D -d 10de:" \
  "$gpupci --version" /bin/true >/dev/null 2>&1
awk -F , 'NR > 1 { print $1 ": median " $4 * 1000 " ms, min " $7 * 1000 " ms"; median[NR] = $4; min[NR] = $7 }
  END { printf "ratio: median %.2f, min %.2f\n", median[2] / median[3], min[2] / min[3] }' "$dir/times"
strip -o "$dir/stripped" "$gpupci"
echo "stripped: $(stat -c %s "$dir/stripped") bytes"
echo "peak memory of -l: $(/usr/bin/time -f %M "$gpupci" -l 2>&1 >/dev/null | tail -n 1) KiB"
