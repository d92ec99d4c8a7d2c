#!/bin/bash
# Measures the cost of `cluster sync vm config` when nothing has changed: 64 VMs on 8 containers, beside one `virsh
# list` on each container over qemu+ssh, all at once. The containers are eight addresses of one throw-away sshd. One
# private libvirtd behind it has all 64 VMs, so each container answers for eight times its own. Then the same for
# `discover host vm` beside `list host vm status=yes`. It asserts nothing.
#   tests/bench/sync.sh build/release/cmd/cluster [ROUNDS [CONTAINERS]]
set -euo pipefail

bench=$(realpath "$0")
if [[ ${1:-} != --inside ]]; then
  cluster=$(realpath "${1:?usage: $0 PATH_OF_CLUSTER [ROUNDS [CONTAINERS]]}")
  exec "$(dirname "$bench")/../support/libvirtd.sh" "$bench" --inside "$cluster" "${2:-10}" "${3:-8}"
fi
cluster=$2
rounds=$3
containers=$4
mapfile -t addresses < <(seq -f '127.0.8.%g' "$containers")

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$bench")/../support/sshd.sh"
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=

# shellcheck disable=SC2034 # of sshd.sh
sshd_options=(-o MaxStartups=100 -o 'AllowUsers=*@127.*')
start_sshd authorized_keys 0.0.0.0  # sshd listens on 16 single addresses at most
write_ssh_config
echo "* $(<host_key.pub)" >known_hosts
for ((host = 1; host <= containers; ++host)); do
  "$cluster" add host "n$host" address="127.0.8.$host" port="$port"
done
for vm in {0..63}; do "$cluster" add host vm "vm-$vm" "n$((vm % containers + 1))"; done
"$cluster" add attr vm_type qemu
"$cluster" add attr vm_cpu_mode maximum
"$cluster" sync vm config >/dev/null
"$cluster" sync vm config 2>&1 | grep -q 'nothing to do'

export dir
list_all() {
  printf '%s\n' "${addresses[@]}" | xargs -P 8 -I@ virsh -q -c \
    "qemu+ssh://@:$port/system?keyfile=$dir/id&known_hosts=$dir/known_hosts&no_tty=1&command=$dir/ssh" list --all >/dev/null
}
printf '#!/bin/sh\nexec ssh -F %s/ssh_config "$@"\n' "$dir" >ssh
chmod +x ssh
list_all  # it works

median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }
run() {
  case $1 in
    sync) "$cluster" sync vm config 2>/dev/null ;;
    virsh) list_all ;;
    discover) "$cluster" discover host vm >/dev/null ;;
    status) "$cluster" list host vm status=yes >/dev/null ;;
  esac
}
measures=(sync virsh discover status)
for what in "${measures[@]}"; do : >"$what"; done
for ((round = 0; round < rounds; ++round)); do
  for what in "${measures[@]}"; do
    start=${EPOCHREALTIME/./}
    run "$what"
    echo $((${EPOCHREALTIME/./} - start)) >>"$what"
  done
done
# beside ONE OTHER: the medians of both and their ratio.
beside() {
  local one other
  one=$(median <"$1")
  other=$(median <"$2")
  echo "$1 $((one / 1000)) ms, $2 $((other / 1000)) ms, ratio $(awk "BEGIN { printf \"%.2f\", $one / $other }")"
}
echo "64 unchanged VMs on $containers containers, median of $rounds:"
beside sync virsh
beside discover status
