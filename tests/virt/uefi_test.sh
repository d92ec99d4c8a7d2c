#!/bin/bash
# uefi_test.sh CLUSTER: a VM with UEFI that somebody made with virsh and started is taken in, changed and started again,
# and moved to another host. It keeps its variables all the way. libvirtd, sshd, QEMU and OVMF are real; both hosts are
# this one, so the file that a move leaves behind is where the other host wants it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
code=/usr/share/OVMF/OVMF_CODE_4M.fd
if [[ ${1:-} != --inside ]]; then
  if [[ ! -e $code ]]; then
    echo "uefi: skipped: no $code here (Debian package ovmf)"
    exit 77
  fi
  exec "$here/../support/libvirtd.sh" "$(realpath "$0")" --inside "$(realpath "$1")"
fi

cluster=$2
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
start_sshd authorized_keys 127.0.0.15 127.0.0.16
write_ssh_config
for address in 127.0.0.15 127.0.0.16; do echo "[$address]:$port $(<host_key.pub)"; done >known_hosts

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
document() { virsh -q -c qemu:///system dumpxml --inactive ada; }
firmware() { document | grep -E '<loader|<nvram'; }
# stopped_variables: ends the VM, and prints the checksum of what its firmware has written.
stopped_variables() {
  "$cluster" stop host vm ada action=poweroff
  sha256sum <"$dir/ada_VARS.fd"
}

qemu-img create -q -f qcow2 ada.qcow2 64M
cat >hand.xml <<XML
<domain type='qemu'><name>ada</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes' type='pflash'>$code</loader>
<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>$dir/ada_VARS.fd</nvram></os><features><acpi/></features>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$dir/ada.qcow2'/>
<target dev='vda' bus='virtio'/></disk></devices></domain>
XML
virsh -q -c qemu:///system define hand.xml
virsh -q -c qemu:///system start ada
made=$(firmware)

"$cluster" add host n1 appliance=vm-container address=127.0.0.15
"$cluster" add host n2 appliance=vm-container address=127.0.0.16
"$cluster" add host vm ada n1 from=libvirt
"$cluster" sync vm config 2>&1 | grep -q 'nothing to do' || fail "it is not as it was"
before=$(stopped_variables)

"$cluster" set host vm ada mem=320
"$cluster" sync vm config >/dev/null
[[ $(firmware) == "$made" ]] || fail "the firmware is another: $(firmware)"
[[ $(sha256sum <ada_VARS.fd) == "$before" ]] || fail "a define has changed the variables"
"$cluster" start host vm ada
before=$(stopped_variables)

! "$cluster" set host vm ada container=n2 2>said || fail "it moved without its variables"
grep -qF "copy $dir/ada_VARS.fd to n2, then say it again with force=yes" said || fail "said: $(<said)"
virsh -q -c qemu:///system dominfo ada >/dev/null || fail "libvirt has forgotten it"
"$cluster" set host vm ada container=n2 force=yes 2>said
grep -qF "its UEFI variables stay on n1: copy $dir/ada_VARS.fd to n2 before it starts there" said || fail "said: $(<said)"
[[ $(sha256sum <ada_VARS.fd) == "$before" ]] || fail "the move has not kept the variables"
"$cluster" sync vm config >/dev/null
[[ $(firmware) == "$made" ]] || fail "the firmware is another after the move: $(firmware)"
[[ $(sha256sum <ada_VARS.fd) == "$before" ]] || fail "the define on the other host has changed the variables"
"$cluster" start host vm ada
"$cluster" list host vm ada status=yes | grep -q ' active$' || fail "it does not run"
virsh -q -c qemu:///system dumpxml ada | grep -qF "$dir/ada_VARS.fd" || fail "it runs without its variables"
"$cluster" stop host vm ada action=poweroff
