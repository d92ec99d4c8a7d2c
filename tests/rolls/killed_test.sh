#!/bin/bash
# `cluster add roll` and `cluster remove roll` are killed before each system call that changes a file. Every roll that
# is in the inventory afterwards is whole, and the same command, typed again, ends as if nothing had happened.
#   killed_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/support/kills.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/kills.sh"
export CLUSTER_DB=$dir/cluster.db

rows() { "$cluster" list roll format=csv | sed 1d; }

"$cluster" create new roll demo
"$cluster" add host n1
points=0
for call in mkdir rename unlink unlinkat rmdir write pwrite64 fdatasync ftruncate; do
  for ((n = 1; n < 100; ++n)); do
    if killed_at $call $n add roll demo 2>/dev/null; then break; fi
    points=$((points + 1))
    case $(rows) in
      '') "$cluster" add roll demo || fail "add roll after it was killed at $call $n" ;;
      demo,0.1.0,any,no,ok) ;;
      *) fail "killed at $call $n, add roll left $(rows)" ;;
    esac
    # The next command that adds or removes a roll removes the unfinished one.
    [[ $(ls rolls) == demo-0.1.0 && $(rows) == demo,0.1.0,any,no,ok ]] || fail "killed at $call $n: $(ls -A rolls); $(rows)"
    "$cluster" remove roll demo
  done
  [[ -z $(rows) ]] || "$cluster" remove roll demo
  "$cluster" add roll demo
  for ((n = 1; n < 100; ++n)); do
    if killed_at $call $n remove roll demo 2>/dev/null; then break; fi
    points=$((points + 1))
    # A roll that is in the inventory but no longer whole is shown as such, and can be removed.
    if [[ -n $(rows) ]]; then "$cluster" remove roll demo || fail "remove roll after it was killed at $call $n"; fi
    [[ -z $(rows) ]] || fail "killed at $call $n, remove roll left $(rows)"
    "$cluster" add roll demo || fail "add roll after remove roll was killed at $call $n"
    [[ $(ls -A rolls) == demo-0.1.0 && $(rows) == demo,0.1.0,any,no,ok ]] || fail "killed at $call $n: $(ls -A rolls); $(rows)"
  done
  [[ -z $(rows) ]] || "$cluster" remove roll demo
done
echo "killed $points times"
((points > 20)) || fail 'that is not often enough to be true'
((failures == 0))
