#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_console_test.sh HOST: the console of the host stays on the card that draws it, whatever the card's class is and
# whichever card the firmware began with. The cards are of class 0380, which have no boot_vga at all. The machine is
# `without-remapping`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs
guest 'udevadm settle'
run guest 'cat /sys/bus/pci/devices/0000:01:00.0/class; ls /sys/bus/pci/devices/0000:01:00.0/boot_vga 2>/dev/null || true'
expect_done <<'END'
0x038000
END

# The kernel says which framebuffer the console is drawn in, and below which card that one is.
console=$(guest 'basename "$(dirname "$(grep -l "frame buffer" /sys/class/vtconsole/*/name)")"')
drawn_by=$(guest 'basename "$(readlink -f /sys/class/graphics/fb0/device)"')
case $drawn_by in
  0000:01:00.0) card=gpupci1 other=gpupci2 ;;
  0000:02:00.0) card=gpupci2 other=gpupci1 ;;
  *) fail "fb0 should be of one of the cards, not of '$drawn_by'" ;;
esac

guest "echo 1 >/sys/class/vtconsole/$console/bind"
agent -d "$card"
expect_status 1
expect_no_out
expect_err "gpupci: cannot detach $card: console: "
expect_err "$drawn_by"
agent --check "$card"
expect_checks "$card FAIL: D7"
agent -d "$other" --dry-run
expect_status 0
expect_no_err

# The host gives its console away, and the card can go.
guest "echo 0 >/sys/class/vtconsole/$console/bind"
agent --check "$card"
expect_checks "$card PASS: D7"
agent -d "$card" --dry-run
expect_status 0
expect_no_err
