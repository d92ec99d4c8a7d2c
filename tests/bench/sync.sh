#!/bin/bash
# Measures the cost of `cluster sync vm config` when nothing has changed: 64 VMs on 8 containers, beside one `virsh
# list` on each container over qemu+ssh, all at once. The containers are eight addresses of one throw-away sshd. One
# private libvirtd behind it has all 64 VMs, so each container answers for eight times its own. It asserts nothing.
#   tests/bench/sync.sh build/release/cmd/cluster [ROUNDS]
set -euo pipefail

bench=$(realpath "$0")
if [[ ${1:-} != --inside ]]; then
  cluster=$(realpath "${1:?usage: $0 PATH_OF_CLUSTER [ROUNDS]}")
  exec "$(dirname "$bench")/../support/libvirtd.sh" "$bench" --inside "$cluster" "${2:-10}"
fi
cluster=$2
rounds=$3

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$bench")/../support/sshd.sh"
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=

start_sshd authorized_keys 127.0.8.{1..8}
write_ssh_config
echo "* $(<host_key.pub)" >known_hosts
for host in {1..8}; do
  "$cluster" add host "n$host" address="127.0.8.$host" port="$port"
  for vm in {1..8}; do "$cluster" add host vm "vm-$host-$vm" "n$host"; done
done
"$cluster" add attr vm_type qemu
"$cluster" sync vm config >/dev/null
"$cluster" sync vm config 2>&1 | grep -q 'nothing to do'

export dir
list_all() {
  printf '%s\n' 127.0.8.{1..8} | xargs -P 8 -I@ virsh -q -c \
    "qemu+ssh://@:$port/system?keyfile=$dir/id&known_hosts=$dir/known_hosts&no_tty=1&command=$dir/ssh" list --all >/dev/null
}
printf '#!/bin/sh\nexec ssh -F %s/ssh_config "$@"\n' "$dir" >ssh
chmod +x ssh
list_all  # it works

median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }
for what in sync virsh; do : >"$what"; done
for ((round = 0; round < rounds; ++round)); do
  for what in sync virsh; do
    start=${EPOCHREALTIME/./}
    if [[ $what == sync ]]; then "$cluster" sync vm config 2>/dev/null; else list_all; fi
    echo $((${EPOCHREALTIME/./} - start)) >>"$what"
  done
done
sync=$(median <sync)
virsh=$(median <virsh)
echo "64 unchanged VMs on 8 containers, median of $rounds: cluster sync vm config $((sync / 1000)) ms," \
  "8 x virsh list at once $((virsh / 1000)) ms, ratio $(awk "BEGIN { printf \"%.2f\", $sync / $virsh }")"
