#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_stack_test.sh HOST: what is stacked on a disk or a network card of a card, at any depth and in any namespace,
# keeps the card on its host. The machine is `guarded`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

guest 'lab-libvirtd stop
  printf "%s\n" "vendors: [\"1234\"]" "devices: [\"1b36:0010\", \"8086:100e\", \"1b36:000d\"]" >/etc/gpupci/gpupci.yaml
  modprobe -a rndis_host usb-storage loop nvmet dm-crypt raid1 bridge bonding 8021q macvlan macvtap dummy
  mkdir -p /run/data /run/inner
  dirname "$(grep -l Keyboard /sys/bus/usb/devices/*/product)" >/run/keyboard; echo 0 >"$(cat /run/keyboard)/authorized"
  gpupci -a all >/dev/null 2>&1
  udevadm settle'
agent -l
expect_done <<'END'
gpupci1 pci_0000_01_00_0
gpupci2 pci_0000_02_00_0
gpupci3 pci_0000_03_00_0
gpupci4 pci_0000_04_00_0
END

# expect_refusal NAME TEXT...: the card is refused with each TEXT, and no card has left its host driver.
expect_refusal() {
  local text
  agent -d "$1"
  expect_status 1
  expect_no_out
  for text in "${@:2}"; do expect_err "$text"; done
  run guest_ssh 'ls -d /sys/bus/pci/drivers/vfio-pci/0000:*'
  expect_no_out
}

# A loop device claims nothing of the disk below it, and has no place in `holders`.
guest 'losetup /dev/loop0 /dev/nvme0n1; mkfs.ext4 -qF /dev/loop0; mount /dev/loop0 /run/data'
expect_refusal gpupci2 "disk: /dev/loop0 is mounted on '/run/data'; umount /run/data"
guest 'umount /run/data; losetup -d /dev/loop0'

# A file system in a file on the disk; and swap in one.
guest 'mkfs.ext4 -qF /dev/nvme0n1; mount /dev/nvme0n1 /run/data
  truncate -s 8M "/run/data/an image"; mkfs.ext4 -qF "/run/data/an image"; losetup /dev/loop1 "/run/data/an image"
  mount /dev/loop1 /run/inner
  dd if=/dev/zero of=/run/data/swap bs=1M count=4 status=none; chmod 600 /run/data/swap; mkswap -q /run/data/swap
  swapon /run/data/swap'
expect_refusal gpupci2 "disk: /dev/loop1 is mounted on '/run/inner'; umount /run/inner" \
  "disk: the host swaps to the file '/run/data/swap' on /dev/nvme0n1; swapoff /run/data/swap" \
  "disk: /dev/loop1 shows '/run/data/an image', which is on a disk of it; losetup -d /dev/loop1"
guest 'swapoff /run/data/swap; umount /run/inner; losetup -d /dev/loop1; umount /run/data'

# A mount that only another mount namespace has.
guest 'setsid unshare -m sh -c "mount /dev/nvme0n1 /run/data; echo \$\$ >/run/pid; exec sleep 600" >/dev/null 2>&1 </dev/null &
  while ! [ -s /run/pid ]; do sleep 0.2; done'
expect_refusal gpupci2 "disk: /dev/nvme0n1 is mounted on '/run/data' in the mount namespace of process " \
  ' -m umount /run/data'
guest 'kill "$(cat /run/pid)"; rm /run/pid; while grep -q nvme /proc/[0-9]*/mounts 2>/dev/null; do sleep 0.2; done'

# Encryption on a logical volume on an array of the disk.
guest 'echo md7 >/sys/module/md_mod/parameters/new_array; cd /sys/block/md7/md
  echo none >metadata_version; echo raid1 >level; echo 1 >raid_disks; echo 32768 >component_size
  cat /sys/block/nvme0n1/dev >new_dev; echo 0 >dev-nvme0n1/slot; echo active >array_state
  dmsetup create vg-lv --uuid LVM-lab --table "0 32768 linear /dev/md7 0"
  dmsetup create secret --uuid CRYPT-PLAIN-secret --table "0 32768 crypt aes-cbc-plain 00112233445566778899aabbccddeeff 0 /dev/mapper/vg-lv 0"
  udevadm settle'
expect_refusal gpupci2 'disk: /dev/md7 is built on a disk of it; mdadm --stop /dev/md7' \
  '(/dev/mapper/vg-lv) is built on a disk of it; vgchange -an vg' \
  '(/dev/mapper/secret) is built on a disk of it; cryptsetup close /dev/mapper/secret'
guest 'dmsetup remove secret; dmsetup remove vg-lv; echo clear >/sys/block/md7/md/array_state; udevadm settle'

# The NVMe target opens a disk without a claim.
guest 'mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
  cd /sys/kernel/config/nvmet/subsystems; mkdir -p t/namespaces/1
  echo -n /dev/nvme0n1 >t/namespaces/1/device_path; echo 1 >t/namespaces/1/enable'
expect_refusal gpupci2 "disk: the NVMe target (nvmet) has /dev/nvme0n1 ('/sys/kernel/config/nvmet/subsystems/t/namespaces/1')"
guest 'cd /sys/kernel/config/nvmet/subsystems; echo 0 >t/namespaces/1/enable; rmdir t/namespaces/1 t'

# A disk and a network card on a USB controller.
stick=$(guest 'basename "$(ls -d /sys/bus/pci/devices/0000:04:00.0/usb*/*/*/host*/target*/*/block/*)"')
usb=$(guest 'basename "$(ls -d /sys/bus/pci/devices/0000:04:00.0/usb*/*/*/net/*)"')
guest "mkfs.ext4 -qF /dev/$stick; mount /dev/$stick /run/data"
expect_refusal gpupci4 "disk: /dev/$stick is mounted on '/run/data'; umount /run/data"
guest "umount /run/data; ip address flush dev $usb; ip link set $usb up; ip route add default dev $usb metric 9000"
expect_refusal gpupci4 "network: network card '$usb' has the default route of the host"
guest "ip route del default dev $usb; ip link set $usb down"

# The keyboard of the console. Until here it was not there for the kernel.
guest 'echo 1 >"$(cat /run/keyboard)/authorized"; udevadm settle'
expect_refusal gpupci4 "console: the host's keyboard ('QEMU QEMU USB Keyboard') is on 0000:04:00.0; plug it into "
guest 'echo 0 >"$(cat /run/keyboard)/authorized"'

# What is built on a network card.
card=$(guest 'ls /sys/bus/pci/devices/0000:03:00.0/net')
guest "ip address flush dev $card; ip link add bond7 type bond; ip link set $card down; ip link set $card master bond7; ip link set bond7 up
  ip address add 10.9.0.2/24 dev bond7"
expect_refusal gpupci3 "network: network card '$card' belongs to 'bond7'; ip link set $card nomaster" \
  "network: network card '$card' (by 'bond7') is up with the address 10.9.0.2"
guest "ip link set $card nomaster; ip link del bond7; ip link set $card up
  ip link add link $card name v9 type vlan id 9; ip address add 10.9.9.2/24 dev v9; ip link set v9 up"
expect_refusal gpupci3 "network: network card '$card' (by 'v9') is up with the address 10.9.9.2; ip address flush dev v9"
guest "ip address flush dev v9"
expect_refusal gpupci3 "network: network card '$card' carries 'v9', which is up; ip link set v9 down"
guest "ip link del v9; ip link add link $card name tap7 type macvtap mode bridge; ip link set tap7 up; udevadm settle"
run guest_ssh 'exec 7<>/dev/tap"$(cat /sys/class/net/tap7/ifindex)"; gpupci -d gpupci3; exit $?'
expect_status 1
expect_err "network: network card '$card' (by 'tap7') serves a program: process "
guest "ip link del tap7"

# Routes that /proc/net/route does not show: of a second next hop, and of another table.
guest "ip address add 10.9.0.2/24 dev $card; ip link add d7 type dummy; ip address add 10.7.0.2/24 dev d7; ip link set d7 up
  ip route add default metric 9000 nexthop via 10.7.0.1 dev d7 nexthop via 10.9.0.1 dev $card"
expect_refusal gpupci3 "network: network card '$card' has the default route of the host"
guest "ip route del default metric 9000; ip link del d7; ip route add default via 10.9.0.1 dev $card table 100"
expect_refusal gpupci3 "network: network card '$card' has the default route of the host"
guest "ip route flush table 100; ip address flush dev $card"

# Another network namespace has the card, or what is built on it; or gpupci has one of its own.
guest "ip netns add box; ip link set $card netns box"
expect_refusal gpupci3 "network: network card '$card' is in the network namespace 'box'; ip netns exec box ip link set $card netns 1"
guest "ip -n box link set $card netns 1; ip link set $card up
  ip link add link $card name mv7 netns box type macvlan mode bridge; ip -n box link set mv7 up"
expect_refusal gpupci3 "network: network card '$card' carries 'mv7' in the network namespace 'box'; ip netns exec box ip link del mv7"
guest 'ip netns del box'
run guest_ssh 'unshare -n gpupci -d gpupci3'
expect_status 1
expect_err 'network: gpupci runs in a network namespace of its own'

# Once nobody needs them, they can go: a network card may be up.
for name in gpupci2 gpupci3 gpupci4; do
  agent -d "$name"
  expect_status 0
done
agent -a all
expect_status 0

# Other tests on this machine count three cards.
guest 'rm /var/lib/gpupci/names.json'
