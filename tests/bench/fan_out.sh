#!/bin/bash
# Measures the cost of one command on many hosts: `cluster run host` beside ssh, pdsh, clush and ansible in one run, and
# beside logins by libssh alone. The hosts are the addresses 127.0.9.1 and up of one server: of light_server, which costs
# little, so that the client is what is measured, and then of a throw-away sshd. Then it measures `discover host gpu` of
# hosts with eight cards, and `copy host` of 1 MB beside clush --copy.
#   tests/bench/fan_out.sh build/release/cmd/cluster [ROUNDS [light|memory|discover|sshd|copy]...]
#     (cmake --build --preset release --target cluster light_server libssh_logins)
# Prints medians and asserts nothing. Client and server share this machine, so look at the client's CPU first.
set -euo pipefail

cluster=$(realpath "${1:?usage: $0 PATH_OF_CLUSTER [ROUNDS [PART]...]}")
rounds=${2:-5}
parts=("${@:3}")
((${#parts[@]} > 0)) || parts=(light memory discover sshd copy)
bench=$(dirname "$cluster")/../tests/bench
light_server=$bench/light_server
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
Subsystem sftp internal-sftp
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
  seq -f 'n%g' 1000 > "$dir/inventory"
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
  until ssh -F "$dir/config" n1 true > "$dir/answer" 2> "$dir/ssh.log"; do
    kill -0 "$server"  # it may have found its port taken
  done
}

# Each tool runs `true` on the hosts n1 to n$1.
run_cluster() {
  CLUSTER_DB=$dir/$1.db CLUSTER_SSH_CONFIG=$dir/config "$cluster" run host n% true
}
run_libssh() { "$bench/libssh_logins" "$1" "$port" "$dir/id"; }
run_ssh() { seq "$1" | xargs -P 128 -I@ ssh -F "$dir/config" n@ true; }
run_ssh_c25519() {
  seq "$1" | xargs -P 128 -I@ ssh -F "$dir/config" -o KexAlgorithms=curve25519-sha256 n@ true
}
run_pdsh() { PDSH_SSH_ARGS_APPEND="-F $dir/config" pdsh -R ssh -f 128 -w "n[1-$1]" true; }
run_clush() { clush -q -f 128 -o "-F $dir/config" -w "n[1-$1]" true; }
run_ansible() {
  ANSIBLE_SSH_ARGS="-F $dir/config -o ControlMaster=no" ANSIBLE_LOCAL_TEMP=$dir/ansible \
    ansible all -i "$dir/inventory" -l "$(seq -s , -f 'n%g' "$1")" -f 64 -m raw -a true
}

tools="cluster"
if [ -x "$bench/libssh_logins" ]; then tools+=" libssh"; else echo "no libssh_logins: build that target"; fi
tools+=" ssh ssh_c25519"
for tool in pdsh clush ansible; do
  if command -v "$tool" > /dev/null; then tools+=" $tool"; else echo "$tool is not installed"; fi
done

make_files
for n in 1 16 64 100 256 1000; do
  CLUSTER_DB=$dir/$n.db "$cluster" add host n1 appliance=compute
  for i in $(seq 2 "$n"); do
    echo "insert into host (name, appliance) values ('n$i', 'compute');"
  done | sqlite3 "$dir/$n.db"
done

# measure HOSTS TOOL: a line of hosts, tool, wall and CPU milliseconds of the tool with its children.
measure() {
  local TIMEFORMAT='%R %U %S'
  { time run_"$2" "$1" > /dev/null 2>> "$dir/problems" || true; } 2>&1 |
    awk -v n="$1" -v tool="$2" '{ printf "%s %s %.0f %.0f\n", n, tool, $1 * 1000, ($2 + $3) * 1000 }'
}

# median HOSTS TOOL COLUMN
median() {
  awk -v n="$1" -v t="$2" -v c="$3" '$1 == n && $2 == t { print $c }' "$dir/times" | sort -n |
    sed -n "$(((rounds + 1) / 2))p"
}

tell_problems() {
  if [ -s "$dir/problems" ]; then
    echo "some runs had problems, so do not trust the figures:"
    sort "$dir/problems" | uniq -c | sort -rn | head -5
  fi
}

# compare WHAT HOSTS...: all tools by turns, so that a busy moment meets all, and a table.
compare() {
  local what=$1 n tool
  shift
  : > "$dir/problems"
  for _ in $(seq "$rounds"); do
    for n in "$@"; do
      for tool in $tools; do
        # ansible takes minutes for more hosts, and says nothing new there.
        if [ "$tool" != ansible ] || [ "$n" -le 64 ]; then measure "$n" "$tool"; fi
      done
    done
  done > "$dir/times"
  tell_problems
  echo "$what: median of $rounds runs of \`true\`, in milliseconds"
  printf '%5s  %-12s %8s %8s\n' HOSTS TOOL WALL CPU
  for n in "$@"; do
    for tool in $tools; do
      printf '%5s  %-12s %8s %8s\n' "$n" "$tool" "$(median "$n" "$tool" 3)" "$(median "$n" "$tool" 4)"
    done
  done
}

start_light() { start "$light_server" "$port" "$dir/host_key" "$dir/id.pub" "$@"; }

# What 128 open connections take of memory: all that is resident, which has the pages that the libraries share with
# other programs, and what the kernel charges to a group of its own (cgroup v1; root), its sockets and all.
memory() {
  local n group=/sys/fs/cgroup/memory/fan_out.$$
  for n in 1 256 1000; do
    CLUSTER_DB=$dir/$n.db CLUSTER_SSH_CONFIG=$dir/config /usr/bin/time -f %M -o "$dir/memory" \
      "$cluster" run host n% true num-threads=128 > /dev/null
    printf '%s hosts, 128 at once: %s MB resident' "$n" "$(awk '{ printf "%.1f", $1 * 1024 / 1e6 }' "$dir/memory")"
    if mkdir "$group" 2> "$dir/answer"; then
      (
        echo "$BASHPID" > "$group/cgroup.procs"
        CLUSTER_DB=$dir/$n.db CLUSTER_SSH_CONFIG=$dir/config exec "$cluster" run host n% true num-threads=128
      ) > "$dir/answer"
      awk '{ printf ", %.1f MB charged", $1 / 1e6 }' "$group/memory.max_usage_in_bytes"
      rmdir "$group"
    fi
    echo
  done
}

# The answer of a host with eight cards of two functions.
cards() {
  local card separator=
  printf '{"version": 1, "cards": ['
  for card in {1..8}; do
    printf '%s{"name": "gpupci%s", "pci": "0000:0%s:00.0", "state": "present", "model": "GA102GL [A40]",
      "serial": null, "slot": "%s", "numa_node": 0, "functions": [
      {"pci": "0000:0%s:00.0", "class": "0302", "vendor": "10de", "device": "2235", "iommu_group": %s,
       "driver": "nvidia"},
      {"pci": "0000:0%s:00.1", "class": "0403", "vendor": "10de", "device": "1aef", "iommu_group": %s,
       "driver": null}]}' "$separator" "$card" "$card" "$card" "$card" "$card" "$card" "$card"
    separator=,
  done
  echo ']}'
}

# discover FILE yes|no: without the writing, or with it.
discover() { CLUSTER_DB=$1 CLUSTER_SSH_CONFIG=$dir/config "$cluster" discover host gpu "dryrun=$2"; }
run_first() { discover "$dir/first.db" no; }
run_first_dry() { discover "$dir/1000.db" yes; }
run_again() { discover "$dir/known.db" no; }
run_again_dry() { discover "$dir/known.db" yes; }

# What is written takes what it takes more than with dryrun=yes.
# compare_discovery MS: of hosts that take so long.
compare_discovery() {
  local what
  cp "$dir/1000.db" "$dir/known.db"
  discover "$dir/known.db" no > "$dir/answer"
  for _ in $(seq "$rounds"); do
    cp "$dir/1000.db" "$dir/first.db"
    for what in first first_dry again again_dry; do measure 1000 "$what"; done
  done > "$dir/times"
  tell_problems
  echo "discover host gpu: 1000 hosts of $(sqlite3 "$dir/known.db" 'select count(*) from gpu') cards," \
    "which answer after $1 ms, median of $rounds runs, in milliseconds"
  printf '%-10s %8s %8s\n' RUN WALL CPU
  for what in first first_dry again again_dry; do
    printf '%-10s %8s %8s\n' "$what" "$(median 1000 "$what" 3)" "$(median 1000 "$what" 4)"
  done
}

# The hosts n1 to n100 begin in a folder of their own, so that each really gets the file.
run_copy() {
  CLUSTER_DB=$dir/100.db CLUSTER_SSH_CONFIG=$dir/config "$cluster" copy host "$dir/file" 'n%:file'
}
run_clush_copy() {
  clush -q -f 64 -o "-F $dir/config" -w 'n[101-200]' --copy "$dir/file" --dest "$dir/there"
}
compare_copies() {
  local i tool
  for i in $(seq 100); do
    mkdir -p "$dir/home/$i"
    # shellcheck disable=SC2016 # sshd's
    printf 'Match LocalAddress %s\n  ForceCommand cd %s/home/%s && exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n' \
      "$(host_address "$i")" "$dir" "$i"
  done >> "$dir/sshd_config"
  start /usr/sbin/sshd -D -f "$dir/sshd_config"
  : > "$dir/problems"
  for _ in $(seq "$rounds"); do
    head -c 1000000 /dev/urandom > "$dir/file"
    for tool in copy clush_copy; do measure 100 "$tool"; done
  done > "$dir/times"
  tell_problems
  for i in $(seq 100); do cmp "$dir/file" "$dir/home/$i/file"; done
  cmp "$dir/file" "$dir/there"
  echo "1 MB to 100 hosts, median of $rounds runs, in milliseconds"
  printf '%-10s %8s %8s\n' TOOL WALL CPU
  for tool in copy clush_copy; do
    printf '%-10s %8s %8s\n' "$tool" "$(median 100 "$tool" 3)" "$(median 100 "$tool" 4)"
  done
}

want_light_server() {
  if [ ! -x "$light_server" ]; then
    echo "no $light_server: build the target light_server" >&2
    exit 1
  fi
}

for part in "${parts[@]}"; do
  case $part in
    light)
      want_light_server
      start_light
      compare "light server" 1 64 256 1000
      ;;
    memory)
      want_light_server
      start_light
      memory
      ;;
    discover)
      want_light_server
      cards > "$dir/cards"
      for ms in 0 150; do
        start_light "$dir/cards" "$ms"
        compare_discovery "$ms"
      done
      ;;
    sshd)
      start /usr/sbin/sshd -D -f "$dir/sshd_config"
      compare "sshd" 1 16 64
      ;;
    copy) compare_copies ;;
    *)
      echo "no part $part: want light, memory, discover, sshd or copy" >&2
      exit 2
      ;;
  esac
done
