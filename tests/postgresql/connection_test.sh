#!/bin/bash
# Connections that are not as usual. One breaks while a change is made final: the command does not know whether it is done,
# says so, and says how to look; what it says to look at has the answer. What a server remarks at a login is not printed.
#   connection_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
here=$(realpath "${BASH_SOURCE[0]%/*}")
# shellcheck source=tests/postgresql/inventory.sh
. "$here/inventory.sh"
need_postgresql connection
cutters=()
trap 'kill ${cutters[@]+"${cutters[@]}"}; remove_postgresql' EXIT
pg_initdb_options=(--locale=C.UTF-8 --locale-provider=icu --icu-locale=und)
make_postgresql main
start_postgresql main
make_inventory main inventory
add_role main one cluster_operator

# cut WHEN DONE: adds a host through a connection that is cut before or after the server has carried out COMMIT.
cut() {
  local socket=$pg_dir/$1/.s.PGSQL.5432 status=0 said
  mkdir "$pg_dir/$1"
  "$here/cut_at_commit.py" "$pg_dir/main/.s.PGSQL.5432" "$socket" "$1" &
  cutters+=($!)
  for _ in {1..200}; do
    [[ ! -S $socket ]] || break
    sleep 0.05
  done
  said=$(CLUSTER_DB="postgresql:///inventory?host=$pg_dir/$1&user=one" "$cluster" add host "cut-$1" 2>&1) || status=$?
  same "cut $1: what is said" "$status $said" "3 cluster: add host: the server went while it stored the change (it may be done: \
look, by \`cluster list change\`, before you do it again)"
  same "cut $1: whether it is done" "$(pg_sql main inventory -c "SELECT count(*) FROM cluster.host WHERE name = 'cut-$1'")" "$2"
  same "cut $1: what list change has" "$(as one list change format=csv | grep -c "add host cut-$1" || true)" "$2"
}
cut before 0
cut after 1

# A connection that is not cut at its COMMIT goes through it like any other.
same 'a reader' "$(CLUSTER_DB="postgresql:///inventory?host=$pg_dir/after&user=one" "$cluster" list host format=csv | wc -l)" 2

# As after an upgrade of the machine's ICU, which means nothing to an inventory: its names are compared by their bytes.
pg_sql main postgres -c "UPDATE pg_database SET datcollversion = '1' WHERE datname = 'inventory'"
[[ $("$pg_bin/psql" -XAtc '' "$(pg_uri main inventory)" 2>&1) == *'collation version mismatch'* ]] || fail 'the server remarks nothing'
same 'remarked' "$(as one list host format=csv 2>&1 >/dev/null)" ''

((failures > 0)) || echo 'connection: ok'
exit $((failures > 0))
