#!/bin/bash
# libvirtd.sh PROGRAM [ARG...]: runs PROGRAM with its own real libvirtd, which answers at qemu:///system, with QEMU
# without KVM (without_kvm.sh). The libvirt of this machine is neither seen nor changed. Returns 77, with the reason,
# where that is not possible.
set -euo pipefail

skip() {
  echo "libvirtd: skipped: $*"
  exit 77
}

if [[ ${1:-} != --inside ]]; then
  for program in libvirtd virt-ssh-helper qemu-system-x86_64; do
    command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || skip "no $program here"
  done
  exec "${0%/*}/without_kvm.sh" "$0" --inside "$@"
fi
shift

PATH=$PATH:/usr/sbin
for folder in /run /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt; do
  mkdir -p "$folder"
  mount -t tmpfs private "$folder"
done
mkdir -p /run/sshd /run/libvirt
cat >/etc/libvirt/libvirtd.conf <<'END'
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
cat >/etc/libvirt/qemu.conf <<'END'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
spice_tls = 1
END
libvirtd -f /etc/libvirt/libvirtd.conf -p /run/libvirtd.pid &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; kill -CONT "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null || true' EXIT
for _ in {1..100}; do
  [[ ! -S /run/libvirt/libvirt-sock ]] || break
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.1
done
# libvirtd answers once QEMU's capabilities are known.
virsh -q -c qemu:///system list >/dev/null || skip "libvirtd does not work: $(tail -n 3 /var/log/libvirt/libvirtd.log)"
LIBVIRTD_PID=$daemon "$@"
