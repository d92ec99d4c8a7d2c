#!/bin/bash
# Measures in one run the cost of the guard's look at all processes, beside lsof of the same nodes. There are 2,000
# sleeping processes with 25 open files each, and a few of them have the nodes. It reports when the two find different
# processes, and asserts nothing else.
#   tests/bench/guard_scan.sh [BUILD]     BUILD: a build folder with the target scan_nodes [build/release]
set -euo pipefail

scan=${1:-$(dirname "${BASH_SOURCE[0]}")/../../build/release}/tests/bench/scan_nodes
nodes=(/dev/full /dev/random)
processes=2000 files=25 holders=10
runs=20

dir=$(mktemp -d)
pids=()
finish() {
  if ((${#pids[@]} > 0)); then kill "${pids[@]}"; fi
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

# 0, 1 and 2 are already files; a sleep inherits the rest.
exec 0</dev/null
for ((fd = 3; fd < files; ++fd)); do
  : >"$dir/$fd"
  eval "exec $fd<$dir/$fd"
done
for ((i = 0; i < processes; ++i)); do
  if ((i < holders)); then
    sleep infinity 3<"${nodes[0]}" 4<"${nodes[1]}" >"$dir/1" 2>"$dir/2" &
  else
    sleep infinity >"$dir/1" 2>"$dir/2" &
  fi
  pids+=("$!")
done
for ((fd = 3; fd < files; ++fd)); do eval "exec $fd<&-"; done

of_ours() { sort | comm -12 - <(printf '%s\n' "${pids[@]}" | sort); }
lsof=(lsof -nPw -t "${nodes[@]}")
ours=$("$scan" "${nodes[@]}" | of_ours)
theirs=$("${lsof[@]}" | of_ours)
[[ $ours == "$theirs" && $(wc -l <<<"$ours") -eq $holders ]] || echo "the two do not find the same: do not trust the figures"

hyperfine --shell=none --warmup 3 --runs "$runs" --export-csv "$dir/times" \
  "$scan ${nodes[*]}" "${lsof[*]}" >/dev/null 2>&1
echo "$processes processes, $((processes * files)) open files"
awk -F , 'NR > 1 { printf "%s: median %.1f ms, min %.1f ms\n", $1, $4 * 1000, $7 * 1000; median[NR] = $4; min[NR] = $7 }
  END { printf "ratio: median %.2f, min %.2f\n", median[2] / median[3], min[2] / min[3] }' "$dir/times"
echo "peak memory of the scan: $(/usr/bin/time -f %M "$scan" "${nodes[@]}" 2>&1 >/dev/null | tail -n 1) KiB"
