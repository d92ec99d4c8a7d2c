#!/bin/bash
# `restore database`, `save database`, `upgrade database` and `load` are killed before system calls that change a file.
# What is there then is the inventory of before or the one of after, whole, and never none; the same command, typed again,
# ends as if nothing had happened, and leaves nothing beside it.
#   database_killed_test.sh CLUSTER
set -euo pipefail

cluster=$(realpath "$1")
schema=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../schema")
# shellcheck source=tests/support/kills.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/kills.sh"
export CLUSTER_DB=$dir/there/cluster.db ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 CLUSTER_CONFIG=$dir/none
points=0

state() { "$cluster" dump db="$1" 2>&1; }

# prepare KIND: what is there before, beside the copy.
prepare() {
  rm -rf there
  mkdir there
  case $1 in
    other) cp other.db there/cluster.db ;;
    damaged) head -c 30000 other.db >there/cluster.db ;;
    broken) cp broken.db there/cluster.db ;;
    old) cp old.db there/cluster.db ;;
    none) ;;
  esac
}

# try KIND AFTER CALLS ARG...: kills the command at each of CALLS.
try() {
  local kind=$1 after=$2 calls=$3 call n before said
  shift 3
  for call in $calls; do
    for ((n = 1; n < 2000; n += n + 1)); do
      prepare "$kind"
      before=$(state there/cluster.db) || true
      if killed_at "$call" $n "$@" >out 2>/dev/null; then break; fi
      points=$((points + 1))
      said=$(state there/cluster.db) || true
      # `load` makes a new inventory first, which has nothing yet.
      [[ $said == "$before" || $said == "$after" || ($kind == none && $1 == load && $said != *' row host '*) ]] ||
        fail "$kind, $*, killed at $call $n: neither nor: $(head -n 3 <<<"$said")"
      if [[ $kind != none && $kind != damaged && $kind != broken || $said == "$after" ]]; then
        "$cluster" check database >out 2>&1 || fail "$kind, $*, killed at $call $n: $(<out)"
      fi
      "$cluster" "$@" >out 2>&1 || [[ $1 == load && $said == "$after" ]] ||
        fail "$kind, $*, again after it was killed at $call $n: $(<out)"
      said=$(state there/cluster.db) || true
      [[ $said == "$after" ]] || fail "$kind, $*, again after $call $n: $(diff <(echo "$said") <(echo "$after") | head -n 3)"
      said=$(find there -name '*.new-*')
      [[ -z $said ]] || fail "$kind, $*, killed at $call $n: left $said"
    done
    [[ $(state there/cluster.db) == "$after" ]] || fail "$kind, $*: without a kill it is not as it should be"
  done
}

for n in 1 2 3; do "$cluster" add host n$n rack=$n db=saved.db; done
"$cluster" add host gpu n1 gpupci1 02:00.0 db=saved.db
"$cluster" add host other db=other.db
for file in saved other; do sqlite3 $file.db 'PRAGMA wal_checkpoint(TRUNCATE)' >out; done
saved=$(state saved.db)
cp other.db broken.db
sqlite3 broken.db "PRAGMA foreign_keys = OFF; INSERT INTO host_key VALUES ('gone', 'ssh-rsa', 'AAAA', '')"

calls='rename link write pwrite64 fdatasync unlink'
for kind in other damaged broken none; do try $kind "$saved" "$calls" restore database saved.db; done

# An inventory of an older version, as its program left it.
version=0
for file in "$schema"/00*.sql; do
  [[ $file != *.postgresql.sql ]] || continue
  ((++version <= 20)) || break
  sqlite3 old.db <"$file"
done
sqlite3 old.db "PRAGMA application_id = $(sqlite3 saved.db 'PRAGMA application_id'); PRAGMA user_version = 20;
  INSERT INTO host (name, appliance) VALUES ('old', 'compute')"
cp old.db new.db
"$cluster" upgrade database db=new.db >out
for call in write pwrite64 fdatasync; do
  for ((n = 1; n < 2000; n += n + 1)); do
    prepare old
    if killed_at $call $n upgrade database >out 2>/dev/null; then break; fi
    points=$((points + 1))
    now=$(sqlite3 there/cluster.db 'PRAGMA user_version')
    [[ $now == 20 || $now == "$(sqlite3 new.db 'PRAGMA user_version')" ]] || fail "upgrade, killed at $call $n: version $now"
    "$cluster" check database >out 2>&1 || fail "upgrade, killed at $call $n: $(<out)"
    [[ $(state there/cluster.db) == "$(state new.db)" ]] || fail "upgrade, killed at $call $n: another inventory"
  done
done

# All lines of a dump or none.
"$cluster" dump db=saved.db | grep -v ' appliance ' >dump.sh
cp other.db both.db
"$cluster" load dump.sh db=both.db
try other "$(state both.db)" 'write pwrite64 fdatasync' load dump.sh
try none "$saved" 'mkdir openat write pwrite64 fdatasync' load dump.sh

# The copy of before stays until the new one is whole, and its log is not taken for the new one's.
for call in rename link write pwrite64 fdatasync unlink; do
  for ((n = 1; n < 2000; n += n + 1)); do
    rm -rf copies
    mkdir copies
    cp other.db copies/copy.db
    if killed_at $call $n save database copies/copy.db overwrite=yes db=saved.db >out 2>/dev/null; then break; fi
    points=$((points + 1))
    now=$(state copies/copy.db)
    [[ $now == "$(state other.db)" || $now == "$saved" ]] || fail "save, killed at $call $n: $(head -n 3 <<<"$now")"
    "$cluster" save database copies/copy.db overwrite=yes db=saved.db
    [[ $(state copies/copy.db) == "$saved" ]] || fail "save, again after $call $n"
    [[ -z $(find copies -name '*.new-*') ]] || fail "save, killed at $call $n: left $(ls copies)"
  done
done
cp other.db copies/copy.db
killed_at pwrite64 4 add host late db=copies/copy.db >out 2>/dev/null || true # its log stays
"$cluster" save database copies/copy.db overwrite=yes db=saved.db
[[ $(state copies/copy.db) == "$saved" ]] || fail "a log of before was taken for the new copy's"

# What was left at another time goes as well; no process has that number. A file of somebody else stays.
prepare other
dead=4194305
touch there/cluster.db.{,before-20260101T000000Z.}new-$dead-1 there/cluster.db.mine.new-$dead-1
"$cluster" restore database saved.db 2>out
[[ $(find there -name '*.new-*') == there/cluster.db.mine.new-$dead-1 ]] || fail "after a restore: $(ls there)"

# What a copy has in its log comes along.
cp other.db with-log.db
sqlite3 with-log.db <<<"INSERT INTO host (name, appliance) VALUES ('logged', 'compute');
.shell cp with-log.db cut.db; cp with-log.db-wal cut.db-wal"
prepare other
"$cluster" restore database cut.db 2>out
[[ $("$cluster" list host logged format=csv | wc -l) == 2 ]] || fail "what the log of the copy has was lost"

((points > 60)) || fail "killed $points times alone"
echo "killed $points times"
((failures == 0))
