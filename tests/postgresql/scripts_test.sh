#!/bin/bash
# Scripts that tell a story with `cluster` on an inventory of SQLite tell it on PostgreSQL, too: each has a database of its
# own, made of a template (tests/support/place.sh). What is about the file itself, or looks into it, is not told (copy_killed,
# database_killed, inventory_access, inventory_faults, nodeset, report_fleet, run_roll_sshd).
#   scripts_test.sh CLUSTER GPUPCI
set -euo pipefail

cluster=$(realpath "$1")
gpupci=$(realpath "$2")
# shellcheck source=tests/postgresql/inventory.sh
. "$(dirname "${BASH_SOURCE[0]}")/inventory.sh"
need_postgresql scripts
trap remove_postgresql EXIT
tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
make_postgresql main
start_postgresql main -c full_page_writes=off
make_template main
ROLLCALL_TEST_POSTGRESQL=$(pg_uri main postgres stories)
export ROLLCALL_TEST_POSTGRESQL PATH=$PATH:$pg_bin

# tell SCRIPT ARG...: it ends well, or says why it cannot run, and used databases.
told=0
tell() {
  local script=$1 status=0 before after
  shift
  before=$(databases)
  timeout 250 "$tests/$script" "$@" >"$pg_dir/said" 2>&1 || status=$?
  after=$(databases)
  case $status in
    0) told=$((told + 1)) ;;
    77) echo "not told: $script: $(tail -n 1 "$pg_dir/said")" ;;
    *) fail "$script: status $status: $(cat "$pg_dir/said")" ;;
  esac
  ((status == 77 || after > before)) || fail "$script used no database"
}
databases() { pg_sql main postgres -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'script%'"; }

tell cli/host_list_test.sh "$cluster"
tell cli/host_power_test.sh "$cluster"
tell cli/network_text_test.sh "$cluster"
tell cli/completion_test.sh "$cluster" "$tests/../packaging/completion"
tell cli/run_host_sshd_test.sh "$cluster" 65536
tell cli/selftest_test.sh "$cluster"
tell agent/serve_ssh_test.sh "$gpupci" "$cluster"
echo "told: $told scripts"
((told > 4)) || fail 'few scripts were told'

((failures > 0)) || echo 'scripts: ok'
exit $((failures > 0))
