# shellcheck shell=bash
# shellcheck disable=SC2034 # variables of the one that sources it
# Turns the description of a machine into QEMU's options. Sourced by `lab`, which has die().
#
# A description is a list of lines, in the order of the bus numbers that the guest will see:
#   card video+audio          a card in the next slot: functions .0, .1, ... (bus 01, 02, ...)
#   skip                      an empty slot, so that the next card has the next bus number
#   bridge video+audio nic    several cards behind one pcie-pci-bridge: one IOMMU group for all of
#                             them, at slots 01, 02, ... of a bus of their own (takes two numbers)
# and of lines that take no number:
#   chipset video+audio       functions .1, .2, ... of the root bus's slot 1d, whose .0 is a bridge
#   module stubborn           a kernel module that Debian has not, see modules.sh
#   no-iommu                  the kernel leaves the IOMMU off
#   no-remapping              the IOMMU remaps no interrupts
#   console                   the kernel draws its console on a card
#   unprepared                neither gpupci nor vfio-pci; a kernel line that GRUB's files on the disk say

# The QEMU device that plays a function, with its class and the driver that Linux gives it.
function_device() {
  case $1 in
    video) echo secondary-vga ;;  # 0380, bochs-drm
    audio) echo intel-hda ;;      # 0403, snd_hda_intel
    usb) echo nec-usb-xhci ;;     # 0c03, xhci_hcd
    usb-full) echo qemu-xhci ;;   # the same, with a network card, a disk and a keyboard
    serial) echo pci-serial ;;    # 0700, serial
    nic) echo e1000 ;;            # 0200, e1000
    vga) echo VGA ;;              # 0300, bochs-drm: the display that the machine boots with
    nvme) echo nvme ;;            # 0108, nvme
    # This is the same with up to four virtual functions. They have no driver; their manager may give them one.
    nvme-vfs) echo nvme,sriov_max_vfs=4,sriov_vq_flexible=8,sriov_vi_flexible=4,max_ioqpairs=10,msix_qsize=9 ;;
    test) echo pci-testdev ;;     # 00ff, no driver but tests/lab/modules/stubborn.c
    # The same, with a region of 4 TiB, for which nobody finds a place.
    huge) echo pci-testdev,membar=4T ;;
    *) die "no such function: '$1' (want video, audio, usb, serial, nic, vga, nvme, nvme-vfs, usb-full, test or huge)" ;;
  esac
}

# Appends one card to machine_args: card_args BUS SLOT video+audio [NUMBER OF THE FIRST FUNCTION]
card_args() {
  local bus=$1 slot=$2 function device number=${4:-0} first=''
  local -a functions
  IFS=+ read -r -a functions <<<"$3"
  ((${#functions[@]} >= 1 && ${#functions[@]} <= 8)) || die "a card has 1 to 8 functions, not '$3'"
  # This option stands on .0, which tells the guest to look for the others.
  ((${#functions[@]} == 1)) || first=,multifunction=on
  for function in "${functions[@]}"; do
    device=$(function_device "$function") || exit
    # The place is the serial number, as no two disks of a machine may have the same one.
    if [[ $function == nvme* ]]; then device+=",serial=$bus-$slot-$number"; fi
    if [[ $function == nvme-vfs ]]; then
      machine_args+=(-device "nvme-subsys,id=subsystem-$bus-$slot-$number")
      device+=",subsys=subsystem-$bus-$slot-$number"
    elif [[ $function == nvme ]]; then
      # This is an empty disk of 64 MB. Its changes are lost when the machine ends.
      machine_args+=(-drive "if=none,id=disk-$bus-$slot-$number,format=raw,snapshot=on,file.driver=null-co,file.size=64M,file.read-zeroes=on")
      device+=",drive=disk-$bus-$slot-$number"
    elif [[ $function == usb-full ]]; then
      device+=",id=usb-$bus-$slot-$number"
    fi
    # All NICs of the cards are on one wire, and nobody else is.
    if [[ $function == nic ]]; then
      machine_args+=(-netdev "hubport,id=wire-$bus-$slot-$number,hubid=1")
      device+=",netdev=wire-$bus-$slot-$number"
    fi
    machine_args+=(-device "$device,bus=$bus,addr=$slot.$number$first")
    if [[ $function == usb-full ]]; then
      machine_args+=(-drive "if=none,id=stick-$bus-$slot-$number,format=raw,snapshot=on,file.driver=null-co,file.size=64M,file.read-zeroes=on"
        -device "usb-storage,bus=usb-$bus-$slot-$number.0,drive=stick-$bus-$slot-$number"
        -netdev "hubport,id=wire-$bus-$slot-$number,hubid=1"
        -device "usb-net,bus=usb-$bus-$slot-$number.0,netdev=wire-$bus-$slot-$number"
        -device "usb-kbd,bus=usb-$bus-$slot-$number.0")
    fi
    first=''
    number=$((number + 1))
  done
}

# Sets machine_args, machine_modules, machine_iommu and machine_remapping (on or off), machine_console and machine_unprepared from a
# description on stdin.
read_machine() {
  local word rest card port=0 slot
  local -a cards
  machine_args=()
  machine_modules=()
  machine_iommu=on
  machine_remapping=on
  machine_console=''
  machine_unprepared=''
  while read -r word rest; do
    rest=${rest%%#*}
    read -r -a cards <<<"$rest"
    case $word in
      '' | '#'*) continue ;;
      module)
        machine_modules+=("${cards[@]}")
        continue
        ;;
      no-iommu)
        machine_iommu=off
        continue
        ;;
      no-remapping)
        machine_remapping=off
        continue
        ;;
      console)
        machine_console=1
        continue
        ;;
      unprepared)
        machine_unprepared=1
        continue
        ;;
      chipset)
        machine_args+=(-device "pcie-root-port,id=chipset,chassis=99,bus=pcie.0,addr=1d.0,multifunction=on")
        card_args pcie.0 1d "${cards[0]}" 1
        continue
        ;;
      skip | card | bridge) ;;
      *) die "no such line in a machine: '$word $rest' (want card, skip, bridge, chipset, module, no-iommu, no-remapping, console or unprepared)" ;;
    esac
    port=$((port + 1))
    machine_args+=(-device "pcie-root-port,id=port$port,chassis=$port,bus=pcie.0,addr=$(printf '%x' $((0x0f + port)))")
    case $word in
      card)
        ((${#cards[@]} == 1)) || die "a card line has one card: 'card video+audio', not '$word $rest'"
        card_args "port$port" 0 "${cards[0]}"
        ;;
      bridge)
        machine_args+=(-device "pcie-pci-bridge,id=bridge$port,bus=port$port")
        slot=0
        for card in "${cards[@]}"; do
          slot=$((slot + 1))
          card_args "bridge$port" "$slot" "$card"
        done
        ;;
    esac
  done
  ((port <= 12)) || die "a machine has at most 12 slots, not $port"
}
