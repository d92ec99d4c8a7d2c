#!/bin/bash
# guest_test.sh CLUSTER: a Debian that was never started becomes a VM: its disk is made of an image, cloud-init is told
# who it is, and then the guest is asked over its agent, over SSH, and on its console. libvirtd, sshd, QEMU and the guest
# are real; the CPU is emulated, so it takes some minutes. The image is made once, and kept in the lab's cache.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
support=$here/../support
# shellcheck source=tests/support/debian.sh
. "$support/debian.sh"

skip() {
  echo "guest: skipped: $*"
  exit 77
}

# The image has no boot loader: libvirt starts the kernel that lies beside it.
packages=linux-image-cloud-amd64,initramfs-tools,cloud-init,qemu-guest-agent,openssh-server,systemd-sysv,udev
packages+=,python3-cffi-backend,ifupdown,isc-dhcp-client,iproute2,kmod,pciutils,dbus,netbase
cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}
image=$cache/guest-bookworm

make_image() {
  mkdir -p "$cache"
  exec {lock}>"$image.lock"
  flock "$lock"
  if [[ ! -e $image/base.raw ]]; then
    rm -rf "$image.build"
    mkdir "$image.build"
    debootstrap --variant=minbase --include="$packages" bookworm "$image.build/root" "$(debian_mirror)" >"$image.log" 2>&1 ||
      skip "debootstrap: $(tail -n 1 "$image.log")"
    echo '/dev/vda / ext4 defaults 0 1' >"$image.build/root/etc/fstab"
    rm -f "$image.build"/root/var/cache/apt/archives/*.deb "$image.build"/root/etc/ssh/ssh_host_*
    cp "$image.build"/root/boot/vmlinuz-* "$image.build/vmlinuz"
    cp "$image.build"/root/boot/initrd.img-* "$image.build/initrd"
    mke2fs -q -t ext4 -d "$image.build/root" "$image.build/base.raw" 1500M
    rm -rf "$image.build/root"
    mv "$image.build" "$image"
  fi
  exec {lock}>&-
}

if [[ ${1:-} != --inside ]]; then
  ((EUID == 0)) || skip "it makes an image, namespaces and a bridge: not root"
  command -v debootstrap mke2fs >/dev/null || skip "no debootstrap or mke2fs here"
  [[ -e /dev/net/tun ]] || skip "no /dev/net/tun here"
  unshare --net ip link add br0 type bridge 2>/dev/null || skip "this machine makes no bridges in a namespace"
  make_image
  exec unshare --net -- "$support/libvirtd.sh" "$(realpath "$0")" --inside "$(realpath "$1")"
fi

cluster=$2
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"
# shellcheck source=tests/support/sshd.sh
. "$support/sshd.sh"
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# until_true SECONDS COMMAND...: waits until the command works.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >out 2>&1; do
    if ((SECONDS >= end)); then
      fail "in vain: $*: $(tail -n 3 out)"
      tail -n 30 console >&2
      exit 1
    fi
    sleep 1
  done
}

# The console is a terminal; those of the machine are not seen from a /dev of our own.
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 private /dev/pts
mount --bind /dev/pts/ptmx /dev/ptmx
mkdir -p /run/lock
ip link set lo up
ip link add br0 type bridge
ip addr add 10.9.0.1/24 dev br0
ip link set br0 up
start_sshd authorized_keys 127.0.0.15
write_ssh_config
# The guest's sshd has the usual port.
cat >>ssh_config <<END
Host v1
  StrictHostKeyChecking yes
END
sed -i "s/^Host \*$/Host n1 127.0.0.15/" ssh_config
printf 'Host *\n  IdentityFile %s/id\n  UserKnownHostsFile %s/known_hosts\n' "$dir" "$dir" >>ssh_config
echo "[127.0.0.15]:$port $(<host_key.pub)" >known_hosts

# The guest's host key is given to it, so that it is known.
ssh-keygen -q -t ed25519 -N '' -C guest -f guest_key
{
  echo '#cloud-config'
  echo 'disable_root: false'
  echo 'ssh_deletekeys: true'
  echo 'ssh_keys:'
  echo '  ed25519_private: |'
  sed 's/^/    /' guest_key
  echo "  ed25519_public: $(<guest_key.pub)"
} >user-data
echo "10.9.0.5 $(cut -d ' ' -f 1,2 guest_key.pub)" >>known_hosts
echo "v1 $(cut -d ' ' -f 1,2 guest_key.pub)" >>known_hosts

"$cluster" add host n1 appliance=vm-container address=127.0.0.15
"$cluster" add host vm v1 n1 mem=768 cpus=2 "disk=file:$dir/v1.qcow2,vda,virtio" disksize=3 "image=$image/base.raw" how=backing
"$cluster" add host interface v1 eth0 bridge=br0 address=10.9.0.5/24
"$cluster" set host v1 user=root
"$cluster" add attr vm_type qemu
"$cluster" add attr vm_cpu_mode maximum
"$cluster" add attr vm_user_data file=user-data
"$cluster" add attr vm_ssh_keys file=id.pub
"$cluster" add attr vm_xml_domain "<os><kernel>$image/vmlinuz</kernel><initrd>$image/initrd</initrd><cmdline>root=/dev/vda console=ttyS0 quiet</cmdline></os>"
"$cluster" start host vm v1
qemu-img info -U "$dir/v1.qcow2" | grep -q "^virtual size: 3 GiB" || fail "the disk did not grow"
seed=$(echo "$dir"/v1-seed-*.iso)
[[ -s $seed ]] || fail "there is no volume for cloud-init"

# The console is open while the guest starts. It wants a terminal, and to be in the foreground of it,
# which timeout leaves unless told not to.
script -qefc "timeout --foreground 600 $cluster open host console v1" /dev/null </dev/null >console 2>&1 &
until_true 500 grep -q "v1 login:" console
# shellcheck disable=SC2317 # until_true calls it
told() { [[ $("$cluster" list host vm v1 address=yes format=csv) == *,10.9.0.5,agent ]]; }
until_true 60 told
until_true 60 "$cluster" run host v1 true
[[ $("$cluster" run host v1 hostname) == v1 ]] || fail "its name is $("$cluster" run host v1 hostname)"
[[ $("$cluster" run host v1 "df -m --output=size / | tail -n 1") -gt 1500 ]] || echo "the file system did not grow: no growpart in the image"
"$cluster" check host vm v1 all=yes format=csv >checked || fail "check host vm: $(<checked)"
grep -q '^v1,,I1,PASS,the guest answers over its agent,' checked || fail "check host vm: $(<checked)"

# Without its agent it is asked over SSH.
"$cluster" run host v1 "systemctl stop qemu-guest-agent"
"$cluster" check host vm v1 all=yes format=csv >checked || fail "check host vm: $(<checked)"
grep -q '^v1,,I1,PASS,the guest answers over ssh,' checked || fail "check host vm: $(<checked)"

"$cluster" pause host vm v1
"$cluster" list host vm v1 status=yes | grep -q ' paused$' || fail "it is not paused"
"$cluster" resume host vm v1
"$cluster" save host vm v1
"$cluster" list host vm v1 status=yes | grep -q ' saved$' || fail "it is not saved"
"$cluster" restore host vm v1
until_true 30 "$cluster" run host v1 true

# A card that it is given while it runs is not there yet.
"$cluster" add host gpu n1 gpupci1 0000:42:00.0
"$cluster" add host gpu v1 gpupci gpupci1
"$cluster" sync vm config v1 >/dev/null
"$cluster" check host vm v1 all=yes format=csv >checked && fail "check host vm has not missed the card"
grep -q '^v1,gpupci,I2,FAIL,no such device in the guest: the VM runs without 0000:42:00.0,' checked || fail "check host vm: $(<checked)"
"$cluster" stop host vm v1 action=poweroff
exit $((failures > 0))
