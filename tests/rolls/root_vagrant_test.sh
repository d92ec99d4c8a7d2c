#!/bin/bash
# root_vagrant_test.sh CLUSTER GPUPCI: runs roll vagrant in a real Debian, after gpupt. Its package comes from the
# distro and is empty, so `vagrant` is a stand-in that lists its plugins. After the reboot gpupci finds nothing wrong.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

install -D "$gpupci" "$root/usr/local/bin/gpupci"
"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'
script vagrant
expect 0 'gpupt: changed  the initramfs is newer' 'vagrant: changed  file /etc/vagrant/cards.rb' 'vagrant: reboot needed ('
in_root dpkg --status vagrant-libvirt | grep -q '^Status: install ok installed' || fail 'the package is not there'
[[ $(ruby -e 'load ARGV[0]; puts CARDS' "$root/etc/vagrant/cards.rb") == 0000:02:00.0 ]] || fail 'cards.rb has other cards'
again vagrant 'vagrant: ok       file /etc/vagrant/cards.rb' 'vagrant: reboot needed ('

rm "$root/run/cluster-rolls.reboot"
booted_with intel_iommu=on iommu=pt
mkdir -p "$root/sys/kernel/iommu_groups/0" "$root/sys/bus/pci/drivers/vfio-pci"
ln -s ../../drivers/vfio-pci "$root/sys/bus/pci/devices/0000:02:00.0/driver"
# shellcheck disable=SC2016 # it is expanded there
printf '%s\n' '#!/bin/sh' '[ "$1" = --check ] || exec /usr/local/bin/gpupci "$@"' >"$root/usr/bin/gpupci"
printf '%s\n' '#!/bin/sh' 'cat /root/plugins' >"$root/usr/bin/vagrant"
chmod 755 "$root"/usr/bin/{gpupci,vagrant}
echo 'vagrant-mutate (1.2.0)' >"$root/root/plugins"
script vagrant
expect 1 'vagrant: failed: check: Vagrant can have VMs of libvirt'
echo 'vagrant-libvirt (0.7.0, system)' >"$root/root/plugins"
script vagrant
expect 0 'vagrant: done, nothing had to be changed'

take_back vagrant
expect 0 'vagrant: undone   file /etc/vagrant/cards.rb' 'vagrant: stays    packages vagrant-libvirt: packages=remove'
[[ ! -e $root/etc/vagrant/cards.rb ]] || fail 'cards.rb stays'
exit $((failures > 0))
