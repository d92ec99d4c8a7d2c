# shellcheck shell=bash
# For tests of ways to log in: where `ssh` gets in, `cluster` gets in, and where it does not, it says what helps. A test
# sources this file from a script that has set `cluster`; it makes a folder of its own and works there. make_host begins
# the host h1, a sshd at 127.0.7.1.

# A daemon that a test begins is ended with it when its process is in `daemon`.

# shellcheck source=tests/support/sshd.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/sshd.sh"
dir=$(mktemp -d)
cd "$dir" || exit 1
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=

daemon=
finish() {
  stop_sshd
  [[ -z $daemon ]] || kill "$daemon"
  rm -rf "$dir"
}
trap finish EXIT

fail() {
  echo "$*" >&2
  tail -n 5 out err sshd.log >&2 || true
  exit 1
}

# skip WHY
skip() {
  echo "skipped: $*"
  exit 77
}

# make_host: with the sshd_options that are set.
make_host() {
  start_sshd authorized_keys 127.0.7.1
  write_ssh_config
  echo "[127.0.7.1]:$port $(<host_key.pub)" >known_hosts
  "${cluster:?}" add host h1 address=127.0.7.1
}

# says STATUS PATTERN ARG...: cluster run host h1 ARG... prints what fits the pattern, on either stream.
says() {
  local status=$1 pattern=$2 got=0
  shift 2
  "$cluster" run host h1 "$@" >out 2>err </dev/null || got=$?
  # shellcheck disable=SC2053 # it is a pattern
  [[ $got == "$status" && $(cat out err) == $pattern ]] || fail "status $got, want $status and '$pattern'"
}

by_ssh() { ssh -F ssh_config -o BatchMode=yes 127.0.7.1 "$@" >out 2>err </dev/null; }

# gets_in: `ssh` does, and so does `cluster`, which has the status of the command.
gets_in() {
  by_ssh true || fail "ssh does not get in"
  says 0 in 'echo in'
  says 7 '' 'exit 7'
}

# stays_out PATTERN: `ssh` does not get in, and neither does `cluster`, which says so.
stays_out() {
  ! by_ssh true || fail "ssh gets in"
  says 3 "$1" true
}
