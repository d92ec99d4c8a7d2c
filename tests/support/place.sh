# shellcheck shell=bash
# Where the inventory of a test is. A test sources this file.
#   new_place FOLDER   prints the place of an inventory that is not there yet: a file in FOLDER. Where
#                      $ROLLCALL_TEST_POSTGRESQL is the URI of a server's database, it is a new database there, a copy of
#                      `inventory` (tests/postgresql/scripts_test.sh, which removes it)

new_place() {
  local name server=${ROLLCALL_TEST_POSTGRESQL:-}
  if [[ -z $server ]]; then
    echo "$1/cluster.db"
    return
  fi
  name=script_${BASHPID}_$RANDOM
  psql -X -q -d "$server" -c "CREATE DATABASE $name TEMPLATE inventory STRATEGY FILE_COPY" >&2 || return
  echo "${server%%///*}///$name?${server#*\?}"
}
