#!/bin/sh
# Roll gpupt 1.0.0: prepares a host to give its GPU cards to virtual machines
# For host vm-container-0-15 of appliance vm-container; written by `cluster run roll gpupt
# host=vm-container-0-15`.
#
# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left alone, so it can be run
# again. It does, in this order:
#   packages libvirt-daemon-system libvirt-clients ovmf pciutils qemu-system-x86 qemu-utils (debian)
#   packages edk2-ovmf libvirt-client libvirt-daemon-kvm pciutils qemu-img qemu-kvm (rhel)
#   file     /etc/gpupci/gpupci.yaml
#   file     /etc/modules-load.d/gpupt.conf
#   file     /etc/dracut.conf.d/gpupt.conf (rhel)
#   step     gpupci is there
#   step     gpupci takes each card of the inventory for one
#   step     vfio-pci can be told the models of the cards, where that is wanted
#   step     the host itself needs no card of the inventory
#   step     no NVIDIA card stays with a host that loses NVIDIA's driver
#   step     the host has no NVIDIA driver of its own; needs a reboot (debian)
#   step     the host has no NVIDIA driver of its own; needs a reboot (rhel)
#   step     the drivers that would take the cards are kept away; needs a reboot
#   step     vfio-pci takes the models of the cards early, where that is wanted; needs a reboot
#   step     the initramfs loads vfio-pci; needs a reboot (debian)
#   step     the initramfs is newer than what goes into it; needs a reboot (debian)
#   step     the initramfs is newer than what goes into it; needs a reboot (rhel)
#   step     the kernel starts with the IOMMU on; needs a reboot (debian)
#   step     the kernel starts with the IOMMU on; needs a reboot (rhel)
#   step     the kernel that runs has the IOMMU on
#   step     gpupci has its unit for the boot
#   step     the cards of the inventory are detached, once the IOMMU is on
#   unit     gpupci-restore.service
#   check    nothing is in the way of giving cards to VMs

# What the inventory says of the host.
export host=vm-container-0-15
export appliance=vm-container
export cards='0000:02:00.0 0000:03:00.0 0000:83:00.0 0000:84:00.0'
export functions='0000:02:00.0 0000:02:00.1 0000:03:00.0 0000:03:00.1 0000:83:00.0 0000:83:00.1 0000:84:00.0 0000:84:00.1'
export models=10de:0be5,10de:1021,10de:1096,10de:10f1,10de:1c03
export distro_key=''
# Attributes of roll gpupt.
# what turns the IOMMU on; auto (by CPU), or words for the kernel's command line
export gpupt_iommu=auto
# address (gpupci detaches the inventory's cards, and again after each boot), model (vfio-pci takes all of their
# models early), none
export gpupt_bind=address
# NVIDIA's driver for the host itself; remove (and blacklist), blacklist (installed, but never loaded), keep
# (the host needs it)
export gpupt_driver=remove
# vendors of cards for gpupci.yaml, quoted, with commas
export gpupt_vendors='"10de", "1002"'
# what is a card too, for gpupci.yaml, as an NVMe disk for GPUDirect Storage; addresses or models, quoted, with
# commas
export gpupt_devices=''
# what is no card, for gpupci.yaml; addresses or models, quoted, with commas
export gpupt_ignore=''
roll=gpupt

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# Roll gpupt takes things from the machine where it runs, so it is for a host of the inventory.
begin 'this is a host of the inventory'
[ -n "$host" ] || fail 'this script is for no host, so nothing is done; the frontend is no target of gpupt: cluster run roll gpupt host=HOST'

# ---- roll gpupt
roll=gpupt

# What several of its steps say.
# The words of the kernel's line that turn the IOMMU on. Grub reads them as shell, between double quotes.
gpupt_words() {
  case $gpupt_iommu in
    auto)
      if [ -e /sys/firmware/acpi/tables/DMAR ] || grep -q GenuineIntel /proc/cpuinfo; then
        echo intel_iommu=on iommu=pt
      else
        echo iommu=pt
      fi
      ;;
    *[!A-Za-z0-9_.,:=/\ -]*)
      echo "gpupt_iommu has a character that no such word has: $gpupt_iommu" >&2
      return 1
      ;;
    *) printf '%s\n' "$gpupt_iommu" ;;
  esac
}
# The word that turns it off, of lines of a kernel; nothing if there is none. The last word about Intel's counts.
gpupt_off() {
  sed -nE -e 's/^/ /' -e 's/.* ((amd_)?iommu=off)( .*)?$/\1/p' -e 's/.* (intel_iommu=[^ ]*)/\1 /' -e 's/^(intel_iommu=off) .*/\1/p' |
    head -n 1
}
# The packages of NVIDIA's driver that are installed.
gpupt_packages() {
  case $family in
    debian)
      dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'nvidia-driver*' 'nvidia-kernel-*' 'nvidia-dkms-*' nvidia-persistenced \
        'linux-modules-nvidia-*' 'nvidia-headless-*' 'nvidia-legacy-*' 'nvidia-open*' 'nvidia-tesla-*' 2>/dev/null | sed -n 's/^installed //p'
      ;;
    rhel)
      rpm -qa 'nvidia-driver*' 'nvidia-kmod*' 'kmod-nvidia*' 'akmod-nvidia*' 'xorg-x11-drv-nvidia*' nvidia-persistenced \
        'dkms-nvidia*' 'nvidia-open*' 'nvidia-x11-drv*'
      ;;
  esac
}
# Its modules, whoever brought them: a package with another name, or a build by hand.
gpupt_modules() {
  find /lib/modules/ \( -name 'nvidia.ko*' -o -name 'nvidia-current.ko*' -o -name 'nvidia-tesla*.ko*' -o -name 'nvidia-legacy*.ko*' \) \
    2>/dev/null || true
}
# Nothing of it is there.
gpupt_has_no_driver() {
  ! command -v nvidia-uninstall || return 1
  [ -z "$(gpupt_packages)" ] || return 1
  [ -z "$(gpupt_modules)" ] || {
    echo "a module of NVIDIA's driver is there, and no package that has it: $(gpupt_modules | head -n 1). Remove the driver by" \
      "hand, or set gpupt_driver to blacklist" >&2
    return 1
  }
}
# The file of modprobe.d that keeps away what would take the cards. Debian's other drivers are called as they are
# released: nvidia_tesla_470, nvidia_legacy_390xx_drm.
gpupt_blacklist() {
  if [ "$gpupt_driver" = keep ]; then
    echo '# From roll gpupt: gpupt_driver is keep.'
    return
  fi
  # shellcheck disable=SC2046 # one word a module
  set -- nouveau nvidia nvidia_current nvidia_current_drm nvidia_current_modeset nvidia_current_uvm nvidia_drm nvidia_modeset \
    nvidia_uvm nvidiafb $(find /lib/modules/ \( -name 'nvidia-tesla*.ko*' -o -name 'nvidia-legacy*.ko*' \) 2>/dev/null |
      sed -e 's|.*/||' -e 's/\.ko.*//' | tr - _ | sort -u)
  printf 'blacklist %s\n' "$@"
  printf 'install %s /bin/false\n' "$@"
}
# gpupt_name_of ADDRESS: the name that gpupci has for that card.
gpupt_name_of() { gpupci -l | awk -v address="pci_$(echo "$1" | tr ':.' '__')" '$2 == address { print $1 }'; }
# gpupt_is_taken ADDRESS: vfio has that function.
gpupt_is_taken() {
  driver=$(readlink "/sys/bus/pci/devices/$1/driver") || return 1
  case ${driver##*/} in
    vfio-pci | *-vfio-pci | *_vfio_pci | pci-stub) ;;
    *) return 1 ;;
  esac
}

if [ "$family" = debian ]; then
  begin 'packages'
  packages libvirt-daemon-system libvirt-clients ovmf pciutils qemu-system-x86 qemu-utils
fi

if [ "$family" = rhel ]; then
  begin 'packages'
  packages edk2-ovmf libvirt-client libvirt-daemon-kvm pciutils qemu-img qemu-kvm
fi

file /etc/gpupci/gpupci.yaml 0644 root:root <<'END_OF_FILE'
# From roll gpupt, attributes gpupt_vendors, gpupt_devices and gpupt_ignore; gpupci.yaml(5) has the other keys.
vendors: ["10de", "1002"]
devices: []
ignore: []
stub_driver: vfio-pci
END_OF_FILE

file /etc/modules-load.d/gpupt.conf 0644 root:root <<'END_OF_FILE'
# From roll gpupt.
vfio
vfio_iommu_type1
vfio-pci
END_OF_FILE

if [ "$family" = rhel ]; then
file /etc/dracut.conf.d/gpupt.conf 0644 root:root <<'END_OF_FILE'
# From roll gpupt.
force_drivers+=" vfio vfio_iommu_type1 vfio-pci "
END_OF_FILE
fi

# Step: gpupci is there
# It takes the cards from the host and gives them back. cluster run roll apply=yes puts it there; else it is a
# package of the site, or was put there by hand.
is_done_1() {
command -v gpupci && gpupci --version
}
step_1() {
case $family in
  debian) apt-get -q update && install_packages gpupci ;;
  rhel) install_packages gpupci ;;
esac || {
  ! command -v gpupci >/dev/null || echo "$(command -v gpupci) does not run here: $(gpupci --version 2>&1 | head -n 1)" >&2
  echo "want gpupci in /usr/local/bin of this host (cluster sync host agent ${host:-HOST}), or its package where the host installs from" >&2
  exit 1
}
}
begin 'gpupci is there'
look is_done_1 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_1) </dev/null
  record steps "$doing"
  kept
  look is_done_1
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: gpupci takes each card of the inventory for one
# A card that gpupt_ignore has is the host's, and so is one that neither gpupt_vendors nor gpupt_devices have:
# none of its functions is bound to vfio-pci, and it goes to no VM.
is_done_2() {
[ "$gpupt_bind" != none ] || skip 'gpupt_bind is none'
command -v gpupci >/dev/null || skip 'not before gpupci is there'
known=$(gpupci -l)
for card in $cards; do
  echo "$known" | awk '{ print $2 }' | grep -qx "pci_$(echo "$card" | tr ':.' '__')" || {
    echo "the inventory has card $card, and gpupci -l does not (gpupt_ignore, gpupt_vendors, gpupt_devices): when the host is" \
      "to keep it, cluster remove host gpu $host and its name there" >&2
    exit 1
  }
done
}
begin 'gpupci takes each card of the inventory for one'
look is_done_2 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_2 2>&1 | tail -n 1)"
else
  look is_done_2
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: vfio-pci can be told the models of the cards, where that is wanted
# gpupt_bind=model: vfio-pci takes every card of such a model, so the host may keep none, now or later. A
# vfio-pci that is built into the kernel reads no file, and is told on the kernel's line.
is_done_3() {
[ "$gpupt_bind" = model ] || skip 'gpupt_bind is not model'
[ -n "$cards" ] || skip 'the inventory has no card of this host'
if [ -z "$models" ]; then
  echo "the inventory does not know the models of the cards: cluster discover host gpu $host" >&2
  exit 1
fi
for device in /sys/bus/pci/devices/*; do
  [ -e "$device/vendor" ] || continue
  model=$(sed 's/^0x//' "$device/vendor" "$device/device" | paste -s -d : -)
  case ",$models," in *",$model,"*) ;; *) continue ;; esac
  case " $functions " in *" ${device##*/} "*) continue ;; esac
  echo "the host has ${device##*/}, of the model $model too: want gpupt_bind=address" >&2
  exit 1
done
for list in /lib/modules/*/modules.builtin; do
  grep -qs '/vfio-pci\.ko' "$list" || continue
  case " $gpupt_iommu " in *" vfio-pci.ids=$models "*) continue ;; esac
  list=${list%/*}
  echo "vfio-pci is built into kernel ${list##*/}: want gpupt_bind=address, or its models in gpupt_iommu, behind what turns" \
    "the IOMMU on: cluster set host attr $host gpupt_iommu 'intel_iommu=on iommu=pt vfio-pci.ids=$models'" >&2
  exit 1
done
}
begin 'vfio-pci can be told the models of the cards, where that is wanted'
look is_done_3 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_3 2>&1 | tail -n 1)"
else
  look is_done_3
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: the host itself needs no card of the inventory
# Nothing is taken from a host whose console, disks or network are on a card that is to go to VMs: gpupci would
# refuse the card, and the host would have lost its driver for nothing.
is_done_4() {
[ "$gpupt_bind" != none ] || skip 'gpupt_bind is none'
[ -n "$cards" ] || skip 'the inventory has no card of this host'
command -v gpupci >/dev/null || skip 'not before gpupci is there'
for card in $cards; do
  name=$(gpupt_name_of "$card")
  status=0
  said=$(gpupci --check "$name") || status=$?
  [ "$status" -le 3 ] || {
    echo "gpupci --check $name ended with status $status: nothing is known" >&2
    exit 1
  }
  # D6 is disks and network, D7 the display and the console, D10 a driver that draws the console.
  if printf '%s\n' "$said" | grep -E '^(D6|D7|D10) +[^ ]+ +FAIL ' >&2; then
    exit 1
  fi
done
}
begin 'the host itself needs no card of the inventory'
look is_done_4 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_4 2>&1 | tail -n 1)"
else
  look is_done_4
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: no NVIDIA card stays with a host that loses NVIDIA's driver
# gpupt_driver=remove and blacklist are for the whole host. A card that is not in the inventory, a host that
# makes vGPUs, and one whose NVSwitches join the cards of VMs (HGX; the fabric manager) need the driver: there
# it is gpupt_driver=keep.
is_done_5() {
# The attributes of roll vgpu are there in a script for that roll.
if command -v nvidia-vgpu-mgr >/dev/null || [ "${vgpu_driver+set}" = set ]; then
  if [ "$gpupt_driver" != keep ] || [ "$gpupt_bind" != none ]; then
    echo "this host makes vGPUs of its cards: cluster set host attr ${host:-HOST} gpupt_driver keep, and gpupt_bind none" >&2
    exit 1
  fi
fi
[ "$gpupt_driver" != keep ] || skip 'gpupt_driver is keep'
keep="cluster set host attr $host gpupt_driver keep"
if command -v nv-fabricmanager >/dev/null; then
  echo "NVIDIA's fabric manager is installed, and needs the driver for the NVSwitches: $keep" >&2
  exit 1
fi
for device in /sys/bus/pci/devices/*; do
  # A virtual function goes with its card.
  [ ! -e "$device/physfn" ] || continue
  case " $functions " in *" ${device##*/} "*) continue ;; esac
  case $(cat "$device/vendor" "$device/class" 2>/dev/null | paste -s -d ' ' -) in
    '0x10de 0x03'*)
      echo "${device##*/} is an NVIDIA card that the inventory does not have, or has as its host's (wish=host):" \
        "cluster discover host gpu $host, or, when the host is to keep it, $keep" >&2
      exit 1
      ;;
    '0x10de 0x0680'*)
      echo "${device##*/} is an NVSwitch, for which the host's fabric manager needs the driver: $keep" >&2
      exit 1
      ;;
  esac
done
}
begin 'no NVIDIA card stays with a host that loses NVIDIA'\''s driver'
look is_done_5 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_5 2>&1 | tail -n 1)"
else
  look is_done_5
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: the host has no NVIDIA driver of its own
# A driver that is installed binds each card at boot, its daemons keep them open, and its next update builds the
# module anew and may load it while a VM has the card. A host that gives all its cards to VMs needs none of it;
# gpupt_driver=blacklist leaves it installed, and never loaded. What apt would take along that is not NVIDIA's
# is not removed behind your back.
is_done_6() {
[ "$gpupt_driver" = remove ] || skip "gpupt_driver is $gpupt_driver"
gpupt_has_no_driver
}
step_6() {
if command -v nvidia-uninstall >/dev/null; then
  nvidia-uninstall --silent  # installed by a .run of NVIDIA
fi
# Those that have its modules, too, whatever they are called (linux-modules-nvidia-535-generic, nvidia-tesla-470-kernel).
packages="$(gpupt_packages) $(gpupt_modules | while read -r module; do
  dpkg-query -S "*${module#/lib}" 2>/dev/null | sed 's/[:,].*//'
done)"
[ -n "$(printf %s "$packages" | tr -d '[:space:]')" ] || exit 0
# shellcheck disable=SC2086 # one word a package
plan=$(apt-get -q --simulate remove $packages)
others=$(printf '%s\n' "$plan" | sed -n -e 's/^Remv \([^ ]*\).*/\1/p' -e 's/^Inst \([^ ]*\).*/\1 (new)/p' |
  grep -v -e '^[^ ]*nvidia[^ ]*$' -e '^[^ ]*cuda[^ ]*$' -e '^libnv[^ ]*$' -e '^libxnvctrl[^ ]*$' | paste -s -d ' ' -)
if [ -n "$others" ]; then
  echo "apt would change other packages, too: $others. Remove the driver by hand, or set gpupt_driver to blacklist" >&2
  exit 1
fi
# shellcheck disable=SC2086
apt-get -q -y -o Dpkg::Use-Pty=0 remove $packages
}
if [ "$family" = debian ]; then
  begin 'the host has no NVIDIA driver of its own'
  look is_done_6 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record begun "$doing"
    (step_6) </dev/null
    record steps "$doing"
    kept
    look is_done_6
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the host has no NVIDIA driver of its own
# A driver that is installed binds each card at boot, its daemons keep them open, and its next update builds the
# module anew and may load it while a VM has the card. A host that gives all its cards to VMs needs none of it;
# gpupt_driver=blacklist leaves it installed, and never loaded. Whatever else needs it is named by rpm, and then
# nothing is removed.
is_done_7() {
[ "$gpupt_driver" = remove ] || skip "gpupt_driver is $gpupt_driver"
gpupt_has_no_driver
}
step_7() {
if command -v nvidia-uninstall >/dev/null; then
  nvidia-uninstall --silent  # installed by a .run of NVIDIA
fi
packages=$({ gpupt_packages && rpm -qa 'cuda-drivers*' 'nvidia-settings*' 'nvidia-libXNVCtrl*' 'nvidia-xconfig*' 'nvidia-modprobe*'; } |
  paste -s -d ' ' -)
[ -n "$packages" ] || exit 0
# shellcheck disable=SC2086 # one word a package
rpm -e --test $packages
# shellcheck disable=SC2086
dnf -q -y remove $packages
}
if [ "$family" = rhel ]; then
  begin 'the host has no NVIDIA driver of its own'
  look is_done_7 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record begun "$doing"
    (step_7) </dev/null
    record steps "$doing"
    kept
    look is_done_7
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the drivers that would take the cards are kept away
# They would take a card before vfio-pci does, and do not let go well. A module that is only blacklisted is
# still loaded by its name, or by another module; `install MODULE /bin/false` ends that. nvidia_current is
# Debian's name. A host that keeps its driver (gpupt_driver=keep) loads what it likes; gpupci then takes the
# inventory's cards from it.
is_done_8() {
file=/etc/modprobe.d/gpupt-blacklist.conf
gpupt_blacklist | cmp -s - "$file" || exit 1
for module in $(gpupt_blacklist | sed -n 's/^blacklist //p'); do
  [ -e "/sys/module/$module/initstate" ] || continue
  booted_since "$file" || await_reboot "$module is loaded still"
  echo "$module is loaded, and was kept away before this boot: something loads it without modprobe" >&2
  exit 1
done
}
step_8() {
file=/etc/modprobe.d/gpupt-blacklist.conf
keep "$file"
gpupt_blacklist >"$file.new"
# Its age tells whether the kernel was started since.
if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv -f "$file.new" "$file"; fi
}
begin 'the drivers that would take the cards are kept away'
look is_done_8 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_8) </dev/null
  record steps "$doing"
  kept
  look is_done_8
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  needs_reboot
  changed
fi

# Step: vfio-pci takes the models of the cards early, where that is wanted
# gpupt_bind=model: vfio-pci is told the models before another driver loads; with gpupt_bind=address only the
# inventory's cards are taken.
is_done_9() {
file=/etc/modprobe.d/gpupt-vfio.conf
if [ "$gpupt_bind" = model ] && [ -n "$cards" ]; then
  grep -qxF "options vfio-pci ids=$models" "$file"
else
  [ ! -e "$file" ] || ! grep -q '^options' "$file"
fi
}
step_9() {
# Emptied and not removed: the initramfs that has its old text is found out by its age.
line='# gpupt_bind is not model'
if [ "$gpupt_bind" = model ] && [ -n "$cards" ]; then
  line="options vfio-pci ids=$models"
fi
keep /etc/modprobe.d/gpupt-vfio.conf
printf '%s\n' '# From roll gpupt.' "$line" >/etc/modprobe.d/gpupt-vfio.conf
}
begin 'vfio-pci takes the models of the cards early, where that is wanted'
look is_done_9 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_9) </dev/null
  record steps "$doing"
  kept
  look is_done_9
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  needs_reboot
  changed
fi

# Step: the initramfs loads vfio-pci
# What loads a graphics driver first wins; in the initramfs vfio-pci comes before all of them.
is_done_10() {
grep -qx vfio-pci /etc/initramfs-tools/modules
}
step_10() {
keep /etc/initramfs-tools/modules
mkdir -p /etc/initramfs-tools
printf '%s\n' '# from roll gpupt' vfio vfio_iommu_type1 vfio-pci >>/etc/initramfs-tools/modules
}
if [ "$family" = debian ]; then
  begin 'the initramfs loads vfio-pci'
  look is_done_10 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record begun "$doing"
    (step_10) </dev/null
    record steps "$doing"
    kept
    look is_done_10
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the initramfs is newer than what goes into it
# The files of modprobe.d and the list of modules count from the initramfs on. Each kernel gets its new one when
# it was made whole, so a full /boot leaves the old one in its place.
is_done_11() {
for image in /boot/initrd.img-*; do
  # Others, as initrd.img-6.1.0-1-amd64.old-dkms, belong to no kernel and are never made anew.
  [ -e "/boot/vmlinuz-${image#/boot/initrd.img-}" ] || continue
  for file in /etc/initramfs-tools/modules /etc/modprobe.d/gpupt-*.conf; do
    [ ! -e "$file" ] || [ -z "$(find "$file" -newer "$image")" ] || exit 1
  done
done
}
step_11() {
renew_initramfs all
}
if [ "$family" = debian ]; then
  begin 'the initramfs is newer than what goes into it'
  look is_done_11 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record steps "$doing"
    (step_11) </dev/null
    kept
    look is_done_11
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the initramfs is newer than what goes into it
# The files of modprobe.d and of dracut.conf.d count from the initramfs on. The rescue image is left as it is,
# and so boots the host even when one of these cannot.
is_done_12() {
for image in /boot/initramfs-*.img; do
  version=${image#/boot/initramfs-}
  [ -e "/lib/modules/${version%.img}/modules.dep" ] || continue
  for file in /etc/dracut.conf.d/gpupt.conf /etc/modprobe.d/gpupt-*.conf; do
    [ ! -e "$file" ] || [ -z "$(find "$file" -newer "$image")" ] || exit 1
  done
done
}
step_12() {
renew_initramfs all
}
if [ "$family" = rhel ]; then
  begin 'the initramfs is newer than what goes into it'
  look is_done_12 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record steps "$doing"
    (step_12) </dev/null
    kept
    look is_done_12
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the kernel starts with the IOMMU on
# Without an IOMMU a guest with a card could read and write all of the host's memory, so vfio refuses. Intel's,
# which the firmware's table DMAR tells of, has to be asked for; AMD's is on wherever the firmware turns it on.
# iommu=pt spares the host's own devices the detour. What the site has on the line stays; these words come
# behind it.
is_done_13() {
words=$(gpupt_words)
file=/etc/default/grub.d/gpupt.cfg
if [ -e /boot/grub/grub.cfg ]; then
  grep -qxF "GRUB_CMDLINE_LINUX=\"\$GRUB_CMDLINE_LINUX $words\"" "$file" || exit 1
  # What GRUB reads is what counts: each line of a kernel of this system has each word. Those of other programs and
  # systems (memtest86+, os-prober, the site's own) are none of ours.
  lines=$(sed -n '/^### BEGIN .*\/10_linux/,/^### END .*\/10_linux/p' /boot/grub/grub.cfg | grep -E '^[[:space:]]*linux') ||
    lines=$(grep -E '^[[:space:]]*linux' /boot/grub/grub.cfg) || exit 1
  for word in $words; do
    [ "$(printf '%s\n' "$lines" | grep -cwF -e "$word")" = "$(printf '%s\n' "$lines" | wc -l)" ] || exit 1
  done
  off=$(printf '%s\n' "$lines" | gpupt_off)
  [ -z "$off" ] || {
    echo "the kernel's line has $off, too, which turns the IOMMU off: take it out of /etc/default/grub" >&2
    exit 1
  }
else
  for word in $words; do
    grep -qwF -e "$word" /proc/cmdline || exit 1
  done
fi
}
step_13() {
words=$(gpupt_words)
if [ ! -e /boot/grub/grub.cfg ]; then
  echo "this host does not boot by GRUB (no /boot/grub/grub.cfg): add '$words' to the kernel's line of its boot loader" >&2
  exit 1
fi
keep /etc/default/grub.d/gpupt.cfg
mkdir -p /etc/default/grub.d
printf '%s\n' '# from roll gpupt' "GRUB_CMDLINE_LINUX=\"\$GRUB_CMDLINE_LINUX $words\"" >/etc/default/grub.d/gpupt.cfg
update-grub
}
if [ "$family" = debian ]; then
  begin 'the kernel starts with the IOMMU on'
  look is_done_13 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record steps "$doing"
    (step_13) </dev/null
    kept
    look is_done_13
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the kernel starts with the IOMMU on
# Without an IOMMU a guest with a card could read and write all of the host's memory, so vfio refuses. Intel's,
# which the firmware's table DMAR tells of, has to be asked for; AMD's is on wherever the firmware turns it on.
# iommu=pt spares the host's own devices the detour. grubby writes the entries of the Boot Loader Specification.
is_done_14() {
words=$(gpupt_words)
kernels=$(grubby --info=ALL | grep -c '^args=')
for word in $words; do
  [ "$(grubby --info=ALL | grep '^args=' | tr -d '"' | grep -cwF -e "$word")" = "$kernels" ] || exit 1
done
}
step_14() {
words=$(gpupt_words)
# What the roll adds, and no more, is what it takes back.
for word in $words; do
  grubby --info=ALL | grep '^args=' | tr -d '"' | grep -qwF -e "$word" || record iommu "$word"
done
grubby --update-kernel=ALL --args="$words"
}
if [ "$family" = rhel ]; then
  begin 'the kernel starts with the IOMMU on'
  look is_done_14 >/dev/null 2>&1
  if [ "$held" -eq 0 ]; then
    already
  elif leave_alone; then
    :
  elif [ "$dry_run" = yes ]; then
    would
  else
    record steps "$doing"
    (step_14) </dev/null
    kept
    look is_done_14
    [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
    needs_reboot
    changed
  fi
fi

# Step: the kernel that runs has the IOMMU on
# Files of the boot loader say how the next kernel starts. This one says what it was started with, and whether
# it made IOMMU groups, without which no card can be given away.
is_done_15() {
words=$(gpupt_words)
for word in $words; do
  grep -qwF -e "$word" /proc/cmdline || await_reboot "it was started without $word"
done
off=$(gpupt_off </proc/cmdline)
[ -z "$off" ] || {
  echo "the kernel was started with $off, which turns the IOMMU off: take it out of the kernel's line" >&2
  exit 1
}
[ -n "$(ls -A /sys/kernel/iommu_groups 2>/dev/null)" ] || {
  echo "the kernel was started with $words, and there is no IOMMU group: turn VT-d or AMD-Vi on in the firmware" >&2
  exit 1
}
}
begin 'the kernel that runs has the IOMMU on'
look is_done_15 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_15 2>&1 | tail -n 1)"
else
  look is_done_15
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: gpupci has its unit for the boot
# After a reboot the host's drivers have the cards again; gpupci --restore takes them before libvirt starts. The
# package of gpupci has the unit, which one in /etc would hide for ever.
is_done_16() {
unit=/etc/systemd/system/gpupci-restore.service
[ -e "$unit" ] || unit=/lib/systemd/system/gpupci-restore.service
gpupci --print-unit | cmp -s - "$unit"
}
step_16() {
keep /etc/systemd/system/gpupci-restore.service
gpupci --print-unit >/etc/systemd/system/gpupci-restore.service
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
}
begin 'gpupci has its unit for the boot'
look is_done_16 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_16) </dev/null
  record steps "$doing"
  kept
  look is_done_16
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: the cards of the inventory are detached, once the IOMMU is on
# gpupt_bind=address: each is taken by its address with driver_override, so a twin that the host keeps is left
# alone. gpupt_bind=model: vfio-pci has taken them in the boot.
is_done_17() {
[ "$gpupt_bind" != none ] || skip 'gpupt_bind is none'
[ -n "$functions" ] || skip 'the inventory has no card of this host'
[ "$gpupt_bind" = address ] || [ ! -e "$pending" ] || skip 'not before the reboot'
[ -n "$(ls -A /sys/kernel/iommu_groups 2>/dev/null)" ] || skip 'not before the IOMMU is on'
for function in $functions; do
  gpupt_is_taken "$function" || exit 1
done
}
step_17() {
if [ "$gpupt_bind" = model ]; then
  for function in $functions; do
    driver=$(readlink "/sys/bus/pci/devices/$function/driver") || driver='no driver'
    echo "$function has ${driver##*/}"
  done >&2
  echo "another driver came before vfio-pci in this boot: leave it out of the initramfs, or gpupt_bind=address" >&2
  exit 1
fi
for card in $cards; do
  name=$(gpupt_name_of "$card")
  gpupci -d "$name"
done
}
begin 'the cards of the inventory are detached, once the IOMMU is on'
look is_done_17 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_17) </dev/null
  kept
  look is_done_17
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

unit gpupci-restore.service

# ---- does it work? Not before a reboot that is needed.
check_1() {
# 0 is that nothing is in the way, 1 a warning, which is printed. 2 is in the way, 3 could not be found out, and
# any other says that nothing was looked at. Where cards are not taken, the host may use them, and what is
# said of the host itself counts.
status=0
said=$(gpupci --check) || status=$?
printf '%s\n' "$said"
if [ "$gpupt_bind" = none ]; then
  case $status in
    2 | 3)
      status=0
      if printf '%s\n' "$said" | grep -qE '^H[0-9]+ .* (FAIL|UNKNOWN) '; then status=2; fi
      ;;
  esac
fi
case $status in
  0 | 1) ;;
  2) exit 1 ;;
  3)
    echo 'gpupci --check could not find out everything (UNKNOWN above)' >&2
    exit 1
    ;;
  *)
    echo "gpupci --check ended with status $status: nothing is known" >&2
    exit 1
    ;;
esac
}
roll=gpupt
begin 'check: nothing is in the way of giving cards to VMs'
if is_time; then
  look check_1
  if [ "$held" -eq 0 ]; then already; else leave_alone || fail 'it is not so'; fi
fi

finish
