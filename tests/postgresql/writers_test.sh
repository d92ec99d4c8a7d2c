#!/bin/bash
# Many write at once from two frontends, and nothing is lost or done twice: 16 writers of 100 hosts each; one card that
# sixteen want; and a command that is stopped in its turn, which costs the others a bounded wait and is named.
#   writers_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql writers
trap remove_postgresql EXIT
make_postgresql main
start_postgresql main
make_inventory main inventory
add_role main one cluster_operator
add_role main two cluster_operator
mkdir "$pg_dir/said"

# The roles are those of the two frontends. All of it is in flight at once.
begin=$EPOCHREALTIME
pids=()
for ((writer = 0; writer < 16; ++writer)); do
  role=one
  ((writer % 2 == 0)) || role=two
  (
    for ((i = 0; i < 100; ++i)); do
      as $role add host "w$writer-$i" appliance=compute || echo "status $?"
    done
  ) >"$pg_dir/said/$writer" 2>&1 &
  pids+=($!)
done
wait "${pids[@]}"
echo "16 writers x 100: $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begin }") s"
same 'what writers said' "$(cat "$pg_dir"/said/*)" ''
same 'hosts' "$(pg_sql main inventory -c 'SELECT count(*) FROM cluster.host')" 1600
same 'changes, each with a number of its own' "$(pg_sql main inventory -c 'SELECT count(*), max(id) FROM cluster.change')" '1600|1600'

# One card, sixteen VMs.
as one add host n1 appliance=vm-container
as one add host gpu n1 gpupci1 02:00.0
for ((vm = 0; vm < 16; ++vm)); do as one add host vm "v$vm" n1; done
pids=()
for ((vm = 0; vm < 16; ++vm)); do
  (as two add host gpu "v$vm" gpupci gpupci1 && echo given) >"$pg_dir/said/$vm" 2>&1 &
  pids+=($!)
done
wait "${pids[@]}" || true
same 'given' "$(cat "$pg_dir"/said/* | grep -c '^given$')" 1
same 'refused' "$(cat "$pg_dir"/said/* | grep -c "^cluster: card gpupci1 of host 'n1' is in VM 'v[0-9]*' already")" 15

# wait_for SQL: until it answers something, half a minute at most.
wait_for() {
  local answer
  for _ in {1..600}; do
    answer=$(pg_sql main inventory -c "$1")
    [[ -z $answer ]] || return 0
    sleep 0.05
  done
  fail "never: $1"
}
holder="SELECT pid FROM pg_locks WHERE relation = 'cluster.turn'::regclass AND granted AND mode = 'ExclusiveLock'"

# A long command is stopped in its turn. The others do not wait for ever, are told who it is, and go on when the server
# has thrown it out. What it began is undone, and it says so when it goes on.
for ((i = 0; i < 20000; ++i)); do echo "add host late-$i"; done >"$pg_dir/late"
CLUSTER_DB=$(pg_uri main inventory one) "$cluster" load "$pg_dir/late" >"$pg_dir/late.said" 2>&1 &
stopped=$!
wait_for "$holder"
kill -STOP "$stopped"
begin=$EPOCHREALTIME
waited=$(as two add host early 2>&1) && fail 'the turn of a stopped command was taken'
printf 'behind a stopped command: %.1f s, then: %s\n' "$(awk "BEGIN { print $EPOCHREALTIME - $begin }")" "$waited"
[[ $waited == *"role 'one' is writing ("*"load $pg_dir/late"*')'* ]] || fail "it does not say who: $waited"
same 'a reader does not wait' "$(as two list host n1 format=csv | wc -l)" 2
wait_for "SELECT 1 WHERE NOT EXISTS ($holder)"
as two add host early
kill -CONT "$stopped"
wait "$stopped" && fail 'the stopped command was thrown out and says that it went well'
echo "and it: $(<"$pg_dir/late.said")"
same 'what the stopped command left' "$(pg_sql main inventory -c "SELECT count(*) FROM cluster.host WHERE name LIKE 'late-%'")" 0

((failures > 0)) || echo 'writers: ok'
exit $((failures > 0))
