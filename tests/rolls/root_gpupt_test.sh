#!/bin/bash
# root_gpupt_test.sh CLUSTER GPUPCI: roll gpupt in a real Debian 12, with a real initramfs and GRUB menu.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'

# Nothing is done in a dry run, and nothing without gpupci.
before=$(whole_root)
script gpupt --dry-run
expect 0 'gpupt: would    packages libvirt-daemon-system' 'gpupt: needs    gpupci is there' 'gpupt: dry run: '
[[ $(whole_root) == "$before" ]] || fail 'a dry run changed something'
script gpupt
expect 1 'put gpupci into /usr/local/bin' 'gpupt: failed: gpupci is there: it is not so'
install -D "$gpupci" "$root/usr/local/bin/gpupci"

# A host that keeps an NVIDIA card keeps its driver.
device 0000:03:00.0 10de 1b80 0300
script gpupt
expect 1 '0000:03:00.0 is an NVIDIA card that the inventory does not have' "failed: no NVIDIA card stays with a host that loses NVIDIA's driver"
rm -r "$root/sys/bus/pci/devices/0000:03:00.0"

# Whoever needs the driver is not removed along with it; without such a package it is removed.
driver() { install_stand_in nvidia-driver-535 ''; }
install_stand_in() {
  mkdir -p "$root/tmp/$1/DEBIAN"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: the site <root@localhost>\nDescription: stands for it\n' "$1" >"$root/tmp/$1/DEBIAN/control"
  [[ -z $2 ]] || echo "Depends: $2" >>"$root/tmp/$1/DEBIAN/control"
  in_root dpkg-deb --root-owner-group --build "/tmp/$1" /tmp/stand-in.deb >/dev/null
  in_root dpkg --install /tmp/stand-in.deb >/dev/null
}
driver
install_stand_in render-farm nvidia-driver-535
script gpupt
expect 1 'apt would change other packages, too: render-farm.' 'failed: the host has no NVIDIA driver of its own'
in_root dpkg --status nvidia-driver-535 >/dev/null || fail 'the driver is gone'
in_root dpkg --remove render-farm >/dev/null

# A stray initramfs of no kernel is nobody's to make anew; the site's own settings are kept beside ours.
cp "$root/boot/initrd.img-$root_kernel" "$root/boot/initrd.img-$root_kernel.old-dkms"
mkdir -p "$root/etc/gpupci"
echo 'vendors: ["1002"]' >"$root/etc/gpupci/gpupci.yaml"
script gpupt
expect 0 'gpupt: changed  the host has no NVIDIA driver of its own' 'gpupt: changed  the initramfs is newer' \
  'gpupt: changed  the kernel starts with the IOMMU on' 'gpupt: changed  unit gpupci-restore.service is enabled' 'gpupt: reboot needed ('
in_root dpkg --status qemu-system-x86 | grep -q '^Status: install ok installed' || fail 'no package came out of the distro'
in_root dpkg --status nvidia-driver-535 2>&1 | grep -q 'ok installed' && fail 'the driver is still there'
in_file /etc/modprobe.d/gpupt-blacklist.conf 'blacklist nouveau'
in_file /etc/gpupci/gpupci.yaml.before-gpupt 'vendors: ["1002"]'
grep -q "vmlinuz-$root_kernel .*console=ttyS0 intel_iommu=on iommu=pt" "$root/boot/grub/grub.cfg" || fail 'GRUB does not turn the IOMMU on'
in_root unmkinitramfs "/boot/initrd.img-$root_kernel" /tmp/initramfs
in_file /tmp/initramfs/etc/modprobe.d/gpupt-blacklist.conf 'blacklist nouveau'
grep -qx 'vfio-pci *' "$root/tmp/initramfs/conf/modules" || fail 'the initramfs does not load vfio-pci'
[[ -L $root/etc/systemd/system/basic.target.wants/gpupci-restore.service ]] || fail 'the unit is not enabled'
in_root systemd-analyze verify /etc/systemd/system/gpupci-restore.service || fail 'the unit is not one of systemd'

# Again: nothing changes, to the last byte.
before=$(whole_root)
script gpupt
expect 0 'gpupt: ok       packages' 'gpupt: ok       the kernel starts with the IOMMU on' 'gpupt: reboot needed ('
grep 'changed' out && fail 'the second run changed something'
diff <(echo "$before") <(whole_root) || fail 'the second run changed a file'

# After the reboot it is checked. Here the machine has no IOMMU, and that is what gpupci says and the script ends with.
rm "$root/run/cluster-rolls.reboot"
script gpupt
expect 1 'the IOMMU is off' 'gpupt: failed: check: nothing is in the way of giving cards to VMs'

# Another choice takes back what no longer holds, with a new initramfs.
"$cluster" set host attr "$host" gpupt_driver keep
script gpupt
expect 0 'gpupt: changed  the drivers that would take the cards are kept away' 'gpupt: changed  the initramfs is newer'
grep -q blacklist "$root/etc/modprobe.d/gpupt-blacklist.conf" && fail 'the drivers are kept away still'

# A host that does not boot by GRUB is told what it has to do by itself.
rm "$root/boot/grub/grub.cfg"
script gpupt
expect 1 "add 'intel_iommu=on iommu=pt' to the kernel's line"
exit $((failures > 0))
