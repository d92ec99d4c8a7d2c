#!/bin/bash
# root_rhel_test.sh CLUSTER GPUPCI: tests what the rolls do only on RHEL's family, as far as no RHEL is needed for it.
# There is no mirror of one here, so the root is Debian's with the os-release of a Rocky Linux, and rpm, dnf, grubby and
# dracut are stand-ins that keep lists. This shows that our lines ask for the right things and do them, twice; it does
# not show that the real programs obey.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

install -D "$gpupci" "$root/usr/local/bin/gpupci"
printf '%s\n' 'NAME="Rocky Linux"' 'VERSION="9.4 (Blue Onyx)"' 'ID="rocky"' 'ID_LIKE="rhel centos fedora"' >"$root/etc/os-release"
kept=$root/var/lib/stand-ins
mkdir "$kept"
stand_in() {
  { echo '#!/bin/sh'; echo 'cd /var/lib/stand-ins || exit 1'; cat; } >"$root/usr/bin/$1"
  chmod 755 "$root/usr/bin/$1"
}
stand_in rpm <<'END'
case "$1 $2" in
  '-q --package') basename "$5" | sed 's/-[0-9].*//' ;;
  '-q --quiet') grep -qxF -e "$3" packages ;;
  '-e --test')
    if grep -qx render-farm packages; then echo "nvidia-driver is needed by (installed) render-farm-1" >&2; exit 1; fi
    ;;
  -qa*)
    shift
    for pattern in "$@"; do while read -r package; do case $package in $pattern) echo "$package" ;; esac; done <packages; done
    ;;
  *) echo "rpm: what is '$*'?" >&2; exit 1 ;;
esac
END
stand_in dnf <<'END'
[ "$1 $2" = '-q -y' ] || { echo "dnf: what is '$*'?" >&2; exit 1; }
verb=$3
shift 3
for package in "$@"; do
  case $verb in
    install) echo "$package" >>packages ;;
    remove) grep -vxF -e "$package" packages >packages.new; mv packages.new packages ;;
  esac
done
END
# There are two kernels; the site has given one of them words of its own.
stand_in grubby <<'END'
case $1 in
  --info=ALL) sed 's/.*/index=0\nargs="&"/' kernels ;;
  --update-kernel=ALL)
    words=${2#--args=}
    while read -r line; do
      for word in $words; do case " $line " in *" $word "*) ;; *) line="$line $word" ;; esac; done
      echo "$line"
    done <kernels >kernels.new
    mv kernels.new kernels
    ;;
esac
END
stand_in dracut <<'END'
case "$*" in
  '--regenerate-all --force') for kernel in /lib/modules/*; do echo made >"/boot/initramfs-${kernel##*/}.img"; done ;;
  --force) echo made >"/boot/initramfs-$(uname -r).img" ;;
esac
echo "dracut $*" >>calls
END
printf '%s\n' kmod-nvidia-latest nvidia-driver nvidia-driver-libs nvidia-container-toolkit render-farm >"$kept/packages"
printf '%s\n' 'ro crashkernel=256M' 'ro crashkernel=256M iommu=pt nosmt' >"$kept/kernels"
: >"$root/lib/modules/$root_kernel/modules.dep"
echo old >"$root/boot/initramfs-$root_kernel.img"
echo rescue >"$root/boot/initramfs-0-rescue-0a3407de.img"
echo gone >"$root/boot/initramfs-5.14.0-1.el9.img"
"$cluster" set host attr "$host" gpupt_iommu 'intel_iommu=on iommu=pt'

script gpupt
expect 1 'nvidia-driver is needed by (installed) render-farm-1' 'failed: the host has no NVIDIA driver of its own'
grep -qx nvidia-driver "$kept/packages" || fail 'the driver is gone'
sed -i '/render-farm/d' "$kept/packages"
script gpupt
expect 0 'gpupt: changed  the host has no NVIDIA driver of its own' 'gpupt: changed  the initramfs is newer' \
  'gpupt: changed  the kernel starts with the IOMMU on' 'gpupt: reboot needed ('
grep -x nvidia-driver "$kept/packages" && fail 'the driver is there still'
grep -qx nvidia-container-toolkit "$kept/packages" || fail 'more than the driver is gone'
grep -qx qemu-kvm "$kept/packages" || fail 'qemu-kvm is not there'
in_file /etc/dracut.conf.d/gpupt.conf 'force_drivers+=" vfio vfio_iommu_type1 vfio-pci "'
[[ $(<"$kept/kernels") == $'ro crashkernel=256M intel_iommu=on iommu=pt\nro crashkernel=256M iommu=pt nosmt intel_iommu=on' ]] || fail "$(<"$kept/kernels")"
[[ $(<"$root/boot/initramfs-0-rescue-0a3407de.img") == rescue ]] || fail 'the rescue image was made anew'
grep -qs vfio "$root/etc/initramfs-tools/modules" && fail 'it did what is for Debian'

again gpupt 'gpupt: ok       packages' 'reboot needed ('

"$cluster" set host attr "$host" gpupt_driver keep
"$cluster" set host attr "$host" gpupt_bind none
"$cluster" set host attr "$host" vgpu_driver /root/NVIDIA-vGPU-rhel-9.4-580.95.02.x86_64.rpm
: >"$root/root/NVIDIA-vGPU-rhel-9.4-580.95.02.x86_64.rpm"
script vgpu
expect 1 'vgpu: failed: the headers of the running kernel are there'
grep -qx "kernel-devel-$(uname -r)" "$kept/packages" || fail 'the headers were not asked for'
mkdir -p "$root/lib/modules/$(uname -r)/build"
touch -d yesterday "$root/boot/initramfs-$(uname -r).img"
script vgpu
expect 1 "vgpu: failed: the site's package of NVIDIA's Virtual GPU Manager is installed: it was done, and still is not so"
grep -qx /root/NVIDIA-vGPU-rhel-9.4-580.95.02.x86_64.rpm "$kept/packages" || fail 'the package was not installed'
ln -s /bin/true "$root/usr/bin/nvidia-vgpu-mgr"
script vgpu
expect 0 'vgpu: changed  the initramfs of the running kernel is newer' 'vgpu: reboot needed ('
grep -qx 'dracut --force' "$kept/calls" || fail 'dracut was not called'
again vgpu 'vgpu: ok       packages' 'reboot needed ('

"$cluster" add host vm rocks-33 "$host"
host=rocks-33
device 0000:04:00.0 144d a804 0108
script gds
expect 0 'gds: changed  the drivers are loaded' 'gds: reboot needed ('
grep -qx nvidia-gds "$kept/packages" || fail 'the packages of GDS are not there'
again gds 'gds: ok       packages' 'reboot needed ('
exit $((failures > 0))
