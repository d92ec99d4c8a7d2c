#!/bin/bash
# `cluster copy database` takes an inventory from SQLite to PostgreSQL and back: the rows, the history, the rolls. Two
# frontends then have the same rolls, each unpacked in a cache of its own, which heals.
#   copy_test.sh CLUSTER
set -euo pipefail

# shellcheck source=tests/support/postgresql.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/postgresql.sh"
need_postgresql 'the copy of an inventory to PostgreSQL'
cluster=$(realpath "$1")
dir=$(mktemp -d)
trap 'remove_postgresql; rm -rf "$dir"' EXIT
cd "$dir"
unset CLUSTER_DB
status=0
fail() {
  echo "FAILED: $*"
  status=1
}
same() { [[ $2 == "$3" ]] || fail "$1: $(diff <(echo "$2") <(echo "$3"))"; } # same WHAT GOT WANT

# on FRONTEND ARG...: the program there.
on() {
  local frontend=$1
  shift
  XDG_CACHE_HOME=$dir/$frontend/cache XDG_STATE_HOME=$dir/$frontend/state "$cluster" "$@"
}

# refused STATUS WORDS FRONTEND ARG...: it ends with that status, and says these words.
refused() {
  local want=$1 words=$2 got=0
  shift 2
  on "$@" >out 2>err || got=$?
  [[ $got == "$want" && $(<err) == *"$words"* ]] || fail "$*: status $got, $(<err)"
}

state() {
  on a dump db="$1" | sed 's, add roll .*/, add roll ,; s/\.[0-9a-f]*$//'
  on a list change db="$1" format=json
  on a list roll db="$1"
}

make_postgresql one
start_postgresql one
new_database one inventory
shared=$(pg_uri one inventory)

export CLUSTER_DB=$dir/first.db
on a add host n1 rack=1 rank=2
on a add host vm v1 n1 mem=1024 cpus=1 disk=file:/vm/a.vda,vda,virtio
on a add attr site $'two\nlines, and \\.\n\\.'
on a set host n1 rack=3
on a create new roll demo
head -c 1500000 /dev/urandom >demo/files/large # three pieces of it
: >demo/files/empty
on a add roll demo
on a enable roll demo
before=$(state first.db)

# There, and nowhere else.
refused 1 'cluster upgrade database' a copy database first.db "$shared"
same 'the upgrade' "$(on a upgrade database db="$shared")" 'brought up to date'
same 'again' "$(on a upgrade database db="$shared")" 'up to date'
on a copy database first.db "$shared" >out || fail 'copy to PostgreSQL'
same 'on PostgreSQL' "$(state "$shared")" "$before"
same 'check' "$(on a check database db="$shared" 2>err)" ''
refused 1 'is not empty' a copy database first.db "$shared"
refused 2 'is the inventory that is copied' a copy database "$shared" "$shared"
same 'after a refusal' "$(state "$shared")" "$before"

# And back.
on b copy database "$shared" back/cluster.db >out || fail 'copy to SQLite'
same 'back in SQLite' "$(state back/cluster.db)" "$before"
[[ -z $(diff -r demo back/rolls/demo-0.1.0) ]] || fail 'the roll is another one'
on a save database saved.db db="$shared" 2>err
same 'saved' "$(on a dump attr db=saved.db)" "$(on a dump attr db=first.db)"
[[ $(<err) == *'files of the rolls are not in it'* ]] || fail "save: $(<err)"
refused 1 'is no file' a restore database saved.db db="$shared"

# What is killed in the middle leaves an empty inventory.
new_database one other
other=$(pg_uri one other)
on a upgrade database db="$other" >out
for n in 1 5 9 20; do
  strace -f -qq -o /dev/null -e trace=sendto -e "inject=sendto:signal=KILL:when=$n" \
    "$cluster" copy database first.db "$other" >out 2>err && fail "it was not killed at $n"
  [[ -z $(on a list host format=csv db="$other" | sed 1d) ]] || fail "killed at $n, it left rows"
done 2>/dev/null
on a copy database first.db "$other" >out || fail 'copy after it was killed'
same 'after it was killed' "$(state "$other")" "$before"

# The history goes on, with numbers after those that came.
export CLUSTER_DB=$shared
on b add host n2
same 'the last change' "$(on a list change format=csv | tail -n 1 | grep -c 'add host n2')" 1
on a undo change "$(on a list change format=csv | tail -n 1 | cut -d, -f1)"
refused 1 "host 'n2' is not in the inventory" b set host n2 rack=1

# The other frontend has the roll, and its cache heals.
same 'rolls of the other' "$(on b list roll format=csv | sed 1d)" 'demo,0.1.0,any,yes,ok'
cached=$(echo b/cache/cluster/rolls/demo-0.1.0.*)
[[ -z $(diff -r demo "$cached") ]] || fail 'the cache is another roll'
echo changed >>"$cached/roll.yaml"
same 'a changed cache' "$(on b list roll format=csv | sed 1d)" 'demo,0.1.0,any,yes,ok'
[[ -z $(diff -r demo "$cached") ]] || fail 'the cache did not heal'

# Versions share their files, and a roll that goes takes what nobody else has.
chunks() { pg_sql one inventory -c 'SELECT count(*) FROM cluster.roll_chunk'; }
first=$(chunks)
cp -r demo next
sed -i 's/0\.1\.0/0.2.0/' next/roll.yaml
on b add roll next
same 'pieces of two versions' "$(chunks)" $((first + 1))
refused 1 'is there already' a add roll next
on a remove roll demo version=0.2.0
same 'pieces after one went' "$(chunks)" "$first"

# Of two frontends that add two rolls of one name and version at once one is told that it did not, and both have the other's.
adding=()
for frontend in a b; do
  cp -r demo "of-$frontend"
  sed -i 's/0\.1\.0/0.3.0/' "of-$frontend/roll.yaml"
  echo "$frontend" >"of-$frontend/files/empty"
  (on $frontend add roll "of-$frontend" 2>"said-$frontend" || true) &
  adding+=($!)
done
wait "${adding[@]}"
winner=a loser=b
[[ ! -s said-a ]] || winner=b loser=a
same 'who added it' "$(<said-$winner)" ''
[[ $(<said-$loser) == "cluster: roll 'demo' 0.3.0 is there already, with other files ("* ]] || fail "the other: $(<said-$loser)"
for frontend in a b; do
  same "the rolls of $frontend" "$(on $frontend list roll format=csv | grep -c ',ok$')" 2
  [[ -z $(diff -r "of-$winner" "$frontend"/cache/cluster/rolls/demo-0.3.0.*) ]] || fail "$frontend has another roll"
done
on a check database repair=yes >out 2>err || true # what the other has stored

# The cache of the frontend that did not remove it forgets it, when nobody has looked at it for a day.
on $winner remove roll demo version=0.3.0
rolls_of() { (cd "$1/cache/cluster/rolls" && echo demo-*); }
heal() { echo changed >>"$(echo "$1"/cache/cluster/rolls/demo-0.1.0.*)/roll.yaml" && on "$1" list roll >out; }
heal $loser
[[ $(rolls_of $loser) == demo-0.1.0.*' demo-0.3.0.'* ]] || fail "forgotten at once: $(rolls_of $loser)"
touch -d '25 hours ago' "$loser"/cache/cluster/rolls/*
on $loser list roll >out
same 'looked at' "$(cd "$loser/cache/cluster/rolls" && find demo-* -maxdepth 0 -mmin -60 | wc -l)" 1
heal $loser
[[ $(rolls_of $loser) == demo-0.1.0.* && $(rolls_of $loser) != *' '* ]] || fail "not forgotten: $(rolls_of $loser)"

# What a cut off `add roll` left is told, and taken away. What is lost is told.
pg_sql one inventory -c "INSERT INTO cluster.roll_chunk VALUES (repeat('a', 64), 0, 'x')"
got=0
left=$(on a check database 2>err) || got=$?
same 'left over' "$got $left" "1 a file of no roll is kept: $(printf 'a%.0s' {1..64}) (want repair=yes)"
same 'repaired' "$(on a check database repair=yes 2>err)" ''
same 'pieces after the repair' "$(chunks)" "$first"
pg_sql one inventory -c 'DELETE FROM cluster.roll_chunk WHERE number = 1'
rm -rf c
got=0
left=$(on c check database 2>err) || got=$?
same 'lost' "$got $left" '1 roll demo 0.1.0: what the inventory has of it is not what was added'
refused 1 'was changed after it was added' c run roll demo

# A folder that the frontends share.
mkdir shared
on a set attr roll_store "$dir/shared"
on a add roll next
[[ -f shared/next-0.2.0/roll.yaml || -f shared/demo-0.2.0/roll.yaml ]] || fail "no roll in the shared folder: $(ls shared)"
same 'pieces with a shared folder' "$(chunks)" $((first - 1))
on b remove roll demo version=0.2.0
[[ -z $(ls shared) ]] || fail "left in the shared folder: $(ls shared)"

exit $status
