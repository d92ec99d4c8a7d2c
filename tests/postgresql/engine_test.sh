#!/bin/bash
# The tests of db/ that PostgreSQL takes part in: what both engines promise, on a server of the test's own.
#   engine_test.sh DB_TEST
set -euo pipefail

program=$(realpath "$1")
# shellcheck source=tests/support/postgresql.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/postgresql.sh"
need_postgresql engine
trap remove_postgresql EXIT
make_postgresql main
start_postgresql main -c full_page_writes=off
ROLLCALL_TEST_POSTGRESQL=$(pg_uri main postgres) "$program" --gtest_brief=1 --gtest_filter='*Postgres*' | tee "$pg_dir/said"
grep -qE '^\[==========\] [1-9][0-9]+ tests' "$pg_dir/said" || { echo 'few tests were there'; exit 1; }
