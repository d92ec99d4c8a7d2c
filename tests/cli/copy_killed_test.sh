#!/bin/bash
# `cluster copy database` is killed before system calls that change a file. What is there then is an empty inventory or
# the whole one, the source is as it was, and the same command, typed again, ends as if nothing had happened.
#   copy_killed_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/support/kills.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/kills.sh"
export CLUSTER_DB=$dir/cluster.db ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0

state() { "$cluster" dump db="$1" | sed 's, .*/rolls/, rolls/,'; "$cluster" list change db="$1"; "$cluster" list roll db="$1"; }

for n in 1 2 3; do "$cluster" add host n$n rack=$n; done
"$cluster" create new roll demo
"$cluster" add roll demo
"$cluster" enable roll demo
before=$(state cluster.db)
points=0
for call in mkdir rename write pwrite64 fdatasync; do
  for ((n = 1; n < 1000; n += n / 2 + 1)); do
    rm -rf to
    if killed_at $call $n copy database cluster.db to/cluster.db >out 2>/dev/null; then break; fi
    points=$((points + 1))
    if [[ -s to/cluster.db && $("$cluster" list host db=to/cluster.db format=csv | sed 1d) ]]; then
      [[ $(state to/cluster.db) == "$before" ]] || fail "killed at $call $n: not whole"
    else
      rm -rf out
      "$cluster" copy database cluster.db to/cluster.db >out || fail "again after it was killed at $call $n"
    fi
    [[ $(state to/cluster.db) == "$before" ]] || fail "killed at $call $n: $(diff <(state to/cluster.db) <(echo "$before"))"
    [[ $(ls to/rolls) == demo-0.1.0 ]] || fail "killed at $call $n: $(ls to/rolls)"
  done
done
[[ $(state cluster.db) == "$before" ]] || fail "the source was changed"
((points > 10)) || fail "killed $points times alone"
echo "killed $points times"
((failures == 0))
