# shellcheck shell=bash
# Real PostgreSQL servers for a test, thrown away at its end. A test sources this file. The cluster `main`, which Debian's
# package makes, is neither needed nor touched.
#   need_postgresql NAME             ends the test NAME with 77 where no server is installed
#   make_postgresql SERVER           makes one, with the options of initdb in pg_initdb_options
#   start_postgresql SERVER [OPTION...]   starts it with options of `postgres`; it answers when this returns
#   stop_postgresql SERVER, kill_postgresql SERVER   ends it in order, or all of its processes at once by SIGKILL
#   pg_sql SERVER DATABASE [ARG...]  psql as the superuser
#   new_database SERVER NAME [TEMPLATE]   makes a database
#   pg_uri SERVER DATABASE [ROLE]    prints by which URI a client finds it
#   remove_postgresql                ends and removes all of them, for the trap of the test
#   make_standby SERVER PRIMARY      makes one that follows PRIMARY, which is running
#   listen_postgresql SERVER         from its next start on it listens at 127.0.0.1, too, at the port pg_ports[SERVER]
# A server has a socket in a folder of its own and no TCP port of itself. Whoever reaches the socket is trusted, under any name.
# Nothing is written through to the disk (fsync=off), and all that a killed one leaves is in its folder. Servers never run as root: under root they run as `postgres`.

pg_bin=
pg_dir=
declare -A pg_pids=() pg_ports=()
pg_superuser=postgres
pg_initdb_options=(--locale=C.UTF-8)

# find_postgresql: sets pg_bin to the newest folder with a server's programs; Debian has one a version, outside PATH. That of
# another version may be named by $ROLLCALL_TEST_POSTGRESQL_BIN.
find_postgresql() {
  local folder
  while read -r folder; do
    if [[ -x $folder/initdb && -x $folder/postgres && -x $folder/psql ]]; then
      pg_bin=$folder
      return 0
    fi
  done < <(
    echo "${ROLLCALL_TEST_POSTGRESQL_BIN:-}"
    printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
    pg_config --bindir 2>/dev/null || true
  )
  return 1
}

need_postgresql() {
  if ! find_postgresql; then
    echo "$1: skipped: no PostgreSQL server here (want Debian's package postgresql)"
    exit 77
  fi
  if ((EUID == 0)) && ! id -u postgres >/dev/null 2>&1; then
    echo "$1: skipped: root runs no PostgreSQL, and there is no account postgres"
    exit 77
  fi
}

# pg_exec PROGRAM [ARG...]: becomes a program of a server, as an account that may run one. It dies with the shell that
# becomes it, so a test that is killed leaves no server. The shell is a subshell of the test.
pg_exec() {
  local program=$1
  local -a account=()
  shift
  ((EUID != 0)) || account=(--reuid postgres --regid postgres --init-groups)
  cd "$pg_dir" || return
  LC_ALL=C.UTF-8 TZ=UTC exec setpriv "${account[@]}" --pdeathsig QUIT -- "$pg_bin/$program" "$@"
}

# pg_place: prints where servers are made. A database is some 300 files: in memory it takes a sixth of the time to make one.
pg_place() {
  local place=/dev/shm least_kb=$((2 << 20)) kb
  kb=$(df -k --output=avail "$place" 2>/dev/null | tail -n 1)
  if [[ -w $place ]] && ((${kb:-0} >= least_kb)); then echo "$place"; else echo /tmp; fi
}

make_postgresql() {
  local server=$1
  if [[ -z $pg_dir ]]; then
    # The name of a socket has 107 bytes at most, and TMPDIR may be long.
    pg_dir=$(mktemp -d "$(pg_place)/rollcall-pg-XXXXXX")
    ((EUID != 0)) || chown postgres: "$pg_dir"
  fi
  (pg_exec initdb --no-sync --auth=trust --encoding=UTF8 --username="$pg_superuser" "${pg_initdb_options[@]}" \
    --pgdata="$server/data") >"$pg_dir/$server.log" 2>&1 || pg_failed "$server" 'cannot make'
}

pg_failed() {
  echo "$2 the PostgreSQL '$1': $(tail -n 5 "$pg_dir/$1.log")" >&2
  return 1
}

make_standby() {
  local server=$1 primary=$2
  rm -rf "${pg_dir:?}/$server/data"
  (pg_exec pg_basebackup --checkpoint=fast --no-sync --write-recovery-conf --pgdata="$server/data" \
    --host="$pg_dir/$primary" --port="$(port_of "$primary")" --username="$pg_superuser") \
    >"$pg_dir/$server.log" 2>&1 || pg_failed "$server" 'cannot make'
}

port_of() { echo "${pg_ports[$1]:-5432}"; }

# A port that is free now may be taken before the server has it; then the server says so.
listen_postgresql() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 20000))
    if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  done
  pg_ports[$1]=$port
}

start_postgresql() {
  local server=$1
  shift
  (pg_exec postgres -D "$server/data" -c unix_socket_directories="$pg_dir/$server" -c port="$(port_of "$server")" \
    -c listen_addresses="${pg_ports[$server]:+127.0.0.1}" -c fsync=off -c autovacuum=off \
    -c dynamic_shared_memory_type=mmap -c timezone=UTC "$@") >>"$pg_dir/$server.log" 2>&1 &
  pg_pids[$server]=$!
  for _ in {1..300}; do
    if "$pg_bin/pg_isready" -q -h "$pg_dir/$server" -p "$(port_of "$server")"; then return 0; fi
    kill -0 "${pg_pids[$server]}" 2>/dev/null || break
    sleep 0.1
  done
  pg_failed "$server" 'cannot start'
}

# end_postgresql SERVER SIGNAL: the children of a server end when it does.
end_postgresql() {
  local pid=${pg_pids[$1]:-}
  [[ -n $pid ]] || return 0
  kill "-$2" "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  unset "pg_pids[$1]"
}

stop_postgresql() { end_postgresql "$1" INT; }

children_of() { ps -o pid= --ppid "$1" | tr -d ' '; }

kill_postgresql() {
  local -a children
  mapfile -t children < <(children_of "${pg_pids[$1]}")
  kill -KILL "${pg_pids[$1]}" ${children[@]+"${children[@]}"} 2>/dev/null || true
  end_postgresql "$1" KILL
}

pg_sql() {
  local server=$1 database=$2
  shift 2
  "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$pg_dir/$server" -p "$(port_of "$server")" -U "$pg_superuser" -d "$database" "$@"
}

new_database() { pg_sql "$1" template1 -c "CREATE DATABASE \"$2\" TEMPLATE \"${3:-template0}\""; }

pg_uri() { echo "postgresql:///$2?host=$pg_dir/$1&port=$(port_of "$1")&user=${3:-$pg_superuser}"; }

remove_postgresql() {
  local server
  for server in "${!pg_pids[@]}"; do end_postgresql "$server" QUIT; done
  [[ -z $pg_dir ]] || rm -rf "$pg_dir"
}
