#!/bin/bash
# The servers of tests/support/postgresql.sh are what the tests take them for: two of them at once, databases from a
# template, nobody else's sockets and ports, and nothing of them left at the end.
#   server_test.sh
set -euo pipefail

# shellcheck source=tests/support/postgresql.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/postgresql.sh"
need_postgresql "PostgreSQL's servers"
trap remove_postgresql EXIT
status=0
fail() {
  echo "FAILED: $*"
  status=1
}
same() { [[ $2 == "$3" ]] || fail "$1: '$2', want '$3'"; } # same WHAT GOT WANT

make_postgresql one
start_postgresql one
pg_initdb_options=(--locale=C.UTF-8 --locale-provider=icu --icu-locale=tr-TR)
make_postgresql two
start_postgresql two

# A database is a copy of its template, and no more than that.
pg_sql one postgres -c 'CREATE DATABASE filled'
pg_sql one filled -c 'CREATE TABLE t (n integer); INSERT INTO t VALUES (1)'
new_database one copy filled
pg_sql one copy -c 'INSERT INTO t VALUES (2)'
same 'the copy' "$(pg_sql one copy -c 'SELECT sum(n) FROM t')" 3
same 'the template' "$(pg_sql one filled -c 'SELECT sum(n) FROM t')" 1
same 'databases of the other' "$(pg_sql two postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'copy'")" 0

# A client finds it by the URI, as the role that it names.
pg_sql one copy -c 'CREATE ROLE alice LOGIN'
same 'by the URI' "$("$pg_bin/psql" -XAtc 'SELECT current_database(), session_user' "$(pg_uri one copy alice)")" 'copy|alice'
(($(pg_uri one copy | wc -c) < 107)) || fail "a long URI: $(pg_uri one copy)"

# Two locales; in the second one the small letter of I is another one than i.
same 'I in the one' "$(pg_sql one postgres -c "SELECT lower('I')")" i
same 'I in the other' "$(pg_sql two postgres -c "SELECT lower('I')")" ı

# It listens on no port, and does not run as root.
same 'ports' "$(pg_sql one postgres -c 'SHOW listen_addresses')" ''
[[ $(stat -c %u "/proc/${pg_pids[one]}") != 0 ]] || fail 'it runs as root'

# It stops and starts again with its rows; killed, all of its processes are gone, and what it wrote is there.
stop_postgresql one
! pg_sql one copy -c 'SELECT 1' 2>/dev/null || fail 'it answers after its end'
start_postgresql one -c fsync=on
same 'after a stop' "$(pg_sql one copy -c 'SELECT sum(n) FROM t')" 3
pg_sql one copy -c 'INSERT INTO t VALUES (4)'
mapfile -t processes < <(children_of "${pg_pids[one]}")
((${#processes[@]} > 2)) || fail "few processes: ${processes[*]}"
kill_postgresql one
for process in "${processes[@]}"; do
  for _ in {1..50}; do
    [[ $(ps -o stat= -p "$process") == @(|Z*) ]] && continue 2
    sleep 0.1
  done
  fail "process $process lives on"
done
start_postgresql one
same 'after SIGKILL' "$(pg_sql one copy -c 'SELECT sum(n) FROM t')" 7

# A server that cannot start says why.
stop_postgresql two
said=$(start_postgresql two -c port=none 2>&1) && fail 'it starts with a wrong option'
[[ $said == *"cannot start the PostgreSQL 'two'"*port* ]] || fail "said: $said"

# A test that is killed leaves no server.
support=$(realpath "${BASH_SOURCE[0]%/*}/../support/postgresql.sh")
# shellcheck disable=SC2016 # the shell inside
bash -c '. "$1"; find_postgresql; make_postgresql killed; start_postgresql killed; echo "$pg_dir ${pg_pids[killed]}"; kill -KILL $$' \
  - "$support" >"$pg_dir/killed" 2>"$pg_dir/killed.said" &
wait $! 2>/dev/null || true
read -r orphan pid <"$pg_dir/killed"
for _ in {1..100}; do
  [[ -e /proc/$pid ]] || break
  sleep 0.1
done
[[ ! -e /proc/$pid ]] || fail "server $pid outlives its test"
[[ $orphan == */rollcall-pg-* ]] && rm -rf "$orphan"

# Over TCP only where a test wants it; a standby follows, and takes over.
listen_postgresql one
stop_postgresql one
start_postgresql one
same 'over TCP' "$("$pg_bin/psql" -XAtc 'SELECT sum(n) FROM t' "postgresql://postgres@127.0.0.1:${pg_ports[one]}/copy")" 7
make_standby three one
start_postgresql three
same 'is a standby' "$(pg_sql three postgres -c 'SELECT pg_is_in_recovery()')" t
kill_postgresql one
pg_sql three postgres -c 'SELECT pg_promote()' >/dev/null
pg_sql three copy -c 'INSERT INTO t VALUES (8)'
same 'after it took over' "$(pg_sql three copy -c 'SELECT sum(n) FROM t')" 15

dir=$pg_dir
remove_postgresql
[[ ! -e $dir ]] || fail "$dir is left"
((status != 0)) || echo "PostgreSQL's servers: ok"
exit $status
