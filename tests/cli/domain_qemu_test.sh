#!/bin/bash
# libvirt's QEMU driver turns the golden documents with cards into QEMU's command line. The devices there, each with its bus
# and slot, are those in tests/data/qemu/. Skipped (77) without that driver and QEMU.
#   domain_qemu_test.sh DATA [record]     DATA: tests/data; with `record` it writes the files in place of comparing
set -euo pipefail

data=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
uri="qemu:///embed?root=$root"
if ! command -v qemu-system-x86_64 >/dev/null || ! virsh --quiet --connect "$uri" uri >/dev/null 2>&1; then
  echo "no libvirt-daemon-driver-qemu or no QEMU here"
  exit 77
fi

# KVM, an IOMMU, huge pages, UEFI and NICs with their /dev/net/tun are taken out, as this machine may lack them. They
# do not change the lines compared.
without_hardware() {
  sed -e "s/<domain type='kvm'/<domain type='qemu'/" -e "s/ firmware='efi'//" -e "/<maxphysaddr/d" \
    -e "s/<cpu mode='host-passthrough'[^/>]*/<cpu mode='maximum'/" -e "s/ cpuset='[^']*'>/>/" \
    -e "/<firmware>/,/<\/firmware>/d" -e "/<memoryBacking>/,/<\/memoryBacking>/d" -e "/<numatune>/,/<\/numatune>/d" \
    -e "/<interface/,/<\/interface>/d" \
    -e "/<hostdev .*type='pci'/a <driver name='vfio'/>" "$1"
}

# Prints the devices that matter, one a line: ports and switches of the guest's PCI, and the devices passed through. Their
# order, and the slot of an expander and of the port that we do not place, are another in each libvirt.
devices() {
  grep -o '{"driver":"[^}]*}' | grep -E '"driver":"(pxb|pcie-root|x3130|xio3130|vfio)' | grep -E '"id":"(ua-|pci\.1")' |
    sed -E '/"driver":"pxb|"id":"pci\.1"/s/,"(port|addr)":("[^"]*"|[0-9]+)//g' | LC_ALL=C sort
}

status=0
for name in consumer_gpu datacenter_gpu gds_nvme mdev old_machine vgpu_console virtual_function; do
  without_hardware "$data/domain/$name.xml" >"$root/domain.xml"
  virsh --quiet --connect "$uri" domxml-to-native qemu-argv "$root/domain.xml" | devices >"$root/devices"
  if [[ ${2:-} == record ]]; then
    cp "$root/devices" "$data/qemu/$name.txt"
  else
    diff -u "$data/qemu/$name.txt" "$root/devices" || status=1
  fi
done
exit $status
