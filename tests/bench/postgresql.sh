#!/bin/bash
# Measures in one run what an inventory on PostgreSQL costs beside one of SQLite, and beside psql, which asks the same. The
# inventory is that of large_inventory.sh; the server is the test's own, without fsync. It prints a table of elapsed time
# and ratios, and asserts nothing.
#   tests/bench/postgresql.sh [BUILD [FILE]]     BUILD: a build folder [build/release]; FILE: the inventory of inventory.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cluster=$(realpath "${1:-build/release}/cmd/cluster")
# shellcheck source=tests/postgresql/inventory.sh
. tests/postgresql/inventory.sh
# shellcheck source=tests/bench/large_inventory.sh
. tests/bench/large_inventory.sh
need_postgresql bench
work=$(mktemp -d)
trap 'remove_postgresql; rm -rf "$work"' EXIT
file=${2:-$work/cluster.db}
[[ -s $file ]] || make_large_inventory "$cluster" "$file"
runs=20

make_postgresql main
start_postgresql main -c autovacuum=on

# elapsed COMMAND [ARG...]: prints the median of $runs runs in ms.
elapsed() {
  local i begin
  for ((i = 0; i < runs; ++i)); do
    begin=$EPOCHREALTIME
    "$@" >"$work/answer"
    awk "BEGIN { printf \"%.1f\\n\", ($EPOCHREALTIME - $begin) * 1000 }"
  done | sort -n | sed -n "$(((runs + 1) / 2))p"
}
ratio() { awk "BEGIN { printf \"%.1f\", $1 / $2 }"; }
on_file() { CLUSTER_DB=$file "$cluster" "$@"; }
on_server() { CLUSTER_DB=$uri "$cluster" "$@"; }
ask() { "$pg_bin/psql" -XAtq -c 'SET search_path = cluster' -c "$1" "$uri"; }

row() { # row WORDS SQL: the same question to all three
  local sqlite postgres psql
  sqlite=$(eval "elapsed on_file $1")
  postgres=$(eval "elapsed on_server $1")
  psql=$(elapsed ask "$2")
  echo "| $1 | $sqlite | $postgres | $psql | $(ratio "$postgres" "$sqlite") | $(ratio "$postgres" "$psql") |"
}

new_database main inventory
uri=$(pg_uri main inventory)
on_server upgrade database
add_role main bench cluster_owner
uri=$(pg_uri main inventory bench)
begin=$EPOCHREALTIME
"$cluster" copy database "$file" "$uri" >"$work/copied"
copied=$(awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begin) * 1000 }")
pg_sql main inventory -c 'VACUUM ANALYZE'

one=vm-container-124-20
detail="SELECT gpu.*, host.failing, v.vm, f.vendor, f.device, f.iommu_group, n.count FROM gpu JOIN host ON host.name = gpu.host
LEFT JOIN (SELECT host, gpu, min(pci) AS pci, count(*) AS count FROM gpu_function GROUP BY host, gpu) AS n
  ON n.host = gpu.host AND n.gpu = gpu.name
LEFT JOIN gpu_function AS f ON f.host = n.host AND f.pci = n.pci
LEFT JOIN vm_gpu AS v ON v.container = gpu.host AND v.gpu = gpu.name AND v.slice IS NULL"
echo '| cluster ... | SQLite, ms | PostgreSQL, ms | psql, ms | to SQLite | to psql |'
echo '| --- | --- | --- | --- | --- | --- |'
row "list host $one" "SELECT * FROM host WHERE name = '$one'"
row "list host gpu $one" "SELECT host, name, shown FROM host_gpu WHERE host = '$one'"
runs=5
row "list host gpu" "SELECT host, name, shown FROM host_gpu"
row "list host gpu detail=yes" "$detail"


# line WHAT SQLITE POSTGRESQL PSQL
line() { echo "| $1 | $2 | $3 | $4 | $(ratio "$3" "$2") | $(ratio "$3" "$4") |"; }

# A host more each time.
runs=20
new_name() { echo "new-${EPOCHREALTIME//[.,]/}-$BASHPID"; }
add_on() { "$1" add host "$(new_name)" appliance=compute; }
insert_one() { ask "INSERT INTO host (name, appliance) VALUES ('$(new_name)', 'compute')"; }
line 'add host, one' "$(elapsed add_on on_file)" "$(elapsed add_on on_server)" "$(elapsed insert_one)"

# writers COMMAND...: 32 at once, ten times each; prints ms, and tells of failures.
writers() {
  local begin=$EPOCHREALTIME pids=() writer i
  for ((writer = 0; writer < 32; ++writer)); do
    (for ((i = 0; i < 10; ++i)); do "$@" || echo "a writer failed: $*" >&2; done) >/dev/null &
    pids+=($!)
  done
  wait "${pids[@]}"
  awk "BEGIN { printf \"%.0f\", ($EPOCHREALTIME - $begin) * 1000 }"
}
line '32 writers, 10 hosts each' "$(writers add_on on_file)" "$(writers add_on on_server)" "$(writers insert_one)"

# All of it as text into a new inventory: by `cluster load`, and what pg_dump wrote by psql.
runs=1
on_file dump >"$work/dump"
"$pg_bin/pg_dump" --no-owner "$uri" >"$work/dump.sql"
new_database main loaded
CLUSTER_DB=$(pg_uri main loaded) "$cluster" upgrade database
new_database main restored
restore() { "$pg_bin/psql" -Xq -v ON_ERROR_STOP=1 -f "$work/dump.sql" "$(pg_uri main restored)"; }
line "load, $(wc -l <"$work/dump") rows" "$(elapsed "$cluster" load "$work/dump" "db=$work/loaded.db")" \
  "$(elapsed "$cluster" load "$work/dump" "db=$(pg_uri main loaded)")" "$(elapsed restore)"
echo "copy database, from SQLite: $copied ms"
