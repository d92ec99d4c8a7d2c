#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# restore_test.sh HOST libvirt|sysfs: detached cards are detached again after a reboot, a killed gpupci leaves no half
# card, two gpupci wait for each other, and a card that was taken out and put back keeps its name.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"

# The commands below share this. half_cards prints each of $cards that neither the VMs nor the host have as a whole.
half_cards='half_cards() {
  for card in $cards; do
    found=
    for function in 0 1; do
      driver=none
      for one in vfio-pci bochs-drm stubborn snd_hda_intel; do
        [ ! "/sys/bus/pci/devices/$card.$function/driver" -ef "/sys/bus/pci/drivers/$one" ] || driver=$one
      done
      found="$found $driver"
    done
    case $found in
      " vfio-pci vfio-pci" | " bochs-drm snd_hda_intel" | " stubborn snd_hda_intel") ;;
      *) echo "$card$found" ;;
    esac
  done
}'

# gpupci is killed while the kernel takes the first function from its driver. A half card is left, and --restore makes
# it whole.
settings 'devices: ["1b36:0005"]' 'functions: {"8086:2668": card}'
stubborn hold 0000:04:00.0
run guest "$half_cards"'
  cards=0000:04:00
  gpupci -d gpupci3 >/dev/null 2>&1 & gpupci=$!
  until grep -qs stubborn_remove /proc/[0-9]*/task/*/stack; do sleep 0.1; done
  kill -KILL $gpupci $(pgrep -P $gpupci)
  echo >/sys/module/stubborn/parameters/hold
  while grep -qs stubborn_remove /proc/[0-9]*/task/*/stack; do sleep 0.1; done
  half_cards | cut -d " " -f 1,3
  gpupci --restore >/dev/null
  half_cards
  gpupci -a gpupci3 >/dev/null'
expect_status 0
expect_out <<<'0000:04:00 snd_hda_intel'
guest 'cp /run/lab/gpupci.yaml /etc/gpupci/; rm /var/lib/gpupci/*'

# gpupci is killed at six moments between its start and its end, while it detaches and attaches in turn. All this is one
# command, as the commands would take longer to come over SSH than to run.
run guest "$half_cards"'
  cards="0000:02:00 0000:03:00"
  for verb in d a; do
    start=$(date +%s%N)
    gpupci -$verb all >/dev/null
    took=$((($(date +%s%N) - start) / 1000000))
    gpupci -$([ $verb = d ] && echo a || echo d) all >/dev/null
    for part in 1 2 3 4 5 6; do
      ms=$((took * part / 7))
      timeout -s KILL "$((ms / 1000)).$(printf %03d $((ms % 1000)))" gpupci -$verb all >/dev/null 2>&1 || true
      gpupci --restore >/dev/null
      left=$(half_cards)
      [ -z "$left" ] || echo "half after gpupci -$verb all was killed after $ms of $took ms: $left"
    done
    gpupci -$verb all >/dev/null
  done'
expect_status 0
expect_no_out

# Two gpupci run at once. Both end well, one after the other, and print the same state.
guest 'gpupci -d all >/tmp/one 2>&1 & gpupci -d all >/tmp/two 2>&1; wait $!; grep -h -c "etached" /tmp/one /tmp/two' >"$scratch/out"
expect_out <<'END'
4
4
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 vfio-pci
0000:03:00.1 vfio-pci
END
agent -a gpupci2
expect_status 0

# A card is taken out while the host runs: it is missing, and the other keeps its name. When it is put back, it has its
# old name again.
guest 'for f in 0 1; do echo 1 >/sys/bus/pci/devices/0000:02:00.$f/remove; done'
agent -l
expect_done <<<'gpupci2 pci_0000_03_00_0'
agent -s gpupci1
expect_status 1
expect_err 'GPU card gpupci1 is missing: it was a 1234:1111 at 0000:02:00.0'
guest 'echo 1 >/sys/bus/pci/rescan; udevadm settle'
agent --restore
expect_status 0
agent -l
expect_done <<'END'
gpupci1 pci_0000_02_00_0
gpupci2 pci_0000_03_00_0
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END

"$lab" reboot "$host" --keep
expect_attached
agent --restore
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:02:00.0
Detached GPU card 'gpupci1' audio device 0000:02:00.1
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
agent -a gpupci1
expect_status 0
