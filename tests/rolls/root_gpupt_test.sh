#!/bin/bash
# root_gpupt_test.sh CLUSTER GPUPCI: roll gpupt in a real Debian, with a real initramfs and GRUB menu.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"
# shellcheck source=tests/support/sshd.sh
. "$here/../support/sshd.sh"

"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'

# discover: brings the answer of the root's gpupci about its cards, over SSH, into the inventory.
discover() {
  start_sshd authorized_keys 127.0.12.15
  write_ssh_config
  echo "[127.0.12.15]:$port $(<host_key.pub)" >known_hosts
  echo "restrict,command=\"chroot $root /usr/bin/gpupci --serve-ssh\" $(<id.pub)" >authorized_keys
  "$cluster" set host "$host" address=127.0.12.15
  CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK='' "$cluster" discover host gpu "$host"
  stop_sshd
}

# A script for no host takes nothing from the machine where it runs.
before=$(whole_root)
"$cluster" run roll gpupt >"$root/tmp/add-roll.sh"
status=0
in_root sh /tmp/add-roll.sh >out 2>&1 || status=$?
expect 1 'the frontend is no target of gpupt: cluster run roll gpupt host=HOST'
[[ $(whole_root) == "$before" ]] || fail 'a script for no host changed something'

# A dry run changes nothing, and so does a run without gpupci.
before=$(whole_root)
script gpupt --dry-run
expect 0 'gpupt: would    packages libvirt-daemon-system' 'gpupt: would    gpupci is there' 'gpupt: dry run: '
diff <(echo "$before") <(whole_root) || fail 'a dry run changed something'
package=$(echo "$dir"/distro/debian/site-*/gpupci_*.deb)
mv "$package" "$dir"
# Another program installs meanwhile, as after a boot, and is waited for.
# shellcheck disable=SC2016 # it is perl's
in_root perl -e 'use Fcntl; open my $lock, ">>", "/var/lib/dpkg/lock-frontend" or die;
  my $all = pack "s s l! l! i", F_WRLCK, 0, 0, 0, 0; fcntl $lock, F_SETLK, $all or die; open my $said, ">", "/tmp/locked"; sleep 6' &
until [[ -e $root/tmp/locked ]]; do
  kill -0 "$!" 2>/dev/null || { fail 'nobody has the lock of dpkg'; exit 1; }
  sleep 0.1
done
script gpupt
wait
grep -q 'Could not get lock\|Waiting for cache lock' out || fail 'nobody waited for the lock'
expect 1 "want gpupci in /usr/local/bin of this host (cluster sync host agent $host), or its package" 'gpupt: failed: gpupci is there'
# One that does not run there, as a program for another libc, is not blamed on the site's settings.
printf '%s\n' '#!/bin/sh' 'echo "libc.so.6: version GLIBC_2.99 not found" >&2; exit 1' >"$root/usr/bin/gpupci"
chmod 755 "$root/usr/bin/gpupci"
script gpupt
expect 1 '/usr/bin/gpupci does not run here: libc.so.6: version GLIBC_2.99 not found' 'gpupt: failed: gpupci is there'
rm "$root/usr/bin/gpupci"
mv "$dir/${package##*/}" "$package"

# A host that keeps an NVIDIA card keeps its driver.
device 0000:03:00.0 10de 1b80 0300
script gpupt
expect 1 'gpupt: changed  gpupci is there' '0000:03:00.0 is an NVIDIA card that the inventory does not have' "failed: no NVIDIA card stays with a host that loses NVIDIA's driver"
rm -r "$root/sys/bus/pci/devices/0000:03:00.0"
# So does one that keeps a card which the inventory has.
"$cluster" set host gpu "$host" gpupci1 wish=host
script gpupt
expect 1 '0000:02:00.0 is an NVIDIA card that the inventory does not have, or has as its host' "failed: no NVIDIA card stays with a host that loses NVIDIA's driver"
"$cluster" set host gpu "$host" gpupci1 wish=
# So does one whose cards are joined by NVSwitches that stay with it.
device 0000:03:00.0 10de 22a3 0680
script gpupt
expect 1 '0000:03:00.0 is an NVSwitch' "failed: no NVIDIA card stays with a host that loses NVIDIA's driver"
rm -r "$root/sys/bus/pci/devices/0000:03:00.0"

# A package that needs the driver is not removed along with it; without such a package the driver is removed.
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

# A driver from a .run file has a program that removes it.
# shellcheck disable=SC2016 # it is expanded there
printf '%s\n' '#!/bin/sh' 'echo "$*" >>/root/uninstalled-with; rm "$0"' >"$root/usr/bin/nvidia-uninstall"
chmod 755 "$root/usr/bin/nvidia-uninstall"

# A module of the driver that no package has, or one with another name, is found all the same.
mkdir -p "$root/lib/modules/$root_kernel/updates"
: >"$root/lib/modules/$root_kernel/updates/nvidia.ko"
script gpupt
expect 1 "a module of NVIDIA's driver is there, and no package that has it: /lib/modules/$root_kernel/updates/nvidia.ko" 'failed: the host has no NVIDIA driver'
rm "$root/lib/modules/$root_kernel/updates/nvidia.ko"
driver
mkdir -p "$root/tmp/site-gpu-modules/lib/modules/$root_kernel/extra"
: >"$root/tmp/site-gpu-modules/lib/modules/$root_kernel/extra/nvidia-tesla-470.ko"
install_stand_in site-gpu-modules ''
script gpupt
expect 1 'apt would change other packages, too: site-gpu-modules.'
in_root dpkg --remove site-gpu-modules >/dev/null

# GRUB starts other programs, too, and has lines for them (memtest86+, os-prober, the site's own).
printf '%s\n' '#!/bin/sh' 'printf "menuentry memtest {\\n\\tlinux /boot/memtest86+x64.bin\\n}\\n"' >"$root/etc/grub.d/40_custom"
chmod 755 "$root/etc/grub.d/40_custom"
echo 'GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=off"' >>"$root/etc/default/grub"
# A stray initramfs that belongs to no kernel is not made again; the site's own settings are kept beside ours.
cp "$root/boot/initrd.img-$root_kernel" "$root/boot/initrd.img-$root_kernel.old-dkms"
mkdir -p "$root/etc/gpupci"
echo 'vendors: ["1002"]' >"$root/etc/gpupci/gpupci.yaml"
script gpupt
expect 1 "the kernel's line has intel_iommu=off, too, which turns the IOMMU off" 'failed: the kernel starts with the IOMMU on'
sed -i '/iommu=off/d' "$root/etc/default/grub"
rm "$root/etc/default/grub.d/gpupt.cfg" "$root/etc/systemd/system/"*gpupci* 2>/dev/null || :
driver
script gpupt
expect 0 'gpupt: changed  the host has no NVIDIA driver of its own' 'gpupt: ok       the initramfs is newer' \
  'gpupt: changed  the kernel starts with the IOMMU on' 'gpupt: changed  unit gpupci-restore.service is enabled' 'gpupt: reboot needed ('
in_root dpkg --status qemu-system-x86 | grep -q '^Status: install ok installed' || fail 'no package came out of the distro'
in_root dpkg --status nvidia-driver-535 2>&1 | grep -q 'ok installed' && fail 'the driver is still there'
[[ $(<"$root/root/uninstalled-with") == --silent ]] || fail 'the driver of a .run was not uninstalled once, silently'
in_file /etc/modprobe.d/gpupt-blacklist.conf 'blacklist nouveau'
in_file /etc/modprobe.d/gpupt-blacklist.conf 'install nvidia /bin/false'
in_file /etc/gpupci/gpupci.yaml.before-gpupt 'vendors: ["1002"]'
grep -q "vmlinuz-$root_kernel .*console=ttyS0 intel_iommu=on iommu=pt" "$root/boot/grub/grub.cfg" || fail 'GRUB does not turn the IOMMU on'
in_root unmkinitramfs "/boot/initrd.img-$root_kernel" /tmp/initramfs
in_file /tmp/initramfs/etc/modprobe.d/gpupt-blacklist.conf 'blacklist nouveau'
grep -qx 'vfio-pci *' "$root/tmp/initramfs/conf/modules" || fail 'the initramfs does not load vfio-pci'
[[ -L $root/etc/systemd/system/basic.target.wants/gpupci-restore.service ]] || fail 'the unit is not enabled'
[[ ! -e $root/etc/systemd/system/gpupci-restore.service ]] || fail 'the unit of the package is hidden'
in_root systemd-analyze verify /lib/systemd/system/gpupci-restore.service || fail 'the unit is not one of systemd'

# A second run changes nothing, to the last byte.
again gpupt 'gpupt: ok       packages' 'gpupt: ok       the kernel starts with the IOMMU on' 'gpupt: reboot needed ('

# After the reboot it is checked. The kernel that runs has no words of the IOMMU, so it waits for another reboot; with
# them it has no groups all the same, and the script ends with that.
rm "$root/run/cluster-rolls.reboot"
booted_with quiet
script gpupt
expect 0 'gpupt: waits    the kernel that runs has the IOMMU on: it was started without intel_iommu=on' 'gpupt: skipped  check: nothing is in the way' 'gpupt: reboot needed ('
rm "$root/run/cluster-rolls.reboot"
booted_with quiet intel_iommu=on iommu=pt
script gpupt
expect 1 'there is no IOMMU group: turn VT-d or AMD-Vi on' 'gpupt: failed: the kernel that runs has the IOMMU on'
mkdir -p "$root/sys/kernel/iommu_groups/0" "$root/sys/bus/pci/drivers/vfio-pci"
ln -s ../../drivers/vfio-pci "$root/sys/bus/pci/devices/0000:02:00.0/driver"
script gpupt
expect 1 'gpupt: ok       the cards of the inventory are detached' 'gpupt: failed: check: nothing is in the way of giving cards to VMs'
rm -r "$root/sys/bus/pci/devices/0000:02:00.0/driver" "$root/sys/kernel/iommu_groups/0"
booted_with quiet

# Another choice takes back the settings that no longer hold, with a new initramfs.
"$cluster" set host attr "$host" gpupt_driver keep
script gpupt
expect 0 'gpupt: changed  the drivers that would take the cards are kept away' 'gpupt: changed  the initramfs is newer'
grep -q blacklist "$root/etc/modprobe.d/gpupt-blacklist.conf" && fail 'the drivers are kept away still'

# This is gpupt_bind=model. The models are read from the host itself; a card that gpupci should ignore is not among
# them.
"$cluster" set host attr "$host" gpupt_bind model
script gpupt
expect 1 "the inventory does not know the models of the cards: cluster discover host gpu $host" 'failed: vfio-pci can be told the models'
discover
"$cluster" set host attr "$host" gpupt_ignore '"0000:02:00.0"'
script gpupt
expect 1 'the inventory has card 0000:02:00.0, and gpupci -l does not' 'failed: gpupci takes each card of the inventory for one'
"$cluster" remove host attr "$host" gpupt_ignore

# A second card of the model is refused, and so is a vfio-pci that reads no settings file; in both cases nothing is
# written.
device 0000:05:00.0 10de 1c03 0300
script gpupt
expect 1 'the host has 0000:05:00.0, of the model 10de:1c03 too: want gpupt_bind=address'
mv "$root/sys/bus/pci/devices/0000:05:00.0" "$root/tmp/twin"
echo kernel/drivers/vfio/pci/vfio-pci.ko >"$root/lib/modules/$root_kernel/modules.builtin"
script gpupt
expect 1 "vfio-pci is built into kernel $root_kernel" "gpupt_iommu 'intel_iommu=on iommu=pt vfio-pci.ids=10de:1c03'"
[[ ! -e $root/etc/modprobe.d/gpupt-vfio.conf ]] || fail 'vfio-pci was told of them'
"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt vfio-pci.ids=10de:1c03'
script gpupt
expect 0 'gpupt: changed  vfio-pci takes the models' 'gpupt: changed  the initramfs is newer' 'gpupt: changed  the kernel starts' 'gpupt: reboot needed ('
grep -q "vmlinuz-$root_kernel .*vfio-pci.ids=10de:1c03" "$root/boot/grub/grub.cfg" || fail 'GRUB does not tell the built-in vfio-pci'
in_initramfs() {
  rm -rf "$root/tmp/initramfs"
  in_root unmkinitramfs "/boot/initrd.img-$root_kernel" /tmp/initramfs
  grep -qxF "$1" "$root/tmp/initramfs/etc/modprobe.d/gpupt-vfio.conf"
}
in_initramfs 'options vfio-pci ids=10de:1c03' || fail 'the initramfs does not tell vfio-pci the models'
again gpupt 'gpupt: ok       vfio-pci takes the models' 'gpupt: ok       the initramfs is newer'

# A second card that comes later is reported, too.
mv "$root/tmp/twin" "$root/sys/bus/pci/devices/0000:05:00.0"
script gpupt
expect 1 'the host has 0000:05:00.0, of the model 10de:1c03 too: want gpupt_bind=address'
rm -r "$root/sys/bus/pci/devices/0000:05:00.0"

# After the reboot another driver has the card, and later vfio-pci has it.
rm "$root/run/cluster-rolls.reboot"
booted_with intel_iommu=on iommu=pt vfio-pci.ids=10de:1c03
mkdir -p "$root/sys/kernel/iommu_groups/0" "$root"/sys/bus/pci/drivers/{nouveau,vfio-pci}
ln -s ../../drivers/nouveau "$root/sys/bus/pci/devices/0000:02:00.0/driver"
script gpupt
expect 1 '0000:02:00.0 has nouveau' 'another driver came before vfio-pci' 'failed: the cards of the inventory are detached'
ln -sfn ../../drivers/vfio-pci "$root/sys/bus/pci/devices/0000:02:00.0/driver"
script gpupt
expect 1 'gpupt: ok       the cards of the inventory are detached' 'failed: check: nothing is in the way of giving cards to VMs'

# The setting is taken back.
"$cluster" set host attr "$host" gpupt_bind address
"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'
script gpupt
expect 0 'gpupt: changed  vfio-pci takes the models' 'gpupt: changed  the initramfs is newer' 'gpupt: reboot needed ('
in_initramfs '# gpupt_bind is not model' || fail 'the initramfs still tells vfio-pci the models'
grep -q 'vfio-pci.ids' "$root/boot/grub/grub.cfg" && fail 'GRUB still tells vfio-pci the models'

# The way back: what the roll wrote is gone or as before, and what GRUB and the initramfs say, too. A file that somebody
# has changed since stays; packages stay unless they are to go.
echo 'vfio_pci' >>"$root/etc/modules-load.d/gpupt.conf"
back="run roll gpupt host=$host undo=yes"
before=$(whole_root)
# shellcheck disable=SC2086 # words
"$cluster" $back >"$root/tmp/add-roll.sh"
undo() {
  status=0
  in_root sh /tmp/add-roll.sh "$@" >out 2>&1 || status=$?
}
undo --dry-run
expect 0 'gpupt: would    unit gpupci-restore.service is enabled' 'gpupt: would    file /etc/gpupci/gpupci.yaml' 'gpupt: dry run: '
diff <(echo "$before") <(whole_root) || fail 'a dry run changed something'
rm "$root/sys/bus/pci/devices/0000:02:00.0/driver"
undo
expect 0 'gpupt: undone   unit gpupci-restore.service is enabled' 'gpupt: undone   the kernel starts with the IOMMU on' \
  'gpupt: stays    file /etc/modules-load.d/gpupt.conf: somebody has changed it since' 'gpupt: stays    packages ' \
  "gpupt: stays    the host has no NVIDIA driver of its own: the driver is to be installed again from where it came" 'reboot needed'
[[ $(<"$root/etc/gpupci/gpupci.yaml") == 'vendors: ["1002"]' && ! -e $root/etc/gpupci/gpupci.yaml.before-gpupt ]] || fail "the site's settings are not back"
[[ ! -e $root/etc/modprobe.d/gpupt-blacklist.conf && ! -e $root/etc/default/grub.d/gpupt.cfg ]] || fail 'files of the roll are there still'
grep -q 'iommu=' "$root/boot/grub/grub.cfg" && fail 'GRUB turns the IOMMU on still'
in_root unmkinitramfs "/boot/initrd.img-$root_kernel" /tmp/initramfs-after
[[ ! -e $root/tmp/initramfs-after/etc/modprobe.d/gpupt-blacklist.conf ]] || fail 'the initramfs keeps the drivers away still'
[[ ! -e $root/etc/systemd/system/basic.target.wants/gpupci-restore.service ]] || fail 'the unit is enabled still'
rm "$root/etc/modules-load.d/gpupt.conf"
undo --remove-packages
expect 0 'gpupt: undone   packages '
in_root dpkg --status qemu-system-x86 2>&1 | grep -q 'ok installed' && fail 'the packages are there still'

# A host that does not boot by GRUB is told what it must do by itself.
rm "$root/boot/grub/grub.cfg"
booted_with quiet
script gpupt
expect 1 "add 'intel_iommu=on iommu=pt' to the kernel's line"
exit $((failures > 0))
