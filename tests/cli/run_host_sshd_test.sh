#!/bin/bash
# Runs the program as an operator types it, against a real sshd. Checks the output and the exit status when things go
# wrong.
#   run_host_sshd_test.sh CLUSTER MAX_KIB     MAX_KIB: the memory that 50 MB of output may take
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
cluster=$(realpath "$1")
max_kib=$2
dir=$(mktemp -d)
frozen=
finish() {
  stop_sshd
  [[ -z $frozen ]] || kill "$frozen"
  rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
failures=0

# expect STATUS OUT ERR ARG...: OUT is a whole text, ERR a pattern of bash for all of standard error.
expect() {
  local status=$1 out=$2 err=$3 got=0
  shift 3
  "$cluster" "$@" >out 2>err || got=$?
  # shellcheck disable=SC2053 # ERR is a pattern
  if [[ $got != "$status" || $(<out) != "$out" || $(<err) != $err ]]; then
    printf 'cluster %s\n  status %s, want %s\n  out: %s\n  err: %s\n' "$*" "$got" "$status" "$(head -c 300 out)" "$(<err)"
    failures=$((failures + 1))
  fi
}

ssh-keygen -q -t ed25519 -N '' -f other_key
start_sshd authorized_keys 127.0.7.1 127.0.7.2
# This server accepts connections and never speaks.
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.7.9", LocalPort => $ARGV[0], Listen => 5) or die;
  push @kept, $s->accept while 1' "$port" &
frozen=$!

write_ssh_config
echo "[127.0.7.1]:$port,[127.0.7.9]:$port $(<host_key.pub)" >known_hosts
for i in 1 2 9; do "$cluster" add host "n$i" address=127.0.7.$i; done
dump=$("$cluster" dump host)

# shellcheck disable=SC2016 # the remote shell is to see them
{
  expect 0 'a b  $HOME' '' run host n1 'printf "%s\n" "a b  \$HOME"'
  expect 7 'out' 'err' run host n1 'echo out; echo err >&2; exit 7'
  expect 0 '' '' run host n1 '[ -d / ]'
  expect 1 '' 'cluster: n1: *KILL*' run host n1 'kill -9 $$'
}
expect 124 '' 'cluster: n1: *1 s*' run host n1 'sleep 30' timeout=1
expect 3 '' "cluster: n2: *SHA256:*ssh-keyscan*$port*" run host n2 true
echo "[127.0.7.2]:$port $(<other_key.pub)" >>known_hosts
expect 3 '' "cluster: n2: *known_hosts:2*" run host n2 true
expect 3 '' 'cluster: n9: *' run host n9 true connect-timeout=1
expect 3 'n1: x' $'cluster: n*: *\ncluster: n*: *\ncluster: run host: did not reach 2 of 3 hosts' \
  run host 'echo x' connect-timeout=1
"$cluster" set host n2 port=1
expect 3 '' 'cluster: n2: *Connection refused*' run host n2 true
"$cluster" set host n2 port=
sed -i "s|IdentityFile .*|IdentityFile $dir/other_key|" ssh_config
expect 3 '' 'cluster: n1: *other_key*' run host n1 true
sed -i "s|IdentityFile .*|IdentityFile $dir/id|" ssh_config

# The command prints 50 MB, in bounded memory. This gives the bytes, and the largest resident set in KiB.
"$cluster" run host n1 'head -c 50000000 /dev/zero' >zeros &
pid=$!
peak=0
while kill -0 $pid 2>/dev/null; do
  rss=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
  peak=${rss:-$peak}
  sleep 0.05
done
wait $pid
if [[ $(stat -c %s zeros) != 50000000 ]] || ((peak > max_kib)); then
  echo "50 MB: $(stat -c %s zeros) bytes came, peak $peak KiB"
  failures=$((failures + 1))
fi

if [[ $("$cluster" dump host) != "$dump" ]]; then
  echo 'the inventory has changed'
  failures=$((failures + 1))
fi
((failures == 0))
