#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_traffic_test.sh HOST: a network card stays with its host while somebody there talks over it: a program of XDP, a
# reader of packets, a TCP connection, a disk of another host. The machine is `guarded`: its two network cards are on one
# wire, and one of them plays the other host.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

guest 'lab-libvirtd stop
  printf "%s\n" "vendors: [\"1234\"]" "devices: [\"1b36:0010\", \"8086:100e\"]" >/etc/gpupci/gpupci.yaml
  modprobe -a rndis_host nvmet-tcp nvme-tcp
  mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
  mkdir -p /run/data
  gpupci -a all >/dev/null 2>&1
  udevadm settle'
card=$(guest 'ls /sys/bus/pci/devices/0000:03:00.0/net')
far=$(guest 'basename "$(ls -d /sys/bus/pci/devices/0000:04:00.0/usb*/*/*/net/*)"')
guest "ip netns add far; ip link set $far netns far; ip -n far address add 10.9.0.3/24 dev $far; ip -n far link set $far up
  ip address flush dev $card; ip link set $card up"

# expect_refusal TEXT: the last gpupci -d gpupci3 was refused by `network` with TEXT, and the card is with its host.
expect_refusal() {
  expect_status 1
  expect_no_out
  expect_err 'gpupci: cannot detach gpupci3: network: '
  expect_err "$1"
  run guest 'basename "$(readlink /sys/bus/pci/devices/0000:03:00.0/driver)"'
  expect_done <<<e1000
}

# A program of XDP takes the packets before the network of the kernel sees them: it needs no address.
guest_ssh 'cat >/run/xdp.pl' <<'END'
# bpf(2), by the numbers of linux/bpf.h: "r0 = XDP_PASS; exit" for each packet of interface $ARGV[0], as long as this runs.
my ($code, $license) = (pack("CCsl CCsl", 0xb7, 0, 0, 2, 0x95, 0, 0, 0), "GPL\0");
my $load = pack "LLPP x24 x24 LL", 6, 2, $code, $license, 0, 37;
my $program = syscall 321, 5, $load, length $load;
$program >= 0 or die "BPF_PROG_LOAD: $!";
my $link = pack "LLLL", $program, $ARGV[0], 37, 2;
syscall(321, 28, $link, length $link) >= 0 or die "BPF_LINK_CREATE: $!";
$| = 1;
print "held\n";
sleep 300;
END
while_held "exec perl /run/xdp.pl \$(cat /sys/class/net/$card/ifindex)" 'gpupci -d gpupci3'
expect_refusal "network card '$card' has an XDP program; stop what attached it"

# So does one that reads all packets, as a DHCP client does.
while_held "exec perl -e 'socket(ALL, 17, 3, 0x300) && bind(ALL, pack(q(SnlSCCa8), 17, 3, \$ARGV[0], 0, 0, 0, q())) || die \$!;
  \$| = 1; print qq(held\n); sleep 300' \$(cat /sys/class/net/$card/ifindex)" 'gpupci -d gpupci3'
expect_refusal " ('perl') reads packets of network card '$card'; stop it (kill "

# A TCP connection, by the address of the card, or by one that is elsewhere. It goes on after the refusal.
connection='exec ip netns exec far bash -c "
  exec 3<>/dev/tcp/10.9.0.2/22; read -r hello <&3; echo held; while ! [ -e /run/go ]; do sleep 0.2; done
  echo SSH-2.0-lab >&3; read -rn 1 answer <&3 && echo talked >/run/talked; exec sleep 300"'
while_connected='ss -Htn state established "dst 10.9.0.3" | grep -q "10.9.0.2:22 " || exit 98
  status=0; gpupci -d gpupci3 || status=$?
  touch /run/go; while ! [ -e /run/talked ]; do sleep 0.2; done; rm /run/go /run/talked; (exit $status)'
guest "ip address add 10.9.0.2/24 dev $card"
while_held "$connection" "$while_connected"
expect_refusal "network card '$card' is up with the address 10.9.0.2; ip address flush dev $card"
guest "ip address flush dev $card; ip address add 10.9.0.2/32 dev lo; ip route add 10.9.0.0/24 dev $card src 10.9.0.2"
while_held "$connection" "$while_connected"
expect_refusal "network card '$card' has routes of the host; ip route flush dev $card"
guest "ip route flush dev $card; ip address del 10.9.0.2/32 dev lo; ip address add 10.9.0.2/24 dev $card"

# The connection is the one that gpupci is called over.
guest_ssh 'umask 077; cat >/run/key' <"$(lab_info key)"
run guest_ssh 'ip netns exec far ssh -F none -i /run/key -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no \
  -o LogLevel=ERROR root@10.9.0.2 gpupci -d gpupci3; status=$?; rm /run/key; exit $status'
expect_refusal "this call comes over network card '$card' (10.9.0.2); come over another one"

# A file system on a disk of the other host (NVMe over TCP). It goes on after the refusal.
guest 'cd /sys/kernel/config/nvmet; mkdir -p subsystems/far/namespaces/1 ports/1
  truncate -s 32M /run/disk; echo 1 >subsystems/far/attr_allow_any_host
  cd subsystems/far/namespaces/1; echo -n /run/disk >device_path; echo 1 >buffered_io; echo 1 >enable
  cd ../../../../ports/1; echo tcp >addr_trtype; echo ipv4 >addr_adrfam; echo 10.9.0.3 >addr_traddr; echo 4420 >addr_trsvcid
  nsenter --net=/run/netns/far ln -s /sys/kernel/config/nvmet/subsystems/far subsystems/far
  echo transport=tcp,traddr=10.9.0.3,trsvcid=4420,nqn=far >/dev/nvme-fabrics
  until [ -b /dev/nvme1n1 ]; do sleep 0.2; done
  udevadm settle; mkfs.ext4 -qF /dev/nvme1n1; mount /dev/nvme1n1 /run/data'
agent -d gpupci3
expect_refusal "network card '$card' is up with the address 10.9.0.2; "
guest 'echo written >/run/data/file; sync -f /run/data/file; umount /run/data
  echo 1 >/sys/class/nvme/nvme1/delete_controller
  cd /sys/kernel/config/nvmet; rm ports/1/subsystems/far; rmdir ports/1 subsystems/far/namespaces/1 subsystems/far
  grep -qa written /run/disk; rm /run/disk'

# Once nobody talks, the card can go, although it is up.
guest "ip address flush dev $card; ip netns del far"
agent -d gpupci3
expect_status 0
expect_no_err
agent -a gpupci3
expect_status 0
