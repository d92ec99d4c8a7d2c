#!/bin/bash
# Measures in one run the cost of questions about a large inventory: `cluster` beside sqlite3, which reads the same
# rows (large_inventory.sh). It prints a table of CPU time (machines are shared) and peak memory, and asserts nothing.
#   tests/bench/inventory.sh [BUILD [FILE]]     BUILD: a build folder [build/release]; FILE: keep the inventory there
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-build/release}
cluster=$build/cmd/cluster
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
db=${2:-$dir/cluster.db}
export CLUSTER_DB=$db
runs=20

# shellcheck source=tests/bench/large_inventory.sh
. tests/bench/large_inventory.sh
[[ -s $db ]] || make_large_inventory "$cluster" "$db"

# Prints "ms MiB": the CPU time of a run, which is the median of $runs runs, and its peak memory.
measured() {
  local i
  for ((i = 0; i < runs; ++i)); do
    /usr/bin/time -a -o "$dir/times" -f '%U %S %M' "$@" >"$dir/answer"
  done
  awk '{ printf "%d %.1f\n", ($1 + $2) * 1000, $3 / 1024 }' "$dir/times" | sort -n | sed -n "$(((runs + 1) / 2))p"
  rm "$dir/times"
}

detail="SELECT gpu.*, host.failing, v.vm, f.vendor, f.device, f.iommu_group, n.count FROM gpu JOIN host ON host.name = gpu.host
LEFT JOIN (SELECT host, gpu, min(pci) AS pci, count(*) AS count FROM gpu_function GROUP BY host, gpu) AS n
  ON n.host = gpu.host AND n.gpu = gpu.name
LEFT JOIN gpu_function AS f ON f.host = n.host AND f.pci = n.pci
LEFT JOIN vm_gpu AS v ON v.container = gpu.host AND v.gpu = gpu.name AND v.slice IS NULL"
one=vm-container-124-20
row() { # the words of cluster, the query of sqlite3
  read -r ours our_mib < <(eval "measured $cluster $1")
  if [[ -z ${2-} ]]; then
    printf '| %s | %s | | | %s |\n' "$1" "$ours" "$our_mib"
    return
  fi
  read -r theirs their_mib < <(measured sqlite3 "$db" "$2")
  printf '| %s | %s | %s | %s | %s |\n' "$1" "$ours" "$theirs" "$(awk "BEGIN { printf \"%.1f\", $ours / ($theirs + !$theirs) }")" \
    "$our_mib (${their_mib})"
}
echo '| cluster ... | CPU ms | sqlite3, CPU ms | ratio | MiB (sqlite3) |'
echo '| --- | --- | --- | --- | --- |'
row --version ""
row "list host gpu $one" "SELECT host, name, shown FROM host_gpu WHERE host = '$one'"
row "list host gpu $one detail=yes" "$detail WHERE gpu.host = '$one'"
row "list host $one" "SELECT * FROM host WHERE name = '$one'"
row "list host 'vm-container-124-*'" "SELECT * FROM host WHERE name GLOB 'vm-container-124-*'"
row "list host vm vm-9999" "SELECT * FROM vm WHERE host = 'vm-9999'"
row "report host gpu $one" "SELECT name, shown FROM host_gpu WHERE host = '$one'"
row "report vm config vm-9999" ""
row "list host gpu" "SELECT host, name, shown FROM host_gpu"
row "list host gpu detail=yes" "$detail"
row "complete -- run host ''" "SELECT name FROM host"
row "list host" "SELECT name, appliance, rack, rank, cpus, address, port, user FROM host"
row "list host vm" "SELECT * FROM vm; SELECT * FROM vm_disk; SELECT * FROM gpu_in_vm; SELECT * FROM interface"

# What writes. Each run begins with a new copy of an inventory, without rows or of the large one. sqlite3 reads what
# `dump` tells as INSERTs in one transaction, into tables with the same rules.
"$cluster" dump >"$dir/dump"
"$cluster" --db "$dir/empty.db" add host vm-container-0-0
sqlite3 "$db" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$dir/answer"
sqlite3 "$dir/empty.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$dir/answer"
{
  echo 'PRAGMA foreign_keys = ON; BEGIN IMMEDIATE;'
  while read -r table; do
    [[ $table != appliance ]] || continue # the schema has its rows
    columns=$(sqlite3 "$db" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
    sqlite3 -header -cmd ".mode insert $table" "$db" "SELECT $columns FROM $table"
  done < <(awk '{ print $4 }' "$dir/dump" | uniq)
  echo 'COMMIT;'
} >"$dir/inserts"

# Prints the CPU time, in ms, of `$3 $4...` on a new copy of the inventory $2, the median of $1 runs.
written() {
  local n=$1 from=$2 i
  shift 2
  for ((i = 0; i < n; ++i)); do
    rm -f "$dir"/new.db*
    [[ $from == none ]] || cp "$from" "$dir/new.db"
    /usr/bin/time -a -o "$dir/times" -f '%U %S' "$@" >"$dir/answer"
  done
  awk '{ printf "%d\n", ($1 + $2) * 1000 }' "$dir/times" | sort -n | sed -n "$(((n + 1) / 2))p"
  rm "$dir/times"
}
ratio() { awk "BEGIN { printf \"%.1f\", $1 / ($2 + !$2) }"; }

# The schema alone, for sqlite3 to fill.
"$cluster" --db "$dir/schema.db" add host n1
"$cluster" --db "$dir/schema.db" remove host n1
sqlite3 "$dir/schema.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$dir/answer"
load=$(written 3 none "$cluster" --db "$dir/new.db" load "$dir/dump")
inserts=$(written 3 "$dir/schema.db" sqlite3 "$dir/new.db" ".read $dir/inserts")
printf '\n| load of %d rows | CPU ms |\n| --- | --- |\n' "$(wc -l <"$dir/dump")"
printf '| cluster load | %s |\n| sqlite3, INSERTs | %s |\n| ratio | %s |\n' "$load" "$inserts" "$(ratio "$load" "$inserts")"

printf '\n| one of 20, CPU ms | on the large inventory | on an empty one | ratio |\n| --- | --- | --- | --- |\n'
# The clock has steps of 10 ms, so 20 are done in one measured run.
one() { # the words of cluster, where N is the number of the run
  local twenty="for ((i = 10; i < 30; ++i)); do $cluster --db $dir/new.db ${1//N/\$i} || exit; done"
  large=$(written 3 "$db" bash -c "$twenty")
  small=$(written 3 "$dir/empty.db" bash -c "$twenty")
  printf '| %s | %s | %s | %s |\n' "$1" "$(awk "BEGIN { print $large / 20 }")" "$(awk "BEGIN { print $small / 20 }")" \
    "$(ratio "$large" "$small")"
}
one "add host new-N"
one "add host gpu vm-container-0-0 gpupciN N:01.0"
one "add host vm new-N vm-container-0-0"
