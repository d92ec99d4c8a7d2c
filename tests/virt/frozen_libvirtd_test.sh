#!/bin/bash
# frozen_libvirtd_test.sh CLUSTER: two vm-containers, each with a libvirtd, a QEMU and a sshd of its own, and one libvirtd
# that hears and never answers (SIGSTOP). The VMs of the other are listed, stopped and started as if it were alone; of the
# frozen one it is said that nothing is known. Once it goes on, its VM is as it was.
#   frozen_libvirtd_test.sh --host ADDRESS FOLDER: one of them, under libvirtd.sh. It does what is written to its FIFO.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"

if [[ $1 == --host ]]; then
  cd "$3"
  trap stop_sshd EXIT
  cat >vm.xml <<END
<domain type='qemu'><name>vm-${3##*/}</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>
END
  virsh -q -c qemu:///system define vm.xml
  start_sshd authorized_keys "$2"
  echo "$port" >port
  while read -r what; do
    case $what in
      freeze) kill -STOP "$LIBVIRTD_PID" ;;
      thaw) kill -CONT "$LIBVIRTD_PID" ;;
      end) exit 0 ;;
    esac
    echo "$what" >did
  done <fifo
  exit 0
fi

cluster=$(realpath "$1")
dir=$(mktemp -d)
cd "$dir"
declare -A hosts=()
finish() {
  local name
  for name in "${!hosts[@]}"; do
    kill -0 "${hosts[$name]}" 2>/dev/null || continue
    tell "$name" thaw
    echo end >"$name/fifo"
    wait "${hosts[$name]}" || true
  done
  rm -rf "$dir"
}
trap finish EXIT
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=

fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$dir/out" "$dir/err" >&2 || true
  exit 1
}

# tell NAME WHAT: returns when it is done.
tell() {
  rm -f "$1/did"
  echo "$2" >"$1/fifo"
  until [[ -e $1/did ]]; do sleep 0.1; done
}

# runs STATUS ARG...: what cluster says is in out and err, how long it took in `took`.
runs() {
  local want=$1 got=0 began=$SECONDS
  shift
  "$cluster" "$@" >out 2>err </dev/null || got=$?
  took=$((SECONDS - began))
  [[ $got == "$want" ]] || fail "cluster $*: status $got, want $want"
}
expect() { grep -q -- "$1" out err || fail "want '$1'"; }
status_of() { "$cluster" list host vm "$1" status=yes --format csv 2>/dev/null </dev/null | sed -n '2s/.*,//p'; }

number=0
for name in good frozen; do
  number=$((number + 1))
  mkdir "$name"
  mkfifo "$name/fifo"
  "$here/../support/libvirtd.sh" "$here/${0##*/}" --host "127.0.7.$number" "$dir/$name" >"$name/log" 2>&1 &
  hosts[$name]=$!
  # shellcheck disable=SC2034 # the FIFO is to be open as long as this script
  exec {open}<>"$name/fifo"
  until [[ -s $name/port ]]; do
    if ! kill -0 "${hosts[$name]}" 2>/dev/null; then
      status=0
      wait "${hosts[$name]}" || status=$?
      cat "$name/log"
      exit "$status"
    fi
    sleep 0.1
  done
  port=$(<"$name/port")
  echo "[127.0.7.$number]:$port $(<"$name/host_key.pub")" >>known_hosts
  "$cluster" add host "$name" appliance=vm-container address="127.0.7.$number" port="$port"
  cat >>ssh_config <<END
Host $name
  User $(id -un)
  IdentityFile $dir/$name/id
  UserKnownHostsFile $dir/known_hosts
END
  "$cluster" add host vm "vm-$name" "$name" from=libvirt
done
runs 0 start host vm vm-good vm-frozen
[[ $(status_of vm-good) == active && $(status_of vm-frozen) == active ]] || fail "they do not run"

tell frozen freeze
runs 3 list host vm status=yes --format csv timeout=3
expect '^vm-good,.*,active$'
expect '^vm-frozen,.*,unknown$'
expect "'frozen' did not answer within 3 s"
((took <= 20)) || fail "the list took $took s"

runs 3 stop host vm vm-good vm-frozen action=poweroff timeout=3 yes=yes
expect "frozen.* did not answer within 3 s"
((took <= 20)) || fail "the stop took $took s"
[[ $(status_of vm-good) == 'shut off' ]] || fail "vm-good still runs"

runs 3 sync vm config vm-good vm-frozen timeout=3
expect "frozen.* did not answer within 3 s"
runs 3 start host vm vm-good vm-frozen timeout=3
[[ $(status_of vm-good) == active ]] || fail "vm-good does not run"

tell frozen thaw
runs 0 list host vm status=yes --format csv
expect '^vm-frozen,.*,active$'
