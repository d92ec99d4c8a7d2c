#!/bin/bash
# The stories of tests/cli/, told over an inventory on PostgreSQL: each has a database of its own, made of a template. They
# are told in two lanes at once; beside them some a second time in a database whose locale writes I in small as no other
# does.
#   stories_test.sh CLUSTER STORIES     STORIES: stories_test
set -euo pipefail

cluster=$(realpath "$1")
stories=$(realpath "$2")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql stories
trap remove_postgresql EXIT

# Stories that are about the file of SQLite itself: a pattern of gtest, and the reason.
about_the_file=(
  'InventoryFile.*' 'the file: who may write to it, what is no inventory, its lock and its log'
  'CompletionStory.LeavesAnOlderInventoryAsItIs' 'makes the file one of an older version'
  'WholeInventory.ACopyReplacesNothingButAPlainFile' 'save and restore are of files; PostgreSQL has pg_dump'
  'WholeInventory.ASavedCopyIsPutBackAndTheOtherIsKept' 'save and restore are of files'
  'WholeInventory.ADamagedOneIsReplacedAndADamagedCopyIsNot' 'destroys the file'
  'RollStore.WhatAKilledAddHasLeftIsNotInTheWay' 'folders of rolls beside the file'
  'RollStore.ARollOfAnotherInventoryIsNotReplaced' 'folders of rolls beside the file'
  'RollStore.TwoAtOnceAreOneAfterTheOther' 'looks at the folders of rolls beside the file'
  'RollStore.AFullDiskLeavesNothing' 'folders of rolls beside the file'
  '*.*AChangedRoll*' 'changes what is added in its folder, which on PostgreSQL is a copy that is made anew'
  'CopiedInventory.TakesNoRollThatIsNotAsItWasAdded' 'changes a roll in its folder'
  'CopiedInventory.KeepsTheRollsOfAnotherOneBesideIt' 'folders of rolls beside the file'
  'WholeInventory.WhatIsNotWholeIsSaid' 'writes past the foreign keys, which PostgreSQL does not let anybody do'
)
elsewhere='Host.*:HostGpu.*:Dump.*:WholeInventory.*:Slices.*:RollStory.*:RunRoll.*'

known=$("$stories" --gtest_list_tests | awk '/^[^ ]/ { suite = $1; next } { print suite $1 }')
left_out=
for ((i = 0; i < ${#about_the_file[@]}; i += 2)); do
  pattern=${about_the_file[i]}
  # shellcheck disable=SC2053 # a pattern
  count=$(while read -r story; do if [[ $story == $pattern ]]; then echo; fi; done <<<"$known" | wc -l)
  ((count > 0)) || fail "there is no story $pattern"
  echo "not told ($count): $pattern: ${about_the_file[i + 1]}"
  left_out+=${left_out:+:}$pattern
done

make_lane() { # make_lane SERVER
  make_postgresql "$1"
  start_postgresql "$1" -c full_page_writes=off
  make_template "$1"
}
make_lane main
pg_initdb_options=(--locale=C.UTF-8 --locale-provider=icu --icu-locale=tr-TR)
make_lane turkish

# tell SERVER SHARD SHARDS FILTER: the stories of a shard, in the environment that ctest gives them.
tell() {
  ROLLCALL_TEST_POSTGRESQL=$(pg_uri "$1" postgres stories) GTEST_SHARD_INDEX=$2 GTEST_TOTAL_SHARDS=$3 GTEST_BRIEF=1 \
    timeout 800 "$stories" --gtest_filter="$4" >"$pg_dir/$1.$2" 2>&1
}
begin=$SECONDS
declare -A lanes=()
tell main 0 2 "*-$left_out" &
lanes[$!]='the stories of the first lane'
tell main 1 2 "*-$left_out" &
lanes[$!]='the stories of the second lane'
tell turkish 0 1 "$elsewhere-$left_out" &
lanes[$!]='the stories in another locale'
for lane in "${!lanes[@]}"; do
  wait "$lane" || fail "${lanes[$lane]}"
done
cat "$pg_dir"/{main.0,main.1,turkish.0}
told=$(sed -n 's/^\[==========\] \([0-9]*\) tests\? from .* ran\..*/\1/p' "$pg_dir"/main.[01] | paste -sd +)
echo "told: $((${told:-0})) of $(wc -l <<<"$known") stories, in $((SECONDS - begin)) s"
((${told:-0} > 100)) || fail 'few stories were told'
same 'databases that stories left' "$(pg_sql main postgres -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'story%'")" 0

((failures > 0)) || echo 'stories: ok'
exit $((failures > 0))
