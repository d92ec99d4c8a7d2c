#!/bin/sh
# Roll guest 1.0.0: brings NVIDIA's driver and the guest's agent to VMs that have a card
# For host rocks-33 of appliance vm; written by `cluster run roll guest host=rocks-33`.
#
# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left alone, so it can be run
# again. It does, in this order:
#   packages pciutils qemu-guest-agent (debian)
#   packages pciutils qemu-guest-agent (rhel)
#   file     /etc/modprobe.d/guest-nouveau.conf
#   step     the guest's agent runs
#   step     the VM has an NVIDIA card
#   step     the headers of the running kernel are there
#   step     NVIDIA's repository of CUDA is there
#   step     NVIDIA's driver is installed; needs a reboot
#   step     the initramfs of the running kernel is newer than what goes into it; needs a reboot
#   step     containers can have the cards
#   check    nvidia-smi answers for the cards

# What the inventory says of the host.
export host=rocks-33
export appliance=vm
export cards=''
export functions=''
export models=''
export distro_key=''
# Attributes of roll guest.
# NVIDIA's open kernel modules (Turing and later; Blackwell runs with no others), its proprietary ones, what the
# distribution has, or none
export guest_driver=open
# packages of the driver in the place of those that guest_driver means
export guest_packages=''
# where NVIDIA's repositories of CUDA are, or a mirror of them; nothing when the site has set one up
export guest_repository=https://developer.download.nvidia.com/compute/cuda/repos
# yes installs NVIDIA's container toolkit as well, and describes the cards to container engines (CDI)
export guest_container_toolkit=no
roll=guest

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# ---- roll guest
roll=guest

if [ "$family" = debian ]; then
  begin 'packages'
  packages pciutils qemu-guest-agent
fi

if [ "$family" = rhel ]; then
  begin 'packages'
  packages pciutils qemu-guest-agent
fi

file /etc/modprobe.d/guest-nouveau.conf 0644 root:root <<'END_OF_FILE'
# From roll guest: nouveau would take the cards before NVIDIA's driver does.
blacklist nouveau
options nouveau modeset=0
END_OF_FILE

# Step: the guest's agent runs
# It is started when its channel appears, which was before its package came.
is_done_1() {
[ -e /dev/virtio-ports/org.qemu.guest_agent.0 ] || skip 'the VM has no channel for it'
systemctl -q is-active qemu-guest-agent
}
step_1() {
systemctl start qemu-guest-agent
}
begin 'the guest'\''s agent runs'
look is_done_1 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_1) </dev/null
  kept
  look is_done_1
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: the VM has an NVIDIA card
# A driver without a card would be built for nothing, and says so at each boot.
is_done_2() {
for device in /sys/bus/pci/devices/*; do
  case $(cat "$device/vendor" "$device/class" 2>/dev/null | paste -s -d ' ' -) in '0x10de 0x03'*) exit 0 ;; esac
done
echo "no NVIDIA card: cluster add host gpu ${host:-VM} gpupci CARD, and start the VM again" >&2
exit 1
}
begin 'the VM has an NVIDIA card'
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

# Step: the headers of the running kernel are there
# The driver's modules are built for this kernel, and dkms builds them again for the next one.
is_done_3() {
[ "$guest_driver" != none ] || skip 'guest_driver is none'
[ -e "/lib/modules/$(uname -r)/build" ]
}
step_3() {
case $family in
  debian) install_packages "linux-headers-$(uname -r)" ;;
  rhel) install_packages "kernel-devel-$(uname -r)" ;;
esac
}
begin 'the headers of the running kernel are there'
look is_done_3 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_3) </dev/null
  record steps "$doing"
  kept
  look is_done_3
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: NVIDIA's repository of CUDA is there
# It has the driver, its open kernel modules and the container toolkit, for each distribution. Its key comes
# over HTTPS, in a package of NVIDIA's.
is_done_4() {
case $guest_driver$guest_container_toolkit in
  noneno | distributionno) skip "guest_driver is $guest_driver, and guest_container_toolkit is no" ;;
esac
[ -n "$guest_repository" ] || skip 'guest_repository is empty'
case $family in
  debian) grep -rqsF "$guest_repository" /etc/apt/sources.list.d ;;
  rhel) grep -rqsF "$guest_repository" /etc/yum.repos.d ;;
esac
}
step_4() {
# shellcheck disable=SC1091 # of the guest
. /etc/os-release
release=$(printf %s "${VERSION_ID-}" | tr -d .)
machine=$(uname -m)
[ "$machine" != aarch64 ] || machine=sbsa
case $family in
  debian)
    command -v curl >/dev/null || install_packages ca-certificates curl
    url=$guest_repository/$ID$release/$machine
    curl -fsSL -o "$scratch/cuda-keyring.deb" "$url/cuda-keyring_1.1-1_all.deb" || {
      echo "no keyring of NVIDIA's at $url: set guest_repository to a mirror, or to nothing when the site has a repository" >&2
      exit 1
    }
    dpkg -i "$scratch/cuda-keyring.deb"
    # The package names NVIDIA's own place.
    sed -i "s|https://developer.download.nvidia.com/compute/cuda/repos|$guest_repository|" /etc/apt/sources.list.d/cuda-*.list
    apt-get -q update
    ;;
  rhel)
    release=rhel${VERSION_ID%%.*}
    url=$guest_repository/$release/$machine
    curl -fsSL -o "/etc/yum.repos.d/cuda-$release.repo.new" "$url/cuda-$release.repo" || {
      echo "no repository of NVIDIA's at $url: set guest_repository to a mirror, or to nothing when the site has a repository" >&2
      exit 1
    }
    sed -i "s|https://developer.download.nvidia.com/compute/cuda/repos|$guest_repository|" "/etc/yum.repos.d/cuda-$release.repo.new"
    keep "/etc/yum.repos.d/cuda-$release.repo"
    mv -f "/etc/yum.repos.d/cuda-$release.repo.new" "/etc/yum.repos.d/cuda-$release.repo"
    ;;
esac
}
begin 'NVIDIA'\''s repository of CUDA is there'
look is_done_4 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_4) </dev/null
  kept
  look is_done_4
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: NVIDIA's driver is installed
# Cards of Blackwell and later run with the open kernel modules alone, cards before Turing with the proprietary
# ones alone. The distribution's may be older than the card.
is_done_5() {
case ${guest_packages:-$guest_driver} in
  none) skip 'guest_driver is none' ;;
  open) set -- nvidia-open ;;
  proprietary) set -- cuda-drivers ;;
  distribution) set -- nvidia-driver ;;
  *)
    # shellcheck disable=SC2086 # one word a package
    set -- $guest_packages
    ;;
esac
for package; do is_installed "$package" || exit 1; done
}
step_5() {
case ${guest_packages:-$guest_driver} in
  open) set -- nvidia-open ;;
  proprietary) set -- cuda-drivers ;;
  distribution) set -- nvidia-driver ;;
  *)
    # shellcheck disable=SC2086 # one word a package
    set -- $guest_packages
    ;;
esac
install_packages "$@" || {
  echo "cannot install $*: Debian's nvidia-driver is in non-free; NVIDIA's repository may have none for this distribution;" \
    "guest_packages names others" >&2
  exit 1
}
}
begin 'NVIDIA'\''s driver is installed'
look is_done_5 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_5) </dev/null
  record steps "$doing"
  kept
  look is_done_5
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  needs_reboot
  changed
fi

# Step: the initramfs of the running kernel is newer than what goes into it
# nouveau is kept away from the initramfs on.
is_done_6() {
images=
for image in "/boot/initrd.img-$(uname -r)" "/boot/initramfs-$(uname -r).img"; do
  [ -e "$image" ] || continue
  images=some
  [ -z "$(find /etc/modprobe.d/guest-nouveau.conf -newer "$image")" ] || exit 1
done
[ -n "$images" ] || skip 'the running kernel has none'
}
step_6() {
renew_initramfs running
}
begin 'the initramfs of the running kernel is newer than what goes into it'
look is_done_6 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_6) </dev/null
  kept
  look is_done_6
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  needs_reboot
  changed
fi

# Step: containers can have the cards
# Docker, Podman and containerd read what a card needs from a description (CDI), which the toolkit writes.
is_done_7() {
[ "$guest_container_toolkit" = yes ] || skip 'guest_container_toolkit is no'
is_installed nvidia-container-toolkit && { [ -s /etc/cdi/nvidia.yaml ] || [ ! -e /proc/driver/nvidia/version ]; }
}
step_7() {
install_packages nvidia-container-toolkit
# Only the driver that runs can describe the cards: else after the reboot.
[ -e /proc/driver/nvidia/version ] || exit 0
keep /etc/cdi/nvidia.yaml
nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
}
begin 'containers can have the cards'
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
  changed
fi

# ---- does it work? Not before a reboot that is needed.
check_1() {
[ "$guest_driver" != none ] || skip 'guest_driver is none'
timeout 60 nvidia-smi -L || {
  echo "cluster check host vm ${host:-VM} tells why" >&2
  exit 1
}
}
roll=guest
begin 'check: nvidia-smi answers for the cards'
if is_time; then
  look check_1
  if [ "$held" -eq 0 ]; then already; else leave_alone || fail 'it is not so'; fi
fi

finish
