#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_device_test.sh HOST: devices that the host needs for itself are not taken: its console, a disk in use, a network
# card in use. The machine is `guarded`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

guest 'lab-libvirtd stop
  printf "%s\n" "vendors: [\"1234\"]" "devices: [\"1b36:0010\", \"8086:100e\"]" >/etc/gpupci/gpupci.yaml
  udevadm settle'
agent -l
expect_done <<'END'
gpupci1 pci_0000_01_00_0
gpupci2 pci_0000_02_00_0
gpupci3 pci_0000_03_00_0
END

# expect_refusal NAME TEXT: the card is refused with TEXT, and still has its host driver.
expect_refusal() {
  agent -d "$1"
  expect_status 1
  expect_no_out
  expect_err "gpupci: cannot detach $1: $2"
  run guest_ssh 'ls -d /sys/bus/pci/drivers/vfio-pci/0000:*'
  expect_no_out
}

# The console is drawn on the card that the machine booted with.
run guest 'cat /sys/bus/pci/devices/0000:01:00.0/boot_vga'
expect_done <<'END'
1
END
console=$(guest 'basename "$(dirname "$(grep -l "frame buffer" /sys/class/vtconsole/*/name)")"')
guest "echo 1 >/sys/class/vtconsole/$console/bind"
expect_refusal gpupci1 "console: 0000:01:00.0 shows the host's console ($console, fb"
guest "echo 0 >/sys/class/vtconsole/$console/bind"
agent -d gpupci1 --dry-run
expect_status 0
expect_no_err

# The disk has a file system, swap or device mapper on it; then a program only reads it.
guest 'mkfs.ext4 -q /dev/nvme0n1; mkdir -p /run/data; mount /dev/nvme0n1 /run/data'
expect_refusal gpupci2 "disk: /dev/nvme0n1 is mounted on '/run/data'; umount /run/data"
guest 'umount /run/data; mkswap -q /dev/nvme0n1; swapon /dev/nvme0n1'
expect_refusal gpupci2 'disk: the host swaps to /dev/nvme0n1; swapoff /dev/nvme0n1'
guest 'swapoff /dev/nvme0n1; modprobe dm-mod; dmsetup create data --table "0 2048 linear /dev/nvme0n1 0"; udevadm settle'
expect_refusal gpupci2 'disk: /dev/dm-0 (/dev/mapper/data) is built on a disk of it; dmsetup remove /dev/mapper/data'
guest 'dmsetup remove data; udevadm settle'
run guest_ssh 'exec 7</dev/nvme0n1; gpupci -d gpupci2; exit $?'
expect_status 1
expect_err ' has /dev/nvme0n1 open; stop it (kill '

# The network card has the default route, then it is in a bridge.
card=$(guest 'ls /sys/bus/pci/devices/0000:03:00.0/net')
guest "ip link set $card up; ip address add 10.9.0.2/24 dev $card; ip route add default via 10.9.0.1 dev $card"
expect_refusal gpupci3 "network: network card '$card' has the default route of the host; "
guest "ip route del default dev $card"
expect_refusal gpupci3 "network: network card '$card' is up with the address 10.9.0.2; ip address flush dev $card"
guest "ip address flush dev $card; modprobe bridge; ip link add br0 type bridge; ip link set $card master br0"
expect_refusal gpupci3 "network: network card '$card' belongs to 'br0'; ip link set $card nomaster"
guest "ip link set $card nomaster; ip link del br0"

# Once the host needs none of them, all can go.
agent -d all
expect_status 0
expect_no_err
expect_out <<'END'
Detached GPU card 'gpupci1' video device 0000:01:00.0
Detached GPU card 'gpupci2' function device 0000:02:00.0
Detached GPU card 'gpupci3' function device 0000:03:00.0
END
