#!/bin/bash
# Measures in one run the cost of a start: our programs beside those of the field. It prints a table and asserts
# nothing, because machines are shared and noisy.
#   tests/bench/start.sh [BUILD]     BUILD: a build folder [build/release]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-build/release}
commands=("$build/cmd/cluster --version" "$build/node-agent/gpupci -l" "sqlite3 --version" "lspci -D" "virsh --version")
runs=60

result=$(mktemp)
trap 'rm -f "$result"' EXIT
hyperfine --shell=none --warmup 5 --runs "$runs" --export-csv "$result" "${commands[@]}" >/dev/null 2>&1

# Prints how many libraries the loader opened while the command ran, and the largest memory.
libraries() {
  LD_DEBUG=files "$@" 2>&1 >/dev/null | grep -c 'calling init: .*\.so' || true
}
peak_kib() {
  /usr/bin/time -f %M "$@" 2>&1 >/dev/null | tail -n 1
}

printf '| command | median ms | min ms | user+sys ms | libraries | peak MiB |\n| --- | --- | --- | --- | --- | --- |\n'
while IFS=, read -r command _ _ median user system min _; do
  [[ $command != command ]] || continue
  # shellcheck disable=SC2086 # a command and its arguments
  printf '| %s | %s | %d | %s |\n' "${command#"$build"/*/}" \
    "$(awk "BEGIN { printf \"%.1f | %.1f | %.1f\", $median * 1000, $min * 1000, ($user + $system) * 1000 }")" \
    "$(libraries $command)" "$(awk "BEGIN { printf \"%.1f\", $(peak_kib $command) / 1024 }")"
done <"$result"
