#!/bin/bash
# root_vgpu_test.sh CLUSTER GPUPCI: runs roll vgpu in a real Debian. The Virtual GPU Manager is NVIDIA's, so the site
# brings a script in its place, which only leaves the daemon's name there; and the card is a few files. The lab tests
# gpupci on slices of a real kernel.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

install -D "$gpupci" "$root/usr/local/bin/gpupci"
"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'

# gpupt would take the driver and the cards of this host, so nothing is done until that is decided.
script vgpu
expect 1 "this host makes vGPUs of its cards: cluster set host attr $host gpupt_driver keep, and gpupt_bind none"
[[ ! -e $root/etc/modprobe.d/gpupt-blacklist.conf && ! -e $root/etc/modprobe.d/vgpu-nouveau.conf ]] || fail 'something was done'
"$cluster" set host attr "$host" gpupt_driver keep
"$cluster" set host attr "$host" gpupt_bind none

for profile in gpupci1 gpupci1=nvidia-222 gpupci1=nvidia-222:0 gpupci1=nvidia-222:two =nvidia-222:2 '* gpupci1=:1'; do
  "$cluster" set host attr "$host" vgpu_profiles "$profile"
  script vgpu
  expect 1 'not a profile: ' '(want CARD=TYPE:COUNT, gpupci1=nvidia-222:4)'
done
# An empty profile asks for no vGPU, and is no mistake.
"$cluster" set host attr "$host" vgpu_profiles ' '
script vgpu
expect 1 'vgpu: skipped  vgpu_profiles can be read: vgpu_profiles is empty'
"$cluster" set host attr "$host" vgpu_profiles 'gpupci1=nvidia-222:2'

# The script ends when the site does not bring the file.
script vgpu
expect 1 "the Virtual GPU Manager is not installed, and vgpu_driver is ''" 'vgpu: failed: NVIDIA'
"$cluster" set host attr "$host" vgpu_driver /root/driver.zip
: >"$root/root/driver.zip"
script vgpu
expect 1 "vgpu_driver is '/root/driver.zip': want a whole path that ends in .run, .deb or .rpm"
"$cluster" set host attr "$host" vgpu_driver /root/NVIDIA-Linux-x86_64-580.95.02-vgpu-kvm.run
# shellcheck disable=SC2016 # it is to be expanded there
echo 'echo "$*" >/root/installed-with; ln -s /bin/true /usr/bin/nvidia-vgpu-mgr' >"$root/root/NVIDIA-Linux-x86_64-580.95.02-vgpu-kvm.run"
script vgpu
expect 0 "vgpu: changed  NVIDIA's Virtual GPU Manager is there" 'vgpu: changed  unit gpupci-vgpus.service is enabled' 'vgpu: reboot needed ('
in_file /root/installed-with '--silent'
# The installer is told where dkms is there. The other kind of package is installed, too.
rm "$root/usr/bin/nvidia-vgpu-mgr"
ln -s /bin/true "$root/usr/bin/dkms"
script vgpu
expect 0 "vgpu: changed  NVIDIA's Virtual GPU Manager is there"
in_file /root/installed-with '--silent --dkms'
rm "$root/usr/bin/nvidia-vgpu-mgr"
mkdir -p "$dir/manager/DEBIAN" "$dir/manager/usr/bin"
printf 'Package: nvidia-vgpu\nVersion: 580.95.02\nArchitecture: all\nMaintainer: the site <root@localhost>\nDescription: stands for it\n' \
  >"$dir/manager/DEBIAN/control"
ln -s /bin/true "$dir/manager/usr/bin/nvidia-vgpu-mgr"
dpkg-deb --root-owner-group --build "$dir/manager" "$root/root/nvidia-vgpu.deb" >/dev/null
"$cluster" set host attr "$host" vgpu_driver /root/nvidia-vgpu.deb
script vgpu
expect 0 "vgpu: changed  the site's package of NVIDIA's Virtual GPU Manager is installed" "vgpu: ok       NVIDIA's Virtual GPU Manager is there"
in_root dpkg --status nvidia-vgpu | grep -q '^Status: install ok installed' || fail 'the package of the site is not installed'
grep -q blacklist "$root/etc/modprobe.d/gpupt-blacklist.conf" && fail "NVIDIA's driver is kept away"
for unit in gpupci-restore gpupci-vgpus; do
  in_root systemd-analyze verify "/etc/systemd/system/$unit.service" || fail "$unit.service with what is beside it is no unit of systemd"
done

again vgpu 'vgpu: ok       packages' 'vgpu: reboot needed ('

# After the reboot the vGPUs are made. This card can have none, and gpupci says so.
rm "$root/run/cluster-rolls.reboot"
booted_with intel_iommu=on iommu=pt
mkdir -p "$root/sys/kernel/iommu_groups/0"
script vgpu
expect 1 'gpupci: cannot create a vGPU' 'vgpu: failed: the vGPUs of vgpu_profiles are there'

# A card of vendor-VFIO consists of files that keep what is written to them; a virtual function does no more until a VM
# has it. The kernel would make the functions, so a gpupci in front of the real one puts them there.
devices=$root/sys/bus/pci/devices
card=$devices/0000:02:00.0
mkdir -p "$root/sys/bus/pci/drivers/nvidia" "$root/root/functions"
ln -s ../../drivers/nvidia "$card/driver"
echo 2 >"$card/sriov_totalvfs"
echo 0 >"$card/sriov_numvfs"
for number in 0 1; do
  slice=0000:02:00.$((number + 4))
  device "$slice" 10de 1eb8 0300
  ln -s ../0000:02:00.0 "$devices/$slice/physfn"
  ln -s "../$slice" "$card/virtfn$number"
  ln -s ../../drivers/nvidia "$devices/$slice/driver"
  mkdir "$devices/$slice/nvidia"
  echo '222 : GRID T4-1B' >"$devices/$slice/nvidia/creatable_vgpu_types"
  echo 0 >"$devices/$slice/nvidia/current_vgpu_type"
done
mv "$devices"/0000:02:00.[45] "$card"/virtfn? "$root/root/functions"
cat >"$root/usr/bin/gpupci" <<'END'
#!/bin/sh
[ "$1" = --vfs ] || exec /usr/local/bin/gpupci "$@"
echo "$*" >>/root/vfs-calls
cd /sys/bus/pci/devices && case $3 in
  0) mv 0000:02:00.[45] 0000:02:00.0/virtfn? /root/functions ;;
  *) mv /root/functions/virtfn? 0000:02:00.0 && mv /root/functions/* . ;;
esac && echo "$3" >0000:02:00.0/sriov_numvfs
END
chmod 755 "$root/usr/bin/gpupci"
"$cluster" set host attr "$host" vgpu_profiles 'gpupci1=222:2'
vgpus() { in_root /usr/local/bin/gpupci --vgpus | awk '$3 == 222 && $4 == "present"' | wc -l; }
# The script ends because this machine has no IOMMU.
script vgpu
expect 1 'vgpu: changed  the vGPUs of vgpu_profiles are there' 'failed: check: nothing is in the way of giving cards to VMs'
[[ $(vgpus) == 2 ]] || fail 'two vGPUs were expected'
script vgpu
expect 1 'vgpu: ok       the vGPUs of vgpu_profiles are there'
"$cluster" set host attr "$host" vgpu_profiles 'gpupci1=222:3'
script vgpu
expect 1 'gpupci: cannot create a vGPU' 'vgpu: failed: the vGPUs of vgpu_profiles are there'
[[ $(vgpus) == 2 ]] || fail 'those that were there should stay'
[[ $(<"$root/root/vfs-calls") == '--vfs gpupci1 2' ]] || fail "the virtual functions were wanted once: $(<"$root/root/vfs-calls")"

# After the next boot there are no vGPUs, and there are no types before NVIDIA's daemons run. The early unit does not
# ask for them, and the later one makes the vGPUs again.
slices=("$root"/sys/bus/pci/devices/0000:02:00.[45]/nvidia)
for slice in "${slices[@]}"; do
  echo 0 >"$slice/current_vgpu_type"
  mv "$slice/creatable_vgpu_types" "$slice/later"
done
start() {
  local -a words
  # The last of them counts: the one of a drop-in.
  read -r -a words < <(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/$1" | tail -n 1)
  in_root "${words[@]}" >out 2>&1 || fail "$1: $(<out)"
}
start gpupci-restore.service.d/vgpu.conf
[[ $(vgpus) == 0 ]] || fail 'no vGPU was expected'
for slice in "${slices[@]}"; do mv "$slice/later" "$slice/creatable_vgpu_types"; done
start gpupci-vgpus.service
[[ $(vgpus) == 2 ]] || fail 'the two vGPUs were expected again'

take_back vgpu
expect 0 'vgpu: undone   unit gpupci-vgpus.service is enabled' 'vgpu: undone   the vGPUs of vgpu_profiles are there' \
  "vgpu: undone   NVIDIA's Virtual GPU Manager is there" 'vgpu: stays    packages ' 'reboot needed'
[[ $(vgpus) == 0 && $(tail -n 1 "$root/root/vfs-calls") == '--vfs gpupci1 0' ]] || fail 'the vGPUs and their functions stay'
[[ ! -e $root/etc/systemd/system/gpupci-vgpus.service ]] || fail 'the unit stays'
exit $((failures > 0))
