#!/bin/bash
# Two frontends, of other names and with other accounts, change one thing at the same moment: one wins, the other is told by
# name, and nothing of either is lost. Both are on their way when the turn is given free: they were seen waiting for it.
#   frontends_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql frontends
trap remove_postgresql EXIT
make_postgresql main
start_postgresql main
make_inventory main inventory
add_role main alice cluster_operator
add_role main bob cluster_operator
mkfifo "$pg_dir/holder"

names=(unshare --uts)
((EUID == 0)) || names+=(--map-root-user)
"${names[@]}" true 2>/dev/null || names=()

# on FRONTEND ROLE ARG...: cluster there, in the background; its words and its status are in $pg_dir/ROLE.
on() {
  local frontend=$1 role=$2
  shift 2
  # shellcheck disable=SC2016 # the other shell's
  XDG_CACHE_HOME=$pg_dir/$frontend.cache XDG_STATE_HOME=$pg_dir/$frontend.state SSH_CONNECTION="$frontend 4000 10.9.9.9 22" \
    CLUSTER_DB=$(pg_uri main inventory "$role") ${names[@]+"${names[@]}"} bash -c '
      [[ $1 == no ]] || hostname "frontend-${2##*.}"
      out=$3; shift 3; "$@" >"$out" 2>&1; echo "status $?" >>"$out"' \
    - "${names[0]:-no}" "$frontend" "$pg_dir/$role.said" "$cluster" "$@" &
}

waiting() { pg_sql main inventory -c "SELECT count(*) FROM pg_locks WHERE relation = 'cluster.turn'::regclass AND NOT granted"; }

# both ARG... -- ARG...: alice on one and bob on the other do these, when both wait for their turn.
both() {
  local -a one=() jobs=()
  local i
  while [[ $1 != -- ]]; do
    one+=("$1")
    shift
  done
  shift
  pg_sql main inventory <"$pg_dir/holder" >"$pg_dir/held" &
  local holder=$!
  exec 7>"$pg_dir/holder"
  echo "BEGIN; LOCK TABLE cluster.turn IN EXCLUSIVE MODE; SELECT 'held';" >&7
  for ((i = 0; i < 500; ++i)); do grep -q held "$pg_dir/held" && break; sleep 0.01; done
  on 10.9.0.1 alice "${one[@]}" 7>&-
  jobs+=($!)
  on 10.9.0.2 bob "$@" 7>&-
  jobs+=($!)
  for ((i = 0; i < 400; ++i)); do [[ $(waiting) == 2 ]] && break; sleep 0.01; done
  [[ $(waiting) == 2 ]] || fail "${one[*]} and $*: they were not seen waiting"
  echo 'COMMIT;' >&7
  exec 7>&-
  wait "$holder" || fail 'the holder of the turn'
  wait "${jobs[@]}"
}

# one_won WORDS: one of them did it in silence, the other says WORDS. Sets winner and loser.
one_won() {
  winner=alice loser=bob
  [[ $(tail -n 1 "$pg_dir/alice.said") == 'status 0' ]] || winner=bob loser=alice
  same "what $winner said" "$(<"$pg_dir/$winner.said")" 'status 0'
  [[ $(head -n 1 "$pg_dir/$loser.said") == "cluster: $1" ]] || fail "$loser said $(<"$pg_dir/$loser.said"), want $1"
  [[ $(tail -n 1 "$pg_dir/$loser.said") == 'status 1' ]] || fail "$loser: $(tail -n 1 "$pg_dir/$loser.said")"
}

sql() { pg_sql main inventory -c "$1"; }

for host in n1 n2; do as alice add host $host appliance=vm-container; done
as alice add host gpu n1 gpupci1 02:00.0
for vm in v1 v2; do as bob add host vm $vm n1; done

both add host gpu v1 gpupci gpupci1 -- add host gpu v2 gpupci gpupci1
vm=$(sql 'SELECT vm FROM cluster.vm_gpu')
one_won "card gpupci1 of host 'n1' is in VM '$vm' already, as gpupci"
same 'who has the card' "$vm" "$([[ $winner == alice ]] && echo v1 || echo v2)"

both add host vm v3 n1 mem=2048 -- add host vm v3 n2 mem=4096
container=$(sql "SELECT container FROM cluster.vm WHERE host = 'v3'")
one_won "VM 'v3' is in the inventory already, on '$container'"
same 'whose VM it is' "$container" "$([[ $winner == alice ]] && echo n1 || echo n2)"

as alice set host n1 rack=7
change=$(as alice list change format=csv columns=change | tail -n 1)
both undo change "$change" -- undo change "$change"
one_won "change $change cannot be undone: a row of host of 'n1' was changed since"
same 'undone once' "$(sql "SELECT rack IS NULL FROM cluster.host WHERE name = 'n1'")" t

# What they change of one row is both there.
both set host n1 rack=1 -- set host n1 rank=2
same 'of one host' "$(cat "$pg_dir"/{alice,bob}.said | sort -u) $(sql "SELECT rack, rank FROM cluster.host WHERE name = 'n1'")" 'status 0 1|2'
both set host vm v1 mem=8192 -- set host vm v1 cpus=8
same 'of one VM' "$(cat "$pg_dir"/{alice,bob}.said | sort -u) $(sql "SELECT memory_mib, cpus FROM cluster.vm WHERE host = 'v1'")" 'status 0 8192|8'
as alice add host interface v1 eth0 bridge=br0
both set host interface v1 eth0 bridge=br1 -- set host interface v1 eth0 vlan=9
same 'of one interface' "$(cat "$pg_dir"/{alice,bob}.said | sort -u) $(sql "SELECT source, vlan FROM cluster.interface")" 'status 0 br1|9'

# Both want a card, and there is one of each host.
as alice add host gpu n1 gpupci2 03:00.0
as alice add host gpu n2 gpupci1 02:00.0
both add host vm v4 gpus=1 -- add host vm v5 gpus=1
same 'two cards for two' "$(sql 'SELECT count(DISTINCT (container, gpu)) FROM cluster.vm_gpu')" 3
both add host vm v6 gpus=1 -- add host vm v7 gpus=1
same 'no card for either' "$(cat "$pg_dir"/{alice,bob}.said | grep -c 'no host has 1 card free: n1 has 0')" 2

# The history has both, each under its name and from its frontend.
same 'the history' "$(as alice list change format=csv columns=user,from | grep -E '10\.9\.0\.[12]$' | sed 's,.* as ,,' | sort -u | paste -sd ' ')" \
  "alice,10.9.0.1 bob,10.9.0.2"
same 'check' "$(as alice check database 2>&1 | grep -v '^cluster: ')" ''

((failures > 0)) || echo 'frontends: ok'
exit $((failures > 0))
