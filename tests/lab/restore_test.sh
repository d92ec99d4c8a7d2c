#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# restore_test.sh HOST libvirt|sysfs: what was detached is detached again after a reboot, a killed gpupci leaves no
# half card, two gpupci wait for each other, and a card that was taken out and put back keeps its name.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"

# Killed after so many milliseconds, detaching and attaching in turn; what hits nothing proves nothing, so the times
# go from the start of the program to its end.
# After each, --restore leaves every card with all its functions with vfio-pci, or none. In one command, as 22 of them
# would take longer to come over SSH than to do.
run guest '
  for verb in d a; do
    for ms in 002 005 010 020 040 060 080 120 160 240 320; do
      timeout -s KILL 0.$ms gpupci -$verb all >/dev/null 2>&1 || true
      gpupci --restore >/dev/null
      for card in 0000:02:00 0000:03:00; do
        found=
        for function in 0 1; do
          driver=none
          for one in vfio-pci bochs-drm snd_hda_intel; do
            [ ! "/sys/bus/pci/devices/$card.$function/driver" -ef "/sys/bus/pci/drivers/$one" ] || driver=$one
          done
          found="$found $driver"
        done
        case $found in
          " vfio-pci vfio-pci" | " bochs-drm snd_hda_intel") ;;
          *) echo "a half card after gpupci -$verb all was killed after $ms ms: $card:$found" ;;
        esac
      done
    done
    gpupci -$verb all >/dev/null
  done'
expect_status 0
expect_no_out

# Two at once: both end well, one after the other, and say the same of what is there.
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

# A card that is taken out while the host runs: it is missing, the other keeps its name; back it is itself again.
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
expect_drivers <<'END'
0000:02:00.0 bochs-drm
0000:02:00.1 snd_hda_intel
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
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
