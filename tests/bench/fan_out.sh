#!/bin/bash
# Measures the cost of one command on many hosts: `cluster run host` beside ssh, pdsh and clush in one run. The hosts are
# the addresses 127.0.9.1 and up of one server: of light_server, which costs little, so that the client is what is
# measured, and then of a throw-away sshd.
#   tests/bench/fan_out.sh build/release/cmd/cluster [ROUNDS]     (cmake --build --preset release --target light_server)
# Prints medians and asserts nothing. Client and server share this machine, so look at the client's CPU first.
set -euo pipefail

cluster=$(realpath "${1:?usage: $0 PATH_OF_CLUSTER [ROUNDS]}")
rounds=${2:-5}
light_server=$(dirname "$cluster")/../tests/bench/light_server
dir=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server"; fi
  rm -rf "$dir"
}
trap finish EXIT

host_address() { echo "127.0.$((9 + $1 / 250)).$((1 + $1 % 250))"; }

make_files() {
  ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
  ssh-keygen -q -t ed25519 -N '' -f "$dir/id"
  port=$((20000 + RANDOM % 10000))
  cat > "$dir/sshd_config" << END
Port $port
ListenAddress 0.0.0.0
AllowUsers *@127.*
HostKey $dir/host_key
AuthorizedKeysFile $dir/id.pub
PidFile none
UsePAM no
UseDNS no
StrictModes no
MaxStartups 2000
END
  echo "* $(cat "$dir/host_key.pub")" > "$dir/known_hosts"
  for i in $(seq 1000); do printf 'Host n%s\n  HostName %s\n' "$i" "$(host_address "$i")"; done > "$dir/config"
  cat >> "$dir/config" << END
Host *
  Port $port
  User $(id -un)
  IdentityFile $dir/id
  UserKnownHostsFile $dir/known_hosts
  GlobalKnownHostsFile none
  LogLevel ERROR
END
  if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
}

# start COMMAND...: the server that the hosts are from now on.
start() {
  if [ -n "$server" ]; then
    kill "$server"
    wait "$server" || true
  fi
  "$@" 2> "$dir/server.log" &
  server=$!
  until ssh -F "$dir/config" n1 true 2> "$dir/ssh.log"; do
    kill -0 "$server"  # it may have found its port taken
  done
}

# Each tool runs `true` on the hosts n1 to n$1.
run_cluster() {
  CLUSTER_DB=$dir/$1.db CLUSTER_SSH_CONFIG=$dir/config "$cluster" run host n% true
}
run_ssh() { seq "$1" | xargs -P 128 -I@ ssh -F "$dir/config" n@ true; }
run_ssh_c25519() {
  seq "$1" | xargs -P 128 -I@ ssh -F "$dir/config" -o KexAlgorithms=curve25519-sha256 n@ true
}
run_pdsh() { PDSH_SSH_ARGS_APPEND="-F $dir/config" pdsh -R ssh -f 128 -w "n[1-$1]" true; }
run_clush() { clush -q -f 128 -o "-F $dir/config" -w "n[1-$1]" true; }

tools="cluster ssh ssh_c25519"
for tool in pdsh clush; do
  if command -v "$tool" > /dev/null; then tools+=" $tool"; else echo "$tool is not installed"; fi
done

make_files
for n in 1 16 64 256 1000; do
  CLUSTER_DB=$dir/$n.db "$cluster" add host n1
  for i in $(seq 2 "$n"); do
    echo "insert into host (name, appliance) values ('n$i', 'vm-container');"
  done | sqlite3 "$dir/$n.db"
done

# measure HOSTS TOOL: a line of hosts, tool, wall and CPU milliseconds of the tool with its children.
measure() {
  local TIMEFORMAT='%R %U %S'
  { time run_"$2" "$1" > /dev/null 2>> "$dir/problems" || true; } 2>&1 |
    awk -v n="$1" -v tool="$2" '{ printf "%s %s %.0f %.0f\n", n, tool, $1 * 1000, ($2 + $3) * 1000 }'
}

# compare WHAT HOSTS...: all tools by turns, so that a busy moment meets all, and a table.
compare() {
  local what=$1 n tool
  shift
  : > "$dir/problems"
  for _ in $(seq "$rounds"); do
    for n in "$@"; do
      for tool in $tools; do measure "$n" "$tool"; done
    done
  done > "$dir/times"
  if [ -s "$dir/problems" ]; then
    echo "some runs had problems, so do not trust the figures:"
    sort "$dir/problems" | uniq -c | sort -rn | head -5
  fi
  echo "$what: median of $rounds runs of \`true\`, in milliseconds"
  printf '%5s  %-12s %8s %8s\n' HOSTS TOOL WALL CPU
  for n in "$@"; do
    for tool in $tools; do
      median() { awk -v n="$n" -v t="$tool" -v c="$1" '$1 == n && $2 == t { print $c }' "$dir/times" |
        sort -n | sed -n "$(((rounds + 1) / 2))p"; }
      printf '%5s  %-12s %8s %8s\n' "$n" "$tool" "$(median 3)" "$(median 4)"
    done
  done
}

if [ -x "$light_server" ]; then
  start "$light_server" "$port" "$dir/host_key" "$dir/id.pub"
  compare "light server" 1 64 256 1000
else
  echo "no $light_server: build the target light_server"
fi
start /usr/sbin/sshd -D -f "$dir/sshd_config"
compare "sshd" 1 16 64
